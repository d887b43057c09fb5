/* tests/unit/test_store.h: what the store's tests share: a temp folder, a store
 * on SQLite with its loop, rows to write, and waiting for answers.
 */
#pragma once

#include <stdlib.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/unit/unit.h"

#include "adapters/net/loop.h"
#include "adapters/store/store.h"

/* One answer, kept: copies of what lives only during the handler. */
struct got {
	int n;	   /* how often the handler ran */
	int order; /* the how manieth of all answers it was */
	enum store_err err;
	char answer[64];
	bool has_answer;
	uint64_t epoch;
	struct user *user;
	struct rows *rows;
};

static int got_count;

static inline void on_got(void *arg, const struct store_result *r)
{
	struct got *g = arg;
	size_t n = r->earlier_answer.n;

	g->n++;
	g->order = ++got_count;
	g->err = r->err;
	g->epoch = r->epoch;
	g->user = r->user;
	g->rows = r->rows;
	assert_true(n < sizeof(g->answer));
	if (n)
		memcpy(g->answer, r->earlier_answer.p, n);
	g->answer[n] = '\0';
	g->has_answer = r->earlier_answer.p != NULL;
}

static inline void got_free(struct got *g)
{
	user_put(g->user);
	rows_free(g->rows);
	*g = (struct got){ 0 };
}

/* ---- a store on SQLite ---------------------------------------------------- */

struct place {
	char dir[64], file[96], account[96];
	struct net_loop *loop;
	struct store_db *db;
	struct store port;
};

static inline void place_make(struct place *p)
{
	*p = (struct place){ .dir = "/tmp/causeway-store-XXXXXX" };
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->file, sizeof(p->file), "%s/store.db", p->dir);
	snprintf(p->account, sizeof(p->account), "%s/account", p->dir);
	p->loop = net_loop_new(NULL);
	assert_non_null(p->loop);
}

static inline void place_open(struct place *p, struct store_options o)
{
	struct errtext why = { "" };

	o.file = p->file;
	o.accounting_file = p->account;
	p->db = store_open(p->loop, &o, &why);
	if (!p->db)
		fail_msg("%s", why.text);
	p->port = store_port(p->db);
}

static inline void place_close(struct place *p)
{
	store_close(p->db);
	p->db = NULL;
	net_loop_once(p->loop, false);
}

static inline void place_drop(struct place *p)
{
	static const char *const ends[] = { "store.db",	    "store.db-wal",
					    "store.db-shm", "store.db.lock",
					    "account",	    "account.1",
					    "account.seq",  "account.seq.new" };
	char path[128];
	size_t i;

	place_close(p);
	net_loop_free(p->loop);
	for (i = 0; i < COUNT_OF(ends); i++) {
		snprintf(path, sizeof(path), "%s/%s", p->dir, ends[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(p->dir), 0);
}

/* Runs the loop until that answer came. */
static inline void place_wait(struct place *p, const struct got *g)
{
	while (g->n == 0)
		net_loop_once(p->loop, true);
}

/* ---- rows ----------------------------------------------------------------- */

/* A message that lives until msg_put(). */
static inline struct msg *make_msg(const char *id, const char *from,
				   const char *to, const char *body,
				   uint64_t store_id)
{
	struct msg *m = msg_new(MSG_ARENA_BYTES);

	m->trace = (struct trace_id){ 7, store_id };
	m->id = arena_dup(m->arena, str_of(id));
	m->has_own_id = true;
	assert_int_equal(addr_from_uri_text(m->arena, str_of(from), &m->from),
			 0);
	m->to = arena_array(m->arena, 1, sizeof(m->to[0]));
	m->to_n = 1;
	assert_int_equal(addr_from_uri_text(m->arena, str_of(to), &m->to[0]),
			 0);
	m->content_type = STR("text/plain");
	m->body = body_inline(arena_dup(m->arena, str_of(body)));
	m->store_id = store_id;
	return m;
}

static inline struct todo make_todo(uint64_t id, const char *lane,
				    struct msg *m)
{
	return (struct todo){
		.id = id,
		.part = todo_partition(str_of(lane)),
		.lane = str_of(lane),
		.conversation = 0xfedcba9876543210u,
		.recipient = m->to[0].text,
		.via = STR("prosody1"),
		.due_utc_us = 1000,
		.expires_utc_us = 900000000000000000,
		.kept_utc_us = 500,
		.wants = WANT_DELIVERED,
		.msg = m,
		.trace = m->trace,
		.msg_store_id = m->store_id,
	};
}

static inline struct write w_msg(const struct msg *m)
{
	return (struct write){ .op = OP_MSG_PUT, .u.msg = m };
}

static inline struct write w_todo(enum store_op op, const struct todo *t)
{
	return (struct write){ .op = op, .part = t->part, .u.todo = t };
}
