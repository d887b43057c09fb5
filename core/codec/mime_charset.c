/* core/codec/mime_charset.c: text/plain in the charsets that instant messages
 * really come in, to UTF-8; see mime.h. [RFC 2046 4.1.2, RFC 2781]
 *
 * One function per charset takes a character off the front; the text is walked
 * twice, once to measure and once to write. What is no character becomes
 * U+FFFD, so the length of a message never depends on a converter's mood.
 */
#include "core/codec/mime.h"

#include "core/base/utf8.h"
#include "core/codec/mime_priv.h"

#define REPLACEMENT 0xfffdu

/* Reads one character: its bytes (at least 1) and its code point. s is not
   empty. */
typedef size_t next_char_h(struct str s, uint32_t *code_out);

/* 80..9f of windows-1252; 0 where nothing is assigned. */
/* clang-format off */
static const uint16_t cp1252_high[32] = {
	0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
	0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017d, 0,
	0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
	0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178,
};
/* clang-format on */

uint32_t mime_cp1252(unsigned char byte)
{
	if (byte < 0x80 || byte >= 0xa0)
		return byte;
	return cp1252_high[byte - 0x80] ? cp1252_high[byte - 0x80]
					: REPLACEMENT;
}

static size_t next_utf8(struct str s, uint32_t *code_out)
{
	size_t n = utf8_next(s, code_out);

	if (n > 0)
		return n;
	*code_out = REPLACEMENT;
	return 1;
}

static size_t next_ascii(struct str s, uint32_t *code_out)
{
	unsigned char c = (unsigned char)s.p[0];

	*code_out = c < 0x80 ? c : REPLACEMENT;
	return 1;
}

static size_t next_latin1(struct str s, uint32_t *code_out)
{
	*code_out = (unsigned char)s.p[0];
	return 1;
}

/* ISO 8859-15 is Latin-1 but for eight places. */
static size_t next_latin9(struct str s, uint32_t *code_out)
{
	unsigned char c = (unsigned char)s.p[0];

	/* clang-format off */
	switch (c) {
	case 0xa4: *code_out = 0x20ac; break;
	case 0xa6: *code_out = 0x0160; break;
	case 0xa8: *code_out = 0x0161; break;
	case 0xb4: *code_out = 0x017d; break;
	case 0xb8: *code_out = 0x017e; break;
	case 0xbc: *code_out = 0x0152; break;
	case 0xbd: *code_out = 0x0153; break;
	case 0xbe: *code_out = 0x0178; break;
	default: *code_out = c; break;
	}
	/* clang-format on */
	return 1;
}

static size_t next_cp1252(struct str s, uint32_t *code_out)
{
	*code_out = mime_cp1252((unsigned char)s.p[0]);
	return 1;
}

static uint32_t unit_at(struct str s, size_t at, bool is_big)
{
	uint32_t first = (unsigned char)s.p[at];
	uint32_t second = (unsigned char)s.p[at + 1];

	return is_big ? first << 8 | second : second << 8 | first;
}

/* A lone surrogate or an odd last byte is one bad sequence. */
static size_t next_utf16(struct str s, bool is_big, uint32_t *code_out)
{
	uint32_t high, low;

	*code_out = REPLACEMENT;
	if (s.n < 2)
		return 1;
	high = unit_at(s, 0, is_big);
	if (high < 0xd800 || high >= 0xe000) {
		*code_out = high;
		return 2;
	}
	if (high >= 0xdc00 || s.n < 4)
		return 2;
	low = unit_at(s, 2, is_big);
	if (low < 0xdc00 || low >= 0xe000)
		return 2;
	*code_out = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
	return 4;
}

static size_t next_utf16be(struct str s, uint32_t *code_out)
{
	return next_utf16(s, true, code_out);
}

static size_t next_utf16le(struct str s, uint32_t *code_out)
{
	return next_utf16(s, false, code_out);
}

/* The names of the IANA registry that are met in practice. "utf-16" has no
   function of its own: its byte order mark decides. */
/* clang-format off */
static const struct {
	const char *name;
	next_char_h *next;
} charsets[] = {
	{ "", next_utf8 },
	{ "utf-8", next_utf8 },
	{ "utf8", next_utf8 },
	{ "us-ascii", next_ascii },
	{ "ascii", next_ascii },
	{ "iso-8859-1", next_latin1 },
	{ "iso_8859-1", next_latin1 },
	{ "latin1", next_latin1 },
	{ "iso-8859-15", next_latin9 },
	{ "iso_8859-15", next_latin9 },
	{ "latin-9", next_latin9 },
	{ "windows-1252", next_cp1252 },
	{ "cp1252", next_cp1252 },
	{ "utf-16be", next_utf16be },
	{ "utf-16le", next_utf16le },
	{ "utf-16", NULL },
};
/* clang-format on */

static int convert(struct arena *a, struct str s, next_char_h *next,
		   struct str *out)
{
	size_t total = 0, at = 0, n;
	struct str rest;
	uint32_t code;
	char utf8[4], *p;

	for (rest = s; rest.n > 0; rest = str_from(rest, n)) {
		n = next(rest, &code);
		total += utf8_put(code, utf8);
	}
	p = arena_alloc(a, total + 1);
	if (!p)
		return ERR_LIMIT;
	for (rest = s; rest.n > 0; rest = str_from(rest, n)) {
		n = next(rest, &code);
		at += utf8_put(code, p + at);
	}
	p[at] = '\0';
	*out = (struct str){ p, at };
	return 0;
}

/* The mark says the order and is no text; without one it is big-endian
   [RFC 2781 4.3]. */
static int convert_utf16(struct arena *a, struct str s, struct str *out)
{
	if (str_starts(s, STR("\xff\xfe")))
		return convert(a, str_from(s, 2), next_utf16le, out);
	if (str_starts(s, STR("\xfe\xff")))
		s = str_from(s, 2);
	return convert(a, s, next_utf16be, out);
}

int mime_to_utf8(struct arena *a, struct str bytes, struct str charset,
		 struct str *out)
{
	size_t i;

	*out = STR_NONE;
	charset = str_trim(charset);
	for (i = 0; i < sizeof(charsets) / sizeof(charsets[0]); i++) {
		if (!str_ieq(charset, str_of(charsets[i].name)))
			continue;
		if (!charsets[i].next)
			return convert_utf16(a, bytes, out);
		/* The common case costs no copy. */
		if (charsets[i].next == next_utf8 && utf8_valid(bytes)) {
			*out = bytes;
			return 0;
		}
		return convert(a, bytes, charsets[i].next, out);
	}
	return ERR_UNSUPPORTED;
}
