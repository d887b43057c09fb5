/* gateway/daemon/gauges.h: what the process, the store and the configuration
 * are at this moment, for a scrape of the metrics.
 */
#pragma once

struct gauges;
struct node;

/* After the doors are open. */
struct gauges *gauges_new(struct node *n);
void gauges_free(struct gauges *g); /* NULL is fine */
