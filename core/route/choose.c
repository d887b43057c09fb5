/* core/route/choose.c: the decision of choose.h, stage after stage. A stage
 * returns false when it refused. Called by page mode, the queues and
 * "causewayctl route test"; it never asks whether a user exists.
 */
#include "core/route/choose_priv.h"

#include "core/route/numbers.h"
#include "core/route/pattern.h"
#include "core/route/rewrite.h"

enum {
	FIXED_NOTES_MAX = 16,	/* stages beside the rules */
	FIXED_HITS_MAX = 4,	/* entries of allow and deny beside them */
};

/* ---- what was done ---- */

/* A rule has at most two notes, the one that decides three. */
static size_t notes_max(const struct config *conf)
{
	return 2 * conf->routes_n + FIXED_NOTES_MAX;
}

void choice_note(struct choice *ch, const char *stage, struct str name,
		 bool is_hit, const char *did, struct str detail)
{
	struct route *out = ch->out;

	if (!out->trail || out->trail_n == notes_max(ch->conf))
		return;
	out->trail[out->trail_n++] = (struct route_note){
		.stage = stage, .name = name, .is_hit = is_hit, .did = did,
		.detail = detail,
	};
}

bool choice_refuse(struct choice *ch, const char *stage, struct str name,
		   enum cause cause)
{
	choice_note(ch, stage, name, true, "refuses", str_of(cause_name(cause)));
	ch->out->kind = ROUTE_REFUSE;
	ch->out->cause = cause;
	ch->out->link = ch->out->fallback = 0;
	return false;
}

bool choice_hit(struct choice *ch, size_t rule)
{
	struct route *out = ch->out;

	if (!out->hits)
		out->hits = arena_array(ch->a, ch->conf->routes_n +
					FIXED_HITS_MAX, sizeof(*out->hits));
	if (!out->hits)
		return choice_refuse(ch, "rule", STR_NONE, CAUSE_OVERLOAD);
	if (out->hits_n < ch->conf->routes_n + FIXED_HITS_MAX)
		out->hits[out->hits_n++] = (uint32_t)rule;
	return true;
}

/* ---- 2 number, 3 domain ---- */

static bool number(struct choice *ch)
{
	struct str by;
	int err = numbers_resolve(ch->conf, ch->a, ch->from_domain,
				  &ch->out->to, &by);

	if (err < 0)
		return choice_refuse(ch, "number", STR_NONE, CAUSE_OVERLOAD);
	if (by.p)
		choice_note(ch, "number", by, true, "makes it", ch->out->to.text);
	return true;
}

static bool domain(struct choice *ch)
{
	const struct domain_conf *d = ch->to_domain;

	switch (ch->out->to.kind) {
	case ADDR_NONE:
		return choice_refuse(ch, "domain", STR_NONE, CAUSE_BAD_REQUEST);
	case ADDR_ANONYMOUS:
		return choice_refuse(ch, "domain", STR_NONE, CAUSE_NOT_FOUND);
	case ADDR_USER:
	case ADDR_TEL:
	case ADDR_DOMAIN:
		break;
	}
	if (d && !d->is_enabled)
		return choice_refuse(ch, "domain", d->name, CAUSE_REMOTE_NOT_FOUND);
	return true;
}

/* ---- 4 rules ---- */

static bool rule_matches(const struct choice *ch, const struct route_conf *r)
{
	const struct route *out = ch->out;

	if (str_eq(r->kind, STR("tel")) && out->to.kind != ADDR_TEL)
		return false;
	if (str_eq(r->kind, STR("user")) && out->to.kind != ADDR_USER)
		return false;
	return pattern_match(r->from, &out->from) &&
	       pattern_match(r->to, &out->to);
}

static bool rewrite_one(struct choice *ch, const struct route_conf *r,
			struct str template_text, const char *did,
			struct addr *addr)
{
	struct addr rewritten;
	int err;

	if (template_text.n == 0)
		return true;
	err = rewrite_addr(ch->a, template_text, addr, &rewritten);
	if (err < 0)
		return choice_refuse(ch, "rule", r->name,
			      err == ERR_LIMIT ? CAUSE_OVERLOAD :
						 CAUSE_ADDRESS_INCOMPLETE);
	*addr = rewritten;
	choice_note(ch, "rule", r->name, true, did, rewritten.text);
	return true;
}

static bool rewrite_both(struct choice *ch, const struct route_conf *r)
{
	struct addr *to = &ch->out->to;

	if (!rewrite_one(ch, r, r->rewrite_from, "rewrites from to",
			 &ch->out->from) ||
	    !rewrite_one(ch, r, r->rewrite_to, "rewrites to to", to))
		return false;
	if (r->rewrite_to.n > 0 && to->kind != ADDR_TEL) {
		ch->to_domain = config_domain(ch->conf, to->domain);
		return domain(ch);
	}
	return true;
}

static bool to_link(struct choice *ch, const char *stage, struct str name,
		    uint32_t via, uint32_t fallback)
{
	const struct link_conf *l = config_link(ch->conf, via);
	struct route *out = ch->out;

	if (!config_link(ch->conf, fallback))
		fallback = 0;
	if (!l) {
		/* Removed while something waits for it. */
		l = config_link(ch->conf, fallback);
		fallback = 0;
	}
	if (!l)
		return choice_refuse(ch, stage, name, CAUSE_LINK_DOWN);
	out->kind = ROUTE_LINK;
	out->link = l->id;
	out->fallback = fallback;
	out->proto = l->proto;
	choice_note(ch, stage, name, true, "decides: link", l->name);
	return true;
}

static bool to_user(struct choice *ch, const char *stage, struct str name)
{
	ch->out->kind = ROUTE_USER;
	ch->out->proto = PROTO_SIP;
	choice_note(ch, stage, name, true, "decides: our user", ch->out->to.text);
	return true;
}

static bool decide(struct choice *ch, const struct route_conf *r)
{
	switch (r->verb) {
	case ROUTE_DO_VIA:
		ch->may_relay = r->may_relay;
		return to_link(ch, "rule", r->name, r->via_id,
			       r->fallback_id);
	case ROUTE_DO_LOCAL:
		return to_user(ch, "rule", r->name);
	case ROUTE_DO_DENY:
	case ROUTE_DO_NEXT:
		break;
	}
	return choice_refuse(ch, "rule", r->name,
		      r->deny_cause ? r->deny_cause : CAUSE_DENIED);
}

/* True with *decided_out false: no rule decided. */
static bool rules(struct choice *ch, bool *decided_out)
{
	size_t i;

	*decided_out = false;
	for (i = 0; i < ch->conf->routes_n; i++) {
		const struct route_conf *r = &ch->conf->routes[i];

		if (!rule_matches(ch, r)) {
			choice_note(ch, "rule", r->name, false, "does not match",
			     STR_NONE);
			continue;
		}
		if (!choice_hit(ch, i))
			return false;
		ch->out->rule = r->verb == ROUTE_DO_NEXT ? -1 : (long)i;
		if (r->verb != ROUTE_DO_DENY && !rewrite_both(ch, r))
			return false;
		if (r->verb == ROUTE_DO_NEXT)
			continue;
		*decided_out = true;
		return decide(ch, r);
	}
	return true;
}

/* ---- 5 default ---- */

static bool by_default(struct choice *ch)
{
	const struct domain_conf *d = ch->to_domain;
	const struct addr *to = &ch->out->to;

	if (d && d->kind == DOMAIN_FOREIGN)
		return to_link(ch, "default", d->name, d->via_id, 0);
	if (to->kind == ADDR_TEL)
		return choice_refuse(ch, "default", STR_NONE,
			      str_starts(to->user, STR("+")) ?
			      CAUSE_NO_DOMAIN : CAUSE_ADDRESS_INCOMPLETE);
	if (!d)
		return choice_refuse(ch, "default", to->domain, CAUSE_NO_DOMAIN);
	return to_user(ch, "default", d->name);
}

/* ---- 6 guards ---- */

static bool passes_relay(struct choice *ch)
{
	const struct domain_conf *d = ch->to_domain;
	struct route *out = ch->out;
	/* A number is nobody's: what leads to it costs money. */
	bool is_to_ours = out->kind == ROUTE_USER ||
			  (out->to.kind == ADDR_USER && d &&
			   d->kind == DOMAIN_SERVED);

	out->is_relay = !out->is_ours && !is_to_ours;
	if (!out->is_relay || ch->query->is_accepted)
		return true;
	if (!ch->may_relay)
		return choice_refuse(ch, "relay", STR_NONE, CAUSE_NO_RELAY);
	choice_note(ch, "relay", ch->conf->routes[out->rule].name, true,
	     "lets it pass", STR_NONE);
	return true;
}

static bool passes_loop(struct choice *ch)
{
	const struct route_query *q = ch->query;
	struct route *out = ch->out;

	if (q->hops_left == 0)
		return choice_refuse(ch, "hops", STR_NONE, CAUSE_TOO_MANY_HOPS);
	if (out->kind != ROUTE_LINK || q->in_link == 0)
		return true;
	if (out->link == q->in_link)
		return choice_refuse(ch, "loop", STR_NONE, CAUSE_LOOP);
	if (out->fallback == q->in_link)
		out->fallback = 0;
	return true;
}

/* A sips request ends at a next hop that is not SIP over TLS. */
static bool is_sips_link(const struct link_conf *l)
{
	return l && l->proto == PROTO_SIP &&
	       (l->transport == TRANSPORT_TLS ||
		(l->transport == TRANSPORT_AUTO && l->tls != TLS_OFF));
}

static bool passes_sips(struct choice *ch)
{
	struct route *out = ch->out;

	if (out->kind != ROUTE_LINK ||
	    (!ch->query->is_secure && !ch->query->to->is_secure))
		return true;
	if (!is_sips_link(config_link(ch->conf, out->link)))
		return choice_refuse(ch, "sips", STR_NONE, CAUSE_SIPS_ONLY);
	if (!is_sips_link(config_link(ch->conf, out->fallback)))
		out->fallback = 0;
	return true;
}

static uint32_t smaller(uint32_t bytes, const struct domain_conf *d)
{
	return d && d->message_bytes_max > 0 && d->message_bytes_max < bytes ?
	       d->message_bytes_max : bytes;
}

static bool passes_size(struct choice *ch)
{
	uint32_t max = ch->conf->message_bytes_max;

	if (max == 0)
		max = BODY_INLINE_MAX;
	max = smaller(smaller(max, ch->from_domain), ch->to_domain);
	ch->out->bytes_max = max;
	if (ch->query->bytes != BODY_SIZE_UNKNOWN && ch->query->bytes > max)
		return choice_refuse(ch, "size", STR_NONE, CAUSE_TOO_LARGE);
	return true;
}

static void set_trust(struct choice *ch)
{
	const struct link_conf *l = config_link(ch->conf, ch->out->link);
	const struct domain_conf *d = ch->to_domain;

	if (ch->out->kind != ROUTE_LINK) {
		ch->out->trust = TRUST_INTERNAL;
		return;
	}
	ch->out->trust = d ? d->trust : TRUST_EXTERNAL;
	ch->out->is_trusted = (l && l->is_trusted) ||
			      ch->out->trust != TRUST_EXTERNAL;
}

static const struct domain_conf *domain_of(const struct config *conf,
					   const struct addr *addr)
{
	return addr->domain.n > 0 ? config_domain(conf, addr->domain) : NULL;
}

static bool run(struct choice *ch)
{
	bool is_decided;

	if (!access_sender(ch) || !number(ch) || !domain(ch) ||
	    !rules(ch, &is_decided))
		return false;
	if (!is_decided && !by_default(ch))
		return false;
	return passes_relay(ch) && passes_loop(ch) && passes_sips(ch) &&
	       access_recipient(ch) && passes_size(ch);
}

void route_choose(const struct config *conf, struct arena *a,
		  const struct route_query *query, struct route *out)
{
	struct choice ch = {
		.conf = conf, .a = a, .query = query, .out = out,
		.from_domain = domain_of(conf, query->from),
		.to_domain = domain_of(conf, query->to),
	};

	*out = (struct route){ .kind = ROUTE_REFUSE, .rule = -1,
			       .from = *query->from, .to = *query->to };
	if (query->wants_trail) {
		out->trail = arena_array(a, notes_max(conf),
					 sizeof(*out->trail));
		if (!out->trail) {
			out->cause = CAUSE_OVERLOAD;
			return;
		}
	}
	if (run(&ch))
		set_trust(&ch);
}

enum cause route_may_speak(const struct config *conf, struct arena *a,
			   const struct route_query *query)
{
	struct route out = { .kind = ROUTE_LINK };
	struct choice ch = {
		.conf = conf, .a = a, .query = query, .out = &out,
		.from_domain = domain_of(conf, query->from),
	};

	return access_sender(&ch) ? CAUSE_NONE : out.cause;
}
