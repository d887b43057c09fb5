/* adapters/xmpp/iq.c: answers to iq stanzas, for the component's own address
 * and for every user behind it. [RFC 6120 8.2.3, XEP-0030, 0092, 0199, 0202]
 * Each get and set has exactly one answer; results and errors have none. Users
 * are answered for alike whether they exist or not: who exists is not told.
 */
#include "adapters/xmpp/iq.h"

#include "core/codec/datetime.h"

#ifndef CAUSEWAY_VERSION
#define CAUSEWAY_VERSION "unknown"
#endif

typedef void put_h(struct buf *b, const struct stanza_ctx *ctx,
		   const struct stanza_ends *ends);

/* Only what really works is announced; each has its test. */
/* clang-format off */
static const char *const host_features[] = {
	NS_DISCO_INFO, NS_DISCO_ITEMS, NS_PING, NS_VERSION, NS_TIME,
	"jid\\20escaping", NULL };
static const char *const user_features[] = {
	NS_DISCO_INFO, NS_DISCO_ITEMS, NS_PING, NS_VERSION, NS_TIME,
	NS_STATES, NS_RECEIPTS, NS_MARKERS, NULL };
/* clang-format on */

static void put_identity(struct buf *b, const char *category, const char *type,
			 const char *name)
{
	buf_put_str(b, STR("<identity"));
	stanza_put_attr(b, "category", str_of(category));
	stanza_put_attr(b, "type", str_of(type));
	stanza_put_attr(b, "name", str_of(name));
	buf_put_str(b, STR("/>"));
}

static void put_info(struct buf *b, const struct stanza_ctx *ctx,
		     const struct stanza_ends *ends)
{
	bool is_user = ends->to.local.n > 0;
	const char *const *f = is_user ? user_features : host_features;

	(void)ctx;
	buf_put_str(b, STR("<query xmlns='" NS_DISCO_INFO "'>"));
	if (!is_user)
		put_identity(b, "gateway", "simple", "Causeway");
	else if (ends->to.resource.n > 0)
		put_identity(b, "client", "pc", NULL);
	else
		put_identity(b, "account", "registered", NULL);
	for (; *f; f++) {
		buf_put_str(b, STR("<feature"));
		stanza_put_attr(b, "var", str_of(*f));
		buf_put_str(b, STR("/>"));
	}
	buf_put_str(b, STR("</query>"));
}

static void put_items(struct buf *b, const struct stanza_ctx *ctx,
		      const struct stanza_ends *ends)
{
	(void)ctx;
	(void)ends;
	buf_put_str(b, STR("<query xmlns='" NS_DISCO_ITEMS "'/>"));
}

static void put_pong(struct buf *b, const struct stanza_ctx *ctx,
		     const struct stanza_ends *ends)
{
	(void)b;
	(void)ctx;
	(void)ends;
}

static void put_version(struct buf *b, const struct stanza_ctx *ctx,
			const struct stanza_ends *ends)
{
	(void)ctx;
	(void)ends;
	buf_put_str(b, STR("<query xmlns='" NS_VERSION "'>"));
	stanza_put_text(b, "name", NULL, STR("Causeway"));
	stanza_put_text(b, "version", NULL, str_of(CAUSEWAY_VERSION));
	buf_put_str(b, STR("</query>"));
}

static void put_time(struct buf *b, const struct stanza_ctx *ctx,
		     const struct stanza_ends *ends)
{
	char stamp[DATETIME_MAX];

	(void)ends;
	buf_put_str(b, STR("<time xmlns='" NS_TIME "'><tzo>+00:00</tzo>"));
	stanza_put_text(b, "utc", NULL,
			datetime_put_3339(ctx->now_utc_us, stamp));
	buf_put_str(b, STR("</time>"));
}

static const struct {
	const char *ns, *name;
	put_h *put;
} questions[] = {
	{ NS_DISCO_INFO, "query", put_info },
	{ NS_DISCO_ITEMS, "query", put_items },
	{ NS_PING, "ping", put_pong },
	{ NS_VERSION, "query", put_version },
	{ NS_TIME, "time", put_time },
};

static put_h *question_of(const struct xml_node *payload)
{
	size_t i;

	for (i = 0; i < sizeof(questions) / sizeof(questions[0]); i++)
		if (xml_is(payload, questions[i].ns, questions[i].name))
			return questions[i].put;
	return NULL;
}

/* NONE and *put_out, or why the question is refused. */
static enum cause judge(const struct xml_node *iq, bool is_cut, put_h **put_out)
{
	const struct xml_node *payload = iq->child;
	struct str type = xml_attr_of(iq, "type");
	bool is_get = str_eq(type, STR("get"));

	if (is_cut)
		return CAUSE_POLICY_VIOLATION;
	if (!is_get && !str_eq(type, STR("set")))
		return CAUSE_BAD_REQUEST;
	/* Exactly one child [RFC 6120 8.2.3 rule 6]. */
	if (!payload || payload->next)
		return CAUSE_BAD_REQUEST;
	*put_out = is_get ? question_of(payload) : NULL;
	if (!*put_out)
		return CAUSE_NOT_OFFERED;
	/* Nothing here has nodes. */
	if (xml_attr_of(payload, "node").n > 0)
		return CAUSE_NOT_FOUND;
	return CAUSE_NONE;
}

void iq_answer(struct buf *b, struct arena *a, const struct stanza_ctx *ctx,
	       const struct xml_node *iq, bool is_cut)
{
	struct stanza_error e = { .by = ctx->rule->host };
	struct str type = xml_attr_of(iq, "type");
	struct str own = xml_attr_of(iq, "to");
	struct stanza_ends ends;
	put_h *put = NULL;

	if (str_eq(type, STR("result")) || str_eq(type, STR("error")))
		return;
	switch (stanza_ends_of(a, ctx, iq, &ends)) {
	case STANZA_IGNORE:
		return;
	case STANZA_MALFORMED:
		e.cause = CAUSE_JID_MALFORMED;
		own = ctx->rule->host;
		break;
	case STANZA_FITS:
		e.cause = judge(iq, is_cut, &put);
		break;
	}
	if (e.cause != CAUSE_NONE || !put) {
		stanza_put_refusal(b, iq, own, &e);
		return;
	}
	stanza_put_head(b, "iq", "result", own, xml_attr_of(iq, "from"),
			xml_attr_of(iq, "id"));
	buf_put_char(b, '>');
	put(b, ctx, &ends);
	buf_put_str(b, STR("</iq>"));
}
