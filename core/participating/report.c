/* core/participating/report.c: from due rows to reports [RFC 5438, XEP-0184].
 * The report is kept as a message for its sender and the due row is deleted in
 * one transaction; whoever comes second finds the row gone and changes nothing
 * (OP_DUE_DONE), so a report is made exactly once.
 */
#include "core/participating/report.h"

#include "core/route/choose.h"
#include "core/route/retry.h"

struct msg *report_build(const struct due *d, int64_t now_utc_us,
			 uint64_t fresh)
{
	struct msg *m = msg_new(MSG_ARENA_BYTES);
	size_t i;

	m->kind = MSG_REPORT;
	m->trace = d->trace;
	/* Short and unique: imdn.Message-ID is a token [RFC 5438 6.3]. */
	m->id = arena_printf(m->arena, "r%016llx", (unsigned long long)fresh);
	m->has_own_id = true;
	m->from = addr_dup(m->arena, &d->from);
	m->to = arena_zalloc(m->arena, sizeof(*m->to));
	m->to[0] = addr_dup(m->arena, &d->to);
	m->to_n = 1;
	m->thread = arena_dup(m->arena, d->thread);
	m->sent_utc_us = now_utc_us;
	m->report = d->report;
	m->report.msg_id = arena_dup(m->arena, d->report.msg_id);
	m->report.text = arena_dup(m->arena, d->report.text);
	m->report.address = arena_dup(m->arena, d->report.address);
	m->routes = arena_array(m->arena, d->routes_n + 1,
				sizeof(*m->routes));
	for (i = 0; i < d->routes_n; i++)
		m->routes[i] = arena_dup(m->arena, d->routes[i]);
	m->routes_n = d->routes_n;
	return m;
}

struct msg *report_refusal(const struct msg *m, enum cause cause,
			   const struct sent *sent, int64_t now_utc_us,
			   uint64_t fresh)
{
	struct msg *report;
	struct arena *a;
	struct due d;

	/* Nobody reports on reports [RFC 5438 7.2], and in whose name another
	   one spoke hears nothing of it. */
	if (m->kind != MSG_CONTENT || cause == CAUSE_NOT_YOURS)
		return NULL;
	a = arena_new(MSG_ARENA_BYTES);
	due_of(a, m, IMDN_FAILED, cause, sent, now_utc_us, fresh, &d);
	report = report_build(&d, now_utc_us, fresh);
	arena_free(a);
	return report;
}

static struct str lane_of(const struct config *c, struct acts *out,
			  const struct msg *m)
{
	struct route_query q = {
		.from = &m->from, .to = &m->to[0], .kind = MSG_REPORT,
		.hops_left = m->hops_left, .is_accepted = true,
	};
	char text[LANE_BYTES_MAX];
	const struct link_conf *l;
	struct route r;

	route_choose(c, out->arena, &q, &r);
	if (r.kind == ROUTE_USER)
		return arena_dup(out->arena, lane_of_user(r.to.text, text));
	l = r.kind == ROUTE_LINK ? config_link(c, r.link) : NULL;
	if (!l)
		return STR_NONE;
	return arena_dup(out->arena, lane_of_link(l->name, text));
}

static void keep(const struct event *ev, struct facts *f, struct acts *out,
		 struct msg *m, struct str lane)
{
	struct keep *k = acts_new(out, sizeof(*k));
	struct action *it;

	k->todo.id = fact_fresh_id(f);
	k->todo.lane = lane;
	k->todo.part = todo_partition(lane);
	k->todo.conversation = msg_conversation(m) & INT64_MAX;
	k->todo.recipient = m->to[0].text;
	k->todo.due_utc_us = ev->now_utc_us;
	k->todo.kept_utc_us = ev->now_utc_us;
	k->todo.expires_utc_us = retry_expiry_utc_us(fact_config(f),
					       ev->now_utc_us, 0);
	k->todo.msg = m;
	k->todo.trace = m->trace;
	k->todo.msg_store_id = m->store_id;
	it = acts_add(out, ACT_KEEP);
	it->msg = m;
	it->u.keep = k;
}

static void account(struct acts *out, const struct msg *m)
{
	struct account *r = acts_new(out, sizeof(*r));

	r->event = m->report.status == IMDN_DELIVERED ? "delivered" :
						        "report_failed";
	r->trace = m->trace;
	r->from = m->from.text;
	r->to = m->to[0].text;
	r->id = m->id;
	r->about = m->report.msg_id;
	r->cause = m->report.cause;
	acts_add(out, ACT_ACCOUNT)->u.account = r;
}

static void make_one(const struct event *ev, struct facts *f,
		     struct acts *out, const struct due *d)
{
	struct msg *m = report_build(d, ev->now_utc_us, fact_fresh_id(f));
	struct str lane = lane_of(fact_config(f), out, m);

	m->store_id = fact_fresh_id(f);
	/* Nobody can be told any more (his domain is gone): the accounting
	   file still says so. */
	if (lane.p)
		keep(ev, f, out, m, lane);
	account(out, m);
	acts_write(out, OP_DUE_DONE, d->part)->u.due = d;
	acts_own(out, m);
}

static enum step report_step(void *state, const struct event *ev,
			     struct facts *f, struct acts *out)
{
	size_t i;

	(void)state;
	for (i = 0; i < ev->u.rows->dues_n; i++)
		make_one(ev, f, out, &ev->u.rows->dues[i]);
	return STEP_DONE;
}

const struct machine report_machine = {
	.name = "report", .step = report_step,
};
