/* core/flow/hits.c: how often each rule applied: routes and the entries of the
 * domains' lists, by their numbers (config_number_rules). A reload keeps the
 * counts of what stays, so that a rule nobody needs can be told after months.
 */
#include "core/base/mem.h"
#include "core/flow/core_priv.h"

static uint64_t *new_hits(struct core *core, const struct config *c)
{
	size_t n = c->rules_n > c->routes_n ? c->rules_n : c->routes_n;

	core->route_hits_n = n;
	return mem_zalloc((n + 1) * sizeof(*core->route_hits));
}

void hits_init(struct core *core)
{
	core->route_hits = new_hits(core, core->config);
}

static void keep_routes(uint64_t *hits, const struct config *c,
			const uint64_t *old_hits, const struct config *old)
{
	size_t i, k;

	for (i = 0; i < c->routes_n; i++)
		for (k = 0; k < old->routes_n; k++)
			if (str_eq(c->routes[i].name, old->routes[k].name))
				hits[i] = old_hits[k];
}

static struct str entry_of(const struct domain_conf *d, size_t i)
{
	if (i < d->deny_n)
		return d->deny[i];
	i -= d->deny_n;
	return i < d->allow_n ? d->allow[i] : STR_NONE;
}

static size_t entries_of(const struct domain_conf *d)
{
	return d->deny_n + d->allow_n + 1;
}

static bool same_entry(const struct domain_conf *a, size_t i,
		       const struct domain_conf *b, size_t k)
{
	struct str x = entry_of(a, i), y = entry_of(b, k);

	return (i < a->deny_n) == (k < b->deny_n) && str_eq(x, y) &&
	       (x.p == NULL) == (y.p == NULL);
}

static void keep_domain(uint64_t *hits, const struct domain_conf *d,
			const uint64_t *old_hits,
			const struct domain_conf *old)
{
	size_t i, k;

	for (i = 0; i < entries_of(d); i++)
		for (k = 0; k < entries_of(old); k++)
			if (same_entry(d, i, old, k))
				hits[d->rule_base + i] =
					old_hits[old->rule_base + k];
}

void hits_reload(struct core *core, const struct config *old)
{
	const struct config *c = core->config;
	uint64_t *old_hits = core->route_hits;
	uint64_t *hits = new_hits(core, c);
	size_t i, k;

	keep_routes(hits, c, old_hits, old);
	for (i = 0; i < c->domains_n; i++)
		for (k = 0; k < old->domains_n; k++)
			if (c->domains[i].rule_base &&
			    old->domains[k].rule_base &&
			    str_eq(c->domains[i].name, old->domains[k].name))
				keep_domain(hits, &c->domains[i], old_hits,
					    &old->domains[k]);
	core->route_hits = hits;
	mem_free(old_hits);
}

uint64_t hits_of(const struct core *core, size_t rule)
{
	return rule < core->route_hits_n ? core->route_hits[rule] : 0;
}
