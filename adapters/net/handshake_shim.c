/* adapters/net/handshake_shim.c: two OpenSSL functions as sofia-sip calls them;
 * this object is linked directly, so that the definitions here win over the
 * library's. SSL_accept() tells when a handshake is done, which the stack tells
 * nobody, so that one that is never finished can be timed. SSL_read() answers
 * the keep-alive CRLF CRLF with CRLF [RFC 5626 4.4.1]: the stack does so on
 * TCP, on TLS it has none.
 */
#include <dlfcn.h>
#include <string.h>

#include <openssl/ssl.h>

#include "adapters/net/handshake.h"
#include "adapters/net/tls_priv.h"

typedef int accept_h(SSL *con);
typedef int read_h(SSL *con, void *buf, int n);

static net_shaken_h *on_shaken;

void net_tls_on_shaken(net_shaken_h *h)
{
	on_shaken = h;
}

int SSL_accept(SSL *con)
{
	static _Thread_local union {
		void *p;
		accept_h *h;
	} real;
	int rc;

	if (!real.p)
		real.p = dlsym(RTLD_NEXT, "SSL_accept");
	rc = real.p ? real.h(con) : -1;
	if (rc == 1 && net_tls_serves(SSL_get_SSL_CTX(con))) {
		net_tls_clients_shaken(con);
		if (on_shaken)
			on_shaken(SSL_get_fd(con));
	}
	return rc;
}

int SSL_read(SSL *con, void *buf, int n)
{
	static _Thread_local union {
		void *p;
		read_h *h;
	} real;
	int got;

	if (!real.p)
		real.p = dlsym(RTLD_NEXT, "SSL_read");
	got = real.p ? real.h(con, buf, n) : -1;
	/* Not into the middle of something half written. */
	if (got == 4 && memcmp(buf, "\r\n\r\n", 4) == 0 &&
	    net_tls_serves(SSL_get_SSL_CTX(con)) && !SSL_want_write(con))
		SSL_write(con, "\r\n", 2);
	return got;
}
