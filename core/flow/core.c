/* core/flow/core.c: a core's life; see flow.h. */
#include "core/base/mem.h"
#include "core/flow/core_priv.h"

struct core *core_new(struct loop_port loop, struct config *c)
{
	struct core *core = mem_zalloc(sizeof(*core));

	core->loop = loop;
	core->config = config_ref(c);
	core->log = (struct log_ctx){ .module = "core" };
	core->seed = core_random(core);
	intake_init(core);
	core->objects = map_new(core->seed);
	core->legs = map_new(core->seed);
	core->lanes = map_new(core->seed);
	core->queues = map_new(core->seed);
	list_init(&core->waits);
	list_init(&core->commits);
	facts_init(core);
	core->window = window_new(core->seed);
	core->rates = rates_new(core->seed);
	hits_init(core);
	return core;
}

static void free_events(struct core *core)
{
	struct event *ev;
	struct lane *l;
	size_t at = 0;

	while ((ev = intake_pop(core)))
		ev_drop(ev);
	while ((l = map_next(core->lanes, &at))) {
		while (l->first) {
			ev = l->first;
			l->first = ev->next;
			ev_drop(ev);
		}
		map_del_u64(core->lanes, l->key);
		mem_free(l);
	}
}

/* The store is gone: nothing will come back for what waits or is held. */
static void free_held(struct core *core)
{
	struct list_link *it, *tmp;

	list_each(it, tmp, &core->waits) {
		struct waiting *w = list_of(it, struct waiting, all);

		list_del(it);
		ev_drop(w->ev);
		facts_end(&w->f);
		mem_free(w);
	}
}

void core_free(struct core *core)
{
	struct leg_owner *leg;
	struct object *o;
	size_t at = 0;

	if (!core)
		return;
	gauges_hide(core);
	free_held(core);
	free_events(core);
	while ((o = map_next(core->objects, &at))) {
		o->is_waiting = false;
		object_free(core, o);
	}
	for (at = 0; (leg = map_next(core->legs, &at));) {
		map_del_u64(core->legs, leg->leg);
		mem_free(leg);
	}
	map_free(core->objects);
	map_free(core->legs);
	map_free(core->lanes);
	map_free(core->queues);
	facts_free(core);
	window_free(core->window);
	rates_free(core->rates);
	timers_free(core);
	if (core->has_spare)
		acts_free(&core->spare);
	mem_free(core->route_hits);
	config_put(core->config);
	mem_free(core);
}

void core_attach(struct core *core, const struct adapter *a)
{
	core->adapters[a->proto] = *a;
}

void core_attach_store(struct core *core, struct store s)
{
	core->store = s;
	core->has_store = true;
}

void core_start(struct core *core)
{
	core->sweep_at_ms = core->loop.now_ms(core->loop.self);
	core->loop.kick(core->loop.self);
}

void core_config(struct core *core, struct config *c)
{
	struct config *old = core->config;

	core->config = config_ref(c);
	hits_reload(core, old);
	config_put(old);
	intake_push(core, ev_make(core, EV_CONFIG));
}

void core_drain(struct core *core)
{
	core->is_draining = true;
}

void core_undrain(struct core *core)
{
	core->is_draining = false;
}

bool core_is_idle(const struct core *core)
{
	return !core->run_first && !core->held_n && list_empty(&core->waits);
}

void core_check_cold(struct core *core, bool on)
{
	core->is_cold_checked = on;
}

struct core_counts core_counts(const struct core *core)
{
	struct core_counts c = core->counts;

	c.objects = map_count(core->objects);
	c.runq = core->run_n;
	c.held = core->held_n;
	c.timers = core->heap_n;
	c.facts = map_count(core->facts);
	c.facts_bytes = core->facts_bytes;
	c.legs = map_count(core->legs);
	return c;
}
