/* core/codec/mime_html.c: the readable text of an HTML body; see mime.h.
 *
 *   <p>Hi <b>Bob</b></p><ul><li>one<li><a href="http://a/">two</a></ul>
 *
 * gives "Hi Bob", an empty line, "- one" and "- two (http://a/)".
 *
 * No document tree: one pass over the bytes, one output no longer than a fixed
 * share of the input. Odd markup gives odd text, never an error. White space
 * collapses as a browser does it; line breaks wait until text follows, so
 * neither end of the result has any.
 */
#include "core/codec/mime.h"

#include <string.h>

#include "core/base/utf8.h"
#include "core/codec/mime_priv.h"

#define ENTITY_NAME_MAX 8u /* bytes of our longest name, "thetasym" */
#define REPLACEMENT 0xfffdu

struct entity {
	const char *name;
	uint16_t code;
};

/* U+00A0..00FF in order [HTML 4.01 24.2.1]. */
/* clang-format off */
static const char *const latin1_names[96] = {
	"nbsp", "iexcl", "cent", "pound", "curren", "yen", "brvbar", "sect",
	"uml", "copy", "ordf", "laquo", "not", "shy", "reg", "macr",
	"deg", "plusmn", "sup2", "sup3", "acute", "micro", "para", "middot",
	"cedil", "sup1", "ordm", "raquo", "frac14", "frac12", "frac34",
	"iquest", "Agrave", "Aacute", "Acirc", "Atilde", "Auml", "Aring",
	"AElig", "Ccedil", "Egrave", "Eacute", "Ecirc", "Euml", "Igrave",
	"Iacute", "Icirc", "Iuml", "ETH", "Ntilde", "Ograve", "Oacute",
	"Ocirc", "Otilde", "Ouml", "times", "Oslash", "Ugrave", "Uacute",
	"Ucirc", "Uuml", "Yacute", "THORN", "szlig", "agrave", "aacute",
	"acirc", "atilde", "auml", "aring", "aelig", "ccedil", "egrave",
	"eacute", "ecirc", "euml", "igrave", "iacute", "icirc", "iuml", "eth",
	"ntilde", "ograve", "oacute", "ocirc", "otilde", "ouml", "divide",
	"oslash", "ugrave", "uacute", "ucirc", "uuml", "yacute", "thorn",
	"yuml",
};
/* clang-format on */

/* The rest of what mail and chat programs write [HTML 4.01 24.3, 24.4]. */
/* clang-format off */
static const struct entity entities[] = {
	{ "amp", '&' }, { "lt", '<' }, { "gt", '>' }, { "quot", '"' },
	{ "apos", '\'' }, { "OElig", 0x152 }, { "oelig", 0x153 },
	{ "Scaron", 0x160 }, { "scaron", 0x161 }, { "Yuml", 0x178 },
	{ "fnof", 0x192 }, { "circ", 0x2c6 }, { "tilde", 0x2dc },
	{ "alpha", 0x3b1 }, { "beta", 0x3b2 }, { "pi", 0x3c0 },
	{ "Omega", 0x3a9 }, { "thetasym", 0x3d1 },
	{ "ensp", 0x2002 }, { "emsp", 0x2003 }, { "thinsp", 0x2009 },
	{ "zwnj", 0x200c }, { "zwj", 0x200d }, { "ndash", 0x2013 },
	{ "mdash", 0x2014 }, { "lsquo", 0x2018 }, { "rsquo", 0x2019 },
	{ "sbquo", 0x201a }, { "ldquo", 0x201c }, { "rdquo", 0x201d },
	{ "bdquo", 0x201e }, { "dagger", 0x2020 }, { "Dagger", 0x2021 },
	{ "bull", 0x2022 }, { "hellip", 0x2026 }, { "permil", 0x2030 },
	{ "prime", 0x2032 }, { "Prime", 0x2033 }, { "lsaquo", 0x2039 },
	{ "rsaquo", 0x203a }, { "euro", 0x20ac }, { "trade", 0x2122 },
	{ "larr", 0x2190 }, { "uarr", 0x2191 }, { "rarr", 0x2192 },
	{ "darr", 0x2193 }, { "harr", 0x2194 }, { "rArr", 0x21d2 },
	{ "minus", 0x2212 }, { "infin", 0x221e }, { "asymp", 0x2248 },
	{ "ne", 0x2260 }, { "le", 0x2264 }, { "ge", 0x2265 },
	{ "hearts", 0x2665 },
};
/* clang-format on */

/* What a tag does to the text. */
enum tag_kind {
	TAG_INLINE, /* nothing */
	TAG_BREAK,  /* <br>: one more line break */
	TAG_BLOCK,  /* a new line before and after */
	TAG_PARA,   /* an empty line before and after */
	TAG_ITEM,   /* a new line and a bullet */
	TAG_CELL,   /* a blank between cells */
	TAG_PRE,    /* white space inside is text */
	TAG_LINK,   /* <a href> */
	TAG_IMAGE,  /* its alternative text */
	TAG_RAW,    /* dropped with everything up to its end tag */
};

/* clang-format off */
static const struct {
	const char *name;
	enum tag_kind kind;
} tags[] = {
	{ "br", TAG_BREAK }, { "a", TAG_LINK }, { "img", TAG_IMAGE },
	{ "p", TAG_PARA }, { "h1", TAG_PARA }, { "h2", TAG_PARA },
	{ "h3", TAG_PARA }, { "h4", TAG_PARA }, { "h5", TAG_PARA },
	{ "h6", TAG_PARA }, { "ul", TAG_PARA }, { "ol", TAG_PARA },
	{ "dl", TAG_PARA }, { "table", TAG_PARA }, { "hr", TAG_PARA },
	{ "blockquote", TAG_PARA }, { "pre", TAG_PRE }, { "li", TAG_ITEM },
	{ "div", TAG_BLOCK }, { "tr", TAG_BLOCK }, { "dt", TAG_BLOCK },
	{ "dd", TAG_BLOCK }, { "body", TAG_BLOCK }, { "form", TAG_BLOCK },
	{ "address", TAG_BLOCK }, { "center", TAG_BLOCK },
	{ "section", TAG_BLOCK }, { "article", TAG_BLOCK },
	{ "header", TAG_BLOCK }, { "footer", TAG_BLOCK },
	{ "main", TAG_BLOCK }, { "nav", TAG_BLOCK }, { "aside", TAG_BLOCK },
	{ "figure", TAG_BLOCK }, { "caption", TAG_BLOCK },
	{ "td", TAG_CELL }, { "th", TAG_CELL }, { "script", TAG_RAW },
	{ "style", TAG_RAW }, { "title", TAG_RAW }, { "template", TAG_RAW },
};
/* clang-format on */

struct html {
	struct str rest;      /* not read yet */
	const char *last_end; /* the last '>' of all, or NULL */
	char *p;	      /* the output */
	size_t n, max;
	bool is_over;
	unsigned breaks; /* line breaks due before the next text */
	bool is_space_due;
	unsigned pre; /* open <pre> */
	bool is_in_link;
	struct str href;  /* of the open link, still with entities */
	size_t link_from; /* where its text starts in the output */
};

/* ---- output -------------------------------------------------------------- */

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f';
}

static void put_raw(struct html *h, const char *p, size_t n)
{
	if (n > h->max - h->n) {
		h->is_over = true;
		return;
	}
	memcpy(h->p + h->n, p, n);
	h->n += n;
}

/* What waits in front of the next visible text. */
static void put_due(struct html *h)
{
	if (h->n > 0 && h->breaks > 0)
		put_raw(h, "\n\n", h->breaks);
	else if (h->n > 0 && h->is_space_due && !is_space(h->p[h->n - 1]))
		put_raw(h, " ", 1);
	h->breaks = 0;
	h->is_space_due = false;
}

static void put_code(struct html *h, uint32_t code)
{
	char utf8[4];
	size_t n = utf8_put(code, utf8);

	put_due(h);
	put_raw(h, utf8, n);
}

/* At most one empty line in a row. */
static void add_break(struct html *h)
{
	if (h->breaks < 2)
		h->breaks++;
	h->is_space_due = false;
}

static void want_breaks(struct html *h, unsigned n)
{
	if (h->breaks < n)
		h->breaks = n;
	h->is_space_due = false;
}

/* ---- entities ------------------------------------------------------------ */

static uint32_t entity_code(struct str name)
{
	size_t i;

	for (i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
		if (str_eq(name, str_of(entities[i].name)))
			return entities[i].code;
	for (i = 0; i < 96; i++)
		if (str_eq(name, str_of(latin1_names[i])))
			return 0xa0 + (uint32_t)i;
	return 0;
}

/* &#233; or &#xe9; at the front of s: bytes taken, 0 if it is none. Numbers
   80..9f mean windows-1252 [HTML 5 13.2.5.80]. */
static size_t number_entity(struct str s, uint32_t *code_out)
{
	bool is_hex = s.n > 2 && ch_lower((unsigned char)s.p[2]) == 'x';
	size_t i = is_hex ? 3 : 2, digits = 0;
	uint32_t code = 0;

	for (; i < s.n; i++, digits++) {
		int v = ch_hex((unsigned char)s.p[i]);

		if (v < 0 || (!is_hex && v > 9))
			break;
		if (code <= 0x10ffff)
			code = code * (is_hex ? 16 : 10) + (uint32_t)v;
	}
	if (digits == 0)
		return 0;
	if (i < s.n && s.p[i] == ';')
		i++;
	if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		code = REPLACEMENT;
	else if (code < 0x100)
		code = mime_cp1252((unsigned char)code);
	*code_out = code;
	return i;
}

/* The entity whose '&' is at the front of s; 0 when it is just an '&'. */
static size_t next_entity(struct str s, uint32_t *code_out)
{
	size_t n = 1;

	if (s.n > 1 && s.p[1] == '#')
		return number_entity(s, code_out);
	while (n < s.n && n <= ENTITY_NAME_MAX &&
	       ch_is_alnum((unsigned char)s.p[n]))
		n++;
	if (n == s.n || s.p[n] != ';')
		return 0;
	*code_out = entity_code(str_sub(s, 1, n - 1));
	return *code_out ? n + 1 : 0;
}

/* ---- text ---------------------------------------------------------------- */

/* One character of text, from an entity or not. */
static void text_code(struct html *h, uint32_t code)
{
	if (code == '\n' && h->pre > 0)
		add_break(h);
	else if (code < 0x80 && is_space((char)code) && h->pre == 0)
		h->is_space_due = h->breaks == 0;
	else if (code == 0xa0 || code == '\t')
		put_code(h, ' '); /* a blank that does not collapse */
	else if (code >= 0x20 && code != 0x7f)
		put_code(h, code);
}

/* Takes one character off the front of *s. Bytes that are no UTF-8 go through
   as they are: cleaning is another function's work. */
static void take_text(struct html *h, struct str *s)
{
	uint32_t code;
	size_t n = 0;

	if (s->p[0] == '&')
		n = next_entity(*s, &code);
	if (n == 0)
		n = utf8_next(*s, &code);
	if (n == 0) {
		put_due(h);
		put_raw(h, s->p, 1);
		n = 1;
	} else {
		text_code(h, code);
	}
	*s = str_from(*s, n);
}

static void put_text(struct html *h, struct str s)
{
	while (s.n > 0)
		take_text(h, &s);
}

/* ---- links --------------------------------------------------------------- */

/* Is the address worth showing beside the text of its link? */
static bool is_href_told(struct html *h)
{
	struct str text = { h->p + h->link_from, h->n - h->link_from };
	struct str href = h->href;

	if (href.n == 0 || href.p[0] == '#' ||
	    str_istarts(href, STR("javascript:")))
		return false;
	if (str_eq(text, href))
		return false;
	return !(str_istarts(href, STR("mailto:")) &&
		 str_eq(text, str_from(href, 7)));
}

static void close_link(struct html *h)
{
	bool is_empty, is_space_due = h->is_space_due;
	unsigned breaks = h->breaks;

	if (!h->is_in_link)
		return;
	h->is_in_link = false;
	is_empty = h->n <= h->link_from;
	if (!is_href_told(h))
		return;
	if (is_empty) {
		put_text(h, h->href);
		return;
	}
	/* The address belongs to the text before: what was due comes after. */
	h->breaks = 0;
	h->is_space_due = false;
	put_raw(h, " (", 2);
	put_text(h, h->href);
	h->breaks = 0;
	h->is_space_due = false;
	put_raw(h, ")", 1);
	h->breaks = breaks;
	h->is_space_due = is_space_due;
}

static void open_link(struct html *h, struct str href)
{
	close_link(h);
	h->is_in_link = true;
	h->href = str_trim(href);
	/* The text starts after what is still due. */
	if (h->breaks > 0 || h->is_space_due)
		put_due(h);
	h->link_from = h->n;
}

/* ---- tags ---------------------------------------------------------------- */

/* The tag at the front of s ends after this many bytes; s.n when it does not
   end. A '>' inside quotes does not count. */
static size_t tag_length(struct str s)
{
	char quote = 0;
	size_t i;

	for (i = 1; i < s.n; i++) {
		if (quote) {
			if (s.p[i] == quote)
				quote = 0;
		} else if ((s.p[i] == '"' || s.p[i] == '\'') &&
			   s.p[i - 1] == '=') {
			quote = s.p[i];
		} else if (s.p[i] == '>') {
			return i + 1;
		}
	}
	return s.n;
}

/* Takes the next attribute off the front of *s; false when there is none. */
static bool take_attr(struct str *s, struct str *name_out,
		      struct str *value_out)
{
	size_t i = 0, from;
	char quote = 0;

	while (i < s->n && (is_space(s->p[i]) || s->p[i] == '/'))
		i++;
	from = i;
	while (i < s->n && !is_space(s->p[i]) && s->p[i] != '=')
		i++;
	*name_out = str_sub(*s, from, i - from);
	*value_out = STR_NONE;
	while (i < s->n && is_space(s->p[i]))
		i++;
	if (i == s->n || s->p[i] != '=') {
		*s = str_from(*s, i);
		return name_out->n > 0;
	}
	for (i++; i < s->n && is_space(s->p[i]); i++)
		;
	if (i < s->n && (s->p[i] == '"' || s->p[i] == '\''))
		quote = s->p[i++];
	from = i;
	while (i < s->n && (quote ? s->p[i] != quote : !is_space(s->p[i])))
		i++;
	*value_out = str_sub(*s, from, i - from);
	*s = str_from(*s, i + (quote != 0));
	return true;
}

static struct str attr_of(struct str attrs, const char *name)
{
	struct str found, value;

	while (take_attr(&attrs, &found, &value))
		if (str_ieq(found, str_of(name)))
			return value;
	return STR_NONE;
}

static enum tag_kind kind_of(struct str name)
{
	char first;
	size_t i;

	if (name.n == 0)
		return TAG_INLINE;
	first = (char)ch_lower((unsigned char)name.p[0]);
	for (i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (tags[i].name[0] == first &&
		    str_ieq(name, str_of(tags[i].name)))
			return tags[i].kind;
	return TAG_INLINE;
}

/* Goes on behind the end tag of a script or style; without one the rest of the
   document is its content. */
static void skip_raw(struct html *h, struct str name)
{
	struct str s = h->rest;

	for (;;) {
		size_t at = str_search(s, STR("</"));
		struct str after = str_from(s, at + 2 + name.n);

		if (at == s.n) {
			h->rest = str_from(s, s.n);
			return;
		}
		s = str_from(s, at + 2);
		if (str_istarts(s, name) &&
		    (after.n == 0 || is_space(after.p[0]) ||
		     after.p[0] == '>' || after.p[0] == '/')) {
			h->rest = str_from(s, tag_length(s));
			return;
		}
	}
}

static void open_tag(struct html *h, struct str name, struct str attrs)
{
	switch (kind_of(name)) {
	case TAG_BREAK:
		add_break(h);
		break;
	case TAG_BLOCK:
		want_breaks(h, 1);
		break;
	case TAG_PARA:
		want_breaks(h, 2);
		break;
	case TAG_ITEM:
		want_breaks(h, 1);
		put_due(h);
		put_raw(h, "- ", 2);
		break;
	case TAG_CELL:
		h->is_space_due = h->breaks == 0;
		break;
	case TAG_PRE:
		want_breaks(h, 2);
		h->pre++;
		break;
	case TAG_LINK:
		open_link(h, attr_of(attrs, "href"));
		break;
	case TAG_IMAGE:
		put_text(h, attr_of(attrs, "alt"));
		break;
	case TAG_RAW:
		skip_raw(h, name);
		break;
	case TAG_INLINE:
		break;
	}
}

static void close_tag(struct html *h, struct str name)
{
	switch (kind_of(name)) {
	case TAG_BLOCK:
	case TAG_ITEM:
		want_breaks(h, 1);
		break;
	case TAG_PARA:
		want_breaks(h, 2);
		break;
	case TAG_PRE:
		want_breaks(h, 2);
		h->pre -= h->pre > 0;
		break;
	case TAG_LINK:
		close_link(h);
		break;
	case TAG_BREAK:
		add_break(h);
		break;
	case TAG_CELL:
	case TAG_IMAGE:
	case TAG_RAW:
	case TAG_INLINE:
		break;
	}
}

/* Takes the markup at the front, which begins with '<'; false when that '<' is
   text, as in "a < b". */
static bool take_markup(struct html *h)
{
	struct str s = h->rest, inside;
	bool is_end = s.n > 1 && s.p[1] == '/';
	size_t n, name_n = 0;

	if (str_starts(s, STR("<!--"))) {
		n = str_search(str_from(s, 4), STR("-->")) + 7;
		h->rest = str_from(s, n);
		return true;
	}
	/* Without an end it is no tag: "1 <b" keeps its last word. */
	if (s.n < 2 || !h->last_end || h->last_end < s.p)
		return false;
	if (!is_end && s.p[1] != '!' && s.p[1] != '?' &&
	    !ch_is_alpha((unsigned char)s.p[1]))
		return false;
	n = tag_length(s);
	h->rest = str_from(s, n);
	inside = str_sub(s, is_end ? 2 : 1, n - (is_end ? 3 : 2));
	while (name_n < inside.n &&
	       ch_is_alnum((unsigned char)inside.p[name_n]))
		name_n++;
	if (is_end)
		close_tag(h, str_sub(inside, 0, name_n));
	else
		open_tag(h, str_sub(inside, 0, name_n),
			 str_from(inside, name_n));
	return true;
}

int mime_html_to_text(struct arena *a, struct str html, struct str *out)
{
	/* Nothing gets longer but a link's address, by " ()", and an item,
	   by its bullet and break; each takes more bytes than that as
	   markup. */
	struct html h = { .rest = html, .max = html.n + 16 };
	size_t last = str_rfind(html, '>');

	*out = STR_NONE;
	h.last_end = last < html.n ? html.p + last : NULL;
	h.p = arena_alloc(a, h.max + 1);
	if (!h.p)
		return ERR_LIMIT;
	while (h.rest.n > 0)
		if (h.rest.p[0] != '<' || !take_markup(&h))
			take_text(&h, &h.rest);
	close_link(&h);
	while (h.n > 0 && is_space(h.p[h.n - 1]))
		h.n--;
	h.p[h.n] = '\0';
	*out = (struct str){ h.p, h.n };
	return h.is_over ? ERR_LIMIT : 0;
}
