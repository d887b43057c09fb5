/* gateway/daemon/health.h: is this node well? Alive: the loop turns and the
 * store's writer answers; the watchdog hears that. Ready: new work is taken:
 * the store can write, all listeners are open, links marked required are up,
 * and it is not draining; /readyz, the metric and the answer to a SIP OPTIONS
 * all say that.
 */
#pragma once

#include "core/base/buf.h"

struct health;
struct node;

/* After the doors are open; looks once a second. */
struct health *health_new(struct node *n);
void health_free(struct health *h); /* NULL is fine */

/* {"ready":...,"checks":[{"name","ok","detail"}...]} into json, which may be
   NULL. */
bool health_is_ready(struct health *h, struct buf *json);
/* False: the store has not answered for a minute, a restart may help. */
bool health_is_alive(const struct health *h);
/* Looks now: something changed. */
void health_look(struct health *h);
