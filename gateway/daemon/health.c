/* gateway/daemon/health.c: see health.h. A store that is not written to is
 * tried with a small row every ten seconds, so that a full disk shows before a
 * user meets it, and so that one that works again is used again.
 */
#include "gateway/daemon/health.h"

#include <stdio.h>

#include "adapters/http/admin_http.h"
#include "adapters/sip/sip.h"
#include "adapters/store/store.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/metric.h"
#include "gateway/daemon/node.h"

#define TICK_MS 1000
#define PROBE_EVERY_MS 10000
#define PROBE_LATE_MS 60000 /* the slowest disk we would wait for */
#define PROBE_LIFE_US INT64_C(3600000000)

struct health {
	struct node *node;
	struct net_timer *timer;
	int64_t tick_at_ms;
	struct metric *lag;
	/* the store */
	struct store store;
	struct note_row row;
	struct write write;
	int64_t probe_at_ms; /* the next */
	int64_t asked_at_ms; /* 0: no answer is awaited */
	enum store_err store_err;
	uint64_t transactions; /* at the last look */
	bool is_ready, has_told;
};

static const struct log_ctx health_log = { .module = "daemon" };

/* ---- the store ------------------------------------------------------------- */

static const char *store_text(enum store_err err)
{
	switch (err) {
	case STORE_OK:
		return "";
	case STORE_FULL:
		return "no space";
	case STORE_DUPLICATE:
	case STORE_CONFLICT:
	case STORE_LIMIT:
	case STORE_FENCED:
	case STORE_DOWN:
		break;
	}
	return "writes fail";
}

static void on_probed(void *arg, const struct store_result *r)
{
	struct health *h = arg;

	h->asked_at_ms = 0;
	h->store_err = r->err;
	health_look(h);
}

static void probe(struct health *h, int64_t now_ms)
{
	struct store_stats st;

	if (h->asked_at_ms || now_ms < h->probe_at_ms)
		return;
	h->probe_at_ms = now_ms + PROBE_EVERY_MS;
	store_stats(h->node->store, &st);
	if (st.transactions != h->transactions && !st.is_failing) {
		h->transactions = st.transactions;
		h->store_err = STORE_OK;
		return; /* somebody has just written */
	}
	h->row.expires_utc_us = net_utc_us() + PROBE_LIFE_US;
	h->asked_at_ms = now_ms;
	if (h->store.commit(h->store.self, &h->write, 1, false, on_probed, h) <
	    0)
		h->asked_at_ms = 0; /* full of work is not broken */
}

static enum store_err store_state(const struct health *h)
{
	struct store_stats st;

	store_stats(h->node->store, &st);
	if (st.is_failing && h->store_err == STORE_OK)
		return STORE_DOWN;
	return h->store_err;
}

/* ---- the checks ------------------------------------------------------------ */

static void put_check(struct buf *json, const char *name, struct str of,
		      bool ok, const char *detail)
{
	char text[128];

	if (!json)
		return;
	snprintf(text, sizeof(text), "%s%s%.*s", name, of.n ? " " : "",
		 STR_ARG(of));
	json_begin_obj(json);
	json_key_text(json, "name", text);
	json_key_bool(json, "ok", ok);
	json_key_text(json, "detail", ok ? "" : detail);
	json_end_obj(json);
}

static bool check_listeners(struct health *h, struct buf *json)
{
	const struct node *n = h->node;
	bool all = true, ok;
	size_t i;

	for (i = 0; i < n->config->listens_n; i++) {
		const struct listen_conf *l = &n->config->listens[i];

		ok = l->proto == PROTO_SIP
			     ? sip_port_of(n->sip, l->name) != 0
			     : n->http && admin_http_port_of(n->http,
							     l->name) != 0;
		put_check(json, "listen", l->name, ok, "not open");
		all &= ok;
	}
	return all;
}

static bool check_links(struct health *h, struct buf *json)
{
	const struct node *n = h->node;
	enum link_state state;
	bool all = true;
	size_t i;

	for (i = 0; i < n->config->links_n; i++) {
		const struct link_conf *l = &n->config->links[i];

		if (!l->is_required)
			continue;
		state = core_link_state(n->core, l->id);
		put_check(json, "link", l->name, state == LINK_UP,
			  link_state_name(state));
		all &= state == LINK_UP;
	}
	return all;
}

static bool check_all(struct health *h, struct buf *json)
{
	enum store_err err = store_state(h);
	bool ok = !h->node->is_draining;

	put_check(json, "draining", STR_NONE, ok, "asked to drain");
	put_check(json, "store", STR_NONE, err == STORE_OK, store_text(err));
	ok &= err == STORE_OK;
	ok &= check_listeners(h, json);
	ok &= check_links(h, json);
	return ok;
}

bool health_is_ready(struct health *h, struct buf *json)
{
	bool ok = check_all(h, NULL);

	if (!json)
		return ok;
	json_begin_obj(json);
	json_key_bool(json, "ready", ok);
	json_key(json, "checks");
	json_begin_arr(json);
	check_all(h, json);
	json_end_arr(json);
	json_end_obj(json);
	return ok;
}

bool health_is_alive(const struct health *h)
{
	return !h->asked_at_ms ||
	       net_now_ms(h->node->loop) - h->asked_at_ms < PROBE_LATE_MS;
}

static void tell(struct health *h, bool is_ready)
{
	struct buf json;

	buf_init(&json, 4096);
	health_is_ready(h, &json);
	if (is_ready)
		log_info(&health_log, "ready");
	else
		log_warning(&health_log, "not_ready",
			    F_STR("checks", buf_str(&json)));
	buf_free(&json);
}

void health_look(struct health *h)
{
	bool is_ready = health_is_ready(h, NULL);

	metric_set(METRIC(READY), is_ready);
	metric_set(METRIC(STORE_UP), store_state(h) == STORE_OK);
	sip_set_ready(h->node->sip, is_ready);
	if (h->has_told && is_ready == h->is_ready)
		return;
	if (h->has_told || is_ready)
		tell(h, is_ready);
	h->has_told = true;
	h->is_ready = is_ready;
}

/* How late the tick comes is how long the loop was busy with other things. */
static void on_tick(void *arg)
{
	struct health *h = arg;
	int64_t now_ms = net_now_ms(h->node->loop);

	metric_observe_us(h->lag, (now_ms - h->tick_at_ms) * 1000);
	probe(h, now_ms);
	health_look(h);
	h->tick_at_ms = now_ms + TICK_MS;
	net_timer_set(h->timer, TICK_MS);
}

struct health *health_new(struct node *n)
{
	struct health *h = mem_zalloc(sizeof(*h));

	h->node = n;
	h->store = store_port(n->store);
	h->lag = METRIC(LOOP_LAG);
	hash_sha256(STR("is the store writable?"), h->row.key);
	h->row.text = STR("");
	h->write = (struct write){ .op = OP_NOTE_PUT, .u.note = &h->row };
	h->timer = net_timer_new(n->loop, on_tick, h);
	h->tick_at_ms = net_now_ms(n->loop) + TICK_MS;
	net_timer_set(h->timer, TICK_MS);
	return h;
}

void health_free(struct health *h)
{
	if (!h)
		return;
	net_timer_free(h->timer);
	mem_free(h);
}
