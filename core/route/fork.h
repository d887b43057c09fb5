/* core/route/fork.h: the best of several failures [RFC 3261 16.7]. */
#pragma once

#include "core/model/cause.h"

/* best starts as CAUSE_NO_BINDING. */
enum cause fork_better(enum cause best, enum cause next);
