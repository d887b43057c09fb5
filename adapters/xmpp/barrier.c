/* adapters/xmpp/barrier.c: the list of sends that wait, see barrier.h. Bounded
 * by the window of the link, which its caller keeps; so a scan is short.
 */
#include "adapters/xmpp/barrier.h"

#include <string.h>

#include "core/base/mem.h"

void barrier_init(struct barrier *b)
{
	*b = (struct barrier){ .next = 1 };
	list_init(&b->sends);
}

bool barrier_is_open(const struct barrier *b)
{
	return !list_empty(&b->sends) &&
	       list_of(b->sends.prev, struct barrier_send, link)->batch ==
		       b->next;
}

uint64_t barrier_pings(const struct barrier *b)
{
	return b->next - 1 - b->answered;
}

struct barrier_send *barrier_add(struct barrier *b, struct str id,
				 struct str peer)
{
	struct barrier_send *s = mem_zalloc(sizeof(*s) + id.n + peer.n);
	char *p = (char *)(s + 1);

	if (id.n > 0)
		memcpy(p, id.p, id.n);
	if (peer.n > 0)
		memcpy(p + id.n, peer.p, peer.n);
	s->id = (struct str){ p, id.n };
	s->peer = (struct str){ p + id.n, peer.n };
	s->batch = b->next;
	list_add(&b->sends, &s->link);
	b->sends_n++;
	return s;
}

uint64_t barrier_close(struct barrier *b)
{
	return b->next++;
}

bool barrier_answer(struct barrier *b, uint64_t number)
{
	if (number <= b->answered || number >= b->next)
		return false;
	b->answered = number;
	return true;
}

static struct barrier_send *take(struct barrier *b, struct list_link *it)
{
	struct barrier_send *s = list_of(it, struct barrier_send, link);

	list_del(it);
	b->sends_n--;
	return s;
}

struct barrier_send *barrier_take_answered(struct barrier *b)
{
	struct list_link *first = b->sends.next;

	if (list_empty(&b->sends) ||
	    list_of(first, struct barrier_send, link)->batch > b->answered)
		return NULL;
	return take(b, first);
}

struct barrier_send *barrier_take_failed(struct barrier *b, struct str id,
					 struct str peer)
{
	struct list_link *it, *tmp;

	list_each(it, tmp, &b->sends) {
		struct barrier_send *s = list_of(it, struct barrier_send, link);

		/* One message may be under way to many, with the same id. */
		if (str_eq(s->id, id) && str_ieq(s->peer, peer))
			return take(b, it);
	}
	return NULL;
}

struct barrier_send *barrier_take_first(struct barrier *b)
{
	return list_empty(&b->sends) ? NULL : take(b, b->sends.next);
}

void barrier_send_free(struct barrier_send *s)
{
	mem_free(s);
}
