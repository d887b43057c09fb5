/* adapters/net/http_head.c: see http_head.h. */
#include "adapters/net/http_head.h"

#include <string.h>

#include "core/base/err.h"

#define METHOD_BYTES_MAX 32u

static int refuse(struct http_head *h, unsigned status)
{
	h->status = status;
	return ERR_SYNTAX;
}

/* tchar [RFC 9110 5.6.2] */
static bool is_token(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!ch_is_alnum((unsigned char)s.p[i]) &&
		    (!s.p[i] || !strchr("!#$%&'*+-.^_`|~", s.p[i])))
			return false;
	return s.n > 0;
}

static bool is_visible(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f)
			return false;
	return s.n > 0;
}

static bool is_value(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] != '\t' && ch_is_ctl((unsigned char)s.p[i]))
			return false;
	return true;
}

/* uri-host [":" port] [RFC 9110 7.2]; host without brackets. */
static bool read_host(struct str s, struct str *host_out)
{
	size_t end, i;
	struct str port;
	uint32_t n;

	if (s.n && s.p[0] == '[') {
		end = str_find(s, ']');
		if (end == s.n)
			return false;
		*host_out = str_sub(s, 1, end - 1);
		s = str_from(s, end + 1);
	} else {
		end = str_find(s, ':');
		*host_out = str_sub(s, 0, end);
		s = str_from(s, end);
	}
	for (i = 0; i < host_out->n; i++)
		if (!ch_is_alnum((unsigned char)host_out->p[i]) &&
		    !strchr("-._:%", host_out->p[i]))
			return false;
	if (!s.n)
		return host_out->n > 0;
	port = str_from(s, 1);
	return host_out->n > 0 && s.p[0] == ':' &&
	       (!port.n || (str_u32(port, &n) && n <= 65535));
}

/* origin-form, absolute-form, or what only refused methods use [RFC 9112
   3.2]. */
static bool read_target(struct http_head *h)
{
	struct str t = h->target;
	size_t at;

	if (str_istarts(t, STR("http://")) || str_istarts(t, STR("https://"))) {
		t = str_from(t, str_search(t, STR("//")) + 2);
		for (at = 0; at < t.n && t.p[at] != '/' && t.p[at] != '?';)
			at++;
		if (!read_host(str_sub(t, 0, at), &h->host))
			return false;
		t = str_from(t, at);
		if (!t.n || t.p[0] == '?') {
			h->path = STR("/");
			h->query = t.n ? str_from(t, 1) : STR_NONE;
			return true;
		}
	}
	at = str_find(t, '?');
	h->path = str_sub(t, 0, at);
	h->query = at < t.n ? str_from(t, at + 1) : STR_NONE;
	return true;
}

static int read_request_line(struct http_head *h, struct str line,
			     unsigned *minor_out)
{
	struct str version;

	if (!str_split(&line, ' ', &h->method) || !is_token(h->method) ||
	    h->method.n > METHOD_BYTES_MAX)
		return refuse(h, 400);
	if (!line.p || !str_split(&line, ' ', &h->target) ||
	    !is_visible(h->target))
		return refuse(h, 400);
	if (h->target.n > HTTP_TARGET_BYTES_MAX)
		return refuse(h, 414);
	version = line;
	if (!version.p || version.n != 8 ||
	    !str_starts(version, STR("HTTP/")) ||
	    !ch_is_digit((unsigned char)version.p[5]) || version.p[6] != '.' ||
	    !ch_is_digit((unsigned char)version.p[7]))
		return refuse(h, 400);
	if (version.p[5] != '1')
		return refuse(h, 505);
	*minor_out = (unsigned)(version.p[7] - '0');
	return read_target(h) ? 0 : refuse(h, 400);
}

static int read_field(struct http_head *h, struct str line)
{
	struct http_field *f;
	size_t colon = str_find(line, ':');

	if (h->fields_n == HTTP_FIELDS_MAX)
		return refuse(h, 431);
	f = &h->fields[h->fields_n++];
	f->name = str_sub(line, 0, colon);
	if (colon == line.n || !is_token(f->name))
		return refuse(h, 400);
	f->value = str_trim(str_from(line, colon + 1));
	while (f->value.n && f->value.p[0] == '\t')
		f->value = str_from(f->value, 1);
	while (f->value.n && f->value.p[f->value.n - 1] == '\t')
		f->value.n--;
	return is_value(f->value) ? 0 : refuse(h, 400);
}

static bool has_word(struct str list, struct str word)
{
	struct str one;

	while (list.n && str_split(&list, ',', &one))
		if (str_ieq(str_trim(one), word))
			return true;
	return false;
}

/* What the fields say of host, body and connection. */
static int read_meaning(struct http_head *h, unsigned minor)
{
	unsigned hosts = 0, lengths = 0, codings = 0;
	struct str host = STR_NONE;
	uint64_t length = 0;
	size_t i;

	h->keeps_open = minor >= 1;
	for (i = 0; i < h->fields_n; i++) {
		const struct http_field *f = &h->fields[i];

		if (str_ieq(f->name, STR("Host"))) {
			hosts++;
			if (f->value.n && !read_host(f->value, &host))
				return refuse(h, 400);
		} else if (str_ieq(f->name, STR("Content-Length"))) {
			lengths++;
			if (!str_u64(f->value, &length))
				return refuse(h, 400);
		} else if (str_ieq(f->name, STR("Transfer-Encoding"))) {
			codings++;
		} else if (str_ieq(f->name, STR("Connection")) &&
			   has_word(f->value, STR("close"))) {
			h->keeps_open = false;
		}
	}
	if (hosts > 1 || (minor >= 1 && hosts == 0) || lengths > 1 ||
	    (codings && lengths))
		return refuse(h, 400);
	/* The target's host is the one that counts [RFC 9112 3.2.2]. */
	if (!h->host.p)
		h->host = host;
	h->has_body = codings || length > 0;
	return 0;
}

/* The next line without its CRLF. False: there is a bare CR or LF. */
static bool next_line(struct str *rest, struct str *line_out)
{
	size_t end = str_find(*rest, '\n');

	if (end == 0 || rest->p[end - 1] != '\r')
		return false;
	*line_out = str_sub(*rest, 0, end - 1);
	*rest = str_from(*rest, end + 1);
	return str_find(*line_out, '\r') == line_out->n;
}

/* Where the empty line ends, 0 if it is not there yet. A bare LF pair ends it
   too, so that it is refused at once and not waited for. */
static size_t head_end(struct str in)
{
	size_t crlf = str_search(in, STR("\r\n\r\n"));
	size_t lf = str_search(in, STR("\n\n"));

	if (lf < crlf)
		return lf + 2;
	return crlf < in.n ? crlf + 4 : 0;
}

int http_head_parse(struct str in, struct http_head *out)
{
	struct str rest = in, line;
	unsigned minor = 0;
	size_t skipped = 0, end;
	int err;

	*out = (struct http_head){ .status = 0 };
	if (str_starts(rest, STR("\r\n"))) { /* [RFC 9112 2.2] */
		skipped = 2;
		rest = str_from(rest, 2);
	}
	end = head_end(rest);
	if (!end && rest.n < HTTP_HEAD_BYTES_MAX)
		return 0;
	if (!end || end > HTTP_HEAD_BYTES_MAX)
		return refuse(out, str_find(rest, '\n') > HTTP_TARGET_BYTES_MAX
					   ? 414
					   : 431);
	rest = str_sub(rest, 0, end);
	if (!next_line(&rest, &line))
		return refuse(out, 400);
	err = read_request_line(out, line, &minor);
	while (!err) {
		if (!next_line(&rest, &line))
			return refuse(out, 400);
		if (!line.n)
			break;
		err = read_field(out, line);
	}
	if (!err)
		err = read_meaning(out, minor);
	return err ? err : (int)(skipped + end);
}

struct str http_head_value(const struct http_head *h, struct str name)
{
	size_t i;

	for (i = 0; i < h->fields_n; i++)
		if (str_ieq(h->fields[i].name, name))
			return h->fields[i].value;
	return STR_NONE;
}
