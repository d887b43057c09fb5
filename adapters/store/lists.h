/* adapters/store/lists.h: listings for the control tool, as JSON, in slices on
 * the reader thread, so that facts are read between them.
 */
#pragma once

#include "adapters/store/db.h"

struct list_walk;

/* NULL: there is no such listing. now_utc_us is for ages. accounting_file may
   be NULL; borrowed. */
struct list_walk *list_begin(const struct claim *c, int64_t now_utc_us,
			     const char *accounting_file);
/* True: there is more to do; *err_out tells a failure. */
bool list_slice(struct list_walk *w, struct db *db, enum store_err *err_out);
/* The JSON array into rows; frees the walk (NULL is fine). */
void list_end(struct list_walk *w, struct rows *out);
