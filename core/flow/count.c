/* core/flow/count.c: what is accounted is counted, so that the sum over the
 * accounting file and the metrics are the same.
 */
#include "core/base/metric.h"
#include "core/flow/core_priv.h"

/* A rule's own name says more than the cause; of several that applied the last
   decided. */
static void count_denial(struct core *core, const struct account *r)
{
	const struct route_conf *route = NULL;
	struct str rule;
	size_t i;

	if (r->cause != CAUSE_FORBIDDEN && r->hits_n == 0)
		return;
	for (i = 0; i < r->hits_n; i++)
		if (r->hits[i] < core->config->routes_n)
			route = &core->config->routes[r->hits[i]];
	if (route && route->verb == ROUTE_DO_DENY)
		rule = route->name;
	else if (r->cause == CAUSE_FORBIDDEN)
		rule = STR("domain");
	else
		return;
	metric_inc(metric_series(METRIC_POLICY_DENIALS, &rule, 1));
}

static const char *mode_of(const struct account *r)
{
	if (r->about.n)
		return "report";
	return r->in == PROTO_NONE ? "deferred" : "page";
}

void count_account(struct core *core, const struct account *r,
		   int64_t now_utc_us)
{
	const char *in = proto_name(r->in), *out = proto_name(r->out);
	struct str event = str_of(r->event);

	metric_inc(METRIC(MESSAGES, in, out, mode_of(r), r->event));
	if (str_eq(event, STR("failed")) || str_eq(event, STR("refused")) ||
	    str_eq(event, STR("expired")))
		metric_inc(METRIC(MESSAGES_FAILED, cause_name(r->cause)));
	if (str_eq(event, STR("refused")))
		count_denial(core, r);
	if (r->came_utc_us && str_eq(event, STR("sent")))
		metric_observe_us(METRIC(TRANSIT, in, out, mode_of(r)),
				  now_utc_us - r->came_utc_us);
}
