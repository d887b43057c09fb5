/* tests/unit/test_route_parts.c: forks, retries, numbers, identity towards a
 * target, the loop key. [core/route/fork.h, retry.h, numbers.h, trust.h]
 */
#include "tests/unit/unit.h"

#include "core/route/fork.h"
#include "core/route/guard.h"
#include "core/route/numbers.h"
#include "core/route/retry.h"
#include "core/route/trust.h"

/* ---- fork ---- */

static void test_best_answer(void **state)
{
	/* the better one first [RFC 3261 16.7.6] */
	static const enum cause rows[][2] = {
		{ CAUSE_DECLINED, CAUSE_NOT_FOUND },
		{ CAUSE_BUSY_EVERYWHERE, CAUSE_MOVED },
		{ CAUSE_REDIRECT, CAUSE_NOT_FOUND },
		{ CAUSE_MEDIA_UNSUPPORTED, CAUSE_NOT_FOUND },
		{ CAUSE_TOO_LARGE, CAUSE_FORBIDDEN },
		{ CAUSE_NOT_FOUND, CAUSE_BUSY_HERE },
		{ CAUSE_BUSY_HERE, CAUSE_UNAVAILABLE },
		{ CAUSE_UNAVAILABLE, CAUSE_SERVER_ERROR },
		{ CAUSE_TIMEOUT, CAUSE_SERVICE_UNAVAILABLE },
		{ CAUSE_NO_ANSWER, CAUSE_NONE },
		{ CAUSE_LINK_DOWN, CAUSE_NONE },
		{ CAUSE_SERVER_ERROR, CAUSE_NONE },
	};
	size_t i;
	unsigned c;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(fork_better(rows[i][0], rows[i][1]),
				 rows[i][0]);
		assert_int_equal(fork_better(rows[i][1], rows[i][0]),
				 rows[i][0]);
	}
	for (c = 1; c < CAUSES_N; c++) {
		assert_int_equal(fork_better(CAUSE_NONE, (enum cause)c), c);
		assert_int_equal(fork_better((enum cause)c, CAUSE_NONE), c);
	}
	/* of equals the first stays */
	assert_int_equal(fork_better(CAUSE_NOT_FOUND, CAUSE_FORBIDDEN),
			 CAUSE_NOT_FOUND);
	assert_int_equal(fork_better(CAUSE_FORBIDDEN, CAUSE_NOT_FOUND),
			 CAUSE_FORBIDDEN);
}

static void test_first_2xx_wins(void **state)
{
	struct fork f = { .open_n = 0 };

	(void)state;
	fork_add(&f, 4);
	assert_int_equal(fork_result(&f, 1, CAUSE_BUSY_HERE), FORK_WAIT);
	assert_int_equal(fork_result(&f, 2, CAUSE_NONE), FORK_WON);
	assert_int_equal(f.best_leg, 2);
	assert_int_equal(fork_result(&f, 3, CAUSE_NONE), FORK_LATE);
	assert_int_equal(fork_result(&f, 4, CAUSE_DECLINED), FORK_LATE);
	assert_int_equal(f.best, CAUSE_NONE);
	assert_int_equal(f.best_leg, 2);
	assert_false(fork_is_to_store(&f, true));
}

static void test_all_failed(void **state)
{
	struct fork f = { .open_n = 0 };

	(void)state;
	fork_add(&f, 3);
	assert_int_equal(fork_result(&f, 1, CAUSE_SERVER_ERROR), FORK_WAIT);
	assert_int_equal(fork_result(&f, 2, CAUSE_NOT_FOUND), FORK_WAIT);
	assert_int_equal(fork_result(&f, 3, CAUSE_UNAVAILABLE), FORK_LOST);
	assert_int_equal(f.best, CAUSE_NOT_FOUND);
	assert_int_equal(f.best_leg, 2);
	assert_true(f.was_absent);
	assert_true(fork_is_to_store(&f, false));
	/* a further stage may still win */
	fork_add(&f, 1);
	assert_int_equal(fork_result(&f, 4, CAUSE_NONE), FORK_WON);
}

static void test_to_store(void **state)
{
	static const struct {
		enum cause a, b;
		bool is_kept, is_kept_busy;
	} rows[] = {
		{ CAUSE_UNAVAILABLE, CAUSE_TIMEOUT, true, true },
		{ CAUSE_NOT_FOUND, CAUSE_FORBIDDEN, false, false },
		{ CAUSE_NOT_FOUND, CAUSE_NO_ANSWER, true, true },
		{ CAUSE_BUSY_HERE, CAUSE_NOT_FOUND, false, true },
		{ CAUSE_BUSY_HERE, CAUSE_UNAVAILABLE, true, true },
		{ CAUSE_LINK_DOWN, CAUSE_NOT_FOUND, true, true },
		{ CAUSE_DECLINED, CAUSE_UNAVAILABLE, false, false },
		{ CAUSE_BUSY_EVERYWHERE, CAUSE_UNAVAILABLE, false, true },
		{ CAUSE_NOT_ANYWHERE, CAUSE_BUSY_HERE, false, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct fork f = { .open_n = 2 };

		fork_result(&f, 1, rows[i].a);
		assert_int_equal(fork_result(&f, 2, rows[i].b), FORK_LOST);
		assert_int_equal(fork_is_to_store(&f, false),
				 rows[i].is_kept);
		assert_int_equal(fork_is_to_store(&f, true),
				 rows[i].is_kept_busy);
		assert_int_equal(f.was_global, fork_is_global(rows[i].a));
	}
}

/* ---- retry ---- */

static const struct config timing = {
	.retry_link_min_ms = 1000, .retry_link_max_ms = 60000,
	.retry_user_ms = { 30000, 300000, 3600000 },
	.queue_life_ms_max = 604800000,
};

static void test_link_retry(void **state)
{
	static const uint32_t bounds[] = { 1000, 1000, 2000, 4000, 8000, 16000,
					   32000, 60000, 60000 };
	uint32_t tries, i;

	(void)state;
	for (tries = 0; tries < COUNT_OF(bounds); tries++) {
		uint32_t low = UINT32_MAX, high = 0;

		for (i = 0; i < 2000; i++) {
			uint32_t ms = retry_link_ms(
				&timing, tries, i * 0x9e3779b97f4a7c15u);

			assert_in_range(ms, 101, bounds[tries]);
			low = ms < low ? ms : low;
			high = ms > high ? ms : high;
		}
		/* jitter over all of it */
		assert_true(low < bounds[tries] / 5);
		assert_true(high > bounds[tries] / 5 * 4);
	}
	assert_in_range(retry_link_ms(&timing, UINT32_MAX, 5), 101, 60000);
}

static void test_link_retry_odd(void **state)
{
	struct config c = { .retry_link_min_ms = 0 };

	(void)state;
	assert_int_equal(retry_link_ms(&c, 1, 77), 1);
	c.retry_link_min_ms = c.retry_link_max_ms = 5;
	assert_in_range(retry_link_ms(&c, 9, UINT64_MAX), 1, 5);
	c.retry_link_max_ms = UINT32_MAX;
	assert_true(retry_link_ms(&c, UINT32_MAX, UINT64_MAX) > 0);
}

static void test_user_retry(void **state)
{
	static const uint32_t rows[] = { 30000, 30000, 300000, 3600000,
					 3600000, 3600000 };
	uint32_t tries;

	(void)state;
	for (tries = 0; tries < COUNT_OF(rows); tries++) {
		assert_int_equal(retry_user_ms(&timing, tries, 0),
				 rows[tries]);
		assert_in_range(retry_user_ms(&timing, tries, UINT64_MAX),
				rows[tries], rows[tries] / 10 * 11);
	}
	assert_true(retry_due(&timing, false, 1, 5000000, 0) == 35000000);
	assert_true(retry_due(&timing, true, 1, 5000000, 0) == 5101000);
}

static void test_expiry(void **state)
{
	const int64_t now = 1700000000000000, week = 604800000000;

	(void)state;
	assert_true(retry_expiry_utc_us(&timing, now, 0) == now + week);
	assert_true(retry_expiry_utc_us(&timing, now, now + 60) == now + 60);
	assert_true(retry_expiry_utc_us(&timing, now, now - 60) == now - 60);
	assert_true(retry_expiry_utc_us(&timing, now, now + 2 * week) ==
		    now + week);
}

/* ---- numbers ---- */

static void test_numbers(void **state)
{
	struct number_plan plans[] = {
		{ .name = STR("de"), .country = STR("49"), .trunk = STR("0"),
		  .international = STR("00"), .min_digits = 7,
		  .max_digits = 15 },
		{ .name = STR("us"), .country = STR("1"),
		  .trunk = STR("1"), .international = STR("011"),
		  .min_digits = 11, .max_digits = 11 },
	};
	struct domain_conf domains[] = {
		{ .name = STR("sip.example"), .number_plan = STR("de") },
		{ .name = STR("num.example"), .number_plan = STR("de"),
		  .numeric_user_is_phone = true },
		{ .name = STR("bare.example"), .numeric_user_is_phone = true },
		{ .name = STR("us.example"), .number_plan = STR("us") },
	};
	struct config c = { .plans = plans, .plans_n = 2,
			    .domains = domains, .domains_n = 4 };
	static const struct {
		const char *uri, *result;
		int sender;		/* index of his domain, -1: none */
	} rows[] = {
		{ "tel:+49151123456", "tel:+49151123456", -1 },
		{ "tel:+49-151-123456", "tel:+49151123456", -1 },
		{ "sip:+49151123456@x.example;user=phone",
		  "tel:+49151123456", -1 },
		/* digits are digits only by licence */
		{ "sip:0151123456@sip.example", "sip:0151123456@sip.example",
		  -1 },
		{ "sip:0151123456@sip.example;user=phone",
		  "tel:+49151123456", -1 },
		{ "sip:0049151123456@sip.example;user=phone",
		  "tel:+49151123456", -1 },
		{ "sip:0151123456@num.example", "tel:+49151123456", -1 },
		{ "sip:+49151123456@num.example", "tel:+49151123456", -1 },
		{ "sip:+49151123456@bare.example", "tel:+49151123456", -1 },
		{ "sip:+49151123456@sip.example",
		  "sip:+49151123456@sip.example", -1 },
		/* no plan there: the sender's */
		{ "sip:0151123456@bare.example",
		  "sip:0151123456@bare.example", -1 },
		{ "sip:0151123456@bare.example", "tel:+49151123456", 0 },
		{ "sip:15550100123@x.example;user=phone", "tel:+15550100123",
		  3 },
		/* what the plan does not know stays a user */
		{ "sip:7042@num.example", "sip:7042@num.example", -1 },
		{ "sip:bob@num.example", "sip:bob@num.example", -1 },
		{ "sip:*31@num.example", "sip:*31@num.example", -1 },
		/* contexts */
		{ "tel:0151123456;phone-context=sip.example",
		  "tel:+49151123456", -1 },
		{ "tel:7042;phone-context=sip.example",
		  "tel:7042;phone-context=sip.example", -1 },
		{ "tel:0151123456;phone-context=x.example",
		  "tel:0151123456;phone-context=x.example", -1 },
		{ "tel:0151123456;phone-context=+49", "tel:+49151123456", -1 },
		{ "tel:151123456;phone-context=+49", "tel:+49151123456", -1 },
		{ "tel:8631234;phone-context=+44-20", "tel:+44208631234", -1 },
		{ "tel:*31#;phone-context=+49",
		  "tel:*31#;phone-context=+49", -1 },
		{ "tel:123456789012345;phone-context=+49",
		  "tel:123456789012345;phone-context=+49", -1 },
		{ "sip:sip.example", "sip:sip.example", -1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct arena *a = arena_new(16384);
		struct addr addr, before;
		struct str by;

		assert_int_equal(addr_from_uri_text(a, str_of(rows[i].uri),
						    &addr), 0);
		before = addr;
		assert_int_equal(numbers_resolve(
			&c, a, rows[i].sender < 0 ? NULL :
			&domains[rows[i].sender], &addr, &by), 0);
		if (!str_eq(addr.text, str_of(rows[i].result)))
			fail_msg("%s became %.*s", rows[i].uri,
				 STR_ARG(addr.text));
		assert_int_equal(by.p != NULL, !addr_eq(&before, &addr));
		arena_free(a);
	}
}

/* ---- trust ---- */

static void test_identity(void **state)
{
	struct domain_conf domains[] = {
		{ .name = STR("sip.example"), .kind = DOMAIN_SERVED,
		  .proto = PROTO_SIP },
		{ .name = STR("xmpp.example"), .kind = DOMAIN_FOREIGN,
		  .proto = PROTO_XMPP },
		{ .name = STR("peer.example"), .kind = DOMAIN_FOREIGN,
		  .proto = PROTO_SIP },
	};
	struct config c = { .domains = domains, .domains_n = 3 };
	static const struct {
		const char *from;
		enum route_kind kind;
		enum proto proto;
		bool is_trusted, is_private;
		const char *seen, *asserted;
	} rows[] = {
		/* one of ours */
		{ "sip:bob@sip.example", ROUTE_USER, PROTO_SIP, false, false,
		  "sip:bob@sip.example", "sip:bob@sip.example" },
		{ "sip:bob@sip.example", ROUTE_USER, PROTO_SIP, false, true,
		  "sip:anonymous@anonymous.invalid", "" },
		{ "sip:bob@sip.example", ROUTE_LINK, PROTO_SIP, true, false,
		  "sip:bob@sip.example", "sip:bob@sip.example" },
		{ "sip:bob@sip.example", ROUTE_LINK, PROTO_SIP, true, true,
		  "sip:anonymous@anonymous.invalid", "sip:bob@sip.example" },
		{ "sip:bob@sip.example", ROUTE_LINK, PROTO_SIP, false, false,
		  "sip:bob@sip.example", "" },
		{ "sip:bob@sip.example", ROUTE_LINK, PROTO_SIP, false, true,
		  "sip:anonymous@anonymous.invalid", "" },
		{ "sip:bob@sip.example", ROUTE_LINK, PROTO_XMPP, true, false,
		  "sip:bob@sip.example", "" },
		{ "sip:bob@sip.example", ROUTE_LINK, PROTO_XMPP, true, true,
		  "sip:anonymous@anonymous.invalid", "" },
		/* a foreign one */
		{ "sip:al@xmpp.example", ROUTE_USER, PROTO_SIP, false, false,
		  "sip:al@xmpp.example", "" },
		{ "sip:al@xmpp.example", ROUTE_LINK, PROTO_SIP, true, false,
		  "sip:al@xmpp.example", "sip:al@xmpp.example" },
		{ "sip:al@xmpp.example", ROUTE_LINK, PROTO_SIP, false, false,
		  "sip:al@xmpp.example", "" },
		{ "sip:al@peer.example", ROUTE_LINK, PROTO_SIP, true, false,
		  "sip:al@peer.example", "" },
		/* nobody to assert */
		{ "sip:anonymous@anonymous.invalid", ROUTE_LINK, PROTO_SIP,
		  true, false, "sip:anonymous@anonymous.invalid", "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct arena *a = arena_new(16384);
		struct msg m = { .is_private = rows[i].is_private };
		struct route r = { .kind = rows[i].kind,
				   .proto = rows[i].proto,
				   .is_trusted = rows[i].is_trusted };
		struct target t = { .leg = 7, .link = 9 };

		assert_int_equal(addr_from_uri_text(a, str_of(rows[i].from),
						    &r.from), 0);
		trust_apply(&c, &m, &r, &t);
		assert_str(t.from.text, rows[i].seen);
		assert_str(t.asserted, rows[i].asserted);
		if (!t.is_trusted)
			assert_str(t.asserted, "");
		if (rows[i].is_private) {
			/* nothing of him is left in what is shown */
			assert_str(t.from.display, "Anonymous");
			assert_str(t.from.instance, "");
		}
		assert_int_equal(t.leg, 7);
		arena_free(a);
	}
}

/* ---- guard ---- */

static void test_loop_key(void **state)
{
	struct addr bob = { .text = STR("sip:bob@sip.example") };
	struct addr al = { .text = STR("sip:al@sip.example") };
	struct trace_id one = { 1, 2 }, two = { 1, 3 };
	uint8_t a[32], b[32];

	(void)state;
	guard_key(one, &bob, a);
	guard_key(one, &bob, b);
	assert_memory_equal(a, b, sizeof(a));
	guard_key(two, &bob, b);
	assert_memory_not_equal(a, b, sizeof(a));
	guard_key(one, &al, b);
	assert_memory_not_equal(a, b, sizeof(a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_best_answer),
		TEST(test_first_2xx_wins),
		TEST(test_all_failed),
		TEST(test_to_store),
		TEST(test_link_retry),
		TEST(test_link_retry_odd),
		TEST(test_user_retry),
		TEST(test_expiry),
		TEST_ROWS(test_numbers, "X-29"),
		TEST_ROWS(test_identity, "CP05"),
		TEST(test_loop_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
