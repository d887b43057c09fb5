/* gateway/daemon/check.c: see check.h. Each check tells its own fault at the
 * line where the operator would mend it, and goes on.
 */
#include "gateway/daemon/check_priv.h"

#include <string.h>
#include <sys/un.h>

#include "adapters/net/tls.h"
#include "adapters/net/tls_out.h"
#include "gateway/daemon/files.h"
#include "gateway/daemon/value.h"

/* Line of an option of the i-th block of that name; 0 when the block is not
   in the file. option NULL: of the block. */
static unsigned line_of(const struct checker *k, const char *block, size_t i,
			const char *option)
{
	const struct block *b = block_find(str_of(block));
	const struct scan_section *at;
	size_t n;

	for (n = 0; n < k->s->sections_n; n++) {
		at = &k->s->sections[n];
		if (at->block != b || i-- > 0)
			continue;
		if (!option)
			return at->line;
		return scan_line(k->s, at, option_find(b, str_of(option)));
	}
	return 0;
}

unsigned check_line(const struct checker *k, const char *block, size_t i,
		    const char *option)
{
	return line_of(k, block, i, option);
}

/* Titles are unique; items of size each begin with their name. */
static void check_names(const struct checker *k, const char *block)
{
	const struct block *b = block_find(str_of(block));
	size_t i, j, n = block_count(b, k->c);
	struct str name, other;
	struct fault_value v;

	for (i = 1; i < n; i++) {
		memcpy(&name, block_item(b, k->c, i), sizeof(name));
		for (j = 0; j < i; j++) {
			memcpy(&other, block_item(b, k->c, j), sizeof(other));
			if (str_eq(name, other))
				break;
		}
		if (j < i)
			faults_add(
				k->f, line_of(k, block, i, NULL),
				"there are two %s blocks named %s, the first "
				"in line %u",
				block, fault_value(&v, name),
				line_of(k, block, j, NULL));
	}
}

/* Both are there, the key is not for everybody, and they fit together. */
static void check_tls(const struct checker *k, const char *block, size_t i,
		      struct str cert_file, struct str key_file)
{
	const char *option = "key-file";
	struct str path = key_file;
	struct errtext why;
	struct fault_value v;
	struct net_tls *tls;

	if (k->src->no_files || !cert_file.n || !key_file.n)
		return;
	if (file_check(cert_file, false, &why)) {
		option = "cert-file";
		path = cert_file;
	} else if (!file_check(path, true, &why)) {
		tls = net_tls_new(cert_file, path, &why);
		if (!tls)
			faults_add(k->f, line_of(k, block, i, "cert-file"),
				   "%s", why.text);
		net_tls_free(tls);
		return;
	}
	faults_add(k->f, line_of(k, block, i, option), "%s %s %s", option,
		   fault_value(&v, path), why.text);
}

/* HTTP runs over TCP, and what leaves this machine is encrypted and for known
   readers only. */
static void check_admin(const struct checker *k, struct listen_conf *l, size_t i)
{
	unsigned line = line_of(k, "listen", i, NULL);

	if (l->transport == TRANSPORT_UDP &&
	    line_of(k, "listen", i, "transport") == line)
		l->transport = TRANSPORT_TCP; /* the default of this proto */
	if (l->transport == TRANSPORT_UDP)
		faults_add(k->f, line_of(k, "listen", i, "transport"),
			   "an admin listener speaks HTTP (expected transport "
			   "tcp or tls, got udp)");
	if (!l->address.n || value_is_loopback(l->address))
		return;
	if (l->transport != TRANSPORT_TLS)
		faults_add(k->f, line_of(k, "listen", i, "address"),
			   "an admin listener that other machines reach needs "
			   "transport = tls");
	if (!l->trusted_n)
		faults_add(k->f, line_of(k, "listen", i, "trusted"),
			   "an admin listener that other machines reach needs "
			   "trusted = { ... }, who may read it");
}

/* Names are believed only of certificates somebody vouched for. */
static void check_clients(const struct checker *k, const struct listen_conf *l,
			  size_t i)
{
	struct errtext why;
	struct fault_value v;

	if (l->trusted_names_n && !l->client_ca_file.n)
		faults_add(k->f, line_of(k, "listen", i, "trusted-names"),
			   "trusted-names needs client-ca-file");
	if (l->client_ca_file.n && !k->src->no_files &&
	    (file_check(l->client_ca_file, false, &why) ||
	     net_tls_check_ca(l->client_ca_file, &why) < 0))
		faults_add(k->f, line_of(k, "listen", i, "client-ca-file"),
			   "client-ca-file %s %s",
			   fault_value(&v, l->client_ca_file), why.text);
}

static void check_listen(const struct checker *k, size_t i)
{
	struct listen_conf *l = &k->c->listens[i], *o;
	size_t j;

	if (l->proto == PROTO_ADMIN)
		check_admin(k, l, i);
	if (l->transport == TRANSPORT_TLS)
		check_tls(k, "listen", i, l->cert_file, l->key_file);
	check_clients(k, l, i);
	if (l->proto == PROTO_SIP && !l->challenge_sha256 &&
	    !l->challenge_md5 && l->trusted_n == 0 && l->trusted_names_n == 0)
		faults_add(k->f, line_of(k, "listen", i, "challenge"),
			   "nobody could send here: no digest algorithm is "
			   "offered and no peer is trusted");
	for (j = 0; j < i && l->port; j++) {
		o = &k->c->listens[j];
		if (o->port != l->port || !str_eq(o->address, l->address) ||
		    (o->transport == TRANSPORT_UDP) !=
			    (l->transport == TRANSPORT_UDP))
			continue;
		faults_add(k->f, line_of(k, "listen", i, "port"),
			   "the listener in line %u has this address and port "
			   "already",
			   line_of(k, "listen", j, NULL));
		return;
	}
}

static void check_secret(const struct checker *k, struct link_conf *l, size_t i)
{
	struct errtext why;
	struct fault_value v;

	if (l->secret.n && l->secret_file.n)
		faults_add(k->f, line_of(k, "link", i, "secret-file"),
			   "secret and secret-file are both given");
	else if (!l->secret.n && !l->secret_file.n &&
		 line_of(k, "link", i, "secret") == line_of(k, "link", i, NULL))
		faults_add(k->f, line_of(k, "link", i, NULL),
			   "secret or secret-file is missing in this link");
	else if (l->secret_file.n && !k->src->no_files &&
		 file_read_secret(k->c->arena, l->secret_file, &l->secret,
				  &why))
		faults_add(k->f, line_of(k, "link", i, "secret-file"),
			   "secret-file %s %s", fault_value(&v, l->secret_file),
			   why.text);
}

static void lower_ascii(struct arena *a, struct str *s)
{
	char *copy = arena_alloc(a, s->n + 1);
	size_t i;

	for (i = 0; copy && i < s->n; i++)
		copy[i] = (char)ch_lower((unsigned char)s->p[i]);
	if (copy)
		s->p = copy;
}

/* A component speaks for a domain of ours, and in clear text. */
static void check_component(const struct checker *k, struct link_conf *l,
			    size_t i)
{
	const struct domain_conf *d;
	struct fault_value v;
	size_t j;

	check_secret(k, l, i);
	if (!value_form_ok(l->host, FORM_ADDRESS))
		faults_add(k->f, line_of(k, "link", i, "host"),
			   "host must be numeric in a component link (got %s)",
			   fault_value(&v, l->host));
	if (!l->port)
		faults_add(k->f, line_of(k, "link", i, "port"),
			   "port is missing in this link");
	lower_ascii(k->c->arena, &l->component);
	if (l->host.n && !value_is_loopback(l->host) && !l->insecure_cleartext)
		faults_add(k->f, line_of(k, "link", i, "host"),
			   "a component link is not encrypted and %s is "
			   "another machine; use a tunnel, or say "
			   "insecure-cleartext = yes",
			   fault_value(&v, l->host));
	d = config_domain(k->c, l->component);
	if (l->component.n && !l->is_encoded &&
	    (!d || d->kind != DOMAIN_SERVED))
		faults_add(k->f, line_of(k, "link", i, "component"),
			   "component %s is no served domain (expected a "
			   "domain block with served = yes, or encoded = yes)",
			   fault_value(&v, l->component));
	for (j = 0; j < i; j++)
		if (k->c->links[j].kind == LINK_XMPP_COMPONENT &&
		    l->component.n &&
		    str_eq(k->c->links[j].component, l->component) &&
		    str_eq(k->c->links[j].host, l->host) &&
		    k->c->links[j].port == l->port)
			faults_add(k->f, line_of(k, "link", i, "component"),
				   "the link in line %u is this component "
				   "at this server already",
				   line_of(k, "link", j, NULL));
}

/* What a peer and a domain by DNS have in common. */
static void check_outgoing(const struct checker *k, const char *block,
			   size_t i, const struct link_conf *l)
{
	struct fault_value v;
	struct errtext why;

	if (l->tls != TLS_REQUIRE && !l->insecure_cleartext)
		faults_add(k->f, line_of(k, block, i, "tls"),
			   "messages could leave unencrypted; say "
			   "insecure-cleartext = yes, or tls = require");
	if (!l->cert_file.n != !l->key_file.n)
		faults_add(k->f, line_of(k, block, i, "cert-file"),
			   "cert-file and key-file belong together");
	check_tls(k, block, i, l->cert_file, l->key_file);
	if (l->ca_file.n && !k->src->no_files &&
	    (file_check(l->ca_file, false, &why) ||
	     net_tls_check_ca(l->ca_file, &why) < 0))
		faults_add(k->f, line_of(k, block, i, "ca-file"),
			   "ca-file %s %s", fault_value(&v, l->ca_file),
			   why.text);
}

static void check_peer(const struct checker *k, struct link_conf *l, size_t i)
{
	l->is_named = !value_form_ok(l->host, FORM_ADDRESS);
	if (l->is_named)
		lower_ascii(k->c->arena, &l->host);
	lower_ascii(k->c->arena, &l->tls_name);
	if (l->transport == TRANSPORT_AUTO && !l->is_named)
		faults_add(k->f, line_of(k, "link", i, "transport"),
			   "transport = auto needs a host that is a name");
	if (l->targets_n && (l->is_named || l->transport == TRANSPORT_AUTO))
		faults_add(k->f, line_of(k, "link", i, "targets"),
			   "targets are there instead of a host that is a "
			   "name");
	if (l->targets_n && l->transport == TRANSPORT_TLS && !l->tls_name.n)
		faults_add(k->f, line_of(k, "link", i, "targets"),
			   "targets over TLS need tls-name, which their "
			   "certificates must have");
	check_outgoing(k, "link", i, l);
}

static void check_link(const struct checker *k, size_t i)
{
	struct link_conf *l = &k->c->links[i];
	size_t j;

	l->id = config_id_of(l->name);
	l->proto = l->kind == LINK_SIP_PEER ? PROTO_SIP : PROTO_XMPP;
	if (l->kind == LINK_XMPP_COMPONENT)
		check_component(k, l, i);
	else if (!l->is_of_domain)
		check_peer(k, l, i);
	for (j = 0; j < i; j++)
		if (k->c->links[j].id == l->id &&
		    !str_eq(k->c->links[j].name, l->name))
			faults_add(k->f, line_of(k, "link", i, NULL),
				   "this name has the same checksum as that of "
				   "the link in line %u; change it",
				   line_of(k, "link", j, NULL));
}

/* The link of that name; a fault when there is none. */
static const struct link_conf *link_named(const struct checker *k,
					  const char *block, size_t i,
					  const char *option, struct str name)
{
	const struct link_conf *l = config_link_by_name(k->c, name);
	struct fault_value v;

	if (!l && name.n)
		faults_add(k->f, line_of(k, block, i, option),
			   "%s names no link (got %s)", option,
			   fault_value(&v, name));
	return l;
}

/* A foreign domain without a link of the file, which SIP can reach by DNS. */
static bool is_by_dns(const struct domain_conf *d)
{
	return d->kind == DOMAIN_FOREIGN && !d->via.n && d->proto == PROTO_SIP;
}

/* Its own link, so that core knows one kind of way out only, and a domain that
   is down holds up nobody else. */
static void link_of_domain(const struct checker *k, size_t i,
			   struct link_conf *l)
{
	struct domain_conf *d = &k->c->domains[i];
	struct fault_value v;

	if (config_link_by_name(k->c, d->name))
		faults_add(k->f, line_of(k, "domain", i, NULL),
			   "a link has the name of this domain (%s), and it "
			   "needs one of its own",
			   fault_value(&v, d->name));
	*l = (struct link_conf){
		.name = d->name, .kind = LINK_SIP_PEER, .host = STR(""),
		.transport = TRANSPORT_AUTO, .tls = d->tls,
		.ca_file = d->ca_file, .cert_file = d->cert_file,
		.key_file = d->key_file, .inside = d->inside,
		.inside_n = d->inside_n, .sources = d->sources,
		.sources_n = d->sources_n, .cpim = d->cpim,
		.insecure_cleartext = d->insecure_cleartext,
		.is_trusted = d->trust != TRUST_EXTERNAL,
		.is_named = true, .is_of_domain = true,
	};
	d->via_id = config_id_of(d->name);
	check_outgoing(k, "domain", i, l);
}

/* The links of the file, and one for each domain that has none. */
static void make_links(const struct checker *k)
{
	struct config *c = k->c;
	size_t i, n = c->links_named_n;
	struct link_conf *list;

	c->links_n = n;
	for (i = 0; i < c->domains_n; i++)
		n += is_by_dns(&c->domains[i]);
	if (n > CONFIG_LINKS_MAX)
		faults_add(k->f, 0,
			   "links and SIP domains without one are %zu "
			   "together, expected at most %d",
			   n, CONFIG_LINKS_MAX);
	if (n == c->links_n || n > CONFIG_LINKS_MAX)
		return;
	list = arena_array(c->arena, n, sizeof(*list));
	if (!list)
		return; /* conf_load() tells */
	memcpy(list, c->links, c->links_n * sizeof(*list));
	for (i = 0, n = c->links_n; i < c->domains_n; i++)
		if (is_by_dns(&c->domains[i]))
			link_of_domain(k, i, &list[n++]);
	c->links = list;
	c->links_n = n;
}

static void check_domain(const struct checker *k, size_t i)
{
	struct domain_conf *d = &k->c->domains[i];
	const struct link_conf *l = link_named(k, "domain", i, "via", d->via);
	struct fault_value v;
	size_t j;

	if (d->kind == DOMAIN_FOREIGN && !d->via.n && !is_by_dns(d))
		faults_add(k->f, line_of(k, "domain", i, NULL),
			   "via is missing in this domain (without it, proto "
			   "= sip finds the servers by DNS)");
	if (d->kind == DOMAIN_SERVED)
		d->proto = PROTO_SIP;
	if (l) {
		d->via_id = l->id;
		if (d->proto == PROTO_NONE)
			d->proto = l->proto;
		if (d->proto != l->proto)
			faults_add(k->f, line_of(k, "domain", i, "proto"),
				   "proto is %s, but the link of via speaks "
				   "%s",
				   proto_name(d->proto), proto_name(l->proto));
	}
	for (j = 0; d->number_plan.n && j < k->c->plans_n; j++)
		if (str_eq(k->c->plans[j].name, d->number_plan))
			break;
	if (d->number_plan.n && j == k->c->plans_n)
		faults_add(k->f, line_of(k, "domain", i, "number-plan"),
			   "number-plan names no block of that kind (got %s)",
			   fault_value(&v, d->number_plan));
}

/* What a route does follows from which of its options are given. */
static void check_route(const struct checker *k, size_t i)
{
	struct route_conf *r = &k->c->routes[i];
	const struct link_conf *via, *fallback;
	bool is_local = r->verb == ROUTE_DO_LOCAL;
	bool is_deny = r->deny_cause != CAUSE_NONE;

	via = link_named(k, "route", i, "via", r->via);
	fallback = link_named(k, "route", i, "fallback", r->fallback);
	r->via_id = via ? via->id : 0;
	r->fallback_id = fallback ? fallback->id : 0;
	if ((r->via.n > 0) + is_local + is_deny > 1)
		faults_add(k->f, line_of(k, "route", i, NULL),
			   "only one of via, deny and local can be given");
	if (r->fallback.n && !r->via.n)
		faults_add(k->f, line_of(k, "route", i, "fallback"),
			   "fallback needs via");
	if (r->fallback.n && str_eq(r->fallback, r->via))
		faults_add(k->f, line_of(k, "route", i, "fallback"),
			   "fallback is the same link as via");
	if (r->via.n)
		r->verb = ROUTE_DO_VIA;
	else if (is_deny)
		r->verb = ROUTE_DO_DENY;
	else if (!is_local)
		r->verb = ROUTE_DO_NEXT;
	if (r->verb == ROUTE_DO_NEXT && !r->rewrite_from.n && !r->rewrite_to.n)
		faults_add(k->f, line_of(k, "route", i, NULL),
			   "this route does nothing (expected via, deny, "
			   "local or a rewrite)");
}

static void check_plan(const struct checker *k, size_t i)
{
	const struct number_plan *p = &k->c->plans[i];

	if (p->min_digits > p->max_digits)
		faults_add(k->f, line_of(k, "number-plan", i, "min-digits"),
			   "min-digits is more than max-digits (got %u and "
			   "%u)",
			   p->min_digits, p->max_digits);
}

static void check_node(const struct checker *k)
{
	struct config *c = k->c;
	const size_t path_max = sizeof(((struct sockaddr_un *)0)->sun_path);

	c->node_id = config_id_of(c->node_name);
	if (c->control_socket.n >= path_max)
		faults_add(k->f, line_of(k, "node", 0, "control-socket"),
			   "the path of the control socket is too long (got "
			   "%zu bytes, expected at most %zu)",
			   c->control_socket.n, path_max - 1);
	if (c->reg_expires_min_s > c->reg_expires_default_s ||
	    c->reg_expires_default_s > c->reg_expires_max_s)
		faults_add(k->f, line_of(k, "sip", 0, "register-default"),
			   "register-default is not between register-min and "
			   "register-max (got %u, %u and %u seconds)",
			   c->reg_expires_default_s, c->reg_expires_min_s,
			   c->reg_expires_max_s);
	if (c->auth_ban_min_ms > c->auth_ban_max_ms)
		faults_add(k->f, line_of(k, "auth", 0, "ban-min"),
			   "ban-min is more than ban-max (got %u and %u ms)",
			   c->auth_ban_min_ms, c->auth_ban_max_ms);
	if (c->retry_link_min_ms > c->retry_link_max_ms)
		faults_add(k->f, line_of(k, "policy", 0, "retry-link-min"),
			   "retry-link-min is more than retry-link-max (got "
			   "%u and %u ms)",
			   c->retry_link_min_ms, c->retry_link_max_ms);
}

void check_config(struct config *c, const struct scan *s,
		  const struct conf_source *src, struct faults *f)
{
	const struct checker k = { c, s, src, f };
	size_t i;

	for (i = 0; i < conf_blocks_n; i++)
		if (conf_blocks[i].is_titled)
			check_names(&k, conf_blocks[i].name);
	check_node(&k);
	make_links(&k);
	for (i = 0; i < c->listens_n; i++)
		check_listen(&k, i);
	for (i = 0; i < c->links_n; i++)
		check_link(&k, i);
	for (i = 0; i < c->domains_n; i++)
		check_domain(&k, i);
	for (i = 0; i < c->plans_n; i++)
		check_plan(&k, i);
	for (i = 0; i < c->routes_n; i++)
		check_route(&k, i);
	check_rules(&k);
}
