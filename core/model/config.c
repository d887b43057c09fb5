/* core/model/config.c: look-ups in the configuration; see config.h. */
#include "core/model/config.h"

#include "core/base/hash.h"
#include "core/base/ref.h"

#define CONFIG_ARENA_BYTES (64u << 20)

static void drop(void *obj)
{
	struct config *c = obj;

	arena_free(c->arena);
}

struct config *config_new(void)
{
	struct config *c = ref_new(sizeof(*c), drop);

	c->arena = arena_new(CONFIG_ARENA_BYTES);
	return c;
}

struct config *config_ref(struct config *c)
{
	return ref_get(c);
}

void config_put(struct config *c)
{
	ref_put(c);
}

const struct link_conf *config_link(const struct config *c, uint32_t id)
{
	size_t i;

	for (i = 0; i < c->links_n; i++)
		if (c->links[i].id == id)
			return &c->links[i];
	return NULL;
}

const struct link_conf *config_link_by_name(const struct config *c,
					    struct str name)
{
	size_t i;

	for (i = 0; i < c->links_n; i++)
		if (str_eq(c->links[i].name, name))
			return &c->links[i];
	return NULL;
}

/* "*.example" matches "a.example" and "a.b.example", not "example". */
static bool is_below(struct str name, struct str pattern)
{
	return str_starts(pattern, STR("*.")) && name.n > pattern.n - 1 &&
	       str_iends(name, str_from(pattern, 1));
}

const struct domain_conf *config_domain(const struct config *c,
					struct str name)
{
	const struct domain_conf *best = NULL;
	size_t i;

	for (i = 0; i < c->domains_n; i++) {
		const struct domain_conf *d = &c->domains[i];

		if (str_ieq(d->name, name))
			return d;
		if (is_below(name, d->name) &&
		    (!best || d->name.n > best->name.n))
			best = d;
	}
	return best;
}

void config_number_rules(struct config *c)
{
	size_t i, n = c->routes_n;

	/* 0 says that a domain has no numbers. */
	if (n == 0)
		n = 1;
	for (i = 0; i < c->domains_n; i++) {
		c->domains[i].rule_base = (uint32_t)n;
		n += c->domains[i].deny_n + c->domains[i].allow_n + 1;
	}
	c->rules_n = n;
}

uint32_t config_id_of(struct str name)
{
	uint64_t h = hash_key(0x6361757365776179u, name.p, name.n);
	uint32_t id = (uint32_t)(h ^ h >> 32);

	return id ? id : 1;
}
