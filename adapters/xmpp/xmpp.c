/* adapters/xmpp/xmpp.c: the XMPP adapter as core sees it; see xmpp.h. Finds the
 * link an action is for and lets component.c do the rest; diffs configurations.
 */
#include "adapters/xmpp/xmpp.h"

#include <arpa/inet.h>
#include <string.h>

#include <strophe.h>

#include "adapters/xmpp/component.h"
#include "core/base/mem.h"

const struct xmpp_times xmpp_times_default = {
	.connect_ms = 10000,	/* a server that is there answers at once */
	.ping_every_ms = 60000,
	.ping_limit_ms = 20000, /* dead within 80 s */
	.backoff_min_ms = 1000,
	.backoff_max_ms = 60000,
	.refused_ms = 60000,
	.standby_ms = 8000, /* taken over in 15 s */
	.stable_ms = 30000,
	.drain_ms = 30000,
};

enum { SCRATCH_BYTES = 1048576 };	/* one stanza being written */

static const struct log_ctx log_xmpp = { .module = "xmpp" };

static struct comp *find(const struct xmpp *x, uint32_t id)
{
	struct list_link *it, *tmp;

	list_each(it, tmp, &x->comps) {
		struct comp *c = list_of(it, struct comp, link);

		if (c->conf->id == id)
			return c;
	}
	return NULL;
}

/* ---- actions ------------------------------------------------------------- */

static void port_answer(void *self, uint64_t leg, const struct action *a)
{
	struct xmpp *x = self;
	struct list_link *it, *tmp;

	/* No message waits for one: refusals come as reports. */
	list_each(it, tmp, &x->comps)
		if (comp_take_answer(list_of(it, struct comp, link), leg, a))
			return;
}

static void port_send(void *self, const struct action *a)
{
	const struct send *send = a->u.send;
	struct xmpp *x = self;
	struct comp *c;
	size_t i;

	for (i = 0; i < send->targets_n; i++) {
		c = find(x, send->targets[i].link);
		if (c)
			comp_send(c, a, &send->targets[i]);
		else
			xmpp_result(x, a, &send->targets[i], CAUSE_LINK_DOWN);
	}
}

static uint32_t port_room(void *self, uint32_t link)
{
	struct comp *c = find(self, link);

	return c ? comp_room(c) : 0;
}

static void port_presence(void *self, const struct action *a)
{
	struct comp *c = find(self, a->u.presence->link);

	if (c)
		comp_show(c, &a->u.presence->to);
}

static void port_link_ctl(void *self, uint32_t link, bool is_up)
{
	struct comp *c = find(self, link);

	if (c)
		comp_switch(c, is_up);
}

static void port_flush(void *self)
{
	struct xmpp *x = self;
	struct list_link *it, *tmp;

	list_each(it, tmp, &x->comps)
		comp_flush(list_of(it, struct comp, link));
}

static void port_drain(void *self, uint32_t link, int64_t until_ms)
{
	struct xmpp *x = self;
	struct list_link *it, *tmp;

	list_each(it, tmp, &x->comps) {
		struct comp *c = list_of(it, struct comp, link);

		if (link == 0 || c->conf->id == link)
			comp_drain(c, until_ms);
	}
}

static void port_undrain(void *self)
{
	struct xmpp *x = self;
	struct list_link *it, *tmp;

	list_each(it, tmp, &x->comps)
		comp_undrain(list_of(it, struct comp, link));
}

/* ---- configuration ------------------------------------------------------- */

/* A numeric address, so that nothing is looked up on the loop. */
static bool address_of(struct str host, bool *is_local_out)
{
	unsigned char bin[sizeof(struct in6_addr)];
	char text[INET6_ADDRSTRLEN];

	if (host.n == 0 || host.n >= sizeof(text))
		return false;
	memcpy(text, host.p, host.n);
	text[host.n] = '\0';
	if (inet_pton(AF_INET, text, bin) == 1) {
		*is_local_out = bin[0] == 127;
		return true;
	}
	if (inet_pton(AF_INET6, text, bin) != 1)
		return false;
	*is_local_out = memcmp(bin, &in6addr_loopback, sizeof(bin)) == 0;
	return true;
}

static int check_link(const struct config *c, const struct link_conf *l,
		      struct errtext *why)
{
	bool is_local;
	size_t i;

	if (!address_of(l->host, &is_local))
		return errtext_set(why, ERR_SYNTAX,
				   "link %.*s: the server's address must be "
				   "numeric",
				   STR_ARG(l->name));
	if (!is_local && !l->insecure_cleartext)
		return errtext_set(why, ERR_DENIED,
				   "link %.*s: a component link is not "
				   "encrypted and leaves this machine",
				   STR_ARG(l->name));
	if (!uri_host_ok(l->component) || l->secret.n == 0 || l->port == 0)
		return errtext_set(why, ERR_SYNTAX,
				   "link %.*s: component, secret and port "
				   "are needed",
				   STR_ARG(l->name));
	/* One name may stand at several servers, but once at each. */
	for (i = 0; &c->links[i] != l; i++)
		if (c->links[i].kind == LINK_XMPP_COMPONENT &&
		    str_ieq(c->links[i].component, l->component) &&
		    str_eq(c->links[i].host, l->host) &&
		    c->links[i].port == l->port)
			return errtext_set(why, ERR_WRONG_STATE,
					   "link %.*s: %.*s is spoken for by "
					   "link %.*s",
					   STR_ARG(l->name),
					   STR_ARG(l->component),
					   STR_ARG(c->links[i].name));
	return 0;
}

static int port_prepare(void *self, struct config *c, struct errtext *why)
{
	struct xmpp *x = self;
	size_t i, n = 0;
	int err;

	for (i = 0; i < c->links_n; i++) {
		if (c->links[i].kind != LINK_XMPP_COMPONENT)
			continue;
		err = check_link(c, &c->links[i], why);
		if (err < 0)
			return err;
		if (++n > XMPP_LINKS_MAX)
			return errtext_set(why, ERR_LIMIT,
					   "more than %d component links",
					   XMPP_LINKS_MAX);
	}
	config_put(x->prepared);
	x->prepared = config_ref(c);
	return 0;
}

static void port_abort(void *self)
{
	struct xmpp *x = self;

	config_put(x->prepared);
	x->prepared = NULL;
}

static const struct link_conf *conf_of(const struct config *c, struct str name)
{
	const struct link_conf *conf = config_link_by_name(c, name);

	return conf && conf->kind == LINK_XMPP_COMPONENT ? conf : NULL;
}

static void port_commit(void *self)
{
	struct xmpp *x = self;
	struct list_link *it, *tmp;
	size_t i;

	if (!x->prepared)
		return;
	config_put(x->config);
	x->config = x->prepared;
	x->prepared = NULL;
	list_each(it, tmp, &x->comps) {
		struct comp *c = list_of(it, struct comp, link);

		comp_configure(c, x->config, conf_of(x->config, c->conf->name));
	}
	for (i = 0; i < x->config->links_n; i++) {
		const struct link_conf *conf = &x->config->links[i];

		if (conf->kind == LINK_XMPP_COMPONENT && !find(x, conf->id))
			comp_new(x, x->config, conf);
	}
}

/* ---- life ---------------------------------------------------------------- */

struct xmpp *xmpp_new(struct net_loop *l, const struct intake *in)
{
	struct xmpp *x = mem_zalloc(sizeof(*x));

	x->loop = l;
	x->in = *in;
	x->times = xmpp_times_default;
	x->low = xmpp_low_new();
	x->scratch = arena_new(SCRATCH_BYTES);
	list_init(&x->comps);
	net_random(&x->salt, sizeof(x->salt));
	xmpp_initialize();
	/* The guards of strophe_link.c were proven on 0.12. */
	if (!xmpp_version_check(0, 12) || xmpp_version_check(0, 11))
		log_warning(&log_xmpp, "libstrophe_is_not_0_12");
	return x;
}

struct adapter xmpp_port(struct xmpp *x)
{
	return (struct adapter){
		.proto = PROTO_XMPP,
		.self = x,
		.answer = port_answer,
		.send = port_send,
		.room = port_room,
		.link_ctl = port_link_ctl,
		.presence = port_presence,
		.flush = port_flush,
		.prepare = port_prepare,
		.commit = port_commit,
		.abort = port_abort,
		.drain = port_drain,
		.undrain = port_undrain,
	};
}

void xmpp_close(struct xmpp *x)
{
	if (!x)
		return;
	while (!list_empty(&x->comps))
		comp_free(list_of(x->comps.next, struct comp, link));
	xmpp_low_free(x->low);
	arena_free(x->scratch);
	config_put(x->config);
	config_put(x->prepared);
	mem_free(x);
}

void xmpp_set_times(struct xmpp *x, const struct xmpp_times *t)
{
	x->times = *t;
}

struct xmpp_counts xmpp_counts(const struct xmpp *x)
{
	struct xmpp_counts counts = x->counts;
	struct list_link *it, *tmp;

	list_each(it, tmp, &x->comps) {
		struct comp *c = list_of(it, struct comp, link);

		if (c->stream)
			counts.held += xmpp_link_held(c->stream);
		if (c->leftover)
			counts.held += xmpp_link_held(c->leftover);
	}
	return counts;
}
