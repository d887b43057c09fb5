/* core/participating/identify.h: who is it, and may he. One decision for every
 * method and protocol. [OMA-IM 3.2; RFC 3325, RFC 7616; architecture.md 6]
 */
#pragma once

#include "core/model/machine.h"

struct identity {
	struct addr who;	/* whom we take the caller for */
	const struct user *user;	/* of a served domain, else NULL */
	bool is_served;
	bool is_trusted;	/* a listed peer vouches for him */
	bool is_stale;		/* UNAUTHORIZED: only the nonce was old */
	struct str realm;	/* UNAUTHORIZED: where to prove it */
};

/* Strings of out lie in the arena or in the event. CAUSE_NONE, or why not;
   when fact_missing(f) is true afterwards the answer means nothing yet. */
enum cause identify(struct facts *f, struct arena *a, const struct origin *o,
		    struct identity *out);
