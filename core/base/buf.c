/* core/base/buf.c: see buf.h. */
#include "core/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"

#define FIRST_BYTES 1023u	/* a header or stanza mostly fits */

void buf_init(struct buf *b, size_t max_bytes)
{
	*b = (struct buf){ .max = max_bytes };
}

void buf_free(struct buf *b)
{
	mem_free(b->p);
	*b = (struct buf){ .max = b->max };
}

void buf_clear(struct buf *b)
{
	b->n = 0;
	b->err = 0;
}

void buf_fail(struct buf *b, int err)
{
	if (!b->err)
		b->err = err;
}

/* One byte beside it for vsnprintf's NUL. */
static bool make_room(struct buf *b, size_t n)
{
	size_t size = b->size ? b->size : FIRST_BYTES;

	if (b->err)
		return false;
	if (n > b->max || b->max - n < b->n) {
		b->err = ERR_LIMIT;
		return false;
	}
	if (b->size - b->n >= n)
		return true;
	while (size - b->n < n)
		size = size * 2 + 1;
	if (size > b->max)
		size = b->max;
	b->p = mem_realloc(b->p, size + 1);
	b->size = size;
	return true;
}

/* Most puts find room: size never passes max. */
static bool has_room(const struct buf *b, size_t n)
{
	return n <= b->size - b->n && !b->err;
}

void buf_put(struct buf *b, const void *p, size_t n)
{
	if (n == 0 || (!has_room(b, n) && !make_room(b, n)))
		return;
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

char *buf_room(struct buf *b, size_t n)
{
	if (n == 0 || (!has_room(b, n) && !make_room(b, n)))
		return NULL;
	b->n += n;
	return b->p + b->n - n;
}

void buf_put_str(struct buf *b, struct str s)
{
	buf_put(b, s.p, s.n);
}

void buf_put_char(struct buf *b, char c)
{
	if (has_room(b, 1) || make_room(b, 1))
		b->p[b->n++] = c;
}

void buf_put_u64(struct buf *b, uint64_t v)
{
	char digits[20];
	size_t i = sizeof(digits);

	do {
		digits[--i] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	buf_put(b, digits + i, sizeof(digits) - i);
}

void buf_put_i64(struct buf *b, int64_t v)
{
	if (v < 0)
		buf_put_char(b, '-');
	buf_put_u64(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void buf_put_hex(struct buf *b, const void *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *byte = p;
	size_t i;

	for (i = 0; i < n; i++) {
		char pair[2] = { digits[byte[i] >> 4], digits[byte[i] & 15] };

		buf_put(b, pair, 2);
	}
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	char small[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (n < 0) {
		buf_fail(b, ERR_SYNTAX);
		return;
	}
	if ((size_t)n < sizeof(small)) {
		buf_put(b, small, (size_t)n);
		return;
	}
	if (!make_room(b, (size_t)n))
		return;
	va_start(ap, fmt);
	vsnprintf(b->p + b->n, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->n += (size_t)n;
}

void buf_shift(struct buf *b, size_t n)
{
	if (n >= b->n) {
		b->n = 0;
		return;
	}
	memmove(b->p, b->p + n, b->n - n);
	b->n -= n;
}

struct str buf_str(const struct buf *b)
{
	return (struct str){ b->p ? b->p : "", b->n };	/* never absent */
}
