/* tests/unit/test_datetime.c: stamps of RFC 3339 and of SIP's Date. */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <time.h>

#include "core/codec/datetime.h"

#define SECOND_US INT64_C(1000000)

static void worked_example(void **state)
{
	char out[DATETIME_MAX];
	int64_t us;

	(void)state;
	assert_int_equal(datetime_parse_3339(
		STR("2026-11-21T00:20:00.5+01:00"), &us), 0);
	assert_int_equal(us, 1795216800 * SECOND_US + 500000);
	assert_str(datetime_put_3339(us, out), "2026-11-20T23:20:00.500Z");
	assert_int_equal(datetime_parse_sip(
		STR("Sat, 21 Nov 2026 00:20:00 GMT"), &us), 0);
	assert_int_equal(us, 1795220400 * SECOND_US);
	assert_str(datetime_put_sip(us, out), "Sat, 21 Nov 2026 00:20:00 GMT");
}

static void reads_3339(void **state)
{
	static const struct {
		const char *text;
		int64_t utc_us;
	} rows[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1970-01-01t00:00:01z", SECOND_US },
		{ "1985-04-12T23:20:50.52Z", 482196050520000 },
		{ "1996-12-19T16:39:57-08:00", 851042397 * SECOND_US },
		{ "1937-01-01T12:00:27.87+00:20", -1 },	/* before 1970 */
		{ "1970-01-01T00:20:00+00:20", 0 },
		{ "1969-12-31T23:59:00-00:01", 0 },
		{ "2000-02-29T00:00:00Z", 951782400 * SECOND_US },
		{ "2024-02-29T12:00:00-00:00", 1709208000 * SECOND_US },
		{ "2023-12-31T23:59:59.999999Z", 1704067199999999 },
		{ "2023-12-31T23:59:59.9999999999999999999Z",
		  1704067199999999 },
		{ "2023-01-01T00:00:00.000001Z", 1672531200000001 },
		{ "2023-01-01T00:00:00.1234567Z", 1672531200123456 },
		{ "2023-01-01T00:00:00+23:59", 1672444860 * SECOND_US },
		{ "2023-01-01T00:00:00-23:59", 1672617540 * SECOND_US },
		/* leap seconds: the end of a UTC day, wherever one stands */
		{ "1990-12-31T23:59:60Z", 662688000 * SECOND_US },
		{ "1990-12-31T15:59:60-08:00", 662688000 * SECOND_US },
		{ "2016-12-31T23:59:60.5Z", 1483228800500000 },
		{ "9999-12-31T23:59:59.999999Z", 253402300799999999 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		int64_t us = -7;
		int err = datetime_parse_3339(str_of(rows[i].text), &us);

		if (err != (rows[i].utc_us < 0 ? ERR_SYNTAX : 0))
			fail_msg("%s: %s", rows[i].text, err_text(err));
		assert_int_equal(us, rows[i].utc_us < 0 ? 0 : rows[i].utc_us);
	}
}

static void refuses_bad_3339(void **state)
{
	static const struct str rows[] = {
		STR_LIT(""), STR_LIT("2026"), STR_LIT("2026-11-21"),
		STR_LIT("2026-11-21T00:20Z"),
		STR_LIT("2026-11-21T00:20:00"),
		STR_LIT("2026-11-21 00:20:00Z"),
		STR_LIT(" 2026-11-21T00:20:00Z"),
		STR_LIT("2026-11-21T00:20:00Z "),
		STR_LIT("2026-11-21T00:20:00ZZ"),
		STR_LIT("2026-11-21T00:20:00Z\0"),
		STR_LIT("2026-11-21T00:20:00.Z"),
		STR_LIT("2026-11-21T00:20:00,5Z"),
		STR_LIT("2026-11-21T00:20:00+1:00"),
		STR_LIT("2026-11-21T00:20:00+0100"),
		STR_LIT("2026-11-21T00:20:00+24:00"),
		STR_LIT("2026-11-21T00:20:00+01:60"),
		STR_LIT("2026-11-21T00:20:00+01"),
		STR_LIT("2026-11-21T24:00:00Z"),
		STR_LIT("2026-11-21T00:60:00Z"),
		STR_LIT("2026-11-21T00:20:61Z"),
		STR_LIT("2026-11-21T00:20:60Z"),
		STR_LIT("2026-12-31T23:59:60+01:00"),
		STR_LIT("2026-00-21T00:20:00Z"),
		STR_LIT("2026-13-21T00:20:00Z"),
		STR_LIT("2026-11-00T00:20:00Z"),
		STR_LIT("2026-11-31T00:20:00Z"),
		STR_LIT("2026-02-30T00:20:00Z"),
		STR_LIT("2024-02-30T00:20:00Z"),
		STR_LIT("2023-02-29T00:20:00Z"),
		STR_LIT("2100-02-29T00:20:00Z"),
		STR_LIT("2026-1-21T00:20:00Z"),
		STR_LIT("2026-11-1T00:20:00Z"),
		STR_LIT("26-11-21T00:20:00Z"),
		STR_LIT("+026-11-21T00:20:00Z"),
		STR_LIT("2026-11-21T0 :20:00Z"),
		STR_LIT("2026/11/21T00:20:00Z"),
		STR_LIT("1969-12-31T23:59:59Z"),
		STR_LIT("0000-01-01T00:00:00Z"),
		STR_LIT("1970-01-01T00:00:00+00:01"),
		STR_LIT("9999-12-31T23:59:59-00:01"),
		STR_LIT("9999-12-31T23:59:60Z"),
		STR_LIT("10000-01-01T00:00:00Z"),
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		int64_t us = -7;

		if (datetime_parse_3339(rows[i], &us) != ERR_SYNTAX)
			fail_msg("\"%.*s\" taken", STR_ARG(rows[i]));
		assert_int_equal(us, 0);
	}
}

static void reads_sip_dates(void **state)
{
	static const struct {
		const char *text;
		int64_t utc_s;		/* -1: refused */
	} rows[] = {
		{ "Sat, 13 Nov 2010 23:29:00 GMT", 1289690940 },
		{ "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
		{ "Thu, 29 Feb 2024 23:59:59 GMT", 1709251199 },
		{ "Sat, 31 Dec 2016 23:59:60 GMT", 1483228800 },
		{ "Fri, 31 Dec 9999 23:59:59 GMT", 253402300799 },
		{ "Fri, 13 Nov 2010 23:29:00 GMT", -1 },	/* a Saturday */
		{ "sat, 13 Nov 2010 23:29:00 GMT", -1 },
		{ "Sat, 13 nov 2010 23:29:00 GMT", -1 },
		{ "Sat, 13 Nov 2010 23:29:00 gmt", -1 },
		{ "Sat, 13 Nov 2010 23:29:00 UTC", -1 },
		{ "Sat, 13 Nov 2010 23:29:00 EST", -1 },
		{ "Sat, 13 Nov 2010 23:29:00 +0000", -1 },
		{ "Sat, 13 Nov 2010 23:29:00", -1 },
		{ "Sat, 13 Nov 2010 23:29:00 GMT ", -1 },
		{ "Sat,13 Nov 2010 23:29:00 GMT", -1 },
		{ "Sat 13 Nov 2010 23:29:00 GMT", -1 },
		{ "Saturday, 13-Nov-10 23:29:00 GMT", -1 },
		{ "Sat Nov 13 23:29:00 2010", -1 },
		{ "Wed, 30 Feb 2028 00:00:00 GMT", -1 },
		{ "Mon, 29 Feb 2027 00:00:00 GMT", -1 },
		{ "Sat, 13 Foo 2010 23:29:00 GMT", -1 },
		{ "Sat, 3 Nov 2010 23:29:00 GMT", -1 },
		{ "Sat, 13 Nov 10 23:29:00 GMT", -1 },
		{ "Sat, 13 Nov 2010 23:29 GMT", -1 },
		{ "Sat, 13 Nov 2010 24:00:00 GMT", -1 },
		{ "Sat, 13 Nov 2010 23:29:60 GMT", -1 },
		{ "Wed, 31 Dec 1969 23:59:59 GMT", -1 },
		{ "", -1 },
		{ "Sat, ", -1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		int64_t us = -7;
		int err = datetime_parse_sip(str_of(rows[i].text), &us);

		if (err != (rows[i].utc_s < 0 ? ERR_SYNTAX : 0))
			fail_msg("%s: %s", rows[i].text, err_text(err));
		assert_int_equal(us, rows[i].utc_s < 0 ? 0 :
				 rows[i].utc_s * SECOND_US);
	}
}

static void writes(void **state)
{
	static const struct {
		int64_t us;
		const char *text, *text_ms, *sip;
	} rows[] = {
		{ 0, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z",
		  "Thu, 01 Jan 1970 00:00:00 GMT" },
		{ 1709251199007999, "2024-02-29T23:59:59.007Z",
		  "2024-02-29T23:59:59.007Z", "Thu, 29 Feb 2024 23:59:59 GMT" },
		{ 999, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z",
		  "Thu, 01 Jan 1970 00:00:00 GMT" },
		{ 253402300799999999, "9999-12-31T23:59:59.999Z",
		  "9999-12-31T23:59:59.999Z", "Fri, 31 Dec 9999 23:59:59 GMT" },
		/* outside: the nearest inside */
		{ -1, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z",
		  "Thu, 01 Jan 1970 00:00:00 GMT" },
		{ INT64_MIN, "1970-01-01T00:00:00Z",
		  "1970-01-01T00:00:00.000Z",
		  "Thu, 01 Jan 1970 00:00:00 GMT" },
		{ INT64_MAX, "9999-12-31T23:59:59.999Z",
		  "9999-12-31T23:59:59.999Z", "Fri, 31 Dec 9999 23:59:59 GMT" },
	};
	char out[DATETIME_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		assert_str(datetime_put_3339(rows[i].us, out), rows[i].text);
		assert_str(str_of(out), rows[i].text);
		assert_str(datetime_put_ms(rows[i].us, out), rows[i].text_ms);
		assert_str(str_of(out), rows[i].text_ms);
		assert_str(datetime_put_sip(rows[i].us, out), rows[i].sip);
		assert_str(str_of(out), rows[i].sip);
	}
}

/* Each day of the 8030 years, against the C library's calendar, and back. */
static void every_day_agrees(void **state)
{
	int64_t day, us;

	(void)state;
	for (day = 0; day < 2932897; day++) {
		time_t s = (time_t)(day * 86400 + day % 86400);
		char expected[64], out[DATETIME_MAX];
		struct tm tm;

		gmtime_r(&s, &tm);
		strftime(expected, sizeof(expected),
			 "%Y-%m-%dT%H:%M:%SZ", &tm);
		datetime_put_3339(s * SECOND_US, out);
		if (strcmp(out, expected) != 0)
			fail_msg("%s, expected %s", out, expected);
		assert_int_equal(datetime_parse_3339(str_of(out), &us), 0);
		assert_true(us == s * SECOND_US);
		if (day % 7 != 3 && day % 100 != 0)
			continue;
		assert_int_equal(datetime_parse_sip(
			datetime_put_sip(s * SECOND_US, out), &us), 0);
		assert_true(us == s * SECOND_US);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(worked_example),
		TEST(reads_3339),
		TEST(refuses_bad_3339),
		TEST(reads_sip_dates),
		TEST(writes),
		TEST(every_day_agrees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
