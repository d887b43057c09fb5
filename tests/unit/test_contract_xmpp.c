/* tests/unit/test_contract_xmpp.c: adapters/xmpp keeps the contract of adapters
 * against a server that routes, refuses or falls silent. XMPP requests have no
 * answer by leg, so that rule is not asked of it.
 */
#include "adapters/xmpp/xmpp.h"
#include "core/base/mem.h"
#include "tests/fake/xmpp_mock.h"
#include "tests/unit/contract.h"

struct side {
	struct contract contract;	/* first: it is the state */
	struct contract_core core;
	struct rig rig;		/* its loop, server and config; its adapter
				   stays unconfigured */
	struct xmpp *xmpp;
	struct config *bad;
	struct arena *arena;
};

static void side_target(void *arg, enum contract_far far, struct target *out)
{
	struct side *s = arg;

	out->link = s->rig.link->id + (far == FAR_NOWHERE);
	out->from = contract_addr(s->arena, "sip:alice@sip.example");
	out->to = contract_addr(s->arena, far == FAR_REFUSES ?
				"sip:refuses@xmpp.example" :
				"sip:takes@xmpp.example");
	xmpp_mock_set_mode(s->rig.mock, far == FAR_SILENT ? MOCK_NO_PONG :
							    MOCK_GOOD);
}

static void side_run(void *arg, int ms, bool (*done)(void *), void *done_arg)
{
	struct side *s = arg;
	int64_t end_ms = net_now_ms(s->rig.loop) + ms;

	while (!(done && done(done_arg)) &&
	       net_now_ms(s->rig.loop) < end_ms) {
		net_loop_once(s->rig.loop, true);
		s->contract.adapter.flush(s->contract.adapter.self);
	}
}

static int64_t side_now(void *arg)
{
	return net_now_ms(((struct side *)arg)->rig.loop);
}

static bool is_up(void *arg)
{
	struct side *s = arg;

	return s->contract.adapter.room(s->xmpp, s->rig.link->id) > 0;
}

static int setup(void **state)
{
	struct side *s = mem_zalloc(sizeof(*s));
	struct link_conf good, *link;
	struct errtext why;

	rig_open(&s->rig);
	contract_core_init(&s->core);
	s->arena = arena_new(1u << 20);
	s->bad = rig_config(&s->rig, 5347);
	s->rig.link->host = STR("xmpp.example");	/* a name: refused */
	s->rig.config = rig_config(&s->rig, xmpp_mock_port(s->rig.mock));
	link = s->rig.link;
	good = *link;
	good.window = 20;
	*link = good;
	s->xmpp = xmpp_new(s->rig.loop, &s->core.intake);
	xmpp_set_times(s->xmpp, &rig_times);
	s->contract = (struct contract){
		.name = "xmpp", .core = &s->core,
		.adapter = xmpp_port(s->xmpp), .arg = s,
		.target = side_target, .run = side_run, .now_ms = side_now,
		.link = link->id, .window = link->window,
		.bad_config = s->bad, .good_config = s->rig.config,
	};
	if (s->contract.adapter.prepare(s->xmpp, s->rig.config, &why) < 0)
		return -1;
	s->contract.adapter.commit(s->xmpp);
	side_run(s, 3000, is_up, s);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct side *s = *state;

	xmpp_close(s->xmpp);
	contract_core_free(&s->core);
	config_put(s->bad);
	arena_free(s->arena);
	rig_close(&s->rig);
	mem_free(s);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONTRACT_TESTS(setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
