/* adapters/xmpp/presence.h: presence stanzas: that of the gateway itself, and
 * the answers of a contact's server, which a component is for its users.
 * [RFC 6121 3, 4; XEP-0100]
 */
#pragma once

#include "adapters/xmpp/asked.h"

/* Reads a presence stanza: what core must be asked, if anything. */
void presence_take(const struct stanza_ends *ends,
		   const struct xml_node *presence, struct iq_ask *ask);

/* What core said to it; contact: the flags of who asked. */
void presence_put_reply(struct buf *b, const struct stanza_ctx *ctx,
			const struct asked *asked, enum cause cause,
			unsigned contact);

/* One presence stanza; type NULL: available. A nickname goes with a wish to
   subscribe alone [XEP-0172 4.2, X-116]. */
void presence_put(struct buf *b, const char *type, struct str from,
		  struct str to, struct str nick, const char *status);
