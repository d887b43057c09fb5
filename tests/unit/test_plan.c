/* tests/unit/test_plan.c: which contacts get a message, in what order.
 * [core/route/plan.h; RFC 3261 16.6, RFC 3841 7.2, RFC 5626 5.3]
 */
#include "tests/unit/unit.h"

#include "core/route/plan.h"

#define NOW 1000000

struct contact {
	const char *contact, *params, *instance;
	uint32_t reg_id;
	uint16_t q_milli;
	int64_t expires;
};

static struct binding bindings[BINDINGS_MAX];

static struct user user_of(const struct contact *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		bindings[i] = (struct binding){
			.contact = str_of(list[i].contact),
			.params = str_of(list[i].params),
			.instance = str_of(list[i].instance),
			.reg_id = list[i].reg_id, .q_milli = list[i].q_milli,
			.expires_utc_us = list[i].expires,
		};
	return (struct user){ .bindings = bindings, .bindings_n = n };
}

static void put_plan(const struct plan *plan, struct buf *b)
{
	size_t i;

	for (i = 0; i < plan->n; i++) {
		const struct plan_item *it = &plan->list[i];

		if (i)
			buf_put_char(b, it->stage == it[-1].stage ? ' ' : '|');
		if (it->is_reserve)
			buf_put_char(b, '(');
		buf_put_str(b, it->binding->contact);
		if (it->is_reserve)
			buf_put_char(b, ')');
	}
}

/* "a b|c": stage of a and b, then c; "(d)": a reserve. */
static void check_msg(const struct contact *list, size_t n, struct msg *m,
		      const char *stages)
{
	struct user user = user_of(list, n);
	struct plan plan;
	struct buf b;

	route_plan(&user, m, NOW, &plan);
	buf_init(&b, 1024);
	put_plan(&plan, &b);
	assert_str(buf_str(&b), stages);
	buf_free(&b);
}

static void check_stages(const struct contact *list, size_t n,
			 const char *instance, const char *stages)
{
	struct addr to = { .kind = ADDR_USER, .instance = str_of(instance) };
	struct msg m = { .to = &to, .to_n = 1 };

	check_msg(list, n, &m, stages);
}

static void test_default_is_parallel(void **state)
{
	static const struct contact list[] = {
		{ "a", "", "", 0, 1000, NOW + 1 },
		{ "b", "+g.oma.sip-im", "", 0, 1000, NOW + 9 },
		{ "c", ";methods=\"INVITE, message\"", "", 0, 1000, NOW + 5 },
	};

	(void)state;
	check_stages(list, 3, "", "a b c");
}

static void test_expired(void **state)
{
	static const struct contact list[] = {
		{ "a", "", "", 0, 1000, NOW },
		{ "b", "", "", 0, 1000, NOW + 1 },
		{ "c", "", "", 0, 1000, NOW - 1 },
	};

	(void)state;
	check_stages(list, 3, "", "b");
	check_stages(list, 1, "", "");
	check_stages(list, 0, "", "");
}

static void test_q(void **state)
{
	static const struct contact list[] = {
		{ "a", "", "", 0, 500, NOW + 1 },
		{ "b", "", "", 0, 1000, NOW + 1 },
		{ "c", "", "", 0, 0, NOW + 1 },
		{ "d", "", "", 0, 1000, NOW + 1 },
		{ "e", "", "", 0, 500, NOW + 1 },
	};

	(void)state;
	check_stages(list, 5, "", "b d|a e|c");
}

static void test_methods(void **state)
{
	static const struct contact list[] = {
		{ "phone", "methods=\"INVITE,BYE\"", "", 0, 1000, NOW + 1 },
		{ "chat", "methods=\"INVITE,MESSAGE\"", "", 0, 1000,
		  NOW + 1 },
		{ "old", "", "", 0, 1000, NOW + 1 },
		{ "low", "", "", 0, 100, NOW + 1 },
	};

	(void)state;
	check_stages(list, 4, "", "chat old|low");
}

/* Two flows of one device: the younger first, the other only behind it. */
static void test_flows(void **state)
{
	static const struct contact list[] = {
		{ "f1", "", "<urn:uuid:1>", 1, 1000, NOW + 1 },
		{ "f2", "", "<urn:uuid:1>", 2, 1000, NOW + 9 },
		{ "g1", "", "<urn:uuid:2>", 1, 1000, NOW + 1 },
		{ "dead", "", "<urn:uuid:2>", 2, 1000, NOW },
		/* without reg-id these are no flows */
		{ "h1", "", "<urn:uuid:3>", 0, 1000, NOW + 1 },
		{ "h2", "", "<urn:uuid:3>", 0, 1000, NOW + 2 },
	};

	(void)state;
	check_stages(list, 6, "", "f2 g1 h1 h2 (f1)");
}

static void test_instance(void **state)
{
	static const struct contact list[] = {
		{ "a", "", "<urn:uuid:1>", 0, 1000, NOW + 1 },
		{ "b", "", "<urn:uuid:2>", 0, 100, NOW + 1 },
		{ "c", "", "<urn:uuid:3>", 0, 1000, NOW },
	};

	(void)state;
	check_stages(list, 3, "urn:uuid:2", "b");
	/* gone, or never there: whoever is there */
	check_stages(list, 3, "urn:uuid:3", "a|b");
	check_stages(list, 3, "tablet", "a|b");
}

/* Nobody takes it as far as he says: all are tried, and may say 405. */
static void test_methods_of_nobody(void **state)
{
	static const struct contact list[] = {
		{ "phone", "methods=\"INVITE,BYE\"", "", 0, 1000, NOW + 1 },
		{ "desk", "methods=\"INVITE\"", "", 0, 500, NOW + 1 },
	};

	(void)state;
	check_stages(list, 2, "", "phone|desk");
}

static struct msg wanting(const char *accept, const char *reject,
			  unsigned handling)
{
	return (struct msg){ .accept_contact = str_of(accept),
			     .reject_contact = str_of(reject),
			     .handling = handling };
}

/* The example of RFC 3841 7.2.5. */
static void test_preferences_of_the_rfc(void **state)
{
	static const struct contact list[] = {
		{ "u1", "audio;video;methods=\"INVITE,BYE\"", "", 0, 200,
		  NOW + 1 },
		{ "u2", "audio=\"FALSE\";methods=\"INVITE\";"
		  "actor=\"msg-taker\"", "", 0, 200, NOW + 1 },
		{ "u3", "audio;actor=\"msg-taker\";methods=\"INVITE\";video",
		  "", 0, 300, NOW + 1 },
		{ "u4", "audio;methods=\"INVITE,OPTIONS\"", "", 0, 200,
		  NOW + 1 },
		{ "u5", "", "", 0, 500, NOW + 1 },
	};
	struct msg m = wanting("*;audio;require, *;video;explicit, "
			       "*;methods=\"BYE\";class=\"business\";q=1.0",
			       "*;actor=\"msg-taker\";video", 0);

	(void)state;
	check_msg(list, 5, &m, "u5|u1|u4");
}

static void test_require_and_explicit(void **state)
{
	static const struct contact list[] = {
		{ "says", "+g.x", "", 0, 1000, NOW + 1 },
		{ "denies", "+g.x=\"FALSE\"", "", 0, 1000, NOW + 1 },
		{ "silent", "mobility=fixed", "", 0, 1000, NOW + 1 },
		{ "bare", "", "", 0, 1000, NOW + 1 },
	};
	struct msg m = wanting("*;+g.x;require", "", 0);
	struct plan plan;
	struct user user;

	(void)state;
	check_msg(list, 4, &m, "says bare|silent");
	m = wanting("*;+g.x;require;explicit", "", 0);
	check_msg(list, 4, &m, "says bare");
	m = wanting("*;+g.x;explicit", "", 0);
	check_msg(list, 4, &m, "says bare|denies silent");
	m = wanting("*;+g.x", "", 0);
	check_msg(list, 4, &m, "says bare|denies silent");
	m = wanting("", "*;+g.x", 0);
	check_msg(list, 4, &m, "denies silent bare");
	/* an empty choice is not an absent user */
	m = wanting("*;+g.x;require", "", 0);
	user = user_of(&list[1], 1);
	route_plan(&user, &m, NOW, &plan);
	assert_int_equal(plan.n, 0);
	assert_true(plan.is_unwanted);
	user = user_of(list, 0);
	route_plan(&user, &m, NOW, &plan);
	assert_false(plan.is_unwanted);
	/* what cannot be read is no preference */
	m = wanting("*;+g.x=\"open;require, sip:x;y", "", 0);
	check_msg(list, 4, &m, "says denies silent bare");
}

static void test_disposition(void **state)
{
	static const struct contact list[] = {
		{ "a", "", "", 0, 500, NOW + 1 },
		{ "b", "", "", 0, 1000, NOW + 1 },
		{ "c", "", "", 0, 500, NOW + 1 },
	};
	struct msg m = wanting("", "", HANDLE_PARALLEL);
	struct user user;
	struct plan plan;

	(void)state;
	check_msg(list, 3, &m, "b a c");
	m.handling = HANDLE_SEQUENTIAL;
	check_msg(list, 3, &m, "b|a|c");
	m.handling = HANDLE_NO_FORK | HANDLE_PARALLEL;
	check_msg(list, 3, &m, "b|a|c");
	user = user_of(list, 3);
	route_plan(&user, &m, NOW, &plan);
	assert_true(plan.is_single);
}

static void test_limits(void **state)
{
	struct binding many[BINDINGS_MAX + 4] = { { .reg_id = 0 } };
	struct user user = { .bindings = many,
			     .bindings_n = BINDINGS_MAX + 4 };
	struct msg m = { .to_n = 0 };
	struct plan plan;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(many); i++) {
		many[i].q_milli = (uint16_t)(1000 - i);
		many[i].expires_utc_us = NOW + 1;
	}
	route_plan(&user, &m, NOW, &plan);
	assert_int_equal(plan.n, BINDINGS_MAX);
	assert_int_equal(plan.list[BINDINGS_MAX - 1].stage, BINDINGS_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_default_is_parallel),
		TEST(test_expired),
		TEST(test_q),
		TEST(test_methods),
		TEST(test_methods_of_nobody),
		TEST_ROWS(test_preferences_of_the_rfc, "CP11 CP12"),
		TEST_ROWS(test_require_and_explicit, "CP11 CP12"),
		TEST(test_disposition),
		TEST(test_flows),
		TEST(test_instance),
		TEST(test_limits),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
