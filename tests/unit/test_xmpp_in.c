/* tests/unit/test_xmpp_in.c: stanzas that come in, over a real stream from the
 * mock server: as messages of core, as results of sends, or answered here.
 */
#include <signal.h>
#include <stdio.h>

#include "core/base/mem.h"
#include "tests/fake/xmpp_mock.h"
#include "tests/unit/unit.h"

#define ALICE "from='alice@xmpp.example/tablet' "
#define BOB "to='bob@sip.example' "
#define STANZAS "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'"

static struct rig rig;

static int setup(void **state)
{
	struct xmpp_times times = rig_times;

	(void)state;
	/* Servers that fall silent here are to be waited for. */
	times.ping_limit_ms = 60000;
	rig_open(&rig);
	xmpp_set_times(rig.xmpp, &times);
	rig_connect(&rig);
	rig_sync(&rig);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	/* Whatever was asked of us: what we said was well addressed. */
	assert_int_equal(xmpp_mock_unaddressed(rig.mock), 0);
	rig_close(&rig);
	return 0;
}

/* Says it and waits until it was taken. */
static void say(const char *stanza)
{
	rig_forget(&rig);
	xmpp_mock_forget(rig.mock);
	xmpp_mock_say(rig.mock, stanza);
	rig_sync(&rig);
}

static const struct msg *only_msg(void)
{
	assert_int_equal(rig.events_n, 1);
	assert_int_equal(rig.events[0]->kind, EV_MSG);
	assert_non_null(rig.events[0]->msg);
	return rig.events[0]->msg;
}

static struct str only_stanza(void)
{
	assert_int_equal(xmpp_mock_count(rig.mock), 1);
	return xmpp_mock_stanza(rig.mock, 0);
}

static bool has(struct str s, const char *text)
{
	return str_search(s, str_of(text)) < s.n;
}

#define assert_has(s, text) do { \
	if (!has((s), (text))) \
		fail_msg("\"%.*s\" lacks \"%s\"", STR_ARG(s), (text)); \
} while (0)

static void assert_nothing(void)
{
	assert_int_equal(rig.events_n, 0);
	assert_int_equal(xmpp_mock_count(rig.mock), 0);
}

/* ---- content ------------------------------------------------------------- */

static void test_fields(void **state)
{
	const struct event *ev;
	const struct msg *m;

	(void)state;
	say("<message " ALICE BOB "id='a1' xml:lang='en'>"
	    "<subject>Lunch</subject><thread>t-77af</thread>"
	    "<body>Are you free at noon?</body>"
	    "<nick xmlns='http://jabber.org/protocol/nick'>Alice A.</nick>"
	    "</message>");
	m = only_msg();
	ev = rig.events[0];
	assert_int_equal(ev->leg, 0);
	assert_true(trace_eq(ev->trace, m->trace));
	assert_int_equal(ev->origin->proto, PROTO_XMPP);
	assert_int_equal(ev->origin->link, rig.link->id);
	assert_true(ev->origin->is_reliable);
	assert_false(ev->origin->is_trusted);
	assert_str(ev->origin->claimed.text, "sip:alice@xmpp.example");
	assert_int_equal(m->kind, MSG_CONTENT);
	assert_int_equal(m->mode, MODE_PAGE);
	assert_str(m->id, "a1");
	assert_true(m->has_own_id);
	assert_str(m->from.text, "sip:alice@xmpp.example");
	assert_str(m->from.instance, "tablet");
	assert_str(m->from.display, "Alice A.");
	assert_int_equal(m->to_n, 1);
	assert_str(m->to[0].text, "sip:bob@sip.example");
	assert_str(m->to[0].instance, "");
	assert_str(m->subject, "Lunch");
	assert_str(m->thread, "t-77af");
	assert_str(m->lang, "en");
	assert_str(m->content_type, "text/plain");
	assert_str(m->body.bytes, "Are you free at noon?");
	assert_int_equal(m->wants, 0);
	assert_false(m->is_stamped);
	assert_true(m->sent_utc_us > 0);
	assert_int_equal(m->hops_left, MSG_HOPS_MAX);
	assert_int_equal(xmpp_mock_count(rig.mock), 0);
}

static void test_wants_and_marks(void **state)
{
	const struct msg *m;
	char hex[TRACE_HEX_N + 1];

	(void)state;
	say("<message " ALICE BOB "id='a1' type='chat'><body>x</body>"
	    "<request xmlns='urn:xmpp:receipts'/>"
	    "<markable xmlns='urn:xmpp:chat-markers:0'/>"
	    "<no-store xmlns='urn:xmpp:hints'/>"
	    "<delay xmlns='urn:xmpp:delay' stamp='2020-11-20T18:03:11Z'/>"
	    "<headers xmlns='http://jabber.org/protocol/shim'>"
	    "<header name='X-Trace'>0123456789abcdef0123456789abcdef</header>"
	    "<header name='Hop-Count'>12</header></headers></message>");
	m = only_msg();
	assert_int_equal(m->wants, WANT_DELIVERED | WANT_FAILED |
				   WANT_DISPLAYED);
	assert_true(m->no_store);
	assert_true(m->is_stamped);
	assert_true(m->sent_utc_us == 1605895391000000);
	assert_str(trace_hex(m->trace, hex),
		   "0123456789abcdef0123456789abcdef");
	assert_int_equal(m->hops_left, 12);
}

/* Stamps that lie ahead, traces and hops that are none: as if absent. */
static void test_forged_marks(void **state)
{
	const struct msg *m;

	(void)state;
	say("<message " ALICE BOB "id='a1'><body>x</body>"
	    "<delay xmlns='urn:xmpp:delay' stamp='2999-11-20T18:03:11Z'/>"
	    "<headers xmlns='http://jabber.org/protocol/shim'>"
	    "<header name='X-Trace'>00000000000000000000000000000000</header>"
	    "<header name='Hop-Count'>99999</header></headers></message>");
	m = only_msg();
	assert_false(m->is_stamped);
	assert_false(trace_is_none(m->trace));
	assert_int_equal(m->hops_left, MSG_HOPS_MAX);
	say("<message " ALICE BOB "id='a1'><body>x</body>"
	    "<headers xmlns='http://jabber.org/protocol/shim'>"
	    "<header name='Hop-Count'>0</header></headers></message>");
	assert_int_equal(only_msg()->hops_left, 0);
}

static void test_languages(void **state)
{
	const struct msg *m;

	(void)state;
	say("<message " ALICE BOB "xml:lang='fr'>"
	    "<body xml:lang='de'>hallo</body><body>salut</body>"
	    "<body xml:lang='en'>hello</body>"
	    "<subject xml:lang='de'>Gruss</subject>"
	    "<subject>bonjour</subject></message>");
	m = only_msg();
	assert_str(m->body.bytes, "salut");
	assert_str(m->lang, "fr");
	assert_str(m->subject, "bonjour");
	say("<message " ALICE BOB "><body xml:lang='de'>hallo</body>"
	    "<body xml:lang='en'>hello</body></message>");
	assert_str(only_msg()->body.bytes, "hallo");
	assert_str(only_msg()->lang, "de");
	say("<message " ALICE BOB "xml:lang='x y&#10;z'><body>x</body>"
	    "</message>");
	/* The stream's own language, which servers add, is not our concern. */
	assert_false(has(only_msg()->lang, "x y"));
}

/* Without an id of its own it serves no dedup. */
static void test_ids(void **state)
{
	(void)state;
	say("<message " ALICE BOB "><body>x</body></message>");
	assert_false(only_msg()->has_own_id);
	assert_int_equal(only_msg()->id.n, TRACE_HEX_N);
	say("<message " ALICE BOB "><body>x</body>"
	    "<origin-id xmlns='urn:xmpp:sid:0' id='o1'/></message>");
	assert_true(only_msg()->has_own_id);
	assert_str(only_msg()->id, "o1");
	say("<message " ALICE BOB "id='bad&#x85;id'><body>x</body></message>");
	assert_int_equal(rig.events_n, 0);
	assert_has(only_stanza(), "<bad-request");
	assert_has(only_stanza(), "type='error'");
}

static void test_cleaning(void **state)
{
	const struct msg *m;

	(void)state;
	say("<message " ALICE BOB "id='c1'><subject>two\nlines\tand&#x9f;</"
	    "subject><thread>a&#x85;b</thread>"
	    "<body>a\x7f" "b&lt;c&gt; \xc3\xa9\nd</body>"
	    "<nick xmlns='http://jabber.org/protocol/nick'>A\nB</nick>"
	    "</message>");
	m = only_msg();
	assert_str(m->subject, "two lines and");
	assert_str(m->thread, "");
	assert_str(m->body.bytes, "ab<c> \xc3\xa9\nd");
	assert_str(m->from.display, "A B");
	assert_int_equal(xmpp_counts(rig.xmpp).cleaned, 1);
}

/* A long body arrives once and whole, up to 64 KiB. */
static void test_sizes(void **state)
{
	static const char head[] = "<message " ALICE BOB "id='l1'><body>";
	static const char tail[] = "</body></message>";
	char *text = mem_alloc(140000);
	size_t n;

	(void)state;
	for (n = 2500; n <= 65536; n = n == 2500 ? 65536 : n + 1) {
		size_t at = sizeof(head) - 1;

		memcpy(text, head, at);
		memset(text + at, 'x', n);
		/* Line breaks cost the library most. */
		for (size_t i = 0; i < n; i += 50)
			text[at + i] = '\n';
		memcpy(text + at + n, tail, sizeof(tail));
		say(text);
		assert_int_equal(only_msg()->body.bytes.n, n);
	}
	memset(text + sizeof(head) - 1, 'x', 65537);
	memcpy(text + sizeof(head) - 1 + 65537, tail, sizeof(tail));
	say(text);
	assert_int_equal(rig.events_n, 0);
	assert_has(only_stanza(), "<policy-violation");
	assert_has(only_stanza(), "Message too large");
	mem_free(text);
}

/* ---- addresses ----------------------------------------------------------- */

static void test_addresses(void **state)
{
	(void)state;
	/* The first slash ends the address, then the at sign is sought. */
	say("<message from='xmpp.example/a@b/c' " BOB "id='x'>"
	    "<body>x</body></message>");
	assert_str(only_msg()->from.text, "sip:xmpp.example");
	assert_int_equal(only_msg()->from.kind, ADDR_DOMAIN);
	assert_str(only_msg()->from.instance, "a@b/c");
	/* Full JIDs of both, escaped and not ASCII. */
	say("<message from='tsch\xc3\xbcss@XMPP.example/\xc3\xbc' "
	    "to='o\\27malley@sip.example/d4' id='x'><body>x</body></message>");
	assert_str(only_msg()->from.text,
		   "sip:tsch%C3%BCss@xmpp.example");
	assert_str(only_msg()->from.instance, "\xc3\xbc");
	assert_str(only_msg()->to[0].user, "o'malley");
	assert_str(only_msg()->to[0].instance, "d4");
}

static void test_bad_recipient(void **state)
{
	static const char *const rows[] = {
		"to='b ob@sip.example' ", "to='@sip.example' ",
		"to='bob@elsewhere.example' ", "", "to='bob@sip.example/' ",
		"to='\\20bob@sip.example' ", "to='bob\\20@sip.example' ",
		"to='b&#x7f;b@sip.example' ",
	};
	char text[1400], local[1025];
	size_t i;

	(void)state;
	memset(local, 'x', 1024);
	local[1024] = '\0';
	for (i = 0; i <= COUNT_OF(rows); i++) {
		if (i == COUNT_OF(rows))
			snprintf(text, sizeof(text), "<message " ALICE
				 "to='%s@sip.example' id='j1'>"
				 "<body>x</body></message>", local);
		else
			snprintf(text, sizeof(text), "<message " ALICE
				 "%sid='j1'><body>x</body></message>",
				 rows[i]);
		say(text);
		assert_int_equal(rig.events_n, 0);
		assert_has(only_stanza(), "<jid-malformed " STANZAS "/>");
		assert_has(only_stanza(), "to='alice@xmpp.example/tablet'");
		assert_has(only_stanza(), "from='sip.example'");
		assert_has(only_stanza(), "id='j1'");
	}
}

/* Nobody outside speaks as one of ours, and nobody is answered who does. */
static void test_our_own_sender(void **state)
{
	(void)state;
	say("<message from='carol@sip.example/x' " BOB "id='x'>"
	    "<body>x</body></message>");
	assert_nothing();
	say("<message " BOB "id='x'><body>x</body></message>");
	assert_nothing();
	say("<iq from='carol@sip.example/x' " BOB "type='get' id='q'>"
	    "<ping xmlns='urn:xmpp:ping'/></iq>");
	assert_nothing();
	assert_true(xmpp_counts(rig.xmpp).ignored >= 2);
}

static void test_not_for_us(void **state)
{
	(void)state;
	say("<message " ALICE BOB "type='groupchat' id='g1'>"
	    "<body>x</body></message>");
	assert_int_equal(rig.events_n, 0);
	assert_has(only_stanza(), "<service-unavailable " STANZAS "/>");
	say("<message " ALICE "to='sip.example' id='g2'>"
	    "<body>x</body></message>");
	assert_int_equal(rig.events_n, 0);
	assert_has(only_stanza(), "<service-unavailable");
	/* Nothing to say, nothing known: nothing happens. */
	say("<message " ALICE BOB "id='n1'/>");
	assert_nothing();
	say("<message " ALICE BOB "id='n2'><body/></message>");
	assert_nothing();
	say("<message " ALICE BOB "id='n3'>"
	    "<event xmlns='http://jabber.org/protocol/pubsub#event'/>"
	    "</message>");
	assert_nothing();
	/* A body of another language of XML is no body. */
	say("<message " ALICE BOB "id='n4'>"
	    "<body xmlns='http://www.w3.org/1999/xhtml'>x</body></message>");
	assert_nothing();
}

static void test_too_deep(void **state)
{
	char text[2000] = "<message " ALICE BOB "id='d1'><body>x</body>";
	size_t i, n = strlen(text);

	(void)state;
	for (i = 0; i < 100; i++, n += 3)
		memcpy(text + n, "<a>", 4);
	for (i = 0; i < 100; i++, n += 4)
		memcpy(text + n, "</a>", 5);
	memcpy(text + n, "</message>", 11);
	say(text);
	assert_int_equal(rig.events_n, 0);
	assert_has(only_stanza(), "<policy-violation");
}

/* ---- receipts, markers, states ------------------------------------------- */

static void test_receipt(void **state)
{
	const struct msg *m;

	(void)state;
	/* The id of the stanza is another's: received@id decides. */
	say("<message " ALICE "to='bob@sip.example/d41d8' id='r1' "
	    "type='chat'><received xmlns='urn:xmpp:receipts' id='Kq81'/>"
	    "</message>");
	m = only_msg();
	assert_int_equal(m->kind, MSG_REPORT);
	assert_int_equal(m->report.kind, IMDN_DELIVERY);
	assert_int_equal(m->report.status, IMDN_DELIVERED);
	assert_str(m->report.msg_id, "Kq81");
	assert_true(m->report.utc_us > 0);
	assert_str(m->from.text, "sip:alice@xmpp.example");
	assert_str(m->to[0].instance, "d41d8");
	assert_str(m->id, "r1");
	say("<message " ALICE BOB "id='r1'>"
	    "<received xmlns='urn:xmpp:receipts'/></message>");
	assert_nothing();
}

static void test_marker(void **state)
{
	const struct msg *m;

	(void)state;
	say("<message " ALICE BOB "id='r2' type='chat'>"
	    "<displayed xmlns='urn:xmpp:chat-markers:0' id='Kq81'/>"
	    "</message>");
	m = only_msg();
	assert_int_equal(m->kind, MSG_REPORT);
	assert_int_equal(m->report.kind, IMDN_DISPLAY);
	assert_int_equal(m->report.status, IMDN_DISPLAYED);
	assert_str(m->report.msg_id, "Kq81");
	/* Markers of old are taken silently. */
	say("<message " ALICE BOB "id='r3' type='chat'>"
	    "<acknowledged xmlns='urn:xmpp:chat-markers:0' id='Kq81'/>"
	    "</message>");
	assert_nothing();
}

static void test_content_and_receipt(void **state)
{
	(void)state;
	say("<message " ALICE BOB "id='b1'><body>yes</body>"
	    "<received xmlns='urn:xmpp:receipts' id='Kq81'/></message>");
	assert_int_equal(rig.events_n, 2);
	assert_int_equal(rig.events[0]->msg->kind, MSG_CONTENT);
	assert_int_equal(rig.events[1]->msg->kind, MSG_REPORT);
}

static void test_states(void **state)
{
	static const struct {
		const char *name;
		bool is_active, is_gone;
	} rows[] = {
		{ "active", false, false }, { "inactive", false, false },
		{ "gone", false, true }, { "composing", true, false },
		{ "paused", false, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		char text[300];

		snprintf(text, sizeof(text), "<message " ALICE BOB
			 "type='chat'><thread>t1</thread><%s xmlns="
			 "'http://jabber.org/protocol/chatstates'/></message>",
			 rows[i].name);
		say(text);
		assert_int_equal(only_msg()->kind, MSG_COMPOSING);
		assert_int_equal(only_msg()->composing.is_active,
				 rows[i].is_active);
		assert_int_equal(only_msg()->composing.is_gone,
				 rows[i].is_gone);
		assert_str(only_msg()->thread, "t1");
	}
	say("<message " ALICE BOB "type='chat' id='s'><body>x</body><active "
	    "xmlns='http://jabber.org/protocol/chatstates'/></message>");
	assert_int_equal(only_msg()->kind, MSG_CONTENT);
}

/* ---- errors -------------------------------------------------------------- */

static void say_error(const char *from, const char *id, const char *error)
{
	char text[1000];

	snprintf(text, sizeof(text), "<message type='error' from='%s' "
		 "to='bob@sip.example/d41d8' id='%s'><body>x</body>"
		 "<error type='cancel'>%s</error></message>", from, id, error);
	say(text);
}

/* Later than the ping's answer: the user is told by a report. */
static void test_late_error(void **state)
{
	const struct msg *m;

	(void)state;
	say_error("alice@xmpp.example/tablet", "Kq81",
		  "<remote-server-timeout " STANZAS "/><text " STANZAS
		  ">no\nroute</text>");
	m = only_msg();
	assert_int_equal(m->kind, MSG_REPORT);
	assert_int_equal(m->report.kind, IMDN_DELIVERY);
	assert_int_equal(m->report.status, IMDN_FAILED);
	assert_int_equal(m->report.cause, CAUSE_REMOTE_TIMEOUT);
	assert_str(m->report.msg_id, "Kq81");
	assert_str(m->report.text, "no route");
	assert_str(m->to[0].text, "sip:bob@sip.example");
	assert_false(m->has_own_id);
	/* Never an error for an error, however odd. */
	assert_int_equal(xmpp_mock_count(rig.mock), 0);
	say("<message type='error' " ALICE BOB "><error/></message>");
	assert_nothing();
	say("<message type='error' " ALICE "to='nobody at all' id='e'/>");
	assert_nothing();
	say("<message type='error' id='e'/>");
	assert_nothing();
	/* About a receipt or a state of ours: no user's business. */
	say_error("alice@xmpp.example", "cwr-r1", "<gone " STANZAS "/>");
	assert_nothing();
	say_error("alice@xmpp.example", "cws-r1", "<gone " STANZAS "/>");
	assert_nothing();
}

/* Each condition, as the result of the send it is about. */
static void send_and_fail(const char *from, const char *error,
			  struct event **out)
{
	struct msg *m = rig_msg(&rig, "Kq81", "x");
	uint64_t leg;

	xmpp_mock_set_mode(rig.mock, MOCK_NO_PONG);
	rig_forget(&rig);
	leg = rig_send(&rig, m, true);
	msg_put(m);
	assert_int_equal(rig.events_n, 0);
	say_error(from, "Kq81", error);
	assert_int_equal(rig.events_n, 1);
	assert_int_equal(rig.events[0]->kind, EV_SENT);
	assert_true(rig.events[0]->leg == leg);
	assert_int_equal(rig.events[0]->tag, 7);
	*out = rig.events[0];
}

static void test_conditions(void **state)
{
	struct event *ev;
	char text[200];
	unsigned i;

	(void)state;
	/* The link must outlive this: pings are not answered. */
	for (i = 0; i < 3; i++) {
		static const struct {
			const char *cond;
			enum cause full, bare;
		} rows[] = {
			{ "item-not-found", CAUSE_NOT_FOUND,
			  CAUSE_NOT_FOUND },
			{ "feature-not-implemented",
			  CAUSE_METHOD_NOT_ALLOWED, CAUSE_NOT_IMPLEMENTED },
			{ "service-unavailable", CAUSE_NOT_OFFERED,
			  CAUSE_NOT_OFFERED },
		};

		snprintf(text, sizeof(text), "<%s " STANZAS "/>",
			 rows[i].cond);
		send_and_fail("Alice@XMPP.example/tablet", text, &ev);
		assert_int_equal(ev->cause, rows[i].full);
		send_and_fail("alice@xmpp.example", text, &ev);
		assert_int_equal(ev->cause, rows[i].bare);
	}
}

/* The peer's domain is configured to give 6xx for a bare JID. */
static void test_bare_6xx(void **state)
{
	struct event *ev;

	(void)state;
	rig.config->domains[1].bare_jid_6xx = true;
	send_and_fail("alice@xmpp.example", "<item-not-found " STANZAS "/>",
		      &ev);
	assert_int_equal(ev->cause, CAUSE_NOT_ANYWHERE);
	send_and_fail("alice@xmpp.example/tablet",
		      "<item-not-found " STANZAS "/>", &ev);
	assert_int_equal(ev->cause, CAUSE_NOT_FOUND);
}

static void test_gone(void **state)
{
	struct event *ev;

	(void)state;
	send_and_fail("alice@xmpp.example", "<gone " STANZAS ">"
		      "xmpp:alice@new.example?message</gone>", &ev);
	assert_int_equal(ev->cause, CAUSE_MOVED);
	assert_str(ev->u.sent->address, "sip:alice@new.example");
	send_and_fail("alice@xmpp.example", "<gone " STANZAS "/>", &ev);
	assert_int_equal(ev->cause, CAUSE_GONE);
	assert_str(ev->u.sent->address, "");
	send_and_fail("alice@xmpp.example", "<redirect " STANZAS ">"
		      "sip:alice@other.example</redirect>", &ev);
	assert_int_equal(ev->cause, CAUSE_REDIRECT);
	assert_str(ev->u.sent->address, "sip:alice@other.example");
	send_and_fail("alice@xmpp.example", "<gone " STANZAS ">"
		      "javascript:x\n</gone>", &ev);
	assert_int_equal(ev->cause, CAUSE_GONE);
}

static void test_error_text(void **state)
{
	struct event *ev;

	(void)state;
	send_and_fail("alice@xmpp.example", "<forbidden " STANZAS "/><text "
		      STANZAS ">You are \"blocked\"</text>", &ev);
	assert_int_equal(ev->cause, CAUSE_FORBIDDEN);
	assert_str(ev->u.sent->text, "You are \"blocked\"");
	send_and_fail("alice@xmpp.example", "<no-such-condition xmlns='x'/>",
		      &ev);
	assert_int_equal(ev->cause, CAUSE_UNDEFINED);
}

/* One id under way to two: the error is of the one it names. */
static void test_error_of_one(void **state)
{
	struct msg *m = rig_msg(&rig, "Kq81", "x");
	uint64_t leg;

	(void)state;
	xmpp_mock_set_mode(rig.mock, MOCK_NO_PONG);
	rig_send(&rig, m, true);
	m->to->user = STR("carol");
	leg = rig_send(&rig, m, true);
	msg_put(m);
	say_error("carol@xmpp.example", "Kq81", "<gone " STANZAS "/>");
	assert_int_equal(rig.events_n, 1);
	assert_true(rig.events[0]->leg == leg);
	/* Somebody else's error is not believed for it: a report at best. */
	say_error("eve@xmpp.example", "Kq81", "<gone " STANZAS "/>");
	assert_int_equal(rig.events_n, 1);
	assert_int_equal(rig.events[0]->kind, EV_MSG);
}

/* ---- questions ----------------------------------------------------------- */

static void ask(const char *to, const char *type, const char *payload)
{
	char text[500];

	snprintf(text, sizeof(text), "<iq " ALICE "to='%s' type='%s' "
		 "id='q1'>%s</iq>", to, type, payload);
	say(text);
	assert_int_equal(rig.events_n, 0);
}

static void test_ping(void **state)
{
	static const char *const rows[] = { "sip.example", "bob@sip.example",
					    "bob@sip.example/d41d8" };
	char text[100];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		ask(rows[i], "get", "<ping xmlns='urn:xmpp:ping'/>");
		assert_has(only_stanza(), "type='result'");
		assert_has(only_stanza(), "id='q1'");
		assert_has(only_stanza(), "to='alice@xmpp.example/tablet'");
		snprintf(text, sizeof(text), "from='%s'", rows[i]);
		assert_has(only_stanza(), text);
	}
}

static void test_unknown_questions(void **state)
{
	static const char *const payloads[] = {
		"<query xmlns='jabber:iq:register'/>", "<foo xmlns='bar'/>",
		"<ping xmlns='urn:xmpp:ping:99'/>",
		"<jingle xmlns='urn:xmpp:jingle:1'/>" };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(payloads); i++) {
		ask("bob@sip.example", "get", payloads[i]);
		assert_has(only_stanza(), "<service-unavailable " STANZAS);
		assert_has(only_stanza(), "type='error'");
		ask("sip.example", "set", payloads[i]);
		assert_has(only_stanza(), "<service-unavailable " STANZAS);
	}
	ask("sip.example", "set", "<ping xmlns='urn:xmpp:ping'/>");
	assert_has(only_stanza(), "<service-unavailable " STANZAS);
	/* Results and errors have no answer. */
	ask("bob@sip.example", "result", "<foo xmlns='bar'/>");
	assert_nothing();
	ask("bob@sip.example", "error", "<foo xmlns='bar'/>");
	assert_nothing();
	/* Malformed questions do. */
	ask("bob@sip.example", "get", "");
	assert_has(only_stanza(), "<bad-request");
	ask("bob@sip.example", "what", "<foo xmlns='bar'/>");
	assert_has(only_stanza(), "<bad-request");
	ask("bob@sip.example", "get", "<ping xmlns='urn:xmpp:ping'/><b/>");
	assert_has(only_stanza(), "<bad-request");
	ask("b ob@sip.example", "get", "<ping xmlns='urn:xmpp:ping'/>");
	assert_has(only_stanza(), "<jid-malformed");
}

/* A pong that nobody was asked for is nothing. */
static void test_forged_pong(void **state)
{
	(void)state;
	say("<iq " ALICE "to='sip.example' type='result' "
	    "id='cwp-0000000000000000-1'/>");
	assert_nothing();
}

static void test_info_of_host(void **state)
{
	static const char *const features[] = {
		"http://jabber.org/protocol/disco#info",
		"http://jabber.org/protocol/disco#items", "urn:xmpp:ping",
		"http://jabber.org/protocol/commands", "jabber:iq:gateway",
		"jabber:iq:version", "urn:xmpp:time", "vcard-temp",
		"jid\\20escaping" };
	struct str s;
	size_t i, n = 0;

	(void)state;
	ask("sip.example", "get",
	    "<query xmlns='http://jabber.org/protocol/disco#info'/>");
	s = only_stanza();
	assert_has(s, "<identity category='gateway' type='simple' name=");
	for (i = 0; i < COUNT_OF(features); i++) {
		char text[100];

		snprintf(text, sizeof(text), "<feature var='%s'/>",
			 features[i]);
		assert_has(s, text);
	}
	/* No more than these: each has its test. */
	for (; has(s, "<feature "); n++)
		s = str_from(s, str_search(s, STR("<feature ")) + 1);
	assert_int_equal(n, COUNT_OF(features));
	ask("sip.example", "get", "<query node='x' "
	    "xmlns='http://jabber.org/protocol/disco#info'/>");
	assert_has(only_stanza(), "<item-not-found");
}

static void test_info_of_user(void **state)
{
	(void)state;
	ask("bob@sip.example", "get",
	    "<query xmlns='http://jabber.org/protocol/disco#info'/>");
	assert_has(only_stanza(), "category='account' type='registered'");
	assert_has(only_stanza(), "http://jabber.org/protocol/chatstates");
	assert_has(only_stanza(), "urn:xmpp:receipts");
	assert_has(only_stanza(), "urn:xmpp:chat-markers:0");
	ask("bob@sip.example/d41d8", "get",
	    "<query xmlns='http://jabber.org/protocol/disco#info'/>");
	assert_has(only_stanza(), "category='client' type='pc'");
}

static void test_version_and_time(void **state)
{
	(void)state;
	ask("sip.example", "get", "<query xmlns='jabber:iq:version'/>");
	assert_has(only_stanza(), "<name>Causeway</name><version>");
	ask("bob@sip.example", "get", "<time xmlns='urn:xmpp:time'/>");
	assert_has(only_stanza(), "<tzo>+00:00</tzo><utc>20");
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
#define CASE_ROWS(fn, rows) { .name = #fn " [" rows "]", .test_func = fn, \
	.setup_func = setup, .teardown_func = teardown }

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE_ROWS(test_fields, "X-38"),
		CASE(test_wants_and_marks),
		CASE(test_forged_marks),
		CASE_ROWS(test_languages, "X-45"),
		CASE(test_ids),
		CASE(test_cleaning),
		CASE_ROWS(test_sizes, "X-43"),
		CASE_ROWS(test_addresses, "X-25 X-26"),
		CASE_ROWS(test_bad_recipient, "X-24"),
		CASE(test_our_own_sender),
		CASE(test_not_for_us),
		CASE(test_too_deep),
		CASE_ROWS(test_receipt, "X-58 X-59"),
		CASE_ROWS(test_marker, "X-59"),
		CASE(test_content_and_receipt),
		CASE_ROWS(test_states, "X-52"),
		CASE_ROWS(test_late_error, "X-14 X-60"),
		CASE_ROWS(test_conditions, "X-30 X-32"),
		CASE_ROWS(test_bare_6xx, "X-30"),
		CASE_ROWS(test_gone, "X-31"),
		CASE_ROWS(test_error_text, "X-36"),
		CASE(test_error_of_one),
		CASE_ROWS(test_ping, "X-19"),
		CASE_ROWS(test_unknown_questions, "X-13"),
		CASE(test_forged_pong),
		CASE_ROWS(test_info_of_host, "X-15"),
		CASE_ROWS(test_info_of_user, "X-16"),
		CASE_ROWS(test_version_and_time, "X-20"),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
