/* tests/unit/test_addr.c: canonical addresses and the way between SIP URIs and
 * JIDs. [core/model/addr.h; RFC 3261 19.1.4, RFC 7247 5, XEP-0106]
 */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/base/utf8.h"
#include "core/model/addr.h"

static const struct addr_jid_rule federated = {
	.host = STR_LIT("sip.example"),
};
static const struct addr_jid_rule encoded = { .host = STR_LIT("gw.example"),
					      .is_encoded = true };
static const struct addr_jid_rule strict = { .host = STR_LIT("sip.example"),
					     .is_encoded = true,
					     .is_strict_7247 = true };

static struct str printed(struct arena *a, const struct jid *j)
{
	struct str s = STR_NONE;
	struct buf b;

	buf_init(&b, 8192);
	jid_put(&b, j);
	assert_int_equal(arena_str(a, b.n ? buf_str(&b) : STR(""), &s), 0);
	buf_free(&b);
	return s;
}

static void test_canonical(void **state)
{
	static const struct {
		const char *uri;
		enum addr_kind kind;
		const char *text, *user, *domain, *instance;
	} rows[] = {
		{ "sip:Bob%40x@SIP.Example:5070;transport=tcp;gr=u1",
		  ADDR_USER, "sip:Bob%40x@sip.example", "Bob@x", "sip.example",
		  "u1" },
		{ "sip:bob@sip.example", ADDR_USER, "sip:bob@sip.example",
		  "bob", "sip.example", "" },
		{ "sips:bob@SIP.example:5061", ADDR_USER,
		  "sip:bob@sip.example", "bob", "sip.example", "" },
		{ "im:bob@sip.example", ADDR_USER, "sip:bob@sip.example",
		  "bob", "sip.example", "" },
		{ "sip:bob:secret@sip.example?Subject=x", ADDR_USER,
		  "sip:bob@sip.example", "bob", "sip.example", "" },
		{ "sip:b%6fb@sip.example.", ADDR_USER, "sip:bob@sip.example",
		  "bob", "sip.example", "" },
		{ "sip:f%c3%bc@sip.example", ADDR_USER,
		  "sip:f%C3%BC@sip.example", "f\xc3\xbc", "sip.example", "" },
		{ "tel:+1-555-0100", ADDR_TEL, "tel:+15550100", "+15550100",
		  "", "" },
		{ "tel:+1(555)0100;ext=7", ADDR_TEL, "tel:+15550100",
		  "+15550100", "", "" },
		{ "sip:+1-555-0100@sip.example;user=phone", ADDR_TEL,
		  "tel:+15550100", "+15550100", "", "" },
		{ "sip:+15550100@other.example:99;user=PHONE;transport=udp",
		  ADDR_TEL, "tel:+15550100", "+15550100", "", "" },
		{ "tel:7042;phone-context=Example.NET", ADDR_TEL,
		  "tel:7042;phone-context=example.net", "7042", "", "" },
		{ "sip:7042;phone-context=example.net@gw.example;user=phone",
		  ADDR_TEL, "tel:7042;phone-context=example.net", "7042", "",
		  "" },
		{ "tel:0151-123;phone-context=+49", ADDR_TEL,
		  "tel:0151123;phone-context=+49", "0151123", "", "" },
		{ "sip:+15550100@sip.example", ADDR_USER,
		  "sip:+15550100@sip.example", "+15550100", "sip.example",
		  "" },
		{ "sip:7042@sip.example;user=phone", ADDR_USER,
		  "sip:7042@sip.example", "7042", "sip.example", "" },
		{ "sip:bob@sip.example;user=phone", ADDR_USER,
		  "sip:bob@sip.example", "bob", "sip.example", "" },
		{ "sip:sip.example", ADDR_DOMAIN, "sip:sip.example", "",
		  "sip.example", "" },
		{ "sip:bob@[2001:DB8::1]:5060", ADDR_USER,
		  "sip:bob@[2001:db8::1]", "bob", "[2001:db8::1]", "" },
		{ "sip:Anonymous@Anonymous.Invalid", ADDR_ANONYMOUS,
		  "sip:anonymous@anonymous.invalid", "anonymous",
		  "anonymous.invalid", "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct arena *a = arena_new(16384);
		struct addr addr, again;

		assert_int_equal(addr_from_uri_text(a, str_of(rows[i].uri),
						    &addr), 0);
		assert_int_equal(addr.kind, rows[i].kind);
		assert_str(addr.text, rows[i].text);
		assert_str(addr.user, rows[i].user);
		assert_str(addr.domain, rows[i].domain);
		assert_str(addr.instance, rows[i].instance);
		/* the canonical text is an address and canonical itself */
		assert_int_equal(addr_from_uri_text(a, addr.text, &again), 0);
		assert_true(addr_eq(&addr, &again));
		arena_free(a);
	}
}

static void test_phone_hint(void **state)
{
	struct arena *a = arena_new(16384);
	struct addr addr;

	(void)state;
	assert_int_equal(addr_from_uri_text(
		a, STR("sip:0151123@sip.example;user=phone"), &addr), 0);
	assert_true(addr.is_phone);
	assert_int_equal(addr_from_uri_text(a, STR("sip:0151123@sip.example"),
					    &addr), 0);
	assert_false(addr.is_phone);
	assert_int_equal(addr_from_uri_text(
		a, STR("sip:bob@sip.example;user=phone"), &addr), 0);
	assert_false(addr.is_phone);
	arena_free(a);
}

static bool same(const char *x, const char *y)
{
	struct arena *a = arena_new(16384);
	struct addr ax, ay;
	bool r;

	assert_int_equal(addr_from_uri_text(a, str_of(x), &ax), 0);
	assert_int_equal(addr_from_uri_text(a, str_of(y), &ay), 0);
	r = addr_eq(&ax, &ay);
	arena_free(a);
	return r;
}

static void test_one_mailbox(void **state)
{
	(void)state;
	assert_true(same("sip:bob@sip.example", "sip:bob@SIP.EXAMPLE"));
	assert_true(same("sip:bob@sip.example", "sip:bob@sip.example:5070"));
	assert_true(same("sip:bob@sip.example",
			 "sip:bob@sip.example;transport=tcp"));
	assert_true(same("sip:bob@sip.example", "im:bob@sip.example"));
	assert_true(same("sip:bob@sip.example", "sip:%62ob@sip.example"));
	assert_false(same("sip:bob@sip.example", "sip:Bob@sip.example"));
	assert_false(same("sip:bob@sip.example", "sip:bob@sip2.example"));
	assert_true(same("sip:+15550100@x;user=phone", "tel:+15550100"));
	assert_true(same("tel:+1.555.0100", "tel:+1(555)0100"));
	assert_false(same("sip:+15550100@x", "tel:+15550100"));
	assert_false(same("tel:7042;phone-context=a.example",
			  "tel:7042;phone-context=b.example"));
	assert_false(same("tel:15550100;phone-context=+1",
			  "tel:+15550100"));
}

static void test_refused(void **state)
{
	static const struct {
		const char *uri;
		int err;
	} rows[] = {
		{ "", ERR_SYNTAX },
		{ "bob@sip.example", ERR_SYNTAX },
		{ "sip:", ERR_SYNTAX },
		{ "sip:@sip.example", ERR_SYNTAX },
		{ "sip:bob@", ERR_SYNTAX },
		{ "sip:bob@sip example", ERR_SYNTAX },
		{ "sip:tab%09x@sip.example", ERR_SYNTAX },
		{ "sip:a%00b@sip.example", ERR_SYNTAX },
		{ "sip:a%0d%0aX:1@sip.example", ERR_SYNTAX },
		{ "sip:a%7fb@sip.example", ERR_SYNTAX },
		{ "sip:a%c2%85b@sip.example", ERR_SYNTAX },
		{ "sip:a%ffb@sip.example", ERR_SYNTAX },
		{ "sip:a%c0%afb@sip.example", ERR_SYNTAX },
		{ "sip:a%ed%a0%80b@sip.example", ERR_SYNTAX },
		{ "sip:bob@sip.example;gr=a%0ab", ERR_SYNTAX },
		{ "sip:bob@sip.example;gr=%ff", ERR_SYNTAX },
		{ "tel:7042", ERR_SYNTAX },
		{ "tel:+", ERR_SYNTAX },
		{ "tel:+1234567890123456", ERR_SYNTAX },
		{ "tel:7042;phone-context=a%0ab", ERR_SYNTAX },
		{ "sip:+12x@sip.example;user=phone", ERR_SYNTAX },
		{ "sip:+1234567890123456@sip.example;user=phone", ERR_SYNTAX },
		{ "pres:bob@sip.example", ERR_UNSUPPORTED },
		{ "mailto:bob@sip.example", ERR_UNSUPPORTED },
		{ "http://sip.example/", ERR_UNSUPPORTED },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct arena *a = arena_new(16384);
		struct addr addr;
		int err = addr_from_uri_text(a, str_of(rows[i].uri), &addr);

		if (err != rows[i].err)
			fail_msg("%s: %d", rows[i].uri, err);
		assert_int_equal(addr.kind, ADDR_NONE);
		arena_free(a);
	}
}

static void test_secure(void **state)
{
	struct arena *a = arena_new(16384);
	struct addr addr;

	(void)state;
	assert_int_equal(addr_from_uri_text(a, STR("sips:bob@sip.example"),
					    &addr), 0);
	assert_true(addr.is_secure);
	assert_int_equal(addr_from_uri_text(a, STR("sip:bob@sip.example"),
					    &addr), 0);
	assert_false(addr.is_secure);
	arena_free(a);
}

static void test_display(void **state)
{
	static const struct {
		struct str in;
		const char *out;
	} rows[] = {
		{ STR_LIT("Bob"), "Bob" },
		{ STR_LIT("B\xc3\xbc" "b"), "B\xc3\xbc" "b" },
		{ STR_LIT("a\r\nb\tc"), "a  b c" },
		{ STR_LIT("a\x01\x7f\0b\xff"), "ab\xef\xbf\xbd" },
		{ STR_LIT("a\xc2\x85z"), "az" },
	};
	struct uri u;
	struct addr addr;
	char many[2000];
	struct arena *a = arena_new(65536);
	size_t i;

	(void)state;
	assert_int_equal(uri_parse(STR("sip:bob@sip.example"), &u), 0);
	for (i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(addr_from_uri(a, &u, rows[i].in, &addr), 0);
		assert_str(addr.display, rows[i].out);
	}
	memset(many, 0xff, sizeof(many));
	assert_int_equal(addr_from_uri(a, &u,
				       (struct str){ many, sizeof(many) },
				       &addr), 0);
	assert_true(addr.display.n <= 256);
	assert_true(utf8_is_clean_line(addr.display));
	arena_free(a);
}

/* SIP to JID and back; back NULL: the same URI again. */
static const struct {
	const char *uri, *jid, *back;
} pairs[] = {
	/* xmpp-interworking A.1.4 and A.1.5 */
	{ "sip:f%C3%BC@sip.example", "f\xc3\xbc@sip.example", NULL },
	{ "sip:o'malley@sip.example", "o\\27malley@sip.example", NULL },
	{ "sip:foo@sip.example;gr=bar", "foo@sip.example/bar", NULL },
	{ "sip:m&m@sip.example", "m\\26m@sip.example", NULL },
	{ "sip:a/b@sip.example", "a\\2fb@sip.example", NULL },
	/* A.1.6 */
	{ "sip:+15551234;phone-context=example.net@sip.example",
	  "+15551234;phone-context=example.net@sip.example", NULL },
	{ "sip:user%40other.net@sip.example",
	  "user\\40other.net@sip.example", NULL },
	{ "sip:%22q%22@sip.example", "\\22q\\22@sip.example", NULL },
	{ "sip:back%5C27slash@sip.example", "back\\5c27slash@sip.example",
	  NULL },
	{ "sip:c%3A%5C5commas@sip.example", "c\\3a\\5c5commas@sip.example",
	  NULL },
	{ "sip:x%23y@sip.example", "x#y@sip.example", NULL },
	{ "sip:a%20b@sip.example", "a\\20b@sip.example", NULL },
	{ "sip:foo%5Cbar@sip.example", "foo\\bar@sip.example", NULL },
	/* instances, both ways, also beyond ASCII [X-26] */
	{ "sip:bob@sip.example;gr=%C3%BC", "bob@sip.example/\xc3\xbc", NULL },
	{ "sip:bob@sip.example;gr=urn:uuid:f81d4fae",
	  "bob@sip.example/urn:uuid:f81d4fae", NULL },
	{ "sip:bob@sip.example;gr=a%40b/c", "bob@sip.example/a@b/c", NULL },
	{ "sip:sip.example;gr=a%40b/c", "sip.example/a@b/c", NULL },
	/* what does not cross [X-27, oma-im 3.1] */
	{ "sip:bob@sip.example;gr=tgruu.7hs%3D%3Djd7vnzga",
	  "bob@sip.example", "sip:bob@sip.example" },
	{ "sip:bob@sip.example;gr=TGRUU.7hs", "bob@sip.example",
	  "sip:bob@sip.example" },
	{ "sip:bob@sip.example;gr", "bob@sip.example",
	  "sip:bob@sip.example" },
	{ "sip:bob:pw@sip.example:5070;transport=tcp?a=b",
	  "bob@sip.example", "sip:bob@sip.example" },
};

static void test_uri_jid_vectors(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(pairs); i++) {
		struct arena *a = arena_new(65536);
		struct addr addr, again;
		struct jid j, prepared;
		const char *back = pairs[i].back ? pairs[i].back :
						   pairs[i].uri;

		if (addr_from_uri_text(a, str_of(pairs[i].uri), &addr) < 0)
			fail_msg("%s", pairs[i].uri);
		assert_int_equal(addr_to_jid(a, &addr, &federated, true, &j),
				 0);
		assert_str(printed(a, &j), pairs[i].jid);
		assert_int_equal(jid_prepare(a, str_of(pairs[i].jid),
					     &prepared), 0);
		assert_int_equal(addr_from_jid(a, &prepared, &federated,
					       &again), 0);
		assert_true(addr_eq(&addr, &again));
		assert_str(addr_uri(a, &again, true), back);
		arena_free(a);
	}
}

static void test_jid_to_uri(void **state)
{
	static const struct {
		const struct addr_jid_rule *rule;
		const char *jid, *uri;
	} rows[] = {
		{ &federated, "baz@xmpp.example/qux",
		  "sip:baz@xmpp.example;gr=qux" },
		{ &federated, "tsch\xc3\xbcss@xmpp.example",
		  "sip:tsch%C3%BCss@xmpp.example" },
		{ &federated, "xmpp.example", "sip:xmpp.example" },
		{ &federated, "ALICE@XMPP.Example", "sip:alice@xmpp.example" },
		/* without the rule an escaped @ is part of the user */
		{ &federated, "bob\\40other.example@sip.example",
		  "sip:bob%40other.example@sip.example" },
		{ &encoded, "bob\\40other.example@gw.example",
		  "sip:bob@other.example" },
		{ &encoded, "a\\40b\\40other.example@gw.example/pda",
		  "sip:a%40b@other.example;gr=pda" },
		{ &encoded, "bob\\5c40other.example@gw.example",
		  "sip:bob%5C40other.example@gw.example" },
		{ &encoded, "bob@gw.example", "sip:bob@gw.example" },
		/* only at the component's own host */
		{ &encoded, "bob\\40other.example@far.example",
		  "sip:bob%40other.example@far.example" },
		/* a strict peer means a backslash where it wrote one */
		{ &strict, "c\\3ad@xmpp.example", "sip:c%5C3ad@xmpp.example" },
		{ &strict, "m\\26m@xmpp.example", "sip:m&m@xmpp.example" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct arena *a = arena_new(65536);
		struct addr addr;
		struct jid j;

		assert_int_equal(jid_prepare(a, str_of(rows[i].jid), &j), 0);
		assert_int_equal(addr_from_jid(a, &j, rows[i].rule, &addr), 0);
		assert_str(addr_uri(a, &addr, true), rows[i].uri);
		arena_free(a);
	}
}

static void test_to_jid_sides(void **state)
{
	static const struct {
		const struct addr_jid_rule *rule;
		bool is_own;
		const char *uri;
		int err;
		const char *jid;
	} rows[] = {
		{ &federated, true, "sip:bob@other.example", ERR_DECLINED,
		  NULL },
		{ &encoded, true, "sip:bob@other.example", 0,
		  "bob\\40other.example@gw.example" },
		{ &encoded, true, "sip:a%40b@other.example;gr=x", 0,
		  "a\\40b\\40other.example@gw.example/x" },
		{ &strict, true, "sip:m&m@other.example", 0,
		  "m\\26m\\40other.example@sip.example" },
		{ &strict, true, "sip:a%3Ab@sip.example", ERR_SYNTAX, NULL },
		{ &encoded, true, "tel:+15550100", 0, "+15550100@gw.example" },
		{ &federated, true, "tel:7042;phone-context=a.example", 0,
		  "7042;phone-context=a.example@sip.example" },
		{ &federated, true, "sip:anonymous@anonymous.invalid", 0,
		  "anonymous@sip.example" },
		{ &federated, true, "sip:sip.example", 0, "sip.example" },
		{ &encoded, true, "sip:other.example", ERR_DECLINED, NULL },
		{ &federated, false, "sip:alice@xmpp.example;gr=pda", 0,
		  "alice@xmpp.example/pda" },
		{ &federated, false, "sip:xmpp.example", 0, "xmpp.example" },
		{ &encoded, false, "tel:+15550100", ERR_DECLINED, NULL },
		{ &encoded, false, "sip:anonymous@anonymous.invalid",
		  ERR_DECLINED, NULL },
		{ &federated, false, "sip:bob@sip.example", ERR_DECLINED,
		  NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct arena *a = arena_new(65536);
		struct addr addr;
		struct jid j;
		int err;

		assert_int_equal(addr_from_uri_text(a, str_of(rows[i].uri),
						    &addr), 0);
		err = addr_to_jid(a, &addr, rows[i].rule, rows[i].is_own, &j);
		if (err != rows[i].err)
			fail_msg("%s: %d", rows[i].uri, err);
		assert_str(printed(a, &j), rows[i].jid ? rows[i].jid : "");
		arena_free(a);
	}
}

static void test_jid_refused(void **state)
{
	static const char *const uris[] = {
		"sip:%20bob@sip.example", "sip:bob%20@sip.example",
	};
	char text[3200] = "sip:";
	struct arena *a = arena_new(65536);
	struct addr addr;
	struct jid j;
	size_t i, n;

	(void)state;
	for (i = 0; i < COUNT_OF(uris); i++) {
		assert_int_equal(addr_from_uri_text(a, str_of(uris[i]), &addr),
				 0);
		assert_int_equal(addr_to_jid(a, &addr, &federated, true, &j),
				 ERR_SYNTAX);
	}
	/* 342 ampersands are 1026 bytes as \26 */
	for (n = 4; n < 4 + 342; n++)
		text[n] = '&';
	memcpy(text + n, "@sip.example", sizeof("@sip.example"));
	assert_int_equal(addr_from_uri_text(a, str_of(text), &addr), 0);
	assert_int_equal(addr_to_jid(a, &addr, &federated, true, &j),
			 ERR_LIMIT);
	/* a resource of 1024 bytes */
	n = (size_t)snprintf(text, sizeof(text), "sip:b@sip.example;gr=");
	memset(text + n, 'r', 1024);
	text[n + 1024] = '\0';
	assert_int_equal(addr_from_uri_text(a, str_of(text), &addr), 0);
	assert_int_equal(addr_to_jid(a, &addr, &federated, true, &j),
			 ERR_LIMIT);
	text[n + 1023] = '\0';
	assert_int_equal(addr_from_uri_text(a, str_of(text), &addr), 0);
	assert_int_equal(addr_to_jid(a, &addr, &federated, true, &j), 0);
	/* hosts SIP cannot write */
	assert_int_equal(jid_prepare(a, STR("a@b\xc3\xbc.example"), &j), 0);
	assert_int_equal(addr_from_jid(a, &j, &federated, &addr), ERR_SYNTAX);
	assert_int_equal(jid_prepare(a, STR("a\\40b\\20c@gw.example"), &j), 0);
	assert_int_equal(addr_from_jid(a, &j, &encoded, &addr), ERR_SYNTAX);
	assert_int_equal(jid_prepare(a, STR("\\40b.example@gw.example"), &j),
			 0);
	assert_int_equal(addr_from_jid(a, &j, &encoded, &addr), ERR_SYNTAX);
	arena_free(a);
}

static uint64_t next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* A random user of the characters that hurt, escaped into a URI. */
static struct str random_uri(struct arena *a, uint64_t *seed, bool is_own)
{
	static const char *const atoms[] = {
		"a", "Z", "5", "c", "2", "7", "40", "\\", "\\5c", "\\40", "@",
		" ", "\"", "&", "'", "/", ":", "<", ">", "%", ";", "=", "?",
		"\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "+", "#", "*",
	};
	struct str s = STR_NONE;
	struct buf b, user;
	size_t i, n = 1 + next(seed) % 12;

	buf_init(&user, 1024);
	buf_put_char(&user, 'x');
	for (i = 0; i < n; i++)
		buf_put_str(&user,
			    str_of(atoms[next(seed) % COUNT_OF(atoms)]));
	buf_put_char(&user, 'y');
	buf_init(&b, 4096);
	buf_put_str(&b, STR("sip:"));
	uri_put_user(&b, buf_str(&user));
	buf_put_str(&b, is_own ? STR("@gw.example") : STR("@other.example"));
	assert_int_equal(arena_str(a, buf_str(&b), &s), 0);
	buf_free(&b);
	buf_free(&user);
	return s;
}

static void test_round_trip(void **state)
{
	uint64_t seed = 0x1234567;
	struct arena *a = arena_new(65536);
	unsigned i;

	(void)state;
	for (i = 0; i < 100000; i++) {
		struct addr addr, again;
		struct jid j;
		struct str uri;

		arena_reset(a);
		uri = random_uri(a, &seed, i & 1);
		assert_int_equal(addr_from_uri_text(a, uri, &addr), 0);
		assert_true(str_eq(addr.text, uri));
		assert_int_equal(addr_to_jid(a, &addr, &encoded, true, &j), 0);
		assert_int_equal(addr_from_jid(a, &j, &encoded, &again), 0);
		if (!addr_eq(&addr, &again))
			fail_msg("%.*s became %.*s", STR_ARG(uri),
				 STR_ARG(again.text));
	}
	arena_free(a);
}

static void test_small_arenas(void **state)
{
	struct str uri = STR("sip:+1-555-0100;ext=7@sip.example;user=phone");
	struct str own = STR("sip:b%20ob@other.example;gr=%C3%BC");
	size_t max;

	(void)state;
	for (max = 0; max < 1024; max += 8) {
		struct arena *a = arena_new(max);
		struct addr addr;
		struct jid j;
		int err = addr_from_uri_text(a, uri, &addr);

		assert_true(err == 0 || err == ERR_LIMIT);
		err = addr_from_uri_text(a, own, &addr);
		assert_true(err == 0 || err == ERR_LIMIT);
		if (err == 0) {
			err = addr_to_jid(a, &addr, &encoded, true, &j);
			assert_true(err == 0 || err == ERR_LIMIT);
			if (err == 0)
				err = addr_from_jid(a, &j, &encoded, &addr);
			assert_true(err == 0 || err == ERR_LIMIT);
		}
		arena_free(a);
	}
}

static void test_dup(void **state)
{
	struct arena *a = arena_new(4096), *other = arena_new(4096);
	struct addr addr, copy;

	(void)state;
	assert_int_equal(addr_from_uri_text(
		a, STR("sips:bob@sip.example;gr=u1"), &addr), 0);
	copy = addr_dup(other, &addr);
	assert_int_equal(arena_err(other), 0);
	arena_free(a);
	assert_str(copy.text, "sip:bob@sip.example");
	assert_str(copy.instance, "u1");
	assert_true(copy.is_secure);
	arena_free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_ROWS(test_canonical, "CP01"),
		TEST_ROWS(test_one_mailbox, "CP01"),
		TEST_ROWS(test_phone_hint, "X-29"),
		TEST_ROWS(test_refused, "X-24"),
		TEST(test_secure),
		TEST(test_display),
		TEST_ROWS(test_uri_jid_vectors, "X-21 X-22 X-26 X-27"),
		TEST_ROWS(test_jid_to_uri, "X-22"),
		TEST_ROWS(test_to_jid_sides, "X-21"),
		TEST_ROWS(test_jid_refused, "X-24"),
		TEST_ROWS(test_round_trip, "X-23"),
		TEST(test_small_arenas),
		TEST(test_dup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
