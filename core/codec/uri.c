/* core/codec/uri.c: reads sip:, sips:, tel:, im: and pres: URIs and the
 * name-addr form around them; see uri.h. [RFC 3261 19.1 and 25.1, RFC 3966 3,
 * RFC 3860 3]
 * Called by whoever holds an address of the SIP side. It checks every byte
 * against the grammar, so that a control character, a blank or a raw byte
 * above 7f never passes; it never resolves, compares or maps an address.
 */
#include "core/codec/uri.h"

#include <string.h>

#include "core/base/utf8.h"

/* Ours: a URI must fit several times into a datagram of 8 KiB; real ones have
   under ten parameters, and the search for duplicates stays short. */
#define URI_BYTES_MAX 2048u
#define PARAMS_MAX 64u
#define HOST_BYTES_MAX 253u	/* RFC 1035 2.3.4 less root and length byte */
#define LABEL_BYTES_MAX 63u	/* RFC 1035 2.3.4 */

/* What may stand beside unreserved characters and escapes [RFC 3261 25.1]. */
#define MARKS "-_.!~*'()"
#define USER_EXTRA "&=+$,;?/"
#define PASSWORD_EXTRA "&=+$,"
#define PARAM_EXTRA "[]/:&+$"
#define HEADER_EXTRA "[]/?:+$"
#define URIC_EXTRA ";/?:@=+$,&"		/* RFC 2396 2.2 */
#define MAILBOX_EXTRA "&=+$,;/"	/* "?" begins the headers of im: */
#define TOKEN_MARKS "-.!%*_+`'~"

typedef bool param_ok_h(struct str name, struct str value);

static bool is_one_of(unsigned char c, const char *set)
{
	return c != '\0' && strchr(set, c);
}

static bool is_bare(unsigned char c, const char *extra)
{
	return ch_is_alnum(c) || is_one_of(c, MARKS) || is_one_of(c, extra);
}

static bool is_escape(struct str s, size_t i)
{
	return s.p[i] == '%' && s.n - i > 2 &&
	       ch_is_hex((unsigned char)s.p[i + 1]) &&
	       ch_is_hex((unsigned char)s.p[i + 2]);
}

/* Unreserved characters, those of extra, and whole escapes only. */
static bool chars_ok(struct str s, const char *extra)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (is_escape(s, i))
			i += 2;
		else if (!is_bare((unsigned char)s.p[i], extra))
			return false;
	}
	return true;
}

/* The byte at *i, decoded when it is an escape; *i moves behind it. */
static unsigned char decode_at(struct str s, size_t *i)
{
	size_t at = *i;

	if (!is_escape(s, at)) {
		*i = at + 1;
		return (unsigned char)s.p[at];
	}
	*i = at + 3;
	return (unsigned char)(ch_hex((unsigned char)s.p[at + 1]) << 4 |
			       ch_hex((unsigned char)s.p[at + 2]));
}

/* "%75ser" is "user" [RFC 3261 19.1.4]: nobody hides a parameter that way. */
static bool same_name(struct str a, struct str b)
{
	size_t i = 0, k = 0;

	while (i < a.n && k < b.n)
		if (ch_lower(decode_at(a, &i)) != ch_lower(decode_at(b, &k)))
			return false;
	return i == a.n && k == b.n;
}

/* Position of the first ';' that stands in no quoted string. */
static size_t find_semicolon(struct str s)
{
	bool is_quoted = false;
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			is_quoted = !is_quoted;
		else if (is_quoted && s.p[i] == '\\')
			i++;
		else if (!is_quoted && s.p[i] == ';')
			return i;
	}
	return s.n;
}

/* Takes one parameter off *rest; the value is absent without a '='. Quotes
   and blanks occur in header parameters only. */
static bool next_param(struct str *rest, struct str *name, struct str *value)
{
	struct str one;
	size_t end, equal;

	if (!rest->p)
		return false;
	end = find_semicolon(*rest);
	one = str_sub(*rest, 0, end);
	*rest = end < rest->n ? str_from(*rest, end + 1) : STR_NONE;
	equal = str_find(one, '=');
	*name = str_trim(str_sub(one, 0, equal));
	*value = equal < one.n ? str_trim(str_from(one, equal + 1)) : STR_NONE;
	return true;
}

/* Each of the right form and none twice [RFC 3261 19.1.1, RFC 3966 3]. */
static int check_params(struct str params, param_ok_h *ok)
{
	struct str seen[PARAMS_MAX], name, value;
	size_t seen_n = 0, i;

	while (next_param(&params, &name, &value)) {
		if (!ok(name, value))
			return ERR_SYNTAX;
		if (seen_n == PARAMS_MAX)
			return ERR_LIMIT;
		for (i = 0; i < seen_n; i++)
			if (same_name(seen[i], name))
				return ERR_SYNTAX;
		seen[seen_n++] = name;
	}
	return 0;
}

static bool uri_param_ok(struct str name, struct str value)
{
	return name.n > 0 && chars_ok(name, PARAM_EXTRA) &&
	       (!value.p || (value.n > 0 && chars_ok(value, PARAM_EXTRA)));
}

/* RFC 3966 3: names of letters, digits and "-"; isub holds any uric. */
static bool tel_param_ok(struct str name, struct str value)
{
	bool is_isub = str_ieq(name, STR("isub"));
	size_t i;

	for (i = 0; i < name.n; i++)
		if (!ch_is_alnum((unsigned char)name.p[i]) && name.p[i] != '-')
			return false;
	return name.n > 0 &&
	       (!value.p || (value.n > 0 && chars_ok(value, is_isub ?
						     URIC_EXTRA :
						     PARAM_EXTRA)));
}

static bool is_token_char(unsigned char c)
{
	return ch_is_alnum(c) || is_one_of(c, TOKEN_MARKS);
}

/* The length of the quoted string s begins with, 0 when it does not end. */
static size_t quoted_length(struct str s)
{
	size_t i;

	for (i = 1; i < s.n; i++) {
		if (s.p[i] == '"')
			return i + 1;
		if (s.p[i] == '\\')
			i++;
	}
	return 0;
}

/* generic-param: token, or token = token / host / quoted-string */
static bool header_param_ok(struct str name, struct str value)
{
	size_t i;

	for (i = 0; i < name.n; i++)
		if (!is_token_char((unsigned char)name.p[i]))
			return false;
	if (name.n == 0 || !value.p)
		return name.n > 0;
	if (value.n > 0 && value.p[0] == '"')
		return quoted_length(value) == value.n;
	for (i = 0; i < value.n; i++)
		if (!is_token_char((unsigned char)value.p[i]) &&
		    !is_one_of((unsigned char)value.p[i], "[]:"))
			return false;
	return value.n > 0;
}

/* header *( "&" header ), each hname "=" hvalue */
static bool headers_ok(struct str headers, const char *extra)
{
	struct str one;

	while (str_split(&headers, '&', &one)) {
		size_t equal = str_find(one, '=');

		if (equal == 0 || equal == one.n ||
		    !chars_ok(str_sub(one, 0, equal), extra) ||
		    !chars_ok(str_from(one, equal + 1), extra))
			return false;
	}
	return true;
}

/* Leading zeros are refused: some readers take them for octal. */
static bool ip4_ok(struct str s)
{
	struct str part;
	unsigned parts_n = 0;
	uint32_t v;

	while (str_split(&s, '.', &part)) {
		if (++parts_n > 4 || part.n > 3 || !str_u32(part, &v) ||
		    v > 255 || (part.n > 1 && part.p[0] == '0'))
			return false;
	}
	return parts_n == 4;
}

/* RFC 4291 2.2, the text between the brackets; no zone. */
static bool ip6_ok(struct str s)
{
	bool has_gap = str_starts(s, STR("::"));
	unsigned groups_n = 0;
	size_t n;

	if (has_gap)
		s = str_from(s, 2);
	while (s.n > 0 || groups_n > 0 || !has_gap) {
		for (n = 0; n < s.n && ch_is_hex((unsigned char)s.p[n]); n++)
			;
		if (n < s.n && s.p[n] == '.' && ip4_ok(s)) {
			groups_n += 2;
			break;
		}
		if (n == 0 || n > 4 || ++groups_n > 8)
			return false;
		if (n == s.n)
			break;
		if (s.p[n] != ':')
			return false;
		s = str_from(s, n + 1);
		if (s.n == 0 || s.p[0] != ':')
			continue;
		if (has_gap)
			return false;
		has_gap = true;
		s = str_from(s, 1);
		if (s.n == 0)
			break;
	}
	return has_gap ? groups_n < 8 : groups_n == 8;
}

static bool label_ok(struct str s)
{
	size_t i;

	if (s.n == 0 || s.n > LABEL_BYTES_MAX || s.p[0] == '-' ||
	    s.p[s.n - 1] == '-')
		return false;
	for (i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (!ch_is_alnum(c) && c != '-' && c != '_')
			return false;
	}
	return true;
}

static bool is_all_digits(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!ch_is_digit((unsigned char)s.p[i]))
			return false;
	return true;
}

/* The last label may not be a number, or 1.2.3 would be a name. */
static bool name_ok(struct str s)
{
	struct str label = STR_NONE;

	if (str_ends(s, STR(".")))
		s.n--;
	if (s.n == 0)
		return false;
	while (str_split(&s, '.', &label))
		if (!label_ok(label))
			return false;
	return !is_all_digits(label);
}

bool uri_host_ok(struct str host)
{
	if (host.n == 0 || host.n > HOST_BYTES_MAX)
		return false;
	if (host.p[0] == '[')
		return str_ends(host, STR("]")) &&
		       ip6_ok(str_sub(host, 1, host.n - 2));
	return ip4_ok(host) || name_ok(host);
}

/* s begins behind the colon; *rest_out is what follows the digits. */
static bool take_port(struct str s, uint16_t *port_out, struct str *rest_out)
{
	uint32_t port;
	size_t n;

	for (n = 0; n < s.n && ch_is_digit((unsigned char)s.p[n]); n++)
		;
	if (!str_u32(str_sub(s, 0, n), &port) || port == 0 || port > 65535)
		return false;
	*port_out = (uint16_t)port;
	*rest_out = str_from(s, n);
	return true;
}

static bool take_host(struct str *s, struct uri *u)
{
	size_t n;

	if (s->n > 0 && s->p[0] == '[')
		n = str_find(*s, ']') + 1;
	else
		for (n = 0; n < s->n; n++)
			if (is_one_of((unsigned char)s->p[n], ":;?"))
				break;
	u->host = str_sub(*s, 0, n);
	if (!uri_host_ok(u->host))
		return false;
	*s = str_from(*s, n);
	if (s->n > 0 && s->p[0] == ':')
		return take_port(str_from(*s, 1), &u->port, s);
	return true;
}

/* ";params" and "?headers", or nothing. */
static int take_tail(struct str s, struct uri *u)
{
	bool is_sip = u->scheme == URI_SIP || u->scheme == URI_SIPS;
	size_t at = str_find(s, '?');
	int err = 0;

	if (at < s.n) {
		u->headers = str_from(s, at + 1);
		if (!headers_ok(u->headers, is_sip ? HEADER_EXTRA :
				URIC_EXTRA))
			return ERR_SYNTAX;
		s = str_sub(s, 0, at);
	}
	if (s.n > 0) {
		if (s.p[0] != ';')
			return ERR_SYNTAX;
		u->params = str_from(s, 1);
		err = check_params(u->params, uri_param_ok);
	}
	return err;
}

/* User and password stand before the first "@": neither they nor anything
   behind them may hold one. */
static bool take_user(struct str *s, struct uri *u)
{
	size_t at = str_find(*s, '@'), colon;

	if (at == s->n)
		return true;
	u->user = str_sub(*s, 0, at);
	*s = str_from(*s, at + 1);
	colon = str_find(u->user, ':');
	if (colon < u->user.n) {
		u->password = str_from(u->user, colon + 1);
		u->user.n = colon;
	}
	return u->user.n > 0 && chars_ok(u->user, USER_EXTRA) &&
	       chars_ok(u->password, PASSWORD_EXTRA);
}

static int parse_sip(struct str s, struct uri *u)
{
	if (!take_user(&s, u) || !take_host(&s, u))
		return ERR_SYNTAX;
	return take_tail(s, u);
}

/* im: and pres: name a mailbox [RFC 3860 3]: user and host are demanded, port
   and password are not known. Parameters are tolerated, for gr. */
static int parse_im(struct str s, struct uri *u)
{
	if (!take_user(&s, u) || u->user.n == 0 || u->password.p ||
	    !chars_ok(u->user, MAILBOX_EXTRA))
		return ERR_SYNTAX;
	if (!take_host(&s, u) || u->port != 0)
		return ERR_SYNTAX;
	return take_tail(s, u);
}

/* "+" then digits and separators, or a local number; at least one character
   must be dialled. "#" stands bare here [RFC 3966 3]. */
static int parse_tel(struct str s, struct uri *u)
{
	size_t semicolon = str_find(s, ';'), dialled_n = 0, i = 0;
	bool is_global;

	u->user = str_sub(s, 0, semicolon);
	is_global = str_starts(u->user, STR("+"));
	if (is_global)
		i = 1;
	while (i < u->user.n) {
		unsigned char c = decode_at(u->user, &i);

		if (is_one_of(c, "-.()"))
			continue;
		dialled_n++;
		if (!ch_is_digit(c) &&
		    (is_global || (!ch_is_hex(c) && c != '*' && c != '#')))
			return ERR_SYNTAX;
	}
	if (dialled_n == 0)
		return ERR_SYNTAX;
	if (semicolon == s.n)
		return 0;
	u->params = str_from(s, semicolon + 1);
	return check_params(u->params, tel_param_ok);
}

/* scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ) */
static int take_scheme(struct str *s, enum uri_scheme *scheme_out)
{
	static const struct str names[] = {
		[URI_SIP] = STR_LIT("sip"), [URI_SIPS] = STR_LIT("sips"),
		[URI_TEL] = STR_LIT("tel"), [URI_IM] = STR_LIT("im"),
		[URI_PRES] = STR_LIT("pres"),
	};
	size_t colon = str_find(*s, ':'), i;
	struct str name = str_sub(*s, 0, colon);

	if (colon == 0 || colon == s->n || !ch_is_alpha((unsigned char)*s->p))
		return ERR_SYNTAX;
	for (i = 0; i < name.n; i++)
		if (!ch_is_alnum((unsigned char)name.p[i]) &&
		    !is_one_of((unsigned char)name.p[i], "+-."))
			return ERR_SYNTAX;
	*s = str_from(*s, colon + 1);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!str_ieq(name, names[i]))
			continue;
		*scheme_out = (enum uri_scheme)i;
		return 0;
	}
	return ERR_UNSUPPORTED;
}

/* No part of any URI holds a blank, a control or a byte above 7e. */
static bool is_graphic(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return false;
	return true;
}

int uri_parse(struct str s, struct uri *out)
{
	struct uri u = { .scheme = URI_SIP };
	int err;

	*out = u;
	if (s.n > URI_BYTES_MAX)
		return ERR_LIMIT;
	if (!is_graphic(s))
		return ERR_SYNTAX;
	err = take_scheme(&s, &u.scheme);
	if (err < 0)
		return err;
	if (u.scheme == URI_TEL)
		err = parse_tel(s, &u);
	else if (u.scheme == URI_IM || u.scheme == URI_PRES)
		err = parse_im(s, &u);
	else
		err = parse_sip(s, &u);
	if (err == 0)
		*out = u;
	return err;
}

bool uri_param(struct str params, struct str name, struct str *value_out)
{
	struct str one, value;

	*value_out = STR_NONE;
	while (next_param(&params, &one, &value)) {
		if (!same_name(one, name))
			continue;
		*value_out = value.p ? value : STR("");
		return true;
	}
	return false;
}

int uri_unescape(struct arena *a, struct str s, struct str *out)
{
	size_t i = 0, n = 0;
	char *p;

	*out = STR_NONE;
	for (i = 0; i < s.n; i++)
		if (s.p[i] == '%' && !is_escape(s, i))
			return ERR_SYNTAX;
	p = arena_alloc(a, s.n + 1);
	if (!p)
		return ERR_LIMIT;
	for (i = 0; i < s.n;)
		p[n++] = (char)decode_at(s, &i);
	p[n] = '\0';
	*out = (struct str){ p, n };
	return 0;
}

static void put_escaped(struct buf *b, struct str s, const char *extra)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t i;

	for (i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		char escape[3] = { '%', digits[c >> 4], digits[c & 15] };

		if (is_bare(c, extra))
			buf_put_char(b, s.p[i]);
		else
			buf_put(b, escape, sizeof(escape));
	}
}

void uri_put_user(struct buf *b, struct str user)
{
	put_escaped(b, user, USER_EXTRA);
}

void uri_put_param(struct buf *b, struct str value)
{
	put_escaped(b, value, PARAM_EXTRA);
}

/* Folding, CRLF before a blank, counts as one blank [RFC 3261 25.1 LWS]. */
static bool is_fold(struct str s, size_t i)
{
	return s.n - i > 2 && s.p[i] == '\r' && s.p[i + 1] == '\n' &&
	       (s.p[i + 2] == ' ' || s.p[i + 2] == '\t');
}

/* A display name is decoration: bytes that are no UTF-8 become U+FFFD and do
   not cost the address. Controls have no excuse. */
static int unquote(struct arena *a, struct str raw, struct str *out)
{
	char *p = arena_alloc(a, raw.n + 1);
	size_t i, n = 0;
	int err;

	if (!p)
		return ERR_LIMIT;
	for (i = 0; i < raw.n; i++) {
		if (raw.p[i] == '\\' && i + 1 < raw.n)
			i++;
		else if (is_fold(raw, i))
			i += 2;
		p[n++] = raw.p[i] == '\t' ? ' ' : raw.p[i];
	}
	p[n] = '\0';
	*out = (struct str){ p, n };
	if (!utf8_valid(*out)) {
		err = utf8_clean_text(a, *out, out, NULL);
		if (err < 0)
			return err;
	}
	return utf8_is_clean_line(*out) ? 0 : ERR_SYNTAX;
}

/* Splits off a display name with its quotes; false when a quote stays open
   or is followed by something else than "<". *s then begins at "<", or is
   untouched when it is an addr-spec. */
static bool take_display(struct str *s, struct str *raw_out)
{
	size_t n = 0;

	*raw_out = STR_NONE;
	if (s->n > 0 && s->p[0] == '"') {
		n = quoted_length(*s);
		if (n == 0)
			return false;
		*raw_out = str_sub(*s, 1, n - 2);
		*s = str_trim(str_from(*s, n));
		return str_starts(*s, STR("<"));
	}
	while (n < s->n && (is_token_char((unsigned char)s->p[n]) ||
			    is_one_of((unsigned char)s->p[n], " \t\r\n") ||
			    (unsigned char)s->p[n] >= 0x80))
		n++;
	if (n < s->n && s->p[n] == '<') {
		*raw_out = str_trim(str_sub(*s, 0, n));
		*s = str_from(*s, n);
	}
	return true;
}

/* Cuts "<uri>" or, without brackets, what ends at the first ';': a URI with a
   comma, a question mark or parameters must be in brackets [RFC 3261 20]. */
static int take_addr(struct str *s, struct uri *uri_out)
{
	size_t end;
	struct str text;

	if (str_starts(*s, STR("<"))) {
		end = str_find(*s, '>');
		if (end == s->n)
			return ERR_SYNTAX;
		text = str_sub(*s, 1, end - 1);
		*s = str_trim(str_from(*s, end + 1));
		return uri_parse(text, uri_out);
	}
	end = str_find(*s, ';');
	text = str_trim(str_sub(*s, 0, end));
	*s = str_from(*s, end);
	if (str_find(text, ',') < text.n || str_find(text, '?') < text.n)
		return ERR_SYNTAX;
	return uri_parse(text, uri_out);
}

int uri_name_addr(struct arena *a, struct str s, struct str *display_out,
		  struct uri *uri_out, struct str *params_out)
{
	struct str raw, display, params = STR_NONE;
	struct uri u;
	int err;

	*display_out = *params_out = STR_NONE;
	*uri_out = (struct uri){ .scheme = URI_SIP };
	s = str_trim(s);
	if (!take_display(&s, &raw))
		return ERR_SYNTAX;
	err = take_addr(&s, &u);
	if (err < 0)
		return err;
	if (s.n > 0) {
		if (s.p[0] != ';')
			return ERR_SYNTAX;
		params = str_trim(str_from(s, 1));
		err = check_params(params, header_param_ok);
		if (err < 0)
			return err;
	}
	err = unquote(a, raw, &display);
	if (err < 0)
		return err;
	*display_out = display;
	*uri_out = u;
	*params_out = params;
	return 0;
}
