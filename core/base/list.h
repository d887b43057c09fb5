/* core/base/list.h: doubly linked list, the links lie inside the elements.
 * An empty list points at itself; a removed link points nowhere.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct list_link {
	struct list_link *prev, *next;
};

#define list_of(ptr, type, member) \
	((type *)(void *)((char *)(ptr) - offsetof(type, member)))

/* "next" is read first, so the body may remove and free the element. */
#define list_each(it, tmp, head) \
	for ((it) = (head)->next; (tmp) = (it)->next, (it) != (head); \
	     (it) = (tmp))

static inline void list_init(struct list_link *head)
{
	head->prev = head->next = head;
}

static inline bool list_empty(const struct list_link *head)
{
	return head->next == head;
}

static inline void list_add(struct list_link *head, struct list_link *it)	/* at the end */
{
	it->prev = head->prev;
	it->next = head;
	head->prev->next = it;
	head->prev = it;
}

static inline void list_add_first(struct list_link *head, struct list_link *it)
{
	list_add(head->next, it);
}

static inline bool list_linked(const struct list_link *it)
{
	return it->next != NULL;
}

/* Removing what is in no list does nothing. */
static inline void list_del(struct list_link *it)
{
	if (!it->next)
		return;
	it->prev->next = it->next;
	it->next->prev = it->prev;
	it->prev = it->next = NULL;
}
