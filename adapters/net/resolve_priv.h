/* adapters/net/resolve_priv.h: shared by resolve.c (servers, cache) and
 * resolve_ask.c (one question on the wire).
 */
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include "adapters/net/resolve.h"
#include "core/base/list.h"
#include "core/base/map.h"

enum {
	NET_DNS_KEY_MAX = DNS_NAME_MAX + 2,
	NET_DNS_TRIES = 3, /* at least; each server once */
};

struct net_dns_server {
	struct sockaddr_storage addr;
	socklen_t addr_n;
};

enum entry_state { ENTRY_KNOWN, ENTRY_WAITING, ENTRY_ASKING };

struct net_dns_entry {
	struct list_link use;  /* least lately used first; ASKING: not in it */
	struct list_link wait; /* WAITING for a free place */
	struct net_resolver *r;
	char key[NET_DNS_KEY_MAX]; /* type, then the name */
	size_t key_n;
	enum dns_type type;
	enum entry_state state;
	struct dns_answer *answer; /* the last good or failed one, or NULL */
	int64_t expires_ms, stale_until_ms, used_ms;
	struct net_dns_ask *ask;
};

struct net_resolver {
	struct net_loop *loop;
	net_dns_news_h *h;
	void *arg;
	struct net_dns_server servers[NET_DNS_SERVERS_MAX];
	size_t servers_n;
	struct map *map;
	struct list_link by_use, waiting;
	struct net_timer *kick;	/* starts questions and tells news outside of
				   the call that made them */
	bool has_news;
	struct net_resolver_counts counts;
};

/* resolve_ask.c: e is ASKING; ends by one net_dns_done(), later. */
void net_dns_ask(struct net_dns_entry *e);
void net_dns_ask_cancel(struct net_dns_entry *e);

/* resolve.c: a is borrowed; NULL: nobody answered in time. */
void net_dns_done(struct net_dns_entry *e, const struct dns_answer *a);
