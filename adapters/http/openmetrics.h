/* adapters/http/openmetrics.h: the registry of core/base/metric.h as
 * OpenMetrics 1.0 text, or as the older text format 0.0.4 of Prometheus for
 * those who read only that: there counters' families end in _total, there is no
 * type info and no unit.
 */
#pragma once

#include "core/base/buf.h"

#define OPENMETRICS_TYPE \
	"application/openmetrics-text; version=1.0.0; charset=utf-8"

#define OPENMETRICS_OLD_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Every family that has a value, in the order of the table, and "# EOF". */
void openmetrics_put(struct buf *out, bool is_old);
