/* gateway/daemon/check.h: what must fit together in a configuration, and the
 * fields that follow from others (ids, protocols, what a route does).
 */
#pragma once

#include "gateway/daemon/load.h"
#include "gateway/daemon/scan.h"

void check_config(struct config *c, const struct scan *s,
		  const struct conf_source *src, struct faults *f);
