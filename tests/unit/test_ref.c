/* tests/unit/test_ref.c: counted references. */
#include "tests/unit/unit.h"

#include "core/base/ref.h"

struct thing {
	struct thing *child;
	unsigned *drops_n;
};

static void drop(void *obj)
{
	struct thing *t = obj;

	(*t->drops_n)++;
	ref_put(t->child);
}

static void last_put_drops(void **state)
{
	unsigned drops_n = 0;
	struct thing *t = ref_new(sizeof(*t), drop);

	(void)state;
	assert_null(t->child);
	assert_int_equal((uintptr_t)t % 16, 0);
	t->drops_n = &drops_n;
	assert_int_equal(ref_count(t), 1);
	assert_ptr_equal(ref_get(t), t);
	assert_int_equal(ref_count(t), 2);
	ref_put(t);
	assert_int_equal(drops_n, 0);
	assert_int_equal(ref_count(t), 1);
	ref_put(t);
	assert_int_equal(drops_n, 1);
}

static void children_go_with_it(void **state)
{
	unsigned drops_n = 0;
	struct thing *parent = ref_new(sizeof(*parent), drop);
	struct thing *child = ref_new(sizeof(*child), drop);

	(void)state;
	parent->drops_n = child->drops_n = &drops_n;
	parent->child = ref_get(child);
	ref_put(child);
	assert_int_equal(drops_n, 0);
	ref_put(parent);
	assert_int_equal(drops_n, 2);
}

static void takes_null_and_no_destructor(void **state)
{
	char *p = ref_new(100, NULL);

	(void)state;
	memset(p, 1, 100);
	ref_put(p);
	ref_put(NULL);
	assert_null(ref_get(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(last_put_drops),
		TEST(children_go_with_it),
		TEST(takes_null_and_no_destructor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
