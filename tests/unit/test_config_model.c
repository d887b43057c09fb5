/* tests/unit/test_config_model.c: look-ups in a configuration.
 * [core/model/config.h]
 */
#include "tests/unit/unit.h"

#include "core/base/ref.h"
#include "core/model/config.h"

static void test_references(void **state)
{
	struct config *c = config_new();

	(void)state;
	assert_ptr_equal(config_ref(c), c);
	assert_int_equal(ref_count(c), 2);
	config_put(c);
	config_put(c);
	config_put(NULL);
}

static void test_links(void **state)
{
	struct link_conf links[] = {
		{ .name = STR("one"), .id = config_id_of(STR("one")) },
		{ .name = STR("two"), .id = config_id_of(STR("two")) },
	};
	struct config c = { .links = links, .links_n = 2 };

	(void)state;
	assert_ptr_equal(config_link_by_name(&c, STR("two")), &links[1]);
	assert_null(config_link_by_name(&c, STR("Two")));
	assert_ptr_equal(config_link(&c, links[0].id), &links[0]);
	assert_null(config_link(&c, 0));
	assert_true(config_id_of(STR("one")) != config_id_of(STR("two")));
	assert_true(config_id_of(STR("")) != 0);
}

static void test_domains(void **state)
{
	struct domain_conf domains[] = {
		{ .name = STR("*.example") },
		{ .name = STR("*.corp.example") },
		{ .name = STR("im.corp.example") },
		{ .name = STR("example") },
	};
	static const struct {
		const char *name;
		int at;			/* -1: none */
	} rows[] = {
		{ "im.corp.example", 2 }, { "IM.Corp.Example", 2 },
		{ "a.corp.example", 1 }, { "a.b.corp.example", 1 },
		{ "A.CORP.EXAMPLE", 1 },
		{ "corp.example", 0 }, { "x.example", 0 }, { "example", 3 },
		{ "example.org", -1 }, { "ample", -1 }, { "", -1 },
		{ "badexample", -1 }, { "*.example", 0 },
	};
	struct config c = { .domains = domains, .domains_n = 4 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++)
		assert_ptr_equal(config_domain(&c, str_of(rows[i].name)),
				 rows[i].at < 0 ? NULL :
						  &domains[rows[i].at]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_references),
		TEST(test_links),
		TEST(test_domains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
