/* core/base/ref.h: counted references for long-lived things.
 * Counted on the loop thread only (plain integers); other threads read what
 * the loop holds for them. x_new returns one reference, x_ref adds one, x_put
 * gives one back and takes NULL; the last one runs the destructor.
 */
#pragma once

#include <stddef.h>

typedef void ref_drop_h(void *obj);

/* Cleared memory with one reference; drop (may be NULL) runs before the free
   and puts the children. */
void *ref_new(size_t n, ref_drop_h *drop);
void *ref_get(void *obj);		/* returns obj; NULL gives NULL */
void ref_put(void *obj);		/* NULL is fine */
unsigned ref_count(const void *obj);
