/* tests/unit/test_gruu.c: addresses of one device. */
#include "tests/unit/unit.h"

#include "core/participating/gruu.h"

static struct arena *arena;
static struct config *conf;
static struct addr bob;
static struct binding phone, pad;
static struct user user;

static int setup(void **state)
{
	static struct binding both[2];

	(void)state;
	arena = arena_new(65536);
	conf = config_new();
	conf->secret_key = STR("some key");
	assert_int_equal(addr_from_uri_text(
		arena, STR("sip:b%20ob@sip.example"), &bob), 0);
	phone = (struct binding){ .instance = STR("<urn:uuid:ABC>"),
				  .call_id = STR("c1"),
				  .expires_utc_us = 100 };
	pad = (struct binding){ .instance = STR("<urn:uuid:def>"),
				.call_id = STR("c2"),
				.expires_utc_us = 200 };
	both[0] = phone;
	both[1] = pad;
	user = (struct user){ .exists = true, .bindings = both,
			      .bindings_n = 2 };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	config_put(conf);
	arena_free(arena);
	return 0;
}

static struct addr address(struct str uri)
{
	struct addr out;

	assert_int_equal(addr_from_uri_text(arena, uri, &out), 0);
	return out;
}

static void makes_both(void **state)
{
	struct gruu g, other;
	struct addr a;

	(void)state;
	gruu_make(conf, arena, &bob, &phone, 7, &g);
	assert_str(g.pub, "sip:b%20ob@sip.example;gr=urn:uuid:ABC");
	a = address(g.pub);
	assert_true(addr_eq(&a, &bob));
	assert_true(binding_is_instance(&phone, a.instance));
	assert_true(str_starts(g.temp, STR("sip:tgruu.")));
	assert_true(str_ends(g.temp, STR("@sip.example;gr")));
	/* nothing of him is in it, and the next one is another */
	assert_true(str_search(g.temp, STR("ob@")) == g.temp.n);
	gruu_make(conf, arena, &bob, &phone, 8, &other);
	assert_int_equal(other.temp.n, g.temp.n);
	assert_false(str_eq(other.temp, g.temp));
	/* without an instance there is none, without a key no temporary one */
	phone.instance = STR("");
	gruu_make(conf, arena, &bob, &phone, 7, &g);
	assert_true(str_empty(g.pub) && str_empty(g.temp));
	conf->secret_key = STR_NONE;
	gruu_make(conf, arena, &bob, &pad, 7, &g);
	assert_false(str_empty(g.pub));
	assert_true(str_empty(g.temp));
}

static void opens_what_it_made(void **state)
{
	struct gruu_temp t;
	struct gruu g;
	struct addr a;

	(void)state;
	gruu_make(conf, arena, &bob, &phone, 7, &g);
	a = address(g.temp);
	assert_true(gruu_is_temp(&a));
	assert_int_equal(gruu_open(conf, arena, &a, &t), 0);
	assert_true(addr_eq(&t.aor, &bob));
	assert_ptr_equal(gruu_find(conf, &user, &t, 50), &user.bindings[0]);
	assert_null(gruu_find(conf, &user, &t, 100));	/* expired */
	user.bindings[0].call_id = STR("c3");	/* registered anew */
	assert_null(gruu_find(conf, &user, &t, 50));
	assert_false(gruu_is_temp(&bob));
}

static void refuses_all_else(void **state)
{
	struct gruu_temp t;
	struct gruu g;
	struct addr a, b;
	size_t i;

	(void)state;
	gruu_make(conf, arena, &bob, &phone, 7, &g);
	a = address(g.temp);
	for (i = 6; i < a.user.n; i++) {
		char text[512];

		memcpy(text, a.user.p, a.user.n);
		text[i] = text[i] == '0' ? '1' : '0';
		b = a;
		b.user = (struct str){ text, a.user.n };
		assert_int_equal(gruu_open(conf, arena, &b, &t), ERR_SYNTAX);
		b.user = str_sub(a.user, 0, i);
		assert_int_equal(gruu_open(conf, arena, &b, &t), ERR_SYNTAX);
	}
	b = a;
	b.domain = STR("other.example");
	assert_int_equal(gruu_open(conf, arena, &b, &t), ERR_SYNTAX);
	conf->secret_key = STR("another key");
	assert_int_equal(gruu_open(conf, arena, &a, &t), ERR_SYNTAX);
	b.user = arena_printf(arena, "tgruu.%0999d", 0);
	assert_int_equal(gruu_open(conf, arena, &b, &t), ERR_SYNTAX);
}

static void takes_the_longest_name(void **state)
{
	struct gruu_temp t;
	struct addr who;
	struct gruu g;
	unsigned n;

	(void)state;
	for (n = 1; n <= 241; n++) {
		who = address(arena_printf(arena, "sip:%0*d@s.example",
					   (int)n, 1));
		gruu_make(conf, arena, &who, &phone, n, &g);
		if (n > 240) {
			assert_true(str_empty(g.temp));
			break;
		}
		who = address(g.temp);
		assert_int_equal(gruu_open(conf, arena, &who, &t), 0);
		assert_int_equal(t.aor.user.n, n);
		arena_reset(arena);
	}
}

#define IN(fn) { .name = #fn, .test_func = fn, .setup_func = setup, \
	.teardown_func = teardown }

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN(makes_both),
		IN(opens_what_it_made),
		IN(refuses_all_else),
		IN(takes_the_longest_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
