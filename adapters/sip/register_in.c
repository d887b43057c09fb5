/* adapters/sip/register_in.c: REGISTER as an event. Contacts are taken apart
 * and nothing more: expiry limits, order by CSeq and what is bound are decided
 * by core. [RFC 3261 10.3, RFC 5626, RFC 3327]
 */
#include "adapters/sip/sip_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTACTS_MAX 16u
#define EXPIRES_UNSET UINT32_MAX

static enum cause refuse(struct sip_in *in, const char *words)
{
	in->words = words;
	return CAUSE_BAD_REQUEST;
}

/* "0.7" -> 700; 1000 when absent [RFC 3261 25.1 qvalue]. */
static bool read_q(const char *text, uint16_t *out)
{
	struct str s = str_of(text ? text : "1"), frac;
	uint32_t n = 0;
	size_t i;

	*out = 1000;
	if (!s.n || (s.p[0] != '0' && s.p[0] != '1') || s.n > 5 ||
	    (s.n > 1 && s.p[1] != '.'))
		return false;
	frac = str_from(s, 2);
	for (i = 0; i < 3; i++) {
		char c = i < frac.n ? frac.p[i] : '0';

		if (!ch_is_digit((unsigned char)c))
			return false;
		n = n * 10 + (uint32_t)(c - '0');
	}
	if (s.p[0] == '1')
		return n == 0;
	*out = (uint16_t)n;
	return true;
}

/* "+sip.instance=\"<urn:uuid:..>\"" without its quotes. */
static struct str unquote(struct str s)
{
	if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
		return str_sub(s, 1, s.n - 2);
	return s;
}

static bool is_named(struct str param, const char *name)
{
	struct str n = str_of(name);

	return str_istarts(param, n) && (param.n == n.n || param.p[n.n] == '=');
}

static struct str value_of(struct str param)
{
	size_t at = str_find(param, '=');

	return at < param.n ? str_trim(str_from(param, at + 1)) : STR("");
}

/* Ours to say: what a device repeats of them is not kept. */
static bool is_ours(struct str param)
{
	static const char *const names[] = { "q", "expires", "pub-gruu",
					     "temp-gruu" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (is_named(param, names[i]))
			return true;
	return false;
}

/* Everything else is kept as written. */
static enum cause read_params(struct sip_in *in, struct arena *a,
			      const sip_contact_t *m, struct binding *out)
{
	struct buf b;
	size_t i;

	buf_init(&b, BINDING_PARAMS_MAX);
	for (i = 0; m->m_params && m->m_params[i]; i++) {
		struct str p = str_of(m->m_params[i]);

		if (is_ours(p))
			continue;
		if (!utf8_is_clean_line(p)) {
			buf_fail(&b, ERR_SYNTAX);
			break;
		}
		if (is_named(p, "+sip.instance"))
			out->instance = arena_dup(a, unquote(value_of(p)));
		if (is_named(p, "reg-id") &&
		    !str_u32(value_of(p), &out->reg_id))
			buf_fail(&b, ERR_SYNTAX);
		if (b.n)
			buf_put_char(&b, ';');
		buf_put_str(&b, p);
	}
	if (!b.err)
		out->params = arena_dup(a, buf_str(&b));
	i = (size_t)(b.err != 0);
	buf_free(&b);
	return i ? refuse(in, "Bad Contact") : CAUSE_NONE;
}

static uint32_t header_expires(const sip_t *sip)
{
	const sip_expires_t *ex = sip->sip_expires;
	sip_time_t now = sip_now();

	if (!ex)
		return EXPIRES_UNSET;
	if (!ex->ex_date)
		return (uint32_t)ex->ex_delta;
	return ex->ex_date > now ? (uint32_t)(ex->ex_date - now) : 0;
}

/* EXPIRES_UNSET when nothing is said: the default is core's. */
static uint32_t read_expires(const sip_t *sip, const sip_contact_t *m)
{
	uint64_t n;

	if (!m->m_expires)
		return header_expires(sip);
	/* Anything malformed counts as 3600 [RFC 3261 10.3 7]. */
	if (!str_u64(str_of(m->m_expires), &n))
		n = 3600;
	return n >= EXPIRES_UNSET ? EXPIRES_UNSET - 1 : (uint32_t)n;
}

/* Our own flow is found by the note; Path is for hops before us. */
static struct str read_path(const sip_t *sip, struct arena *a)
{
	const sip_path_t *p;
	struct str s;
	struct buf b;

	buf_init(&b, 2048);
	if (sip_is_unreadable(sip, "Path"))
		buf_fail(&b, ERR_SYNTAX);
	for (p = sip->sip_path; p; p = p->r_next) {
		char url[SIP_URI_MAX + 1];
		struct str text = sip_url_text(p->r_url, url);
		struct uri u;

		if (uri_parse(text, &u) < 0 || !u.host.n)
			buf_fail(&b, ERR_SYNTAX);
		if (b.n)
			buf_put(&b, ", ", 2);
		buf_put_char(&b, '<');
		buf_put_str(&b, text);
		buf_put_char(&b, '>');
	}
	s = b.err ? STR_NONE : arena_dup(a, buf_str(&b));
	buf_free(&b);
	return s;
}

static enum cause read_contact(struct sip_in *in, struct arena *a,
			       const sip_contact_t *m, struct binding *out)
{
	char text[SIP_URI_MAX + 1];
	struct str s = sip_url_text(m->m_url, text);
	struct uri u;
	enum cause c;

	if (!s.n || !utf8_is_clean_line(s) || uri_parse(s, &u) < 0 ||
	    (u.scheme != URI_SIP && u.scheme != URI_SIPS))
		return refuse(in, "Bad Contact");
	out->contact = arena_dup(a, s);
	out->params = out->instance = out->user_agent = STR("");
	if (!read_q(m->m_q, &out->q_milli))
		return refuse(in, "Bad q value");
	c = read_params(in, a, m, out);
	if (c != CAUSE_NONE)
		return c;
	c = sip_read_line(a, in->sip->sip_call_id->i_id, 1024, &out->call_id);
	out->cseq = in->sip->sip_cseq->cs_seq;
	out->path = read_path(in->sip, a);
	/* Behind another proxy the connection is that proxy's. */
	out->flow = out->path.n ? STR("") : sip_flow_make(a, in, m->m_url);
	if (!out->path.p)
		return refuse(in, "Bad Path");
	if (c == CAUSE_NONE && in->sip->sip_user_agent &&
	    sip_read_line(a, in->sip->sip_user_agent->g_string, 255,
			  &out->user_agent) != CAUSE_NONE)
		out->user_agent = STR(""); /* decoration only */
	return c;
}

static enum cause read_contacts(struct sip_in *in, struct arena *a,
				struct registration *r)
{
	const sip_contact_t *m;
	size_t n = 0;

	for (m = in->sip->sip_contact; m; m = m->m_next)
		n++;
	if (n > CONTACTS_MAX)
		return refuse(in, "Too many contacts");
	r->contacts = arena_array(a, n + 1, sizeof(*r->contacts));
	r->expires_s = arena_array(a, n + 1, sizeof(*r->expires_s));
	if (!r->contacts || !r->expires_s)
		return CAUSE_TOO_LARGE;
	for (m = in->sip->sip_contact; m; m = m->m_next) {
		size_t i = r->contacts_n;
		enum cause c;

		if (m->m_url->url_type == url_any) {
			/* * stands alone and with Expires: 0 [10.2.2] */
			if (n != 1 || header_expires(in->sip) != 0)
				return refuse(in, "Bad Contact *");
			r->is_star = true;
			return CAUSE_NONE;
		}
		c = read_contact(in, a, m, &r->contacts[i]);
		if (c != CAUSE_NONE)
			return c;
		r->expires_s[i] = read_expires(in->sip, m);
		r->contacts_n++;
	}
	return CAUSE_NONE;
}

/* The first proxy behind the client stands last in Path, and says there that
   it keeps his flow [RFC 5626 5.1]. */
static enum first_hop first_hop(struct sip_in *in)
{
	const sip_path_t *p = in->sip->sip_path;

	if (!p && (!in->sip->sip_via || !in->sip->sip_via->v_next))
		return tport_is_reliable(in->tport) ? HOP_KEEPS : HOP_PLAIN;
	while (p && p->r_next)
		p = p->r_next;
	return p && url_has_param(p->r_url, "ob") ? HOP_KEEPS : HOP_LACKS;
}

static void read_extensions(struct sip_in *in, struct registration *r)
{
	const sip_t *sip = in->sip;

	r->has_path = sip->sip_path != NULL;
	r->can_path = sip_can(sip, "path");
	r->can_gruu = sip_can(sip, "gruu");
	r->can_outbound = sip_can(sip, "outbound");
	r->first_hop = first_hop(in);
}

/* Whose registrar is asked. */
static enum cause read_domain(struct sip_in *in, struct event *ev,
			      struct registration *r)
{
	struct addr asked;
	enum cause c = sip_read_url(ev->arena, in->sip->sip_request->rq_url,
				    STR(""), &asked);

	r->domain = asked.domain;
	return c;
}

enum cause sip_read_register(struct sip_in *in, struct event *ev)
{
	struct registration *r = arena_zalloc(ev->arena, sizeof(*r));
	const sip_t *sip = in->sip;
	enum cause c;

	if (!r)
		return CAUSE_TOO_LARGE;
	ev->u.registration = r;
	c = sip_read_name_addr(ev->arena, sip->sip_to->a_display,
			       sip->sip_to->a_url, &r->aor);
	if (c == CAUSE_NONE)
		c = sip_read_line(ev->arena, sip->sip_call_id->i_id, 1024,
				  &r->call_id);
	r->cseq = sip->sip_cseq->cs_seq;
	read_extensions(in, r);
	if (c == CAUSE_NONE)
		c = read_domain(in, ev, r);
	if (c == CAUSE_NONE)
		c = read_contacts(in, ev->arena, r);
	if (c == CAUSE_NONE && arena_err(ev->arena))
		c = CAUSE_TOO_LARGE;
	return c;
}
