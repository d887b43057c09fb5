/* tests/unit/test_id.c: the trace id. */
#include "tests/unit/unit.h"

#include "core/base/id.h"

static void reads_and_writes(void **state)
{
	const struct str text = STR("0123456789abcdeffedcba9876543210");
	char out[TRACE_HEX_N + 1];
	struct trace_id id;

	(void)state;
	assert_true(trace_parse(text, &id));
	assert_true(id.hi == 0x0123456789abcdef);
	assert_true(id.lo == 0xfedcba9876543210);
	assert_str(trace_hex(id, out), text.p);
	assert_int_equal(strlen(out), 32);
	assert_true(trace_parse(STR("0123456789ABCDEFFEDCBA9876543210"), &id));
	assert_str(trace_hex(id, out), text.p);
	assert_true(trace_parse(STR("ffffffffffffffffffffffffffffffff"), &id));
	assert_true(id.hi == UINT64_MAX && id.lo == UINT64_MAX);
}

static void refuses_all_else(void **state)
{
	static const struct str rows[] = {
		STR_LIT(""), STR_LIT("0123456789abcdeffedcba987654321"),
		STR_LIT("0123456789abcdeffedcba98765432100"),
		STR_LIT("0123456789abcdeffedcba987654321g"),
		STR_LIT("0123456789abcdeffedcba987654321\0"),
		STR_LIT("0123456789abcdef-fedcba987654321"),
		STR_LIT("x123456789abcdeffedcba9876543210"),
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct trace_id id = { 1, 2 };

		assert_false(trace_parse(rows[i], &id));
		assert_true(trace_is_none(id));
	}
}

static void compares(void **state)
{
	const struct trace_id none = { 0, 0 }, a = { 1, 0 }, b = { 0, 1 };

	(void)state;
	assert_true(trace_is_none(none));
	assert_false(trace_is_none(a));
	assert_false(trace_is_none(b));
	assert_true(trace_eq(a, a));
	assert_false(trace_eq(a, b));
	assert_false(trace_eq(a, none));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_and_writes),
		TEST(refuses_all_else),
		TEST(compares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
