/* core/flow/intake.c: the run queue and the door to it (core/port/intake.h).
 * Posting only queues; what must not be refused (results, state of links,
 * answers of the store) is always taken, new work only while there is room.
 */
#include "core/base/mem.h"
#include "core/flow/core_priv.h"

uint64_t core_random(struct core *core)
{
	if (core->random_n == 0) {
		core->loop.random(core->loop.self, core->random_pool,
				  sizeof(core->random_pool));
		core->random_n = sizeof(core->random_pool) /
				 sizeof(core->random_pool[0]);
	}
	return core->random_pool[--core->random_n];
}

struct event *ev_make(struct core *core, enum ev_kind kind)
{
	struct arena *a = arena_new(EVENT_ARENA_BYTES);
	struct event *ev = arena_zalloc(a, sizeof(*ev));

	ev->kind = kind;
	ev->arena = a;
	ev->now_ms = core->loop.now_ms(core->loop.self);
	ev->now_utc_us = core->loop.utc_us(core->loop.self);
	ev->fresh = core_random(core);
	return ev;
}

void ev_drop(struct event *ev)
{
	if (!ev)
		return;
	if (ev->kind == EV_ROWS && ev->u.rows)
		rows_free(ev->u.rows);
	msg_put(ev->msg);
	arena_free(ev->arena);
}

void intake_push(struct core *core, struct event *ev)
{
	ev->next = NULL;
	*core->run_end = ev;
	core->run_end = &ev->next;
	core->run_n++;
	if (!core->is_in_turn)
		core->loop.kick(core->loop.self);
}

void intake_push_first(struct core *core, struct event *ev)
{
	ev->next = core->run_first;
	core->run_first = ev;
	if (!ev->next)
		core->run_end = &ev->next;
	core->run_n++;
}

struct event *intake_pop(struct core *core)
{
	struct event *ev = core->run_first;

	if (!ev)
		return NULL;
	core->run_first = ev->next;
	if (!core->run_first)
		core->run_end = &core->run_first;
	core->run_n--;
	ev->next = NULL;
	return ev;
}

/* New work may be refused; answers to our own doing may not. */
static const bool is_request[EV_KINDS_N] = {
	[EV_MSG] = true, [EV_REGISTER] = true, [EV_REQUEST] = true,
	[EV_ASK] = true,
	[EV_SUBSCRIBE] = true, [EV_PUBLISH] = true, [EV_REFER] = true,
	[EV_DOC] = true, [EV_LEG_OFFER] = true,
};

static bool port_is_full(void *self)
{
	struct core *core = self;

	return core->is_draining || core->run_n >= core->config->intake_max ||
	       map_count(core->objects) >= core->config->objects_max ||
	       (core->has_store && core->store.is_full(core->store.self));
}

bool intake_is_new_work(const struct event *ev)
{
	return is_request[ev->kind] || ev->kind == EV_ADMIN;
}

static int port_post(void *self, struct event *ev)
{
	struct core *core = self;

	if (is_request[ev->kind] && !ev->obj && port_is_full(core)) {
		core->counts.refused++;
		ev_drop(ev);
		return ERR_LIMIT;
	}
	intake_push(core, ev);
	return 0;
}

static int64_t port_lag_ms(void *self)
{
	struct core *core = self;

	return core->run_first ? core->loop.now_ms(core->loop.self) -
				 core->run_first->now_ms : 0;
}

static struct event *port_event_new(void *self, enum ev_kind kind)
{
	return ev_make(self, kind);
}

static void port_event_drop(void *self, struct event *ev)
{
	(void)self;
	ev_drop(ev);
}

static uint64_t port_leg_new(void *self, enum proto p)
{
	struct core *core = self;

	return ++core->last_id << 4 | (uint64_t)p;
}

static struct trace_id port_trace_new(void *self)
{
	struct core *core = self;

	return (struct trace_id){ core_random(core), core_random(core) | 1 };
}

struct intake core_intake(struct core *core)
{
	return (struct intake){
		.core = core, .post = port_post, .event_new = port_event_new,
		.event_drop = port_event_drop, .leg_new = port_leg_new,
		.trace_new = port_trace_new, .is_full = port_is_full,
		.lag_ms = port_lag_ms,
	};
}

void intake_init(struct core *core)
{
	core->run_end = &core->run_first;
}
