/* adapters/xmpp/peers.h: what one link remembers of pairs of our user and a
 * remote one: does he send chat states, what did we tell him last. A bounded
 * memory; the pair unused for longest goes first, which costs a chat state or
 * shows a nickname twice.
 */
#pragma once

#include "core/base/str.h"

enum { PEERS_MAX = 4096 };

enum peer_state { PEER_NONE, PEER_ACTIVE, PEER_COMPOSING, PEER_GONE };

struct peers;

struct peer {
	bool talks_states;	/* he sent one, and no body without since */
	enum peer_state told;	/* our last state towards him */
	uint64_t nick;		/* hash of the nickname he was told, 0: none */
};

struct peers *peers_new(uint64_t seed);
void peers_free(struct peers *p);	/* NULL is fine */

/* The pair of two bare JIDs; made when it is new. Valid until the next call. */
struct peer *peers_get(struct peers *p, struct str own, struct str remote);
/* NULL when it is not known. */
struct peer *peers_find(struct peers *p, struct str own, struct str remote);
