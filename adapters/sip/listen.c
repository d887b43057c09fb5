/* adapters/sip/listen.c: listeners, each with an agent of the stack of its
 * own, so that one can come and go without the others. A reload binds what is
 * new first (prepare); what is no longer wanted answers 503 until its requests
 * are through and then ends.
 */
#include "adapters/sip/sip_priv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "adapters/net/tls.h"
#include "adapters/sip/conn.h"

#define UDP_RMEM_BYTES (8u << 20) /* a burst while the loop is busy */
#define IDLE_MS \
	(30u * 60 * 1000) /* a silent TCP connection: clients
					   keep theirs alive more often */
/* Ours: memory taken at once for a message, most of which then needs no
   further malloc (67 of them became 5). */
#define PRELOAD_BYTES 2048
#define CONNECT_MS 10000u /* connect or handshake */
#define LINGER_MS \
	500u		  /* timer K: an answered request of
					   some 10 KiB stays so long; answers
					   that come later are dropped anyhow */
#define HEAD_SPARE 16384u /* header bytes beside a full body */
#define DRAIN_MS 32000	  /* 64*T1: nobody retransmits longer */

const char *sip_transport_name(enum transport t)
{
	static const char *const names[] = { "udp", "tcp", "tls" };

	return names[t];
}

static bool copy_text(char *out, size_t size, struct str s)
{
	if (s.n >= size)
		return false;
	memcpy(out, s.p ? s.p : "", s.n);
	out[s.n] = 0;
	return true;
}

static char *name_of(struct str s)
{
	char *p = mem_alloc(s.n + 1);

	memcpy(p, s.p, s.n);
	p[s.n] = 0;
	return p;
}

/* "sip:host:port;transport=udp;maddr=127.0.0.1": the name before maddr is what
   we write in Via. */
static bool put_url(char *out, size_t size, const struct listen_conf *k,
		    struct str host)
{
	bool is_ip6 = str_find(k->address, ':') < k->address.n;
	char port[8];
	int n;

	snprintf(port, sizeof(port), "%u", k->port);
	if (!host.n)
		host = k->address;
	n = snprintf(out, size, "%s:%s%.*s%s:%s;transport=%s;maddr=%s%.*s%s",
		     k->transport == TRANSPORT_TLS ? "sips" : "sip",
		     is_ip6 && host.p == k->address.p ? "[" : "", STR_ARG(host),
		     is_ip6 && host.p == k->address.p ? "]" : "",
		     k->port ? port : "*", sip_transport_name(k->transport),
		     is_ip6 ? "[" : "", STR_ARG(k->address), is_ip6 ? "]" : "");
	return n > 0 && (size_t)n < size;
}

static void read_names(struct sip_listener *l)
{
	tport_t *tp = tport_primaries(nta_agent_tports(l->agent));
	const tp_name_t *n = tp ? tport_name(tp) : NULL;
	uint32_t port = 0;

	if (n && str_u32(str_of(n->tpn_port), &port) && port < 65536)
		l->port = (uint16_t)port;
	if (n)
		snprintf(l->sent_by, sizeof(l->sent_by), "%s:%u", n->tpn_canon,
			 l->port);
}

static void listener_free(struct sip_listener *l)
{
	list_del(&l->all);
	if (l->tls)
		sip_conns_tls_port(l->port, false);
	nta_agent_destroy(l->agent);
	net_tls_free(l->tls);
	mem_free(l->name);
	mem_free(l);
}

static nta_agent_t *agent_new(struct sip_listener *l, const char *url,
			      const struct config *c)
{
	usize_t max = c->sip_tcp_bytes_max ? c->sip_tcp_bytes_max
					   : BODY_INLINE_MAX;

	/* A datagram comes whole anyhow, and the stack's own answer to a large
	   one goes wherever its Via says. */
	if (l->transport == TRANSPORT_UDP)
		max = BODY_INLINE_MAX;

	return nta_agent_create(
		sip_stack_root(l->sip->stack), sip_url_string(url),
		sip_on_request, l, NTATAG_STATELESS(1),
		NTATAG_MAXSIZE(max + HEAD_SPARE + SIP_READ_MAX),
		NTATAG_UDP_MTU(65535),
		NTATAG_BAD_REQ_MASK(0), NTATAG_CLIENT_RPORT(1),
		NTATAG_TIMEOUT_408(1), NTATAG_SIP_T4(LINGER_MS),
		NTATAG_PRELOAD(PRELOAD_BYTES),
		TPTAG_SDWN_ERROR(1), TPTAG_STUN_SERVER(0),
		TPTAG_PONG2PING(1),
		TPTAG_UDP_RMEM(UDP_RMEM_BYTES), TPTAG_IDLE(IDLE_MS),
		TPTAG_TIMEOUT(CONNECT_MS), TPTAG_QUEUESIZE(SIP_CONN_QUEUE_MAX),
		TPTAG_CERTIFICATE(NET_TLS_TRUST_DIR), TAG_END());
}

static int listener_new(struct sip *s, const struct config *c,
			const struct listen_conf *k, struct errtext *why)
{
	struct sip_listener *l = mem_zalloc(sizeof(*l));
	char url[512];

	list_add(&s->listeners, &l->all);
	l->sip = s;
	l->is_new = l->is_kept = true;
	l->next = k;
	l->transport = k->transport;
	l->asked_port = k->port;
	l->name = name_of(k->name);
	if (!copy_text(l->address, sizeof(l->address), k->address) ||
	    !put_url(url, sizeof(url), k, c->sip_host)) {
		listener_free(l);
		return errtext_set(why, ERR_LIMIT,
				   "listen \"%.*s\": the "
				   "address is too long",
				   STR_ARG(k->name));
	}
	if (k->transport == TRANSPORT_TLS) {
		l->tls = net_tls_new(k->cert_file, k->key_file, why);
		if (!l->tls ||
		    net_tls_clients(l->tls, k->client_ca_file, why) < 0) {
			listener_free(l);
			return ERR_IO;
		}
		net_tls_next(l->tls);
	}
	errno = 0;
	l->agent = agent_new(l, url, c);
	net_tls_next(NULL);
	if (!l->agent) {
		const char *text = errno ? strerror(errno) : "refused";

		listener_free(l);
		return errtext_set(why, ERR_IO,
				   "listen \"%.*s\": cannot "
				   "listen on %.*s port %u (%s): %s",
				   STR_ARG(k->name), STR_ARG(k->address),
				   k->port, sip_transport_name(k->transport),
				   text);
	}
	read_names(l);
	if (l->tls)
		sip_conns_tls_port(l->port, true);
	return 0;
}

/* The listener that a line of the new configuration describes: a running one,
   or one that an earlier reload took away and that still answers 503. */
static struct sip_listener *find_same(struct sip *s,
				      const struct listen_conf *k)
{
	struct list_link *it, *tmp;

	list_each(it, tmp, &s->listeners) {
		struct sip_listener *l = list_of(it, struct sip_listener, all);

		if (!l->is_kept && l->transport == k->transport &&
		    l->asked_port == k->port &&
		    str_eq(str_of(l->address), k->address) &&
		    (k->port || str_eq(str_of(l->name), k->name)))
			return l;
	}
	return NULL;
}

int sip_listen_prepare(struct sip *s, struct config *c, struct errtext *why)
{
	size_t i;

	for (i = 0; i < c->listens_n; i++) {
		const struct listen_conf *k = &c->listens[i];
		struct sip_listener *l;
		int rc;

		if (k->proto != PROTO_SIP)
			continue;
		l = find_same(s, k);
		if (!l) {
			rc = listener_new(s, c, k, why);
			if (rc < 0)
				return rc;
			continue;
		}
		l->is_kept = true;
		l->next = k;
		if (l->tls &&
		    (net_tls_prepare(l->tls, k->cert_file, k->key_file, why) <
			     0 ||
		     net_tls_clients(l->tls, k->client_ca_file, why) < 0))
			return ERR_IO;
	}
	return 0;
}

static void tell_listening(struct sip_listener *l)
{
	log_info(&l->sip->log, "listening", F_TEXT("name", l->name),
		 F_TEXT("transport", sip_transport_name(l->transport)),
		 F_TEXT("address", l->address), F_N("port", l->port));
}

void sip_listen_commit(struct sip *s)
{
	int64_t now = net_now_ms(s->loop);
	struct list_link *it, *tmp;

	list_each(it, tmp, &s->listeners) {
		struct sip_listener *l = list_of(it, struct sip_listener, all);

		if (!l->is_kept) {
			if (l->conf) {
				l->conf = NULL;
				l->end_ms = now + DRAIN_MS;
			}
			continue;
		}
		l->conf = l->next;
		l->next = NULL;
		if (!str_eq(str_of(l->name), l->conf->name)) {
			mem_free(l->name);
			l->name = name_of(l->conf->name);
		}
		if (l->tls)
			net_tls_commit(l->tls);
		if (l->is_new)
			tell_listening(l);
		l->is_new = l->is_kept = false;
	}
}

void sip_listen_abort(struct sip *s)
{
	struct list_link *it, *tmp;

	list_each(it, tmp, &s->listeners) {
		struct sip_listener *l = list_of(it, struct sip_listener, all);

		l->is_kept = false;
		l->next = NULL;
		if (l->is_new)
			listener_free(l);
		else if (l->tls)
			net_tls_abort(l->tls);
	}
}

void sip_listen_sweep(struct sip *s)
{
	int64_t now = net_now_ms(s->loop);
	struct list_link *it, *tmp;

	list_each(it, tmp, &s->listeners) {
		struct sip_listener *l = list_of(it, struct sip_listener, all);

		if (l->conf || l->is_new || l->users || now < l->end_ms)
			continue;
		log_info(&s->log, "listener_closed", F_TEXT("name", l->name));
		listener_free(l);
	}
}

void sip_listen_free_all(struct sip *s)
{
	struct list_link *it, *tmp;

	list_each(it, tmp, &s->listeners)
		listener_free(list_of(it, struct sip_listener, all));
}

struct sip_listener *sip_listen_for(struct sip *s, enum transport t,
				    struct str address)
{
	bool is_ip6 = str_find(address, ':') < address.n;
	struct list_link *it, *tmp;

	list_each(it, tmp, &s->listeners) {
		struct sip_listener *l = list_of(it, struct sip_listener, all);

		if (l->conf && l->transport == t &&
		    (strchr(l->address, ':') != NULL) == is_ip6)
			return l;
	}
	return NULL;
}

struct sip_listener *sip_listen_by_name(const struct sip *s, struct str name)
{
	struct list_link *it, *tmp;

	list_each(it, tmp, &s->listeners) {
		struct sip_listener *l = list_of(it, struct sip_listener, all);

		if (l->conf && str_eq(str_of(l->name), name))
			return l;
	}
	return NULL;
}
