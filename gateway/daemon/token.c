/* gateway/daemon/token.c: see token.h.
 * Stricter than libconfuse's own lexer, which eats characters that it does
 * not know and lets a quoted text run over lines.
 */
#include "gateway/daemon/token.h"

#include "core/base/utf8.h"

static struct token taken(struct token_reader *r, enum token_kind kind,
			  size_t n)
{
	struct token t = { kind, str_sub(r->rest, 0, n), r->line };

	r->rest = str_from(r->rest, n);
	return t;
}

static struct token bad(struct token_reader *r, size_t n, const char *sentence)
{
	struct token t = taken(r, TOKEN_BAD, n);
	struct fault_value v;

	if (r->faults)
		faults_add(r->faults, t.line, "%s (got %s)", sentence,
			   fault_value(&v, t.text));
	return t;
}

static unsigned char byte_at(struct str s, size_t i)
{
	return i < s.n ? (unsigned char)s.p[i] : 0;
}

static void skip(struct token_reader *r, size_t n)
{
	size_t i;

	for (i = 0; i < n && i < r->rest.n; i++)
		if (r->rest.p[i] == '\n')
			r->line++;
	r->rest = str_from(r->rest, n);
}

/* Blanks and comments; false when a comment does not end. */
static bool skip_space(struct token_reader *r)
{
	for (;;) {
		unsigned char c = byte_at(r->rest, 0);
		unsigned char next = byte_at(r->rest, 1);
		size_t end;

		if (r->rest.n == 0)
			return true;
		if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
			skip(r, 1);
		} else if (c == '#' || (c == '/' && next == '/')) {
			skip(r, str_find(r->rest, '\n'));
		} else if (c == '/' && next == '*') {
			end = str_search(str_from(r->rest, 2), STR("*/"));
			if (end == r->rest.n - 2)
				return false;
			skip(r, end + 4);
		} else {
			return true;
		}
	}
}

/* Length of a "${NAME}" at the front, 0 when it is none. */
static size_t variable_n(struct str s)
{
	size_t i;

	if (!str_starts(s, STR("${")))
		return 0;
	for (i = 2; i < s.n && s.p[i] != '}'; i++)
		if (ch_is_ctl((unsigned char)s.p[i]) || s.p[i] == '"' ||
		    s.p[i] == '\\')
			return 0;
	return i < s.n ? i + 1 : 0;
}

/* The rest of the line: what a broken text takes with it. */
static struct token bad_line(struct token_reader *r, const char *sentence)
{
	size_t n = str_find(r->rest, '\n');

	return bad(r, n > 0 && r->rest.p[n - 1] == '\r' ? n - 1 : n, sentence);
}

static const char no_end[] = "a text in quotes does not end on its line";

static struct token double_quoted(struct token_reader *r)
{
	struct str s = r->rest;
	bool is_odd = false;
	size_t i = 1, n;

	while (i < s.n && s.p[i] != '"' && s.p[i] != '\n') {
		if (s.p[i] == '\\' && byte_at(s, i + 1) != '\n') {
			/* Letters and digits mean controls to libconfuse. */
			is_odd |= ch_is_alnum(byte_at(s, i + 1));
			i += 2;
		} else if (s.p[i] == '$' && byte_at(s, i + 1) == '{') {
			n = variable_n(str_from(s, i));
			if (n == 0)
				return bad_line(r, "${ without its }");
			i += n;
		} else {
			i++;
		}
	}
	if (byte_at(s, i) != '"')
		return bad_line(r, no_end);
	if (is_odd)
		return bad(r, i + 1,
			   "only \\, \" and $ may follow a "
			   "backslash");
	return taken(r, TOKEN_STRING, i + 1);
}

static struct token single_quoted(struct token_reader *r)
{
	struct str s = r->rest;
	size_t i = 1;

	while (i < s.n && s.p[i] != '\'' && s.p[i] != '\n')
		i += s.p[i] == '\\' && (byte_at(s, i + 1) == '\'' ||
					byte_at(s, i + 1) == '\\')
			     ? 2
			     : 1;
	if (byte_at(s, i) != '\'')
		return bad_line(r, no_end);
	return taken(r, TOKEN_STRING, i + 1);
}

static bool is_word_byte(unsigned char c)
{
	return ch_is_alnum(c) || c >= 0x80 || c == '.' || c == '_' ||
	       c == '-' || c == ':' || c == '*' || c == '/' || c == '@' ||
	       c == '%' || c == '+';
}

static struct token word(struct token_reader *r)
{
	size_t n = 0;

	while (is_word_byte(byte_at(r->rest, n)))
		n++;
	if (!utf8_valid(str_sub(r->rest, 0, n)))
		return bad(r, n, "bytes that are no UTF-8");
	return taken(r, TOKEN_WORD, n);
}

void token_start(struct token_reader *r, struct faults *f, struct str text)
{
	if (str_starts(text, STR("\xef\xbb\xbf")))
		text = str_from(text, 3);
	*r = (struct token_reader){ text, 1, f };
}

struct token token_next(struct token_reader *r)
{
	unsigned char c;

	if (!skip_space(r))
		return bad(r, r->rest.n, "a comment does not end");
	c = byte_at(r->rest, 0);
	if (r->rest.n == 0)
		return taken(r, TOKEN_END, 0);
	if (c == '{')
		return taken(r, TOKEN_OPEN, 1);
	if (c == '}')
		return taken(r, TOKEN_CLOSE, 1);
	if (c == '=')
		return taken(r, TOKEN_EQUALS, 1);
	if (c == ',')
		return taken(r, TOKEN_COMMA, 1);
	if (c == '"')
		return double_quoted(r);
	if (c == '\'')
		return single_quoted(r);
	if (variable_n(r->rest))
		return taken(r, TOKEN_STRING, variable_n(r->rest));
	if (is_word_byte(c))
		return word(r);
	return bad(r, 1, "a character that has no place here");
}

struct token token_peek(const struct token_reader *r)
{
	struct token_reader ahead = *r;

	ahead.faults = NULL;
	return token_next(&ahead);
}
