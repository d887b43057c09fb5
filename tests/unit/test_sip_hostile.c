/* tests/unit/test_sip_hostile.c: input meant to crash, stall or fool the SIP
 * adapter. After each case the adapter still serves; what was broken got an
 * answer or silence, and core got nothing of it.
 */
#include "tests/unit/sip_side.h"

#include <stdio.h>
#include <stdlib.h>
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

/* A good message still gets through, and promptly. */
static void assert_alive(struct sip_side *s)
{
	int64_t start = net_now_ms(s->loop);
	struct event *ev;

	while (sip_side_recv_now(s))
		;
	while ((ev = contract_core_take(&s->core)))
		sip_side_done(s, ev);
	sip_side_message(s, "Content-Type: text/plain\n", "alive");
	ev = sip_side_event(s, EV_MSG);
	assert_non_null(ev);
	assert_true(net_now_ms(s->loop) - start < 500);
	sip_side_answer(s, ev->leg, CAUSE_NONE, NULL);
	sip_side_done(s, ev);
	assert_int_equal(sip_side_status(sip_side_recv(s)), 200);
}

/* An endless loop of the stack's SDP parser, had we called it. */
static void test_sdp_that_hangs(void **state)
{
	static const char sdp[] = "v=0\no=- 1 1 IN IP4 1.1.1.1\ns=-\nt=0 0\n"
				  "m=message 1 TCP/MSRP ,\n";
	struct sip_side *s = *state;
	struct event *ev;

	sip_side_message(s, "Content-Type: application/sdp\n", sdp);
	assert_int_equal(sip_side_status(sip_side_recv(s)), 415);
	sip_side_udp(s, "INVITE sip:bob@b.example SIP/2.0\n"
		     "Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK-i\n"
		     "From: <sip:alice@a.example>;tag=1\n"
		     "To: <sip:bob@b.example>\nCall-ID: i\nCSeq: 1 INVITE\n"
		     "Contact: <sip:alice@127.0.0.1>\n"
		     "Content-Type: application/sdp\nContent-Length: %zu\n\n%s",
		     s->udp_port, sip_side_wire_n(sdp), sdp);
	ev = sip_side_event(s, EV_REQUEST);
	assert_non_null(ev);
	sip_side_answer(s, ev->leg, CAUSE_METHOD_NOT_ALLOWED, NULL);
	sip_side_done(s, ev);
	assert_int_equal(sip_side_status(sip_side_recv(s)), 405);
	assert_alive(s);
}

/* Where the stack's own multipart parser would have stopped the process. */
static void test_broken_multipart(void **state)
{
	static const char *const bodies[] = {
		"--b\nContent-Type: text/plain\n\nx\n",
		"--b\nContent-Type: text/plain\n\nx\n--b\n",
		"--b", "", "--b--", "\n\n\n", "--b\n--b\n--b\n",
		"--c\nContent-Type: text/plain\n\nx\n--c--\n",
	};
	struct sip_side *s = *state;
	size_t i;

	for (i = 0; i < COUNT_OF(bodies); i++) {
		sip_side_message(s, "Content-Type: multipart/mixed;"
				 "boundary=b\n", bodies[i]);
		if (sip_side_status(sip_side_recv(s)) != 400)
			fail_msg("not refused: %s", bodies[i]);
		assert_null(contract_core_take(&s->core));
	}
	sip_side_message(s, "Content-Type: multipart/mixed\n", "--b--");
	assert_int_equal(sip_side_status(sip_side_recv(s)), 400);
	assert_alive(s);
}

static void test_other_broken_bodies(void **state)
{
	static const struct {
		const char *head, *body;
		unsigned code;
	} rows[] = {
		{ "Content-Type: message/cpim\n", "no cpim at all", 400 },
		{ "Content-Type: message/cpim\n", "From: <sip:a@b\n\n\n", 400 },
		{ "Content-Type: message/cpim\n",
		  "From: <sip:a@b>\nRequire: X\n\nContent-Type: text/plain\n"
		  "\nx", 415 },
		{ "Content-Type: message/imdn+xml\n", "<imdn>", 400 },
		{ "Content-Type: message/imdn+xml\n",
		  "<!DOCTYPE a [<!ENTITY b \"c\">]><imdn/>", 400 },
		{ "Content-Type: application/im-iscomposing+xml\n", "x", 400 },
		{ "Content-Type: text/plain\nContent-Encoding: gzip\n", "x",
		  415 },
		{ "Content-Type: text/plain;charset=klingon\n", "x", 415 },
		{ "Content-Type: ;;;\n", "x", 400 },
		{ "", "a body of no type", 400 },
	};
	struct sip_side *s = *state;
	size_t i;

	for (i = 0; i < COUNT_OF(rows); i++) {
		unsigned code;
		const char *text;

		sip_side_message(s, rows[i].head, rows[i].body);
		text = sip_side_recv(s);
		code = sip_side_status(text);
		if (code != rows[i].code)
			fail_msg("%u for %s%s", code, rows[i].head,
				 rows[i].body);
		if (code == 415)
			assert_non_null(sip_side_header(text, "Accept", 0));
		assert_null(contract_core_take(&s->core));
	}
	assert_alive(s);
}

/* Controls and bytes that are no UTF-8, wherever they could cross over. */
static void test_controls_in_heads(void **state)
{
	static const char *const lines[] = {
		"From: \"A\x01\" <sip:alice@a.example>;tag=1",
		"From: \"A\xff\" <sip:alice@a.example>;tag=1",
		"From: <sip:al%0d%0aice@a.example>;tag=1",
		"From: <sip:al%00ice@a.example>;tag=1",
		"From: <sip:al%ffice@a.example>;tag=1",
		"From: <sip:alice@a.example;gr=x%0ay>;tag=1",
		"From: <sip:alice@a_\x02.example>;tag=1",
		"Subject: a\x02" "b", "Subject: \xc3(",
		"Call-ID: a\x7f" "b", "Content-Language: e\x01n",
		"Content-Language: en;q=1<x>",
		"Content-Type: text/pl\x01" "ain",
		"P-Asserted-Identity: <sip:a\x01@b>",
		"P-Asserted-Identity: nonsense",
		"P-Preferred-Identity: \"x\xff\" <sip:a@b>",
	};
	static const char *const usual[] = {
		"From: <sip:alice@a.example>;tag=1", "Call-ID: h",
		"Content-Type: text/plain",
	};
	struct sip_side *s = *state;
	size_t i, k;

	for (i = 0; i < COUNT_OF(lines); i++) {
		char head[2048] = "";
		size_t n = strcspn(lines[i], ":");
		struct event *ev;

		for (k = 0; k < COUNT_OF(usual); k++)
			if (strncmp(usual[k], lines[i], n) != 0)
				snprintf(head + strlen(head),
					 sizeof(head) - strlen(head), "%s\n",
					 usual[k]);
		sip_side_udp(s, "MESSAGE sip:bob@b.example SIP/2.0\n"
			     "Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK-%zu\n"
			     "%s%s\nTo: <sip:bob@b.example>\n"
			     "CSeq: 1 MESSAGE\nContent-Length: 1\n\nx",
			     s->udp_port, i, head, lines[i]);
		sip_side_pass(s, 20);
		ev = contract_core_take(&s->core);
		if (ev)
			fail_msg("delivered: %s", lines[i]);
		if (sip_side_status(sip_side_recv(s)) != 400)
			fail_msg("not refused: %s: %.40s", lines[i], s->last);
	}
	assert_alive(s);
}

static void test_bad_targets(void **state)
{
	static const struct {
		const char *uri;
		unsigned code;
	} rows[] = {
		{ "sip:bo%0ab@b.example", 400 },
		{ "sip:bo%ffb@b.example", 400 },
		/* no request line at all to the stack */
		{ "sip:bo%zzb@b.example", 400 },
		{ "sip:bob@b..ex\xff", 400 },
		{ "http://b.example/", 416 },
		{ "mailto:bob@b.example", 416 },
	};
	struct sip_side *s = *state;
	size_t i;

	for (i = 0; i < COUNT_OF(rows); i++) {
		unsigned code;

		sip_side_udp(s, "MESSAGE %s SIP/2.0\n"
			     "Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK-%zu\n"
			     "From: <sip:alice@a.example>;tag=1\n"
			     "To: <sip:bob@b.example>\nCall-ID: 1\n"
			     "CSeq: 1 MESSAGE\nContent-Length: 0\n\n",
			     rows[i].uri, s->udp_port, i);
		code = sip_side_status(sip_side_recv(s));
		if (code != rows[i].code)
			fail_msg("%u for %s", code, rows[i].uri);
		assert_null(contract_core_take(&s->core));
	}
	assert_alive(s);
}

static void test_hops(void **state)
{
	struct sip_side *s = *state;

	sip_side_udp(s, "MESSAGE sip:bob@b.example SIP/2.0\n"
		     "Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK-h\n"
		     "From: <sip:alice@a.example>;tag=1\nMax-Forwards: 0\n"
		     "To: <sip:bob@b.example>\nCall-ID: 1\n"
		     "CSeq: 1 MESSAGE\nContent-Length: 0\n\n", s->udp_port);
	assert_int_equal(sip_side_status(sip_side_recv(s)), 483);
	assert_null(contract_core_take(&s->core));
	assert_alive(s);
}

/* Also where the stack answers by itself. */
static void test_server_in_own_answers(void **state)
{
	static const struct {
		const char *version, *cseq;
		unsigned code;
	} rows[] = { { "SIP/2.0", "1 OPTIONS", 400 },
		     { "SIP/9.0", "1 MESSAGE", 505 },
		     { "SIP/2.0", "x MESSAGE", 400 } };
	struct sip_side *s = *state;
	const char *text;
	size_t i;

	for (i = 0; i < COUNT_OF(rows); i++) {
		sip_side_udp(s, "MESSAGE sip:bob@b.example %s\n"
			     "Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK-%zu\n"
			     "From: <sip:alice@a.example>;tag=1\n"
			     "To: <sip:bob@b.example>\nCall-ID: 1\n"
			     "CSeq: %s\nContent-Length: 0\n\n",
			     rows[i].version, s->udp_port, i, rows[i].cseq);
		text = sip_side_recv(s);
		assert_int_equal(sip_side_status(text), rows[i].code);
		assert_non_null(strstr(sip_side_header(text, "Server", 0),
				       "IM-serv/OMA1.0 causeway/"));
		assert_null(sip_side_header(text, "Server", 1));
	}
}

static void test_garbage(void **state)
{
	static const char *const packets[] = {
		"", "\n", "\n\n\n\n", "x", "MESSAGE", "SIP/2.0 200 OK\n\n",
		"MESSAGE sip:b@c SIP/2.0\n\n",
		"MESSAGE sip:b@c SIP/2.0\nVia: \n\n",
		"MESSAGE sip:b@c SIP/2.0\nVia: SIP/2.0/UDP\n\n",
		"MESSAGE sip:b@c SIP/2.0\nVia: SIP/2.0/TCP 1.1.1.1\nFrom: x\n\n",
		"MESSAGE  sip:b@c  SIP/2.0\nCSeq: 1 OPTIONS\n\n",
		"SIP/2.0 999999 Odd\nVia: SIP/2.0/UDP 127.0.0.1\n\n",
	};
	static const char stun[] = "\x00\x01\x00\x00\x21\x12\xa4\x42"
				   "0123456789ab";
	struct sip_side *s = *state;
	size_t i;

	for (i = 0; i < COUNT_OF(packets); i++)
		sip_side_udp(s, "%s", packets[i]);
	sip_side_raw(s, stun, sizeof(stun) - 1);
	sip_side_pass(s, 50);
	assert_null(contract_core_take(&s->core));
	assert_alive(s);
}

static void test_lengths(void **state)
{
	static const char *const lengths[] = { "99999", "-1", "x", "",
					       "4294967297",
					       "99999999999999999999" };
	struct sip_side *s = *state;
	size_t i;

	for (i = 0; i < COUNT_OF(lengths); i++)
		sip_side_udp(s, "MESSAGE sip:bob@b.example SIP/2.0\n"
			     "Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK-%zu\n"
			     "From: <sip:alice@a.example>;tag=1\n"
			     "To: <sip:bob@b.example>\nCall-ID: 1\n"
			     "CSeq: 1 MESSAGE\nContent-Type: text/plain\n"
			     "Content-Length: %s\n\nx", s->udp_port, i,
			     lengths[i]);
	sip_side_pass(s, 50);
	assert_alive(s);
}

/* A body announced and never sent, headers without end, a flood of lines. */
static void test_half_requests_over_tcp(void **state)
{
	struct sip_side *s = *state;
	int fds[4], i;

	for (i = 0; i < 4; i++)
		fds[i] = sip_side_connect(s);
	sip_side_write(fds[0], "MESSAGE sip:bob@b.example SIP/2.0\n"
		       "Content-Length: 2000000000\n\nx");
	sip_side_write(fds[1], "MESSAGE sip:bob@b.example SIP/2.0\nVia: ");
	for (i = 0; i < 6000; i++) {
		sip_side_write(fds[2], "%s", i ? "X-Line: 0123456789abcdef\n" :
			       "MESSAGE sip:bob@b.example SIP/2.0\n");
		if (i % 64 == 0)
			sip_side_pass(s, 1);
	}
	sip_side_write(fds[3], "\x16\x03\x01\x02\x01\x01");
	sip_side_pass(s, 50);
	assert_null(contract_core_take(&s->core));
	assert_alive(s);
	for (i = 0; i < 4; i++)
		close(fds[i]);
	assert_alive(s);
}

/* Mutations of a good request, the same in every run. */
static void test_mutants(void **state)
{
	static const char good[] =
		"MESSAGE sip:bob@b.example;transport=udp SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK-m;rport\r\n"
		"From: \"Alice\" <sip:alice@a.example;gr=x>;tag=1\r\n"
		"To: <sip:bob@b.example>\r\nCall-ID: m@a\r\n"
		"CSeq: 1 MESSAGE\r\nMax-Forwards: 70\r\nSubject: s\r\n"
		"Date: Sat, 21 Nov 2026 00:20:00 GMT\r\nExpires: 60\r\n"
		"Authorization: Digest username=\"a\", realm=\"a.example\", "
		"nonce=\"n\", uri=\"u\", response=\"r\"\r\n"
		"Session-ID: 0123456789abcdef0123456789abcdef\r\n"
		"Content-Type: message/cpim\r\nContent-Length: 80\r\n\r\n"
		"From: <sip:a@b>\r\nTo: <sip:c@d>\r\n\r\n"
		"Content-Type: text/plain;charset=utf-8\r\n\r\nhello";
	struct sip_side *s = *state;
	char packet[sizeof(good)];
	unsigned i, k;

	srandom(1);
	for (i = 0; i < 4000; i++) {
		struct event *ev;

		memcpy(packet, good, sizeof(good));
		for (k = 0; k < 1 + i % 6; k++) {
			size_t at = (size_t)random() % (sizeof(good) - 1);

			packet[at] = i % 3 ? (char)random() :
					     "\r\n<>\";:@%,= "[random() % 12];
		}
		sip_side_raw(s, packet, sizeof(good) - 1 -
			     (i % 5 ? 0 : (size_t)random() % 400));
		if (i % 16)
			continue;
		sip_side_pass(s, 1);
		while ((ev = contract_core_take(&s->core))) {
			sip_side_answer(s, ev->leg, CAUSE_NONE, NULL);
			sip_side_done(s, ev);
		}
		while (sip_side_recv_now(s))
			;
	}
	sip_side_pass(s, 50);
	assert_alive(s);
}

#define IN(fn) { .name = #fn, .test_func = fn, .setup_func = setup, \
	.teardown_func = teardown }
#define IN_ROWS(fn, rows) { .name = #fn " [" rows "]", .test_func = fn, \
	.setup_func = setup, .teardown_func = teardown }

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN(test_sdp_that_hangs),
		IN_ROWS(test_broken_multipart, "CP31"),
		IN(test_other_broken_bodies),
		IN(test_controls_in_heads),
		IN(test_bad_targets),
		IN(test_hops),
		IN_ROWS(test_server_in_own_answers, "CP10"),
		IN(test_garbage),
		IN(test_lengths),
		IN(test_half_requests_over_tcp),
		IN(test_mutants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
