/* core/flow/window.c: the window of repeats, in memory. Passed-through
 * messages write no row, so who repeats one within the window gets the earlier
 * answer from here [architecture.md 5.6]. Bounded by count, oldest out.
 */
#include <string.h>

#include "core/base/list.h"
#include "core/base/map.h"
#include "core/base/mem.h"
#include "core/flow/core_priv.h"

#define WINDOW_MAX 65536u	/* some 10 MB when full */

struct seen {
	struct list_link age;	/* oldest first */
	int64_t until_ms;
	uint64_t obj;
	struct remember r;
};

struct window {
	struct map *map;
	struct list_link age;
};

struct window *window_new(uint64_t seed)
{
	struct window *w = mem_zalloc(sizeof(*w));

	w->map = map_new(seed);
	list_init(&w->age);
	return w;
}

static struct str key_of(const uint8_t key[32])
{
	return (struct str){ (const char *)key, 32 };
}

static void forget(struct window *w, struct seen *s)
{
	map_del(w->map, key_of(s->r.key));
	list_del(&s->age);
	mem_free(s);
}

static struct seen *oldest(struct window *w)
{
	return list_empty(&w->age) ? NULL :
	       list_of(w->age.next, struct seen, age);
}

void window_free(struct window *w)
{
	struct seen *s;

	while ((s = oldest(w)))
		forget(w, s);
	map_free(w->map);
	mem_free(w);
}

const struct remember *window_find(struct window *w, const uint8_t key[32],
				   int64_t now_ms, uint64_t *obj_out)
{
	struct seen *s = map_get(w->map, key_of(key));

	if (!s || s->until_ms <= now_ms)
		return NULL;
	if (obj_out)
		*obj_out = s->obj;
	return &s->r;
}

void window_put(struct window *w, const struct remember *r, uint64_t obj,
		int64_t now_ms, int64_t until_ms)
{
	struct seen *s = map_get(w->map, key_of(r->key));

	while (oldest(w) && oldest(w) != s &&
	       (oldest(w)->until_ms <= now_ms ||
		map_count(w->map) >= WINDOW_MAX))
		forget(w, oldest(w));
	if (!s) {
		s = mem_zalloc(sizeof(*s));
		s->r = *r;
		map_set(w->map, key_of(s->r.key), s);
	} else {
		list_del(&s->age);
		s->r = *r;
	}
	s->obj = obj;
	s->until_ms = until_ms;
	list_add(&w->age, &s->age);
}

size_t window_count(const struct window *w)
{
	return map_count(w->map);
}
