/* adapters/net/tls_priv.h: what tls.c lends to tls_shim.c. */
#pragma once

#include <openssl/ssl.h>

#include "adapters/net/tls.h"

/* The keys meant for the next context of this thread, or NULL. */
struct net_tls *net_tls_wanted(void);

/* Is this a context that was filled here? */
bool net_tls_serves(const SSL_CTX *ctx);

/* Puts certificate, chain and key into ctx and remembers it: 1, or 0 as the
   OpenSSL functions do. */
int net_tls_fill(struct net_tls *t, SSL_CTX *ctx);
