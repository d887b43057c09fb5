/* gateway/daemon/field.h: one option of one block item: set from the texts of
 * the file, written back, compared. The only code that knows how the types of
 * options.h lie in struct config.
 */
#pragma once

#include "gateway/daemon/faults.h"
#include "gateway/daemon/options.h"

/* texts: what stood in the file, one for a plain value. Strings go into the
   arena. On a wrong value a fault is added, the field stays and false comes
   back. Paths are kept as written. */
bool field_set(struct faults *f, unsigned line, struct arena *a,
	       const struct option *o, void *item, const struct str *texts,
	       size_t texts_n);
/* The default; false when the option has none. */
bool field_preset(struct arena *a, const struct option *o, void *item);

/* The value as the file would have it; secrets as "***". */
void field_put(struct buf *b, const struct option *o, const void *item);
bool field_is_empty(const struct option *o, const void *item);
bool field_eq(const struct option *o, const void *item, const void *other_item);

/* What the option takes, in words: "a size from 4K to 1M". */
void field_put_range(struct buf *b, const struct option *o);
