/* adapters/xmpp/failed_in.c: message stanzas of type error: which send failed,
 * and why. [RFC 6120 8.3, RFC 7247 table 2]
 */
#include "adapters/xmpp/message_in.h"

static bool has_six(const struct stanza_ctx *ctx, struct str domain)
{
	const struct domain_conf *d = config_domain(ctx->config, domain);

	return d && d->bare_jid_6xx;
}

/* <gone/> and <redirect/> say where to, as an xmpp: URI or whatever the far
   side likes; what is no address of a person is left out. */
static struct str new_address(struct arena *a, const struct stanza_ctx *ctx,
			      struct str text)
{
	struct addr addr;
	struct jid jid;

	text = str_trim(text);
	if (text.n == 0)
		return STR("");
	if (str_istarts(text, STR("xmpp:"))) {
		text = str_from(text, 5);
		text = str_sub(text, 0, str_find(text, '?'));
	} else if (addr_from_uri_text(a, text, &addr) == 0) {
		return addr_uri(a, &addr, true);
	}
	if (jid_prepare(a, text, &jid) < 0 ||
	    addr_from_jid(a, &jid, ctx->rule, &addr) < 0)
		return STR("");
	return addr_uri(a, &addr, true);
}

static void read_error(struct arena *a, const struct stanza_ctx *ctx,
		       const struct xml_node *error, struct message_failed *out)
{
	bool is_full = out->ends.from.resource.n > 0;
	enum xmpp_cond cond = XMPP_COND_UNDEFINED_CONDITION;
	const struct xml_node *n;

	for (n = error ? error->child : NULL; n; n = n->next) {
		if (!str_eq(n->ns, STR(NS_STANZAS)))
			continue;
		if (xml_is(n, NULL, "text"))
			out->error.text = stanza_line(a, n->text,
						      STANZA_TEXT_MAX);
		else if (xmpp_cond_by_name(n->name, &cond) &&
			 (cond == XMPP_COND_GONE || cond == XMPP_COND_REDIRECT))
			out->error.address = new_address(a, ctx, n->text);
	}
	out->error.cause = xmpp_cause_of(cond, is_full,
					 has_six(ctx, out->ends.from.domain),
					 out->error.address.n > 0);
}

bool message_failed_read(struct arena *a, const struct stanza_ctx *ctx,
			 const struct xml_node *stanza,
			 struct message_failed *out)
{
	const struct xml_node *n;

	*out = (struct message_failed){ .id = xml_attr_of(stanza, "id") };
	if (!stanza_id_ok(out->id) ||
	    stanza_ends_of(a, ctx, stanza, &out->ends) != STANZA_FITS)
		return false;
	for (n = stanza->child; n && !xml_is(n, NULL, "error"); n = n->next)
		;
	read_error(a, ctx, n, out);
	return true;
}
