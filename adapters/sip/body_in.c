/* adapters/sip/body_in.c: what stands in the body of a MESSAGE. Text is
 * converted to UTF-8 and cleaned, message/cpim is unwrapped once, reports and
 * typing notices become messages of their own kind; every other type is
 * carried as it is and the far side decides. [RFC 3428 4, RFC 3862, RFC 5438,
 * RFC 3994, RFC 2046]
 */
#include "adapters/sip/sip_priv.h"

#include <stdio.h>
#include <string.h>

#include "core/codec/cpim.h"
#include "core/codec/imdn.h"
#include "core/codec/iscomposing.h"
#include "core/codec/mime.h"

#define ID_MAX 255

static enum cause refuse(struct sip_in *in, enum cause c, const char *words)
{
	in->words = words;
	return c;
}

/* "text/plain" in lower case and the parameters other than charset. */
static enum cause keep_type(struct sip_in *in, struct msg *m,
			    const struct mime_type *t)
{
	struct str rest = t->params, one;
	struct buf b;
	size_t i;

	buf_init(&b, 1024);
	for (i = 0; i < t->type.n; i++)
		buf_put_char(&b, (char)ch_lower((unsigned char)t->type.p[i]));
	buf_put_char(&b, '/');
	for (i = 0; i < t->subtype.n; i++)
		buf_put_char(&b,
			     (char)ch_lower((unsigned char)t->subtype.p[i]));
	/* A ';' inside quotes cuts a parameter in two, which only a type we
	   do not read ourselves could have; it is put together again. */
	while (rest.n && str_split(&rest, ';', &one)) {
		if (str_istarts(str_trim(one), STR("charset=")))
			continue;
		buf_put_char(&b, ';');
		buf_put_str(&b, one);
	}
	if (b.err || !utf8_is_clean_line(buf_str(&b))) {
		buf_free(&b);
		return refuse(in, CAUSE_BAD_REQUEST, "Bad Content-Type");
	}
	m->content_type = arena_dup(m->arena, buf_str(&b));
	buf_free(&b);
	return CAUSE_NONE;
}

static enum cause keep_text(struct sip_in *in, struct msg *m,
			    const struct mime_type *t, struct str bytes)
{
	struct str charset = STR_NONE, text;
	int rc;

	if (mime_param(m->arena, t->params, STR("charset"), &charset) < 0)
		charset = STR_NONE;
	rc = mime_to_utf8(m->arena, bytes, charset, &text);
	if (rc == ERR_UNSUPPORTED)
		return refuse(in, CAUSE_MEDIA_UNSUPPORTED,
			      "Unsupported charset");
	if (rc == 0)
		rc = utf8_clean_text(m->arena, text, &text, NULL);
	if (rc < 0)
		return CAUSE_TOO_LARGE;
	m->body = body_inline(text);
	return CAUSE_NONE;
}

static enum cause keep_report(struct sip_in *in, struct msg *m,
			      struct str bytes)
{
	struct imdn d;

	if (imdn_parse(m->arena, bytes, &d) < 0)
		return refuse(in, CAUSE_BAD_REQUEST, "Bad IMDN");
	if (!d.message_id.n || d.message_id.n > ID_MAX ||
	    !utf8_is_clean_line(d.message_id))
		return refuse(in, CAUSE_BAD_REQUEST, "Bad IMDN");
	m->kind = MSG_REPORT;
	m->wants = 0; /* never a report for a report */
	m->report.kind = d.kind;
	m->report.status = d.status;
	m->report.msg_id = d.message_id;
	m->report.utc_us = d.utc_us;
	m->report.text = STR("");
	return CAUSE_NONE;
}

static enum cause keep_composing(struct sip_in *in, struct msg *m,
				 struct str bytes)
{
	struct iscomposing c;

	if (iscomposing_parse(m->arena, bytes, &c) < 0)
		return refuse(in, CAUSE_BAD_REQUEST, "Bad isComposing");
	m->kind = MSG_COMPOSING;
	m->wants = 0;
	m->no_store = true;
	m->composing.is_active = c.is_active;
	m->composing.refresh_s = c.refresh_s;
	return CAUSE_NONE;
}

static enum cause keep_part(struct sip_in *in, struct msg *m,
			    const struct mime_type *t, struct str bytes,
			    unsigned depth);

/* Of multipart/alternative the plain text is taken; everything else is only
   checked and stays whole. */
static enum cause keep_multipart(struct sip_in *in, struct msg *m,
				 const struct mime_type *t, struct str bytes,
				 unsigned depth)
{
	struct mime_part *parts;
	struct str boundary;
	size_t n, i;

	if (mime_param(m->arena, t->params, STR("boundary"), &boundary) < 0 ||
	    mime_multipart_parse(m->arena, bytes, boundary, &parts, &n) < 0)
		return refuse(in, CAUSE_BAD_REQUEST, "Broken multipart");
	for (i = 0; i < n && mime_type_is(t, "multipart", "alternative"); i++) {
		struct mime_header *h = parts[i].headers;
		size_t hn = parts[i].headers_n;
		struct mime_type pt;
		struct str body;

		if (mime_type_parse(mime_header_find(h, hn, "Content-Type"),
				    &pt) < 0 ||
		    !mime_type_is(&pt, "text", "plain"))
			continue;
		if (mime_decode(m->arena, parts[i].body,
				mime_header_find(h, hn,
						 "Content-Transfer-Encoding"),
				&body) < 0)
			continue;
		return keep_part(in, m, &pt, body, depth + 1);
	}
	m->body = body_inline(bytes);
	return keep_type(in, m, t);
}

static unsigned wants_of(unsigned cpim_wants)
{
	return cpim_wants & (WANT_DELIVERED | WANT_FAILED | WANT_PROCESSING |
			     WANT_DISPLAYED);
}

static struct str *keep_list(struct msg *m, const struct str *list, size_t n)
{
	struct str *p = n ? arena_array(m->arena, n, sizeof(*p)) : NULL;

	if (p)
		memcpy(p, list, n * sizeof(*p));
	return p;
}

static enum cause keep_cpim_head(struct sip_in *in, struct msg *m,
				 const struct cpim *c)
{
	if (c->message_id.p) {
		if (!c->message_id.n || c->message_id.n > ID_MAX ||
		    !utf8_is_clean_line(c->message_id))
			return refuse(in, CAUSE_BAD_REQUEST,
				      "Bad imdn.Message-ID");
		m->id = c->message_id;
		m->has_own_id = true;
	}
	m->was_cpim = true;
	m->wants = wants_of(c->wants);
	if (c->sent_utc_us) {
		m->sent_utc_us = c->sent_utc_us;
		m->is_stamped = true;
	}
	if (!m->subject.n && c->subject.n)
		m->subject = c->subject;
	if (!m->from.display.n && c->from.display.n &&
	    utf8_is_clean_line(c->from.display) && !m->is_private)
		m->from.display = c->from.display;
	m->record_routes = keep_list(m, c->record_routes, c->record_routes_n);
	m->record_routes_n = m->record_routes ? c->record_routes_n : 0;
	m->routes = keep_list(m, c->routes, c->routes_n);
	m->routes_n = m->routes ? c->routes_n : 0;
	if (c->extra_n) {
		m->extra = arena_array(m->arena, c->extra_n, sizeof(*m->extra));
		if (m->extra) {
			memcpy(m->extra, c->extra,
			       c->extra_n * sizeof(*m->extra));
			m->extra_n = c->extra_n;
		}
	}
	return CAUSE_NONE;
}

static enum cause keep_cpim(struct sip_in *in, struct msg *m, struct str bytes,
			    unsigned depth)
{
	struct cpim *c = arena_zalloc(m->arena, sizeof(*c));
	struct str body;
	enum cause cause;
	int rc;

	if (!c)
		return CAUSE_TOO_LARGE;
	rc = cpim_parse(m->arena, bytes, c);
	if (rc == ERR_UNSUPPORTED)
		return CAUSE_MEDIA_UNSUPPORTED;
	if (rc < 0)
		return refuse(in, CAUSE_BAD_REQUEST, "Bad CPIM");
	cause = keep_cpim_head(in, m, c);
	if (cause != CAUSE_NONE)
		return cause;
	rc = mime_decode(m->arena, c->content,
			 mime_header_find(c->headers, c->headers_n,
					  "Content-Transfer-Encoding"),
			 &body);
	if (rc == ERR_UNSUPPORTED)
		return CAUSE_MEDIA_UNSUPPORTED;
	if (rc < 0)
		return refuse(in, CAUSE_BAD_REQUEST, "Bad CPIM");
	return keep_part(in, m, &c->type, body, depth + 1);
}

/* What is carried as it is, though we do not read it; the rest of OMA_ACCEPT
   is read here. */
static bool is_carried(const struct mime_type *t)
{
	static const char *const types[] = { "text", "image", "audio",
					     "video" };
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (mime_type_is(t, types[i], "*"))
			return true;
	return false;
}

static enum cause keep_part(struct sip_in *in, struct msg *m,
			    const struct mime_type *t, struct str bytes,
			    unsigned depth)
{
	enum cause c;

	if (depth > 3)
		return refuse(in, CAUSE_BAD_REQUEST, "Body nested too deep");
	if (mime_type_is(t, "message", "cpim") && depth == 0)
		return keep_cpim(in, m, bytes, depth);
	if (mime_type_is(t, "message", "imdn+xml"))
		return keep_report(in, m, bytes);
	if (mime_type_is(t, "application", "im-iscomposing+xml"))
		return keep_composing(in, m, bytes);
	if (mime_type_is(t, "multipart", "*"))
		return keep_multipart(in, m, t, bytes, depth);
	if (!is_carried(t))
		return CAUSE_MEDIA_UNSUPPORTED;
	c = keep_type(in, m, t);
	if (c != CAUSE_NONE)
		return c;
	if (mime_type_is(t, "text", "*"))
		return keep_text(in, m, t, bytes);
	m->body = body_inline(bytes);
	return CAUSE_NONE;
}

/* The header value again, in the message's arena. */
static struct str type_text(const sip_content_type_t *ct, struct arena *a)
{
	struct str s;
	struct buf b;
	size_t i;

	if (!ct)
		return STR("text/plain");
	buf_init(&b, 1024);
	buf_put_str(&b, str_of(ct->c_type));
	for (i = 0; ct->c_params && ct->c_params[i]; i++) {
		buf_put_char(&b, ';');
		buf_put_str(&b, str_of(ct->c_params[i]));
	}
	s = b.err ? STR_NONE : arena_dup(a, buf_str(&b));
	buf_free(&b);
	return s;
}

static bool is_identity(const sip_content_encoding_t *e)
{
	size_t i;

	for (i = 0; e && e->k_items && e->k_items[i]; i++)
		if (strcasecmp(e->k_items[i], "identity") != 0)
			return false;
	return true;
}

static struct str payload(const sip_t *sip)
{
	const sip_payload_t *pl = sip->sip_payload;

	if (!pl || !pl->pl_data)
		return STR("");
	return (struct str){ pl->pl_data, pl->pl_len };
}

static enum cause check_size(struct sip_in *in, size_t n)
{
	const struct config *c = in->s->conf;
	size_t max = tport_is_reliable(in->tport) ? c->sip_tcp_bytes_max
						  : c->sip_udp_bytes_max;

	if (!max)
		max = BODY_INLINE_MAX;
	return n > max || n > BODY_INLINE_MAX ? CAUSE_TOO_LARGE : CAUSE_NONE;
}

enum cause sip_read_body(struct sip_in *in, struct msg *m)
{
	struct str bytes = payload(in->sip), copy;
	struct mime_type t;
	char hex[TRACE_HEX_N + 1];
	enum cause c;

	if (check_size(in, bytes.n) != CAUSE_NONE)
		return CAUSE_TOO_LARGE;
	if (!is_identity(in->sip->sip_content_encoding))
		return refuse(in, CAUSE_MEDIA_UNSUPPORTED,
			      "Unsupported Content-Encoding");
	if (bytes.n && !in->sip->sip_content_type)
		return refuse(in, CAUSE_BAD_REQUEST, "No Content-Type");
	if (mime_type_parse(type_text(in->sip->sip_content_type, m->arena),
			    &t) < 0)
		return refuse(in, CAUSE_BAD_REQUEST, "Bad Content-Type");
	if (arena_str(m->arena, bytes, &copy) < 0)
		return CAUSE_TOO_LARGE;
	c = keep_part(in, m, &t, copy, 0);
	if (c == CAUSE_NONE && !m->id.n)
		m->id = arena_dup(m->arena, trace_hex(m->trace, hex));
	return c;
}
