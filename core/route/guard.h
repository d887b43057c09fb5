/* core/route/guard.h: the key by which a message that comes round again is
 * known. The window of keys is core/flow's.
 */
#pragma once

#include "core/base/hash.h"
#include "core/base/id.h"
#include "core/model/addr.h"

/* Of one message to one recipient: SHA-256 over trace id and canonical text. */
void guard_key(struct trace_id trace, const struct addr *to,
	       uint8_t key_out[HASH_SHA256_N]);
