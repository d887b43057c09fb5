/* adapters/sip/blacklist.c: servers of foreign domains that did not work
 * lately, and until when they are passed over: 5 s doubling to 5 min, or as
 * long as a 503 asked for; the first answer forgets it. [RFC 3263 4.3,
 * RFC 3261 21.5.4]
 */
#include "adapters/sip/sip_priv.h"

#include <stdio.h>

#define LISTED_MAX 4096u
#define BACKOFF_MIN_MS 5000
#define BACKOFF_MAX_MS 300000
#define FORGET_MS 600000 /* so long after its time the next fault is a first */

struct listed {
	struct list_link age; /* oldest fault first */
	char key[LOCATE_ADDRESS_MAX + 16];
	int64_t until_ms, backoff_ms;
};

static struct str key_of(const struct locate_hop *h,
			 char out[LOCATE_ADDRESS_MAX + 16])
{
	snprintf(out, LOCATE_ADDRESS_MAX + 16, "%s %s %u",
		 sip_transport_name(h->transport), h->address, h->port);
	return str_of(out);
}

static struct listed *find(const struct sip_blacklist *b,
			   const struct locate_hop *h)
{
	char key[LOCATE_ADDRESS_MAX + 16];

	return map_count(b->map) ? map_get(b->map, key_of(h, key)) : NULL;
}

static void forget(struct sip_blacklist *b, struct listed *it)
{
	map_del(b->map, str_of(it->key));
	list_del(&it->age);
	mem_free(it);
}

static struct listed *oldest(struct sip_blacklist *b)
{
	return list_empty(&b->age) ? NULL
				   : list_of(b->age.next, struct listed, age);
}

void sip_blacklist_init(struct sip_blacklist *b, uint64_t seed)
{
	b->map = map_new(seed);
	list_init(&b->age);
}

void sip_blacklist_free(struct sip_blacklist *b)
{
	struct listed *it;

	while ((it = oldest(b)))
		forget(b, it);
	map_free(b->map);
}

int64_t sip_blacklist_until(const struct sip_blacklist *b,
			    const struct locate_hop *h, int64_t now_ms)
{
	const struct listed *it = find(b, h);

	return it && it->until_ms > now_ms ? it->until_ms : 0;
}

static int64_t at_most(int64_t ms)
{
	return ms < BACKOFF_MAX_MS ? ms : BACKOFF_MAX_MS;
}

void sip_blacklist_fail(struct sip_blacklist *b, const struct locate_hop *h,
			int64_t now_ms, int64_t asked_ms)
{
	struct listed *it = find(b, h);

	if (it && now_ms - it->until_ms > FORGET_MS) {
		forget(b, it);
		it = NULL;
	}
	if (!it) {
		if (map_count(b->map) >= LISTED_MAX)
			forget(b, oldest(b));
		it = mem_zalloc(sizeof(*it));
		map_set(b->map, key_of(h, it->key), it);
	} else {
		list_del(&it->age);
	}
	list_add(&b->age, &it->age);
	if (it->until_ms > now_ms && !asked_ms)
		return; /* several of one outage count once */
	if (asked_ms > 0) {
		it->until_ms = now_ms + at_most(asked_ms);
		return;
	}
	it->backoff_ms = it->backoff_ms ? at_most(it->backoff_ms * 2)
					: BACKOFF_MIN_MS;
	it->until_ms = now_ms + it->backoff_ms;
}

void sip_blacklist_good(struct sip_blacklist *b, const struct locate_hop *h)
{
	struct listed *it = find(b, h);

	if (it)
		forget(b, it);
}

size_t sip_blacklist_count(const struct sip_blacklist *b)
{
	return map_count(b->map);
}
