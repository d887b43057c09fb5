/* adapters/net/tls.h: keys and certificate chains of TLS servers that a
 * library makes for itself. sofia-sip creates its SSL_CTX inside, loads one
 * certificate without the chain behind it and cannot load another later. The
 * shims of tls_shim.c stand in for the OpenSSL functions it calls: they load
 * the whole chain of the keys named here and remember the context, so that a
 * renewed certificate can be loaded into it.
 */
#pragma once

#include "core/base/err.h"
#include "core/base/str.h"

/* Trusted certificates of this machine, for outgoing connections. */
#define NET_TLS_TRUST_DIR "/etc/ssl/certs"

struct net_tls;

/* Reads and checks both files (PEM; the chain after the certificate). NULL:
   why names the file. */
struct net_tls *net_tls_new(struct str cert_file, struct str key_file,
			    struct errtext *why);
void net_tls_free(struct net_tls *t); /* NULL is fine */

/* Certificates of clients are asked for and verified by the authorities in that
   file (PEM; empty: not asked for); without one, or with a bad one, they get in
   all the same. Read and checked now, in force from the next net_tls_commit().
   */
int net_tls_clients(struct net_tls *t, struct str ca_file,
		    struct errtext *why) MUST_CHECK;

/* Did the client at the other end of that connection to us prove this name
   (alternative name DNS, or URI sip:)? peer is numeric. [RFC 5922 7.1] */
bool net_tls_client_has_name(const char *peer, uint16_t peer_port,
			     uint16_t local_port, struct str name);

/* The next context a library makes on this thread gets these keys; NULL: no
   longer. */
void net_tls_next(struct net_tls *t);

/* Reload in two steps: prepare reads and checks, commit loads into the
   remembered context; connections that exist keep what they have. */
int net_tls_prepare(struct net_tls *t, struct str cert_file,
		    struct str key_file, struct errtext *why) MUST_CHECK;
void net_tls_commit(struct net_tls *t);
void net_tls_abort(struct net_tls *t);

/* Certificates in the chain that is in force, the server's own counted. */
int net_tls_chain_n(const struct net_tls *t);
