/* tests/unit/test_cpim.c: message/cpim. [RFC 3862, RFC 5438 6] */
#include "tests/unit/unit.h"

#include "core/codec/cpim.h"

#define MEM_MAX 100000u

/* The example of core/codec/cpim.h. */
static const char example[] =
	"From: Bob <sip:bob@sip.example>\r\n"
	"To: <sip:alice@xmpp.example>\r\n"
	"DateTime: 2026-11-21T00:20:00Z\r\n"
	"NS: imdn <urn:ietf:params:imdn>\r\n"
	"imdn.Message-ID: Kq81\r\n"
	"imdn.Disposition-Notification: positive-delivery, display\r\n"
	"\r\n"
	"Content-Type: text/plain;charset=UTF-8\r\n"
	"\r\n"
	"Hello";

/* Everything there is a field for, and some there is none for. */
static const char full[] =
	"From: \"Alice \\\"A\\\" \\u00c9\" <sip:alice@example.com>\r\n"
	"To: Bob B. <sip:bob@example.com>\r\n"
	"To: <tel:+15550100>\r\n"
	"cc: <sip:carol@example.com>\r\n"
	"DateTime: 2026-01-05T11:00:00.250+01:00\r\n"
	"Subject:;lang=fr caf\\u00e9 \\\"x\\\"\r\n"
	"Subject:;lang=en coffee\r\n"
	"NS: a <urn:ietf:params:imdn>\r\n"
	"a.Message-ID: 34jk324j\r\n"
	"a.Disposition-Notification: Negative-Delivery;p=1, processing, "
	"later\r\n"
	"a.Original-To: <sip:team@example.com>\r\n"
	"a.IMDN-Record-Route: <sip:one@example.com>\r\n"
	"a.IMDN-Record-Route: Two <sip:two@example.com>\r\n"
	"a.IMDN-Route: <sip:back@example.com>\r\n"
	"a.Later: yes\r\n"
	"NS: my <mid:features@example.com>\r\n"
	"my.Vital:;lang=en;x=\"a b\" 1\r\n"
	"imdn.Message-ID: not one\r\n"
	"x1.Odd: kept\r\n"
	"\r\n"
	"Content-type: text/plain;\r\n charset=utf-8\r\n"
	"Content-ID: <1@example.com>\r\n"
	"\r\n"
	"\r\nFrom: nobody\r\n";

static int parse(struct arena *a, const char *text, struct cpim *out)
{
	return cpim_parse(a, str_of(text), out);
}

static struct str put(struct buf *b, const struct cpim *c)
{
	buf_clear(b);
	cpim_put(b, c);
	assert_int_equal(b->err, 0);
	return buf_str(b);
}

static void reads_the_worked_example(void **state)
{
	struct arena *a = arena_new(MEM_MAX);
	struct cpim c;

	(void)state;
	assert_int_equal(parse(a, example, &c), 0);
	assert_str(c.from.display, "Bob");
	assert_str(c.from.uri, "sip:bob@sip.example");
	assert_int_equal(c.to_n, 1);
	assert_str(c.to[0].display, "");
	assert_str(c.to[0].uri, "sip:alice@xmpp.example");
	assert_int_equal(c.sent_utc_us, INT64_C(1795220400000000));
	assert_str(c.message_id, "Kq81");
	assert_int_equal(c.wants, CPIM_WANT_POSITIVE | CPIM_WANT_DISPLAY);
	assert_int_equal(c.headers_n, 1);
	assert_true(mime_type_is(&c.type, "text", "plain"));
	assert_str(c.type.params, "charset=UTF-8");
	assert_str(c.content, "Hello");
	assert_int_equal(c.extra_n, 0);
	assert_null(c.subject.p);
	arena_free(a);
}

static void writes_the_worked_example(void **state)
{
	struct arena *a = arena_new(MEM_MAX);
	struct buf b;
	struct cpim c;

	(void)state;
	buf_init(&b, MEM_MAX);
	assert_int_equal(parse(a, example, &c), 0);
	assert_str(put(&b, &c), example);
	/* Without headers of its own the type stands alone. */
	c.headers_n = 0;
	assert_str(put(&b, &c), example);
	buf_free(&b);
	arena_free(a);
}

static void check_full(const struct cpim *c)
{
	assert_str(c->from.display, "Alice \"A\" \xc3\x89");
	assert_int_equal(c->to_n, 2);
	assert_str(c->to[0].display, "Bob B.");
	assert_str(c->to[1].uri, "tel:+15550100");
	assert_int_equal(c->cc_n, 1);
	assert_int_equal(c->sent_utc_us, INT64_C(1767607200250000));
	assert_str(c->subject, "caf\xc3\xa9 \"x\"");
	assert_str(c->subject_lang, "fr");
	assert_str(c->message_id, "34jk324j");
	assert_int_equal(c->wants, CPIM_WANT_NEGATIVE | CPIM_WANT_PROCESSING);
	assert_str(c->original_to, "sip:team@example.com");
	assert_int_equal(c->record_routes_n, 2);
	assert_str(c->record_routes[0], "sip:one@example.com");
	assert_str(c->record_routes[1], "sip:two@example.com");
	assert_int_equal(c->routes_n, 1);
	assert_str(c->routes[0], "sip:back@example.com");
	assert_int_equal(c->headers_n, 2);
	assert_str(c->content, "\r\nFrom: nobody\r\n");
}

static void check_full_extra(const struct cpim *c)
{
	assert_int_equal(c->extra_n, 5);
	assert_null(c->extra[0].ns.p);
	assert_str(c->extra[0].name, "Subject");
	assert_str(c->extra[0].lang, "en");
	assert_str(c->extra[1].ns, "urn:ietf:params:imdn");
	assert_str(c->extra[1].name, "Later");
	assert_str(c->extra[2].ns, "mid:features@example.com");
	assert_str(c->extra[2].name, "Vital");
	assert_str(c->extra[2].value, "1");
	assert_str(c->extra[2].lang, "en");
	assert_null(c->extra[3].ns.p);
	assert_str(c->extra[3].name, "imdn.Message-ID");
	assert_str(c->extra[4].name, "x1.Odd");
}

/* Prefixes of the input that nobody declared must not meet ours: the second
   reading gives the same as the first. */
static void keeps_everything_on_the_way(void **state)
{
	struct arena *a = arena_new(MEM_MAX);
	struct cpim c, again;
	struct buf b;

	(void)state;
	buf_init(&b, MEM_MAX);
	assert_int_equal(parse(a, full, &c), 0);
	check_full(&c);
	check_full_extra(&c);
	assert_int_equal(cpim_parse(a, put(&b, &c), &again), 0);
	check_full(&again);
	check_full_extra(&again);
	buf_free(&b);
	arena_free(a);
}

static void resolves_namespaces(void **state)
{
	static const struct {
		const char *headers, *message_id;
		size_t extra_n;
	} rows[] = {
		{ "NS: a <urn:ietf:params:imdn>\r\na.Message-ID: x\r\n", "x",
		  0 },
		{ "imdn.Message-ID: x\r\n", NULL, 1 },
		{ "imdn.Message-ID: x\r\nNS: imdn <urn:ietf:params:imdn>\r\n",
		  NULL, 1 },
		{ "NS: imdn <urn:other>\r\nimdn.Message-ID: x\r\n", NULL, 1 },
		{ "NS: a <urn:other>\r\nNS: a <urn:ietf:params:imdn>\r\n"
		  "a.Message-ID: x\r\n",
		  "x", 0 },
		{ "NS: <urn:ietf:params:imdn>\r\nMessage-ID: x\r\n", "x", 0 },
		{ "NS: <urn:o>\r\nSubject: s\r\n"
		  "NS: c <urn:ietf:params:cpim-headers:>\r\n"
		  "c.To: <sip:a@b>\r\nNS: <urn:ietf:params:cpim-headers:>\r\n"
		  "To: <sip:c@d>\r\n",
		  NULL, 1 },
		{ "NS: A <urn:ietf:params:imdn>\r\na.Message-ID: x\r\n", NULL,
		  1 },
		{ "Message-ID: x\r\n", NULL, 1 },
		{ "from: <sip:a@b>\r\nFROM: <sip:a@b>\r\n", NULL, 2 },
	};
	struct arena *a = arena_new(MEM_MAX);
	struct cpim c, again;
	struct buf b, in;
	size_t i;

	(void)state;
	buf_init(&b, MEM_MAX);
	buf_init(&in, MEM_MAX);
	for (i = 0; i < COUNT_OF(rows); i++) {
		buf_clear(&in);
		buf_printf(&in, "%s\r\n\r\nx", rows[i].headers);
		assert_int_equal(cpim_parse(a, buf_str(&in), &c), 0);
		assert_int_equal(cpim_parse(a, put(&b, &c), &again), 0);
		assert_int_equal(c.extra_n, rows[i].extra_n);
		assert_int_equal(again.extra_n, rows[i].extra_n);
		assert_null(c.from.uri.p);
		if (rows[i].message_id) {
			assert_str(c.message_id, rows[i].message_id);
			assert_str(again.message_id, rows[i].message_id);
		} else {
			assert_null(c.message_id.p);
			assert_null(again.message_id.p);
		}
		arena_reset(a);
	}
	buf_free(&in);
	buf_free(&b);
	arena_free(a);
}

static void unescapes_and_escapes(void **state)
{
	static const struct {
		const char *wire, *value, *again;
	} rows[] = {
		{ "plain", "plain", "plain" },
		{ "caf\\u00e9", "caf\xc3\xa9", "caf\xc3\xa9" },
		{ "caf\xc3\xa9", "caf\xc3\xa9", "caf\xc3\xa9" },
		{ "\\\"a\\' b\\\\", "\"a' b\\", "\"a' b\\\\" },
		{ "a\\tb\\nc\\rd\\be\\u0007f", "a b c d e f", "a b c d e f" },
		{ "\\ud83d\\ude00", "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
		{ "\\ud83d\\u0041\\ude00", "\xef\xbf\xbd"
					   "A\xef\xbf\xbd",
		  "\xef\xbf\xbd"
		  "A\xef\xbf\xbd" },
		{ "\\uffff\\u0085", "\xef\xbf\xbd ", "\xef\xbf\xbd\\u0020" },
		{ "C:\\x \\u12 \\", "C:\\x \\u12 \\",
		  "C:\\\\x \\\\u12 \\\\" },
		{ "\\u0020a\\u0020", " a ", "\\u0020a\\u0020" },
		{ "  a  ", "a", "a" },
		{ "", "", "" },
	};
	struct arena *a = arena_new(MEM_MAX);
	struct cpim c;
	struct buf b, in;
	size_t i;

	(void)state;
	buf_init(&b, MEM_MAX);
	buf_init(&in, MEM_MAX);
	for (i = 0; i < COUNT_OF(rows); i++) {
		buf_clear(&in);
		buf_printf(&in, "Subject: %s\r\n\r\n\r\n", rows[i].wire);
		assert_int_equal(cpim_parse(a, buf_str(&in), &c), 0);
		assert_str(c.subject, rows[i].value);
		assert_non_null(c.subject.p);
		buf_clear(&in);
		buf_printf(&in,
			   "Subject: %s\r\n\r\n"
			   "Content-Type: text/plain\r\n\r\n",
			   rows[i].again);
		assert_true(str_eq(put(&b, &c), buf_str(&in)));
	}
	/* What we were given by others may hold anything. */
	c = (struct cpim){ .subject = STR("a\nb\x01\x7f\xff;") };
	assert_str(put(&b, &c), "Subject: a\\nb\\u0001\\u007f\xef\xbf\xbd;\r\n"
				"\r\nContent-Type: text/plain\r\n\r\n");
	buf_free(&in);
	buf_free(&b);
	arena_free(a);
}

static void reads_odd_but_good_ones(void **state)
{
	static const struct {
		const char *what, *text, *type, *content;
	} rows[] = {
		{ "outer block",
		  "Content-type: Message/CPIM\r\n\r\nTo: <sip:a@b>\r\n\r\n"
		  "Content-Type: text/html\r\n\r\nx",
		  "html", "x" },
		{ "outer block of several headers",
		  "MIME-Version: 1.0\r\nContent-Length: 9\r\n"
		  "Content-type: message/cpim\r\n\r\nTo: <sip:a@b>\r\n\r\n"
		  "\r\nx",
		  "plain", "x" },
		{ "bare line feeds",
		  "To: <sip:a@b>\n\nContent-Type: text/html\n\nx\n", "html",
		  "x\n" },
		{ "no MIME headers", "To: <sip:a@b>\r\n\r\n\r\nx", "plain",
		  "x" },
		{ "no CPIM headers", "\r\nContent-Type: text/html\r\n\r\nx",
		  "html", "x" },
		{ "empty line first in the content",
		  "To: <sip:a@b>\r\n\r\nContent-Type: text/html\r\n\r\n\r\nx",
		  "html", "\r\nx" },
		{ "no blank after the colon", "To:<sip:a@b>\r\n\r\n\r\nx",
		  "plain", "x" },
		{ "nothing after the headers", "To: <sip:a@b>\r\n\r\n", "plain",
		  "" },
		{ "quoted text with brackets",
		  "To: \"a <b> \\\" c\" <sip:a@b>\r\n\r\n\r\nx", "plain",
		  "x" },
		{ "a cpim inside", "\r\nContent-Type: message/cpim\r\n\r\nx",
		  "cpim", "x" },
		{ "required and known",
		  "NS: i <urn:ietf:params:imdn>\r\nRequire: To,i.Message-ID\r\n"
		  "\r\n\r\nx",
		  "plain", "x" },
	};
	struct arena *a = arena_new(MEM_MAX);
	struct cpim c;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		if (parse(a, rows[i].text, &c) != 0)
			fail_msg("refused: %s", rows[i].what);
		assert_str(c.type.subtype, rows[i].type);
		assert_str(c.content, rows[i].content);
	}
	arena_free(a);
}

static void refuses_broken_ones(void **state)
{
	static const struct {
		const char *text;
		int err;
	} rows[] = {
		{ "", ERR_SYNTAX },
		{ "To: <sip:a@b>", ERR_SYNTAX },
		{ "To: <sip:a@b>\r\n", ERR_SYNTAX },
		{ "To: <sip:a@b>\r\n\r\nno header\r\n\r\nx", ERR_SYNTAX },
		{ "To: <sip:a@b>\r\n\r\nContent-Type: text\r\n\r\nx",
		  ERR_SYNTAX },
		{ "To: sip:a@b\r\n\r\n\r\nx", ERR_SYNTAX },
		{ "To: <>\r\n\r\n\r\nx", ERR_SYNTAX },
		{ "To: <sip:a@b> x\r\n\r\n\r\nx", ERR_SYNTAX },
		{ "To: <sip:a@b\r\n\r\n\r\nx", ERR_SYNTAX },
		{ "To: <sip:a b>\r\n\r\n\r\nx", ERR_SYNTAX },
		{ "To: <sip:a\\u000a@b>\r\n\r\n\r\nx", ERR_SYNTAX },
		{ "To: <sip:a@b>, <sip:c@d>\r\n\r\n\r\nx", ERR_SYNTAX },
		{ "To: \"open <sip:a@b>\r\n\r\n\r\nx", ERR_SYNTAX },
		{ "To: \"a\"b <sip:a@b>\r\n\r\n\r\nx", ERR_SYNTAX },
		{ "To: a\x07 <sip:a@b>\r\n\r\n\r\nx", ERR_SYNTAX },
		{ "To: a\xc2\x85 <sip:a@b>\r\n\r\n\r\nx", ERR_SYNTAX },
		{ "To: \xe9 <sip:a@b>\r\n\r\n\r\nx", ERR_SYNTAX },
		{ "To: x\r<sip:a@b>\r\n\r\n\r\nx", ERR_SYNTAX },
		{ "To: x\r\n <sip:a@b>\r\n\r\n\r\nx", ERR_SYNTAX },
		{ "To : <sip:a@b>\r\n\r\n\r\nx", ERR_SYNTAX },
		{ ": x\r\n\r\n\r\nx", ERR_SYNTAX },
		{ "a.b.c: x\r\n\r\n\r\nx", ERR_SYNTAX },
		{ ".b: x\r\n\r\n\r\nx", ERR_SYNTAX },
		{ "From: <sip:a@b>\r\nFrom: <sip:c@d>\r\n\r\n\r\nx",
		  ERR_SYNTAX },
		{ "DateTime: yesterday\r\n\r\n\r\nx", ERR_SYNTAX },
		{ "DateTime: 2026-01-05T10:00:00Z\r\n"
		  "DateTime: 2026-01-05T10:00:00Z\r\n\r\n\r\nx",
		  ERR_SYNTAX },
		{ "NS: i <urn:ietf:params:imdn>\r\ni.Message-ID:\r\n\r\n\r\nx",
		  ERR_SYNTAX },
		{ "NS: i <urn:ietf:params:imdn>\r\ni.Message-ID: 1\r\n"
		  "i.Message-ID: 2\r\n\r\n\r\nx",
		  ERR_SYNTAX },
		{ "NS: a b <urn:x>\r\n\r\n\r\nx", ERR_SYNTAX },
		{ "NS: a.b <urn:x>\r\n\r\n\r\nx", ERR_SYNTAX },
		{ "Subject:;lang= x\r\n\r\n\r\nx", ERR_SYNTAX },
		{ "Subject:;lang=a_b x\r\n\r\n\r\nx", ERR_SYNTAX },
		{ "Subject:;lang x\r\n\r\n\r\nx", ERR_SYNTAX },
		{ "Subject:;a=\"open x\r\n\r\n\r\nx", ERR_SYNTAX },
		{ "To: <sip:a@b>\r\nContent-Type: text/plain\r\n\r\nx",
		  ERR_SYNTAX },
		{ "Content-Type: message/cpim\r\n\r\nContent-Type: message/cpim"
		  "\r\n\r\nTo: <sip:a@b>\r\n\r\n\r\nx",
		  ERR_SYNTAX },
		{ "Require: foo.Bar\r\n\r\n\r\nx", ERR_UNSUPPORTED },
		{ "Require: To,Bar\r\n\r\n\r\nx", ERR_UNSUPPORTED },
		{ "Require: to\r\n\r\n\r\nx", ERR_UNSUPPORTED },
		{ "Require: imdn.Message-ID\r\n\r\n\r\nx", ERR_UNSUPPORTED },
		{ "Require: a b\r\n\r\n\r\nx", ERR_SYNTAX },
		{ "Require:\r\n\r\n\r\nx", ERR_SYNTAX },
	};
	struct arena *a = arena_new(MEM_MAX);
	struct cpim c;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		int err = parse(a, rows[i].text, &c);

		if (err != rows[i].err)
			fail_msg("row %zu: %d", i, err);
	}
	arena_free(a);
}

static void limits_each_list(void **state)
{
	static const struct {
		const char *line;
		size_t max;
	} rows[] = {
		{ "To: <sip:a@b>\r\n", CPIM_TO_MAX },
		{ "cc: <sip:a@b>\r\n", CPIM_TO_MAX },
		{ "Foo: x\r\n", CPIM_HEADERS_MAX },
		/* one place is taken by the NS below */
		{ "NS: x <urn:x>\r\n", CPIM_HEADERS_MAX - 1 },
		{ "i.IMDN-Route: <sip:a@b>\r\n", CPIM_ROUTES_MAX },
		{ "i.IMDN-Record-Route: <sip:a@b>\r\n", CPIM_ROUTES_MAX },
	};
	struct arena *a = arena_new(MEM_MAX);
	struct cpim c;
	struct buf b;
	size_t i, j, more;

	(void)state;
	buf_init(&b, MEM_MAX);
	for (i = 0; i < COUNT_OF(rows); i++) {
		for (more = 0; more < 2; more++) {
			buf_clear(&b);
			buf_printf(&b, "NS: i <urn:ietf:params:imdn>\r\n");
			for (j = 0; j < rows[i].max + more; j++)
				buf_printf(&b, "%s", rows[i].line);
			buf_printf(&b, "\r\n\r\nx");
			assert_int_equal(cpim_parse(a, buf_str(&b), &c),
					 more ? ERR_LIMIT : 0);
			arena_reset(a);
		}
	}
	buf_free(&b);
	arena_free(a);
}

static void writes_nothing_it_could_not_read(void **state)
{
	static const struct cpim rows[] = {
		{ .from = { .uri = STR_LIT("sip:a@b>\r\nTo: <sip:c@d") } },
		{ .from = { .uri = STR_LIT("sip:a b") } },
		{ .from = { .uri = STR_LIT("") } },
		{ .to = { { .uri = STR_LIT("sip:\xff") } }, .to_n = 1 },
		{ .to = { { .uri = { NULL, 0 } } }, .to_n = 1 },
		{ .original_to = STR_LIT("sip:a\x7f") },
		{ .routes = { STR_LIT("<x>") }, .routes_n = 1 },
		{ .message_id = STR_LIT("") },
		{ .sent_utc_us = -1 },
		{ .sent_utc_us = INT64_MAX },
		{ .subject = STR_LIT("x"), .subject_lang = STR_LIT("a\nb") },
		{ .extra = { { .name = STR_LIT("") } }, .extra_n = 1 },
		{ .extra = { { .name = STR_LIT("a b") } }, .extra_n = 1 },
		{ .extra = { { .name = STR_LIT("From") } }, .extra_n = 1 },
		{ .extra = { { .name = STR_LIT("Subject") } }, .extra_n = 1 },
		{ .extra = { { .name = STR_LIT("Content-Type") } },
		  .extra_n = 1 },
		{ .extra = { { .ns = STR_LIT("urn:ietf:params:imdn"),
			       .name = STR_LIT("Message-ID") } },
		  .extra_n = 1 },
		{ .extra = { { .ns = STR_LIT(""), .name = STR_LIT("X") } },
		  .extra_n = 1 },
		{ .extra = { { .ns = STR_LIT("urn:x"),
			       .name = STR_LIT("a.X") } },
		  .extra_n = 1 },
		{ .headers = { { STR_LIT("A"), STR_LIT("b\r\nC: d") } },
		  .headers_n = 1 },
		{ .headers = { { STR_LIT("A"), STR_LIT("b\r\n") } },
		  .headers_n = 1 },
		{ .headers = { { STR_LIT("A"), STR_LIT("b\rc") } },
		  .headers_n = 1 },
		{ .headers = { { STR_LIT("A:"), STR_LIT("b") } },
		  .headers_n = 1 },
		{ .type = { .type = STR_LIT("text"),
			    .subtype = STR_LIT("a b") } },
		{ .type = { .type = STR_LIT("text"),
			    .subtype = STR_LIT("plain"),
			    .params = STR_LIT("a=b\r\n\r\nx") } },
	};
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, MEM_MAX);
	for (i = 0; i < COUNT_OF(rows); i++) {
		buf_clear(&b);
		cpim_put(&b, &rows[i]);
		if (b.err != ERR_SYNTAX)
			fail_msg("row %zu was written", i);
	}
	buf_free(&b);
}

static void limits_what_it_writes(void **state)
{
	struct cpim c = { .to_n = CPIM_TO_MAX + 1 };
	struct buf b;

	(void)state;
	buf_init(&b, MEM_MAX);
	cpim_put(&b, &c);
	assert_int_equal(b.err, ERR_LIMIT);
	buf_free(&b);
}

static void folds_mime_headers_anew(void **state)
{
	struct arena *a = arena_new(MEM_MAX);
	struct cpim c;
	struct buf b;

	(void)state;
	buf_init(&b, MEM_MAX);
	assert_int_equal(parse(a, "\n"
				  "Content-Type: text/plain;\n\ta=b\n\nx",
			       &c),
			 0);
	assert_str(put(&b, &c), "\r\nContent-Type: text/plain;\r\n\ta=b\r\n\r\n"
				"x");
	buf_free(&b);
	arena_free(a);
}

static void fails_whole_in_every_smaller_arena(void **state)
{
	struct arena *a = arena_new(MEM_MAX);
	struct cpim c;
	size_t max, needed;

	(void)state;
	assert_int_equal(parse(a, full, &c), 0);
	needed = arena_used(a);
	arena_free(a);
	/* What arena_used counts is rounded up to 16. */
	for (max = 0; max + 16 <= needed; max++) {
		a = arena_new(max);
		assert_int_equal(parse(a, full, &c), ERR_LIMIT);
		arena_free(a);
	}
}

static void fails_in_every_smaller_buf(void **state)
{
	struct arena *a = arena_new(MEM_MAX);
	struct cpim c;
	struct buf b;
	size_t max, needed;

	(void)state;
	assert_int_equal(parse(a, full, &c), 0);
	buf_init(&b, MEM_MAX);
	needed = put(&b, &c).n;
	buf_free(&b);
	for (max = 0; max <= needed; max++) {
		buf_init(&b, max);
		cpim_put(&b, &c);
		assert_int_equal(b.err, max < needed ? ERR_LIMIT : 0);
		buf_free(&b);
	}
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_the_worked_example),
		TEST(writes_the_worked_example),
		TEST(keeps_everything_on_the_way),
		TEST(resolves_namespaces),
		TEST(unescapes_and_escapes),
		TEST(reads_odd_but_good_ones),
		TEST(refuses_broken_ones),
		TEST(limits_each_list),
		TEST(writes_nothing_it_could_not_read),
		TEST(limits_what_it_writes),
		TEST(folds_mime_headers_anew),
		TEST(fails_whole_in_every_smaller_arena),
		TEST(fails_in_every_smaller_buf),
	};

	return cmocka_run_group_tests_name("cpim", tests, NULL, NULL);
}
