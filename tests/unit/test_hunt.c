/* tests/unit/test_hunt.c: the walk over a user's devices.
 * [core/route/hunt.h; RFC 3261 16.7, RFC 5626 5.3]
 */
#include "tests/unit/unit.h"

#include "core/base/buf.h"
#include "core/route/hunt.h"

#define NOW 1000000

static struct binding bindings[8];
static struct user user = { .bindings = bindings };
static struct msg m;

static void add(const char *contact, const char *instance, uint32_t reg_id,
		uint16_t q_milli)
{
	size_t at = user.bindings_n++;

	bindings[at] = (struct binding){
		.contact = str_of(contact), .params = STR(""),
		.instance = str_of(instance), .reg_id = reg_id,
		.q_milli = q_milli,
		.expires_utc_us = NOW + 1 + (int64_t)at,
	};
}

static int setup(void **state)
{
	(void)state;
	user.bindings_n = 0;
	m = (struct msg){ .to_n = 0 };
	return 0;
}

/* Sends to whom it says; the leg is the first letter of the contact. */
static void check_next(struct hunt *h, bool may_overlap, bool is_serial,
		       const char *expected)
{
	const struct binding *list[BINDINGS_MAX];
	struct plan plan;
	struct buf b;
	size_t i, n;

	route_plan(&user, &m, NOW, &plan);
	n = hunt_next(h, &plan, may_overlap, is_serial, list);
	buf_init(&b, 256);
	for (i = 0; i < n; i++) {
		if (i)
			buf_put_char(&b, ' ');
		buf_put_str(&b, list[i]->contact);
		hunt_add(h, (uint64_t)list[i]->contact.p[0], list[i]);
	}
	assert_str(buf_str(&b), expected);
	buf_free(&b);
}

static void test_stages(void **state)
{
	struct hunt h = { .tries_n = 0 };

	(void)state;
	add("a", "", 0, 1000);
	add("b", "", 0, 1000);
	add("c", "", 0, 500);
	check_next(&h, false, false, "a b");
	check_next(&h, false, false, "");
	assert_int_equal(hunt_result(&h, 'a', CAUSE_BUSY_HERE), FORK_WAIT);
	check_next(&h, false, false, "");
	assert_int_equal(hunt_result(&h, 'b', CAUSE_NOT_FOUND), FORK_LOST);
	check_next(&h, false, false, "c");
	assert_int_equal(hunt_result(&h, 'c', CAUSE_NONE), FORK_WON);
	check_next(&h, true, false, "");
}

static void test_silence(void **state)
{
	struct hunt h = { .tries_n = 0 };

	(void)state;
	add("a", "", 0, 1000);
	add("b", "", 0, 500);
	check_next(&h, false, false, "a");
	check_next(&h, true, false, "b");
	assert_int_equal(hunt_result(&h, 'b', CAUSE_DECLINED), FORK_WAIT);
	/* the first may still answer */
	assert_int_equal(hunt_result(&h, 'a', CAUSE_NONE), FORK_WON);
	h = (struct hunt){ .tries_n = 0 };
	check_next(&h, false, false, "a");
	hunt_give_up(&h);
	assert_int_equal(h.fork.best, CAUSE_NO_ANSWER);
	assert_true(fork_is_to_store(&h.fork, false));
}

static void test_6xx_ends(void **state)
{
	struct hunt h = { .tries_n = 0 };

	(void)state;
	add("a", "", 0, 1000);
	add("b", "", 0, 500);
	check_next(&h, false, false, "a");
	assert_int_equal(hunt_result(&h, 'a', CAUSE_DECLINED), FORK_LOST);
	check_next(&h, true, false, "");
}

/* The next flow at once, although another device has not answered; and none
   when the device itself has spoken. */
static void test_flows(void **state)
{
	struct hunt h = { .tries_n = 0 };

	(void)state;
	add("f1", "<urn:1>", 1, 1000);
	add("g2", "<urn:1>", 2, 1000);
	add("k3", "<urn:1>", 3, 1000);
	add("other", "", 0, 1000);
	check_next(&h, false, false, "k3 other");
	assert_int_equal(hunt_result(&h, 'k', CAUSE_FLOW_FAILED), FORK_WAIT);
	check_next(&h, false, false, "g2");
	assert_int_equal(hunt_result(&h, 'g', CAUSE_TIMEOUT), FORK_WAIT);
	check_next(&h, false, false, "f1");
	assert_int_equal(hunt_result(&h, 'f', CAUSE_BUSY_HERE), FORK_WAIT);
	check_next(&h, true, false, "");
	h = (struct hunt){ .tries_n = 0 };
	check_next(&h, false, false, "k3 other");
	assert_int_equal(hunt_result(&h, 'k', CAUSE_MEDIA_UNSUPPORTED),
			 FORK_WAIT);
	check_next(&h, true, false, "");
}

static void test_serial(void **state)
{
	struct hunt h = { .tries_n = 0 };

	(void)state;
	add("a", "", 0, 1000);
	add("b", "", 0, 1000);
	check_next(&h, false, true, "a");
	check_next(&h, false, true, "");
	hunt_result(&h, 'a', CAUSE_UNAVAILABLE);
	check_next(&h, false, true, "b");
}

static void test_no_fork(void **state)
{
	struct hunt h = { .tries_n = 0 };

	(void)state;
	add("a", "<urn:1>", 1, 1000);
	add("d", "<urn:1>", 2, 1000);
	add("c", "", 0, 500);
	m.handling = HANDLE_NO_FORK;
	check_next(&h, false, false, "d");
	hunt_result(&h, 'd', CAUSE_NO_ANSWER);
	/* another way to the same device, but no other device */
	check_next(&h, false, false, "a");
	hunt_result(&h, 'a', CAUSE_UNAVAILABLE);
	check_next(&h, true, false, "");
}

/* Who registers meanwhile is tried too, who was tried is not tried again. */
static void test_registers_meanwhile(void **state)
{
	struct hunt h = { .tries_n = 0 };

	(void)state;
	add("a", "", 0, 1000);
	check_next(&h, false, false, "a");
	add("b", "", 0, 1000);
	hunt_result(&h, 'a', CAUSE_FLOW_FAILED);
	check_next(&h, false, false, "b");
	assert_null(hunt_find(&h, 'x'));
	assert_non_null(hunt_find(&h, 'b'));
}

static void test_bounded(void **state)
{
	struct hunt h = { .tries_n = 0 };
	unsigned i;

	(void)state;
	for (i = 0; i < BINDINGS_MAX + 4; i++)
		hunt_add(&h, i + 1, NULL);
	assert_int_equal(h.tries_n, BINDINGS_MAX);
	assert_int_equal(h.fork.open_n, BINDINGS_MAX);
	add("a", "", 0, 1000);
	check_next(&h, true, false, "");
}

#define HUNT(fn) { .name = #fn, .test_func = fn, .setup_func = setup }

int main(void)
{
	const struct CMUnitTest tests[] = {
		HUNT(test_stages), HUNT(test_silence), HUNT(test_6xx_ends),
		HUNT(test_flows), HUNT(test_serial), HUNT(test_no_fork),
		HUNT(test_registers_meanwhile), HUNT(test_bounded),
	};

	return cmocka_run_group_tests_name("hunt", tests, NULL, NULL);
}
