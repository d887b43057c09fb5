/* adapters/sip/stack.c: sofia-sip's su_root inside the libevent loop; see
 * stack.h. su_root has no accessor for its epoll descriptor: it is the one
 * that appeared under /proc/self/fd when the root was made.
 */
#include "adapters/sip/stack.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sofia-sip/su.h>
#include <sofia-sip/su_log.h>
#include <sofia-sip/su_wait.h>

#include "adapters/sip/conn.h"
#include "adapters/sip/getaddrinfo_shim.h"
#include "core/base/mem.h"

#define STEPS_MAX 16   /* per wake: what is left makes the fd ready again */
#define TIMER_MIN_MS 5 /* su_timer truncates to ms: without it, it spins */
#define FDS_MAX 65536

struct sip_stack {
	struct net_loop *loop;
	su_root_t *root;
	struct net_watch *watch;
	struct net_timer *timer;
	int64_t wake_ms; /* the timer is set for then; 0: not set */
};

/* Is fd an epoll instance? */
static bool is_epoll(const char *fd_name)
{
	char path[64], target[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%.20s", fd_name);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return false;
	target[n] = 0;
	return strcmp(target, "anon_inode:[eventpoll]") == 0;
}

/* Marks the epoll descriptors in seen; those not yet marked before are counted
   and the last one is returned. */
static int scan(unsigned char *seen, unsigned *new_n)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *e;
	int found = -1;

	*new_n = 0;
	if (!dir)
		return -1;
	while ((e = readdir(dir))) {
		long fd = strtol(e->d_name, NULL, 10);

		if (e->d_name[0] == '.' || fd < 0 || fd >= FDS_MAX)
			continue;
		if (seen[fd] || !is_epoll(e->d_name))
			continue;
		seen[fd] = 1;
		found = (int)fd;
		++*new_n;
	}
	closedir(dir);
	return found;
}

static void arm(struct sip_stack *s, int64_t after_ms)
{
	int64_t at = net_now_ms(s->loop) + after_ms;

	if (s->wake_ms && s->wake_ms <= at)
		return;
	s->wake_ms = at;
	net_timer_set(s->timer, after_ms);
}

static void run(struct sip_stack *s)
{
	su_duration_t next = 0;
	unsigned i;

	sip_conns_listening(true, net_now_ms(s->loop));
	for (i = 0; i < STEPS_MAX && next == 0; i++)
		next = su_root_step(s->root, 0);
	sip_conns_listening(false, net_now_ms(s->loop));
	if (next == SU_WAIT_FOREVER && s->watch)
		return;
	arm(s, s->watch && next > TIMER_MIN_MS ? next : TIMER_MIN_MS);
}

static void on_ready(int fd, unsigned ready, void *arg)
{
	(void)fd;
	(void)ready;
	run(arg);
}

static void on_timer(void *arg)
{
	struct sip_stack *s = arg;

	s->wake_ms = 0;
	run(s);
}

static void silent(void *stream, char const *fmt, va_list ap)
{
	(void)stream;
	(void)fmt;
	(void)ap;
}

struct sip_stack *sip_stack_new(struct net_loop *l, struct errtext *why)
{
	struct sip_stack *s = mem_zalloc(sizeof(*s));
	unsigned char *seen = mem_zalloc(FDS_MAX);
	unsigned n;
	int fd;

	sip_shim_clock();
	su_init();
	su_log_redirect(NULL, silent, NULL);
	scan(seen, &n);
	s->loop = l;
	s->root = su_root_create(NULL);
	fd = scan(seen, &n);
	mem_free(seen);
	if (!s->root) {
		mem_free(s);
		errtext_set(why, ERR_IO, "sofia-sip gives no event loop");
		return NULL;
	}
	s->timer = net_timer_new(l, on_timer, s);
	if (n == 1)
		s->watch = net_watch_new(l, fd, NET_READ, on_ready, s);
	sip_shim_numeric_only(true);
	run(s);
	return s;
}

void sip_stack_free(struct sip_stack *s)
{
	if (!s)
		return;
	net_watch_free(s->watch);
	net_timer_free(s->timer);
	su_root_destroy(s->root);
	su_deinit();
	sip_shim_numeric_only(false);
	mem_free(s);
}

void *sip_stack_root(struct sip_stack *s)
{
	return s->root;
}

void sip_stack_touch(struct sip_stack *s)
{
	arm(s, TIMER_MIN_MS);
}

bool sip_stack_is_nested(const struct sip_stack *s)
{
	return s->watch != NULL;
}
