/* core/flow/engine.c: the turn. Takes events off the run queue, finds the
 * object, runs its step with the facts at hand, and sees to what the step said.
 *
 * A step that lacks facts has changed nothing: its event waits while the store
 * is read, and later events of the same object or conversation wait behind it,
 * at most 64 of them and 5 s, then the protocol's own "busy" [architecture 4].
 * That is for new work: what answers our own doing (results, rows, commits) is
 * bounded by it and waits until the store can be read again.
 */
#include <assert.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/flow/core_priv.h"
#include "core/participating/report.h"

#define BOX_MAX 64u		/* events that wait behind one step */
#define ACTS_BYTES (1u << 20)	/* most that one step may say */
#define SWEEP_MS 1000		/* how often the store is asked what is due */
#define ASK_AGAIN_MS 1000	/* facts that could not be read */

/* ---- objects -------------------------------------------------------------- */

struct object *object_new(struct core *core, const struct machine *m)
{
	struct object *o = mem_zalloc(sizeof(*o) + m->state_bytes);

	o->id = ++core->last_id << 4;
	o->machine = m;
	map_set_u64(core->objects, o->id, o);
	return o;
}

struct object *object_find(struct core *core, uint64_t id)
{
	return id ? map_get_u64(core->objects, id) : NULL;
}

void object_free(struct core *core, struct object *o)
{
	if (o->is_waiting) {
		o->is_ended = true;	/* freed when its step is through */
		return;
	}
	if (o->lane.p)
		flow_queue_ends(core, o);
	map_del_u64(core->objects, o->id);
	if (o->machine->drop)
		o->machine->drop(o->state);
	mem_free(o);
}

/* ---- boxes of what waits behind a step ------------------------------------ */

static struct lane *lane_find(struct core *core, uint64_t key)
{
	return key ? map_get_u64(core->lanes, key) : NULL;
}

static struct lane *lane_make(struct core *core, uint64_t key)
{
	struct lane *l = mem_zalloc(sizeof(*l));

	l->key = key;
	l->end = &l->first;
	map_set_u64(core->lanes, key, l);
	return l;
}

static void lane_add(struct core *core, struct lane *l, struct event *ev)
{
	if (l->n >= BOX_MAX && intake_is_new_work(ev)) {
		engine_refuse(core, ev, CAUSE_OVERLOAD);
		return;
	}
	ev->next = NULL;
	*l->end = ev;
	l->end = &ev->next;
	l->n++;
}

/* What waited runs next, in its order, before anything newer. */
static void lane_release(struct core *core, struct lane *l)
{
	map_del_u64(core->lanes, l->key);
	if (l->first) {
		*l->end = core->run_first;
		if (!core->run_first)
			core->run_end = l->end;
		core->run_first = l->first;
		core->run_n += l->n;
	}
	mem_free(l);
}

/* The lane of an object with a life is its id; ids and hashes share the map,
   so the object's get the top bit. */
static uint64_t lane_of_object(const struct object *o)
{
	return o->id | (uint64_t)1 << 63;
}

/* ---- refusing ------------------------------------------------------------- */

/* What came over a link that knows no answers is refused by a report. */
static void send_refusal(struct core *core, const struct event *ev,
			 enum cause cause)
{
	struct msg *m = report_refusal(ev->msg, cause, NULL,
				       ev->now_utc_us, ev->fresh);
	struct target t = { .link = ev->origin->link };
	const struct send send = { .targets = &t, .targets_n = 1 };
	struct action it = { .kind = ACT_SEND, .msg = m, .u.send = &send };

	if (!m)
		return;
	t.leg = ++core->last_id << 4 | (uint64_t)ev->origin->proto;
	t.from = m->from;
	t.to = m->to[0];
	act_send(core, &it, 0);
	msg_put(m);
}

/* New work that cannot be taken: whoever asked is told. */
void engine_refuse(struct core *core, struct event *ev, enum cause cause)
{
	struct answer answer = { .kind = ANSWER_REFUSED, .retry_after_s = 2 };
	struct action it = { .kind = ACT_ANSWER, .leg = ev->leg,
			     .cause = cause, .u.answer = &answer };
	struct adapter *a = &core->adapters[leg_proto(ev->leg)];

	core->counts.refused++;
	if (ev->leg && intake_is_new_work(ev) && a->proto != PROTO_NONE && a->answer)
		a->answer(a->self, ev->leg, &it);
	else if (ev->kind == EV_MSG && ev->origin && ev->origin->link)
		send_refusal(core, ev, cause);
	log_warning(&core->log, "event_refused",
		    F_TEXT("kind", ev_kind_name(ev->kind)),
		    F_TEXT("cause", cause_name(cause)), F_TRACE(ev->trace));
	ev_drop(ev);
}

/* ---- one step ------------------------------------------------------------- */

/* Tests run a step without any facts first: if it asks for one it must wait,
   and must have changed nothing. One that asks for none is simply done. */
static bool try_cold(struct core *core, const struct machine *m, void *state,
		     const struct event *ev, struct object *o,
		     struct facts *f, struct acts *acts)
{
	unsigned char *before = mem_alloc(m->state_bytes + 1);
	enum step r;

	memcpy(before, state, m->state_bytes);
	facts_begin(f, core, ev, o);
	f->is_cold = true;
	r = m->step(state, ev, f, acts);
	f->is_cold = false;
	if (f->was_asked) {
		assert(r == STEP_WAIT);
		assert(acts->list_n == 0 && acts->writes_n == 0);
		assert(memcmp(before, state, m->state_bytes) == 0);
	}
	mem_free(before);
	return !f->was_asked;
}

static struct acts take_acts(struct core *core)
{
	struct acts a;

	if (core->has_spare) {
		core->has_spare = false;
		return core->spare;
	}
	acts_init(&a, ACTS_BYTES);
	return a;
}

static void give_acts(struct core *core, struct acts *a)
{
	if (core->has_spare) {
		acts_free(a);
		return;
	}
	acts_clear(a);
	core->spare = *a;
	core->has_spare = true;
}

/* What the step said: all of it or, when it wanted too much, nothing (false).
   What is held for the commit may point into the event and the facts, so it
   takes them along: *ev is NULL then. */
static bool carry_out(struct core *core, struct event **ev, struct acts *a,
		      uint64_t obj, struct facts *f)
{
	expand(core, *ev, a);
	if (a->err) {
		log_error(&core->log, "step_too_large", F_TRACE((*ev)->trace));
		give_acts(core, a);
		return false;
	}
	if (a->writes_n) {
		commit_submit(core, a, obj, *ev, f);
		*ev = NULL;
		return true;
	}
	act_now(core, a, obj, false, false);
	give_acts(core, a);
	return true;
}

static enum step run_step(struct core *core, struct event **evp,
			  struct object *o, const struct machine *m,
			  struct facts *f)
{
	struct event *ev = *evp;
	static const unsigned char no_state[16];
	void *state = o ? (void *)o->state : (void *)(uintptr_t)no_state;
	struct acts acts = take_acts(core);
	enum step r;

	core->counts.steps++;
	if (core->is_cold_checked &&
	    try_cold(core, m, state, ev, o, f, &acts)) {
		r = STEP_DONE;
	} else {
		facts_begin(f, core, ev, o);
		r = m->step(state, ev, f, &acts);
	}
	if (r == STEP_WAIT || f->is_over) {
		give_acts(core, &acts);
		return r;
	}
	core->last_id += f->legs_n;
	if (ev->kind == EV_KEPT)
		flow_kept(core, ev);
	if (!carry_out(core, evp, &acts, o ? o->id : 0, f))
		f->is_over = true;
	return STEP_DONE;
}

/* ---- waiting for facts ---------------------------------------------------- */

/* What stood behind it goes on. */
static void wait_leave(struct core *core, struct waiting *w)
{
	struct object *o = object_find(core, w->obj);

	w->obj = 0;
	if (o) {
		o->is_waiting = false;
		if (o->is_ended)
			object_free(core, o);
	}
	if (w->lane)
		lane_release(core, w->lane);
	w->lane = NULL;
}

static void wait_free(struct core *core, struct waiting *w)
{
	wait_leave(core, w);
	facts_end(&w->f);
	list_del(&w->all);
	mem_free(w);
}

static void abandon(struct core *core, struct waiting *w, enum cause cause)
{
	struct object *o = object_find(core, w->obj);

	/* An object that was made for this event has not begun to live. */
	if (o && w->ev->obj == 0 && !o->lane.p)
		o->is_ended = true;
	engine_refuse(core, w->ev, cause);
	w->ev = NULL;
	w->is_over = true;
	wait_leave(core, w);	/* the read may never be answered */
	if (w->reads_n == 0)
		wait_free(core, w);
	core->loop.kick(core->loop.self);
}

/* The facts do not come: new work is refused, all else asks again later. */
static void give_up(struct core *core, struct waiting *w)
{
	if (intake_is_new_work(w->ev))
		abandon(core, w, CAUSE_STORE_DOWN);
	else
		w->until_ms = core->loop.now_ms(core->loop.self) +
			      ASK_AGAIN_MS;
}

static bool is_in_need(const struct facts *f)
{
	return f->needs_n > 0 || (f->note.is_needed && !f->note.is_read);
}

static void start_wait(struct core *core, struct event *ev, struct object *o,
		       uint64_t key, const struct facts *f)
{
	struct waiting *w = mem_zalloc(sizeof(*w));
	uint64_t lane = o ? lane_of_object(o) : key;
	size_t i;

	core->counts.waits++;
	w->core = core;
	w->ev = ev;
	w->obj = o ? o->id : 0;
	w->f = *f;
	w->until_ms = core->loop.now_ms(core->loop.self) +
		      core->config->facts_wait_ms;
	/* The needs point into the event or the state: make them our own. */
	for (i = 0; i < w->f.needs_n; i++)
		w->f.needs[i].aor = arena_dup(ev->arena, w->f.needs[i].aor);
	list_add(&core->waits, &w->all);
	if (o)
		o->is_waiting = true;
	/* Behind a new object's conversation, else behind the object. */
	w->lane = lane_make(core, ev->obj == 0 && key ? key : lane);
	if (!is_in_need(&w->f) || facts_read(core, w) < 0)
		give_up(core, w);
}

/* Runs the step again; asks for what it still lacks. */
static void resume(struct core *core, struct waiting *w)
{
	struct object *o = object_find(core, w->obj);
	enum step r;
	size_t i;

	if (w->obj && !o) {
		ev_drop(w->ev);
		wait_free(core, w);
		return;
	}
	r = run_step(core, &w->ev, o, o ? o->machine :
		     flow_machine_for(core, w->ev), &w->f);
	if (w->f.is_over) {
		abandon(core, w, CAUSE_OVERLOAD);
		return;
	}
	if (r == STEP_WAIT) {
		for (i = 0; i < w->f.needs_n; i++)
			w->f.needs[i].aor = arena_dup(w->ev->arena,
						      w->f.needs[i].aor);
		if (!is_in_need(&w->f) || facts_read(core, w) < 0)
			give_up(core, w);
		return;
	}
	ev_drop(w->ev);
	wait_free(core, w);
	core->loop.kick(core->loop.self);
}

void engine_read_done(struct core *core, struct waiting *w)
{
	size_t i;

	if (w->reads_n > 0)
		return;
	if (w->is_over) {
		wait_free(core, w);
		return;
	}
	if (w->until_ms == 0) {
		give_up(core, w);
		return;
	}
	for (i = 0; i < w->f.needs_n; i++)
		if (w->f.needs[i].aor.p)
			return;		/* still waits for a commit */
	resume(core, w);
}

void engine_give_up_late(struct core *core, int64_t now_ms)
{
	struct list_link *it, *tmp;

	list_each(it, tmp, &core->waits) {
		struct waiting *w = list_of(it, struct waiting, all);

		if (w->is_over || w->until_ms > now_ms)
			continue;
		if (intake_is_new_work(w->ev) || w->reads_n > 0) {
			give_up(core, w);
			continue;
		}
		w->until_ms = now_ms + core->config->facts_wait_ms;
		resume(core, w);
	}
}

/* ---- one event ------------------------------------------------------------ */

/* The result of a send finds its object by the leg, which ends with it. */
static void find_by_leg(struct core *core, struct event *ev)
{
	struct leg_owner *l;

	if (ev->kind != EV_SENT || ev->obj || !ev->leg)
		return;
	l = map_del_u64(core->legs, ev->leg);
	if (!l)
		return;
	ev->obj = l->obj;
	mem_free(l);
}

static bool is_boxed(struct core *core, struct event *ev, uint64_t key,
		     const struct object *o)
{
	struct lane *l = lane_find(core, key);

	if (!l && o)
		l = lane_find(core, lane_of_object(o));
	if (!l)
		return false;
	lane_add(core, l, ev);
	return true;
}

/* It stood behind others for so long that its sender has given up, or will
   ask again; what it would start now comes too late. */
static bool is_stale(const struct core *core, const struct event *ev)
{
	return intake_is_new_work(ev) &&
	       core->loop.now_ms(core->loop.self) - ev->now_ms >=
		       core->config->facts_wait_ms;
}

void engine_run(struct core *core, struct event *ev)
{
	struct facts f = { .core = core };
	const struct machine *m;
	struct object *o;
	uint64_t key;

	core->counts.events++;
	if (is_stale(core, ev)) {
		engine_refuse(core, ev, CAUSE_OVERLOAD);
		return;
	}
	find_by_leg(core, ev);
	if (ev->kind == EV_SENT && !ev->obj) {
		ev_drop(ev);		/* nobody waits for it any more */
		return;
	}
	key = ev->obj ? 0 : flow_lane_of(core, ev);
	if (key && is_boxed(core, ev, key, NULL))
		return;
	o = ev->obj ? object_find(core, ev->obj) : flow_object_for(core, ev);
	if (ev->obj && !o) {
		ev_drop(ev);
		return;
	}
	if (o && is_boxed(core, ev, 0, o))
		return;
	m = o ? o->machine : flow_machine_for(core, ev);
	if (!m) {
		ev_drop(ev);
		return;
	}
	if (run_step(core, &ev, o, m, &f) == STEP_WAIT) {
		start_wait(core, ev, o, key, &f);
		return;
	}
	facts_end(&f);
	if (!f.is_over) {
		ev_drop(ev);
		return;
	}
	if (o && ev->obj == 0 && !o->lane.p)
		object_free(core, o);	/* was made for this event */
	engine_refuse(core, ev, CAUSE_OVERLOAD);
}

/* ---- the turn ------------------------------------------------------------- */

static void sweep(struct core *core, int64_t now_ms)
{
	if (!core->has_store || now_ms < core->sweep_at_ms ||
	    core->is_draining)
		return;
	core->sweep_at_ms = now_ms + SWEEP_MS;
	intake_push(core, ev_make(core, EV_SWEEP));
}

static void ask_to_wake(struct core *core)
{
	int64_t at = timers_next(core);

	if (core->has_store && (!at || core->sweep_at_ms < at))
		at = core->sweep_at_ms;
	if (at)
		core->loop.wake_at(core->loop.self, at);
}

bool core_turn(struct core *core)
{
	int64_t now = core->loop.now_ms(core->loop.self);
	int64_t until = now + core->config->turn_ms_max;
	unsigned left = core->config->turn_events_max;
	struct event *ev;

	core->is_in_turn = true;
	timers_fire(core, now);
	engine_give_up_late(core, now);
	sweep(core, now);
	while (left-- > 0 && (ev = intake_pop(core))) {
		if (!ev->obj && (ev->kind == EV_LINK || ev->kind == EV_CONFIG))
			flow_spread(core, ev);
		else
			engine_run(core, ev);
		if (core->loop.now_ms(core->loop.self) > until)
			break;
	}
	core->is_in_turn = false;
	act_flush(core);
	ask_to_wake(core);
	return core->run_first != NULL;
}
