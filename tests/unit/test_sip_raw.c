/* tests/unit/test_sip_raw.c: what of a request's bytes is refused before the
 * stack sees them; with every smaller buffer.
 */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "adapters/sip/raw_in.h"

#define LINE "MESSAGE sip:b@b.example SIP/2.0\r\n"
#define REST                                                              \
	"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"                  \
	"From: <sip:a@a.example>;tag=1\r\nTo: <sip:b@b.example>\r\n"      \
	"Call-ID: 1\r\nCSeq: 1 MESSAGE\r\nMax-Forwards: 70\r\n"           \
	"Content-Length: 0\r\n\r\n"

static const struct {
	const char *text;
	enum cause cause;
} rows[] = {
	{ LINE REST, CAUSE_NONE },
	{ "\r\n\r\n" LINE REST, CAUSE_NONE },
	{ "SIP/2.0 200 OK\r\nX\r\n\r\n", CAUSE_NONE },
	/* no SIP: not ours to answer */
	{ "GET / HTTP/1.1\r\nHost: x\r\n\r\n", CAUSE_NONE },
	{ "OPTIONS sips:b.example SIP/2.0\r\nX : a\r\n b\r\n" REST,
	  CAUSE_NONE },
	/* all that a user part may hold, a '?' too */
	{ "MESSAGE sip:1_u.R~(to-b!)&i'+t$/c?,/;;*:&it+h=1,w!*p$d_t@b.example "
	  "SIP/2.0\r\n" REST, CAUSE_NONE },
	{ "MESSAGE tel:+15550100;phone-context=x SIP/2.0\r\n" REST,
	  CAUSE_NONE },
	/* the request line */
	{ "MESSAGE  sip:b@b.example  SIP/2.0\r\n" REST, CAUSE_BAD_REQUEST },
	{ "MESSAGE sip:b@b.example SIP/2.0  \r\n" REST, CAUSE_BAD_REQUEST },
	{ "MESSAGE sip:b@b.example; lr SIP/2.0\r\n" REST, CAUSE_BAD_REQUEST },
	{ "MESSAGE <sip:b@b.example> SIP/2.0\r\n" REST, CAUSE_BAD_REQUEST },
	{ "MESSAGE sip:b@b.example?Route=x SIP/2.0\r\n" REST,
	  CAUSE_BAD_REQUEST },
	{ "MESSAGE sip:b%zz@b.example SIP/2.0\r\n" REST, CAUSE_BAD_REQUEST },
	{ "MESSAGE soap.beep://192.0.2.103:3002 SIP/2.0\r\n" REST,
	  CAUSE_SCHEME_UNSUPPORTED },
	{ "MESSAGE noSuchScheme:x SIP/2.0\r\n" REST,
	  CAUSE_SCHEME_UNSUPPORTED },
	{ "MESSAGE sip:b@b.example SIP/7.0\r\n" REST,
	  CAUSE_VERSION_UNSUPPORTED },
	/* names */
	{ LINE "Authorization\x01: Digest x\r\n" REST, CAUSE_BAD_REQUEST },
	{ LINE "Bad Name: x\r\n" REST, CAUSE_BAD_REQUEST },
	{ LINE ": x\r\n" REST, CAUSE_BAD_REQUEST },
	{ LINE "X\r\n" REST, CAUSE_BAD_REQUEST },
	{ LINE "X: a\nY: b\r\n" REST, CAUSE_BAD_REQUEST },
	{ LINE "X: a\rY: b\r\n" REST, CAUSE_BAD_REQUEST },
	/* values, folded ones too */
	{ LINE "m\t:\r\n \"a\r\n b\" <sip:a@b>\r\n ;\r\n x = y\r\n"
	  "CSeq:\r\n 0009\r\n MESSAGE\r\nMax-Forwards:\r\n\t0068\r\n\r\n",
	  CAUSE_NONE },
	{ LINE "Call-ID: 2\r\n" REST, CAUSE_BAD_REQUEST },
	{ LINE "i: 2\r\n" REST, CAUSE_BAD_REQUEST },
	{ LINE "l: 0\r\n" REST, CAUSE_BAD_REQUEST },
	{ LINE "Date: Fri, 01 Jan 2010 16:00:00 GMT\r\n" REST, CAUSE_NONE },
	{ LINE "Date: Fri, 01 Jan 2010 16:00:00 EST\r\n" REST,
	  CAUSE_BAD_REQUEST },
	{ LINE "Contact: sip:a@b?Route=x\r\n" REST, CAUSE_BAD_REQUEST },
	{ LINE "m: <sip:a@b?Route=x>\r\nm: <sip:c@d>\r\n" REST, CAUSE_NONE },
	{ LINE "m: \"?\" <sip:a@b>\r\n" REST, CAUSE_NONE },
	{ LINE "m: < sip:a@b>\r\n" REST, CAUSE_BAD_REQUEST },
	{ LINE "m: <sip:a@b >\r\n" REST, CAUSE_BAD_REQUEST },
	{ LINE "m: \"a <sip:a@b>\r\n" REST, CAUSE_BAD_REQUEST },
	{ LINE "CSeq: 2147483648 MESSAGE\r\n\r\n", CAUSE_BAD_REQUEST },
	{ LINE "CSeq: 36893488147419103232 MESSAGE\r\n\r\n",
	  CAUSE_BAD_REQUEST },
	{ LINE "Max-Forwards: 300\r\n\r\n", CAUSE_BAD_REQUEST },
	{ LINE "Max-Forwards: x\r\n\r\n", CAUSE_BAD_REQUEST },
	{ LINE "l: -999\r\n\r\n", CAUSE_BAD_REQUEST },
	{ LINE "l: 99999999999\r\n\r\n", CAUSE_BAD_REQUEST },
	{ LINE "l: 2147483648\r\n\r\n", CAUSE_BAD_REQUEST },
};

/* A copy of exactly that size: the sanitizers see a byte too far. */
static enum cause check(const char *text, size_t n, char *copy_out)
{
	char *p = malloc(n ? n : 1);
	const struct sip_fault *f;

	memcpy(p, text, n);
	f = sip_raw_check(p, n, false);
	if (copy_out)
		memcpy(copy_out, p, n);
	free(p);
	return f ? f->cause : CAUSE_NONE;
}

static void test_rows(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		enum cause c = check(rows[i].text, strlen(rows[i].text), NULL);

		if (c != rows[i].cause)
			fail_msg("%d for %.60s", c, rows[i].text);
	}
}

static void test_shorter(void **state)
{
	size_t i, n;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++)
		for (n = 0; n < strlen(rows[i].text); n++)
			(void)check(rows[i].text, n, NULL);
}

/* What replaces a request line is as long as it and no fault itself; the rest
   stays as it was. */
static void test_written_over(void **state)
{
	char out[1024];
	size_t i, n;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		n = strlen(rows[i].text);
		check(rows[i].text, n, out);
		if (memcmp(out, rows[i].text, n) == 0)
			continue;
		assert_memory_equal(out, "MESSAGE sip:x", 13);
		assert_int_equal(check(out, n, NULL), CAUSE_NONE);
		assert_string_equal(strchr(rows[i].text, '\n'),
				    (out[n] = 0, strchr(out, '\n')));
	}
}

static void test_streams(void **state)
{
	char text[] = LINE "X: y\r\n\r\n", nul[] = LINE "X: y\r\n\r\n";
	const struct sip_fault *f = sip_raw_check(text, sizeof(text) - 1, true);

	(void)state;
	assert_true(f && f->ends_stream);
	assert_null(sip_raw_check(text, sizeof(text) - 1, false));
	nul[sizeof(LINE)] = 0;
	f = sip_raw_check(nul, sizeof(nul) - 1, false);
	assert_true(f && f->ends_stream && f->cause == CAUSE_BAD_REQUEST);
}

static void test_head(void **state)
{
	(void)state;
	assert_int_equal(sip_raw_head("", 0), 0);
	assert_int_equal(sip_raw_head("\r\n\r\n", 4), 0);
	assert_int_equal(sip_raw_head("A\r\n\r\nbody", 9), 5);
	assert_int_equal(sip_raw_head("\r\n\r\nA\r\n\r\n\r\n", 11), 9);
	assert_int_equal(sip_raw_head("A\r\n\r", 4), 0);
}

static void test_many_lines(void **state)
{
	static char text[64 * 1024] = LINE;
	const struct sip_fault *f;
	size_t n = strlen(LINE);
	unsigned i;

	(void)state;
	for (i = 0; i < SIP_RAW_LINES_MAX + 1; i++, n += 6)
		memcpy(text + n, "X: y\r\n", 6);
	f = sip_raw_check(text, n, false);
	assert_true(f && f->cause == CAUSE_BAD_REQUEST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_rows),	 TEST(test_shorter),
		TEST(test_written_over), TEST(test_streams),
		TEST(test_head),	 TEST(test_many_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
