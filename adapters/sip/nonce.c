/* adapters/sip/nonce.c: which counts of a nonce were used. A nonce itself needs
 * no memory (core/codec/digest.h); what was spent of it does, or whoever
 * overheard a request could send it again. [RFC 7616 3.4, 5.4]
 * The table is bounded. What does not fit is given up together with all nonces
 * that are older: their owners are told stale and get a fresh one.
 */
#include "adapters/sip/sip_priv.h"

#define WINDOW 64u /* counts that may overtake each other */

struct spent {
	struct list_link by_age; /* of first use */
	uint64_t id;
	uint64_t seen; /* bit n: top - n was used */
	uint32_t top;
	int64_t end_ms; /* the nonce is stale by then */
};

void sip_nonces_init(struct sip_nonces *t, uint64_t seed)
{
	list_init(&t->by_age);
	t->map = map_new(seed);
	t->floor = 0;
	t->n = 0;
}

static void drop(struct sip_nonces *t, struct spent *e)
{
	map_del_u64(t->map, e->id);
	list_del(&e->by_age);
	mem_free(e);
	t->n--;
}

static struct spent *add(struct sip_nonces *t, uint64_t id, int64_t end_ms)
{
	struct spent *e;

	if (t->n >= SIP_NONCES_MAX) {
		e = list_of(t->by_age.next, struct spent, by_age);
		if (e->id > t->floor)
			t->floor = e->id;
		drop(t, e);
	}
	e = mem_zalloc(sizeof(*e));
	e->id = id;
	e->end_ms = end_ms;
	map_set_u64(t->map, id, e);
	list_add(&t->by_age, &e->by_age);
	t->n++;
	return e;
}

static bool spend(struct spent *e, uint32_t nc)
{
	uint32_t behind;

	if (nc > e->top) {
		uint32_t ahead = nc - e->top;

		e->seen = ahead < WINDOW ? e->seen << ahead : 0;
		e->seen |= 1;
		e->top = nc;
		return true;
	}
	behind = e->top - nc;
	if (behind >= WINDOW || (e->seen & (uint64_t)1 << behind))
		return false;
	e->seen |= (uint64_t)1 << behind;
	return true;
}

bool sip_nonce_spend(struct sip_nonces *t, uint64_t id, uint32_t nc,
		     int64_t now_ms, int64_t life_ms)
{
	struct spent *e = map_get_u64(t->map, id);

	if (!nc)
		return false;
	if (!e && id <= t->floor)
		return false;
	return spend(e ? e : add(t, id, now_ms + life_ms), nc);
}

/* Those that are too old to be taken for fresh. */
void sip_nonces_sweep(struct sip_nonces *t, int64_t now_ms)
{
	while (!list_empty(&t->by_age)) {
		struct spent *e = list_of(t->by_age.next, struct spent, by_age);

		if (e->end_ms >= now_ms)
			return;
		drop(t, e);
	}
}

void sip_nonces_free(struct sip_nonces *t)
{
	while (!list_empty(&t->by_age))
		drop(t, list_of(t->by_age.next, struct spent, by_age));
	map_free(t->map);
}
