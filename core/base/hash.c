/* core/base/hash.c: MD5 [RFC 1321], SHA-1 [RFC 3174], SHA-256 [FIPS 180-4],
 * HMAC [RFC 2104] and SipHash-1-3; see hash.h. The three digests share their
 * padding and differ in one compression function and in byte order.
 */
#include "core/base/hash.h"

#include <string.h>

#include "core/base/mem.h"

static uint32_t rol(uint32_t v, unsigned n)
{
	return v << n | v >> (32 - n);
}

static uint32_t ror(uint32_t v, unsigned n)
{
	return v >> n | v << (32 - n);
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[1] << 8 | p[0];
}

/* floor(2^32 * abs(sin(i + 1))) [RFC 1321 3.4] */
static const uint32_t md5_k[64] = {
	0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a,
	0xa8304613, 0xfd469501, 0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be,
	0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340,
	0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
	0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8,
	0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c,
	0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 0x289b7ec6, 0xeaa127fa,
	0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
	0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92,
	0xffeff47d, 0x85845dd1, 0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1,
	0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};

static void md5_block(uint32_t h[8], const uint8_t *p)
{
	static const uint8_t shift[4][4] = {
		{ 7, 12, 17, 22 }, { 5, 9, 14, 20 },
		{ 4, 11, 16, 23 }, { 6, 10, 15, 21 },
	};
	uint32_t a = h[0], b = h[1], c = h[2], d = h[3];
	unsigned i;

	for (i = 0; i < 64; i++) {
		uint32_t f, next;
		unsigned g;

		if (i < 16) {
			f = (b & c) | (~b & d);
			g = i;
		} else if (i < 32) {
			f = (d & b) | (~d & c);
			g = (5 * i + 1) % 16;
		} else if (i < 48) {
			f = b ^ c ^ d;
			g = (3 * i + 5) % 16;
		} else {
			f = c ^ (b | ~d);
			g = (7 * i) % 16;
		}
		f += a + md5_k[i] + le32(p + 4 * g);
		next = b + rol(f, shift[i / 16][i % 4]);
		a = d;
		d = c;
		c = b;
		b = next;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
}

static void sha1_block(uint32_t h[8], const uint8_t *p)
{
	uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
	unsigned i;

	for (i = 0; i < 16; i++)
		w[i] = be32(p + 4 * i);
	for (; i < 80; i++)
		w[i] = rol(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	for (i = 0; i < 80; i++) {
		uint32_t f, k, t;

		if (i < 20) {
			f = (b & c) | (~b & d);
			k = 0x5a827999;
		} else if (i < 40) {
			f = b ^ c ^ d;
			k = 0x6ed9eba1;
		} else if (i < 60) {
			f = (b & c) | (b & d) | (c & d);
			k = 0x8f1bbcdc;
		} else {
			f = b ^ c ^ d;
			k = 0xca62c1d6;
		}
		t = rol(a, 5) + f + e + k + w[i];
		e = d;
		d = c;
		c = rol(b, 30);
		b = a;
		a = t;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
}

static const uint32_t sha256_k[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
	0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
	0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* One round; who calls it turns the eight words, so that none is moved. */
static inline void sha256_round(uint32_t a, uint32_t b, uint32_t c, uint32_t *d,
				uint32_t e, uint32_t f, uint32_t g, uint32_t *h,
				uint32_t kw)
{
	uint32_t s1 = ror(e, 6) ^ ror(e, 11) ^ ror(e, 25);
	uint32_t s0 = ror(a, 2) ^ ror(a, 13) ^ ror(a, 22);
	uint32_t t1 = *h + s1 + (g ^ (e & (f ^ g))) + kw;

	*d += t1;
	*h = t1 + s0 + ((a & b) | (c & (a | b)));
}

static void sha256_block(uint32_t h[8], const uint8_t *p)
{
	uint32_t w[64], a = h[0], b = h[1], c = h[2], d = h[3];
	uint32_t e = h[4], f = h[5], g = h[6], v = h[7];
	unsigned i;

	for (i = 0; i < 16; i++)
		w[i] = be32(p + 4 * i);
	for (; i < 64; i++) {
		uint32_t s0 = ror(w[i - 15], 7) ^ ror(w[i - 15], 18) ^
			      w[i - 15] >> 3;
		uint32_t s1 = ror(w[i - 2], 17) ^ ror(w[i - 2], 19) ^
			      w[i - 2] >> 10;

		w[i] = w[i - 16] + s0 + w[i - 7] + s1;
	}
	for (i = 0; i < 64; i++)
		w[i] += sha256_k[i];
	for (i = 0; i < 64; i += 8) {
		sha256_round(a, b, c, &d, e, f, g, &v, w[i]);
		sha256_round(v, a, b, &c, d, e, f, &g, w[i + 1]);
		sha256_round(g, v, a, &b, c, d, e, &f, w[i + 2]);
		sha256_round(f, g, v, &a, b, c, d, &e, w[i + 3]);
		sha256_round(e, f, g, &v, a, b, c, &d, w[i + 4]);
		sha256_round(d, e, f, &g, v, a, b, &c, w[i + 5]);
		sha256_round(c, d, e, &f, g, v, a, &b, w[i + 6]);
		sha256_round(b, c, d, &e, f, g, v, &a, w[i + 7]);
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
	h[5] += f;
	h[6] += g;
	h[7] += v;
}

static void one_block(struct hash *h, const uint8_t *p)
{
	switch (h->kind) {
	case HASH_MD5:
		md5_block(h->h, p);
		break;
	case HASH_SHA1:
		sha1_block(h->h, p);
		break;
	case HASH_SHA256:
		sha256_block(h->h, p);
		break;
	}
}

size_t hash_size(enum hash_kind kind)
{
	static const size_t size[] = {
		[HASH_MD5] = HASH_MD5_N,
		[HASH_SHA1] = HASH_SHA1_N,
		[HASH_SHA256] = HASH_SHA256_N,
	};

	return size[kind];
}

void hash_init(struct hash *h, enum hash_kind kind)
{
	static const uint32_t sha1_start[8] = {
		0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0,
	};
	static const uint32_t sha256_start[8] = {
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
	};

	memset(h, 0, sizeof(*h));
	h->kind = kind;
	/* MD5 starts with the first four words of SHA-1. */
	memcpy(h->h, kind == HASH_SHA256 ? sha256_start : sha1_start,
	       sizeof(h->h));
}

void hash_update(struct hash *h, const void *data, size_t n)
{
	const uint8_t *p = data;
	size_t have = h->total % 64;

	h->total += n;
	if (have && have + n >= 64) {
		memcpy(h->block + have, p, 64 - have);
		p += 64 - have;
		n -= 64 - have;
		have = 0;
		one_block(h, h->block);
	}
	for (; !have && n >= 64; p += 64, n -= 64)
		one_block(h, p);
	if (n)
		memcpy(h->block + have, p, n);
}

void hash_update_str(struct hash *h, struct str s)
{
	hash_update(h, s.p, s.n);
}

void hash_final(struct hash *h, uint8_t *out)
{
	uint64_t bits = h->total * 8;
	static const uint8_t padding[64] = { 0x80 };
	size_t have = h->total % 64, i;
	uint8_t tail[8];

	hash_update(h, padding, have < 56 ? 56 - have : 120 - have);
	for (i = 0; i < 8; i++)
		tail[i] = (uint8_t)(bits >> (h->kind == HASH_MD5 ?
					     8 * i : 56 - 8 * i));
	hash_update(h, tail, 8);
	for (i = 0; i < hash_size(h->kind); i++)
		out[i] = (uint8_t)(h->h[i / 4] >> (h->kind == HASH_MD5 ?
			 8 * (i % 4) : 24 - 8 * (i % 4)));
	mem_wipe(h, sizeof(*h));
}

static void one_shot(enum hash_kind kind, struct str s, uint8_t *out)
{
	struct hash h;

	hash_init(&h, kind);
	hash_update_str(&h, s);
	hash_final(&h, out);
}

void hash_md5(struct str s, uint8_t out[HASH_MD5_N])
{
	one_shot(HASH_MD5, s, out);
}

void hash_sha1(struct str s, uint8_t out[HASH_SHA1_N])
{
	one_shot(HASH_SHA1, s, out);
}

void hash_sha256(struct str s, uint8_t out[HASH_SHA256_N])
{
	one_shot(HASH_SHA256, s, out);
}

void hash_hmac_sha256(struct str key, struct str s, uint8_t out[HASH_SHA256_N])
{
	uint8_t k[64] = { 0 }, pad[64];
	struct hash h;
	size_t i;

	if (key.n > sizeof(k))
		hash_sha256(key, k);
	else if (key.n)
		memcpy(k, key.p, key.n);
	for (i = 0; i < sizeof(k); i++)
		pad[i] = k[i] ^ 0x36;
	hash_init(&h, HASH_SHA256);
	hash_update(&h, pad, sizeof(pad));
	hash_update_str(&h, s);
	hash_final(&h, out);
	for (i = 0; i < sizeof(k); i++)
		pad[i] = k[i] ^ 0x5c;
	hash_init(&h, HASH_SHA256);
	hash_update(&h, pad, sizeof(pad));
	hash_update(&h, out, HASH_SHA256_N);
	hash_final(&h, out);
	mem_wipe(k, sizeof(k));
	mem_wipe(pad, sizeof(pad));
}

static uint64_t rol64(uint64_t v, unsigned n)
{
	return v << n | v >> (64 - n);
}

static inline void sip_round(uint64_t *a, uint64_t *b, uint64_t *c, uint64_t *d)
{
	*a += *b;
	*b = rol64(*b, 13) ^ *a;
	*a = rol64(*a, 32);
	*c += *d;
	*d = rol64(*d, 16) ^ *c;
	*a += *d;
	*d = rol64(*d, 21) ^ *a;
	*c += *b;
	*b = rol64(*b, 17) ^ *c;
	*c = rol64(*c, 32);
}

uint64_t hash_key(uint64_t seed, const void *data, size_t n)
{
	const uint8_t *p = data;
	uint64_t k1 = seed ^ 0x9e3779b97f4a7c15u, m;
	uint64_t a = seed ^ 0x736f6d6570736575u, b = k1 ^ 0x646f72616e646f6du;
	uint64_t c = seed ^ 0x6c7967656e657261u, d = k1 ^ 0x7465646279746573u;
	size_t left = n;

	for (; left >= 8; p += 8, left -= 8) {
		memcpy(&m, p, 8);
		d ^= m;
		sip_round(&a, &b, &c, &d);
		a ^= m;
	}
	m = (uint64_t)n << 56;
	while (left > 0) {
		left--;
		m |= (uint64_t)p[left] << (8 * left);
	}
	d ^= m;
	sip_round(&a, &b, &c, &d);
	a ^= m;
	c ^= 0xff;
	sip_round(&a, &b, &c, &d);
	sip_round(&a, &b, &c, &d);
	sip_round(&a, &b, &c, &d);
	return a ^ b ^ c ^ d;
}

void hash_hex(const uint8_t *p, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < n; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
	out[2 * n] = '\0';
}

bool hash_equal(const void *a, const void *b, size_t n)
{
	const volatile uint8_t *x = a, *y = b;
	uint8_t diff = 0;
	size_t i;

	for (i = 0; i < n; i++)
		diff |= x[i] ^ y[i];
	return diff == 0;
}
