/* adapters/xmpp/message_out.c: messages of the model as message stanzas.
 * [RFC 7572 table 2, RFC 7573 table 3, RFC 7247 table 3; XEP-0184, 0333, 0085,
 * 0203, 0172, 0334, 0359, 0131]
 *
 *   content     <message from to id xml:lang> thread, subject, body, ...
 *   delivered   <message><received id='..'/></message>, and nothing else in it
 *   displayed   <message><displayed id='..'/></message>
 *   failed      <message type='error' id='(the message it is about)'>
 *   composing   a chat state, only to who sends such himself
 *
 * One bad byte or a foreign sender's domain ends the stream for all users, so
 * every value passes an encoder and both ends are checked here, last of all.
 */
#include "adapters/xmpp/message_out.h"

#include "core/base/hash.h"
#include "core/base/utf8.h"
#include "core/codec/datetime.h"

enum {
	LATE_US = 10 * 1000000,	/* younger ones need no delay stamp */
};

struct ends {
	struct str from, to, own, peer;		/* full, full, bare, bare */
};

/* What servers refuse in a resource, some by ending the stream, or silently
   take out. The joiners and variants of emoji pass. [RFC 3920 B, RFC 8264 9] */
static bool is_barred(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0, 0x1f }, { 0x7f, 0x9f }, { 0xad, 0xad },
		{ 0x340, 0x341 }, { 0x34f, 0x34f }, { 0x6dd, 0x6dd },
		{ 0x70f, 0x70f }, { 0x1806, 0x1806 }, { 0x180b, 0x180e },
		{ 0x200b, 0x200b }, { 0x200e, 0x200f }, { 0x2028, 0x202e },
		{ 0x2060, 0x206f }, { 0x2ff0, 0x2ffb }, { 0xe000, 0xf8ff },
		{ 0xfeff, 0xfeff }, { 0xfff9, 0xffff }, { 0x1d173, 0x1d17a },
		{ 0xe0000, UINT32_MAX },
	};
	size_t i;

	for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (code <= ranges[i].last)
			return code >= ranges[i].first;
	return false;
}

static bool is_resource_ok(struct str s)
{
	uint32_t code;
	size_t n;

	for (; s.n > 0; s = str_from(s, n)) {
		n = utf8_next(s, &code);
		if (n == 0 || (n > 1 && is_barred(code)) || code < 0x20 ||
		    code == 0x7f)
			return false;
	}
	return true;
}

/* The guards of both ends: ours must be within our hostname, or the server
   closes the stream (invalid-from); his must not, or it comes back to us. */
static enum cause write_ends(struct arena *a, const struct stanza_ctx *ctx,
			     const struct target *t, struct ends *out)
{
	struct jid from, to;
	int err = addr_to_jid(a, &t->from, ctx->rule, true, &from);

	if (err == ERR_DECLINED || (err == 0 && from.domain.n == 0))
		return CAUSE_NO_RELAY;
	if (err < 0)
		return CAUSE_JID_MALFORMED;
	if (!str_ieq(from.domain, ctx->rule->host))
		return CAUSE_NO_RELAY;
	err = addr_to_jid(a, &t->to, ctx->rule, false, &to);
	if (err == ERR_DECLINED)
		return stanza_is_served(ctx, t->to.domain) ? CAUSE_LOOP
							   : CAUSE_NOT_FOUND;
	if (err < 0 || to.domain.n == 0)
		return CAUSE_JID_MALFORMED;
	if (stanza_is_served(ctx, to.domain))
		return CAUSE_LOOP;
	if (!is_resource_ok(to.resource))
		return CAUSE_JID_MALFORMED;
	/* An instance that cannot be said is left unsaid. */
	if (!is_resource_ok(from.resource))
		from.resource = STR("");
	out->from = stanza_jid(a, &from, false);
	out->to = stanza_jid(a, &to, false);
	/* Prepared for comparison: a server answers in its own spelling. */
	if (jid_prepare(a, out->from, &from) < 0 ||
	    jid_prepare(a, out->to, &to) < 0)
		return CAUSE_JID_MALFORMED;
	out->own = stanza_jid(a, &from, true);
	out->peer = stanza_jid(a, &to, true);
	return arena_err(a) < 0 ? CAUSE_JID_MALFORMED : CAUSE_NONE;
}

static void put_id_child(struct buf *b, const char *name, const char *ns,
			 struct str id)
{
	buf_put_char(b, '<');
	buf_put_str(b, str_of(name));
	stanza_put_attr(b, "xmlns", str_of(ns));
	stanza_put_attr(b, "id", id);
	buf_put_str(b, STR("/>"));
}

static void put_empty(struct buf *b, const char *name, const char *ns)
{
	put_id_child(b, name, ns, STR(""));
}

/* ---- content ------------------------------------------------------------- */

/* The text to show, as XMPP carries it: line ends are LF. */
static enum cause body_text(struct arena *a, const struct msg *m,
			    struct str *out, bool *was_cleaned_out)
{
	struct mime_type type;
	size_t changed = 0, i, n = 0;
	struct str text;
	int err = 0;
	char *p;

	if (m->body.kind != BODY_INLINE)
		return CAUSE_TOO_LARGE;
	if (mime_type_parse(m->content_type, &type) < 0)
		return CAUSE_MEDIA_UNSUPPORTED;
	text = m->body.bytes;
	if (mime_type_is(&type, "text", "html"))
		err = mime_html_to_text(a, m->body.bytes, &text);
	else if (!mime_type_is(&type, "text", "plain"))
		return CAUSE_MEDIA_UNSUPPORTED;
	if (err == 0)
		err = utf8_clean_text(a, text, &text, &changed);
	p = err == 0 ? arena_alloc(a, text.n + 1) : NULL;
	if (!p)
		return CAUSE_TOO_LARGE;
	for (i = 0; i < text.n; i++) {
		if (text.p[i] != '\r')
			p[n++] = text.p[i];
		else if (i + 1 == text.n || text.p[i + 1] != '\n')
			p[n++] = '\n';
	}
	*out = (struct str){ p, n };
	*was_cleaned_out = changed > 0;
	return CAUSE_NONE;
}

/* A name is shown to a peer once, not with each message [XEP-0172 4]. */
static void put_nick(struct buf *b, const struct target *t, struct peer *peer)
{
	struct str nick = t->from.display;
	uint64_t hash = hash_key(0, nick.p, nick.n) | 1;

	if (nick.n == 0 || peer->nick == hash)
		return;
	peer->nick = hash;
	stanza_put_text(b, "nick", NS_NICK, nick);
}

static void put_shim(struct buf *b, const struct msg *m)
{
	char hex[TRACE_HEX_N + 1];

	buf_put_str(b, STR("<headers xmlns='" NS_SHIM "'>"
			   "<header name='X-Trace'>"));
	xml_put_text(b, trace_hex(m->trace, hex));
	buf_put_str(b, STR("</header><header name='Hop-Count'>"));
	buf_put_u64(b, m->hops_left ? m->hops_left - 1 : 0);
	buf_put_str(b, STR("</header></headers>"));
}

static void put_delay(struct buf *b, const struct stanza_ctx *ctx,
		      const struct msg *m)
{
	char stamp[DATETIME_MAX];

	if (m->sent_utc_us == 0 || ctx->now_utc_us - m->sent_utc_us < LATE_US)
		return;
	buf_put_str(b, STR("<delay xmlns='" NS_DELAY "'"));
	stanza_put_attr(b, "from", ctx->rule->host);
	stanza_put_attr(b, "stamp", datetime_put_3339(m->sent_utc_us, stamp));
	buf_put_str(b, STR("/>"));
}

static enum cause put_content(struct buf *b, struct arena *a,
			      const struct stanza_ctx *ctx, const struct msg *m,
			      const struct target *t, const struct ends *ends,
			      struct peer *peer, struct message_out *out)
{
	struct str text;
	enum cause cause = body_text(a, m, &text, &out->was_cleaned);

	if (cause != CAUSE_NONE)
		return cause;
	out->id = m->id;
	stanza_put_head(b, "message", ctx->conf->is_chat ? "chat" : NULL,
			ends->from, ends->to, out->id);
	stanza_put_attr(b, "xml:lang", m->lang);
	buf_put_char(b, '>');
	if (m->thread.n > 0)
		stanza_put_text(b, "thread", NULL, m->thread);
	if (m->subject.n > 0)
		stanza_put_text(b, "subject", NULL, m->subject);
	stanza_put_text(b, "body", NULL, text);
	if (ctx->conf->is_chat && peer->talks_states)
		put_empty(b, "active", NS_STATES);
	if (m->wants & WANT_DELIVERED)
		put_empty(b, "request", NS_RECEIPTS);
	if (m->wants & WANT_DISPLAYED)
		put_empty(b, "markable", NS_MARKERS);
	put_nick(b, t, peer);
	put_delay(b, ctx, m);
	put_id_child(b, "origin-id", NS_SID, out->id);
	put_shim(b, m);
	buf_put_str(b, STR("</message>"));
	/* A body says "not composing any more" by itself. */
	peer->told = PEER_ACTIVE;
	return CAUSE_NONE;
}

/* ---- reports ------------------------------------------------------------- */

static void put_report(struct buf *b, const struct ends *ends, struct str id,
		       const char *name, const char *ns, struct str about)
{
	stanza_put_head(b, "message", "chat", ends->from, ends->to, id);
	buf_put_char(b, '>');
	put_id_child(b, name, ns, about);
	/* Who is away now still wants to know later [XEP-0334 5.3]. */
	put_empty(b, "store", NS_HINTS);
	buf_put_str(b, STR("</message>"));
}

static void put_receipt(struct buf *b, const struct ends *ends, struct str id,
			struct str about)
{
	/* Only child of its stanza [XEP-0184 5.4, X-56]. */
	stanza_put_head(b, "message", "chat", ends->from, ends->to, id);
	buf_put_char(b, '>');
	put_id_child(b, "received", NS_RECEIPTS, about);
	buf_put_str(b, STR("</message>"));
}

/* Where who moved is now: as an XMPP URI when XMPP can reach it, else as it was
   said. [RFC 6120 8.3.3.5, RFC 5122] */
static struct str new_address(struct arena *a, const struct stanza_ctx *ctx,
			      struct str said)
{
	struct addr addr;
	struct jid jid;
	struct buf b;

	if (said.n == 0 || addr_from_uri_text(a, said, &addr) < 0 ||
	    addr.kind != ADDR_USER ||
	    addr_to_jid(a, &addr, ctx->rule, stanza_is_served(ctx, addr.domain),
			&jid) < 0)
		return said;
	jid.resource = STR("");
	buf_init(&b, 3 * JID_PART_MAX);
	buf_put_str(&b, STR("xmpp:"));
	jid_put(&b, &jid);
	said = b.err < 0 ? said : arena_dup(a, buf_str(&b));
	buf_free(&b);
	return said;
}

static void put_failure(struct buf *b, struct arena *a,
			const struct stanza_ctx *ctx, const struct msg *m,
			const struct ends *ends)
{
	const struct report *r = &m->report;
	struct stanza_error e = { .cause = r->cause,
				  .text = r->text,
				  .address = new_address(a, ctx, r->address),
				  .by = ctx->rule->host };

	if (e.cause == CAUSE_NONE && r->status == IMDN_FORBIDDEN)
		e.cause = CAUSE_FORBIDDEN;
	else if (e.cause == CAUSE_NONE && r->status == IMDN_ERROR)
		e.cause = CAUSE_SERVER_ERROR;
	else if (e.cause == CAUSE_NONE)
		e.cause = CAUSE_UNAVAILABLE;
	stanza_put_error(b, "message", ends->from, ends->to, r->msg_id, &e);
}

static void write_report(struct buf *b, struct arena *a,
			 const struct stanza_ctx *ctx, const struct msg *m,
			 const struct ends *ends, struct message_out *out)
{
	const struct report *r = &m->report;
	struct buf id;

	buf_init(&id, 2 * STANZA_ID_MAX);
	buf_put_str(&id, STR(ID_REPORT));
	buf_put_str(&id, m->id);
	out->id = arena_dup(a, buf_str(&id));
	buf_free(&id);
	if (r->kind == IMDN_DISPLAY && r->status == IMDN_DISPLAYED) {
		put_report(b, ends, out->id, "displayed", NS_MARKERS,
			   r->msg_id);
	} else if (r->kind == IMDN_DELIVERY && r->status == IMDN_DELIVERED) {
		put_receipt(b, ends, out->id, r->msg_id);
	} else if (r->kind == IMDN_DELIVERY) {
		out->id = r->msg_id;
		put_failure(b, a, ctx, m, ends);
	} else {
		/* Processed, stored, or a display that was refused: nobody
		   here has a word for it. */
		out->is_nothing = true;
	}
}

/* ---- composing ----------------------------------------------------------- */

/* RFC 7573 table 3; never to who sends none, never the same twice
   [XEP-0085 5.1, X-54]. */
static void write_state(struct buf *b, struct arena *a, const struct msg *m,
			const struct ends *ends, struct peer *peer,
			struct message_out *out)
{
	static const char *const names[] = { [PEER_NONE] = NULL,
					     [PEER_ACTIVE] = "active",
					     [PEER_COMPOSING] = "composing",
					     [PEER_GONE] = "gone" };
	enum peer_state state = m->composing.is_gone	 ? PEER_GONE
				: m->composing.is_active ? PEER_COMPOSING
							 : PEER_ACTIVE;
	char hex[TRACE_HEX_N + 1];

	out->is_nothing = !peer->talks_states || peer->told == state ||
			  (peer->told == PEER_NONE && state != PEER_COMPOSING);
	if (out->is_nothing)
		return;
	peer->told = state;
	out->id = arena_printf(a, ID_STATE "%s", trace_hex(m->trace, hex).p);
	stanza_put_head(b, "message", "chat", ends->from, ends->to, out->id);
	buf_put_char(b, '>');
	if (m->thread.n > 0)
		stanza_put_text(b, "thread", NULL, m->thread);
	put_empty(b, names[state], NS_STATES);
	put_empty(b, "no-store", NS_HINTS);
	buf_put_str(b, STR("</message>"));
}

enum cause message_write(struct buf *b, struct arena *a,
			 const struct stanza_ctx *ctx, struct peers *peers,
			 const struct msg *m, const struct target *t,
			 struct message_out *out)
{
	enum cause cause;
	struct peer *peer;
	struct ends ends;

	*out = (struct message_out){ .is_nothing = false };
	cause = write_ends(a, ctx, t, &ends);
	if (cause != CAUSE_NONE)
		return cause;
	out->peer = ends.peer;
	switch (m->kind) {
	case MSG_CONTENT:
		peer = peers_get(peers, ends.own, ends.peer);
		cause = put_content(b, a, ctx, m, t, &ends, peer, out);
		break;
	case MSG_REPORT:
		write_report(b, a, ctx, m, &ends, out);
		break;
	case MSG_COMPOSING:
		peer = peers_get(peers, ends.own, ends.peer);
		write_state(b, a, m, &ends, peer, out);
		break;
	}
	if (cause == CAUSE_NONE && (b->err < 0 || arena_err(a) < 0))
		cause = CAUSE_TOO_LARGE;
	return cause;
}
