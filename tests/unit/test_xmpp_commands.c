/* tests/unit/test_xmpp_commands.c: the time and number of dialogues, without a
 * stream: what runs out, and that nothing grows.
 */
#include <stdio.h>

#include "adapters/xmpp/commands.h"
#include "tests/unit/unit.h"

#define NS "http://jabber.org/protocol/commands"

static struct domain_conf domains[] = {
	{ .name = STR_LIT("xmpp.example"), .kind = DOMAIN_FOREIGN,
	  .proto = PROTO_XMPP, .is_enabled = true, .may_register = true },
};
static const struct addr_jid_rule rule = { .host = STR_LIT("sip.example") };
static struct link_conf link_conf = { .component = STR_LIT("sip.example") };

struct bench {
	struct config conf;
	struct stanza_ctx ctx;
	struct commands *commands;
	struct arena *a;
	struct buf out;
	struct iq_ask ask;
};

static void open_bench(struct bench *t)
{
	*t = (struct bench){ .conf = { .domains = domains, .domains_n = 1 } };
	t->ctx = (struct stanza_ctx){ .conf = &link_conf, .config = &t->conf,
				      .rule = &rule };
	t->commands = commands_new(7);
	t->a = arena_new(1u << 20);
	buf_init(&t->out, 1u << 16);
}

static void close_bench(struct bench *t)
{
	commands_free(t->commands);
	arena_free(t->a);
	buf_free(&t->out);
}

/* One step of that user; what was answered is in t->out. */
static void run(struct bench *t, const char *user, const char *attrs)
{
	char text[1000];
	struct stanza_ends ends;
	struct xml_node *iq;

	arena_reset(t->a);
	buf_clear(&t->out);
	t->ask = (struct iq_ask){ .is_asked = false };
	snprintf(text, sizeof(text), "<iq from='%s@xmpp.example/x' "
		 "to='sip.example' type='set' id='1'><command xmlns='" NS
		 "' node='address' %s/></iq>", user, attrs);
	assert_int_equal(xml_parse(t->a, str_of(text), &iq), 0);
	assert_int_equal(jid_prepare(t->a, xml_attr_of(iq, "from"),
				     &ends.from), 0);
	assert_int_equal(jid_prepare(t->a, STR("sip.example"), &ends.to), 0);
	commands_take(t->commands, &t->out, t->a, &t->ctx, &ends, iq,
		      &t->ask);
}

static bool said(const struct bench *t, const char *text)
{
	return str_search(buf_str(&t->out), str_of(text)) < t->out.n;
}

/* sessionid='...' of the last answer, as an attribute. */
static void session_of(const struct bench *t, char out[64])
{
	struct str s = buf_str(&t->out);

	s = str_from(s, str_search(s, STR("sessionid='")));
	s = str_sub(s, 0, 11 + str_find(str_from(s, 11), '\'') + 1);
	snprintf(out, 64, "%.*s", STR_ARG(s));
}

static void test_expiry(void **state)
{
	struct bench t;
	char session[64];

	(void)state;
	open_bench(&t);
	run(&t, "alice", "");
	session_of(&t, session);
	/* Each step begins the time anew. */
	t.ctx.now_ms += COMMANDS_LIFE_MS - 1;
	run(&t, "alice", session);
	assert_true(said(&t, "bad-payload"));
	t.ctx.now_ms += COMMANDS_LIFE_MS - 1;
	run(&t, "alice", session);
	assert_true(said(&t, "bad-payload"));
	t.ctx.now_ms += COMMANDS_LIFE_MS;
	run(&t, "alice", session);
	assert_true(said(&t, "<session-expired xmlns='" NS "'/>"));
	assert_true(said(&t, "<not-allowed "));
	/* Then it is forgotten. */
	run(&t, "alice", session);
	assert_true(said(&t, "<bad-sessionid xmlns='" NS "'/>"));
	assert_int_equal(commands_count(t.commands), 0);
	close_bench(&t);
}

static void test_bounds(void **state)
{
	struct bench t;
	char user[16];
	unsigned i, refused = 0;

	(void)state;
	open_bench(&t);
	for (i = 0; i < 4 * COMMANDS_MAX; i++) {
		snprintf(user, sizeof(user), "u%u", i);
		run(&t, user, "");
		refused += said(&t, "<resource-constraint ");
	}
	assert_int_equal(commands_count(t.commands), COMMANDS_MAX);
	assert_int_equal(refused, 3 * COMMANDS_MAX);
	/* What ran out makes room. */
	t.ctx.now_ms += COMMANDS_LIFE_MS;
	run(&t, "late", "");
	assert_true(said(&t, "status='executing'"));
	assert_int_equal(commands_count(t.commands), 1);
	close_bench(&t);
}

/* No two dialogues have the same id, and one is not guessed from another. */
static void test_ids(void **state)
{
	struct bench t;
	char first[64], second[64], user[16];
	unsigned i;

	(void)state;
	open_bench(&t);
	for (i = 0; i < COMMANDS_MAX; i++) {
		snprintf(user, sizeof(user), "u%u", i);
		run(&t, user, "");
		session_of(&t, i % 2 ? second : first);
		if (i > 0)
			assert_string_not_equal(first, second);
	}
	close_bench(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_ROWS(test_expiry, "X-113"),
		TEST_ROWS(test_bounds, "X-113"),
		TEST(test_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
