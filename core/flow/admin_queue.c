/* core/flow/admin_queue.c: what is stored, and the story of one message, for
 * the operator.
 */
#include "core/flow/admin_priv.h"

enum step verb_queue_ls(struct astep *s)
{
	admin_list(s, "queue", s->n ? s->w[0] : STR_NONE);
	return STEP_DONE;
}

enum step verb_queue_show(struct astep *s)
{
	admin_list(s, "queue-show", s->w[0]);
	return STEP_DONE;
}

enum step verb_trace(struct astep *s)
{
	admin_list(s, "trace", s->w[0]);
	return STEP_DONE;
}

static void wake(struct astep *s, struct str lane)
{
	struct hint *h = acts_new(s->out, sizeof(*h));

	h->lane = arena_dup(s->out->arena, lane);
	h->is_urgent = true;
	acts_add(s->out, ACT_HINT)->u.hint = h;
}

/* One lane, or every lane that has rows, whenever they are due. */
enum step verb_queue_flush(struct astep *s)
{
	struct claim *c;

	if (s->n > 0) {
		wake(s, s->w[0]);
		admin_ok(s);
		return STEP_DONE;
	}
	c = acts_new(s->out, sizeof(*c));
	c->what = CLAIM_DUE_LANES;
	c->max = 1000;
	c->until_utc_us = INT64_MAX;
	acts_add(s->out, ACT_CLAIM)->u.claim = c;
	admin_await(s, ADMIN_FLUSH);
	return STEP_DONE;
}

void admin_flush_lanes(struct astep *s)
{
	size_t i;

	for (i = 0; i < s->ev->u.rows->lanes_n; i++)
		wake(s, s->ev->u.rows->lanes[i]);
	admin_ok(s);
}

enum step verb_queue_drop(struct astep *s)
{
	struct claim *c = acts_new(s->out, sizeof(*c));

	c->what = CLAIM_ONE;
	c->max = 1;
	if (!str_u64(s->w[0], &c->id)) {
		admin_fail(s, CAUSE_BAD_REQUEST, "not the number of a row");
		return STEP_DONE;
	}
	acts_add(s->out, ACT_CLAIM)->u.claim = c;
	admin_await(s, ADMIN_DROP);
	return STEP_DONE;
}

static void owe_report(struct astep *s, const struct todo *t)
{
	struct due *d = acts_new(s->out, sizeof(*d));

	if (t->msg->kind != MSG_CONTENT)
		return;
	due_of(s->out->arena, t->msg, IMDN_FAILED, CAUSE_DROPPED, NULL,
	       s->ev->now_utc_us, fact_fresh_id(s->f), d);
	acts_add(s->out, ACT_REPORT)->u.due = d;
}

/* The row goes and its sender is told, in one transaction. */
void admin_drop_row(struct astep *s)
{
	const struct rows *r = s->ev->u.rows;
	struct todo *t;
	struct hint *h;

	if (r->todos_n == 0 || !r->todos[0].msg) {
		admin_fail(s, CAUSE_NOT_FOUND, "no such row");
		return;
	}
	t = acts_new(s->out, sizeof(*t));
	*t = r->todos[0];
	t->lane = arena_dup(s->out->arena, t->lane);
	owe_report(s, t);
	t->msg = NULL;
	acts_write(s->out, OP_TODO_DONE, t->part)->u.todo = t;
	h = acts_new(s->out, sizeof(*h));
	h->lane = t->lane;
	h->dropped = t->id;
	acts_add(s->out, ACT_HINT)->u.hint = h;
	s->out->stored_tag = 1;
	admin_await(s, ADMIN_STORED);
}
