/* adapters/sip/hops.c: which servers of a name a request may go to, best first:
 * what locate.c reads out of DNS, without transports that policy or our sockets
 * rule out, without addresses that DNS may not name, and without those that
 * failed lately. A request too large for a datagram goes over TCP to where it
 * would have gone over UDP. [RFC 3263 4, RFC 3261 18.1.1]
 */
#include "adapters/sip/sip_priv.h"

#include <string.h>

enum {
	UDP_BYTES_MAX = 1300, /* of a whole request [RFC 3261 18.1.1] */
	VIA_BYTES = 200,      /* what the stack adds: Request-URI, Via */
};

/* ---- transports -------------------------------------------------------- */

static unsigned transports_of(const struct sip_hops_want *w)
{
	const struct link_conf *k = w->link;
	unsigned all = LOCATE_TLS;

	if (k->transport != TRANSPORT_AUTO)
		all = 1u << k->transport;
	else if (k->tls != TLS_REQUIRE)
		all = k->tls == TLS_OFF ? LOCATE_UDP | LOCATE_TCP : LOCATE_ANY;
	return w->is_secure ? all & LOCATE_TLS : all;
}

static bool has(struct sip *s, enum transport t, struct str address)
{
	return t == TRANSPORT_TLS || sip_listen_for(s, t, address);
}

/* What we have a socket for; TLS makes its own. */
static unsigned usable(struct sip *s, unsigned transports)
{
	static const enum transport list[] = { TRANSPORT_UDP, TRANSPORT_TCP };
	size_t i;

	for (i = 0; i < 2; i++)
		if (!has(s, list[i], STR("")) && !has(s, list[i], STR("::")))
			transports &= ~(1u << list[i]);
	return transports;
}

static bool has_family(struct sip *s, unsigned transports, struct str address)
{
	static const enum transport list[] = { TRANSPORT_UDP, TRANSPORT_TCP,
					       TRANSPORT_TLS };
	size_t i;

	for (i = 0; i < 3; i++)
		if ((transports & 1u << list[i]) && has(s, list[i], address))
			return true;
	return false;
}

/* ---- what stays of the list -------------------------------------------- */

static void drop_hop(struct locate_list *l, size_t i)
{
	memmove(&l->hops[i], &l->hops[i + 1],
		(--l->hops_n - i) * sizeof(l->hops[0]));
}

/* False: DNS led only to where it may not. An address of the configuration is
   meant as it stands there. */
static bool drop_inside(struct sip *s, const struct sip_hops_want *w,
			struct locate_list *l)
{
	size_t i, n = l->hops_n;

	if (!w->link->is_named)
		return true;
	for (i = l->hops_n; i-- > 0;)
		if (!sip_inside_ok(w->link, l->hops[i].address))
			drop_hop(l, i);
	if (l->hops_n < n)
		log_warning(&s->log, "dns_inside", F_STR("domain", w->domain),
			    F_N("addresses", n - l->hops_n));
	return l->hops_n > 0;
}

static bool is_there(const struct locate_list *l, const struct locate_hop *h)
{
	size_t i;

	for (i = 0; i < l->hops_n; i++)
		if (l->hops[i].transport == h->transport &&
		    l->hops[i].port == h->port &&
		    strcmp(l->hops[i].address, h->address) == 0)
			return true;
	return false;
}

static void add_hop(struct locate_list *l, const struct locate_hop *h)
{
	if (l->hops_n < LOCATE_HOPS_MAX && !is_there(l, h))
		l->hops[l->hops_n++] = *h;
}

/* Each server over TCP first, and over UDP only when its body is one we send
   so: a peer may have no TCP after all. False: nothing is left. */
static bool avoid_udp(struct sip *s, struct sip_hops_want *w,
		      struct locate_list *l)
{
	size_t max = s->conf->sip_udp_bytes_max, i, udp_n = 0;
	struct locate_list in = *l;

	if (w->bytes + VIA_BYTES <= UDP_BYTES_MAX)
		return true;
	l->hops_n = 0;
	for (i = 0; i < in.hops_n; i++) {
		struct locate_hop h = in.hops[i];

		if (h.transport == TRANSPORT_UDP) {
			h.transport = TRANSPORT_TCP;
			udp_n++;
		}
		if (has(s, h.transport, str_of(h.address)))
			add_hop(l, &h);
	}
	for (i = 0; i < in.hops_n; i++)
		if (in.hops[i].transport == TRANSPORT_UDP &&
		    (!max || w->body_n <= max))
			add_hop(l, &in.hops[i]);
	w->is_too_large = max && w->body_n > max && udp_n == in.hops_n;
	return l->hops_n > 0;
}

/* Those that failed lately count only when all did: then the one whose time is
   over first, alone. */
static void drop_listed(struct sip *s, struct locate_list *l)
{
	int64_t now = net_now_ms(s->loop), until, first = 0;
	struct locate_hop best = l->hops[0];
	size_t i;

	for (i = l->hops_n; i-- > 0;) {
		until = sip_blacklist_until(&s->blacklist, &l->hops[i], now);
		if (!until)
			continue;
		if (!first || until <= first) {
			first = until;
			best = l->hops[i];
		}
		drop_hop(l, i);
	}
	if (!l->hops_n)
		add_hop(l, &best);
}

/* ---- all of it --------------------------------------------------------- */

static const struct dns_answer *ask(void *arg, struct str name,
				    enum dns_type type)
{
	return net_resolve(arg, name, type);
}

static enum cause cause_of(const struct sip_hops_want *w,
			   enum locate_status status)
{
	switch (status) {
	case LOCATE_NO_SERVICE:
		return w->is_secure ? CAUSE_SIPS_ONLY : CAUSE_REMOTE_NOT_FOUND;
	case LOCATE_NO_NAME:
		return CAUSE_REMOTE_NOT_FOUND;
	case LOCATE_FAILED:
		return CAUSE_LINK_DOWN;
	case LOCATED:
	case LOCATE_WAIT:
		break;
	}
	return CAUSE_NONE;
}

enum cause sip_hops_find(struct sip *s, struct sip_hops_want *w,
			 struct locate_list *out)
{
	unsigned transports = usable(s, transports_of(w));
	const struct locate_want lw = {
		.host = w->domain, .port = w->link->port,
		.targets = w->link->targets, .targets_n = w->link->targets_n,
		.transports = transports, .seed = w->seed,
		.has_ip4 = has_family(s, transports, STR("")),
		.has_ip6 = has_family(s, transports, STR("::")),
	};

	locate(&lw, ask, s->resolver, out);
	if (out->status != LOCATED)
		return cause_of(w, out->status);
	if (!drop_inside(s, w, out))
		return CAUSE_REMOTE_NOT_FOUND;
	if (!avoid_udp(s, w, out))
		return CAUSE_TOO_LARGE;
	drop_listed(s, out);
	return CAUSE_NONE;
}
