/* core/base/map.h: hash tables, from a slice or a 64-bit number to a pointer.
 * Open addressing, grows and shrinks by itself. Values are borrowed; a slice
 * key must live as long as its entry (it usually lies inside the value).
 * The seed keeps hostile keys from colliding on purpose: give each process a
 * random one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/str.h"

struct map;

struct map *map_new(uint64_t seed);
void map_free(struct map *m);		/* NULL is fine; values are not freed */
size_t map_count(const struct map *m);

/* Replaces and returns the earlier value, NULL if there was none. */
void *map_set(struct map *m, struct str key, void *value);
void *map_get(const struct map *m, struct str key);
void *map_del(struct map *m, struct str key);	/* returns what was there */

/* The same for numbers; one map holds either slices or numbers. */
void *map_set_u64(struct map *m, uint64_t key, void *value);
void *map_get_u64(const struct map *m, uint64_t key);
void *map_del_u64(struct map *m, uint64_t key);

/* Walk: start with *at = 0; NULL at the end. Deleting the entry just returned
   is allowed, nothing else may change meanwhile. Order is arbitrary. */
void *map_next(const struct map *m, size_t *at);
