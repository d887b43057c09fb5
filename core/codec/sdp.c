/* core/codec/sdp.c: session descriptions; see sdp.h.
 * [RFC 8866, RFC 4975 8 for the message lines]
 *
 * The text is walked twice: once to check its lines and count what they need,
 * once to fill exactly that. A line that does not parse ends the work, nothing
 * is ever tried again at the same place: sofia's parser hangs on the format
 * list "," because it does. A format list is taken as it is written; whether
 * it suits MSRP is for the caller to answer with 488.
 */
#include "core/codec/sdp.h"

#define NTP_ZERO "t=0 0\r\n" /* a session without end, RFC 8866 5.9 */

struct counts {
	size_t media_n;
	size_t attrs_n; /* of all levels together */
};

struct parser {
	struct sdp *out;
	struct sdp_media *media; /* the current one; NULL: session */
	struct sdp_attr *attrs;	 /* free ones, in order */
	bool has_version, has_origin, has_name, has_time;
};

/* ---- lines --------------------------------------------------------------- */

/* Takes "x=value" off the front of *s. Empty lines are allowed at the end of
   the text only. */
static int take_line(struct str *s, char *type_out, struct str *value_out)
{
	size_t at = str_find(*s, '\n'), i;
	struct str line = str_sub(*s, 0, at);

	*s = str_from(*s, at + 1);
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	for (i = 0; i < line.n; i++)
		if (ch_is_ctl((unsigned char)line.p[i]) && line.p[i] != '\t')
			return ERR_SYNTAX;
	if (line.n == 0 && str_trim(*s).n == 0) {
		*s = str_from(*s, s->n);
		return ERR_GONE;
	}
	if (line.n < 2 || line.p[1] != '=' ||
	    !ch_is_alpha((unsigned char)line.p[0]))
		return ERR_SYNTAX;
	*type_out = line.p[0];
	*value_out = str_from(line, 2);
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Takes the next word off the front; empty at the end. One blank is the rule,
   more are tolerated. */
static struct str take_word(struct str *s)
{
	struct str word;
	size_t n = 0;

	while (s->n > 0 && is_blank(s->p[0]))
		*s = str_from(*s, 1);
	while (n < s->n && !is_blank(s->p[n]))
		n++;
	word = str_sub(*s, 0, n);
	*s = str_from(*s, n);
	return word;
}

static bool is_number(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!ch_is_digit((unsigned char)s.p[i]))
			return false;
	return s.n > 0;
}

/* A token of RFC 8866 9. */
static bool is_token(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= 0x20 || c >= 0x7f || c == '"' || c == '(' ||
		    c == ')' || c == ',' || c == '/' ||
		    (c >= ':' && c <= '@') || (c >= '[' && c <= ']'))
			return false;
	}
	return s.n > 0;
}

/* One word without blanks or controls, as it stands in an o=, c= or m= line. */
static bool is_word(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (ch_is_ctl((unsigned char)s.p[i]) || s.p[i] == ' ')
			return false;
	return s.n > 0;
}

/* ---- values -------------------------------------------------------------- */

/* "IN IP4 192.0.2.1"; a network or address type we do not know is no error but
   gives no address. */
static int parse_conn(struct str s, struct sdp_conn *out)
{
	struct str net = take_word(&s), type = take_word(&s);
	struct str address = take_word(&s);

	*out = (struct sdp_conn){ .is_set = false };
	if (address.n == 0 || take_word(&s).n > 0)
		return ERR_SYNTAX;
	if (!str_ieq(net, STR("IN")))
		return 0;
	out->is_ip6 = str_ieq(type, STR("IP6"));
	if (!out->is_ip6 && !str_ieq(type, STR("IP4")))
		return 0;
	out->is_set = true;
	out->address = address;
	return 0;
}

/* "- 3976000000 3976000001 IN IP4 192.0.2.1" */
static int parse_origin(struct str s, struct sdp *out)
{
	out->origin_user = take_word(&s);
	out->origin_id = take_word(&s);
	out->origin_version = take_word(&s);
	if (!is_number(out->origin_id) || !is_number(out->origin_version))
		return ERR_SYNTAX;
	if (parse_conn(s, &out->origin) < 0 || !out->origin.is_set)
		return ERR_SYNTAX;
	return 0;
}

/* "0 0"; the times themselves mean nothing to a message session. */
static int parse_time(struct str s)
{
	struct str start = take_word(&s), stop = take_word(&s);

	return is_number(start) && is_number(stop) && take_word(&s).n == 0
		       ? 0
		       : ERR_SYNTAX;
}

/* "path:msrp://..." or "sendonly" */
static int parse_attr(struct str s, struct sdp_attr *out)
{
	size_t colon = str_find(s, ':');

	out->name = str_sub(s, 0, colon);
	out->value = colon < s.n ? str_from(s, colon + 1) : STR_NONE;
	return is_token(out->name) ? 0 : ERR_SYNTAX;
}

static int parse_port(struct str s, struct sdp_media *out)
{
	size_t slash = str_find(s, '/');
	uint32_t port;

	out->ports_n = 1;
	if (!str_u32(str_sub(s, 0, slash), &port) || port > UINT16_MAX)
		return ERR_SYNTAX;
	out->port = (uint16_t)port;
	if (slash < s.n && (!str_u32(str_from(s, slash + 1), &out->ports_n) ||
			    out->ports_n == 0))
		return ERR_SYNTAX;
	return 0;
}

/* "message 7001 TCP/MSRP *" */
static int parse_media(struct str s, struct sdp_media *out)
{
	struct str format;

	out->kind = take_word(&s);
	if (!is_token(out->kind) || parse_port(take_word(&s), out) < 0)
		return ERR_SYNTAX;
	out->proto = take_word(&s);
	while ((format = take_word(&s)).n > 0) {
		if (out->formats_n == SDP_FORMATS_MAX)
			return ERR_LIMIT;
		out->formats[out->formats_n++] = format;
	}
	return out->formats_n > 0 ? 0 : ERR_SYNTAX;
}

/* ---- first walk ---------------------------------------------------------- */

static int count_lines(struct str s, struct counts *out)
{
	size_t attrs_here_n = 0;

	while (s.n > 0) {
		struct str value;
		char type;
		int err = take_line(&s, &type, &value);

		if (err == ERR_GONE)
			break;
		if (err < 0)
			return err;
		if (type == 'm') {
			if (++out->media_n > SDP_MEDIA_MAX)
				return ERR_LIMIT;
			attrs_here_n = 0;
		} else if (type == 'a') {
			if (++attrs_here_n > SDP_ATTRS_MAX)
				return ERR_LIMIT;
			out->attrs_n++;
		}
	}
	return 0;
}

/* ---- second walk --------------------------------------------------------- */

/* True the first time only. */
static bool is_first(bool *has)
{
	bool first = !*has;

	*has = true;
	return first;
}

static int add_attr(struct parser *p, struct str value)
{
	struct sdp_attr *attr = p->attrs++;

	/* Attributes of one level follow each other. */
	if (p->media) {
		if (p->media->attrs_n++ == 0)
			p->media->attrs = attr;
	} else if (p->out->attrs_n++ == 0) {
		p->out->attrs = attr;
	}
	return parse_attr(value, attr);
}

static int add_media(struct parser *p, struct str value)
{
	if (!p->has_origin || !p->has_name || !p->has_time)
		return ERR_SYNTAX;
	p->media = &p->out->media[p->out->media_n++];
	p->media->conn = p->out->conn;
	return parse_media(value, p->media);
}

/* Several c= in one media section are multicast; the first one counts. */
static int add_conn(struct parser *p, struct str value, bool *has_own)
{
	struct sdp_conn conn;

	if (parse_conn(value, &conn) < 0)
		return ERR_SYNTAX;
	if (!is_first(has_own))
		return p->media ? 0 : ERR_SYNTAX;
	if (p->media)
		p->media->conn = conn;
	else
		p->out->conn = conn;
	return 0;
}

/* Lines that belong to the session, not to a medium. */
static int parse_session_line(struct parser *p, char type, struct str value)
{
	if (p->media)
		return ERR_SYNTAX;
	switch (type) {
	case 'v':
		return is_first(&p->has_version) && str_eq(value, STR("0"))
			       ? 0
			       : ERR_SYNTAX;
	case 'o':
		return is_first(&p->has_origin) ? parse_origin(value, p->out)
						: ERR_SYNTAX;
	case 's':
		p->out->name = value;
		return is_first(&p->has_name) ? 0 : ERR_SYNTAX;
	default:
		p->has_time = true;
		return parse_time(value);
	}
}

static int parse_lines(struct parser *p, struct str s)
{
	bool has_own_conn = false;

	while (s.n > 0) {
		struct str value;
		char type;
		int err = take_line(&s, &type, &value);

		if (err == ERR_GONE)
			break;
		if (err < 0)
			return err;
		if (!p->has_version && type != 'v')
			return ERR_SYNTAX;
		switch (type) {
		case 'v':
		case 'o':
		case 's':
		case 't':
			err = parse_session_line(p, type, value);
			break;
		case 'c':
			err = add_conn(p, value, &has_own_conn);
			break;
		case 'a':
			err = add_attr(p, value);
			break;
		case 'm':
			has_own_conn = false;
			err = add_media(p, value);
			break;
		default:
			break;
		}
		if (err < 0)
			return err;
	}
	return p->has_origin && p->has_name && p->has_time ? 0 : ERR_SYNTAX;
}

/* v=0 / o=- 1 1 IN IP4 192.0.2.1 / s=- / t=0 0 /
   m=message 7001 TCP/MSRP * / a=path:msrp://192.0.2.1:7001/x;tcp
   ->  one medium of kind "message", port 7001, format "*", one attribute */
int sdp_parse(struct arena *a, struct str s, struct sdp *out)
{
	struct counts counts = { .media_n = 0 };
	struct parser p = { .out = out };
	int err;

	*out = (struct sdp){ .media_n = 0 };
	if (s.n > SDP_BYTES_MAX)
		return ERR_LIMIT;
	err = count_lines(s, &counts);
	if (err < 0)
		return err;
	out->media = arena_array(a, counts.media_n, sizeof(*out->media));
	p.attrs = arena_array(a, counts.attrs_n, sizeof(*p.attrs));
	err = out->media && p.attrs ? parse_lines(&p, s) : ERR_LIMIT;
	if (err < 0)
		*out = (struct sdp){ .media_n = 0 };
	return err;
}

static const struct sdp_attr *find_in(const struct sdp_attr *attrs, size_t n,
				      struct str name)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (str_eq(attrs[i].name, name))
			return &attrs[i];
	return NULL;
}

const struct sdp_attr *sdp_attr_find(const struct sdp *s,
				     const struct sdp_media *m,
				     const char *name)
{
	const struct sdp_attr *attr = NULL;

	if (m)
		attr = find_in(m->attrs, m->attrs_n, str_of(name));
	return attr ? attr : find_in(s->attrs, s->attrs_n, str_of(name));
}

/* ---- writing ------------------------------------------------------------- */

/* A word followed by a blank. */
static void put_word(struct buf *b, struct str word)
{
	if (!is_word(word))
		buf_fail(b, ERR_SYNTAX);
	buf_put_str(b, word);
	buf_put_char(b, ' ');
}

/* The rest of a line, whatever it is, and its end. */
static void put_rest(struct buf *b, struct str text)
{
	size_t i;

	for (i = 0; i < text.n; i++)
		if (ch_is_ctl((unsigned char)text.p[i]) && text.p[i] != '\t')
			buf_fail(b, ERR_SYNTAX);
	buf_put_str(b, text);
	buf_put_str(b, STR("\r\n"));
}

static void put_address(struct buf *b, const struct sdp_conn *conn)
{
	if (!is_word(conn->address))
		buf_fail(b, ERR_SYNTAX);
	buf_put_str(b, conn->is_ip6 ? STR("IN IP6 ") : STR("IN IP4 "));
	put_rest(b, conn->address);
}

static void put_conn(struct buf *b, const struct sdp_conn *conn)
{
	if (!conn->is_set)
		return;
	buf_put_str(b, STR("c="));
	put_address(b, conn);
}

static void put_attrs(struct buf *b, const struct sdp_attr *attrs, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (!is_token(attrs[i].name))
			buf_fail(b, ERR_SYNTAX);
		buf_put_str(b, STR("a="));
		buf_put_str(b, attrs[i].name);
		if (attrs[i].value.p)
			buf_put_char(b, ':');
		put_rest(b, attrs[i].value);
	}
}

static bool is_same_conn(const struct sdp_conn *x, const struct sdp_conn *y)
{
	return x->is_set == y->is_set && x->is_ip6 == y->is_ip6 &&
	       str_eq(x->address, y->address);
}

static void put_media(struct buf *b, const struct sdp *s,
		      const struct sdp_media *m)
{
	size_t i;

	if (!is_token(m->kind) || m->formats_n == 0 ||
	    m->formats_n > SDP_FORMATS_MAX)
		buf_fail(b, ERR_SYNTAX);
	buf_put_str(b, STR("m="));
	put_word(b, m->kind);
	buf_put_u64(b, m->port);
	if (m->ports_n > 1) {
		buf_put_char(b, '/');
		buf_put_u64(b, m->ports_n);
	}
	buf_put_char(b, ' ');
	put_word(b, m->proto);
	for (i = 0; i < m->formats_n && !b->err; i++) {
		if (i + 1 < m->formats_n)
			put_word(b, m->formats[i]);
		else if (is_word(m->formats[i]))
			put_rest(b, m->formats[i]);
		else
			buf_fail(b, ERR_SYNTAX);
	}
	if (!is_same_conn(&m->conn, &s->conn))
		put_conn(b, &m->conn);
	put_attrs(b, m->attrs, m->attrs_n);
}

void sdp_put(struct buf *b, const struct sdp *s)
{
	size_t i;

	if (!is_number(s->origin_id) || !is_number(s->origin_version))
		buf_fail(b, ERR_SYNTAX);
	buf_put_str(b, STR("v=0\r\no="));
	put_word(b, s->origin_user.p ? s->origin_user : STR("-"));
	put_word(b, s->origin_id);
	put_word(b, s->origin_version);
	put_address(b, &s->origin);
	buf_put_str(b, STR("s="));
	put_rest(b, s->name.n > 0 ? s->name : STR("-"));
	put_conn(b, &s->conn);
	buf_put_str(b, STR(NTP_ZERO));
	put_attrs(b, s->attrs, s->attrs_n);
	for (i = 0; i < s->media_n; i++)
		put_media(b, s, &s->media[i]);
}
