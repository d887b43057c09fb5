/* tests/unit/test_cause.c: the table of causes is whole.
 * [core/model/cause.h]
 */
#include "tests/unit/unit.h"

#include "core/model/cause.h"

static void test_every_cause(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < CAUSES_N; i++) {
		enum cause c = (enum cause)i;
		struct str name = str_of(cause_name(c));

		assert_true(name.n > 0);
		assert_true(str_of(cause_text(c)).n > 0);
		assert_int_equal(cause_by_name(name), c);
		assert_int_equal(cause_class(c) == CAUSE_OK, c == CAUSE_NONE);
	}
}

static void test_unknown_names(void **state)
{
	(void)state;
	assert_int_equal(cause_by_name(STR("")), CAUSE_UNDEFINED);
	assert_int_equal(cause_by_name(STR("not_found")), CAUSE_UNDEFINED);
	assert_int_equal(cause_by_name(STR("NOT_FOUND ")), CAUSE_UNDEFINED);
	assert_int_equal(cause_by_name(STR_NONE), CAUSE_UNDEFINED);
}

/* What the queue does with a failed message hangs on its class. */
static void test_classes(void **state)
{
	static const struct {
		enum cause cause;
		enum cause_class cls;
	} rows[] = {
		{ CAUSE_NONE, CAUSE_OK },
		{ CAUSE_NOT_FOUND, CAUSE_FINAL },
		{ CAUSE_TOO_LARGE, CAUSE_FINAL },
		{ CAUSE_DECLINED, CAUSE_FINAL },
		{ CAUSE_UNAVAILABLE, CAUSE_ABSENT },
		{ CAUSE_TIMEOUT, CAUSE_ABSENT },
		{ CAUSE_SERVICE_UNAVAILABLE, CAUSE_ABSENT },
		{ CAUSE_NO_BINDING, CAUSE_ABSENT },
		{ CAUSE_BUSY_HERE, CAUSE_BUSY },
		{ CAUSE_BUSY_EVERYWHERE, CAUSE_BUSY },
		{ CAUSE_LINK_DOWN, CAUSE_LINK },
		{ CAUSE_OVERLOAD, CAUSE_LINK },
		{ CAUSE_REMOTE_TIMEOUT, CAUSE_LINK },
		{ CAUSE_NO_RELAY, CAUSE_FINAL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++)
		assert_int_equal(cause_class(rows[i].cause), rows[i].cls);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_every_cause),
		TEST(test_unknown_names),
		TEST(test_classes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
