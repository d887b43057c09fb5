/* adapters/xmpp/component.c: the life of one configured component link:
 * attempts with growing pauses, standby while another node holds the hostname,
 * pings, draining, changes of configuration. See component.h.
 *
 *   OFF <-> CONNECTING -> UP -> DOWN | STANDBY -> CONNECTING ...
 *                          UP -> DRAINING -> OFF | CONNECTING | (removed)
 */
#include "adapters/xmpp/component.h"

#include <string.h>

#include "core/base/mem.h"

enum {
	WINDOW_DEFAULT = 64,	/* sends under way */
	WINDOW_MAX = 4096,
	PINGS_MAX = 2,		/* under way: meanwhile the next batch gathers */
	HELD_LOOK_MS = 20,	/* intake was full: how soon to look again */
	FLAPS_MAX = 2,		/* a link that comes up but does not stay waits
				   four times the least pause, not longer: it
				   does carry messages in between */
};

uint32_t xmpp_backoff_ms(const struct xmpp_times *t, unsigned failures,
			 bool is_refused, bool is_standby, uint32_t random)
{
	uint64_t ms = t->backoff_min_ms;

	/* What a person must mend is not hammered; the jitter only adds. */
	if (is_refused)
		return t->refused_ms + random % (t->refused_ms / 8 + 1);
	if (is_standby)
		return t->standby_ms / 2 + random % (t->standby_ms / 2 + 1);
	while (failures-- > 1 && ms < t->backoff_max_ms)
		ms *= 2;
	if (ms > t->backoff_max_ms)
		ms = t->backoff_max_ms;
	return (uint32_t)(ms / 2 + random % (ms / 2 + 1));
}

struct stanza_ctx comp_ctx(const struct comp *c)
{
	return (struct stanza_ctx){ .conf = c->conf,
				    .config = c->x->config,
				    .rule = &c->rule,
				    .in = &c->x->in,
				    .now_utc_us = net_utc_us(),
				    .now_ms = net_now_ms(c->x->loop) };
}

static size_t window_of(const struct comp *c)
{
	if (c->careful_n > 0)
		return 1;
	if (c->conf->window == 0)
		return WINDOW_DEFAULT;
	return c->conf->window < WINDOW_MAX ? c->conf->window : WINDOW_MAX;
}

uint32_t comp_room(const struct comp *c)
{
	size_t window = window_of(c);

	if (c->state != LINK_UP || !c->stream || c->barrier.sends_n >= window ||
	    xmpp_link_queued(c->stream) > XMPP_OUT_HIGH_BYTES)
		return 0;
	return (uint32_t)(window - c->barrier.sends_n);
}

static void tell(struct comp *c, struct str text)
{
	struct event *ev = c->x->in.event_new(c->x->in.core, EV_LINK);
	struct link_change *change = arena_zalloc(ev->arena, sizeof(*change));

	change->link = c->conf->id;
	change->name = arena_dup(ev->arena, c->conf->name);
	change->state = c->state;
	change->room = comp_room(c);
	change->text = arena_dup(ev->arena, text.n ? text : STR(""));
	change->retry_at_ms = c->retry_at_ms;
	ev->u.link = change;
	c->had_room = change->room > 0;
	(void)c->x->in.post(c->x->in.core, ev);
}

void comp_tell_room(struct comp *c)
{
	bool has_room = comp_room(c) > 0;

	if (has_room && !c->had_room)
		tell(c, STR(""));
	c->had_room = has_room;
}

static void set_state(struct comp *c, enum link_state state, struct str text)
{
	c->state = state;
	if (state != LINK_DOWN && state != LINK_STANDBY)
		c->retry_at_ms = 0;
	tell(c, text);
}

/* The name of the element it begins with. */
static struct str kind_of(struct str stanza)
{
	size_t n = 0;

	stanza = str_from(stanza, 1);
	while (n < stanza.n && ch_is_alpha((unsigned char)stanza.p[n]))
		n++;
	return str_sub(stanza, 0, n);
}

void comp_say(struct comp *c, const struct buf *b)
{
	if (b->err < 0) {
		c->x->counts.ignored++;
		log_warning(&c->log, "stanza_too_large", F_N("bytes", b->n));
		return;
	}
	if (b->n == 0 || !c->stream)
		return;
	c->x->counts.stanzas_out++;
	comp_count_stanza(&c->count, kind_of(buf_str(b)), false);
	xmpp_link_send(c->stream, buf_str(b));
}

/* ---- the end of a stream ------------------------------------------------- */

static void start(struct comp *c);

static void take_config(struct comp *c, struct config *config,
			const struct link_conf *conf)
{
	config_ref(config);
	config_put(c->config);
	c->config = config;
	c->conf = conf;
	c->rule = (struct addr_jid_rule){
		.host = conf->component,
		.is_encoded = conf->is_encoded,
		.is_strict_7247 = conf->is_strict_7247
	};
	c->log = (struct log_ctx){ .module = "xmpp",
				   .field = F_STR("link", conf->name) };
}

/* Nothing is under way any more, and the stream is gone: what comes next? */
static void after_drain(struct comp *c)
{
	struct config *next = c->next_config;
	const struct link_conf *conf;

	c->next_config = NULL;
	if (c->is_removed) {
		set_state(c, LINK_OFF, STR("removed"));
		comp_free(c);
	} else if (next) {
		conf = config_link_by_name(next, c->conf->name);
		take_config(c, next, conf);
		c->failures = 0;
		if (c->is_wanted)
			start(c);
		else
			set_state(c, LINK_OFF, STR(""));
	} else {
		set_state(c, LINK_OFF, STR(""));
	}
	config_put(next);
}

static void count_failure(struct comp *c)
{
	if (c->up_at_ms && net_now_ms(c->x->loop) - c->up_at_ms >=
				   c->x->times.stable_ms)
		c->failures = 0;
	else if (c->up_at_ms && c->failures > FLAPS_MAX)
		c->failures = FLAPS_MAX;
	c->up_at_ms = 0;
	c->failures++;
}

static void wait_and_retry(struct comp *c, enum xmpp_end end, struct str text)
{
	bool is_refused = end == XMPP_END_UNAUTHORIZED ||
			  end == XMPP_END_HOST_UNKNOWN;
	bool is_standby = end == XMPP_END_CONFLICT;
	uint32_t random, wait_ms;

	net_random(&random, sizeof(random));
	count_failure(c);
	wait_ms = xmpp_backoff_ms(&c->x->times, c->failures, is_refused,
				  is_standby, random);
	c->retry_at_ms = net_now_ms(c->x->loop) + wait_ms;
	net_timer_set(c->retry_timer, wait_ms);
	if (is_refused) {
		c->x->counts.refused++;
		/* Once, not at each attempt: it is for a person. */
		if (c->last_end != end)
			log_error(&c->log, "link_refused",
				  F_TEXT("why", xmpp_end_name(end)),
				  F_STR("text", text));
	} else {
		log_warning(&c->log, is_standby ? "link_standby" : "link_down",
			    F_TEXT("why", xmpp_end_name(end)),
			    F_STR("text", text), F_N("retry_ms", wait_ms));
	}
	c->last_end = end;
	set_state(c, is_standby ? LINK_STANDBY : LINK_DOWN,
		  text.n > 0 ? text : str_of(xmpp_end_name(end)));
}

/* What was read but not taken yet outlives its stream. */
static void leave_held(struct comp *c, struct xmpp_link *stream)
{
	size_t held = xmpp_link_held(stream);

	if (held > 0 && !c->leftover) {
		xmpp_link_abandon(stream);
		c->leftover = stream;
		return;
	}
	if (held > 0) {
		c->x->counts.ignored += held;
		log_error(&c->log, "stanzas_lost", F_N("count", held));
	}
	xmpp_link_free(stream);
}

/* Gone or given up. May free c. */
static void stream_ended(struct comp *c, enum xmpp_end end, struct str text)
{
	struct xmpp_link *stream = c->stream;
	bool was_draining = c->state == LINK_DRAINING;
	char copy[200];

	/* The words lie in the stream that goes now. */
	text = str_sub(text, 0, sizeof(copy));
	if (text.n > 0)
		memcpy(copy, text.p, text.n);
	text.p = copy;
	c->stream = NULL;
	net_timer_stop(c->ping_timer);
	leave_held(c, stream);
	/* Before the results, so that their readers find no room. */
	if (c->state == LINK_UP)
		c->state = LINK_DOWN;
	comp_fail_all(c, end);
	barrier_init(&c->barrier);
	if (was_draining || c->is_removed || c->next_config || !c->is_wanted) {
		net_timer_stop(c->retry_timer);
		after_drain(c);
	} else {
		wait_and_retry(c, end, text);
	}
}

/* ---- handlers of the stream ---------------------------------------------- */

static bool on_stanza(void *arg, const struct xml_node *stanza, bool is_cut,
		      bool is_again)
{
	struct comp *c = arg;
	bool is_taken = comp_take_stanza(c, stanza, is_cut, is_again);

	if (!is_taken)
		net_timer_set(c->held_timer, HELD_LOOK_MS);
	return is_taken;
}

static void on_up(void *arg)
{
	struct comp *c = arg;

	log_info(&c->log, "link_up");
	set_state(c, LINK_UP, STR(""));
	/* The first answer proves that the server routes for us. */
	comp_ping(c);
}

static void on_down(void *arg, enum xmpp_end end, struct str text)
{
	stream_ended(arg, end, text);
}

static void on_drained(void *arg)
{
	comp_tell_room(arg);
}

/* ---- timers -------------------------------------------------------------- */

static void on_ping_timer(void *arg)
{
	struct comp *c = arg;

	/* Reading stands still for want of room in core: no verdict. */
	if (xmpp_link_held(c->stream) >= XMPP_HELD_MAX) {
		net_timer_set(c->ping_timer, c->x->times.ping_limit_ms);
		return;
	}
	if (barrier_pings(&c->barrier) > 0) {
		stream_ended(c, XMPP_END_SILENT, STR("no answer to a ping"));
		return;
	}
	comp_ping(c);
	xmpp_link_flush(c->stream);
}

static void on_held_timer(void *arg)
{
	comp_flush(arg);
}

static void on_retry_timer(void *arg)
{
	struct comp *c = arg;

	if (c->state != LINK_DRAINING)
		start(c);
	else if (c->stream)
		stream_ended(c, XMPP_END_OURS, STR("drained"));
}

/* ---- life ---------------------------------------------------------------- */

static uint32_t stanza_max(const struct comp *c)
{
	return c->conf->stanza_bytes_max ? c->conf->stanza_bytes_max
					 : XMPP_STANZA_BYTES_DEFAULT;
}

static void start(struct comp *c)
{
	const struct xmpp_link_handler h = { .arg = c,
					     .on_stanza = on_stanza,
					     .on_up = on_up,
					     .on_down = on_down,
					     .on_drained = on_drained };
	const struct xmpp_link_conf conf = {
		.host = c->conf->host,
		.port = c->conf->port,
		.component = c->conf->component,
		.secret = c->conf->secret,
		.connect_ms = c->x->times.connect_ms,
		.stanza_bytes_max = stanza_max(c)
	};

	c->x->counts.attempts++;
	c->up_at_ms = 0;
	c->stream = xmpp_link_new(c->x->loop, c->x->low, &conf, &h);
	set_state(c, LINK_CONNECTING, STR(""));
}

struct comp *comp_new(struct xmpp *x, struct config *config,
		      const struct link_conf *conf)
{
	struct comp *c = mem_zalloc(sizeof(*c));

	c->x = x;
	c->is_wanted = true;
	c->last_end = XMPP_ENDS_N;
	take_config(c, config, conf);
	comp_count_init(&c->count, conf->name);
	barrier_init(&c->barrier);
	c->peers = peers_new(x->salt);
	c->commands = commands_new(x->salt ^ conf->id);
	list_init(&c->asked);
	c->retry_timer = net_timer_new(x->loop, on_retry_timer, c);
	c->ping_timer = net_timer_new(x->loop, on_ping_timer, c);
	c->held_timer = net_timer_new(x->loop, on_held_timer, c);
	list_add(&x->comps, &c->link);
	x->counts.links++;
	start(c);
	return c;
}

void comp_free(struct comp *c)
{
	struct barrier_send *s;

	list_del(&c->link);
	c->x->counts.links--;
	xmpp_link_free(c->stream);
	xmpp_link_free(c->leftover);
	while ((s = barrier_take_first(&c->barrier)) != NULL)
		barrier_send_free(s);
	net_timer_free(c->retry_timer);
	net_timer_free(c->ping_timer);
	net_timer_free(c->held_timer);
	peers_free(c->peers);
	commands_free(c->commands);
	comp_forget_asked(c);
	config_put(c->config);
	config_put(c->next_config);
	mem_free(c);
}

static bool is_same(const struct link_conf *a, const struct link_conf *b)
{
	return str_eq(a->host, b->host) && a->port == b->port &&
	       str_eq(a->component, b->component) &&
	       str_eq(a->secret, b->secret) &&
	       /* the stream's guard has it from its beginning */
	       a->stanza_bytes_max == b->stanza_bytes_max;
}

static void begin_drain(struct comp *c, int64_t until_ms)
{
	int64_t left_ms = until_ms - net_now_ms(c->x->loop);

	net_timer_stop(c->retry_timer);
	if (!c->stream) {
		after_drain(c);
		return;
	}
	if (c->state != LINK_DRAINING)
		set_state(c, LINK_DRAINING, STR(""));
	net_timer_set(c->retry_timer, left_ms > 0 ? left_ms : 0);
	/* Whoever still waits to be heard is told to try again later. */
	xmpp_link_resume(c->stream);
	if (c->barrier.sends_n == 0)
		xmpp_link_close(c->stream);
	else
		comp_flush(c);
}

void comp_drain(struct comp *c, int64_t until_ms)
{
	c->was_wanted |= c->is_wanted;
	c->is_wanted = false;
	begin_drain(c, until_ms);
}

void comp_undrain(struct comp *c)
{
	if (c->was_wanted && !c->is_wanted)
		comp_switch(c, true);
}

void comp_configure(struct comp *c, struct config *config,
		    const struct link_conf *conf)
{
	if (conf && is_same(conf, c->conf) && !c->next_config) {
		/* What only we read is taken at once. */
		take_config(c, config, conf);
		c->is_removed = false;
		comp_tell_room(c);
		return;
	}
	c->is_removed = !conf;
	config_put(c->next_config);
	c->next_config = conf ? config_ref(config) : NULL;
	begin_drain(c, net_now_ms(c->x->loop) + c->x->times.drain_ms);
}

void comp_switch(struct comp *c, bool is_up)
{
	if (!is_up && c->is_wanted)
		comp_drain(c, net_now_ms(c->x->loop) + c->x->times.drain_ms);
	c->was_wanted = is_up; /* the operator's word outlives a drain */
	if (!is_up)
		return;
	c->is_wanted = true;
	if (!c->stream) {
		/* Also what waits for its next attempt tries at once. */
		net_timer_stop(c->retry_timer);
		c->failures = 0;
		start(c);
	} else if (c->state == LINK_DRAINING && !c->next_config) {
		c->next_config = config_ref(c->config);
	}
}

static void take_up_held(struct comp *c)
{
	if (c->leftover && !c->x->in.is_full(c->x->in.core)) {
		xmpp_link_resume(c->leftover);
		if (xmpp_link_held(c->leftover) == 0) {
			xmpp_link_free(c->leftover);
			c->leftover = NULL;
		}
	}
	/* In order: those of the new stream wait for those of the old. */
	if (!c->leftover && c->stream && xmpp_link_held(c->stream) > 0 &&
	    !c->x->in.is_full(c->x->in.core))
		xmpp_link_resume(c->stream);
	if (c->leftover || (c->stream && xmpp_link_held(c->stream) > 0))
		net_timer_set(c->held_timer, HELD_LOOK_MS);
}

void comp_flush(struct comp *c)
{
	if (c->stream && barrier_is_open(&c->barrier) &&
	    barrier_pings(&c->barrier) < PINGS_MAX)
		comp_ping(c);
	take_up_held(c);
	if (c->stream)
		xmpp_link_flush(c->stream);
}
