/* core/deferred/queue.h: the queue of one lane: of one recipient ("user:" and
 * his address) or of one link ("link:" and its name). Holds a bounded number of
 * the lane's rows in memory, in their order; the rest stays in the store.
 *
 *   kept row -> waits -> sent -> gone       (and its sender told, if owed)
 *                  ^        |
 *                  +- retry-+                later, by the class of the cause
 */
#pragma once

#include "core/model/machine.h"

extern const struct machine queue_machine;

void queue_init(void *state, struct str lane);
struct str queue_lane(const void *state);
/* Messages that wait in it or are on their way. */
uint32_t queue_backlog(const void *state);
