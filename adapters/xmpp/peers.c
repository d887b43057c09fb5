/* adapters/xmpp/peers.c: a bounded memory of pairs, see peers.h. */
#include "adapters/xmpp/peers.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/hash.h"
#include "core/base/list.h"
#include "core/base/map.h"
#include "core/base/mem.h"

struct entry {
	struct list_link link;	/* least recently used first */
	uint64_t key;
	struct peer peer;
};

struct peers {
	uint64_t seed;
	struct map *by_key;
	struct list_link used;
};

struct peers *peers_new(uint64_t seed)
{
	struct peers *p = mem_zalloc(sizeof(*p));

	p->seed = seed;
	p->by_key = map_new(seed);
	list_init(&p->used);
	return p;
}

static void forget(struct peers *p, struct entry *e)
{
	map_del_u64(p->by_key, e->key);
	list_del(&e->link);
	mem_free(e);
}

void peers_free(struct peers *p)
{
	if (!p)
		return;
	while (!list_empty(&p->used))
		forget(p, list_of(p->used.next, struct entry, link));
	map_free(p->by_key);
	mem_free(p);
}

/* Keyed, so that nobody can make two pairs collide on purpose. */
static uint64_t key_of(const struct peers *p, struct str own, struct str remote)
{
	return hash_key(hash_key(p->seed, own.p, own.n), remote.p, remote.n);
}

struct peer *peers_find(struct peers *p, struct str own, struct str remote)
{
	struct entry *e = map_get_u64(p->by_key, key_of(p, own, remote));

	if (!e)
		return NULL;
	list_del(&e->link);
	list_add(&p->used, &e->link);
	return &e->peer;
}

struct peer *peers_get(struct peers *p, struct str own, struct str remote)
{
	struct peer *known = peers_find(p, own, remote);
	struct entry *e;

	if (known)
		return known;
	if (map_count(p->by_key) >= PEERS_MAX)
		forget(p, list_of(p->used.next, struct entry, link));
	e = mem_zalloc(sizeof(*e));
	e->key = key_of(p, own, remote);
	map_set_u64(p->by_key, e->key, e);
	list_add(&p->used, &e->link);
	return &e->peer;
}

void peer_edited(struct peer *p, struct str edit, struct str first)
{
	if (edit.n == 0 || first.n == 0 || first.n > sizeof(p->first))
		return;
	p->edit = hash_key(0, edit.p, edit.n) | 1;
	p->first_n = (unsigned char)first.n;
	memmove(p->first, first.p, first.n);
}

struct str peer_first(const struct peer *p, struct str about)
{
	if (p->edit == 0 || p->edit != (hash_key(0, about.p, about.n) | 1))
		return about;
	return (struct str){ p->first, p->first_n };
}
