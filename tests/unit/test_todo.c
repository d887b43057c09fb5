/* tests/unit/test_todo.c: partitions of lanes, and rows given back. */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/base/ref.h"
#include "core/model/event.h"

static void test_partitions_are_stable(void **state)
{
	(void)state;
	/* Numbers in every store there is: they may not change. */
	assert_int_equal(todo_partition(STR("user:sip:bob@sip.example")), 10);
	assert_int_equal(todo_partition(STR("link:prosody1")), 6);
}

static void test_partitions_are_even(void **state)
{
	unsigned count[PARTITIONS_N] = { 0 }, i;

	(void)state;
	for (i = 0; i < 16000; i++) {
		char lane[64];
		int n = snprintf(lane, sizeof(lane), "user:sip:u%u@x", i);
		uint16_t part = todo_partition((struct str){ lane, (size_t)n });

		assert_true(part < PARTITIONS_N);
		count[part]++;
	}
	for (i = 0; i < PARTITIONS_N; i++)
		assert_in_range(count[i], 850, 1150);
}

static void test_rows_free(void **state)
{
	struct arena *a = arena_new(4096);
	struct rows *r = arena_zalloc(a, sizeof(*r));
	struct msg *kept = msg_new(1024), *taken = msg_new(1024);

	(void)state;
	r->arena = a;
	r->todos = arena_array(a, 2, sizeof(*r->todos));
	r->todos_n = 2;
	r->todos[0].msg = msg_ref(kept);
	r->todos[1].msg = taken;
	/* the step took the second one over */
	r->todos[1].msg = NULL;
	rows_free(r);
	assert_int_equal(ref_count(kept), 1);
	assert_int_equal(ref_count(taken), 1);
	msg_put(kept);
	msg_put(taken);
	rows_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_partitions_are_stable),
		TEST(test_partitions_are_even),
		TEST(test_rows_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
