/* tests/unit/test_sip_out.c: MESSAGE from the model onto the wire, and what the
 * far side's answers become.
 */
#include "tests/unit/sip_side.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int setup(void **state)
{
	*state = sip_side_new(SIDE_TRUSTED | SIDE_PEER);
	return 0;
}

static int teardown(void **state)
{
	sip_side_free(*state);
	return 0;
}

/* Answers the request in s->last with this status and header lines. */
static void far_says(struct sip_side *s, const char *status,
		     const char *extra)
{
	char via[2048], from[1024], to[1024], id[1024], cseq[64], text[65536];

	snprintf(text, sizeof(text), "%s", s->last);
	snprintf(via, sizeof(via), "%s", sip_side_header(text, "Via", 0));
	snprintf(from, sizeof(from), "%s", sip_side_header(text, "From", 0));
	snprintf(to, sizeof(to), "%s", sip_side_header(text, "To", 0));
	snprintf(id, sizeof(id), "%s", sip_side_header(text, "Call-ID", 0));
	snprintf(cseq, sizeof(cseq), "%s", sip_side_header(text, "CSeq", 0));
	sip_side_udp(s, "SIP/2.0 %s\nVia: %s\nFrom: %s\nTo: %s;tag=far\n"
		     "Call-ID: %s\nCSeq: %s\n%sContent-Length: 0\n\n",
		     status, via, from, to, id, cseq, extra);
}

static struct event *result(struct sip_side *s, uint64_t leg)
{
	struct event *ev = sip_side_event(s, EV_SENT);

	assert_non_null(ev);
	assert_true(ev->leg == leg);
	return ev;
}

static void test_plain(void **state)
{
	struct sip_side *s = *state;
	struct msg *m = contract_msg("Are you free at noon?");
	struct event *ev;
	const char *text;
	uint64_t leg;

	m->from = contract_addr(m->arena, "sip:alice@xmpp.example;gr=tablet");
	m->from.display = STR("Al \"x\"");
	m->subject = STR("Lunch");
	m->lang = STR("en");
	m->thread = STR("t-77af");
	m->trace = (struct trace_id){ 0x1122, 0x3344 };
	m->sent_utc_us = 1795220400000000;
	m->expires_utc_us = m->sent_utc_us + 60000000;
	m->hops_left = 12;
	m->priority = PRIORITY_URGENT;
	leg = sip_side_send(s, m, &s->takes);
	text = sip_side_recv(s);
	assert_non_null(text);
	assert_true(strncmp(text, "MESSAGE sip:takes@127.0.0.1:", 28) == 0);
	assert_true(strncmp(sip_side_header(text, "From", 0),
			    "\"Al \\\"x\\\"\" <sip:alice@xmpp.example;"
			    "gr=tablet>;tag=", 50) == 0);
	assert_string_equal(sip_side_header(text, "To", 0),
			    "<sip:bob@b.example>");
	assert_string_equal(sip_side_header(text, "Call-ID", 0), "t-77af");
	assert_non_null(strstr(sip_side_header(text, "CSeq", 0), " MESSAGE"));
	assert_string_equal(sip_side_header(text, "Subject", 0), "Lunch");
	assert_string_equal(sip_side_header(text, "Content-Language", 0),
			    "en");
	assert_string_equal(sip_side_header(text, "Max-Forwards", 0), "11");
	assert_string_equal(sip_side_header(text, "Priority", 0), "urgent");
	assert_string_equal(sip_side_header(text, "Session-ID", 0),
			    "00000000000011220000000000003344;remote="
			    "00000000000000000000000000000000");
	assert_string_equal(sip_side_header(text, "Date", 0),
			    "Sat, 21 Nov 2026 00:20:00 GMT");
	assert_string_equal(sip_side_header(text, "Expires", 0), "60");
	assert_non_null(strstr(sip_side_header(text, "User-Agent", 0),
			       "IM-serv/OMA1.0 causeway/"));
	assert_string_equal(sip_side_header(text, "Content-Type", 0),
			    "text/plain;charset=UTF-8");
	assert_null(sip_side_header(text, "Contact", 0));
	assert_null(sip_side_header(text, "P-Asserted-Identity", 0));
	assert_string_equal(sip_side_body(text), "Are you free at noon?");
	far_says(s, "202 Accepted", "");
	ev = result(s, leg);
	assert_int_equal(ev->cause, CAUSE_NONE);
	assert_true(ev->u.sent->is_stored_there);
	assert_false(ev->u.sent->was_plain);
	sip_side_done(s, ev);
	msg_put(m);
}

/* They are for the servers behind us too, encoded anew. */
static void test_preferences(void **state)
{
	struct sip_side *s = *state;
	struct msg *m = contract_msg("x");
	const char *text;

	m->accept_contact = STR("*;mobility=\"fixed\";require, *;audio");
	m->reject_contact = STR("*;+x=\"y\r\nEvil: 1\", *;video");
	m->handling = HANDLE_NO_FORK | HANDLE_QUEUE;
	sip_side_send(s, m, &s->takes);
	text = sip_side_recv(s);
	assert_non_null(text);
	assert_string_equal(sip_side_header(text, "Accept-Contact", 0),
			    "*;+g.oma.sip-im");
	assert_string_equal(sip_side_header(text, "Accept-Contact", 1),
			    "*;mobility=\"fixed\";require");
	assert_string_equal(sip_side_header(text, "Accept-Contact", 2),
			    "*;audio");
	assert_string_equal(sip_side_header(text, "Reject-Contact", 0),
			    "*;video");
	assert_string_equal(sip_side_header(text, "Request-Disposition", 0),
			    "no-fork,queue");
	assert_null(sip_side_header(text, "Evil", 0));
	msg_put(m);
}

static void test_thread_that_is_no_call_id(void **state)
{
	static const char *const threads[] = { "two words", "a@b@c", "",
					       "\xc3\xa9", "x\r\nEvil: 1" };
	struct sip_side *s = *state;
	size_t i;

	for (i = 0; i < COUNT_OF(threads); i++) {
		struct msg *m = contract_msg("x");
		const char *text;

		m->thread = str_of(threads[i]);
		sip_side_send(s, m, &s->takes);
		text = sip_side_recv(s);
		assert_non_null(text);
		assert_int_equal(strlen(sip_side_header(text, "Call-ID", 0)),
				 32);
		assert_null(sip_side_header(text, "Evil", 0));
		msg_put(m);
	}
}

/* Foreign text that no header can hold: refused, nothing on the wire. */
static void test_no_injection(void **state)
{
	struct sip_side *s = *state;
	struct msg *m = contract_msg("x");
	struct event *ev;
	uint64_t leg;

	m->subject = STR("x\r\nEvil: 1");
	leg = sip_side_send(s, m, &s->takes);
	ev = result(s, leg);
	assert_int_equal(ev->cause, CAUSE_BAD_REQUEST);
	sip_side_done(s, ev);
	m->subject = STR("");
	m->lang = STR("en\r\nEvil: 1");
	leg = sip_side_send(s, m, &s->takes);
	ev = result(s, leg);
	assert_int_equal(ev->cause, CAUSE_BAD_REQUEST);
	sip_side_done(s, ev);
	m->lang = STR("");
	m->content_type = STR("text/plain\r\nEvil: 1");
	leg = sip_side_send(s, m, &s->takes);
	ev = result(s, leg);
	assert_int_equal(ev->cause, CAUSE_BAD_REQUEST);
	sip_side_done(s, ev);
	assert_int_equal(sip_counts(s->sip).sent, 0);
	/* A display name of that kind is left out: it is decoration. */
	m->content_type = STR("text/plain");
	m->from.display = STR("x\r\nEvil: 1");
	sip_side_send(s, m, &s->takes);
	assert_null(strstr(sip_side_recv(s), "Evil"));
	msg_put(m);
}

static void test_cpim(void **state)
{
	struct sip_side *s = *state;
	struct msg *m = contract_msg("hello");
	const char *text, *body;

	m->wants = WANT_DELIVERED | WANT_DISPLAYED;
	m->id = STR("Kq81");
	m->has_own_id = true;
	m->sent_utc_us = 1795220400000000;
	sip_side_send(s, m, &s->takes);
	text = sip_side_recv(s);
	assert_string_equal(sip_side_header(text, "Content-Type", 0),
			    "message/cpim");
	body = sip_side_body(text);
	assert_non_null(strstr(body, "From: <sip:alice@a.example>\r\n"));
	assert_non_null(strstr(body, "To: <sip:bob@b.example>\r\n"));
	assert_non_null(strstr(body, "DateTime: 2026-11-21T00:20:00Z\r\n"));
	assert_non_null(strstr(body, "Message-ID: Kq81\r\n"));
	assert_non_null(strstr(body, "positive-delivery"));
	assert_non_null(strstr(body, "display"));
	assert_non_null(strstr(body, "\r\n\r\nContent-Type: text/plain;"
				     "charset=UTF-8\r\n\r\nhello"));
	msg_put(m);
}

static void test_report(void **state)
{
	struct sip_side *s = *state;
	struct msg *m = contract_msg("");
	struct str routes[2] = { STR("sip:r1@x.example"),
				 STR("sip:r2@x.example") };
	const char *text, *body, *head;

	m->kind = MSG_REPORT;
	m->id = STR("n55");
	m->report.kind = IMDN_DELIVERY;
	m->report.status = IMDN_DELIVERED;
	m->report.msg_id = STR("Kq81");
	m->report.utc_us = 1795220400000000;
	m->routes = routes;
	m->routes_n = 2;
	sip_side_send(s, m, &s->takes);
	text = sip_side_recv(s);
	assert_string_equal(sip_side_header(text, "Content-Type", 0),
			    "message/cpim");
	body = sip_side_body(text);
	head = strstr(body, "Content-Type: message/imdn+xml");
	assert_non_null(head);
	assert_non_null(strstr(head, "Content-Disposition: notification"));
	assert_non_null(strstr(head, "<message-id>Kq81</message-id>"));
	assert_non_null(strstr(head, "<delivered/>"));
	assert_non_null(strstr(body, "Message-ID: n55\r\n"));
	assert_true(strstr(body, "r1@x.example") <
		    strstr(body, "r2@x.example"));
	assert_null(strstr(body, "Record-Route"));
	assert_null(strstr(body, "Disposition-Notification"));
	msg_put(m);
}

static void test_composing(void **state)
{
	struct sip_side *s = *state;
	struct msg *m = contract_msg("");
	const char *text;

	m->kind = MSG_COMPOSING;
	m->composing.is_active = true;
	m->composing.refresh_s = 60;
	sip_side_send(s, m, &s->takes);
	text = sip_side_recv(s);
	assert_string_equal(sip_side_header(text, "Content-Type", 0),
			    "application/im-iscomposing+xml");
	assert_non_null(strstr(text, "<state>active</state>"));
	assert_non_null(strstr(text, "<refresh>60</refresh>"));
	msg_put(m);
}

static void test_text_after_415(void **state)
{
	static const char *const status[] = { "415 No", "488 No" };
	struct sip_side *s = *state;
	unsigned first, second;
	struct event *ev;
	const char *text;
	uint64_t leg;
	size_t i;

	for (i = 0; i < 2; i++) {
		struct msg *m = contract_msg("hello");

		m->wants = WANT_DELIVERED;
		m->thread = STR("talk");
		leg = sip_side_send(s, m, &s->takes);
		msg_put(m);
		text = sip_side_recv(s);
		assert_non_null(strstr(text, "message/cpim"));
		first = (unsigned)atol(sip_side_header(text, "CSeq", 0));
		far_says(s, status[i], "");
		text = sip_side_recv(s);
		assert_non_null(text);
		assert_string_equal(sip_side_header(text, "Content-Type", 0),
				    "text/plain;charset=UTF-8");
		assert_string_equal(sip_side_body(text), "hello");
		assert_string_equal(sip_side_header(text, "Call-ID", 0),
				    "talk");
		second = (unsigned)atol(sip_side_header(text, "CSeq", 0));
		assert_true(second > first);
		assert_int_equal(contract_core_count(&s->core, EV_SENT), 0);
		far_says(s, "200 OK", "");
		ev = result(s, leg);
		assert_int_equal(ev->cause, CAUSE_NONE);
		assert_true(ev->u.sent->was_plain);
		sip_side_done(s, ev);
	}
}

/* Known to take text only: CPIM is not even tried. */
static void test_plain_binding(void **state)
{
	struct sip_side *s = *state;
	struct msg *m = contract_msg("hello");
	struct event *ev;
	uint64_t leg;

	s->takes.is_plain = true;
	m->wants = WANT_DELIVERED;
	leg = sip_side_send(s, m, &s->takes);
	assert_string_equal(sip_side_body(sip_side_recv(s)), "hello");
	far_says(s, "415 Really", "");
	ev = result(s, leg);		/* and then it is final */
	assert_int_equal(ev->cause, CAUSE_MEDIA_UNSUPPORTED);
	assert_str(ev->u.sent->text, "Really");
	sip_side_done(s, ev);
	msg_put(m);
}

static void test_failures(void **state)
{
	static const struct {
		const char *status, *extra;
		enum cause c;
		const char *address;
	} rows[] = {
		{ "404 Nobody home", "", CAUSE_NOT_FOUND, "" },
		{ "486 Busy", "", CAUSE_BUSY_HERE, "" },
		{ "401 Who", "WWW-Authenticate: Digest realm=\"x\", "
		  "nonce=\"y\"\n", CAUSE_FAR_UNAUTHORIZED, "" },
		{ "407 Who", "Proxy-Authenticate: Digest realm=\"x\", "
		  "nonce=\"y\"\n", CAUSE_FAR_REGISTRATION, "" },
		{ "301 Moved", "Contact: <sip:new@c.example>\n",
		  CAUSE_MOVED, "sip:new@c.example" },
		{ "302 There", "Contact: <sip:x@c.example;a=b>;q=1\n",
		  CAUSE_REDIRECT, "sip:x@c.example;a=b" },
		{ "503 Full", "Retry-After: 9\n", CAUSE_SERVICE_UNAVAILABLE,
		  "" },
		{ "603 No", "", CAUSE_DECLINED, "" },
		{ "497 Odd", "", CAUSE_BAD_REQUEST, "" },
	};
	struct sip_side *s = *state;
	struct msg *m = contract_msg("x");
	struct event *ev;
	uint64_t leg;
	size_t i;

	for (i = 0; i < COUNT_OF(rows); i++) {
		leg = sip_side_send(s, m, &s->takes);
		assert_non_null(sip_side_recv(s));
		far_says(s, "100 Trying", "");
		sip_side_pass(s, 10);
		assert_int_equal(contract_core_count(&s->core, EV_SENT), 0);
		far_says(s, rows[i].status, rows[i].extra);
		ev = result(s, leg);
		assert_int_equal(ev->cause, rows[i].c);
		assert_str(ev->u.sent->text, rows[i].status + 4);
		assert_str(ev->u.sent->address, rows[i].address);
		sip_side_done(s, ev);
		/* a late second answer changes nothing */
		far_says(s, "200 OK", "");
		sip_side_pass(s, 10);
		assert_int_equal(contract_core_count(&s->core, EV_SENT), 0);
	}
	msg_put(m);
}

static void send_to_peer(struct sip_side *s, struct msg *m,
			 const char *asserted, bool is_trusted, uint64_t leg)
{
	struct target t = { .leg = leg, .link = 7, .from = m->from,
			    .to = m->to[0], .asserted = str_of(asserted),
			    .is_trusted = is_trusted };
	struct send send = { .targets = &t, .targets_n = 1 };
	struct action a = { .kind = ACT_SEND, .wants_result = true, .msg = m,
			    .u.send = &send };

	s->port.send(s->port.self, &a);
}

static void test_asserted(void **state)
{
	struct sip_side *s = *state;
	struct msg *m = contract_msg("x");
	const char *text;

	send_to_peer(s, m, "sip:alice@a.example", true, 17);
	text = sip_side_recv(s);
	assert_true(strncmp(text, "MESSAGE sip:bob@b.example SIP/2.0", 33) ==
		    0);
	assert_string_equal(sip_side_header(text, "P-Asserted-Identity", 0),
			    "<sip:alice@a.example>");
	assert_null(sip_side_header(text, "Privacy", 0));
	m->is_private = true;
	m->from = ADDR_ANON;
	m->wants = WANT_DELIVERED;
	send_to_peer(s, m, "sip:alice@a.example", true, 33);
	text = sip_side_recv(s);
	assert_string_equal(sip_side_header(text, "Privacy", 0), "id");
	/* Not trusted: neither name, in no layer. */
	send_to_peer(s, m, "sip:alice@a.example", false, 49);
	text = sip_side_recv(s);
	assert_null(strstr(text, "alice"));
	assert_non_null(strstr(sip_side_body(text),
			       "sip:anonymous@anonymous.invalid"));
	msg_put(m);
}

static void test_size_over_udp(void **state)
{
	struct sip_side *s = *state;
	char body[1302];
	struct msg *m;
	struct event *ev;
	uint64_t leg;

	memset(body, 'x', 1301);
	body[1301] = 0;
	m = contract_msg(body);
	leg = sip_side_send(s, m, &s->takes);
	ev = result(s, leg);
	assert_int_equal(ev->cause, CAUSE_TOO_LARGE);
	sip_side_done(s, ev);
	m->body.bytes.n = 1300;
	sip_side_send(s, m, &s->takes);
	assert_int_equal(strlen(sip_side_body(sip_side_recv(s))), 1300);
	msg_put(m);
}

/* Registered from behind a NAT: sent to where it came from. */
static void test_udp_flow(void **state)
{
	struct sip_side *s = *state;
	struct binding b = { .contact = STR("sip:bob@192.168.7.7:5060") };
	struct msg *m = contract_msg("x");
	const char *text;

	b.flow = arena_printf(s->arena, "udp 127.0.0.1 %u", s->udp_port);
	sip_side_send(s, m, &b);
	text = sip_side_recv(s);
	assert_non_null(text);
	assert_true(strncmp(text, "MESSAGE sip:bob@192.168.7.7:5060 SIP", 36)
		    == 0);
	msg_put(m);
}

static void test_path(void **state)
{
	struct sip_side *s = *state;
	struct binding b = { .contact = STR("sip:bob@10.255.0.1") };
	struct msg *m = contract_msg("x");
	char want[64];
	const char *text;

	b.path = arena_printf(s->arena, "<sip:edge@127.0.0.1:%u;lr>",
			      s->udp_port);
	snprintf(want, sizeof(want), "%.*s", STR_ARG(b.path));
	sip_side_send(s, m, &b);
	text = sip_side_recv(s);
	assert_non_null(text);
	assert_true(strncmp(text, "MESSAGE sip:bob@10.255.0.1 SIP", 30) == 0);
	assert_string_equal(sip_side_header(text, "Route", 0), want);
	msg_put(m);
}

static bool has_link_event(void *arg)
{
	struct sip_side *s = arg;

	return contract_core_count(&s->core, EV_LINK) > 0;
}

/* Nobody is there any more: down, probed, and up again. */
static void test_link_life(void **state)
{
	struct sip_side *s = *state;
	struct msg *m = contract_msg("x");
	uint16_t port = s->udp_port;
	struct event *ev;
	const char *text;

	s->port.link_ctl(s->port.self, 7, false);
	ev = sip_side_event(s, EV_LINK);
	assert_int_equal(ev->u.link->state, LINK_OFF);
	assert_int_equal(ev->u.link->room, 0);
	sip_side_done(s, ev);
	send_to_peer(s, m, "", false, 17);
	ev = result(s, 17);
	assert_int_equal(ev->cause, CAUSE_LINK_DOWN);
	sip_side_done(s, ev);
	s->port.link_ctl(s->port.self, 7, true);
	ev = sip_side_event(s, EV_LINK);
	assert_int_equal(ev->u.link->state, LINK_UP);
	assert_int_equal(ev->u.link->room, SIP_SIDE_WINDOW);
	sip_side_done(s, ev);

	close(s->udp);
	send_to_peer(s, m, "", false, 33);
	ev = result(s, 33);
	assert_int_equal(ev->cause, CAUSE_LINK_DOWN);
	sip_side_done(s, ev);
	ev = sip_side_event(s, EV_LINK);
	assert_non_null(ev);
	assert_int_equal(ev->u.link->state, LINK_DOWN);
	assert_true(ev->u.link->retry_at_ms > net_now_ms(s->loop));
	sip_side_done(s, ev);
	/* it comes back on the same port and answers the probe */
	s->udp = sip_side_bind(port);
	sip_side_pass(s, 300);
	text = sip_side_recv(s);
	if (!text)
		text = sip_side_recv(s);
	assert_non_null(text);
	assert_true(strncmp(text, "OPTIONS sip:127.0.0.1", 21) == 0);
	far_says(s, "405 Not for me", "");
	sip_side_run(s, 1000, has_link_event, s);
	ev = sip_side_event(s, EV_LINK);
	assert_non_null(ev);
	assert_int_equal(ev->u.link->state, LINK_UP);
	sip_side_done(s, ev);
	msg_put(m);
}

#define IN(fn) { .name = #fn, .test_func = fn, .setup_func = setup, \
	.teardown_func = teardown }
#define IN_ROWS(fn, rows) { .name = #fn " [" rows "]", .test_func = fn, \
	.setup_func = setup, .teardown_func = teardown }

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN(test_plain),
		IN(test_preferences),
		IN(test_thread_that_is_no_call_id),
		IN(test_no_injection),
		IN(test_cpim),
		IN(test_report),
		IN(test_composing),
		IN(test_text_after_415),
		IN(test_plain_binding),
		IN(test_failures),
		IN(test_asserted),
		IN(test_size_over_udp),
		IN(test_udp_flow),
		IN(test_path),
		IN(test_link_life),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
