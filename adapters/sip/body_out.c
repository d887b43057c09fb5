/* adapters/sip/body_out.c: the body of a MESSAGE from the model. A message
 * whose sender wants reports, or used CPIM himself, goes as message/cpim;
 * everything else as it is. [RFC 3862, RFC 5438 7, RFC 3994]
 */
#include "adapters/sip/sip_priv.h"

#include <string.h>

#include "core/codec/imdn.h"
#include "core/codec/iscomposing.h"

#define BODY_MAX (BODY_INLINE_MAX * 2u) /* with the wrapper around it */

void sip_content_init(struct sip_content *c)
{
	memset(c, 0, sizeof(*c));
	buf_init(&c->body, BODY_MAX);
	buf_init(&c->head, 2048);
}

void sip_content_free(struct sip_content *c)
{
	buf_free(&c->body);
	buf_free(&c->head);
	arena_free(c->arena);
}

bool sip_content_wants_cpim(const struct msg *m)
{
	if (m->kind == MSG_REPORT)
		return true;
	return m->kind == MSG_CONTENT &&
	       (m->was_cpim || m->wants || m->extra_n);
}

bool sip_content_can_plain(const struct msg *m)
{
	return m->kind != MSG_REPORT;
}

static bool is_text(const struct msg *m)
{
	return str_istarts(m->content_type, STR("text/"));
}

/* The media type with the charset that all text of ours has. */
static struct str type_of(struct sip_content *c, const struct msg *m)
{
	struct str type = m->content_type.n ? m->content_type
					    : STR("text/plain");
	struct str s;
	struct buf b;

	if (m->content_type.n && !is_text(m))
		return type;
	buf_init(&b, 1024);
	buf_put_str(&b, type);
	buf_put_str(&b, STR(";charset=UTF-8"));
	s = b.err ? STR_NONE : arena_dup(c->arena, buf_str(&b));
	buf_free(&b);
	return s;
}

static struct mime_header *add_header(struct cpim *p, const char *name,
				      struct str value)
{
	struct mime_header *h = &p->headers[p->headers_n++];

	*h = (struct mime_header){ str_of(name), value };
	return h;
}

static void put_report(struct sip_content *c, const struct msg *m,
		       struct cpim *p, struct buf *xml)
{
	struct imdn d = { .message_id = m->report.msg_id,
			  .utc_us = m->report.utc_us,
			  .recipient_uri = p->from.uri,
			  .original_recipient_uri = p->from.uri,
			  .kind = m->report.kind,
			  .status = m->report.status };
	size_t i;

	(void)c;
	imdn_put(xml, &d);
	if (xml->err)
		buf_fail(&c->body, xml->err);
	add_header(p, "Content-Type", STR("message/imdn+xml"));
	add_header(p, "Content-Disposition", STR("notification"));
	p->content = buf_str(xml);
	for (i = 0; i < m->routes_n && i < CPIM_ROUTES_MAX; i++)
		p->routes[p->routes_n++] = m->routes[i];
}

static void put_text(struct sip_content *c, const struct msg *m, struct cpim *p)
{
	size_t i;

	add_header(p, "Content-Type", type_of(c, m));
	p->content = m->body.bytes;
	p->wants = m->wants & (CPIM_WANT_POSITIVE | CPIM_WANT_NEGATIVE |
			       CPIM_WANT_PROCESSING | CPIM_WANT_DISPLAY);
	for (i = 0; i < m->record_routes_n && i < CPIM_ROUTES_MAX; i++)
		p->record_routes[p->record_routes_n++] = m->record_routes[i];
	for (i = 0; i < m->extra_n && i < CPIM_HEADERS_MAX; i++)
		p->extra[p->extra_n++] = m->extra[i];
}

static void put_cpim(struct sip_content *c, const struct msg *m,
		     const struct addr *from, const struct addr *to)
{
	struct cpim *p = arena_zalloc(c->arena, sizeof(*p));
	struct buf xml;

	if (!p) {
		buf_fail(&c->body, ERR_LIMIT);
		return;
	}
	buf_init(&xml, 65536);
	p->from.display = from->display;
	p->from.uri = addr_uri(c->arena, from, false);
	p->to[0].uri = addr_uri(c->arena, to, false);
	p->to_n = 1;
	p->sent_utc_us = m->sent_utc_us ? m->sent_utc_us : net_utc_us();
	p->message_id = m->id;
	if (m->kind == MSG_REPORT)
		put_report(c, m, p, &xml);
	else
		put_text(c, m, p);
	cpim_put(&c->body, p);
	buf_free(&xml);
	sip_put_own(&c->head, "Content-Type", "message/cpim");
}

static void put_plain(struct sip_content *c, const struct msg *m)
{
	if (m->kind == MSG_COMPOSING) {
		struct iscomposing n = {
			.is_active = m->composing.is_active,
			.refresh_s = m->composing.refresh_s,
		};

		iscomposing_put(&c->body, &n);
		sip_put_own(&c->head, "Content-Type",
			    "application/im-iscomposing+xml");
		return;
	}
	buf_put_str(&c->body, m->body.bytes);
	sip_put_word(&c->head, "Content-Type", type_of(c, m));
}

/* The same encoding as last time? Forks of one message share it. */
static bool is_same(const struct sip_content *c, const struct addr *from,
		    const struct addr *to)
{
	return c->is_made && (!c->is_cpim || (str_eq(c->from, from->text) &&
					      str_eq(c->to, to->text)));
}

int sip_content_put(struct sip_content *c, const struct msg *m,
		    const struct addr *from, const struct addr *to,
		    bool is_cpim)
{
	if (is_same(c, from, to))
		return c->body.err ? c->body.err : c->head.err;
	if (!c->arena)
		c->arena = arena_new(65536);
	arena_reset(c->arena);
	buf_clear(&c->body);
	buf_clear(&c->head);
	c->is_made = true;
	c->is_cpim = is_cpim;
	c->from = arena_dup(c->arena, from->text);
	c->to = arena_dup(c->arena, to->text);
	if (m->body.kind != BODY_INLINE)
		buf_fail(&c->body, ERR_UNSUPPORTED);
	else if (is_cpim)
		put_cpim(c, m, from, to);
	else
		put_plain(c, m);
	if (arena_err(c->arena))
		buf_fail(&c->body, ERR_LIMIT);
	return c->body.err ? c->body.err : c->head.err;
}
