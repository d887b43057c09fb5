/* core/route/trust.c: see trust.h. */
#include "core/route/trust.h"

/* What a SIP peer nobody trusts says of its users is hearsay; a server of
   another protocol has checked who speaks. */
static bool is_vouched(const struct domain_conf *d)
{
	return !d || d->proto != PROTO_SIP || d->trust != TRUST_EXTERNAL;
}

void trust_apply(const struct config *conf, const struct msg *m,
		 const struct route *r, struct target *t)
{
	const struct domain_conf *d = config_domain(conf, r->from.domain);
	bool is_ours = r->is_ours || (d && d->kind == DOMAIN_SERVED);
	bool is_known = r->from.kind != ADDR_ANONYMOUS &&
			r->from.kind != ADDR_NONE;
	bool may_assert = false;

	if (r->kind == ROUTE_LINK)
		may_assert = r->proto == PROTO_SIP && r->is_trusted &&
			     (is_ours || is_vouched(d));
	else if (r->kind == ROUTE_USER)
		may_assert = is_ours && !m->is_private;
	t->is_trusted = may_assert;
	t->asserted = may_assert && is_known ? r->from.text : STR("");
	t->from = m->is_private ? ADDR_ANON : r->from;
}
