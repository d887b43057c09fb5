/* core/participating/page_live.c: a page-mode message while its sender waits:
 * the devices of a user, stage after stage (core/route/hunt.h), or one link.
 * The first 2xx answers; when all have failed the message is stored if anybody
 * was only absent, else the best failure is the answer [RFC 3261 16.7].
 */
#include <string.h>

#include "core/base/mem.h"
#include "core/participating/page_priv.h"
#include "core/route/trust.h"

/* ---- sending -------------------------------------------------------------- */

static void fill(struct pstep *s, enum proto proto, struct target *t)
{
	t->from = s->route.from;
	t->to = s->route.to;
	t->leg = fact_leg_new(s->f, proto);
	trust_apply(s->conf, s->p->msg, &s->route, t);
}

static struct target *to_bindings(struct pstep *s,
				  const struct binding *const *list, size_t n)
{
	struct target *t = acts_new(s->out, (n + 1) * sizeof(*t));
	size_t i;

	for (i = 0; i < n; i++) {
		t[i].binding = list[i];
		t[i].is_plain = list[i]->is_plain;
		fill(s, PROTO_SIP, &t[i]);
	}
	return t;
}

static struct target *to_link(struct pstep *s)
{
	struct target *t = acts_new(s->out, sizeof(*t));

	t->link = s->route.link;
	fill(s, s->route.proto, t);
	return t;
}

static struct action *send(struct pstep *s, const struct target *t, size_t n)
{
	struct send *send = acts_new(s->out, sizeof(*send));
	struct action *it = acts_add(s->out, ACT_SEND);

	send->targets = t;
	send->targets_n = n;
	it->msg = s->p->msg;
	it->u.send = send;
	return it;
}

static void send_live(struct pstep *s, const struct target *t, size_t n)
{
	struct action *it = send(s, t, n);
	size_t i;

	it->wants_result = true;
	it->tag = TAG_SENT;
	for (i = 0; i < n; i++)
		hunt_add(&s->p->hunt, t[i].leg, t[i].binding);
}

/* The others get a turn before the sender is answered. */
static uint32_t stage_ms(const struct config *c)
{
	return c->fork_wait_ms < c->no_answer_ms ? c->fork_wait_ms :
						   c->no_answer_ms / 2;
}

static void begin(struct pstep *s)
{
	int64_t now_ms = s->ev->now_ms;

	s->p->state = PAGE_LIVE;
	memset(&s->p->hunt, 0, sizeof(s->p->hunt));
	if (!s->p->answer_by_ms)
		s->p->answer_by_ms = now_ms + s->conf->no_answer_ms;
	page_timer(s, TAG_NO_ANSWER, s->p->answer_by_ms > now_ms ?
		   (uint32_t)(s->p->answer_by_ms - now_ms) : 1);
}

void page_compose(struct pstep *s)
{
	const struct binding *list[BINDINGS_MAX];
	size_t i, n = 0;
	struct plan plan;

	if (s->route.kind == ROUTE_LINK) {
		send(s, to_link(s), 1);
		return;
	}
	route_plan(s->user, s->p->msg, s->ev->now_utc_us, &plan);
	for (i = 0; i < plan.n; i++)
		if (!plan.list[i].is_reserve)
			list[n++] = plan.list[i].binding;
	if (n > 0)
		send(s, to_bindings(s, list, n), n);
}

bool page_try_devices(struct pstep *s, const struct plan *plan)
{
	const struct binding *list[BINDINGS_MAX];
	size_t n;

	begin(s);
	n = hunt_next(&s->p->hunt, plan, false, false, list);
	if (n == 0)
		return false;
	send_live(s, to_bindings(s, list, n), n);
	if (n < plan->n)
		page_timer(s, TAG_STAGE, stage_ms(s->conf));
	return true;
}

void page_try_link(struct pstep *s)
{
	begin(s);
	send_live(s, to_link(s), 1);
}

/* ---- all have failed ------------------------------------------------------ */

static char *copy(struct str s)
{
	char *p;

	if (str_empty(s))
		return NULL;
	p = mem_alloc(s.n + 1);
	memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return p;
}

static void note_words(struct page *p, const struct sent *sent)
{
	mem_free(p->text);
	mem_free(p->address);
	p->text = sent ? copy(sent->text) : NULL;
	p->address = sent ? copy(sent->address) : NULL;
}

/* What the next hop meant for us is not said on: that it is overloaded would
   silence the caller towards all of us [RFC 3261 16.7.6]. */
static enum cause said_on(enum cause c)
{
	return c == CAUSE_SERVICE_UNAVAILABLE ? CAUSE_SERVER_ERROR : c;
}

static enum step lost(struct pstep *s)
{
	struct page *p = s->p;
	enum cause best = p->hunt.fork.best;
	struct sent sent = {
		.text = p->text ? str_of(p->text) : STR(""),
		.address = p->address ? str_of(p->address) : STR(""),
	};

	page_timer(s, TAG_NO_ANSWER, 0);
	page_timer(s, TAG_STAGE, 0);
	if (p->may_keep && fork_is_to_store(&p->hunt.fork, p->keeps_busy)) {
		page_keep(s, false);
		return STEP_DONE;
	}
	page_account(s, "failed", best);
	page_tell_refusal(s, best, &sent);
	page_answer(s, ANSWER_REFUSED, said_on(best), &sent);
	page_end(s);
	return STEP_DONE;
}

/* ---- results -------------------------------------------------------------- */

/* The next devices of the user, by who is registered now. True: they were
   tried. */
static bool try_more(struct pstep *s, const struct plan *plan,
		     bool may_overlap)
{
	const struct binding *list[BINDINGS_MAX];
	size_t n = hunt_next(&s->p->hunt, plan, may_overlap, false, list);
	const struct msg *m = s->p->msg;
	struct route_query q = {
		.from = &m->from, .to = &m->to[0], .kind = m->kind,
		.bytes = m->body.size_bytes, .hops_left = m->hops_left,
		.is_accepted = true,
	};

	if (n == 0)
		return false;
	page_route(s, &q);
	if (s->route.kind != ROUTE_USER)
		return false;	/* another configuration meanwhile */
	send_live(s, to_bindings(s, list, n), n);
	page_timer(s, TAG_STAGE, stage_ms(s->conf));
	return true;
}

/* Who is registered now; false: the step has to wait for it. */
static bool plan_again(struct pstep *s, struct plan *plan)
{
	*plan = (struct plan){ .n = 0 };
	if (!s->p->is_user)
		return true;
	s->user = fact_user(s->f, str_from(str_of(s->p->lane), 5), false);
	if (fact_missing(s->f))
		return false;
	if (s->user->exists && s->user->is_active)
		route_plan(s->user, s->p->msg, s->ev->now_utc_us, plan);
	return true;
}

static enum step failed(struct pstep *s)
{
	const struct event *ev = s->ev;
	struct page *p = s->p;
	struct hunt h = p->hunt;	/* nothing changes while facts miss */
	const struct binding *list[BINDINGS_MAX];
	enum fork_now now = hunt_result(&h, ev->leg, ev->cause);
	bool is_best = h.fork.best_leg == ev->leg;
	struct str address = STR("");
	struct plan plan;

	if (!plan_again(s, &plan))
		return STEP_WAIT;
	if (is_best && ev->u.sent)
		address = ev->u.sent->address;
	else if (p->address)
		address = str_of(p->address);
	if (now == FORK_LOST && hunt_next(&h, &plan, false, false, list) == 0) {
		enum redirect r = page_redirect(s, h.fork.best, address);

		if (r != REDIRECT_NONE)
			return r == REDIRECT_WAIT ? STEP_WAIT : STEP_DONE;
	}
	p->hunt = h;
	if (is_best)
		note_words(p, ev->u.sent);
	if (try_more(s, &plan, false) || now == FORK_WAIT)
		return STEP_DONE;
	return lost(s);
}

static void won(struct pstep *s)
{
	const struct sent *sent = s->ev->u.sent;
	size_t i;

	/* One 2xx wins; what the other devices say later is only absorbed. */
	page_account(s, "sent", CAUSE_NONE);
	if (sent && sent->was_plain && !sent->is_stored_there)
		page_owe_delivered(s);
	page_answer(s, sent && sent->is_stored_there ? ANSWER_STORED :
		    ANSWER_OK, CAUSE_NONE, NULL);
	page_end(s);
	/* The next hop has it: that does not wait for the report owed. */
	for (i = 0; i < s->out->list_n; i++)
		s->out->list[i].before_commit =
			s->out->list[i].kind != ACT_REPORT;
}

/* The stage has had its time. */
static enum step next_turn(struct pstep *s)
{
	struct plan plan;

	if (!plan_again(s, &plan))
		return STEP_WAIT;
	try_more(s, &plan, true);
	return STEP_DONE;
}

enum step page_live_step(struct pstep *s)
{
	const struct event *ev = s->ev;

	if (ev->kind == EV_TIMER && ev->tag == TAG_NO_ANSWER) {
		hunt_give_up(&s->p->hunt);
		return lost(s);
	}
	if (ev->kind == EV_TIMER && ev->tag == TAG_STAGE)
		return next_turn(s);
	if (ev->kind != EV_SENT || ev->tag != TAG_SENT ||
	    !hunt_find(&s->p->hunt, ev->leg))
		return STEP_DONE;
	if (ev->cause != CAUSE_NONE)
		return failed(s);
	won(s);
	return STEP_DONE;
}
