/* core/deferred/poke.h: which queues have something to do. Asks the store what
 * is due (once a second, and after a start), hears of users who came back, and
 * wakes the queues concerned.
 */
#pragma once

#include "core/model/machine.h"

extern const struct machine poke_machine;
