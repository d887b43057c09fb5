/* adapters/sip/locate.c: see locate.h. All questions of one stage are asked
 * before the next stage, so that they go out together.
 */
#include "adapters/sip/locate.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "core/base/hash.h"

enum { SRV_NAMES_MAX = 8, SERVERS_MAX = 16 };

struct service {
	enum transport transport;
	char name[DNS_NAME_MAX]; /* of SRV records */
};

struct run {
	const struct locate_want *w;
	locate_dns_h *dns;
	void *arg;
	struct locate_list *out;
	uint64_t draws;
	bool is_waiting; /* for anything */
	bool has_failed; /* an answer that was needed */
	bool has_service, has_name;
};

static const struct dns_answer *ask(struct run *r, struct str name,
				    enum dns_type type)
{
	const struct dns_answer *a = r->dns(r->arg, name, type);

	if (!a)
		r->is_waiting = true;
	else if (a->status == DNS_FAILED)
		r->has_failed = true;
	else if (a->status != DNS_NO_NAME)
		r->has_name = true;
	return a;
}

/* ---- A and AAAA -------------------------------------------------------- */

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

static void add_hop(struct run *r, enum transport t, uint16_t port, int family,
		    const void *ip)
{
	struct locate_hop h = { .transport = t, .port = port };

	if (!port)
		h.port = t == TRANSPORT_TLS ? 5061 : 5060; /* [RFC 3261 19.1.2]
							    */
	if (inet_ntop(family, ip, h.address, sizeof(h.address)) &&
	    r->out->hops_n < LOCATE_HOPS_MAX && !is_there(r->out, &h))
		r->out->hops[r->out->hops_n++] = h;
}

/* AAAA before A, and both are asked for at once [RFC 6724 2.1 as default]. */
static void add_host(struct run *r, enum transport t, struct str host,
		     uint16_t port)
{
	const struct dns_answer *six = NULL, *four = NULL;
	size_t i;

	if (r->w->has_ip6)
		six = ask(r, host, DNS_AAAA);
	if (r->w->has_ip4)
		four = ask(r, host, DNS_A);
	for (i = 0; six && i < six->records_n; i++)
		add_hop(r, t, port, AF_INET6, six->records[i].ip);
	for (i = 0; four && i < four->records_n; i++)
		add_hop(r, t, port, AF_INET, four->records[i].ip);
}

static bool add_numeric(struct run *r, enum transport t, struct str h,
			uint16_t port)
{
	char text[LOCATE_ADDRESS_MAX];
	uint8_t ip[16];

	if (str_starts(h, STR("[")) && str_ends(h, STR("]")))
		h = str_sub(h, 1, h.n - 2);
	if (!h.n || h.n >= sizeof(text))
		return false;
	memcpy(text, h.p, h.n);
	text[h.n] = 0;
	if (inet_pton(AF_INET, text, ip) == 1)
		add_hop(r, t, port, AF_INET, ip);
	else if (inet_pton(AF_INET6, text, ip) == 1)
		add_hop(r, t, port, AF_INET6, ip);
	else
		return false;
	r->has_name = r->has_service = true;
	return true;
}

/* ---- SRV --------------------------------------------------------------- */

static uint64_t draw(struct run *r, uint64_t below)
{
	uint64_t at = ++r->draws;

	return hash_key(r->w->seed, &at, sizeof(at)) % below;
}

static void swap(const struct dns_record **list, size_t a, size_t b)
{
	const struct dns_record *keep = list[a];

	list[a] = list[b];
	list[b] = keep;
}

/* One of list[from..to) by weight, to the front. Those of weight 0 have their
   very small chance by standing first [RFC 2782]. */
static void pick(struct run *r, const struct dns_record **list, size_t from,
		 size_t to)
{
	uint64_t sum = 0, at = 0, mark;
	size_t i, n = from;

	for (i = from; i < to; i++) {
		sum += list[i]->weight;
		if (!list[i]->weight)
			swap(list, n++, i);
	}
	mark = draw(r, sum + 1);
	for (i = from; i < to; i++) {
		at += list[i]->weight;
		if (at >= mark)
			break;
	}
	swap(list, from, i < to ? i : from);
}

/* By priority, and by weight within one. */
static size_t order_srv(struct run *r, const struct dns_record *records,
			size_t records_n,
			const struct dns_record *out[DNS_RECORDS_MAX])
{
	size_t i, j, n = 0;

	for (i = 0; i < records_n; i++) {
		const struct dns_record *it = &records[i];

		if (!it->target[0] || (!it->port && !r->w->targets_n))
			continue; /* "." : not offered [RFC 2782] */
		for (j = n++; j > 0 && out[j - 1]->order > it->order; j--)
			out[j] = out[j - 1];
		out[j] = it;
	}
	for (i = 0; i < n; i++) {
		for (j = i; j < n && out[j]->order == out[i]->order; j++)
			;
		pick(r, out, i, j);
	}
	return n;
}

static void add_servers(struct run *r, const struct service *s,
			const struct dns_answer *a)
{
	const struct dns_record *list[DNS_RECORDS_MAX];
	size_t i, n;

	if (!a || a->status != DNS_OK)
		return;
	n = order_srv(r, a->records, a->records_n, list);
	for (i = 0; i < n && i < SERVERS_MAX; i++) {
		r->has_service = true;
		add_host(r, s->transport, str_of(list[i]->target),
			 list[i]->port);
	}
}

/* Was there any SRV record at all? */
static bool by_services(struct run *r, const struct service *list, size_t n)
{
	const struct dns_answer *a[SRV_NAMES_MAX];
	bool is_any = false;
	size_t i;

	for (i = 0; i < n; i++) {
		a[i] = ask(r, str_of(list[i].name), DNS_SRV);
		if (a[i] && a[i]->status == DNS_OK)
			is_any = true;
	}
	if (r->is_waiting)
		return true;
	for (i = 0; i < n; i++)
		add_servers(r, &list[i], a[i]);
	return is_any;
}

/* ---- NAPTR ------------------------------------------------------------- */

static bool service_of(const struct dns_record *it, enum transport *t)
{
	if (it->flags != 's' || it->has_regexp || !it->target[0])
		return false;
	if (strcmp(it->service, "SIPS+D2T") == 0)
		*t = TRANSPORT_TLS;
	else if (strcmp(it->service, "SIP+D2T") == 0)
		*t = TRANSPORT_TCP;
	else if (strcmp(it->service, "SIP+D2U") == 0)
		*t = TRANSPORT_UDP;
	else
		return false;
	return true;
}

static bool is_before(const struct dns_record *a, const struct dns_record *b)
{
	return a->order != b->order ? a->order < b->order
				    : a->weight < b->weight;
}

/* The services that are offered and may be taken, in the domain's order. */
static size_t read_naptr(struct run *r, const struct dns_answer *a,
			 struct service out[SRV_NAMES_MAX], bool *is_sip)
{
	const struct dns_record *list[DNS_RECORDS_MAX];
	size_t i, j, n = 0;
	enum transport t;

	*is_sip = false;
	for (i = 0; i < a->records_n; i++) {
		const struct dns_record *it = &a->records[i];

		if (!service_of(it, &t))
			continue;
		*is_sip = true;
		if (!(r->w->transports & 1u << t))
			continue;
		for (j = n++; j > 0 && is_before(it, list[j - 1]); j--)
			list[j] = list[j - 1];
		list[j] = it;
	}
	if (n > SRV_NAMES_MAX)
		n = SRV_NAMES_MAX;
	for (i = 0; i < n; i++) {
		service_of(list[i], &out[i].transport);
		memcpy(out[i].name, list[i]->target, sizeof(out[i].name));
	}
	return n;
}

/* ---- all of it --------------------------------------------------------- */

/* Secure first, then what is congestion controlled [RFC 3428 8]. */
static const enum transport by_preference[] = { TRANSPORT_TLS, TRANSPORT_TCP,
						TRANSPORT_UDP };

static bool is_single(unsigned transports)
{
	return (transports & (transports - 1)) == 0;
}

/* The one to take when nothing says which: UDP, as every element has it, or
   the secure one when that is all we may [RFC 3263 4.1]. */
static enum transport usual(unsigned transports)
{
	if (transports & LOCATE_UDP)
		return TRANSPORT_UDP;
	return transports & LOCATE_TCP ? TRANSPORT_TCP : TRANSPORT_TLS;
}

static size_t own_services(const struct run *r,
			   struct service out[SRV_NAMES_MAX])
{
	static const char *const prefix[] = { [TRANSPORT_UDP] = "_sip._udp",
					      [TRANSPORT_TCP] = "_sip._tcp",
					      [TRANSPORT_TLS] = "_sips._tcp" };
	size_t i, n = 0;

	for (i = 0; i < 3; i++) {
		enum transport t = by_preference[i];
		int len;

		if (!(r->w->transports & 1u << t))
			continue;
		out[n].transport = t;
		len = snprintf(out[n].name, sizeof(out[n].name), "%s.%.*s",
			       prefix[t], STR_ARG(r->w->host));
		if (len > 0 && (size_t)len < sizeof(out[n].name))
			n++;
	}
	return n;
}

static void by_address(struct run *r)
{
	r->has_service = true;
	if (r->w->port || is_single(r->w->transports)) {
		add_host(r, usual(r->w->transports), r->w->host, r->w->port);
		return;
	}
	/* Secure if it can be, in clear if it may. */
	if (r->w->transports & LOCATE_TLS)
		add_host(r, TRANSPORT_TLS, r->w->host, 0);
	add_host(r, usual(r->w->transports), r->w->host, 0);
}

static void by_domain(struct run *r)
{
	struct service list[SRV_NAMES_MAX];
	const struct dns_answer *a;
	bool is_sip = false;
	size_t n = 0;

	/* A named transport makes NAPTR pointless [RFC 3263 4.1]; a policy that
	   leaves one does the same. */
	if (!is_single(r->w->transports) || r->w->transports == LOCATE_TLS) {
		a = ask(r, r->w->host, DNS_NAPTR);
		if (!a || a->status == DNS_FAILED)
			return;
		n = read_naptr(r, a, list, &is_sip);
		if (is_sip && n == 0)
			return; /* it says what it has: nothing for us */
	}
	if (!is_sip)
		n = own_services(r, list);
	if (by_services(r, list, n) || is_sip || r->has_failed)
		return;
	by_address(r);
}

/* What the configuration lists, in the order of SRV records. */
static void by_targets(struct run *r)
{
	struct dns_record records[LOCATE_HOPS_MAX];
	const struct dns_record *order[DNS_RECORDS_MAX];
	size_t i, n = 0;

	for (i = 0; i < r->w->targets_n && n < LOCATE_HOPS_MAX; i++)
		if (locate_target(r->w->targets[i], &records[n]))
			n++;
	n = order_srv(r, records, n, order);
	for (i = 0; i < n; i++)
		add_numeric(r, usual(r->w->transports),
			    str_of(order[i]->target), order[i]->port);
}

/* What is secure first, and otherwise in the order it has. */
static void secure_first(struct locate_list *l)
{
	struct locate_hop h;
	size_t i, j, n = 0;

	for (i = 0; i < l->hops_n; i++) {
		if (l->hops[i].transport != TRANSPORT_TLS)
			continue;
		h = l->hops[i];
		for (j = i; j > n; j--)
			l->hops[j] = l->hops[j - 1];
		l->hops[n++] = h;
	}
}

static enum locate_status judge(const struct run *r)
{
	if (r->is_waiting)
		return LOCATE_WAIT;
	if (r->out->hops_n)
		return LOCATED;
	if (r->has_failed)
		return LOCATE_FAILED;
	return r->has_service || !r->has_name ? LOCATE_NO_NAME
					      : LOCATE_NO_SERVICE;
}

void locate(const struct locate_want *w, locate_dns_h *dns, void *arg,
	    struct locate_list *out)
{
	struct run r = { .w = w, .dns = dns, .arg = arg, .out = out };

	memset(out, 0, sizeof(*out));
	if (!w->transports) {
		out->status = LOCATE_NO_SERVICE;
		return;
	}
	if (w->targets_n) {
		by_targets(&r);
	} else if (!add_numeric(&r, usual(w->transports), w->host, w->port)) {
		if (w->port)
			by_address(&r);
		else
			by_domain(&r);
	}
	secure_first(out);
	out->status = judge(&r);
}
