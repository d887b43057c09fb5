/* gateway/daemon/man.h: the manual pages of the daemon, made from the tables it
 * works with: options, metrics, log events, command line.
 */
#pragma once

#include "core/base/buf.h"

/* conf: causeway.conf(5); metrics: causeway-metrics(7); log: causeway-log(7);
   daemon: causewayd(8). False when there is no page of that name. */
bool man_put(struct buf *out, const char *page);

/* man_sip.c: sections of conf. */
void man_put_sip(struct buf *b);
