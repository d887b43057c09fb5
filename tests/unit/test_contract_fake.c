/* tests/unit/test_contract_fake.c: the fake adapter keeps the contract, and its
 * lines and rules are as its header says.
 */
#include "core/base/mem.h"
#include "tests/fake/fake_adapter.h"
#include "tests/unit/contract.h"

struct side {
	struct contract contract;	/* first: it is the state */
	struct contract_core core;
	struct fake_adapter *fake;
	struct arena *arena;
	struct config *config, *bad;
	struct binding binding[3];
	int64_t now_ms;
};

static void side_target(void *arg, enum contract_far far, struct target *out)
{
	static const char *const uris[] = { "sip:takes@b.example",
					    "sip:refuses@b.example",
					    "sip:silent@b.example",
					    "sip:none@b.example" };
	struct side *s = arg;

	out->from = contract_addr(s->arena, "sip:alice@a.example");
	out->to = contract_addr(s->arena, uris[far]);
	if (far != FAR_NOWHERE)
		out->binding = &s->binding[far];
}

static void side_run(void *arg, int ms, bool (*done)(void *), void *done_arg)
{
	struct side *s = arg;
	int i;

	for (i = 0; i < ms && !(done && done(done_arg)); i++)
		fake_adapter_time(s->fake, ++s->now_ms);
}

static int64_t side_now(void *arg)
{
	struct side *s = arg;

	return s->now_ms;
}

static int setup(void **state)
{
	struct side *s = mem_zalloc(sizeof(*s));
	size_t i;

	contract_core_init(&s->core);
	s->arena = arena_new(1u << 20);
	s->fake = fake_adapter_new(PROTO_SIP, &s->core.intake);
	for (i = 0; i < 3; i++)
		s->binding[i].contact = STR("sip:bob@10.0.0.2");
	assert_int_equal(fake_adapter_script(
		s->fake, STR("to=sip:refuses@b.example NOT_FOUND "
			     "text=\"no such user\"")), 0);
	assert_int_equal(fake_adapter_script(
		s->fake, STR("to=sip:silent@b.example never")), 0);
	fake_adapter_window(s->fake, 0, 50);
	s->config = config_new();
	s->contract = (struct contract){
		.name = "fake", .core = &s->core,
		.adapter = fake_adapter_port(s->fake), .arg = s,
		.target = side_target, .run = side_run, .now_ms = side_now,
		.window = 50, .good_config = s->config,
	};
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct side *s = *state;

	fake_adapter_free(s->fake);
	contract_core_free(&s->core);
	config_put(s->config);
	arena_free(s->arena);
	mem_free(s);
	return 0;
}

static void send_to(struct side *s, enum contract_far far, struct msg *m)
{
	struct target t = { .leg = s->core.intake.leg_new(&s->core,
							  PROTO_SIP) };
	struct send send = { .targets = &t, .targets_n = 1 };
	struct action a = { .kind = ACT_SEND, .wants_result = true, .msg = m,
			    .u.send = &send };

	side_target(s, far, &t);
	s->contract.adapter.send(s->contract.adapter.self, &a);
}

static void test_lines(void **state)
{
	struct side *s = *state;
	struct msg *m = contract_msg("say \"hi\"\n");
	struct answer an = { .kind = ANSWER_REFUSED, .text = STR("gone away") };
	struct action a = { .kind = ACT_ANSWER, .cause = CAUSE_NOT_FOUND,
			    .u.answer = &an };

	m->has_own_id = true;
	m->wants = WANT_DELIVERED | WANT_DISPLAYED;
	send_to(s, FAR_TAKES, m);
	assert_string_equal(fake_adapter_line(s->fake),
			    "sip send leg=1 from=sip:alice@a.example "
			    "to=sip:takes@b.example contact=sip:bob@10.0.0.2 "
			    "id=id-1 wants=delivered,displayed hops=70 "
			    "body=\"say \\\"hi\\\"\\n\"");
	assert_null(fake_adapter_line(s->fake));
	s->contract.adapter.answer(s->fake, 33, &a);
	assert_string_equal(fake_adapter_line(s->fake),
			    "sip answer leg=2 refused cause=NOT_FOUND "
			    "text=\"gone away\"");
	assert_true(fake_adapter_leg(s->fake, 2) == 33);
	msg_put(m);
}

static void test_rules(void **state)
{
	struct side *s = *state;
	struct msg *m = contract_msg("x");
	struct event *ev;

	assert_int_equal(fake_adapter_script(s->fake, STR("tu=x ok")),
			 ERR_SYNTAX);
	assert_int_equal(fake_adapter_script(s->fake, STR("WHAT")),
			 ERR_SYNTAX);
	assert_int_equal(fake_adapter_script(
		s->fake, STR("to=sip:takes@b.example BUSY_HERE delay=20 "
			     "times=1")), 0);
	send_to(s, FAR_TAKES, m);
	assert_int_equal(s->core.queued_n, 0);
	assert_int_equal(fake_adapter_due(s->fake), 21);
	side_run(s, 19, NULL, NULL);
	assert_int_equal(s->core.queued_n, 0);
	side_run(s, 5, NULL, NULL);
	ev = contract_core_take_kind(&s->core, EV_SENT);
	assert_int_equal(ev->cause, CAUSE_BUSY_HERE);
	contract_event_free(&s->core, ev);
	send_to(s, FAR_TAKES, m);
	ev = contract_core_take_kind(&s->core, EV_SENT);
	assert_int_equal(ev->cause, CAUSE_NONE);
	contract_event_free(&s->core, ev);
	send_to(s, FAR_SILENT, m);
	assert_int_equal(fake_adapter_waiting(s->fake), 1);
	assert_int_equal(fake_adapter_result(s->fake, 3 << 4 | PROTO_SIP,
					     STR("ok stored")), 0);
	assert_int_equal(fake_adapter_result(s->fake, 3 << 4 | PROTO_SIP,
					     STR("ok")), ERR_GONE);
	ev = contract_core_take_kind(&s->core, EV_SENT);
	assert_true(ev->u.sent->is_stored_there);
	contract_event_free(&s->core, ev);
	msg_put(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONTRACT_TESTS(setup, teardown),
		cmocka_unit_test_setup_teardown(test_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rules, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
