/* adapters/sip/raw_in.c: see raw_in.h. One pass over the lines; each looks at
 * the name, and at the value of the few headers where the stack is too kind.
 * [RFC 3261 7, 25.1; the cases of RFC 4475 3.1.2 and 3.3]
 */
#include "adapters/sip/raw_in.h"

#include <string.h>

#include "core/codec/uri.h"

#define VERSION "SIP/2.0"
#define URI_MAX 2048u
/* "x SIP/2.0": what can be written over a request line's tail. */
#define TAIL_MIN 9u

static const struct sip_fault
	bad_line = { CAUSE_BAD_REQUEST, "Bad Request-Line", false },
	bad_uri = { CAUSE_BAD_REQUEST, "Bad Request-URI", false },
	bad_scheme = { CAUSE_SCHEME_UNSUPPORTED, NULL, false },
	long_uri = { CAUSE_URI_TOO_LONG, NULL, false },
	bad_version = { CAUSE_VERSION_UNSUPPORTED, NULL, false },
	bad_break = { CAUSE_BAD_REQUEST, "Bad Line Break", true },
	has_nul = { CAUSE_BAD_REQUEST, "NUL in Header", true },
	bad_name = { CAUSE_BAD_REQUEST, "Bad Header Name", false },
	too_many = { CAUSE_BAD_REQUEST, "Too Many Headers", false },
	bad_length = { CAUSE_BAD_REQUEST, "Bad Content-Length", true },
	no_length = { CAUSE_BAD_REQUEST, "No Content-Length", true },
	bad_call_id = { CAUSE_BAD_REQUEST, "Bad Call-ID", false },
	bad_cseq = { CAUSE_BAD_REQUEST, "Bad CSeq", false },
	bad_hops = { CAUSE_BAD_REQUEST, "Bad Max-Forwards", false },
	bad_date = { CAUSE_BAD_REQUEST, "Bad Date", false },
	bad_address = { CAUSE_BAD_REQUEST, "Bad Address", false },
	repeated = { CAUSE_BAD_REQUEST, "Repeated Header", false };

enum kind {
	OTHER, FROM, TO, CALL_ID, CSEQ, MAX_FORWARDS, CONTENT_LENGTH,
	CONTENT_TYPE, DATE, EXPIRES, CONTACT, KINDS_N,
};

static const struct {
	struct str name;
	char compact;
	enum kind kind;
} named[] = {
	{ STR_LIT("From"), 'f', FROM },
	{ STR_LIT("To"), 't', TO },
	{ STR_LIT("Call-ID"), 'i', CALL_ID },
	{ STR_LIT("CSeq"), 0, CSEQ },
	{ STR_LIT("Max-Forwards"), 0, MAX_FORWARDS },
	{ STR_LIT("Content-Length"), 'l', CONTENT_LENGTH },
	{ STR_LIT("Content-Type"), 'c', CONTENT_TYPE },
	{ STR_LIT("Date"), 0, DATE },
	{ STR_LIT("Expires"), 0, EXPIRES },
	{ STR_LIT("Contact"), 'm', CONTACT },
};

size_t sip_raw_head(const char *p, size_t n)
{
	const char *start = p, *end;

	while (n && (*p == '\r' || *p == '\n'))
		p++, n--;
	end = n ? memmem(p, n, "\r\n\r\n", 4) : NULL;
	return end ? (size_t)(end - start) + 4 : 0;
}

/* Token characters [25.1]. */
static bool is_token(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!ch_is_alnum((unsigned char)s.p[i]) &&
		    !(s.p[i] && strchr("-.!%*_+`'~", s.p[i])))
			return false;
	return s.n > 0;
}

/* ---- the request line ------------------------------------------------- */

static bool is_version(struct str s)
{
	uint32_t major, minor;
	size_t dot;

	if (!str_istarts(s, STR("SIP/")))
		return false;
	s = str_from(s, 4);
	dot = str_find(s, '.');
	return str_u32(str_sub(s, 0, dot), &major) && dot < s.n &&
	       str_u32(str_from(s, dot + 1), &minor);
}

static const struct sip_fault *check_uri(struct str s)
{
	struct uri u;

	switch (uri_parse(s, &u)) {
	case 0:
		/* Header fields have no place there [RFC 3261 19.1.1]. */
		return u.headers.p ? &bad_uri : NULL;
	case ERR_UNSUPPORTED:
		return &bad_scheme;
	case ERR_LIMIT:
		return &long_uri;
	default:
		return &bad_uri;
	}
}

static void write_tail(char *p, size_t n)
{
	size_t version_n = sizeof(VERSION) - 1;

	memset(p, 'x', n);
	if (n > version_n + sizeof("sip:"))
		memcpy(p, "sip:", 4);
	p[n - version_n - 1] = ' ';
	memcpy(p + n - version_n, VERSION, version_n);
}

static const struct sip_fault *check_tail(struct str s)
{
	size_t at = str_rfind(s, ' ');
	struct str uri = str_sub(s, 0, at), version = str_from(s, at + 1);

	if (at == s.n || !is_version(version))
		return &bad_line;
	if (!str_ieq(version, STR(VERSION)))
		return &bad_version;
	if (uri.n > URI_MAX)
		return &long_uri;
	return check_uri(uri);
}

/* line without its end. Whether it is SIP at all shows in its last word. */
static const struct sip_fault *check_request_line(char *p, size_t n)
{
	struct str line = { p, n }, all = str_trim(line), last, tail;
	size_t at = str_find(line, ' ');
	const struct sip_fault *f;

	last = str_from(all, str_rfind(all, ' ') + 1);
	if (at == line.n || !is_token(str_sub(line, 0, at)) ||
	    !is_version(last))
		return NULL;
	tail = str_from(line, at + 1);
	f = tail.n != str_trim(tail).n ? &bad_line : check_tail(tail);
	if (f && tail.n >= TAIL_MIN)
		write_tail(p + at + 1, tail.n);
	return f;
}

/* ---- header lines ----------------------------------------------------- */

static enum kind kind_of(struct str name)
{
	size_t i;

	for (i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		if (name.n == 1 ? ch_lower((unsigned char)name.p[0]) ==
					  (unsigned char)named[i].compact
				: str_ieq(name, named[i].name))
			return named[i].kind;
	return OTHER;
}

static const struct sip_fault *check_cseq(struct str s)
{
	size_t i = 0;
	uint32_t n;

	while (i < s.n && ch_is_digit((unsigned char)s.p[i]))
		i++;
	/* Less than 2^31 [8.1.1.5]. */
	return !str_u32(str_sub(s, 0, i), &n) || n >> 31 ? &bad_cseq : NULL;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* No blanks just inside < >, none around an address without them, and no
   header part in one without them [20, 20.10]. */
static const struct sip_fault *check_address(struct str s, bool is_contact)
{
	bool in_quotes = false, has_angle = false, has_query = false;
	size_t i;

	for (i = 0; i < s.n; i++) {
		bool is_next_blank = i + 1 < s.n && is_blank(s.p[i + 1]);

		if (in_quotes && s.p[i] == '\\') {
			i++;
		} else if (s.p[i] == '"') {
			in_quotes = !in_quotes;
		} else if (in_quotes) {
			continue;
		} else if (s.p[i] == '<') {
			has_angle = true;
			if (is_next_blank)
				return &bad_address;
		} else if (is_next_blank && i + 2 < s.n && s.p[i + 2] == '>') {
			return &bad_address;
		} else if (s.p[i] == '?' && !has_angle) {
			has_query = true;
		}
	}
	if (in_quotes)
		return &bad_address;
	return is_contact && has_query && !has_angle ? &bad_address : NULL;
}

static const struct sip_fault *check_value(enum kind kind, struct str value)
{
	uint32_t n;

	switch (kind) {
	case FROM:
	case TO:
	case CONTACT:
		return check_address(value, kind == CONTACT);
	case CSEQ:
		return check_cseq(value);
	case MAX_FORWARDS:
		return !str_u32(value, &n) || n > 255 ? &bad_hops : NULL;
	case CONTENT_LENGTH:
		return !str_u32(value, &n) || n > INT32_MAX ? &bad_length
							    : NULL;
	case DATE:
		return str_ends(value, STR("GMT")) ? NULL : &bad_date;
	case CALL_ID:
		return value.n ? NULL : &bad_call_id;
	case OTHER:
	case CONTENT_TYPE:
	case EXPIRES:
	case KINDS_N:
		break;
	}
	return NULL;
}

/* One header with all its lines. */
static const struct sip_fault *check_header(struct str line,
					    bool seen[KINDS_N])
{
	size_t colon = str_find(line, ':');
	struct str name = str_sub(line, 0, colon);
	enum kind kind;

	/* Only blanks may stand before the colon: other bytes there have
	   hidden headers from one of two servers [AST-2016-009]. */
	while (name.n && (name.p[name.n - 1] == ' ' ||
			  name.p[name.n - 1] == '\t'))
		name.n--;
	if (colon == line.n || !is_token(name))
		return &bad_name;
	kind = kind_of(name);
	if (kind == OTHER)
		return NULL;
	if (seen[kind] && kind != CONTACT)
		return kind == CONTENT_LENGTH ? &bad_length : &repeated;
	seen[kind] = true;
	return check_value(kind, str_trim(str_from(line, colon + 1)));
}

/* The first fault is told, unless a later one loses the end of the message. */
static const struct sip_fault *worse(const struct sip_fault *a,
				     const struct sip_fault *b)
{
	return !a || (b && b->ends_stream && !a->ends_stream) ? b : a;
}

/* The end of the line at p that a header's continuation lines belong to, its
   last line feed or end; a line break that is none is a fault. */
static char *line_end(char *p, char *end, bool is_first,
		      const struct sip_fault **fault)
{
	for (;;) {
		char *nl = memchr(p, '\n', (size_t)(end - p));

		if (!nl)
			return end;
		if (nl == p || nl[-1] != '\r' ||
		    memchr(p, '\r', (size_t)(nl - p) - 1))
			*fault = worse(*fault, &bad_break);
		if (is_first || nl - p < 2 || nl + 1 == end ||
		    (nl[1] != ' ' && nl[1] != '\t'))
			return nl;
		p = nl + 1;
	}
}

const struct sip_fault *sip_raw_check(char *p, size_t n, bool is_stream)
{
	char *end = p + n, *nl;
	const struct sip_fault *fault = NULL;
	bool seen[KINDS_N] = { false };
	unsigned lines = 0;

	while (p < end && (*p == '\r' || *p == '\n'))
		p++;
	if (end - p < 4 || memcmp(p, "SIP/", 4) == 0)
		return NULL;
	/* The stack's parser would stop there, on a stream for good. */
	while ((nl = memchr(p, 0, (size_t)(end - p)))) {
		fault = &has_nul;
		*nl = '?';
	}
	for (; p < end; p = nl + 1) {
		size_t line_n;

		nl = line_end(p, end, !lines, &fault);
		line_n = (size_t)(nl - p);
		line_n -= nl < end && line_n && nl[-1] == '\r';
		if (!line_n)
			break;
		if (!lines)
			fault = worse(fault, check_request_line(p, line_n));
		else
			fault = worse(fault,
				      check_header((struct str){ p, line_n },
						   seen));
		if (++lines > SIP_RAW_LINES_MAX)
			return worse(fault, &too_many);
		if (nl == end)
			break;
	}
	if (is_stream && !seen[CONTENT_LENGTH])
		fault = worse(fault, &no_length);
	return fault;
}
