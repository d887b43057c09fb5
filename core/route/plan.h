/* core/route/plan.h: which contacts of a user get a message, and in what order.
 * [RFC 3261 16.6, RFC 3841 7.2, RFC 5626 5.3, RFC 5627]
 *
 *   expired ones                          out
 *   best q first                          equal q: one stage, in parallel
 *   says methods="..." without MESSAGE    behind the others of its q
 *   second flow of the same instance      a stage of its own, behind the first
 *   the message names an instance (gr)    only it while it is registered
 *
 * As contacts mostly give no q, the rule is one stage with all of them.
 */
#pragma once

#include "core/model/msg.h"
#include "core/model/user.h"

struct plan_stage {
	const struct binding *bindings[BINDINGS_MAX];
	size_t n;
};

struct plan {
	struct plan_stage stages[BINDINGS_MAX];
	size_t stages_n;	/* 0: nobody there (CAUSE_NO_BINDING) */
};

/* Pointers into the user. to is the recipient the message goes to now. */
void route_plan(const struct user *user, const struct addr *to,
		int64_t now_utc_us, struct plan *out);

/* All stages one after the other, less second flows of an instance; at most
   max. For whoever sends to all at once. */
size_t plan_bindings(const struct user *user, const struct msg *m,
		     int64_t now_utc_us, const struct binding **list_out,
		     size_t max);
