/* adapters/xmpp/outbound.c: sends and their one result each. See component.h.
 * [design: architecture.md 5.8]
 */
#include "adapters/xmpp/component.h"
#include "adapters/xmpp/message_out.h"

#include "core/base/mem.h"

static void post_sent(struct xmpp *x, uint64_t leg, uint32_t tag,
		      struct trace_id trace, enum cause cause, struct str text,
		      struct str address)
{
	struct event *ev = x->in.event_new(x->in.core, EV_SENT);
	struct sent *sent = arena_zalloc(ev->arena, sizeof(*sent));

	sent->text = arena_dup(ev->arena, text.n ? text : STR(""));
	sent->address = arena_dup(ev->arena, address.n ? address : STR(""));
	ev->leg = leg;
	ev->tag = tag;
	ev->trace = trace;
	ev->cause = cause;
	ev->u.sent = sent;
	(void)x->in.post(x->in.core, ev);
}

void xmpp_result(struct xmpp *x, const struct action *a, const struct target *t,
		 enum cause cause)
{
	if (cause != CAUSE_NONE || a->wants_result)
		post_sent(x, t->leg, a->tag, a->msg->trace, cause, STR(""),
			  STR(""));
}

/* Nothing waits any more on a link that is being drained: it may close. */
static void check_drained(struct comp *c)
{
	if (c->state == LINK_DRAINING && c->stream && c->barrier.sends_n == 0)
		xmpp_link_close(c->stream);
}

static void finish(struct comp *c, struct barrier_send *s, enum cause cause,
		   struct str text, struct str address)
{
	if (cause != CAUSE_NONE || s->wants_result)
		post_sent(c->x, s->leg, s->tag, s->trace, cause, text, address);
	if (c->careful_n > 0 && cause != CAUSE_LINK_DOWN)
		c->careful_n--;
	c->x->counts.pending--;
	barrier_send_free(s);
}

void comp_result(struct comp *c, struct barrier_send *s, enum cause cause,
		 struct str text, struct str address)
{
	finish(c, s, cause, text, address);
	comp_tell_room(c);
	check_drained(c);
}

/* ---- pings --------------------------------------------------------------- */

/* To ourselves, by way of the server: a component knows no other name that it
   can be sure of, and the server handles one stream in order. */
void comp_ping(struct comp *c)
{
	const struct xmpp_times *t = &c->x->times;
	struct buf b, id;
	uint64_t number;

	buf_init(&id, STANZA_ID_MAX);
	buf_printf(&id, ID_PING "%016llx-", (unsigned long long)c->x->salt);
	number = barrier_close(&c->barrier);
	comp_count_ping(&c->count, number);
	buf_put_u64(&id, number);
	buf_init(&b, XMPP_TREE_BYTES_MAX);
	stanza_put_head(&b, "iq", "get", c->rule.host, c->rule.host,
			buf_str(&id));
	buf_put_str(&b, STR("><ping xmlns='" NS_PING "'/></iq>"));
	comp_say(c, &b);
	buf_free(&b);
	buf_free(&id);
	c->x->counts.pings++;
	if (barrier_pings(&c->barrier) == 1)
		net_timer_set(c->ping_timer, t->ping_limit_ms);
}

uint64_t comp_ping_number(const struct comp *c, struct str id)
{
	uint64_t salt, number;
	struct str head = str_sub(id, 0, sizeof(ID_PING) - 1 + 17);
	struct buf b;
	bool is_ours;

	salt = c->x->salt;
	buf_init(&b, STANZA_ID_MAX);
	buf_printf(&b, ID_PING "%016llx-", (unsigned long long)salt);
	is_ours = str_eq(head, buf_str(&b)) &&
		  str_u64(str_from(id, head.n), &number);
	buf_free(&b);
	return is_ours ? number : 0;
}

void comp_answered(struct comp *c, uint64_t number)
{
	const struct xmpp_times *t = &c->x->times;
	struct barrier_send *s;

	if (!barrier_answer(&c->barrier, number))
		return;
	comp_count_pong(&c->count, number);
	if (!c->up_at_ms)
		c->up_at_ms = net_now_ms(c->x->loop);
	c->last_end = XMPP_ENDS_N;
	while ((s = barrier_take_answered(&c->barrier)) != NULL)
		finish(c, s, CAUSE_NONE, STR(""), STR(""));
	if (barrier_is_open(&c->barrier))
		comp_ping(c);
	net_timer_set(c->ping_timer, barrier_pings(&c->barrier) > 0
					     ? t->ping_limit_ms
					     : t->ping_every_ms);
	comp_tell_room(c);
	check_drained(c);
}

/* ---- sends --------------------------------------------------------------- */

void comp_send(struct comp *c, const struct action *a, const struct target *t)
{
	const struct stanza_ctx ctx = comp_ctx(c);
	struct message_out out;
	struct barrier_send *s;
	enum cause cause;
	struct buf b;

	if (c->state != LINK_UP) {
		xmpp_result(c->x, a, t, CAUSE_LINK_DOWN);
		return;
	}
	if (comp_room(c) == 0) {
		c->had_room = false;
		xmpp_result(c->x, a, t, CAUSE_OVERLOAD);
		return;
	}
	arena_reset(c->x->scratch);
	buf_init(&b, c->conf->stanza_bytes_max ? c->conf->stanza_bytes_max
					       : XMPP_STANZA_BYTES_DEFAULT);
	cause = message_write(&b, c->x->scratch, &ctx, c->peers, a->msg, t,
			      &out);
	if (cause != CAUSE_NONE || out.is_nothing) {
		xmpp_result(c->x, a, t, cause);
		buf_free(&b);
		return;
	}
	comp_say(c, &b);
	buf_free(&b);
	c->x->counts.cleaned += out.was_cleaned;
	/* Nobody waits to hear of a chat state: it needs no ping. */
	if (a->msg->kind == MSG_COMPOSING && !a->wants_result)
		return;
	s = barrier_add(&c->barrier, out.id, out.peer);
	s->leg = t->leg;
	s->tag = a->tag;
	s->wants_result = a->wants_result;
	s->trace = a->msg->trace;
	c->x->counts.pending++;
	c->had_room = comp_room(c) > 0;
}

/* The stream died of something we sent: one of those not answered for. If it
   was alone it is to blame, and would kill the next stream as well. */
static bool is_to_blame(struct comp *c, enum xmpp_end end)
{
	if (end != XMPP_END_BAD_STANZA)
		return false;
	if (c->barrier.sends_n == 1)
		return true;
	if (c->careful_n < c->barrier.sends_n)
		c->careful_n = c->barrier.sends_n;
	return false;
}

void comp_fail_all(struct comp *c, enum xmpp_end end)
{
	enum cause cause = CAUSE_LINK_DOWN;
	struct barrier_send *s;

	if (is_to_blame(c, end)) {
		cause = CAUSE_BAD_MEDIA;
		c->x->counts.quarantined++;
		s = list_of(c->barrier.sends.next, struct barrier_send, link);
		log_error(&c->log, "stanza_quarantined", F_STR("id", s->id),
			  F_TRACE(s->trace));
	}
	while ((s = barrier_take_first(&c->barrier)) != NULL)
		finish(c, s, cause, STR(""), STR(""));
}
