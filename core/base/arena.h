/* core/base/arena.h: memory for everything born while one message, request or
 * step is handled; freed whole. Created with its maximum: past it every
 * allocation gives NULL (ordinary error, ERR_LIMIT), never more memory.
 * One thread at a time.
 */
#pragma once

#include <stddef.h>

#include "core/base/err.h"
#include "core/base/str.h"

struct arena;

/* max_bytes counts what callers ask for, rounded up to 16 bytes each. */
struct arena *arena_new(size_t max_bytes);
void arena_free(struct arena *a);	/* NULL is fine */
void arena_reset(struct arena *a);	/* empty again; keeps its first block */

/* Aligned for any type; not cleared / cleared. NULL past the maximum. */
void *arena_alloc(struct arena *a, size_t n) MUST_CHECK;
void *arena_zalloc(struct arena *a, size_t n) MUST_CHECK;

/* n elements of size each, overflow checked, cleared. */
void *arena_array(struct arena *a, size_t n, size_t size) MUST_CHECK;

/* Copies. The copy is NUL-terminated (not counted), so that p is a C string
   when s holds no NUL. An absent s gives an absent copy and no error. */
int arena_str(struct arena *a, struct str s, struct str *copy_out) MUST_CHECK;

/* As arena_str but returns the copy; p == NULL past the maximum (and for an
   absent s): for callers that check the arena once, at the end. */
struct str arena_dup(struct arena *a, struct str s);

/* printf into the arena; for our own words and numbers, not foreign text. */
struct str arena_printf(struct arena *a, const char *fmt, ...)
	PRINTF_LIKE(2, 3);

/* Did any allocation since new/reset hit the maximum? */
int arena_err(const struct arena *a);	/* 0 or ERR_LIMIT */
size_t arena_used(const struct arena *a);
size_t arena_size(const struct arena *a);	/* memory it holds */
