/* core/deferred/queue_done.c: the end of a try. All failure policy of stored
 * messages stands here:
 *   it got there            the row goes; a delivery report when nobody else
 *                           will make one (text only was sent)
 *   it never will           the row goes and a report is owed, in one
 *                           transaction
 *   not now                 the row stays with a new time
 */
#include <string.h>

#include "core/deferred/queue_priv.h"
#include "core/route/retry.h"

/* One number for all the writes of a step; EV_STORED brings it back. */
uint64_t queue_wrote(struct qstep *s)
{
	if (!s->wrote) {
		s->wrote = ++s->q->write_no;
		s->q->writes_out++;
		s->out->stored_tag = (uint32_t)s->wrote;
		s->out->is_lazy = true;
	}
	return s->wrote;
}

void queue_account(struct qstep *s, const struct item *it, const char *event,
		   enum cause cause)
{
	const struct link_conf *l = config_link(s->conf, s->q->link);
	struct account *r = acts_new(s->out, sizeof(*r));

	r->came_utc_us = it->todo.kept_utc_us;
	r->event = event;
	r->trace = it->msg->trace;
	r->from = arena_dup(s->out->arena, it->msg->from.text);
	r->to = arena_dup(s->out->arena, it->msg->to[0].text);
	if (s->q->is_link)
		r->link = str_from(s->q->lane, 5);
	r->out = s->q->is_link && l ? l->proto : PROTO_SIP;
	r->id = arena_dup(s->out->arena, it->msg->id);
	if (it->msg->kind == MSG_REPORT)
		r->about = arena_dup(s->out->arena, it->msg->report.msg_id);
	r->cause = cause;
	r->bytes = it->msg->body.size_bytes;
	acts_add(s->out, ACT_ACCOUNT)->u.account = r;
}

void queue_tell_waiter(struct qstep *s, uint64_t waiter, uint32_t tag,
		       enum cause cause, const struct sent *sent)
{
	struct sent *copy;
	struct action *a;

	if (!waiter)
		return;
	a = acts_add(s->out, ACT_TELL);
	a->obj = waiter;
	a->tag = tag;
	a->cause = cause;
	if (sent) {
		copy = acts_new(s->out, sizeof(*copy));
		*copy = *sent;
		copy->text = arena_dup(s->out->arena, sent->text);
		copy->address = arena_dup(s->out->arena, sent->address);
		a->u.sent = copy;
	}
}

/* The first outcome belongs to whoever waits to answer his request. */
void queue_tell(struct qstep *s, struct item *it, enum cause cause,
		const struct sent *sent)
{
	queue_tell_waiter(s, it->waiter, it->waiter_tag, cause, sent);
	it->waiter = 0;
}

static void write_done(struct qstep *s, struct item *it)
{
	struct todo *t = acts_new(s->out, sizeof(*t));

	*t = it->todo;
	t->lane = arena_dup(s->out->arena, t->lane);
	t->recipient = arena_dup(s->out->arena, t->recipient);
	t->msg = NULL;
	acts_write(s->out, OP_TODO_DONE, t->part)->u.todo = t;
	if (it->state == ITEM_SENDING)
		s->q->sending_n--;
	it->state = ITEM_DONE;
	it->done_in = queue_wrote(s);
}

/* What the sender must hear, as a row of the same transaction. */
static void owe_report(struct qstep *s, const struct item *it,
		       enum imdn_status status, enum cause cause,
		       const struct sent *sent)
{
	struct due *d = acts_new(s->out, sizeof(*d));

	due_of(s->out->arena, it->msg, status, cause, sent,
	       s->ev->now_utc_us, fact_fresh_id(s->f), d);
	acts_add(s->out, ACT_REPORT)->u.due = d;
	s->out->is_lazy = false;
}

/* Refused while its sender waited: nothing was accepted, so the same message
   may be tried again and is not taken for a repeat. */
static void forget_key(struct qstep *s, const struct item *it)
{
	const uint8_t *key = msg_key(it->msg);
	struct dedup_row *row;

	if (!key)
		return;
	row = acts_new(s->out, sizeof(*row));
	memcpy(row->key, key, sizeof(row->key));
	acts_write(s->out, OP_DEDUP_DROP, it->todo.part)->u.dedup = row;
}

static enum imdn_status status_of(enum cause cause)
{
	switch (cause_class(cause)) {
	case CAUSE_OK:
	case CAUSE_ABSENT:
	case CAUSE_BUSY:
	case CAUSE_LINK:
	case CAUSE_FINAL:
		break;
	}
	return cause == CAUSE_FORBIDDEN || cause == CAUSE_DENIED ||
	       cause == CAUSE_FORBIDDEN_ANYWHERE ||
	       cause == CAUSE_POLICY_VIOLATION || cause == CAUSE_NOT_ALLOWED ?
	       IMDN_FORBIDDEN : IMDN_FAILED;
}

static bool is_ours_to_tell(const struct item *it)
{
	return it->is_plain_try && (it->todo.wants & WANT_DELIVERED);
}

/* What its end writes, once or, when the store refused, again. A report about
   a report would never end [RFC 5438 7.2]. */
static void settle(struct qstep *s, struct item *it, const struct sent *sent)
{
	bool is_content = it->msg->kind == MSG_CONTENT;

	write_done(s, it);
	if (it->end == END_REFUSED)
		forget_key(s, it);
	else if (it->end == END_FAILED && is_content)
		owe_report(s, it, status_of(it->end_cause), it->end_cause,
			   sent);
	else if (it->end == END_HANDED && is_content && is_ours_to_tell(it))
		owe_report(s, it, IMDN_DELIVERED, CAUSE_NONE, NULL);
}

void queue_settle(struct qstep *s, struct item *it)
{
	settle(s, it, NULL);
}

void queue_done(struct qstep *s, struct item *it)
{
	queue_account(s, it, "sent", CAUSE_NONE);
	it->end = END_HANDED;
	settle(s, it, NULL);
}

void queue_fail(struct qstep *s, struct item *it, enum cause cause,
		const struct sent *sent)
{
	bool is_told = it->waiter && fact_waits(s->f, it->waiter);

	queue_account(s, it, "failed", cause);
	queue_tell(s, it, cause, sent);
	it->end = is_told ? END_REFUSED : END_FAILED;
	it->end_cause = cause;
	settle(s, it, sent);
}

void queue_later(struct qstep *s, struct item *it, enum cause cause)
{
	struct todo *t = acts_new(s->out, sizeof(*t));

	queue_tell(s, it, CAUSE_LINK_DOWN, NULL);
	if (it->state == ITEM_SENDING)
		s->q->sending_n--;
	it->state = ITEM_WAIT;
	it->todo.tries++;
	it->todo.last_cause = cause;
	it->due_utc_us = retry_due(s->conf, s->q->is_link, it->todo.tries,
				   s->ev->now_utc_us, fact_fresh_id(s->f));
	it->todo.due_utc_us = it->due_utc_us;
	*t = it->todo;
	t->lane = arena_dup(s->out->arena, t->lane);
	t->recipient = arena_dup(s->out->arena, t->recipient);
	t->msg = NULL;
	acts_write(s->out, OP_TODO_RETRY, t->part)->u.todo = t;
	queue_wrote(s);
}

/* All results of a try are in. */
static void judge(struct qstep *s, struct item *it, const struct sent *sent)
{
	const struct fork *f = &it->hunt.fork;
	bool was_asked = it->waiter && fact_waits(s->f, it->waiter);

	if (f->is_won) {
		queue_tell(s, it, CAUSE_NONE, sent);
		queue_done(s, it);
		return;
	}
	/* What is stored already waits for one who is busy, too. */
	if (!fork_is_to_store(f, true)) {
		queue_fail(s, it, f->best, sent);
		return;
	}
	/* A sender who waits gets the far side's own words; our link being
	   down is not one of them: then it stays stored. */
	if (was_asked && s->q->is_link && f->best != CAUSE_LINK_DOWN &&
	    f->best != CAUSE_OVERLOAD)
		queue_fail(s, it, f->best, sent);
	else
		queue_later(s, it, f->best);
}

/* The device took text only: the next message comes as text at once. */
static void note_plain(struct qstep *s, const struct item *it, uint64_t leg)
{
	const struct hunt_try *t = hunt_find(&it->hunt, leg);
	size_t j;

	for (j = 0; s->user && t && j < s->user->bindings_n; j++) {
		struct binding *b = &s->user->bindings[j];
		struct bind_row *row;

		if (hunt_contact(b) != t->contact || b->is_plain)
			continue;
		row = acts_new(s->out, sizeof(*row));
		row->aor = s->user->aor;
		row->binding = *b;
		row->binding.is_plain = true;
		acts_write(s->out, OP_BIND_SET, 0)->u.bind = row;
		queue_wrote(s);
	}
}

void queue_result(struct qstep *s, struct item *it)
{
	const struct event *ev = s->ev;
	enum fork_now now;

	if (ev->u.sent && ev->u.sent->was_plain) {
		note_plain(s, it, ev->leg);
		if (ev->cause == CAUSE_NONE && !ev->u.sent->is_stored_there)
			it->is_plain_try = true;
	}
	if (it->state != ITEM_SENDING)
		return;			/* another device was first */
	now = hunt_result(&it->hunt, ev->leg, ev->cause);
	if (now == FORK_WON) {
		judge(s, it, ev->u.sent);
		return;
	}
	if (queue_try_more(s, it) || now == FORK_WAIT)
		return;
	judge(s, it, it->hunt.fork.best_leg == ev->leg ? ev->u.sent : NULL);
}
