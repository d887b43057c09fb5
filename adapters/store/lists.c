/* adapters/store/lists.c: see lists.h. A walk goes table by table in the order
 * of a key and remembers the last one seen, so each slice is a read of its own
 * and no snapshot is held meanwhile.
 */
#include "adapters/store/lists.h"

#include "adapters/store/account_find.h"
#include "adapters/store/list_json.h"
#include "adapters/store/row_in.h"
#include "core/base/mem.h"

/* Ours: rows looked at in one slice, some 3 ms; what a listing may hold. */
#define SLICE_ROWS 500
#define LIST_ROWS_MAX 100000u
#define LIST_BYTES_MAX 4194304u
#define SCRATCH_BYTES 1048576u

struct list_walk {
	enum list_kind kind;
	struct arena *arena;   /* arg and positions */
	struct arena *scratch; /* one row */
	struct str arg, at, at2, at3;
	uint64_t at_seq;
	uint32_t max, n;
	int64_t now_utc_us;
	int stage; /* of a trace: todos, dues, accounting */
	bool is_cut;
	struct shape *shape;
	struct account_find *find;
	struct buf out;
};

struct list_walk *list_begin(const struct claim *c, int64_t now_utc_us,
			     const char *accounting_file)
{
	enum list_kind kind = list_kind_by_name(c->query);
	struct list_walk *w;

	if (kind == LIST_UNKNOWN)
		return NULL;
	w = mem_zalloc(sizeof(*w));
	w->kind = kind;
	w->arena = arena_new(SCRATCH_BYTES);
	w->scratch = arena_new(SCRATCH_BYTES);
	w->arg = arena_dup(w->arena, c->arg);
	w->at = w->at2 = w->at3 = STR("");
	w->at_seq = c->after_seq;
	w->max = c->max && c->max < LIST_ROWS_MAX ? c->max : LIST_ROWS_MAX;
	w->now_utc_us = now_utc_us;
	if (kind == LIST_QUEUE_SHAPE)
		w->shape = shape_new();
	if (kind == LIST_TRACE && accounting_file)
		w->find = account_find_new(accounting_file, w->arg, w->max);
	buf_init(&w->out, LIST_BYTES_MAX);
	json_begin_arr(&w->out);
	return w;
}

/* Positions change with every slice: their arena holds the newest only. */
static void set_position(struct list_walk *w, struct str at, struct str at2,
			 struct str at3)
{
	struct arena *a = arena_new(SCRATCH_BYTES);

	w->arg = arena_dup(a, w->arg);
	w->at = arena_dup(a, at);
	w->at2 = arena_dup(a, at2);
	w->at3 = arena_dup(a, at3);
	arena_free(w->arena);
	w->arena = a;
}

/* After an object was put: takes it back when it is one too many. */
static bool keep_row(struct list_walk *w, size_t before_n)
{
	/* one byte is the closing bracket's */
	if (w->out.err || w->out.n >= LIST_BYTES_MAX - 1 || w->n >= w->max) {
		w->out.err = 0;
		w->out.n = before_n;
		w->is_cut = true;
		return false;
	}
	w->n++;
	return true;
}

/* ---- users and bindings --------------------------------------------------- */

static bool slice_users(struct list_walk *w, struct db *db,
			enum store_err *err_out)
{
	struct user u = { .exists = true };
	struct query q;
	int seen = 0;

	query_begin(&q, db, SQL_LIST_USERS);
	query_str(&q, w->at);
	query_i64(&q, SLICE_ROWS);
	while (!w->is_cut && query_step(&q)) {
		size_t before_n = w->out.n;

		seen++;
		arena_reset(w->scratch);
		user_in(&q, w->scratch, &u);
		list_user(&w->out, &u);
		keep_row(w, before_n);
	}
	if (seen > 0)
		set_position(w, u.aor, STR(""), STR(""));
	*err_out = query_end(&q, NULL);
	return seen == SLICE_ROWS;
}

static bool slice_bindings(struct list_walk *w, struct db *db,
			   enum store_err *err_out)
{
	struct binding b = { .contact = STR_NONE };
	struct str aor = STR("");
	struct query q;
	int seen = 0;

	query_begin(&q, db, w->arg.n ? SQL_LIST_BINDS_OF : SQL_LIST_BINDS);
	query_str(&q, w->arg.n ? w->arg : w->at);
	query_str(&q, w->at2);
	query_str(&q, w->at3);
	query_u64(&q, w->at_seq);
	query_i64(&q, SLICE_ROWS);
	while (!w->is_cut && query_step(&q)) {
		size_t before_n = w->out.n;

		seen++;
		arena_reset(w->scratch);
		binding_in(&q, w->scratch, &b);
		aor = arena_dup(w->scratch, query_col_str(&q, BIND_COLUMNS_N));
		list_binding(&w->out, aor, &b);
		keep_row(w, before_n);
	}
	*err_out = query_end(&q, NULL);
	if (seen > 0) {
		set_position(w, aor, b.contact, b.instance);
		w->at_seq = b.reg_id;
	}
	return seen == SLICE_ROWS;
}

/* ---- the queue ------------------------------------------------------------ */

static bool is_lane(struct str s)
{
	return str_starts(s, STR("user:")) || str_starts(s, STR("link:"));
}

static void take_todo(struct list_walk *w, const struct todo *t)
{
	size_t before_n = w->out.n;

	if (w->shape) {
		shape_add(w->shape, t, w->now_utc_us);
	} else if (list_todo_matches(t, w->arg)) {
		list_todo(&w->out, t);
		keep_row(w, before_n);
	}
}

static bool slice_todos(struct list_walk *w, struct db *db,
			enum store_err *err_out)
{
	struct todo t;
	struct query q;
	int seen = 0;

	if (w->kind == LIST_QUEUE && is_lane(w->arg)) {
		query_begin(&q, db, SQL_LIST_TODOS_OF_LANE);
		query_str(&q, w->arg);
	} else {
		query_begin(&q, db, SQL_LIST_TODOS);
	}
	query_u64(&q, w->at_seq);
	query_i64(&q, SLICE_ROWS);
	while (!w->is_cut && query_step(&q)) {
		seen++;
		arena_reset(w->scratch);
		todo_in(&q, w->scratch, &t);
		w->at_seq = t.seq;
		take_todo(w, &t);
	}
	*err_out = query_end(&q, NULL);
	return seen == SLICE_ROWS;
}

static bool show_todo(struct list_walk *w, struct db *db,
		      enum store_err *err_out)
{
	struct todo t;
	struct query q;
	uint64_t id = 0;

	if (!str_u64(w->arg, &id))
		return false;
	query_begin(&q, db, SQL_TODO_GET);
	query_u64(&q, id);
	if (query_step(&q)) {
		todo_in(&q, w->scratch, &t);
		if (msg_unpack(query_col_str(&q, TODO_COLUMNS_N), &t.msg) < 0)
			t.msg = NULL;
		list_todo(&w->out, &t);
		msg_put(t.msg);
	}
	*err_out = query_end(&q, NULL);
	return false;
}

/* ---- a message's story ---------------------------------------------------- */

static bool slice_dues(struct list_walk *w, struct db *db,
		       enum store_err *err_out)
{
	struct query q;
	int seen = 0;

	query_begin(&q, db, SQL_LIST_DUES);
	query_u64(&q, w->at_seq);
	query_i64(&q, SLICE_ROWS);
	while (!w->is_cut && query_step(&q)) {
		size_t before_n = w->out.n;
		struct due d;

		seen++;
		w->at_seq = query_col_u64(&q, 0);
		arena_reset(w->scratch);
		if (due_in(&q, w->scratch, &d) < 0 ||
		    !list_due_matches(&d, w->arg))
			continue;
		list_due(&w->out, &d);
		keep_row(w, before_n);
	}
	*err_out = query_end(&q, NULL);
	return seen == SLICE_ROWS;
}

static void put_lines(struct list_walk *w)
{
	struct str line;

	while (!w->is_cut && account_find_next(w->find, &line)) {
		size_t before_n = w->out.n;

		list_account_line(&w->out, line);
		keep_row(w, before_n);
	}
	if (account_find_is_cut(w->find))
		w->is_cut = true;
}

static bool slice_trace(struct list_walk *w, struct db *db,
			enum store_err *err_out)
{
	bool goes_on = false;

	if (w->arg.n == 0)
		return false;
	if (w->stage == 0)
		goes_on = slice_todos(w, db, err_out);
	else if (w->stage == 1)
		goes_on = slice_dues(w, db, err_out);
	else if (w->find)
		goes_on = account_find_slice(w->find);
	if (goes_on)
		return true;
	w->at_seq = 0;
	if (w->stage == 2 && w->find)
		put_lines(w);
	return ++w->stage < 3;
}

/* How many rows there are: counted in one go, some 20 ms for a million. */
static void put_totals(struct list_walk *w, struct db *db,
		       enum store_err *err_out)
{
	static const char *const keys[] = {
		"todos", "dues", "oldest_utc_us", "bindings", "users",
	};
	struct query q;
	int i;

	query_begin(&q, db, SQL_TOTALS);
	if (query_step(&q)) {
		json_begin_obj(&w->out);
		for (i = 0; i < (int)(sizeof(keys) / sizeof(keys[0])); i++)
			json_key_i64(&w->out, keys[i], query_col_i64(&q, i));
		json_end_obj(&w->out);
		w->n++;
	}
	*err_out = query_end(&q, NULL);
}

/* ---- all of them ---------------------------------------------------------- */

bool list_slice(struct list_walk *w, struct db *db, enum store_err *err_out)
{
	bool goes_on = false;

	*err_out = STORE_OK;
	switch (w->kind) {
	case LIST_USERS:
		goes_on = slice_users(w, db, err_out);
		break;
	case LIST_BINDINGS:
		goes_on = slice_bindings(w, db, err_out);
		break;
	case LIST_QUEUE:
	case LIST_QUEUE_SHAPE:
		goes_on = slice_todos(w, db, err_out);
		break;
	case LIST_QUEUE_SHOW:
		goes_on = show_todo(w, db, err_out);
		break;
	case LIST_TRACE:
		goes_on = slice_trace(w, db, err_out);
		break;
	case LIST_TOTALS:
		put_totals(w, db, err_out);
		break;
	case LIST_UNKNOWN:
		break;
	}
	return goes_on && !*err_out && !w->is_cut;
}

void list_end(struct list_walk *w, struct rows *out)
{
	if (!w)
		return;
	if (w->shape && !shape_put(w->shape, &w->out))
		w->is_cut = true;
	json_end_arr(&w->out);
	out->json = arena_dup(out->arena, buf_str(&w->out));
	out->is_all = !w->is_cut;
	shape_free(w->shape);
	account_find_free(w->find);
	buf_free(&w->out);
	arena_free(w->scratch);
	arena_free(w->arena);
	mem_free(w);
}
