/* adapters/xmpp/commands.h: ad-hoc commands of the gateway: register, leave,
 * find an address. Each is a short dialogue whose state is kept here, bounded
 * in number and time. [XEP-0050]
 */
#pragma once

#include "adapters/xmpp/asked.h"

#define NS_COMMANDS "http://jabber.org/protocol/commands"

enum {
	COMMANDS_MAX = 256,		/* dialogues of one link, */
	COMMANDS_EACH_MAX = 4,		/* of one account, */
	COMMANDS_LIFE_MS = 600000,	/* and between two of its steps */
};

struct commands;

struct commands *commands_new(uint64_t seed);
void commands_free(struct commands *c);		/* NULL is fine */
size_t commands_count(const struct commands *c);

/* Node of the command number i, NULL behind the last. */
const char *commands_node(size_t i);
/* Its name; NULL: there is no such command, or not for him. */
const char *commands_name(const struct stanza_ctx *ctx,
			  const struct jid *asker, struct str node);

/* A step of a dialogue: a set with a <command/>. Writes the whole answer into
   b, or sets *ask: core must say something first. */
void commands_take(struct commands *c, struct buf *b, struct arena *a,
		   const struct stanza_ctx *ctx,
		   const struct stanza_ends *ends, const struct xml_node *iq,
		   struct iq_ask *ask);

/* The last step, with what core said: the payload of the result. */
void commands_put_done(struct buf *b, const char *node, struct str session,
		       const char *note, struct str jid);
