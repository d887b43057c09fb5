/* core/deferred/queue_items.c: the rows of a lane that are in memory, in the
 * order of the store.
 */
#include <string.h>

#include "core/deferred/queue_priv.h"

static struct item *free_slot(struct queue *q)
{
	unsigned i;

	for (i = 0; i < q->slots_n; i++)
		if (q->slots[i].state == ITEM_FREE)
			return &q->slots[i];
	return NULL;
}

bool queue_is_full(const struct queue *q)
{
	return q->n == q->slots_n;
}

/* Rows of the store stand before what was kept since the store was asked:
   those have no number (seq) yet. */
static unsigned place_of(const struct queue *q, uint64_t seq, bool in_order)
{
	unsigned at = q->n;

	while (in_order && at > 0) {
		const struct item *it = &q->slots[q->order[at - 1]];

		if (it->todo.seq && it->todo.seq < seq)
			break;
		at--;
	}
	return at;
}

struct item *queue_add(struct queue *q, const struct todo *t, struct msg *m,
		       bool in_order)
{
	struct item *it = free_slot(q);
	unsigned at;

	if (!it)
		return NULL;
	at = place_of(q, t->seq, in_order);
	memmove(q->order + at + 1, q->order + at,
		(q->n - at) * sizeof(*q->order));
	q->order[at] = (uint16_t)(it - q->slots);
	q->n++;
	memset(it, 0, sizeof(*it));
	it->state = ITEM_WAIT;
	it->todo = *t;
	it->todo.lane = q->lane;
	it->todo.recipient = m->to[0].text;
	it->todo.via = STR_NONE;
	it->todo.msg = m;
	it->msg = m;
	it->due_utc_us = t->due_utc_us;
	return it;
}

struct item *queue_by_id(struct queue *q, uint64_t id)
{
	unsigned i;

	for (i = 0; i < q->n; i++)
		if (q->slots[q->order[i]].todo.id == id)
			return &q->slots[q->order[i]];
	return NULL;
}

void queue_remove(struct queue *q, struct item *it)
{
	uint16_t slot = (uint16_t)(it - q->slots);
	unsigned i = 0;

	while (i < q->n && q->order[i] != slot)
		i++;
	if (i == q->n)
		return;
	memmove(q->order + i, q->order + i + 1,
		(q->n - i - 1) * sizeof(*q->order));
	q->n--;
	if (it->state == ITEM_SENDING)
		q->sending_n--;
	it->state = ITEM_FREE;
	msg_put(it->msg);
	it->msg = NULL;
}
