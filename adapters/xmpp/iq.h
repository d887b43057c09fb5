/* adapters/xmpp/iq.h: the questions every XMPP entity must answer. */
#pragma once

#include "adapters/xmpp/stanza.h"

/* Writes the answer to an iq into b; nothing for results, errors and what may
   not be answered at all. */
void iq_answer(struct buf *b, struct arena *a, const struct stanza_ctx *ctx,
	       const struct xml_node *iq, bool is_cut);
