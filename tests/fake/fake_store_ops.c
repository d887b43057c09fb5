/* tests/fake/fake_store_ops.c: the named operations on tables in memory. */
#include "tests/fake/fake_store_priv.h"

#include <string.h>

#include "adapters/store/fold.h"
#include "adapters/store/ops.h"
#include "core/base/mem.h"

#define ROW_BYTES_MAX (4u << 20)

struct row *fake_row_new(enum table t)
{
	struct arena *a = arena_new(ROW_BYTES_MAX);
	struct row *r = arena_zalloc(a, sizeof(*r));

	r->arena = a;
	r->table = t;
	return r;
}

void fake_row_free(struct row *r)
{
	user_put(r->user);
	arena_free(r->arena);
}

/* As from the database: what is absent reads back empty. */
struct str fake_dup(struct arena *a, struct str s)
{
	return s.p ? arena_dup(a, s) : STR("");
}

/* ---- changes that can be undone ------------------------------------------- */

static struct undo *note(struct fake_store *fs, struct row *r)
{
	if (fs->undo_n == fs->undo_size) {
		fs->undo_size = fs->undo_size ? 2 * fs->undo_size : 64;
		fs->undo = mem_realloc(fs->undo,
				       fs->undo_size * sizeof(fs->undo[0]));
	}
	fs->undo[fs->undo_n] = (struct undo){ .row = r, .refs = -1 };
	return &fs->undo[fs->undo_n++];
}

struct row *fake_row_add(struct fake_store *fs, struct row *r)
{
	note(fs, r)->was_added = true;
	list_add(&fs->tables[r->table], &r->link);
	return r;
}

static void drop_row(struct fake_store *fs, struct row *r)
{
	note(fs, r)->after = r->link.prev;
	list_del(&r->link);
}

/* The new one stands where the old one stood. */
static void swap_row(struct fake_store *fs, struct row *old, struct row *r)
{
	if (!old) {
		fake_row_add(fs, r);
		return;
	}
	note(fs, r)->was_added = true;
	list_add(&old->link, &r->link); /* before old */
	drop_row(fs, old);
}

static void set_refs(struct fake_store *fs, struct row *r, int refs)
{
	note(fs, r)->refs = r->refs;
	r->refs = refs;
}

void fake_ops_keep(struct fake_store *fs)
{
	size_t i;

	for (i = 0; i < fs->undo_n; i++)
		if (!fs->undo[i].was_added && fs->undo[i].refs < 0)
			fake_row_free(fs->undo[i].row);
	fs->undo_n = 0;
}

void fake_ops_undo(struct fake_store *fs)
{
	while (fs->undo_n > 0) {
		struct undo *u = &fs->undo[--fs->undo_n];

		if (u->refs >= 0) {
			u->row->refs = u->refs;
		} else if (u->was_added) {
			list_del(&u->row->link);
			fake_row_free(u->row);
		} else {
			list_add_first(u->after, &u->row->link);
		}
	}
}

/* ---- finding -------------------------------------------------------------- */

static struct row *find_id(struct fake_store *fs, enum table t, uint64_t id)
{
	struct list_link *it, *tmp;
	struct row *r;

	list_for(fs, t, r, it, tmp)
		if ((t == T_TODO  ? r->todo.id
		     : t == T_DUE ? r->due.id
				  : r->id) == id)
			return r;
	return NULL;
}

static struct row *find_owner(struct fake_store *fs, struct str resource)
{
	struct list_link *it, *tmp;
	struct row *r;

	list_for(fs, T_OWNER, r, it, tmp)
		if (str_eq(r->resource, resource))
			return r;
	return NULL;
}

static bool is_key_of(const struct row *r, const struct bind_row *b)
{
	return str_eq(r->aor, b->aor) &&
	       str_eq(r->binding.contact, b->binding.contact) &&
	       str_eq(r->binding.instance, b->binding.instance) &&
	       r->binding.reg_id == b->binding.reg_id;
}

static struct row *find_binding(struct fake_store *fs, const struct bind_row *b)
{
	struct list_link *it, *tmp;
	struct row *r;

	list_for(fs, T_BINDING, r, it, tmp)
		if (is_key_of(r, b))
			return r;
	return NULL;
}

/* ---- messages and todos --------------------------------------------------- */

static enum store_err check_fence(struct fake_store *fs, uint16_t part,
				  bool is_accept, uint64_t *epoch_out)
{
	char name[] = "part:00";
	struct row *r;

	if (part >= PARTITIONS_N)
		return STORE_CONFLICT;
	if (part < 10) {
		name[5] = (char)('0' + part);
		name[6] = '\0';
	} else {
		name[5] = (char)('0' + part / 10);
		name[6] = (char)('0' + part % 10);
	}
	r = find_owner(fs, str_of(name));
	*epoch_out = r ? r->epoch : 0;
	if (fs->known[part] == *epoch_out ||
	    (is_accept && fs->known[part] == 0))
		return STORE_OK;
	fs->known[part] = 0;
	return STORE_FENCED;
}

static enum store_err add_msg(struct fake_store *fs, const struct msg *m,
			      uint64_t id, int refs)
{
	struct row *r = find_id(fs, T_MSG, id);
	struct buf b;

	if (r) {
		set_refs(fs, r, r->refs + refs);
		return STORE_OK;
	}
	buf_init(&b, ROW_BYTES_MAX);
	msg_pack(&b, m);
	if (b.err) {
		buf_free(&b);
		return STORE_CONFLICT;
	}
	r = fake_row_new(T_MSG);
	r->id = id;
	r->refs = refs;
	r->data = fake_dup(r->arena, buf_str(&b));
	buf_free(&b);
	fake_row_add(fs, r);
	return STORE_OK;
}

static enum store_err msg_put_row(struct fake_store *fs, const struct msg *m,
				  const struct write *all, size_t n)
{
	int refs = 0;
	size_t i;

	for (i = 0; i < n; i++)
		refs += all[i].op == OP_TODO_PUT &&
			all[i].u.todo->msg_store_id == m->store_id;
	return add_msg(fs, m, m->store_id, refs);
}

static bool is_put_here(const struct write *all, size_t n, uint64_t id)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (all[i].op == OP_MSG_PUT && all[i].u.msg->store_id == id)
			return true;
	return false;
}

static struct row *copy_todo(const struct todo *t, uint64_t epoch)
{
	struct row *r = fake_row_new(T_TODO);

	r->todo = *t;
	r->todo.msg = NULL;
	r->todo.lane = fake_dup(r->arena, t->lane);
	r->todo.recipient = fake_dup(r->arena, t->recipient);
	r->todo.via = fake_dup(r->arena, t->via);
	r->epoch = epoch;
	return r;
}

static enum store_err put_todo(struct fake_store *fs, const struct write *w,
			       const struct write *all, size_t n)
{
	const struct todo *t = w->u.todo;
	uint64_t epoch;
	enum store_err err = check_fence(fs, w->part, true, &epoch);
	struct row *m = find_id(fs, T_MSG, t->msg_store_id);
	struct row *r;

	if (err)
		return err;
	if (find_id(fs, T_TODO, t->id))
		return STORE_DOWN;
	if (!is_put_here(all, n, t->msg_store_id)) {
		if (m)
			set_refs(fs, m, m->refs + 1);
		else if (!t->msg)
			return STORE_CONFLICT;
		else if ((err = add_msg(fs, t->msg, t->msg_store_id, 1)))
			return err;
	}
	m = find_id(fs, T_MSG, t->msg_store_id);
	r = copy_todo(t, epoch);
	r->todo.part = w->part;
	r->todo.seq = ++fs->seq;
	if (r->todo.bytes == 0 && m)
		r->todo.bytes = m->data.n;
	fake_row_add(fs, r);
	return STORE_OK;
}

static enum store_err finish_todo(struct fake_store *fs, const struct write *w)
{
	struct row *r = find_id(fs, T_TODO, w->u.todo->id);
	uint64_t epoch;
	enum store_err err = check_fence(fs, w->part, false, &epoch);
	struct row *m;

	if (err || !r)
		return err;
	m = find_id(fs, T_MSG, r->todo.msg_store_id);
	drop_row(fs, r);
	if (m && m->refs <= 1)
		drop_row(fs, m);
	else if (m)
		set_refs(fs, m, m->refs - 1);
	return STORE_OK;
}

static enum store_err change_todo(struct fake_store *fs, const struct write *w)
{
	const struct todo *t = w->u.todo;
	struct row *old = find_id(fs, T_TODO, t->id), *r;
	uint64_t epoch;
	enum store_err err = check_fence(fs, w->part, false, &epoch);

	if (err || !old)
		return err;
	r = copy_todo(&old->todo, epoch);
	if (w->op == OP_TODO_HOLD) {
		r->todo.is_held = t->is_held;
	} else {
		r->todo.due_utc_us = t->due_utc_us;
		r->todo.via = fake_dup(r->arena, t->via);
	}
	if (w->op == OP_TODO_RETRY) {
		r->todo.tries = t->tries;
		r->todo.last_cause = t->last_cause;
	}
	if (w->op == OP_TODO_MOVE) {
		r->todo.lane = fake_dup(r->arena, t->lane);
		r->todo.part = t->part;
	}
	swap_row(fs, old, r);
	return STORE_OK;
}

/* ---- dues and dedup ------------------------------------------------------- */

static enum store_err put_due(struct fake_store *fs, const struct write *w)
{
	const struct due *d = w->u.due;
	struct row *r;
	size_t i;

	if (find_id(fs, T_DUE, d->id))
		return STORE_DOWN;
	r = fake_row_new(T_DUE);
	r->due = *d;
	r->due.part = w->part;
	r->due.to = addr_dup(r->arena, &d->to);
	r->due.from = addr_dup(r->arena, &d->from);
	r->due.thread = fake_dup(r->arena, d->thread);
	r->due.routes = arena_array(r->arena, d->routes_n,
				    sizeof(d->routes[0]));
	for (i = 0; i < d->routes_n; i++)
		r->due.routes[i] = fake_dup(r->arena, d->routes[i]);
	r->due.report.msg_id = fake_dup(r->arena, d->report.msg_id);
	r->due.report.text = fake_dup(r->arena, d->report.text);
	r->due.report.address = fake_dup(r->arena, d->report.address);
	r->seq = ++fs->seq;
	fake_row_add(fs, r);
	return STORE_OK;
}

static enum store_err put_dedup(struct fake_store *fs,
				const struct dedup_row *d,
				struct store_result *out)
{
	struct list_link *it, *tmp;
	struct row *r, *old = NULL;

	list_for(fs, T_DEDUP, r, it, tmp)
		if (memcmp(r->key, d->key, sizeof(r->key)) == 0)
			old = r;
	if (old && old->until_utc_us > fs->now_utc_us) {
		out->earlier_answer = old->data;
		return STORE_DUPLICATE;
	}
	r = fake_row_new(T_DEDUP);
	memcpy(r->key, d->key, sizeof(r->key));
	r->until_utc_us = d->expires_utc_us;
	r->data = fake_dup(r->arena, d->answer);
	swap_row(fs, old, r);
	return STORE_OK;
}

static void drop_dedup(struct fake_store *fs, const struct dedup_row *d)
{
	struct list_link *it, *tmp;
	struct row *r;

	list_for(fs, T_DEDUP, r, it, tmp)
		if (memcmp(r->key, d->key, sizeof(r->key)) == 0)
			drop_row(fs, r);
}

static void put_note(struct fake_store *fs, const struct note_row *n)
{
	struct list_link *it, *tmp;
	struct row *r, *old = NULL;

	list_for(fs, T_NOTE, r, it, tmp)
		if (memcmp(r->key, n->key, sizeof(r->key)) == 0)
			old = r;
	r = fake_row_new(T_NOTE);
	memcpy(r->key, n->key, sizeof(r->key));
	r->until_utc_us = n->expires_utc_us;
	r->data = fake_dup(r->arena, n->text);
	swap_row(fs, old, r);
}

struct str fake_note(struct fake_store *fs, const uint8_t key[32])
{
	struct list_link *it, *tmp;
	struct row *r;

	list_for(fs, T_NOTE, r, it, tmp)
		if (memcmp(r->key, key, sizeof(r->key)) == 0 &&
		    r->until_utc_us > fs->now_utc_us)
			return r->data;
	return STR_NONE;
}

/* ---- users, legs, owners -------------------------------------------------- */

/* Of contacts there is an end. */
static bool has_room(struct fake_store *fs, const struct user *u)
{
	struct list_link *it, *tmp;
	struct row *r;
	size_t n = 0;

	list_for(fs, T_USER, r, it, tmp) {
		if (!r->user->contact)
			continue;
		if (str_eq(r->user->aor, u->aor))
			return true;
		n++;
	}
	return !u->contact || n < CONTACTS_MAX;
}

static void put_user(struct fake_store *fs, const struct user *u)
{
	struct list_link *it, *tmp;
	struct row *r, *old = NULL;
	struct user *copy;

	list_for(fs, T_USER, r, it, tmp)
		if (str_eq(r->user->aor, u->aor))
			old = r;
	r = fake_row_new(T_USER);
	r->user = copy = user_new(u->aor);
	copy->exists = true;
	copy->is_barred = u->is_barred;
	copy->is_out_barred = u->is_out_barred;
	copy->login = fake_dup(copy->arena, u->login);
	copy->display = fake_dup(copy->arena, u->display);
	copy->ha1_md5 = fake_dup(copy->arena, u->ha1_md5);
	copy->ha1_sha256 = fake_dup(copy->arena, u->ha1_sha256);
	copy->profile = fake_dup(copy->arena, u->profile);
	copy->senders = fake_dup(copy->arena, u->senders);
	copy->contact = u->contact;
	copy->is_active = u->is_active;
	copy->has_offline_delivery = u->has_offline_delivery;
	copy->store_on_busy = u->store_on_busy;
	copy->quota_count = u->quota_count;
	copy->quota_bytes = u->quota_bytes;
	r->folded = fold_address(r->arena, copy->aor);
	swap_row(fs, old, r);
}

static void put_binding(struct fake_store *fs, const struct bind_row *b)
{
	struct row *r = fake_row_new(T_BINDING);
	struct binding *c = &r->binding;

	r->aor = fake_dup(r->arena, b->aor);
	*c = b->binding;
	c->contact = fake_dup(r->arena, c->contact);
	c->params = fake_dup(r->arena, c->params);
	c->instance = fake_dup(r->arena, c->instance);
	c->call_id = fake_dup(r->arena, c->call_id);
	c->path = fake_dup(r->arena, c->path);
	c->flow = fake_dup(r->arena, c->flow);
	c->user_agent = fake_dup(r->arena, c->user_agent);
	swap_row(fs, find_binding(fs, b), r);
}

/* All of the user's when no contact is named. */
static void drop_bindings(struct fake_store *fs, const struct bind_row *b)
{
	struct list_link *it, *tmp;
	struct row *r;

	list_for(fs, T_BINDING, r, it, tmp)
		if (b->binding.contact.p ? is_key_of(r, b) :
					   str_eq(r->aor, b->aor))
			drop_row(fs, r);
}

static void drop_user(struct fake_store *fs, struct str aor)
{
	struct bind_row all = { .aor = aor };
	struct list_link *it, *tmp;
	struct row *r;

	list_for(fs, T_USER, r, it, tmp)
		if (str_eq(r->user->aor, aor))
			drop_row(fs, r);
	drop_bindings(fs, &all);
}

static void put_live(struct fake_store *fs, const struct live_row *l)
{
	struct row *r = fake_row_new(T_LIVE);

	r->id = l->leg;
	r->data = fake_dup(r->arena, l->saved);
	swap_row(fs, find_id(fs, T_LIVE, l->leg), r);
}

static enum store_err own(struct fake_store *fs, const struct own_row *o,
			  bool is_take, uint64_t *epoch_out)
{
	struct row *old = find_owner(fs, o->resource), *r;
	int part = ops_partition_of(o->resource);
	bool is_ours = is_take ? !old || old->node == o->node ||
					 old->until_utc_us <= fs->now_utc_us
			       : old && old->node == o->node &&
					 old->boot == o->boot;

	if (!is_ours) {
		if (part >= 0)
			fs->known[part] = 0;
		return STORE_FENCED;
	}
	r = fake_row_new(T_OWNER);
	r->resource = fake_dup(r->arena, o->resource);
	r->node = o->node;
	r->boot = o->boot;
	r->epoch = (old ? old->epoch : 0) + is_take;
	r->until_utc_us = fs->now_utc_us + (int64_t)o->lease_ms * 1000;
	swap_row(fs, old, r);
	*epoch_out = r->epoch;
	if (part >= 0)
		fs->known[part] = r->epoch;
	return STORE_OK;
}

/* ---- all of them ---------------------------------------------------------- */

static enum store_err finish_due(struct fake_store *fs, uint64_t id)
{
	struct row *r = find_id(fs, T_DUE, id);

	if (!r)
		return STORE_CONFLICT;
	drop_row(fs, r);
	return STORE_OK;
}

static enum store_err run_one(struct fake_store *fs, const struct write *w,
			      const struct write *all, size_t n,
			      struct store_result *out)
{
	struct row *r;

	switch (w->op) {
	case OP_MSG_PUT:
		return msg_put_row(fs, w->u.msg, all, n);
	case OP_DEDUP:
		return put_dedup(fs, w->u.dedup, out);
	case OP_DEDUP_DROP:
		drop_dedup(fs, w->u.dedup);
		return STORE_OK;
	case OP_NOTE_PUT:
		put_note(fs, w->u.note);
		return STORE_OK;
	case OP_TODO_PUT:
		return put_todo(fs, w, all, n);
	case OP_TODO_DONE:
		return finish_todo(fs, w);
	case OP_TODO_RETRY:
	case OP_TODO_MOVE:
	case OP_TODO_HOLD:
		return change_todo(fs, w);
	case OP_DUE_PUT:
		return put_due(fs, w);
	case OP_DUE_DONE:
		return finish_due(fs, w->u.due->id);
	case OP_BIND_SET:
		put_binding(fs, w->u.bind);
		return STORE_OK;
	case OP_BIND_DROP:
		drop_bindings(fs, w->u.bind);
		return STORE_OK;
	case OP_USER_PUT:
		if (!has_room(fs, w->u.user))
			return STORE_LIMIT;
		put_user(fs, w->u.user);
		return STORE_OK;
	case OP_USER_DROP:
		drop_user(fs, w->u.user->aor);
		return STORE_OK;
	case OP_LIVE_PUT:
		put_live(fs, w->u.live);
		return STORE_OK;
	case OP_LIVE_DROP:
		r = find_id(fs, T_LIVE, w->u.live->leg);
		if (r)
			drop_row(fs, r);
		return STORE_OK;
	case OP_OWN_TAKE:
	case OP_OWN_RENEW:
		return own(fs, w->u.own, w->op == OP_OWN_TAKE, &out->epoch);
	case OP_COUNT_N:
		break;
	}
	return STORE_CONFLICT;
}

enum store_err fake_ops_run(struct fake_store *fs, const struct write *w,
			    size_t n, struct store_result *out)
{
	enum store_err err = STORE_OK;
	size_t i;

	for (i = 0; i < n && !err; i++)
		err = run_one(fs, &w[i], w, n, out);
	return err;
}
