/* tests/unit/test_greet.c: thousands of contacts are told of the gateway's
 * presence a page at a time, each once, and not when the link goes again.
 */
#include <stdio.h>

#include "tests/fake/world.h"
#include "tests/unit/unit.h"

enum { CONTACTS_N = 450, PAGE = 200 };	/* of core/participating/greet.c */

static struct world world;

static struct config *make_config(void)
{
	struct config *c = config_new();

	c->objects_max = c->intake_max = 1000;
	c->turn_events_max = 256;
	c->turn_ms_max = 2;
	c->store_cache_bytes = 1u << 20;
	c->facts_wait_ms = 5000;
	c->links = arena_array(c->arena, 1, sizeof(*c->links));
	c->links_n = 1;
	c->links[0] = (struct link_conf){ .name = STR("prosody"),
		.id = config_id_of(STR("prosody")), .proto = PROTO_XMPP,
		.kind = LINK_XMPP_COMPONENT, .component = STR("sip.example") };
	c->domains = arena_array(c->arena, 1, sizeof(*c->domains));
	c->domains_n = 1;
	c->domains[0] = (struct domain_conf){ .name = STR("xmpp.example"),
		.kind = DOMAIN_FOREIGN, .proto = PROTO_XMPP,
		.is_enabled = true, .may_register = true,
		.via_id = c->links[0].id };
	return c;
}

static void add_contacts(void)
{
	char aor[64];
	unsigned i;

	for (i = 0; i < CONTACTS_N; i++) {
		struct user *u;

		snprintf(aor, sizeof(aor), "sip:u%04u@xmpp.example", i);
		u = user_new(str_of(aor));
		u->exists = true;
		u->contact = CONTACT_REGISTERED | CONTACT_SEES_US;
		fake_store_put_user(world.store, u);
		user_put(u);
	}
}

static int setup(void **state)
{
	struct config *c = make_config();

	(void)state;
	world_start(&world, c);
	config_put(c);
	add_contacts();
	world_settle(&world);
	while (world_line(&world, PROTO_XMPP))
		;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_stop(&world);
	return 0;
}

static void set_link(enum link_state s)
{
	fake_adapter_link(world.fakes[PROTO_XMPP],
			  config_id_of(STR("prosody")), s);
	world_settle(&world);
}

/* Presences written since the last look, in the order of addresses. */
static unsigned presences(unsigned *next)
{
	const char *line;
	char want[64];
	unsigned n = 0;

	while ((line = world_line(&world, PROTO_XMPP)) != NULL) {
		snprintf(want, sizeof(want),
			 "presence to=sip:u%04u@xmpp.example", *next);
		assert_true(str_search(str_of(line), str_of(want)) <
			    str_of(line).n);
		(*next)++;
		n++;
	}
	return n;
}

static void test_pages(void **state)
{
	unsigned next = 0;

	(void)state;
	set_link(LINK_DOWN);
	set_link(LINK_UP);
	assert_int_equal(presences(&next), PAGE);
	world_settle(&world);
	assert_int_equal(presences(&next), 0);
	world_pass(&world, 600);
	assert_int_equal(presences(&next), PAGE);
	world_pass(&world, 600);
	assert_int_equal(presences(&next), CONTACTS_N - 2 * PAGE);
	world_pass(&world, 60000);
	assert_int_equal(presences(&next), 0);
	assert_int_equal(next, CONTACTS_N);
}

/* It stops with the link and begins anew with the next. */
static void test_link_goes(void **state)
{
	unsigned next = 0;

	(void)state;
	set_link(LINK_DOWN);
	set_link(LINK_UP);
	assert_int_equal(presences(&next), PAGE);
	set_link(LINK_DOWN);
	world_pass(&world, 60000);
	assert_int_equal(presences(&next), 0);
	next = 0;
	set_link(LINK_UP);
	world_pass(&world, 60000);
	assert_int_equal(presences(&next), CONTACTS_N);
}

/* However often it comes and goes, one tells them at a time. */
static void test_flapping(void **state)
{
	unsigned i, next = 0;

	(void)state;
	for (i = 0; i < 20; i++) {
		next = 0;
		set_link(LINK_DOWN);
		set_link(LINK_UP);
		assert_int_equal(presences(&next), PAGE);
	}
	world_pass(&world, 600);
	assert_int_equal(presences(&next), PAGE);
	world_pass(&world, 60000);
	assert_int_equal(presences(&next), CONTACTS_N - 2 * PAGE);
	assert_int_equal(core_counts(world.core).objects, 0);
}

#define CASE_ROWS(fn, rows) { .name = #fn " [" rows "]", .test_func = fn, \
	.setup_func = setup, .teardown_func = teardown }

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE_ROWS(test_pages, "X-5"),
		CASE_ROWS(test_link_goes, "X-5"),
		CASE_ROWS(test_flapping, "X-5"),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
