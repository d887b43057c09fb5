/* core/flow/rates.c: the buckets of everybody who sent lately (core/model/
 * rate.h). A bucket that is full again is forgotten, so that only those who
 * send fast take room; past RATES_MAX of them whoever was silent longest starts
 * anew.
 */
#include "core/base/hash.h"
#include "core/base/list.h"
#include "core/base/map.h"
#include "core/base/mem.h"
#include "core/flow/core_priv.h"

#define RATES_MAX 65536u	/* some 8 MB when full */
#define SWEEP_N 4u		/* looked at for each one that spends */

struct bucket {
	struct list_link age;	/* used longest ago first */
	uint64_t key;
	int64_t full_at_us;
};

struct rates {
	struct map *map;
	struct list_link age;
	uint64_t seed;
};

struct rates *rates_new(uint64_t seed)
{
	struct rates *r = mem_zalloc(sizeof(*r));

	r->map = map_new(seed);
	r->seed = seed;
	list_init(&r->age);
	return r;
}

static void forget(struct rates *r, struct bucket *b)
{
	map_del_u64(r->map, b->key);
	list_del(&b->age);
	mem_free(b);
}

void rates_free(struct rates *r)
{
	struct list_link *it, *tmp;

	list_each(it, tmp, &r->age)
		forget(r, list_of(it, struct bucket, age));
	map_free(r->map);
	mem_free(r);
}

uint64_t rates_key(const struct rates *r, enum rate_of of, struct str who)
{
	return hash_key(r->seed + (uint64_t)of + 1, who.p, who.n);
}

uint32_t rates_wait_ms(const struct rates *r, uint64_t key,
		       struct rate_limit l, int64_t now_us)
{
	const struct bucket *b = map_get_u64(r->map, key);

	return b ? rate_wait_ms(l, b->full_at_us, now_us) : 0;
}

/* The oldest few: what is full again goes, and one that is not when there are
   too many. */
static void sweep(struct rates *r, int64_t now_us)
{
	unsigned i;

	for (i = 0; i < SWEEP_N && !list_empty(&r->age); i++) {
		struct bucket *b = list_of(r->age.next, struct bucket, age);

		if (b->full_at_us > now_us && map_count(r->map) < RATES_MAX)
			return;
		forget(r, b);
	}
}

void rates_spend(struct rates *r, const struct spend *s, int64_t now_us)
{
	struct bucket *b;
	size_t i;

	sweep(r, now_us);
	for (i = 0; i < s->n; i++) {
		b = map_get_u64(r->map, s->list[i].key);
		if (b) {
			list_del(&b->age);
		} else {
			b = mem_zalloc(sizeof(*b));
			b->key = s->list[i].key;
			map_set_u64(r->map, b->key, b);
		}
		b->full_at_us = rate_spend(s->list[i].limit, b->full_at_us,
					   now_us);
		list_add(&r->age, &b->age);
	}
}

size_t rates_count(const struct rates *r)
{
	return map_count(r->map);
}
