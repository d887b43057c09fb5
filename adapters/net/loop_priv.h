/* adapters/net/loop_priv.h: the loop's own base, for the other files of this
 * folder that use libevent.
 */
#pragma once

#include <event2/event.h>

#include "adapters/net/loop.h"

struct event_base *net_loop_base(struct net_loop *l);
