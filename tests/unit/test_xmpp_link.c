/* tests/unit/test_xmpp_link.c: the life of a component link: handshake, every
 * way a server can spoil it, pauses between attempts, pings, back-pressure,
 * reload and drain. Times are a hundredth of those in life (rig_times).
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/log.h"
#include "tests/fake/xmpp_mock.h"
#include "tests/unit/unit.h"

static struct rig rig;
static unsigned errors_n;	/* lines of level error */

static void count_errors(enum log_level level, const char *line, size_t n)
{
	(void)line;
	(void)n;
	errors_n += level == LOG_ERROR;
}

static bool is_down(struct rig *r)
{
	return r->last.state == LINK_DOWN;
}

static bool is_off(struct rig *r)
{
	return r->last.state == LINK_OFF;
}

static bool is_standby(struct rig *r)
{
	return r->last.state == LINK_STANDBY;
}

static bool is_refused(struct rig *r)
{
	return xmpp_counts(r->xmpp).refused > 0 && is_down(r);
}

static bool has_event(struct rig *r)
{
	return r->events_n > 0;
}

static bool has_pong(struct rig *r)
{
	return xmpp_mock_pings(r->mock) > 0;
}

static bool has_stanza(struct rig *r)
{
	return xmpp_mock_count(r->mock) > 0;
}

static void say_message(struct rig *r, unsigned n)
{
	char text[256];

	snprintf(text, sizeof(text), "<message from='alice@xmpp.example/tablet'"
		 " to='bob@sip.example' id='n%u'><body>text %u</body>"
		 "</message>", n, n);
	xmpp_mock_say(r->mock, text);
}

/* Both ways work. */
static void assert_works(struct rig *r)
{
	struct msg *m = rig_msg(r, "w1", "works");
	size_t at = 0;

	rig_forget(r);
	rig_send(r, m, true);
	msg_put(m);
	assert_true(rig_until(r, has_event, 20000));
	assert_int_equal(rig_next(r, EV_SENT, &at)->cause, CAUSE_NONE);
	rig_forget(r);
	say_message(r, 1);
	assert_true(rig_until(r, has_event, 20000));
	at = 0;
	assert_str(rig_next(r, EV_MSG, &at)->msg->body.bytes, "text 1");
	rig_forget(r);
}

/* ---- handshake ----------------------------------------------------------- */

static void test_handshake(void **state)
{
	struct str s;

	(void)state;
	rig_open(&rig);
	rig_connect(&rig);
	s = xmpp_mock_opening(rig.mock);
	assert_true(str_search(s, STR("xmlns=\"jabber:component:accept\"")) <
		    s.n);
	assert_true(str_search(s, STR("to=\"sip.example\"")) < s.n);
	assert_true(str_search(s, STR("from=")) == s.n);
	/* printf 9f3c21aas3cret | sha1sum */
	assert_str(xmpp_mock_digest(rig.mock),
		   "82df822bef1979f25570df1d71f6b7355bfab6bd");
	assert_works(&rig);
	rig_close(&rig);
}

/* A server that has our address itself answers a ping by a result. */
static void test_pong_result(void **state)
{
	(void)state;
	rig_open(&rig);
	xmpp_mock_set_mode(rig.mock, MOCK_PONG_RESULT);
	rig_connect(&rig);
	assert_works(&rig);
	rig_close(&rig);
}

static bool has_three(struct rig *r)
{
	return xmpp_mock_connections(r->mock) == 3;
}

static void test_wrong_secret(void **state)
{
	(void)state;
	errors_n = 0;
	log_set_sink(count_errors);
	rig_open(&rig);
	xmpp_mock_set_mode(rig.mock, MOCK_WRONG_SECRET);
	rig.config = rig_config(&rig, xmpp_mock_port(rig.mock));
	rig_configure(&rig);
	assert_true(rig_until(&rig, has_three, 20000));
	/* 60 s in life; one attempt at most in it, and one alarm in all. */
	rig_run(&rig, rig_times.refused_ms);
	assert_in_range(xmpp_mock_connections(rig.mock), 3, 4);
	assert_int_equal(errors_n, 1);
	assert_true(xmpp_counts(rig.xmpp).refused >= 3);
	/* Mended, it works again. */
	xmpp_mock_set_mode(rig.mock, MOCK_GOOD);
	assert_true(rig_until(&rig, rig_is_up, 20000));
	assert_works(&rig);
	rig_close(&rig);
	log_set_sink(NULL);
}

static void test_host_unknown(void **state)
{
	(void)state;
	rig_open(&rig);
	xmpp_mock_set_mode(rig.mock, MOCK_HOST_UNKNOWN);
	rig.config = rig_config(&rig, xmpp_mock_port(rig.mock));
	rig_configure(&rig);
	assert_true(rig_until(&rig, is_down, 20000));
	assert_true(rig.last.retry_at_ms - net_now_ms(rig.loop) >
		    rig_times.refused_ms - 100);
	rig_close(&rig);
}

/* Another node speaks for the hostname: wait for it to leave. */
static void test_conflict(void **state)
{
	(void)state;
	rig_open(&rig);
	xmpp_mock_set_mode(rig.mock, MOCK_CONFLICT);
	rig.config = rig_config(&rig, xmpp_mock_port(rig.mock));
	rig_configure(&rig);
	assert_true(rig_until(&rig, is_standby, 20000));
	rig_run(&rig, 200);
	assert_in_range(xmpp_mock_connections(rig.mock), 2, 8);
	xmpp_mock_set_mode(rig.mock, MOCK_GOOD);
	assert_true(rig_until(&rig, rig_is_up, 20000));
	rig_close(&rig);
	assert_true(xmpp_times_default.standby_ms <= 15000);
}

/* ---- reconnecting -------------------------------------------------------- */

static void test_backoff(void **state)
{
	const struct xmpp_times t = xmpp_times_default;
	static const uint32_t most_ms[] = { 1000, 2000, 4000, 8000, 16000,
					    32000, 60000, 60000, 60000 };
	uint32_t i, random;

	(void)state;
	for (i = 0; i < COUNT_OF(most_ms); i++)
		for (random = 0; random < 0xf0000000u; random += 0x01234567u)
			assert_in_range(xmpp_backoff_ms(&t, i + 1, false,
							false, random),
					most_ms[i] / 2, most_ms[i]);
	assert_in_range(xmpp_backoff_ms(&t, 1000000, false, false, 77), 30000,
			60000);
	for (random = 0; random < 0xf0000000u; random += 0x01234567u) {
		assert_in_range(xmpp_backoff_ms(&t, 1, true, false, random),
				60000, 67500);
		assert_in_range(xmpp_backoff_ms(&t, 9, false, true, random),
				4000, 8000);
	}
}

static void test_server_restarts(void **state)
{
	int64_t waits[6], largest = 0;
	unsigned n = 0, seen;
	struct xmpp_mock *old;

	(void)state;
	rig_open(&rig);
	rig_connect(&rig);
	assert_works(&rig);
	seen = rig.downs_n;
	xmpp_mock_stop(rig.mock);
	while (n < COUNT_OF(waits)) {
		net_loop_once(rig.loop, true);
		if (rig.downs_n == seen)
			continue;
		seen = rig.downs_n;
		waits[n] = rig.last.retry_at_ms - net_now_ms(rig.loop);
		/* 10 20 40 ... ms at most here, 1 2 4 ... s in life */
		assert_in_range(waits[n], 0, 10 << n);
		largest = waits[n] > largest ? waits[n] : largest;
		n++;
	}
	assert_true(largest >= 100);
	/* The server comes back, elsewhere for this test. */
	old = rig.mock;
	rig.mock = xmpp_mock_new(rig.loop, "s3cret");
	xmpp_mock_free(old);
	config_put(rig.config);
	rig.config = NULL;
	rig_connect(&rig);
	assert_works(&rig);
	rig_close(&rig);
}

/* The library keeps a pointer into the text it was reading. */
static void test_drop_inside_text(void **state)
{
	(void)state;
	rig_open(&rig);
	rig_connect(&rig);
	xmpp_mock_say(rig.mock, "<message from='a@xmpp.example' "
		      "to='bob@sip.example'><body>half a sto");
	rig_run(&rig, 20);
	xmpp_mock_hang_up(rig.mock);
	assert_true(rig_until(&rig, is_down, 20000));
	assert_int_equal(rig.events_n, 0);
	assert_true(rig_until(&rig, rig_is_up, 20000));
	assert_works(&rig);
	rig_close(&rig);
}

static void test_drop_inside_tag(void **state)
{
	(void)state;
	rig_open(&rig);
	rig_connect(&rig);
	xmpp_mock_say(rig.mock, "<message from='a@xmpp.ex");
	rig_run(&rig, 20);
	xmpp_mock_hang_up(rig.mock);
	assert_true(rig_until(&rig, is_down, 20000));
	assert_true(rig_until(&rig, rig_is_up, 20000));
	assert_works(&rig);
	rig_close(&rig);
}

static bool has_tried(struct rig *r)
{
	return xmpp_counts(r->xmpp).attempts >= 3;
}

static void test_refused(void **state)
{
	uint16_t port;

	(void)state;
	rig_open(&rig);
	port = xmpp_mock_port(rig.mock);
	xmpp_mock_stop(rig.mock);
	rig.config = rig_config(&rig, port);
	rig_configure(&rig);
	assert_true(rig_until(&rig, is_down, 20000));
	assert_true(rig_until(&rig, has_tried, 20000));
	assert_int_equal(rig.port.room(rig.port.self, rig.link->id), 0);
	rig_close(&rig);
}

static void test_many_descriptors(void **state)
{
	enum { MANY = 1100 };
	struct rlimit lim;
	int fds[MANY];
	size_t i;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &lim), 0);
	assert_true(lim.rlim_max >= 2 * MANY);
	lim.rlim_cur = 2 * MANY;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &lim), 0);
	rig_open(&rig);
	for (i = 0; i < MANY; i++) {
		fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		assert_true(fds[i] >= 0);
	}
	assert_true(fds[MANY - 1] > 1024);
	rig_connect(&rig);
	assert_works(&rig);
	/* And again: its place was kept. */
	for (i = 0; i < 5; i++) {
		xmpp_mock_hang_up(rig.mock);
		assert_true(rig_until(&rig, is_down, 20000));
		assert_true(rig_until(&rig, rig_is_up, 20000));
	}
	assert_works(&rig);
	for (i = 0; i < MANY; i++)
		close(fds[i]);
	rig_close(&rig);
}

/* ---- silence ------------------------------------------------------------- */

static void test_dead_peer(void **state)
{
	(void)state;
	rig_open(&rig);
	rig_connect(&rig);
	assert_true(rig_until(&rig, has_pong, 20000));
	rig_sync(&rig);
	xmpp_mock_set_mode(rig.mock, MOCK_NO_PONG);
	assert_true(rig_until(&rig, is_down, 20000));
	rig_close(&rig);
	assert_true(xmpp_times_default.ping_every_ms +
		    xmpp_times_default.ping_limit_ms <= 90000);
}

static void test_silent_server(void **state)
{
	int64_t from_ms;

	(void)state;
	rig_open(&rig);
	xmpp_mock_set_mode(rig.mock, MOCK_SILENT);
	rig.config = rig_config(&rig, xmpp_mock_port(rig.mock));
	from_ms = net_now_ms(rig.loop);
	rig_configure(&rig);
	assert_true(rig_until(&rig, is_down, 20000));
	assert_in_range(net_now_ms(rig.loop) - from_ms, rig_times.connect_ms -
			5, 5 * rig_times.connect_ms);
	rig_close(&rig);
	assert_int_equal(xmpp_times_default.connect_ms, 10000);
}

/* What cannot be parsed deafens the stream; the pings find out. */
static void test_broken_xml(void **state)
{
	(void)state;
	rig_open(&rig);
	rig_connect(&rig);
	rig_run(&rig, 20);
	xmpp_mock_say(rig.mock, "<message <<<");
	assert_true(rig_until(&rig, is_down, 20000));
	assert_true(rig_until(&rig, rig_is_up, 20000));
	assert_works(&rig);
	rig_close(&rig);
}

static bool has_all_results(struct rig *r)
{
	return xmpp_counts(r->xmpp).pending == 0;
}

static void test_never_reads(void **state)
{
	static char text[60000];
	struct msg *m;
	unsigned sent = 0;
	size_t at = 0;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	rig_open(&rig);
	xmpp_mock_set_mode(rig.mock, MOCK_NEVER_READS);
	rig_connect(&rig);
	m = rig_msg(&rig, "big", text);
	while (rig.port.room(rig.port.self, rig.link->id) > 0 && sent < 1000) {
		rig_send(&rig, m, true);
		sent++;
	}
	/* Bounded by the window, or sooner by what waits for the socket. */
	assert_in_range(sent, 1, 64);
	rig_send(&rig, m, true);
	assert_int_equal(rig_next(&rig, EV_SENT, &at)->cause, CAUSE_OVERLOAD);
	assert_true(rig_until(&rig, has_all_results, 20000));
	assert_int_equal(rig.events_n, sent + 1);
	while (at < rig.events_n)
		assert_int_equal(rig.events[at++]->cause, CAUSE_LINK_DOWN);
	msg_put(m);
	rig_close(&rig);
}

/* ---- core has no room ---------------------------------------------------- */

static bool is_holding(struct rig *r)
{
	return xmpp_counts(r->xmpp).held >= 64;
}

static void test_intake_full(void **state)
{
	enum { MANY = 300 };
	char id[16];
	unsigned i;
	struct msg *m;

	(void)state;
	rig_open(&rig);
	rig_connect(&rig);
	rig.is_full = true;
	for (i = 0; i < 10; i++)
		say_message(&rig, i);
	rig_sync(&rig);
	assert_int_equal(rig.events_n, 0);
	assert_int_equal(xmpp_counts(rig.xmpp).held, 10);
	/* Results still come while messages wait. */
	m = rig_msg(&rig, "r1", "out");
	rig_send(&rig, m, true);
	msg_put(m);
	assert_true(rig_until(&rig, has_event, 20000));
	assert_int_equal(rig.events[0]->kind, EV_SENT);
	rig_forget(&rig);
	for (; i < MANY; i++)
		say_message(&rig, i);
	assert_true(rig_until(&rig, is_holding, 20000));
	rig_run(&rig, 50);
	/* Bounded: then reading stops, and no verdict is passed on the link. */
	assert_in_range(xmpp_counts(rig.xmpp).held, 64, 200);
	rig_run(&rig, 300);
	assert_int_equal(rig.downs_n, 0);
	rig.is_full = false;
	rig_sync(&rig);
	assert_int_equal(rig.events_n, MANY);
	for (i = 0; i < MANY; i++) {
		snprintf(id, sizeof(id), "n%u", i);
		assert_str(rig.events[i]->msg->id, id);
	}
	rig_close(&rig);
}

static bool has_twelve(struct rig *r)
{
	return r->events_n >= 12;
}

/* What was read outlives the stream it came on. */
static void test_full_and_cut(void **state)
{
	unsigned i;

	(void)state;
	rig_open(&rig);
	rig_connect(&rig);
	rig.is_full = true;
	for (i = 0; i < 10; i++)
		say_message(&rig, i);
	rig_sync(&rig);
	xmpp_mock_hang_up(rig.mock);
	assert_true(rig_until(&rig, is_down, 20000));
	assert_true(rig_until(&rig, rig_is_up, 20000));
	for (; i < 12; i++)
		say_message(&rig, i);
	rig_sync(&rig);
	rig.is_full = false;
	assert_true(rig_until(&rig, has_twelve, 20000));
	assert_int_equal(rig.events_n, 12);
	assert_str(rig.events[0]->msg->id, "n0");
	assert_str(rig.events[11]->msg->id, "n11");
	rig_close(&rig);
}

/* Going away with stanzas in hand: their senders are told to try later. */
static void test_full_and_drain(void **state)
{
	struct str s;

	(void)state;
	rig_open(&rig);
	rig_connect(&rig);
	rig.is_full = true;
	say_message(&rig, 1);
	rig_sync(&rig);
	rig.port.drain(rig.port.self, 0, net_now_ms(rig.loop) + 200);
	assert_true(rig_until(&rig, has_stanza, 20000));
	s = xmpp_mock_stanza(rig.mock, 0);
	assert_true(str_search(s, STR("<resource-constraint")) < s.n);
	assert_true(str_search(s, STR("id='n1'")) < s.n);
	assert_true(rig_until(&rig, is_off, 20000));
	rig_close(&rig);
}

/* ---- configuration ------------------------------------------------------- */

static void reconfigure(struct rig *r)
{
	struct config *old = r->config;

	r->config = rig_config(r, xmpp_mock_port(r->mock));
	config_put(old);
}

static void test_reload(void **state)
{
	(void)state;
	rig_open(&rig);
	rig_connect(&rig);
	/* The same, or only what concerns us: the stream stays. */
	reconfigure(&rig);
	rig.link->window = 3;
	rig_configure(&rig);
	rig_sync(&rig);
	assert_int_equal(xmpp_mock_connections(rig.mock), 1);
	assert_int_equal(rig.port.room(rig.port.self, rig.link->id), 3);
	assert_works(&rig);
	/* Another secret: drained and connected anew, here to be refused. */
	reconfigure(&rig);
	rig.link->secret = STR("other");
	rig_configure(&rig);
	assert_true(rig_until(&rig, is_down, 20000));
	assert_int_equal(xmpp_mock_connections(rig.mock), 2);
	/* Back again. */
	reconfigure(&rig);
	rig_configure(&rig);
	assert_true(rig_until(&rig, rig_is_up, 20000));
	assert_works(&rig);
	/* Gone. */
	reconfigure(&rig);
	rig.config->links_n = 0;
	rig_configure(&rig);
	assert_true(rig_until(&rig, is_off, 20000));
	assert_int_equal(xmpp_counts(rig.xmpp).links, 0);
	rig_close(&rig);
}

/* A removed link lets what is under way finish. */
static void test_remove_waits(void **state)
{
	struct msg *m;
	size_t at = 0;

	(void)state;
	rig_open(&rig);
	rig_connect(&rig);
	m = rig_msg(&rig, "u1", "under way");
	rig_send(&rig, m, true);
	reconfigure(&rig);
	rig.config->links_n = 0;
	rig_configure(&rig);
	assert_int_equal(rig.last.state, LINK_DRAINING);
	assert_true(rig_until(&rig, is_off, 20000));
	assert_int_equal(rig_next(&rig, EV_SENT, &at)->cause, CAUSE_NONE);
	msg_put(m);
	rig_close(&rig);
}

static void test_bad_configs(void **state)
{
	struct errtext why;
	struct config *c;

	(void)state;
	rig_open(&rig);
	c = rig_config(&rig, 5347);
	rig.link->host = STR("192.0.2.1");
	why.text[0] = '\0';
	assert_true(rig.port.prepare(rig.port.self, c, &why) < 0);
	assert_non_null(strstr(why.text, "not encrypted"));
	rig.link->insecure_cleartext = true;
	assert_int_equal(rig.port.prepare(rig.port.self, c, &why), 0);
	rig.port.abort(rig.port.self);
	rig.link->host = STR("prosody.example");
	assert_true(rig.port.prepare(rig.port.self, c, &why) < 0);
	assert_non_null(strstr(why.text, "numeric"));
	rig.link->host = STR("::1");
	rig.link->secret = STR("");
	assert_true(rig.port.prepare(rig.port.self, c, &why) < 0);
	config_put(c);
	rig_close(&rig);
}

static void test_link_ctl(void **state)
{
	(void)state;
	rig_open(&rig);
	rig_connect(&rig);
	rig.port.link_ctl(rig.port.self, rig.link->id, false);
	assert_true(rig_until(&rig, is_off, 20000));
	rig_run(&rig, 100);
	assert_int_equal(xmpp_mock_connections(rig.mock), 1);
	rig.port.link_ctl(rig.port.self, rig.link->id, true);
	assert_true(rig_until(&rig, rig_is_up, 20000));
	assert_works(&rig);
	/* Up does not wait for the next attempt. */
	xmpp_mock_set_mode(rig.mock, MOCK_WRONG_SECRET);
	xmpp_mock_hang_up(rig.mock);
	assert_true(rig_until(&rig, is_refused, 20000));
	xmpp_mock_set_mode(rig.mock, MOCK_GOOD);
	rig.port.link_ctl(rig.port.self, rig.link->id, true);
	assert_true(rig_until(&rig, rig_is_up, 20000));
	/* Down and up at once, and again while it says good-bye. */
	rig.port.link_ctl(rig.port.self, rig.link->id, false);
	rig.port.link_ctl(rig.port.self, rig.link->id, true);
	assert_true(rig_until(&rig, rig_is_up, 20000));
	assert_works(&rig);
	rig_close(&rig);
}

/* Room that was 0 is told when it rises. */
static void test_room(void **state)
{
	struct msg *m;
	unsigned i, links_n;

	(void)state;
	rig_open(&rig);
	rig.config = rig_config(&rig, xmpp_mock_port(rig.mock));
	rig.link->window = 4;
	rig_connect(&rig);
	assert_int_equal(rig.room_told, 4);
	m = rig_msg(&rig, "x", "y");
	links_n = rig.links_n;
	for (i = 0; i < 4; i++)
		rig_send(&rig, m, true);
	assert_int_equal(rig.port.room(rig.port.self, rig.link->id), 0);
	assert_true(rig_until(&rig, has_all_results, 20000));
	assert_int_equal(rig.links_n, links_n + 1);
	assert_true(rig.room_told > 0);
	msg_put(m);
	rig_close(&rig);
}

/* Freed in every state without a leak or a fall. */
static void test_close_anywhere(void **state)
{
	static const enum mock_mode modes[] = { MOCK_GOOD, MOCK_SILENT,
		MOCK_WRONG_SECRET, MOCK_CONFLICT, MOCK_NEVER_READS };
	size_t i;
	int ms;

	(void)state;
	for (i = 0; i < COUNT_OF(modes); i++)
		for (ms = 0; ms <= 8; ms += 2) {
			rig_open(&rig);
			xmpp_mock_set_mode(rig.mock, modes[i]);
			rig.config = rig_config(&rig, xmpp_mock_port(rig.mock));
			rig_configure(&rig);
			rig_run(&rig, ms);
			rig_close(&rig);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_ROWS(test_handshake, "X-1 X-2"),
		TEST(test_pong_result),
		TEST_ROWS(test_wrong_secret, "X-3"),
		TEST(test_host_unknown),
		TEST(test_conflict),
		TEST_ROWS(test_backoff, "X-5"),
		TEST_ROWS(test_server_restarts, "X-5"),
		TEST_ROWS(test_drop_inside_text, "X-6"),
		TEST(test_drop_inside_tag),
		TEST_ROWS(test_refused, "X-7"),
		TEST_ROWS(test_many_descriptors, "X-8"),
		TEST_ROWS(test_dead_peer, "X-9"),
		TEST_ROWS(test_silent_server, "X-9b"),
		TEST(test_broken_xml),
		TEST(test_never_reads),
		TEST(test_intake_full),
		TEST(test_full_and_cut),
		TEST(test_full_and_drain),
		TEST(test_reload),
		TEST(test_remove_waits),
		TEST(test_bad_configs),
		TEST(test_link_ctl),
		TEST(test_room),
		TEST(test_close_anywhere),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
