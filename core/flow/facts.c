/* core/flow/facts.c: what a step may know, and the cache behind it.
 * One bundle per user, read in one go. The cache is bounded by bytes, least
 * recently used out. Each key has a generation that rises when a write is
 * submitted: a read that began before is used by its step but not cached, and
 * while a write is on its way the key is read only after it [traces.md (1)].
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/base/ref.h"
#include "core/deferred/queue.h"
#include "core/flow/core_priv.h"

/* ---- the cache ------------------------------------------------------------ */

static struct cached *cache_find(struct core *core, struct str aor)
{
	return map_get(core->facts, aor);
}

static struct cached *cache_make(struct core *core, struct str aor)
{
	struct cached *c = cache_find(core, aor);

	if (c)
		return c;
	c = mem_zalloc(sizeof(*c) + aor.n + 1);
	memcpy(c->text, aor.p, aor.n);
	c->key = (struct str){ c->text, aor.n };
	map_set(core->facts, c->key, c);
	list_add(&core->facts_lru, &c->lru);
	c->bytes = sizeof(*c) + aor.n;
	core->facts_bytes += c->bytes;
	return c;
}

static void cache_empty(struct core *core, struct cached *c)
{
	if (!c->user)
		return;
	core->facts_bytes -= user_bytes(c->user);
	user_put(c->user);
	c->user = NULL;
}

static void cache_drop(struct core *core, struct cached *c)
{
	cache_empty(core, c);
	core->facts_bytes -= c->bytes;
	map_del(core->facts, c->key);
	list_del(&c->lru);
	mem_free(c);
}

/* Least recently used first; what has writes under way must stay. */
static void cache_trim(struct core *core)
{
	struct list_link *it, *tmp;

	list_each(it, tmp, &core->facts_lru) {
		struct cached *c = list_of(it, struct cached, lru);

		if (core->facts_bytes <= core->config->store_cache_bytes)
			return;
		if (!c->writes_n && !c->keeps_n)
			cache_drop(core, c);
	}
}

void facts_init(struct core *core)
{
	core->facts = map_new(core->seed);
	list_init(&core->facts_lru);
}

void facts_free(struct core *core)
{
	struct list_link *it, *tmp;

	list_each(it, tmp, &core->facts_lru)
		cache_drop(core, list_of(it, struct cached, lru));
	map_free(core->facts);
}

void facts_forget(struct core *core, struct str aor)
{
	struct cached *c = cache_find(core, aor);

	if (c) {
		c->generation++;
		cache_empty(core, c);
	}
}

void facts_submitted(struct core *core, struct str aor, bool is_keep)
{
	struct cached *c = cache_make(core, aor);

	if (is_keep) {
		c->keeps_n++;
		return;
	}
	c->generation++;
	c->writes_n++;
	cache_empty(core, c);
}

/* ---- reading what is missing ---------------------------------------------- */

struct fact_read {
	struct waiting *w;
	struct core *core;
	struct str aor;		/* in this allocation */
	uint32_t generation;
	bool is_folded;
	char text[];
};

static void keep_read(struct core *core, const struct fact_read *r,
		      struct user *u)
{
	struct cached *c = cache_make(core, r->aor);

	/* Found under another spelling: its own key would not be told when
	   it changes, so it is not cached. */
	if (c->generation != r->generation || c->writes_n ||
	    !str_eq(u->aor, r->aor))
		return;
	cache_empty(core, c);
	c->user = ref_get(u);
	core->facts_bytes += user_bytes(u);
	cache_trim(core);
}

static void on_user(void *arg, const struct store_result *res)
{
	struct fact_read *r = arg;
	struct waiting *w = r->w;

	if (res->err == STORE_OK && res->user) {
		keep_read(r->core, r, res->user);
		if (w->f.users_n < FACT_USERS_MAX)
			w->f.users[w->f.users_n++] = res->user;
		else
			user_put(res->user);
	} else {
		w->until_ms = 0;	/* no answer will come: give up */
	}
	mem_free(r);
	w->reads_n--;
	engine_read_done(w->core, w);
}

static int read_one(struct core *core, struct waiting *w, struct need *n)
{
	struct cached *c = cache_make(core, n->aor);
	struct fact_read *r;
	int err;

	if (c->writes_n)
		return 0;	/* facts_through() starts it */
	r = mem_zalloc(sizeof(*r) + n->aor.n + 1);
	memcpy(r->text, n->aor.p, n->aor.n);
	*r = (struct fact_read){ .w = w, .core = core,
		.aor = { r->text, n->aor.n }, .generation = c->generation,
		.is_folded = n->is_folded };
	err = core->store.read_user(core->store.self, r->aor, r->is_folded,
				    on_user, r);
	if (err < 0) {
		mem_free(r);
		return err;
	}
	w->reads_n++;
	n->aor = STR_NONE;	/* under way */
	return 0;
}

static void on_note(void *arg, const struct store_result *res)
{
	struct waiting *w = arg;
	struct need_note *n = &w->f.note;

	n->is_reading = false;
	n->is_read = res->err == STORE_OK;
	/* What cannot be read is as good as none: the report goes on. */
	if (!n->is_read || !w->ev ||
	    note_unpack(w->ev->arena, arena_dup(w->ev->arena,
						res->earlier_answer),
			&n->note) < 0)
		n->note = (struct note){ .exists = false };
	n->is_read = true;
	w->reads_n--;
	engine_read_done(w->core, w);
}

static int read_note(struct core *core, struct waiting *w)
{
	struct need_note *n = &w->f.note;
	int err;

	if (!n->is_needed || n->is_read || n->is_reading)
		return 0;
	n->is_reading = true;
	w->reads_n++;
	err = core->store.read_note(core->store.self, n->key, on_note, w);
	if (err < 0) {
		n->is_reading = false;
		w->reads_n--;
	}
	return err;
}

int facts_read(struct core *core, struct waiting *w)
{
	size_t i;

	if (read_note(core, w) < 0)
		return ERR_LIMIT;
	for (i = 0; i < w->f.needs_n; i++) {
		if (w->f.needs[i].aor.p &&
		    read_one(core, w, &w->f.needs[i]) < 0)
			return ERR_LIMIT;
	}
	return 0;
}

void facts_through(struct core *core, struct str aor, bool is_keep)
{
	struct cached *c = cache_find(core, aor);
	struct list_link *it, *tmp;

	if (!c)
		return;
	if (is_keep) {
		if (c->keeps_n)
			c->keeps_n--;
		return;
	}
	if (c->writes_n && --c->writes_n)
		return;
	list_each(it, tmp, &core->waits) {
		struct waiting *w = list_of(it, struct waiting, all);

		/* What was given up has no event any more to point into. */
		if (!w->is_over)
			facts_read(core, w);
	}
}

/* ---- what steps ask ------------------------------------------------------- */

void facts_begin(struct facts *f, struct core *core, const struct event *ev,
		 struct object *o)
{
	f->core = core;
	f->ev = ev;
	f->obj = o;
	f->needs_n = 0;
	f->is_missing = f->was_asked = f->is_over = false;
	f->fresh_n = 0;
	f->legs_n = 0;
}

void facts_end(struct facts *f)
{
	while (f->users_n > 0)
		user_put(f->users[--f->users_n]);
}

static const struct user *held(const struct facts *f, struct str aor,
			       bool is_folded)
{
	size_t i;

	for (i = 0; i < f->users_n; i++)
		if (str_eq(f->users[i]->aor, aor) ||
		    (is_folded && str_ieq(f->users[i]->aor, aor)))
			return f->users[i];
	return NULL;
}

static void need(struct facts *f, struct str aor, bool is_folded)
{
	size_t i;

	f->is_missing = true;
	for (i = 0; i < f->needs_n; i++)
		if (str_eq(f->needs[i].aor, aor))
			return;
	if (f->needs_n == FACT_USERS_MAX)
		f->is_over = true;
	else
		f->needs[f->needs_n++] = (struct need){ aor, is_folded };
}

const struct user *fact_user(struct facts *f, struct str aor, bool is_folded)
{
	const struct user *u;
	struct cached *c;

	f->was_asked = true;
	if (f->is_cold) {
		f->is_missing = true;
		return NULL;
	}
	u = held(f, aor, is_folded);
	if (u)
		return u;
	c = cache_find(f->core, aor);
	if (c && c->user && !c->writes_n && f->users_n < FACT_USERS_MAX &&
	    (c->user->exists || !is_folded)) {
		list_del(&c->lru);
		list_add(&f->core->facts_lru, &c->lru);
		f->users[f->users_n++] = ref_get(c->user);
		return c->user;
	}
	need(f, aor, is_folded);
	return NULL;
}

uint32_t fact_backlog(struct facts *f, struct str aor)
{
	char text[LANE_BYTES_MAX];
	struct str lane = lane_of_user(aor, text);
	struct object *o = map_get(f->core->queues, lane);
	struct cached *c = cache_find(f->core, aor);
	uint32_t n = c ? c->keeps_n : 0;

	if (o)
		return n + queue_backlog(o->state);
	{
		const struct user *u = fact_user(f, aor, false);

		return n + (u ? u->backlog_count : 0);
	}
}

const struct note *fact_note(struct facts *f, const struct addr *sender,
			     const struct addr *recipient, struct str msg_id)
{
	static const struct note none = { .exists = false };
	struct need_note *n = &f->note;

	f->was_asked = true;
	if (!f->is_cold && n->is_read)
		return &n->note;
	if (!f->core->store.read_note)
		return &none;
	f->is_missing = true;
	note_key(sender, recipient, msg_id, n->key);
	n->is_needed = true;
	return NULL;
}

const struct config *fact_config(struct facts *f)
{
	return f->core->config;
}

enum link_state fact_link(struct facts *f, uint32_t link, uint32_t *room_out)
{
	struct link_now *l = links_find(f->core, link);

	links_refresh(f->core, link);
	if (room_out)
		*room_out = l ? l->room : 0;
	return l ? l->state : LINK_OFF;
}

const struct remember *fact_seen(struct facts *f, const uint8_t key[32],
				 uint64_t *obj_out)
{
	return window_find(f->core->window, key, f->ev->now_ms, obj_out);
}

uint32_t fact_rate(struct facts *f, enum rate_of of, struct str who,
		   struct rate_limit l, uint64_t *key_out)
{
	*key_out = rates_key(f->core->rates, of, who);
	return rates_wait_ms(f->core->rates, *key_out, l,
			     f->ev->now_ms * 1000);
}

uint64_t fact_self(struct facts *f)
{
	return f->obj ? f->obj->id : 0;
}

bool fact_waits(struct facts *f, uint64_t obj)
{
	struct object *o = obj ? object_find(f->core, obj) : NULL;

	return o && !o->is_ended;
}

bool fact_missing(const struct facts *f)
{
	return f->is_missing;
}

uint64_t fact_fresh_id(struct facts *f)
{
	uint64_t v = f->ev->fresh + 0x9e3779b97f4a7c15u * ++f->fresh_n;

	v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9u;
	v = (v ^ v >> 27) * 0x94d049bb133111ebu;
	v ^= v >> 31;
	return v & INT64_MAX ? v & INT64_MAX : 1;	/* a positive SQL integer */
}

uint64_t fact_leg_new(struct facts *f, enum proto p)
{
	/* Counted for good only when the step is done (engine.c). */
	return (f->core->last_id + ++f->legs_n) << 4 | (uint64_t)p;
}
