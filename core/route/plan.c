/* core/route/plan.c: see plan.h. */
#include "core/route/plan.h"

#include "core/route/prefs.h"

struct candidate {
	const struct binding *binding;
	unsigned qa_milli;	/* the caller's order among equal q */
	unsigned flow;		/* 0: the best flow of its instance, 1, ... */
};

static bool same_stage(const struct candidate *a, const struct candidate *b)
{
	return a->binding->q_milli == b->binding->q_milli &&
	       a->qa_milli == b->qa_milli;
}

static bool goes_before(const struct candidate *a, const struct candidate *b)
{
	if (a->binding->q_milli != b->binding->q_milli)
		return a->binding->q_milli > b->binding->q_milli;
	if (a->qa_milli != b->qa_milli)
		return a->qa_milli > b->qa_milli;
	return a->flow < b->flow;
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

static bool is_there(const struct binding *b, struct str instance,
		     int64_t now_utc_us)
{
	return b->expires_utc_us > now_utc_us &&
	       (instance.n == 0 || binding_is_instance(b, instance));
}

/* Sorted candidates; prefs NULL: whatever the caller prefers. */
static size_t collect(const struct user *user, struct str instance,
		      const struct prefs *prefs, int64_t now_utc_us,
		      struct candidate *list, bool *dropped_out)
{
	size_t i, k, n = 0;

	for (i = 0; i < user->bindings_n && n < BINDINGS_MAX; i++) {
		const struct binding *b = &user->bindings[i];
		struct candidate c = { .binding = b, .qa_milli = 1000 };

		if (!is_there(b, instance, now_utc_us))
			continue;
		if (prefs && !prefs_judge(prefs, b->params, &c.qa_milli)) {
			*dropped_out = true;
			continue;
		}
		c.flow = flow_rank(user, i, now_utc_us);
		for (k = n++; k > 0 && goes_before(&c, &list[k - 1]); k--)
			list[k] = list[k - 1];
		list[k] = c;
	}
	return n;
}

static size_t candidates(const struct user *user, const struct msg *m,
			 struct str instance, int64_t now_utc_us,
			 struct candidate *list, bool *dropped_out)
{
	struct prefs prefs;
	size_t n;

	*dropped_out = false;
	prefs_of(m, &prefs);
	n = collect(user, instance, &prefs, now_utc_us, list, dropped_out);
	/* Nobody says that he takes this method: one may still, and else his
	   405 tells the caller why [RFC 3841 7.2.4]. */
	if (n == 0 && *dropped_out && prefs.is_implicit)
		n = collect(user, instance, NULL, now_utc_us, list,
			    dropped_out);
	return n;
}

static void put_stages(const struct msg *m, const struct candidate *list,
		       size_t n, struct plan *out)
{
	bool is_serial = m->handling & (HANDLE_SEQUENTIAL | HANDLE_NO_FORK);
	bool is_parallel = !is_serial && (m->handling & HANDLE_PARALLEL);
	unsigned stage = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (i > 0 && !is_parallel &&
		    (is_serial || !same_stage(&list[i - 1], &list[i])))
			stage++;
		out->list[i] = (struct plan_item){
			.binding = list[i].binding, .stage = stage,
			.is_reserve = list[i].flow > 0,
		};
	}
	out->n = n;
	out->is_single = m->handling & HANDLE_NO_FORK;
}

void route_plan(const struct user *user, const struct msg *m,
		int64_t now_utc_us, struct plan *out)
{
	struct str instance = m->to_n ? binding_instance(m->to[0].instance) :
					STR("");
	struct candidate list[BINDINGS_MAX];
	bool is_dropped;
	size_t n = candidates(user, m, instance, now_utc_us, list,
			      &is_dropped);

	/* The device is gone; the user may still be there [RFC 6121 8.5.3]. */
	if (n == 0 && instance.n > 0)
		n = candidates(user, m, STR(""), now_utc_us, list,
			       &is_dropped);
	put_stages(m, list, n, out);
	out->is_unwanted = n == 0 && is_dropped;
}
