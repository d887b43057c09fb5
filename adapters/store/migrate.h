/* adapters/store/migrate.h: brings the schema of a database to the newest
 * version, step by step, each step in its own transaction: a failed one leaves
 * the version before it.
 */
#pragma once

#include "adapters/store/db.h"

/* steps_n steps with versions 1, 2, ... 0; or a negative err and one sentence:
   the file is not ours, or newer than this program. */
int migrate(struct db *db, const struct sql_step *steps, int steps_n,
	    struct errtext *why) MUST_CHECK;
