/* core/participating/register.c: the registrar's decisions. [RFC 3261 10.3,
 * RFC 3327 5.3, RFC 5626 6, RFC 5627 5]
 * The SIP adapter parses and prints; here it is decided who may bind what, for
 * how long, and which of his bindings are replaced. The answer waits for the
 * commit, so that a 200 survives a restart.
 */
#include "core/participating/register.h"

#include <string.h>

#include "core/codec/uri.h"
#include "core/participating/gruu.h"
#include "core/participating/identify.h"

#define OUT_OF_ORDER "Registration out of order"

struct change {
	const struct event *ev;
	const struct registration *reg;
	const struct config *conf;
	const struct user *user;
	struct acts *out;
	struct binding *list;		/* as it will be */
	bool *is_new;			/* of list: set by this request */
	size_t n;
	bool is_bound, is_outbound;
	const char *words, *require;
};

static bool is_same_uri(struct str a, struct str b)
{
	struct uri x, y;

	return str_eq(a, b) || (uri_parse(a, &x) == 0 &&
				uri_parse(b, &y) == 0 && uri_eq(&x, &y));
}

/* Is it the same contact? A device's flow replaces itself whatever its address
   [RFC 5626 6]; else the URI decides. */
static bool is_same(const struct binding *a, const struct binding *b)
{
	if (binding_is_flow(a) && binding_is_flow(b))
		return a->reg_id == b->reg_id &&
		       binding_is_instance(a, b->instance);
	return is_same_uri(a->contact, b->contact);
}

/* Of the store: one row is written over the other. */
static bool is_same_key(const struct binding *a, const struct binding *b)
{
	return str_eq(a->contact, b->contact) &&
	       str_eq(a->instance, b->instance) && a->reg_id == b->reg_id;
}

static size_t find(const struct change *c, const struct binding *b)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (is_same(&c->list[i], b))
			break;
	return i;
}

static void write_binding(struct change *c, enum store_op op,
			  const struct binding *b)
{
	struct bind_row *row = acts_new(c->out, sizeof(*row));

	row->aor = c->user->aor;
	row->binding = *b;
	acts_write(c->out, op, 0)->u.bind = row;
}

static void drop_binding(struct change *c, size_t at)
{
	write_binding(c, OP_BIND_DROP, &c->list[at]);
	c->n--;
	c->list[at] = c->list[c->n];
	c->is_new[at] = c->is_new[c->n];
}

/* What is in force now, copied so that it can be changed. Rows that expired
   make room when something is written anyhow. */
static bool take_present(struct change *c)
{
	size_t i, max = c->user->bindings_n + c->reg->contacts_n + 1;
	bool writes = c->reg->is_star || c->reg->contacts_n > 0;

	c->list = arena_array(c->out->arena, max, sizeof(*c->list));
	c->is_new = arena_array(c->out->arena, max, sizeof(*c->is_new));
	if (!c->list || !c->is_new)
		return false;
	for (i = 0; i < c->user->bindings_n; i++) {
		const struct binding *b = &c->user->bindings[i];

		if (b->expires_utc_us > c->ev->now_utc_us)
			c->list[c->n++] = *b;
		else if (writes)
			write_binding(c, OP_BIND_DROP, b);
	}
	return true;
}

/* An older request than the one that made the binding: aborted [10.3 items 6
   and 7]. */
static bool is_late(const struct change *c, const struct binding *had)
{
	return str_eq(had->call_id, c->reg->call_id) &&
	       c->reg->cseq < had->cseq;
}

/* The request that made the binding, once more. */
static bool is_repeated(const struct change *c, const struct binding *had)
{
	return str_eq(had->call_id, c->reg->call_id) &&
	       c->reg->cseq == had->cseq;
}

static enum cause out_of_order(struct change *c)
{
	c->words = OUT_OF_ORDER;
	return CAUSE_SERVER_ERROR;
}

static enum cause remove_all(struct change *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (is_late(c, &c->list[i]) || is_repeated(c, &c->list[i]))
			return out_of_order(c);
	while (c->n > 0)
		drop_binding(c, c->n - 1);
	return CAUSE_NONE;
}

/* Seconds granted, 0 to remove; false: too brief. */
static bool grant(const struct config *conf, uint32_t asked, uint32_t *out)
{
	uint32_t s = asked == UINT32_MAX ? conf->reg_expires_default_s : asked;

	if (s > conf->reg_expires_max_s)
		s = conf->reg_expires_max_s;
	*out = s;
	return s == 0 || s >= conf->reg_expires_min_s;
}

/* Room for b at the place of had (at), or behind all. */
static enum cause set_binding(struct change *c, size_t at,
			      const struct binding *b)
{
	if (at < c->n) {
		if (!is_same_key(&c->list[at], b))
			write_binding(c, OP_BIND_DROP, &c->list[at]);
	} else if (c->n >= c->conf->reg_contacts_max || c->n >= BINDINGS_MAX) {
		return CAUSE_DENIED;
	} else {
		c->n++;
	}
	c->list[at] = *b;
	c->is_new[at] = true;
	c->is_bound = true;
	write_binding(c, OP_BIND_SET, b);
	return CAUSE_NONE;
}

/* A contact that is a GRUU of ours would lead back to us [RFC 5627 5.1]. */
static bool leads_back(const struct change *c, const struct binding *b)
{
	const struct domain_conf *d;
	struct str value;
	struct uri u;

	if (uri_parse(b->contact, &u) < 0 ||
	    !uri_param(u.params, STR("gr"), &value))
		return false;
	d = config_domain(c->conf, u.host);
	return d && d->kind == DOMAIN_SERVED;
}

static enum cause apply_one(struct change *c, const struct binding *wanted,
			    uint32_t asked_s)
{
	size_t at = find(c, wanted);
	const struct binding *had = at < c->n ? &c->list[at] : NULL;
	struct binding b = *wanted;
	uint32_t granted_s;

	if (leads_back(c, wanted))
		return CAUSE_FORBIDDEN;
	if (had && c->is_new[at])
		return CAUSE_BAD_REQUEST;	/* named twice */
	if (had && is_late(c, had))
		return out_of_order(c);
	if (!grant(c->conf, asked_s, &granted_s))
		return CAUSE_INTERVAL_TOO_BRIEF;
	if (had && is_repeated(c, had))
		return granted_s ? CAUSE_NONE : out_of_order(c);
	if (granted_s == 0) {
		if (had)
			drop_binding(c, at);
		return CAUSE_NONE;
	}
	b.call_id = c->reg->call_id;
	b.cseq = c->reg->cseq;
	b.expires_utc_us = c->ev->now_utc_us + (int64_t)granted_s * 1000000;
	b.is_plain = had && had->is_plain;
	return set_binding(c, at, &b);
}

/* What RFC 5626 6 and RFC 3327 5.3 want of the request as a whole. */
static enum cause check_extensions(struct change *c)
{
	const struct registration *r = c->reg;
	size_t i, bound_n = 0, flows_n = 0;

	for (i = 0; i < r->contacts_n; i++) {
		bound_n += r->expires_s[i] != 0;
		flows_n += r->expires_s[i] != 0 &&
			   binding_is_flow(&r->contacts[i]);
	}
	if (flows_n > 0 && bound_n > 1)
		return CAUSE_BAD_REQUEST;
	if (r->has_path && !r->can_path && c->conf->reg_path_strict) {
		c->require = "path";
		return CAUSE_EXTENSION_REQUIRED;
	}
	if (!r->can_outbound || flows_n == 0)
		return CAUSE_NONE;
	if (r->first_hop == HOP_LACKS)
		return CAUSE_NO_OUTBOUND;
	c->is_outbound = r->first_hop == HOP_KEEPS;
	return CAUSE_NONE;
}

static enum cause apply(struct change *c)
{
	enum cause cause = check_extensions(c);
	size_t i;

	if (cause != CAUSE_NONE)
		return cause;
	if (!take_present(c))
		return CAUSE_OVERLOAD;
	if (c->reg->is_star)
		return remove_all(c);
	for (i = 0; i < c->reg->contacts_n; i++) {
		cause = apply_one(c, &c->reg->contacts[i],
				  c->reg->expires_s[i]);
		if (cause != CAUSE_NONE)
			return cause;
	}
	return CAUSE_NONE;
}

/* [10.3 items 3 to 5]: whose registrar, who he is, and for whom. Nobody
   registers another one. */
static enum cause judge(const struct registration *reg,
			const struct identity *id)
{
	if (!addr_eq(&reg->aor, &id->who))
		return CAUSE_NOT_YOURS;
	if (!id->user || !id->user->exists || reg->aor.kind != ADDR_USER ||
	    !str_eq(reg->domain, reg->aor.domain))
		return CAUSE_NOT_FOUND;
	return CAUSE_NONE;
}

static const struct gruu *gruus(const struct change *c, struct facts *f)
{
	struct gruu *list = acts_new(c->out, (c->n + 1) * sizeof(*list));
	size_t i;

	for (i = 0; i < c->n; i++)
		gruu_make(c->conf, c->out->arena, &c->reg->aor, &c->list[i],
			  fact_fresh_id(f), &list[i]);
	return list;
}

static void answer(struct change *c, struct facts *f, enum cause cause,
		   const struct identity *id)
{
	struct answer *a = acts_new(c->out, sizeof(*a));
	struct action *it;

	a->kind = cause == CAUSE_NONE ? ANSWER_OK : ANSWER_REFUSED;
	a->realm = id->realm;
	a->is_stale = id->is_stale;
	a->text = str_of(c->words);
	a->require = c->require;
	a->min_expires_s = c->conf->reg_expires_min_s;
	a->identity = id->who;
	if (cause == CAUSE_NONE) {
		a->bindings = c->list;
		a->bindings_n = c->n;
		a->is_outbound = c->is_outbound;
		a->gruus = c->reg->can_gruu ? gruus(c, f) : NULL;
	}
	it = acts_add(c->out, ACT_ANSWER);
	it->leg = c->ev->leg;
	it->cause = cause;
	it->u.answer = a;
}

static enum step register_step(void *state, const struct event *ev,
			       struct facts *f, struct acts *out)
{
	struct change c = { .ev = ev, .reg = ev->u.registration,
			    .conf = fact_config(f), .out = out };
	struct identity id;
	struct changed *moved;
	enum cause cause;

	(void)state;
	cause = identify(f, out->arena, ev->origin, &id);
	if (fact_missing(f))
		return STEP_WAIT;
	c.user = id.user;
	if (cause == CAUSE_NONE)
		cause = judge(c.reg, &id);
	if (cause == CAUSE_NONE)
		cause = apply(&c);
	if (cause != CAUSE_NONE)
		out->writes_n = 0;	/* all of it or nothing [10.3] */
	answer(&c, f, cause, &id);
	if (cause == CAUSE_NONE && c.is_bound) {
		moved = acts_new(out, sizeof(*moved));
		moved->aor = id.user->aor;
		moved->is_bound = true;
		acts_add(out, ACT_CHANGED)->u.changed = moved;
	}
	return STEP_DONE;
}

const struct machine register_machine = {
	.name = "register", .step = register_step,
};
