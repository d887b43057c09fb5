/* tests/unit/test_sip_admit.c: what is taken and what is refused, and how, when
 * core is behind: new requests before anything is parsed, never a repeat of
 * what is being dealt with, never an answer.
 */
#include "tests/unit/sip_side.h"

#include <stdio.h>

#define BEHIND_MS 1000
#define HALF_MS 150 /* between half of the limit and all of it */

static int setup(void **state)
{
	*state = sip_side_new(SIDE_TRUSTED);
	return 0;
}

static int setup_untrusted(void **state)
{
	*state = sip_side_new(0);
	return 0;
}

static int teardown(void **state)
{
	sip_side_free(*state);
	return 0;
}

static void send_branch(struct sip_side *s, const char *branch)
{
	sip_side_udp(s, "MESSAGE sip:bob@b.example SIP/2.0\n"
		     "Via: SIP/2.0/UDP 10.1.2.3:%u;rport;branch=%s;x=y\n"
		     "Via: SIP/2.0/TCP far.example;branch=z9hG4bKfar\n"
		     "From: <sip:alice@a.example>;tag=1\n"
		     "To: <sip:bob@b.example>\nCall-ID: %s\nCSeq: 1 MESSAGE\n"
		     "Max-Forwards: 70\nContent-Length: 0\n\n",
		     s->udp_port, branch, branch);
}

static void test_behind(void **state)
{
	struct sip_side *s = *state;
	const char *text;
	char port[32];

	s->core.lag_ms = BEHIND_MS;
	send_branch(s, "z9hG4bKa1");
	text = sip_side_recv(s);
	assert_int_equal(sip_side_status(text), 503);
	assert_non_null(sip_side_header(text, "Retry-After", 0));
	assert_non_null(strstr(sip_side_header(text, "Server", 0), "IM-serv"));
	assert_string_equal(sip_side_header(text, "From", 0),
			    "<sip:alice@a.example>;tag=1");
	assert_string_equal(sip_side_header(text, "Call-ID", 0), "z9hG4bKa1");
	assert_string_equal(sip_side_header(text, "CSeq", 0), "1 MESSAGE");
	assert_non_null(strstr(sip_side_header(text, "To", 0), ";tag="));
	text = sip_side_header(s->last, "Via", 0);
	snprintf(port, sizeof(port), ";rport=%u;", s->udp_port);
	assert_non_null(strstr(text, ";received=127.0.0.1"));
	assert_non_null(strstr(text, port));
	assert_non_null(strstr(text, "branch=z9hG4bKa1;x=y"));
	assert_string_equal(sip_side_header(s->last, "Via", 1),
			    "SIP/2.0/TCP far.example;branch=z9hG4bKfar");
	assert_int_equal(sip_counts(s->sip).shed, 1);
	/* not remembered: the repeat is taken once there is time */
	s->core.lag_ms = 0;
	send_branch(s, "z9hG4bKa1");
	assert_null(contract_core_take(&s->core));
	sip_side_pass(s, 30);
	assert_int_equal(contract_core_count(&s->core, EV_MSG), 1);
}

/* Who is being served would take a 503 for the end of it. */
static void test_repeats_of_what_runs(void **state)
{
	struct sip_side *s = *state;
	struct event *ev;

	send_branch(s, "z9hG4bKb1");
	ev = sip_side_event(s, EV_MSG);
	assert_non_null(ev);
	s->core.lag_ms = BEHIND_MS;
	send_branch(s, "z9hG4bKb1");
	sip_side_pass(s, 30);
	assert_false(sip_side_recv_now(s));
	sip_side_answer(s, ev->leg, CAUSE_NONE, NULL);
	sip_side_done(s, ev);
	assert_int_equal(sip_side_status(sip_side_recv(s)), 200);
	send_branch(s, "z9hG4bKb1");
	assert_int_equal(sip_side_status(sip_side_recv(s)), 200);
	assert_int_equal(sip_counts(s->sip).shed, 0);
}

/* Half behind: those who were served lately still are, strangers are not. */
static void test_known_first(void **state)
{
	struct sip_side *s = *state;
	struct event *ev;

	s->core.lag_ms = HALF_MS;
	send_branch(s, "z9hG4bKc1");
	assert_int_equal(sip_side_status(sip_side_recv(s)), 503);
	s->core.lag_ms = 0;
	send_branch(s, "z9hG4bKc2");
	ev = sip_side_event(s, EV_MSG);
	sip_side_answer(s, ev->leg, CAUSE_NONE, NULL);
	sip_side_done(s, ev);
	assert_int_equal(sip_side_status(sip_side_recv(s)), 200);
	s->core.lag_ms = HALF_MS;
	send_branch(s, "z9hG4bKc3");
	sip_side_pass(s, 30);
	assert_int_equal(contract_core_count(&s->core, EV_MSG), 1);
	s->core.lag_ms = BEHIND_MS;
	send_branch(s, "z9hG4bKc4");
	assert_int_equal(sip_side_status(sip_side_recv(s)), 503);
}

/* An answer ends work: it is read however far behind we are. */
static void test_answers_pass(void **state)
{
	struct sip_side *s = *state;
	struct msg *m = contract_msg("x");
	struct event *ev;

	s->is_echo = true;
	s->core.lag_ms = BEHIND_MS;
	sip_side_send(s, m, &s->takes);
	msg_put(m);
	ev = sip_side_event(s, EV_SENT);
	assert_non_null(ev);
	assert_int_equal(ev->cause, CAUSE_NONE);
	sip_side_done(s, ev);
}

/* What a line-by-line look does not understand takes the long way to the same
   answer; what is malformed is told so. */
static void test_odd_ones(void **state)
{
	static const char *const vias[] = {
		"Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bKd1",
		"v: SIP / 2.0 / UDP 127.0.0.1:%u ; rport;branch= z9hG4bKd2",
		"Via: SIP/2.0/UDP 127.0.0.1:%u\n ;rport;branch=z9hG4bKd3",
		"Via: SIP/2.0/UDP 127.0.0.1:%u;rport;branch=old",
	};
	struct sip_side *s = *state;
	char via[256];
	size_t i;

	s->core.lag_ms = BEHIND_MS;
	for (i = 0; i < COUNT_OF(vias); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(via, sizeof(via), vias[i], s->udp_port);
#pragma GCC diagnostic pop
		sip_side_udp(s, "MESSAGE sip:bob@b.example SIP/2.0\n%s\n"
			     "From: <sip:alice@a.example>;tag=1\n"
			     "To: <sip:bob@b.example>\nCall-ID: d%zu\n"
			     "CSeq: 1 MESSAGE\nContent-Length: 0\n\n", via, i);
		assert_int_equal(sip_side_status(sip_side_recv(s)), 503);
	}
	assert_int_equal(sip_counts(s->sip).shed, 0);
	sip_side_udp(s, "MESSAGE http://b.example/ SIP/2.0\n"
		     "Via: SIP/2.0/UDP 127.0.0.1:%u;rport;branch=z9hG4bKe\n"
		     "From: <sip:alice@a.example>;tag=1\n"
		     "To: <sip:bob@b.example>\nCall-ID: e\n"
		     "CSeq: 1 MESSAGE\nContent-Length: 0\n\n", s->udp_port);
	assert_int_equal(sip_side_status(sip_side_recv(s)), 416);
	sip_side_udp(s, "ACK sip:bob@b.example SIP/2.0\n"
		     "Via: SIP/2.0/UDP 127.0.0.1:%u;rport;branch=z9hG4bKf\n"
		     "From: <sip:alice@a.example>;tag=1\n"
		     "To: <sip:bob@b.example>\nCall-ID: e\n"
		     "CSeq: 1 ACK\nContent-Length: 0\n\n", s->udp_port);
	sip_side_pass(s, 30);
	assert_false(sip_side_recv_now(s));
}

/* A spoofed source gets no more than so many answers a second. */
static void test_strangers(void **state)
{
	struct sip_side *s = *state;
	unsigned i, n = 0;
	char branch[32];

	s->config->sip_stranger_rate = 20;
	for (i = 0; i < 200; i++) {
		snprintf(branch, sizeof(branch), "z9hG4bKs%u", i);
		send_branch(s, branch);
		if (i % 20 == 19)
			sip_side_pass(s, 5);
	}
	sip_side_pass(s, 50);
	while (sip_side_recv_now(s))
		n++;
	assert_in_range(n, 40, 80);
	assert_int_equal(sip_counts(s->sip).strangers, 200 - n);
	assert_int_equal(sip_counts(s->sip).challenged, n);
}

#define IN(fn, before) { .name = #fn, .test_func = fn, .setup_func = before, \
	.teardown_func = teardown }

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN(test_behind, setup),
		IN(test_repeats_of_what_runs, setup),
		IN(test_known_first, setup),
		IN(test_answers_pass, setup),
		IN(test_odd_ones, setup),
		IN(test_strangers, setup_untrusted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
