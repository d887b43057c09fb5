/* adapters/store/due_text.h: a due row's content as text, for the column data:
 * a version line, then one "length:bytes" line per field, in a fixed order.
 *
 *   due 1\n3:sip\n...
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/model/todo.h"

enum { DUE_TEXT_BYTES_MAX = 65536, DUE_ROUTES_MAX = 64 };

/* All but id, part and trace, which have columns of their own. */
void due_put(struct buf *b, const struct due *d);
/* Strings in the arena. ERR_SYNTAX on what due_put() would not have written,
   ERR_LIMIT past the arena. */
int due_parse(struct arena *a, struct str text, struct due *out) MUST_CHECK;
