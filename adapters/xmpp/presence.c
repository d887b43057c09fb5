/* adapters/xmpp/presence.c: the answers of a contact's server, which a
 * component is for its users [RFC 6121 3.1.3, 4.3.2]. There is no presence
 * between the domains yet, so a wish to subscribe is declined with a word why,
 * and a probe is told "unavailable"; everything else is none of our business.
 */
#include "adapters/xmpp/presence.h"

static void put_plain(struct buf *b, struct arena *a, const char *type,
		      const struct xml_node *presence,
		      const struct stanza_ends *ends, const char *status)
{
	stanza_put_head(b, "presence", type, stanza_jid(a, &ends->to, true),
			stanza_jid(a, &ends->from, true),
			xml_attr_of(presence, "id"));
	buf_put_char(b, '>');
	if (status)
		stanza_put_text(b, "status", NULL, str_of(status));
	buf_put_str(b, STR("</presence>"));
}

void presence_answer(struct buf *b, struct arena *a,
		     const struct stanza_ctx *ctx,
		     const struct xml_node *presence)
{
	struct str type = xml_attr_of(presence, "type");
	struct stanza_ends ends;

	if (stanza_ends_of(a, ctx, presence, &ends) != STANZA_FITS)
		return;
	if (str_eq(type, STR("subscribe")))
		put_plain(b, a, "unsubscribed", presence, &ends,
			  "Presence is not exchanged with this domain; "
			  "messages are.");
	else if (str_eq(type, STR("probe")))
		put_plain(b, a, "unavailable", presence, &ends, NULL);
}
