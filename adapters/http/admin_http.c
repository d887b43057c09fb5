/* adapters/http/admin_http.c: see admin_http.h. */
#include "adapters/http/admin_http.h"

#include <stdio.h>
#include <string.h>

#include "adapters/http/openmetrics.h"
#include "adapters/net/cidr.h"
#include "adapters/net/http.h"
#include "adapters/net/tls.h"
#include "core/base/json.h"
#include "core/base/list.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/metric.h"

#define DENIED_EVERY_MS 1000

struct listener {
	struct list_link all;
	struct admin_http *owner;
	struct net_http *server;
	struct net_tls *tls;
	struct config *config;		/* holds conf */
	const struct listen_conf *conf; /* NULL: not yet committed */
	struct config *next_config;
	const struct listen_conf *next; /* of the reload under way */
};

struct admin_http {
	struct net_loop *loop;
	struct admin_http_state state;
	struct list_link listeners;
	struct log_ctx log;
	int64_t denied_at_ms; /* told last */
	uint64_t denied;
};

/* ---- requests ---------------------------------------------------------------- */

/* Whoever asks for plain text and does not know OpenMetrics gets that; quality
   values are not weighed: the newer one is the better one. */
static bool wants_old(const struct http_head *head)
{
	struct str accept = http_head_value(head, STR("Accept"));

	return str_search(accept, STR("text/plain")) < accept.n &&
	       str_search(accept, STR("application/openmetrics-text")) ==
		       accept.n;
}

static void serve_metrics(struct listener *l, const struct http_head *head,
			  struct net_http_answer *out)
{
	bool is_old = wants_old(head);

	(void)l;
	out->status = 200;
	out->type = is_old ? OPENMETRICS_OLD_TYPE : OPENMETRICS_TYPE;
	openmetrics_put(&out->body, is_old);
}

/* That the loop came here is the answer. */
static void serve_health(struct listener *l, const struct http_head *head,
			 struct net_http_answer *out)
{
	(void)l;
	(void)head;
	out->status = 200;
	out->type = "application/json";
	buf_put_str(&out->body, STR("{\"status\":\"alive\"}\n"));
}

static void serve_ready(struct listener *l, const struct http_head *head,
			struct net_http_answer *out)
{
	const struct admin_http_state *s = &l->owner->state;

	(void)head;
	out->type = "application/json";
	out->status = s->is_ready(s->arg, &out->body) ? 200 : 503;
	buf_put_char(&out->body, '\n');
}

static void serve_index(struct listener *l, const struct http_head *head,
			struct net_http_answer *out)
{
	(void)l;
	(void)head;
	out->status = 200;
	buf_put_str(&out->body, STR("causeway " CAUSEWAY_VERSION "\n"
				    "/metrics\n/healthz\n/readyz\n"));
}

static const struct {
	const char *path;
	void (*serve)(struct listener *l, const struct http_head *head,
		      struct net_http_answer *out);
} pages[] = {
	{ "/metrics", serve_metrics },
	{ "/healthz", serve_health },
	{ "/readyz", serve_ready },
	{ "/", serve_index },
};

static void refuse(struct net_http_answer *out, unsigned status)
{
	out->status = status;
	buf_put_str(&out->body, str_of(net_http_status_text(status)));
	buf_put_char(&out->body, '\n');
}

/* A numeric host cannot be rebound, and programs without a Host header are no
   browsers. */
static bool is_our_name(const struct listener *l, struct str host)
{
	uint8_t ip[16];
	int family;
	size_t i;

	if (!host.n || str_ieq(host, STR("localhost")) ||
	    cidr_parse_ip(host, &family, ip))
		return true;
	for (i = 0; l->conf && i < l->conf->hosts_n; i++)
		if (str_ieq(l->conf->hosts[i], host))
			return true;
	return false;
}

static void serve(void *arg, const struct http_head *head,
		  struct net_http_answer *out)
{
	struct listener *l = arg;
	size_t i;

	if (!is_our_name(l, head->host)) {
		refuse(out, 421);
		return;
	}
	if (!str_eq(head->method, STR("GET")) &&
	    !str_eq(head->method, STR("HEAD"))) {
		out->allow = "GET, HEAD";
		refuse(out, 405);
		return;
	}
	for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		if (!str_eq(head->path, str_of(pages[i].path)))
			continue;
		pages[i].serve(l, head, out);
		return;
	}
	refuse(out, 404);
}

/* Once a second at most: whoever tries often shall not fill the log. */
static void tell_denied(struct admin_http *h, struct str peer)
{
	int64_t now_ms = net_now_ms(h->loop);

	h->denied++;
	if (h->denied_at_ms && now_ms - h->denied_at_ms < DENIED_EVERY_MS)
		return;
	h->denied_at_ms = now_ms;
	log_warning(&h->log, "admin_denied", F_STR("source", peer),
		    F_N("count", h->denied));
}

/* Behind a loopback address there is nobody else; elsewhere only those that
   are named. */
static bool may_connect(void *arg, struct str peer)
{
	const struct listener *l = arg;
	uint8_t ip[16] = { 0 };
	int family;
	size_t i;

	if (!l->conf || !cidr_parse_ip(peer, &family, ip))
		return false;
	if (cidr_is_loopback(peer))
		return true;
	for (i = 0; i < l->conf->trusted_n; i++)
		if (cidr_holds(l->conf->trusted[i], family, ip))
			return true;
	tell_denied(l->owner, peer);
	return false;
}

static void answered(void *arg, unsigned status)
{
	char code[12];

	(void)arg;
	snprintf(code, sizeof(code), "%u", status);
	metric_inc(METRIC(HTTP_REQUESTS, code));
}

/* ---- listeners --------------------------------------------------------------- */

static void listener_free(struct listener *l)
{
	list_del(&l->all);
	net_http_free(l->server);
	net_tls_free(l->tls);
	config_put(l->config);
	config_put(l->next_config);
	mem_free(l);
}

static void set_next(struct listener *l, struct config *c,
		     const struct listen_conf *k)
{
	l->next_config = c ? config_ref(c) : NULL;
	l->next = k;
}

static int listener_new(struct admin_http *h, struct config *c,
			const struct listen_conf *k, struct errtext *why)
{
	struct listener *l = mem_zalloc(sizeof(*l));
	const struct net_http_handlers handlers = {
		.serve = serve,
		.may_connect = may_connect,
		.answered = answered,
		.arg = l,
	};

	list_add(&h->listeners, &l->all);
	l->owner = h;
	set_next(l, c, k);
	if (k->transport == TRANSPORT_TLS) {
		l->tls = net_tls_new(k->cert_file, k->key_file, why);
		if (!l->tls)
			return ERR_IO;
	}
	l->server = net_http_new(h->loop, k->address, k->port, l->tls,
				 &handlers, why);
	return l->server ? 0 : ERR_IO;
}

static bool is_same(const struct listener *l, const struct listen_conf *k)
{
	const struct listen_conf *old = l->conf;

	return old && !l->next && old->transport == k->transport &&
	       old->port == k->port && str_eq(old->address, k->address) &&
	       (k->port || str_eq(old->name, k->name));
}

static int prepare_one(struct admin_http *h, struct config *c,
		       const struct listen_conf *k, struct errtext *why)
{
	struct list_link *it, *tmp;

	list_each(it, tmp, &h->listeners) {
		struct listener *l = list_of(it, struct listener, all);

		if (!is_same(l, k))
			continue;
		set_next(l, c, k);
		return l->tls ? net_tls_prepare(l->tls, k->cert_file,
						k->key_file, why)
			      : 0;
	}
	return listener_new(h, c, k, why);
}

static int prepare(void *self, struct config *c, struct errtext *why)
{
	struct admin_http *h = self;
	size_t i;
	int err = 0;

	for (i = 0; i < c->listens_n && !err; i++)
		if (c->listens[i].proto == PROTO_ADMIN)
			err = prepare_one(h, c, &c->listens[i], why);
	return err;
}

static void tell(const struct listener *l)
{
	log_info(&l->owner->log, "listening", F_STR("name", l->conf->name),
		 F_TEXT("transport",
			l->conf->transport == TRANSPORT_TLS ? "tls" : "tcp"),
		 F_STR("address", l->conf->address),
		 F_N("port", net_http_port(l->server)));
}

static void commit(void *self)
{
	struct admin_http *h = self;
	struct list_link *it, *tmp;
	bool is_new;

	list_each(it, tmp, &h->listeners) {
		struct listener *l = list_of(it, struct listener, all);

		if (!l->next) {
			log_info(&h->log, "listener_closed",
				 F_STR("name", l->conf->name));
			listener_free(l);
			continue;
		}
		is_new = !l->conf;
		config_put(l->config);
		l->config = l->next_config;
		l->conf = l->next;
		set_next(l, NULL, NULL);
		if (is_new)
			net_http_start(l->server);
		else if (l->tls)
			net_tls_commit(l->tls);
		if (is_new)
			tell(l);
	}
}

static void undo(void *self)
{
	struct admin_http *h = self;
	struct list_link *it, *tmp;

	list_each(it, tmp, &h->listeners) {
		struct listener *l = list_of(it, struct listener, all);

		if (!l->conf) {
			listener_free(l);
			continue;
		}
		config_put(l->next_config);
		set_next(l, NULL, NULL);
		if (l->tls)
			net_tls_abort(l->tls);
	}
}

static void flush(void *self)
{
	(void)self;
}

/* Those who watch a node that ends want to see it. */
static void drain(void *self, uint32_t link, int64_t until_ms)
{
	(void)self;
	(void)link;
	(void)until_ms;
}

struct adapter admin_http_port(struct admin_http *h)
{
	return (struct adapter){ .proto = PROTO_HTTP,
				 .self = h,
				 .flush = flush,
				 .prepare = prepare,
				 .commit = commit,
				 .abort = undo,
				 .drain = drain };
}

struct admin_http *admin_http_new(struct net_loop *l,
				  const struct admin_http_state *state)
{
	struct admin_http *h = mem_zalloc(sizeof(*h));

	h->loop = l;
	h->state = *state;
	h->log = (struct log_ctx){ .module = "http" };
	list_init(&h->listeners);
	return h;
}

void admin_http_free(struct admin_http *h)
{
	struct list_link *it, *tmp;

	if (!h)
		return;
	list_each(it, tmp, &h->listeners)
		listener_free(list_of(it, struct listener, all));
	mem_free(h);
}

uint16_t admin_http_port_of(const struct admin_http *h, struct str listener)
{
	struct list_link *it, *tmp;

	list_each(it, tmp, &h->listeners) {
		struct listener *l = list_of(it, struct listener, all);

		if (l->conf && str_eq(l->conf->name, listener))
			return net_http_port(l->server);
	}
	return 0;
}

size_t admin_http_listeners(const struct admin_http *h)
{
	struct list_link *it, *tmp;
	size_t n = 0;

	list_each(it, tmp, &h->listeners)
		n += list_of(it, struct listener, all)->conf != NULL;
	return n;
}
