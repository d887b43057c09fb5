/* tests/unit/test_senders.c: a user's own lists. [core/route/senders.h] */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/route/senders.h"

static bool may(const char *list, const char *from)
{
	struct arena *a = arena_new(4096);
	struct addr addr;
	bool ok;

	assert_int_equal(addr_from_uri_text(a, str_of(from), &addr), 0);
	ok = senders_may(str_of(list), &addr);
	arena_free(a);
	return ok;
}

static void test_judgement(void **state)
{
	(void)state;
	assert_true(may("", "sip:a@x"));
	assert_true(may(NULL, "sip:a@x"));
	assert_false(may("deny a@x\n", "sip:a@x"));
	assert_true(may("deny a@x\n", "sip:b@x"));
	assert_false(may("deny *@x\n", "sip:b@x"));
	assert_true(may("allow a@x\n", "sip:a@x"));
	assert_false(may("allow a@x\n", "sip:b@x"));
	assert_true(may("allow a@x\nallow b@x\n", "sip:b@x"));
	/* block beats allow, in whatever order */
	assert_false(may("allow *\ndeny a@x\n", "sip:a@x"));
	assert_false(may("deny a@x\nallow *\n", "sip:a@x"));
	assert_false(may("deny +49*\n", "tel:+4915112"));
	/* a later version's line is nothing */
	assert_true(may("hush a@x\n", "sip:a@x"));
	assert_false(may("hush a@x\ndeny a@x", "sip:a@x"));
}

static void test_changes(void **state)
{
	static const char *const wrong[] = { "", "a b@x", "a\nallow *",
					     "\xff@x", "a\r@x" };
	struct arena *a = arena_new(1 << 20);
	struct str t = STR(""), u;
	char name[16];
	size_t i;

	(void)state;
	assert_int_equal(senders_add(a, t, SENDERS_DENY, STR("a@x"), &t), 0);
	assert_int_equal(senders_add(a, t, SENDERS_ALLOW, STR("*"), &t), 0);
	assert_int_equal(senders_add(a, t, SENDERS_DENY, STR("a@x"), &t), 0);
	assert_str(t, "deny a@x\nallow *\n");
	assert_int_equal(senders_remove(a, t, SENDERS_ALLOW, STR("a@x"), &u),
			 ERR_GONE);
	assert_int_equal(senders_remove(a, t, SENDERS_DENY, STR("a@x"), &t),
			 0);
	assert_str(t, "allow *\n");
	assert_int_equal(senders_remove(a, t, SENDERS_ALLOW, STR("*"), &t), 0);
	assert_str(t, "");
	for (i = 0; i < COUNT_OF(wrong); i++)
		assert_int_equal(senders_add(a, t, SENDERS_DENY,
					     str_of(wrong[i]), &u),
				 ERR_SYNTAX);
	for (i = 0; i < SENDERS_MAX; i++) {
		snprintf(name, sizeof(name), "u%zu@x", i);
		assert_int_equal(senders_add(a, t, SENDERS_DENY, str_of(name),
					     &t), 0);
	}
	assert_int_equal(senders_add(a, t, SENDERS_DENY, STR("more@x"), &t),
			 ERR_LIMIT);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_judgement),
		TEST(test_changes),
	};

	return cmocka_run_group_tests_name("senders", tests, NULL, NULL);
}
