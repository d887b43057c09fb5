/* adapters/xmpp/asked.c: see asked.h. Who registers is asked for his presence;
 * who withdraws loses sight of ours. [XEP-0100 4.1, 4.3]
 */
#include "adapters/xmpp/asked.h"

#include <string.h>

#include "adapters/xmpp/commands.h"
#include "adapters/xmpp/presence.h"
#include "adapters/xmpp/register.h"
#include "adapters/xmpp/vcard.h"
#include "core/base/mem.h"

static struct str put_behind(char **at, struct str s)
{
	struct str copy = { *at, s.n };

	if (s.n > 0)
		memcpy(*at, s.p, s.n);
	*at += s.n;
	return copy;
}

struct asked *asked_new(uint64_t leg, const struct iq_ask *q, struct str id,
			struct str own, struct str peer)
{
	struct asked *asked = mem_zalloc(sizeof(*asked) + id.n + own.n +
					 peer.n + q->session.n);
	char *at = (char *)(asked + 1);

	asked->leg = leg;
	asked->reply = q->reply;
	asked->kind = q->ask.kind;
	asked->node = q->node;
	asked->id = put_behind(&at, id);
	asked->own = put_behind(&at, own);
	asked->peer = put_behind(&at, peer);
	asked->session = put_behind(&at, q->session);
	return asked;
}

static void open_result(struct buf *b, const struct asked *asked)
{
	stanza_put_head(b, "iq", "result", asked->own, asked->peer, asked->id);
	buf_put_char(b, '>');
}

static void put_iq_error(struct buf *b, const struct stanza_ctx *ctx,
			 const struct asked *asked, enum cause cause,
			 struct str text)
{
	const struct stanza_error e = { .cause = cause,
					.text = text,
					.by = ctx->rule->host };

	stanza_put_error(b, "iq", asked->own, asked->peer, asked->id, &e);
}

/* ---- what registering and withdrawing mean for presence ------------------- */

static struct str bare_of(struct str jid)
{
	return str_sub(jid, 0, str_find(jid, '/'));
}

static void put_after(struct buf *b, const struct stanza_ctx *ctx,
		      const struct asked *asked, const struct answer *an)
{
	struct str host = ctx->rule->host, peer = bare_of(asked->peer);

	if (asked->kind == ASK_REGISTER && !(an->contact & CONTACT_IS_SEEN)) {
		presence_put(b, "subscribe", host, peer, STR("Causeway"),
			     NULL);
	} else if (asked->kind == ASK_LEAVE) {
		presence_put(b, "unsubscribe", host, peer, STR(""), NULL);
		presence_put(b, "unsubscribed", host, peer, STR(""), NULL);
		presence_put(b, "unavailable", host, peer, STR(""), NULL);
	}
}

static void put_command(struct buf *b, struct arena *a,
			const struct stanza_ctx *ctx,
			const struct asked *asked, const struct answer *an)
{
	enum cause cause = CAUSE_NONE;
	const char *note = NULL;
	struct str jid = STR("");

	if (asked->kind == ASK_REGISTER)
		note = "You are registered.";
	else if (asked->kind == ASK_LEAVE)
		note = "Your registration was withdrawn.";
	else
		cause = gateway_jid(a, ctx, &an->identity, &jid);
	if (cause != CAUSE_NONE) {
		put_iq_error(b, ctx, asked, cause, STR(""));
		return;
	}
	open_result(b, asked);
	commands_put_done(b, asked->node, asked->session, note, jid);
	buf_put_str(b, STR("</iq>"));
}

static void put_jid(struct buf *b, struct arena *a,
		    const struct stanza_ctx *ctx, const struct asked *asked,
		    const struct answer *an)
{
	enum cause cause;
	struct str jid;

	cause = gateway_jid(a, ctx, &an->identity, &jid);
	if (cause != CAUSE_NONE) {
		put_iq_error(b, ctx, asked, cause, STR(""));
		return;
	}
	open_result(b, asked);
	buf_put_str(b, STR("<query xmlns='" NS_GATEWAY "'>"));
	stanza_put_text(b, "jid", NULL, jid);
	buf_put_str(b, STR("</query></iq>"));
}

static void put_result(struct buf *b, const struct asked *asked,
		       const struct answer *an)
{
	open_result(b, asked);
	switch (asked->reply) {
	case REPLY_VCARD:
		vcard_put(b, an->profile, bare_of(asked->own));
		break;
	case REPLY_VCARD4:
		vcard4_put(b, an->profile, bare_of(asked->own));
		break;
	case REPLY_VCARD4_ITEM:
		vcard4_put_item(b, an->profile, bare_of(asked->own));
		break;
	case REPLY_FORM:
		register_put_form(b, an->profile,
				  an->contact & CONTACT_REGISTERED);
		break;
	case REPLY_REGISTERED:
	case REPLY_LEFT:
	case REPLY_NOTHING:
	case REPLY_JID:
	case REPLY_COMMAND:
	case REPLY_SUBSCRIBE:
	case REPLY_UNSUBSCRIBE:
	case REPLY_PROBE:
		break;
	}
	buf_put_str(b, STR("</iq>"));
}

void asked_put_reply(struct buf *b, struct arena *a,
		     const struct stanza_ctx *ctx, const struct asked *asked,
		     const struct action *answer)
{
	const struct answer *an = answer->u.answer;
	enum cause cause = answer->cause;

	if (asked->reply == REPLY_NOTHING)
		return;
	if (asked->reply >= REPLY_SUBSCRIBE) {
		presence_put_reply(b, ctx, asked, cause, an->contact);
		return;
	}
	if (cause != CAUSE_NONE) {
		put_iq_error(b, ctx, asked, cause, an->text);
		return;
	}
	if (asked->reply == REPLY_COMMAND)
		put_command(b, a, ctx, asked, an);
	else if (asked->reply == REPLY_JID)
		put_jid(b, a, ctx, asked, an);
	else
		put_result(b, asked, an);
	put_after(b, ctx, asked, an);
}
