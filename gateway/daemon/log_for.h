/* gateway/daemon/log_for.h: a log level for a while: "causewayctl log level sip
 * debug --for 10m" cannot be forgotten.
 */
#pragma once

#include "adapters/net/loop.h"
#include "core/base/log.h"

struct log_for;

struct log_for *log_for_new(struct net_loop *l);
void log_for_free(struct log_for *f); /* NULL is fine; what ran stays set */

/* Sets the level of a module, of all others when it is "". for_ms 0: for good,
   and an earlier while ends. ERR_LIMIT: too many have one of their own. */
int log_for_set(struct log_for *f, const char *module, enum log_level level,
		uint64_t for_ms) MUST_CHECK;
