/* core/participating/gruu.h: addresses of one device of a user. [RFC 5627]
 *
 *   public     sip:bob@sip.example;gr=urn:uuid:f81d4fae-...
 *   temporary  sip:tgruu.<hex>@sip.example;gr
 *
 * A temporary one says nothing to others, and nothing is kept of it here: user,
 * device and Call-ID of his registration lie in it, encrypted and authenticated
 * under the node's key. It ends with the registration or when that goes on
 * under another Call-ID.
 */
#pragma once

#include "core/model/config.h"
#include "core/model/action.h"

/* Both for one contact; empty when it has no instance, temp also without a
   key. fresh: random, never the same for two. Strings in the arena. */
void gruu_make(const struct config *c, struct arena *a, const struct addr *aor,
	       const struct binding *b, uint64_t fresh, struct gruu *out);

/* What a temporary one says. */
struct gruu_temp {
	struct addr aor;
	uint8_t instance[8], call_id[8];	/* short keyed hashes */
};

bool gruu_is_temp(const struct addr *to);
/* ERR_SYNTAX: none of ours. ERR_LIMIT. */
int gruu_open(const struct config *c, struct arena *a, const struct addr *to,
	      struct gruu_temp *out) MUST_CHECK;
/* The contact it means, NULL when it has ended. */
const struct binding *gruu_find(const struct config *c, const struct user *u,
				const struct gruu_temp *t, int64_t now_utc_us);
