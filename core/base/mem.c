/* core/base/mem.c: see mem.h. */
#include "core/base/mem.h"

#include <stdlib.h>
#include <string.h>

static void *or_abort(void *p, size_t n)
{
	if (!p && n)
		abort();
	return p;
}

void *mem_alloc(size_t n)
{
	return or_abort(malloc(n ? n : 1), n);
}

void *mem_zalloc(size_t n)
{
	return or_abort(calloc(1, n ? n : 1), n);
}

void *mem_realloc(void *p, size_t n)
{
	return or_abort(realloc(p, n ? n : 1), n);
}

void mem_free(void *p)
{
	free(p);
}

void mem_wipe(void *p, size_t n)
{
	memset(p, 0, n);
	__asm__ __volatile__("" : : "r"(p) : "memory");
}
