/* tests/unit/test_backoff.c: who fails too often has to wait. */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/base/backoff.h"

static const struct backoff_rule rule = { .burst = 3, .refill_ms = 1000,
					  .ban_min_ms = 5000,
					  .ban_max_ms = 15000 };

static void bans_grow_and_end(void **state)
{
	struct backoff *b = backoff_new(1, 10);
	const struct str k = STR("k");
	int64_t now = 100;

	(void)state;
	assert_int_equal(backoff_left_ms(b, k, now), 0);
	assert_int_equal(backoff_failed(b, k, &rule, now), 0);
	assert_int_equal(backoff_failed(b, k, &rule, now), 0);
	assert_int_equal(backoff_failed(b, k, &rule, now), 5000);
	assert_int_equal(backoff_left_ms(b, k, now), 5000);
	/* what is tried meanwhile makes it no longer */
	assert_int_equal(backoff_failed(b, k, &rule, now + 4999), 0);
	assert_int_equal(backoff_left_ms(b, k, now + 4999), 1);
	now += 5000;
	assert_int_equal(backoff_left_ms(b, k, now), 0);
	backoff_failed(b, k, &rule, now);
	backoff_failed(b, k, &rule, now);
	assert_int_equal(backoff_failed(b, k, &rule, now), 10000);
	now += 10000;
	backoff_failed(b, k, &rule, now);
	backoff_failed(b, k, &rule, now);
	assert_int_equal(backoff_failed(b, k, &rule, now), 15000);
	/* quiet for longer than the longest: from the beginning */
	now += 15000 + 15001;
	backoff_failed(b, k, &rule, now);
	backoff_failed(b, k, &rule, now);
	assert_int_equal(backoff_failed(b, k, &rule, now), 5000);
	backoff_free(b);
}

static void failures_are_forgotten(void **state)
{
	const struct backoff_rule off = { .burst = 0 };
	struct backoff *b = backoff_new(1, 10);
	const struct str k = STR("k");
	int64_t now = 0;
	unsigned i;

	(void)state;
	/* one a second comes back: so slow a failure never bans */
	for (i = 0; i < 50; i++, now += 1000)
		assert_int_equal(backoff_failed(b, k, &rule, now), 0);
	backoff_failed(b, k, &rule, now);
	backoff_forgive(b, k, now);
	assert_int_equal(backoff_count(b), 0);
	assert_int_equal(backoff_failed(b, k, &rule, now), 0);
	assert_int_equal(backoff_failed(b, k, &rule, now), 0);
	assert_int_equal(backoff_failed(b, k, &rule, now), 5000);
	backoff_forgive(b, k, now);	/* too late */
	assert_int_equal(backoff_left_ms(b, k, now), 5000);
	for (i = 0; i < 50; i++)
		assert_int_equal(backoff_failed(b, STR("x"), &off, now), 0);
	assert_int_equal(backoff_left_ms(b, STR("x"), now), 0);
	/* the clock was set back: nothing lasts for ever */
	assert_int_equal(backoff_failed(b, STR("y"), &rule, now), 0);
	assert_int_equal(backoff_failed(b, STR("y"), &rule, now - 9000), 0);
	backoff_free(b);
}

static void is_bounded(void **state)
{
	struct backoff *b = backoff_new(1, 100);
	const struct str banned = STR("banned");
	char key[16];
	unsigned i;

	(void)state;
	for (i = 0; i < 3; i++)
		backoff_failed(b, banned, &rule, 0);
	for (i = 0; i < 10000; i++) {
		snprintf(key, sizeof(key), "k%u", i);
		backoff_failed(b, str_of(key), &rule, 1);
		assert_true(backoff_count(b) <= 100);
	}
	assert_int_equal(backoff_left_ms(b, banned, 1), 4999);
	/* all banned: the oldest gives way */
	for (i = 0; i < 600; i++) {
		snprintf(key, sizeof(key), "b%u", i / 3);
		backoff_failed(b, str_of(key), &rule, 1);
		assert_true(backoff_count(b) <= 100);
	}
	assert_true(backoff_left_ms(b, STR("b199"), 1) > 0);
	assert_int_equal(backoff_left_ms(b, STR("b0"), 1), 0);
	backoff_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bans_grow_and_end),
		TEST(failures_are_forgotten),
		TEST(is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
