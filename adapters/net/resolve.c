/* adapters/net/resolve.c: servers and cache of the resolver; see resolve.h.
 * An entry is one question: known, waiting for its turn, or being asked. Those
 * that are known are dropped when room is needed, the least used first.
 */
#include "adapters/net/resolve_priv.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"

#define TTL_MIN_S 1u	    /* those who wait must see it */
#define TTL_MAX_S 86400u    /* [RFC 2181 8 allows more; who moves wants it] */
#define NO_TTL_MIN_S 5u	    /* ours: a name that is not there */
#define NO_TTL_MAX_S 300u   /* [RFC 2308 5: one to three hours at most] */
#define FAILED_MS 5000	    /* nobody answered: not asked again so long */
#define STALE_MS 30000	    /* an old answer in its place [RFC 8767 5] */
#define STALE_MAX_MS 86400000 /* so old at most */
#define IN_USE_MS 100	    /* whoever was given an answer may still read it */

/* ---- servers ----------------------------------------------------------- */

static bool set_ip(struct net_dns_server *s, const char *ip, uint16_t port)
{
	struct sockaddr_in *in4 = (void *)&s->addr;
	struct sockaddr_in6 *in6 = (void *)&s->addr;

	memset(s, 0, sizeof(*s));
	if (inet_pton(AF_INET, ip, &in4->sin_addr) == 1) {
		in4->sin_family = AF_INET;
		in4->sin_port = htons(port);
		s->addr_n = sizeof(*in4);
		return true;
	}
	if (inet_pton(AF_INET6, ip, &in6->sin6_addr) != 1)
		return false;
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	s->addr_n = sizeof(*in6);
	return true;
}

void net_resolver_clear_servers(struct net_resolver *r)
{
	r->servers_n = 0;
}

bool net_resolver_add_server(struct net_resolver *r, struct str s)
{
	struct str ip = s, port = STR("53");
	char text[64];
	uint32_t n;
	size_t at;

	if (str_starts(s, STR("["))) {
		at = str_find(s, ']');
		ip = str_sub(s, 1, at - 1);
		if (at + 1 < s.n && s.p[at + 1] == ':')
			port = str_from(s, at + 2);
		else if (at + 1 != s.n)
			return false;
	} else if (str_find(s, ':') == str_rfind(s, ':') &&
		   str_find(s, ':') < s.n) {
		at = str_find(s, ':');
		ip = str_sub(s, 0, at);
		port = str_from(s, at + 1);
	}
	if (!str_u32(port, &n) || !n || n > 65535 || ip.n >= sizeof(text) ||
	    r->servers_n == NET_DNS_SERVERS_MAX)
		return false;
	memcpy(text, ip.p, ip.n);
	text[ip.n] = 0;
	if (!set_ip(&r->servers[r->servers_n], text, (uint16_t)n))
		return false;
	r->servers_n++;
	return true;
}

void net_resolver_read_servers(struct net_resolver *r, const char *path)
{
	FILE *f = fopen(path, "re");
	char line[512], ip[64];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, " nameserver %63s", ip) == 1 &&
		    r->servers_n < NET_DNS_SERVERS_MAX &&
		    set_ip(&r->servers[r->servers_n], ip, 53))
			r->servers_n++;
	if (f)
		fclose(f);
	if (!r->servers_n && set_ip(&r->servers[0], "127.0.0.1", 53))
		r->servers_n = 1;
}

/* ---- the cache --------------------------------------------------------- */

static void kick(struct net_resolver *r)
{
	net_timer_set(r->kick, 0);
}

static void entry_free(struct net_dns_entry *e)
{
	net_dns_ask_cancel(e);
	map_del(e->r->map, (struct str){ e->key, e->key_n });
	list_del(&e->use);
	list_del(&e->wait);
	mem_free(e->answer);
	mem_free(e);
}

/* Room for one more; false: everything here is being asked for. */
static bool make_room(struct net_resolver *r)
{
	struct net_dns_entry *e;

	if (map_count(r->map) < NET_DNS_CACHE_MAX)
		return true;
	if (list_empty(&r->by_use))
		return false;
	e = list_of(r->by_use.next, struct net_dns_entry, use);
	if (net_now_ms(r->loop) - e->used_ms < IN_USE_MS)
		return false;
	entry_free(e);
	return true;
}

static struct net_dns_entry *entry_of(struct net_resolver *r, struct str name,
				      enum dns_type type)
{
	char key[NET_DNS_KEY_MAX];
	struct net_dns_entry *e;
	size_t i;

	key[0] = (char)type;
	for (i = 0; i < name.n; i++)
		key[1 + i] = (char)ch_lower((unsigned char)name.p[i]);
	e = map_get(r->map, (struct str){ key, name.n + 1 });
	if (e || !make_room(r))
		return e;
	e = mem_zalloc(sizeof(*e));
	e->r = r;
	e->type = type;
	e->key_n = name.n + 1;
	memcpy(e->key, key, e->key_n);
	list_add(&r->by_use, &e->use);
	map_set(r->map, (struct str){ e->key, e->key_n }, e);
	return e;
}

static void want(struct net_dns_entry *e)
{
	if (e->state != ENTRY_KNOWN)
		return;
	e->state = ENTRY_WAITING;
	list_del(&e->use);
	list_add(&e->r->waiting, &e->wait);
	kick(e->r);
}

const struct dns_answer *net_resolve(struct net_resolver *r, struct str name,
				     enum dns_type type)
{
	static const struct dns_answer failed = { .status = DNS_FAILED };
	int64_t now = net_now_ms(r->loop);
	struct net_dns_entry *e;

	if (name.n && name.p[name.n - 1] == '.')
		name.n--;
	if (!dns_name_ok(name))
		return &failed;
	e = entry_of(r, name, type);
	if (!e)
		return &failed;
	if (e->state == ENTRY_KNOWN && e->answer && now < e->expires_ms) {
		e->used_ms = now;
		list_del(&e->use);
		list_add(&r->by_use, &e->use);
		return e->answer;
	}
	want(e);
	return NULL;
}

static uint32_t bounded(uint32_t s, uint32_t min, uint32_t max)
{
	return s < min ? min : s > max ? max : s;
}

static void keep(struct net_dns_entry *e, const struct dns_answer *a)
{
	int64_t now = net_now_ms(e->r->loop);
	size_t n = dns_answer_size(a->records_n);
	bool is_ok = a->status == DNS_OK;
	uint32_t ttl_s = bounded(a->ttl_s, is_ok ? TTL_MIN_S : NO_TTL_MIN_S,
				 is_ok ? TTL_MAX_S : NO_TTL_MAX_S);

	mem_free(e->answer);
	e->answer = memcpy(mem_alloc(n), a, n);
	e->expires_ms = now + (int64_t)ttl_s * 1000;
	e->stale_until_ms = is_ok ? e->expires_ms + STALE_MAX_MS : 0;
}

void net_dns_done(struct net_dns_entry *e, const struct dns_answer *a)
{
	static const struct dns_answer failed = { .status = DNS_FAILED };
	struct net_resolver *r = e->r;
	int64_t now = net_now_ms(r->loop);

	e->state = ENTRY_KNOWN;
	list_add(&r->by_use, &e->use);
	r->counts.active--;
	if (a) {
		r->counts.answers++;
		keep(e, a);
	} else if (e->answer && now < e->stale_until_ms) {
		r->counts.stale++;
		e->expires_ms = now + STALE_MS;
	} else {
		r->counts.failures++;
		keep(e, &failed);
		e->expires_ms = now + FAILED_MS;
	}
	r->has_news = true;
	kick(r);
}

/* Outside of any call: starts what waits, tells what came. */
static void on_kick(void *arg)
{
	struct net_resolver *r = arg;

	while (!list_empty(&r->waiting) &&
	       r->counts.active < NET_DNS_ACTIVE_MAX) {
		struct net_dns_entry *e = list_of(r->waiting.next,
						  struct net_dns_entry, wait);

		list_del(&e->wait);
		e->state = ENTRY_ASKING;
		r->counts.active++;
		net_dns_ask(e);
	}
	if (r->has_news) {
		r->has_news = false;
		r->h(r->arg);
	}
}

struct net_resolver *net_resolver_new(struct net_loop *l, net_dns_news_h *h,
				      void *arg)
{
	struct net_resolver *r = mem_zalloc(sizeof(*r));
	uint64_t seed;

	net_random(&seed, sizeof(seed));
	r->loop = l;
	r->h = h;
	r->arg = arg;
	r->map = map_new(seed);
	list_init(&r->by_use);
	list_init(&r->waiting);
	r->kick = net_timer_new(l, on_kick, r);
	return r;
}

void net_resolver_free(struct net_resolver *r)
{
	struct net_dns_entry *e;
	size_t at = 0;

	if (!r)
		return;
	while ((e = map_next(r->map, &at)))
		entry_free(e);
	net_timer_free(r->kick);
	map_free(r->map);
	mem_free(r);
}

struct net_resolver_counts net_resolver_counts(const struct net_resolver *r)
{
	struct net_resolver_counts c = r->counts;

	c.cached = map_count(r->map);
	return c;
}
