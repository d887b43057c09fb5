/* gateway/daemon/value.h: values as they are written in the configuration
 * file, to numbers and back.
 *
 *   "90s" "500ms" "7d"  durations: ms s m h d, a unit is demanded but for 0
 *   "1300" "64K" "50M"  sizes in bytes: K M G are powers of 1024
 *   "yes" "no"          also on, off, true, false
 */
#pragma once

#include "core/base/buf.h"
#include "gateway/daemon/options.h"

/* False when it is not written so, has a fraction of the unit, or is too
   large for 64 bits. */
bool value_duration(struct str s, enum opt_unit unit, uint64_t *out);
bool value_size(struct str s, uint64_t *out);
bool value_bool(struct str s, bool *out);

/* In the largest unit that leaves no rest. */
void value_put_duration(struct buf *b, uint64_t v, enum opt_unit unit);
void value_put_size(struct buf *b, uint64_t v);

/* In double quotes, escaped as the file wants it. */
void value_put_text(struct buf *b, struct str s);

/* Does the text have the form? FORM_LINK and FORM_PLAN: a word; whether the
   block exists is checked later. */
bool value_form_ok(struct str s, enum opt_form form);
/* What the form wants, for "expected ...". */
const char *value_form_text(enum opt_form form);
/* Is this a numeric address of this machine alone? */
bool value_is_loopback(struct str address);
