/* core/route/plan.c: see plan.h. */
#include "core/route/plan.h"

#include "core/codec/uri.h"

struct candidate {
	const struct binding *binding;
	unsigned group;		/* 0: says MESSAGE, or nothing; 1: says not */
	unsigned flow;		/* 0: the best flow of its instance, 1, ... */
};

/* methods="INVITE,MESSAGE" holds MESSAGE; without methods nothing is said. */
static bool takes_message(struct str params)
{
	struct str methods, one;

	if (!uri_param(params, STR("methods"), &methods))
		return true;
	methods = str_trim(methods);
	if (methods.n > 1 && methods.p[0] == '"')
		methods = str_sub(methods, 1, methods.n - 2);
	while (str_split(&methods, ',', &one))
		if (str_ieq(str_trim(one), STR("MESSAGE")))
			return true;
	return false;
}

static bool goes_before(const struct candidate *a, const struct candidate *b)
{
	if (a->binding->q_milli != b->binding->q_milli)
		return a->binding->q_milli > b->binding->q_milli;
	if (a->group != b->group)
		return a->group < b->group;
	return a->flow < b->flow;
}

static bool same_place(const struct candidate *a, const struct candidate *b)
{
	return !goes_before(a, b) && !goes_before(b, a);
}

/* How many flows of its instance are better: younger, that is, registered
   last. Only contacts with a reg-id are flows [RFC 5626 4.2]. */
static unsigned flow_rank(const struct user *user, size_t at,
			  int64_t now_utc_us)
{
	const struct binding *b = &user->bindings[at];
	unsigned better = 0;
	size_t i;

	if (b->reg_id == 0 || b->instance.n == 0)
		return 0;
	for (i = 0; i < user->bindings_n; i++) {
		const struct binding *o = &user->bindings[i];

		if (i == at || o->reg_id == 0 ||
		    o->expires_utc_us <= now_utc_us ||
		    !str_eq(o->instance, b->instance))
			continue;
		if (o->expires_utc_us > b->expires_utc_us ||
		    (o->expires_utc_us == b->expires_utc_us && i < at))
			better++;
	}
	return better;
}

static bool is_wanted(const struct binding *b, struct str instance,
		      int64_t now_utc_us)
{
	return b->expires_utc_us > now_utc_us &&
	       (instance.n == 0 || binding_is_instance(b, instance));
}

/* Sorted candidates; a user has at most BINDINGS_MAX contacts. */
static size_t collect(const struct user *user, struct str instance,
		      int64_t now_utc_us, struct candidate *list)
{
	size_t i, k, n = 0;

	for (i = 0; i < user->bindings_n && n < BINDINGS_MAX; i++) {
		const struct binding *b = &user->bindings[i];
		struct candidate c = { .binding = b };

		if (!is_wanted(b, instance, now_utc_us))
			continue;
		c.group = !takes_message(b->params);
		c.flow = flow_rank(user, i, now_utc_us);
		for (k = n++; k > 0 && goes_before(&c, &list[k - 1]); k--)
			list[k] = list[k - 1];
		list[k] = c;
	}
	return n;
}

static size_t candidates(const struct user *user, const struct addr *to,
			 int64_t now_utc_us, struct candidate *list)
{
	struct str instance = to ? binding_instance(to->instance) : STR("");
	size_t n = collect(user, instance, now_utc_us, list);

	/* The device is gone; the user may still be there [RFC 6121 8.5.3]. */
	if (n == 0 && instance.n > 0)
		n = collect(user, STR(""), now_utc_us, list);
	return n;
}

void route_plan(const struct user *user, const struct addr *to,
		int64_t now_utc_us, struct plan *out)
{
	struct candidate list[BINDINGS_MAX];
	size_t i, n = candidates(user, to, now_utc_us, list);
	struct plan_stage *stage = NULL;

	out->stages_n = 0;
	for (i = 0; i < n; i++) {
		if (i == 0 || !same_place(&list[i - 1], &list[i])) {
			stage = &out->stages[out->stages_n++];
			stage->n = 0;
		}
		stage->bindings[stage->n++] = list[i].binding;
	}
}

size_t plan_bindings(const struct user *user, const struct msg *m,
		     int64_t now_utc_us, const struct binding **list_out,
		     size_t max)
{
	struct candidate list[BINDINGS_MAX];
	size_t i, k = 0, n = candidates(user, m->to_n ? &m->to[0] : NULL,
					now_utc_us, list);

	for (i = 0; i < n && k < max; i++)
		if (list[i].flow == 0)
			list_out[k++] = list[i].binding;
	return k;
}
