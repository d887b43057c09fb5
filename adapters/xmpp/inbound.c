/* adapters/xmpp/inbound.c: what comes over a link: questions answered here,
 * messages and results posted to core. See component.h.
 */
#include "adapters/xmpp/component.h"
#include "adapters/xmpp/message_in.h"

#include "core/base/mem.h"

static void ignore(struct comp *c, const struct xml_node *stanza)
{
	c->x->counts.ignored++;
	log_info(&c->log, "stanza_ignored", F_STR("kind", stanza->name),
		 F_ADDR("from", xml_attr_of(stanza, "from")));
}

static void say_refusal(struct comp *c, const struct xml_node *stanza,
			struct str from, enum cause cause, struct str text)
{
	const struct stanza_error e = { .cause = cause,
					.text = text,
					.by = c->rule.host };
	struct buf b;

	c->x->counts.ignored++;
	if (cause == CAUSE_BAD_REQUEST)
		comp_count_parse_error();
	log_info(&c->log, "stanza_refused", F_STR("kind", stanza->name),
		 F_TEXT("cause", cause_name(cause)),
		 F_ADDR("from", xml_attr_of(stanza, "from")));
	buf_init(&b, XMPP_TREE_BYTES_MAX);
	stanza_put_refusal(&b, stanza, from, &e);
	comp_say(c, &b);
	buf_free(&b);
}

/* Takes m. False when core has no room for it. */
static bool post_msg(struct comp *c, struct msg *m)
{
	struct event *ev = c->x->in.event_new(c->x->in.core, EV_MSG);
	struct origin *origin = arena_zalloc(ev->arena, sizeof(*origin));

	origin->proto = PROTO_XMPP;
	origin->link = c->conf->id;
	origin->is_reliable = true;
	origin->source = arena_dup(ev->arena, c->conf->host);
	origin->method = STR("message");
	origin->claimed = addr_dup(ev->arena, &m->from);
	ev->origin = origin;
	ev->trace = m->trace;
	ev->msg = m;
	return c->x->in.post(c->x->in.core, ev) == 0;
}

/* Does the peer know chat states [XEP-0085 5.1]? What did he correct? */
static void note_peer(struct comp *c, const struct message_in *in)
{
	struct arena *a = c->x->scratch;
	struct str own = stanza_jid(a, &in->ends.to, true);
	struct str remote = stanza_jid(a, &in->ends.from, true);
	struct peer *peer;

	if (in->edit.n > 0)
		peer_edited(peers_get(c->peers, own, remote), in->edit,
			    in->edit_of);
	if (in->has_state) {
		peers_get(c->peers, own, remote)->talks_states = true;
	} else if (in->is_talk) {
		peer = peers_find(c->peers, own, remote);
		if (peer)
			peer->talks_states = false;
	}
}

static void drop_from(struct message_in *in, size_t i)
{
	for (; i < in->msgs_n; i++)
		msg_put(in->msgs[i]);
}

/* False: core has no room for it now. */
static bool take_message(struct comp *c, const struct xml_node *stanza,
			 bool is_cut)
{
	const struct stanza_ctx ctx = comp_ctx(c);
	struct message_in in;
	size_t i;

	message_read(c->x->scratch, &ctx, c->peers, stanza, is_cut, &in);
	if (in.is_ignored) {
		ignore(c, stanza);
		return true;
	}
	if (in.refuse != CAUSE_NONE) {
		say_refusal(c, stanza,
			    in.is_to_malformed ? c->rule.host
					       : xml_attr_of(stanza, "to"),
			    in.refuse, in.refuse_text);
		return true;
	}
	for (i = 0; i < in.msgs_n; i++) {
		if (post_msg(c, in.msgs[i]))
			continue;
		drop_from(&in, i + 1);
		/* The rest of a half-taken stanza is a receipt: it is lost,
		   which XMPP allows it to be. */
		return i > 0;
	}
	note_peer(c, &in);
	c->x->counts.messages_in++;
	c->x->counts.remarks_dropped += in.is_dropped;
	c->x->counts.cleaned += in.was_cleaned;
	return true;
}

/* The result of a send, or a report that it failed after all. */
static bool take_failure(struct comp *c, const struct xml_node *stanza,
			 bool may_post)
{
	const struct stanza_ctx ctx = comp_ctx(c);
	struct message_failed f;
	struct barrier_send *s;
	struct msg *m;

	if (!message_failed_read(c->x->scratch, &ctx, stanza, &f)) {
		ignore(c, stanza);
		return true;
	}
	s = barrier_take_failed(&c->barrier, f.id,
				stanza_jid(c->x->scratch, &f.ends.from, true));
	if (s) {
		comp_result(c, s, f.error.cause, f.error.text, f.error.address);
		return true;
	}
	if (!may_post)
		return false;
	m = message_failed_report(&ctx, stanza, &f);
	return !m || post_msg(c, m);
}

/* May a message be posted now, keeping the order of those that were held? */
static bool may_post(const struct comp *c, bool is_again)
{
	if (!is_again && (c->leftover || xmpp_link_held(c->stream) > 0))
		return false;
	return !c->x->in.is_full(c->x->in.core);
}

bool comp_take_stanza(struct comp *c, const struct xml_node *stanza,
		      bool is_cut, bool is_again)
{
	bool is_free;

	arena_reset(c->x->scratch);
	c->x->counts.stanzas_in += !is_again;
	if (!is_again)
		comp_count_stanza(&c->count, stanza->name, true);
	if (xml_is(stanza, NULL, "iq")) {
		comp_take_iq(c, stanza, is_cut);
		return true;
	}
	if (xml_is(stanza, NULL, "presence")) {
		comp_take_presence(c, stanza);
		return true;
	}
	if (!xml_is(stanza, NULL, "message"))
		return true;
	is_free = may_post(c, is_again);
	if (str_eq(xml_attr_of(stanza, "type"), STR("error")))
		return take_failure(c, stanza, is_free);
	if (is_free)
		return take_message(c, stanza, is_cut);
	if (c->state != LINK_DRAINING)
		return false;
	/* There will be no later on this stream. */
	say_refusal(c, stanza, xml_attr_of(stanza, "to"), CAUSE_OVERLOAD,
		    STR(""));
	return true;
}
