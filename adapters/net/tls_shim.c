/* adapters/net/tls_shim.c: OpenSSL functions as sofia-sip calls them, made to
 * load what tls.h describes, to give connections we open the rules of
 * tls_out.h, and to free what it forgets. This object is linked
 * directly, so that the definitions here win over the library's; for anything
 * that is not a context of tls.h they pass the call on unchanged.
 *
 * What it forgets (1.12.11, tport_tls.c): tls_free() ends a connection with
 * SSL_shutdown(con), SSL_CTX_free(ctx), BIO_free(bio) and never frees con,
 * some 75 KiB each time. The context's reference it drops there is the one
 * con holds. So: SSL_shutdown() remembers con and takes a reference for it,
 * BIO_free() of its BIO frees con with all that it owns.
 * tls_post_connection_check() lists the names of each peer's certificate, for
 * a check that is never made here, and frees neither of the two lists: some
 * 120 bytes a connection. Without a certificate it lists nothing.
 */
#include <dlfcn.h>
#include <stddef.h>

#include "adapters/net/tls_priv.h"

typedef int load_h(SSL_CTX *ctx, const char *file, int type);
typedef int con_h(SSL *con);
typedef X509 *cert_h(const SSL *con);
typedef int bio_free_h(BIO *bio);

/* The connection that is being ended, between the two calls. */
static _Thread_local struct {
	SSL *con;
	BIO *bio;
} dying;

static load_h *find(const char *name)
{
	union {
		void *p;
		load_h *h;
	} u = { .p = dlsym(RTLD_NEXT, name) };

	return u.h;
}

int SSL_shutdown(SSL *con)
{
	static _Thread_local union {
		void *p;
		con_h *h;
	} real;
	SSL_CTX *ctx = SSL_get_SSL_CTX(con);

	if (!real.p)
		real.p = dlsym(RTLD_NEXT, "SSL_shutdown");
	if (net_tls_serves(ctx) || net_tls_out_of(ctx)) {
		SSL_CTX_up_ref(ctx);
		dying.con = con;
		dying.bio = SSL_get_rbio(con);
	}
	return real.p ? real.h(con) : -1;
}

int BIO_free(BIO *bio)
{
	static _Thread_local union {
		void *p;
		bio_free_h *h;
	} real;
	SSL *con = dying.con;

	if (!real.p)
		real.p = dlsym(RTLD_NEXT, "BIO_free");
	if (!bio || bio != dying.bio)
		return real.p ? real.h(bio) : 0;
	dying.con = NULL;
	dying.bio = NULL;
	SSL_free(con);
	return 1;
}

/* Names in certificates are read in tls_out.c and tls_clients.c; the stack would
   leak those of each it sees. */
X509 *SSL_get1_peer_certificate(const SSL *con)
{
	static _Thread_local union {
		void *p;
		cert_h *h;
	} real;

	if (net_tls_out_of(SSL_get_SSL_CTX(con)) ||
	    net_tls_serves(SSL_get_SSL_CTX(con)))
		return NULL;
	if (!real.p)
		real.p = dlsym(RTLD_NEXT, "SSL_get1_peer_certificate");
	return real.p ? real.h(con) : NULL;
}

/* The first step of a handshake of ours gives the connection its rules. */
int SSL_connect(SSL *con)
{
	static _Thread_local union {
		void *p;
		con_h *h;
	} real;
	struct net_tls_out *t = net_tls_out_of(SSL_get_SSL_CTX(con));
	int rc;

	if (!real.p)
		real.p = dlsym(RTLD_NEXT, "SSL_connect");
	if (!real.p || (t && !net_tls_out_begin(t, con)))
		return -1;
	rc = real.h(con);
	if (t && rc != 1)
		net_tls_out_failed(t, con, rc);
	return rc;
}

int SSL_CTX_use_certificate_file(SSL_CTX *ctx, const char *file, int type)
{
	struct net_tls *t = net_tls_wanted();
	load_h *real;

	if (t)
		return net_tls_fill(t, ctx);
	if (net_tls_out_wanted()) {
		net_tls_out_fill(net_tls_out_wanted(), ctx);
		return 1;
	}
	real = find("SSL_CTX_use_certificate_file");
	return real ? real(ctx, file, type) : 0;
}

/* The key went in together with its certificate. */
int SSL_CTX_use_PrivateKey_file(SSL_CTX *ctx, const char *file, int type)
{
	load_h *real;

	if (net_tls_wanted() || net_tls_out_wanted())
		return 1;
	real = find("SSL_CTX_use_PrivateKey_file");
	return real ? real(ctx, file, type) : 0;
}
