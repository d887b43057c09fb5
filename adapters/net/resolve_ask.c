/* adapters/net/resolve_ask.c: one question on the wire: attempt after attempt,
 * each over a socket of its own; see resolve.h.
 */
#include "adapters/net/resolve_priv.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/base/mem.h"

#define REPLY_MAX 16384u /* over TCP too: 32 records need less */
#define STRANGE_MAX 64u	 /* wrong answers to one attempt; then TCP, where
			    nobody can guess himself in */

struct net_dns_ask {
	struct net_dns_entry *e;
	struct net_timer *timer;
	struct net_watch *watch;
	int fd; /* -1: none */
	uint16_t id;
	unsigned tries, aliases, strange;
	bool is_tcp, is_sent;
	uint8_t *reply;
	size_t reply_n;
	uint8_t query[2 + DNS_QUERY_MAX]; /* length of TCP before it */
	size_t query_n;
	char name[DNS_NAME_MAX]; /* what is asked now: aliases change it */
};

/* 1, 1.5 and then 2 s: 4.5 s for one server. */
static int64_t patience_ms(unsigned tries)
{
	return tries == 1 ? 1000 : tries == 2 ? 1500 : 2000;
}

static void hang_up(struct net_dns_ask *a)
{
	net_watch_free(a->watch);
	a->watch = NULL;
	if (a->fd >= 0)
		close(a->fd);
	a->fd = -1;
}

static void ask_free(struct net_dns_ask *a)
{
	hang_up(a);
	net_timer_free(a->timer);
	mem_free(a->reply);
	mem_free(a);
}

static void finish(struct net_dns_ask *a, const struct dns_answer *answer)
{
	struct net_dns_entry *e = a->e;

	e->ask = NULL;
	ask_free(a);
	net_dns_done(e, answer);
}

static void attempt(struct net_dns_ask *a);

/* ---- what comes back --------------------------------------------------- */

static void next_name(struct net_dns_ask *a, const struct dns_answer *answer)
{
	if (++a->aliases > DNS_ALIASES_MAX) {
		finish(a, NULL);
		return;
	}
	memcpy(a->name, answer->alias, sizeof(a->name));
	a->tries = 0;
	a->is_tcp = false;
	attempt(a);
}

/* False: that was not the answer. */
static bool take(struct net_dns_ask *a, const uint8_t *p, size_t n)
{
	struct dns_answer *answer =
		mem_alloc(dns_answer_size(DNS_RECORDS_MAX));
	int rc = dns_parse(p, n, a->id, str_of(a->name), a->e->type, answer);
	bool is_ours = rc != ERR_DECLINED;

	if (!is_ours) {
		a->e->r->counts.strange++;
	} else if (rc < 0 || answer->status == DNS_FAILED) {
		attempt(a); /* another server may know better */
	} else if (answer->status == DNS_TRUNCATED) {
		/* The same server; over TCP nothing is cut. */
		if (a->is_tcp) {
			attempt(a);
		} else {
			a->is_tcp = true;
			a->tries--;
			attempt(a);
		}
	} else if (answer->status == DNS_ALIAS) {
		next_name(a, answer);
	} else {
		finish(a, answer);
	}
	mem_free(answer);
	return is_ours;
}

static void read_udp(struct net_dns_ask *a)
{
	ssize_t n = recv(a->fd, a->reply, REPLY_MAX, 0);

	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			attempt(a); /* refused: nobody is there */
		return;
	}
	if (take(a, a->reply, (size_t)n) || ++a->strange < STRANGE_MAX)
		return;
	a->is_tcp = true;
	attempt(a);
}

static void read_tcp(struct net_dns_ask *a)
{
	ssize_t n = recv(a->fd, a->reply + a->reply_n, REPLY_MAX - a->reply_n,
			 0);
	size_t want;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		attempt(a);
		return;
	}
	a->reply_n += (size_t)n;
	if (a->reply_n < 2)
		return;
	want = 2 + ((size_t)a->reply[0] << 8 | a->reply[1]);
	if (want > REPLY_MAX)
		attempt(a);
	else if (a->reply_n >= want && !take(a, a->reply + 2, want - 2))
		attempt(a);
}

/* ---- what goes out ----------------------------------------------------- */

/* The question, behind its length when over TCP. False: try another way. */
static bool send_query(struct net_dns_ask *a)
{
	const uint8_t *p = a->is_tcp ? a->query : a->query + 2;
	size_t n = a->is_tcp ? a->query_n + 2 : a->query_n;
	ssize_t rc = send(a->fd, p, n, MSG_NOSIGNAL);

	a->is_sent = rc == (ssize_t)n; /* some 300 bytes fit a new socket */
	return a->is_sent;
}

static void on_ready(int fd, unsigned ready, void *arg)
{
	struct net_dns_ask *a = arg;

	(void)fd;
	if (!a->is_sent && (ready & NET_WRITE)) {
		if (send_query(a))
			net_watch_want(a->watch, NET_READ);
		else
			attempt(a);
		return;
	}
	if (a->is_tcp)
		read_tcp(a);
	else
		read_udp(a);
}

static void on_timer(void *arg)
{
	attempt(arg);
}

static bool connect_to(struct net_dns_ask *a, const struct net_dns_server *s)
{
	int type = a->is_tcp ? SOCK_STREAM : SOCK_DGRAM;

	a->fd = socket(s->addr.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC,
		       0);
	if (a->fd < 0)
		return false;
	if (connect(a->fd, (const struct sockaddr *)(const void *)&s->addr,
		    s->addr_n) < 0 &&
	    errno != EINPROGRESS)
		return false;
	a->is_sent = false;
	a->watch = net_watch_new(a->e->r->loop, a->fd,
				 a->is_tcp ? NET_READ | NET_WRITE : NET_READ,
				 on_ready, a);
	return a->is_tcp || send_query(a);
}

/* The next one, or the end. Each attempt has its own id and port. */
static void attempt(struct net_dns_ask *a)
{
	struct net_resolver *r = a->e->r;
	unsigned max = r->servers_n > NET_DNS_TRIES ? (unsigned)r->servers_n
						    : NET_DNS_TRIES;
	int n;

	for (;;) {
		hang_up(a);
		if (a->tries >= max || !r->servers_n) {
			/* Not from inside net_resolve(). */
			finish(a, NULL);
			return;
		}
		net_random(&a->id, sizeof(a->id));
		n = dns_put_query(a->query + 2, a->id, str_of(a->name),
				  a->e->type);
		if (n < 0) {
			finish(a, NULL);
			return;
		}
		a->query_n = (size_t)n;
		a->query[0] = (uint8_t)(n >> 8);
		a->query[1] = (uint8_t)n;
		a->reply_n = 0;
		a->strange = 0;
		r->counts.questions++;
		a->tries++;
		net_timer_set(a->timer, patience_ms(a->tries));
		if (connect_to(a, &r->servers[(a->tries - 1) % r->servers_n]))
			return;
	}
}

void net_dns_ask(struct net_dns_entry *e)
{
	struct net_dns_ask *a = mem_zalloc(sizeof(*a));

	a->e = e;
	a->fd = -1;
	a->timer = net_timer_new(e->r->loop, on_timer, a);
	a->reply = mem_alloc(REPLY_MAX);
	memcpy(a->name, e->key + 1, e->key_n - 1);
	e->ask = a;
	attempt(a);
}

void net_dns_ask_cancel(struct net_dns_entry *e)
{
	if (e->ask)
		ask_free(e->ask);
	e->ask = NULL;
}
