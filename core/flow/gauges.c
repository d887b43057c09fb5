/* core/flow/gauges.c: what the engine holds at this moment, asked for by a
 * scrape of the metrics. Nothing is counted here.
 */
#include "core/base/metric.h"
#include "core/flow/core_priv.h"

static const enum metric_id ours[] = {
	METRIC_LINK_UP,		  METRIC_LINK_WINDOW_USED,
	METRIC_LINK_WINDOW_LIMIT, METRIC_INTAKE_EVENTS,
	METRIC_INTAKE_LIMIT,	  METRIC_OBJECTS,
	METRIC_SESSIONS,	  METRIC_CONFIG_GENERATION,
};

enum link_state core_link_state(const struct core *core, uint32_t link)
{
	size_t i;

	for (i = 0; i < core->links_n; i++)
		if (core->links[i].id == link)
			return core->links[i].state;
	return LINK_DOWN;
}

static double link_value(struct core *core, enum metric_id id,
			 const struct link_conf *l)
{
	const struct link_now *now = links_find(core, l->id);
	bool is_up = now && now->state == LINK_UP;

	if (id == METRIC_LINK_UP)
		return is_up;
	if (id == METRIC_LINK_WINDOW_LIMIT)
		return l->window;
	if (!is_up || now->room >= l->window)
		return 0;
	return l->window - now->room;
}

static void put_links(struct core *core, enum metric_id id,
		      metric_sample_h *put, void *arg)
{
	size_t i;

	for (i = 0; i < core->config->links_n; i++) {
		const struct link_conf *l = &core->config->links[i];
		struct metric_sample s = { .values = { l->name } };

		links_refresh(core, l->id);
		if (id == METRIC_LINK_UP)
			s.values[1] = str_of(proto_name(l->proto));
		s.n = link_value(core, id, l);
		put(arg, &s);
	}
}

static void collect(void *self, enum metric_id id, metric_sample_h *put,
		    void *arg)
{
	struct core *core = self;
	struct core_counts c = core_counts(core);
	struct metric_sample s = { .n = 0 };

	switch ((int)id) {
	case METRIC_LINK_UP:
	case METRIC_LINK_WINDOW_USED:
	case METRIC_LINK_WINDOW_LIMIT:
		put_links(core, id, put, arg);
		return;
	case METRIC_INTAKE_EVENTS:
		s.n = (double)c.runq;
		break;
	case METRIC_INTAKE_LIMIT:
		s.n = core->config->intake_max;
		break;
	case METRIC_OBJECTS:
		s.n = (double)c.objects;
		break;
	case METRIC_SESSIONS:
		s.values[0] = STR("page");
		s.n = (double)c.legs;
		break;
	case METRIC_CONFIG_GENERATION:
		s.n = (double)core->config->generation;
		break;
	default:
		return;
	}
	put(arg, &s);
}

void core_show_metrics(struct core *core)
{
	size_t i;

	core->has_gauges = true;
	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		metric_collect(ours[i], collect, core);
}

void gauges_hide(struct core *core)
{
	size_t i;

	for (i = 0; core->has_gauges && i < sizeof(ours) / sizeof(ours[0]); i++)
		metric_collect(ours[i], NULL, NULL);
}
