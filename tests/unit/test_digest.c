/* tests/unit/test_digest.c: digest authentication with the vectors of
 * RFC 7616 3.9.1, RFC 2617 3.5 and RFC 2069 (as its erratum corrects it).
 */
#include "tests/unit/unit.h"

#include "core/codec/digest.h"

#define MEM_MAX 65536u

#define MUFASA "Digest username=\"Mufasa\", realm=\"http-auth@example.org\"," \
	" uri=\"/dir/index.html\"," \
	" nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\"," \
	" nc=00000001," \
	" cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", qop=auth," \
	" opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
#define OF_2617 "Digest username=\"Mufasa\", realm=\"testrealm@host.com\"," \
	" nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\"," \
	" uri=\"/dir/index.html\""
#define MD5_RESPONSE "response=\"8ca523f5e9506fed4657c9700eebdbec\""
#define SHA256_RESPONSE "response=\"753927fa0e85d155564e2e272a28d1802ca10daf" \
	"4496794697cf8db5856cb6c1\""

static void worked_vectors(void **state)
{
	static const struct {
		const char *text, *password;
		enum digest_alg alg;
		bool has_qop;
	} rows[] = {
		{ MUFASA ", algorithm=MD5, " MD5_RESPONSE,
		  "Circle of Life", DIGEST_MD5, true },
		{ MUFASA ", algorithm=SHA-256, " SHA256_RESPONSE,
		  "Circle of Life", DIGEST_SHA256, true },
		{ OF_2617 ", qop=auth, nc=00000001, cnonce=\"0a4f113b\","
		  " response=\"6629fae49393a05397450978507c4ef1\","
		  " opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
		  "Circle Of Life", DIGEST_MD5, true },
		{ OF_2617 ", response=\"1949323746fe6a43ef61f9606e7febea\","
		  " opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"",
		  "CircleOfLife", DIGEST_MD5, false },
	};
	struct arena *a = arena_new(MEM_MAX);
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		char ha1[DIGEST_HEX_MAX + 1], response[DIGEST_HEX_MAX + 1];
		struct digest_cred c;

		assert_int_equal(digest_cred_parse(a, str_of(rows[i].text),
						   &c), 0);
		assert_int_equal(c.alg, rows[i].alg);
		assert_int_equal(c.has_qop, rows[i].has_qop);
		assert_str(c.username, "Mufasa");
		assert_str(c.uri, "/dir/index.html");
		digest_ha1(c.alg, c.username, c.realm,
			   str_of(rows[i].password), ha1);
		assert_int_equal(strlen(ha1), c.alg == DIGEST_MD5 ? 32 : 64);
		digest_response(&c, STR("GET"), str_of(ha1), response);
		assert_str(c.response, response);
		assert_true(digest_verify(&c, STR("GET"), str_of(ha1)));
		assert_false(digest_verify(&c, STR("PUT"), str_of(ha1)));
		digest_ha1(c.alg, c.username, c.realm, STR("wrong"), ha1);
		assert_false(digest_verify(&c, STR("GET"), str_of(ha1)));
	}
	arena_free(a);
}

static void every_part_counts(void **state)
{
	const struct str text = STR(MUFASA ", " MD5_RESPONSE);
	struct arena *a = arena_new(MEM_MAX);
	char ha1[DIGEST_HEX_MAX + 1], upper[32], flipped[32];
	struct digest_cred c, d;
	size_t i;

	(void)state;
	assert_int_equal(digest_cred_parse(a, text, &c), 0);
	digest_ha1(DIGEST_MD5, c.username, c.realm, STR("Circle of Life"), ha1);
	assert_true(digest_verify(&c, STR("GET"), str_of(ha1)));
	for (i = 0; i < 5; i++) {
		struct str *part[] = { &d.nonce, &d.uri, &d.cnonce,
				       &d.nc_text, &d.response };

		d = c;
		*part[i] = i < 4 ? STR("00000002") :
			   STR("8ca523f5e9506fed4657c9700eebdbed");
		assert_false(digest_verify(&d, STR("GET"), str_of(ha1)));
	}
	d = c;
	d.has_qop = false;
	assert_false(digest_verify(&d, STR("GET"), str_of(ha1)));
	/* a HA1 of another length is no HA1 of this algorithm */
	assert_false(digest_verify(&c, STR("GET"), STR("")));
	assert_false(digest_verify(&c, STR("GET"), str_of("abc")));
	d = c;
	d.response.n = 31;
	assert_false(digest_verify(&d, STR("GET"), str_of(ha1)));
	/* hex digits in upper case mean the same */
	for (i = 0; i < 32; i++)
		upper[i] = c.response.p[i] >= 'a' ?
			   (char)(c.response.p[i] - 32) : c.response.p[i];
	d.response = (struct str){ upper, 32 };
	assert_true(digest_verify(&d, STR("GET"), str_of(ha1)));
	/* each digit is looked at */
	for (i = 0; i < 32; i++) {
		memcpy(flipped, c.response.p, 32);
		flipped[i] = flipped[i] == '0' ? '1' : '0';
		d.response = (struct str){ flipped, 32 };
		assert_false(digest_verify(&d, STR("GET"), str_of(ha1)));
	}
	arena_free(a);
}

#define R32 "response=\"0123456789abcdef0123456789ABCDEF\""
#define BASE "username=\"u\", realm=\"r\", nonce=\"n\", uri=\"sip:x\", "

static void reads_every_writing(void **state)
{
	static const struct {
		const char *text, *username, *opaque;
	} rows[] = {
		{ "Digest " BASE R32, "u", NULL },
		{ "dIGEST " BASE R32, "u", NULL },
		{ "  Digest\t" BASE R32 "  ", "u", NULL },
		{ "Digest ,, " BASE R32 ",,", "u", NULL },
		{ "Digest\r\n " BASE "\r\n " R32, "u", NULL },
		{ "Digest username = \"u\" ,realm= \"r\",nonce =\"n\","
		  "URI=\"sip:x\"," R32, "u", NULL },
		{ "Digest " BASE R32 ", algorithm=md5", "u", NULL },
		{ "Digest " BASE R32 ", algorithm=\"MD5\"", "u", NULL },
		{ "Digest " BASE R32 ", qop=\"auth\", nc=\"00000001\","
		  " cnonce=\"\"", "u", NULL },
		{ "Digest " BASE R32 ", opaque=\"\"", "u", "" },
		{ "Digest " BASE R32 ", opaque=tok", "u", "tok" },
		{ "Digest " BASE R32 ", auts=\"x\", foo=bar, foo=\"baz\"", "u",
		  NULL },
		{ "Digest " BASE R32 ", nc=1, cnonce=\"x\"", "u", NULL },
		{ "Digest " BASE R32 ", userhash=false", "u", NULL },
		{ "Digest username=\"a\\\"b\\\\c\", realm=\"r\", nonce=\"n\","
		  " uri=\"sip:x\", " R32, "a\"b\\c", NULL },
		{ "Digest username=\"a, realm=\\\"x\\\"\", realm=\"r\","
		  " nonce=\"n\", uri=\"sip:x\", " R32, "a, realm=\"x\"", NULL },
		{ "Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, realm=\"r\","
		  " nonce=\"n\", uri=\"sip:x\", " R32,
		  "J\xc3\xa4s\xc3\xb8n Doe", NULL },
		{ "Digest username=\"f\xc3\xbc\", realm=\"r\", nonce=\"n\","
		  " uri=\"sip:x\", " R32, "f\xc3\xbc", NULL },
	};
	struct arena *a = arena_new(MEM_MAX);
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct digest_cred c;
		int err = digest_cred_parse(a, str_of(rows[i].text), &c);

		if (err < 0)
			fail_msg("%s: %s", rows[i].text, err_text(err));
		assert_str(c.username, rows[i].username);
		assert_str(c.realm, "r");
		assert_str(c.nonce, "n");
		assert_str(c.uri, "sip:x");
		assert_int_equal(c.alg, DIGEST_MD5);
		if (rows[i].opaque)
			assert_str(c.opaque, rows[i].opaque);
		else
			assert_null(c.opaque.p);
	}
	arena_free(a);
}

static void reads_the_count(void **state)
{
	struct arena *a = arena_new(MEM_MAX);
	struct digest_cred c;

	(void)state;
	assert_int_equal(digest_cred_parse(a, STR("Digest " BASE R32
		", qop=auth, nc=fFfFfFfF, cnonce=\"c\""), &c), 0);
	assert_int_equal(c.nc, 0xffffffff);
	assert_str(c.nc_text, "fFfFfFfF");
	assert_int_equal(digest_cred_parse(a, STR("Digest " BASE R32
		", qop=auth, nc=0000001a, cnonce=\"c\""), &c), 0);
	assert_int_equal(c.nc, 26);
	arena_free(a);
}

static void refuses(void **state)
{
	static const struct {
		struct str text;
		int err;
	} rows[] = {
		{ STR_LIT(""), ERR_SYNTAX },
		{ STR_LIT("Digest"), ERR_SYNTAX },
		{ STR_LIT("Digest "), ERR_SYNTAX },
		{ STR_LIT("Digest=x"), ERR_SYNTAX },
		{ STR_LIT("Digest," BASE R32), ERR_SYNTAX },
		{ STR_LIT("Basic QWxhZGRpbg=="), ERR_DECLINED },
		{ STR_LIT("Digestive " BASE R32), ERR_DECLINED },
		{ STR_LIT("Digest " BASE), ERR_SYNTAX },
		{ STR_LIT("Digest realm=\"r\", nonce=\"n\", uri=\"x\", " R32),
		  ERR_SYNTAX },
		{ STR_LIT("Digest username=\"u\", nonce=\"n\", uri=\"x\", "
			  R32), ERR_SYNTAX },
		{ STR_LIT("Digest username=\"u\", realm=\"r\", uri=\"x\", "
			  R32), ERR_SYNTAX },
		{ STR_LIT("Digest username=\"u\", realm=\"r\", nonce=\"n\", "
			  R32), ERR_SYNTAX },
		{ STR_LIT("Digest " BASE R32 ", " R32), ERR_SYNTAX },
		{ STR_LIT("Digest " BASE R32 ", username=\"v\""), ERR_SYNTAX },
		{ STR_LIT("Digest " BASE R32 ", Realm=\"r\""), ERR_SYNTAX },
		{ STR_LIT("Digest " BASE R32 ", opaque=\"\", opaque=\"\""),
		  ERR_SYNTAX },
		{ STR_LIT("Digest " BASE R32 ", username*=UTF-8''v"),
		  ERR_SYNTAX },
		{ STR_LIT("Digest " BASE "response=\"\""), ERR_SYNTAX },
		{ STR_LIT("Digest " BASE "response=\"0123456789abcdef\""),
		  ERR_SYNTAX },
		{ STR_LIT("Digest " BASE
			  "response=\"0123456789abcdef0123456789abcdeg\""),
		  ERR_SYNTAX },
		{ STR_LIT("Digest " BASE R32 ", algorithm=SHA-256"),
		  ERR_SYNTAX },		/* a response of MD5's length */
		{ STR_LIT("Digest " BASE R32 ", algorithm=SHA-512-256"),
		  ERR_UNSUPPORTED },
		{ STR_LIT("Digest " BASE R32 ", algorithm=MD5-sess"),
		  ERR_UNSUPPORTED },
		{ STR_LIT("Digest " BASE R32 ", algorithm=AKAv1-MD5"),
		  ERR_UNSUPPORTED },
		{ STR_LIT("Digest " BASE R32
			  ", qop=auth-int, nc=00000001, cnonce=\"c\""),
		  ERR_UNSUPPORTED },
		{ STR_LIT("Digest " BASE R32 ", userhash=true"),
		  ERR_UNSUPPORTED },
		{ STR_LIT("Digest " BASE R32 ", qop=auth, nc=00000001"),
		  ERR_SYNTAX },
		{ STR_LIT("Digest " BASE R32 ", qop=auth, cnonce=\"c\""),
		  ERR_SYNTAX },
		{ STR_LIT("Digest " BASE R32
			  ", qop=auth, nc=0000001, cnonce=\"c\""), ERR_SYNTAX },
		{ STR_LIT("Digest " BASE R32
			  ", qop=auth, nc=000000001, cnonce=\"c\""),
		  ERR_SYNTAX },
		{ STR_LIT("Digest " BASE R32
			  ", qop=auth, nc=0000000g, cnonce=\"c\""),
		  ERR_SYNTAX },
		{ STR_LIT("Digest " BASE R32 " x=y"), ERR_SYNTAX },
		{ STR_LIT("Digest " BASE R32 ", x"), ERR_SYNTAX },
		{ STR_LIT("Digest " BASE R32 ", =x"), ERR_SYNTAX },
		{ STR_LIT("Digest " BASE R32 ", x="), ERR_SYNTAX },
		{ STR_LIT("Digest " BASE R32 ", x=,"), ERR_SYNTAX },
		{ STR_LIT("Digest " BASE R32 ", x=\"y"), ERR_SYNTAX },
		{ STR_LIT("Digest " BASE R32 ", x=\"y\\\""), ERR_SYNTAX },
		{ STR_LIT("Digest " BASE R32 ", x=\"y\\"), ERR_SYNTAX },
		{ STR_LIT("Digest " BASE R32 ", x=\"a\0b\""), ERR_SYNTAX },
		{ STR_LIT("Digest " BASE R32 ", x=\"a\r\nb\""), ERR_SYNTAX },
		{ STR_LIT("Digest " BASE R32 ", x=\"a\\\nb\""), ERR_SYNTAX },
		{ STR_LIT("Digest " BASE R32 ", x=\"a\x7f\""), ERR_SYNTAX },
		{ STR_LIT("Digest " BASE R32 "\0"), ERR_SYNTAX },
		{ STR_LIT("Digest username*=UTF-8''%0A, realm=\"r\","
			  " nonce=\"n\", uri=\"x\", " R32), ERR_SYNTAX },
		{ STR_LIT("Digest username*=UTF-8''%4, realm=\"r\","
			  " nonce=\"n\", uri=\"x\", " R32), ERR_SYNTAX },
		{ STR_LIT("Digest username*=UTF-8, realm=\"r\","
			  " nonce=\"n\", uri=\"x\", " R32), ERR_SYNTAX },
		{ STR_LIT("Digest username*=UTF-8'en, realm=\"r\","
			  " nonce=\"n\", uri=\"x\", " R32), ERR_SYNTAX },
		{ STR_LIT("Digest username*=KOI8-R''a, realm=\"r\","
			  " nonce=\"n\", uri=\"x\", " R32), ERR_UNSUPPORTED },
	};
	struct arena *a = arena_new(MEM_MAX);
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct digest_cred c = { .nc = 7 };
		int err = digest_cred_parse(a, rows[i].text, &c);

		if (err != rows[i].err)
			fail_msg("row %zu, \"%.*s\" gives %d", i,
				 STR_ARG(rows[i].text), err);
		assert_null(c.username.p);
		assert_null(c.response.p);
		assert_int_equal(c.nc, 0);
	}
	arena_free(a);
}

static void nonce_tells_its_age(void **state)
{
	const struct str key = STR("0123456789abcdef0123456789abcdef");
	const struct str source = STR("192.0.2.7");
	const int64_t t = 1795216800123, life = 300000;
	char out[DIGEST_NONCE_MAX], other[DIGEST_NONCE_MAX];
	struct str nonce = digest_nonce_make(key, t, 7, source, out);
	size_t i;

	(void)state;
	assert_int_equal(nonce.n, 48);
	assert_int_equal(strlen(out), nonce.n);
	assert_int_equal(digest_nonce_check(key, t, source, nonce, life),
			 DIGEST_NONCE_FRESH);
	assert_int_equal(digest_nonce_check(key, t, source, nonce, 0),
			 DIGEST_NONCE_FRESH);
	assert_int_equal(digest_nonce_check(key, t, source, nonce, -1),
			 DIGEST_NONCE_STALE);
	assert_int_equal(digest_nonce_check(key, t + life, source, nonce,
					    life), DIGEST_NONCE_FRESH);
	assert_int_equal(digest_nonce_check(key, t + life + 1, source, nonce,
					    life), DIGEST_NONCE_STALE);
	assert_int_equal(digest_nonce_check(key, t - 1, source, nonce, life),
			 DIGEST_NONCE_STALE);
	assert_int_equal(digest_nonce_check(key, t, STR("192.0.2.8"), nonce,
					    life), DIGEST_NONCE_FORGED);
	assert_int_equal(digest_nonce_check(STR("another key"), t, source,
					    nonce, life), DIGEST_NONCE_FORGED);
	for (i = 0; i < nonce.n; i++) {
		memcpy(other, out, nonce.n);
		other[i] = other[i] == '0' ? '1' : '0';
		assert_int_equal(digest_nonce_check(key, t, source,
			(struct str){ other, nonce.n }, life),
			DIGEST_NONCE_FORGED);
		assert_int_equal(digest_nonce_check(key, t, source,
			(struct str){ out, i }, life), DIGEST_NONCE_FORGED);
	}
	assert_int_equal(digest_nonce_check(key, t, source, STR(""), life),
			 DIGEST_NONCE_FORGED);
	assert_int_equal(digest_nonce_check(key, t, source, STR(
		"zz000000000000000000000000000000000000000000000z"), life),
		DIGEST_NONCE_FORGED);
	assert_true(digest_nonce_id(nonce) == ((uint64_t)t << 16 | 7));
	/* another number, another nonce; another time too */
	assert_false(str_eq(digest_nonce_make(key, t, 8, source, other),
			    nonce));
	assert_true(digest_nonce_id(str_of(other)) > digest_nonce_id(nonce));
	assert_false(str_eq(digest_nonce_make(key, t + 1, 7, source, other),
			    nonce));
	assert_false(str_eq(str_sub(str_of(other), 16, 32),
			    str_sub(nonce, 16, 32)));
}

static void challenges(void **state)
{
	struct buf b;
	size_t needed, max;

	(void)state;
	buf_init(&b, MEM_MAX);
	digest_put_challenge(&b, DIGEST_SHA256, STR("sip.example"), STR("00ff"),
			     false);
	assert_str(buf_str(&b), "Digest realm=\"sip.example\", nonce=\"00ff\","
		   " algorithm=SHA-256, qop=\"auth\"");
	buf_clear(&b);
	digest_put_challenge(&b, DIGEST_MD5, STR("a\"b\\c"), STR("00"), true);
	assert_str(buf_str(&b), "Digest realm=\"a\\\"b\\\\c\", nonce=\"00\","
		   " algorithm=MD5, qop=\"auth\", stale=true");
	assert_int_equal(b.err, 0);
	needed = b.n;
	buf_clear(&b);
	digest_put_challenge(&b, DIGEST_MD5, STR("a\r\nb"), STR("00"), true);
	assert_int_equal(b.err, ERR_SYNTAX);
	buf_free(&b);
	for (max = 0; max <= needed; max++) {
		buf_init(&b, max);
		digest_put_challenge(&b, DIGEST_MD5, STR("a\"b\\c"), STR("00"),
				     true);
		assert_int_equal(b.err, max < needed ? ERR_LIMIT : 0);
		assert_true(b.n <= max);
		buf_free(&b);
	}
}

static void credentials_round_trip(void **state)
{
	static const struct digest_cred rows[] = {
		{ .username = STR_LIT("a\"b\\"), .realm = STR_LIT("r"),
		  .nonce = STR_LIT("n"), .uri = STR_LIT("sip:x@y"),
		  .response = STR_LIT("0123456789abcdef0123456789abcdef"),
		  .opaque = STR_LIT("o, p=\"q\""), .alg = DIGEST_MD5 },
		{ .username = STR_LIT("f\xc3\xbc"), .realm = STR_LIT(""),
		  .nonce = STR_LIT("n"), .uri = STR_LIT("/x"),
		  .response = STR_LIT("0123456789abcdef0123456789abcdef"
				      "0123456789abcdef0123456789abcdef"),
		  .cnonce = STR_LIT("c"), .alg = DIGEST_SHA256,
		  .has_qop = true, .nc_text = STR_LIT("0000000a"), .nc = 10 },
	};
	struct arena *a = arena_new(MEM_MAX);
	struct digest_cred c;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, MEM_MAX);
	for (i = 0; i < COUNT_OF(rows); i++) {
		buf_clear(&b);
		digest_put_cred(&b, &rows[i]);
		assert_int_equal(b.err, 0);
		assert_int_equal(digest_cred_parse(a, buf_str(&b), &c), 0);
		assert_true(str_eq(c.username, rows[i].username));
		assert_true(str_eq(c.realm, rows[i].realm));
		assert_true(str_eq(c.nonce, rows[i].nonce));
		assert_true(str_eq(c.uri, rows[i].uri));
		assert_true(str_eq(c.response, rows[i].response));
		assert_true(str_eq(c.opaque, rows[i].opaque));
		assert_true(str_eq(c.cnonce, rows[i].cnonce));
		assert_true(str_eq(c.nc_text, rows[i].nc_text));
		assert_int_equal(c.alg, rows[i].alg);
		assert_int_equal(c.has_qop, rows[i].has_qop);
		assert_int_equal(c.nc, rows[i].nc);
	}
	c.nc_text = STR("1, x=y");
	buf_clear(&b);
	digest_put_cred(&b, &c);
	assert_int_equal(b.err, ERR_SYNTAX);
	buf_free(&b);
	arena_free(a);
}

static void needs_its_arena(void **state)
{
	const struct str text = STR(MUFASA ", " MD5_RESPONSE);
	struct arena *a = arena_new(MEM_MAX);
	size_t needed, max;
	bool was_good = false;
	struct digest_cred c;

	(void)state;
	assert_int_equal(digest_cred_parse(a, text, &c), 0);
	needed = arena_used(a);
	arena_free(a);
	for (max = 0; max <= needed; max++) {
		int err;

		a = arena_new(max);
		err = digest_cred_parse(a, text, &c);
		assert_true(err == ERR_LIMIT || err == 0);
		assert_true(max > 0 || err == ERR_LIMIT);
		assert_true(!was_good || err == 0);
		was_good = err == 0;
		assert_int_equal(was_good, c.username.p != NULL);
		assert_int_equal(was_good, c.response.p != NULL);
		arena_free(a);
	}
	assert_true(was_good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(worked_vectors),
		TEST(every_part_counts),
		TEST(reads_every_writing),
		TEST(reads_the_count),
		TEST(refuses),
		TEST(nonce_tells_its_age),
		TEST(challenges),
		TEST(credentials_round_trip),
		TEST(needs_its_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
