/* core/base/buf.h: a byte buffer that grows up to its maximum.
 * The maximum is a constructor argument, so a protocol limit cannot be
 * forgotten. The first failed put sets err and all later ones do nothing:
 * encoders put everything and check once, at the end.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/base/str.h"

struct buf {
	char *p;
	size_t n, size, max;
	int err;		/* 0, or the first error: ERR_LIMIT, or what an
				   encoder set with buf_fail() */
};

void buf_init(struct buf *b, size_t max_bytes);
void buf_free(struct buf *b);		/* usable again after buf_init */
void buf_clear(struct buf *b);		/* n = 0, err = 0; keeps the memory */

void buf_put(struct buf *b, const void *p, size_t n);
void buf_put_str(struct buf *b, struct str s);
/* n bytes at the end, counted already, for the caller to fill at once; NULL
   when a put of as many would fail, or n is 0. */
char *buf_room(struct buf *b, size_t n);
void buf_put_char(struct buf *b, char c);
void buf_put_u64(struct buf *b, uint64_t v);	/* decimal */
void buf_put_i64(struct buf *b, int64_t v);
void buf_put_hex(struct buf *b, const void *p, size_t n);	/* lower case */
/* For our own words and numbers; foreign text goes through an encoder. */
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_fail(struct buf *b, int err);	/* keeps an earlier error */

/* Drops n bytes from the front (all of them if n is larger). */
void buf_shift(struct buf *b, size_t n);

struct str buf_str(const struct buf *b);	/* valid until the next put */
