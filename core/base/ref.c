/* core/base/ref.c: see ref.h. */
#include "core/base/ref.h"

#include <assert.h>
#include <stdalign.h>

#include "core/base/mem.h"

struct head {
	alignas(16) unsigned count;
	ref_drop_h *drop;
};

static struct head *head_of(const void *obj)
{
	return (struct head *)((char *)(size_t)obj - sizeof(struct head));
}

void *ref_new(size_t n, ref_drop_h *drop)
{
	struct head *h = mem_zalloc(sizeof(*h) + n);

	h->count = 1;
	h->drop = drop;
	return h + 1;
}

void *ref_get(void *obj)
{
	if (obj)
		head_of(obj)->count++;
	return obj;
}

void ref_put(void *obj)
{
	struct head *h;

	if (!obj)
		return;
	h = head_of(obj);
	assert(h->count > 0);
	if (--h->count > 0)
		return;
	if (h->drop)
		h->drop(obj);
	mem_free(h);
}

unsigned ref_count(const void *obj)
{
	return head_of(obj)->count;
}
