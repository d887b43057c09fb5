/* core/participating/page.c: the machine of one page-mode message.
 *
 *   state    waits for              then
 *   START    EV_MSG                 judged (page_judge.c), and LIVE, KEEP or end
 *   LIVE     results of its legs    (page_live.c) the first 2xx answers; if all
 *                                   failed: kept when they were absent, sent
 *                                   where a 3xx says, else refused
 *   KEEPING  the commit             202, or OUTCOME when somebody tells it soon
 *   OUTCOME  the queue's first try  200, the far side's refusal, or 202 after
 *                                   2 s or when the link is down
 *
 * Nothing is answered before the next hop took the message or it is on disk
 * [architecture.md 5.1]. The same message again, while it is dealt with, waits
 * for the same answer.
 */
#include "core/participating/page.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/participating/page_priv.h"

void page_answer(struct pstep *s, int kind, enum cause cause,
		 const struct sent *sent)
{
	struct page *p = s->p;
	size_t i;

	for (i = 0; i < p->legs_n; i++) {
		struct answer *a = acts_new(s->out, sizeof(*a));
		struct action *it;

		a->kind = (__typeof__(a->kind))kind;
		a->realm = s->id.realm;
		a->is_stale = s->id.is_stale;
		if (s->retry_after_s)
			a->retry_after_s = s->retry_after_s;
		else if (cause_class(cause) == CAUSE_LINK)
			a->retry_after_s = 5;
		if (sent) {
			a->text = arena_dup(s->out->arena, sent->text);
			a->address = arena_dup(s->out->arena, sent->address);
		}
		it = acts_add(s->out, ACT_ANSWER);
		it->leg = p->legs[i];
		it->cause = cause;
		it->u.answer = a;
	}
	p->legs_n = 0;
	page_remember(s, false, kind, cause);
}

void page_remember(struct pstep *s, bool is_running, int kind,
		   enum cause cause)
{
	struct page *p = s->p;
	struct remember *r;

	/* Who was refused for his own mistake may try again at once. */
	if (!p->has_key || (!is_running && kind == ANSWER_REFUSED))
		return;
	r = acts_new(s->out, sizeof(*r));
	memcpy(r->key, p->key, sizeof(r->key));
	r->is_running = is_running;
	r->answer = kind;
	r->cause = cause;
	r->origin_link = p->in_link;
	r->origin_proto = p->in_proto;
	r->hops_left = p->hops_left;
	acts_add(s->out, ACT_REMEMBER)->u.remember = r;
}

void page_account(struct pstep *s, const char *event, enum cause cause)
{
	struct account *r = acts_new(s->out, sizeof(*r));
	const struct msg *m = s->p->msg ? s->p->msg : s->ev->msg;

	if (!s->p->came_utc_us)
		s->p->came_utc_us = s->ev->now_utc_us;
	r->came_utc_us = s->p->came_utc_us;
	r->event = event;
	r->trace = m->trace;
	r->from = arena_dup(s->out->arena, m->from.text);
	r->to = arena_dup(s->out->arena, m->to[0].text);
	r->in = s->p->in_proto;
	r->id = arena_dup(s->out->arena, m->id);
	if (m->kind == MSG_REPORT)
		r->about = arena_dup(s->out->arena, m->report.msg_id);
	r->out = s->p->out_proto;
	r->cause = cause;
	r->bytes = m->body.size_bytes;
	if (s->p->state == PAGE_START) {
		r->hits = s->route.hits;
		r->hits_n = s->route.hits_n;
	}
	acts_add(s->out, ACT_ACCOUNT)->u.account = r;
}

void page_end(struct pstep *s)
{
	s->p->state = PAGE_OVER;
	acts_add(s->out, ACT_END);
}

void page_timer(struct pstep *s, uint32_t tag, uint32_t after_ms)
{
	struct action *it = acts_add(s->out, ACT_TIMER);

	it->tag = tag;
	it->at_ms = after_ms ? s->ev->now_ms + after_ms : 0;
}

/* ---- results of keeping --------------------------------------------------- */

static void kept(struct pstep *s)
{
	struct page *p = s->p;

	if (s->ev->cause == CAUSE_NONE) {
		if (p->wants_outcome) {
			p->state = PAGE_OUTCOME;
			page_timer(s, TAG_OUTCOME_LATE,
				   s->conf->answer_wait_ms);
			return;
		}
		page_answer(s, ANSWER_STORED, CAUSE_NONE, NULL);
	} else if (s->ev->cause == CAUSE_CONFLICT) {
		/* Stored before, perhaps before a restart: the same again. */
		page_account(s, "duplicate", CAUSE_NONE);
		page_answer(s, ANSWER_STORED, CAUSE_NONE, NULL);
	} else {
		page_account(s, "refused", s->ev->cause);
		page_tell_refusal(s, s->ev->cause, NULL);
		page_answer(s, ANSWER_REFUSED, s->ev->cause, NULL);
	}
	page_end(s);
}

static bool is_our_own_trouble(enum cause c)
{
	return c == CAUSE_LINK_DOWN || c == CAUSE_OVERLOAD ||
	       c == CAUSE_STORE_DOWN || c == CAUSE_STORE_FULL;
}

static void outcome(struct pstep *s)
{
	enum cause c = s->ev->cause;

	if (s->ev->kind == EV_TIMER || is_our_own_trouble(c))
		page_answer(s, ANSWER_STORED, CAUSE_NONE, NULL);
	else if (c == CAUSE_NONE)
		page_answer(s, ANSWER_OK, CAUSE_NONE, NULL);
	else
		page_answer(s, ANSWER_REFUSED, c, s->ev->u.sent);
	page_end(s);
}

/* ---- the machine ---------------------------------------------------------- */

/* This request alone, not the message that is dealt with. */
static void refuse_again(struct pstep *s, enum cause cause)
{
	struct page *p = s->p;
	struct page copy = { .legs = { s->ev->leg },
			     .legs_n = s->ev->leg ? 1 : 0,
			     .in_proto = s->ev->origin->proto,
			     .in_link = s->ev->origin->link };

	s->p = &copy;
	page_account(s, "refused", cause);
	page_tell_refusal(s, cause, NULL);
	page_answer(s, ANSWER_REFUSED, cause, NULL);
	s->p = p;
}

static bool is_repeat(struct pstep *s)
{
	struct page *p = s->p;

	if (s->ev->kind != EV_MSG || p->state == PAGE_START)
		return false;
	if (page_is_loop(s, p->in_proto, p->in_link, p->hops_left))
		refuse_again(s, CAUSE_LOOP);
	else if (s->ev->leg && p->legs_n < PAGE_LEGS_MAX)
		p->legs[p->legs_n++] = s->ev->leg;
	else if (s->ev->leg)
		refuse_again(s, CAUSE_OVERLOAD);
	return true;
}

static enum step page_step(void *state, const struct event *ev,
			   struct facts *f, struct acts *out)
{
	struct pstep s = { .p = state, .ev = ev, .f = f, .out = out,
			   .conf = fact_config(f) };

	if (is_repeat(&s))
		return STEP_DONE;
	switch (s.p->state) {
	case PAGE_START:
		return ev->kind == EV_MSG ? page_judge(&s) : STEP_DONE;
	case PAGE_LIVE:
		return page_live_step(&s);
	case PAGE_KEEPING:
		if (ev->kind == EV_STORED)
			kept(&s);
		else if (ev->kind == EV_SENT && ev->tag == TAG_OUTCOME)
			outcome(&s);
		break;
	case PAGE_OUTCOME:
		if ((ev->kind == EV_SENT && ev->tag == TAG_OUTCOME) ||
		    (ev->kind == EV_TIMER && ev->tag == TAG_OUTCOME_LATE))
			outcome(&s);
		break;
	case PAGE_OVER:
		break;
	}
	return STEP_DONE;
}

static void page_drop(void *state)
{
	struct page *p = state;

	msg_put(p->msg);
	mem_free(p->lane);
	mem_free(p->text);
	mem_free(p->address);
}

const struct machine page_machine = {
	.name = "page", .state_bytes = sizeof(struct page),
	.step = page_step, .drop = page_drop,
};
