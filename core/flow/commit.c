/* core/flow/commit.c: one step, at most one transaction; what the step says
 * waits for it. The acts move here and are carried out when the store has
 * answered; if it failed nothing was said, and the object is told.
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/flow/core_priv.h"

/* References for what the list borrows, while it is held. */
static void hold(struct acts *a, bool on)
{
	size_t i;

	for (i = 0; i < a->list_n; i++) {
		struct msg *m = a->list[i].msg;

		if (on)
			msg_ref(m);
		else
			msg_put(m);
	}
}

/* Which users' facts change by these writes. */
static void touch(struct core *core, const struct acts *a, bool is_through)
{
	size_t i;

	for (i = 0; i < a->writes_n; i++) {
		const struct write *w = &a->writes[i];
		struct str aor;

		if (w->op == OP_BIND_SET || w->op == OP_BIND_DROP)
			aor = w->u.bind->aor;
		else if (w->op == OP_USER_PUT || w->op == OP_USER_DROP)
			aor = w->u.user->aor;
		else
			continue;
		if (is_through)
			facts_through(core, aor, false);
		else
			facts_submitted(core, aor, false);
	}
}

/* Kept messages that were not committed after all. */
static void undo_keeps(struct core *core, const struct acts *a)
{
	size_t i;

	for (i = 0; i < a->list_n; i++) {
		const struct action *it = &a->list[i];

		if (it->kind == ACT_KEEP &&
		    str_starts(it->u.keep->todo.lane, STR("user:")))
			facts_through(core,
				      str_from(it->u.keep->todo.lane, 5),
				      true);
	}
}

static enum cause cause_of(enum store_err err)
{
	switch (err) {
	case STORE_OK:
		return CAUSE_NONE;
	case STORE_DUPLICATE:
		return CAUSE_CONFLICT;
	case STORE_CONFLICT:
		return CAUSE_GONE;
	case STORE_LIMIT:
		return CAUSE_RESOURCE_CONSTRAINT;
	case STORE_FULL:
		return CAUSE_STORE_FULL;
	case STORE_FENCED:
	case STORE_DOWN:
		break;
	}
	return CAUSE_STORE_DOWN;
}

static void tell(struct core *core, const struct commit *c,
		 const struct store_result *r)
{
	struct event *ev;
	struct sent *sent;

	if (r->err == STORE_OK && !c->acts.stored_tag)
		return;
	if (r->err != STORE_OK && r->err != STORE_DUPLICATE)
		log_warning(&core->log, "commit_failed",
			    F_TEXT("why", cause_name(cause_of(r->err))),
			    F_TRACE(c->trace));
	if (!object_find(core, c->obj))
		return;
	ev = ev_make(core, EV_STORED);
	ev->obj = c->obj;
	ev->tag = c->acts.stored_tag;
	ev->cause = cause_of(r->err);
	sent = arena_zalloc(ev->arena, sizeof(*sent));
	sent->text = arena_dup(ev->arena, r->earlier_answer);
	ev->u.sent = sent;
	intake_push(core, ev);
}

static void finish(struct commit *c, const struct store_result *r)
{
	struct core *core = c->core;

	list_del(&c->all);
	core->held_n--;
	touch(core, &c->acts, true);
	if (r->err == STORE_OK)
		act_now(core, &c->acts, c->obj, false, true);
	else
		undo_keeps(core, &c->acts);
	tell(core, c, r);
	hold(&c->acts, false);
	acts_free(&c->acts);
	/* A request without an object has nobody else to answer it. */
	if (r->err != STORE_OK && !c->obj && c->ev->leg)
		engine_refuse(core, c->ev, cause_of(r->err));
	else
		ev_drop(c->ev);
	while (c->users_n > 0)
		user_put(c->users[--c->users_n]);
	mem_free(c);
	core->loop.kick(core->loop.self);
}

static void on_done(void *arg, const struct store_result *r)
{
	finish(arg, r);
}

void commit_submit(struct core *core, struct acts *a, uint64_t obj,
		   struct event *ev, struct facts *f)
{
	struct commit *c = mem_zalloc(sizeof(*c));

	c->core = core;
	c->acts = *a;
	c->obj = obj;
	c->trace = ev->trace;
	c->ev = ev;
	memcpy(c->users, f->users, sizeof(c->users));
	c->users_n = f->users_n;
	f->users_n = 0;
	hold(&c->acts, true);
	list_add(&core->commits, &c->all);
	core->held_n++;
	core->counts.commits++;
	touch(core, &c->acts, false);
	act_now(core, &c->acts, obj, true, false);
	if (core->store.commit(core->store.self, c->acts.writes,
			       c->acts.writes_n, c->acts.is_lazy, on_done,
			       c) < 0) {
		const struct store_result full = { .err = STORE_FULL };

		finish(c, &full);
	}
}
