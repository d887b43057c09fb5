/* tests/fuzz/fuzz_digest.c: credentials that are read are whole, and written
 * again they read the same; no nonce but our own is accepted; foreign text
 * cannot leave the quotes of a challenge.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "core/codec/digest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(const struct digest_cred *a, const struct digest_cred *b)
{
	return str_eq(a->username, b->username) && str_eq(a->realm, b->realm) &&
	       str_eq(a->nonce, b->nonce) && str_eq(a->uri, b->uri) &&
	       str_eq(a->response, b->response) &&
	       str_eq(a->cnonce, b->cnonce) && str_eq(a->opaque, b->opaque) &&
	       !a->opaque.p == !b->opaque.p && a->alg == b->alg &&
	       a->has_qop == b->has_qop && a->nc == b->nc &&
	       str_eq(a->nc_text, b->nc_text);
}

static void check_cred(struct arena *a, const struct digest_cred *c)
{
	char ha1[DIGEST_HEX_MAX + 1], right[DIGEST_HEX_MAX + 1];
	struct digest_cred again;
	struct buf b;
	int err;

	assert(c->username.p && c->realm.p && c->nonce.p && c->uri.p);
	assert(c->response.n == (c->alg == DIGEST_MD5 ? 32 : 64));
	assert(!c->has_qop || (c->nc_text.n == 8 && c->cnonce.p));
	buf_init(&b, 1 << 20);
	digest_put_cred(&b, c);
	assert(b.err == 0);
	err = digest_cred_parse(a, buf_str(&b), &again);
	assert(err == ERR_LIMIT || (err == 0 && same(c, &again)));
	buf_free(&b);
	/* the right response is right, this one hardly */
	digest_ha1(c->alg, c->username, c->realm, STR("secret"), ha1);
	assert(!digest_verify(c, STR("MESSAGE"), str_of(ha1)));
	again = *c;
	digest_response(c, STR("MESSAGE"), str_of(ha1), right);
	again.response = str_of(right);
	assert(digest_verify(&again, STR("MESSAGE"), str_of(ha1)));
}

static void check_challenge(struct arena *a, struct str realm)
{
	const struct str tail = STR(", username=\"u\", uri=\"sip:x\","
		" response=\"0123456789abcdef0123456789abcdef\"");
	struct digest_cred c;
	struct buf b;
	int err;

	buf_init(&b, 1 << 20);
	digest_put_challenge(&b, DIGEST_MD5, realm, STR("n"), true);
	if (b.err == 0) {
		/* read as credentials, with qop taken away by its value */
		buf_put_str(&b, tail);
		buf_put_str(&b, STR(", nc=00000001, cnonce=\"\""));
		err = digest_cred_parse(a, buf_str(&b), &c);
		assert(err == ERR_LIMIT ||
		       (err == 0 && str_eq(c.realm, realm)));
	}
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct str key = STR("key"), source = STR("192.0.2.1");
	struct str s = { (const char *)data, size };
	struct arena *a = arena_new(1 << 16);
	struct digest_cred c;

	if (digest_cred_parse(a, s, &c) == 0)
		check_cred(a, &c);
	else
		assert(!c.username.p && !c.response.p);
	arena_reset(a);
	check_challenge(a, s);
	assert(digest_nonce_check(key, 1000, source, s, 1000) ==
	       DIGEST_NONCE_FORGED);
	arena_free(a);
	return 0;
}
