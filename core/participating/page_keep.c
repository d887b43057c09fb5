/* core/participating/page_keep.c: a page-mode message goes into the store: the
 * todo row of its recipient's or link's queue, and the reports that are owed.
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/participating/page_priv.h"
#include "core/participating/report.h"
#include "core/route/retry.h"

/* The route is forgotten after the first step; the lane is not. */
void page_set_lane(struct pstep *s)
{
	const struct link_conf *l = config_link(s->conf, s->route.link);
	char text[LANE_BYTES_MAX];
	struct str lane;

	if (s->route.kind == ROUTE_USER)
		lane = lane_of_user(s->user->aor, text);
	else
		lane = lane_of_link(l ? l->name : STR(""), text);
	s->p->out_proto = s->route.proto;
	s->p->is_user = s->route.kind == ROUTE_USER;
	mem_free(s->p->lane);
	s->p->lane = mem_alloc(lane.n + 1);
	memcpy(s->p->lane, lane.p, lane.n);
	s->p->lane[lane.n] = '\0';
}

static void owe(struct pstep *s, enum imdn_status status, enum cause cause)
{
	const struct msg *m = s->p->msg ? s->p->msg : s->ev->msg;
	struct due *d = acts_new(s->out, sizeof(*d));

	due_of(s->out->arena, m, status, cause, NULL,
	       s->ev->now_utc_us, fact_fresh_id(s->f), d);
	acts_add(s->out, ACT_REPORT)->u.due = d;
}

void page_keep(struct pstep *s, bool wants_outcome)
{
	struct page *p = s->p;
	struct keep *k = acts_new(s->out, sizeof(*k));
	struct msg *m = p->msg;
	struct action *it;
	/* What was just tried in vain, or cannot be tried because nobody is
	   there, is not tried at once: a registration does that. */
	unsigned tries = p->state == PAGE_LIVE || p->is_absent ? 1 : 0;

	p->state = PAGE_KEEPING;
	p->wants_outcome = wants_outcome;
	if (!m->store_id)
		m->store_id = fact_fresh_id(s->f);
	k->todo.id = fact_fresh_id(s->f);
	k->todo.lane = arena_dup(s->out->arena, str_of(p->lane));
	k->todo.part = todo_partition(k->todo.lane);
	k->todo.conversation = msg_conversation(m) & INT64_MAX;
	k->todo.recipient = m->to[0].text;
	k->todo.due_utc_us = s->ev->now_utc_us;
	k->todo.tries = tries;
	if (tries)
		k->todo.due_utc_us = retry_due(s->conf, false, tries,
					       s->ev->now_utc_us,
					       fact_fresh_id(s->f));
	k->todo.last_cause = p->hunt.fork.best;
	k->todo.kept_utc_us = s->ev->now_utc_us;
	k->todo.expires_utc_us = retry_expiry_utc_us(s->conf, s->ev->now_utc_us,
					       m->expires_utc_us);
	k->todo.wants = m->wants;
	k->todo.msg = m;
	k->todo.trace = m->trace;
	k->todo.msg_store_id = m->store_id;
	k->is_dedup = true;
	if (wants_outcome) {
		k->waiter = s->f ? fact_self(s->f) : 0;
		k->waiter_tag = TAG_OUTCOME;
	}
	it = acts_add(s->out, ACT_KEEP);
	it->msg = m;
	it->u.keep = k;
	s->out->stored_tag = TAG_KEPT;
	page_account(s, "kept", CAUSE_NONE);
	/* Stored and not just on its way: the sender may have asked to know
	   [RFC 5438 7.2.1.2]. */
	if (!wants_outcome && m->kind == MSG_CONTENT &&
	    (m->wants & WANT_PROCESSING))
		owe(s, IMDN_STORED, CAUSE_NONE);
	else if (!wants_outcome && m->kind == MSG_CONTENT &&
		 (m->wants & WANT_DELIVERED) && s->conf->receipt_on_stored &&
		 p->in_proto == PROTO_XMPP)
		owe(s, IMDN_DELIVERED, CAUSE_NONE);
}

/* A device that took text only makes no report: its 200 is all we hear. */
void page_owe_delivered(struct pstep *s)
{
	const struct msg *m = s->p->msg;

	if (m->kind == MSG_CONTENT && (m->wants & WANT_DELIVERED))
		owe(s, IMDN_DELIVERED, CAUSE_NONE);
}

void page_owe_failed(struct pstep *s, enum cause cause)
{
	const struct msg *m = s->p->msg ? s->p->msg : s->ev->msg;

	if (m->kind == MSG_CONTENT && (m->wants & WANT_FAILED))
		owe(s, IMDN_FAILED, cause);
}

/* XMPP has no answer to a request but the error, which is a report: sent back
   the way the message came. */
void page_tell_refusal(struct pstep *s, enum cause cause,
		       const struct sent *sent)
{
	const struct msg *m = s->ev->msg ? s->ev->msg : s->p->msg;
	struct target *t;
	struct send *send;
	struct action *it;
	struct msg *report;

	if (s->p->legs_n > 0 || !s->p->in_link)
		return;
	report = report_refusal(m, cause, sent, s->ev->now_utc_us,
				fact_fresh_id(s->f));
	if (!report)
		return;
	acts_own(s->out, report);
	t = acts_new(s->out, sizeof(*t));
	t->leg = fact_leg_new(s->f, s->p->in_proto);
	t->link = s->p->in_link;
	t->from = report->from;
	t->to = report->to[0];
	send = acts_new(s->out, sizeof(*send));
	send->targets = t;
	send->targets_n = 1;
	it = acts_add(s->out, ACT_SEND);
	it->msg = report;
	it->u.send = send;
}
