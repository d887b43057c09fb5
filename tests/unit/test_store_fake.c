/* tests/unit/test_store_fake.c: what the fake store can do beside the contract:
 * wait, overtake across partitions, fail, replay, and tell its rows.
 */
#include "tests/unit/test_store.h"

#include "tests/fake/fake_store.h"

static struct write live(const struct live_row *l, uint16_t part)
{
	return (struct write){ .op = OP_LIVE_PUT, .part = part, .u.live = l };
}

static void test_nothing_happens_by_itself(void **state)
{
	struct fake_store *fs = fake_store_new(1);
	struct store port = fake_store_port(fs);
	struct live_row l = { .leg = 1 };
	struct write w = live(&l, 0);
	struct got a = { 0 }, b = { 0 }, c = { 0 };

	(void)state;
	assert_int_equal(port.commit(port.self, &w, 1, true, on_got, &a), 0);
	assert_int_equal(port.commit(port.self, &w, 1, false, on_got, &b), 0);
	assert_int_equal(port.read_user(port.self, STR("sip:a@b"), false,
					on_got, &c), 0);
	assert_int_equal(fake_store_waiting(fs), 3);
	assert_int_equal(a.n + b.n + c.n, 0);
	assert_int_equal(fake_store_count(fs, STR("live")), 0);
	assert_int_equal(fake_store_run(fs, 1), 1);
	assert_int_equal(a.n, 1);
	assert_int_equal(b.n + c.n, 0);
	assert_int_equal(fake_store_count(fs, STR("live")), 1);
	assert_int_equal(fake_store_run(fs, 100), 2);
	assert_int_equal(fake_store_run(fs, 100), 0);
	assert_int_equal(a.n + b.n + c.n, 3);
	got_free(&c);
	fake_store_free(fs);
}

static void test_waiting_answers_are_dropped_at_the_end(void **state)
{
	struct fake_store *fs = fake_store_new(1);
	struct store port = fake_store_port(fs);
	struct got a = { 0 };

	(void)state;
	assert_int_equal(port.read_user(port.self, STR("sip:a@b"), false,
					on_got, &a), 0);
	fake_store_free(fs);
	assert_int_equal(a.n, 0);
}

/* Order across partitions changes with the seed, within one it never does. */
static unsigned order_of(uint64_t seed, bool is_reordering)
{
	enum { N = 40 };
	struct fake_store *fs = fake_store_new(seed);
	struct store port = fake_store_port(fs);
	struct live_row l = { .leg = 1 };
	struct write w[N], both[2];
	struct got g[N] = { 0 };
	int last[4] = { 0 }, i;
	unsigned hash = 0;

	fake_store_reorder(fs, is_reordering);
	for (i = 0; i < N; i++) {
		w[i] = live(&l, (uint16_t)(i % 4));
		assert_int_equal(port.commit(port.self, &w[i], 1, false,
					     on_got, &g[i]), 0);
	}
	fake_store_run(fs, N);
	for (i = 0; i < N; i++) {
		assert_int_equal(g[i].n, 1);
		assert_true(g[i].order > last[i % 4]);
		last[i % 4] = g[i].order;
		hash = hash * 31 + (unsigned)(g[i].order - g[0].order);
	}
	/* one that touches two partitions waits for both */
	both[0] = live(&l, 0);
	both[1] = live(&l, 1);
	for (i = 0; i < 3; i++)
		g[i] = (struct got){ 0 };
	assert_int_equal(port.commit(port.self, &both[1], 1, false, on_got,
				     &g[0]), 0);
	assert_int_equal(port.commit(port.self, both, 2, false, on_got,
				     &g[1]), 0);
	assert_int_equal(port.commit(port.self, &both[0], 1, false, on_got,
				     &g[2]), 0);
	fake_store_run(fs, 3);
	assert_true(g[0].order < g[1].order && g[1].order < g[2].order);
	fake_store_free(fs);
	return hash;
}

static void test_reordering(void **state)
{
	unsigned plain = order_of(1, false);
	int others = 0;
	uint64_t seed;

	(void)state;
	assert_int_equal(order_of(2, false), plain);
	for (seed = 1; seed <= 10; seed++) {
		unsigned order = order_of(seed, true);

		assert_int_equal(order_of(seed, true), order);
		others += order != plain;
	}
	assert_true(others >= 9);
}

static void test_failures(void **state)
{
	static const enum store_err errs[] = { STORE_FULL, STORE_DOWN,
					       STORE_FENCED };
	struct fake_store *fs = fake_store_new(1);
	struct store port = fake_store_port(fs);
	struct live_row l = { .leg = 1 };
	struct write w = live(&l, 0);
	struct got g = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(errs); i++) {
		fake_store_fail(fs, errs[i], 1);
		assert_int_equal(port.commit(port.self, &w, 1, false, on_got,
					     &g), 0);
		fake_store_run(fs, 1);
		assert_int_equal(g.err, errs[i]);
		assert_int_equal(fake_store_count(fs, STR("live")), 0);
	}
	fake_store_fail_reads(fs, 1);
	assert_int_equal(port.read_user(port.self, STR("sip:a@b"), false,
					on_got, &g), 0);
	fake_store_run(fs, 1);
	assert_int_equal(g.err, STORE_DOWN);
	assert_null(g.user);
	assert_int_equal(port.commit(port.self, &w, 1, false, on_got, &g), 0);
	fake_store_run(fs, 1);
	assert_int_equal(g.err, STORE_OK);
	assert_int_equal(fake_store_count(fs, STR("live")), 1);
	fake_store_limit(fs, 1);
	assert_false(port.is_full(port.self));
	assert_int_equal(port.commit(port.self, &w, 1, false, on_got, &g), 0);
	assert_true(port.is_full(port.self));
	assert_int_equal(port.commit(port.self, &w, 1, false, on_got, &g),
			 ERR_LIMIT);
	fake_store_free(fs);
}

static void test_replay(void **state)
{
	struct fake_store *fs = fake_store_new(1);
	struct store port = fake_store_port(fs);
	struct dedup_row d = { .key = { 1 }, .expires_utc_us = INT64_MAX,
			       .answer = STR("202") };
	struct live_row l = { .leg = 1 };
	struct write plain = live(&l, 0);
	struct write w[] = { plain, { .op = OP_DEDUP, .u.dedup = &d } };
	struct got a = { 0 }, b = { 0 };

	(void)state;
	fake_store_replay(fs, 1);
	assert_int_equal(port.commit(port.self, &plain, 1, false, on_got, &a),
			 0);
	assert_int_equal(port.commit(port.self, w, 2, false, on_got, &b), 0);
	fake_store_run(fs, 2);
	assert_int_equal(a.err, STORE_OK);
	assert_int_equal(b.err, STORE_DUPLICATE);
	assert_string_equal(b.answer, "202");
	assert_int_equal(fake_store_count(fs, STR("dedup")), 1);
	d.key[0] = 2;
	assert_int_equal(port.commit(port.self, w, 2, false, on_got, &b), 0);
	fake_store_run(fs, 1);
	assert_int_equal(b.err, STORE_OK);
	fake_store_free(fs);
}

/* A transaction that fails late leaves every table as it was, in its order. */
static void test_undo_restores_all(void **state)
{
	struct fake_store *fs = fake_store_new(1);
	struct store port = fake_store_port(fs);
	struct msg *m = make_msg("m", "sip:a@a.example", "sip:b@b.example",
				 "x", 1);
	struct todo t = make_todo(1, "link:l", m), u = make_todo(2, "link:l",
								  m);
	struct user *bob = user_new(STR("sip:bob@b.example"));
	struct binding bound = { .contact = STR("sip:1@h") };
	struct bind_row row = { .aor = STR("sip:bob@b.example"),
				.binding = { .contact = STR("sip:2@h") } };
	struct due none = { .id = 99 };
	struct write w[] = {
		w_todo(OP_TODO_DONE, &t), w_todo(OP_TODO_RETRY, &u),
		w_todo(OP_TODO_DONE, &u),
		{ .op = OP_BIND_SET, .u.bind = &row },
		{ .op = OP_USER_DROP, .u.user = bob },
		{ .op = OP_USER_PUT, .u.user = bob },
		{ .op = OP_DUE_DONE, .u.due = &none },
	};
	struct buf before, after;
	struct got g = { 0 };

	(void)state;
	buf_init(&before, 65536);
	buf_init(&after, 65536);
	bob->bindings = &bound;
	bob->bindings_n = 1;
	fake_store_put_user(fs, bob);
	fake_store_put_todo(fs, &t);
	fake_store_put_todo(fs, &u);
	fake_store_dump(fs, STR_NONE, &before);
	assert_int_equal(port.commit(port.self, w, COUNT_OF(w), false, on_got,
				     &g), 0);
	fake_store_run(fs, 1);
	assert_int_equal(g.err, STORE_CONFLICT);
	fake_store_dump(fs, STR_NONE, &after);
	assert_true(before.n > 0);
	assert_true(str_eq(buf_str(&before), buf_str(&after)));
	buf_free(&before);
	buf_free(&after);
	user_put(bob);
	msg_put(m);
	fake_store_free(fs);
}

static void test_dump(void **state)
{
	struct fake_store *fs = fake_store_new(1);
	struct store port = fake_store_port(fs);
	struct msg *m = make_msg("m", "sip:a@a.example", "sip:b@b.example",
				 "x", 5);
	struct todo t = make_todo(1, "link:l", m);
	struct user *u = user_new(STR("sip:bob@b.example"));
	struct buf b;

	(void)state;
	buf_init(&b, 65536);
	u->login = STR("bob \"x\"");
	fake_store_put_user(fs, u);
	fake_store_put_todo(fs, &t);
	assert_true(port.account(port.self, STR("event=x a=1")));
	fake_store_dump(fs, STR("user"), &b);
	assert_str(buf_str(&b),
		   "user aor=sip:bob@b.example login=\"bob \\\"x\\\"\""
		   " display=\"\" barred=0 out_barred=0 active=1 offline=1"
		   " store_on_busy=0 quota_count=0 quota_bytes=0\n");
	buf_clear(&b);
	fake_store_dump(fs, STR("todo"), &b);
	assert_str(buf_str(&b),
		   "todo seq=1 lane=link:l part=13 recipient=sip:b@b.example"
		   " via=prosody1 due=1000 expires=900000000000000000 kept=500"
		   " tries=0 wants=1 cause=NONE held=0"
		   " trace=00000000000000070000000000000005 id=1 msg=5\n");
	buf_clear(&b);
	fake_store_dump(fs, STR_NONE, &b);
	assert_true(str_ends(buf_str(&b), STR("\naccount event=x a=1\n")));
	assert_int_equal(fake_store_count(fs, STR("todo")), 1);
	assert_int_equal(fake_store_count(fs, STR("msg")), 1);
	buf_free(&b);
	user_put(u);
	msg_put(m);
	fake_store_free(fs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing_happens_by_itself),
		TEST(test_waiting_answers_are_dropped_at_the_end),
		TEST(test_reordering),
		TEST(test_failures),
		TEST(test_replay),
		TEST(test_undo_restores_all),
		TEST(test_dump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
