/* adapters/xmpp/message_out.h: messages of the model as message stanzas. */
#pragma once

#include "adapters/xmpp/peers.h"
#include "adapters/xmpp/stanza.h"

struct message_out {
	struct str id;		/* of the stanza; in the arena */
	struct str peer;	/* bare JID of the recipient; in the arena */
	bool is_nothing;	/* XMPP has no words for it, or he does not want
				   them: done without a stanza */
	bool was_cleaned;	/* characters had to be dropped */
};

/* Writes the stanza for one target into b, whose maximum is the limit of a
   stanza. NONE, or why it cannot be sent (b is then of no use). peers is told
   what was said. */
enum cause message_write(struct buf *b, struct arena *a,
			 const struct stanza_ctx *ctx, struct peers *peers,
			 const struct msg *m, const struct target *t,
			 struct message_out *out);
