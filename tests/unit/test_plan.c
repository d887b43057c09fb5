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

/* "a b|c": stage of a and b, then c. */
static void check_stages(const struct contact *list, size_t n,
			 const char *instance, const char *stages,
			 const char *all)
{
	struct binding bindings[BINDINGS_MAX] = { { .reg_id = 0 } };
	const struct binding *flat[BINDINGS_MAX];
	struct user user = { .bindings = bindings, .bindings_n = n };
	struct addr to = { .kind = ADDR_USER, .instance = str_of(instance) };
	struct msg m = { .to = &to, .to_n = 1 };
	struct plan plan;
	struct buf b;
	size_t i, k, flat_n;

	for (i = 0; i < n; i++)
		bindings[i] = (struct binding){
			.contact = str_of(list[i].contact),
			.params = str_of(list[i].params),
			.instance = str_of(list[i].instance),
			.reg_id = list[i].reg_id, .q_milli = list[i].q_milli,
			.expires_utc_us = list[i].expires,
		};
	route_plan(&user, &to, NOW, &plan);
	buf_init(&b, 1024);
	for (i = 0; i < plan.stages_n; i++) {
		if (i)
			buf_put_char(&b, '|');
		for (k = 0; k < plan.stages[i].n; k++) {
			if (k)
				buf_put_char(&b, ' ');
			buf_put_str(&b, plan.stages[i].bindings[k]->contact);
		}
	}
	assert_str(buf_str(&b), stages);
	buf_clear(&b);
	flat_n = plan_bindings(&user, &m, NOW, flat, BINDINGS_MAX);
	for (i = 0; i < flat_n; i++) {
		if (i)
			buf_put_char(&b, ' ');
		buf_put_str(&b, flat[i]->contact);
	}
	assert_str(buf_str(&b), all);
	buf_free(&b);
}

static void test_default_is_parallel(void **state)
{
	static const struct contact list[] = {
		{ "a", "", "", 0, 1000, NOW + 1 },
		{ "b", "+g.oma.sip-im", "", 0, 1000, NOW + 9 },
		{ "c", ";methods=\"INVITE, message\"", "", 0, 1000, NOW + 5 },
	};

	(void)state;
	check_stages(list, 3, "", "a b c", "a b c");
}

static void test_expired(void **state)
{
	static const struct contact list[] = {
		{ "a", "", "", 0, 1000, NOW },
		{ "b", "", "", 0, 1000, NOW + 1 },
		{ "c", "", "", 0, 1000, NOW - 1 },
	};

	(void)state;
	check_stages(list, 3, "", "b", "b");
	check_stages(list, 1, "", "", "");
	check_stages(list, 0, "", "", "");
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
	check_stages(list, 5, "", "b d|a e|c", "b d a e c");
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
	check_stages(list, 4, "", "chat old|phone|low", "chat old phone low");
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
	check_stages(list, 6, "", "f2 g1 h1 h2|f1", "f2 g1 h1 h2");
}

static void test_instance(void **state)
{
	static const struct contact list[] = {
		{ "a", "", "<urn:uuid:1>", 0, 1000, NOW + 1 },
		{ "b", "", "<urn:uuid:2>", 0, 100, NOW + 1 },
		{ "c", "", "<urn:uuid:3>", 0, 1000, NOW },
	};

	(void)state;
	check_stages(list, 3, "urn:uuid:2", "b", "b");
	/* gone, or never there: whoever is there */
	check_stages(list, 3, "urn:uuid:3", "a|b", "a b");
	check_stages(list, 3, "tablet", "a|b", "a b");
}

static void test_limits(void **state)
{
	struct binding bindings[BINDINGS_MAX + 4] = { { .reg_id = 0 } };
	const struct binding *flat[4];
	struct user user = { .bindings = bindings,
			     .bindings_n = BINDINGS_MAX + 4 };
	struct msg m = { .to_n = 0 };
	struct plan plan;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(bindings); i++) {
		bindings[i].q_milli = (uint16_t)(1000 - i);
		bindings[i].expires_utc_us = NOW + 1;
	}
	route_plan(&user, NULL, NOW, &plan);
	assert_int_equal(plan.stages_n, BINDINGS_MAX);
	assert_int_equal(plan_bindings(&user, &m, NOW, flat, 4), 4);
	assert_ptr_equal(flat[3], &bindings[3]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_default_is_parallel),
		TEST(test_expired),
		TEST(test_q),
		TEST(test_methods),
		TEST(test_flows),
		TEST_ROWS(test_instance, "X-26"),
		TEST(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
