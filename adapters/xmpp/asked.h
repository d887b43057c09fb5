/* adapters/xmpp/asked.h: questions and wishes of foreign users that core has to
 * answer: what is asked, and what must be remembered until it did.
 */
#pragma once

#include "adapters/xmpp/stanza.h"
#include "core/base/list.h"
#include "core/model/action.h"

enum { ASKED_MAX = 512 };	/* of one link at once; more is "busy" */

/* What the answer becomes. */
enum reply_kind {
	REPLY_NOTHING,
	/* an iq */
	REPLY_VCARD, REPLY_VCARD4, REPLY_VCARD4_ITEM,
	REPLY_FORM, REPLY_REGISTERED, REPLY_LEFT, REPLY_JID, REPLY_COMMAND,
	/* presence */
	REPLY_SUBSCRIBE, REPLY_UNSUBSCRIBE, REPLY_PROBE,
};

struct iq_ask {
	bool is_asked;		/* core must be asked */
	struct inquiry ask;		/* but its recipient */
	enum reply_kind reply;
	const char *node;	/* COMMAND: its node, and the dialogue */
	struct str session;
};

struct asked {
	struct list_link link;
	uint64_t leg;
	enum reply_kind reply;
	enum ask_kind kind;
	const char *node;
	struct str id, own, peer, session;	/* lie behind this struct */
};

/* Remembers it; strings are copied. */
struct asked *asked_new(uint64_t leg, const struct iq_ask *q, struct str id,
			struct str own, struct str peer);

/* What core said, as stanzas. */
void asked_put_reply(struct buf *b, struct arena *a,
		     const struct stanza_ctx *ctx, const struct asked *asked,
		     const struct action *answer);
