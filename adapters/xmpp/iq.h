/* adapters/xmpp/iq.h: questions and orders to the component and its users. */
#pragma once

#include "adapters/xmpp/commands.h"

/* Writes the answer to an iq into b, or sets *ask: core has to answer. Neither
   for results, errors and what may not be answered at all. */
void iq_take(struct buf *b, struct arena *a, const struct stanza_ctx *ctx,
	     struct commands *commands, const struct xml_node *iq, bool is_cut,
	     struct iq_ask *ask);
