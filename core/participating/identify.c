/* core/participating/identify.c: see identify.h.
 *
 *   a client with credentials   the user whose password he knows; From must be
 *                               that user, or anonymous
 *   a trusted peer              whom its P-Asserted-Identity names, else From
 *   another link or peer        From, but never a user of a served domain
 *
 * What a client asserts about himself is never believed [RFC 3325 9.1]; a
 * P-Preferred-Identity only when it names him [RFC 3325 9.2].
 */
#include "core/participating/identify.h"

/* Compared against when the user is unknown, so that the answer takes as long
   as for a wrong password. */
#define NO_HA1_MD5 "00000000000000000000000000000000"
#define NO_HA1_SHA256 NO_HA1_MD5 NO_HA1_MD5

static bool is_served(const struct config *c, struct str domain)
{
	const struct domain_conf *d = config_domain(c, domain);

	return d && d->kind == DOMAIN_SERVED;
}

/* sip:username@realm; a username that carries its own domain must agree. */
static int address_of(struct arena *a, struct str username, struct str realm,
		      struct addr *out)
{
	size_t at = str_rfind(username, '@');

	if (at < username.n && str_ieq(str_from(username, at + 1), realm))
		username = str_sub(username, 0, at);
	return addr_of_user(a, username, realm, out);
}

static bool is_password_right(const struct user *u, const struct origin *o)
{
	bool is_sha = o->cred.alg == DIGEST_SHA256;
	struct str ha1 = is_sha ? u->ha1_sha256 : u->ha1_md5;
	bool is_known = u->exists && !str_empty(ha1);

	if (!is_known)
		ha1 = is_sha ? STR(NO_HA1_SHA256) : STR(NO_HA1_MD5);
	return digest_verify(&o->cred, o->method, ha1) && is_known;
}

/* May he write as that? */
static bool is_his(const struct addr *claimed, const struct addr *who)
{
	return addr_eq(claimed, who) || claimed->kind == ADDR_ANONYMOUS;
}

static enum cause by_password(struct facts *f, struct arena *a,
			      const struct origin *o, struct identity *out)
{
	const struct config *c = fact_config(f);

	out->realm = o->cred.realm;
	if (!o->has_cred || !is_served(c, o->cred.realm))
		return CAUSE_UNAUTHORIZED;
	if (address_of(a, o->cred.username, o->cred.realm, &out->who) < 0)
		return CAUSE_UNAUTHORIZED;
	out->user = fact_user(f, out->who.text, false);
	if (!out->user)
		return CAUSE_NONE;	/* missing: asked again */
	if (!is_password_right(out->user, o))
		return CAUSE_UNAUTHORIZED;
	/* He knows it, but the nonce is old, was counted before, or is from
	   before our start: he may try again without asking the user. */
	if (o->nonce != DIGEST_NONCE_FRESH) {
		out->is_stale = true;
		return CAUSE_UNAUTHORIZED;
	}
	out->is_served = true;
	if (!is_his(&o->claimed, &out->who))
		return CAUSE_NOT_YOURS;
	if (o->preferred.kind != ADDR_NONE &&
	    addr_eq(&o->preferred, &out->who))
		out->who.display = o->preferred.display;
	else if (o->claimed.kind != ADDR_ANONYMOUS)
		out->who.display = o->claimed.display;
	if (addr_eq(&o->claimed, &out->who))
		out->who.instance = o->claimed.instance;
	return CAUSE_NONE;
}

static enum cause by_trust(struct facts *f, const struct origin *o,
			   struct identity *out)
{
	out->is_trusted = true;
	out->who = o->asserted.kind != ADDR_NONE ? o->asserted : o->claimed;
	if (str_empty(out->who.display) &&
	    o->claimed.kind != ADDR_ANONYMOUS)
		out->who.display = o->claimed.display;
	if (!is_served(fact_config(f), out->who.domain))
		return CAUSE_NONE;
	out->is_served = true;
	out->user = fact_user(f, out->who.text, false);
	if (out->user && !out->user->exists)
		return CAUSE_NOT_FOUND;
	return CAUSE_NONE;
}

static enum cause by_link(struct facts *f, const struct origin *o,
			  struct identity *out)
{
	out->who = o->claimed;
	if (o->claimed.kind == ADDR_NONE)
		return CAUSE_BAD_REQUEST;
	if (is_served(fact_config(f), o->claimed.domain))
		return CAUSE_NOT_YOURS;
	return CAUSE_NONE;
}

enum cause identify(struct facts *f, struct arena *a, const struct origin *o,
		    struct identity *out)
{
	enum cause c;

	*out = (struct identity){ .realm = STR_NONE };
	if (o->is_trusted)
		c = by_trust(f, o, out);
	else if (o->link)
		c = by_link(f, o, out);
	else
		c = by_password(f, a, o, out);
	if (c == CAUSE_NONE && out->user && out->user->is_barred)
		return CAUSE_NOT_ENTITLED;
	return c;
}
