/* core/participating/page_judge.c: the decisions about a page-mode message, in
 * the order of [OMA-IM 8.1, 8.2]: who sends it, may he, is it a repeat or a
 * loop, where does it go, and how: live, or into the store first.
 */
#include <string.h>

#include "core/participating/page_priv.h"
#include "core/route/plan.h"
#include "core/route/senders.h"

/* Without a line in the accounting file. */
static enum step refuse_silently(struct pstep *s, enum cause cause)
{
	page_tell_refusal(s, cause, NULL);
	page_answer(s, ANSWER_REFUSED, cause, NULL);
	page_end(s);
	return STEP_DONE;
}

enum step page_refuse(struct pstep *s, enum cause cause)
{
	page_account(s, "refused", cause);
	return refuse_silently(s, cause);
}

/* A repeat comes the way the first came, with as many hops left. */
bool page_is_loop(const struct pstep *s, enum proto first_proto,
		  uint32_t first_link, unsigned first_hops_left)
{
	const struct origin *o = s->ev->origin;

	return o->proto != first_proto || o->link != first_link ||
	       s->ev->msg->hops_left < first_hops_left;
}

/* What was answered lately to the same message. True: it is dealt with. */
static bool seen_before(struct pstep *s)
{
	const uint8_t *key = msg_key(s->ev->msg);
	struct page *p = s->p;
	const struct remember *r;

	p->has_key = key != NULL;
	if (key)
		memcpy(p->key, key, sizeof(p->key));
	r = p->has_key ? fact_seen(s->f, p->key, NULL) : NULL;
	if (!r || r->is_running)
		return false;
	if (page_is_loop(s, r->origin_proto, r->origin_link, r->hops_left)) {
		p->has_key = false;
		page_refuse(s, CAUSE_LOOP);
		return true;
	}
	page_account(s, "duplicate", CAUSE_NONE);
	page_answer(s, r->answer, r->cause, NULL);
	page_end(s);
	return true;
}

/* He was found under another spelling (XMPP folds case): from here on his
   own counts, or his queue would not know him. */
static bool is_respelt(const struct pstep *s)
{
	const struct str written = s->ev->msg->to[0].text;

	return s->user && !str_eq(s->user->aor, written) &&
	       (s->is_temp || str_ieq(s->user->aor, written));
}

static void respell(struct pstep *s, struct msg *copy)
{
	struct addr own;

	if (addr_from_uri_text(copy->arena, s->user->aor, &own) < 0)
		return;
	own.instance = s->instance.p ? arena_dup(copy->arena, s->instance) :
				       copy->to[0].instance;
	copy->to[0] = own;
	s->route.to = own;
}

/* A report from a protocol without room for it: the way it has to take, the
   trace of its message, and the device that wrote that. */
static void complete_report(struct msg *copy, const struct note *n)
{
	size_t i;

	if (!n->exists)
		return;
	copy->trace = n->trace;
	if (str_empty(copy->to[0].instance))
		copy->to[0].instance = arena_dup(copy->arena, n->instance);
	if (copy->routes_n)
		return;
	copy->routes = arena_array(copy->arena, n->routes_n + 1,
				   sizeof(*copy->routes));
	for (i = 0; copy->routes && i < n->routes_n; i++)
		copy->routes[copy->routes_n++] = arena_dup(copy->arena,
							   n->routes[i]);
}

/* The message as it goes on: from is whom we know him to be. */
static struct msg *authenticated(struct pstep *s)
{
	const struct msg *m = s->ev->msg;
	bool is_private = m->is_private || s->ev->origin->wants_privacy;
	struct msg *copy;

	if (addr_eq(&m->from, &s->id.who) &&
	    str_eq(m->from.display, s->id.who.display) &&
	    m->is_private == is_private && !is_respelt(s) &&
	    !(s->note && s->note->exists))
		return msg_ref(s->ev->msg);
	copy = msg_copy(m);
	copy->from = addr_dup(copy->arena, &s->id.who);
	copy->is_private = is_private;
	if (s->note)
		complete_report(copy, s->note);
	if (is_respelt(s))
		respell(s, copy);
	return copy;
}

/* ---- to a user served here ------------------------------------------------ */

/* May it wait in the store? */
static bool may_store(const struct pstep *s)
{
	const struct msg *m = s->p->msg;

	return !m->no_store && m->kind != MSG_COMPOSING && !s->instance.p &&
	       !(m->handling & HANDLE_NO_QUEUE);
}

static bool is_over_quota(const struct pstep *s, uint32_t backlog)
{
	const struct user *u = s->user;

	return (u->quota_count && backlog >= u->quota_count) ||
	       backlog >= s->conf->quota_count;
}

/* isComposing: to whoever is there, never stored, nobody waits [RFC 3994]. */
static enum step compose(struct pstep *s, bool is_there)
{
	if (is_there)
		page_compose(s);
	page_answer(s, ANSWER_OK, CAUSE_NONE, NULL);
	page_end(s);
	return STEP_DONE;
}

/* To one device and to no other [RFC 5627 5.3]: is it there? XMPP and reports
   take a device as a hint. */
static enum cause find_device(struct pstep *s)
{
	const struct msg *m = s->ev->msg;
	const struct binding *b;
	size_t i;

	if (s->is_temp) {
		b = gruu_find(s->conf, s->user, &s->temp, s->ev->now_utc_us);
		if (!b)
			return CAUSE_NOT_FOUND;
		s->instance = binding_instance(b->instance);
		s->route.to.instance = s->instance;
		return CAUSE_NONE;
	}
	if (m->kind != MSG_CONTENT || s->ev->origin->proto != PROTO_SIP ||
	    str_empty(m->to[0].instance))
		return CAUSE_NONE;
	s->instance = m->to[0].instance;
	for (i = 0; i < s->user->bindings_n; i++)
		if (s->user->bindings[i].expires_utc_us > s->ev->now_utc_us &&
		    binding_is_instance(&s->user->bindings[i], s->instance))
			return CAUSE_NONE;
	return CAUSE_NO_BINDING;
}

/* From here on a repeat finds this object. */
static void accept(struct pstep *s)
{
	page_set_lane(s);
	page_remember(s, true, 0, CAUSE_NONE);
	page_account(s, s->p->redirects_n ? "redirected" : "accepted",
		     CAUSE_NONE);
}

static enum step to_user(struct pstep *s, uint32_t backlog)
{
	struct page *p = s->p;
	struct plan plan = { .n = 0 };

	if (!s->user->exists)
		return page_refuse(s, CAUSE_NOT_FOUND);
	if (s->user->is_barred)
		return page_refuse(s, CAUSE_UNAVAILABLE);
	/* What became of his own messages he hears from anybody. */
	if (p->msg->kind != MSG_REPORT &&
	    !senders_may(s->user->senders, &p->msg->from))
		return page_refuse(s, CAUSE_DENIED);
	p->may_keep = may_store(s) && s->user->has_offline_delivery;
	p->keeps_busy = s->user->store_on_busy ||
			(p->msg->handling & HANDLE_QUEUE);
	if (p->may_keep && is_over_quota(s, backlog))
		return page_refuse(s, CAUSE_QUOTA);
	if (s->user->is_active)
		route_plan(s->user, p->msg, s->ev->now_utc_us, &plan);
	/* None of his devices is what the sender wants: not now and, as far
	   as we know, not later [RFC 3841 7.2.4]. */
	if (plan.is_unwanted && p->msg->kind == MSG_CONTENT)
		return page_refuse(s, CAUSE_UNAVAILABLE);
	accept(s);
	if (p->msg->kind == MSG_COMPOSING)
		return compose(s, plan.n > 0);
	/* What has no answer of its own is on disk before anything else
	   [architecture.md 5.8]; and nothing live passes what waits. */
	p->is_absent = plan.n == 0;
	if (p->may_keep && (p->legs_n == 0 || backlog > 0 || plan.n == 0))
		page_keep(s, false);
	else if (plan.n == 0 || !page_try_devices(s, &plan))
		return page_refuse(s, CAUSE_NO_BINDING);
	return STEP_DONE;
}

/* ---- to another domain ---------------------------------------------------- */

static enum step to_link(struct pstep *s)
{
	struct page *p = s->p;
	bool is_up = fact_link(s->f, s->route.link, NULL) == LINK_UP;
	bool has_no_answer = s->route.proto == PROTO_XMPP;

	p->may_keep = may_store(s);
	if (!p->may_keep && !is_up && p->msg->kind != MSG_COMPOSING)
		return page_refuse(s, CAUSE_UNAVAILABLE);
	accept(s);
	if (p->msg->kind == MSG_COMPOSING)
		return compose(s, is_up);
	if (p->may_keep && (has_no_answer || p->legs_n == 0 || !is_up))
		page_keep(s, has_no_answer && p->legs_n > 0);
	else
		page_try_link(s);
	return STEP_DONE;
}

enum step page_go(struct pstep *s, uint32_t backlog)
{
	return s->route.kind == ROUTE_USER ? to_user(s, backlog) : to_link(s);
}

/* ---- all of it ------------------------------------------------------------ */

/* Its sender said until when it is worth anything, and that is over: taken,
   shown to nobody, and reported if he wants to know [RFC 3428 10, OMA-IM
   7.5]. Typing notices and reports carry their own times. */
static bool is_expired(const struct pstep *s)
{
	const struct msg *m = s->ev->msg;

	return m->kind == MSG_CONTENT && m->expires_utc_us &&
	       m->expires_utc_us <= s->ev->now_utc_us;
}

static enum step drop_expired(struct pstep *s)
{
	page_account(s, "expired", CAUSE_EXPIRED);
	page_owe_failed(s, CAUSE_EXPIRED);
	page_answer(s, ANSWER_OK, CAUSE_NONE, NULL);
	page_end(s);
	return STEP_DONE;
}

/* He hides himself, and the recipient's domain does not take that [RFC 5079]. */
static bool is_hidden_in_vain(const struct pstep *s)
{
	const struct msg *m = s->ev->msg;
	const struct domain_conf *d = config_domain(s->conf,
						    s->route.to.domain);

	return s->route.kind == ROUTE_USER && m->kind != MSG_REPORT &&
	       (m->is_private || s->ev->origin->wants_privacy ||
		s->id.who.kind == ADDR_ANONYMOUS) &&
	       d && d->kind == DOMAIN_SERVED && !d->takes_anonymous;
}

static enum cause may_he(const struct pstep *s)
{
	const struct msg *m = s->ev->msg;

	if (s->id.user && s->id.user->is_out_barred)
		return CAUSE_DENIED;
	if (is_hidden_in_vain(s))
		return CAUSE_ANONYMITY_REFUSED;
	if (m->body.size_bytes > s->conf->message_bytes_max)
		return CAUSE_TOO_LARGE;
	if (s->route.kind != ROUTE_REFUSE && s->route.bytes_max &&
	    m->body.size_bytes > s->route.bytes_max)
		return CAUSE_TOO_LARGE;
	return CAUSE_NONE;
}

/* A link that is down gives way to its fallback while that one is up. */
static void take_fallback(struct pstep *s)
{
	const struct link_conf *l = config_link(s->conf, s->route.fallback);

	if (s->route.kind != ROUTE_LINK || !l ||
	    fact_link(s->f, s->route.link, NULL) == LINK_UP ||
	    fact_link(s->f, l->id, NULL) != LINK_UP)
		return;
	s->route.link = l->id;
	s->route.proto = l->proto;
}

void page_route(struct pstep *s, const struct route_query *q)
{
	route_choose(s->conf, s->out->arena, q, &s->route);
	take_fallback(s);
}

static void choose(struct pstep *s)
{
	const struct msg *m = s->ev->msg;
	const struct origin *o = s->ev->origin;
	const struct addr *to = &m->to[0];

	struct route_query q = {
		.from = &s->id.who, .to = to, .kind = m->kind,
		.bytes = m->body.size_bytes, .in_proto = o->proto,
		.in_link = o->link, .hops_left = m->hops_left,
		.is_trusted_in = s->id.is_trusted,
		.is_secure = m->to[0].is_secure,
	};

	s->is_temp = gruu_is_temp(to) && gruu_open(s->conf, s->out->arena, to,
						   &s->temp) == 0;
	if (s->is_temp)
		q.to = &s->temp.aor;
	page_route(s, &q);
}

static bool has_rewrites(const struct config *c)
{
	size_t i;

	for (i = 0; i < c->routes_n; i++)
		if (c->routes[i].rewrite_from.n || c->routes[i].rewrite_to.n)
			return true;
	return false;
}

/* Was the message it is about passed on lately without a row? */
static bool was_passed_on(const struct pstep *s, const struct msg *report)
{
	const struct msg about = { .kind = MSG_CONTENT,
				   .id = report->report.msg_id,
				   .has_own_id = true,
				   .from = report->to[0] };
	uint8_t key[32];

	return msg_dedup_key(&about, &report->from, key) &&
	       fact_seen(s->f, key, NULL) != NULL;
}

/* A report from an XMPP user on what our user never sent him, or never asked a
   report for. Where addresses are rewritten or numbers, the note of the message
   may lie under another name: there it is believed. */
static bool is_unasked(const struct pstep *s)
{
	const struct msg *m = s->ev->msg;

	return m->kind == MSG_REPORT && s->p->in_proto == PROTO_XMPP &&
	       s->note && !s->note->exists && m->from.kind == ADDR_USER &&
	       m->to[0].kind == ADDR_USER && !has_rewrites(s->conf) &&
	       !was_passed_on(s, m);
}

/* Nobody is told: the one is a forger, to the other it means nothing. */
static enum step drop_unasked(struct pstep *s)
{
	page_account(s, "unasked", CAUSE_NONE);
	page_answer(s, ANSWER_OK, CAUSE_NONE, NULL);
	page_end(s);
	return STEP_DONE;
}

/* Everything is asked for before anything changes. */
enum step page_judge(struct pstep *s)
{
	const struct origin *o = s->ev->origin;
	struct page *p = s->p;
	uint32_t backlog = 0;
	enum cause c;

	c = identify(s->f, s->out->arena, o, &s->id);
	if (fact_missing(s->f))
		return STEP_WAIT;
	if (s->ev->msg->kind == MSG_REPORT)
		s->note = fact_note(s->f, &s->ev->msg->to[0],
				    &s->ev->msg->from,
				    s->ev->msg->report.msg_id);
	choose(s);
	if (c == CAUSE_NONE && s->route.kind == ROUTE_USER) {
		/* XMPP folds the case of a local part, SIP does not. */
		s->user = fact_user(s->f, s->route.to.text,
				    o->proto == PROTO_XMPP);
		if (s->user)
			backlog = fact_backlog(s->f, s->user->aor);
	}
	if (fact_missing(s->f))
		return STEP_WAIT;
	p->in_proto = o->proto;
	p->in_link = o->link;
	p->is_trusted_in = s->id.is_trusted;
	p->hops_left = s->ev->msg->hops_left;
	if (s->ev->leg)
		p->legs[p->legs_n++] = s->ev->leg;
	if (c == CAUSE_NONE && seen_before(s))
		return STEP_DONE;
	if (c == CAUSE_NONE && !page_may_send(s))
		return refuse_silently(s, CAUSE_RATE);
	if (c == CAUSE_NONE)
		c = may_he(s);
	if (c == CAUSE_NONE && s->route.kind == ROUTE_REFUSE)
		c = s->route.cause;
	if (c == CAUSE_NONE && s->user && s->user->exists)
		c = find_device(s);
	if (c != CAUSE_NONE)
		return page_refuse(s, c);
	if (is_expired(s))
		return drop_expired(s);
	if (is_unasked(s))
		return drop_unasked(s);
	p->msg = authenticated(s);
	return page_go(s, backlog);
}
