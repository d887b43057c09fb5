/* adapters/sip/outlet.c: TLS connections to other servers. The stack has one
 * set of TLS rules for each agent and finds an open connection by address
 * alone; so each name that a certificate is checked for has an agent of its own,
 * which listens nowhere: no connection is shared between two domains, though
 * both may be hosted at one address [RFC 5922 5]. It is made when it is first
 * needed and ends when nothing used it for ten minutes.
 */
#include "adapters/sip/sip_priv.h"

#include <stdio.h>
#include <string.h>

#include "adapters/net/tls.h"
#include "adapters/net/tls_out.h"

enum {
	OUTLETS_MAX = 1024, /* names with TLS connections at once */
	OUTLET_IDLE_MS = 600000,
	CONNECT_MS = 10000, /* connection and handshake */
	LINGER_MS = 500,    /* as in listen.c */
	ANSWER_MAX = 131072,
};

static char *text_of(struct str s)
{
	char *p = mem_zalloc(s.n + 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	return p;
}

static void outlet_free(struct sip_listener *l)
{
	list_del(&l->all);
	if (l->agent)
		nta_agent_destroy(l->agent);
	net_tls_out_free(l->out);
	mem_free(l->out_name);
	mem_free(l->name);
	mem_free(l);
}

static size_t count(const struct sip *s)
{
	struct list_link *it, *tmp;
	size_t n = 0;

	list_each(it, tmp, &s->outlets)
		n++;
	return n;
}

/* The host in Via is one that answers could come to over a new connection:
   that of our TLS listener, if there is one [RFC 3261 18.2.2]. */
static nta_agent_t *agent_new(struct sip_listener *l)
{
	bool is_ip6 = strcmp(l->address, "::") == 0;
	struct str host = l->sip->conf->sip_host;
	char url[512];
	int n;

	n = snprintf(url, sizeof(url), "sips:%.*s:*;transport=tls;maddr=%s",
		     STR_ARG(host), is_ip6 ? "[::]" : "0.0.0.0");
	if (n < 0 || (size_t)n >= sizeof(url))
		return NULL;
	return nta_agent_create(
		sip_stack_root(l->sip->stack), sip_url_string(url),
		sip_on_request, l, NTATAG_STATELESS(1),
		NTATAG_MAXSIZE(ANSWER_MAX), NTATAG_BAD_REQ_MASK(0),
		NTATAG_CLIENT_RPORT(1), NTATAG_TIMEOUT_408(1),
		NTATAG_SIP_T4(LINGER_MS), TPTAG_PUBLIC(tport_type_client),
		TPTAG_SDWN_ERROR(1), TPTAG_STUN_SERVER(0),
		TPTAG_IDLE(OUTLET_IDLE_MS), TPTAG_TIMEOUT(CONNECT_MS),
		TPTAG_QUEUESIZE(SIP_CONN_QUEUE_MAX),
		TPTAG_CERTIFICATE(NET_TLS_TRUST_DIR), TAG_END());
}

static struct sip_listener *outlet_new(struct sip *s, const struct link_conf *k,
				       struct str name, bool is_ip6,
				       struct errtext *why)
{
	struct sip_listener *l = mem_zalloc(sizeof(*l));

	list_add(&s->outlets, &l->all);
	l->sip = s;
	l->transport = TRANSPORT_TLS;
	l->name = text_of(k->name);
	l->out_name = text_of(name);
	l->out_link = k->id;
	snprintf(l->address, sizeof(l->address), "%s",
		 is_ip6 ? "::" : "0.0.0.0");
	snprintf(l->sent_by, sizeof(l->sent_by), "%.*s",
		 STR_ARG(s->conf->sip_host));
	l->out = net_tls_out_new(k->ca_file, k->cert_file, k->key_file, name,
				 why);
	if (l->out) {
		net_tls_out_next(l->out);
		l->agent = agent_new(l);
		net_tls_out_next(NULL);
		if (l->agent)
			return l;
		errtext_set(why, ERR_IO, "the stack gives no TLS transport");
	}
	outlet_free(l);
	return NULL;
}

struct sip_listener *sip_outlet_for(struct sip *s, const struct link_conf *k,
				    struct str name, bool is_ip6,
				    struct errtext *why)
{
	struct list_link *it, *tmp;
	struct sip_listener *l;

	list_each(it, tmp, &s->outlets) {
		l = list_of(it, struct sip_listener, all);
		if (l->out_link == k->id && str_ieq(str_of(l->out_name), name) &&
		    (strchr(l->address, ':') != NULL) == is_ip6)
			break;
		l = NULL;
	}
	if (it == &s->outlets) {
		if (count(s) >= OUTLETS_MAX) {
			errtext_set(why, ERR_LIMIT, "too many TLS peers");
			return NULL;
		}
		l = outlet_new(s, k, name, is_ip6, why);
	}
	if (l)
		l->end_ms = net_now_ms(s->loop) + OUTLET_IDLE_MS;
	return l;
}

struct str sip_outlet_why(const struct sip_listener *l)
{
	return l->out ? net_tls_out_why(l->out) : STR_NONE;
}

/* Handshakes to come use what the files hold now. A file that is wrong was
   told at the check; then the old ones stay. */
void sip_outlets_commit(struct sip *s)
{
	struct list_link *it, *tmp;

	list_each(it, tmp, &s->outlets) {
		struct sip_listener *l = list_of(it, struct sip_listener, all);
		const struct link_conf *k = config_link(s->conf, l->out_link);
		struct errtext why;

		if (!k)
			l->end_ms = 0;
		else if (net_tls_out_reload(l->out, k->ca_file, k->cert_file,
					    k->key_file, &why) < 0)
			log_error(&s->log, "tls_files_kept",
				  F_TEXT("link", l->name),
				  F_TEXT("why", why.text));
	}
}

void sip_outlets_sweep(struct sip *s)
{
	int64_t now = net_now_ms(s->loop);
	struct list_link *it, *tmp;

	list_each(it, tmp, &s->outlets) {
		struct sip_listener *l = list_of(it, struct sip_listener, all);

		if (!l->users && now >= l->end_ms)
			outlet_free(l);
	}
}

void sip_outlets_free(struct sip *s)
{
	struct list_link *it, *tmp;

	list_each(it, tmp, &s->outlets)
		outlet_free(list_of(it, struct sip_listener, all));
}
