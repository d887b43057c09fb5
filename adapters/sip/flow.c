/* adapters/sip/flow.c: over which connection a contact registered, as a short
 * note in his binding: "tcp 192.0.2.1 40123" or, when the address in a contact
 * registered over UDP is not where it came from, "udp 192.0.2.1 5060".
 * A connection that is gone is no longer found; whoever sends then tries the
 * contact itself. [RFC 5626 in spirit, RFC 3581]
 */
#include "adapters/sip/sip_priv.h"

#include <stdio.h>
#include <string.h>

struct str sip_flow_make(struct arena *a, const struct sip_in *in,
			 const url_t *contact)
{
	enum transport t = in->l->transport;
	const char *host = contact->url_host ? contact->url_host : "";
	struct str h = str_of(host);

	/* [::1] and ::1 are the same. */
	if (h.n > 1 && h.p[0] == '[')
		h = str_sub(h, 1, h.n - 2);
	if (t == TRANSPORT_UDP && str_eq(h, str_of(in->source)))
		return STR("");
	return arena_printf(a, "%s %s %u", sip_transport_name(t), in->source,
			    in->source_port);
}

bool sip_flow_parse(struct str s, struct sip_flow *out)
{
	struct str proto, address, rest = s;
	uint32_t port;

	if (!s.n || !str_split(&rest, ' ', &proto) ||
	    !str_split(&rest, ' ', &address) || !str_u32(rest, &port) ||
	    !port || port > 65535 || address.n >= SIP_ADDR_MAX)
		return false;
	if (str_eq(proto, STR("udp")))
		out->transport = TRANSPORT_UDP;
	else if (str_eq(proto, STR("tcp")))
		out->transport = TRANSPORT_TCP;
	else if (str_eq(proto, STR("tls")))
		out->transport = TRANSPORT_TLS;
	else
		return false;
	memcpy(out->address, address.p, address.n);
	out->address[address.n] = 0;
	out->port = (uint16_t)port;
	return true;
}

tport_t *sip_flow_find(struct sip *s, const struct sip_flow *f,
		       struct sip_listener **l_out)
{
	struct list_link *it, *tmp;
	char port[8];
	tp_name_t tpn = { .tpn_proto = sip_transport_name(f->transport),
			  .tpn_canon = f->address,
			  .tpn_host = f->address,
			  .tpn_port = port };

	snprintf(port, sizeof(port), "%u", f->port);
	list_each(it, tmp, &s->listeners) {
		struct sip_listener *l = list_of(it, struct sip_listener, all);
		tport_t *tp;

		if (l->transport != f->transport)
			continue;
		tp = tport_by_name(nta_agent_tports(l->agent), &tpn);
		if (tp && tport_is_secondary(tp)) {
			*l_out = l;
			return tp;
		}
	}
	return NULL;
}
