/* core/codec/mime.c: media types, header blocks, multipart bodies and transfer
 * encodings; see mime.h. [RFC 2045, RFC 2046]
 *
 * A multipart is read all or nothing: the closing boundary is sought first and
 * the parts are cut only when it was found, so a truncated body never looks
 * like a shorter message. Every function walks its input once or twice.
 * Charsets are in mime_charset.c, HTML in mime_html.c.
 */
#include "core/codec/mime.h"

#include <string.h>

#include "core/codec/mime_priv.h"

#define BOUNDARY_MAX 70u /* bytes, RFC 2046 5.1.1 */

enum transfer { TRANSFER_NONE, TRANSFER_BASE64, TRANSFER_QP };

/* clang-format off */
static const struct {
	const char *name;
	enum transfer transfer;
} transfers[] = {
	{ "", TRANSFER_NONE },
	{ "7bit", TRANSFER_NONE },
	{ "8bit", TRANSFER_NONE },
	{ "binary", TRANSFER_NONE },
	{ "base64", TRANSFER_BASE64 },
	{ "quoted-printable", TRANSFER_QP },
};
/* clang-format on */

/* ---- tokens -------------------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* A token character: neither a blank, a control nor a special
   [RFC 2045 5.1]. Bytes above 7f are none. */
static bool is_token_char(char c)
{
	unsigned char u = (unsigned char)c;

	return u > 0x20 && u < 0x7f && !strchr("()<>@,;:\\\"/[]?=", c);
}

bool mime_is_token(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!is_token_char(s.p[i]))
			return false;
	return s.n > 0;
}

static struct str take_token(struct str *s)
{
	struct str token;
	size_t n = 0;

	while (n < s->n && is_token_char(s->p[n]))
		n++;
	token = str_sub(*s, 0, n);
	*s = str_from(*s, n);
	return token;
}

/* Skips a comment "(a (nested) \) one)" whose parenthesis is at the front. */
static int skip_comment(struct str *s)
{
	size_t depth = 0, i;

	for (i = 0; i < s->n; i++) {
		if (s->p[i] == '\\') {
			i++;
		} else if (s->p[i] == '(') {
			depth++;
		} else if (s->p[i] == ')' && --depth == 0) {
			*s = str_from(*s, i + 1);
			return 0;
		}
	}
	return ERR_SYNTAX;
}

/* Blanks and comments may stand between any two tokens [RFC 2045 5.1]. */
static int skip_blanks(struct str *s)
{
	for (;;) {
		size_t n = 0;

		while (n < s->n && is_blank(s->p[n]))
			n++;
		*s = str_from(*s, n);
		if (s->n == 0 || s->p[0] != '(')
			return 0;
		if (skip_comment(s) < 0)
			return ERR_SYNTAX;
	}
}

/* Takes the inside of a quoted string, still escaped, off the front. */
static int take_quoted(struct str *s, struct str *inside_out)
{
	size_t i;

	for (i = 1; i < s->n; i++) {
		if (s->p[i] == '\\') {
			i++;
		} else if (s->p[i] == '"') {
			*inside_out = str_sub(*s, 1, i - 1);
			*s = str_from(*s, i + 1);
			return 0;
		}
	}
	return ERR_SYNTAX;
}

/* Removes the backslashes; folds inside a quoted string become their blank. */
static int unquote(struct arena *a, struct str inside, struct str *out)
{
	char *p = arena_alloc(a, inside.n + 1);
	size_t n = 0, i;

	if (!p)
		return ERR_LIMIT;
	for (i = 0; i < inside.n; i++) {
		char c = inside.p[i];

		if (c == '\r' || c == '\n')
			continue;
		if (c == '\\' && i + 1 < inside.n)
			c = inside.p[++i];
		p[n++] = c;
	}
	p[n] = '\0';
	*out = (struct str){ p, n };
	return 0;
}

/* ---- media types --------------------------------------------------------- */

/* text/plain;charset="UTF-8"  ->  "text", "plain", params "charset=..." */
int mime_type_parse(struct str s, struct mime_type *out)
{
	*out = (struct mime_type){ .type = STR_NONE };
	if (skip_blanks(&s) < 0)
		return ERR_SYNTAX;
	out->type = take_token(&s);
	if (skip_blanks(&s) < 0 || s.n == 0 || s.p[0] != '/')
		return ERR_SYNTAX;
	s = str_from(s, 1);
	if (skip_blanks(&s) < 0)
		return ERR_SYNTAX;
	out->subtype = take_token(&s);
	if (skip_blanks(&s) < 0 || out->type.n == 0 || out->subtype.n == 0)
		return ERR_SYNTAX;
	if (s.n == 0)
		return 0;
	if (s.p[0] != ';')
		return ERR_SYNTAX;
	out->params = str_trim(str_from(s, 1));
	return 0;
}

static bool matches(struct str part, const char *wanted)
{
	return strcmp(wanted, "*") == 0 || str_eq(part, STR("*")) ||
	       str_ieq(part, str_of(wanted));
}

bool mime_type_is(const struct mime_type *t, const char *type,
		  const char *subtype)
{
	return matches(t->type, type) && matches(t->subtype, subtype);
}

/* Takes one "name=value" off the front of *s, with the ';' after it. */
static int take_param(struct str *s, struct str *name_out,
		      struct str *value_out, bool *is_quoted_out)
{
	*name_out = take_token(s);
	if (name_out->n == 0 || skip_blanks(s) < 0)
		return ERR_SYNTAX;
	if (s->n == 0 || s->p[0] != '=')
		return ERR_SYNTAX;
	*s = str_from(*s, 1);
	if (skip_blanks(s) < 0)
		return ERR_SYNTAX;
	*is_quoted_out = s->n > 0 && s->p[0] == '"';
	if (*is_quoted_out) {
		if (take_quoted(s, value_out) < 0)
			return ERR_SYNTAX;
	} else {
		size_t n = 0;

		/* Bare values with specials, "boundary=a/b" or
		   "start=<x@y>", are a common fault: taken up to the next
		   blank or semicolon. */
		while (n < s->n && !is_blank(s->p[n]) && s->p[n] != ';' &&
		       s->p[n] != '"' && !ch_is_ctl((unsigned char)s->p[n]))
			n++;
		*value_out = str_sub(*s, 0, n);
		*s = str_from(*s, n);
		if (n == 0)
			return ERR_SYNTAX;
	}
	return skip_blanks(s);
}

int mime_param(struct arena *a, struct str params, struct str name,
	       struct str *value_out)
{
	struct str found_name, value = STR_NONE;
	bool is_quoted;

	*value_out = STR_NONE;
	for (;;) {
		if (skip_blanks(&params) < 0)
			return ERR_SYNTAX;
		if (params.n == 0)
			return ERR_GONE;
		if (params.p[0] == ';') {
			params = str_from(params, 1);
			continue;
		}
		if (take_param(&params, &found_name, &value, &is_quoted) < 0)
			return ERR_SYNTAX;
		if (params.n > 0 && params.p[0] != ';')
			return ERR_SYNTAX;
		if (str_ieq(found_name, name))
			break;
	}
	if (is_quoted)
		return unquote(a, value, value_out);
	return arena_str(a, value, value_out);
}

/* ---- header blocks ------------------------------------------------------- */

/* Takes a line off the front, without its CRLF or LF; false at the end. */
static bool take_line(struct str *s, struct str *line_out)
{
	size_t at = str_find(*s, '\n');

	if (s->n == 0)
		return false;
	*line_out = str_sub(*s, 0, at);
	*s = str_from(*s, at + 1);
	if (line_out->n > 0 && line_out->p[line_out->n - 1] == '\r')
		line_out->n--;
	return true;
}

/* Controls other than TAB have no place in a header; a CR inside a line would
   end it for the next reader. */
static bool is_clean(struct str line)
{
	size_t i;

	for (i = 0; i < line.n; i++)
		if (ch_is_ctl((unsigned char)line.p[i]) && line.p[i] != '\t')
			return false;
	return true;
}

static int parse_header(struct str line, struct mime_header *out)
{
	struct str rest = line;

	out->name = take_token(&rest);
	/* Blanks before the colon: old senders [RFC 5322 4.5.8]. */
	while (rest.n > 0 && (rest.p[0] == ' ' || rest.p[0] == '\t'))
		rest = str_from(rest, 1);
	if (out->name.n == 0 || rest.n == 0 || rest.p[0] != ':')
		return ERR_SYNTAX;
	out->value = str_from(rest, 1);
	return 0;
}

/* Content-Type: text/plain CRLF Content-ID: <1@a> CRLF CRLF  ->  two headers */
long mime_headers_parse(struct str s, struct mime_header *out, size_t *out_n,
			size_t out_max)
{
	struct str rest = s, line;
	size_t n = 0, i;

	*out_n = 0;
	while (take_line(&rest, &line) && line.n > 0) {
		if (!is_clean(line))
			return ERR_SYNTAX;
		if (line.p[0] == ' ' || line.p[0] == '\t') {
			if (n == 0)
				return ERR_SYNTAX;
			out[n - 1].value.n = (size_t)(line.p + line.n -
						      out[n - 1].value.p);
			continue;
		}
		if (n == out_max)
			return ERR_LIMIT;
		if (parse_header(line, &out[n]) < 0)
			return ERR_SYNTAX;
		n++;
	}
	for (i = 0; i < n; i++)
		out[i].value = str_trim(out[i].value);
	*out_n = n;
	return (long)(s.n - rest.n);
}

struct str mime_header_find(const struct mime_header *h, size_t n,
			    const char *name)
{
	struct str wanted = str_of(name);
	size_t i;

	for (i = 0; i < n; i++)
		if (str_ieq(h[i].name, wanted))
			return h[i].value;
	return STR_NONE;
}

/* ---- multipart ----------------------------------------------------------- */

enum delimiter { DELIMITER_NONE, DELIMITER_OPEN, DELIMITER_CLOSE };

/* Is this line "--boundary" or "--boundary--", with blanks after it at most?
   A longer line is content: an inner boundary may begin with the outer. */
static enum delimiter judge_line(struct str line, struct str boundary)
{
	struct str rest;

	if (!str_starts(line, STR("--")))
		return DELIMITER_NONE;
	rest = str_from(line, 2);
	if (!str_starts(rest, boundary))
		return DELIMITER_NONE;
	rest = str_from(rest, boundary.n);
	if (str_trim(rest).n == 0)
		return DELIMITER_OPEN;
	if (!str_starts(rest, STR("--")))
		return DELIMITER_NONE;
	return str_trim(str_from(rest, 2)).n == 0 ? DELIMITER_CLOSE
						  : DELIMITER_NONE;
}

/* Goes on to the next delimiter. *before_out is the text in front of it,
   without the line end, which belongs to the delimiter [RFC 2046 5.1.1]. */
static enum delimiter next_delimiter(struct str *s, struct str boundary,
				     struct str *before_out)
{
	struct str start = *s, line;

	while (take_line(s, &line)) {
		enum delimiter d = judge_line(line, boundary);
		size_t n = (size_t)(line.p - start.p);

		if (d == DELIMITER_NONE)
			continue;
		*before_out = str_sub(start, 0, n);
		if (n > 0)
			n -= n > 1 && start.p[n - 2] == '\r' ? 2 : 1;
		else
			before_out->p = NULL; /* not even an empty line */
		before_out->n = n;
		return d;
	}
	return DELIMITER_NONE;
}

static bool is_boundary_ok(struct str boundary)
{
	return boundary.n > 0 && boundary.n <= BOUNDARY_MAX &&
	       is_clean(boundary) && boundary.p[boundary.n - 1] != ' ';
}

/* How many parts the body has, or an error when it does not end. */
static int count_parts(struct str body, struct str boundary, size_t *n_out)
{
	struct str text;
	size_t n = 0;

	if (next_delimiter(&body, boundary, &text) != DELIMITER_OPEN)
		return ERR_SYNTAX;
	for (;;) {
		enum delimiter d = next_delimiter(&body, boundary, &text);

		if (d == DELIMITER_NONE || !text.p)
			return ERR_SYNTAX;
		if (++n > MIME_PARTS_MAX)
			return ERR_LIMIT;
		if (d == DELIMITER_CLOSE)
			break;
	}
	*n_out = n;
	return 0;
}

static int parse_part(struct str text, struct mime_part *out)
{
	long n = mime_headers_parse(text, out->headers, &out->headers_n,
				    MIME_HEADERS_MAX);

	if (n < 0)
		return (int)n;
	out->body = str_from(text, (size_t)n);
	return 0;
}

int mime_multipart_parse(struct arena *a, struct str body, struct str boundary,
			 struct mime_part **parts_out, size_t *parts_n_out)
{
	struct mime_part *parts;
	struct str text;
	size_t n, i;
	int err;

	*parts_out = NULL;
	*parts_n_out = 0;
	if (!is_boundary_ok(boundary))
		return ERR_SYNTAX;
	err = count_parts(body, boundary, &n);
	if (err < 0)
		return err;
	parts = arena_array(a, n, sizeof(*parts));
	if (!parts)
		return ERR_LIMIT;
	(void)next_delimiter(&body, boundary, &text);
	for (i = 0; i < n; i++) {
		(void)next_delimiter(&body, boundary, &text);
		err = parse_part(text, &parts[i]);
		if (err < 0)
			return err;
	}
	*parts_out = parts;
	*parts_n_out = n;
	return 0;
}

/* ---- transfer encodings -------------------------------------------------- */

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

/* Bytes outside the alphabet are ignored [RFC 2045 6.8]. Digits after the
   padding or a lone last digit mean that data was lost: ERR_SYNTAX. */
static int decode_base64(struct arena *a, struct str s, struct str *out)
{
	char *p = arena_alloc(a, s.n / 4 * 3 + 4);
	uint32_t bits = 0;
	size_t digits = 0, n = 0, i;
	bool is_padded = false;

	if (!p)
		return ERR_LIMIT;
	for (i = 0; i < s.n; i++) {
		int v = base64_value(s.p[i]);

		is_padded = is_padded || s.p[i] == '=';
		if (v < 0)
			continue;
		if (is_padded)
			return ERR_SYNTAX;
		bits = bits << 6 | (uint32_t)v;
		/* The bits not yet taken wait for the next digit: none, 6, 4
		   and 2 after the first to fourth of each group. */
		if (++digits % 4 != 1)
			p[n++] = (char)(bits >> (8 - digits % 4 * 2) % 8);
	}
	if (digits % 4 == 1)
		return ERR_SYNTAX;
	p[n] = '\0';
	*out = (struct str){ p, n };
	return 0;
}

static char hex_pair(const char *p)
{
	return (char)(ch_hex((unsigned char)p[0]) * 16 +
		      ch_hex((unsigned char)p[1]));
}

/* One line of quoted-printable, without its end; the bytes go to p. Blanks at
   the end are not content, they were added on the way [RFC 2045 6.7 rule 3].
   True when the line ends in a soft break. A broken "=" stays as it is. */
static bool decode_qp_line(struct str line, char *p, size_t *n)
{
	size_t i;

	while (line.n > 0 && is_blank(line.p[line.n - 1]))
		line.n--;
	for (i = 0; i < line.n; i++) {
		if (line.p[i] != '=') {
			p[(*n)++] = line.p[i];
		} else if (i + 1 == line.n) {
			return true;
		} else if (i + 2 < line.n &&
			   ch_is_hex((unsigned char)line.p[i + 1]) &&
			   ch_is_hex((unsigned char)line.p[i + 2])) {
			p[(*n)++] = hex_pair(line.p + i + 1);
			i += 2;
		} else {
			p[(*n)++] = '=';
		}
	}
	return false;
}

static int decode_qp(struct arena *a, struct str s, struct str *out)
{
	char *p = arena_alloc(a, s.n + 1);
	struct str rest = s, line;
	size_t n = 0;

	if (!p)
		return ERR_LIMIT;
	while (rest.n > 0) {
		struct str before = rest;
		size_t end_n;

		(void)take_line(&rest, &line);
		if (decode_qp_line(line, p, &n))
			continue;
		/* The line end as it was written: CRLF, LF or none. */
		end_n = before.n - rest.n - line.n;
		memcpy(p + n, line.p + line.n, end_n);
		n += end_n;
	}
	p[n] = '\0';
	*out = (struct str){ p, n };
	return 0;
}

int mime_decode(struct arena *a, struct str body, struct str encoding,
		struct str *out)
{
	size_t i;

	*out = STR_NONE;
	encoding = str_trim(encoding);
	for (i = 0; i < sizeof(transfers) / sizeof(transfers[0]); i++) {
		if (!str_ieq(encoding, str_of(transfers[i].name)))
			continue;
		switch (transfers[i].transfer) {
		case TRANSFER_BASE64:
			return decode_base64(a, body, out);
		case TRANSFER_QP:
			return decode_qp(a, body, out);
		case TRANSFER_NONE:
			*out = body;
			return 0;
		}
	}
	return ERR_UNSUPPORTED;
}
