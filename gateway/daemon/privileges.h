/* gateway/daemon/privileges.h: whom the process runs as, and the folders it
 * owns. Before any socket is opened.
 */
#pragma once

#include "core/base/err.h"
#include "core/model/config.h"

/* Makes the state folder and that of the control socket, and leaves root for
   node.run-as unless allow_root. 0, or an exit code of sysexits.h and why. */
int privileges_settle(const struct config *c, bool allow_root,
		      struct errtext *why) MUST_CHECK;

/* One process per state folder: a descriptor that holds the lock until the
   process ends, or the negative of an exit code. */
int state_lock(const struct config *c, struct errtext *why) MUST_CHECK;
