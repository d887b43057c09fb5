/* tests/unit/test_map.c: hash tables. */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/base/map.h"

static void sets_gets_deletes(void **state)
{
	struct map *m = map_new(1);
	int a = 1, b = 2;

	(void)state;
	assert_int_equal(map_count(m), 0);
	assert_null(map_get(m, STR("x")));
	assert_null(map_set(m, STR("x"), &a));
	assert_ptr_equal(map_get(m, STR("x")), &a);
	assert_ptr_equal(map_set(m, STR("x"), &b), &a);
	assert_ptr_equal(map_get(m, STR("x")), &b);
	assert_int_equal(map_count(m), 1);
	assert_null(map_get(m, STR("X")));
	assert_null(map_get(m, STR("x\0")));
	assert_null(map_del(m, STR("y")));
	assert_ptr_equal(map_del(m, STR("x")), &b);
	assert_null(map_del(m, STR("x")));
	assert_null(map_get(m, STR("x")));
	assert_int_equal(map_count(m), 0);
	/* the empty key is a key, absent or not */
	assert_null(map_set(m, STR(""), &a));
	assert_ptr_equal(map_get(m, STR_NONE), &a);
	assert_ptr_equal(map_set(m, STR_NONE, &b), &a);
	assert_ptr_equal(map_del(m, STR("")), &b);
	map_free(m);
	map_free(NULL);
}

static void numbers(void **state)
{
	static const uint64_t keys[] = {
		0, 1, 2, UINT32_MAX, (uint64_t)UINT32_MAX + 1, UINT64_MAX,
	};
	int values[COUNT_OF(keys)];
	struct map *m = map_new(7);
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(keys); i++)
		assert_null(map_set_u64(m, keys[i], &values[i]));
	for (i = 0; i < COUNT_OF(keys); i++)
		assert_ptr_equal(map_get_u64(m, keys[i]), &values[i]);
	assert_null(map_get_u64(m, 3));
	assert_ptr_equal(map_del_u64(m, 0), &values[0]);
	assert_null(map_get_u64(m, 0));
	assert_ptr_equal(map_set_u64(m, 1, &values[0]), &values[1]);
	assert_int_equal(map_count(m), COUNT_OF(keys) - 1);
	map_free(m);
}

/* A long random life against a plain array. */
static void agrees_with_an_array(void **state)
{
	enum { KEYS = 500 };
	static char keys[KEYS][8], values[4];
	void *model[KEYS] = { NULL };
	size_t count = 0, i, round;
	struct map *m = map_new(42);
	uint32_t r = 1;

	(void)state;
	for (i = 0; i < KEYS; i++)
		snprintf(keys[i], sizeof(keys[i]), "k%zu", i);
	for (round = 0; round < 200000; round++) {
		struct str key;
		void *value;

		r = r * 1664525 + 1013904223;
		i = (r >> 8) % KEYS;
		key = str_of(keys[i]);
		value = &values[r >> 28 & 3];
		/* grows for a while, then shrinks */
		if ((r >> 4 & 15) < (round / 20000 % 2 ? 4 : 10)) {
			assert_ptr_equal(map_set(m, key, value), model[i]);
			count += !model[i];
			model[i] = value;
		} else {
			assert_ptr_equal(map_del(m, key), model[i]);
			count -= model[i] != NULL;
			model[i] = NULL;
		}
		assert_int_equal(map_count(m), count);
	}
	for (i = 0; i < KEYS; i++)
		assert_ptr_equal(map_get(m, str_of(keys[i])), model[i]);
	map_free(m);
}

static void walks_and_deletes(void **state)
{
	struct map *m = map_new(3);
	uint64_t values[1000];
	size_t at, i, seen;
	uint64_t *value;

	(void)state;
	for (i = 0; i < COUNT_OF(values); i++) {
		values[i] = i;
		map_set_u64(m, i, &values[i]);
	}
	seen = 0;
	for (at = 0; (value = map_next(m, &at)) != NULL; seen++)
		if (*value % 2)
			assert_ptr_equal(map_del_u64(m, *value), value);
	assert_int_equal(seen, COUNT_OF(values));
	assert_int_equal(map_count(m), COUNT_OF(values) / 2);
	seen = 0;
	for (at = 0; (value = map_next(m, &at)) != NULL; seen++)
		assert_int_equal(*value % 2, 0);
	assert_int_equal(seen, COUNT_OF(values) / 2);
	assert_null(map_next(m, &at));
	map_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sets_gets_deletes),
		TEST(numbers),
		TEST(agrees_with_an_array),
		TEST(walks_and_deletes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
