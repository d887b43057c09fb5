/* adapters/sip/auth.c: credentials as far as the wire goes. Challenges and
 * nonces are made here without state; whether a response is right is core's
 * to say. [RFC 7616, RFC 8760, RFC 3261 22]
 */
#include "adapters/sip/sip_priv.h"

#include <string.h>

#include "adapters/net/cidr.h"
#include "adapters/net/tls.h"

#define NONCE_LIFE_MS 300000u /* where the configuration says none */
#define USER_MAX 256u	      /* no user of ours has a longer name */

static bool is_trusted_source(const struct sip_listener *l, const char *source)
{
	uint8_t ip[16] = { 0 };
	int family;
	size_t i;

	if (!l->conf || !cidr_parse_ip(str_of(source), &family, ip))
		return false;
	for (i = 0; i < l->conf->trusted_n; i++)
		if (cidr_holds(l->conf->trusted[i], family, ip))
			return true;
	return false;
}

static bool speaks_from(const struct link_conf *k, int family,
			const uint8_t ip[16])
{
	struct dns_record target;
	size_t i;

	for (i = 0; i < k->sources_n; i++)
		if (cidr_holds(k->sources[i], family, ip))
			return true;
	for (i = 0; i < k->targets_n; i++)
		if (locate_target(k->targets[i], &target) &&
		    cidr_holds(str_of(target.target), family, ip))
			return true;
	return !k->targets_n && cidr_holds(k->host, family, ip);
}

/* One host may serve several domains: that of the sender counts first. */
static const struct link_conf *peer_at(const struct sip *s, const char *source,
				       struct str from_host)
{
	const struct domain_conf *d;
	const struct link_conf *k;
	uint8_t ip[16] = { 0 };
	int family;
	size_t i;

	if (!s->conf || !cidr_parse_ip(str_of(source), &family, ip))
		return NULL;
	d = config_domain(s->conf, from_host);
	k = d ? config_link(s->conf, d->via_id) : NULL;
	if (k && k->kind == LINK_SIP_PEER && speaks_from(k, family, ip))
		return k;
	for (i = 0; i < s->conf->links_n; i++) {
		k = &s->conf->links[i];
		if (k->kind == LINK_SIP_PEER && speaks_from(k, family, ip))
			return k;
	}
	return NULL;
}

/* By a certificate that verified. */
static void place_by_name(struct sip_in *in)
{
	const struct listen_conf *l = in->l->conf;
	const struct config *c = in->s->conf;
	size_t i;

	if (!l->client_ca_file.n)
		return;
	for (i = 0; i < l->trusted_names_n && !in->is_trusted; i++)
		in->is_trusted = net_tls_client_has_name(
			in->source, in->source_port, in->l->port,
			l->trusted_names[i]);
	for (i = 0; i < c->links_n && !in->peer; i++) {
		const struct link_conf *k = &c->links[i];

		if (k->kind == LINK_SIP_PEER && k->tls_name.n &&
		    net_tls_client_has_name(in->source, in->source_port,
					    in->l->port, k->tls_name))
			in->peer = k;
	}
}

static struct str from_host(const sip_t *sip)
{
	return str_of(sip->sip_from ? sip->sip_from->a_url->url_host : NULL);
}

void sip_auth_place(struct sip_in *in)
{
	place_by_name(in);
	if (!in->peer)
		in->peer = peer_at(in->s, in->source, from_host(in->sip));
	in->is_trusted = in->is_trusted ||
			 is_trusted_source(in->l, in->source) ||
			 (in->peer && in->peer->is_trusted);
}

static bool is_served(const struct sip *s, const url_t *url, struct str *out)
{
	const struct domain_conf *d;

	if (!url->url_host)
		return false;
	d = config_domain(s->conf, str_of(url->url_host));
	if (!d || d->kind != DOMAIN_SERVED)
		return false;
	*out = str_starts(d->name, STR("*.")) ? str_of(url->url_host) : d->name;
	return true;
}

struct str sip_auth_realm(const struct sip *s, const sip_t *sip)
{
	struct str realm = STR_NONE;
	size_t i;

	if (!s->conf)
		return STR("causeway");
	if (is_served(s, sip->sip_from->a_url, &realm) ||
	    is_served(s, sip->sip_request->rq_url, &realm))
		return realm;
	for (i = 0; i < s->conf->domains_n; i++)
		if (s->conf->domains[i].kind == DOMAIN_SERVED)
			return s->conf->domains[i].name;
	return STR("causeway");
}

static void put_one(struct buf *b, enum digest_alg alg, struct str realm,
		    struct str nonce, bool is_stale)
{
	buf_printf(b, "WWW-Authenticate: ");
	digest_put_challenge(b, alg, realm, nonce, is_stale);
	buf_printf(b, "\r\n");
}

void sip_auth_put_challenges(struct buf *b, const struct sip_listener *l,
			     struct str realm, const char *source,
			     bool is_stale)
{
	struct sip *s = l->sip;
	char text[DIGEST_NONCE_MAX];
	struct str nonce = digest_nonce_make(
		(struct str){ s->nonce_key, sizeof(s->nonce_key) },
		net_now_ms(s->loop), s->nonce_seq++, str_of(source), text);
	unsigned sha = l->conf ? l->conf->challenge_sha256 : 1;
	unsigned md5 = l->conf ? l->conf->challenge_md5 : 1;

	/* A client takes the first it knows [RFC 8760 2.4]. */
	if (sha && (!md5 || sha <= md5))
		put_one(b, DIGEST_SHA256, realm, nonce, is_stale);
	if (md5)
		put_one(b, DIGEST_MD5, realm, nonce, is_stale);
	if ((sha && md5 && sha > md5) || (!sha && !md5))
		put_one(b, DIGEST_SHA256, realm, nonce, is_stale);
}

/* The header value again: the stack keeps scheme and parameters apart. */
static bool join(struct arena *a, const sip_authorization_t *h, struct str *out)
{
	struct buf b;
	size_t i;

	buf_init(&b, 4096);
	buf_printf(&b, "%s ", h->au_scheme);
	for (i = 0; h->au_params && h->au_params[i]; i++) {
		if (i)
			buf_put(&b, ", ", 2);
		buf_put_str(&b, str_of(h->au_params[i]));
	}
	*out = b.err ? STR_NONE : arena_dup(a, buf_str(&b));
	buf_free(&b);
	return out->p != NULL;
}

static bool is_our_realm(const struct sip *s, struct str realm)
{
	const struct domain_conf *d = config_domain(s->conf, realm);

	return d && d->kind == DOMAIN_SERVED;
}

/* The user a failure is counted for: "name@realm" however he writes it. */
static struct str user_of(struct arena *a, const struct digest_cred *c)
{
	struct str name = str_sub(c->username, 0, USER_MAX);
	size_t at = str_rfind(name, '@');

	if (at < name.n && str_ieq(str_from(name, at + 1), c->realm))
		name.n = at;
	return arena_printf(a, "%.*s@%.*s", STR_ARG(name), STR_ARG(c->realm));
}

/* Fresh, and this count of it was never used. */
static enum digest_nonce check_nonce(struct sip_in *in,
				     const struct digest_cred *c)
{
	struct sip *s = in->s;
	struct str key = { s->nonce_key, sizeof(s->nonce_key) };
	uint32_t life = s->conf->sip_nonce_life_ms;
	int64_t now = net_now_ms(s->loop);
	enum digest_nonce n;

	if (!life)
		life = NONCE_LIFE_MS;
	n = digest_nonce_check(key, now, str_of(in->source), c->nonce, life);
	if (n == DIGEST_NONCE_FRESH &&
	    !sip_nonce_spend(&s->nonces, digest_nonce_id(c->nonce), c->nc, now,
			     life))
		return DIGEST_NONCE_STALE;
	return n;
}

static enum cause malformed(struct sip_in *in)
{
	sip_ban_failed(in->s, in->source, STR(""), "malformed");
	in->words = "Bad Authorization";
	return CAUSE_BAD_REQUEST;
}

/* Does the listener ask for this algorithm? What it does not ask for is not
   taken either, or a weaker one could always be chosen. */
static bool is_offered(const struct sip_listener *l, enum digest_alg alg)
{
	const struct listen_conf *c = l->conf;

	if (!c || (!c->challenge_sha256 && !c->challenge_md5))
		return true;
	return alg == DIGEST_SHA256 ? c->challenge_sha256 : c->challenge_md5;
}

enum cause sip_auth_read(struct sip_in *in, struct arena *a, struct origin *o)
{
	const sip_authorization_t *h;

	/* Whoever is believed for where he comes from needs none. */
	if (in->is_trusted || in->peer)
		return CAUSE_NONE;
	for (h = in->sip->sip_authorization; h; h = h->au_next) {
		struct digest_cred c;
		struct str text;
		int rc;

		if (!join(a, h, &text))
			return malformed(in);
		rc = digest_cred_parse(a, text, &c);
		if (rc == ERR_SYNTAX || rc == ERR_LIMIT)
			return malformed(in);
		if (rc < 0 || !is_our_realm(in->s, c.realm) || !c.has_qop ||
		    !is_offered(in->l, c.alg))
			continue;
		in->user = user_of(a, &c);
		in->is_banned = sip_ban_user(in->s, in->source, in->user);
		if (in->is_banned)
			return CAUSE_FORBIDDEN;
		o->cred = c;
		o->has_cred = true;
		o->nonce = check_nonce(in, &c);
		return CAUSE_NONE;
	}
	return CAUSE_NONE;
}
