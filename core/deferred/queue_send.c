/* core/deferred/queue_send.c: what of a queue is sent now, and to whom. The
 * route is chosen anew at each try: the lane a row lies in is where it was to
 * go when it was kept, and the configuration may say otherwise today.
 *
 * Order: to a recipient one message of a conversation at a time; over a link
 * (one ordered stream) as many as it takes, but nothing passes an older one of
 * its conversation that has to be tried again.
 */
#include <string.h>

#include "core/deferred/queue_priv.h"
#include "core/route/plan.h"
#include "core/route/retry.h"
#include "core/route/trust.h"

/* ---- what may go ---------------------------------------------------------- */

/* Conversations that must wait behind an older message of theirs. */
struct held {
	uint64_t list[QUEUE_LINK_SLOTS];
	unsigned n;
};

static bool is_held(const struct held *h, uint64_t conversation)
{
	unsigned i;

	for (i = 0; i < h->n; i++)
		if (h->list[i] == conversation)
			return true;
	return false;
}

static void hold(struct held *h, const struct item *it)
{
	if (!is_held(h, it->todo.conversation))
		h->list[h->n++] = it->todo.conversation;
}

/* ---- one message ---------------------------------------------------------- */

static void send(struct qstep *s, struct item *it,
		 const struct target *targets, size_t n)
{
	struct send *send = acts_new(s->out, sizeof(*send));
	struct action *a;
	size_t i;

	for (i = 0; i < n; i++) {
		hunt_add(&it->hunt, targets[i].leg, targets[i].binding);
		if (targets[i].is_plain)
			it->is_plain_try = true;
	}
	send->targets = targets;
	send->targets_n = n;
	a = acts_add(s->out, ACT_SEND);
	a->before_commit = true;	/* its row is committed long since */
	a->wants_result = true;
	a->tag = (uint32_t)(it - s->q->slots) + 1;
	a->msg = it->msg;
	a->u.send = send;
}

static void begin_try(struct qstep *s, struct item *it)
{
	it->state = ITEM_SENDING;
	it->hunt = (struct hunt){ .tries_n = 0 };
	it->is_plain_try = false;
	s->q->sending_n++;
}

static void fill(struct qstep *s, const struct item *it,
		 const struct route *r, struct target *t)
{
	*t = (struct target){ .from = r->from, .to = r->to, .link = r->link };
	trust_apply(s->conf, it->msg, r, t);
}

/* Live it rings everywhere; what was stored is pushed to one device at a time
   unless all shall have it [OMA-IM 9.4]. */
static size_t next_devices(struct qstep *s, const struct item *it,
			   const struct hunt *h, bool *unwanted_out,
			   const struct binding **list)
{
	bool is_serial = !s->conf->multi_device &&
			 it->msg->kind == MSG_CONTENT;
	struct plan plan;

	route_plan(s->user, it->msg, s->ev->now_utc_us, &plan);
	*unwanted_out = plan.is_unwanted;
	if (!s->user->is_active)
		return 0;
	return hunt_next(h, &plan, false, is_serial, list);
}

static void to_devices(struct qstep *s, struct item *it, const struct route *r,
		       const struct binding *const *list, size_t n)
{
	struct target *t = acts_new(s->out, (n + 1) * sizeof(*t));
	size_t i;

	for (i = 0; i < n; i++) {
		fill(s, it, r, &t[i]);
		t[i].leg = fact_leg_new(s->f, PROTO_SIP);
		t[i].binding = list[i];
		t[i].is_plain = list[i]->is_plain;
	}
	send(s, it, t, n);
}

static bool send_to_user(struct qstep *s, struct item *it,
			 const struct route *r)
{
	const struct hunt fresh = { .tries_n = 0 };
	const struct binding *list[BINDINGS_MAX];
	bool is_unwanted;
	size_t n = next_devices(s, it, &fresh, &is_unwanted, list);

	if (n == 0) {
		queue_later(s, it, is_unwanted ? CAUSE_UNAVAILABLE :
						 CAUSE_NO_BINDING);
		return false;
	}
	begin_try(s, it);
	to_devices(s, it, r, list, n);
	return true;
}

static void send_to_link(struct qstep *s, struct item *it,
			 const struct route *r)
{
	struct target *t = acts_new(s->out, sizeof(*t));

	fill(s, it, r, t);
	t->leg = fact_leg_new(s->f, r->proto);
	begin_try(s, it);
	send(s, it, t, 1);
}

/* To the queue where it belongs now. */
static void move(struct qstep *s, struct item *it, const struct route *r)
{
	char text[LANE_BYTES_MAX];
	const struct link_conf *l = config_link(s->conf, r->link);
	struct str lane = r->kind == ROUTE_USER ?
			  lane_of_user(r->to.text, text) :
			  lane_of_link(l ? l->name : STR(""), text);
	struct todo *t = acts_new(s->out, sizeof(*t));
	struct hint *h = acts_new(s->out, sizeof(*h));

	queue_tell(s, it, CAUSE_LINK_DOWN, NULL);
	*t = it->todo;
	t->lane = arena_dup(s->out->arena, lane);
	t->part = todo_partition(t->lane);
	t->recipient = arena_dup(s->out->arena, t->recipient);
	t->due_utc_us = s->ev->now_utc_us;
	t->msg = NULL;
	acts_write(s->out, OP_TODO_MOVE, t->part)->u.todo = t;
	it->state = ITEM_DONE;
	it->done_in = queue_wrote(s);
	h->lane = t->lane;
	h->is_urgent = true;
	acts_add(s->out, ACT_HINT)->u.hint = h;
}

static bool is_here(const struct queue *q, const struct route *r)
{
	if (r->kind == ROUTE_USER)
		return !q->is_link && str_eq(queue_aor(q), r->to.text);
	return q->is_link && (r->link == q->link || r->fallback == q->link);
}

static bool is_expired(const struct qstep *s, const struct item *it)
{
	return it->todo.expires_utc_us &&
	       it->todo.expires_utc_us <= s->ev->now_utc_us;
}

static void choose(struct qstep *s, const struct item *it, struct route *r)
{
	struct route_query query = {
		.from = &it->msg->from, .to = &it->msg->to[0],
		.kind = it->msg->kind, .bytes = it->msg->body.size_bytes,
		.hops_left = it->msg->hops_left,
		.is_accepted = true,
	};

	route_choose(s->conf, s->out->arena, &query, r);
}

bool queue_try_more(struct qstep *s, struct item *it)
{
	const struct binding *list[BINDINGS_MAX];
	bool is_unwanted;
	struct route r;
	size_t n;

	if (s->q->is_link || !s->user)
		return false;
	n = next_devices(s, it, &it->hunt, &is_unwanted, list);
	if (n == 0)
		return false;
	choose(s, it, &r);
	if (r.kind != ROUTE_USER)
		return false;
	to_devices(s, it, &r, list, n);
	return true;
}

/* False: it could not go now, and what is behind it in its conversation must
   wait. */
static bool try_one(struct qstep *s, struct item *it)
{
	struct route r;

	if (is_expired(s, it)) {
		queue_fail(s, it, CAUSE_EXPIRED, NULL);
		return true;
	}
	choose(s, it, &r);
	if (r.kind == ROUTE_REFUSE) {
		/* Accepted already: it waits for a configuration that knows
		   its way, until it expires. */
		queue_later(s, it, r.cause);
		return false;
	}
	if (!is_here(s->q, &r)) {
		move(s, it, &r);
		return true;
	}
	if (!s->q->is_link)
		return send_to_user(s, it, &r);
	r.link = s->q->link;
	send_to_link(s, it, &r);
	return true;
}

/* ---- the queue ------------------------------------------------------------ */

/* The link is down: what has another way goes there. */
static void move_to_fallback(struct qstep *s)
{
	unsigned i;

	for (i = 0; i < s->q->n; i++) {
		struct item *it = &s->q->slots[s->q->order[i]];
		struct route r;

		if (it->state != ITEM_WAIT || s->out->writes_n >= 64)
			continue;
		choose(s, it, &r);
		if (r.kind != ROUTE_LINK || r.link != s->q->link ||
		    !r.fallback ||
		    fact_link(s->f, r.fallback, NULL) != LINK_UP)
			continue;
		r.link = r.fallback;
		move(s, it, &r);
	}
}

/* Who waits for an answer does not wait for a link that is down. */
static void tell_down(struct qstep *s)
{
	unsigned i;

	for (i = 0; i < s->q->n; i++)
		if (s->q->slots[s->q->order[i]].state == ITEM_WAIT)
			queue_tell(s, &s->q->slots[s->q->order[i]],
				   CAUSE_LINK_DOWN, NULL);
}

static uint32_t room_of(struct qstep *s)
{
	uint32_t room;

	if (!s->q->is_link)
		return UINT32_MAX;
	if (!config_link(s->conf, s->q->link))
		return UINT32_MAX;	/* gone: all is routed anew */
	if (fact_link(s->f, s->q->link, &room) != LINK_UP) {
		tell_down(s);
		move_to_fallback(s);
		return 0;
	}
	return room;
}

static bool may_go(const struct qstep *s, const struct item *it,
		   const struct held *h)
{
	return it->state == ITEM_WAIT && !it->todo.is_held &&
	       (it->due_utc_us <= s->ev->now_utc_us || is_expired(s, it)) &&
	       !is_held(h, it->todo.conversation);
}

void queue_pump(struct qstep *s)
{
	struct queue *q = s->q;
	uint32_t room = room_of(s);
	uint16_t order[QUEUE_LINK_SLOTS];
	unsigned i, n = q->n;
	struct held h;

	if (!q->is_loaded)
		return;
	h.n = 0;
	memcpy(order, q->order, n * sizeof(*order));
	for (i = 0; i < n && s->f && s->out->list_n < 512; i++) {
		struct item *it = &q->slots[order[i]];

		if (it->state == ITEM_SETTLED &&
		    it->due_utc_us <= s->ev->now_utc_us)
			queue_settle(s, it);
		if (it->state == ITEM_DONE || it->state == ITEM_SETTLED)
			continue;
		if (it->state == ITEM_SENDING) {
			if (!q->is_link)
				hold(&h, it);
			continue;
		}
		if (room == 0 || !may_go(s, it, &h)) {
			hold(&h, it);
			continue;
		}
		if (!try_one(s, it))
			hold(&h, it);
		else if (it->state == ITEM_SENDING) {
			room--;
			if (!q->is_link)
				hold(&h, it);
		}
	}
}
