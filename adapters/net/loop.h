/* adapters/net/loop.h: the one event loop of a node, on libevent.
 * Owns time, timers, readiness of descriptors, wake-ups from other threads and
 * the pace of core's turns. Everything but net_loop_post() belongs to the loop
 * thread.
 */
#pragma once

#include <stdbool.h>

#include "core/base/err.h"
#include "core/port/loop.h"

struct net_loop;
struct net_watch;
struct net_timer;

enum { NET_READ = 1, NET_WRITE = 2 };

typedef void net_fd_h(int fd, unsigned ready, void *arg);
typedef void net_h(void *arg);

struct net_loop *net_loop_new(struct errtext *why);	/* NULL: why says it */
void net_loop_free(struct net_loop *l);
void net_loop_run(struct net_loop *l);		/* until net_loop_stop() */
void net_loop_stop(struct net_loop *l);
/* One pass without or with waiting: for tests. */
void net_loop_once(struct net_loop *l, bool may_wait);

/* The turn of core: called after callbacks whenever kicked, and at the time
   asked for by wake_at. Returns true when it has more to do at once. */
typedef bool net_turn_h(void *arg);
void net_loop_set_turn(struct net_loop *l, net_turn_h *h, void *arg);
/* Filled with this loop: clock, randomness, wake-ups. */
struct loop_port net_loop_port(struct net_loop *l);

int64_t net_now_ms(struct net_loop *l);		/* monotonic, cached per pass */
int64_t net_now_us(void);			/* monotonic, for durations */
int64_t net_utc_us(void);
void net_random(void *out, size_t n);		/* OpenSSL's generator */

/* Level-triggered; want is NET_READ | NET_WRITE. The handler may free any
   watch, its own too. net_watch_free does not close the descriptor. */
struct net_watch *net_watch_new(struct net_loop *l, int fd, unsigned want,
				net_fd_h *h, void *arg);
void net_watch_want(struct net_watch *w, unsigned want);
void net_watch_free(struct net_watch *w);	/* NULL is fine */

/* One-shot; net_timer_set again to repeat. */
struct net_timer *net_timer_new(struct net_loop *l, net_h *h, void *arg);
void net_timer_set(struct net_timer *t, int64_t after_ms);
void net_timer_stop(struct net_timer *t);
void net_timer_free(struct net_timer *t);	/* NULL is fine */

/* From any thread: h(arg) runs on the loop thread, in the order posted. */
void net_loop_post(struct net_loop *l, net_h *h, void *arg);

/* Signals SIGTERM, SIGINT, SIGHUP, SIGUSR1 as loop events. */
typedef void net_signal_h(int sig, void *arg);
int net_loop_on_signal(struct net_loop *l, int sig, net_signal_h *h, void *arg);
