/* core/codec/digest.h: HTTP digest authentication, for SIP and XCAP alike.
 * [RFC 7616, RFC 8760, RFC 3261 22]
 * Pure: the clock, the source address and the server's key come in. Passwords
 * are never needed, only HA1 = H(user:realm:password).
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/hash.h"
#include "core/base/str.h"

enum digest_alg { DIGEST_MD5, DIGEST_SHA256 };

/* Longest HA1 in lower-case hex. */
enum { DIGEST_HEX_MAX = 64, DIGEST_NONCE_MAX = 96 };

/* What an Authorization header says. Slices as parsed, unquoted into the
   arena. */
struct digest_cred {
	struct str username, realm, nonce, uri, response, cnonce, opaque;
	enum digest_alg alg;	/* MD5 when the parameter is absent */
	bool has_qop;		/* qop=auth; auth-int is refused */
	struct str nc_text;	/* 8 hex digits as written */
	uint32_t nc;
};

/* s is the header value "Digest username=..., ...". ERR_SYNTAX; ERR_DECLINED
   for another scheme; ERR_UNSUPPORTED for another algorithm or qop. */
int digest_cred_parse(struct arena *a, struct str s, struct digest_cred *out)
	MUST_CHECK;

/* HA1 in lower-case hex (32 or 64 digits and a NUL). */
void digest_ha1(enum digest_alg alg, struct str user, struct str realm,
		struct str password, char out[DIGEST_HEX_MAX + 1]);

/* Is the response right for this method and HA1? Constant time. The nonce is
   checked apart. */
bool digest_verify(const struct digest_cred *c, struct str method,
		   struct str ha1_hex);
/* The response itself, for clients and tests. */
void digest_response(const struct digest_cred *c, struct str method,
		     struct str ha1_hex, char out[DIGEST_HEX_MAX + 1]);

/* A nonce carries its time, a number and a keyed hash over both and the source,
   so the server keeps no state. source is an address without port; seq tells
   nonces of the same millisecond apart. */
struct str digest_nonce_make(struct str key, int64_t now_ms, uint16_t seq,
			     struct str source, char out[DIGEST_NONCE_MAX]);

enum digest_nonce { DIGEST_NONCE_FRESH, DIGEST_NONCE_STALE, DIGEST_NONCE_FORGED };
enum digest_nonce digest_nonce_check(struct str key, int64_t now_ms,
				     struct str source, struct str nonce,
				     int64_t life_ms);
/* Time and number of a nonce that is not forged: no two are equal, and one that
   is larger was made later. */
uint64_t digest_nonce_id(struct str nonce);

/* One challenge value: Digest realm="..", nonce="..", algorithm=SHA-256,
   qop="auth"[, stale=true]. */
void digest_put_challenge(struct buf *b, enum digest_alg alg, struct str realm,
			  struct str nonce, bool is_stale);
/* An Authorization value for c (client side and tests). */
void digest_put_cred(struct buf *b, const struct digest_cred *c);
