/* gateway/daemon/verbs.h: the requests of the control socket that are about
 * the process and not about messages: log, reload, drain, version.
 */
#pragma once

#include "gateway/daemon/control.h"

/* A control_own_h; arg is the struct node. */
bool verbs_serve(void *arg, const struct control_req *req, struct buf *out);
