/* core/base/hash.h: digests as pure functions. Needed on both sides of the
 * core border (digest authentication for SIP and XCAP, dedup keys, ETags), so
 * they live here and not beside OpenSSL, which core may not call.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/base/str.h"

enum { HASH_MD5_N = 16, HASH_SHA1_N = 20, HASH_SHA256_N = 32 };

enum hash_kind { HASH_MD5, HASH_SHA1, HASH_SHA256 };

/* Streaming form: any number of updates, one final. */
struct hash {
	enum hash_kind kind;
	uint32_t h[8];
	uint64_t total;		/* bytes so far */
	uint8_t block[64];
};

void hash_init(struct hash *h, enum hash_kind kind);
void hash_update(struct hash *h, const void *p, size_t n);
void hash_update_str(struct hash *h, struct str s);
/* Writes hash_size() bytes and wipes the state. */
void hash_final(struct hash *h, uint8_t *out);
size_t hash_size(enum hash_kind kind);

void hash_md5(struct str s, uint8_t out[HASH_MD5_N]);	/* RFC 1321 */
void hash_sha1(struct str s, uint8_t out[HASH_SHA1_N]);	/* RFC 3174 */
void hash_sha256(struct str s, uint8_t out[HASH_SHA256_N]);	/* FIPS 180-4 */

/* RFC 2104 with SHA-256. */
void hash_hmac_sha256(struct str key, struct str s, uint8_t out[HASH_SHA256_N]);

/* Keyed 64-bit hash for tables (SipHash-1-3): hostile keys do not collide
   while the seed is secret. */
uint64_t hash_key(uint64_t seed, const void *p, size_t n);

/* Lower-case hex of n bytes into out (2 * n characters and a NUL). */
void hash_hex(const uint8_t *p, size_t n, char *out);

/* Equal in time that depends on n only. */
bool hash_equal(const void *a, const void *b, size_t n);
