/* tests/unit/contract.c: see contract.h. */
#include "tests/unit/contract.h"

#include <stdio.h>

#include "core/base/mem.h"

#define WAIT_MS 5000
#define QUIET_MS 60		/* long enough for a second result to show */
#define TAG 77u
#define MANY 40u

/* ---- in place of core ------------------------------------------------- */

static struct event *event_new(void *core, enum ev_kind kind)
{
	struct contract_core *c = core;
	struct arena *a = arena_new(EVENT_ARENA_BYTES);
	struct event *ev = arena_zalloc(a, sizeof(*ev));

	ev->kind = kind;
	ev->arena = a;
	c->made_n++;
	return ev;
}

void contract_event_free(struct contract_core *c, struct event *ev)
{
	if (!ev)
		return;
	c->freed_n++;
	msg_put(ev->msg);
	arena_free(ev->arena);
}

static void event_drop(void *core, struct event *ev)
{
	struct contract_core *c = core;

	c->dropped_n++;
	contract_event_free(c, ev);
}

static bool is_request(enum ev_kind k)
{
	return k == EV_MSG || k == EV_REGISTER || k == EV_REQUEST;
}

static int post(void *core, struct event *ev)
{
	struct contract_core *c = core;

	if (c->is_full && is_request(ev->kind)) {
		event_drop(c, ev);
		return ERR_LIMIT;
	}
	ev->next = NULL;
	*c->end = ev;
	c->end = &ev->next;
	c->queued_n++;
	c->posted_n++;
	return 0;
}

static uint64_t leg_new(void *core, enum proto p)
{
	struct contract_core *c = core;

	return ++c->legs << 4 | (uint64_t)p;
}

static struct trace_id trace_new(void *core)
{
	struct contract_core *c = core;

	return (struct trace_id){ 0xabcdef, ++c->traces };
}

static bool is_full(void *core)
{
	struct contract_core *c = core;

	return c->is_full;
}

static int64_t lag_ms(void *core)
{
	struct contract_core *c = core;

	return c->lag_ms;
}

void contract_core_init(struct contract_core *c)
{
	memset(c, 0, sizeof(*c));
	c->end = &c->first;
	c->intake = (struct intake){ .core = c,
				     .post = post,
				     .event_new = event_new,
				     .event_drop = event_drop,
				     .leg_new = leg_new,
				     .trace_new = trace_new,
				     .is_full = is_full,
				     .lag_ms = lag_ms };
}

struct event *contract_core_take(struct contract_core *c)
{
	struct event *ev = c->first;

	if (!ev)
		return NULL;
	c->first = ev->next;
	if (!c->first)
		c->end = &c->first;
	c->queued_n--;
	return ev;
}

struct event *contract_core_take_kind(struct contract_core *c,
				      enum ev_kind kind)
{
	struct event **at = &c->first, *ev;

	while (*at && (*at)->kind != kind)
		at = &(*at)->next;
	ev = *at;
	if (!ev)
		return NULL;
	*at = ev->next;
	if (!*at)
		c->end = at;
	c->queued_n--;
	return ev;
}

size_t contract_core_count(const struct contract_core *c, enum ev_kind kind)
{
	const struct event *ev;
	size_t n = 0;

	for (ev = c->first; ev; ev = ev->next)
		n += ev->kind == kind;
	return n;
}

void contract_core_free(struct contract_core *c)
{
	struct event *ev;

	while ((ev = contract_core_take(c)))
		contract_event_free(c, ev);
	assert_int_equal(c->made_n, c->freed_n);
}

struct addr contract_addr(struct arena *a, const char *uri)
{
	struct addr out;

	assert_int_equal(addr_from_uri_text(a, str_of(uri), &out), 0);
	return out;
}

struct msg *contract_msg(const char *text)
{
	struct msg *m = msg_new(MSG_ARENA_BYTES);

	m->kind = MSG_CONTENT;
	m->trace = (struct trace_id){ 1, 2 };
	m->id = STR("id-1");
	m->from = contract_addr(m->arena, "sip:alice@a.example");
	m->to = arena_zalloc(m->arena, sizeof(*m->to));
	m->to_n = 1;
	*m->to = contract_addr(m->arena, "sip:bob@b.example");
	m->content_type = STR("text/plain");
	m->body = body_inline(arena_dup(m->arena, str_of(text)));
	m->hops_left = 70;
	return m;
}

/* ---- helpers ---------------------------------------------------------- */

struct wish {
	struct contract_core *core;
	enum ev_kind kind;
	size_t n;
};

static bool is_met(void *arg)
{
	struct wish *w = arg;

	return contract_core_count(w->core, w->kind) >= w->n;
}

/* Runs until n events of that kind are queued. */
static void await(struct contract *c, enum ev_kind kind, size_t n)
{
	struct wish w = { c->core, kind, n };

	c->run(c->arg, WAIT_MS, is_met, &w);
	assert_int_equal(contract_core_count(c->core, kind), n);
}

static uint64_t next_leg(struct contract *c)
{
	return c->core->intake.leg_new(c->core, c->adapter.proto);
}

static void send(struct contract *c, struct target *t, size_t n,
		 bool wants_result)
{
	struct msg *m = contract_msg("hello");
	struct send s = { .targets = t, .targets_n = n };
	struct action a = { .kind = ACT_SEND, .wants_result = wants_result,
			    .tag = TAG, .msg = m, .u.send = &s };

	c->adapter.send(c->adapter.self, &a);
	c->adapter.flush(c->adapter.self);
	msg_put(m);
}

static uint64_t send_one(struct contract *c, enum contract_far far,
			 bool wants_result)
{
	struct target t;

	memset(&t, 0, sizeof(t));
	c->target(c->arg, far, &t);
	t.leg = next_leg(c);
	send(c, &t, 1, wants_result);
	return t.leg;
}

/* Takes the one result of leg and gives its cause. */
static enum cause result_of(struct contract *c, uint64_t leg)
{
	struct event *ev = contract_core_take_kind(c->core, EV_SENT);
	enum cause cause;

	assert_non_null(ev);
	assert_true(ev->leg == leg);
	assert_int_equal(ev->tag, TAG);
	assert_non_null(ev->u.sent);
	cause = ev->cause;
	contract_event_free(c->core, ev);
	return cause;
}

/* ---- the rules -------------------------------------------------------- */

void contract_results(struct contract *c)
{
	uint64_t leg = send_one(c, FAR_TAKES, true);

	await(c, EV_SENT, 1);
	assert_int_equal(result_of(c, leg), CAUSE_NONE);

	leg = send_one(c, FAR_REFUSES, true);
	await(c, EV_SENT, 1);
	assert_int_equal(cause_class(result_of(c, leg)), CAUSE_FINAL);

	/* Failures only: a success says nothing, a failure still does. */
	send_one(c, FAR_TAKES, false);
	c->run(c->arg, QUIET_MS * 3, NULL, NULL);
	assert_int_equal(contract_core_count(c->core, EV_SENT), 0);
	leg = send_one(c, FAR_REFUSES, false);
	await(c, EV_SENT, 1);
	assert_int_not_equal(result_of(c, leg), CAUSE_NONE);

	/* What is gone is no error of the call, but has its result. */
	leg = send_one(c, FAR_NOWHERE, true);
	await(c, EV_SENT, 1);
	assert_int_not_equal(result_of(c, leg), CAUSE_NONE);

	c->run(c->arg, QUIET_MS, NULL, NULL);
	assert_int_equal(contract_core_count(c->core, EV_SENT), 0);
}

void contract_many(struct contract *c)
{
	unsigned n = c->window && c->window < MANY ? c->window : MANY, i;
	struct target t[MANY];
	unsigned char seen[MANY] = { 0 };
	uint64_t first;

	memset(t, 0, sizeof(t));
	for (i = 0; i < n; i++) {
		c->target(c->arg, i % 2 ? FAR_TAKES : FAR_REFUSES, &t[i]);
		t[i].leg = next_leg(c);
	}
	first = t[0].leg >> 4;
	send(c, t, n, true);
	await(c, EV_SENT, n);
	for (i = 0; i < n; i++) {
		struct event *ev = contract_core_take_kind(c->core, EV_SENT);
		uint64_t at = (ev->leg >> 4) - first;

		assert_true(at < n);
		assert_int_equal(seen[at]++, 0);
		assert_int_equal(ev->cause != CAUSE_NONE, at % 2 == 0);
		contract_event_free(c->core, ev);
	}
	c->run(c->arg, QUIET_MS, NULL, NULL);
	assert_int_equal(contract_core_count(c->core, EV_SENT), 0);
}

void contract_bounded(struct contract *c)
{
	size_t overload = 0, n, i;
	struct event *ev;

	if (!c->window)
		return;
	assert_true(c->adapter.room(c->adapter.self, c->link) > 0);
	for (i = 0; i < c->window + 10u; i++)
		send_one(c, FAR_SILENT, true);
	/* Those past the window come back at once, the others wait. */
	c->run(c->arg, QUIET_MS, NULL, NULL);
	n = contract_core_count(c->core, EV_SENT);
	assert_int_equal(n, 10);
	while ((ev = contract_core_take_kind(c->core, EV_SENT))) {
		overload += ev->cause == CAUSE_OVERLOAD;
		contract_event_free(c->core, ev);
	}
	assert_int_equal(overload, 10);
	assert_int_equal(c->adapter.room(c->adapter.self, c->link), 0);
}

static bool has_answers(void *arg)
{
	struct contract *c = arg;

	return c->answers(c->arg) >= c->window;
}

void contract_answers(struct contract *c)
{
	struct answer ok = { .kind = ANSWER_OK };
	struct action a = { .kind = ACT_ANSWER, .u.answer = &ok };
	struct contract want = *c;
	struct event *ev;
	unsigned before;
	uint64_t leg;

	if (!c->request)
		return;
	before = c->answers(c->arg);
	c->request(c->arg);
	await(c, EV_MSG, 1);
	ev = contract_core_take_kind(c->core, EV_MSG);
	assert_non_null(ev->msg);
	assert_non_null(ev->origin);
	assert_int_equal(leg_proto(ev->leg), c->adapter.proto);
	leg = ev->leg;
	contract_event_free(c->core, ev);
	assert_int_equal(c->answers(c->arg), before);

	c->adapter.answer(c->adapter.self, leg, &a);
	c->adapter.flush(c->adapter.self);
	want.window = before + 1;
	c->run(c->arg, WAIT_MS, has_answers, &want);
	assert_int_equal(c->answers(c->arg), before + 1);

	/* A second answer, and one to what never was: nothing. */
	c->adapter.answer(c->adapter.self, leg, &a);
	c->adapter.answer(c->adapter.self, next_leg(c), &a);
	c->run(c->arg, QUIET_MS, NULL, NULL);
	assert_int_equal(c->answers(c->arg), before + 1);

	/* Core is full: busy at once, and no event was kept. */
	c->core->is_full = true;
	c->request(c->arg);
	want.window = before + 2;
	c->run(c->arg, WAIT_MS, has_answers, &want);
	assert_int_equal(c->answers(c->arg), before + 2);
	assert_int_equal(contract_core_count(c->core, EV_MSG), 0);
	c->core->is_full = false;
}

void contract_reload(struct contract *c)
{
	struct adapter *p = &c->adapter;
	struct errtext why = { .text = "" };
	uint64_t leg;

	if (c->bad_config) {
		assert_true(p->prepare(p->self, c->bad_config, &why) < 0);
		assert_true(why.text[0] != 0);
		p->abort(p->self);
	}
	if (c->good_config) {
		assert_int_equal(p->prepare(p->self, c->good_config, &why),
				 0);
		p->abort(p->self);
		assert_int_equal(p->prepare(p->self, c->good_config, &why),
				 0);
		p->commit(p->self);
	}
	leg = send_one(c, FAR_TAKES, true);
	await(c, EV_SENT, 1);
	assert_int_equal(result_of(c, leg), CAUSE_NONE);
}

void contract_drain(struct contract *c)
{
	struct adapter *p = &c->adapter;
	uint64_t silent = send_one(c, FAR_SILENT, true), leg;

	c->run(c->arg, QUIET_MS, NULL, NULL);
	assert_int_equal(contract_core_count(c->core, EV_SENT), 0);
	p->drain(p->self, 0, c->now_ms(c->arg) + 200);
	assert_int_equal(p->room(p->self, 0), 0);
	/* No new sends ... */
	leg = send_one(c, FAR_TAKES, true);
	c->run(c->arg, 20, NULL, NULL);
	assert_true(contract_core_count(c->core, EV_SENT) >= 1);
	assert_int_not_equal(result_of(c, leg), CAUSE_NONE);
	/* ... and what is outstanding ends in time. */
	await(c, EV_SENT, 1);
	assert_int_not_equal(result_of(c, silent), CAUSE_NONE);
	c->run(c->arg, QUIET_MS, NULL, NULL);
	assert_int_equal(contract_core_count(c->core, EV_SENT), 0);
}

#define RULE(fn) \
	void contract_test_##fn(void **state) \
	{ \
		contract_##fn(*state); \
	}

RULE(results)
RULE(many)
RULE(bounded)
RULE(answers)
RULE(reload)
RULE(drain)
