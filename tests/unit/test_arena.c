/* tests/unit/test_arena.c: memory that is freed whole. */
#include "tests/unit/unit.h"

#include "core/base/arena.h"

static void gives_aligned_memory(void **state)
{
	struct arena *a = arena_new(1 << 20);
	size_t n, total = 0;

	(void)state;
	for (n = 0; n < 300; n += 7) {
		unsigned char *p = arena_alloc(a, n);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % 16, 0);
		memset(p, 0xaa, n);
		total += n ? (n + 15) / 16 * 16 : 16;
		assert_int_equal(arena_used(a), total);
	}
	arena_free(a);
	arena_free(NULL);
}

static void pieces_do_not_overlap(void **state)
{
	struct arena *a = arena_new(1 << 20);
	unsigned char *p[200];
	size_t i, k;

	(void)state;
	for (i = 0; i < COUNT_OF(p); i++) {
		p[i] = arena_alloc(a, 1 + i * 13);
		assert_non_null(p[i]);
		memset(p[i], (int)i, 1 + i * 13);
	}
	for (i = 0; i < COUNT_OF(p); i++)
		for (k = 0; k < 1 + i * 13; k++)
			assert_int_equal(p[i][k], i);
	arena_free(a);
}

static void clears_on_demand(void **state)
{
	struct arena *a = arena_new(4096);
	unsigned char *p = arena_alloc(a, 64);
	size_t i;

	(void)state;
	assert_non_null(p);
	memset(p, 0xff, 64);
	arena_reset(a);
	p = arena_zalloc(a, 64);
	assert_non_null(p);
	for (i = 0; i < 64; i++)
		assert_int_equal(p[i], 0);
	arena_reset(a);
	p = arena_alloc(a, 64);
	assert_non_null(p);
	memset(p, 0xff, 64);
	arena_reset(a);
	p = arena_array(a, 8, 8);
	assert_non_null(p);
	for (i = 0; i < 64; i++)
		assert_int_equal(p[i], 0);
	arena_free(a);
}

static void never_passes_its_maximum(void **state)
{
	static const size_t maximum[] = { 0, 1, 15, 16, 17, 100, 5000, 200000 };
	size_t i, got;

	(void)state;
	for (i = 0; i < COUNT_OF(maximum); i++) {
		struct arena *a = arena_new(maximum[i]);

		for (got = 0; arena_alloc(a, 16); got += 16)
			assert_int_equal(arena_err(a), 0);
		assert_true(got <= maximum[i]);
		assert_true(maximum[i] - got < 16);
		assert_int_equal(arena_err(a), ERR_LIMIT);
		/* and it is whole again after a reset */
		arena_reset(a);
		assert_int_equal(arena_err(a), 0);
		assert_int_equal(arena_used(a), 0);
		assert_int_equal(arena_alloc(a, 16) != NULL, maximum[i] >= 16);
		arena_free(a);
	}
}

static void big_pieces_fit_when_they_may(void **state)
{
	struct arena *a = arena_new(1000000);
	char *p = arena_alloc(a, 999990);

	(void)state;
	assert_non_null(p);
	memset(p, 1, 999990);
	assert_null(arena_alloc(a, 11));
	arena_free(a);
	a = arena_new(SIZE_MAX);
	assert_null(arena_array(a, SIZE_MAX / 8, 16));
	assert_int_equal(arena_err(a), ERR_LIMIT);
	arena_free(a);
	a = arena_new(100);
	assert_null(arena_alloc(a, SIZE_MAX));
	assert_null(arena_alloc(a, SIZE_MAX - 15));
	assert_null(arena_array(a, SIZE_MAX, 2));
	arena_free(a);
}

static void copies(void **state)
{
	struct arena *a = arena_new(1024);
	const struct str s = STR("a\0b");
	struct str copy;
	size_t max;

	(void)state;
	assert_int_equal(arena_str(a, s, &copy), 0);
	assert_true(str_eq(copy, s));
	assert_ptr_not_equal(copy.p, s.p);
	assert_int_equal(copy.p[3], '\0');
	assert_int_equal(arena_str(a, STR(""), &copy), 0);
	assert_non_null(copy.p);
	assert_int_equal(copy.p[0], '\0');
	assert_int_equal(arena_str(a, STR_NONE, &copy), 0);
	assert_null(copy.p);
	assert_int_equal(arena_err(a), 0);
	assert_str(arena_dup(a, STR("xyz")), "xyz");
	assert_str(arena_printf(a, "%s-%d", "a", 7), "a-7");
	arena_free(a);
	for (max = 0; max < 4; max++) {
		a = arena_new(max);
		assert_int_equal(arena_str(a, STR("abc"), &copy), ERR_LIMIT);
		assert_null(copy.p);
		assert_null(arena_dup(a, STR("abc")).p);
		assert_null(arena_printf(a, "%s", "abc").p);
		assert_int_equal(arena_err(a), ERR_LIMIT);
		arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(gives_aligned_memory),
		TEST(pieces_do_not_overlap),
		TEST(clears_on_demand),
		TEST(never_passes_its_maximum),
		TEST(big_pieces_fit_when_they_may),
		TEST(copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
