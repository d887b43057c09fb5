/* core/base/map.c: see map.h. Linear probing with tombstones; rebuilt when
 * three quarters are used.
 */
#include "core/base/map.h"

#include "core/base/hash.h"
#include "core/base/mem.h"

#define MIN_SLOTS 16u

struct slot {
	struct str key;		/* p == NULL for a number: key.n holds it */
	uint64_t hash;
	void *value;		/* NULL: free; DEAD: a tombstone */
};

static char dead;
#define DEAD ((void *)&dead)

static bool is_taken(const struct slot *s)
{
	return s->value && s->value != DEAD;
}

struct map {
	struct slot *slots;
	size_t slots_n;		/* a power of two */
	size_t count, used;	/* used counts tombstones as well */
	uint64_t seed;
};

struct map *map_new(uint64_t seed)
{
	struct map *m = mem_zalloc(sizeof(*m));

	m->seed = seed;
	m->slots_n = MIN_SLOTS;
	m->slots = mem_zalloc(m->slots_n * sizeof(*m->slots));
	return m;
}

void map_free(struct map *m)
{
	if (!m)
		return;
	mem_free(m->slots);
	mem_free(m);
}

size_t map_count(const struct map *m)
{
	return m->count;
}

static bool same_key(const struct slot *s, struct str key, uint64_t hash)
{
	if (s->hash != hash)
		return false;
	if (!key.p)
		return !s->key.p && s->key.n == key.n;
	return s->key.p && str_eq(s->key, key);
}

static struct slot *find(const struct map *m, struct str key, uint64_t hash)
{
	size_t mask = m->slots_n - 1, i = hash & mask;

	for (;; i = (i + 1) & mask) {
		struct slot *s = &m->slots[i];

		if (!s->value)
			return NULL;
		if (s->value != DEAD && same_key(s, key, hash))
			return s;
	}
}

static void place(struct map *m, struct slot item)
{
	size_t mask = m->slots_n - 1, i = item.hash & mask;

	while (is_taken(&m->slots[i]))
		i = (i + 1) & mask;
	if (!m->slots[i].value)
		m->used++;
	m->slots[i] = item;
	m->count++;
}

static void rebuild(struct map *m)
{
	struct slot *old = m->slots;
	size_t old_n = m->slots_n, i;

	m->slots_n = MIN_SLOTS;
	while (m->slots_n < m->count * 2)
		m->slots_n *= 2;
	m->slots = mem_zalloc(m->slots_n * sizeof(*m->slots));
	m->count = m->used = 0;
	for (i = 0; i < old_n; i++)
		if (is_taken(&old[i]))
			place(m, old[i]);
	mem_free(old);
}

static void *set(struct map *m, struct str key, uint64_t hash, void *value)
{
	struct slot *s = find(m, key, hash);
	void *earlier;

	if (s) {
		earlier = s->value;
		s->value = value;
		s->key = key;
		return earlier;
	}
	if ((m->used + 1) * 4 > m->slots_n * 3) {
		m->count++;	/* room for the new one as well */
		rebuild(m);
	}
	place(m, (struct slot){ .key = key, .hash = hash, .value = value });
	return NULL;
}

static void *del(struct map *m, struct str key, uint64_t hash)
{
	struct slot *s = find(m, key, hash);
	void *value;

	if (!s)
		return NULL;
	value = s->value;
	*s = (struct slot){ .value = DEAD };
	m->count--;
	return value;
}

static uint64_t hash_str(const struct map *m, struct str key)
{
	return hash_key(m->seed, key.p, key.n);
}

static struct str number(uint64_t key)
{
	return (struct str){ NULL, key };
}

static uint64_t hash_u64(const struct map *m, uint64_t key)
{
	/* Two rounds of a multiply-xorshift finaliser: our own ids, not
	   foreign input, so speed matters more than secrecy here. */
	key ^= m->seed;
	key = (key ^ (key >> 30)) * 0xbf58476d1ce4e5b9u;
	key = (key ^ (key >> 27)) * 0x94d049bb133111ebu;
	return key ^ (key >> 31);
}

void *map_set(struct map *m, struct str key, void *value)
{
	struct str k = key.p ? key : STR("");

	return set(m, k, hash_str(m, k), value);
}

void *map_get(const struct map *m, struct str key)
{
	struct str k = key.p ? key : STR("");
	struct slot *s = find(m, k, hash_str(m, k));

	return s ? s->value : NULL;
}

void *map_del(struct map *m, struct str key)
{
	struct str k = key.p ? key : STR("");

	return del(m, k, hash_str(m, k));
}

void *map_set_u64(struct map *m, uint64_t key, void *value)
{
	return set(m, number(key), hash_u64(m, key), value);
}

void *map_get_u64(const struct map *m, uint64_t key)
{
	struct slot *s = find(m, number(key), hash_u64(m, key));

	return s ? s->value : NULL;
}

void *map_del_u64(struct map *m, uint64_t key)
{
	return del(m, number(key), hash_u64(m, key));
}

void *map_next(const struct map *m, size_t *at)
{
	while (*at < m->slots_n) {
		const struct slot *s = &m->slots[(*at)++];

		if (is_taken(s))
			return s->value;
	}
	return NULL;
}
