/* gateway/daemon/reload.h: reading the configuration again. All or nothing:
 * any fault and the old one stays.
 */
#pragma once

#include "core/base/buf.h"
#include "gateway/daemon/node.h"

/* 0: data is a JSON object with "applied" and "changes". Otherwise an exit
   code, and error holds sentences, one per line. is_dry: nothing is changed,
   the answer says what would be. */
int reload_run(struct node *n, bool is_dry, struct buf *data,
	       struct buf *error) MUST_CHECK;
