/* tests/unit/test_store_contract.c: what every store must do, run against
 * SQLite and against the fake: each test of the table twice.
 */
#include "tests/unit/test_store.h"

#include <time.h>

#include "core/base/mem.h"
#include "tests/fake/fake_store.h"

#define FAR_UTC_US 900000000000000000

struct world {
	struct store port;
	struct place place;
	struct fake_store *fs;	/* NULL: SQLite */
};

/* ---- both worlds ---------------------------------------------------------- */

static int set_up_sqlite(void **state)
{
	struct world *w = mem_zalloc(sizeof(*w));

	place_make(&w->place);
	place_open(&w->place, (struct store_options){ .node = 1, .boot = 1 });
	w->port = w->place.port;
	*state = w;
	return 0;
}

static int set_up_fake(void **state)
{
	struct world *w = mem_zalloc(sizeof(*w));

	w->fs = fake_store_new(1);
	fake_store_set_now(w->fs, 1000000000);
	w->port = fake_store_port(w->fs);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	if (w->fs)
		fake_store_free(w->fs);
	else
		place_drop(&w->place);
	mem_free(w);
	return 0;
}

static void wait_for(struct world *w, const struct got *g)
{
	if (w->fs)
		while (g->n == 0)
			assert_int_equal(fake_store_run(w->fs, 1), 1);
	else
		place_wait(&w->place, g);
	assert_int_equal(g->n, 1);
}

static void pass_time(struct world *w, int ms)
{
	static int64_t fake_now = 1000000000;

	if (w->fs)
		fake_store_set_now(w->fs, fake_now += (int64_t)ms * 1000);
	else
		nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000L },
			  NULL);
}

/* Another node takes a partition whose lease has lapsed. */
static void steal(struct world *w, struct str resource, uint64_t epoch)
{
	struct place other = w->place;
	struct own_row own = { .resource = resource,
			       .node = 9,
			       .boot = 9,
			       .lease_ms = 60000 };
	struct write put = { .op = OP_OWN_TAKE, .u.own = &own };
	struct got g = { 0 };

	if (w->fs) {
		fake_store_put_owner(w->fs, resource, 9, epoch, FAR_UTC_US);
		return;
	}
	place_open(&other, (struct store_options){ .node = 9 });
	assert_int_equal(other.port.commit(other.port.self, &put, 1, false,
					   on_got, &g), 0);
	place_wait(&other, &g);
	assert_int_equal(g.err, STORE_OK);
	assert_int_equal(g.epoch, epoch);
	place_close(&other);
}

/* ---- short forms ---------------------------------------------------------- */

static struct got commit(struct world *w, const struct write *put, size_t n)
{
	struct got g = { 0 };

	assert_int_equal(w->port.commit(w->port.self, put, n, false, on_got,
					&g), 0);
	assert_int_equal(g.n, 0); /* never from inside the call */
	wait_for(w, &g);
	return g;
}

static enum store_err commit_one(struct world *w, struct write put)
{
	return commit(w, &put, 1).err;
}

static struct got claim(struct world *w, struct claim c, int64_t now_utc_us)
{
	struct got g = { 0 };

	assert_int_equal(w->port.claim(w->port.self, &c, now_utc_us, on_got,
				       &g), 0);
	assert_int_equal(g.n, 0);
	wait_for(w, &g);
	assert_int_equal(g.err, STORE_OK);
	assert_non_null(g.rows);
	return g;
}

static struct user *read_user(struct world *w, const char *aor, bool is_folded)
{
	struct got g = { 0 };

	assert_int_equal(w->port.read_user(w->port.self, str_of(aor),
					   is_folded, on_got, &g), 0);
	assert_int_equal(g.n, 0);
	wait_for(w, &g);
	assert_int_equal(g.err, STORE_OK);
	assert_non_null(g.user);
	return g.user;
}

/* A message with one todo, committed. */
static void keep(struct world *w, uint64_t id, const char *lane, int64_t due)
{
	struct msg *m = make_msg("m", "sip:alice@a.example",
				 "sip:bob@b.example", "body", 1000 + id);
	struct todo t = make_todo(id, lane, m);
	struct write put[2];

	t.due_utc_us = due;
	put[0] = w_msg(m);
	put[1] = w_todo(OP_TODO_PUT, &t);
	assert_int_equal(commit(w, put, 2).err, STORE_OK);
	msg_put(m);
}

static enum store_err finish(struct world *w, uint64_t id, const char *lane)
{
	struct todo t = { .id = id, .part = todo_partition(str_of(lane)) };

	return commit_one(w, w_todo(OP_TODO_DONE, &t));
}

static size_t lane_count(struct world *w, const char *lane)
{
	struct got g = claim(w, (struct claim){ .what = CLAIM_LANE,
						.lane = str_of(lane) }, 0);
	size_t n = g.rows->todos_n;

	got_free(&g);
	return n;
}

static bool has_row(struct world *w, uint64_t id)
{
	struct got g = claim(w, (struct claim){ .what = CLAIM_ONE, .id = id },
			     0);
	bool is_there = g.rows->todos_n == 1;

	got_free(&g);
	return is_there;
}

static void put_user(struct world *w, const char *aor, const char *login)
{
	struct user *u = user_new(str_of(aor));

	u->login = str_of(login);
	assert_int_equal(commit_one(w, (struct write){ .op = OP_USER_PUT,
						       .u.user = u }),
			 STORE_OK);
	user_put(u);
}

static void bind(struct world *w, const char *aor, const char *contact,
		 uint16_t q_milli)
{
	struct bind_row row = { .aor = str_of(aor) };

	row.binding.contact = str_of(contact);
	row.binding.q_milli = q_milli;
	row.binding.expires_utc_us = 5000;
	assert_int_equal(commit_one(w, (struct write){ .op = OP_BIND_SET,
						       .u.bind = &row }),
			 STORE_OK);
}

static void assert_list(struct world *w, const char *query, const char *arg,
			const char *expected)
{
	struct got g = claim(w, (struct claim){ .what = CLAIM_LIST,
						.query = str_of(query),
						.arg = str_of(arg) },
			     1000000000);

	assert_str(g.rows->json, expected);
	assert_true(g.rows->is_all);
	got_free(&g);
}

/* ---- messages and todos --------------------------------------------------- */

static void test_row_comes_back_whole(void **state)
{
	struct world *w = *state;
	struct msg *m = make_msg("Kq81", "sip:Al%40x@a.example",
				 "tel:+15550100", "g'day \"x\"; DROP", 77);
	struct todo t = make_todo(UINT64_MAX, "link:prosody1", m), *r;
	struct write put[] = { w_msg(m), w_todo(OP_TODO_PUT, &t) };
	struct got g;

	t.tries = 3;
	t.last_cause = CAUSE_LINK_DOWN;
	t.is_held = true;
	m->has_own_id = true;
	m->hops_left = 17;
	assert_int_equal(commit(w, put, 2).err, STORE_OK);
	g = claim(w, (struct claim){ .what = CLAIM_LANE, .lane = t.lane }, 0);
	assert_int_equal(g.rows->todos_n, 1);
	assert_true(g.rows->is_all);
	r = &g.rows->todos[0];
	assert_true(r->id == UINT64_MAX);
	assert_true(r->seq > 0);
	assert_int_equal(r->part, t.part);
	assert_str(r->lane, "link:prosody1");
	assert_true(r->conversation == t.conversation);
	assert_str(r->recipient, "tel:+15550100");
	assert_str(r->via, "prosody1");
	assert_int_equal(r->due_utc_us, 1000);
	assert_true(r->expires_utc_us == t.expires_utc_us);
	assert_int_equal(r->kept_utc_us, 500);
	assert_int_equal(r->tries, 3);
	assert_int_equal(r->wants, WANT_DELIVERED);
	assert_int_equal(r->last_cause, CAUSE_LINK_DOWN);
	assert_true(r->is_held);
	assert_true(trace_eq(r->trace, m->trace));
	assert_int_equal(r->msg_store_id, 77);
	assert_true(r->bytes > 0);
	assert_non_null(r->msg);
	assert_true(r->msg != m);
	assert_int_equal(r->msg->store_id, 77);
	assert_str(r->msg->id, "Kq81");
	assert_str(r->msg->body.bytes, "g'day \"x\"; DROP");
	assert_true(addr_eq(&r->msg->from, &m->from));
	assert_int_equal(r->msg->hops_left, 17);
	got_free(&g);
	msg_put(m);
}

/* The body lies there once, until the last row that names it is done. */
static void test_body_goes_with_last_row(void **state)
{
	struct world *w = *state;
	struct msg *m = make_msg("m", "sip:a@a.example", "sip:b@b.example",
				 "x", 5);
	struct todo t[3] = { make_todo(1, "user:sip:b@b.example", m),
			     make_todo(2, "user:sip:c@b.example", m),
			     make_todo(3, "user:sip:d@b.example", m) };
	struct write put[3] = { w_msg(m), w_todo(OP_TODO_PUT, &t[0]),
				w_todo(OP_TODO_PUT, &t[1]) };

	t[2].msg = NULL; /* only its row's number is known */
	assert_int_equal(commit(w, put, 3).err, STORE_OK);
	assert_int_equal(finish(w, 1, "user:sip:b@b.example"), STORE_OK);
	assert_false(has_row(w, 1));
	assert_true(has_row(w, 2)); /* its message still reads back */
	assert_int_equal(commit_one(w, w_todo(OP_TODO_PUT, &t[2])), STORE_OK);
	assert_int_equal(finish(w, 2, "user:sip:c@b.example"), STORE_OK);
	assert_true(has_row(w, 3));
	assert_int_equal(finish(w, 3, "user:sip:d@b.example"), STORE_OK);
	/* gone: a row cannot be put for it without the message at hand */
	assert_int_equal(commit_one(w, w_todo(OP_TODO_PUT, &t[2])),
			 STORE_CONFLICT);
	t[2].msg = m;
	assert_int_equal(commit_one(w, w_todo(OP_TODO_PUT, &t[2])), STORE_OK);
	assert_true(has_row(w, 3));
	/* what is done already may be done again */
	assert_int_equal(finish(w, 1, "user:sip:b@b.example"), STORE_OK);
	msg_put(m);
}

static void test_lane_in_order_and_pages(void **state)
{
	struct world *w = *state;
	uint64_t last = 0, i;
	struct claim c = { .what = CLAIM_LANE, .max = 2,
			   .lane = STR("link:l") };
	struct got g;

	/* ids fall, due times mix: neither decides the order */
	for (i = 5; i >= 1; i--)
		keep(w, i, "link:l", i % 2 ? 1 : FAR_UTC_US);
	keep(w, 9, "link:other", 1);
	for (i = 5; i <= 5; i -= 2) { /* unsigned: ends below zero */
		c.after_seq = last;
		g = claim(w, c, 1000);
		assert_int_equal(g.rows->is_all, i == 1);
		assert_int_equal(g.rows->todos_n, i == 1 ? 1 : 2);
		assert_int_equal(g.rows->todos[0].id, i);
		assert_true(g.rows->todos[0].seq > last);
		last = g.rows->todos[g.rows->todos_n - 1].seq;
		got_free(&g);
	}
}

/* A row put after the newest one was deleted must come after what was seen. */
static void test_seq_is_never_used_again(void **state)
{
	struct world *w = *state;
	struct claim c = { .what = CLAIM_LANE, .lane = STR("link:l") };
	uint64_t seen;
	struct got g;

	keep(w, 1, "link:l", 1);
	g = claim(w, c, 0);
	seen = g.rows->todos[0].seq;
	got_free(&g);
	assert_int_equal(finish(w, 1, "link:l"), STORE_OK);
	keep(w, 2, "link:l", 1);
	c.after_seq = seen;
	g = claim(w, c, 0);
	assert_int_equal(g.rows->todos_n, 1);
	got_free(&g);
}

static void test_retry_move_hold(void **state)
{
	struct world *w = *state;
	struct todo t = { .id = 1, .part = todo_partition(STR("link:l")),
			  .due_utc_us = 777, .tries = 4,
			  .via = STR("link2"),
			  .last_cause = CAUSE_NO_ANSWER };
	struct got g;

	keep(w, 1, "link:l", 1);
	assert_int_equal(commit_one(w, w_todo(OP_TODO_RETRY, &t)), STORE_OK);
	g = claim(w, (struct claim){ .what = CLAIM_ONE, .id = 1 }, 0);
	assert_int_equal(g.rows->todos[0].due_utc_us, 777);
	assert_int_equal(g.rows->todos[0].tries, 4);
	assert_str(g.rows->todos[0].via, "link2");
	assert_int_equal(g.rows->todos[0].last_cause, CAUSE_NO_ANSWER);
	assert_str(g.rows->todos[0].lane, "link:l");
	got_free(&g);
	t = (struct todo){ .id = 1, .lane = STR("user:sip:b@b.example"),
			   .via = STR(""), .due_utc_us = 888 };
	t.part = todo_partition(t.lane);
	assert_int_equal(commit_one(w, (struct write){
		.op = OP_TODO_MOVE, .part = todo_partition(STR("link:l")),
		.u.todo = &t }), STORE_OK);
	assert_int_equal(lane_count(w, "link:l"), 0);
	g = claim(w, (struct claim){ .what = CLAIM_LANE, .lane = t.lane }, 0);
	assert_int_equal(g.rows->todos_n, 1);
	assert_int_equal(g.rows->todos[0].part, t.part);
	assert_int_equal(g.rows->todos[0].due_utc_us, 888);
	assert_int_equal(g.rows->todos[0].tries, 4);
	got_free(&g);
	t.is_held = true;
	assert_int_equal(commit_one(w, w_todo(OP_TODO_HOLD, &t)), STORE_OK);
	g = claim(w, (struct claim){ .what = CLAIM_ONE, .id = 1 }, 0);
	assert_true(g.rows->todos[0].is_held);
	assert_int_equal(g.rows->todos[0].due_utc_us, 888);
	got_free(&g);
	/* a row that is not there is no error */
	t.id = 999;
	assert_int_equal(commit_one(w, w_todo(OP_TODO_HOLD, &t)), STORE_OK);
}

/* ---- what is due ---------------------------------------------------------- */

static void assert_lanes(struct world *w, int64_t now, uint32_t max,
			 bool is_all, const char *expected)
{
	struct got g = claim(w, (struct claim){ .what = CLAIM_DUE_LANES,
						.max = max }, now);
	struct buf b;
	size_t i;

	buf_init(&b, 1000);
	for (i = 0; i < g.rows->lanes_n; i++) {
		buf_put_str(&b, g.rows->lanes[i]);
		buf_put_char(&b, ' ');
	}
	assert_str(buf_str(&b), expected);
	assert_int_equal(g.rows->is_all, is_all);
	buf_free(&b);
	got_free(&g);
}

static void test_due_lanes(void **state)
{
	struct world *w = *state;
	struct todo t = { .id = 2, .part = todo_partition(STR("link:b")),
			  .is_held = true };
	struct msg *m;
	struct todo expiring;
	struct write put[2];

	assert_lanes(w, 5000, 10, true, "");
	keep(w, 1, "link:a", 100);
	keep(w, 2, "link:b", 200);
	keep(w, 3, "user:sip:c@x", 300);
	keep(w, 4, "user:sip:c@x", 50);
	assert_lanes(w, 49, 10, true, "");
	assert_lanes(w, 50, 10, true, "user:sip:c@x ");
	assert_lanes(w, 100, 10, true, "link:a user:sip:c@x ");
	assert_lanes(w, 5000, 10, true, "link:a link:b user:sip:c@x ");
	assert_int_equal(commit_one(w, w_todo(OP_TODO_HOLD, &t)), STORE_OK);
	assert_lanes(w, 5000, 10, true, "link:a user:sip:c@x ");
	t.is_held = false;
	assert_int_equal(commit_one(w, w_todo(OP_TODO_HOLD, &t)), STORE_OK);
	assert_lanes(w, 5000, 10, true, "link:a link:b user:sip:c@x ");
	/* expiry wakes a lane too, held or not yet due */
	m = make_msg("m", "sip:a@a.example", "sip:b@b.example", "x", 50);
	expiring = make_todo(50, "link:z", m);
	expiring.due_utc_us = FAR_UTC_US;
	expiring.expires_utc_us = 400;
	expiring.is_held = true;
	put[0] = w_msg(m);
	put[1] = w_todo(OP_TODO_PUT, &expiring);
	assert_int_equal(commit(w, put, 2).err, STORE_OK);
	msg_put(m);
	assert_lanes(w, 399, 10, true, "link:a link:b user:sip:c@x ");
	assert_lanes(w, 400, 10, true, "link:a link:b link:z user:sip:c@x ");
}

/* Lanes that always have something due must not hide the others. */
static void test_due_lanes_go_around(void **state)
{
	struct world *w = *state;
	struct claim after = { .what = CLAIM_DUE_LANES, .lane = STR("link:b") };
	struct got g;

	keep(w, 1, "link:a", 1);
	keep(w, 2, "link:b", 1);
	keep(w, 3, "link:c", 1);
	assert_lanes(w, 10, 2, false, "link:a link:b ");
	assert_lanes(w, 10, 2, false, "link:c link:a ");
	assert_lanes(w, 10, 2, false, "link:b link:c ");
	g = claim(w, after, 10);
	assert_int_equal(g.rows->lanes_n, 1);
	assert_str(g.rows->lanes[0], "link:c");
	got_free(&g);
}

static struct due make_due(uint64_t id)
{
	static struct str routes[] = { STR_LIT("sip:r1.example;lr"),
				       STR_LIT("sip:r2.example") };
	struct due d = { .id = id, .trace = { 1, id }, .thread = STR("th:1\n") };

	d.to = (struct addr){ .kind = ADDR_USER,
			      .text = STR("sip:alice@a.example"),
			      .user = STR("alice"),
			      .domain = STR("a.example"),
			      .instance = STR("u1"),
			      .display = STR("Al\xc3\xad" "ce") };
	d.from = (struct addr){ .kind = ADDR_TEL,
				.is_secure = true,
				.text = STR("tel:+15550100"),
				.user = STR("+15550100") };
	d.routes = routes;
	d.routes_n = 2;
	d.report = (struct report){ .kind = IMDN_DELIVERY,
				    .status = IMDN_FAILED,
				    .msg_id = STR("Kq81"),
				    .utc_us = 1234567,
				    .cause = CAUSE_NOT_FOUND,
				    .text = STR("nobody\nthere") };
	return d;
}

static struct write w_due(enum store_op op, const struct due *d)
{
	return (struct write){ .op = op, .part = d->part, .u.due = d };
}

static void test_due_is_done_once(void **state)
{
	struct world *w = *state;
	struct due d = make_due(5), e = make_due(6), *r;
	struct msg *m = make_msg("m", "sip:a@a.example", "sip:b@b.example",
				 "x", 8);
	struct todo t = make_todo(8, "link:l", m);
	struct write put[] = { w_due(OP_DUE_DONE, &d), w_msg(m),
			       w_todo(OP_TODO_PUT, &t) };
	struct got g;

	assert_int_equal(commit_one(w, w_due(OP_DUE_PUT, &d)), STORE_OK);
	assert_int_equal(commit_one(w, w_due(OP_DUE_PUT, &e)), STORE_OK);
	g = claim(w, (struct claim){ .what = CLAIM_DUE_REPORTS, .max = 1 }, 0);
	assert_int_equal(g.rows->dues_n, 1);
	assert_false(g.rows->is_all);
	r = &g.rows->dues[0];
	assert_int_equal(r->id, 5);
	assert_true(trace_eq(r->trace, d.trace));
	assert_true(addr_eq(&r->to, &d.to) && addr_eq(&r->from, &d.from));
	assert_int_equal(r->from.kind, ADDR_TEL);
	assert_true(r->from.is_secure);
	assert_str(r->to.instance, "u1");
	assert_str(r->to.display, "Al\xc3\xad" "ce");
	assert_str(r->thread, "th:1\n");
	assert_int_equal(r->routes_n, 2);
	assert_str(r->routes[1], "sip:r2.example");
	assert_int_equal(r->report.status, IMDN_FAILED);
	assert_str(r->report.msg_id, "Kq81");
	assert_int_equal(r->report.utc_us, 1234567);
	assert_int_equal(r->report.cause, CAUSE_NOT_FOUND);
	assert_str(r->report.text, "nobody\nthere");
	got_free(&g);
	assert_int_equal(commit(w, put, 3).err, STORE_OK);
	assert_int_equal(lane_count(w, "link:l"), 1);
	assert_int_equal(finish(w, 8, "link:l"), STORE_OK);
	/* the second maker of the same report loses, with all it wrote */
	t.id = 9;
	assert_int_equal(commit(w, put, 3).err, STORE_CONFLICT);
	assert_int_equal(lane_count(w, "link:l"), 0);
	g = claim(w, (struct claim){ .what = CLAIM_DUE_REPORTS }, 0);
	assert_int_equal(g.rows->dues_n, 1);
	assert_int_equal(g.rows->dues[0].id, 6);
	assert_true(g.rows->is_all);
	got_free(&g);
	msg_put(m);
}

/* ---- dedup, order, failures ----------------------------------------------- */

static void test_duplicate_gets_earlier_answer(void **state)
{
	struct world *w = *state;
	struct dedup_row d = { .key = { 1, 2, 3 },
			       .expires_utc_us = FAR_UTC_US,
			       .answer = STR("202") };
	struct msg *m = make_msg("m", "sip:a@a.example", "sip:b@b.example",
				 "x", 8);
	struct todo t = make_todo(8, "link:l", m);
	struct write put[] = { w_msg(m), w_todo(OP_TODO_PUT, &t),
			       { .op = OP_DEDUP, .u.dedup = &d } };
	struct got g;

	assert_int_equal(commit(w, put, 3).err, STORE_OK);
	m->store_id = t.msg_store_id = t.id = 9;
	d.answer = STR("403");
	g = commit(w, put, 3);
	assert_int_equal(g.err, STORE_DUPLICATE);
	assert_string_equal(g.answer, "202");
	assert_int_equal(lane_count(w, "link:l"), 1); /* nothing written */
	d.key[31] = 1; /* another key */
	assert_int_equal(commit(w, put, 3).err, STORE_OK);
	assert_int_equal(lane_count(w, "link:l"), 2);
	msg_put(m);
}

static void test_dead_dedup_row_is_replaced(void **state)
{
	struct world *w = *state;
	struct dedup_row d = { .key = { 7 }, .expires_utc_us = 1,
			       .answer = STR("old") };
	struct write put = { .op = OP_DEDUP, .u.dedup = &d };
	struct got g;

	assert_int_equal(commit_one(w, put), STORE_OK);
	d.expires_utc_us = FAR_UTC_US;
	d.answer = STR("new");
	assert_int_equal(commit_one(w, put), STORE_OK);
	g = commit(w, &put, 1);
	assert_int_equal(g.err, STORE_DUPLICATE);
	assert_string_equal(g.answer, "new");
}

static void test_dropped_dedup_row_is_forgotten(void **state)
{
	struct world *w = *state;
	struct dedup_row d = { .key = { 9 }, .expires_utc_us = FAR_UTC_US,
			       .answer = STR("202") };
	struct dedup_row other = { .key = { 10 },
				   .expires_utc_us = FAR_UTC_US,
				   .answer = STR("202") };
	struct write put = { .op = OP_DEDUP, .u.dedup = &d };
	struct write put_other = { .op = OP_DEDUP, .u.dedup = &other };
	struct write drop = { .op = OP_DEDUP_DROP, .u.dedup = &d };

	assert_int_equal(commit_one(w, drop), STORE_OK); /* none there */
	assert_int_equal(commit_one(w, put), STORE_OK);
	assert_int_equal(commit_one(w, put_other), STORE_OK);
	assert_int_equal(commit_one(w, drop), STORE_OK);
	assert_int_equal(commit_one(w, put), STORE_OK);
	assert_int_equal(commit_one(w, put_other), STORE_DUPLICATE);
}

/* Many at once: each has its own outcome, answers come in the order given. */
static void test_failures_are_alone_and_in_order(void **state)
{
	enum { N = 300 };
	struct world *w = *state;
	struct dedup_row d[N] = { 0 };
	struct write put[N];
	struct got g[N] = { 0 };
	int i, last = 0;

	for (i = 0; i < N; i++) {
		d[i].key[0] = (uint8_t)(i / 3);	/* three of each */
		d[i].key[1] = (uint8_t)(i / 3 >> 8);
		d[i].expires_utc_us = FAR_UTC_US;
		d[i].answer = STR("a");
		put[i] = (struct write){ .op = OP_DEDUP, .part = 3,
					 .u.dedup = &d[i] };
		assert_int_equal(w->port.commit(w->port.self, &put[i], 1,
						i % 2, on_got, &g[i]), 0);
	}
	for (i = 0; i < N; i++) {
		wait_for(w, &g[i]);
		assert_int_equal(g[i].err,
				 i % 3 ? STORE_DUPLICATE : STORE_OK);
		assert_true(g[i].order > last);
		last = g[i].order;
	}
}

static void test_read_sees_what_was_answered(void **state)
{
	struct world *w = *state;
	int i;

	for (i = 1; i <= 50; i++) {
		keep(w, (uint64_t)i, "link:l", 1);
		assert_int_equal(lane_count(w, "link:l"), i);
	}
}

static void test_nobody_listens(void **state)
{
	struct world *w = *state;
	struct claim c = { .what = CLAIM_LANE, .lane = STR("link:l") };
	struct todo t = { .id = 1, .part = todo_partition(STR("link:l")) };
	struct write done = w_todo(OP_TODO_DONE, &t);

	keep(w, 1, "link:l", 1);
	assert_int_equal(w->port.claim(w->port.self, &c, 0, NULL, NULL), 0);
	assert_int_equal(w->port.read_user(w->port.self, STR("sip:a@b"), true,
					   NULL, NULL), 0);
	assert_int_equal(w->port.commit(w->port.self, &done, 1, true, NULL,
					NULL), 0);
	keep(w, 2, "link:l", 1);	/* waits for them all */
	assert_int_equal(lane_count(w, "link:l"), 1);
}

/* ---- notes --------------------------------------------------------------- */

static void assert_note(struct world *w, const uint8_t key[32],
			const char *expected)
{
	struct got g = { 0 };

	assert_int_equal(w->port.read_note(w->port.self, key, on_got, &g), 0);
	assert_int_equal(g.n, 0);
	wait_for(w, &g);
	assert_int_equal(g.err, STORE_OK);
	assert_int_equal(g.has_answer, expected != NULL);
	assert_string_equal(g.answer, expected ? expected : "");
}

static void test_notes(void **state)
{
	struct world *w = *state;
	struct note_row n = { .key = { 1, 0, 2 },
			      .expires_utc_us = FAR_UTC_US,
			      .text = STR("trace 1\nroute x\n") };
	struct write put = { .op = OP_NOTE_PUT, .u.note = &n };
	const uint8_t other[32] = { 1, 0, 3 };

	assert_note(w, n.key, NULL);
	assert_int_equal(commit_one(w, put), STORE_OK);
	assert_note(w, n.key, "trace 1\nroute x\n");
	assert_note(w, other, NULL);
	n.text = STR("later");
	assert_int_equal(commit_one(w, put), STORE_OK);
	assert_note(w, n.key, "later");
	n.expires_utc_us = 1;
	assert_int_equal(commit_one(w, put), STORE_OK);
	assert_note(w, n.key, NULL);
}

/* ---- users ---------------------------------------------------------------- */

static void test_user_comes_back_whole(void **state)
{
	struct world *w = *state;
	struct user *u = user_new(STR("sip:bob@b.example")), *r;

	r = read_user(w, "sip:bob@b.example", false);
	assert_false(r->exists);
	assert_str(r->aor, "sip:bob@b.example");
	user_put(r);
	u->login = STR("bob'); DROP TABLE users;--");
	u->display = STR("B\xc3\xb6" "b \"x\"");
	u->ha1_md5 = STR("0123");
	u->ha1_sha256 = STR("4567");
	u->is_barred = true;
	u->is_active = false;
	u->has_offline_delivery = false;
	u->store_on_busy = true;
	u->quota_count = UINT32_MAX;
	u->quota_bytes = 1ull << 40;
	u->senders = STR("deny it's@*\nallow *\n");
	u->profile = STR("given B\xc3\xb6" "b\nnote it's\n");
	assert_int_equal(commit_one(w, (struct write){ .op = OP_USER_PUT,
						       .u.user = u }),
			 STORE_OK);
	user_put(u);
	r = read_user(w, "sip:bob@b.example", false);
	assert_true(r->exists);
	assert_str(r->login, "bob'); DROP TABLE users;--");
	assert_str(r->display, "B\xc3\xb6" "b \"x\"");
	assert_str(r->ha1_md5, "0123");
	assert_str(r->ha1_sha256, "4567");
	assert_true(r->is_barred && !r->is_out_barred && !r->is_active);
	assert_true(!r->has_offline_delivery && r->store_on_busy);
	assert_true(r->quota_count == UINT32_MAX);
	assert_true(r->quota_bytes == 1ull << 40);
	assert_str(r->senders, "deny it's@*\nallow *\n");
	assert_str(r->profile, "given B\xc3\xb6" "b\nnote it's\n");
	assert_int_equal(r->contact, 0);
	assert_int_equal(r->bindings_n, 0);
	user_put(r);
}

static struct got contacts(struct world *w, const char *after, uint32_t max)
{
	return claim(w, (struct claim){ .what = CLAIM_CONTACTS, .max = max,
					.lane = str_of(after) }, 0);
}

/* Foreign users who registered: in order, page after page, and no user of
   ours among them. */
static void test_contacts_are_found(void **state)
{
	struct world *w = *state;
	static const char *const aors[] = { "sip:a@x.example",
					    "sip:b@x.example",
					    "sip:bob@b.example",
					    "sip:c@x.example" };
	struct got g;
	size_t i;

	for (i = 0; i < COUNT_OF(aors); i++) {
		struct user *u = user_new(str_of(aors[i]));

		u->contact = i == 2 ? 0 : CONTACT_REGISTERED | (i == 0 ?
						CONTACT_SEES_US : 0);
		assert_int_equal(commit_one(w, (struct write){
					.op = OP_USER_PUT, .u.user = u }),
				 STORE_OK);
		user_put(u);
	}
	g = contacts(w, "", 2);
	assert_int_equal(g.rows->contacts_n, 2);
	assert_false(g.rows->is_all);
	assert_str(g.rows->contacts[0].aor, "sip:a@x.example");
	assert_int_equal(g.rows->contacts[0].flags,
			 CONTACT_REGISTERED | CONTACT_SEES_US);
	assert_str(g.rows->contacts[1].aor, "sip:b@x.example");
	rows_free(g.rows);
	g = contacts(w, "sip:b@x.example", 2);
	assert_int_equal(g.rows->contacts_n, 1);
	assert_true(g.rows->is_all);
	assert_str(g.rows->contacts[0].aor, "sip:c@x.example");
	rows_free(g.rows);
}

/* user-part case splits mailboxes; a folded address finds a single match */
static void test_folded_lookup(void **state)
{
	static const struct {
		const char *asked;
		bool is_folded;
		const char *login;	/* NULL: nobody */
	} rows[] = {
		{ "sip:Bob@b.example", false, "Bob" },
		{ "sip:bob@b.example", false, NULL },
		{ "sip:bob@b.example", true, "Bob" },
		{ "sip:BOB@b.example", true, "Bob" },
		{ "sip:bob@other.example", true, NULL },
		/* two that differ in case only: neither is meant */
		{ "sip:eve@b.example", true, NULL },
		{ "sip:Eve@b.example", true, "Eve" },
		{ "sip:EVE@b.example", true, "EVE" },
		/* beyond ASCII: U+00C5 folds to U+00E5 */
		{ "sip:%C3%A5sa@b.example", true, "Asa" },
		{ "sip:%C3%A5sa@b.example", false, NULL },
	};
	struct world *w = *state;
	size_t i;

	put_user(w, "sip:Bob@b.example", "Bob");
	put_user(w, "sip:Eve@b.example", "Eve");
	put_user(w, "sip:EVE@b.example", "EVE");
	put_user(w, "sip:%C3%85sa@b.example", "Asa");
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct user *u = read_user(w, rows[i].asked,
					   rows[i].is_folded);

		assert_int_equal(u->exists, rows[i].login != NULL);
		if (rows[i].login)
			assert_str(u->login, rows[i].login);
		else
			assert_str(u->aor, rows[i].asked);
		user_put(u);
	}
}

/* The snapshot of a folded match has that user's bindings and backlog. */
static void test_folded_user_is_whole(void **state)
{
	struct world *w = *state;
	struct user *u;

	put_user(w, "sip:Bob@b.example", "Bob");
	bind(w, "sip:Bob@b.example", "sip:1@h", 500);
	keep(w, 1, "user:sip:Bob@b.example", 1);
	u = read_user(w, "sip:bob@b.example", true);
	assert_str(u->aor, "sip:Bob@b.example");
	assert_int_equal(u->bindings_n, 1);
	assert_int_equal(u->backlog_count, 1);
	assert_true(u->backlog_bytes > 0);
	user_put(u);
}

static void test_bindings(void **state)
{
	struct world *w = *state;
	struct bind_row row = { .aor = STR("sip:bob@b.example") };
	struct write put = { .op = OP_BIND_SET, .u.bind = &row };
	struct user *u;

	put_user(w, "sip:bob@b.example", "bob");
	bind(w, "sip:bob@b.example", "sip:low@h", 100);
	bind(w, "sip:bob@b.example", "sip:high@h", 1000);
	bind(w, "sip:other@b.example", "sip:low@h", 1000);
	row.binding = (struct binding){
		.contact = STR("sip:low@h"), .params = STR("+g.oma.sip-im"),
		.instance = STR("<urn:uuid:1>"), .reg_id = 2, .q_milli = 300,
		.call_id = STR("cid"), .cseq = 4000000000u,
		.path = STR("<sip:p;lr>"), .flow = STR("tcp:5"),
		.user_agent = STR("UA/1"), .expires_utc_us = 12345,
		.is_plain = true };
	assert_int_equal(commit_one(w, put), STORE_OK);
	row.binding.cseq--;
	assert_int_equal(commit_one(w, put), STORE_OK);
	row.binding.cseq++;
	assert_int_equal(commit_one(w, put), STORE_OK); /* the same again */
	u = read_user(w, "sip:bob@b.example", false);
	assert_int_equal(u->bindings_n, 3);
	user_put(u);
	/* a contact without a flow is another binding than one with it */
	row.binding.instance = STR("");
	row.binding.reg_id = 0;
	put.op = OP_BIND_DROP;
	assert_int_equal(commit_one(w, put), STORE_OK);
	row.binding.instance = STR("<urn:uuid:1>");
	row.binding.reg_id = 2;
	put_user(w, "sip:bob@b.example", "bob2"); /* keeps his bindings */
	u = read_user(w, "sip:bob@b.example", false);
	assert_int_equal(u->bindings_n, 2);
	assert_str(u->bindings[0].contact, "sip:high@h"); /* best q first */
	assert_str(u->bindings[1].contact, "sip:low@h");
	assert_str(u->bindings[1].params, "+g.oma.sip-im");
	assert_str(u->bindings[1].instance, "<urn:uuid:1>");
	assert_int_equal(u->bindings[1].reg_id, 2);
	assert_int_equal(u->bindings[1].q_milli, 300);
	assert_str(u->bindings[1].call_id, "cid");
	assert_true(u->bindings[1].cseq == 4000000000u);
	assert_str(u->bindings[1].path, "<sip:p;lr>");
	assert_str(u->bindings[1].flow, "tcp:5");
	assert_str(u->bindings[1].user_agent, "UA/1");
	assert_int_equal(u->bindings[1].expires_utc_us, 12345);
	assert_true(u->bindings[1].is_plain);
	user_put(u);
	put.op = OP_BIND_DROP;
	assert_int_equal(commit_one(w, put), STORE_OK);
	u = read_user(w, "sip:bob@b.example", false);
	assert_int_equal(u->bindings_n, 1);
	user_put(u);
	row.binding.contact = STR_NONE;	/* all of them */
	assert_int_equal(commit_one(w, put), STORE_OK);
	u = read_user(w, "sip:bob@b.example", false);
	assert_int_equal(u->bindings_n, 0);
	user_put(u);
	u = read_user(w, "sip:other@b.example", false);
	assert_int_equal(u->bindings_n, 1);
	user_put(u);
}

static void test_drop_user(void **state)
{
	struct world *w = *state;
	struct user *u = user_new(STR("sip:bob@b.example")), *r;

	put_user(w, "sip:bob@b.example", "bob");
	bind(w, "sip:bob@b.example", "sip:1@h", 1000);
	assert_int_equal(commit_one(w, (struct write){ .op = OP_USER_DROP,
						       .u.user = u }),
			 STORE_OK);
	r = read_user(w, "sip:bob@b.example", true);
	assert_false(r->exists);
	assert_int_equal(r->bindings_n, 0);
	user_put(r);
	user_put(u);
}

static void test_backlog(void **state)
{
	struct world *w = *state;
	uint64_t bytes;
	struct user *u;

	put_user(w, "sip:bob@b.example", "bob");
	keep(w, 1, "user:sip:bob@b.example", 1);
	keep(w, 2, "user:sip:bob@b.example", FAR_UTC_US);
	keep(w, 3, "link:x", 1);
	u = read_user(w, "sip:bob@b.example", false);
	assert_int_equal(u->backlog_count, 2);
	bytes = u->backlog_bytes;
	user_put(u);
	finish(w, 1, "user:sip:bob@b.example");
	u = read_user(w, "sip:bob@b.example", false);
	assert_int_equal(u->backlog_count, 1);
	assert_true(u->backlog_bytes * 2 == bytes);
	user_put(u);
}

/* ---- legs and owners ------------------------------------------------------ */

static void test_live_rows(void **state)
{
	struct world *w = *state;
	struct live_row l = { .leg = UINT64_MAX, .saved = STR("a\0b") };
	struct write put = { .op = OP_LIVE_PUT, .u.live = &l };

	assert_int_equal(commit_one(w, put), STORE_OK);
	assert_int_equal(commit_one(w, put), STORE_OK);
	put.op = OP_LIVE_DROP;
	assert_int_equal(commit_one(w, put), STORE_OK);
	assert_int_equal(commit_one(w, put), STORE_OK);
}

static struct got own(struct world *w, enum store_op op, uint32_t node,
		      uint64_t boot, const char *resource, uint32_t lease_ms)
{
	struct own_row o = { .resource = str_of(resource), .node = node,
			     .boot = boot, .lease_ms = lease_ms };
	struct write put = { .op = op, .u.own = &o };

	return commit(w, &put, 1);
}

static void test_owners(void **state)
{
	struct world *w = *state;
	struct got g;

	assert_int_equal(own(w, OP_OWN_RENEW, 1, 1, "link:x", 20).err,
			 STORE_FENCED);
	g = own(w, OP_OWN_TAKE, 1, 1, "link:x", 60000);
	assert_int_equal(g.err, STORE_OK);
	assert_int_equal(g.epoch, 1);
	assert_int_equal(own(w, OP_OWN_TAKE, 2, 7, "link:x", 10).err,
			 STORE_FENCED);
	assert_int_equal(own(w, OP_OWN_RENEW, 2, 7, "link:x", 10).err,
			 STORE_FENCED);
	g = own(w, OP_OWN_RENEW, 1, 1, "link:x", 20);
	assert_int_equal(g.err, STORE_OK);
	assert_int_equal(g.epoch, 1);
	pass_time(w, 40);
	g = own(w, OP_OWN_TAKE, 2, 7, "link:x", 60000);
	assert_int_equal(g.err, STORE_OK);
	assert_int_equal(g.epoch, 2);
	assert_int_equal(own(w, OP_OWN_RENEW, 1, 1, "link:x", 20).err,
			 STORE_FENCED);
	/* the next start of the same node need not wait for its lease */
	g = own(w, OP_OWN_TAKE, 2, 8, "link:x", 60000);
	assert_int_equal(g.err, STORE_OK);
	assert_int_equal(g.epoch, 3);
	assert_int_equal(own(w, OP_OWN_RENEW, 2, 7, "link:x", 20).err,
			 STORE_FENCED);
}

static void test_lost_partition_is_fenced(void **state)
{
	struct world *w = *state;
	uint16_t part = todo_partition(STR("link:l"));
	struct todo t = { .id = 1, .part = part, .is_held = true };
	char resource[16];

	snprintf(resource, sizeof(resource), "part:%u", part);
	assert_int_equal(own(w, OP_OWN_TAKE, 1, 1, resource, 10).err,
			 STORE_OK);
	keep(w, 1, "link:l", 1);
	assert_int_equal(commit_one(w, w_todo(OP_TODO_HOLD, &t)), STORE_OK);
	pass_time(w, 30);
	/* lapsed, but nobody took it: still ours */
	assert_int_equal(commit_one(w, w_todo(OP_TODO_HOLD, &t)), STORE_OK);
	steal(w, str_of(resource), 2);
	assert_int_equal(finish(w, 1, "link:l"), STORE_FENCED);
	assert_int_equal(commit_one(w, w_todo(OP_TODO_HOLD, &t)),
			 STORE_FENCED);
	assert_true(has_row(w, 1));
	/* a message for the other node's partition may be accepted */
	keep(w, 2, "link:l", 1);
	assert_int_equal(finish(w, 2, "link:l"), STORE_FENCED);
	assert_true(has_row(w, 2));
}

/* The first write of an accept after the loss tells that it is lost. */
static void test_accept_by_former_owner_is_fenced_once(void **state)
{
	struct world *w = *state;
	uint16_t part = todo_partition(STR("link:l"));
	struct msg *m = make_msg("m", "sip:a@a.example", "sip:b@b.example",
				 "x", 8);
	struct todo t = make_todo(8, "link:l", m);
	struct write put[] = { w_msg(m), w_todo(OP_TODO_PUT, &t) };
	char resource[16];

	snprintf(resource, sizeof(resource), "part:%u", part);
	assert_int_equal(own(w, OP_OWN_TAKE, 1, 1, resource, 10).err,
			 STORE_OK);
	pass_time(w, 30);
	steal(w, str_of(resource), 2);
	assert_int_equal(commit(w, put, 2).err, STORE_FENCED);
	assert_false(has_row(w, 8));
	assert_int_equal(commit(w, put, 2).err, STORE_OK);
	msg_put(m);
}

/* ---- listings ------------------------------------------------------------- */

static void test_list_users_and_bindings(void **state)
{
	struct world *w = *state;

	assert_list(w, "users", "", "[]");
	assert_list(w, "no such thing", "", "[]");
	put_user(w, "sip:bob@b.example", "b\"ob\xff");
	put_user(w, "sip:al@b.example", "al");
	assert_list(w, "users", "",
		"[{\"aor\":\"sip:al@b.example\",\"login\":\"al\","
		"\"display\":\"\",\"has_md5\":false,\"has_sha256\":false,"
		"\"is_barred\":false,\"is_out_barred\":false,"
		"\"is_active\":true,\"has_offline_delivery\":true,"
		"\"store_on_busy\":false,\"quota_count\":0,\"quota_bytes\":0,"
		"\"is_contact\":false},"
		"{\"aor\":\"sip:bob@b.example\","
		"\"login\":\"b\\\"ob\xef\xbf\xbd\","
		"\"display\":\"\",\"has_md5\":false,\"has_sha256\":false,"
		"\"is_barred\":false,\"is_out_barred\":false,"
		"\"is_active\":true,\"has_offline_delivery\":true,"
		"\"store_on_busy\":false,\"quota_count\":0,"
		"\"quota_bytes\":0,\"is_contact\":false}]");
	bind(w, "sip:bob@b.example", "sip:2@h", 1000);
	bind(w, "sip:al@b.example", "sip:1@h", 500);
#define BINDING(aor, contact, q) \
	"{\"aor\":\"" aor "\",\"contact\":\"" contact "\",\"q_milli\":" q \
	",\"expires_utc_us\":5000,\"instance\":\"\",\"reg_id\":0," \
	"\"params\":\"\",\"path\":\"\",\"user_agent\":\"\"," \
	"\"is_plain\":false}"
	assert_list(w, "bindings", "",
		    "[" BINDING("sip:al@b.example", "sip:1@h", "500") ","
		    BINDING("sip:bob@b.example", "sip:2@h", "1000") "]");
	assert_list(w, "bindings", "sip:bob@b.example",
		    "[" BINDING("sip:bob@b.example", "sip:2@h", "1000") "]");
	assert_list(w, "bindings", "sip:nobody@b.example", "[]");
}

static void assert_list_has(struct world *w, const char *query,
			    const char *arg, int objects, const char *needle)
{
	struct got g = claim(w, (struct claim){ .what = CLAIM_LIST,
						.query = str_of(query),
						.arg = str_of(arg) },
			     90000000000);
	struct str rest = g.rows->json;
	int n = 0;

	for (; rest.n; rest = str_from(rest, 1))
		n += rest.p[0] == '{';
	assert_int_equal(n, objects);
	if (str_search(g.rows->json, str_of(needle)) == g.rows->json.n)
		fail_msg("no %s in %.*s", needle, STR_ARG(g.rows->json));
	got_free(&g);
}

static void test_list_queue(void **state)
{
	struct world *w = *state;
	char id[24];

	keep(w, 1, "link:a", 1);
	keep(w, 2, "link:b", 1);
	keep(w, 3, "user:sip:bob@b.example", 1);
	keep(w, UINT64_MAX, "link:a", 1);
	assert_list_has(w, "queue", "", 4, "\"id\":\"1\"");
	assert_list_has(w, "queue", "link:a", 2,
			"\"id\":\"18446744073709551615\"");
	assert_list_has(w, "queue", "sip:bob@b.example", 4,
			"\"recipient\":\"sip:bob@b.example\"");
	assert_list_has(w, "queue", "sip:nobody@b.example", 0, "[]");
	snprintf(id, sizeof(id), "%llu", (unsigned long long)UINT64_MAX);
	assert_list_has(w, "queue-show", id, 1,
			"\"from\":\"sip:alice@a.example\","
			"\"to\":[\"sip:bob@b.example\"],\"msg_id\":\"m\"");
	assert_list_has(w, "queue-show", "99", 0, "[]");
	assert_list_has(w, "queue-show", "x'", 0, "[]");
	assert_list_has(w, "queue-shape", "", 3,
			"[{\"lane\":\"link:a\",\"count\":2,\"held\":0,");
	assert_list_has(w, "queue-shape", "", 3, "\"older\":2");
}

static void test_list_is_cut(void **state)
{
	struct world *w = *state;
	struct claim c = { .what = CLAIM_LIST, .query = STR("queue"),
			   .max = 2 };
	struct got g;

	keep(w, 1, "link:a", 1);
	keep(w, 2, "link:a", 1);
	g = claim(w, c, 0);
	assert_true(g.rows->is_all);
	got_free(&g);
	keep(w, 3, "link:a", 1);
	g = claim(w, c, 0);
	assert_false(g.rows->is_all);
	assert_true(str_search(g.rows->json, STR("\"id\":\"2\"")) <
		    g.rows->json.n);
	assert_true(str_search(g.rows->json, STR("\"id\":\"3\"")) ==
		    g.rows->json.n);
	assert_true(str_ends(g.rows->json, STR("}]")));
	got_free(&g);
}

static void test_trace_tells_the_story(void **state)
{
	static const char hex[] = "000000000000000700000000000003e9";
	struct world *w = *state;
	struct due d = make_due(5);
	struct got g;
	int i;

	d.trace = (struct trace_id){ 7, 1001 };	/* as keep() gives row 1 */
	keep(w, 1, "link:a", 1);
	keep(w, 2, "link:a", 1);
	assert_int_equal(commit_one(w, w_due(OP_DUE_PUT, &d)), STORE_OK);
	assert_true(w->port.account(w->port.self, STR(
		"event=accepted trace=000000000000000700000000000003e9 x=1")));
	assert_true(w->port.account(w->port.self, STR(
		"event=accepted trace=000000000000000700000000000003ea x=2")));
	assert_true(w->port.account(w->port.self, STR(
		"event=sent from=sip:zoe@a.example x=3")));
	assert_false(w->port.account(w->port.self, STR("two\nlines")));
	/* lines reach the file a little later */
	for (i = 0; i < 100; i++) {
		g = claim(w, (struct claim){ .what = CLAIM_LIST,
					     .query = STR("trace"),
					     .arg = STR("sip:zoe@a.example") },
			  0);
		if (g.rows->json.n > 2)
			break;
		got_free(&g);
		pass_time(w, 20);
	}
	assert_str(g.rows->json, "[{\"kind\":\"account\",\"line\":"
		   "\"event=sent from=sip:zoe@a.example x=3\"}]");
	got_free(&g);
	assert_list_has(w, "trace", hex, 3, "\"kind\":\"todo\",\"id\":\"1\"");
	assert_list_has(w, "trace", hex, 3, "\"kind\":\"due\",\"id\":\"5\"");
	assert_list_has(w, "trace", hex, 3, "{\"kind\":\"account\",\"line\":"
			"\"event=accepted trace=00000000000000070000000000"
			"0003e9 x=1\"}");
	assert_list_has(w, "trace", "sip:zoe@a.exampl", 0, "[]");
	assert_list_has(w, "trace", "", 0, "[]");
	assert_list_has(w, "trace", "sip:bob@b.example", 2, "\"id\":\"2\"");
}

#define ON_ROWS(fn, rows) \
	{ .name = #fn " on sqlite" rows, .test_func = fn, \
	  .setup_func = set_up_sqlite, .teardown_func = tear_down }, \
	{ .name = #fn " on fake" rows, .test_func = fn, \
	  .setup_func = set_up_fake, .teardown_func = tear_down }
#define ON(fn) ON_ROWS(fn, "")

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON(test_row_comes_back_whole),
		ON(test_body_goes_with_last_row),
		ON(test_lane_in_order_and_pages),
		ON(test_seq_is_never_used_again),
		ON(test_retry_move_hold),
		ON(test_due_lanes),
		ON(test_due_lanes_go_around),
		ON(test_due_is_done_once),
		ON(test_duplicate_gets_earlier_answer),
		ON(test_dead_dedup_row_is_replaced),
		ON(test_dropped_dedup_row_is_forgotten),
		ON(test_failures_are_alone_and_in_order),
		ON(test_read_sees_what_was_answered),
		ON(test_nobody_listens),
		ON(test_notes),
		ON(test_user_comes_back_whole),
		ON(test_contacts_are_found),
		ON_ROWS(test_folded_lookup, " [CP01]"),
		ON(test_folded_user_is_whole),
		ON(test_bindings),
		ON(test_drop_user),
		ON(test_backlog),
		ON(test_live_rows),
		ON(test_owners),
		ON(test_lost_partition_is_fenced),
		ON(test_accept_by_former_owner_is_fenced_once),
		ON(test_list_users_and_bindings),
		ON(test_list_queue),
		ON(test_list_is_cut),
		ON(test_trace_tells_the_story),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
