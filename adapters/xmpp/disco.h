/* adapters/xmpp/disco.h: what the component and its users are and can.
 * [XEP-0030]
 */
#pragma once

#include "adapters/xmpp/stanza.h"

/* May that user's domain register with us, read profiles? What is not for him
   is not announced to him. */
bool disco_has_registration(const struct stanza_ctx *ctx,
			    const struct jid *asker);
bool disco_has_profiles(const struct stanza_ctx *ctx, const struct jid *asker);

/* The answer about an entity or one of its nodes. NOT_FOUND: no such node. */
enum cause disco_put_info(struct buf *b, const struct stanza_ctx *ctx,
			  const struct stanza_ends *ends, struct str node);
enum cause disco_put_items(struct buf *b, const struct stanza_ctx *ctx,
			   const struct stanza_ends *ends, struct str node);
