/* adapters/xmpp/stanza.c: ends, lines and encoders of stanzas; see stanza.h.
 * Every value is written by xml_put_text() or xml_put_attr(), also our own.
 */
#include "adapters/xmpp/stanza.h"

#include "core/base/utf8.h"

static bool is_component(const struct config *c, struct str domain)
{
	size_t i;

	for (i = 0; i < c->links_n; i++)
		if (c->links[i].kind == LINK_XMPP_COMPONENT &&
		    str_ieq(c->links[i].component, domain))
			return true;
	return false;
}

bool stanza_is_served(const struct stanza_ctx *ctx, struct str domain)
{
	const struct domain_conf *d;

	if (str_ieq(domain, ctx->rule->host) ||
	    is_component(ctx->config, domain))
		return true;
	d = config_domain(ctx->config, domain);
	return d && d->kind == DOMAIN_SERVED;
}

/* An escaped blank may be neither first nor last. [XEP-0106 4.1] */
static bool has_blank_end(struct str local)
{
	return str_starts(local, STR("\\20")) || str_ends(local, STR("\\20"));
}

enum stanza_fit stanza_ends_of(struct arena *a, const struct stanza_ctx *ctx,
			       const struct xml_node *stanza,
			       struct stanza_ends *out)
{
	struct str from = xml_attr_of(stanza, "from");
	struct str to = xml_attr_of(stanza, "to");

	if (from.n == 0 || jid_prepare(a, from, &out->from) < 0)
		return STANZA_IGNORE;
	/* Nobody outside may speak as one of ours. */
	if (stanza_is_served(ctx, out->from.domain))
		return STANZA_IGNORE;
	if (to.n == 0 || jid_prepare(a, to, &out->to) < 0 ||
	    !str_ieq(out->to.domain, ctx->rule->host))
		return STANZA_MALFORMED;
	if (has_blank_end(out->to.local) || has_blank_end(out->from.local))
		return STANZA_MALFORMED;
	return STANZA_FITS;
}

bool stanza_id_ok(struct str id)
{
	return id.n > 0 && id.n <= STANZA_ID_MAX && utf8_is_clean_line(id);
}

struct str stanza_jid(struct arena *a, const struct jid *j, bool is_bare)
{
	struct jid shown = *j;
	struct str s = STR_NONE;
	struct buf b;

	if (is_bare)
		shown.resource = STR("");
	buf_init(&b, 3 * JID_PART_MAX + 2);
	jid_put(&b, &shown);
	if (b.err == 0)
		s = arena_dup(a, buf_str(&b));
	buf_free(&b);
	return s;
}

struct str stanza_line(struct arena *a, struct str s, size_t max_bytes)
{
	struct str clean;
	uint32_t code;
	size_t i, n;
	char *p;

	if (s.n == 0 ||
	    utf8_clean_text(a, utf8_cut(s, 4 * max_bytes), &clean, NULL) < 0)
		return STR("");
	p = arena_alloc(a, clean.n + 1);
	if (!p)
		return STR("");
	for (i = 0; i < clean.n; i += n) {
		size_t k;

		n = utf8_next(str_from(clean, i), &code);
		if (n == 0)
			break;
		for (k = 0; k < n; k++)
			p[i + k] = code < 0x20 || (code >= 0x7f && code < 0xa0)
					   ? ' '
					   : clean.p[i + k];
	}
	return str_trim(utf8_cut(str_trim((struct str){ p, i }), max_bytes));
}

void stanza_put_attr(struct buf *b, const char *name, struct str value)
{
	if (value.n == 0)
		return;
	buf_put_char(b, ' ');
	buf_put_str(b, str_of(name));
	buf_put_str(b, STR("='"));
	xml_put_attr(b, value);
	buf_put_char(b, '\'');
}

void stanza_put_text(struct buf *b, const char *name, const char *ns,
		     struct str text)
{
	buf_put_char(b, '<');
	buf_put_str(b, str_of(name));
	if (ns)
		stanza_put_attr(b, "xmlns", str_of(ns));
	if (text.n == 0) {
		buf_put_str(b, STR("/>"));
		return;
	}
	buf_put_char(b, '>');
	xml_put_text(b, text);
	buf_put_str(b, STR("</"));
	buf_put_str(b, str_of(name));
	buf_put_char(b, '>');
}

void stanza_put_head(struct buf *b, const char *kind, const char *type,
		     struct str from, struct str to, struct str id)
{
	buf_put_char(b, '<');
	buf_put_str(b, str_of(kind));
	if (type)
		stanza_put_attr(b, "type", str_of(type));
	stanza_put_attr(b, "from", from);
	stanza_put_attr(b, "to", to);
	stanza_put_attr(b, "id", id);
}

void stanza_put_error(struct buf *b, const char *kind, struct str from,
		      struct str to, struct str id,
		      const struct stanza_error *e)
{
	struct xmpp_fault fault = xmpp_fault_of(e->cause);
	struct str text = e->text.n ? e->text : str_of(cause_text(e->cause));

	stanza_put_head(b, kind, "error", from, to, id);
	buf_put_str(b, STR("><error"));
	stanza_put_attr(b, "type", str_of(fault.type));
	stanza_put_attr(b, "by", e->by);
	buf_put_char(b, '>');
	/* Only moved and redirected say where to; gone for good must not. */
	stanza_put_text(b, xmpp_cond_name(fault.cond), NS_STANZAS,
			e->cause == CAUSE_MOVED || e->cause == CAUSE_REDIRECT
				? e->address
				: STR(""));
	stanza_put_text(b, "text", NS_STANZAS, text);
	if (e->detail)
		stanza_put_text(b, e->detail, e->detail_ns, STR(""));
	buf_put_str(b, STR("</error></"));
	buf_put_str(b, str_of(kind));
	buf_put_char(b, '>');
}

void stanza_put_refusal(struct buf *b, const struct xml_node *stanza,
			struct str from, const struct stanza_error *e)
{
	const char *kind = xml_is(stanza, NULL, "iq")	      ? "iq"
			   : xml_is(stanza, NULL, "presence") ? "presence"
							      : "message";

	stanza_put_error(b, kind, from, xml_attr_of(stanza, "from"),
			 utf8_cut(xml_attr_of(stanza, "id"), JID_PART_MAX), e);
}
