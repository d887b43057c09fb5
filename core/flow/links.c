/* core/flow/links.c: what core knows of each link: its state and how many
 * sends it takes now. Told by the adapters (EV_LINK), asked by the queues.
 */
#include <string.h>

#include "core/base/metric.h"
#include "core/base/utf8.h"
#include "core/flow/core_priv.h"

struct link_now *links_find(struct core *core, uint32_t id)
{
	size_t i;

	for (i = 0; i < core->links_n; i++)
		if (core->links[i].id == id)
			return &core->links[i];
	return NULL;
}

static void copy_text(char *out, size_t size, struct str s)
{
	size_t n = utf8_cut(s, size - 1).n;

	memcpy(out, s.p ? s.p : "", n);
	out[n] = '\0';
}

static struct link_now *add(struct core *core, const struct link_change *c)
{
	struct link_now *l;

	if (core->links_n == LINKS_MAX)
		return NULL;
	l = &core->links[core->links_n++];
	*l = (struct link_now){ .id = c->link };
	copy_text(l->name, sizeof(l->name), c->name);
	return l;
}

void links_change(struct core *core, const struct link_change *c,
		  int64_t now_utc_us)
{
	struct link_now *l = links_find(core, c->link);

	if (!l)
		l = add(core, c);
	if (!l)
		return;
	if (l->state != c->state) {
		l->since_utc_us = now_utc_us;
		metric_inc(METRIC(LINK_CHANGES, l->name,
				  link_state_name(c->state)));
		log_info(&core->log, c->state == LINK_UP ? "link_up" :
			 "link_state", F_TEXT("link", l->name),
			 F_TEXT("state", link_state_name(c->state)),
			 F_STR("why", c->text));
	}
	l->state = c->state;
	l->room = c->room;
	l->retry_at_ms = c->retry_at_ms;
	copy_text(l->text, sizeof(l->text), c->text);
}

void links_refresh(struct core *core, uint32_t id)
{
	struct link_now *l = links_find(core, id);
	const struct link_conf *conf = config_link(core->config, id);
	struct adapter *a;

	if (!l || !conf || l->state != LINK_UP)
		return;
	a = &core->adapters[conf->proto];
	if (a->room)
		l->room = a->room(a->self, id);
}
