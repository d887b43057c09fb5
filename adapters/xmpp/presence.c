/* adapters/xmpp/presence.c: see presence.h. The gateway's own presence is for
 * those who registered; core knows them. The presence of users is not exchanged
 * between the domains: a wish to see it is declined with a word why.
 */
#include "adapters/xmpp/presence.h"

static const struct {
	const char *type;
	enum ask_kind kind;
	enum reply_kind reply;
} types[] = {
	{ "subscribe", ASK_SEE, REPLY_SUBSCRIBE },
	{ "unsubscribe", ASK_UNSEE, REPLY_UNSUBSCRIBE },
	{ "subscribed", ASK_SHOWN, REPLY_NOTHING },
	{ "unsubscribed", ASK_HIDDEN, REPLY_NOTHING },
	{ "probe", ASK_PRESENCE, REPLY_PROBE },
};

void presence_put(struct buf *b, const char *type, struct str from,
		  struct str to, struct str nick, const char *status)
{
	stanza_put_head(b, "presence", type, from, to, STR(""));
	buf_put_char(b, '>');
	if (status)
		stanza_put_text(b, "status", NULL, str_of(status));
	if (nick.n > 0)
		stanza_put_text(b, "nick", NS_NICK, nick);
	buf_put_str(b, STR("</presence>"));
}

void presence_take(const struct stanza_ends *ends,
		   const struct xml_node *presence, struct iq_ask *ask)
{
	struct str type = xml_attr_of(presence, "type");
	size_t i;

	*ask = (struct iq_ask){ .is_asked = false };
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (str_eq(type, str_of(types[i].type)))
			break;
	/* That he is there or not is of no use to us, and an error is the end
	   of it. */
	if (i == sizeof(types) / sizeof(types[0]))
		return;
	/* Users see nobody and are seen by nobody: nothing changes. */
	if (ends->to.local.n > 0 && types[i].reply == REPLY_NOTHING)
		return;
	ask->is_asked = true;
	ask->ask.kind = types[i].kind;
	ask->reply = types[i].reply;
}

static void put_error(struct buf *b, const struct stanza_ctx *ctx,
		      const struct asked *asked, enum cause cause)
{
	const struct stanza_error e = { .cause = cause,
					.by = ctx->rule->host };

	stanza_put_error(b, "presence", asked->own, asked->peer, asked->id,
			 &e);
}

/* Declined: he is not told more than that. */
static void put_declined(struct buf *b, const struct asked *asked)
{
	if (asked->reply == REPLY_SUBSCRIBE)
		presence_put(b, "unsubscribed", asked->own, asked->peer,
			     STR(""),
			     "Presence is not exchanged with this domain; "
			     "messages are.");
	else if (asked->reply == REPLY_UNSUBSCRIBE)
		presence_put(b, "unsubscribed", asked->own, asked->peer,
			     STR(""), NULL);
	else
		presence_put(b, "unavailable", asked->own, asked->peer,
			     STR(""), NULL);
}

void presence_put_reply(struct buf *b, const struct stanza_ctx *ctx,
			const struct asked *asked, enum cause cause,
			unsigned contact)
{
	if (cause == CAUSE_NOT_OFFERED) {
		put_declined(b, asked);
	} else if (cause == CAUSE_FAR_REGISTRATION &&
		   asked->reply != REPLY_SUBSCRIBE) {
		/* Whatever he had, he has it no more. */
		presence_put(b, "unsubscribed", asked->own, asked->peer,
			     STR(""), NULL);
	} else if (cause != CAUSE_NONE) {
		/* A probe gets no error: that would be one for each login. */
		if (asked->reply == REPLY_SUBSCRIBE)
			put_error(b, ctx, asked,
				  cause == CAUSE_POLICY_VIOLATION
					  ? CAUSE_FORBIDDEN
					  : cause);
	} else if (asked->reply == REPLY_UNSUBSCRIBE) {
		presence_put(b, "unsubscribed", asked->own, asked->peer,
			     STR(""), NULL);
		presence_put(b, "unavailable", asked->own, asked->peer,
			     STR(""), NULL);
	} else if (!(contact & CONTACT_SEES_US)) {
		presence_put(b, "unsubscribed", asked->own, asked->peer,
			     STR(""), NULL);
	} else {
		if (asked->reply == REPLY_SUBSCRIBE)
			presence_put(b, "subscribed", asked->own, asked->peer,
				     STR(""), NULL);
		presence_put(b, NULL, asked->own, asked->peer, STR(""), NULL);
	}
}
