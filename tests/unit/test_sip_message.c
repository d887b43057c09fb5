/* tests/unit/test_sip_message.c: MESSAGE from the wire into the model, and the
 * answers to it.
 */
#include "tests/unit/sip_side.h"

#include <stdio.h>

#include "adapters/sip/oma_tokens.h"

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

static void test_fields(void **state)
{
	struct sip_side *s = *state;
	struct event *ev;
	struct msg *m;

	sip_side_udp(s,
		"MESSAGE sip:Bob@B.example:5070;transport=udp SIP/2.0\n"
		"Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK-1\n"
		"From: \"Alice \\\"A\\\"\" <sip:alice@a.example;gr=tab>;tag=1\n"
		"To: <sip:someone-else@c.example>\n"
		"Call-ID: talk-1@a.example\nCSeq: 7 MESSAGE\n"
		"Max-Forwards: 12\nSubject: Lunch\nContent-Language: fr\n"
		"Date: Sat, 21 Nov 2026 00:20:00 GMT\nExpires: 3600\n"
		"Priority: urgent\nPrivacy: id\n"
		"P-Asserted-Identity: \"A\" <sip:alice@a.example>, <tel:+15550100>\n"
		"P-Preferred-Identity: <sip:al@a.example>\n"
		"Session-ID: 0123456789abcdef0123456789ABCDEF;remote=00000000000000000000000000000000\n"
		"Content-Type: Text/Plain; charset=ISO-8859-1\n"
		"Content-Length: 5\n\n\xc7" "a va", s->udp_port);
	ev = sip_side_event(s, EV_MSG);
	assert_non_null(ev);
	m = ev->msg;
	assert_int_equal(m->kind, MSG_CONTENT);
	assert_str(m->from.text, "sip:alice@a.example");
	assert_str(m->from.instance, "tab");
	assert_str(m->from.display, "Alice \"A\"");
	assert_int_equal(m->to_n, 1);
	assert_str(m->to[0].text, "sip:Bob@b.example");
	assert_str(m->thread, "talk-1@a.example");
	assert_str(m->subject, "Lunch");
	assert_str(m->lang, "fr");
	assert_int_equal(m->priority, PRIORITY_URGENT);
	assert_int_equal(m->hops_left, 12);
	assert_true(m->is_private);
	assert_true(m->is_stamped);
	assert_true(m->sent_utc_us == 1795220400000000);
	assert_true(m->expires_utc_us == 1795224000000000);
	assert_true(m->trace.hi == 0x0123456789abcdef);
	assert_str(m->content_type, "text/plain");
	assert_str(m->body.bytes, "\xc3\x87" "a va");
	assert_false(m->was_cpim);
	assert_false(m->has_own_id);
	assert_int_equal(m->id.n, TRACE_HEX_N);
	assert_true(trace_eq(ev->trace, m->trace));
	/* who speaks */
	assert_true(ev->origin->is_trusted);
	assert_false(ev->origin->is_secure);
	assert_false(ev->origin->is_reliable);
	assert_str(ev->origin->source, "127.0.0.1");
	assert_str(ev->origin->method, "MESSAGE");
	assert_str(ev->origin->asserted.text, "sip:alice@a.example");
	assert_str(ev->origin->preferred.text, "sip:al@a.example");
	assert_str(ev->origin->claimed.text, "sip:alice@a.example");
	assert_false(ev->origin->has_cred);
	sip_side_done(s, ev);
}

/* Written our way; what cannot be read, and what every message says, is no
   preference. [RFC 3841] */
static void test_preferences(void **state)
{
	struct sip_side *s = *state;
	struct event *ev;

	sip_side_udp(s,
		"MESSAGE sip:bob@b.example SIP/2.0\n"
		"Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK-pref\n"
		"From: <sip:alice@a.example>;tag=1\nTo: <sip:bob@b.example>\n"
		"Call-ID: pref-1\nCSeq: 7 MESSAGE\n"
		"Accept-Contact: *;+g.oma.sip-im\n"
		"Accept-Contact: *;mobility=fixed;require;explicit, "
		"*;methods=\"MESSAGE,BYE\"\n"
		"Reject-Contact: *;class=\"!business\";q=0.3\n"
		"Reject-Contact: *;x=\"\x80\"\n"
		"Request-Disposition: no-fork, sequential, parallel\n"
		"Request-Disposition: proxy, no-recurse, no-queue, queue\n"
		"Content-Type: text/plain\nContent-Length: 1\n\nx",
		s->udp_port);
	ev = sip_side_event(s, EV_MSG);
	assert_non_null(ev);
	assert_str(ev->msg->accept_contact,
		   "*;mobility=\"fixed\";require;explicit, "
		   "*;methods=\"MESSAGE,BYE\"");
	assert_str(ev->msg->reject_contact, "*;class=\"!business\"");
	assert_int_equal(ev->msg->handling,
			 HANDLE_NO_FORK | HANDLE_SEQUENTIAL |
			 HANDLE_NO_RECURSE | HANDLE_NO_QUEUE);
	sip_side_done(s, ev);
}

static void test_answers(void **state)
{
	static const struct {
		enum cause c;
		unsigned code;
	} rows[] = { { CAUSE_NOT_FOUND, 404 }, { CAUSE_NOT_ENTITLED, 403 },
		     { CAUSE_OVERLOAD, 503 }, { CAUSE_DECLINED, 603 },
		     { CAUSE_MEDIA_UNSUPPORTED, 415 } };
	struct sip_side *s = *state;
	struct answer stored = { .kind = ANSWER_STORED };
	struct answer words = { .kind = ANSWER_REFUSED,
				.text = STR("No \r\nsuch\x01 thing") };
	struct answer moved = { .kind = ANSWER_REFUSED,
				.address = STR("sip:new@b.example") };
	struct event *ev;
	const char *text;
	size_t i;

	sip_side_message(s, "Content-Type: text/plain\n", "x");
	ev = sip_side_event(s, EV_MSG);
	sip_side_answer(s, ev->leg, CAUSE_NONE, NULL);
	sip_side_done(s, ev);
	text = sip_side_recv(s);
	assert_int_equal(sip_side_status(text), 200);
	assert_string_equal(sip_side_header(text, "Server", 0), OMA_SERVER);
	assert_true(strncmp(OMA_SERVER, "IM-serv/OMA1.0 causeway/", 24) == 0);
	assert_non_null(strstr(sip_side_header(text, "To", 0), ";tag="));
	assert_null(sip_side_header(text, "Contact", 0));

	sip_side_message(s, "Content-Type: text/plain\n", "x");
	ev = sip_side_event(s, EV_MSG);
	sip_side_answer(s, ev->leg, CAUSE_NONE, &stored);
	sip_side_done(s, ev);
	assert_int_equal(sip_side_status(sip_side_recv(s)), 202);

	for (i = 0; i < COUNT_OF(rows); i++) {
		sip_side_message(s, "Content-Type: text/plain\n", "x");
		ev = sip_side_event(s, EV_MSG);
		sip_side_answer(s, ev->leg, rows[i].c, NULL);
		sip_side_done(s, ev);
		text = sip_side_recv(s);
		assert_int_equal(sip_side_status(text), rows[i].code);
		if (rows[i].code == 503)
			assert_non_null(
				sip_side_header(text, "Retry-After", 0));
		if (rows[i].code == 415)
			assert_non_null(strstr(
				sip_side_header(text, "Accept", 0),
				"message/cpim"));
		if (rows[i].c == CAUSE_NOT_ENTITLED)
			assert_string_equal(
				sip_side_header(text, "Warning", 0),
				"399 causeway \"127 Service not authorised\"");
	}
	sip_side_message(s, "Content-Type: text/plain\n", "x");
	ev = sip_side_event(s, EV_MSG);
	sip_side_answer(s, ev->leg, CAUSE_NOT_FOUND, &words);
	sip_side_done(s, ev);
	text = sip_side_recv(s);
	assert_true(strncmp(text, "SIP/2.0 404 No such thing\r\n", 27) == 0);

	sip_side_message(s, "Content-Type: text/plain\n", "x");
	ev = sip_side_event(s, EV_MSG);
	sip_side_answer(s, ev->leg, CAUSE_MOVED, &moved);
	sip_side_done(s, ev);
	text = sip_side_recv(s);
	assert_int_equal(sip_side_status(text), 301);
	assert_string_equal(sip_side_header(text, "Contact", 0),
			    "<sip:new@b.example>");
	/* Moved, but nobody knows where to. */
	sip_side_message(s, "Content-Type: text/plain\n", "x");
	ev = sip_side_event(s, EV_MSG);
	sip_side_answer(s, ev->leg, CAUSE_MOVED, NULL);
	sip_side_done(s, ev);
	assert_int_equal(sip_side_status(sip_side_recv(s)), 410);
}

static void test_cpim(void **state)
{
	struct sip_side *s = *state;
	struct event *ev;
	struct msg *m;

	sip_side_message(s, "Content-Type: message/cpim\n",
		"From: Bob <sip:forged@x.example>\n"
		"To: <sip:alice@xmpp.example>\n"
		"DateTime: 2026-11-21T00:20:00Z\n"
		"NS: imdn <urn:ietf:params:imdn>\n"
		"imdn.Message-ID: Kq81\n"
		"imdn.Disposition-Notification: positive-delivery, display\n"
		"imdn.IMDN-Record-Route: <sip:r1@x.example>\n"
		"NS: my <urn:mine>\nmy.Colour: blue\n"
		"\n"
		"Content-Type: text/plain;charset=UTF-8\n"
		"\n"
		"Hello");
	ev = sip_side_event(s, EV_MSG);
	assert_non_null(ev);
	m = ev->msg;
	assert_int_equal(m->kind, MSG_CONTENT);
	assert_true(m->was_cpim);
	assert_true(m->has_own_id);
	assert_str(m->id, "Kq81");
	assert_int_equal(m->wants, WANT_DELIVERED | WANT_DISPLAYED);
	assert_str(m->body.bytes, "Hello");
	assert_str(m->content_type, "text/plain");
	assert_true(m->sent_utc_us == 1795220400000000);
	assert_int_equal(m->record_routes_n, 1);
	assert_str(m->record_routes[0], "sip:r1@x.example");
	assert_int_equal(m->extra_n, 1);
	assert_str(m->extra[0].value, "blue");
	/* From of the wrapper says nothing about who sent it. */
	assert_str(m->from.text, "sip:alice@a.example");
	assert_str(m->to[0].text, "sip:bob@b.example");
	sip_side_done(s, ev);
}

static void test_report(void **state)
{
	struct sip_side *s = *state;
	struct event *ev;

	sip_side_message(s, "Content-Type: message/cpim\n",
		"From: <sip:alice@a.example>\nTo: <sip:bob@b.example>\n"
		"NS: imdn <urn:ietf:params:imdn>\nimdn.Message-ID: n55\n"
		"imdn.Disposition-Notification: positive-delivery\n"
		"imdn.IMDN-Route: <sip:r1@x.example>\n"
		"\n"
		"Content-Type: message/imdn+xml\n"
		"Content-Disposition: notification\n"
		"\n"
		"<imdn xmlns=\"urn:ietf:params:xml:ns:imdn\">"
		"<message-id>Kq81</message-id>"
		"<datetime>2026-11-21T00:20:00Z</datetime>"
		"<display-notification><status><displayed/></status>"
		"</display-notification></imdn>");
	ev = sip_side_event(s, EV_MSG);
	assert_non_null(ev);
	assert_int_equal(ev->msg->kind, MSG_REPORT);
	assert_str(ev->msg->report.msg_id, "Kq81");
	assert_int_equal(ev->msg->report.kind, IMDN_DISPLAY);
	assert_int_equal(ev->msg->report.status, IMDN_DISPLAYED);
	assert_true(ev->msg->report.utc_us == 1795220400000000);
	assert_str(ev->msg->id, "n55");
	assert_int_equal(ev->msg->wants, 0);	/* none for a report */
	assert_int_equal(ev->msg->routes_n, 1);
	sip_side_done(s, ev);
}

static void test_composing(void **state)
{
	static const char doc[] =
		"<isComposing xmlns=\"urn:ietf:params:xml:ns:im-iscomposing\">"
		"<state>active</state><refresh>90</refresh></isComposing>";
	struct sip_side *s = *state;
	char wrapped[1024];
	struct event *ev;
	int i;

	snprintf(wrapped, sizeof(wrapped),
		 "From: <sip:alice@a.example>\nTo: <sip:bob@b.example>\n\n"
		 "Content-Type: application/im-iscomposing+xml\n\n%s", doc);
	for (i = 0; i < 2; i++) {
		if (i == 0)
			sip_side_message(s, "Content-Type: application/"
					 "im-iscomposing+xml\n", doc);
		else
			sip_side_message(s, "Content-Type: message/cpim\n",
					 wrapped);
		ev = sip_side_event(s, EV_MSG);
		assert_non_null(ev);
		assert_int_equal(ev->msg->kind, MSG_COMPOSING);
		assert_true(ev->msg->composing.is_active);
		assert_int_equal(ev->msg->composing.refresh_s, 90);
		assert_true(ev->msg->no_store);
		sip_side_done(s, ev);
	}
}

static void test_other_types(void **state)
{
	struct sip_side *s = *state;
	struct event *ev;

	sip_side_message(s, "Content-Type: text/html;charset=utf-8;x=1\n",
			 "<b>hi</b>");
	ev = sip_side_event(s, EV_MSG);
	assert_str(ev->msg->content_type, "text/html;x=1");
	assert_str(ev->msg->body.bytes, "<b>hi</b>");
	sip_side_done(s, ev);
	sip_side_message(s, "Content-Type: IMAGE/PNG\n", "\x89PNG\x01\xff");
	ev = sip_side_event(s, EV_MSG);
	assert_str(ev->msg->content_type, "image/png");
	assert_str(ev->msg->body.bytes, "\x89PNG\x01\xff");
	sip_side_done(s, ev);
	sip_side_message(s, "Content-Type: multipart/alternative;"
			 "boundary=\"b1\"\n",
			 "--b1\nContent-Type: text/html\n\n<i>x</i>\n"
			 "--b1\nContent-Type: text/plain\n\nplain x\n--b1--\n");
	ev = sip_side_event(s, EV_MSG);
	assert_str(ev->msg->content_type, "text/plain");
	assert_str(ev->msg->body.bytes, "plain x");
	sip_side_done(s, ev);
	/* No body at all is an empty text. */
	sip_side_message(s, "", "");
	ev = sip_side_event(s, EV_MSG);
	assert_int_equal(ev->msg->body.bytes.n, 0);
	assert_str(ev->msg->content_type, "text/plain");
	sip_side_done(s, ev);
}

static void test_text_is_cleaned(void **state)
{
	struct sip_side *s = *state;
	struct event *ev;

	sip_side_message(s, "Content-Type: text/plain;charset=utf-8\n",
			 "a\x01" "b\xff" "c\x7f\n");
	ev = sip_side_event(s, EV_MSG);
	assert_non_null(ev);
	assert_str(ev->msg->body.bytes, "ab\xef\xbf\xbd" "c\r\n");
	sip_side_done(s, ev);
}

static void test_expires_zero(void **state)
{
	struct sip_side *s = *state;
	struct event *ev;

	sip_side_message(s, "Content-Type: text/plain\nExpires: 0\n", "x");
	ev = sip_side_event(s, EV_MSG);
	assert_true(ev->msg->no_store);
	assert_true(ev->msg->expires_utc_us == 0);
	assert_false(ev->msg->is_stamped);
	sip_side_done(s, ev);
}

static void test_secure_target(void **state)
{
	/* The target's scheme counts, and that of To as well. */
	static const char *const schemes[][2] = { { "sips", "sip" },
						  { "sip", "sips" },
						  { "sip", "sip" } };
	struct sip_side *s = *state;
	struct event *ev;
	size_t i;

	for (i = 0; i < COUNT_OF(schemes); i++) {
		sip_side_udp(s, "MESSAGE %s:bob@b.example SIP/2.0\n"
			     "Via: SIP/2.0/UDP 127.0.0.1:%u;"
			     "branch=z9hG4bK-s%zu\n"
			     "From: <sip:alice@a.example>;tag=1\n"
			     "To: <%s:bob@b.example>\nCall-ID: s%zu\n"
			     "CSeq: 1 MESSAGE\nContent-Length: 0\n\n",
			     schemes[i][0], s->udp_port, i, schemes[i][1], i);
		ev = sip_side_event(s, EV_MSG);
		assert_non_null(ev);
		assert_int_equal(ev->msg->to[0].is_secure, i < 2);
		sip_side_done(s, ev);
	}
}

static void test_sizes(void **state)
{
	struct sip_side *s = *state;
	char body[1400];
	struct event *ev;
	const char *text;

	memset(body, 'x', sizeof(body));
	body[1300] = 0;
	sip_side_message(s, "Content-Type: text/plain\n", body);
	ev = sip_side_event(s, EV_MSG);
	assert_non_null(ev);
	assert_int_equal(ev->msg->body.bytes.n, 1300);
	sip_side_done(s, ev);
	body[1300] = 'x';
	body[1301] = 0;
	sip_side_message(s, "Content-Type: text/plain\n", body);
	text = sip_side_recv(s);
	assert_int_equal(sip_side_status(text), 413);
	assert_string_equal(sip_side_header(text, "Warning", 0),
			    "399 causeway \"133 Size exceeded\"");
	assert_null(contract_core_take(&s->core));
}

static void test_intake_full(void **state)
{
	struct sip_side *s = *state;
	const char *text;

	s->core.is_full = true;
	sip_side_message(s, "Content-Type: text/plain\n", "x");
	text = sip_side_recv(s);
	assert_int_equal(sip_side_status(text), 503);
	assert_string_equal(sip_side_header(text, "Retry-After", 0), "5");
	assert_int_equal(s->core.made_n, 0);	/* before any event existed */
	assert_int_equal(sip_counts(s->sip).refused_busy, 1);
}

#define IN(fn) { .name = #fn, .test_func = fn, .setup_func = setup, \
	.teardown_func = teardown }
#define IN_ROWS(fn, rows) { .name = #fn " [" rows "]", .test_func = fn, \
	.setup_func = setup, .teardown_func = teardown }

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN(test_fields),
		IN(test_preferences),
		IN_ROWS(test_answers, "CP10 CP09"),
		IN(test_cpim),
		IN(test_report),
		IN(test_composing),
		IN(test_other_types),
		IN(test_text_is_cleaned),
		IN(test_expires_zero),
		IN(test_secure_target),
		IN(test_sizes),
		IN(test_intake_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
