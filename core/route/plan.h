/* core/route/plan.h: which contacts of a user get a message, and in what order.
 * [RFC 3261 16.6, RFC 3841 7.2 and 9.1, RFC 5626 5.3, RFC 5627]
 *
 *   expired ones                          out
 *   contradicts the caller's preferences  out (prefs.h)
 *   best q first                          equal q: one stage, in parallel
 *   equal q                               what the caller prefers first
 *   another flow of the same instance     a reserve, for when the flow fails
 *   the message names an instance (gr)    only it while it is registered
 *   Request-Disposition                   parallel: one stage; sequential and
 *                                         no-fork: a stage for each
 *
 * As contacts mostly give no q, the rule is one stage with all of them.
 */
#pragma once

#include "core/model/msg.h"
#include "core/model/user.h"

struct plan_item {
	const struct binding *binding;
	unsigned stage;		/* 0, 1, ...; the list is in their order */
	bool is_reserve;	/* another flow of a device before it */
};

struct plan {
	struct plan_item list[BINDINGS_MAX];
	size_t n;		/* 0: nobody there (CAUSE_NO_BINDING), */
	bool is_unwanted;	/* or none that the caller prefers
				   (CAUSE_UNAVAILABLE) */
	bool is_single;		/* one device only: no-fork */
};

/* Pointers into the user. */
void route_plan(const struct user *user, const struct msg *m,
		int64_t now_utc_us, struct plan *out);
