/* tests/unit/test_sip_cause.c: every SIP failure has a cause, every cause a
 * status, and both say the same where they can.
 */
#include "adapters/sip/sip_cause.h"
#include "tests/unit/unit.h"

/* RFC 7247 table 2, as far as SIP's half of it goes. */
static void test_table_2(void **state)
{
	static const struct {
		enum cause c;
		unsigned code;
	} rows[] = {
		{ CAUSE_BAD_REQUEST, 400 }, { CAUSE_CONFLICT, 400 },
		{ CAUSE_METHOD_NOT_ALLOWED, 405 },
		{ CAUSE_NOT_IMPLEMENTED, 501 }, { CAUSE_FORBIDDEN, 403 },
		{ CAUSE_FORBIDDEN_ANYWHERE, 603 }, { CAUSE_MOVED, 301 },
		{ CAUSE_GONE, 410 }, { CAUSE_SERVER_ERROR, 500 },
		{ CAUSE_NOT_FOUND, 404 }, { CAUSE_NOT_ANYWHERE, 604 },
		{ CAUSE_JID_MALFORMED, 400 }, { CAUSE_NOT_ACCEPTABLE, 406 },
		{ CAUSE_NOT_ACCEPTABLE_ANYWHERE, 606 },
		{ CAUSE_NOT_ALLOWED, 403 }, { CAUSE_POLICY_VIOLATION, 403 },
		{ CAUSE_UNAVAILABLE, 480 }, { CAUSE_BUSY_EVERYWHERE, 600 },
		{ CAUSE_REDIRECT, 302 }, { CAUSE_REMOTE_NOT_FOUND, 404 },
		{ CAUSE_REMOTE_TIMEOUT, 408 },
		{ CAUSE_RESOURCE_CONSTRAINT, 500 },
		{ CAUSE_NOT_OFFERED, 403 },
		{ CAUSE_SUBSCRIPTION_REQUIRED, 400 },
		{ CAUSE_UNDEFINED, 400 }, { CAUSE_UNEXPECTED, 491 },
		/* no challenge of a realm that is not ours */
		{ CAUSE_FAR_UNAUTHORIZED, 403 },
		{ CAUSE_FAR_REGISTRATION, 403 },
		/* our own */
		{ CAUSE_UNAUTHORIZED, 401 }, { CAUSE_NOT_ENTITLED, 403 },
		{ CAUSE_NOT_YOURS, 403 }, { CAUSE_NO_DOMAIN, 404 },
		{ CAUSE_NO_RELAY, 403 }, { CAUSE_OVERLOAD, 503 },
		{ CAUSE_RATE, 503 }, { CAUSE_LINK_DOWN, 503 },
		{ CAUSE_NO_ANSWER, 408 }, { CAUSE_NO_BINDING, 480 },
		{ CAUSE_EXPIRED, 480 }, { CAUSE_STORE_FULL, 503 },
		{ CAUSE_STORE_DOWN, 503 }, { CAUSE_SIPS_ONLY, 416 },
		{ CAUSE_TOO_LARGE, 413 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++)
		assert_int_equal(sip_cause_to_status(rows[i].c).code,
				 rows[i].code);
}

static void test_every_cause_has_a_status(void **state)
{
	unsigned c;

	(void)state;
	for (c = 0; c < CAUSES_N; c++) {
		struct sip_status st = sip_cause_to_status((enum cause)c);

		assert_in_range(st.code, 300, 699);
		assert_non_null(st.phrase);
		assert_true(st.phrase[0] != 0);
		/* A busy answer without a time would be tried at once. */
		assert_int_equal(st.code == 503 && c != CAUSE_SERVICE_UNAVAILABLE,
				 st.retry_after_s != 0);
	}
}

static void test_not_offered_is_never_503(void **state)
{
	(void)state;
	assert_int_not_equal(sip_cause_to_status(CAUSE_NOT_OFFERED).code, 503);
}

static void test_warnings(void **state)
{
	(void)state;
	assert_string_equal(sip_cause_to_status(CAUSE_NOT_ENTITLED).warning,
			    "127 Service not authorised");
	assert_string_equal(sip_cause_to_status(CAUSE_TOO_LARGE).warning,
			    "133 Size exceeded");
	assert_string_equal(
		sip_cause_to_status(CAUSE_ANONYMITY_REFUSED).warning,
		"Anonymity not allowed");
	assert_null(sip_cause_to_status(CAUSE_NOT_FOUND).warning);
}

/* Codes registered with IANA and used for requests outside of dialogs. */
static void test_known_codes_come_back(void **state)
{
	static const uint16_t codes[] = {
		301, 302, 380, 400, 402, 403, 404, 405, 406, 408, 410, 413,
		414, 415, 416, 420, 421, 423, 430, 433, 439, 440, 480, 481,
		482, 483, 484, 485, 486, 487, 488, 489, 491, 493, 500, 501,
		502, 503, 504, 505, 600, 603, 604, 606,
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(codes); i++)
		assert_int_equal(
			sip_cause_to_status(sip_cause_from_status(codes[i]))
				.code,
			codes[i]);
	assert_int_equal(sip_cause_from_status(401), CAUSE_FAR_UNAUTHORIZED);
	assert_int_equal(sip_cause_from_status(407), CAUSE_FAR_REGISTRATION);
	assert_int_equal(sip_cause_from_status(513), CAUSE_TOO_LARGE);
	assert_int_equal(sip_cause_from_status(300), CAUSE_REDIRECT);
	assert_int_equal(sip_cause_from_status(305), CAUSE_REDIRECT);
}

static void test_every_code_has_a_cause(void **state)
{
	static const enum cause classes[] = { CAUSE_REDIRECT,
					      CAUSE_BAD_REQUEST,
					      CAUSE_SERVER_ERROR,
					      CAUSE_BUSY_EVERYWHERE };
	static const uint16_t unknown[] = { 399, 499, 599, 699 };
	unsigned code;
	size_t i;

	(void)state;
	for (code = 300; code <= 699; code++) {
		enum cause c = sip_cause_from_status(code);

		assert_true(c > CAUSE_NONE && c < CAUSES_N);
		/* never into another class than the far side meant */
		if (code != 401 && code != 407 && code != 513)
			assert_int_equal(sip_cause_to_status(c).code / 100,
					 code / 100);
	}
	for (i = 0; i < COUNT_OF(unknown); i++)
		assert_int_equal(sip_cause_from_status(unknown[i]),
				 classes[i]);
	for (code = 0; code < 300; code++)
		assert_int_equal(sip_cause_from_status(code), CAUSE_NONE);
	assert_int_equal(sip_cause_from_status(700), CAUSE_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_ROWS(test_table_2, "X-30"),
		TEST(test_every_cause_has_a_status),
		TEST_ROWS(test_not_offered_is_never_503, "X-32"),
		TEST_ROWS(test_warnings, "CP09"),
		TEST(test_known_codes_come_back),
		TEST_ROWS(test_every_code_has_a_cause, "X-34"),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
