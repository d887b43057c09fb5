/* adapters/xmpp/presence.h: presence stanzas, until there is presence. */
#pragma once

#include "adapters/xmpp/stanza.h"

/* Writes the answer to a presence stanza into b; nothing when none is due. */
void presence_answer(struct buf *b, struct arena *a,
		     const struct stanza_ctx *ctx,
		     const struct xml_node *presence);
