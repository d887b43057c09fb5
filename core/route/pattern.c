/* core/route/pattern.c: see pattern.h. Pure and bounded: the text comes from
 * strangers, the pattern from the operator.
 */
#include "core/route/pattern.h"

/* Pattern characters from fold_at on are compared without case; the text is
   lower case there already. */
static unsigned char char_at(struct str pattern, size_t i, size_t fold_at)
{
	unsigned char c = (unsigned char)pattern.p[i];

	return i < fold_at ? c : ch_lower(c);
}

/* On a mismatch only the last "*" takes one more character: an earlier one
   never has to, as the text between them was found at its first place. What
   stands behind the last "*" is compared first: most patterns end in a domain
   and fail there. */
static bool glob(struct str pattern, size_t fold_at, struct str text)
{
	size_t p = 0, t = 0, star = SIZE_MAX, star_t = 0;

	while (pattern.n > 0 && pattern.p[pattern.n - 1] != '*') {
		if (text.n == 0 ||
		    char_at(pattern, pattern.n - 1, fold_at) !=
			    (unsigned char)text.p[text.n - 1])
			return false;
		pattern.n--;
		text.n--;
	}
	while (t < text.n) {
		unsigned char c = p < pattern.n ?
				  char_at(pattern, p, fold_at) : 0;

		if (c == '*') {
			star = p++;
			star_t = t;
		} else if (p < pattern.n && c == (unsigned char)text.p[t]) {
			p++;
			t++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			t = ++star_t;
		} else {
			return false;
		}
		if (p == pattern.n && star == p - 1)
			return true;	/* the last "*" takes the rest */
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

static bool match_number(struct str pattern, const struct addr *addr)
{
	char plain[PATTERN_BYTES_MAX];
	bool is_context = false;
	size_t i, n = 0;

	if (addr->kind != ADDR_TEL)
		return false;
	for (i = 0; i < pattern.n; i++) {
		char c = pattern.p[i];

		is_context |= c == ';';
		if (is_context || (c != '-' && c != '.' && c != '(' &&
				   c != ')'))
			plain[n++] = c;
	}
	return glob((struct str){ plain, n }, n,
		    str_from(addr->text, 4));	/* behind "tel:" */
}

bool pattern_match(struct str pattern, const struct addr *addr)
{
	static const struct str schemes[] = {
		STR_LIT("sip:"), STR_LIT("sips:"), STR_LIT("im:"),
	};
	bool has_scheme = false;
	size_t i, at;

	if (pattern.n == 0 || str_eq(pattern, STR("*")))
		return addr->kind != ADDR_NONE;
	if (pattern.n > PATTERN_BYTES_MAX)
		return false;
	if (str_istarts(pattern, STR("tel:")))
		return match_number(str_from(pattern, 4), addr);
	at = str_rfind(pattern, '@');
	if (pattern.p[0] == '+' && at == pattern.n)
		return match_number(pattern, addr);
	if (addr->kind == ADDR_TEL || addr->kind == ADDR_NONE)
		return false;
	for (i = 0; i < 3 && !has_scheme && pattern.p[0] != '*'; i++) {
		if (!str_istarts(pattern, schemes[i]))
			continue;
		has_scheme = true;
		pattern = str_from(pattern, schemes[i].n);
		at = str_rfind(pattern, '@');
	}
	if (!has_scheme && at == pattern.n)
		return glob(pattern, 0, addr->domain);
	return glob(pattern, at == pattern.n ? 0 : at,
		    str_from(addr->text, 4));	/* behind "sip:" */
}

bool pattern_match_any(const struct str *list, size_t n,
		       const struct addr *addr)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (pattern_match(list[i], addr))
			return true;
	return false;
}
