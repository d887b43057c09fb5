/* core/route/numbers.c: see numbers.h. A user part is never taken for a number
 * unless user=phone or the domain says so.
 */
#include "core/route/numbers.h"

static const struct number_plan *plan_by_name(const struct config *conf,
					      struct str name)
{
	size_t i;

	for (i = 0; i < conf->plans_n && name.n > 0; i++)
		if (str_eq(conf->plans[i].name, name))
			return &conf->plans[i];
	return NULL;
}

static const struct number_plan *plan_by_country(const struct config *conf,
						 struct str country)
{
	size_t i;

	for (i = 0; i < conf->plans_n; i++)
		if (country.n > 0 && str_eq(conf->plans[i].country, country))
			return &conf->plans[i];
	return NULL;
}

static const struct number_plan *plan_of(const struct config *conf,
					 const struct domain_conf *d)
{
	return d ? plan_by_name(conf, d->number_plan) : NULL;
}

/* *to becomes tel: and the number; what else it held is kept. */
static int become(struct arena *a, struct str e164, struct addr *to)
{
	struct str uri = arena_printf(a, "tel:%.*s", STR_ARG(e164));
	struct addr r;
	int err;

	if (!uri.p)
		return ERR_LIMIT;
	err = addr_from_uri_text(a, uri, &r);
	if (err < 0)
		return err;
	r.display = to->display;
	r.is_secure = to->is_secure;
	*to = r;
	return 0;
}

/* 0, ERR_DECLINED when this is no number of the plan, or ERR_LIMIT. */
static int by_plan(struct arena *a, const struct number_plan *plan,
		   struct str written, struct addr *to)
{
	struct str e164;
	int err;

	if (!plan)
		return ERR_DECLINED;
	err = number_to_e164(a, plan, written, &e164);
	return err < 0 ? err : become(a, e164, to);
}

/* The prefix of the context before the number, when no plan of that country
   knows better. */
static int by_prefix(const struct config *conf, struct arena *a,
		     const struct number *n, struct addr *to,
		     struct str *by_out)
{
	const struct number_plan *plan =
		plan_by_country(conf, str_from(n->context, 1));
	int err = ERR_DECLINED;
	size_t i;

	for (i = 0; i < n->digits.n; i++)
		if (!ch_is_digit((unsigned char)n->digits.p[i]))
			return ERR_DECLINED;
	if (plan && plan->trunk.n > 0 && str_starts(n->digits, plan->trunk))
		err = by_plan(a, plan, n->digits, to);
	*by_out = err == 0 ? plan->name : n->context;
	if (err != ERR_DECLINED)
		return err;
	return become(a, arena_printf(a, "%.*s%.*s", STR_ARG(n->context),
				      STR_ARG(n->digits)), to);
}

/* 7042;phone-context=example.net or =+49 */
static int local_number(const struct config *conf, struct arena *a,
			struct addr *to, struct str *by_out)
{
	const struct number_plan *plan;
	struct number n;
	int err = number_parse(a, str_from(to->text, 4), false, &n);

	if (err < 0)
		return err == ERR_LIMIT ? err : ERR_DECLINED;
	if (str_starts(n.context, STR("+")))
		return by_prefix(conf, a, &n, to, by_out);
	plan = plan_of(conf, config_domain(conf, n.context));
	err = by_plan(a, plan, n.digits, to);
	if (err == 0)
		*by_out = plan->name;
	return err;
}

/* A user part that may be read as a number. */
static int phone_user(const struct config *conf, struct arena *a,
		      const struct domain_conf *sender_domain,
		      struct addr *to, struct str *by_out)
{
	const struct domain_conf *d = config_domain(conf, to->domain);
	const struct number_plan *plan = plan_of(conf, d);
	struct number n;
	int err;

	if (!to->is_phone && !(d && d->numeric_user_is_phone))
		return ERR_DECLINED;
	if (!plan)
		plan = plan_of(conf, sender_domain);
	err = number_parse(a, to->user, false, &n);
	if (err == 0 && n.is_global) {
		*by_out = STR("E.164");
		return become(a, arena_printf(a, "+%.*s", STR_ARG(n.digits)),
			      to);
	}
	if (err == ERR_LIMIT)
		return err;
	err = by_plan(a, plan, to->user, to);
	if (err == 0)
		*by_out = plan->name;
	return err;
}

int numbers_resolve(const struct config *conf, struct arena *a,
		    const struct domain_conf *sender_domain, struct addr *to,
		    struct str *by_out)
{
	bool is_global = str_starts(to->user, STR("+"));
	struct addr r = *to;
	struct str by = STR_NONE;
	int err = ERR_DECLINED;

	*by_out = STR_NONE;
	if (to->kind == ADDR_USER)
		err = phone_user(conf, a, sender_domain, &r, &by);
	else if (to->kind == ADDR_TEL && !is_global)
		err = local_number(conf, a, &r, &by);
	if (err == 0) {
		*to = r;
		*by_out = by;
	}
	return err == ERR_LIMIT ? err : 0;
}
