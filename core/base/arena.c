/* core/base/arena.c: see arena.h. A list of blocks that double up to 64 KiB;
 * the first one lies in the same malloc as the arena itself, so a small
 * message costs one malloc and one free.
 */
#include "core/base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"

#define ALIGN 16u
#define FIRST_BYTES 2032u	/* with the header a 2 KiB malloc */
#define BLOCK_MAX_BYTES 65536u

struct block {
	_Alignas(ALIGN) struct block *next;
	size_t size, used;
};				/* its bytes follow */

struct arena {
	size_t max, used;
	bool is_over;
	struct block *head;
	struct block first;	/* last: its bytes follow */
};

struct arena *arena_new(size_t max_bytes)
{
	size_t first = max_bytes < FIRST_BYTES ? max_bytes : FIRST_BYTES;
	struct arena *a;

	first = (first + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	a = mem_alloc(sizeof(*a) + first);
	a->max = max_bytes;
	a->used = 0;
	a->is_over = false;
	a->first.next = NULL;
	a->first.size = first;
	a->first.used = 0;
	a->head = &a->first;
	return a;
}

void arena_reset(struct arena *a)
{
	while (a->head != &a->first) {
		struct block *b = a->head;

		a->head = b->next;
		mem_free(b);
	}
	a->first.used = 0;
	a->used = 0;
	a->is_over = false;
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	arena_reset(a);
	mem_free(a);
}

static struct block *add_block(struct arena *a, size_t n)
{
	size_t size = a->head->size * 2;
	struct block *b;

	if (size > BLOCK_MAX_BYTES)
		size = BLOCK_MAX_BYTES;
	if (size < n)
		size = n;
	b = mem_alloc(sizeof(*b) + size);
	b->next = a->head;
	b->size = size;
	b->used = 0;
	a->head = b;
	return b;
}

void *arena_alloc(struct arena *a, size_t n)
{
	struct block *b = a->head;
	void *p;

	if (n == 0)
		n = 1;
	if (n > a->max || a->max - n < a->used) {
		a->is_over = true;
		return NULL;
	}
	n = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (b->size - b->used < n)
		b = add_block(a, n);
	p = (unsigned char *)(b + 1) + b->used;
	b->used += n;
	a->used += n;
	return p;
}

void *arena_zalloc(struct arena *a, size_t n)
{
	void *p = arena_alloc(a, n);

	if (p)
		memset(p, 0, n);
	return p;
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
	if (size && n > SIZE_MAX / size) {
		a->is_over = true;
		return NULL;
	}
	return arena_zalloc(a, n * size);
}

int arena_str(struct arena *a, struct str s, struct str *copy_out)
{
	char *p;

	*copy_out = STR_NONE;
	if (!s.p)
		return 0;
	p = s.n < SIZE_MAX ? arena_alloc(a, s.n + 1) : NULL;
	if (!p)
		return ERR_LIMIT;
	if (s.n)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	*copy_out = (struct str){ p, s.n };
	return 0;
}

struct str arena_dup(struct arena *a, struct str s)
{
	struct str copy;

	if (arena_str(a, s, &copy) < 0)
		return STR_NONE;
	return copy;
}

struct str arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return STR_NONE;
	p = arena_alloc(a, (size_t)n + 1);
	if (!p)
		return STR_NONE;
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return (struct str){ p, (size_t)n };
}

int arena_err(const struct arena *a)
{
	return a->is_over ? ERR_LIMIT : 0;
}

size_t arena_used(const struct arena *a)
{
	return a->used;
}

size_t arena_size(const struct arena *a)
{
	size_t sum = sizeof(*a) + a->first.size;
	const struct block *b;

	for (b = a->head; b != &a->first; b = b->next)
		sum += sizeof(*b) + b->size;
	return sum;
}
