/* adapters/sip/ban.c: passwords tried too often. Failures are counted for the
 * user, for where they come from, and for both together, each with its own
 * limit; the table itself is core/base/backoff.c. This is done here and not in
 * core because a flood has to be turned away before an event exists.
 *
 *   user and source   somebody tries, or his device has an old password: only
 *                     he is kept out, and only from there
 *   source            somebody tries many users: nobody from there gets in
 *   user              he is tried from many places: he is kept out but where
 *                     he was let in lately, so that others cannot lock him out
 *
 * The line event=auth_fail is read by fail2ban (packaging/fail2ban) and does
 * not change.
 */
#include "adapters/sip/sip_count.h"
#include "adapters/sip/sip_priv.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum {
	BUCKETS_MAX = 50000, /* some 150 bytes each, of each kind */
	GOODS_MAX = 100000,  /* some 150 bytes each */
	KEY_MAX = 512,
	LINES_MAX = 100, /* log lines a second */
};

struct good {
	struct list_link by_use;
	uint64_t key;
};

struct sip_bans {
	struct backoff *pairs, *sources, *users;
	struct map *goods; /* hash of user and source */
	struct list_link goods_by_use;
	uint64_t seed;
	int64_t second_ms;
	unsigned lines, hidden;
};

struct sip_bans *sip_bans_new(uint64_t seed)
{
	struct sip_bans *b = mem_zalloc(sizeof(*b));

	b->seed = seed;
	b->pairs = backoff_new(seed, BUCKETS_MAX);
	b->sources = backoff_new(seed, BUCKETS_MAX);
	b->users = backoff_new(seed, BUCKETS_MAX);
	b->goods = map_new(seed);
	list_init(&b->goods_by_use);
	return b;
}

static void good_drop(struct sip_bans *b, struct good *g)
{
	map_del_u64(b->goods, g->key);
	list_del(&g->by_use);
	mem_free(g);
}

void sip_bans_free(struct sip_bans *b)
{
	while (!list_empty(&b->goods_by_use))
		good_drop(b, list_of(b->goods_by_use.next, struct good,
				     by_use));
	map_free(b->goods);
	backoff_free(b->pairs);
	backoff_free(b->sources);
	backoff_free(b->users);
	mem_free(b);
}

/* Whoever has one IPv6 address has all of its /64. */
static struct str source_key(const char *source, char out[SIP_ADDR_MAX])
{
	struct in6_addr ip;

	if (inet_pton(AF_INET6, source, &ip) == 1 &&
	    !IN6_IS_ADDR_V4MAPPED(&ip)) {
		memset(ip.s6_addr + 8, 0, 8);
		if (inet_ntop(AF_INET6, &ip, out, SIP_ADDR_MAX))
			return str_of(out);
	}
	return str_of(source);
}

/* "name@realm source"; what is longer than any user of ours is cut. */
static struct str pair_key(struct str user, struct str source,
			   char out[KEY_MAX])
{
	int n = snprintf(out, KEY_MAX, "%.*s %.*s", STR_ARG(source),
			 STR_ARG(user));

	return (struct str){ out, n < KEY_MAX ? (size_t)n : KEY_MAX - 1 };
}

bool sip_ban_source(const struct sip *s, const char *source)
{
	char text[SIP_ADDR_MAX];

	return backoff_left_ms(s->bans->sources, source_key(source, text),
			       net_now_ms(s->loop)) > 0;
}

bool sip_ban_user(const struct sip *s, const char *source, struct str user)
{
	const struct sip_bans *b = s->bans;
	int64_t now = net_now_ms(s->loop);
	char text[SIP_ADDR_MAX], key[KEY_MAX];
	struct str pair = pair_key(user, source_key(source, text), key);

	if (backoff_left_ms(b->pairs, pair, now) > 0)
		return true;
	return backoff_left_ms(b->users, user, now) > 0 &&
	       !map_get_u64(b->goods, hash_key(b->seed, pair.p, pair.n));
}

static void log_ban(const struct sip *s, const char *what, const char *source,
		    struct str user, int64_t ms)
{
	log_warning(&s->log, "auth_ban", F_TEXT("src", source),
		    F_ADDR("user", user), F_TEXT("what", what),
		    F_N("seconds", ms / 1000));
}

/* So many lines a second say enough, and the next one how many more. */
static void log_failure(struct sip *s, const char *source, struct str user,
			const char *reason)
{
	struct sip_bans *b = s->bans;
	int64_t now = net_now_ms(s->loop);

	sip_count_auth_failure();
	if (now - b->second_ms >= 1000) {
		b->second_ms = now;
		b->lines = 0;
	}
	if (b->lines++ >= LINES_MAX) {
		b->hidden++;
		return;
	}
	log_warning(&s->log, "auth_fail", F_TEXT("src", source),
		    F_ADDR("user", user), F_TEXT("reason", reason),
		    F_N("not_logged", b->hidden));
	b->hidden = 0;
}

static struct backoff_rule rule_of(const struct config *c, uint32_t burst)
{
	return (struct backoff_rule){ .burst = burst,
				      .refill_ms = c->auth_refill_ms,
				      .ban_min_ms = c->auth_ban_min_ms,
				      .ban_max_ms = c->auth_ban_max_ms };
}

static void count(struct sip *s, struct backoff *b, struct str key,
		  uint32_t burst, const char *what, const char *source,
		  struct str user)
{
	struct backoff_rule rule = rule_of(s->conf, burst);
	int64_t ms = backoff_failed(b, key, &rule, net_now_ms(s->loop));

	if (ms)
		log_ban(s, what, source, user, ms);
}

void sip_ban_failed(struct sip *s, const char *source, struct str user,
		    const char *reason)
{
	char text[SIP_ADDR_MAX], key[KEY_MAX];
	struct str from = source_key(source, text);
	const struct config *c = s->conf;

	s->counts.auth_failed++;
	log_failure(s, source, user, reason);
	if (!c)
		return;
	count(s, s->bans->sources, from, c->auth_source_failures, "source",
	      source, user);
	if (!user.n)
		return;
	count(s, s->bans->pairs, pair_key(user, from, key),
	      c->auth_pair_failures, "user at source", source, user);
	count(s, s->bans->users, user, c->auth_user_failures, "user", source,
	      user);
}

void sip_ban_good(struct sip *s, const char *source, struct str user)
{
	struct sip_bans *b = s->bans;
	char text[SIP_ADDR_MAX], key[KEY_MAX];
	struct str pair = pair_key(user, source_key(source, text), key);
	uint64_t hash = hash_key(b->seed, pair.p, pair.n);
	struct good *g = map_get_u64(b->goods, hash);

	backoff_forgive(b->pairs, pair, net_now_ms(s->loop));
	if (g) {
		list_del(&g->by_use);
	} else {
		if (map_count(b->goods) >= GOODS_MAX)
			good_drop(b, list_of(b->goods_by_use.next, struct good,
					     by_use));
		g = mem_zalloc(sizeof(*g));
		g->key = hash;
		map_set_u64(b->goods, hash, g);
	}
	list_add(&b->goods_by_use, &g->by_use);
}
