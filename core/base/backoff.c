/* core/base/backoff.c: see backoff.h. Keys are kept whole: two that share a
 * hash must not share a ban.
 */
#include "core/base/backoff.h"

#include <string.h>

#include "core/base/list.h"
#include "core/base/map.h"
#include "core/base/mem.h"

enum { LOOKED_AT_MAX = 16 };	/* for one that is not banned, when full */

struct bucket {
	struct list_link by_use;	/* least recently touched first */
	struct str key;
	uint32_t used;			/* tokens that are gone */
	uint32_t bans;			/* in a row */
	int64_t refilled_ms;		/* used was counted down then */
	int64_t ban_end_ms;
	char text[];
};

struct backoff {
	struct map *map;
	struct list_link by_use;
	size_t max;
};

struct backoff *backoff_new(uint64_t seed, size_t entries_max)
{
	struct backoff *b = mem_zalloc(sizeof(*b));

	b->map = map_new(seed);
	b->max = entries_max;
	list_init(&b->by_use);
	return b;
}

static void drop(struct backoff *b, struct bucket *k)
{
	map_del(b->map, k->key);
	list_del(&k->by_use);
	mem_free(k);
}

void backoff_free(struct backoff *b)
{
	struct list_link *it, *tmp;

	if (!b)
		return;
	list_each(it, tmp, &b->by_use)
		drop(b, list_of(it, struct bucket, by_use));
	map_free(b->map);
	mem_free(b);
}

/* The oldest that is not banned; else a ban ends early rather than memory. */
static void make_room(struct backoff *b, int64_t now_ms)
{
	struct bucket *first = list_of(b->by_use.next, struct bucket, by_use);
	struct list_link *it, *tmp;
	unsigned n = 0;

	list_each(it, tmp, &b->by_use) {
		struct bucket *k = list_of(it, struct bucket, by_use);

		if (k->ban_end_ms <= now_ms) {
			first = k;
			break;
		}
		if (++n == LOOKED_AT_MAX)
			break;
	}
	drop(b, first);
}

static struct bucket *touch(struct backoff *b, struct str key, int64_t now_ms)
{
	struct bucket *k = map_get(b->map, key);

	if (k) {
		list_del(&k->by_use);
		list_add(&b->by_use, &k->by_use);
		return k;
	}
	if (map_count(b->map) >= b->max)
		make_room(b, now_ms);
	k = mem_zalloc(sizeof(*k) + key.n + 1);
	memcpy(k->text, key.p ? key.p : "", key.n);
	k->key = (struct str){ k->text, key.n };
	k->refilled_ms = now_ms;
	map_set(b->map, k->key, k);
	list_add(&b->by_use, &k->by_use);
	return k;
}

/* Tokens that came back since; a key that was quiet for the longest ban starts
   with the shortest again. */
static void refill(struct bucket *k, const struct backoff_rule *r,
		   int64_t now_ms)
{
	int64_t passed = now_ms - k->refilled_ms, n;

	if (k->bans && now_ms - k->ban_end_ms > r->ban_max_ms)
		k->bans = 0;
	if (!r->refill_ms || passed < r->refill_ms)
		return;
	n = passed / r->refill_ms;
	k->used = n >= k->used ? 0 : k->used - (uint32_t)n;
	k->refilled_ms += n * r->refill_ms;
}

static int64_t ban_length(const struct bucket *k, const struct backoff_rule *r)
{
	int64_t ms = r->ban_min_ms;
	uint32_t i;

	for (i = 0; i < k->bans && ms < r->ban_max_ms; i++)
		ms *= 2;
	return ms < r->ban_max_ms ? ms : r->ban_max_ms;
}

int64_t backoff_left_ms(const struct backoff *b, struct str key, int64_t now_ms)
{
	const struct bucket *k = map_get(b->map, key);

	return k && k->ban_end_ms > now_ms ? k->ban_end_ms - now_ms : 0;
}

int64_t backoff_failed(struct backoff *b, struct str key,
		       const struct backoff_rule *rule, int64_t now_ms)
{
	struct bucket *k;
	int64_t ms;

	if (!rule->burst)
		return 0;
	k = touch(b, key, now_ms);
	refill(k, rule, now_ms);
	if (k->ban_end_ms > now_ms || ++k->used < rule->burst)
		return 0;
	ms = ban_length(k, rule);
	k->used = 0;
	k->bans++;
	k->ban_end_ms = k->refilled_ms = now_ms + ms;
	return ms;
}

void backoff_forgive(struct backoff *b, struct str key, int64_t now_ms)
{
	struct bucket *k = map_get(b->map, key);

	if (k && k->ban_end_ms <= now_ms)
		drop(b, k);
}

size_t backoff_count(const struct backoff *b)
{
	return map_count(b->map);
}
