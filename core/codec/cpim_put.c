/* core/codec/cpim_put.c: writing message/cpim; see cpim.h. [RFC 3862, RFC 5438]
 *
 * Known headers first, then the others with a declaration in front of the first
 * of each namespace. Prefixes are our own: the imdn headers get "imdn", others
 * "x1", "x2", unless a header with such a prefix was passed through undeclared,
 * which would then change its meaning.
 */
#include "core/codec/cpim_priv.h"

#include <stdio.h>

#include "core/base/utf8.h"
#include "core/codec/datetime.h"
#include "core/codec/mime_priv.h"

#define PREFIX_MAX 24u /* bytes of a prefix we make, with its NUL */

/* A character of a value or of a quoted string. Blanks at the ends would be
   lost, so they are escaped too. */
static void put_char(struct buf *b, uint32_t code, bool is_at_end,
		     bool is_quoted)
{
	static const char letters[] = "btnr", controls[] = "\b\t\n\r";
	char utf8[4];
	size_t i;

	for (i = 0; i < 4; i++) {
		if (code == (unsigned char)controls[i]) {
			buf_put_char(b, '\\');
			buf_put_char(b, letters[i]);
			return;
		}
	}
	if (code == '\\' || (code == '"' && is_quoted)) {
		buf_put_char(b, '\\');
		buf_put_char(b, (char)code);
	} else if (cpim_is_control(code) || (code == ' ' && is_at_end)) {
		buf_printf(b, "\\u%04x", (unsigned)code);
	} else {
		buf_put(b, utf8,
			utf8_put(utf8_is_xml_char(code) ? code : 0xfffd, utf8));
	}
}

/* Escaped as RFC 3862 2.3.1 asks for; bytes that are no UTF-8 as U+FFFD. */
static void put_escaped(struct buf *b, struct str s, bool is_quoted)
{
	size_t whole = s.n, n;
	uint32_t code;

	for (; s.n > 0; s = str_from(s, n)) {
		n = utf8_next(s, &code);
		if (n == 0) {
			code = 0xfffd;
			n = 1;
		}
		put_char(b, code, !is_quoted && (s.n == whole || s.n == n),
			 is_quoted);
	}
}

/* ---- headers ------------------------------------------------------------- */

static void put_name(struct buf *b, const char *prefix, const char *name)
{
	if (prefix[0] != '\0') {
		buf_put_str(b, str_of(prefix));
		buf_put_char(b, '.');
	}
	buf_put_str(b, str_of(name));
	buf_put_str(b, STR(": "));
}

static void put_uri(struct buf *b, struct str uri)
{
	if (!cpim_is_uri(uri))
		buf_fail(b, ERR_SYNTAX);
	buf_put_char(b, '<');
	buf_put_str(b, uri);
	buf_put_char(b, '>');
}

/* Words of Formal-name need no quotes [RFC 3862 3.6]. */
static bool is_words(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool is_gap = c == ' ' && i > 0 && i + 1 < s.n &&
			      s.p[i - 1] != ' ';

		if (!cpim_is_name_char(c) && c != '.' && c < 0x80 && !is_gap)
			return false;
	}
	return utf8_is_clean_line(s);
}

static void put_addr(struct buf *b, const char *name,
		     const struct cpim_addr *addr)
{
	put_name(b, "", name);
	if (addr->display.n > 0 && is_words(addr->display)) {
		buf_put_str(b, addr->display);
		buf_put_char(b, ' ');
	} else if (addr->display.n > 0) {
		buf_put_char(b, '"');
		put_escaped(b, addr->display, true);
		buf_put_str(b, STR("\" "));
	}
	put_uri(b, addr->uri);
	buf_put_str(b, STR("\r\n"));
}

static void put_uri_header(struct buf *b, const char *prefix, const char *name,
			   struct str uri)
{
	put_name(b, prefix, name);
	put_uri(b, uri);
	buf_put_str(b, STR("\r\n"));
}

/* ":;lang=fr value CRLF" */
static void put_lang_value(struct buf *b, struct str lang, struct str value)
{
	buf_put_char(b, ':');
	if (lang.n > 0) {
		if (!cpim_is_lang(lang))
			buf_fail(b, ERR_SYNTAX);
		buf_put_str(b, STR(";lang="));
		buf_put_str(b, lang);
	}
	buf_put_char(b, ' ');
	put_escaped(b, value, false);
	buf_put_str(b, STR("\r\n"));
}

static void put_datetime(struct buf *b, int64_t utc_us)
{
	char text[DATETIME_MAX];

	if (utc_us < 0 || utc_us >= CPIM_DATETIME_END_US) {
		buf_fail(b, ERR_SYNTAX);
		return;
	}
	put_name(b, "", "DateTime");
	buf_put_str(b, datetime_put_3339(utc_us, text));
	buf_put_str(b, STR("\r\n"));
}

/* Is there a header whose prefix nobody declared and which is this one? Ours
   would give it a meaning. */
static bool is_prefix_taken(const struct cpim *c, struct str prefix)
{
	size_t i;

	for (i = 0; i < c->extra_n; i++) {
		struct str name = c->extra[i].name;

		if (!c->extra[i].ns.p && str_starts(name, prefix) &&
		    name.n > prefix.n && name.p[prefix.n] == '.')
			return true;
	}
	return false;
}

/* The first free one of base1, base2, ... from *number on; the one without a
   number when *number is 0. */
static void make_prefix(const struct cpim *c, const char *base,
			unsigned *number, char out[PREFIX_MAX])
{
	do {
		if (*number == 0)
			snprintf(out, PREFIX_MAX, "%s", base);
		else
			snprintf(out, PREFIX_MAX, "%s%u", base, *number);
		(*number)++;
	} while (is_prefix_taken(c, str_of(out)));
}

static void put_ns(struct buf *b, const char *prefix, struct str ns)
{
	put_name(b, "", "NS");
	buf_put_str(b, str_of(prefix));
	buf_put_char(b, ' ');
	put_uri(b, ns);
	buf_put_str(b, STR("\r\n"));
}

static void put_wants(struct buf *b, const char *prefix, unsigned wants)
{
	const char *comma = "", *name;
	unsigned bit;
	size_t i;

	put_name(b, prefix, "Disposition-Notification");
	for (i = 0; (name = cpim_want_name(i, &bit)) != NULL; i++) {
		if (!(wants & bit))
			continue;
		buf_put_str(b, str_of(comma));
		buf_put_str(b, str_of(name));
		comma = ", ";
	}
	buf_put_str(b, STR("\r\n"));
}

static bool has_imdn(const struct cpim *c)
{
	size_t i;

	for (i = 0; i < c->extra_n; i++)
		if (str_eq(c->extra[i].ns, CPIM_IMDN_NS))
			return true;
	return c->message_id.p || c->wants || c->original_to.p ||
	       c->record_routes_n || c->routes_n;
}

static void put_imdn(struct buf *b, const struct cpim *c, const char *prefix)
{
	size_t i;

	put_ns(b, prefix, CPIM_IMDN_NS);
	if (c->message_id.p) {
		if (c->message_id.n == 0)
			buf_fail(b, ERR_SYNTAX);
		put_name(b, prefix, "Message-ID");
		put_escaped(b, c->message_id, false);
		buf_put_str(b, STR("\r\n"));
	}
	if (c->wants)
		put_wants(b, prefix, c->wants);
	if (c->original_to.p)
		put_uri_header(b, prefix, "Original-To", c->original_to);
	for (i = 0; i < c->record_routes_n; i++)
		put_uri_header(b, prefix, "IMDN-Record-Route",
			       c->record_routes[i]);
	for (i = 0; i < c->routes_n; i++)
		put_uri_header(b, prefix, "IMDN-Route", c->routes[i]);
}

/* An extra header must not be read as one of the fields. */
static bool is_extra_ok(const struct cpim *c, const struct cpim_extra *extra)
{
	struct str name = extra->name;
	enum cpim_header header = cpim_known_header(extra->ns, name, NULL);
	size_t dot = str_find(name, '.');

	if (header == CPIM_HEADER_SUBJECT)
		return !!c->subject.p;
	if (header != CPIM_HEADER_OTHER)
		return false;
	if (extra->ns.p)
		return cpim_is_name(name) && cpim_is_uri(extra->ns) &&
		       !str_eq(extra->ns, CPIM_CORE_NS);
	if (cpim_is_mime_name(name))
		return false;
	return dot == name.n ? cpim_is_name(name)
			     : cpim_is_name(str_sub(name, 0, dot)) &&
				       cpim_is_name(str_from(name, dot + 1));
}

/* Each namespace is declared once, in front of its first header. */
static void put_extras(struct buf *b, const struct cpim *c,
		       const char *imdn_prefix)
{
	char prefixes[CPIM_HEADERS_MAX][PREFIX_MAX];
	unsigned number = 1;
	size_t i, j;

	for (i = 0; i < c->extra_n; i++) {
		const struct cpim_extra *extra = &c->extra[i];

		if (!is_extra_ok(c, extra))
			buf_fail(b, ERR_SYNTAX);
		for (j = 0; j < i; j++)
			if (str_eq(c->extra[j].ns, extra->ns))
				break;
		prefixes[i][0] = '\0';
		if (extra->ns.p && str_eq(extra->ns, CPIM_IMDN_NS)) {
			snprintf(prefixes[i], PREFIX_MAX, "%s", imdn_prefix);
		} else if (extra->ns.p && j < i) {
			snprintf(prefixes[i], PREFIX_MAX, "%s", prefixes[j]);
		} else if (extra->ns.p) {
			make_prefix(c, "x", &number, prefixes[i]);
			put_ns(b, prefixes[i], extra->ns);
		}
		if (extra->ns.p) {
			buf_put_str(b, str_of(prefixes[i]));
			buf_put_char(b, '.');
		}
		buf_put_str(b, extra->name);
		put_lang_value(b, extra->lang, extra->value);
	}
}

static void put_cpim_headers(struct buf *b, const struct cpim *c)
{
	char imdn_prefix[PREFIX_MAX] = "";
	unsigned number = 0;
	size_t i;

	if (c->from.uri.p)
		put_addr(b, "From", &c->from);
	for (i = 0; i < c->to_n; i++)
		put_addr(b, "To", &c->to[i]);
	for (i = 0; i < c->cc_n; i++)
		put_addr(b, "cc", &c->cc[i]);
	if (c->sent_utc_us)
		put_datetime(b, c->sent_utc_us);
	if (c->subject.p) {
		buf_put_str(b, STR("Subject"));
		put_lang_value(b, c->subject_lang, c->subject);
	}
	if (has_imdn(c)) {
		make_prefix(c, "imdn", &number, imdn_prefix);
		put_imdn(b, c, imdn_prefix);
	}
	put_extras(b, c, imdn_prefix);
	buf_put_str(b, STR("\r\n"));
}

/* A value may be folded; nothing else in it may end the line. */
static void put_mime_value(struct buf *b, struct str value)
{
	size_t i;

	for (i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (c == '\r' && i + 1 < value.n && value.p[i + 1] == '\n')
			continue;
		if (c == '\n') {
			buf_put_str(b, STR("\r\n"));
			if (i + 1 == value.n ||
			    (value.p[i + 1] != ' ' && value.p[i + 1] != '\t'))
				buf_fail(b, ERR_SYNTAX);
			continue;
		}
		if (ch_is_ctl((unsigned char)c) && c != '\t')
			buf_fail(b, ERR_SYNTAX);
		buf_put_char(b, c);
	}
	buf_put_str(b, STR("\r\n"));
}

static void put_mime_headers(struct buf *b, const struct cpim *c)
{
	size_t i;

	for (i = 0; i < c->headers_n; i++) {
		if (!mime_is_token(c->headers[i].name))
			buf_fail(b, ERR_SYNTAX);
		buf_put_str(b, c->headers[i].name);
		buf_put_str(b, STR(": "));
		put_mime_value(b, c->headers[i].value);
	}
	if (c->headers_n == 0) {
		bool has_type = c->type.type.n > 0;

		if (has_type && (!mime_is_token(c->type.type) ||
				 !mime_is_token(c->type.subtype)))
			buf_fail(b, ERR_SYNTAX);
		buf_put_str(b, STR("Content-Type: "));
		buf_put_str(b, has_type ? c->type.type : STR("text"));
		buf_put_char(b, '/');
		buf_put_str(b, has_type ? c->type.subtype : STR("plain"));
		if (c->type.params.n > 0)
			buf_put_char(b, ';');
		put_mime_value(b, c->type.params);
	}
	buf_put_str(b, STR("\r\n"));
}

void cpim_put(struct buf *b, const struct cpim *c)
{
	if (c->to_n > CPIM_TO_MAX || c->cc_n > CPIM_TO_MAX ||
	    c->record_routes_n > CPIM_ROUTES_MAX ||
	    c->routes_n > CPIM_ROUTES_MAX || c->extra_n > CPIM_HEADERS_MAX ||
	    c->headers_n > MIME_HEADERS_MAX) {
		buf_fail(b, ERR_LIMIT);
		return;
	}
	put_cpim_headers(b, c);
	put_mime_headers(b, c);
	buf_put_str(b, c->content);
}
