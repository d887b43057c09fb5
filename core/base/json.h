/* core/base/json.h: writes JSON [RFC 8259] onto a buffer. Commas are put by
 * looking at the last byte written, so there is no state beside the buffer and
 * nothing to begin or end: any mix of calls that nests properly gives a valid
 * text. The buffer's maximum bounds it; check b->err once, at the end.
 *
 *   json_begin_obj(&b);
 *   json_key_str(&b, "aor", aor);
 *   json_key_i64(&b, "tries", 3);
 *   json_end_obj(&b);			{"aor":"sip:a@b","tries":3}
 *
 * Every string is escaped: quotes, backslash, controls (C1 and DEL too), line
 * separators and bidi marks, so that a listing may go to a terminal; bytes that
 * are no UTF-8 become U+FFFD.
 */
#pragma once

#include "core/base/buf.h"

void json_begin_obj(struct buf *b);
void json_end_obj(struct buf *b);
void json_begin_arr(struct buf *b);
void json_end_arr(struct buf *b);

void json_key(struct buf *b, const char *key);
void json_str(struct buf *b, struct str s);	 /* absent: null */
void json_text(struct buf *b, const char *cstr); /* NULL: null */
void json_i64(struct buf *b, int64_t v);
void json_u64(struct buf *b, uint64_t v);
/* Decimal in quotes: for ids, which readers with doubles would round. */
void json_id(struct buf *b, uint64_t v);
void json_bool(struct buf *b, bool v);
void json_nil(struct buf *b);
/* A value that is JSON already; an absent or empty one gives null. */
void json_raw(struct buf *b, struct str json);

/* Key and value at once. */
void json_key_str(struct buf *b, const char *key, struct str s);
void json_key_text(struct buf *b, const char *key, const char *cstr);
void json_key_i64(struct buf *b, const char *key, int64_t v);
void json_key_u64(struct buf *b, const char *key, uint64_t v);
void json_key_id(struct buf *b, const char *key, uint64_t v);
void json_key_bool(struct buf *b, const char *key, bool v);
