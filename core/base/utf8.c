/* core/base/utf8.c: see utf8.h. */
#include "core/base/utf8.h"

#include <string.h>

/* How many bytes at the front are printable ASCII. */
static size_t plain_run(struct str s)
{
	size_t i = 0;

	while (i < s.n && (unsigned char)(s.p[i] - 0x20) < 0x5f)
		i++;
	return i;
}

size_t utf8_next(struct str s, uint32_t *code_out)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *p = (const unsigned char *)s.p;
	uint32_t code;
	size_t n, i;

	if (s.n == 0)
		return 0;
	if (p[0] < 0x80) {
		*code_out = p[0];
		return 1;
	}
	if (p[0] >= 0xc2 && p[0] < 0xe0)
		n = 2;
	else if (p[0] >= 0xe0 && p[0] < 0xf0)
		n = 3;
	else if (p[0] >= 0xf0 && p[0] < 0xf5)
		n = 4;
	else
		return 0;
	if (s.n < n)
		return 0;
	code = p[0] & (0xffu >> (n + 1));
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3f);
	}
	if (code < least[n] || code > 0x10ffff ||
	    (code >= 0xd800 && code < 0xe000))
		return 0;
	*code_out = code;
	return n;
}

size_t utf8_put(uint32_t code, char out[4])
{
	if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		code = 0xfffd;
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3f));
	out[2] = (char)(0x80 | (code >> 6 & 0x3f));
	out[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

bool utf8_valid(struct str s)
{
	uint32_t code;
	size_t n;

	for (;;) {
		n = plain_run(s);
		s.p += n;
		s.n -= n;
		if (!s.n)
			return true;
		n = utf8_next(s, &code);
		if (n == 0)
			return false;
		s = str_from(s, n);
	}
}

bool utf8_is_xml_char(uint32_t code)
{
	if (code < 0x20)
		return code == '\t' || code == '\n' || code == '\r';
	return code != 0xfffe && code != 0xffff &&
	       !(code >= 0xd800 && code < 0xe000) && code <= 0x10ffff;
}

bool utf8_is_clean_line(struct str s)
{
	uint32_t code;
	size_t n;

	n = plain_run(s);
	for (s = str_from(s, n); s.n > 0; s = str_from(s, n)) {
		n = utf8_next(s, &code);
		if (n == 0 || code < 0x20 || (code >= 0x7f && code < 0xa0) ||
		    !utf8_is_xml_char(code))
			return false;
	}
	return true;
}

/* Non-characters: U+FDD0..FDEF and the last two of each plane. */
static bool is_text_char(uint32_t code)
{
	return utf8_is_xml_char(code) && code != 0x7f &&
	       (code & 0xfffe) != 0xfffe && !(code >= 0xfdd0 && code <= 0xfdef);
}

/* One character of s: its length, and whether it stays as it is. */
static size_t judge(struct str s, bool *stays, bool *replaced)
{
	uint32_t code;
	size_t n = utf8_next(s, &code);

	*replaced = n == 0;
	*stays = n > 0 && is_text_char(code);
	return n ? n : 1;
}

int utf8_clean_text(struct arena *a, struct str s, struct str *out,
		    size_t *changed_out)
{
	size_t changed = 0, bad = 0, n, at = 0;
	bool stays, replaced;
	struct str rest;
	char *p;

	for (rest = str_from(s, plain_run(s)); rest.n > 0;
	     rest = str_from(rest, n)) {
		n = plain_run(rest);
		if (n)
			continue;
		n = judge(rest, &stays, &replaced);
		changed += !stays;
		bad += replaced;
	}
	if (changed_out)
		*changed_out = changed;
	*out = s;
	if (changed == 0)
		return 0;
	/* A bad byte grows to the three of U+FFFD. */
	p = arena_alloc(a, s.n + 2 * bad + 1);
	if (!p)
		return ERR_LIMIT;
	for (rest = s; rest.n > 0; rest = str_from(rest, n)) {
		n = judge(rest, &stays, &replaced);
		if (stays) {
			memcpy(p + at, rest.p, n);
			at += n;
		} else if (replaced) {
			at += utf8_put(0xfffd, p + at);
		}
	}
	p[at] = '\0';
	*out = (struct str){ p, at };
	return 0;
}

struct str utf8_cut(struct str s, size_t max_bytes)
{
	if (s.n <= max_bytes)
		return s;
	while (max_bytes > 0 && ((unsigned char)s.p[max_bytes] & 0xc0) == 0x80)
		max_bytes--;
	return str_sub(s, 0, max_bytes);
}
