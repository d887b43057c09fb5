/* adapters/sip/conn.c: see conn.h. */
#include "adapters/sip/conn.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "adapters/net/loop.h"
#include "core/base/hash.h"
#include "core/base/list.h"
#include "core/base/map.h"
#include "core/base/mem.h"

/* Who is at the other end, IPv4 as ::ffff:a.b.c.d. */
struct end {
	uint8_t ip[16];
	uint16_t port;
};

struct source {
	uint64_t key;
	uint32_t n;
};

struct conn {
	struct list_link all;
	int fd;
	struct end peer;
	struct source *source;
	int64_t since_ms, begun_ms; /* begun_ms 0: nothing is half said */
	bool is_tls, is_shaken, has_spoken, is_head, is_ending;
};

static struct {
	bool is_on, is_listening;
	int64_t now_ms;
	uint64_t seed;
	struct list_link all;
	struct map *by_fd, *by_peer, *sources;
	uint32_t total, per_source, n;
	uint8_t tls_ports[65536 / 8]; /* a bit each */
	int spare_fd;
	struct sip_conn_counts counts;
} conns;

static bool end_of(const struct sockaddr *a, struct end *out)
{
	memset(out, 0, sizeof(*out));
	if (a->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, a, sizeof(in6));
		memcpy(out->ip, &in6.sin6_addr, 16);
		out->port = in6.sin6_port;
		return true;
	}
	if (a->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, a, sizeof(in));
		out->ip[10] = out->ip[11] = 0xff;
		memcpy(out->ip + 12, &in.sin_addr, 4);
		out->port = in.sin_port;
		return true;
	}
	return false;
}

static uint64_t peer_key(const struct end *e)
{
	uint8_t text[18];

	memcpy(text, e->ip, 16);
	memcpy(text + 16, &e->port, 2);
	return hash_key(conns.seed, text, sizeof(text));
}

/* All of an IPv6 /64 is one customer's. */
static uint64_t source_key(const struct end *e)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	size_t n = memcmp(e->ip, mapped, 12) == 0 ? 16 : 8;

	return hash_key(~conns.seed, e->ip, n);
}

static struct source *source_get(uint64_t key)
{
	struct source *s = map_get_u64(conns.sources, key);

	if (!s) {
		s = mem_zalloc(sizeof(*s));
		s->key = key;
		map_set_u64(conns.sources, key, s);
	}
	return s;
}

static void source_put(struct source *s)
{
	if (s->n)
		return;
	map_del_u64(conns.sources, s->key);
	mem_free(s);
}

static void conn_free(struct conn *c)
{
	uint64_t key = peer_key(&c->peer);

	map_del_u64(conns.by_fd, (uint64_t)c->fd);
	if (map_get_u64(conns.by_peer, key) == c)
		map_del_u64(conns.by_peer, key);
	list_del(&c->all);
	conns.n--;
	c->source->n--;
	source_put(c->source);
	mem_free(c);
}

void sip_conns_start(void)
{
	if (conns.is_on)
		return;
	memset(&conns, 0, sizeof(conns));
	conns.is_on = true;
	net_random(&conns.seed, sizeof(conns.seed));
	list_init(&conns.all);
	conns.by_fd = map_new(conns.seed);
	conns.by_peer = map_new(conns.seed + 1);
	conns.sources = map_new(conns.seed + 2);
	conns.total = conns.per_source = UINT32_MAX;
	conns.spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

void sip_conns_stop(void)
{
	struct list_link *it, *tmp;

	if (!conns.is_on)
		return;
	list_each(it, tmp, &conns.all)
		conn_free(list_of(it, struct conn, all));
	map_free(conns.by_fd);
	map_free(conns.by_peer);
	map_free(conns.sources);
	if (conns.spare_fd >= 0)
		close(conns.spare_fd);
	memset(&conns, 0, sizeof(conns));
}

/* Descriptors for that many connections, or for as many as we may have. */
static uint32_t fitting(uint32_t total)
{
	struct rlimit r;
	rlim_t wanted = (rlim_t)total + SIP_CONN_FDS_SPARE;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0)
		return total;
	if (r.rlim_cur < wanted) {
		r.rlim_cur = wanted < r.rlim_max ? wanted : r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
		getrlimit(RLIMIT_NOFILE, &r);
	}
	if (r.rlim_cur >= wanted)
		return total;
	return r.rlim_cur > 2 * SIP_CONN_FDS_SPARE ?
		       (uint32_t)r.rlim_cur - SIP_CONN_FDS_SPARE :
		       (uint32_t)r.rlim_cur / 2;
}

void sip_conns_limit(uint32_t total, uint32_t per_source)
{
	conns.total = total ? fitting(total) : UINT32_MAX;
	conns.per_source = per_source ? per_source : UINT32_MAX;
}

struct sip_conn_counts sip_conns_counts(void)
{
	struct sip_conn_counts c = conns.counts;

	c.open = conns.n;
	return c;
}

void sip_conns_tls_port(uint16_t port, bool is_on)
{
	uint8_t bit = (uint8_t)(1u << (port & 7));

	if (is_on)
		conns.tls_ports[port / 8] |= bit;
	else
		conns.tls_ports[port / 8] &= (uint8_t)~bit;
}

/* The stack sees the end of it and closes the descriptor. */
static void hang_up(struct conn *c)
{
	if (!c->is_ending)
		shutdown(c->fd, SHUT_RDWR);
	c->is_ending = true;
}

static bool is_over(const struct conn *c, int64_t now)
{
	if (c->is_tls && !c->is_shaken && now - c->since_ms > SIP_CONN_SHAKE_MS)
		return true;
	if (!c->has_spoken && now - c->since_ms > SIP_CONN_FIRST_MS)
		return true;
	if (!c->begun_ms)
		return false;
	return now - c->begun_ms > (c->is_head ? SIP_CONN_HEAD_MS
					       : SIP_CONN_WHOLE_MS);
}

void sip_conns_sweep(int64_t now_ms)
{
	struct list_link *it, *tmp;

	if (!conns.is_on)
		return;
	list_each(it, tmp, &conns.all) {
		struct conn *c = list_of(it, struct conn, all);

		if (c->is_ending || !is_over(c, now_ms))
			continue;
		conns.counts.timed_out++;
		hang_up(c);
	}
}

/* ---- for the shims ---------------------------------------------------- */

void sip_conns_listening(bool is_on, int64_t now_ms)
{
	conns.is_listening = conns.is_on && is_on;
	conns.now_ms = now_ms;
}

bool sip_conns_is_listening(void)
{
	return conns.is_listening;
}

static bool is_tls(int fd)
{
	struct sockaddr_storage local;
	socklen_t n = sizeof(local);
	struct end e;
	uint16_t port;

	if (getsockname(fd, (struct sockaddr *)&local, &n) < 0 ||
	    !end_of((struct sockaddr *)&local, &e))
		return false;
	port = ntohs(e.port);
	return conns.tls_ports[port / 8] >> (port & 7) & 1;
}

bool sip_conn_opened(int fd, const struct sockaddr *from)
{
	struct conn *c;
	struct end e;
	struct source *s;

	sip_conn_closed(fd); /* should one have gone unnoticed */
	if (!end_of(from, &e))
		return true;
	s = source_get(source_key(&e));
	if (conns.n >= conns.total || s->n >= conns.per_source) {
		source_put(s);
		conns.counts.refused++;
		return false;
	}
	c = mem_zalloc(sizeof(*c));
	c->fd = fd;
	c->peer = e;
	c->source = s;
	c->since_ms = conns.now_ms;
	c->is_tls = is_tls(fd);
	s->n++;
	conns.n++;
	list_add(&conns.all, &c->all);
	map_set_u64(conns.by_fd, (uint64_t)fd, c);
	map_set_u64(conns.by_peer, peer_key(&e), c);
	return true;
}

void sip_conn_relieve(int listener)
{
	int fd;

	if (conns.spare_fd < 0)
		return;
	close(conns.spare_fd);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		close(fd);
	conns.counts.refused++;
	conns.spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

void sip_conn_closed(int fd)
{
	struct conn *c;

	if (!conns.is_on || fd < 0)
		return;
	c = map_get_u64(conns.by_fd, (uint64_t)fd);
	if (c)
		conn_free(c);
}

void sip_conn_shaken(int fd)
{
	struct conn *c;

	if (!conns.is_on || fd < 0)
		return;
	c = map_get_u64(conns.by_fd, (uint64_t)fd);
	if (c)
		c->is_shaken = true;
}

static struct conn *find(const struct sockaddr *from)
{
	struct end e;

	if (!conns.n || !end_of(from, &e))
		return NULL;
	return map_get_u64(conns.by_peer, peer_key(&e));
}

void sip_conn_heard(const struct sockaddr *from, enum sip_conn_part part)
{
	struct conn *c = find(from);

	if (!c)
		return;
	if (part == SIP_CONN_DONE) {
		c->has_spoken = true;
		c->begun_ms = 0;
		return;
	}
	if (!c->begun_ms)
		c->begun_ms = conns.now_ms ? conns.now_ms : 1;
	c->is_head = part == SIP_CONN_HEAD;
}

void sip_conn_garbage(const struct sockaddr *from)
{
	struct conn *c = find(from);

	if (c)
		hang_up(c);
}
