/* adapters/net/tls_shim.c: OpenSSL functions as sofia-sip calls them, made to
 * load what tls.h describes. This object is linked directly, so that the
 * definitions here win over the library's; without keys named for this thread
 * they pass the call on unchanged.
 */
#include <dlfcn.h>
#include <stddef.h>

#include "adapters/net/tls_priv.h"

typedef int load_h(SSL_CTX *ctx, const char *file, int type);

static load_h *find(const char *name)
{
	union {
		void *p;
		load_h *h;
	} u = { .p = dlsym(RTLD_NEXT, name) };

	return u.h;
}

int SSL_CTX_use_certificate_file(SSL_CTX *ctx, const char *file, int type)
{
	struct net_tls *t = net_tls_wanted();
	load_h *real;

	if (t)
		return net_tls_fill(t, ctx);
	real = find("SSL_CTX_use_certificate_file");
	return real ? real(ctx, file, type) : 0;
}

/* The key went in together with its certificate. */
int SSL_CTX_use_PrivateKey_file(SSL_CTX *ctx, const char *file, int type)
{
	load_h *real;

	if (net_tls_wanted())
		return 1;
	real = find("SSL_CTX_use_PrivateKey_file");
	return real ? real(ctx, file, type) : 0;
}
