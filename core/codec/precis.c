/* core/codec/precis.c: see precis.h. The tables of Unicode come from
 * libunistring, which allocates its results: they are copied into the arena
 * and freed at once. Called by jid.c only.
 */
#include "core/codec/precis.h"

#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>

#include "core/base/mem.h"
#include "core/base/utf8.h"

#define STABLE_ROUNDS 4u	/* RFC 8264 7: one and three more */
#define VIRAMA_CLASS 9		/* canonical combining class */

typedef int step_h(struct arena *a, struct str s, struct str *out);

/* A name as code points, for rules that look at the neighbours. */
struct name {
	uint32_t code[PRECIS_MAX];
	size_t n;
};

static void read_codes(struct str s, struct name *out)
{
	size_t used;

	out->n = 0;
	for (; s.n > 0; s = str_from(s, used)) {
		used = utf8_next(s, &out->code[out->n]);
		if (used == 0 || ++out->n == PRECIS_MAX)
			return;
	}
}

bool precis_is_blank(uint32_t code)
{
	if (code < 0x80)
		return code == ' ';
	return uc_is_general_category_withtable(code, UC_CATEGORY_MASK_Zs);
}

/* Most names are: they need no library and one copy. */
static bool is_ascii(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

static int lower_ascii(struct arena *a, struct str s, struct str *out)
{
	char *p = arena_alloc(a, s.n);
	size_t i;

	if (!p)
		return ERR_LIMIT;
	for (i = 0; i < s.n; i++)
		p[i] = (char)ch_lower((unsigned char)s.p[i]);
	*out = (struct str){ p, s.n };
	return 0;
}

/* Takes what the library allocated. Its input was valid, so NULL can only
   mean that it found no memory. */
static int keep(struct arena *a, uint8_t *p, size_t n, struct str *out)
{
	int err = ERR_LIMIT;

	if (p && n <= PRECIS_MAX)
		err = arena_str(a, (struct str){ (char *)p, n }, out);
	mem_free(p);
	return err;
}

/* One code point for one code point: the full or half width forms have no
   longer decompositions. */
static uint32_t map_width(uint32_t code)
{
	ucs4_t parts[UC_DECOMPOSITION_MAX_LENGTH];
	int tag = 0;

	if (uc_decomposition(code, &tag, parts) == 1 &&
	    (tag == UC_DECOMP_WIDE || tag == UC_DECOMP_NARROW))
		return parts[0];
	return code;
}

static uint32_t map_blank(uint32_t code)
{
	return precis_is_blank(code) ? ' ' : code;
}

/* Neither mapping needs more bytes than it replaces. */
static int map_codes(struct arena *a, struct str s, uint32_t (*map)(uint32_t),
		     struct str *out)
{
	uint32_t code = 0;
	size_t used, n = 0;
	char *p = arena_alloc(a, s.n + 4);

	if (!p)
		return ERR_LIMIT;
	for (; s.n > 0; s = str_from(s, used)) {
		used = utf8_next(s, &code);
		if (used == 0)
			return ERR_SYNTAX;
		n += utf8_put(map(code), p + n);
	}
	*out = (struct str){ p, n };
	return 0;
}

static int fold_once(struct arena *a, struct str s, struct str *out)
{
	size_t n = 0;
	uint8_t *p;
	int err = map_codes(a, s, map_width, &s);

	if (err < 0)
		return err;
	p = u8_tolower((const uint8_t *)s.p, s.n, NULL, UNINORM_NFC, NULL, &n);
	return keep(a, p, n, out);
}

/* Some texts need a second round; one that never settles is refused. */
static int settle(struct arena *a, struct str s, step_h *ascii, step_h *once,
		  struct str *out)
{
	struct str next;
	unsigned i;
	int err;

	*out = STR_NONE;
	if (s.n > PRECIS_MAX)
		return ERR_LIMIT;
	if (s.n > 0 && is_ascii(s))
		return ascii(a, s, out);
	for (i = 0; s.n > 0; s = next, i++) {
		if (i > STABLE_ROUNDS)
			return ERR_SYNTAX;
		err = once(a, s, &next);
		if (err < 0)
			return err;
		if (i > 0 && str_eq(s, next))
			break;
	}
	*out = s;
	return 0;
}

int precis_fold(struct arena *a, struct str s, struct str *out)
{
	return settle(a, s, lower_ascii, fold_once, out);
}

static int opaque_once(struct arena *a, struct str s, struct str *out)
{
	size_t n = 0;
	uint8_t *p;
	int err = map_codes(a, s, map_blank, &s);

	if (err < 0)
		return err;
	p = u8_normalize(UNINORM_NFC, (const uint8_t *)s.p, s.n, NULL, &n);
	return keep(a, p, n, out);
}

int precis_opaque(struct arena *a, struct str s, struct str *out)
{
	return settle(a, s, arena_str, opaque_once, out);
}

/* Allowed whatever their category says [RFC 5892 2.6]. */
static bool is_exception_allowed(uint32_t code)
{
	return code == 0xdf || code == 0x3c2 || code == 0x6fd ||
	       code == 0x6fe || code == 0xf0b || code == 0x3007;
}

static bool is_exception_denied(uint32_t code)
{
	return code == 0x640 || code == 0x7fa || code == 0x302e ||
	       code == 0x302f || (code >= 0x3031 && code <= 0x3035) ||
	       code == 0x303b;
}

/* Conjoining jamo: Hangul is written in syllables [RFC 5892 2.9]. */
static bool is_old_jamo(uint32_t code)
{
	return (code >= 0x1100 && code <= 0x11ff) ||
	       (code >= 0xa960 && code <= 0xa97c) ||
	       (code >= 0xd7b0 && code <= 0xd7fb);
}

static bool has_compat(uint32_t code)
{
	uint32_t one[UC_DECOMPOSITION_MAX_LENGTH], *p;
	size_t n = UC_DECOMPOSITION_MAX_LENGTH;
	bool is_same;

	p = u32_normalize(UNINORM_NFKC, &code, 1, one, &n);
	is_same = p && n == 1 && p[0] == code;
	if (p != one)
		mem_free(p);
	return !is_same;
}

static bool is_script(uint32_t code, const char *script)
{
	const uc_script_t *found = uc_script(code);

	return found && strcmp(found->name, script) == 0;
}

/* ZERO WIDTH NON-JOINER between letters that would join [RFC 5892 A.1]. */
static bool breaks_join(const struct name *s, size_t at)
{
	int type = UC_JOINING_TYPE_T;
	size_t i;

	for (i = at; i > 0 && type == UC_JOINING_TYPE_T; i--)
		type = uc_joining_type(s->code[i - 1]);
	if (type != UC_JOINING_TYPE_L && type != UC_JOINING_TYPE_D)
		return false;
	type = UC_JOINING_TYPE_T;
	for (i = at + 1; i < s->n && type == UC_JOINING_TYPE_T; i++)
		type = uc_joining_type(s->code[i]);
	return type == UC_JOINING_TYPE_R || type == UC_JOINING_TYPE_D;
}

static bool has_range(const struct name *s, uint32_t first, uint32_t last)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->code[i] >= first && s->code[i] <= last)
			return true;
	return false;
}

static bool has_japanese(const struct name *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (is_script(s->code[i], "Hiragana") ||
		    is_script(s->code[i], "Katakana") ||
		    is_script(s->code[i], "Han"))
			return true;
	return false;
}

/* The code points that depend on their neighbours [RFC 5892 A.1..A.9]: true
   in *ok_out when they stand well. */
static bool is_contextual(const struct name *s, size_t at, bool *ok_out)
{
	uint32_t code = s->code[at];
	uint32_t before = at > 0 ? s->code[at - 1] : 0;
	uint32_t after = at + 1 < s->n ? s->code[at + 1] : 0;
	bool is_virama = at > 0 && uc_combining_class(before) == VIRAMA_CLASS;

	if (code == 0x200c)
		*ok_out = is_virama || breaks_join(s, at);
	else if (code == 0x200d)
		*ok_out = is_virama;
	else if (code == 0xb7)
		*ok_out = before == 'l' && after == 'l';
	else if (code == 0x375)
		*ok_out = after != 0 && is_script(after, "Greek");
	else if (code == 0x5f3 || code == 0x5f4)
		*ok_out = at > 0 && is_script(before, "Hebrew");
	else if (code == 0x30fb)
		*ok_out = has_japanese(s);
	else if (code >= 0x660 && code <= 0x669)
		*ok_out = !has_range(s, 0x6f0, 0x6f9);
	else if (code >= 0x6f0 && code <= 0x6f9)
		*ok_out = !has_range(s, 0x660, 0x669);
	else
		return false;
	return true;
}

/* IdentifierClass, in the order of RFC 8264 8. */
static bool is_identifier_char(const struct name *s, size_t at)
{
	uint32_t code = s->code[at];
	bool ok;

	if (is_exception_allowed(code))
		return true;
	if (is_exception_denied(code))
		return false;
	if (code < 0x80)
		return code > 0x20 && code < 0x7f;
	if (is_contextual(s, at, &ok))
		return ok;
	if (is_old_jamo(code) || uc_is_property_not_a_character(code) ||
	    uc_is_property_default_ignorable_code_point(code) ||
	    has_compat(code))
		return false;
	return uc_is_general_category_withtable(code,
		UC_CATEGORY_MASK_Ll | UC_CATEGORY_MASK_Lu |
		UC_CATEGORY_MASK_Lo | UC_CATEGORY_MASK_Nd |
		UC_CATEGORY_MASK_Lm | UC_CATEGORY_MASK_Mn |
		UC_CATEGORY_MASK_Mc);
}

static bool is_class(uint32_t code, const uint8_t *classes, size_t classes_n)
{
	int found = uc_bidi_class(code);
	size_t i;

	for (i = 0; i < classes_n; i++)
		if (classes[i] == found)
			return true;
	return false;
}

/* RFC 5893 2, asked only when there is a character written right to left. */
static bool bidi_ok(const struct name *s)
{
	static const uint8_t rtl_all[] = {
		UC_BIDI_R, UC_BIDI_AL, UC_BIDI_AN, UC_BIDI_EN, UC_BIDI_ES,
		UC_BIDI_CS, UC_BIDI_ET, UC_BIDI_ON, UC_BIDI_BN, UC_BIDI_NSM,
	};
	static const uint8_t rtl_last[] = {
		UC_BIDI_R, UC_BIDI_AL, UC_BIDI_EN, UC_BIDI_AN,
	};
	static const uint8_t rtl_any[] = { UC_BIDI_R, UC_BIDI_AL, UC_BIDI_AN };
	bool has_rtl = false, has_en = false, has_an = false;
	size_t i, last;

	for (i = 0; i < s->n; i++)
		has_rtl |= is_class(s->code[i], rtl_any, sizeof(rtl_any));
	if (!has_rtl)
		return true;
	/* A name that begins left to right may hold none of them, so only
	   the rules 1 to 4 are left. */
	if (!is_class(s->code[0], rtl_any, 2))
		return false;
	for (i = 0; i < s->n; i++) {
		int found = uc_bidi_class(s->code[i]);

		if (!is_class(s->code[i], rtl_all, sizeof(rtl_all)))
			return false;
		has_en |= found == UC_BIDI_EN;
		has_an |= found == UC_BIDI_AN;
	}
	for (last = s->n - 1; last > 0; last--)
		if (uc_bidi_class(s->code[last]) != UC_BIDI_NSM)
			break;
	return !(has_en && has_an) &&
	       is_class(s->code[last], rtl_last, sizeof(rtl_last));
}

int precis_username(struct arena *a, struct str s, struct str *out)
{
	struct name name;
	struct str folded;
	size_t i;
	int err = precis_fold(a, s, &folded);

	*out = STR_NONE;
	if (err < 0)
		return err;
	read_codes(folded, &name);
	for (i = 0; i < name.n; i++)
		if (!is_identifier_char(&name, i))
			return ERR_SYNTAX;
	if (!bidi_ok(&name))
		return ERR_SYNTAX;
	*out = folded;
	return 0;
}
