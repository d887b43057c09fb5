/* gateway/daemon/changes.h: what differs between two configurations: what a
 * reload would do, and what it cannot.
 */
#pragma once

#include "core/base/buf.h"
#include "gateway/daemon/options.h"

/* A JSON array of {"block","name","change","options"}; change is "added",
   "removed", "changed" or "reordered". No values: some are secret. */
void changes_put(struct buf *json, const struct config *before,
		 const struct config *after);

/* The options that differ and ask for a new process, as
   "node.state-dir, store.file"; false when there are none. */
bool changes_restart(struct buf *text, const struct config *before,
		     const struct config *after);
