/* core/participating/request.c: see request.h. Every method is authenticated
 * first; then OPTIONS is answered with what we can do, an unserved method we
 * know with 405, an event package with 489, anything else with 501.
 */
#include "core/participating/request.h"

#include "core/participating/identify.h"

static enum cause judge(const struct request *r)
{
	static const char *const known[] = {
		"INVITE", "ACK", "BYE", "CANCEL", "UPDATE", "PRACK", "REFER",
		"INFO", "NOTIFY",
	};
	size_t i;

	if (str_eq(r->method, STR("OPTIONS")))
		return CAUSE_NONE;
	if (str_eq(r->method, STR("SUBSCRIBE")) ||
	    str_eq(r->method, STR("PUBLISH")))
		return CAUSE_BAD_EVENT;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (str_eq(r->method, str_of(known[i])))
			return CAUSE_METHOD_NOT_ALLOWED;
	return CAUSE_NOT_IMPLEMENTED;
}

static enum step request_step(void *state, const struct event *ev,
			      struct facts *f, struct acts *out)
{
	struct identity id;
	struct answer *answer;
	struct action *it;
	enum cause c;

	(void)state;
	c = identify(f, out->arena, ev->origin, &id);
	if (fact_missing(f))
		return STEP_WAIT;
	if (c == CAUSE_NONE)
		c = judge(ev->u.request);
	answer = acts_new(out, sizeof(*answer));
	answer->kind = c == CAUSE_NONE ? ANSWER_OK : ANSWER_REFUSED;
	answer->is_stale = id.is_stale;
	answer->realm = id.realm;
	it = acts_add(out, ACT_ANSWER);
	it->leg = ev->leg;
	it->cause = c;
	it->u.answer = answer;
	return STEP_DONE;
}

const struct machine request_machine = {
	.name = "request", .step = request_step,
};
