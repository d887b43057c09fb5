/* adapters/sip/sip.c: the adapter as core sees it; see sip.h. What it does is
 * in the other files of this folder (sip_priv.h says which).
 */
#include "adapters/sip/sip_priv.h"

#include "adapters/net/handshake.h"
#include "adapters/sip/conn.h"

#include <string.h>

#define SWEEP_MS 1000
#define SWEEP_DUPS 8192 /* ours: a burst is forgotten soon, in a millisecond
			   a second */

static void on_sweep(void *arg)
{
	struct sip *s = arg;
	int64_t now = net_now_ms(s->loop);

	sip_pending_sweep(s);
	sip_dups_sweep(&s->dups, now, SWEEP_DUPS);
	sip_nonces_sweep(&s->nonces, now);
	sip_peer_sweep(s);
	sip_listen_sweep(s);
	sip_conns_sweep(now);
	sip_admit_sweep(s);
	sip_outlets_sweep(s);
	if (s->is_draining && s->outs_n && now >= s->drain_end_ms)
		sip_outs_end(s, NULL, CAUSE_LINK_DOWN);
	net_timer_set(s->sweep, SWEEP_MS);
}

struct sip *sip_new(struct net_loop *l, const struct intake *in,
		    struct errtext *why)
{
	struct sip_stack *stack = sip_stack_new(l, why);
	struct sip *s;

	if (!stack)
		return NULL;
	s = mem_zalloc(sizeof(*s));
	s->loop = l;
	s->intake = *in;
	s->stack = stack;
	s->log.module = "sip";
	list_init(&s->listeners);
	list_init(&s->peers);
	list_init(&s->pendings);
	list_init(&s->outs);
	list_init(&s->outlets);
	list_init(&s->trips);
	net_random(&s->seed, sizeof(s->seed));
	net_random(s->nonce_key, sizeof(s->nonce_key));
	/* Rises over restarts too, while fewer than one a second are sent;
	   a repeat within one Call-ID has the higher number anyhow. */
	s->cseq = (uint32_t)((net_utc_us() / 1000000) & 0x3fffffff);
	s->pending = map_new(s->seed);
	sip_dups_init(&s->dups, s->seed);
	sip_blacklist_init(&s->blacklist, s->seed);
	s->resolver = net_resolver_new(l, sip_trips_news, s);
	sip_nonces_init(&s->nonces, s->seed);
	s->bans = sip_bans_new(s->seed);
	sip_admit_start(s);
	sip_conns_start();
	net_tls_on_shaken(sip_conn_shaken);
	s->sweep = net_timer_new(l, on_sweep, s);
	net_timer_set(s->sweep, SWEEP_MS);
	return s;
}

void sip_free(struct sip *s)
{
	struct list_link *it, *tmp;

	if (!s)
		return;
	sip_peer_free_all(s);
	sip_outs_free_all(s);
	list_each(it, tmp, &s->pendings)
		sip_pending_drop(list_of(it, struct sip_pending, all));
	sip_listen_free_all(s);
	sip_outlets_free(s);
	net_timer_free(s->sweep);
	net_resolver_free(s->resolver);
	sip_blacklist_free(&s->blacklist);
	sip_dups_free(&s->dups);
	sip_nonces_free(&s->nonces);
	sip_bans_free(s->bans);
	map_free(s->pending);
	sip_stack_free(s->stack);
	sip_conns_stop();
	sip_admit_stop(s);
	config_put(s->conf);
	config_put(s->next_conf);
	mem_wipe(s->nonce_key, sizeof(s->nonce_key));
	mem_free(s);
}

static void port_link_ctl(void *self, uint32_t link, bool is_up)
{
	struct sip_peer *p = sip_peer_find(self, link);

	if (p)
		sip_peer_ctl(p, is_up);
}

/* Everything is written when it is sent; timers are looked at soon. */
static void port_flush(void *self)
{
	struct sip *s = self;

	sip_stack_touch(s->stack);
}

static void port_abort(void *self)
{
	struct sip *s = self;

	sip_listen_abort(s);
	config_put(s->next_conf);
	s->next_conf = NULL;
}

static int port_prepare(void *self, struct config *c, struct errtext *why)
{
	struct sip *s = self;
	int rc = sip_peer_check(s, c, why);

	if (s->next_conf)
		port_abort(s);
	s->next_conf = config_ref(c);
	if (rc == 0)
		rc = sip_listen_prepare(s, c, why);
	if (rc < 0)
		port_abort(s);
	return rc;
}

static void commit_dns(struct sip *s)
{
	const struct config *c = s->conf;
	char path[1024];
	size_t i;

	net_resolver_clear_servers(s->resolver);
	for (i = 0; i < c->dns_servers_n; i++)
		(void)net_resolver_add_server(s->resolver, c->dns_servers[i]);
	if (c->dns_servers_n || c->dns_resolv_file.n >= sizeof(path))
		return;
	memcpy(path, c->dns_resolv_file.p ? c->dns_resolv_file.p : "",
	       c->dns_resolv_file.n);
	path[c->dns_resolv_file.n] = 0;
	net_resolver_read_servers(s->resolver, path);
}

static void port_commit(void *self)
{
	struct sip *s = self;
	struct config *old = s->conf;

	if (!s->next_conf)
		return;
	s->conf = s->next_conf;
	s->next_conf = NULL;
	commit_dns(s);
	sip_listen_commit(s);
	if (s->conf->sip_repeats_max)
		s->dups.max = s->conf->sip_repeats_max;
	sip_conns_limit(s->conf->sip_conns_max, s->conf->sip_conns_per_source);
	sip_peer_commit(s);
	sip_outlets_commit(s);
	config_put(old);
}

static void port_drain(void *self, uint32_t link, int64_t until_ms)
{
	struct sip *s = self;
	struct sip_peer *p;

	if (link) {
		p = sip_peer_find(s, link);
		if (p)
			sip_peer_drain(p, until_ms);
		return;
	}
	s->is_draining = true;
	s->drain_end_ms = until_ms;
}

static void port_undrain(void *self)
{
	struct sip *s = self;

	s->is_draining = false;
}

struct adapter sip_port(struct sip *s)
{
	return (struct adapter){
		.proto = PROTO_SIP,
		.self = s,
		.answer = sip_answer,
		.send = sip_send,
		.room = sip_room,
		.link_ctl = port_link_ctl,
		.flush = port_flush,
		.prepare = port_prepare,
		.commit = port_commit,
		.abort = port_abort,
		.drain = port_drain,
		.undrain = port_undrain,
	};
}

void sip_set_ready(struct sip *s, bool is_ready)
{
	s->is_unready = !is_ready;
}

uint16_t sip_port_of(const struct sip *s, struct str listener)
{
	const struct sip_listener *l = sip_listen_by_name(s, listener);

	return l ? l->port : 0;
}

struct sip_counts sip_counts(const struct sip *s)
{
	struct sip_counts c = s->counts;

	c.pending = s->pending_n;
	c.outgoing = s->outs_n;
	c.remembered = s->dups.n;
	return c;
}
