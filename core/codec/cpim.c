/* core/codec/cpim.c: reading and writing message/cpim; see cpim.h.
 * [RFC 3862; RFC 5438 6 for the headers of the imdn namespace]
 *
 * Header names are case-sensitive and belong to a namespace: a prefix means
 * what the NS headers above it say, whatever its letters are, and a prefix that
 * nobody declared means nothing. Headers without a field of their own are kept
 * with their namespace and written back under a prefix of our choice.
 * Required headers are checked here and not kept: those we let pass are the
 * ones whose meaning we carry ourselves.
 */
#include "core/codec/cpim_priv.h"

#include "core/base/utf8.h"
#include "core/codec/datetime.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* clang-format off */
static const struct {
	const char *name;
	enum cpim_header header;
	bool is_imdn;		/* else of the default namespace */
	bool is_single;		/* a second one would be ambiguous */
} known_headers[] = {
	{ "From", CPIM_HEADER_FROM, false, true },
	{ "To", CPIM_HEADER_TO, false, false },
	{ "cc", CPIM_HEADER_CC, false, false },
	{ "DateTime", CPIM_HEADER_DATETIME, false, true },
	{ "Subject", CPIM_HEADER_SUBJECT, false, false },
	{ "NS", CPIM_HEADER_NS, false, false },
	{ "Require", CPIM_HEADER_REQUIRE, false, false },
	{ "Message-ID", CPIM_HEADER_MESSAGE_ID, true, true },
	{ "Disposition-Notification", CPIM_HEADER_DISPOSITION, true, false },
	{ "Original-To", CPIM_HEADER_ORIGINAL_TO, true, true },
	{ "IMDN-Record-Route", CPIM_HEADER_RECORD_ROUTE, true, false },
	{ "IMDN-Route", CPIM_HEADER_ROUTE, true, false },
};
/* clang-format on */

static const struct {
	const char *name;
	unsigned bit;
} wants_names[] = {
	{ "positive-delivery", CPIM_WANT_POSITIVE },
	{ "negative-delivery", CPIM_WANT_NEGATIVE },
	{ "processing", CPIM_WANT_PROCESSING },
	{ "display", CPIM_WANT_DISPLAY },
};

/* One header line, cut up but not understood yet. */
struct line {
	struct str prefix; /* absent: none */
	struct str name, lang, value;
	struct str full_name; /* with its prefix */
};

/* What an NS header declared. */
struct binding {
	struct str prefix; /* empty: the default from here on */
	struct str ns;	   /* absent: CPIM_CORE_NS */
};

struct parser {
	struct arena *a;
	struct cpim *out;
	unsigned seen; /* bit per enum cpim_header */
	struct binding bindings[CPIM_HEADERS_MAX];
	size_t bindings_n;
};

/* ---- characters ---------------------------------------------------------- */

/* NAMECHAR of RFC 3862 3.6; the dot separates the prefix and is none. */
bool cpim_is_name_char(unsigned char c)
{
	return ch_is_alnum(c) || c == 0x21 || (c >= 0x23 && c <= 0x27) ||
	       c == 0x2a || c == 0x2b || c == 0x2d ||
	       (c >= 0x5e && c <= 0x60) || c == 0x7c || c == 0x7e;
}

bool cpim_is_name(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!cpim_is_name_char((unsigned char)s.p[i]))
			return false;
	return s.n > 0;
}

bool cpim_is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

/* May this stand between '<' and '>'? A backslash is no URI character, so
   escapes need not be thought of. */
bool cpim_is_uri(struct str uri)
{
	size_t i;

	for (i = 0; i < uri.n; i++)
		if (uri.p[i] == ' ' || uri.p[i] == '<' || uri.p[i] == '>' ||
		    uri.p[i] == '"' || uri.p[i] == '\\')
			return false;
	return uri.n > 0 && utf8_is_clean_line(uri);
}

bool cpim_is_lang(struct str lang)
{
	size_t i;

	for (i = 0; i < lang.n; i++)
		if (!ch_is_alnum((unsigned char)lang.p[i]) && lang.p[i] != '-')
			return false;
	return lang.n > 0;
}

/* MIME headers among the CPIM headers: the empty line between the two blocks
   is missing, and nothing after them can be trusted. */
bool cpim_is_mime_name(struct str name)
{
	return str_istarts(name, STR("Content-")) ||
	       str_istarts(name, STR("MIME-Version"));
}

enum cpim_header cpim_known_header(struct str ns, struct str name,
				   bool *is_single_out)
{
	size_t i;

	for (i = 0; i < COUNT(known_headers); i++) {
		if (!str_eq(name, str_of(known_headers[i].name)))
			continue;
		if (known_headers[i].is_imdn && !str_eq(ns, CPIM_IMDN_NS))
			continue;
		if (!known_headers[i].is_imdn && ns.p)
			continue;
		if (is_single_out)
			*is_single_out = known_headers[i].is_single;
		return known_headers[i].header;
	}
	return CPIM_HEADER_OTHER;
}

const char *cpim_want_name(size_t i, unsigned *bit_out)
{
	if (i >= COUNT(wants_names))
		return NULL;
	*bit_out = wants_names[i].bit;
	return wants_names[i].name;
}

/* ---- escapes ------------------------------------------------------------- */

static bool take_hex4(struct str s, uint32_t *code_out)
{
	size_t i;

	if (s.n < 4)
		return false;
	*code_out = 0;
	for (i = 0; i < 4; i++) {
		int v = ch_hex((unsigned char)s.p[i]);

		if (v < 0)
			return false;
		*code_out = *code_out * 16 + (uint32_t)v;
	}
	return true;
}

/* The escape at the front of s: bytes taken and its character; 0 when the
   backslash begins none and stands for itself. Four digits reach U+FFFF, so
   others come as two surrogates. */
static size_t take_escape(struct str s, uint32_t *code_out)
{
	uint32_t low;

	if (s.n < 2)
		return 0;
	switch (s.p[1]) {
	case 'b':
	case 't':
	case 'n':
	case 'r':
		*code_out = ' '; /* no controls in a value: cpim.h */
		return 2;
	case '"':
	case '\'':
	case '\\':
		*code_out = (unsigned char)s.p[1];
		return 2;
	case 'u':
		break;
	default:
		return 0;
	}
	if (!take_hex4(str_from(s, 2), code_out))
		return 0;
	if (*code_out >= 0xd800 && *code_out < 0xdc00 &&
	    str_starts(str_from(s, 6), STR("\\u")) &&
	    take_hex4(str_from(s, 8), &low) && low >= 0xdc00 && low < 0xe000) {
		*code_out = 0x10000 + ((*code_out - 0xd800) << 10) +
			    (low - 0xdc00);
		return 12;
	}
	if (cpim_is_control(*code_out))
		*code_out = ' ';
	else if (!utf8_is_xml_char(*code_out))
		*code_out = 0xfffd;
	return 6;
}

/* caf\u00e9 \"x\"  ->  café "x". Never longer than s. */
static int unescape(struct arena *a, struct str s, struct str *out)
{
	char *p = arena_alloc(a, s.n + 1);
	size_t n = 0, taken;
	uint32_t code;

	if (!p)
		return ERR_LIMIT;
	for (; s.n > 0; s = str_from(s, taken)) {
		taken = s.p[0] == '\\' ? take_escape(s, &code) : 0;
		if (taken > 0) {
			n += utf8_put(code, p + n);
		} else {
			p[n++] = s.p[0];
			taken = 1;
		}
	}
	p[n] = '\0';
	*out = (struct str){ p, n };
	return 0;
}

/* ---- one header line ----------------------------------------------------- */

/* Takes ";name=value" parameters off the front; only lang is known, the others
   are to be ignored [RFC 3862 3.6]. */
static int take_params(struct str *s, struct str *lang_out)
{
	while (s->n > 0 && s->p[0] == ';') {
		struct str name, value;
		size_t i, from;

		for (i = 1; i < s->n && s->p[i] != '='; i++)
			;
		name = str_sub(*s, 1, i - 1);
		if (i == s->n || !cpim_is_name(name))
			return ERR_SYNTAX;
		from = ++i;
		if (i < s->n && s->p[i] == '"') {
			for (i++; i < s->n && s->p[i] != '"'; i++)
				if (s->p[i] == '\\')
					i++;
			if (i >= s->n)
				return ERR_SYNTAX;
			i++;
		}
		while (i < s->n && s->p[i] != ' ' && s->p[i] != ';')
			i++;
		value = str_sub(*s, from, i - from);
		*s = str_from(*s, i);
		if (!str_ieq(name, STR("lang")))
			continue;
		if (!cpim_is_lang(value))
			return ERR_SYNTAX;
		*lang_out = value;
	}
	return 0;
}

/* Subject:;lang=fr Ça va  ->  name "Subject", lang "fr", value "Ça va" */
static int cut_line(struct str line, struct line *out)
{
	size_t colon = str_find(line, ':'), dot;

	*out = (struct line){ .full_name = str_sub(line, 0, colon) };
	if (colon == line.n || !utf8_is_clean_line(line))
		return ERR_SYNTAX;
	dot = str_find(out->full_name, '.');
	if (dot < out->full_name.n) {
		out->prefix = str_sub(out->full_name, 0, dot);
		out->name = str_from(out->full_name, dot + 1);
		if (!cpim_is_name(out->prefix))
			return ERR_SYNTAX;
	} else {
		out->name = out->full_name;
	}
	if (!cpim_is_name(out->name))
		return ERR_SYNTAX;
	line = str_from(line, colon + 1);
	if (take_params(&line, &out->lang) < 0)
		return ERR_SYNTAX;
	out->value = str_trim(line);
	return 0;
}

/* The namespace of a prefix (absent: none given). False when it was never
   declared. */
static bool find_ns(const struct parser *p, struct str prefix,
		    struct str *ns_out)
{
	size_t i;

	*ns_out = STR_NONE;
	for (i = p->bindings_n; i > 0; i--) {
		if (str_eq(p->bindings[i - 1].prefix, prefix)) {
			*ns_out = p->bindings[i - 1].ns;
			return true;
		}
	}
	return !prefix.p;
}

/* ---- the values we know -------------------------------------------------- */

/* [display] <URI>, the display as words or as one quoted string. */
static int cut_addr(struct str value, struct str *display_out,
		    struct str *uri_out)
{
	size_t i = 0;

	*display_out = STR_NONE;
	if (value.n > 0 && value.p[0] == '"') {
		for (i = 1; i < value.n && value.p[i] != '"'; i++)
			if (value.p[i] == '\\')
				i++;
		if (i >= value.n)
			return ERR_SYNTAX;
		*display_out = str_sub(value, 1, i - 1);
		value = str_trim(str_from(value, i + 1));
	} else {
		i = str_find(value, '<');
		*display_out = str_trim(str_sub(value, 0, i));
		value = str_from(value, i);
	}
	if (value.n < 3 || value.p[0] != '<' || value.p[value.n - 1] != '>')
		return ERR_SYNTAX;
	*uri_out = str_sub(value, 1, value.n - 2);
	return cpim_is_uri(*uri_out) ? 0 : ERR_SYNTAX;
}

static int parse_addr(struct parser *p, struct str value, struct cpim_addr *out)
{
	struct str display;

	if (cut_addr(value, &display, &out->uri) < 0)
		return ERR_SYNTAX;
	return unescape(p->a, display, &out->display);
}

static int add_addr(struct parser *p, struct str value, struct cpim_addr *list,
		    size_t *n)
{
	int err;

	if (*n == CPIM_TO_MAX)
		return ERR_LIMIT;
	err = parse_addr(p, value, &list[*n]);
	*n += err == 0;
	return err;
}

static int add_route(struct str value, struct str *list, size_t *n)
{
	struct str display;

	if (*n == CPIM_ROUTES_MAX)
		return ERR_LIMIT;
	if (cut_addr(value, &display, &list[*n]) < 0)
		return ERR_SYNTAX;
	(*n)++;
	return 0;
}

/* To the millisecond: what datetime_put_3339 writes. */
static int parse_datetime(struct str value, int64_t *out)
{
	if (datetime_parse_3339(value, out) < 0)
		return ERR_SYNTAX;
	if (*out < 0 || *out >= CPIM_DATETIME_END_US)
		return ERR_SYNTAX;
	*out -= *out % 1000;
	return 0;
}

/* positive-delivery, display;x=y  ->  two bits. Words of later documents are
   ignored [RFC 5438 6.3]. */
static unsigned parse_wants(struct str value)
{
	struct str rest = value, word;
	unsigned wants = 0;
	size_t i;

	while (str_split(&rest, ',', &word)) {
		word = str_trim(str_sub(word, 0, str_find(word, ';')));
		for (i = 0; i < COUNT(wants_names); i++)
			if (str_ieq(word, str_of(wants_names[i].name)))
				wants |= wants_names[i].bit;
	}
	return wants;
}

/* prefix <URN>; without a prefix the default from here on [RFC 3862 4.6]. */
static int parse_ns(struct parser *p, struct str value)
{
	struct binding *binding;
	struct str prefix, ns;

	if (cut_addr(value, &prefix, &ns) < 0)
		return ERR_SYNTAX;
	if (prefix.n > 0 && !cpim_is_name(prefix))
		return ERR_SYNTAX;
	if (p->bindings_n == CPIM_HEADERS_MAX)
		return ERR_LIMIT;
	binding = &p->bindings[p->bindings_n++];
	binding->prefix = prefix;
	binding->ns = str_eq(ns, CPIM_CORE_NS) ? STR_NONE : ns;
	return 0;
}

static int check_require(const struct parser *p, struct str value)
{
	struct str rest = value, name, ns, prefix;
	size_t dot;

	while (str_split(&rest, ',', &name)) {
		name = str_trim(name);
		dot = str_find(name, '.');
		prefix = STR_NONE;
		if (dot < name.n) {
			prefix = str_sub(name, 0, dot);
			name = str_from(name, dot + 1);
		}
		if (!cpim_is_name(name) || (prefix.p && !cpim_is_name(prefix)))
			return ERR_SYNTAX;
		if (!find_ns(p, prefix, &ns) ||
		    cpim_known_header(ns, name, NULL) == CPIM_HEADER_OTHER)
			return ERR_UNSUPPORTED;
	}
	return 0;
}

static int add_extra(struct parser *p, struct str ns, struct str name,
		     const struct line *line)
{
	struct cpim *c = p->out;
	struct cpim_extra *extra;

	if (c->extra_n == CPIM_HEADERS_MAX)
		return ERR_LIMIT;
	if (!ns.p && cpim_is_mime_name(name))
		return ERR_SYNTAX;
	extra = &c->extra[c->extra_n++];
	extra->ns = ns;
	extra->name = name;
	extra->lang = line->lang;
	return unescape(p->a, line->value, &extra->value);
}

/* The first subject is the subject; those in other languages are extra. */
static int parse_subject(struct parser *p, const struct line *line)
{
	struct cpim *c = p->out;

	if (c->subject.p)
		return add_extra(p, STR_NONE, line->name, line);
	c->subject_lang = line->lang;
	return unescape(p->a, line->value, &c->subject);
}

static int parse_message_id(struct parser *p, struct str value)
{
	if (value.n == 0)
		return ERR_SYNTAX;
	return unescape(p->a, value, &p->out->message_id);
}

/* ---- the header block ---------------------------------------------------- */

static int parse_known(struct parser *p, enum cpim_header header,
		       const struct line *line)
{
	struct cpim *c = p->out;
	struct str value = line->value, display;

	switch (header) {
	case CPIM_HEADER_FROM:
		return parse_addr(p, value, &c->from);
	case CPIM_HEADER_TO:
		return add_addr(p, value, c->to, &c->to_n);
	case CPIM_HEADER_CC:
		return add_addr(p, value, c->cc, &c->cc_n);
	case CPIM_HEADER_DATETIME:
		return parse_datetime(value, &c->sent_utc_us);
	case CPIM_HEADER_SUBJECT:
		return parse_subject(p, line);
	case CPIM_HEADER_NS:
		return parse_ns(p, value);
	case CPIM_HEADER_REQUIRE:
		return check_require(p, value);
	case CPIM_HEADER_MESSAGE_ID:
		return parse_message_id(p, value);
	case CPIM_HEADER_DISPOSITION:
		c->wants |= parse_wants(value);
		return 0;
	case CPIM_HEADER_ORIGINAL_TO:
		return cut_addr(value, &display, &c->original_to);
	case CPIM_HEADER_RECORD_ROUTE:
		return add_route(value, c->record_routes, &c->record_routes_n);
	case CPIM_HEADER_ROUTE:
		return add_route(value, c->routes, &c->routes_n);
	case CPIM_HEADER_OTHER:
		break;
	}
	return ERR_DECLINED;
}

static int parse_line(struct parser *p, struct str text)
{
	struct line line;
	struct str ns, name;
	enum cpim_header header;
	bool is_single = false;

	if (cut_line(text, &line) < 0)
		return ERR_SYNTAX;
	name = line.name;
	if (!find_ns(p, line.prefix, &ns))
		name = line.full_name;
	/* Whatever the default is: how else could it be set back? */
	if (!line.prefix.p && str_eq(name, STR("NS")))
		ns = STR_NONE;
	header = cpim_known_header(ns, name, &is_single);
	if (header == CPIM_HEADER_OTHER)
		return add_extra(p, ns, name, &line);
	if (is_single && (p->seen & 1u << header))
		return ERR_SYNTAX;
	p->seen |= 1u << header;
	return parse_known(p, header, &line);
}

/* Reads up to the empty line, which must be there: a block cut off in the
   middle would look like a message to fewer people. */
static int parse_headers(struct parser *p, struct str *s)
{
	for (;;) {
		size_t at = str_find(*s, '\n');
		struct str line = str_sub(*s, 0, at);
		int err;

		if (at == s->n)
			return ERR_SYNTAX;
		*s = str_from(*s, at + 1);
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		if (line.n == 0)
			return 0;
		err = parse_line(p, line);
		if (err < 0)
			return err;
	}
}

/* COMPAT: senders after the examples of RFC 3862 repeat the MIME header
   "Content-type: Message/CPIM" in front [test_cpim: outer block]. */
static struct str skip_outer(struct str s)
{
	struct mime_header headers[MIME_HEADERS_MAX];
	struct mime_type type;
	size_t n, i;
	long taken;

	if (!cpim_is_mime_name(s))
		return s;
	taken = mime_headers_parse(s, headers, &n, MIME_HEADERS_MAX);
	if (taken < 0)
		return s;
	for (i = 0; i < n; i++)
		if (!cpim_is_mime_name(headers[i].name))
			return s;
	if (mime_type_parse(mime_header_find(headers, n, "Content-Type"),
			    &type) < 0 ||
	    !mime_type_is(&type, "message", "cpim"))
		return s;
	return str_from(s, (size_t)taken);
}

static int parse_content(struct str s, struct cpim *out)
{
	long taken = mime_headers_parse(s, out->headers, &out->headers_n,
					MIME_HEADERS_MAX);
	struct str value;

	if (taken < 0)
		return (int)taken;
	out->content = str_from(s, (size_t)taken);
	value = mime_header_find(out->headers, out->headers_n, "Content-Type");
	if (!value.p)
		value = STR("text/plain"); /* RFC 2045 5.2 */
	return mime_type_parse(value, &out->type);
}

/* The example of cpim.h gives from "Bob", one To, message_id "Kq81", wants
   POSITIVE and DISPLAY, type text/plain, content "Hello". */
int cpim_parse(struct arena *a, struct str s, struct cpim *out)
{
	struct parser p = { .a = a, .out = out };
	int err;

	*out = (struct cpim){ .to_n = 0 };
	s = skip_outer(s);
	err = parse_headers(&p, &s);
	if (err < 0)
		return err;
	return parse_content(s, out);
}
