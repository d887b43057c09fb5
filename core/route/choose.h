/* core/route/choose.h: where does it go. One pure decision, made anew at each
 * try. [OMA-IM 3.3; architecture.md 7]
 */
#pragma once

#include "core/model/config.h"
#include "core/model/msg.h"

enum route_kind { ROUTE_REFUSE, ROUTE_USER, ROUTE_LINK };

struct route_query {
	const struct addr *from, *to;
	enum msg_kind kind;
	uint64_t bytes;
	enum proto in_proto;		/* NONE: from the store */
	uint32_t in_link;
	unsigned hops_left;
	bool is_trusted_in;
	bool is_secure;			/* the target was written sips: */
};

struct route {
	enum route_kind kind;
	enum cause cause;		/* of REFUSE */
	uint32_t link, fallback;	/* of LINK */
	enum proto proto;		/* of the far side */
	struct addr from, to;		/* rewritten */
	uint64_t bytes_max;		/* 0: the global limit only */
	bool is_trusted;		/* the far side may see identities */
};

void route_choose(const struct config *c, struct arena *a,
		  const struct route_query *q, struct route *out);
