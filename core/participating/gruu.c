/* core/participating/gruu.c: see gruu.h. A temporary GRUU is hex of
 *
 *   nonce(8) | device(8) call-id(8) user, filled up to 16 | tag(12)
 *
 * The middle is hidden by a key stream, nonce and middle are authenticated by
 * the tag together with the domain; both come from HMAC-SHA-256 under keys of
 * their own [RFC 5627 A.2 in kind]. The filling hides how long a name is.
 */
#include "core/participating/gruu.h"

#include <string.h>

#include "core/base/hash.h"

enum {
	NONCE_N = 8,
	MARK_N = 8,		/* of device and of Call-ID */
	HEAD_N = 2 * MARK_N,
	TAG_N = 12,		/* 96 bits: nobody guesses them online */
	FILL_N = 16,
	USER_MAX = 240,
	MIDDLE_MAX = HEAD_N + USER_MAX,
	TOKEN_MAX = NONCE_N + MIDDLE_MAX + TAG_N,
};

#define PREFIX "tgruu."

/* One block under a key of its own for each use. */
static void mac(const struct config *c, const char *use, struct str text,
		uint8_t out[HASH_SHA256_N])
{
	uint8_t key[HASH_SHA256_N];

	hash_hmac_sha256(c->secret_key, str_of(use), key);
	hash_hmac_sha256((struct str){ (const char *)key, sizeof(key) }, text,
			 out);
}

static void mark(const struct config *c, const char *use, struct str text,
		 uint8_t out[MARK_N])
{
	uint8_t all[HASH_SHA256_N];

	mac(c, use, text, all);
	memcpy(out, all, MARK_N);
}

static void instance_mark(const struct config *c, const struct binding *b,
			  uint8_t out[MARK_N])
{
	mark(c, "gruu instance", binding_instance(b->instance), out);
}

static void hide(const struct config *c, const uint8_t nonce[NONCE_N],
		 uint8_t *p, size_t n)
{
	uint8_t block[HASH_SHA256_N], seed[NONCE_N + 1];
	size_t i;

	memcpy(seed, nonce, NONCE_N);
	for (i = 0; i < n; i++) {
		if (i % HASH_SHA256_N == 0) {
			seed[NONCE_N] = (uint8_t)(i / HASH_SHA256_N);
			mac(c, "gruu stream",
			    (struct str){ (const char *)seed, sizeof(seed) },
			    block);
		}
		p[i] ^= block[i % HASH_SHA256_N];
	}
}

/* token without its tag */
static void tag_of(const struct config *c, struct str domain,
		   const uint8_t *token, size_t n, uint8_t out[TAG_N])
{
	uint8_t of_domain[HASH_SHA256_N], all[HASH_SHA256_N];
	uint8_t text[HASH_SHA256_N + TOKEN_MAX];

	hash_sha256(domain, of_domain);
	memcpy(text, of_domain, sizeof(of_domain));
	memcpy(text + sizeof(of_domain), token, n);
	mac(c, "gruu tag",
	    (struct str){ (const char *)text, sizeof(of_domain) + n }, all);
	memcpy(out, all, TAG_N);
}

static struct str make_temp(const struct config *c, struct arena *a,
			    const struct addr *aor, const struct binding *b,
			    uint64_t fresh)
{
	uint8_t token[TOKEN_MAX] = { 0 }, *middle = token + NONCE_N;
	char hex[2 * TOKEN_MAX + 1];
	size_t n = HEAD_N + (aor->user.n + FILL_N - 1) / FILL_N * FILL_N;

	if (!c->secret_key.n || aor->kind != ADDR_USER ||
	    aor->user.n > USER_MAX)
		return STR("");
	memcpy(token, &fresh, NONCE_N);
	instance_mark(c, b, middle);
	mark(c, "gruu call-id", b->call_id, middle + MARK_N);
	memcpy(middle + HEAD_N, aor->user.p, aor->user.n);
	hide(c, token, middle, n);
	n += NONCE_N;
	tag_of(c, aor->domain, token, n, token + n);
	hash_hex(token, n + TAG_N, hex);
	return arena_printf(a, "sip:" PREFIX "%s@%.*s;gr", hex,
			    STR_ARG(aor->domain));
}

void gruu_make(const struct config *c, struct arena *a, const struct addr *aor,
	       const struct binding *b, uint64_t fresh, struct gruu *out)
{
	struct addr who = *aor;

	*out = (struct gruu){ STR(""), STR("") };
	if (str_empty(b->instance))
		return;
	who.instance = binding_instance(b->instance);
	out->pub = addr_uri(a, &who, true);
	out->temp = make_temp(c, a, aor, b, fresh);
}

bool gruu_is_temp(const struct addr *to)
{
	return to->kind == ADDR_USER && str_starts(to->user, STR(PREFIX));
}

static bool read_hex(struct str s, uint8_t *out, size_t *n_out)
{
	size_t i;

	if (s.n % 2 || s.n / 2 > TOKEN_MAX ||
	    s.n / 2 < NONCE_N + HEAD_N + FILL_N + TAG_N)
		return false;
	for (i = 0; i < s.n; i += 2) {
		int high = ch_hex((unsigned char)s.p[i]);
		int low = ch_hex((unsigned char)s.p[i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i / 2] = (uint8_t)(high << 4 | low);
	}
	*n_out = s.n / 2;
	return true;
}

int gruu_open(const struct config *c, struct arena *a, const struct addr *to,
	      struct gruu_temp *out)
{
	uint8_t token[TOKEN_MAX], tag[TAG_N], *middle = token + NONCE_N;
	struct str user;
	size_t n;

	if (!c->secret_key.n || !gruu_is_temp(to) ||
	    !read_hex(str_from(to->user, sizeof(PREFIX) - 1), token, &n))
		return ERR_SYNTAX;
	n -= TAG_N;
	tag_of(c, to->domain, token, n, tag);
	if (!hash_equal(tag, token + n, TAG_N))
		return ERR_SYNTAX;
	n -= NONCE_N;
	hide(c, token, middle, n);
	memcpy(out->instance, middle, MARK_N);
	memcpy(out->call_id, middle + MARK_N, MARK_N);
	user = (struct str){ (const char *)middle + HEAD_N, n - HEAD_N };
	user.n = str_find(user, '\0');
	return addr_of_user(a, user, to->domain, &out->aor);
}

const struct binding *gruu_find(const struct config *c, const struct user *u,
				const struct gruu_temp *t, int64_t now_utc_us)
{
	uint8_t one[MARK_N];
	size_t i;

	for (i = 0; i < u->bindings_n; i++) {
		const struct binding *b = &u->bindings[i];

		if (b->expires_utc_us <= now_utc_us || str_empty(b->instance))
			continue;
		instance_mark(c, b, one);
		if (!hash_equal(one, t->instance, MARK_N))
			continue;
		mark(c, "gruu call-id", b->call_id, one);
		if (hash_equal(one, t->call_id, MARK_N))
			return b;
	}
	return NULL;
}
