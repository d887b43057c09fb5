/* tests/unit/test_profile.c: what a user tells of himself, in and out. */
#include "core/model/profile.h"

#include <string.h>

#include "tests/unit/unit.h"

static void test_values(void **state)
{
	static const struct {
		enum profile_field field;
		const char *value;
		bool is_ok;
	} rows[] = {
		{ PROFILE_NAME, "", true },
		{ PROFILE_NAME, "B\xc3\xb6" "b <Builder> & \"Co\"", true },
		{ PROFILE_NAME, "two\nlines", false },
		{ PROFILE_NAME, " blank before", false },
		{ PROFILE_NAME, "blank after ", false },
		{ PROFILE_NAME, "bell \x07", false },
		{ PROFILE_NAME, "no UTF-8 \xff", false },
		{ PROFILE_NAME, "C1 \xc2\x85", false },
		{ PROFILE_EMAIL, "bob@mail.example", true },
		{ PROFILE_EMAIL, "bob", false },
		{ PROFILE_EMAIL, "@mail.example", false },
		{ PROFILE_EMAIL, "bob@", false },
		{ PROFILE_EMAIL, "bob@a@b", false },
		{ PROFILE_EMAIL, "bob b@mail.example", false },
		{ PROFILE_PHONE, "+49 30 123-456 (7)", true },
		{ PROFILE_PHONE, "*100#", true },
		{ PROFILE_PHONE, "1", false },
		{ PROFILE_PHONE, "+49 30 CALL", false },
		{ PROFILE_URL, "https://bob.example/", true },
		{ PROFILE_URL, "HTTP://bob.example/", true },
		{ PROFILE_URL, "javascript:alert(1)", false },
		{ PROFILE_URL, "bob.example", false },
		{ PROFILE_NOTE, "anything: really", true },
	};
	char text[PROFILE_VALUE_MAX + 2];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++)
		if (profile_value_ok(rows[i].field, str_of(rows[i].value)) !=
		    rows[i].is_ok)
			fail_msg("%s %s", profile_field_name(rows[i].field),
				 rows[i].value);
	memset(text, 'x', sizeof(text));
	text[PROFILE_VALUE_MAX + 1] = '\0';
	assert_false(profile_value_ok(PROFILE_NOTE, str_of(text)));
	assert_true(profile_value_ok(PROFILE_NOTE,
				     str_sub(str_of(text), 0,
					     PROFILE_VALUE_MAX)));
}

static void test_round_trip(void **state)
{
	struct arena *a = arena_new(65536);
	struct profile p = { 0 }, q;
	struct str text;
	size_t i;

	(void)state;
	for (i = 0; i < PROFILE_FIELDS_N; i++)
		p.v[i] = arena_printf(a, "value %zu of it = x", i);
	p.v[PROFILE_ORG] = STR("");
	text = profile_pack(a, &p);
	profile_unpack(STR("Bob"), text, &q);
	assert_str(q.v[PROFILE_NAME], "Bob");	/* the row's own */
	for (i = 1; i < PROFILE_FIELDS_N; i++)
		assert_true(str_eq(q.v[i], p.v[i]));
	arena_free(a);
}

static void test_odd_texts(void **state)
{
	static const char *const texts[] = {
		"", "\n\n", "given", "given ", "name Mallory\n",
		"later field of a later version\ngiven Bob\n", "given Bob",
	};
	struct profile p;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(texts); i++) {
		profile_unpack(STR("Bob B"), str_of(texts[i]), &p);
		assert_str(p.v[PROFILE_NAME], "Bob B");
		assert_str(p.v[PROFILE_GIVEN], i < 5 ? "" : "Bob");
	}
	profile_unpack(STR_NONE, STR_NONE, &p);
	assert_int_equal(p.v[PROFILE_NAME].n, 0);
}

static void test_names(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < PROFILE_FIELDS_N; i++)
		assert_int_equal(profile_field_by_name(str_of(
					 profile_field_name(
						 (enum profile_field)i))), i);
	assert_int_equal(profile_field_by_name(STR("password")),
			 PROFILE_FIELDS_N);
	assert_int_equal(profile_field_by_name(STR("")), PROFILE_FIELDS_N);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_values),
		TEST(test_round_trip),
		TEST(test_odd_texts),
		TEST(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
