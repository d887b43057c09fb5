/* adapters/xmpp/ask.c: what is neither message nor result: iq and presence that
 * came over a link, what core is asked about them, and its answers. See
 * component.h.
 */
#include "adapters/xmpp/component.h"
#include "adapters/xmpp/iq.h"
#include "adapters/xmpp/presence.h"

#include "core/base/mem.h"

static void remember(struct comp *c, struct asked *asked)
{
	list_add(&c->asked, &asked->link);
	c->asked_n++;
}

static void forget(struct comp *c, struct asked *asked)
{
	list_del(&asked->link);
	c->asked_n--;
	mem_free(asked);
}

void comp_forget_asked(struct comp *c)
{
	while (!list_empty(&c->asked))
		forget(c, list_of(c->asked.next, struct asked, link));
}

/* False: no address can be made of an end. */
static bool set_ends(struct comp *c, const struct stanza_ends *ends,
		     struct event *ev, struct origin *origin, struct inquiry *ask)
{
	return addr_from_jid(ev->arena, &ends->from, &c->rule,
			     &origin->claimed) == 0 &&
	       addr_from_jid(ev->arena, &ends->to, &c->rule, &ask->to) == 0;
}

static struct inquiry *ask_dup(struct event *ev, const struct inquiry *from)
{
	struct inquiry *ask = arena_zalloc(ev->arena, sizeof(*ask));
	size_t i;

	*ask = *from;
	ask->text = arena_dup(ev->arena, from->text);
	for (i = 0; i < PROFILE_FIELDS_N; i++)
		ask->profile.v[i] = arena_dup(ev->arena, from->profile.v[i]);
	return ask;
}

/* NONE: core will answer under *leg_out. */
static enum cause post(struct comp *c, const struct stanza_ends *ends,
		       const struct iq_ask *q, uint64_t *leg_out)
{
	struct event *ev = c->x->in.event_new(c->x->in.core, EV_ASK);
	struct origin *origin = arena_zalloc(ev->arena, sizeof(*origin));
	struct inquiry *ask = ask_dup(ev, &q->ask);

	origin->proto = PROTO_XMPP;
	origin->link = c->conf->id;
	origin->is_reliable = true;
	origin->source = arena_dup(ev->arena, c->conf->host);
	origin->method = STR("ask");
	if (!set_ends(c, ends, ev, origin, ask)) {
		c->x->in.event_drop(c->x->in.core, ev);
		return CAUSE_JID_MALFORMED;
	}
	ev->origin = origin;
	ev->u.ask = ask;
	ev->trace = c->x->in.trace_new(c->x->in.core);
	ev->leg = *leg_out = c->x->in.leg_new(c->x->in.core, PROTO_XMPP);
	return c->x->in.post(c->x->in.core, ev) == 0 ? CAUSE_NONE
						     : CAUSE_OVERLOAD;
}

/* own and peer: as the answer shall say them. */
static enum cause ask_core(struct comp *c, const struct stanza_ends *ends,
			   const struct iq_ask *q, struct str id,
			   struct str own, struct str peer)
{
	enum cause cause;
	uint64_t leg;

	if (c->asked_n >= ASKED_MAX)
		return CAUSE_OVERLOAD;
	cause = post(c, ends, q, &leg);
	if (cause == CAUSE_NONE)
		remember(c, asked_new(leg, q, id, own, peer));
	return cause;
}

/* ---- iq ------------------------------------------------------------------- */

static void ask_iq(struct comp *c, struct buf *b, const struct xml_node *iq,
		   const struct stanza_ctx *ctx, const struct iq_ask *q)
{
	struct stanza_error e = { .by = ctx->rule->host };
	struct str own = xml_attr_of(iq, "to");
	struct stanza_ends ends;

	if (stanza_ends_of(c->x->scratch, ctx, iq, &ends) != STANZA_FITS)
		return;
	e.cause = ask_core(c, &ends, q, xml_attr_of(iq, "id"), own,
			   xml_attr_of(iq, "from"));
	if (e.cause != CAUSE_NONE)
		stanza_put_refusal(b, iq, own, &e);
}

void comp_take_iq(struct comp *c, const struct xml_node *iq, bool is_cut)
{
	const struct stanza_ctx ctx = comp_ctx(c);
	uint64_t number = comp_ping_number(c, xml_attr_of(iq, "id"));
	struct iq_ask q;
	struct buf b;

	/* Our own ping, as result or error, or come round to us as a question:
	   the server has handled what was before it. */
	if (number > 0) {
		comp_answered(c, number);
		return;
	}
	buf_init(&b, XMPP_TREE_BYTES_MAX);
	iq_take(&b, c->x->scratch, &ctx, c->commands, iq, is_cut, &q);
	if (q.is_asked)
		ask_iq(c, &b, iq, &ctx, &q);
	comp_say(c, &b);
	buf_free(&b);
}

/* ---- presence ------------------------------------------------------------- */

void comp_take_presence(struct comp *c, const struct xml_node *presence)
{
	const struct stanza_ctx ctx = comp_ctx(c);
	struct arena *a = c->x->scratch;
	struct stanza_ends ends;
	struct iq_ask q;

	if (stanza_ends_of(a, &ctx, presence, &ends) != STANZA_FITS)
		return;
	presence_take(&ends, presence, &q);
	if (!q.is_asked)
		return;
	/* Subscriptions are between accounts, an answer to a probe goes to who
	   sent it [RFC 6121 3, 4.3.2]. One that finds no room is dropped: the
	   server of who asked asks again at his next login. */
	if (ask_core(c, &ends, &q, xml_attr_of(presence, "id"),
		     stanza_jid(a, &ends.to, true),
		     stanza_jid(a, &ends.from, q.reply != REPLY_PROBE)) !=
	    CAUSE_NONE)
		c->x->counts.ignored++;
}

/* ---- answers -------------------------------------------------------------- */

bool comp_take_answer(struct comp *c, uint64_t leg, const struct action *a)
{
	const struct stanza_ctx ctx = comp_ctx(c);
	struct asked *asked = NULL;
	struct list_link *it, *tmp;
	struct buf b;

	list_each(it, tmp, &c->asked) {
		asked = list_of(it, struct asked, link);
		if (asked->leg == leg)
			break;
		asked = NULL;
	}
	if (!asked)
		return false;
	arena_reset(c->x->scratch);
	buf_init(&b, XMPP_TREE_BYTES_MAX);
	asked_put_reply(&b, c->x->scratch, &ctx, asked, a);
	comp_say(c, &b);
	buf_free(&b);
	forget(c, asked);
	return true;
}

void comp_show(struct comp *c, const struct addr *to)
{
	struct arena *a = c->x->scratch;
	struct jid jid;
	struct buf b;

	arena_reset(a);
	if (c->state != LINK_UP || addr_to_jid(a, to, &c->rule, false, &jid) < 0)
		return;
	buf_init(&b, STANZA_PAYLOAD_MAX);
	presence_put(&b, NULL, c->rule.host, stanza_jid(a, &jid, true), STR(""),
		     NULL);
	comp_say(c, &b);
	buf_free(&b);
}
