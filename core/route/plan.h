/* core/route/plan.h: which of a user's bindings a message goes to. */
#pragma once

#include "core/model/msg.h"
#include "core/model/user.h"

/* Alive ones, best q first; returns how many of max. */
size_t plan_bindings(const struct user *u, const struct msg *m,
		     int64_t now_utc_us, const struct binding **out,
		     size_t max);
