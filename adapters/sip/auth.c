/* adapters/sip/auth.c: credentials as far as the wire goes. Challenges and
 * nonces are made here without state; whether a response is right is core's
 * to say. [RFC 7616, RFC 8760, RFC 3261 22]
 */
#include "adapters/sip/sip_priv.h"

#include <string.h>

#include "adapters/net/cidr.h"

bool sip_auth_is_trusted(const struct sip_listener *l, const char *source)
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
	size_t i;

	for (i = 0; i < k->sources_n; i++)
		if (cidr_holds(k->sources[i], family, ip))
			return true;
	return cidr_holds(k->host, family, ip);
}

const struct link_conf *sip_auth_peer(const struct sip *s, const char *source)
{
	uint8_t ip[16] = { 0 };
	int family;
	size_t i;

	if (!s->conf || !cidr_parse_ip(str_of(source), &family, ip))
		return NULL;
	for (i = 0; i < s->conf->links_n; i++) {
		const struct link_conf *k = &s->conf->links[i];

		if (k->kind == LINK_SIP_PEER && speaks_from(k, family, ip))
			return k;
	}
	return NULL;
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
	const struct sip *s = l->sip;
	char text[DIGEST_NONCE_MAX];
	struct str nonce = digest_nonce_make(
		(struct str){ s->nonce_key, sizeof(s->nonce_key) },
		net_now_ms(s->loop), str_of(source), text);
	bool sha = l->conf && l->conf->challenge_sha256;
	bool md5 = l->conf && l->conf->challenge_md5;

	/* The better one first: a client takes the first it knows. */
	if (sha || !md5)
		put_one(b, DIGEST_SHA256, realm, nonce, is_stale);
	if (md5 || !sha)
		put_one(b, DIGEST_MD5, realm, nonce, is_stale);
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

enum cause sip_auth_read(struct sip_in *in, struct arena *a, struct origin *o)
{
	const struct sip *s = in->s;
	const sip_authorization_t *h;
	uint32_t life = s->conf->sip_nonce_life_ms;

	for (h = in->sip->sip_authorization; h; h = h->au_next) {
		struct digest_cred c;
		struct str text;
		int rc;

		if (!join(a, h, &text))
			return CAUSE_BAD_REQUEST;
		rc = digest_cred_parse(a, text, &c);
		if (rc == ERR_SYNTAX || rc == ERR_LIMIT)
			return CAUSE_BAD_REQUEST;
		if (rc < 0 || !is_our_realm(s, c.realm))
			continue;
		o->cred = c;
		o->has_cred = true;
		o->nonce = digest_nonce_check(
			(struct str){ s->nonce_key, sizeof(s->nonce_key) },
			net_now_ms(s->loop), str_of(in->source), c.nonce,
			life ? life : 300000);
		return CAUSE_NONE;
	}
	return CAUSE_NONE;
}
