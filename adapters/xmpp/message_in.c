/* adapters/xmpp/message_in.c: message stanzas as messages of the model.
 * [RFC 7572 table 1; XEP-0066, 0184, 0333, 0085, 0203, 0172, 0334, 0359, 0131;
 * its words: words_in.c]
 *
 *   <message from='alice@xmpp.example/tablet' to='bob@sip.example' id='a1'>
 *     <body>Hi</body><request xmlns='urn:xmpp:receipts'/></message>
 *   gives one MSG_CONTENT from alice (instance tablet) that wants a report.
 *
 * Pure but for the fresh trace id; component.c posts what comes out. It judges
 * form only: who may write to whom is core's.
 */
#include "adapters/xmpp/message_in.h"
#include "adapters/xmpp/words_in.h"

#include "core/base/utf8.h"
#include "core/codec/datetime.h"

enum {
	SUBJECT_BYTES_MAX = 1024,	/* ours: a SIP header of sane length */
	HOPS_WRITTEN_MAX = 255,		/* RFC 3261 20.22 */
	STANZA_SHORT_ID = 16,		/* bytes: shorter ones are counters */
};

static int set_id(struct msg *m, const struct xml_node *stanza)
{
	const struct xml_node *origin = xml_child(stanza, NS_SID, "origin-id");
	struct str id = xml_attr_of(stanza, "id");
	char hex[TRACE_HEX_N + 1];

	if (id.n > 0 && !stanza_id_ok(id))
		return ERR_SYNTAX;
	if (id.n == 0 && origin && stanza_id_ok(xml_attr_of(origin, "id")))
		id = xml_attr_of(origin, "id");
	m->has_own_id = id.n > 0;
	if (!m->has_own_id)
		id = trace_hex(m->trace, hex);
	return arena_str(m->arena, id, &m->id);
}

/* Headers between our own gateways; our hop is taken off on the way out, as
   from a Max-Forwards. [XEP-0131] */
static void set_shim(struct msg *m, const struct xml_node *stanza)
{
	const struct xml_node *n = xml_child(stanza, NS_SHIM, "headers");
	struct trace_id trace;
	uint32_t hops;

	for (n = n ? n->child : NULL; n; n = n->next) {
		struct str name = xml_attr_of(n, "name");

		if (str_ieq(name, STR("X-Trace")) &&
		    trace_parse(str_trim(n->text), &trace) &&
		    !trace_is_none(trace))
			m->trace = trace;
		if (str_ieq(name, STR("Hop-Count")) &&
		    str_u32(str_trim(n->text), &hops) &&
		    hops <= HOPS_WRITTEN_MAX && hops <= m->hops_left)
			m->hops_left = hops;
	}
}

/* When it was sent, by the first stamp that can be read and is not ahead of
   us. [XEP-0203] */
static void set_sent(struct msg *m, const struct stanza_ctx *ctx,
		     const struct xml_node *stanza)
{
	const struct xml_node *n = xml_child(stanza, NS_DELAY, "delay");
	int64_t utc_us;

	m->sent_utc_us = ctx->now_utc_us;
	if (n && datetime_parse_3339(xml_attr_of(n, "stamp"), &utc_us) == 0 &&
	    utc_us > 0 && utc_us < ctx->now_utc_us) {
		m->sent_utc_us = utc_us;
		m->is_stamped = true;
	}
}

static int set_ends(struct msg *m, const struct stanza_ctx *ctx,
		    const struct stanza_ends *ends)
{
	int err;

	m->to = arena_zalloc(m->arena, sizeof(*m->to));
	if (!m->to)
		return ERR_LIMIT;
	m->to_n = 1;
	err = addr_from_jid(m->arena, &ends->from, ctx->rule, &m->from);
	if (err == 0)
		err = addr_from_jid(m->arena, &ends->to, ctx->rule, &m->to[0]);
	return err;
}

/* What all that a stanza says has in common. NULL with *err_out set. */
static struct msg *begin(const struct stanza_ctx *ctx,
			 const struct xml_node *stanza,
			 const struct stanza_ends *ends, enum msg_kind kind,
			 int *err_out)
{
	const struct xml_node *thread = words_child(stanza, "thread");
	struct msg *m = msg_new(MSG_ARENA_BYTES);
	int err;

	m->kind = kind;
	m->trace = ctx->in->trace_new(ctx->in->core);
	set_shim(m, stanza);
	set_sent(m, ctx, stanza);
	/* A headline is for who is there now. [RFC 6121 5.2.2] */
	m->no_store = xml_child(stanza, NS_HINTS, "no-store") != NULL ||
		      str_eq(xml_attr_of(stanza, "type"), STR("headline"));
	err = set_id(m, stanza);
	if (err == 0)
		err = set_ends(m, ctx, ends);
	/* Any text may be a thread, but not any a Call-ID. */
	if (err == 0 && thread && stanza_id_ok(thread->text))
		err = arena_str(m->arena, thread->text, &m->thread);
	if (err < 0) {
		msg_put(m);
		m = NULL;
	}
	*err_out = err;
	return m;
}

/* ---- content ------------------------------------------------------------- */

static void set_wants(struct msg *m, const struct xml_node *stanza)
{
	if (xml_child(stanza, NS_RECEIPTS, "request"))
		m->wants |= WANT_DELIVERED | WANT_FAILED;
	if (xml_child(stanza, NS_MARKERS, "markable"))
		m->wants |= WANT_DISPLAYED;
}

/* Ids that a client counts up come again when it starts anew; long ones and
   origin ids are drawn for good [XEP-0359 3]. */
static bool is_short(const struct msg *m, const struct xml_node *stanza)
{
	return m->has_own_id && m->id.n < STANZA_SHORT_ID &&
	       !xml_child(stanza, NS_SID, "origin-id");
}

static void set_remark(struct msg *m, const struct remark *r)
{
	if (r->kind == REMARK_NONE)
		return;
	m->extra = arena_zalloc(m->arena, sizeof(*m->extra));
	if (!m->extra)
		return;
	m->extra[0] = remark_header(r->kind, arena_dup(m->arena, r->about));
	m->extra_n = 1;
}

static int fill_content(struct msg *m, const struct xml_node *stanza,
			const struct words *w, struct message_in *out)
{
	const struct xml_node *nick;
	size_t changed = 0;
	struct str text;
	int err;

	if (w->text.n > BODY_INLINE_MAX)
		return ERR_LIMIT;
	err = utf8_clean_text(m->arena, w->text, &text, &changed);
	if (err == 0)
		err = arena_str(m->arena, text, &text);
	if (err < 0)
		return err;
	out->was_cleaned = changed > 0;
	m->body = body_inline(text);
	m->content_type = STR("text/plain");
	m->lang = arena_dup(m->arena, w->lang);
	m->is_short_id = is_short(m, stanza);
	set_remark(m, &w->remark);
	m->subject = stanza_line(m->arena, w->subject, SUBJECT_BYTES_MAX);
	nick = xml_child(stanza, NS_NICK, "nick");
	if (nick)
		m->from.display = stanza_line(m->arena, nick->text,
					      STANZA_TEXT_MAX);
	set_wants(m, stanza);
	return arena_err(m->arena);
}

static void refuse(struct message_in *out, enum cause cause, const char *text)
{
	out->refuse = cause;
	out->refuse_text = str_of(text);
}

static void refuse_err(struct message_in *out, int err)
{
	if (err == ERR_LIMIT)
		refuse(out, CAUSE_TOO_LARGE, "Message too large");
	else if (err == ERR_SYNTAX)
		refuse(out, CAUSE_BAD_REQUEST, "Bad id or address");
	else
		refuse(out, CAUSE_JID_MALFORMED, NULL);
}

static void add(struct message_in *out, struct msg *m)
{
	if (out->msgs_n < MESSAGE_IN_MAX)
		out->msgs[out->msgs_n++] = m;
	else
		msg_put(m);
}

static void read_content(const struct stanza_ctx *ctx,
			 const struct xml_node *stanza, const struct words *w,
			 struct message_in *out)
{
	struct msg *m;
	int err;

	m = begin(ctx, stanza, &out->ends, MSG_CONTENT, &err);
	if (m) {
		err = fill_content(m, stanza, w, out);
		if (err == 0)
			add(out, m);
		else
			msg_put(m);
	}
	if (err < 0)
		refuse_err(out, err);
}

/* ---- the rest ------------------------------------------------------------ */

static void read_report(const struct stanza_ctx *ctx,
			const struct xml_node *stanza, const struct xml_node *n,
			bool is_displayed, struct message_in *out)
{
	struct str id = n ? xml_attr_of(n, "id") : STR("");
	struct msg *m;
	int err;

	/* The receipt names the message it is about; the id of its own stanza
	   says nothing [XEP-0184 5.3]. */
	if (!stanza_id_ok(id))
		return;
	m = begin(ctx, stanza, &out->ends, MSG_REPORT, &err);
	if (!m)
		return;
	m->report.kind = is_displayed ? IMDN_DISPLAY : IMDN_DELIVERY;
	m->report.status = is_displayed ? IMDN_DISPLAYED : IMDN_DELIVERED;
	m->report.msg_id = arena_dup(m->arena, id);
	m->report.utc_us = m->sent_utc_us;
	add(out, m);
}

static const struct xml_node *state_of(const struct xml_node *stanza)
{
	static const char *const names[] = { "active", "composing", "paused",
					     "inactive", "gone" };
	const struct xml_node *n;
	size_t i;

	for (n = stanza->child; n; n = n->next)
		for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (xml_is(n, NS_STATES, names[i]))
				return n;
	return NULL;
}

/* RFC 7573 table 4. */
static void read_state(const struct stanza_ctx *ctx,
		       const struct xml_node *stanza,
		       const struct xml_node *state, struct message_in *out)
{
	int err;
	struct msg *m = begin(ctx, stanza, &out->ends, MSG_COMPOSING, &err);

	if (!m)
		return;
	m->composing.is_active = xml_is(state, NULL, "composing");
	m->composing.is_gone = xml_is(state, NULL, "gone");
	add(out, m);
}

static void find_words(struct arena *a, const struct stanza_ctx *ctx,
		       const struct xml_node *stanza, struct peers *peers,
		       struct message_in *in, struct words *w)
{
	const struct peer *peer;

	words_read(a, ctx, &in->ends, stanza, w);
	in->is_talk = w->has_body &&
		      str_eq(xml_attr_of(stanza, "type"), STR("chat"));
	in->is_dropped = w->remark.is_dropped;
	if (w->remark.kind != REMARK_CORRECTION)
		return;
	peer = peers ? peers_find(peers, stanza_jid(a, &in->ends.to, true),
				  stanza_jid(a, &in->ends.from, true)) : NULL;
	if (peer)
		w->remark.about = peer_first(peer, w->remark.about);
	in->edit = xml_attr_of(stanza, "id");
	in->edit_of = arena_dup(a, w->remark.about);
}

/* Encrypted for somebody else, with no word for us. [XEP-0380] */
static bool is_sealed(const struct xml_node *stanza)
{
	return xml_child(stanza, NS_EME, "encryption") != NULL;
}

/* Is there a reason to refuse it, whatever its words? */
static void check(const struct xml_node *stanza, bool is_cut,
		  const struct words *w, struct message_in *out)
{
	if (str_eq(xml_attr_of(stanza, "type"), STR("groupchat")))
		refuse(out, CAUSE_NOT_OFFERED, "No rooms here");
	else if (is_cut)
		refuse(out, CAUSE_POLICY_VIOLATION, "Stanza too complex");
	else if (w->text.n > 0 && out->ends.to.local.n == 0)
		refuse(out, CAUSE_NOT_OFFERED, "Nobody reads this address");
	else if (w->text.n == 0 && is_sealed(stanza))
		refuse(out, CAUSE_MEDIA_UNSUPPORTED,
		       "Encrypted messages cannot be delivered there");
}

void message_read(struct arena *a, const struct stanza_ctx *ctx,
		  struct peers *peers, const struct xml_node *stanza,
		  bool is_cut, struct message_in *out)
{
	const struct xml_node *state = state_of(stanza);
	struct words w;

	*out = (struct message_in){ .has_state = state != NULL };
	switch (stanza_ends_of(a, ctx, stanza, &out->ends)) {
	case STANZA_IGNORE:
		out->is_ignored = true;
		return;
	case STANZA_MALFORMED:
		out->is_to_malformed = true;
		refuse(out, CAUSE_JID_MALFORMED, NULL);
		return;
	case STANZA_FITS:
		break;
	}
	find_words(a, ctx, stanza, peers, out, &w);
	check(stanza, is_cut, &w, out);
	if (out->refuse == CAUSE_NONE && w.text.n > 0)
		read_content(ctx, stanza, &w, out);
	if (out->refuse != CAUSE_NONE || out->ends.to.local.n == 0)
		return;
	if (out->msgs_n == 0 && state)
		read_state(ctx, stanza, state, out);
	read_report(ctx, stanza, xml_child(stanza, NS_RECEIPTS, "received"),
		    false, out);
	read_report(ctx, stanza, xml_child(stanza, NS_MARKERS, "displayed"),
		    true, out);
}

/* ---- failures ------------------------------------------------------------ */

struct msg *message_failed_report(const struct stanza_ctx *ctx,
				  const struct xml_node *stanza,
				  const struct message_failed *f)
{
	char hex[TRACE_HEX_N + 1];
	struct msg *m;
	int err;

	if (str_starts(f->id, STR(ID_REPORT)) ||
	    str_starts(f->id, STR(ID_STATE)) || f->ends.to.local.n == 0)
		return NULL;
	m = begin(ctx, stanza, &f->ends, MSG_REPORT, &err);
	if (!m)
		return NULL;
	/* Its id is that of the message it is about; it has none of its own. */
	m->has_own_id = false;
	m->id = arena_dup(m->arena, trace_hex(m->trace, hex));
	m->report.kind = IMDN_DELIVERY;
	m->report.status = IMDN_FAILED;
	m->report.msg_id = arena_dup(m->arena, f->id);
	m->report.utc_us = ctx->now_utc_us;
	m->report.cause = f->error.cause;
	m->report.text = arena_dup(m->arena, f->error.text);
	return m;
}
