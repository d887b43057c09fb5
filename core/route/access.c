/* core/route/access.c: who may speak, over which link, as whom, and to whom
 * [architecture.md 6]. A domain's deny and allow lists are one list with the
 * exceptions first: the first entry that matches decides, and who matches none
 * of a foreign domain's is refused. Each entry has a counter, and so has that
 * last, unwritten one.
 */
#include "core/route/choose_priv.h"

#include "core/route/pattern.h"

/* ---- the lists ------------------------------------------------------------ */

static size_t first_match(const struct str *list, size_t n,
			  const struct addr *addr)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (pattern_match(list[i], addr))
			return i;
	return n;
}

/* Counted only where the configuration gave the entries numbers. */
static bool hit(struct choice *ch, const struct domain_conf *d, size_t entry)
{
	return !d->rule_base || choice_hit(ch, d->rule_base + entry);
}

static bool denied(struct choice *ch, const char *stage,
		   const struct domain_conf *d, size_t entry, struct str what,
		   enum cause cause)
{
	choice_note(ch, stage, d->name, true, "denied by", what);
	if (hit(ch, d, entry))
		choice_refuse(ch, stage, d->name, cause);
	return false;
}

/* An empty allow list lets nobody in, but everybody out when may_lack. */
static bool passes(struct choice *ch, const char *stage,
		   const struct domain_conf *d, const struct addr *addr,
		   bool may_lack, enum cause cause)
{
	size_t i = first_match(d->deny, d->deny_n, addr);

	if (i < d->deny_n)
		return denied(ch, stage, d, i, d->deny[i], cause);
	if (d->allow_n == 0 && may_lack)
		return true;
	i = first_match(d->allow, d->allow_n, addr);
	if (i == d->allow_n)
		return denied(ch, stage, d, d->deny_n + i,
			      STR("no entry of allow"), cause);
	choice_note(ch, stage, d->name, true, "allowed by", d->allow[i]);
	return hit(ch, d, d->deny_n + i);
}

/* ---- as whom -------------------------------------------------------------- */

/* Is one of the links' far ends the other's? */
static bool is_same_peer(const struct link_conf *a, const struct link_conf *b)
{
	size_t i, k;

	if (!a || !b || a->proto != PROTO_SIP || b->proto != PROTO_SIP)
		return false;
	if (a->host.n > 0 && str_ieq(a->host, b->host))
		return true;
	for (i = 0; i < a->sources_n; i++)
		for (k = 0; k < b->sources_n; k++)
			if (str_eq(a->sources[i], b->sources[k]))
				return true;
	return false;
}

/* A server vouches for those who are reached over it, and for nobody else:
   another server's users would be an easy disguise. */
static bool is_reached_over(const struct choice *ch, uint32_t link)
{
	const struct config *c = ch->conf;
	size_t i;

	if (ch->from_domain->via_id == link ||
	    is_same_peer(config_link(c, ch->from_domain->via_id),
			 config_link(c, link)))
		return true;
	for (i = 0; i < c->routes_n; i++) {
		const struct route_conf *r = &c->routes[i];

		if ((r->via_id == link || r->fallback_id == link) &&
		    pattern_match(r->to, ch->query->from))
			return true;
	}
	return false;
}

/* May the link speak for him? What it claims by its configuration counts
   alone; else a trusted SIP peer is believed. */
static bool is_his_link(struct choice *ch)
{
	const struct route_query *q = ch->query;
	const struct link_conf *l = config_link(ch->conf, q->in_link);

	if (l && l->claims_n > 0)
		return pattern_match_any(l->claims, l->claims_n, q->from);
	if (q->in_link == 0 || !ch->from_domain ||
	    ch->from_domain->kind != DOMAIN_FOREIGN ||
	    (q->is_trusted_in && q->in_proto == PROTO_SIP))
		return true;
	return is_reached_over(ch, q->in_link);
}

/* ---- the stages ----------------------------------------------------------- */

static bool foreign_sender(struct choice *ch)
{
	const struct domain_conf *d = ch->from_domain;
	const struct route_query *q = ch->query;

	/* A domain speaks one protocol; over another one it is a pretender. */
	if (q->in_proto != PROTO_NONE && q->in_proto != d->proto &&
	    !q->is_trusted_in)
		return choice_refuse(ch, "sender", d->name, CAUSE_NOT_YOURS);
	if (!passes(ch, "sender", d, q->from, false, CAUSE_POLICY_VIOLATION))
		return false;
	choice_note(ch, "sender", d->name, true, "is foreign and allowed",
		    STR_NONE);
	return true;
}

bool access_sender(struct choice *ch)
{
	const struct route_query *q = ch->query;
	const struct domain_conf *d = ch->from_domain;
	bool is_inside = q->in_link == 0 || q->is_trusted_in;

	if (q->from->kind == ADDR_NONE)
		return choice_refuse(ch, "sender", STR_NONE,
				     CAUSE_BAD_REQUEST);
	if (d && !d->is_enabled && !q->is_accepted)
		return choice_refuse(ch, "sender", d->name,
				     CAUSE_REMOTE_NOT_FOUND);
	ch->out->is_ours = q->from->kind == ADDR_TEL ? is_inside :
			   d && d->kind == DOMAIN_SERVED;
	if (q->is_accepted) {
		choice_note(ch, "sender", STR_NONE, true,
			    "was accepted before", STR_NONE);
		return true;
	}
	if ((d && d->kind == DOMAIN_SERVED && !is_inside) || !is_his_link(ch))
		return choice_refuse(ch, "sender", d ? d->name : STR_NONE,
				     CAUSE_NOT_YOURS);
	if (d && d->kind == DOMAIN_FOREIGN)
		return foreign_sender(ch);
	/* Nobody could answer him, not even with a report. */
	if (!d && q->from->kind != ADDR_TEL && !q->is_trusted_in)
		return choice_refuse(ch, "sender", q->from->domain,
				     CAUSE_POLICY_VIOLATION);
	choice_note(ch, "sender", d ? d->name : STR_NONE, true,
		    ch->out->is_ours ? "is ours" : "is foreign", STR_NONE);
	return true;
}

/* Of a foreign domain its users that may be written to; of one of ours the
   senders that may not. */
bool access_recipient(struct choice *ch)
{
	const struct domain_conf *d = ch->to_domain;

	if (!d)
		return true;
	if (d->kind == DOMAIN_FOREIGN && ch->out->kind == ROUTE_LINK)
		return passes(ch, "allow", d, &ch->out->to, true,
			      CAUSE_POLICY_VIOLATION);
	if (d->kind == DOMAIN_SERVED && ch->out->kind == ROUTE_USER &&
	    !ch->query->is_accepted)
		return passes(ch, "allow", d, ch->query->from, true,
			      CAUSE_DENIED);
	return true;
}
