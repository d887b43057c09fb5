/* adapters/sip/stack.h: sofia-sip's event loop nested in ours.
 * The su_root's epoll descriptor is one readable descriptor of the libevent
 * loop; the root is stepped when it is ready or when its next timer is due,
 * never sooner than after 5 ms (stepping for each timer would spin).
 */
#pragma once

#include "adapters/net/loop.h"

struct sip_stack;
struct su_root_t;

struct sip_stack *sip_stack_new(struct net_loop *l, struct errtext *why);
void sip_stack_free(struct sip_stack *s); /* NULL is fine */

/* The su_root_t, for whoever includes sofia-sip. */
void *sip_stack_root(struct sip_stack *s);

/* Timers were set outside of a step: look at them soon. */
void sip_stack_touch(struct sip_stack *s);

/* False: the epoll descriptor was not found and the root is polled. */
bool sip_stack_is_nested(const struct sip_stack *s);
