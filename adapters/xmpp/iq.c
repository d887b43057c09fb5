/* adapters/xmpp/iq.c: iq stanzas, for the component's own address and for every
 * user behind it. [RFC 6120 8.2.3, XEP-0030, 0050, 0054, 0077, 0092, 0100,
 * 0199, 0202, 0292]
 * Each get and set has exactly one answer; results and errors have none. What
 * concerns people is core's to answer; the rest is said here, and for users
 * alike whether they exist or not: who exists is not told.
 */
#include "adapters/xmpp/iq.h"

#include "adapters/xmpp/disco.h"
#include "adapters/xmpp/register.h"
#include "adapters/xmpp/vcard.h"
#include "core/codec/datetime.h"

#ifndef CAUSEWAY_VERSION
#define CAUSEWAY_VERSION "unknown"
#endif

/* One question in hand. */
struct question {
	struct buf *b;		/* takes the payload of the result */
	struct arena *a;
	const struct stanza_ctx *ctx;
	struct stanza_ends ends;
	const struct xml_node *payload;
	struct iq_ask *ask;
};

/* NONE: the payload was written, or *ask was set. */
typedef enum cause service_h(struct question *q);

static enum cause info(struct question *q)
{
	return disco_put_info(q->b, q->ctx, &q->ends,
			      xml_attr_of(q->payload, "node"));
}

static enum cause items(struct question *q)
{
	return disco_put_items(q->b, q->ctx, &q->ends,
			       xml_attr_of(q->payload, "node"));
}

static enum cause pong(struct question *q)
{
	(void)q;
	return CAUSE_NONE;
}

static enum cause version(struct question *q)
{
	buf_put_str(q->b, STR("<query xmlns='" NS_VERSION "'>"));
	stanza_put_text(q->b, "name", NULL, STR("Causeway"));
	stanza_put_text(q->b, "version", NULL, str_of(CAUSEWAY_VERSION));
	buf_put_str(q->b, STR("</query>"));
	return CAUSE_NONE;
}

static enum cause time_now(struct question *q)
{
	char stamp[DATETIME_MAX];

	buf_put_str(q->b, STR("<time xmlns='" NS_TIME "'><tzo>+00:00</tzo>"));
	stanza_put_text(q->b, "utc", NULL,
			datetime_put_3339(q->ctx->now_utc_us, stamp));
	buf_put_str(q->b, STR("</time>"));
	return CAUSE_NONE;
}

static enum cause ask(struct question *q, enum ask_kind kind,
		      enum reply_kind reply)
{
	q->ask->is_asked = true;
	q->ask->ask.kind = kind;
	q->ask->reply = reply;
	return CAUSE_NONE;
}

static enum cause vcard(struct question *q)
{
	if (q->ends.to.local.n > 0)
		return ask(q, ASK_PROFILE, REPLY_VCARD);
	vcard_put_gateway(q->b, q->ctx->rule->host);
	return CAUSE_NONE;
}

static enum cause vcard4(struct question *q)
{
	return ask(q, ASK_PROFILE, REPLY_VCARD4);
}

/* Users have one node, with one item. */
static enum cause pubsub(struct question *q)
{
	const struct xml_node *asked = xml_child(q->payload, NS_PUBSUB,
						 "items");

	if (!asked)
		return CAUSE_NOT_IMPLEMENTED;
	if (!str_eq(xml_attr_of(asked, "node"), STR(VCARD4_NODE)))
		return CAUSE_NOT_FOUND;
	return ask(q, ASK_PROFILE, REPLY_VCARD4_ITEM);
}

/* A user's data are his own to change, by his own protocol. */
static enum cause not_yours(struct question *q)
{
	(void)q;
	return CAUSE_FORBIDDEN;
}

static enum cause form(struct question *q)
{
	if (!disco_has_registration(q->ctx, &q->ends.from))
		return CAUSE_NOT_OFFERED;
	return ask(q, ASK_CONTACT, REPLY_FORM);
}

static enum cause registration(struct question *q)
{
	bool is_cancel;
	enum cause c;

	if (!disco_has_registration(q->ctx, &q->ends.from))
		return CAUSE_NOT_OFFERED;
	c = register_read(q->payload, &q->ask->ask, &is_cancel);
	if (c != CAUSE_NONE || is_cancel)
		return c;
	return ask(q, q->ask->ask.kind, q->ask->ask.kind == ASK_LEAVE
						? REPLY_LEFT
						: REPLY_REGISTERED);
}

static enum cause prompt(struct question *q)
{
	gateway_put_prompt(q->b);
	return CAUSE_NONE;
}

static enum cause prompted(struct question *q)
{
	enum cause c = gateway_read(q->payload, &q->ask->ask);

	return c != CAUSE_NONE ? c : ask(q, ASK_ADDRESS, REPLY_JID);
}

enum whom { BOTH, HOST, USER };

static const struct {
	bool is_set;
	const char *ns, *name;
	enum whom whom;
	service_h *serve;
} services[] = {
	{ false, NS_DISCO_INFO, "query", BOTH, info },
	{ false, NS_DISCO_ITEMS, "query", BOTH, items },
	{ false, NS_PING, "ping", BOTH, pong },
	{ false, NS_VERSION, "query", BOTH, version },
	{ false, NS_TIME, "time", BOTH, time_now },
	{ false, NS_VCARD, "vCard", BOTH, vcard },
	{ true, NS_VCARD, "vCard", BOTH, not_yours },
	{ false, NS_VCARD4, "vcard", USER, vcard4 },
	{ true, NS_VCARD4, "vcard", USER, not_yours },
	{ false, NS_PUBSUB, "pubsub", USER, pubsub },
	{ true, NS_PUBSUB, "pubsub", USER, not_yours },
	{ false, NS_REGISTER, "query", HOST, form },
	{ true, NS_REGISTER, "query", HOST, registration },
	{ false, NS_GATEWAY, "query", HOST, prompt },
	{ true, NS_GATEWAY, "query", HOST, prompted },
};

static service_h *service_of(const struct xml_node *payload, bool is_set,
			     bool is_user)
{
	enum whom not_for = is_user ? HOST : USER;
	size_t i;

	for (i = 0; i < sizeof(services) / sizeof(services[0]); i++)
		if (services[i].is_set == is_set &&
		    services[i].whom != not_for &&
		    xml_is(payload, services[i].ns, services[i].name))
			return services[i].serve;
	return NULL;
}

/* NONE and *serve_out, or why the question is refused. */
static enum cause judge(const struct xml_node *iq, bool is_cut, bool is_user,
			service_h **serve_out)
{
	struct str type = xml_attr_of(iq, "type");
	bool is_set = str_eq(type, STR("set"));

	if (is_cut)
		return CAUSE_POLICY_VIOLATION;
	if (!is_set && !str_eq(type, STR("get")))
		return CAUSE_BAD_REQUEST;
	/* Exactly one child [RFC 6120 8.2.3 rule 6]. */
	if (!iq->child || iq->child->next)
		return CAUSE_BAD_REQUEST;
	*serve_out = service_of(iq->child, is_set, is_user);
	return *serve_out ? CAUSE_NONE : CAUSE_NOT_OFFERED;
}

static bool is_command(const struct xml_node *iq, bool is_cut,
		       const struct stanza_ends *ends)
{
	return !is_cut && str_eq(xml_attr_of(iq, "type"), STR("set")) &&
	       ends->to.local.n == 0 && iq->child && !iq->child->next &&
	       xml_is(iq->child, NS_COMMANDS, "command");
}

static void refuse(struct buf *b, const struct stanza_ctx *ctx,
		   const struct xml_node *iq, struct str own, enum cause cause)
{
	const struct stanza_error e = { .cause = cause,
					.by = ctx->rule->host };

	stanza_put_refusal(b, iq, own, &e);
}

/* The payload is made first: it may turn out to be a refusal. */
static void serve(struct question *q, struct buf *b, const struct xml_node *iq,
		  service_h *h)
{
	struct str own = xml_attr_of(iq, "to");
	struct buf payload;
	enum cause c;

	buf_init(&payload, STANZA_PAYLOAD_MAX);
	q->b = &payload;
	c = h(q);
	if (c == CAUSE_NONE && payload.err < 0)
		c = CAUSE_RESOURCE_CONSTRAINT;
	if (c != CAUSE_NONE) {
		q->ask->is_asked = false;
		refuse(b, q->ctx, iq, own, c);
	} else if (!q->ask->is_asked) {
		stanza_put_head(b, "iq", "result", own,
				xml_attr_of(iq, "from"), xml_attr_of(iq, "id"));
		buf_put_char(b, '>');
		buf_put_str(b, buf_str(&payload));
		buf_put_str(b, STR("</iq>"));
	}
	buf_free(&payload);
}

void iq_take(struct buf *b, struct arena *a, const struct stanza_ctx *ctx,
	     struct commands *commands, const struct xml_node *iq, bool is_cut,
	     struct iq_ask *out)
{
	struct question q = { .a = a, .ctx = ctx, .payload = iq->child,
			      .ask = out };
	struct str type = xml_attr_of(iq, "type");
	service_h *h = NULL;
	enum cause c;

	*out = (struct iq_ask){ .is_asked = false };
	if (str_eq(type, STR("result")) || str_eq(type, STR("error")))
		return;
	switch (stanza_ends_of(a, ctx, iq, &q.ends)) {
	case STANZA_IGNORE:
		return;
	case STANZA_MALFORMED:
		refuse(b, ctx, iq, ctx->rule->host, CAUSE_JID_MALFORMED);
		return;
	case STANZA_FITS:
		break;
	}
	if (is_command(iq, is_cut, &q.ends)) {
		commands_take(commands, b, a, ctx, &q.ends, iq, out);
		return;
	}
	c = judge(iq, is_cut, q.ends.to.local.n > 0, &h);
	if (c != CAUSE_NONE)
		refuse(b, ctx, iq, xml_attr_of(iq, "to"), c);
	else
		serve(&q, b, iq, h);
}
