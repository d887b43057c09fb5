/* adapters/net/tls_out.h: TLS connections a library opens for us. sofia-sip
 * makes its SSL_CTX and SSL inside and checks no name that matters; the shims of
 * tls_shim.c hand each connection of a context made under net_tls_out_next() to
 * the rules named here, when its handshake begins: TLS 1.2 at least, a chain to
 * the authorities given, and one name that its certificate must carry as a
 * subjectAltName (DNS or sip URI, exactly; the subject's CN and wildcards do not
 * count) [RFC 5922 7]. The name also goes out as SNI [RFC 6066 3].
 */
#pragma once

#include "core/base/err.h"
#include "core/base/str.h"

struct net_tls_out;

/* Rules as they stand in the files; an empty ca_file means what this machine
   trusts, an empty cert_file that we show no certificate. name: host name or
   numeric address. NULL: why names the file. */
struct net_tls_out *net_tls_out_new(struct str ca_file, struct str cert_file,
				    struct str key_file, struct str name,
				    struct errtext *why);
void net_tls_out_free(struct net_tls_out *t); /* NULL is fine */

/* Reads the files again for handshakes to come; nothing changes when one of
   them is wrong. Connections that exist keep what they have. */
int net_tls_out_reload(struct net_tls_out *t, struct str ca_file,
		       struct str cert_file, struct str key_file,
		       struct errtext *why) MUST_CHECK;

/* The next context a library makes on this thread follows t; NULL: none. */
void net_tls_out_next(struct net_tls_out *t);

/* Why the last handshake failed, in OpenSSL's words; empty: none did. */
struct str net_tls_out_why(const struct net_tls_out *t);

/* Is there at least one certificate in it? */
int net_tls_check_ca(struct str ca_file, struct errtext *why) MUST_CHECK;
