/* core/base/str.h: a slice of somebody else's bytes.
 * A struct str never owns what it points to; the comment of whoever hands one
 * out says whose buffer it is. Not NUL-terminated. An empty slice has n == 0
 * and any p; "absent" is p == NULL.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

struct str str_of(const char *cstr);		/* NULL gives STR_NONE */
struct str str_sub(struct str s, size_t from, size_t n);	/* clamped */
struct str str_from(struct str s, size_t from);
struct str str_trim(struct str s);		/* SP HT CR LF off both ends */

bool str_eq(struct str a, struct str b);
bool str_ieq(struct str a, struct str b);	/* ASCII case folded */
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
bool ch_is_digit(unsigned char c);
bool ch_is_alpha(unsigned char c);
bool ch_is_alnum(unsigned char c);
bool ch_is_hex(unsigned char c);
bool ch_is_ctl(unsigned char c);		/* 00..1f and 7f */
unsigned char ch_lower(unsigned char c);
int ch_hex(unsigned char c);			/* 0..15, -1 if none */
