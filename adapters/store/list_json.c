/* adapters/store/list_json.c: see list_json.h. */
#include "adapters/store/list_json.h"

#include <stdlib.h>

#include "core/base/arena.h"
#include "core/base/map.h"
#include "core/base/mem.h"

enum list_kind list_kind_by_name(struct str query)
{
	static const struct {
		struct str name;
		enum list_kind kind;
	} names[] = {
		{ STR_LIT("users"), LIST_USERS },
		{ STR_LIT("bindings"), LIST_BINDINGS },
		{ STR_LIT("queue"), LIST_QUEUE },
		{ STR_LIT("queue-show"), LIST_QUEUE_SHOW },
		{ STR_LIT("queue-shape"), LIST_QUEUE_SHAPE },
		{ STR_LIT("trace"), LIST_TRACE },
		{ STR_LIT("totals"), LIST_TOTALS },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_eq(query, names[i].name))
			return names[i].kind;
	return LIST_UNKNOWN;
}

void list_user(struct buf *b, const struct user *u)
{
	json_begin_obj(b);
	json_key_str(b, "aor", u->aor);
	json_key_str(b, "login", u->login);
	json_key_str(b, "display", u->display);
	json_key_bool(b, "has_md5", u->ha1_md5.n > 0);
	json_key_bool(b, "has_sha256", u->ha1_sha256.n > 0);
	json_key_bool(b, "is_barred", u->is_barred);
	json_key_bool(b, "is_out_barred", u->is_out_barred);
	json_key_bool(b, "is_active", u->is_active);
	json_key_bool(b, "has_offline_delivery", u->has_offline_delivery);
	json_key_bool(b, "store_on_busy", u->store_on_busy);
	json_key_u64(b, "quota_count", u->quota_count);
	json_key_u64(b, "quota_bytes", u->quota_bytes);
	json_key_bool(b, "is_contact", u->contact != 0);
	json_end_obj(b);
}

void list_binding(struct buf *b, struct str aor, const struct binding *row)
{
	json_begin_obj(b);
	json_key_str(b, "aor", aor);
	json_key_str(b, "contact", row->contact);
	json_key_u64(b, "q_milli", row->q_milli);
	json_key_i64(b, "expires_utc_us", row->expires_utc_us);
	json_key_str(b, "instance", row->instance);
	json_key_u64(b, "reg_id", row->reg_id);
	json_key_str(b, "params", row->params);
	json_key_str(b, "path", row->path);
	json_key_str(b, "user_agent", row->user_agent);
	json_key_bool(b, "is_plain", row->is_plain);
	json_end_obj(b);
}

static void put_trace(struct buf *b, struct trace_id trace)
{
	char hex[TRACE_HEX_N + 1];

	json_key_str(b, "trace", trace_hex(trace, hex));
}

static void put_msg_head(struct buf *b, const struct msg *m)
{
	size_t i;

	json_key_str(b, "from", m->from.text);
	json_key(b, "to");
	json_begin_arr(b);
	for (i = 0; i < m->to_n; i++)
		json_str(b, m->to[i].text);
	json_end_arr(b);
	json_key_str(b, "msg_id", m->id);
	json_key_bool(b, "is_report", m->kind == MSG_REPORT);
	json_key_str(b, "content_type", m->content_type);
	json_key_u64(b, "body_bytes", m->body.size_bytes);
	json_key_i64(b, "sent_utc_us", m->sent_utc_us);
}

void list_todo(struct buf *b, const struct todo *t)
{
	json_begin_obj(b);
	json_key_text(b, "kind", "todo");
	json_key_id(b, "id", t->id);
	json_key_u64(b, "seq", t->seq);
	json_key_str(b, "lane", t->lane);
	json_key_u64(b, "part", t->part);
	json_key_str(b, "recipient", t->recipient);
	json_key_str(b, "via", t->via);
	json_key_i64(b, "kept_utc_us", t->kept_utc_us);
	json_key_i64(b, "due_utc_us", t->due_utc_us);
	json_key_i64(b, "expires_utc_us", t->expires_utc_us);
	json_key_u64(b, "tries", t->tries);
	json_key_u64(b, "wants", t->wants);
	json_key_text(b, "last_cause", cause_name(t->last_cause));
	json_key_bool(b, "is_held", t->is_held);
	json_key_u64(b, "bytes", t->bytes);
	put_trace(b, t->trace);
	if (t->msg)
		put_msg_head(b, t->msg);
	json_end_obj(b);
}

void list_due(struct buf *b, const struct due *d)
{
	json_begin_obj(b);
	json_key_text(b, "kind", "due");
	json_key_id(b, "id", d->id);
	json_key_u64(b, "part", d->part);
	json_key_str(b, "to", d->to.text);
	json_key_str(b, "from", d->from.text);
	json_key_text(b, "status", report_status_name(d->report.status));
	json_key_text(b, "cause", cause_name(d->report.cause));
	json_key_str(b, "msg_id", d->report.msg_id);
	json_key_i64(b, "utc_us", d->report.utc_us);
	put_trace(b, d->trace);
	json_end_obj(b);
}

void list_account_line(struct buf *b, struct str line)
{
	json_begin_obj(b);
	json_key_text(b, "kind", "account");
	json_key_str(b, "line", line);
	json_end_obj(b);
}

/* ---- arguments ------------------------------------------------------------ */

static bool is_trace(struct trace_id trace, struct str arg)
{
	struct trace_id id;

	return trace_parse(arg, &id) && trace_eq(id, trace);
}

bool list_todo_matches(const struct todo *t, struct str arg)
{
	return arg.n == 0 || str_eq(t->lane, arg) ||
	       str_eq(t->recipient, arg) ||
	       (str_starts(t->lane, STR("user:")) &&
		str_eq(str_from(t->lane, 5), arg)) ||
	       is_trace(t->trace, arg);
}

bool list_due_matches(const struct due *d, struct str arg)
{
	return str_eq(d->to.text, arg) || str_eq(d->from.text, arg) ||
	       is_trace(d->trace, arg);
}

static bool is_edge(char c)
{
	return c == ' ' || c == '=' || c == '"' || c == ',' || c == '\t';
}

bool list_line_matches(struct str line, struct str arg)
{
	size_t from = 0, at;

	if (arg.n == 0)
		return false;
	for (;;) {
		struct str rest = str_from(line, from);

		at = str_search(rest, arg);
		if (at == rest.n)
			return false;
		at += from;
		if ((at == 0 || is_edge(line.p[at - 1])) &&
		    (at + arg.n == line.n || is_edge(line.p[at + arg.n])))
			return true;
		from = at + 1;
	}
}

/* ---- shape ---------------------------------------------------------------- */

/* Ours: lanes told apart in one listing. */
enum { SHAPE_LANES_MAX = 1000, AGES_N = 5 };

static const struct {
	const char *key;
	int64_t below_s;
} ages[AGES_N] = {
	{ "below_1_min", 60 },	{ "below_10_min", 600 },
	{ "below_1_h", 3600 },	{ "below_1_day", 86400 },
	{ "older", INT64_MAX },
};

struct shape_lane {
	struct str lane;
	uint64_t count, held, bytes, by_age[AGES_N];
};

struct shape {
	struct arena *arena;
	struct map *by_lane;
	struct shape_lane *lanes[SHAPE_LANES_MAX + 1];
	size_t lanes_n;
	bool is_over;
};

struct shape *shape_new(void)
{
	struct shape *s = mem_zalloc(sizeof(*s));

	s->arena = arena_new(4u << 20);
	s->by_lane = map_new(0);
	return s;
}

void shape_free(struct shape *s)
{
	if (!s)
		return;
	map_free(s->by_lane);
	arena_free(s->arena);
	mem_free(s);
}

static struct shape_lane *lane_of(struct shape *s, struct str name)
{
	struct shape_lane *l = map_get(s->by_lane, name);

	if (l)
		return l;
	if (s->lanes_n >= SHAPE_LANES_MAX && !str_eq(name, STR("other"))) {
		s->is_over = true;
		return lane_of(s, STR("other"));
	}
	l = arena_zalloc(s->arena, sizeof(*l));
	if (!l)
		return NULL;
	l->lane = arena_dup(s->arena, name);
	map_set(s->by_lane, l->lane, l);
	s->lanes[s->lanes_n++] = l;
	return l;
}

void shape_add(struct shape *s, const struct todo *t, int64_t now_utc_us)
{
	int64_t age_s = (now_utc_us - t->kept_utc_us) / 1000000;
	struct shape_lane *l = lane_of(s, t->lane);
	int i = 0;

	if (!l)
		return;
	while (i < AGES_N - 1 && age_s >= ages[i].below_s)
		i++;
	l->by_age[i]++;
	l->count++;
	l->held += t->is_held;
	l->bytes += t->bytes;
}

static int compare_lanes(const void *a, const void *b)
{
	const struct shape_lane *const *x = a, *const *y = b;

	return str_cmp((*x)->lane, (*y)->lane);
}

static void put_lane(struct buf *b, const struct shape_lane *l)
{
	int i;

	json_begin_obj(b);
	json_key_str(b, "lane", l->lane);
	json_key_u64(b, "count", l->count);
	json_key_u64(b, "held", l->held);
	json_key_u64(b, "bytes", l->bytes);
	for (i = 0; i < AGES_N; i++)
		json_key_u64(b, ages[i].key, l->by_age[i]);
	json_end_obj(b);
}

bool shape_put(const struct shape *s, struct buf *b)
{
	struct shape_lane *sorted[SHAPE_LANES_MAX + 1] = { NULL };
	size_t i;

	for (i = 0; i < s->lanes_n; i++)
		sorted[i] = s->lanes[i];
	qsort(sorted, s->lanes_n, sizeof(sorted[0]), compare_lanes);
	for (i = 0; i < s->lanes_n; i++)
		put_lane(b, sorted[i]);
	return !s->is_over;
}
