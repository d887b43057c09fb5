/* core/base/str.h: a slice of somebody else's bytes.
 * A struct str never owns what it points to; the comment of whoever hands one
 * out says whose buffer it is. Not NUL-terminated. An empty slice has n == 0
 * and any p; "absent" is p == NULL.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
	const char *p;
	size_t n;
};

/* A slice of a string literal, usable in static initialisers. */
#define STR_LIT(s) { (s), sizeof(s) - 1 }
#define STR(s) ((struct str)STR_LIT(s))
#define STR_NONE ((struct str){ NULL, 0 })

/* For "%.*s": two arguments, at most INT_MAX bytes. For log sentences and
   start-up errors only; wire text goes through the encoders. */
#define STR_ARG(s) (int)((s).n > 0x7fffffff ? 0x7fffffff : (s).n), \
	((s).p ? (s).p : "")

/* NULL gives STR_NONE. */
static inline struct str str_of(const char *cstr)
{
	return (struct str){ cstr, cstr ? strlen(cstr) : 0 };
}

/* Clamped. */
static inline struct str str_sub(struct str s, size_t from, size_t n)
{
	if (from > s.n)
		from = s.n;
	if (n > s.n - from)
		n = s.n - from;
	return (struct str){ s.p ? s.p + from : NULL, n };
}

static inline struct str str_from(struct str s, size_t from)
{
	return str_sub(s, from, s.n);
}

struct str str_trim(struct str s);		/* SP HT CR LF off both ends */

static inline bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* ASCII case folded; n bytes of each. */
bool str_ieq_n(const char *a, const char *b, size_t n);

static inline bool str_ieq(struct str a, struct str b)
{
	return a.n == b.n && str_ieq_n(a.p, b.p, a.n);
}

int str_cmp(struct str a, struct str b);	/* bytewise, shorter first */
bool str_starts(struct str s, struct str prefix);
bool str_istarts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
bool str_iends(struct str s, struct str suffix);
bool str_empty(struct str s);

/* Position of the first byte c, or s.n when there is none. */
size_t str_find(struct str s, char c);
size_t str_rfind(struct str s, char c);
/* Position of the first occurrence of needle, or s.n. */
size_t str_search(struct str s, struct str needle);

/* Takes everything up to the first byte sep off the front of *rest and
   returns it; *rest then starts after sep. False when *rest was absent. */
bool str_split(struct str *rest, char sep, struct str *head_out);

/* Decimal digits only, the whole slice, no sign; false on overflow. */
bool str_u64(struct str s, uint64_t *out);
bool str_u32(struct str s, uint32_t *out);

/* ASCII classes, independent of the locale. */
static inline bool ch_is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static inline unsigned char ch_lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}

static inline bool ch_is_alpha(unsigned char c)
{
	return (unsigned char)((c | 32) - 'a') < 26;
}

static inline bool ch_is_alnum(unsigned char c)
{
	return ch_is_digit(c) || ch_is_alpha(c);
}

/* 00..1f and 7f */
static inline bool ch_is_ctl(unsigned char c)
{
	return c < 0x20 || c == 0x7f;
}

int ch_hex(unsigned char c);			/* 0..15, -1 if none */
bool ch_is_hex(unsigned char c);
