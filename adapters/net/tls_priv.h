/* adapters/net/tls_priv.h: what tls.c and tls_out.c lend to each other and to
 * tls_shim.c.
 */
#pragma once

#include <openssl/ssl.h>

#include "adapters/net/tls.h"
#include "adapters/net/tls_out.h"

#define NET_TLS_PATH_BYTES 1024

bool net_tls_path(struct str s, char out[NET_TLS_PATH_BYTES]);
const char *net_tls_reason(void); /* the oldest error; clears the rest */
/* Certificate, chain and key into a fresh context; key_file empty: all of it
   lies in cert_file. NULL: why. */
SSL_CTX *net_tls_read_keys(struct str cert_file, struct str key_file,
			   struct errtext *why);

/* The keys meant for the next context of this thread, or NULL. */
struct net_tls *net_tls_wanted(void);

/* Is this a context that was filled here? */
bool net_tls_serves(const SSL_CTX *ctx);

/* Puts certificate, chain and key into ctx and remembers it: 1, or 0 as the
   OpenSSL functions do. */
int net_tls_fill(struct net_tls *t, SSL_CTX *ctx);

/* tls_clients.c */
/* The authorities of a file; none when no file is named. */
int net_tls_read_clients(struct str ca_file, X509_STORE **out,
			 struct errtext *why);
X509_STORE *net_tls_clients_of(const struct net_tls *t);
void net_tls_clients_ask(struct net_tls *t, SSL_CTX *ctx);
void net_tls_clients_forget(SSL_CTX *ctx);
/* The handshake of a served connection is done: keeps the names it proved. */
void net_tls_clients_shaken(SSL *con);

/* The same of connections we open. */
struct net_tls_out *net_tls_out_wanted(void);
struct net_tls_out *net_tls_out_of(const SSL_CTX *ctx);
void net_tls_out_fill(struct net_tls_out *t, SSL_CTX *ctx);
/* Before each step of a handshake; false: it must not go on. */
bool net_tls_out_begin(struct net_tls_out *t, SSL *con);
void net_tls_out_failed(struct net_tls_out *t, SSL *con, int rc);
