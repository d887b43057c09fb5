/* adapters/xmpp/peers.h: what one link remembers of pairs of our user and a
 * remote one: does he send chat states, what did we tell him last. A bounded
 * memory; the pair unused for longest goes first, which costs a chat state,
 * shows a nickname twice or refers a correction to the one before it.
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
	uint64_t edit;		/* hash of the id of his last correction, */
	unsigned char first_n;
	char first[255];	/* ... and the id of what that corrected first */
};

struct peers *peers_new(uint64_t seed);
void peers_free(struct peers *p);	/* NULL is fine */

/* The pair of two bare JIDs; made when it is new. Valid until the next call. */
struct peer *peers_get(struct peers *p, struct str own, struct str remote);
/* His last correction had the id edit and was of the message first; which
   message a correction of about is of: later ones may name the one before
   them and not, as they should, the first. [XEP-0308 3] */
void peer_edited(struct peer *p, struct str edit, struct str first);
struct str peer_first(const struct peer *p, struct str about);
/* NULL when it is not known. */
struct peer *peers_find(struct peers *p, struct str own, struct str remote);
