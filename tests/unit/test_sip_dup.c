/* tests/unit/test_sip_dup.c: a retransmitted request is one request. */
#include "tests/unit/sip_side.h"

#include <stdio.h>
#include <unistd.h>

static int setup(void **state)
{
	*state = sip_side_new(SIDE_TRUSTED);
	return 0;
}

static int teardown(void **state)
{
	sip_side_free(*state);
	return 0;
}

static void send_with(struct sip_side *s, const char *method,
		      const char *branch, unsigned cseq, const char *call_id)
{
	sip_side_udp(s, "%s sip:bob@b.example SIP/2.0\n"
		     "Via: SIP/2.0/UDP 127.0.0.1:%u;branch=%s\n"
		     "From: <sip:alice@a.example>;tag=1\n"
		     "To: <sip:bob@b.example>\nCall-ID: %s\n"
		     "CSeq: %u %s\nContent-Length: 0\n\n",
		     method, s->udp_port, branch, call_id, cseq, method);
}

static void test_absorbed(void **state)
{
	struct sip_side *s = *state;
	char first[4096];
	struct event *ev;
	const char *text;
	int i;

	for (i = 0; i < 3; i++)
		send_with(s, "MESSAGE", "z9hG4bK-d1", 1, "c1");
	ev = sip_side_event(s, EV_MSG);
	assert_non_null(ev);
	sip_side_pass(s, 50);
	assert_int_equal(contract_core_count(&s->core, EV_MSG), 0);
	assert_int_equal(sip_counts(s->sip).duplicates, 2);
	/* not answered yet: nothing was said to any of them */
	sip_side_answer(s, ev->leg, CAUSE_NOT_FOUND, NULL);
	sip_side_done(s, ev);
	text = sip_side_recv(s);
	assert_int_equal(sip_side_status(text), 404);
	snprintf(first, sizeof(first), "%s", text);
	/* the same answer again, with the same To tag */
	for (i = 0; i < 3; i++) {
		send_with(s, "MESSAGE", "z9hG4bK-d1", 1, "c1");
		text = sip_side_recv(s);
		assert_non_null(text);
		assert_string_equal(text, first);
	}
	assert_int_equal(contract_core_count(&s->core, EV_MSG), 0);
	assert_int_equal(sip_counts(s->sip).pending, 0);
	assert_int_equal(sip_counts(s->sip).remembered, 1);
}

static void test_others_are_new(void **state)
{
	struct sip_side *s = *state;

	send_with(s, "MESSAGE", "z9hG4bK-e1", 1, "c1");
	send_with(s, "MESSAGE", "z9hG4bK-e2", 2, "c1");
	send_with(s, "OPTIONS", "z9hG4bK-e1", 1, "c1");
	/* Without the cookie the rest of the request counts. */
	send_with(s, "MESSAGE", "old", 3, "c1");
	send_with(s, "MESSAGE", "old", 3, "c1");
	send_with(s, "MESSAGE", "old", 4, "c1");
	send_with(s, "MESSAGE", "old", 3, "c2");
	sip_side_pass(s, 50);
	assert_int_equal(contract_core_count(&s->core, EV_MSG), 5);
	assert_int_equal(contract_core_count(&s->core, EV_REQUEST), 1);
	assert_int_equal(sip_counts(s->sip).duplicates, 1);
}

/* The same request over two ways: only the branch differs [RFC 3261 8.2.2.2].
   While the first is dealt with the second is refused; once that is over it is
   judged for itself. */
static void test_merged(void **state)
{
	struct sip_side *s = *state;
	struct event *ev;

	send_with(s, "MESSAGE", "z9hG4bK-m1", 1, "c1");
	ev = sip_side_event(s, EV_MSG);
	assert_non_null(ev);
	send_with(s, "MESSAGE", "z9hG4bK-m2", 1, "c1");
	assert_int_equal(sip_side_status(sip_side_recv(s)), 482);
	send_with(s, "MESSAGE", "z9hG4bK-m3", 2, "c1");
	sip_side_pass(s, 30);
	assert_int_equal(contract_core_count(&s->core, EV_MSG), 1);
	sip_side_answer(s, ev->leg, CAUSE_NONE, NULL);
	sip_side_done(s, ev);
	assert_int_equal(sip_side_status(sip_side_recv(s)), 200);
	send_with(s, "MESSAGE", "z9hG4bK-m4", 1, "c1");
	sip_side_pass(s, 30);
	assert_int_equal(contract_core_count(&s->core, EV_MSG), 2);
	assert_int_equal(sip_counts(s->sip).duplicates, 0);
}

/* More than may be remembered: the oldest answers go, memory does not grow,
   and what came lately is still known. */
static void test_bounded(void **state)
{
	struct sip_side *s = *state;
	char branch[32];
	unsigned i;

	for (i = 0; i < 1300; i++) {
		struct event *ev;

		snprintf(branch, sizeof(branch), "z9hG4bKb%u", i);
		send_with(s, "MESSAGE", branch, i + 1, "c1");
		ev = sip_side_event(s, EV_MSG);
		assert_non_null(ev);
		sip_side_answer(s, ev->leg, CAUSE_NONE, NULL);
		sip_side_done(s, ev);
		assert_int_equal(sip_side_status(sip_side_recv(s)), 200);
		assert_true(sip_counts(s->sip).remembered <= 1000);
	}
	assert_int_equal(sip_counts(s->sip).remembered, 1000);
	for (i = 301; i < 1300; i += 111) {
		snprintf(branch, sizeof(branch), "z9hG4bKb%u", i);
		send_with(s, "MESSAGE", branch, i + 1, "c1");
		assert_int_equal(sip_side_status(sip_side_recv(s)), 200);
	}
	assert_int_equal(contract_core_count(&s->core, EV_MSG), 0);
	send_with(s, "MESSAGE", "z9hG4bKb7", 8, "c1");
	sip_side_pass(s, 30);
	assert_int_equal(contract_core_count(&s->core, EV_MSG), 1);
}

/* The configuration's bound, so that a test can reach it. */
static int setup_small(void **state)
{
	struct errtext why;
	struct sip_side *s;

	setup(state);
	s = *state;
	s->config->sip_repeats_max = 1000;
	if (s->port.prepare(s->port.self, s->config, &why) < 0)
		return -1;
	s->port.commit(s->port.self);
	return 0;
}

static void test_busy_is_not_remembered(void **state)
{
	struct sip_side *s = *state;

	s->core.is_full = true;
	send_with(s, "MESSAGE", "z9hG4bK-b1", 1, "c1");
	assert_int_equal(sip_side_status(sip_side_recv(s)), 503);
	s->core.is_full = false;
	send_with(s, "MESSAGE", "z9hG4bK-b1", 1, "c1");
	sip_side_pass(s, 30);
	assert_int_equal(contract_core_count(&s->core, EV_MSG), 1);
}

static void test_ack_and_cancel(void **state)
{
	struct sip_side *s = *state;
	const char *text;

	send_with(s, "ACK", "z9hG4bK-a1", 1, "c1");
	sip_side_pass(s, 30);
	assert_null(contract_core_take(&s->core));
	send_with(s, "CANCEL", "z9hG4bK-a2", 1, "c1");
	text = sip_side_recv(s);	/* the ACK got nothing */
	assert_int_equal(sip_side_status(text), 481);
	assert_non_null(strstr(sip_side_header(text, "CSeq", 0), "CANCEL"));
}

static void test_over_tcp(void **state)
{
	struct sip_side *s = *state;
	int fd = sip_side_connect(s), i;
	struct event *ev;

	for (i = 0; i < 3; i++)
		sip_side_write(fd, "MESSAGE sip:bob@b.example SIP/2.0\n"
			       "Via: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bK-t\n"
			       "From: <sip:alice@a.example>;tag=1\n"
			       "To: <sip:bob@b.example>\nCall-ID: t\n"
			       "CSeq: 1 MESSAGE\nContent-Length: 0\n\n");
	ev = sip_side_event(s, EV_MSG);
	assert_non_null(ev);
	assert_true(ev->origin->is_reliable);
	sip_side_pass(s, 30);
	assert_int_equal(contract_core_count(&s->core, EV_MSG), 0);
	sip_side_answer(s, ev->leg, CAUSE_NONE, NULL);
	sip_side_done(s, ev);
	assert_int_equal(sip_side_status(sip_side_read(s, fd)), 200);
	close(fd);
}

#define IN(fn) { .name = #fn, .test_func = fn, .setup_func = setup, \
	.teardown_func = teardown }
#define IN_ROWS(fn, rows) { .name = #fn " [" rows "]", .test_func = fn, \
	.setup_func = setup, .teardown_func = teardown }

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN(test_absorbed),
		IN(test_others_are_new),
		IN_ROWS(test_merged, "CP07"),
		{ .name = "test_bounded", .test_func = test_bounded,
		  .setup_func = setup_small, .teardown_func = teardown },
		IN(test_busy_is_not_remembered),
		IN(test_ack_and_cancel),
		IN(test_over_tcp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
