/* adapters/net/loop.c: the event loop on libevent; see loop.h.
 * A pass = wait for readiness, run the callbacks, then give core its turn. The
 * turn never runs inside a callback (design: core runs after it returned).
 */
#include "adapters/net/loop_priv.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "core/base/mem.h"

#define SIGNALS_MAX 8u

struct post {
	struct post *next;
	net_h *h;
	void *arg;
};

struct net_signal {
	struct event *ev;
	net_signal_h *h;
	void *arg;
};

struct net_loop {
	struct event_base *base;
	bool is_stopping, is_kicked;
	net_turn_h *turn;
	void *turn_arg;
	struct event *wake;	/* the time core asked for */
	int64_t wake_at_ms;	/* 0: not set */
	int post_fd;
	struct event *post_ev;
	pthread_mutex_t post_lock;
	struct post *post_first, **post_end;
	struct net_signal signals[SIGNALS_MAX];
	unsigned signals_n;
};

struct net_watch {
	struct net_loop *loop;
	struct event *ev;
	int fd;
	net_fd_h *h;
	void *arg;
};

struct net_timer {
	struct event *ev;
	net_h *h;
	void *arg;
};

struct event_base *net_loop_base(struct net_loop *l)
{
	return l->base;
}

int64_t net_now_ms(struct net_loop *l)
{
	struct timespec ts;

	(void)l;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t net_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t net_utc_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

void net_random(void *out, size_t n)
{
	/* Without randomness nonces and ids would be guessable: stop. */
	if (RAND_bytes(out, (int)n) != 1)
		abort();
}

/* ---- work posted by other threads ---------------------------------------- */

static struct post *take_posts(struct net_loop *l)
{
	struct post *first;

	pthread_mutex_lock(&l->post_lock);
	first = l->post_first;
	l->post_first = NULL;
	l->post_end = &l->post_first;
	pthread_mutex_unlock(&l->post_lock);
	return first;
}

static void run_posts(struct net_loop *l)
{
	struct post *p = take_posts(l);

	while (p) {
		struct post *next = p->next;

		p->h(p->arg);
		mem_free(p);
		p = next;
	}
}

static void on_post(evutil_socket_t fd, short what, void *arg)
{
	uint64_t count;

	(void)what;
	while (read(fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
	run_posts(arg);
}

void net_loop_post(struct net_loop *l, net_h *h, void *arg)
{
	struct post *p = mem_alloc(sizeof(*p));
	const uint64_t one = 1;
	bool was_empty;

	*p = (struct post){ .h = h, .arg = arg };
	pthread_mutex_lock(&l->post_lock);
	was_empty = !l->post_first;
	*l->post_end = p;
	l->post_end = &p->next;
	pthread_mutex_unlock(&l->post_lock);
	/* Only the first one wakes the loop; it takes all that is there. */
	while (was_empty && write(l->post_fd, &one, sizeof(one)) < 0 &&
	       errno == EINTR)
		;
}

/* ---- turns --------------------------------------------------------------- */

static struct timeval to_timeval(int64_t ms)
{
	if (ms < 0)
		ms = 0;
	return (struct timeval){ .tv_sec = ms / 1000,
				 .tv_usec = ms % 1000 * 1000 };
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct net_loop *l = arg;

	(void)fd;
	(void)what;
	l->wake_at_ms = 0;
	l->is_kicked = true;
}

static void port_wake_at(void *self, int64_t at_ms)
{
	struct net_loop *l = self;
	struct timeval tv;

	if (l->wake_at_ms == at_ms)
		return;
	l->wake_at_ms = at_ms;
	tv = to_timeval(at_ms - net_now_ms(l));
	evtimer_add(l->wake, &tv);
}

static void port_kick(void *self)
{
	struct net_loop *l = self;

	l->is_kicked = true;
}

static int64_t port_now_ms(void *self)
{
	return net_now_ms(self);
}

static int64_t port_utc_us(void *self)
{
	(void)self;
	return net_utc_us();
}

static void port_random(void *self, void *out, size_t n)
{
	(void)self;
	net_random(out, n);
}

struct loop_port net_loop_port(struct net_loop *l)
{
	return (struct loop_port){
		.self = l, .now_ms = port_now_ms, .utc_us = port_utc_us,
		.random = port_random, .wake_at = port_wake_at,
		.kick = port_kick,
	};
}

void net_loop_set_turn(struct net_loop *l, net_turn_h *h, void *arg)
{
	l->turn = h;
	l->turn_arg = arg;
}

void net_loop_once(struct net_loop *l, bool may_wait)
{
	bool is_busy = l->is_kicked && l->turn;

	event_base_loop(l->base, EVLOOP_ONCE |
			(is_busy || !may_wait ? EVLOOP_NONBLOCK : 0));
	if (!l->is_kicked || !l->turn)
		return;
	l->is_kicked = false;
	if (l->turn(l->turn_arg))
		l->is_kicked = true;
}

void net_loop_run(struct net_loop *l)
{
	l->is_stopping = false;
	while (!l->is_stopping)
		net_loop_once(l, true);
}

void net_loop_stop(struct net_loop *l)
{
	l->is_stopping = true;
	event_base_loopbreak(l->base);
}

/* ---- descriptors, timers, signals ---------------------------------------- */

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct net_watch *w = arg;
	unsigned ready = 0;

	if (what & EV_READ)
		ready |= NET_READ;
	if (what & EV_WRITE)
		ready |= NET_WRITE;
	w->h(fd, ready, w->arg);
}

struct net_watch *net_watch_new(struct net_loop *l, int fd, unsigned want,
				net_fd_h *h, void *arg)
{
	struct net_watch *w = mem_zalloc(sizeof(*w));

	w->loop = l;
	w->fd = fd;
	w->h = h;
	w->arg = arg;
	net_watch_want(w, want);
	return w;
}

void net_watch_want(struct net_watch *w, unsigned want)
{
	short what = EV_PERSIST;

	if (w->ev) {
		event_free(w->ev);
		w->ev = NULL;
	}
	if (want & NET_READ)
		what |= EV_READ;
	if (want & NET_WRITE)
		what |= EV_WRITE;
	if (what == EV_PERSIST)
		return;
	w->ev = event_new(w->loop->base, w->fd, what, on_ready, w);
	event_add(w->ev, NULL);
}

void net_watch_free(struct net_watch *w)
{
	if (!w)
		return;
	if (w->ev)
		event_free(w->ev);
	mem_free(w);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct net_timer *t = arg;

	(void)fd;
	(void)what;
	t->h(t->arg);
}

struct net_timer *net_timer_new(struct net_loop *l, net_h *h, void *arg)
{
	struct net_timer *t = mem_zalloc(sizeof(*t));

	t->h = h;
	t->arg = arg;
	t->ev = evtimer_new(l->base, on_timer, t);
	return t;
}

void net_timer_set(struct net_timer *t, int64_t after_ms)
{
	struct timeval tv = to_timeval(after_ms);

	evtimer_add(t->ev, &tv);
}

void net_timer_stop(struct net_timer *t)
{
	evtimer_del(t->ev);
}

void net_timer_free(struct net_timer *t)
{
	if (!t)
		return;
	event_free(t->ev);
	mem_free(t);
}

static void on_signal(evutil_socket_t sig, short what, void *arg)
{
	struct net_signal *s = arg;

	(void)what;
	s->h(sig, s->arg);
}

int net_loop_on_signal(struct net_loop *l, int sig, net_signal_h *h, void *arg)
{
	struct net_signal *s;

	if (l->signals_n == SIGNALS_MAX)
		return ERR_LIMIT;
	s = &l->signals[l->signals_n];
	s->h = h;
	s->arg = arg;
	s->ev = evsignal_new(l->base, sig, on_signal, s);
	if (!s->ev || evsignal_add(s->ev, NULL) < 0)
		return ERR_IO;
	l->signals_n++;
	return 0;
}

/* ---- life ---------------------------------------------------------------- */

struct net_loop *net_loop_new(struct errtext *why)
{
	struct net_loop *l = mem_zalloc(sizeof(*l));

	pthread_mutex_init(&l->post_lock, NULL);
	l->post_end = &l->post_first;
	l->post_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l->base = event_base_new();
	if (l->post_fd < 0 || !l->base) {
		errtext_set(why, ERR_IO, "no event loop: %s", strerror(errno));
		net_loop_free(l);
		return NULL;
	}
	l->wake = evtimer_new(l->base, on_wake, l);
	l->post_ev = event_new(l->base, l->post_fd, EV_READ | EV_PERSIST,
			       on_post, l);
	event_add(l->post_ev, NULL);
	return l;
}

void net_loop_free(struct net_loop *l)
{
	unsigned i;

	if (!l)
		return;
	run_posts(l);
	for (i = 0; i < l->signals_n; i++)
		event_free(l->signals[i].ev);
	if (l->post_ev)
		event_free(l->post_ev);
	if (l->wake)
		event_free(l->wake);
	if (l->base)
		event_base_free(l->base);
	if (l->post_fd >= 0)
		close(l->post_fd);
	pthread_mutex_destroy(&l->post_lock);
	mem_free(l);
}
