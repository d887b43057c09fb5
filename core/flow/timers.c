/* core/flow/timers.c: timers by (object, tag) in a binary heap.
 * An object remembers when each of its tags fires; entries of the heap that do
 * not agree with it any more are dropped when they come up, so stopping and
 * moving a timer cost nothing.
 */
#include "core/base/mem.h"
#include "core/flow/core_priv.h"

static void swap(struct timer_entry *a, struct timer_entry *b)
{
	struct timer_entry t = *a;

	*a = *b;
	*b = t;
}

static void sift_up(struct timer_entry *h, size_t i)
{
	for (; i > 0 && h[i].at_ms < h[(i - 1) / 2].at_ms; i = (i - 1) / 2)
		swap(&h[i], &h[(i - 1) / 2]);
}

static void sift_down(struct timer_entry *h, size_t n, size_t i)
{
	for (;;) {
		size_t least = i, child = 2 * i + 1;

		if (child < n && h[child].at_ms < h[least].at_ms)
			least = child;
		if (child + 1 < n && h[child + 1].at_ms < h[least].at_ms)
			least = child + 1;
		if (least == i)
			return;
		swap(&h[i], &h[least]);
		i = least;
	}
}

static void pop(struct core *core)
{
	core->heap[0] = core->heap[--core->heap_n];
	sift_down(core->heap, core->heap_n, 0);
}

static bool is_alive(struct core *core, const struct timer_entry *t)
{
	struct object *o = object_find(core, t->obj);
	size_t i;

	for (i = 0; o && i < OBJECT_TIMERS_MAX; i++)
		if (o->timers[i].tag == t->tag &&
		    o->timers[i].at_ms == t->at_ms)
			return true;
	return false;
}

/* Drops what is dead once it is the greater part. */
static void compact(struct core *core)
{
	size_t i, n = 0;

	for (i = 0; i < core->heap_n; i++)
		if (is_alive(core, &core->heap[i]))
			core->heap[n++] = core->heap[i];
	core->heap_n = n;
	for (i = n / 2; i > 0; i--)
		sift_down(core->heap, n, i - 1);
}

static void push(struct core *core, struct timer_entry t)
{
	if (core->heap_n == core->heap_size) {
		if (core->heap_n > 1024)
			compact(core);
		if (core->heap_n * 2 >= core->heap_size) {
			core->heap_size = core->heap_size ?
					  core->heap_size * 2 : 64;
			core->heap = mem_realloc(core->heap, core->heap_size *
						 sizeof(*core->heap));
		}
	}
	core->heap[core->heap_n] = t;
	sift_up(core->heap, core->heap_n++);
}

void timers_set(struct core *core, struct object *o, uint32_t tag,
		int64_t at_ms)
{
	size_t i, free_at = OBJECT_TIMERS_MAX;

	for (i = 0; i < OBJECT_TIMERS_MAX; i++) {
		if (o->timers[i].at_ms && o->timers[i].tag == tag)
			break;
		if (!o->timers[i].at_ms)
			free_at = i;
	}
	if (i == OBJECT_TIMERS_MAX)
		i = free_at;
	if (i == OBJECT_TIMERS_MAX)
		return;		/* a machine has at most four, see its table */
	if (o->timers[i].at_ms == at_ms && at_ms)
		return;
	o->timers[i].tag = tag;
	o->timers[i].at_ms = at_ms;
	if (at_ms)
		push(core, (struct timer_entry){ at_ms, o->id, tag });
}

static void fire(struct core *core, const struct timer_entry *t)
{
	struct object *o = object_find(core, t->obj);
	struct event *ev = ev_make(core, EV_TIMER);
	size_t i;

	for (i = 0; i < OBJECT_TIMERS_MAX; i++)
		if (o->timers[i].tag == t->tag)
			o->timers[i].at_ms = 0;
	ev->obj = t->obj;
	ev->tag = t->tag;
	intake_push(core, ev);
}

void timers_fire(struct core *core, int64_t now_ms)
{
	while (core->heap_n > 0 && core->heap[0].at_ms <= now_ms) {
		struct timer_entry t = core->heap[0];

		pop(core);
		if (is_alive(core, &t))
			fire(core, &t);
	}
}

int64_t timers_next(const struct core *core)
{
	return core->heap_n ? core->heap[0].at_ms : 0;
}

void timers_free(struct core *core)
{
	mem_free(core->heap);
}
