/* tests/unit/test_stream_guard.c: what the parser of a stream gets to see, and
 * what ends the stream before it does.
 */
#include "adapters/xmpp/stream_guard.h"
#include "core/base/buf.h"
#include "tests/unit/unit.h"

#define HEAD "<s:s xmlns:s='x'>"

static struct stream_guard guard;

/* Feeds it in pieces; what came out. */
static struct str pass(const char *in, size_t piece, struct buf *out)
{
	char text[4096 + STREAM_GUARD_HELD_MAX + STREAM_GUARD_EXTRA];
	size_t n = strlen(in), at, k;
	long kept;

	stream_guard_init(&guard, 100);
	buf_clear(out);
	for (at = 0; at < n; at += k) {
		k = n - at < piece ? n - at : piece;
		if (k > 4096)
			k = 4096;
		kept = stream_guard_pass(&guard, in + at, k, text);
		if (kept < 0)
			break;
		assert_in_range(kept, 0, sizeof(text));
		buf_put(out, text, (size_t)kept);
	}
	return buf_str(out);
}

static void expect(const char *in, const char *out, const char *why)
{
	static const size_t pieces[] = { 1, 2, 3, 7, 4096 };
	struct buf b;
	size_t i;

	buf_init(&b, 1u << 20);
	for (i = 0; i < COUNT_OF(pieces); i++) {
		struct str got = pass(in, pieces[i], &b);

		if (out)
			assert_str(got, out);
		if (why)
			assert_string_equal(guard.why ? guard.why : "", why);
		else
			assert_null(guard.why);
	}
	buf_free(&b);
}

#define SAME(text) expect(text, text, NULL)

static void test_same(void **state)
{
	(void)state;
	SAME(HEAD "<handshake/><m a='1' b=\"2>/\"><x>t&amp;&#x10FFFF;</x>\n"
	     "<y/></m> \n<m></m></s:s>");
	assert_int_equal(guard.stanzas, 3);
	assert_int_equal(guard.cut, 0);
	SAME(HEAD "<m><![CDATA[<a>]]]]><![CDATA[>]]></m>");
	/* Checked, and of no more use. */
	expect("\xef\xbb\xbf<?xml version='1.0'?>" HEAD "<m/>", HEAD "<m/>",
	       NULL);
	expect("<?xml version='1.0' encoding='UTF-8'?>\n<s:s><m/>",
	       "\n<s:s><m/>", NULL);
	/* What comes behind the end is nobody's. */
	expect(HEAD "</s:s>more", HEAD "</s:s>", NULL);
}

static void test_forbidden(void **state)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ HEAD "<!DOCTYPE a [<!ENTITY b 'c'>]>", "restricted-xml" },
		{ "<!DOCTYPE a>", "restricted-xml" },
		{ "<?xml?><!DOCTYPE a>", "restricted-xml" },
		{ HEAD "<m><!-- x --></m>", "restricted-xml" },
		{ HEAD "<m><!ENTITY a 'b'></m>", "restricted-xml" },
		{ HEAD "<m><?php x?></m>", "restricted-xml" },
		{ "<?xml?><?xml?>", "restricted-xml" },
		{ HEAD "<?xml version='1.0' encoding='UTF-16'?>",
		  "restricted-xml" },
		{ "<?php?>", "restricted-xml" },
		{ "<?xml version='1.0'>", "restricted-xml" },
		{ " \xef\xbb\xbf<s:s>", "not-well-formed" },
		{ HEAD "<![CDATA[x]]>", "restricted-xml" },
		{ HEAD "<m><![CDAT[x]]></m>", "restricted-xml" },
		{ "<?xml version='1.0' encoding='UTF-16'?>",
		  "unsupported-encoding" },
		{ "<?xml version='1.0' encoding='UTF-7'?>",
		  "unsupported-encoding" },
		{ "\xff\xfe<", "not-well-formed" },
		{ "hello", "not-well-formed" },
		{ HEAD "word<m/>", "bad-format" },
		{ HEAD "<m/>word", "bad-format" },
		{ HEAD "<m <x/></m>", "not-well-formed" },
		{ HEAD "<m a='<'/>", "not-well-formed" },
		{ HEAD "<m></m<x>", "not-well-formed" },
		{ HEAD "<< m/>", "not-well-formed" },
		{ HEAD "< m/>", "not-well-formed" },
		{ HEAD "<m>&aaaaaaaaaaaaaaaaaaaaaaa;</m>", "not-well-formed" },
		{ HEAD "<m>&a<b/></m>", "not-well-formed" },
	};
	char nul[] = HEAD "<m>a\0b</m>";
	char out[200];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++)
		expect(rows[i].text, NULL, rows[i].why);
	stream_guard_init(&guard, 100);
	assert_int_equal(stream_guard_pass(&guard, nul, sizeof(nul) - 1, out),
			 -1);
	/* Once ended, for good. */
	assert_int_equal(stream_guard_pass(&guard, "<m/>", 4, out), -1);
}

static const char *with_run(struct buf *b, const char *pattern, size_t n)
{
	struct str s = str_of(pattern);
	size_t at = str_find(s, '%');

	buf_init(b, 1000);
	buf_put_str(b, str_sub(s, 0, at));
	while (n-- > 0)
		buf_put_char(b, 'x');
	buf_put_str(b, str_from(s, at + 1));
	buf_put_char(b, '\0');
	return b->p;
}

/* The % of both is a run of letters: as many in, as many out. */
static void expect_run(const char *in, size_t in_n, const char *out,
		       size_t out_n)
{
	struct buf a, b;

	expect(with_run(&a, in, in_n), with_run(&b, out, out_n), NULL);
	buf_free(&a);
	buf_free(&b);
}

/* Past 100 bytes of a stanza nothing more is let through but what closes it;
   the next stanza is as good as any. */
static void test_long(void **state)
{
	(void)state;
	expect_run(HEAD "<m><b>%</b><c>d</c></m><m/>", 150,
		   HEAD "<m><b>%</b></m><m/>", 100 - 6);
	assert_int_equal(guard.stanzas, 2);
	assert_int_equal(guard.cut, 1);
	/* Never inside a character or a reference. */
	expect_run(HEAD "<m>%\xc3\xa9\xc3\xa9</m>", 96,
		   HEAD "<m>%\xc3\xa9</m>", 96);
	expect_run(HEAD "<m>%&amp;&amp;</m>", 96, HEAD "<m>%&amp;</m>", 96);
	/* Tags are whole or not there. */
	expect_run(HEAD "<m a='%'><b c='1'/><d/></m><m/>", 150,
		   HEAD "<m a='%'></m><m/>", 150);
	assert_int_equal(guard.cut, 1);
	expect_run(HEAD "<m><![CDATA[%]]></m><m/>", 150,
		   HEAD "<m><![CDATA[%]]></m><m/>", 100 - 12);
	assert_int_equal(guard.stanzas, 2);
}

static void test_deep(void **state)
{
	struct buf in, want, out;
	unsigned i;

	(void)state;
	buf_init(&in, 1u << 20);
	buf_init(&want, 1u << 20);
	buf_init(&out, 1u << 20);
	buf_put_str(&in, STR("<s><m>"));
	for (i = 0; i < 5000; i++)
		buf_put_str(&in, i % 2 ? STR("<a>") : STR("<b c='>'>"));
	buf_put_str(&in, STR("text<z/>"));
	for (i = 5000; i-- > 0;)
		buf_put_str(&in, i % 2 ? STR("</a>") : STR("</b>"));
	buf_put_str(&in, STR("<t/></m><m/>"));
	buf_put_char(&in, '\0');
	buf_put_str(&want, STR("<s><m>"));
	/* The stream and the stanza are two of them. */
	for (i = 0; i < STREAM_GUARD_DEPTH - 2; i++)
		buf_put_str(&want, i % 2 ? STR("<a>") : STR("<b c='>'>"));
	for (; i-- > 0;)
		buf_put_str(&want, i % 2 ? STR("</a>") : STR("</b>"));
	stream_guard_init(&guard, 1u << 20);
	for (i = 0; i + 1 < in.n; i++) {
		char text[STREAM_GUARD_HELD_MAX + 1 + STREAM_GUARD_EXTRA];
		long kept = stream_guard_pass(&guard, in.p + i, 1, text);

		assert_true(kept >= 0);
		buf_put(&out, text, (size_t)kept);
	}
	buf_put_str(&want, STR("<t/></m><m/>"));
	assert_true(str_eq(buf_str(&out), buf_str(&want)));
	assert_int_equal(guard.cut, 1);
	assert_int_equal(guard.stanzas, 2);
	buf_free(&in);
	buf_free(&want);
	buf_free(&out);
}

/* A tag without an end takes no memory, and is not the end of the others. */
static void test_endless(void **state)
{
	static const struct {
		const char *head, *tail;
		uint64_t stanzas;	/* 0: it ended the stream */
		size_t kept;
	} rows[] = {
		{ HEAD "<m><b", "/></m><m/>", 2, 11 },
		{ HEAD "<m><b ", "='1'>x<c/></b></m><m/>", 2, 11 },
		{ HEAD "<m><b c='", "'/></m><m/>", 2, 11 },
		{ HEAD "<m a='", "'><b/></m><m/>", 2, 11 },
		{ HEAD "<m f='1' a='", "' t='2'/><m/>", 2, 14 },
		{ HEAD "<m", "><b/></m><m/>", 1, 4 },
		{ HEAD "<m></m", "><m/>", 0, 0 },
		{ "<s:s ", "='1'><m/>", 0, 0 },
		{ "<s:s a='", "'><m/>", 0, 0 },
		{ "<?xml ", "?><s:s>", 0, 0 },
	};
	char many[1000], out[5000];
	size_t i, k, kept;
	long n;

	(void)state;
	memset(many, 'a', sizeof(many));
	for (i = 0; i < COUNT_OF(rows); i++) {
		stream_guard_init(&guard, 100000);
		n = stream_guard_pass(&guard, rows[i].head,
				      strlen(rows[i].head), out);
		kept = n > 0 ? (size_t)n : 0;
		for (k = 0; k < 5000 && n >= 0; k++) {
			n = stream_guard_pass(&guard, many, sizeof(many), out);
			kept += n > 0 ? (size_t)n : 0;
		}
		if (n >= 0)
			n = stream_guard_pass(&guard, rows[i].tail,
					      strlen(rows[i].tail), out);
		kept += n > 0 ? (size_t)n : 0;
		assert_int_equal(guard.stanzas, rows[i].stanzas);
		assert_int_equal(n < 0, rows[i].stanzas == 0);
		if (n >= 0) {
			assert_int_equal(kept, sizeof(HEAD) - 1 +
						       rows[i].kept);
			assert_int_equal(guard.cut, rows[i].stanzas - 1);
			assert_int_equal(guard.held_n, 0);
		}
	}
}

/* Markup passes in one piece, whatever the pieces it came in. */
static void test_whole(void **state)
{
	static const char in[] = HEAD "<m a='1'>x&amp;y</m><![";
	char out[5000];
	size_t i;
	long n;

	(void)state;
	stream_guard_init(&guard, 100);
	for (i = 0; i < sizeof(in) - 3; i++) {
		n = stream_guard_pass(&guard, in + i, 1, out);
		if (n > 0 && (out[0] == '<' || out[0] == '&'))
			assert_true(out[n - 1] == '>' || out[n - 1] == ';');
		else
			assert_in_range(n, 0, 1);
		if (n == 0)
			assert_str(stream_guard_filler(&guard), "<!---->");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_same), TEST(test_forbidden), TEST(test_long),
		TEST(test_deep), TEST(test_endless), TEST(test_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
