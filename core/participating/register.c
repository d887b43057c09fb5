/* core/participating/register.c: the registrar's decisions [RFC 3261 10.3].
 * The SIP adapter parses and prints; here it is decided who may bind what, for
 * how long, and which of his bindings are replaced. The answer waits for the
 * commit, so that a 200 survives a restart.
 */
#include "core/participating/register.h"

#include <string.h>

#include "core/participating/identify.h"

struct change {
	const struct event *ev;
	const struct registration *reg;
	const struct config *conf;
	const struct user *user;
	struct acts *out;
	struct binding *list;		/* as it will be */
	size_t n;
	bool is_bound;
};

/* Is it the same contact? An instance with its reg-id replaces itself whatever
   its address [RFC 5626 6]; else the URI decides. */
static bool is_same(const struct binding *a, const struct binding *b)
{
	if (!str_empty(a->instance) && a->reg_id && b->reg_id)
		return str_eq(a->instance, b->instance) &&
		       a->reg_id == b->reg_id;
	return str_eq(a->contact, b->contact);
}

static struct binding *find(struct change *c, const struct binding *b)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (is_same(&c->list[i], b))
			return &c->list[i];
	return NULL;
}

static void write_binding(struct change *c, enum store_op op,
			  const struct binding *b)
{
	struct bind_row *row = acts_new(c->out, sizeof(*row));

	row->aor = c->user->aor;
	row->binding = *b;
	acts_write(c->out, op, 0)->u.bind = row;
}

static void drop_binding(struct change *c, struct binding *b)
{
	write_binding(c, OP_BIND_DROP, b);
	*b = c->list[--c->n];
}

/* What is in force now, copied so that it can be changed. */
static void take_present(struct change *c)
{
	size_t i;

	c->list = arena_array(c->out->arena,
			      c->user->bindings_n + c->reg->contacts_n + 1,
			      sizeof(*c->list));
	for (i = 0; c->list && i < c->user->bindings_n; i++) {
		const struct binding *b = &c->user->bindings[i];

		if (b->expires_utc_us > c->ev->now_utc_us)
			c->list[c->n++] = *b;
	}
}

/* A request older than what we have is out of order [10.3 item 7]; an equal
   CSeq is the same request again. */
static bool is_late(const struct binding *had, const struct registration *reg)
{
	return str_eq(had->call_id, reg->call_id) && reg->cseq < had->cseq;
}

static enum cause remove_all(struct change *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (is_late(&c->list[i], c->reg))
			return CAUSE_SERVER_ERROR;
	while (c->n > 0)
		drop_binding(c, &c->list[c->n - 1]);
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

static enum cause apply_one(struct change *c, const struct binding *wanted,
			    uint32_t asked_s)
{
	struct binding *had = find(c, wanted);
	struct binding b = *wanted;
	uint32_t granted_s;

	if (had && is_late(had, c->reg))
		return CAUSE_SERVER_ERROR;
	if (!grant(c->conf, asked_s, &granted_s))
		return CAUSE_INTERVAL_TOO_BRIEF;
	if (granted_s == 0) {
		if (had)
			drop_binding(c, had);
		return CAUSE_NONE;
	}
	b.call_id = c->reg->call_id;
	b.cseq = c->reg->cseq;
	b.expires_utc_us = c->ev->now_utc_us + (int64_t)granted_s * 1000000;
	if (had) {
		b.is_plain = had->is_plain;
		if (!str_eq(had->contact, b.contact))
			write_binding(c, OP_BIND_DROP, had);
		*had = b;
	} else {
		if (c->n >= c->conf->reg_contacts_max || c->n >= BINDINGS_MAX)
			return CAUSE_DENIED;
		c->list[c->n++] = b;
	}
	c->is_bound = true;
	write_binding(c, OP_BIND_SET, &b);
	return CAUSE_NONE;
}

static enum cause apply(struct change *c)
{
	enum cause cause;
	size_t i;

	take_present(c);
	if (!c->list)
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

static enum cause judge(const struct registration *reg,
			const struct identity *id)
{
	if (!id->user || !id->user->exists)
		return CAUSE_NOT_FOUND;
	if (!addr_eq(&reg->aor, &id->who))
		return CAUSE_NOT_YOURS;
	return CAUSE_NONE;
}

static void answer(struct acts *out, const struct event *ev, enum cause cause,
		   const struct identity *id, const struct change *c)
{
	struct answer *a = acts_new(out, sizeof(*a));
	struct action *it;

	a->kind = cause == CAUSE_NONE ? ANSWER_OK : ANSWER_REFUSED;
	a->realm = id->realm;
	a->is_stale = id->is_stale;
	if (c->conf)
		a->min_expires_s = c->conf->reg_expires_min_s;
	a->bindings = c->list;
	a->bindings_n = c->n;
	it = acts_add(out, ACT_ANSWER);
	it->leg = ev->leg;
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
	answer(out, ev, cause, &id, &c);
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
