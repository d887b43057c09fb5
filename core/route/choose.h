/* core/route/choose.h: where a message goes. One decision, the same at every
 * try: nothing of it is kept in a row but the link as a hint.
 *
 *   1 sender     its domain known and switched on, allowed to talk to ours, and
 *                come the way its protocol comes; not one of ours from outside
 *   2 number     a recipient written as a number becomes tel:+... by a plan
 *   3 domain     the recipient's domain is not switched off
 *   4 rules      in order: NEXT rewrites and goes on, the first other decides
 *   5 default    served: our user; foreign: the domain's link
 *   6 guards     relay, loop, hops, sips, allow and deny, size
 *
 * [OMA-IM 3.1-3.3 and 11, RFC 7247 3, RFC 3261 16.3; architecture.md 6]
 */
#pragma once

#include "core/model/config.h"
#include "core/model/msg.h"

struct route_query {
	const struct addr *from, *to;
	enum msg_kind kind;
	uint64_t bytes;		/* of the body; BODY_SIZE_UNKNOWN: unchecked */
	unsigned hops_left;	/* as it came in */
	enum proto in_proto;	/* what it came over */
	uint32_t in_link;	/* 0: one of our clients, or a listed peer */
	bool is_trusted_in;	/* who brought it is believed (origin) */
	bool is_secure;		/* To or Request-URI was sips: */
	bool is_accepted;	/* out of the queue: sender, relay and loop were
				   judged when it was accepted */
	bool wants_trail;	/* causewayctl route test */
};

enum route_kind {
	ROUTE_REFUSE,		/* cause says why */
	ROUTE_USER,		/* to is one of ours */
	ROUTE_LINK,
};

/* What one stage or rule did. */
struct route_note {
	const char *stage;	/* "sender", "number", "domain", "rule", ... */
	struct str name;	/* of the rule, domain or link, or empty */
	bool is_hit;		/* it applied */
	const char *did;	/* "rewrites", "decides: link", ... */
	struct str detail;	/* the new address, the link's name, or empty */
};

struct route {
	enum route_kind kind;
	enum cause cause;	/* REFUSE */
	enum proto proto;	/* LINK: its protocol; USER: PROTO_SIP */
	uint32_t link;		/* LINK */
	uint32_t fallback;	/* to take while link is down, 0: none */
	struct addr from, to;	/* rewritten; in the arena or the query's */
	uint32_t bytes_max;	/* body limit in force */
	enum trust trust;	/* of the far domain; INTERNAL for our users */
	bool is_trusted;	/* the next hop may see an asserted identity */
	bool is_ours;		/* the sender is one of ours, or vouched for */
	bool is_relay;		/* neither side is: a rule let it pass */
	long rule;		/* index of the rule that decided, -1: none */
	uint32_t *hits;		/* every rule that applied, for its counter */
	size_t hits_n;
	struct route_note *trail;	/* with wants_trail */
	size_t trail_n;
};

/* May he speak to us at all, whatever he has to say? The first stage alone;
   the query's recipient does not matter. */
enum cause route_may_speak(const struct config *conf, struct arena *a,
			   const struct route_query *query);
/* Never fails otherwise than by ROUTE_REFUSE (no room in the arena: OVERLOAD).
   conf and query stay as they are; out is valid while they and a are. */
void route_choose(const struct config *conf, struct arena *a,
		  const struct route_query *query, struct route *out);
