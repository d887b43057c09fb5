/* tests/unit/test_uri.c: sip:, sips:, tel:, im: and pres: URIs, and the
 * name-addr form. Rows marked 4475 are of RFC 4475, the SIP torture tests.
 */
#include "tests/unit/unit.h"

#include "core/codec/uri.h"

#include <stdio.h>

#define STR_MAX_MEM 65536u

struct good {
	const char *text;
	enum uri_scheme scheme;
	const char *user, *password, *host;	/* NULL: must be absent */
	unsigned port;
	const char *params, *headers;
};

static void assert_part(struct str got, const char *expected)
{
	if (!expected)
		assert_null(got.p);
	else
		assert_str(got, expected);
}

static void check_good(const struct good *row)
{
	struct uri u;
	int err = uri_parse(str_of(row->text), &u);

	if (err < 0)
		fail_msg("%s: %s", row->text, err_text(err));
	assert_int_equal(u.scheme, row->scheme);
	assert_part(u.user, row->user);
	assert_part(u.password, row->password);
	assert_str(u.host, row->host);
	assert_int_equal(u.port, row->port);
	assert_part(u.params, row->params);
	assert_part(u.headers, row->headers);
}

static void worked_example(void **state)
{
	static const struct good row = {
		"sip:bob%20b@Sip.Example:5070;transport=tcp;gr=urn:x"
		"?Subject=hi",
		URI_SIP, "bob%20b", NULL, "Sip.Example", 5070,
		"transport=tcp;gr=urn:x", "Subject=hi",
	};

	(void)state;
	check_good(&row);
}

static void reads_every_part(void **state)
{
	static const struct good rows[] = {
		{ "sip:sip.example", URI_SIP, NULL, NULL, "sip.example", 0,
		  NULL, NULL },
		{ "SIPS:a@b.example", URI_SIPS, "a", NULL, "b.example", 0,
		  NULL, NULL },
		{ "sip:a:secret@b", URI_SIP, "a", "secret", "b", 0, NULL,
		  NULL },
		{ "sip:a:@b", URI_SIP, "a", "", "b", 0, NULL, NULL },
		{ "sip:a@[2001:db8::1]:5060", URI_SIP, "a", NULL,
		  "[2001:db8::1]", 5060, NULL, NULL },
		{ "sip:[::1];lr", URI_SIP, NULL, NULL, "[::1]", 0, "lr", NULL },
		{ "sip:192.0.2.4:65535", URI_SIP, NULL, NULL, "192.0.2.4",
		  65535, NULL, NULL },
		{ "sip:a?b;c=d@e.example", URI_SIP, "a?b;c=d", NULL,
		  "e.example", 0, NULL, NULL },
		{ "sip:+15550100;ext=7@e.example;user=phone", URI_SIP,
		  "+15550100;ext=7", NULL, "e.example", 0, "user=phone",
		  NULL },
		{ "sip:a@b?c=d&e=", URI_SIP, "a", NULL, "b", 0, NULL,
		  "c=d&e=" },
		{ "sip:a@b;gr?c=d", URI_SIP, "a", NULL, "b", 0, "gr", "c=d" },
		{ "sip:a@b.example.;x", URI_SIP, "a", NULL, "b.example.", 0,
		  "x", NULL },
		/* 4475 3.1.1.2 */
		{ "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:"
		  "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com",
		  URI_SIP, "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*",
		  "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)",
		  "example.com", 0, NULL, NULL },
		/* 4475 3.1.1.3: escapes stay as they are */
		{ "sip:sips%3Auser%40example.com@example.net", URI_SIP,
		  "sips%3Auser%40example.com", NULL, "example.net", 0, NULL,
		  NULL },
		/* 4475 3.1.1.4 */
		{ "sip:null-%00-null@example.com", URI_SIP,
		  "null-%00-null", NULL, "example.com", 0, NULL, NULL },
		/* 4475 3.1.1.9 */
		{ "sip:user;par=u%40example.net@example.com", URI_SIP,
		  "user;par=u%40example.net", NULL, "example.com", 0, NULL,
		  NULL },
		{ "sip:user@example.com?Route=%3Csip:example.com%3E", URI_SIP,
		  "user", NULL, "example.com", 0, NULL,
		  "Route=%3Csip:example.com%3E" },
		{ "tel:+1-555-0100;ext=7", URI_TEL, "+1-555-0100", NULL, "",
		  0, "ext=7", NULL },
		{ "tel:*21#;phone-context=example.net", URI_TEL, "*21#", NULL,
		  "", 0, "phone-context=example.net", NULL },
		{ "tel:+15550100;isub=12?3,4=5", URI_TEL, "+15550100", NULL,
		  "", 0, "isub=12?3,4=5", NULL },
		{ "im:bob@b.example", URI_IM, "bob", NULL, "b.example", 0,
		  NULL, NULL },
		{ "im:bob@b.example?subject=a,b", URI_IM, "bob", NULL,
		  "b.example", 0, NULL, "subject=a,b" },
		{ "pres:bob%5Bx%5D@b.example", URI_PRES, "bob%5Bx%5D", NULL,
		  "b.example", 0, NULL, NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++)
		check_good(&rows[i]);
}

struct bad {
	struct str text;
	int err;
};

static void refuses_what_is_no_uri(void **state)
{
	static const struct bad rows[] = {
		{ STR_LIT(""), ERR_SYNTAX },
		{ STR_LIT("sip"), ERR_SYNTAX },
		{ STR_LIT(":a@b"), ERR_SYNTAX },
		{ STR_LIT("1sip:a@b"), ERR_SYNTAX },
		{ STR_LIT("s p:a@b"), ERR_SYNTAX },
		{ STR_LIT("s_p:a@b"), ERR_SYNTAX },
		{ STR_LIT("http://a.example/"), ERR_UNSUPPORTED },
		{ STR_LIT("xmpp:a@b"), ERR_UNSUPPORTED },
		{ STR_LIT("nobodyKnowsThisScheme:x"), ERR_UNSUPPORTED },
		{ STR_LIT("sip:"), ERR_SYNTAX },
		{ STR_LIT("sip:@b"), ERR_SYNTAX },
		{ STR_LIT("sip:a@"), ERR_SYNTAX },
		{ STR_LIT("sip::pw@b"), ERR_SYNTAX },
		{ STR_LIT("sip:a@b@c"), ERR_SYNTAX },
		{ STR_LIT("sip:a@b;x=y@c"), ERR_SYNTAX },
		{ STR_LIT("sip:a@b;"), ERR_SYNTAX },
		{ STR_LIT("sip:a@b;;lr"), ERR_SYNTAX },
		{ STR_LIT("sip:a@b;=x"), ERR_SYNTAX },
		{ STR_LIT("sip:a@b;x="), ERR_SYNTAX },
		{ STR_LIT("sip:a@b;x=y=z"), ERR_SYNTAX },
		{ STR_LIT("sip:a@b;x=1;X=2"), ERR_SYNTAX },
		{ STR_LIT("sip:a@b;user=ip;%75ser=phone"), ERR_SYNTAX },
		{ STR_LIT("sip:a@b?"), ERR_SYNTAX },
		{ STR_LIT("sip:a@b?x"), ERR_SYNTAX },
		{ STR_LIT("sip:a@b?=x"), ERR_SYNTAX },
		{ STR_LIT("sip:a@b?x=1&"), ERR_SYNTAX },
		{ STR_LIT("sip:a@b?x=1;y"), ERR_SYNTAX },
		{ STR_LIT("sip:a@b:"), ERR_SYNTAX },
		{ STR_LIT("sip:a@b:0"), ERR_SYNTAX },
		{ STR_LIT("sip:a@b:65536"), ERR_SYNTAX },
		{ STR_LIT("sip:a@b:5060x"), ERR_SYNTAX },
		{ STR_LIT("sip:a@b:-1"), ERR_SYNTAX },
		{ STR_LIT("sip:a@b:99999999999999999999"), ERR_SYNTAX },
		{ STR_LIT("sip:a@[::1"), ERR_SYNTAX },
		{ STR_LIT("sip:a@[::1]x"), ERR_SYNTAX },
		{ STR_LIT("sip:a@::1"), ERR_SYNTAX },
		{ STR_LIT("sip:a%@b"), ERR_SYNTAX },
		{ STR_LIT("sip:a%4@b"), ERR_SYNTAX },
		{ STR_LIT("sip:a%4g@b"), ERR_SYNTAX },
		{ STR_LIT("sip:a@b%41"), ERR_SYNTAX },
		{ STR_LIT("sip:a b@c"), ERR_SYNTAX },
		{ STR_LIT(" sip:a@b"), ERR_SYNTAX },
		{ STR_LIT("sip:a@b "), ERR_SYNTAX },
		{ STR_LIT("<sip:a@b>"), ERR_SYNTAX },
		{ STR_LIT("sip:a\0@b"), ERR_SYNTAX },
		{ STR_LIT("sip:a@b\0.example"), ERR_SYNTAX },
		{ STR_LIT("sip:a@b;x=\0"), ERR_SYNTAX },
		{ STR_LIT("sip:a@b\r\nVia: x"), ERR_SYNTAX },
		{ STR_LIT("sip:a@b;x=\r\n y"), ERR_SYNTAX },
		{ STR_LIT("sip:a@b;x= y"), ERR_SYNTAX },
		{ STR_LIT("sip:a@b;x ;y"), ERR_SYNTAX },
		{ STR_LIT("sip:a@b; lr"), ERR_SYNTAX },
		{ STR_LIT("tel:+1; ext=1"), ERR_SYNTAX },
		{ STR_LIT("sip:a\x7f@b"), ERR_SYNTAX },
		{ STR_LIT("sip:f\xc3\xbc@b"), ERR_SYNTAX },
		{ STR_LIT("sip:a\"@b"), ERR_SYNTAX },
		{ STR_LIT("sip:a#b@c"), ERR_SYNTAX },
		{ STR_LIT("sip:a{b@c"), ERR_SYNTAX },
		{ STR_LIT("sip:a[b@c"), ERR_SYNTAX },
		{ STR_LIT("sip:a\\b@c"), ERR_SYNTAX },
		{ STR_LIT("sip:a:p;w@c"), ERR_SYNTAX },
		{ STR_LIT("tel:"), ERR_SYNTAX },
		{ STR_LIT("tel:+"), ERR_SYNTAX },
		{ STR_LIT("tel:-.()"), ERR_SYNTAX },
		{ STR_LIT("tel:+1555a"), ERR_SYNTAX },
		{ STR_LIT("tel:+1*5"), ERR_SYNTAX },
		{ STR_LIT("tel:1 2"), ERR_SYNTAX },
		{ STR_LIT("tel:12@b"), ERR_SYNTAX },
		{ STR_LIT("tel:12;"), ERR_SYNTAX },
		{ STR_LIT("tel:12;ext=1;EXT=2"), ERR_SYNTAX },
		{ STR_LIT("tel:12;a_b=1"), ERR_SYNTAX },
		{ STR_LIT("tel:12;ext="), ERR_SYNTAX },
		{ STR_LIT("tel:12;ext=a?b"), ERR_SYNTAX },
		{ STR_LIT("tel:1\0"), ERR_SYNTAX },
		{ STR_LIT("im:b.example"), ERR_SYNTAX },
		{ STR_LIT("im:a:pw@b"), ERR_SYNTAX },
		{ STR_LIT("im:a@b:5060"), ERR_SYNTAX },
		{ STR_LIT("im:a?b=c@d"), ERR_SYNTAX },
		{ STR_LIT("pres:"), ERR_SYNTAX },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct uri u = { .port = 7 };
		int err = uri_parse(rows[i].text, &u);

		if (err != rows[i].err)
			fail_msg("\"%.*s\" gives %d", STR_ARG(rows[i].text),
				 err);
		assert_null(u.host.p);
		assert_null(u.user.p);
		assert_int_equal(u.port, 0);
	}
}

static void is_bounded(void **state)
{
	static char text[2050];
	struct uri u;
	size_t n, i;

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, "sip:", 4);
	memcpy(text + 2046, "@b", 2);
	assert_int_equal(uri_parse((struct str){ text, 2048 }, &u), 0);
	assert_int_equal(u.user.n, 2042);
	memcpy(text + 2046, "a@b", 3);
	assert_int_equal(uri_parse((struct str){ text, 2049 }, &u), ERR_LIMIT);
	/* 64 different parameters pass, one more does not */
	memcpy(text, "sip:b", 5);
	for (n = 5, i = 0; i < 65; i++) {
		text[n++] = ';';
		text[n++] = (char)('a' + i % 26);
		text[n++] = (char)('a' + i / 26);
	}
	assert_int_equal(uri_parse((struct str){ text, n }, &u), ERR_LIMIT);
	assert_int_equal(uri_parse((struct str){ text, n - 3 }, &u), 0);
}

static void finds_parameters(void **state)
{
	static const struct {
		const char *params, *name, *value;	/* NULL: not there */
	} rows[] = {
		{ "transport=tcp;lr", "transport", "tcp" },
		{ "transport=tcp;lr", "LR", "" },
		{ "Transport=TCP", "transport", "TCP" },
		{ "xgr=1;gr=2", "gr", "2" },
		{ "grx=1", "gr", NULL },
		{ "gr", "gr", "" },
		{ "gr=urn:uuid:f81d4fae", "gr", "urn:uuid:f81d4fae" },
		{ "%67r=x", "gr", "x" },
		{ "a=b=c", "a", "b=c" },
		{ "tag = 12 ; x", "tag", "12" },
		{ "x=\"a;tag=evil\\\";tag=evil\";tag=good", "tag", "good" },
		{ "", "gr", NULL },
	};
	struct str value;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		bool found = uri_param(str_of(rows[i].params),
				       str_of(rows[i].name), &value);

		assert_int_equal(found, rows[i].value != NULL);
		assert_part(value, rows[i].value);
	}
	assert_false(uri_param(STR_NONE, STR("gr"), &value));
	/* empty, yet not absent */
	assert_true(uri_param(STR("gr"), STR("gr"), &value));
	assert_non_null(value.p);
}

static void unescapes(void **state)
{
	static const struct {
		const char *text;
		struct str bytes;
		int err;
	} rows[] = {
		{ "", STR_LIT(""), 0 },
		{ "bob", STR_LIT("bob"), 0 },
		{ "bob%20b", STR_LIT("bob b"), 0 },
		{ "f%C3%bc", STR_LIT("f\xc3\xbc"), 0 },
		{ "%00", STR_LIT("\0"), 0 },
		{ "%25%34%31", STR_LIT("%41"), 0 },
		{ "%", STR_LIT(""), ERR_SYNTAX },
		{ "%4", STR_LIT(""), ERR_SYNTAX },
		{ "a%4g", STR_LIT(""), ERR_SYNTAX },
		{ "a%%41", STR_LIT(""), ERR_SYNTAX },
	};
	struct arena *a = arena_new(STR_MAX_MEM);
	struct str out;
	size_t i, max;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(uri_unescape(a, str_of(rows[i].text), &out),
				 rows[i].err);
		assert_true(str_eq(out, rows[i].bytes));
	}
	arena_free(a);
	for (max = 0; max <= 6; max++) {
		a = arena_new(max);
		assert_int_equal(uri_unescape(a, STR("abc%20"), &out),
				 max < 7 ? ERR_LIMIT : 0);
		assert_null(out.p);
		arena_free(a);
	}
}

/* Every byte: bare exactly when uri.h says so, and back to itself. */
static void escapes_all_other_bytes(void **state)
{
	static const struct {
		void (*put)(struct buf *b, struct str s);
		const char *bare;
	} rows[] = {
		{ uri_put_user, "-_.!~*'()&=+$,;?/" },
		{ uri_put_param, "-_.!~*'()[]/:&+$" },
	};
	struct arena *a = arena_new(STR_MAX_MEM);
	struct buf b;
	size_t i;
	int c;

	(void)state;
	buf_init(&b, 3);
	for (i = 0; i < COUNT_OF(rows); i++) {
		for (c = 0; c < 256; c++) {
			char byte = (char)c, text[4];
			struct str back;
			bool is_bare = ch_is_alnum((unsigned char)c) ||
				       (c && strchr(rows[i].bare, c));

			buf_clear(&b);
			rows[i].put(&b, (struct str){ &byte, 1 });
			assert_int_equal(b.err, 0);
			snprintf(text, sizeof(text), "%%%02X", (unsigned)c);
			if (is_bare)
				assert_int_equal(b.n, 1);
			else
				assert_str(buf_str(&b), text);
			assert_int_equal(uri_unescape(a, buf_str(&b), &back),
					 0);
			assert_true(str_eq(back, (struct str){ &byte, 1 }));
		}
	}
	buf_free(&b);
	arena_free(a);
}

static void escaping_stops_at_the_maximum(void **state)
{
	struct buf b;
	size_t max;

	(void)state;
	for (max = 0; max <= 8; max++) {
		buf_init(&b, max);
		uri_put_user(&b, STR("a b%"));	/* a%20b%25 */
		assert_int_equal(b.err, max < 8 ? ERR_LIMIT : 0);
		assert_true(b.n <= max);
		buf_free(&b);
	}
}

static void knows_hosts(void **state)
{
	static const char *const good[] = {
		"localhost", "a", "a.b", "a-b.example", "_sip.example",
		"xn--bcher-kva.example", "4f3a9c", "1.2.3.example", "a.b.",
		"0.0.0.0", "255.255.255.255", "[::]", "[::1]", "[1::]",
		"[2001:DB8::1:2]", "[1:2:3:4:5:6:7:8]", "[1:2:3:4:5:6:7::]",
		"[::2:3:4:5:6:7:8]", "[::ffff:192.0.2.1]",
		"[1:2:3:4:5:6:192.0.2.1]",
	};
	static const char *const bad[] = {
		"", ".", "..", "a..b", ".a", "-a", "a-", "a.-b", "a b", "a/b",
		"f\xc3\xbc", "1.2.3", "1.2.3.256", "1.2.3.4.5", "01.2.3.4",
		"1.2.3.", "1..3.4", "12345", "[", "]", "[]", "[:]", "[:::]",
		"[1]", "[1:2:3:4:5:6:7]", "[1:2:3:4:5:6:7:8:9]",
		"[1:2:3:4:5:6:7:8::]", "[1::2::3]", "[12345::]", "[g::]",
		"[::1", "::1", "[1:]", "[:1]", "[::1%eth0]", "[1.2.3.4]",
		"[::1.2.3]", "[1:2:3:4:5:6:7:1.2.3.4]", "[::1]x",
		"[1:2:3:4:5:6::1.2.3.4]",
	};
	char name[256];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(good); i++)
		if (!uri_host_ok(str_of(good[i])))
			fail_msg("%s refused", good[i]);
	for (i = 0; i < COUNT_OF(bad); i++)
		if (uri_host_ok(str_of(bad[i])))
			fail_msg("%s taken", bad[i]);
	assert_false(uri_host_ok(STR("a\0b")));
	/* labels of 63, names of 253 */
	for (i = 0; i < sizeof(name); i++)
		name[i] = i % 64 == 63 ? '.' : 'a';
	assert_true(uri_host_ok((struct str){ name, 253 }));
	assert_false(uri_host_ok((struct str){ name, 254 }));
	name[63] = 'a';
	assert_false(uri_host_ok((struct str){ name, 64 }));
}

static void reads_name_addr(void **state)
{
	static const struct {
		const char *text, *display, *user, *host, *params;
	} rows[] = {
		{ "<sip:a@b>", "", "a", "b", NULL },
		{ "sip:a@b", "", "a", "b", NULL },
		{ "Bob <sip:a@b>", "Bob", "a", "b", NULL },
		{ "Bob B. <sip:a@b>;tag=1", "Bob B.", "a", "b", "tag=1" },
		{ "\"Bob\"<sip:a@b>", "Bob", "a", "b", NULL },
		{ "\"B, <b>; \\\"x\\\\\" <sip:a@b>", "B, <b>; \"x\\", "a", "b",
		  NULL },
		{ "\"\" <sip:a@b>", "", "a", "b", NULL },
		{ "\"a\\<b\" <sip:a@b>", "a<b", "a", "b", NULL },
		{ "  <sip:a@b> ; tag=1 ; x ", "", "a", "b",
		  "tag=1 ; x" },
		{ "sip:a@b;tag=1", "", "a", "b", "tag=1" },
		{ "sip:a@b ;tag=1", "", "a", "b", "tag=1" },
		{ "<sip:a@b;gr=x?y=z>;tag=1", "", "a", "b", "tag=1" },
		{ "<sip:a@b>;x=\"q;r\"", "", "a", "b", "x=\"q;r\"" },
		{ "<sip:a@b>;x=[::1]:5", "", "a", "b", "x=[::1]:5" },
		{ "\"a\tb\r\n c\" <sip:a@b>", "a b c", "a", "b", NULL },
		{ "\"a\r\n\tc\" <sip:a@b>", "a c", "a", "b", NULL },
		{ "J\xc3\xb6rg <sip:a@b>", "J\xc3\xb6rg", "a", "b", NULL },
		{ "\"J\xf6rg\" <sip:a@b>", "J\xef\xbf\xbdrg", "a", "b", NULL },
		{ "<tel:+15550100>", "", "+15550100", "", NULL },
		/* 4475 3.1.1.1 */
		{ "\"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>"
		  "\r\n  ;\r\n  tag = 98asjd8", "J Rosenberg \\\"", "jdrosen",
		  "example.com", "tag = 98asjd8" },
		/* 4475 3.1.1.6 */
		{ "caller<sip:caller@example.com>;tag=323", "caller", "caller",
		  "example.com", "tag=323" },
	};
	struct arena *a = arena_new(STR_MAX_MEM);
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct str display, params;
		struct uri u;
		int err = uri_name_addr(a, str_of(rows[i].text), &display, &u,
					&params);

		if (err < 0)
			fail_msg("%s: %s", rows[i].text, err_text(err));
		assert_str(display, rows[i].display);
		assert_str(u.user, rows[i].user);
		assert_str(u.host, rows[i].host);
		assert_part(params, rows[i].params);
	}
	arena_free(a);
}

static void refuses_bad_name_addr(void **state)
{
	static const struct bad rows[] = {
		{ STR_LIT(""), ERR_SYNTAX },
		{ STR_LIT("<>"), ERR_SYNTAX },
		{ STR_LIT("Bob"), ERR_SYNTAX },
		{ STR_LIT("<sip:a@b"), ERR_SYNTAX },
		{ STR_LIT("sip:a@b>"), ERR_SYNTAX },
		{ STR_LIT("< sip:a@b>"), ERR_SYNTAX },
		{ STR_LIT("<sip:a@b> x"), ERR_SYNTAX },
		{ STR_LIT("<sip:a@b>, <sip:c@d>"), ERR_SYNTAX },
		{ STR_LIT("<sip:a@b>;"), ERR_SYNTAX },
		{ STR_LIT("<sip:a@b>;tag=1;Tag=2"), ERR_SYNTAX },
		{ STR_LIT("<sip:a@b>;tag=\"x"), ERR_SYNTAX },
		{ STR_LIT("<sip:a@b>;tag="), ERR_SYNTAX },
		{ STR_LIT("\"B\r b\" <sip:a@b>"), ERR_SYNTAX },
		{ STR_LIT("\"B\r\nb\" <sip:a@b>"), ERR_SYNTAX },
		{ STR_LIT("\"B\r\" <sip:a@b>"), ERR_SYNTAX },
		{ STR_LIT("<sip:a@b>;x=\"y\"z"), ERR_SYNTAX },
		{ STR_LIT("<sip:a@b>;a b=c"), ERR_SYNTAX },
		{ STR_LIT("<sip:a@b>;a=b\0c"), ERR_SYNTAX },
		{ STR_LIT("\"Bob <sip:a@b>"), ERR_SYNTAX },
		{ STR_LIT("\"Bob\\\" <sip:a@b>"), ERR_SYNTAX },
		{ STR_LIT("\"Bob\" x <sip:a@b>"), ERR_SYNTAX },
		{ STR_LIT("\"Bob\" sip:a@b"), ERR_SYNTAX },
		{ STR_LIT("\"B\nob\" <sip:a@b>"), ERR_SYNTAX },
		{ STR_LIT("\"B\\\nob\" <sip:a@b>"), ERR_SYNTAX },
		{ STR_LIT("\"B\0b\" <sip:a@b>"), ERR_SYNTAX },
		{ STR_LIT("\"B\xc2\x85\" <sip:a@b>"), ERR_SYNTAX },
		{ STR_LIT("B\r\nVia: <sip:a@b>"), ERR_SYNTAX },
		{ STR_LIT("Bell, Alexander <sip:a.g.bell@b>"), ERR_SYNTAX },
		{ STR_LIT("sip:a@b?Subject=x"), ERR_SYNTAX },
		{ STR_LIT("sip:a,b@c"), ERR_SYNTAX },
		{ STR_LIT("sip:+1;phone-context=x@c"), ERR_SYNTAX },
		{ STR_LIT("<mailto:a@b>"), ERR_UNSUPPORTED },
	};
	struct arena *a = arena_new(STR_MAX_MEM);
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct str display = STR("x"), params = STR("x");
		struct uri u = { .port = 7 };
		int err = uri_name_addr(a, rows[i].text, &display, &u,
					&params);

		if (err != rows[i].err)
			fail_msg("\"%.*s\" gives %d", STR_ARG(rows[i].text),
				 err);
		assert_null(display.p);
		assert_null(u.host.p);
		assert_null(params.p);
	}
	arena_free(a);
}

static void name_addr_needs_its_arena(void **state)
{
	const struct str text = STR("\"J\xf6rg \\\"x\" <sip:a@b>;tag=1");
	struct str display, params;
	size_t needed, max, good_n = 0;
	struct arena *a = arena_new(STR_MAX_MEM);
	struct uri u;

	(void)state;
	assert_int_equal(uri_name_addr(a, text, &display, &u, &params), 0);
	needed = arena_used(a);
	arena_free(a);
	for (max = 0; max <= needed; max++) {
		int err;

		a = arena_new(max);
		err = uri_name_addr(a, text, &display, &u, &params);
		assert_true(err == 0 || err == ERR_LIMIT);
		assert_true(err == 0 || good_n == 0);
		good_n += err == 0;
		if (err < 0) {
			assert_null(display.p);
			assert_null(u.host.p);
		} else {
			assert_str(display, "J\xef\xbf\xbdrg \"x");
		}
		arena_free(a);
	}
	assert_true(good_n > 0 && good_n < needed);
}

/* [RFC 3261 19.1.4] and what it says in words. */
static void compares(void **state)
{
	static const struct {
		const char *a, *b;
		bool is_same;
	} rows[] = {
		{ "sip:%61lice@atlanta.com;transport=TCP",
		  "sip:alice@AtLanTa.CoM;Transport=tcp", true },
		{ "sip:carol@chicago.com",
		  "sip:carol@chicago.com;newparam=5", true },
		{ "sip:carol@chicago.com;security=on",
		  "sip:carol@chicago.com;newparam=5", true },
		{ "sip:biloxi.com;transport=tcp;method=REGISTER"
		  "?to=sip:bob%40biloxi.com",
		  "sip:biloxi.com;method=REGISTER;transport=tcp"
		  "?to=sip:bob%40biloxi.com", true },
		{ "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
		  "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
		  true },
		{ "SIP:ALICE@AtLanTa.CoM;Transport=udp",
		  "sip:alice@AtLanTa.CoM;Transport=UDP", false },
		{ "sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", false },
		{ "sip:bob@biloxi.com",
		  "sip:bob@biloxi.com;transport=udp", false },
		{ "sip:bob@biloxi.com",
		  "sip:bob@biloxi.com:6000;transport=tcp", false },
		{ "sip:carol@chicago.com",
		  "sip:carol@chicago.com?Subject=next%20meeting", false },
		{ "sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4",
		  false },
		{ "sip:carol@chicago.com;security=on",
		  "sip:carol@chicago.com;security=off", false },
		{ "sip:a@b", "sips:a@b", false },
		{ "sip:a:x@b", "sip:a@b", false },
		{ "sip:ab@c", "sip:a@c", false },
		{ "sip:a@c;maddr=1.2.3.4", "sip:a@c", false },
	};
	struct uri a, b;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(uri_parse(str_of(rows[i].a), &a), 0);
		assert_int_equal(uri_parse(str_of(rows[i].b), &b), 0);
		if (uri_eq(&a, &b) != rows[i].is_same ||
		    uri_eq(&b, &a) != rows[i].is_same)
			fail_msg("%s and %s", rows[i].a, rows[i].b);
		assert_true(uri_eq(&a, &a) && uri_eq(&b, &b));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(worked_example),
		TEST(reads_every_part),
		TEST(refuses_what_is_no_uri),
		TEST(is_bounded),
		TEST(finds_parameters),
		TEST(unescapes),
		TEST(escapes_all_other_bytes),
		TEST(escaping_stops_at_the_maximum),
		TEST(knows_hosts),
		TEST(compares),
		TEST(reads_name_addr),
		TEST(refuses_bad_name_addr),
		TEST(name_addr_needs_its_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
