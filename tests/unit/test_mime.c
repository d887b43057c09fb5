/* tests/unit/test_mime.c: media types, header blocks, multipart bodies,
 * charsets, transfer encodings and HTML text. [RFC 2045, RFC 2046]
 */
#include "tests/unit/unit.h"

#include "core/codec/mime.h"

#define ARENA_MAX 1000000u

/* ---- media types --------------------------------------------------------- */

static void reads_the_worked_example(void **state)
{
	struct arena *a = arena_new(ARENA_MAX);
	struct mime_type t;
	struct str value;

	(void)state;
	assert_int_equal(
		mime_type_parse(STR("text/plain;charset=\"UTF-8\""), &t), 0);
	assert_str(t.type, "text");
	assert_str(t.subtype, "plain");
	assert_int_equal(mime_param(a, t.params, STR("Charset"), &value), 0);
	assert_str(value, "UTF-8");
	arena_free(a);
}

static void judges_types(void **state)
{
	static const struct {
		const char *text;
		int err;
		const char *type, *subtype, *params;
	} rows[] = {
		{ "Message/CPIM", 0, "Message", "CPIM", "" },
		{ " text / plain ; a=b ", 0, "text", "plain", "a=b" },
		{ "text/plain (plain text) ; x=1", 0, "text", "plain", "x=1" },
		{ "text/(a (nested) \\) one)plain", 0, "text", "plain", "" },
		{ "application/im-iscomposing+xml", 0, "application",
		  "im-iscomposing+xml", "" },
		{ "text/*", 0, "text", "*", "" },
		{ "text/plain;", 0, "text", "plain", "" },
		{ "", ERR_SYNTAX, "", "", "" },
		{ "text", ERR_SYNTAX, "", "", "" },
		{ "text/", ERR_SYNTAX, "", "", "" },
		{ "/plain", ERR_SYNTAX, "", "", "" },
		{ "text/plain x", ERR_SYNTAX, "", "", "" },
		{ "text/plain/x", ERR_SYNTAX, "", "", "" },
		{ "text/plain (open", ERR_SYNTAX, "", "", "" },
		{ "te\x01xt/plain", ERR_SYNTAX, "", "", "" },
		{ "t\xc3\xa9xt/plain", ERR_SYNTAX, "", "", "" },
	};
	struct mime_type t;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		if (mime_type_parse(str_of(rows[i].text), &t) != rows[i].err)
			fail_msg("\"%s\" judged wrongly", rows[i].text);
		if (rows[i].err)
			continue;
		assert_str(t.type, rows[i].type);
		assert_str(t.subtype, rows[i].subtype);
		assert_str(t.params, rows[i].params);
	}
}

static void compares_types(void **state)
{
	struct mime_type plain, any;

	(void)state;
	assert_int_equal(mime_type_parse(STR("TEXT/Plain"), &plain), 0);
	assert_int_equal(mime_type_parse(STR("image/*"), &any), 0);
	assert_true(mime_type_is(&plain, "text", "plain"));
	assert_true(mime_type_is(&plain, "text", "*"));
	assert_true(mime_type_is(&plain, "*", "*"));
	assert_false(mime_type_is(&plain, "text", "html"));
	assert_false(mime_type_is(&plain, "image", "*"));
	assert_true(mime_type_is(&any, "image", "png"));
	assert_false(mime_type_is(&any, "text", "plain"));
}

static void finds_params(void **state)
{
	static const struct {
		const char *params, *name;
		int err;
		const char *value;
	} rows[] = {
		{ "boundary=abc", "boundary", 0, "abc" },
		{ "a=1; BOUNDARY = \"a b\"", "boundary", 0, "a b" },
		{ "x=\"a;b=c\"; b=d", "b", 0, "d" },
		{ "x=\"q\\\"q\\\\\"", "x", 0, "q\"q\\" },
		{ "x=\"fold\r\n ed\"", "x", 0, "fold ed" },
		{ ";; x=1;", "x", 0, "1" },
		{ "x=\"\"", "x", 0, "" },
		{ "(note) x=1 (two); y=2", "y", 0, "2" },
		{ "boundary=a/b:c", "boundary", 0, "a/b:c" },
		{ "x=1; x=2", "x", 0, "1" },
		{ "x=1", "y", ERR_GONE, "" },
		{ "", "y", ERR_GONE, "" },
		{ "x", "x", ERR_SYNTAX, "" },
		{ "x=", "x", ERR_SYNTAX, "" },
		{ "=1", "x", ERR_SYNTAX, "" },
		{ "x=\"open", "x", ERR_SYNTAX, "" },
		{ "x=\"open\\\"", "x", ERR_SYNTAX, "" },
		{ "x=1 y=2", "y", ERR_SYNTAX, "" },
	};
	struct arena *a = arena_new(ARENA_MAX);
	struct str value;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		if (mime_param(a, str_of(rows[i].params), str_of(rows[i].name),
			       &value) != rows[i].err)
			fail_msg("\"%s\" judged wrongly", rows[i].params);
		if (!rows[i].err)
			assert_str(value, rows[i].value);
	}
	arena_free(a);
}

/* ---- header blocks ------------------------------------------------------- */

static void reads_a_header_block(void **state)
{
	struct str s = STR("Content-Type: text/plain;\r\n charset=utf-8\r\n"
			   "Content-ID : <1@a>\nX-Empty:\r\n\r\nbody");
	struct mime_header h[MIME_HEADERS_MAX];
	size_t n;

	(void)state;
	assert_int_equal(mime_headers_parse(s, h, &n, MIME_HEADERS_MAX),
			 s.n - 4);
	assert_int_equal(n, 3);
	assert_str(h[0].name, "Content-Type");
	assert_str(h[0].value, "text/plain;\r\n charset=utf-8");
	assert_str(mime_header_find(h, n, "content-id"), "<1@a>");
	assert_str(mime_header_find(h, n, "X-Empty"), "");
	assert_non_null(mime_header_find(h, n, "X-Empty").p);
	assert_null(mime_header_find(h, n, "Content-Length").p);
}

static void judges_header_blocks(void **state)
{
	static const struct {
		const char *text;
		long taken;
		size_t n;
	} rows[] = {
		{ "", 0, 0 },
		{ "\r\nbody", 2, 0 },
		{ "\nbody", 1, 0 },
		{ "A: b", 4, 1 },
		{ "A: b\r\n", 6, 1 },
		{ "A: b\r\n\r\n", 8, 1 },
		{ "A: b\n\t\n c\n\n", 11, 1 },
		{ " A: b\r\n\r\n", ERR_SYNTAX, 0 },
		{ "A b\r\n\r\n", ERR_SYNTAX, 0 },
		{ ": b\r\n\r\n", ERR_SYNTAX, 0 },
		{ "A B: c\r\n\r\n", ERR_SYNTAX, 0 },
		{ "A: b\rC: d\r\n\r\n", ERR_SYNTAX, 0 },
		{ "A: b\x01\r\n\r\n", ERR_SYNTAX, 0 },
		{ "A: 1\nB: 2\nC: 3\n\n", ERR_LIMIT, 0 },
	};
	struct mime_header h[2];
	size_t n, i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		long taken = mime_headers_parse(str_of(rows[i].text), h, &n, 2);

		if (taken != rows[i].taken || n != rows[i].n)
			fail_msg("row %zu: %ld bytes, %zu headers", i, taken,
				 n);
	}
}

/* ---- multipart ----------------------------------------------------------- */

static int split(struct arena *a, const char *body, const char *boundary,
		 struct mime_part **parts, size_t *n)
{
	return mime_multipart_parse(a, str_of(body), str_of(boundary), parts,
				    n);
}

/* The shape of RFC 2046 5.1.1: preamble, a part without headers, a part whose
   text ends in a line end of its own, epilogue. */
static void splits_a_multipart(void **state)
{
	static const char body[] =
		"This is the preamble.\r\n--simple boundary \t\r\n"
		"\r\nno line end at the end\r\n"
		"--simple boundary\r\n"
		"Content-type: text/plain; charset=us-ascii\r\n\r\n"
		"ends with a line end\r\n\r\n"
		"--simple boundary--\r\n\r\nThe epilogue\r\n"
		"--simple boundary\r\nnot a part\r\n";
	struct arena *a = arena_new(ARENA_MAX);
	struct mime_part *parts;
	size_t n;

	(void)state;
	assert_int_equal(split(a, body, "simple boundary", &parts, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(parts[0].headers_n, 0);
	assert_str(parts[0].body, "no line end at the end");
	assert_int_equal(parts[1].headers_n, 1);
	assert_str(parts[1].headers[0].value, "text/plain; charset=us-ascii");
	assert_str(parts[1].body, "ends with a line end\r\n");
	arena_free(a);
}

static void keeps_lines_like_a_boundary(void **state)
{
	static const char body[] = "--a\n\n--ab\n--a-\nx--a\n --a\n--a--b\n"
				   "--a--";
	struct arena *a = arena_new(ARENA_MAX);
	struct mime_part *parts;
	size_t n;

	(void)state;
	assert_int_equal(split(a, body, "a", &parts, &n), 0);
	assert_int_equal(n, 1);
	assert_str(parts[0].body, "--ab\n--a-\nx--a\n --a\n--a--b");
	arena_free(a);
}

static void refuses_a_broken_multipart(void **state)
{
	static const struct {
		const char *body, *boundary;
	} rows[] = {
		{ "--b\r\n\r\nnever closed", "b" },
		{ "--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n", "b" },
		{ "--b\r\n\r\none\r\n--b-", "b" },
		{ "--b\r\n\r\none\r\n --b--", "b" },
		{ "--b\r\n\r\none--b--", "b" },
		{ "--b--\r\n", "b" },
		{ "--b\r\n--b--", "b" },
		{ "--b\r\nHello\r\n--b--", "b" },
		{ "no boundary at all", "b" },
		{ "", "b" },
		{ "--\r\n\r\nx\r\n----", "" },
		{ "--b \r\n\r\nx\r\n--b --", "b " },
		{ "--b\r\n\r\nx\r\n--b--", "b\r" },
		{ "--123456789012345678901234567890123456789012345678901234567"
		  "89012345678901\r\n\r\nx\r\n--1234567890123456789012345678901"
		  "2345678901234567890123456789012345678901--",
		  "1234567890123456789012345678901234567890123456789012345678"
		  "9012345678901" },
	};
	struct arena *a = arena_new(ARENA_MAX);
	struct mime_part *parts;
	size_t n, i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		if (split(a, rows[i].body, rows[i].boundary, &parts, &n) !=
		    ERR_SYNTAX)
			fail_msg("row %zu was taken", i);
		assert_null(parts);
		assert_int_equal(n, 0);
	}
	arena_free(a);
}

static void limits_the_parts(void **state)
{
	struct arena *a = arena_new(ARENA_MAX);
	struct mime_part *parts;
	char body[600];
	size_t n, count;

	(void)state;
	for (count = 1; count <= MIME_PARTS_MAX + 1; count++) {
		char *p = body;
		size_t i;
		int err;

		for (i = 0; i < count; i++) {
			memcpy(p, "--b\n\nx\n", 7);
			p += 7;
		}
		memcpy(p, "--b--", 6);
		err = split(a, body, "b", &parts, &n);
		assert_int_equal(err,
				 count <= MIME_PARTS_MAX ? 0 : ERR_LIMIT);
		assert_int_equal(n, count <= MIME_PARTS_MAX ? count : 0);
		arena_reset(a);
	}
	arena_free(a);
}

/* ---- charsets ------------------------------------------------------------ */

static void converts_charsets(void **state)
{
	static const struct {
		const char *charset;
		struct str bytes;
		int err;
		const char *text;
	} rows[] = {
		{ NULL, STR_LIT("caf\xc3\xa9"), 0, "caf\xc3\xa9" },
		{ "UTF-8", STR_LIT("a\xff\xe2\x82z"), 0,
		  "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz" },
		{ "us-ascii", STR_LIT("a\xe9"), 0, "a\xef\xbf\xbd" },
		{ "ISO-8859-1", STR_LIT("caf\xe9 \xa4"), 0,
		  "caf\xc3\xa9 \xc2\xa4" },
		{ "iso-8859-15", STR_LIT("\xa4\xa6\xa8\xb4\xb8\xbc\xbd\xbe"), 0,
		  "\xe2\x82\xac\xc5\xa0\xc5\xa1\xc5\xbd\xc5\xbe\xc5\x92\xc5\x93"
		  "\xc5\xb8" },
		{ "windows-1252", STR_LIT("\x80\x93\x9f\x81\xe9"), 0,
		  "\xe2\x82\xac\xe2\x80\x9c\xc5\xb8\xef\xbf\xbd\xc3\xa9" },
		{ "utf-16", STR_LIT("\xfe\xff\x00h\x20\xac"), 0,
		  "h\xe2\x82\xac" },
		{ "utf-16", STR_LIT("\xff\xfeh\x00\xac\x20"), 0,
		  "h\xe2\x82\xac" },
		{ "UTF-16", STR_LIT("\x00h\x00i"), 0, "hi" },
		{ "utf-16be", STR_LIT("\xd8\x3d\xde\x00"), 0,
		  "\xf0\x9f\x98\x80" },
		{ "utf-16le", STR_LIT("\x3d\xd8\x00\xde"), 0,
		  "\xf0\x9f\x98\x80" },
		{ "utf-16be", STR_LIT("\xd8\x3d\x00h"), 0, "\xef\xbf\xbdh" },
		{ "utf-16be", STR_LIT("\xde\x00\x00h"), 0, "\xef\xbf\xbdh" },
		{ "utf-16be", STR_LIT("\x00h\x00"), 0, "h\xef\xbf\xbd" },
		{ "utf-16le", STR_LIT("\x3d\xd8"), 0, "\xef\xbf\xbd" },
		{ "koi8-r", STR_LIT("x"), ERR_UNSUPPORTED, "" },
		{ "utf-7", STR_LIT("x"), ERR_UNSUPPORTED, "" },
	};
	struct arena *a = arena_new(ARENA_MAX);
	struct str text;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(mime_to_utf8(a, rows[i].bytes,
					      str_of(rows[i].charset), &text),
				 rows[i].err);
		if (!rows[i].err)
			assert_str(text, rows[i].text);
	}
	arena_free(a);
}

/* ---- transfer encodings -------------------------------------------------- */

static void decodes_transfers(void **state)
{
	static const struct {
		const char *encoding, *body;
		int err;
		const char *text;
	} rows[] = {
		{ NULL, "a=b", 0, "a=b" },
		{ " 7bit ", "a=b", 0, "a=b" },
		{ "8BIT", "\xff", 0, "\xff" },
		{ "binary", "a", 0, "a" },
		{ "base64", "", 0, "" },
		{ "Base64", "aGVsbG8=", 0, "hello" },
		{ "base64", "aGVs\r\n bG8h\r\n", 0, "hello!" },
		{ "base64", "aGVsbG8", 0, "hello" },
		{ "base64", "aA==", 0, "h" },
		{ "base64", "-a.A==", 0, "h" },
		{ "base64", "//8+", 0, "\xff\xff>" },
		{ "base64", "aGVsb", ERR_SYNTAX, "" },
		{ "base64", "aA==aGVs", ERR_SYNTAX, "" },
		{ "quoted-printable", "caf=C3=a9", 0, "caf\xc3\xa9" },
		{ "quoted-printable", "a =\r\nb", 0, "a b" },
		{ "quoted-printable", "a= \t\r\nb", 0, "ab" },
		{ "quoted-printable", "a  \r\nb=20 \nc", 0, "a\r\nb \nc" },
		{ "quoted-printable", "1=zz2=3", 0, "1=zz2=3" },
		{ "quoted-printable", "end=", 0, "end" },
		{ "quoted-printable", "=3D=", 0, "=" },
		{ "x-uuencode", "a", ERR_UNSUPPORTED, "" },
	};
	struct arena *a = arena_new(ARENA_MAX);
	struct str text;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		int err = mime_decode(a, str_of(rows[i].body),
				      str_of(rows[i].encoding), &text);

		if (err != rows[i].err)
			fail_msg("row %zu: %d", i, err);
		if (!err)
			assert_str(text, rows[i].text);
	}
	arena_free(a);
}

/* ---- HTML ---------------------------------------------------------------- */

static void makes_text_of_html(void **state)
{
	static const struct {
		const char *html, *text;
	} rows[] = {
		{ "<p>Hi <b>Bob</b></p><ul><li>one<li>"
		  "<a href=\"http://a/\">two</a></ul>",
		  "Hi Bob\n\n- one\n- two (http://a/)" },
		{ "", "" },
		{ "  a \r\n\t b  ", "a b" },
		{ "a<br>b<br/>\n<br>c", "a\nb\n\nc" },
		{ "<html><head><title>no</title><style>p { }</style>"
		  "<script>if (a<b) { \"</p>\" }</SCRIPT ></head>"
		  "<body>yes</body>",
		  "yes" },
		{ "<!-- <p>no</p> -->yes<!DOCTYPE html><?php x ?>", "yes" },
		{ "a &lt;b&gt; &amp;amp; &quot;&apos;", "a <b> &amp; \"'" },
		{ "&eacute;&#233;&#xE9;&euro;&#128;&nbsp;x",
		  "\xc3\xa9\xc3\xa9\xc3\xa9\xe2\x82\xac\xe2\x82\xac x" },
		{ "&#0;&#xD800;&#x110000;&#99999999999;",
		  "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
		{ "a&#1;b&#127;c", "abc" },
		{ "AT&T &unknown; & &#; &#x;", "AT&T &unknown; & &#; &#x;" },
		{ "1 < 2, a <b", "1 < 2, a <b" },
		{ "<a href='mailto:a@b'>a@b</a> <a href=u>u</a> "
		  "<a href='#x'>here</a> <a href=\"JavaScript:x()\">run</a>",
		  "a@b u here run" },
		{ "<a href='http://x/?a=1&amp;b=2'> t </a>.",
		  "t (http://x/?a=1&b=2) ." },
		{ "<a href='http://x/'></a>", "http://x/" },
		{ "<a href='http://x/'>open", "open (http://x/)" },
		{ "see<a href='1'>one<a href='2'>two</a>",
		  "seeone (1)two (2)" },
		{ "<div title='a>b'>x</div><div>y</div>z", "x\ny\nz" },
		{ "<table><tr><td>1<td>2</tr><tr><td>3</table>", "1 2\n3" },
		{ "x<pre> a\n  b</pre>c", "x\n\n a\n  b\n\nc" },
		{ "<img src=x alt='a cat'>!", "a cat!" },
		{ "a<script>never ends", "a" },
		{ "a<!-- never ends", "a" },
		{ "<", "<" },
		{ "</", "</" },
		{ "</>", "" },
		{ "<a", "<a" },
	};
	struct arena *a = arena_new(ARENA_MAX);
	struct str text;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(
			mime_html_to_text(a, str_of(rows[i].html), &text), 0);
		assert_str(text, rows[i].text);
	}
	arena_free(a);
}

/* Every '<' begins what may be a tag without end, every "</" what may end a
   script: doubling the input must not do more than double the work. That is
   seen here only as a test that ends. */
static void takes_hostile_html_in_one_pass(void **state)
{
	static const char *const units[] = { "<a \"", "<a href=\"", "</", "&",
					     "<!--", "<script></", "<li>",
					     "<a href=x>", "&#0" };
	static char html[400000];
	struct arena *a = arena_new(ARENA_MAX);
	struct str text;
	size_t i, at;

	(void)state;
	for (i = 0; i < COUNT_OF(units); i++) {
		size_t n = strlen(units[i]);

		for (at = 0; at + n < sizeof(html) - 1; at += n)
			memcpy(html + at, units[i], n);
		html[at++] = '>';
		assert_int_equal(mime_html_to_text(a, (struct str){ html, at },
						   &text),
				 0);
		arena_reset(a);
	}
	arena_free(a);
}

/* ---- limits -------------------------------------------------------------- */

enum { JOB_PARAM, JOB_PART, JOB_CHARSET, JOB_BASE64, JOB_QP, JOB_HTML, JOBS_N };

static int run_job(int job, struct arena *a)
{
	struct mime_part *parts;
	struct str out;
	size_t n;

	switch (job) {
	case JOB_PARAM:
		return mime_param(a, STR("x=\"a long enough value\""), STR("x"),
				  &out);
	case JOB_PART:
		return split(a, "--b\n\nx\n--b--", "b", &parts, &n);
	case JOB_CHARSET:
		return mime_to_utf8(a, STR("caf\xe9 caf\xe9 caf\xe9"),
				    STR("iso-8859-1"), &out);
	case JOB_BASE64:
		return mime_decode(a, STR("aGVsbG8gaGVsbG8gaGVsbG8="),
				   STR("base64"), &out);
	case JOB_QP:
		return mime_decode(a, STR("hello=20hello hello"),
				   STR("quoted-printable"), &out);
	default:
		return mime_html_to_text(a, STR("<b>hello</b>"), &out);
	}
}

static void fails_whole_in_every_smaller_arena(void **state)
{
	int job;

	(void)state;
	for (job = 0; job < JOBS_N; job++) {
		struct arena *a = arena_new(ARENA_MAX);
		size_t max, needed;

		assert_int_equal(run_job(job, a), 0);
		needed = arena_used(a);
		arena_free(a);
		assert_in_range(needed, 16, ARENA_MAX);
		/* What arena_used counts is rounded up to 16. */
		for (max = 0; max + 16 <= needed; max++) {
			a = arena_new(max);
			assert_int_equal(run_job(job, a), ERR_LIMIT);
			arena_free(a);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_the_worked_example),
		TEST(judges_types),
		TEST(compares_types),
		TEST(finds_params),
		TEST(reads_a_header_block),
		TEST(judges_header_blocks),
		TEST(splits_a_multipart),
		TEST(keeps_lines_like_a_boundary),
		TEST_ROWS(refuses_a_broken_multipart, "CP31"),
		TEST(limits_the_parts),
		TEST(converts_charsets),
		TEST(decodes_transfers),
		TEST(makes_text_of_html),
		TEST(takes_hostile_html_in_one_pass),
		TEST(fails_whole_in_every_smaller_arena),
	};

	return cmocka_run_group_tests_name("mime", tests, NULL, NULL);
}
