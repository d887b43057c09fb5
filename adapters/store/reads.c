/* adapters/store/reads.c: see reads.h. */
#include "adapters/store/reads.h"

#include "adapters/store/fold.h"
#include "adapters/store/row_in.h"
#include "core/base/log.h"

/* Ours: most a claim gives at once, in rows and in message bytes; both bound
   the memory of a queue's runner. */
#define ROWS_MAX 512u
#define CLAIM_BYTES_MAX 4194304u
#define ROWS_ARENA_BYTES 8388608u
/* Ours: lanes looked at between two other reads, some 3 ms. */
#define LANES_A_SLICE 512

static const struct log_ctx ctx = { .module = "store" };

/* ---- users ---------------------------------------------------------------- */

static enum store_err find_exact(struct db *db, struct str aor, struct user *u)
{
	struct query q;

	query_begin(&q, db, SQL_USER_GET);
	query_str(&q, aor);
	if (query_step(&q))
		user_in(&q, u->arena, u);
	return query_end(&q, NULL);
}

/* Two that differ only in case: neither is meant [CP01]. */
static enum store_err find_folded(struct db *db, struct str aor, struct user *u)
{
	struct user found = *u;
	struct query q;
	int n = 0;

	query_begin(&q, db, SQL_USER_BY_FOLDED);
	query_str(&q, fold_address(u->arena, aor));
	for (; query_step(&q); n++)
		if (n == 0)
			user_in(&q, u->arena, &found);
	if (n == 1)
		*u = found;
	return query_end(&q, NULL);
}

static enum store_err find_bindings(struct db *db, struct user *u)
{
	struct query q;

	u->bindings = arena_array(u->arena, BINDINGS_MAX,
				  sizeof(u->bindings[0]));
	query_begin(&q, db, SQL_BINDS_GET);
	query_str(&q, u->aor);
	query_i64(&q, BINDINGS_MAX);
	while (u->bindings && u->bindings_n < BINDINGS_MAX && query_step(&q))
		binding_in(&q, u->arena, &u->bindings[u->bindings_n++]);
	return query_end(&q, NULL);
}

static enum store_err find_backlog(struct db *db, struct user *u)
{
	struct str lane = arena_printf(u->arena, "user:%.*s", STR_ARG(u->aor));
	struct query q;

	query_begin(&q, db, SQL_BACKLOG);
	query_str(&q, lane);
	if (query_step(&q)) {
		u->backlog_count = (uint32_t)query_col_u64(&q, 0);
		u->backlog_bytes = query_col_u64(&q, 1);
	}
	return query_end(&q, NULL);
}

enum store_err reads_user(struct db *db, struct str aor, bool is_folded,
			  struct user **out)
{
	struct user *u = user_new(aor);
	enum store_err err = db_do(db, SQL_BEGIN_READ);

	*out = NULL;
	if (!err)
		err = find_exact(db, aor, u);
	if (!err && !u->exists && is_folded)
		err = find_folded(db, aor, u);
	if (!err)
		err = find_bindings(db, u);
	if (!err)
		err = find_backlog(db, u);
	db_do(db, SQL_COMMIT);
	if (!err && arena_err(u->arena))
		err = STORE_DOWN;
	if (!err)
		*out = user_pack(u);
	user_put(u);
	return err;
}

enum store_err reads_note(struct db *db, const uint8_t key[32],
			  int64_t now_utc_us, struct arena *a, struct str *out)
{
	enum store_err err;
	struct query q;

	*out = STR_NONE;
	query_begin(&q, db, SQL_NOTE_GET);
	query_bytes(&q, (struct str){ (const char *)key, 32 });
	query_i64(&q, now_utc_us);
	if (query_step(&q))
		*out = arena_dup(a, query_col_str(&q, 0));
	err = query_end(&q, NULL);
	return !err && arena_err(a) ? STORE_DOWN : err;
}

/* ---- claims --------------------------------------------------------------- */

struct rows *reads_rows_new(void)
{
	struct arena *a = arena_new(ROWS_ARENA_BYTES);
	struct rows *r = arena_zalloc(a, sizeof(*r));

	r->arena = a;
	r->is_all = true;
	return r;
}

static uint32_t rows_wanted(const struct claim *c)
{
	return c->max == 0 || c->max > ROWS_MAX ? ROWS_MAX : c->max;
}

/* A message that does not read back keeps its row, which listings show. */
static bool unpack(struct query *q, struct todo *t)
{
	int err = msg_unpack(query_col_str(q, TODO_COLUMNS_N), &t->msg);

	if (err < 0) {
		t->msg = NULL;
		log_error(&ctx, "msg_not_readable", F_TRACE(t->trace),
			  F_TEXT("why", err_text(err)));
		return false;
	}
	t->msg->store_id = t->msg_store_id;
	return true;
}

enum store_err reads_lane(struct db *db, const struct claim *c,
			  struct rows *out)
{
	uint32_t max = rows_wanted(c);
	uint64_t bytes = 0;
	struct query q;

	out->todos = arena_array(out->arena, max, sizeof(out->todos[0]));
	query_begin(&q, db, SQL_CLAIM_LANE);
	query_str(&q, c->lane);
	query_u64(&q, c->after_seq);
	query_i64(&q, (int64_t)max + 1);
	while (out->todos && query_step(&q)) {
		struct todo *t = &out->todos[out->todos_n];

		if (out->todos_n == max || bytes > CLAIM_BYTES_MAX) {
			out->is_all = false;
			break;
		}
		todo_in(&q, out->arena, t);
		bytes += query_col_str(&q, TODO_COLUMNS_N).n;
		if (unpack(&q, t))
			out->todos_n++;
	}
	return query_end(&q, NULL);
}

enum store_err reads_reports(struct db *db, const struct claim *c,
			     struct rows *out)
{
	uint32_t max = rows_wanted(c);
	struct query q;

	out->dues = arena_array(out->arena, max, sizeof(out->dues[0]));
	query_begin(&q, db, SQL_DUE_REPORTS);
	query_u64(&q, c->after_seq);
	query_i64(&q, (int64_t)max + 1);
	while (out->dues && query_step(&q)) {
		struct due *d = &out->dues[out->dues_n];

		if (out->dues_n == max) {
			out->is_all = false;
			break;
		}
		if (due_in(&q, out->arena, d) == 0)
			out->dues_n++;
		else
			log_error(&ctx, "due_not_readable", F_TRACE(d->trace));
	}
	return query_end(&q, NULL);
}

enum store_err reads_one(struct db *db, const struct claim *c, struct rows *out)
{
	struct query q;

	out->todos = arena_array(out->arena, 1, sizeof(out->todos[0]));
	query_begin(&q, db, SQL_TODO_GET);
	query_u64(&q, c->id);
	if (out->todos && query_step(&q)) {
		todo_in(&q, out->arena, &out->todos[0]);
		if (unpack(&q, &out->todos[0]))
			out->todos_n = 1;
	}
	return query_end(&q, NULL);
}

enum store_err reads_contacts(struct db *db, const struct claim *c,
			      struct rows *out)
{
	uint32_t max = rows_wanted(c);
	struct query q;

	out->is_all = true;
	out->contacts = arena_array(out->arena, max, sizeof(*out->contacts));
	query_begin(&q, db, SQL_CONTACTS);
	query_str(&q, c->lane);
	query_i64(&q, (int64_t)max + 1);
	while (out->contacts && query_step(&q)) {
		if (out->contacts_n == max) {
			out->is_all = false;
			break;
		}
		out->contacts[out->contacts_n++] = (struct contact){
			.aor = arena_dup(out->arena, query_col_str(&q, 0)),
			.flags = (unsigned)query_col_u64(&q, 1),
		};
	}
	return query_end(&q, NULL);
}

/* ---- lanes that have something to do -------------------------------------- */

/* False past where the walk began. */
static bool take_lane(struct query *q, struct lane_walk *w, struct rows *out)
{
	struct str lane = query_col_str(q, 0);

	if (w->has_wrapped && str_cmp(lane, w->stop) > 0)
		return false;
	buf_clear(&w->at);
	buf_put_str(&w->at, lane);
	if (query_col_i64(q, 1))
		out->lanes[out->lanes_n++] = arena_dup(out->arena, lane);
	return w->at.err == 0;
}

enum store_err reads_due_lanes(struct db *db, const struct claim *c,
			       int64_t now_utc_us, struct lane_walk *w,
			       struct rows *out)
{
	uint32_t max = rows_wanted(c);
	struct buf from;
	int seen = 0;
	struct query q;

	if (!out->lanes)
		out->lanes = arena_array(out->arena, max,
					 sizeof(out->lanes[0]));
	buf_init(&from, w->at.max);
	buf_put_str(&from, buf_str(&w->at));
	query_begin(&q, db, SQL_DUE_LANES);
	query_str(&q, buf_str(&from));
	query_i64(&q, now_utc_us);
	query_i64(&q, LANES_A_SLICE);
	while (out->lanes && out->lanes_n < max && query_step(&q)) {
		seen++;
		if (!take_lane(&q, w, out))
			w->is_over = true;
	}
	if (out->lanes_n == max) {
		w->is_over = true;
		out->is_all = false;
	} else if (seen < LANES_A_SLICE) {
		w->is_over = w->is_over || w->has_wrapped || w->stop.n == 0;
		w->has_wrapped = true;
		buf_clear(&w->at);
	}
	buf_free(&from);
	return query_end(&q, NULL);
}
