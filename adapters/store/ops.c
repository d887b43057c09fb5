/* adapters/store/ops.c: see ops.h. Messages, todos and dues, and the dispatch;
 * users, bindings, legs and owners are in ops_user.c.
 */
#include "adapters/store/ops.h"

#include <string.h>

#include "adapters/store/due_text.h"
#include "adapters/store/ops_priv.h"
#include "core/base/log.h"
#include "core/base/mem.h"

/* A packed message is at most its arena, several times escaped. */
#define MSG_TEXT_BYTES_MAX 1048576u
/* Ours: a row may vanish between two statements, not each time. */
#define DEDUP_TRIES 4

static const struct log_ctx ctx = { .module = "store" };

void ops_init(struct ops *o, struct db *db, uint32_t node, uint64_t boot)
{
	*o = (struct ops){ .db = db, .node = node, .boot = boot };
	buf_init(&o->text, MSG_TEXT_BYTES_MAX);
}

void ops_free(struct ops *o)
{
	buf_free(&o->text);
}

void ops_begin(struct ops *o)
{
	memset(o->fence.is_read, 0, sizeof(o->fence.is_read));
	o->packed_id = 0;
}

/* ---- owners of partitions ------------------------------------------------- */

static enum store_err read_owner(struct ops *o, uint16_t part)
{
	struct buf resource;
	struct query q;

	buf_init(&resource, 32);
	buf_put_str(&resource, STR("part:"));
	buf_put_u64(&resource, part);
	query_begin(&q, o->db, SQL_FENCE);
	query_str(&q, buf_str(&resource));
	o->fence.now[part] = query_step(&q) ? query_col_u64(&q, 0) : 0;
	o->fence.is_read[part] = true;
	buf_free(&resource);
	return query_end(&q, NULL);
}

/* The epoch to write with. A row may be accepted for a partition that another
   node owns (is_accept): its owner finds it. Everything else is its owner's. */
static enum store_err check_fence(struct ops *o, const struct write *w,
				  bool is_accept, uint64_t *epoch_out)
{
	struct fence *f = &o->fence;
	enum store_err err = STORE_OK;

	if (w->part >= PARTITIONS_N)
		return STORE_CONFLICT;
	if (!f->is_read[w->part])
		err = read_owner(o, w->part);
	if (err)
		return err;
	*epoch_out = f->now[w->part];
	if (f->known[w->part] == f->now[w->part] ||
	    (is_accept && f->known[w->part] == 0))
		return STORE_OK;
	f->known[w->part] = 0; /* lost: it must be taken again */
	return STORE_FENCED;
}

/* ---- messages ------------------------------------------------------------- */

/* So many todos more name that row; how many rows that were. */
static enum store_err count_msg(struct ops *o, uint64_t id, int refs,
				int *changed_out)
{
	struct query q;

	query_begin(&q, o->db, SQL_MSG_USE);
	query_i64(&q, refs);
	query_u64(&q, id);
	return query_run(&q, changed_out);
}

static enum store_err insert_msg(struct ops *o, const struct msg *m,
				 uint64_t id, int refs)
{
	enum store_err err;
	struct query q;
	int changed;

	buf_clear(&o->text);
	msg_pack(&o->text, m);
	if (o->text.err) {
		log_error(&ctx, "msg_not_packed", F_TRACE(m->trace),
			  F_TEXT("why", err_text(o->text.err)));
		return STORE_CONFLICT;
	}
	o->packed_id = id;
	o->packed_n = o->text.n;
	query_begin(&q, o->db, SQL_MSG_PUT);
	query_u64(&q, id);
	query_i64(&q, refs);
	query_bytes(&q, buf_str(&o->text));
	err = query_run(&q, &changed);
	return err || changed > 0 ? err : count_msg(o, id, refs, &changed);
}

/* The row counts the todos that name it; those of the same transaction are
   counted at once. */
static enum store_err msg_put_row(struct ops *o, const struct write *all,
				  size_t n, const struct msg *m)
{
	int refs = 0;
	size_t i;

	for (i = 0; i < n; i++)
		if (all[i].op == OP_TODO_PUT &&
		    all[i].u.todo->msg_store_id == m->store_id)
			refs++;
	return insert_msg(o, m, m->store_id, refs);
}

static const struct msg *put_here(const struct write *all, size_t n,
				  uint64_t id)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (all[i].op == OP_MSG_PUT && all[i].u.msg->store_id == id)
			return all[i].u.msg;
	return NULL;
}

/* A todo for a message of an earlier transaction. When its row is gone already
   (its last todo was just done) it is written again. */
static enum store_err use_msg(struct ops *o, const struct todo *t)
{
	int changed;
	enum store_err err = count_msg(o, t->msg_store_id, 1, &changed);

	if (err || changed > 0)
		return err;
	if (!t->msg) {
		log_error(&ctx, "msg_missing", F_TRACE(t->trace));
		return STORE_CONFLICT;
	}
	return insert_msg(o, t->msg, t->msg_store_id, 1);
}

static enum store_err drop_msg(struct ops *o, uint64_t id)
{
	enum store_err err;
	struct query q;
	int changed;

	if (db_has(o->db, SQL_MSG_LOCK)) {
		query_begin(&q, o->db, SQL_MSG_LOCK);
		query_u64(&q, id);
		err = query_run(&q, NULL);
		if (err)
			return err;
	}
	query_begin(&q, o->db, SQL_MSG_DROP_LAST);
	query_u64(&q, id);
	err = query_run(&q, &changed);
	if (err || changed > 0)
		return err;
	query_begin(&q, o->db, SQL_MSG_UNUSE);
	query_u64(&q, id);
	return query_run(&q, NULL);
}

/* ---- todos ---------------------------------------------------------------- */

static int64_t expiry(const struct todo *t)
{
	return t->expires_utc_us ? t->expires_utc_us : INT64_MAX;
}

static int64_t wake_at(const struct todo *t)
{
	if (t->is_held || t->due_utc_us > expiry(t))
		return expiry(t);
	return t->due_utc_us;
}

static enum store_err insert_todo(struct ops *o, const struct todo *t,
				  uint16_t part, uint64_t epoch, uint64_t bytes)
{
	char hex[TRACE_HEX_N + 1];
	struct query q;

	query_begin(&q, o->db, SQL_TODO_PUT);
	query_u64(&q, t->id);
	query_u64(&q, part);
	query_u64(&q, epoch);
	query_str(&q, t->lane);
	query_u64(&q, t->conversation);
	query_str(&q, t->recipient);
	query_str(&q, t->via);
	query_i64(&q, t->due_utc_us);
	query_i64(&q, expiry(t));
	query_i64(&q, t->kept_utc_us);
	query_u64(&q, t->tries);
	query_u64(&q, t->wants);
	query_str(&q, str_of(cause_name(t->last_cause)));
	query_i64(&q, t->is_held);
	query_i64(&q, wake_at(t));
	query_u64(&q, t->msg_store_id);
	query_str(&q, trace_hex(t->trace, hex));
	query_u64(&q, bytes);
	return query_run(&q, NULL);
}

static enum store_err put_todo(struct ops *o, const struct write *w,
			       const struct write *all, size_t n)
{
	const struct todo *t = w->u.todo;
	const struct msg *m = put_here(all, n, t->msg_store_id);
	uint64_t epoch, bytes = t->bytes;
	enum store_err err = check_fence(o, w, true, &epoch);

	if (!err && !m)
		err = use_msg(o, t);
	if (err)
		return err;
	if (bytes == 0 && o->packed_id == t->msg_store_id)
		bytes = o->packed_n;
	return insert_todo(o, t, w->part, epoch, bytes);
}

/* Which message a row is of, when its caller did not read it; 0: no row. */
static enum store_err msg_of(struct ops *o, const struct todo *t,
			     uint64_t *id_out)
{
	struct query q;

	*id_out = t->msg_store_id;
	if (*id_out)
		return STORE_OK;
	query_begin(&q, o->db, SQL_TODO_MSG);
	query_u64(&q, t->id);
	if (query_step(&q))
		*id_out = query_col_u64(&q, 0);
	return query_end(&q, NULL);
}

static enum store_err finish_todo(struct ops *o, const struct write *w)
{
	struct query q;
	uint64_t epoch, msg_id;
	enum store_err err = check_fence(o, w, false, &epoch);
	int changed;

	if (!err)
		err = msg_of(o, w->u.todo, &msg_id);
	if (err)
		return err;
	query_begin(&q, o->db, SQL_TODO_DONE);
	query_u64(&q, w->u.todo->id);
	err = query_run(&q, &changed);
	return err || changed == 0 ? err : drop_msg(o, msg_id);
}

static enum store_err change_todo(struct ops *o, const struct write *w)
{
	const struct todo *t = w->u.todo;
	struct query q;
	uint64_t epoch;
	enum store_err err = check_fence(o, w, false, &epoch);

	if (err)
		return err;
	if (w->op == OP_TODO_RETRY) {
		query_begin(&q, o->db, SQL_TODO_RETRY);
		query_i64(&q, t->due_utc_us);
		query_u64(&q, t->tries);
		query_str(&q, t->via);
		query_str(&q, str_of(cause_name(t->last_cause)));
	} else if (w->op == OP_TODO_MOVE) {
		query_begin(&q, o->db, SQL_TODO_MOVE);
		query_str(&q, t->lane);
		query_u64(&q, t->part);
		query_str(&q, t->via);
		query_i64(&q, t->due_utc_us);
	} else {
		query_begin(&q, o->db, SQL_TODO_HOLD);
		query_i64(&q, t->is_held);
	}
	query_u64(&q, epoch);
	query_u64(&q, t->id);
	return query_run(&q, NULL);
}

/* ---- dues, dedup and notes ------------------------------------------------ */

static enum store_err put_due(struct ops *o, const struct write *w)
{
	const struct due *d = w->u.due;
	char hex[TRACE_HEX_N + 1];
	struct query q;

	buf_clear(&o->text);
	due_put(&o->text, d);
	if (o->text.err)
		return STORE_CONFLICT;
	query_begin(&q, o->db, SQL_DUE_PUT);
	query_u64(&q, d->id);
	query_u64(&q, w->part);
	query_str(&q, trace_hex(d->trace, hex));
	query_bytes(&q, buf_str(&o->text));
	return query_run(&q, NULL);
}

static enum store_err finish_due(struct ops *o, uint64_t id)
{
	struct query q;
	enum store_err err;
	int changed;

	query_begin(&q, o->db, SQL_DUE_DONE);
	query_u64(&q, id);
	err = query_run(&q, &changed);
	if (!err && changed == 0)
		return STORE_CONFLICT;
	return err;
}

/* False: the row is gone, another node dropped it just now. */
static bool earlier_answer(struct ops *o, struct str key,
			   struct op_result *out, enum store_err *err_out)
{
	struct query q;
	bool is_there;

	query_begin(&q, o->db, SQL_DEDUP_ANSWER);
	query_bytes(&q, key);
	is_there = query_step(&q);
	if (is_there) {
		struct str s = query_col_str(&q, 0);

		out->answer = mem_alloc(s.n + 1);
		memcpy(out->answer, s.p, s.n);
		out->answer_n = s.n;
	}
	*err_out = query_end(&q, NULL);
	if (!*err_out && is_there)
		*err_out = STORE_DUPLICATE;
	return is_there || *err_out;
}

/* A row of that key that is dead gives way. */
static enum store_err write_dedup(struct ops *o, const struct dedup_row *d,
				  struct str key, int *changed_out)
{
	struct query q;
	enum store_err err;

	query_begin(&q, o->db, SQL_DEDUP);
	query_bytes(&q, key);
	query_i64(&q, d->expires_utc_us);
	query_str(&q, d->answer);
	err = query_run(&q, changed_out);
	if (err || *changed_out > 0)
		return err;
	query_begin(&q, o->db, SQL_DEDUP_RENEW);
	query_i64(&q, d->expires_utc_us);
	query_str(&q, d->answer);
	query_bytes(&q, key);
	query_i64(&q, o->now_utc_us);
	return query_run(&q, changed_out);
}

static enum store_err put_dedup(struct ops *o, const struct dedup_row *d,
				struct op_result *out)
{
	struct str key = { (const char *)d->key, sizeof(d->key) };
	enum store_err err;
	int changed, tries;

	for (tries = 0; tries < DEDUP_TRIES; tries++) {
		err = write_dedup(o, d, key, &changed);
		if (err || changed > 0)
			return err;
		if (earlier_answer(o, key, out, &err))
			return err;
	}
	return STORE_DOWN;
}

static enum store_err drop_dedup(struct ops *o, const struct dedup_row *d)
{
	struct query q;

	query_begin(&q, o->db, SQL_DEDUP_DROP);
	query_bytes(&q, (struct str){ (const char *)d->key, sizeof(d->key) });
	return query_run(&q, NULL);
}

static enum store_err put_note(struct ops *o, const struct note_row *n)
{
	struct query q;

	query_begin(&q, o->db, SQL_NOTE_PUT);
	query_bytes(&q, (struct str){ (const char *)n->key, sizeof(n->key) });
	query_i64(&q, n->expires_utc_us);
	query_bytes(&q, n->text);
	return query_run(&q, NULL);
}

static int purge(struct ops *o, enum sql what, int max)
{
	struct query q;
	int changed = 0;

	query_begin(&q, o->db, what);
	query_i64(&q, o->now_utc_us);
	query_i64(&q, max);
	query_run(&q, &changed);
	return changed;
}

int ops_purge(struct ops *o, int max)
{
	int dedups = purge(o, SQL_DEDUP_PURGE, max);
	int notes = purge(o, SQL_NOTE_PURGE, max);

	return dedups > notes ? dedups : notes;
}

/* ---- all of them ---------------------------------------------------------- */

static enum store_err run_one(struct ops *o, const struct write *w,
			      const struct write *all, size_t n,
			      struct op_result *out)
{
	switch (w->op) {
	case OP_MSG_PUT:
		return msg_put_row(o, all, n, w->u.msg);
	case OP_DEDUP:
		return put_dedup(o, w->u.dedup, out);
	case OP_DEDUP_DROP:
		return drop_dedup(o, w->u.dedup);
	case OP_TODO_PUT:
		return put_todo(o, w, all, n);
	case OP_TODO_DONE:
		return finish_todo(o, w);
	case OP_TODO_RETRY:
	case OP_TODO_MOVE:
	case OP_TODO_HOLD:
		return change_todo(o, w);
	case OP_DUE_PUT:
		return put_due(o, w);
	case OP_DUE_DONE:
		return finish_due(o, w->u.due->id);
	case OP_BIND_SET:
		return op_bind_set(o, w->u.bind);
	case OP_BIND_DROP:
		return op_bind_drop(o, w->u.bind);
	case OP_USER_PUT:
		return op_user_put(o, w->u.user);
	case OP_USER_DROP:
		return op_user_drop(o, w->u.user->aor);
	case OP_NOTE_PUT:
		return put_note(o, w->u.note);
	case OP_LIVE_PUT:
		return op_live_put(o, w->u.live);
	case OP_LIVE_DROP:
		return op_live_drop(o, w->u.live->leg);
	case OP_OWN_TAKE:
	case OP_OWN_RENEW:
		return op_own(o, w->u.own, w->op == OP_OWN_TAKE, &out->epoch);
	case OP_COUNT_N:
		break;
	}
	return STORE_CONFLICT;
}

enum store_err ops_run(struct ops *o, const struct write *w, size_t n,
		       struct op_result *out)
{
	enum store_err err = STORE_OK;
	size_t i;

	for (i = 0; i < n && !err; i++) {
		err = run_one(o, &w[i], w, n, out);
		out->done_n += !err;
	}
	return err;
}
