/* adapters/sip/way_out.c: where a message goes: over a link to another server,
 * down the connection a client registered on, by the Path of his binding, or to
 * the contact itself. [RFC 3261 8.1.2, 16.6; RFC 3327; RFC 5626]
 */
#include "adapters/sip/sip_priv.h"

#include <stdio.h>
#include <string.h>

static bool put_cstr(char *out, size_t size, struct str s)
{
	if (s.n >= size)
		return false;
	memcpy(out, s.p ? s.p : "", s.n);
	out[s.n] = 0;
	return true;
}

static enum cause way_to_peer(struct sip *s, const struct target *t,
			      struct sip_way *w)
{
	struct sip_peer *p = sip_peer_find(s, t->link);
	struct buf b;
	bool ok;

	if (!p || p->state != LINK_UP)
		return CAUSE_LINK_DOWN;
	if (p->under_way >= p->window) {
		p->was_full = true;
		return CAUSE_OVERLOAD;
	}
	w->peer = p;
	w->transport = p->transport;
	w->is_trip = p->is_named || p->transport == TRANSPORT_TLS;
	if (!w->is_trip)
		w->listener = sip_listen_for(s, p->transport,
					     str_of(p->host));
	buf_init(&b, SIP_URI_MAX);
	sip_put_uri(&b, &t->to);
	ok = !b.err && put_cstr(w->uri, sizeof(w->uri), buf_str(&b));
	buf_free(&b);
	if (!w->is_trip)
		sip_peer_url(p, w->route, sizeof(w->route));
	return ok ? CAUSE_NONE : CAUSE_URI_TOO_LONG;
}

static enum transport transport_of(const struct uri *u)
{
	struct str v;

	if (u->scheme == URI_SIPS)
		return TRANSPORT_TLS;
	if (!uri_param(u->params, STR("transport"), &v))
		return TRANSPORT_UDP;
	if (str_ieq(v, STR("tcp")))
		return TRANSPORT_TCP;
	return str_ieq(v, STR("tls")) ? TRANSPORT_TLS : TRANSPORT_UDP;
}

/* The first URI of "<sip:a;lr>, <sip:b;lr>". */
static bool first_hop(struct str path, struct uri *out, struct str *text_out)
{
	size_t from = str_find(path, '<'), to = str_find(path, '>');

	if (from >= to || to >= path.n)
		return false;
	*text_out = str_sub(path, from + 1, to - from - 1);
	return uri_parse(*text_out, out) == 0;
}

static enum cause way_by_flow(struct sip *s, const struct sip_flow *f,
			      struct sip_way *w)
{
	bool is_ip6 = strchr(f->address, ':') != NULL;

	if (f->transport != TRANSPORT_UDP) {
		w->tport = sip_flow_find(s, f, &w->listener);
		if (!w->tport)
			return CAUSE_FLOW_FAILED;
		if (!tport_is_clear_to_send(w->tport))
			return CAUSE_FLOW_FAILED;
		if (tport_queuelen(w->tport) >= SIP_FLOW_QUEUE_MAX)
			return CAUSE_OVERLOAD; /* it does not read */
		w->transport = f->transport;
		return CAUSE_NONE;
	}
	w->transport = TRANSPORT_UDP;
	w->listener = sip_listen_for(s, TRANSPORT_UDP, str_of(f->address));
	snprintf(w->route, sizeof(w->route), "sip:%s%s%s:%u;transport=udp",
		 is_ip6 ? "[" : "", f->address, is_ip6 ? "]" : "", f->port);
	return CAUSE_NONE;
}

static enum cause way_to_binding(struct sip *s, const struct target *t,
				 struct sip_way *w)
{
	const struct binding *b = t->binding;
	struct str text = b->contact;
	struct sip_flow f;
	struct uri u;

	if (uri_parse(text, &u) < 0)
		return CAUSE_NO_BINDING;
	/* Headers have no place in a Request-URI [RFC 3261 19.1.1]. */
	if (u.headers.n)
		text.n = (size_t)(u.headers.p - text.p) - 1;
	if (!put_cstr(w->uri, sizeof(w->uri), text))
		return CAUSE_NO_BINDING;
	if (b->path.n) {
		if (!first_hop(b->path, &u, &text) ||
		    !put_cstr(w->route, sizeof(w->route), text))
			return CAUSE_NO_BINDING;
		w->routes = b->path;
	} else if (sip_flow_parse(b->flow, &f)) {
		/* Without the connection a contact that promised nothing
		   [RFC 5626] may still be reached directly. */
		enum cause c = way_by_flow(s, &f, w);

		if (c != CAUSE_FLOW_FAILED || b->reg_id)
			return c;
		w->tport = NULL;
	}
	w->transport = transport_of(&u);
	w->listener = sip_listen_for(s, w->transport,
				     u.host.n && u.host.p[0] == '[' ? STR("::")
								    : STR(""));
	return CAUSE_NONE;
}

enum cause sip_way_find(struct sip *s, const struct target *t,
			struct sip_way *w)
{
	enum cause c;

	memset(w, 0, sizeof(*w));
	if (s->is_draining)
		return CAUSE_LINK_DOWN;
	if (s->outs_n >= SIP_OUTGOING_MAX) {
		s->was_full = true;
		return CAUSE_OVERLOAD;
	}
	if (t->link)
		c = way_to_peer(s, t, w);
	else
		c = t->binding ? way_to_binding(s, t, w) : CAUSE_LEG_GONE;
	if (c == CAUSE_NONE && !w->listener && !w->is_trip)
		c = t->link ? CAUSE_LINK_DOWN : CAUSE_NO_BINDING;
	/* What is sips: goes over TLS or not at all [RFC 3261 26.2.2]; a user
	   may have a better contact later [RFC 5630 5.3: 480]. */
	if (c == CAUSE_NONE && t->to.is_secure && !w->is_trip &&
	    w->transport != TRANSPORT_TLS)
		c = t->link ? CAUSE_SIPS_ONLY : CAUSE_NO_BINDING;
	return c;
}
