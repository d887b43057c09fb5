/* adapters/net/resolve.h: names to DNS records without waiting: a stub resolver
 * on the loop, with a bounded cache. Each question goes from a port and with an
 * id of its own [RFC 5452]; over TCP when the answer was cut; to each server in
 * turn. It has an end within some 5 s, whatever the servers do: then the
 * question has "failed" for a while, unless an older answer is still known:
 * that is given instead, up to a day after its time [RFC 8767].
 */
#pragma once

#include "adapters/net/dns.h"
#include "adapters/net/loop.h"

struct net_resolver;

enum {
	NET_DNS_SERVERS_MAX = 4,
	NET_DNS_CACHE_MAX = 4096, /* answers kept, oldest use out */
	NET_DNS_ACTIVE_MAX = 128, /* questions under way; more of them wait */
};

/* After each answer, or failure, of any question: those who wait ask again.
   Never called from inside net_resolve(). */
typedef void net_dns_news_h(void *arg);

struct net_resolver *net_resolver_new(struct net_loop *l, net_dns_news_h *h,
				      void *arg);
void net_resolver_free(struct net_resolver *r); /* NULL is fine */

/* "192.0.2.1", "192.0.2.1:5353", "[2001:db8::1]:53"; false for anything else.
   The first call of a load clears what was there. */
void net_resolver_clear_servers(struct net_resolver *r);
bool net_resolver_add_server(struct net_resolver *r, struct str server);
/* Those of a resolv.conf; 127.0.0.1 when it names none [resolv.conf(5)]. */
void net_resolver_read_servers(struct net_resolver *r, const char *path);

/* The answer when it is known; status is never ALIAS or TRUNCATED. NULL: it
   was asked for, the handler tells. Valid until the loop runs again. */
const struct dns_answer *net_resolve(struct net_resolver *r, struct str name,
				     enum dns_type type);

/* What became of everything so far; for metrics and tests. */
struct net_resolver_counts {
	uint64_t questions; /* attempts sent */
	uint64_t answers, failures, stale;
	uint64_t strange; /* datagrams that answered another question */
	size_t cached, active;
};

struct net_resolver_counts net_resolver_counts(const struct net_resolver *r);
