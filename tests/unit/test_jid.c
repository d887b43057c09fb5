/* tests/unit/test_jid.c: JIDs, their escaping, and the way between SIP and
 * XMPP addresses that RFC 7247 section 5 describes, with the complete
 * escaping of XEP-0106.
 */
#include "tests/unit/unit.h"

#include "core/base/utf8.h"
#include "core/codec/jid.h"
#include "core/codec/uri.h"

#define MEM_MAX 65536u

static void assert_jid(const struct jid *j, const char *local,
		       const char *domain, const char *resource)
{
	assert_str(j->local, local);
	assert_str(j->domain, domain);
	assert_str(j->resource, resource);
}

static void worked_example(void **state)
{
	struct jid j;

	(void)state;
	assert_int_equal(jid_parse(STR("b\\40x@Sip.Example/a@b/c"), &j), 0);
	assert_jid(&j, "b\\40x", "Sip.Example", "a@b/c");
}

static void splits(void **state)
{
	static const struct {
		const char *text, *local, *domain, *resource;
	} rows[] = {
		{ "sip.example/a@b/c", "", "sip.example", "a@b/c" },
		{ "a@b/c@d/e", "a", "b", "c@d/e" },
		{ "a@b//", "a", "b", "/" },
		{ "a@b/ c ", "a", "b", " c " },
		{ "sip.example", "", "sip.example", "" },
		{ "a@b", "a", "b", "" },
		{ "a@b.", "a", "b.", "" },
		{ "a@192.0.2.1/x", "a", "192.0.2.1", "x" },
		{ "a@[2001:db8::1]/x", "a", "[2001:db8::1]", "x" },
		{ "a@b\xc3\xbc" "cher.example", "a",
		  "b\xc3\xbc" "cher.example", "" },
		{ "!#$%()*+,-.;=?[\\]^_`{|}~@b", "!#$%()*+,-.;=?[\\]^_`{|}~",
		  "b", "" },
	};
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, MEM_MAX);
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct jid j;

		assert_int_equal(jid_parse(str_of(rows[i].text), &j), 0);
		assert_jid(&j, rows[i].local, rows[i].domain,
			   rows[i].resource);
		buf_clear(&b);
		jid_put(&b, &j);
		assert_str(buf_str(&b), rows[i].text);
	}
	buf_free(&b);
}

static void refuses(void **state)
{
	static const struct str rows[] = {
		STR_LIT(""), STR_LIT("@"), STR_LIT("@b"), STR_LIT("a@"),
		STR_LIT("/c"), STR_LIT("a@/c"), STR_LIT("a@b/"), STR_LIT("b/"),
		STR_LIT("a@b@c"), STR_LIT("a\"@b"), STR_LIT("a&@b"),
		STR_LIT("a'@b"), STR_LIT("a:@b"), STR_LIT("a<@b"),
		STR_LIT("a>@b"), STR_LIT("a @b"), STR_LIT(" a@b"),
		STR_LIT("a\xc2\xa0@b"), STR_LIT("a\xe3\x80\x80@b"),
		STR_LIT("a\t@b"), STR_LIT("a\0@b"), STR_LIT("a\x7f@b"),
		STR_LIT("a\xc2\x85@b"), STR_LIT("a\xff@b"),
		STR_LIT("a\xc0\xaf@b"), STR_LIT("a\xed\xa0\x80@b"),
		STR_LIT("a@b c"), STR_LIT("a@b\0"), STR_LIT("a@b\x01"),
		STR_LIT("a@b..c"), STR_LIT("a@.b"), STR_LIT("a@."),
		STR_LIT("a@b.."), STR_LIT("a@b:5222"), STR_LIT("a@b;x"),
		STR_LIT("a@b\\40c"), STR_LIT("a@[b]"), STR_LIT("a@[::1"),
		STR_LIT("a@[]"), STR_LIT("a@[::g]"), STR_LIT("a@[12]"),
		STR_LIT("a@[::1]x"), STR_LIT("a@[1]"),
		STR_LIT("a@b\xff"), STR_LIT("a@b\xc2\xa0"),
		STR_LIT("a@b/c\0d"), STR_LIT("a@b/c\nd"), STR_LIT("a@b/\xff"),
		STR_LIT("a@b/c\xc2\x85"), STR_LIT("a@b/\xef\xbf\xbf"),
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct jid j = { .local = STR_LIT("x") };

		if (jid_parse(rows[i], &j) != ERR_SYNTAX)
			fail_msg("\"%.*s\" taken", STR_ARG(rows[i]));
		assert_null(j.local.p);
		assert_null(j.domain.p);
		assert_null(j.resource.p);
	}
}

/* Each part may have 1023 bytes and not one more. */
static void parts_have_a_length(void **state)
{
	static char text[3 * 1024 + 2];
	unsigned over;

	(void)state;
	for (over = 0; over < 4; over++) {
		size_t local = 1023 + (over == 1), domain = 1023 + (over == 2);
		size_t resource = 1023 + (over == 3), n = local;
		struct jid j;

		memset(text, 'a', sizeof(text));
		text[n++] = '@';
		n += domain;
		text[n++] = '/';
		n += resource;
		assert_int_equal(jid_parse((struct str){ text, n }, &j),
				 over ? ERR_LIMIT : 0);
		if (over) {
			assert_null(j.domain.p);
			continue;
		}
		assert_int_equal(j.local.n, 1023);
		assert_int_equal(j.domain.n, 1023);
		assert_int_equal(j.resource.n, 1023);
	}
}

static void prepares(void **state)
{
	static const struct {
		const char *text, *local, *domain, *resource;
	} rows[] = {
		{ "Bob@Sip.Example./Work", "bob", "sip.example", "Work" },
		{ "b\\2FX@B", "b\\2fx", "b", "" },
		{ "TSCH\xc3\x9cSS@b", "tsch\xc3\xbcss", "b", "" },
		{ "u\xcc\x88@B\xc3\x9c" "CHER.example/u\xcc\x88",
		  "\xc3\xbc", "b\xc3\xbc" "cher.example", "\xc3\xbc" },
		{ "\xef\xbc\xa1\xef\xbc\xa2@\xef\xbc\xa2.example",
		  "ab", "b.example", "" },
		{ "a@b/x\xc2\xa0y", "a", "b", "x y" },
		{ "a@b\xef\xbc\x8e", "a", "b", "" },	/* full-width dot */
		{ "a@b/\xe2\x9d\xa4\xef\xb8\x8f", "a", "b",
		  "\xe2\x9d\xa4\xef\xb8\x8f" },
		{ "a@[2001:DB8::A]", "a", "[2001:db8::a]", "" },
		{ "Gw.Example", "", "gw.example", "" },
	};
	struct arena *a = arena_new(MEM_MAX);
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct jid j, again;
		struct buf b;

		assert_int_equal(jid_prepare(a, str_of(rows[i].text), &j), 0);
		assert_jid(&j, rows[i].local, rows[i].domain,
			   rows[i].resource);
		/* what is prepared stays as it is */
		buf_init(&b, MEM_MAX);
		jid_put(&b, &j);
		assert_int_equal(jid_prepare(a, buf_str(&b), &again), 0);
		assert_jid(&again, rows[i].local, rows[i].domain,
			   rows[i].resource);
		buf_free(&b);
	}
	arena_free(a);
}

static void refuses_to_prepare(void **state)
{
	static const char *const rows[] = {
		"a\xef\xbc\xa0@b",	/* full-width "@" becomes "@" */
		"a\xef\xbc\x8f@b",	/* full-width "/" */
		"a@b\xef\xbc\xa0x",
		"a@b.\xef\xbc\x8e",	/* two dots at the end */
		"\xe2\x99\xa5@b",	/* a symbol: heart */
		"a\xe2\x80\xae@b",	/* right-to-left override */
		"a b@c",
		"",
	};
	struct arena *a = arena_new(MEM_MAX);
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct jid j;

		if (jid_prepare(a, str_of(rows[i]), &j) != ERR_SYNTAX)
			fail_msg("\"%s\" taken", rows[i]);
		assert_null(j.local.p);
		assert_null(j.domain.p);
	}
	arena_free(a);
}

struct ladder {
	int (*step)(struct arena *a, struct str s, struct str *out);
	struct str in;
	const char *out;
};

static void with_less_memory(const struct ladder *row)
{
	struct arena *a = arena_new(MEM_MAX);
	size_t needed, max, good_n = 0;
	struct str out;

	assert_int_equal(row->step(a, row->in, &out), 0);
	assert_str(out, row->out);
	needed = arena_used(a);
	arena_free(a);
	for (max = 0; max <= needed; max++) {
		int err;

		a = arena_new(max);
		err = row->step(a, row->in, &out);
		assert_true(err == ERR_LIMIT || err == 0);
		assert_true(err == 0 || good_n == 0);
		good_n += err == 0;
		if (err == 0)
			assert_str(out, row->out);
		else
			assert_null(out.p);
		arena_free(a);
	}
	assert_true(good_n > 0 && good_n <= needed);
}

/* The same for preparation, as text. */
static int prepare_text(struct arena *a, struct str s, struct str *out)
{
	struct jid j;
	int err = jid_prepare(a, s, &j);

	*out = j.local;
	if (err < 0) {
		assert_null(j.domain.p);
		assert_null(j.resource.p);
	} else {
		assert_str(j.resource, "R");
	}
	return err;
}

static void needs_its_arena(void **state)
{
	static const struct ladder rows[] = {
		{ jid_escape, STR_LIT("a b@c"), "a\\20b\\40c" },
		{ jid_unescape, STR_LIT("a\\20b\\40c"), "a b@c" },
		{ jid_escape_7247, STR_LIT("a&b"), "a\\26b" },
		{ jid_unescape_7247, STR_LIT("a\\26b"), "a&b" },
		{ prepare_text, STR_LIT("\xc3\x9cx@B.example/R"),
		  "\xc3\xbcx" },
		{ prepare_text, STR_LIT("Ax@B.example/R"), "ax" },
	};
	struct jid j = { STR_LIT("a"), STR_LIT("b"), STR_LIT("c") };
	size_t i, max;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++)
		with_less_memory(&rows[i]);
	for (max = 0; max <= 5; max++) {
		struct buf b;

		buf_init(&b, max);
		jid_put(&b, &j);
		assert_int_equal(b.err, max < 5 ? ERR_LIMIT : 0);
		buf_free(&b);
	}
}

/* SIP URI to JID as the mapping does it: user decoded and escaped, the host
   as domain, gr as resource. Parameters, headers and password fall away. */
static int sip_to_jid(struct arena *a, struct str text, struct buf *b)
{
	struct jid j = { .resource = STR_NONE };
	struct str user, gr;
	struct uri u;
	int err = uri_parse(text, &u);

	if (err == 0)
		err = uri_unescape(a, u.user, &user);
	if (err == 0)
		err = jid_escape(a, user, &j.local);
	if (err == 0 && uri_param(u.params, STR("gr"), &gr))
		err = uri_unescape(a, gr, &j.resource);
	j.domain = u.host;
	buf_clear(b);
	if (err == 0)
		jid_put(b, &j);
	/* and the result must be an address itself */
	if (err == 0)
		err = jid_parse(buf_str(b), &j);
	return err;
}

static int jid_to_sip(struct arena *a, struct str text, struct buf *b)
{
	struct str user;
	struct jid j;
	int err = jid_parse(text, &j);

	if (err == 0)
		err = jid_unescape(a, j.local, &user);
	if (err < 0)
		return err;
	buf_clear(b);
	buf_put_str(b, STR("sip:"));
	if (j.local.n > 0) {
		uri_put_user(b, user);
		buf_put_char(b, '@');
	}
	buf_put_str(b, j.domain);
	if (j.resource.n > 0) {
		buf_put_str(b, STR(";gr="));
		uri_put_param(b, j.resource);
	}
	return b->err;
}

/* The tables of RFC 7247 5.2 and 5.3 and what they leave open. */
static const struct {
	const char *sip, *jid, *back;
} mappings[] = {
	{ "sip:f%C3%BC@sip.example", "f\xc3\xbc@sip.example",
	  "sip:f%C3%BC@sip.example" },
	{ "sip:o'malley@sip.example", "o\\27malley@sip.example",
	  "sip:o'malley@sip.example" },
	{ "sip:foo@sip.example;gr=bar", "foo@sip.example/bar",
	  "sip:foo@sip.example;gr=bar" },
	{ "sip:m&m@xmpp.example", "m\\26m@xmpp.example",
	  "sip:m&m@xmpp.example" },
	{ "sip:tsch%C3%BCss@xmpp.example", "tsch\xc3\xbcss@xmpp.example",
	  "sip:tsch%C3%BCss@xmpp.example" },
	{ "sip:baz@xmpp.example;gr=qux", "baz@xmpp.example/qux",
	  "sip:baz@xmpp.example;gr=qux" },
	{ "sip:a/b@x", "a\\2fb@x", "sip:a/b@x" },
	{ "sip:+15551234;phone-context=example.net@x",
	  "+15551234;phone-context=example.net@x",
	  "sip:+15551234;phone-context=example.net@x" },
	{ "sip:user%40other.net@x", "user\\40other.net@x",
	  "sip:user%40other.net@x" },
	{ "sip:%22q%22@x", "\\22q\\22@x", "sip:%22q%22@x" },
	{ "sip:back%5C27slash@x", "back\\5c27slash@x",
	  "sip:back%5C27slash@x" },
	{ "sip:c%3A%5C5commas@x", "c\\3a\\5c5commas@x",
	  "sip:c%3A%5C5commas@x" },
	{ "sip:x%23y@x", "x#y@x", "sip:x%23y@x" },
	{ "sip:a%20b@x", "a\\20b@x", "sip:a%20b@x" },
	{ "sip:foo%5Cbar@x", "foo\\bar@x", "sip:foo%5Cbar@x" },
	{ "sip:a%3Cb%3E@x", "a\\3cb\\3e@x", "sip:a%3Cb%3E@x" },
	{ "sip:a%5C5Cb@x", "a\\5c5Cb@x", "sip:a%5C5Cb@x" },
	/* what is no part of the address falls away */
	{ "sip:a:secret@x:5060;transport=tcp;user=ip?Subject=y", "a@x",
	  "sip:a@x" },
	{ "sip:x.example", "x.example", "sip:x.example" },
};

static void sip_becomes_jid(void **state)
{
	struct arena *a = arena_new(MEM_MAX);
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, MEM_MAX);
	for (i = 0; i < COUNT_OF(mappings); i++) {
		assert_int_equal(sip_to_jid(a, str_of(mappings[i].sip), &b), 0);
		assert_str(buf_str(&b), mappings[i].jid);
	}
	assert_int_equal(sip_to_jid(a, STR("sip:tab%09x@x"), &b), ERR_SYNTAX);
	buf_free(&b);
	arena_free(a);
}

static void jid_becomes_sip(void **state)
{
	struct arena *a = arena_new(MEM_MAX);
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, MEM_MAX);
	for (i = 0; i < COUNT_OF(mappings); i++) {
		struct uri u;

		assert_int_equal(jid_to_sip(a, str_of(mappings[i].jid), &b), 0);
		assert_str(buf_str(&b), mappings[i].back);
		assert_int_equal(uri_parse(buf_str(&b), &u), 0);
	}
	buf_free(&b);
	arena_free(a);
}

/* A small generator, the same numbers on every machine. */
static uint32_t next_random(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

/* Mostly the characters around which escaping can go wrong. */
static size_t random_user(uint64_t *seed, char *out)
{
	static const char lively[] = "\\\\\\\\ \"&'/:<>@0223456789abcefABCEF";
	size_t n = 0, chars_n = next_random(seed) % 24 + 1;

	while (chars_n-- > 0) {
		uint32_t r = next_random(seed);

		if (r % 8 == 0)
			n += utf8_put(0xa1 + r / 8 % 0x2000, out + n);
		else if (r % 8 == 1)
			out[n++] = (char)(0x21 + r / 8 % 0x5e);
		else
			out[n++] = lively[r / 8 % (sizeof(lively) - 1)];
	}
	return n;
}

/* What may be no local part at all: a blank other than U+0020, an edge. */
static bool is_escapable(struct str s)
{
	uint32_t code;
	size_t n;

	if (s.p[0] == ' ' || s.p[s.n - 1] == ' ')
		return false;
	for (; s.n > 0; s = str_from(s, n)) {
		n = utf8_next(s, &code);
		if (code == 0x1680 || (code >= 0x2000 && code <= 0x200a) ||
		    code == 0x202f || code == 0x205f)
			return false;
	}
	return true;
}

static void escape_round_trip(void **state)
{
	struct arena *a = arena_new(MEM_MAX);
	uint64_t seed = 7247;
	unsigned i, refused_n = 0, changed_n = 0;

	(void)state;
	for (i = 0; i < 100000; i++) {
		char text[24 * 4];
		struct str user = { text, random_user(&seed, text) };
		struct str local, back;
		struct jid j = { .domain = STR_LIT("x") }, parsed;
		struct buf b;
		int err;

		arena_reset(a);
		err = jid_escape(a, user, &local);
		if (!is_escapable(user)) {
			assert_int_equal(err, ERR_SYNTAX);
			refused_n++;
			continue;
		}
		assert_int_equal(err, 0);
		assert_int_equal(jid_unescape(a, local, &back), 0);
		if (!str_eq(back, user))
			fail_msg("\"%.*s\" came back as \"%.*s\"",
				 STR_ARG(user), STR_ARG(back));
		changed_n += !str_eq(local, user);
		buf_init(&b, MEM_MAX);
		j.local = local;
		jid_put(&b, &j);
		assert_int_equal(jid_parse(buf_str(&b), &parsed), 0);
		assert_true(str_eq(parsed.local, local));
		buf_free(&b);
	}
	/* the property was not met by refusing or by plain text only */
	assert_true(refused_n < 50000);
	assert_true(changed_n > 40000);
	arena_free(a);
}

/* Only lower case remains after preparation: the user comes back folded but
   never as somebody else. */
static void escape_survives_preparation(void **state)
{
	static const char *const rows[] = {
		"A\\5Cb", "\\2F", "x\\5c5C", "\\\\20y", "\\5C20", "a B@C/D",
	};
	struct arena *a = arena_new(MEM_MAX);
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct str local, back;
		struct jid j = { .domain = STR_LIT("x") };
		struct buf b;

		assert_int_equal(jid_escape(a, str_of(rows[i]), &local), 0);
		buf_init(&b, MEM_MAX);
		j.local = local;
		jid_put(&b, &j);
		assert_int_equal(jid_prepare(a, buf_str(&b), &j), 0);
		assert_int_equal(jid_unescape(a, j.local, &back), 0);
		assert_true(str_ieq(back, str_of(rows[i])));
		buf_free(&b);
	}
	arena_free(a);
}

static void refuses_to_escape(void **state)
{
	static const struct str rows[] = {
		STR_LIT(" a"), STR_LIT("a "), STR_LIT(" "), STR_LIT("a\0b"),
		STR_LIT("a\tb"), STR_LIT("a\x1f"), STR_LIT("a\x7f"),
		STR_LIT("a\xc2\x80"), STR_LIT("a\xc2\x9f"), STR_LIT("\xff"),
		STR_LIT("a\xc3"), STR_LIT("\xed\xa0\x80"),
		STR_LIT("a\xe2\x80\x83z"),
	};
	static const char *const sip[] = {
		"sip:%20a@x", "sip:a%20@x", "sip:a%00@x", "sip:a%0Ab@x",
		"sip:a%C2%85@x", "sip:%FF@x",
	};
	struct arena *a = arena_new(MEM_MAX);
	static char longer[1200];
	struct str out;
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(jid_escape(a, rows[i], &out), ERR_SYNTAX);
		assert_null(out.p);
		assert_int_equal(jid_escape_7247(a, rows[i], &out),
				 ERR_SYNTAX);
		assert_null(out.p);
	}
	buf_init(&b, MEM_MAX);
	for (i = 0; i < COUNT_OF(sip); i++) {
		assert_int_equal(sip_to_jid(a, str_of(sip[i]), &b),
				 ERR_SYNTAX);
		assert_int_equal(b.n, 0);
	}
	buf_free(&b);
	/* the escaped form counts: 341 times \40 are 1023 bytes */
	memset(longer, '@', sizeof(longer));
	assert_int_equal(jid_escape(a, (struct str){ longer, 341 }, &out), 0);
	assert_int_equal(out.n, 1023);
	assert_int_equal(jid_escape(a, (struct str){ longer, 342 }, &out),
			 ERR_LIMIT);
	memset(longer, 'a', sizeof(longer));
	assert_int_equal(jid_escape(a, (struct str){ longer, 1023 }, &out), 0);
	assert_int_equal(jid_escape(a, (struct str){ longer, 1024 }, &out),
			 ERR_LIMIT);
	assert_null(out.p);
	arena_free(a);
}

static void resource_may_hold_anything(void **state)
{
	struct arena *a = arena_new(MEM_MAX);
	struct jid j;

	(void)state;
	assert_int_equal(jid_parse(STR("sip.example/a@b/c"), &j), 0);
	assert_jid(&j, "", "sip.example", "a@b/c");
	assert_int_equal(jid_prepare(a, STR("Sip.Example/A@b/c"), &j), 0);
	assert_jid(&j, "", "sip.example", "A@b/c");
	assert_int_equal(jid_parse(STR("u@sip.example/a@b/c@d"), &j), 0);
	assert_jid(&j, "u", "sip.example", "a@b/c@d");
	assert_int_equal(jid_parse(STR("u@sip.example//@"), &j), 0);
	assert_jid(&j, "u", "sip.example", "/@");
	arena_free(a);
}

static void gruu_and_resource(void **state)
{
	static const struct {
		const char *sip, *jid;
	} rows[] = {
		{ "sip:a@x;gr=%C3%BC", "a@x/\xc3\xbc" },
		{ "sip:a@x;gr=urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
		  "a@x/urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6" },
		{ "sip:a@x;gr=%F0%9F%93%B1", "a@x/\xf0\x9f\x93\xb1" },
		{ "sip:a@x;gr=My%20Phone%3B1", "a@x/My Phone;1" },
		{ "sip:a@x;gr=a%40b/c%3F%3D%25", "a@x/a@b/c?=%" },
		{ "sip:a@x;gr=%22%5C%22", "a@x/\"\\\"" },
	};
	struct arena *a = arena_new(MEM_MAX);
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, MEM_MAX);
	for (i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(sip_to_jid(a, str_of(rows[i].sip), &b), 0);
		assert_str(buf_str(&b), rows[i].jid);
		assert_int_equal(jid_to_sip(a, str_of(rows[i].jid), &b), 0);
		assert_str(buf_str(&b), rows[i].sip);
	}
	/* no resource can hold what these name */
	assert_int_equal(sip_to_jid(a, STR("sip:a@x;gr=%00"), &b), ERR_SYNTAX);
	assert_int_equal(sip_to_jid(a, STR("sip:a@x;gr=%FF"), &b), ERR_SYNTAX);
	buf_free(&b);
	arena_free(a);
}

static void strict_7247(void **state)
{
	static const struct {
		const char *user, *local;	/* NULL: refused */
	} rows[] = {
		{ "m&m", "m\\26m" }, { "o'malley", "o\\27malley" },
		{ "a/b", "a\\2fb" }, { "foo\\bar", "foo\\bar" },
		{ "a\\40b", "a\\40b" }, { "a\\5cb", "a\\5cb" },
		{ "a@b", NULL }, { "a b", NULL }, { "a:b", NULL },
		{ "a\"", NULL }, { "<a", NULL }, { "a>", NULL },
		{ "a\\26b", NULL }, { "a\\2Fb", NULL },
	};
	struct arena *a = arena_new(MEM_MAX);
	struct str out, back;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		int err = jid_escape_7247(a, str_of(rows[i].user), &out);

		assert_int_equal(err, rows[i].local ? 0 : ERR_SYNTAX);
		if (err < 0) {
			assert_null(out.p);
			continue;
		}
		assert_str(out, rows[i].local);
		assert_int_equal(jid_unescape_7247(a, out, &back), 0);
		assert_str(back, rows[i].user);
	}
	assert_int_equal(jid_unescape_7247(a, STR("a\\40b\\2Fc"), &out), 0);
	assert_str(out, "a\\40b/c");
	arena_free(a);
}

static void unescapes_ten_only(void **state)
{
	static const struct {
		const char *local, *user;
	} rows[] = {
		{ "\\20\\22\\26\\27\\2f\\3a\\3c\\3e\\40\\5c", " \"&'/:<>@\\" },
		{ "\\2F\\3A\\5C", "/:\\" },
		{ "\\21\\41\\00\\ff", "\\21\\41\\00\\ff" },
		{ "\\", "\\" }, { "\\4", "\\4" }, { "a\\5", "a\\5" },
		{ "\\\\40", "\\@" }, { "\\5c40", "\\40" }, { "", "" },
	};
	struct arena *a = arena_new(MEM_MAX);
	struct str out;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(jid_unescape(a, str_of(rows[i].local), &out),
				 0);
		assert_str(out, rows[i].user);
	}
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(worked_example),
		TEST(splits),
		TEST(refuses),
		TEST_ROWS(parts_have_a_length, "X-24"),
		TEST(prepares),
		TEST(refuses_to_prepare),
		TEST(needs_its_arena),
		TEST_ROWS(sip_becomes_jid, "X-21"),
		TEST_ROWS(jid_becomes_sip, "X-22"),
		TEST_ROWS(escape_round_trip, "X-23"),
		TEST(escape_survives_preparation),
		TEST_ROWS(refuses_to_escape, "X-24"),
		TEST_ROWS(resource_may_hold_anything, "X-25"),
		TEST_ROWS(gruu_and_resource, "X-26"),
		TEST(strict_7247),
		TEST(unescapes_ten_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
