/* core/flow/flow.c: a message's way on one page. Which machine an event
 * belongs to, which object, and behind what it has to wait.
 *
 *   a wire        adapters/<proto>/..._in.c makes an event and posts it
 *   here          page, registration, door, queue, report, sweep, control
 *   page.c        who is it, may he, where to (core/route), live or kept
 *   queue.c       what is kept: one queue for each recipient or link
 *   report.c      what is owed to a sender becomes a message again
 *   act.c         what they decided goes out by adapters/<proto>/..._out.c
 */
#include "core/base/hash.h"
#include "core/deferred/poke.h"
#include "core/deferred/queue.h"
#include "core/flow/core_priv.h"
#include "core/participating/contact.h"
#include "core/participating/greet.h"
#include "core/participating/page.h"
#include "core/participating/register.h"
#include "core/participating/report.h"
#include "core/participating/request.h"

/* Kinds that are not here are addressed to an object, spread over the queues
   (EV_LINK, EV_CONFIG), or come with sessions and documents. */
static const struct machine *const machines[EV_KINDS_N] = {
	[EV_MSG] = &page_machine,
	[EV_REGISTER] = &register_machine,
	[EV_REQUEST] = &request_machine,
	[EV_ASK] = &contact_machine,
	[EV_KEPT] = &queue_machine,
	[EV_CHANGED] = &poke_machine,
	[EV_SWEEP] = &poke_machine,
	[EV_ROWS] = &poke_machine,	/* lanes with something due, */
	[EV_ADMIN] = &admin_machine,
};

const struct machine *flow_machine_for(struct core *core,
				       const struct event *ev)
{
	(void)core;
	if (ev->kind == EV_ROWS && ev->u.rows && ev->u.rows->dues_n)
		return &report_machine;		/* or reports that are owed */
	return machines[ev->kind];
}

/* What must not pass each other before it has an object: messages of one
   conversation, registrations of one user. */
uint64_t flow_lane_of(struct core *core, const struct event *ev)
{
	const uint64_t mask = ~((uint64_t)1 << 63);

	if (ev->kind == EV_MSG)
		return (msg_conversation(ev->msg) & mask) | 1;
	if (ev->kind == EV_REGISTER) {
		struct str aor = ev->u.registration->aor.text;

		return (hash_key(core->seed, aor.p, aor.n) & mask) | 1;
	}
	if (ev->kind == EV_ASK) {
		struct str aor = ev->origin->claimed.text;

		return (hash_key(core->seed, aor.p, aor.n) & mask) | 1;
	}
	return 0;
}

/* The queue of a lane; made when it has something to do. */
static struct object *queue_of(struct core *core, struct str lane)
{
	struct object *o = map_get(core->queues, lane);

	if (o)
		return o;
	o = object_new(core, &queue_machine);
	queue_init(o->state, lane);
	o->lane = queue_lane(o->state);
	map_set(core->queues, o->lane, o);
	return o;
}

/* A repeat of a message that is being dealt with goes to the same object. */
static struct object *page_of(struct core *core, const struct event *ev)
{
	const uint8_t *key = msg_key(ev->msg);
	uint64_t obj = 0;
	const struct remember *r = NULL;

	if (key)
		r = window_find(core->window, key, ev->now_ms, &obj);
	if (r && r->is_running && object_find(core, obj))
		return object_find(core, obj);
	return object_new(core, &page_machine);
}

/* NULL: its machine has no life of its own. */
struct object *flow_object_for(struct core *core, struct event *ev)
{
	if (ev->kind == EV_MSG)
		return page_of(core, ev);
	if (ev->kind == EV_ADMIN)
		return object_new(core, &admin_machine);
	if (ev->kind == EV_KEPT)
		return queue_of(core, ev->u.keep->todo.lane);
	if (ev->kind == EV_SWEEP && ev->u.look)
		return queue_of(core, ev->u.look->lane);
	return NULL;
}

/* A row is known to its queue: from now on that one counts it. */
void flow_kept(struct core *core, const struct event *ev)
{
	struct str lane = ev->u.keep->todo.lane;

	if (str_starts(lane, STR("user:")))
		facts_through(core, str_from(lane, 5), true);
}

/* Nobody counts its rows any more: what was read before it began is old. */
void flow_queue_ends(struct core *core, struct object *o)
{
	if (map_get(core->queues, o->lane) == o)
		map_del(core->queues, o->lane);
	if (str_starts(o->lane, STR("user:")))
		facts_forget(core, str_from(o->lane, 5));
}

static struct event *post_to(struct core *core, struct object *o,
			     enum ev_kind kind)
{
	struct event *ev = ev_make(core, kind);

	ev->obj = o->id;
	intake_push(core, ev);
	return ev;
}

/* To the lane, not to the queue that may be ending just now. */
void flow_poke(struct core *core, const struct hint *h)
{
	struct event *ev = ev_make(core, EV_SWEEP);
	struct look *look = arena_zalloc(ev->arena, sizeof(*look));

	look->lane = arena_dup(ev->arena, h->lane);
	look->is_urgent = h->is_urgent;
	look->dropped = h->dropped;
	ev->u.look = look;
	intake_push(core, ev);
}

static void spread_config(struct core *core)
{
	struct object *o;
	size_t at = 0;

	while ((o = map_next(core->queues, &at)))
		post_to(core, o, EV_CONFIG);
}

/* Did it come up just now? */
static bool is_coming_up(struct core *core, const struct link_change *c)
{
	const struct link_now *l = links_find(core, c->link);

	return c->state == LINK_UP && (!l || l->state != LINK_UP);
}

static void greet(struct core *core, uint32_t link)
{
	struct link_now *l = links_find(core, link);
	struct object *o;

	if (!l || !greet_is_due(core->config, link))
		return;
	/* One at a time, however often the link comes and goes. */
	o = object_find(core, l->greeter);
	if (o)
		object_free(core, o);
	o = object_new(core, &greet_machine);
	l->greeter = o->id;
	greet_init(o->state, link);
	post_to(core, o, EV_LINK);
}

/* What concerns queues: the state of a link its own, the configuration all. */
void flow_spread(struct core *core, struct event *ev)
{
	if (ev->kind == EV_CONFIG) {
		spread_config(core);
	} else {
		const struct link_change *c = ev->u.link;
		char text[LANE_BYTES_MAX];
		bool is_new;

		is_new = is_coming_up(core, c);
		links_change(core, c, ev->now_utc_us);
		if (is_new)
			greet(core, c->link);
		post_to(core, queue_of(core, lane_of_link(c->name, text)),
			EV_LINK);
	}
	ev_drop(ev);
}
