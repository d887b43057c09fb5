/* adapters/sip/peer.c: links to other SIP servers: how many requests each
 * takes, and whether it is there. A peer is taken to be up until the transport
 * fails or nothing answers; then OPTIONS probes it, 1 s doubling to 60 s with
 * jitter, and any answer brings it back. [RFC 3261 11]
 */
#include "adapters/sip/sip_priv.h"

#include <stdio.h>
#include <string.h>

#define WINDOW_DEFAULT 256u
#define PROBE_MIN_MS 1000u
#define PROBE_MAX_MS 60000u

static char *name_of(struct str s)
{
	char *p = mem_alloc(s.n + 1);

	memcpy(p, s.p, s.n);
	p[s.n] = 0;
	return p;
}

struct sip_peer *sip_peer_find(struct sip *s, uint32_t id)
{
	struct list_link *it, *tmp;

	list_each(it, tmp, &s->peers) {
		struct sip_peer *p = list_of(it, struct sip_peer, all);

		if (p->id == id)
			return p;
	}
	return NULL;
}

uint32_t sip_peer_room(const struct sip_peer *p)
{
	if (p->state != LINK_UP || p->under_way >= p->window)
		return 0;
	return p->window - p->under_way;
}

void sip_peer_url(const struct sip_peer *p, char *out, size_t size)
{
	bool is_ip6 = strchr(p->host, ':') != NULL;
	bool is_tls = p->transport == TRANSPORT_TLS;
	unsigned port = is_tls ? 5061 : 5060;	/* [RFC 3261 19.1.2] */

	if (p->port)
		port = p->port;
	snprintf(out, size, "%s:%s%s%s:%u;transport=%s",
		 is_tls ? "sips" : "sip", is_ip6 ? "[" : "", p->host,
		 is_ip6 ? "]" : "",
		 port, sip_transport_name(p->transport));
}

void sip_peer_tell(struct sip_peer *p, struct str text)
{
	struct sip *s = p->sip;
	struct event *ev = s->intake.event_new(s->intake.core, EV_LINK);
	struct link_change *k = arena_zalloc(ev->arena, sizeof(*k));

	if (k) {
		k->link = p->id;
		k->name = arena_dup(ev->arena, str_of(p->name));
		k->state = p->state;
		k->room = sip_peer_room(p);
		k->text = arena_dup(ev->arena, text);
		k->retry_at_ms = p->state == LINK_DOWN ? p->probe_at_ms : 0;
		ev->u.link = k;
	}
	s->intake.post(s->intake.core, ev);
}

/* Up to a quarter less than the full time: peers of one outage spread. */
static uint32_t jitter(struct sip *s, uint32_t ms)
{
	char id[33];
	unsigned byte;

	sip_random_id(s, id);
	byte = (unsigned)(ch_hex((unsigned char)id[0]) * 16 +
			  ch_hex((unsigned char)id[1]));
	return ms - ms / 4 * byte / 255;
}

static void probe_later(struct sip_peer *p)
{
	uint32_t ms = p->probe_ms ? p->probe_ms : PROBE_MIN_MS;

	p->probe_ms = ms * 2 > PROBE_MAX_MS ? PROBE_MAX_MS : ms * 2;
	ms = jitter(p->sip, ms);
	p->probe_at_ms = net_now_ms(p->sip->loop) + ms;
	net_timer_set(p->timer, ms);
}

static void probe_end(struct sip_peer *p)
{
	struct sip_out *o = p->probe;

	p->probe = NULL;
	if (o)
		sip_out_free(o);
}

/* Are its servers found anew each time? TLS has its connections there too. */
static bool is_trip(const struct sip_peer *p)
{
	return p->is_named || p->transport == TRANSPORT_TLS;
}

static void put_probe(struct sip_peer *p, struct buf *b, const char *sent_by,
		      const char *url)
{
	char id[33];

	sip_random_id(p->sip, id);
	buf_printf(b,
		   "From: <sip:%s>;tag=%.16s\r\nTo: <%s>\r\n"
		   "Call-ID: %s\r\nMax-Forwards: 1\r\n"
		   "User-Agent: " OMA_SERVER "\r\n",
		   sent_by, id, url, id);
	buf_put_char(b, 0);
}

static void probe_address(struct sip_peer *p, const struct sip_listener *l,
			  struct buf *b)
{
	char url[SIP_URI_MAX + 1];

	sip_peer_url(p, url, sizeof(url));
	sip_put_cseq(p->sip, b, "OPTIONS");
	put_probe(p, b, l->sent_by, url);
	if (sip_out_start(p->probe, "OPTIONS", url, url, NULL, b, STR_NONE) <
	    0) {
		probe_end(p);
		probe_later(p);
	}
}

static void probe_name(struct sip_peer *p, struct buf *b)
{
	char url[DNS_NAME_MAX + 16], from[DNS_NAME_MAX];
	bool is_ip6 = strchr(p->host, ':') != NULL;
	struct str host = p->sip->conf->sip_host;

	snprintf(url, sizeof(url), "sip:%s%s%s", is_ip6 ? "[" : "", p->host,
		 is_ip6 ? "]" : "");
	snprintf(from, sizeof(from), "%.*s", STR_ARG(host));
	put_probe(p, b, from, url);
	p->probe->uri = name_of(str_of(url));
	p->probe->head = name_of(str_of(b->p));
	sip_trip_start(p->probe, str_of(p->host), false, STR(""), STR_NONE);
}

static void on_timer(void *arg)
{
	struct sip_peer *p = arg;
	struct sip *s = p->sip;
	struct sip_listener *l = NULL;
	struct buf b;

	if (p->state != LINK_DOWN)
		return;
	if (!is_trip(p))
		l = sip_listen_for(s, p->transport, str_of(p->host));
	if ((!l && !is_trip(p)) || p->probe || s->is_draining) {
		probe_later(p);
		return;
	}
	buf_init(&b, SIP_HEAD_MAX);
	p->probe = sip_out_new(s, l, p);
	p->probe->is_probe = true;
	if (is_trip(p))
		probe_name(p, &b);
	else
		probe_address(p, l, &b);
	buf_free(&b);
}

void sip_peer_probed(struct sip_peer *p, bool is_alive)
{
	probe_end(p);
	if (is_alive)
		sip_peer_spoke(p);
	else if (p->state == LINK_DOWN)
		probe_later(p);
}

void sip_peer_failed(struct sip_peer *p)
{
	/* One domain of many that are behind "*.example" says nothing of the
	   others. */
	if (p->state != LINK_UP || (p->is_of_domain && p->host[0] == '*'))
		return;
	p->state = LINK_DOWN;
	p->probe_ms = 0;
	probe_later(p);
	log_warning(&p->sip->log, "link_down", F_TEXT("link", p->name));
	sip_peer_tell(p, STR("no connection"));
}

void sip_peer_spoke(struct sip_peer *p)
{
	p->probe_ms = 0;
	if (p->state != LINK_DOWN)
		return;
	p->state = LINK_UP;
	net_timer_stop(p->timer);
	log_info(&p->sip->log, "link_up", F_TEXT("link", p->name));
	sip_peer_tell(p, STR(""));
}

void sip_peer_ctl(struct sip_peer *p, bool is_up)
{
	enum link_state to = is_up ? LINK_UP : LINK_OFF;

	if (p->state == to || p->is_gone)
		return;
	net_timer_stop(p->timer);
	p->state = to;
	sip_peer_tell(p, is_up ? STR("") : STR("by the operator"));
}

void sip_peer_drain(struct sip_peer *p, int64_t until_ms)
{
	net_timer_stop(p->timer);
	p->state = LINK_DRAINING;
	p->drain_end_ms = until_ms;
	sip_peer_tell(p, STR(""));
}

static void peer_free(struct sip_peer *p)
{
	probe_end(p);
	list_del(&p->all);
	net_timer_free(p->timer);
	mem_free(p->name);
	mem_free(p);
}

/* Ends what was still under way when its time is over, and peers that are not
   configured any more. */
void sip_peer_sweep(struct sip *s)
{
	int64_t now = net_now_ms(s->loop);
	struct list_link *it, *tmp;

	list_each(it, tmp, &s->peers) {
		struct sip_peer *p = list_of(it, struct sip_peer, all);

		if (p->state == LINK_DRAINING && p->under_way &&
		    now >= p->drain_end_ms)
			sip_outs_end(s, p, CAUSE_LINK_DOWN);
		if (p->is_gone && !p->under_way)
			peer_free(p);
	}
}

int sip_peer_check(const struct sip *s, const struct config *c,
		   struct errtext *why)
{
	size_t i, k;

	(void)s;
	for (i = 0; i < c->links_n; i++) {
		const struct link_conf *l = &c->links[i];

		if (l->kind != LINK_SIP_PEER)
			continue;
		if ((!l->host.n && !l->is_of_domain) ||
		    l->host.n >= (l->is_named ? DNS_NAME_MAX : SIP_ADDR_MAX))
			return errtext_set(why, ERR_SYNTAX,
					   "link \"%.*s\": "
					   "the host must be an address",
					   STR_ARG(l->name));
		if (l->transport == TRANSPORT_AUTO ||
		    l->transport == TRANSPORT_TLS)
			continue;
		for (k = 0; k < c->listens_n; k++)
			if (c->listens[k].proto == PROTO_SIP &&
			    c->listens[k].transport == l->transport)
				break;
		if (k == c->listens_n)
			return errtext_set(why, ERR_UNSUPPORTED,
					   "link \"%.*s\": "
					   "there is no SIP listener for its "
					   "transport (%s)",
					   STR_ARG(l->name),
					   sip_transport_name(l->transport));
	}
	return 0;
}

static void take(struct sip_peer *p, const struct link_conf *k)
{
	struct str host = k->is_of_domain || k->targets_n ? k->name : k->host;

	memset(p->host, 0, sizeof(p->host));
	if (host.n < sizeof(p->host))
		memcpy(p->host, host.p, host.n);
	p->is_named = k->is_named || k->targets_n;
	p->is_of_domain = k->is_of_domain;
	p->port = k->port;
	p->transport = k->transport;
	p->window = k->window ? k->window : WINDOW_DEFAULT;
	if (p->window > SIP_CONN_QUEUE_MAX)
		p->window = SIP_CONN_QUEUE_MAX; /* one connection holds it */
}

void sip_peer_commit(struct sip *s)
{
	struct list_link *it, *tmp;
	size_t i;

	list_each(it, tmp, &s->peers) {
		struct sip_peer *p = list_of(it, struct sip_peer, all);
		const struct link_conf *k = config_link(s->conf, p->id);

		if (k && k->kind == LINK_SIP_PEER) {
			take(p, k);
			continue;
		}
		p->is_gone = true;
		if (p->state != LINK_DRAINING)
			sip_peer_drain(p,
				       net_now_ms(s->loop) + s->conf->drain_ms);
	}
	for (i = 0; i < s->conf->links_n; i++) {
		const struct link_conf *k = &s->conf->links[i];
		struct sip_peer *p;

		if (k->kind != LINK_SIP_PEER || sip_peer_find(s, k->id))
			continue;
		p = mem_zalloc(sizeof(*p));
		p->sip = s;
		p->id = k->id;
		p->name = name_of(k->name);
		p->state = LINK_UP;
		p->timer = net_timer_new(s->loop, on_timer, p);
		take(p, k);
		list_add(&s->peers, &p->all);
		sip_peer_tell(p, STR(""));
	}
}

void sip_peer_free_all(struct sip *s)
{
	struct list_link *it, *tmp;

	list_each(it, tmp, &s->peers)
		peer_free(list_of(it, struct sip_peer, all));
}
