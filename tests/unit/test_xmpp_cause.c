/* tests/unit/test_xmpp_cause.c: tables 2 and 3 of RFC 7247, row by row, as
 * causes; sip_cause.c has the other half, the codes.
 */
#include "adapters/xmpp/xmpp_cause.h"
#include "tests/unit/unit.h"

static void test_conditions(void **state)
{
	static const struct {
		const char *name;
		enum cause full, bare, bare_6xx;
	} rows[] = {
		{ "bad-request", CAUSE_BAD_REQUEST, CAUSE_BAD_REQUEST,
		  CAUSE_BAD_REQUEST },
		{ "conflict", CAUSE_CONFLICT, CAUSE_CONFLICT, CAUSE_CONFLICT },
		{ "feature-not-implemented", CAUSE_METHOD_NOT_ALLOWED,
		  CAUSE_NOT_IMPLEMENTED, CAUSE_NOT_IMPLEMENTED },
		{ "forbidden", CAUSE_FORBIDDEN, CAUSE_FORBIDDEN,
		  CAUSE_FORBIDDEN_ANYWHERE },
		{ "gone", CAUSE_GONE, CAUSE_GONE, CAUSE_GONE },
		{ "internal-server-error", CAUSE_SERVER_ERROR,
		  CAUSE_SERVER_ERROR, CAUSE_SERVER_ERROR },
		{ "item-not-found", CAUSE_NOT_FOUND, CAUSE_NOT_FOUND,
		  CAUSE_NOT_ANYWHERE },
		{ "jid-malformed", CAUSE_JID_MALFORMED, CAUSE_JID_MALFORMED,
		  CAUSE_JID_MALFORMED },
		{ "not-acceptable", CAUSE_NOT_ACCEPTABLE, CAUSE_NOT_ACCEPTABLE,
		  CAUSE_NOT_ACCEPTABLE_ANYWHERE },
		{ "not-allowed", CAUSE_NOT_ALLOWED, CAUSE_NOT_ALLOWED,
		  CAUSE_NOT_ALLOWED },
		{ "not-authorized", CAUSE_FAR_UNAUTHORIZED,
		  CAUSE_FAR_UNAUTHORIZED, CAUSE_FAR_UNAUTHORIZED },
		{ "policy-violation", CAUSE_POLICY_VIOLATION,
		  CAUSE_POLICY_VIOLATION, CAUSE_POLICY_VIOLATION },
		{ "recipient-unavailable", CAUSE_UNAVAILABLE,
		  CAUSE_UNAVAILABLE, CAUSE_BUSY_EVERYWHERE },
		{ "redirect", CAUSE_REDIRECT, CAUSE_REDIRECT, CAUSE_REDIRECT },
		{ "registration-required", CAUSE_FAR_REGISTRATION,
		  CAUSE_FAR_REGISTRATION, CAUSE_FAR_REGISTRATION },
		{ "remote-server-not-found", CAUSE_REMOTE_NOT_FOUND,
		  CAUSE_REMOTE_NOT_FOUND, CAUSE_REMOTE_NOT_FOUND },
		{ "remote-server-timeout", CAUSE_REMOTE_TIMEOUT,
		  CAUSE_REMOTE_TIMEOUT, CAUSE_REMOTE_TIMEOUT },
		{ "resource-constraint", CAUSE_RESOURCE_CONSTRAINT,
		  CAUSE_RESOURCE_CONSTRAINT, CAUSE_RESOURCE_CONSTRAINT },
		{ "service-unavailable", CAUSE_NOT_OFFERED, CAUSE_NOT_OFFERED,
		  CAUSE_NOT_OFFERED },
		{ "subscription-required", CAUSE_SUBSCRIPTION_REQUIRED,
		  CAUSE_SUBSCRIPTION_REQUIRED, CAUSE_SUBSCRIPTION_REQUIRED },
		{ "undefined-condition", CAUSE_UNDEFINED, CAUSE_UNDEFINED,
		  CAUSE_UNDEFINED },
		{ "unexpected-request", CAUSE_UNEXPECTED, CAUSE_UNEXPECTED,
		  CAUSE_UNEXPECTED },
	};
	enum xmpp_cond cond;
	size_t i;

	(void)state;
	assert_int_equal(COUNT_OF(rows), XMPP_CONDS_N);
	for (i = 0; i < COUNT_OF(rows); i++) {
		assert_true(xmpp_cond_by_name(str_of(rows[i].name), &cond));
		assert_string_equal(xmpp_cond_name(cond), rows[i].name);
		assert_int_equal(xmpp_cause_of(cond, true, true, false),
				 rows[i].full);
		assert_int_equal(xmpp_cause_of(cond, false, false, false),
				 rows[i].bare);
		assert_int_equal(xmpp_cause_of(cond, false, true, false),
				 rows[i].bare_6xx);
	}
	assert_false(xmpp_cond_by_name(STR("payment-required"), &cond));
}

static void test_gone(void **state)
{
	(void)state;
	assert_int_equal(xmpp_cause_of(XMPP_COND_GONE, true, false, true),
			 CAUSE_MOVED);
	assert_int_equal(xmpp_cause_of(XMPP_COND_GONE, true, false, false),
			 CAUSE_GONE);
}

/* 503 would block the whole server for all users. */
static void test_never_503(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < XMPP_CONDS_N; i++) {
		enum xmpp_cond c = (enum xmpp_cond)i;

		assert_int_not_equal(xmpp_cause_of(c, true, false, false),
				     CAUSE_SERVICE_UNAVAILABLE);
		assert_int_not_equal(xmpp_cause_of(c, false, false, false),
				     CAUSE_SERVICE_UNAVAILABLE);
	}
}

static void test_codes(void **state)
{
	/* In the order of SIP's codes; the code stands for its cause. */
	static const struct {
		unsigned code;
		enum cause cause;
		const char *cond, *type;
	} rows[] = {
		{ 301, CAUSE_MOVED, "gone", "cancel" },
		{ 302, CAUSE_REDIRECT, "redirect", "modify" },
		{ 380, CAUSE_ALTERNATIVE_SERVICE, "not-acceptable", "modify" },
		{ 400, CAUSE_BAD_REQUEST, "bad-request", "modify" },
		{ 401, CAUSE_FAR_UNAUTHORIZED, "not-authorized", "auth" },
		{ 402, CAUSE_PAYMENT_REQUIRED, "bad-request", "modify" },
		{ 403, CAUSE_FORBIDDEN, "forbidden", "auth" },
		{ 404, CAUSE_NOT_FOUND, "item-not-found", "cancel" },
		{ 405, CAUSE_METHOD_NOT_ALLOWED, "feature-not-implemented",
		  "cancel" },
		{ 406, CAUSE_NOT_ACCEPTABLE, "not-acceptable", "modify" },
		{ 407, CAUSE_FAR_REGISTRATION, "registration-required",
		  "auth" },
		{ 408, CAUSE_TIMEOUT, "remote-server-timeout", "wait" },
		{ 410, CAUSE_GONE, "gone", "cancel" },
		{ 413, CAUSE_TOO_LARGE, "policy-violation", "modify" },
		{ 414, CAUSE_URI_TOO_LONG, "policy-violation", "modify" },
		{ 415, CAUSE_MEDIA_UNSUPPORTED, "not-acceptable", "modify" },
		{ 416, CAUSE_SCHEME_UNSUPPORTED, "not-acceptable", "modify" },
		{ 420, CAUSE_BAD_EXTENSION, "feature-not-implemented",
		  "cancel" },
		{ 421, CAUSE_EXTENSION_REQUIRED, "not-acceptable", "modify" },
		{ 423, CAUSE_INTERVAL_TOO_BRIEF, "resource-constraint",
		  "wait" },
		{ 430, CAUSE_FLOW_FAILED, "recipient-unavailable", "wait" },
		{ 439, CAUSE_NO_OUTBOUND, "feature-not-implemented",
		  "cancel" },
		{ 440, CAUSE_MAX_BREADTH, "policy-violation", "modify" },
		{ 480, CAUSE_UNAVAILABLE, "recipient-unavailable", "wait" },
		{ 481, CAUSE_NO_TRANSACTION, "item-not-found", "cancel" },
		{ 482, CAUSE_LOOP, "not-acceptable", "modify" },
		{ 483, CAUSE_TOO_MANY_HOPS, "not-acceptable", "modify" },
		{ 484, CAUSE_ADDRESS_INCOMPLETE, "item-not-found", "cancel" },
		{ 485, CAUSE_AMBIGUOUS, "item-not-found", "cancel" },
		{ 486, CAUSE_BUSY_HERE, "recipient-unavailable", "wait" },
		{ 487, CAUSE_TERMINATED, "recipient-unavailable", "wait" },
		{ 488, CAUSE_NOT_ACCEPTABLE_HERE, "not-acceptable", "modify" },
		{ 489, CAUSE_BAD_EVENT, "policy-violation", "modify" },
		{ 491, CAUSE_REQUEST_PENDING, "unexpected-request", "wait" },
		{ 493, CAUSE_UNDECIPHERABLE, "bad-request", "modify" },
		{ 500, CAUSE_SERVER_ERROR, "internal-server-error", "cancel" },
		{ 501, CAUSE_NOT_IMPLEMENTED, "feature-not-implemented",
		  "cancel" },
		{ 502, CAUSE_BAD_GATEWAY, "remote-server-not-found",
		  "cancel" },
		{ 503, CAUSE_SERVICE_UNAVAILABLE, "internal-server-error",
		  "cancel" },
		{ 504, CAUSE_SERVER_TIMEOUT, "remote-server-timeout", "wait" },
		{ 505, CAUSE_VERSION_UNSUPPORTED, "not-acceptable", "modify" },
		{ 600, CAUSE_BUSY_EVERYWHERE, "recipient-unavailable",
		  "wait" },
		{ 603, CAUSE_DECLINED, "recipient-unavailable", "wait" },
		{ 604, CAUSE_NOT_ANYWHERE, "item-not-found", "cancel" },
		{ 606, CAUSE_NOT_ACCEPTABLE_ANYWHERE, "not-acceptable",
		  "modify" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct xmpp_fault f = xmpp_fault_of(rows[i].cause);

		if (strcmp(xmpp_cond_name(f.cond), rows[i].cond) != 0 ||
		    strcmp(f.type, rows[i].type) != 0)
			fail_msg("%u: %s %s, expected %s %s", rows[i].code,
				 xmpp_cond_name(f.cond), f.type, rows[i].cond,
				 rows[i].type);
	}
}

/* What XMPP says comes back as it was said. */
static void test_round_trip(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < XMPP_CONDS_N; i++) {
		enum cause c = xmpp_cause_of((enum xmpp_cond)i, true, false,
					     false);

		assert_int_equal(xmpp_fault_of(c).cond, i);
	}
}

static void test_total(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < CAUSES_N; i++) {
		struct xmpp_fault f = xmpp_fault_of((enum cause)i);

		assert_true(f.cond < XMPP_CONDS_N);
		assert_non_null(f.type);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_ROWS(test_conditions, "X-30"),
		TEST_ROWS(test_gone, "X-31"),
		TEST_ROWS(test_never_503, "X-32"),
		TEST_ROWS(test_codes, "X-33"),
		TEST(test_round_trip),
		TEST(test_total),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
