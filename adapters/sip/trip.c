/* adapters/sip/trip.c: a request to the servers of a name, which hops.c finds,
 * one after another. The next one is tried when the connection fails, when nothing came in time, or
 * on 503; it is a new transaction with the same request. Whatever else a server
 * answers is the answer. [RFC 3263 4.3]
 */
#include "adapters/sip/sip_priv.h"

#include <stdio.h>
#include <string.h>

enum {
	TRIES_MAX = 5,	    /* servers of one request; ours */
	PATIENCE_MS = 4000, /* where the configuration says nothing */
	RETRY_MAX_S = 3600, /* Retry-After beyond this is no promise */
};

struct sip_trip {
	struct list_link waiting; /* for DNS */
	struct sip_out *out;
	char *domain;
	bool is_too_large; /* for all but TCP, which they may not have */
	bool is_secure; /* sips: TLS or not at all */
	struct locate_hop hops[LOCATE_HOPS_MAX];
	size_t hops_n, at; /* at: the one that is tried */
	unsigned tries;
	struct net_timer *timer; /* patience with this one */
	char *content_head;
	char *body;
	size_t body_n;
	uint64_t seed;
};

static char *copy_of(struct str s)
{
	char *p = mem_zalloc(s.n + 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	return p;
}

void sip_trip_free(struct sip_trip *t)
{
	if (!t)
		return;
	list_del(&t->waiting);
	net_timer_free(t->timer);
	mem_free(t->domain);
	mem_free(t->content_head);
	mem_free(t->body);
	mem_free(t);
}

static const struct link_conf *link_of(const struct sip_trip *t)
{
	return config_link(t->out->sip->conf, t->out->peer->id);
}

/* ---- on the wire ------------------------------------------------------- */

static struct sip_listener *listener_for(struct sip_trip *t,
					 const struct locate_hop *h)
{
	struct sip *s = t->out->sip;
	const struct link_conf *k = link_of(t);
	bool is_ip6 = strchr(h->address, ':') != NULL;
	struct str name = k->tls_name.n ? k->tls_name : str_of(t->domain);
	struct sip_listener *l;
	struct errtext why;

	if (h->transport != TRANSPORT_TLS)
		return sip_listen_for(s, h->transport, str_of(h->address));
	l = sip_outlet_for(s, k, name, is_ip6, &why);
	if (!l)
		log_error(&s->log, "tls_not_possible",
			  F_STR("domain", str_of(t->domain)),
			  F_TEXT("why", why.text));
	return l;
}

static void put_route(const struct locate_hop *h, char *out, size_t size)
{
	bool is_ip6 = strchr(h->address, ':') != NULL;

	snprintf(out, size, "%s:%s%s%s:%u;transport=%s",
		 h->transport == TRANSPORT_TLS ? "sips" : "sip",
		 is_ip6 ? "[" : "", h->address, is_ip6 ? "]" : "", h->port,
		 sip_transport_name(h->transport));
}

static int64_t patience_ms(const struct sip *s)
{
	uint32_t ms = s->conf->sip_failover_ms;

	return ms ? ms : PATIENCE_MS;
}

/* To t->hops[t->at]. False: it did not even leave. */
static bool go_to(struct sip_trip *t)
{
	const struct locate_hop *h = &t->hops[t->at];
	struct sip_out *o = t->out;
	struct sip_listener *l = listener_for(t, h);
	const char *method = o->is_probe ? "OPTIONS" : "MESSAGE";
	char route[128];
	struct buf b;
	int rc;

	if (!l)
		return false;
	put_route(h, route, sizeof(route));
	mem_free(o->route);
	o->route = copy_of(str_of(route));
	if (o->orq)
		nta_outgoing_destroy(o->orq);
	o->orq = NULL;
	sip_out_via(o, l);
	buf_init(&b, SIP_HEAD_MAX * 2);
	sip_put_cseq(o->sip, &b, method);
	buf_put_str(&b, str_of(o->head));
	buf_put_str(&b, str_of(t->content_head));
	buf_put_char(&b, 0);
	rc = sip_out_start(o, method, o->uri, o->route, NULL, &b,
			   (struct str){ t->body, t->body_n });
	buf_free(&b);
	if (rc < 0)
		return false;
	if (t->at + 1 < t->hops_n && t->tries < TRIES_MAX)
		net_timer_set(t->timer, patience_ms(o->sip));
	log_debug(&o->sip->log, "next_hop",
		  F_STR("domain", str_of(t->domain)), F_TEXT("hop", route),
		  F_TRACE(o->trace));
	return true;
}

static void blame(struct sip_trip *t, int64_t asked_ms)
{
	struct sip *s = t->out->sip;
	const struct locate_hop *h = &t->hops[t->at];
	const struct sip_listener *l = t->out->listener;

	sip_blacklist_fail(&s->blacklist, h, net_now_ms(s->loop), asked_ms);
	log_info(&s->log, "server_failed",
		 F_STR("domain", str_of(t->domain)),
		 F_TEXT("address", h->address), F_N("port", h->port),
		 F_TEXT("transport", sip_transport_name(h->transport)),
		 F_STR("why", l && h->transport == TRANSPORT_TLS
				      ? sip_outlet_why(l)
				      : STR_NONE));
}

/* The next server that takes it. False: there is none left. */
static bool go_on(struct sip_trip *t)
{
	net_timer_stop(t->timer);
	while (t->at + 1 < t->hops_n && t->tries < TRIES_MAX) {
		t->at++;
		t->tries++;
		if (go_to(t))
			return true;
	}
	return false;
}

static void no_way(struct sip_trip *t, enum cause c, struct str text)
{
	struct sip_out *o = t->out;
	struct sip_peer *p = o->peer;

	/* It takes what is smaller: it is there. */
	if (c == CAUSE_LINK_DOWN && t->is_too_large)
		c = CAUSE_TOO_LARGE;
	if (o->is_probe) {
		sip_peer_probed(p, false); /* frees o */
		return;
	}
	if (c == CAUSE_LINK_DOWN)
		sip_peer_failed(p);
	sip_out_fail(o, c, text);
}

static void on_timer(void *arg)
{
	struct sip_trip *t = arg;

	blame(t, 0);
	if (!go_on(t))
		no_way(t, CAUSE_LINK_DOWN, STR_NONE);
}

/* ---- from DNS to the first server -------------------------------------- */

/* Still waiting, or on its way, or over: then t is gone. */
static enum locate_status find(struct sip_trip *t)
{
	const struct sip_out *o = t->out;
	struct sip_hops_want w = {
		.link = link_of(t), .domain = str_of(t->domain),
		.is_secure = t->is_secure, .body_n = t->body_n,
		.seed = t->seed,
		.bytes = t->body_n + strlen(o->head) + strlen(t->content_head),
	};
	struct locate_list list;
	enum cause c = w.link ? sip_hops_find(o->sip, &w, &list)
			      : CAUSE_LINK_DOWN;

	if (c == CAUSE_NONE && list.status == LOCATE_WAIT)
		return LOCATE_WAIT;
	t->is_too_large = w.is_too_large;
	if (c == CAUSE_NONE) {
		memcpy(t->hops, list.hops, sizeof(t->hops));
		t->hops_n = list.hops_n;
		t->tries = 1;
		if (!go_to(t) && !go_on(t))
			c = CAUSE_LINK_DOWN;
	}
	if (c != CAUSE_NONE)
		no_way(t, c, STR_NONE);
	return LOCATED;
}

void sip_trips_news(void *sip)
{
	struct sip *s = sip;
	const struct sip_trip *last = NULL;
	struct list_link *it, *tmp;

	list_each(it, tmp, &s->trips) {
		struct sip_trip *t = list_of(it, struct sip_trip, waiting);

		/* What the one before waits for, this one does too. */
		if (last && last->is_secure == t->is_secure &&
		    last->out->peer == t->out->peer &&
		    strcmp(last->domain, t->domain) == 0)
			continue;
		last = NULL;
		list_del(&t->waiting);
		if (find(t) == LOCATE_WAIT) {
			/* Before the next: it keeps its place. */
			list_add_first(tmp->prev, &t->waiting);
			last = t;
		}
	}
	sip_stack_touch(s->stack);
}

void sip_trip_start(struct sip_out *o, struct str domain, bool is_secure,
		    struct str content_head, struct str body)
{
	struct sip_trip *t = mem_zalloc(sizeof(*t));
	struct sip *s = o->sip;

	o->trip = t;
	t->out = o;
	t->domain = copy_of(o->peer->is_of_domain ? domain
						  : str_of(o->peer->host));
	t->is_secure = is_secure;
	t->content_head = copy_of(content_head);
	t->body = copy_of(body);
	t->body_n = body.n;
	t->timer = net_timer_new(s->loop, on_timer, t);
	net_random(&t->seed, sizeof(t->seed));
	if (find(t) == LOCATE_WAIT)
		list_add(&s->trips, &t->waiting);
}

void sip_trip_replace(struct sip_trip *t, struct str content_head,
		      struct str body)
{
	mem_free(t->content_head);
	mem_free(t->body);
	t->content_head = copy_of(content_head);
	t->body = copy_of(body);
	t->body_n = body.n;
}

/* ---- answers ----------------------------------------------------------- */

static int64_t retry_after_ms(const sip_t *sip)
{
	uint64_t s = sip && sip->sip_retry_after
			     ? sip->sip_retry_after->af_delta
			     : 0;

	return (int64_t)(s > RETRY_MAX_S ? RETRY_MAX_S : s) * 1000;
}

bool sip_trip_answered(struct sip_out *o, unsigned status, bool is_local,
		       const sip_t *sip)
{
	struct sip_trip *t = o->trip;

	net_timer_stop(t->timer);
	if (!is_local && status != 503) {
		sip_blacklist_good(&o->sip->blacklist, &t->hops[t->at]);
		return false;
	}
	blame(t, is_local ? 0 : retry_after_ms(sip));
	if (go_on(t))
		return true;
	if (!is_local || !t->is_too_large)
		return false;
	no_way(t, CAUSE_LINK_DOWN, STR_NONE);
	return true;
}
