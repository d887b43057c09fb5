/* core/base/mem.h: the one place where memory comes from.
 * A failed malloc ends the process here: limits, not error paths, keep memory
 * bounded, and the store makes a crash harmless (style rule 25). Nothing
 * outside core/base and the adapters' library glue calls malloc or free.
 */
#pragma once

#include <stddef.h>

void *mem_alloc(size_t n);		/* not cleared */
void *mem_zalloc(size_t n);
void *mem_realloc(void *p, size_t n);
void mem_free(void *p);			/* NULL is fine */

/* Overwrites a secret so that the compiler may not drop it. */
void mem_wipe(void *p, size_t n);
