/* gateway/daemon/changes.h: what differs between two configurations: what a
 * reload would do, and what it cannot.
 */
#pragma once

#include "core/base/buf.h"
#include "gateway/daemon/options.h"

/* A JSON array of {"block","name","change","class","effect","options"}; change
   is "added", "removed", "changed" or "reordered", class what it asks for (live,
   link, restart), effect what a reload does with it. No values. */
void changes_put(struct buf *json, const struct config *before,
		 const struct config *after);

/* A row per option that differs: {"block","name","option","running","file"};
   secrets as ***. */
void changes_put_values(struct buf *json, const struct config *before,
			const struct config *after);
/* Blocks that differ. */
size_t changes_count(const struct config *before, const struct config *after);

/* The options that differ and ask for a new process, as
   "node.state-dir, store.file"; false when there are none. */
bool changes_restart(struct buf *text, const struct config *before,
		     const struct config *after);
