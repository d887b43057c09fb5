/* core/flow/admin_json.c: what the engine itself knows, for the control tool.
 */
#include "core/base/json.h"
#include "core/codec/datetime.h"
#include "core/flow/core_priv.h"

static void put_time(struct buf *b, const char *key, int64_t utc_us)
{
	char stamp[DATETIME_MAX];

	json_key(b, key);
	if (utc_us)
		json_str(b, datetime_put_3339(utc_us, stamp));
	else
		json_nil(b);
}

static unsigned links_up(const struct core *core)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < core->links_n; i++)
		n += core->links[i].state == LINK_UP;
	return n;
}

void json_status(struct core *core, struct buf *b, int64_t now_utc_us)
{
	struct core_counts c = core_counts(core);

	json_begin_obj(b);
	json_key_str(b, "node", core->config->node_name);
	json_key_text(b, "version", CAUSEWAY_VERSION);
	put_time(b, "time", now_utc_us);
	json_key_bool(b, "draining", core->is_draining);
	json_key_u64(b, "config_generation", core->config->generation);
	json_key_u64(b, "links", core->config->links_n);
	json_key_u64(b, "links_up", links_up(core));
	json_key_u64(b, "events", c.events);
	json_key_u64(b, "steps", c.steps);
	json_key_u64(b, "waits_for_facts", c.waits);
	json_key_u64(b, "commits", c.commits);
	json_key_u64(b, "refused", c.refused);
	json_key_u64(b, "objects", c.objects);
	json_key_u64(b, "queued_events", c.runq);
	json_key_u64(b, "held_commits", c.held);
	json_key_u64(b, "timers", c.timers);
	json_key_u64(b, "cached_users", c.facts);
	json_key_u64(b, "cached_bytes", c.facts_bytes);
	json_end_obj(b);
}

static const char *kind_name(enum link_kind k)
{
	switch (k) {
	case LINK_XMPP_COMPONENT:
		return "xmpp-component";
	case LINK_SIP_PEER:
		return "sip-peer";
	case LINK_SMPP_CLIENT:
		return "smpp-client";
	case LINK_SMPP_SERVER:
		return "smpp-server";
	}
	return "?";
}

void json_links(struct core *core, struct buf *b)
{
	size_t i;

	json_begin_arr(b);
	for (i = 0; i < core->config->links_n; i++) {
		const struct link_conf *l = &core->config->links[i];
		const struct link_now *now = links_find(core, l->id);

		links_refresh(core, l->id);
		json_begin_obj(b);
		json_key_str(b, "name", l->name);
		json_key_text(b, "kind", kind_name(l->kind));
		json_key_text(b, "state", link_state_name(now ? now->state :
							   LINK_DOWN));
		json_key_u64(b, "room", now ? now->room : 0);
		put_time(b, "since", now ? now->since_utc_us : 0);
		json_key_text(b, "why", now ? now->text : "");
		json_end_obj(b);
	}
	json_end_arr(b);
}
