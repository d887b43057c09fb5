/* adapters/xmpp/words_in.h: what a message stanza has to say in words: the body
 * and subject of the right language, a link that stands alone, or the text
 * that a correction or its like becomes. [RFC 6121 5.2, XEP-0066]
 */
#pragma once

#include "adapters/xmpp/remark_in.h"

struct words {
	struct str text;	/* empty: nothing to say */
	struct str lang;	/* of the text: a clean tag, or empty */
	struct str subject;	/* as written, in that language if there is */
	bool has_body;
	struct remark remark;	/* kind NONE: it is none */
};

/* Slices of the stanza or in the arena; not cleaned. */
void words_read(struct arena *a, const struct stanza_ctx *ctx,
		const struct stanza_ends *ends, const struct xml_node *stanza,
		struct words *out);

/* The first child of the stanza's own namespace: body, subject, thread. */
const struct xml_node *words_child(const struct xml_node *stanza,
				   const char *name);
