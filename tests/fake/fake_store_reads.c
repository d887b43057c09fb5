/* tests/fake/fake_store_reads.c: facts, claims and listings from memory. */
#include "tests/fake/fake_store_priv.h"

#include <stdlib.h>
#include <string.h>

#include "adapters/store/fold.h"
#include "adapters/store/list_json.h"
#include "adapters/store/reads.h"
#include "core/base/log.h"
#include "core/base/mem.h"

#define CLAIM_ROWS_MAX 512u
#define LIST_ROWS_MAX 100000u

/* ---- users ---------------------------------------------------------------- */

static const struct row *user_row(struct fake_store *fs, struct str aor,
				  bool is_folded)
{
	const struct row *found = NULL;
	struct list_link *it, *tmp;
	struct arena *a;
	struct str folded;
	struct row *r;
	int n = 0;

	list_for(fs, T_USER, r, it, tmp)
		if (str_eq(r->user->aor, aor))
			return r;
	if (!is_folded)
		return NULL;
	a = arena_new(65536);
	folded = fold_address(a, aor);
	list_for(fs, T_USER, r, it, tmp)
		if (str_eq(r->folded, folded)) {
			found = r;
			n++;
		}
	arena_free(a);
	return n == 1 ? found : NULL;
}

static void copy_user(struct user *u, const struct user *from)
{
	struct arena *a = u->arena;

	*u = *from;
	u->arena = a;
	u->aor = arena_dup(a, from->aor);
	u->login = arena_dup(a, from->login);
	u->display = arena_dup(a, from->display);
	u->ha1_md5 = arena_dup(a, from->ha1_md5);
	u->ha1_sha256 = arena_dup(a, from->ha1_sha256);
	u->profile = arena_dup(a, from->profile);
	u->senders = arena_dup(a, from->senders);
}

static struct binding copy_binding(struct arena *a, const struct binding *b)
{
	struct binding c = *b;

	c.contact = arena_dup(a, b->contact);
	c.params = arena_dup(a, b->params);
	c.instance = arena_dup(a, b->instance);
	c.call_id = arena_dup(a, b->call_id);
	c.path = arena_dup(a, b->path);
	c.flow = arena_dup(a, b->flow);
	c.user_agent = arena_dup(a, b->user_agent);
	return c;
}

/* Best q first, then the one that lasts longest, then by contact. */
static int compare_bindings(const void *x, const void *y)
{
	const struct binding *a = x, *b = y;

	if (a->q_milli != b->q_milli)
		return a->q_milli > b->q_milli ? -1 : 1;
	if (a->expires_utc_us != b->expires_utc_us)
		return a->expires_utc_us > b->expires_utc_us ? -1 : 1;
	return str_cmp(a->contact, b->contact);
}

static void add_bindings(struct fake_store *fs, struct user *u)
{
	struct list_link *it, *tmp;
	struct row *r;
	size_t n = 0;

	list_for(fs, T_BINDING, r, it, tmp)
		n += str_eq(r->aor, u->aor);
	u->bindings = arena_array(u->arena, n ? n : 1, sizeof(*u->bindings));
	list_for(fs, T_BINDING, r, it, tmp)
		if (str_eq(r->aor, u->aor))
			u->bindings[u->bindings_n++] = copy_binding(
				u->arena, &r->binding);
	qsort(u->bindings, u->bindings_n, sizeof(*u->bindings),
	      compare_bindings);
	if (u->bindings_n > BINDINGS_MAX)
		u->bindings_n = BINDINGS_MAX;
}

enum store_err fake_read_user(struct fake_store *fs, struct str aor,
			      bool is_folded, struct user **out)
{
	const struct row *found = user_row(fs, aor, is_folded);
	struct user *u = user_new(aor);
	struct list_link *it, *tmp;
	struct row *r;

	if (found)
		copy_user(u, found->user);
	add_bindings(fs, u);
	list_for(fs, T_TODO, r, it, tmp)
		if (str_starts(r->todo.lane, STR("user:")) &&
		    str_eq(str_from(r->todo.lane, 5), u->aor)) {
			u->backlog_count++;
			u->backlog_bytes += r->todo.bytes;
		}
	*out = u;
	return STORE_OK;
}

/* ---- claims --------------------------------------------------------------- */

static const struct row *msg_row(struct fake_store *fs, uint64_t id)
{
	struct list_link *it, *tmp;
	struct row *r;

	list_for(fs, T_MSG, r, it, tmp)
		if (r->id == id)
			return r;
	return NULL;
}

static bool give_todo(struct fake_store *fs, const struct todo *t,
		      struct rows *out)
{
	const struct row *m = msg_row(fs, t->msg_store_id);
	struct todo *c = &out->todos[out->todos_n];

	*c = *t;
	c->lane = arena_dup(out->arena, t->lane);
	c->recipient = arena_dup(out->arena, t->recipient);
	c->via = arena_dup(out->arena, t->via);
	if (!m || msg_unpack(m->data, &c->msg) < 0) {
		c->msg = NULL;
		return false;
	}
	c->msg->store_id = t->msg_store_id;
	out->todos_n++;
	return true;
}

/* Updated rows keep their place, moved ones too: in order of seq. */
static void claim_lane(struct fake_store *fs, const struct claim *c,
		       uint32_t max, struct rows *out)
{
	struct list_link *it, *tmp;
	struct row *r;

	out->todos = arena_array(out->arena, max, sizeof(out->todos[0]));
	list_for(fs, T_TODO, r, it, tmp) {
		if (!str_eq(r->todo.lane, c->lane) ||
		    r->todo.seq <= c->after_seq)
			continue;
		if (out->todos_n == max) {
			out->is_all = false;
			return;
		}
		give_todo(fs, &r->todo, out);
	}
}

static void claim_one(struct fake_store *fs, const struct claim *c,
		      struct rows *out)
{
	struct list_link *it, *tmp;
	struct row *r;

	out->todos = arena_array(out->arena, 1, sizeof(out->todos[0]));
	list_for(fs, T_TODO, r, it, tmp)
		if (r->todo.id == c->id)
			give_todo(fs, &r->todo, out);
}

static void claim_reports(struct fake_store *fs, const struct claim *c,
			  uint32_t max, struct rows *out)
{
	struct list_link *it, *tmp;
	struct row *r;
	size_t i;

	out->dues = arena_array(out->arena, max, sizeof(out->dues[0]));
	list_for(fs, T_DUE, r, it, tmp) {
		struct due *d = &out->dues[out->dues_n];

		if (r->seq <= c->after_seq)
			continue;
		if (out->dues_n == max) {
			out->is_all = false;
			return;
		}
		out->dues_n++;
		*d = r->due;
		d->to = addr_dup(out->arena, &r->due.to);
		d->from = addr_dup(out->arena, &r->due.from);
		d->thread = arena_dup(out->arena, r->due.thread);
		d->routes = arena_array(out->arena, d->routes_n,
					sizeof(d->routes[0]));
		for (i = 0; i < d->routes_n; i++)
			d->routes[i] = arena_dup(out->arena, r->due.routes[i]);
		d->report.msg_id = arena_dup(out->arena, r->due.report.msg_id);
		d->report.text = arena_dup(out->arena, r->due.report.text);
	}
}

static bool is_due(const struct todo *t, int64_t now_utc_us)
{
	return (!t->is_held && t->due_utc_us <= now_utc_us) ||
	       (t->expires_utc_us && t->expires_utc_us <= now_utc_us);
}

/* The smallest lane after at that has something to do; absent: none. */
static struct str next_lane(struct fake_store *fs, struct str at,
			    int64_t now_utc_us)
{
	struct str best = STR_NONE;
	struct list_link *it, *tmp;
	struct row *r;

	list_for(fs, T_TODO, r, it, tmp)
		if (is_due(&r->todo, now_utc_us) &&
		    str_cmp(r->todo.lane, at) > 0 &&
		    (!best.p || str_cmp(r->todo.lane, best) < 0))
			best = r->todo.lane;
	return best;
}

static void claim_due_lanes(struct fake_store *fs, const struct claim *c,
			    int64_t now_utc_us, uint32_t max, struct rows *out)
{
	bool is_around = c->lane.n == 0, has_wrapped = false;
	struct str stop = arena_dup(
		out->arena, (struct str){ fs->lanes_at, fs->lanes_at_n });
	struct str at = is_around ? stop : c->lane;

	out->lanes = arena_array(out->arena, max, sizeof(out->lanes[0]));
	while (out->lanes_n < max) {
		struct str lane = next_lane(fs, at, now_utc_us);

		if (has_wrapped && lane.p && str_cmp(lane, stop) > 0)
			break;
		if (!lane.p && (has_wrapped || !is_around || stop.n == 0))
			break;
		if (!lane.p) {
			has_wrapped = true;
			at = STR("");
			continue;
		}
		at = arena_dup(out->arena, lane);
		out->lanes[out->lanes_n++] = at;
	}
	out->is_all = out->lanes_n < max;
	if (is_around && at.n < sizeof(fs->lanes_at)) {
		fs->lanes_at_n = out->is_all ? 0 : at.n;
		memcpy(fs->lanes_at, at.p ? at.p : "", fs->lanes_at_n);
	}
}

/* ---- listings ------------------------------------------------------------- */

struct listing {
	struct fake_store *fs;
	enum list_kind kind;
	const struct claim *claim;
	uint32_t max, n;
	bool is_cut;
	struct buf out;
};

static bool has_room(struct listing *l)
{
	if (l->n < l->max) {
		l->n++;
		return true;
	}
	l->is_cut = true;
	return false;
}

static int compare_rows(const void *x, const void *y)
{
	const struct row *const *a = x, *const *b = y;
	int order;

	if ((*a)->table == T_USER)
		return str_cmp((*a)->user->aor, (*b)->user->aor);
	order = str_cmp((*a)->aor, (*b)->aor);
	if (!order)
		order = str_cmp((*a)->binding.contact, (*b)->binding.contact);
	if (!order)
		order = str_cmp((*a)->binding.instance, (*b)->binding.instance);
	return order ? order
		     : (int)((*a)->binding.reg_id > (*b)->binding.reg_id) -
			       (int)((*a)->binding.reg_id <
				     (*b)->binding.reg_id);
}

/* Users and bindings, sorted by address as from the database. */
static void list_sorted(struct listing *l, enum table t)
{
	struct list_link *it, *tmp;
	struct row *r, **all;
	size_t n = 0, i;

	list_for(l->fs, t, r, it, tmp)
		n++;
	all = mem_alloc((n + 1) * sizeof(*all));
	n = 0;
	list_for(l->fs, t, r, it, tmp)
		all[n++] = r;
	qsort(all, n, sizeof(*all), compare_rows);
	for (i = 0; i < n; i++) {
		if (t == T_BINDING && l->claim->arg.n &&
		    !str_eq(all[i]->aor, l->claim->arg))
			continue;
		if (!has_room(l))
			break;
		if (t == T_USER)
			list_user(&l->out, all[i]->user);
		else
			list_binding(&l->out, all[i]->aor, &all[i]->binding);
	}
	mem_free(all);
}

static void list_queue(struct listing *l)
{
	struct list_link *it, *tmp;
	struct row *r;

	list_for(l->fs, T_TODO, r, it, tmp)
		if (r->todo.seq > l->claim->after_seq &&
		    list_todo_matches(&r->todo, l->claim->arg) && has_room(l))
			list_todo(&l->out, &r->todo);
}

static void list_shape(struct listing *l, int64_t now_utc_us)
{
	struct shape *s = shape_new();
	struct list_link *it, *tmp;
	struct row *r;

	list_for(l->fs, T_TODO, r, it, tmp)
		shape_add(s, &r->todo, now_utc_us);
	shape_put(s, &l->out);
	shape_free(s);
}

static void list_one(struct listing *l)
{
	struct list_link *it, *tmp;
	uint64_t id = 0;
	struct row *r;

	if (!str_u64(l->claim->arg, &id))
		return;
	list_for(l->fs, T_TODO, r, it, tmp)
		if (r->todo.id == id) {
			const struct row *m = msg_row(l->fs,
						      r->todo.msg_store_id);
			struct todo t = r->todo;

			if (m && msg_unpack(m->data, &t.msg) < 0)
				t.msg = NULL;
			list_todo(&l->out, &t);
			msg_put(t.msg);
		}
}

static void list_trace(struct listing *l)
{
	struct str arg = l->claim->arg;
	char word[4096];
	struct list_link *it, *tmp;
	struct row *r;
	size_t n = log_escape(arg, word, sizeof(word));

	if (arg.n == 0)
		return;
	list_queue(l);
	list_for(l->fs, T_DUE, r, it, tmp)
		if (list_due_matches(&r->due, arg) && has_room(l))
			list_due(&l->out, &r->due);
	list_for(l->fs, T_ACCOUNT, r, it, tmp)
		if (list_line_matches(r->data, (struct str){ word, n }) &&
		    has_room(l))
			list_account_line(&l->out, r->data);
}

static void claim_list(struct fake_store *fs, const struct claim *c,
		       int64_t now_utc_us, struct rows *out)
{
	struct listing l = { .fs = fs, .claim = c };

	l.kind = list_kind_by_name(c->query);
	l.max = c->max && c->max < LIST_ROWS_MAX ? c->max : LIST_ROWS_MAX;
	buf_init(&l.out, 4u << 20);
	json_begin_arr(&l.out);
	if (l.kind == LIST_USERS)
		list_sorted(&l, T_USER);
	else if (l.kind == LIST_BINDINGS)
		list_sorted(&l, T_BINDING);
	else if (l.kind == LIST_QUEUE)
		list_queue(&l);
	else if (l.kind == LIST_QUEUE_SHOW)
		list_one(&l);
	else if (l.kind == LIST_QUEUE_SHAPE)
		list_shape(&l, now_utc_us);
	else if (l.kind == LIST_TRACE)
		list_trace(&l);
	json_end_arr(&l.out);
	out->json = arena_dup(out->arena, buf_str(&l.out));
	out->is_all = !l.is_cut;
	buf_free(&l.out);
}

static const struct user *next_contact(struct fake_store *fs, struct str after)
{
	const struct user *best = NULL;
	struct list_link *it, *tmp;
	struct row *r;

	list_for(fs, T_USER, r, it, tmp)
		if (r->user->contact && str_cmp(r->user->aor, after) > 0 &&
		    (!best || str_cmp(r->user->aor, best->aor) < 0))
			best = r->user;
	return best;
}

static void claim_contacts(struct fake_store *fs, const struct claim *c,
			   uint32_t max, struct rows *out)
{
	const struct user *u;
	struct str at = c->lane;

	out->contacts = arena_array(out->arena, max, sizeof(*out->contacts));
	for (; (u = next_contact(fs, at)) && out->contacts_n < max; at = u->aor)
		out->contacts[out->contacts_n++] = (struct contact){
			arena_dup(out->arena, u->aor), u->contact };
	out->is_all = !u;
}

struct rows *fake_claim(struct fake_store *fs, const struct claim *c,
			int64_t now_utc_us)
{
	uint32_t max = c->max && c->max < CLAIM_ROWS_MAX ? c->max
							 : CLAIM_ROWS_MAX;
	struct rows *out = reads_rows_new();

	switch (c->what) {
	case CLAIM_LANE:
		claim_lane(fs, c, max, out);
		break;
	case CLAIM_ONE:
		claim_one(fs, c, out);
		break;
	case CLAIM_CONTACTS:
		claim_contacts(fs, c, max, out);
		break;
	case CLAIM_DUE_LANES:
		claim_due_lanes(fs, c, now_utc_us, max, out);
		break;
	case CLAIM_DUE_REPORTS:
		claim_reports(fs, c, max, out);
		break;
	case CLAIM_LIST:
		claim_list(fs, c, now_utc_us, out);
		break;
	}
	return out;
}
