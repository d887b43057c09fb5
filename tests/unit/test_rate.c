/* tests/unit/test_rate.c: token buckets. [core/model/rate.h] */
#include "tests/unit/unit.h"

#include "core/model/rate.h"

/* Takes as many as go at once; how many. */
static unsigned drain(struct rate_limit l, int64_t *full_at, int64_t now)
{
	unsigned n = 0;

	while (n < 100000 && rate_wait_ms(l, *full_at, now) == 0) {
		*full_at = rate_spend(l, *full_at, now);
		n++;
	}
	return n;
}

static void test_burst_then_rate(void **state)
{
	const struct rate_limit l = { .per_s = 10, .burst = 5 };
	int64_t full_at = 0, now = 7000000;

	(void)state;
	assert_int_equal(drain(l, &full_at, now), 5);
	assert_int_equal(rate_wait_ms(l, full_at, now), 100);
	assert_int_equal(rate_wait_ms(l, full_at, now + 60000), 40);
	assert_int_equal(drain(l, &full_at, now + 100000), 1);
	assert_int_equal(drain(l, &full_at, now + 400000), 3);
	/* full again, and not more than full */
	assert_int_equal(drain(l, &full_at, now + 100000000), 5);
}

static void test_long_run(void **state)
{
	const struct rate_limit l = { .per_s = 7, .burst = 3 };
	int64_t full_at = 0, now;
	unsigned n = 0;

	(void)state;
	for (now = 1000; now < 100000000; now += 10000)
		n += drain(l, &full_at, now);
	assert_in_range(n, 700, 703);
}

static void test_edges(void **state)
{
	struct rate_limit l = { .per_s = 0, .burst = 0 };
	int64_t full_at = 0;

	(void)state;
	assert_int_equal(drain(l, &full_at, 1), 100000);
	assert_int_equal(full_at, 0);
	l.per_s = 1;
	assert_int_equal(drain(l, &full_at, 1), 1);
	assert_int_equal(rate_wait_ms(l, full_at, 1), 1000);
	/* a smaller limit came with a reload: it just takes longer */
	l = (struct rate_limit){ .per_s = 1, .burst = 1000000 };
	full_at = 0;
	assert_int_equal(drain(l, &full_at, 1), 100000);
	l.burst = 1;
	assert_int_equal(rate_wait_ms(l, full_at, 1), 100000000);
	l.per_s = UINT32_MAX;
	full_at = 0;
	assert_int_equal(drain(l, &full_at, 1), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_burst_then_rate),
		TEST(test_long_run),
		TEST(test_edges),
	};

	return cmocka_run_group_tests_name("rate", tests, NULL, NULL);
}
