/* tests/unit/test_xmpp_out.c: messages of core as stanzas on a real stream to
 * the mock server, read back as XML; the guards before each send, and the one
 * result after it.
 */
#include <signal.h>
#include <stdio.h>

#include "core/base/mem.h"
#include "core/codec/datetime.h"
#include "core/codec/xml.h"
#include "tests/fake/xmpp_mock.h"
#include "tests/unit/unit.h"

#define STATES "http://jabber.org/protocol/chatstates"
#define STANZAS "urn:ietf:params:xml:ns:xmpp-stanzas"

static struct rig rig;
static struct arena *arena;

static int setup(void **state)
{
	struct xmpp_times times = rig_times;

	(void)state;
	arena = arena_new(1u << 20);
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
	assert_int_equal(xmpp_mock_unaddressed(rig.mock), 0);
	rig_close(&rig);
	arena_free(arena);
	return 0;
}

static bool has_result(struct rig *r)
{
	return r->events_n > 0;
}

static bool has_three(struct rig *r)
{
	return r->events_n >= 3;
}

static bool has_no_pending(struct rig *r)
{
	return xmpp_counts(r->xmpp).pending == 0;
}

/* Sends it, gives its one result. Takes m. */
static enum cause send(struct msg *m)
{
	size_t at = 0;
	uint64_t leg;
	const struct event *ev;

	rig_forget(&rig);
	xmpp_mock_forget(rig.mock);
	leg = rig_send(&rig, m, true);
	msg_put(m);
	assert_true(rig_until(&rig, has_result, 20000));
	rig_sync(&rig);
	assert_int_equal(rig.events_n, 1);
	ev = rig_next(&rig, EV_SENT, &at);
	assert_non_null(ev);
	assert_true(ev->leg == leg);
	return ev->cause;
}

/* The only stanza the server got, as a tree. */
static const struct xml_node *stanza(void)
{
	struct xml_node *n;

	assert_int_equal(xmpp_mock_count(rig.mock), 1);
	arena_reset(arena);
	assert_int_equal(xml_parse(arena, xmpp_mock_stanza(rig.mock, 0), &n),
			 0);
	return n;
}

static struct str text_of(const struct xml_node *n, const char *name)
{
	const struct xml_node *child = xml_child(n, NULL, name);

	return child ? child->text : STR_NONE;
}

static size_t children_of(const struct xml_node *n)
{
	size_t count = 0;

	for (n = n->child; n; n = n->next)
		count++;
	return count;
}

/* ---- content ------------------------------------------------------------- */

static void test_fields(void **state)
{
	struct msg *m = rig_msg(&rig, "Kq81",
				"\xc3\x87" "a va \xc3\xa0 midi");
	const struct xml_node *n;

	(void)state;
	m->thread = STR("c0ffee@core.sip.example");
	m->subject = STR("D\xc3\xa9jeuner & co");
	m->lang = STR("fr");
	m->from.display = STR("Bob");
	m->wants = WANT_DELIVERED | WANT_DISPLAYED;
	m->sent_utc_us = net_utc_us();
	m->hops_left = 68;
	assert_int_equal(send(m), CAUSE_NONE);
	n = stanza();
	assert_str(n->name, "message");
	assert_str(xml_attr_of(n, "from"), "bob@sip.example/d41d8");
	assert_str(xml_attr_of(n, "to"), "alice@xmpp.example");
	assert_str(xml_attr_of(n, "id"), "Kq81");
	assert_int_equal(xml_attr_of(n, "type").n, 0);
	assert_str(xml_attr_of(n, "lang"), "fr");
	assert_str(text_of(n, "thread"), "c0ffee@core.sip.example");
	assert_str(text_of(n, "subject"), "D\xc3\xa9jeuner & co");
	assert_str(text_of(n, "body"), "\xc3\x87" "a va \xc3\xa0 midi");
	assert_non_null(xml_child(n, "urn:xmpp:receipts", "request"));
	assert_non_null(xml_child(n, "urn:xmpp:chat-markers:0", "markable"));
	assert_str(text_of(n, "nick"), "Bob");
	assert_str(xml_attr_of(xml_child(n, "urn:xmpp:sid:0", "origin-id"),
			       "id"), "Kq81");
	assert_null(xml_child(n, "urn:xmpp:delay", "delay"));
	assert_null(xml_child(n, STATES, "active"));
	n = xml_child(n, "http://jabber.org/protocol/shim", "headers")->child;
	assert_str(xml_attr_of(n, "name"), "X-Trace");
	assert_int_equal(n->text.n, TRACE_HEX_N);
	assert_str(xml_attr_of(n->next, "name"), "Hop-Count");
	assert_str(n->next->text, "67");
}

/* A temporary GRUU is no instance by the time it gets here: a bare JID. */
static void test_bare_sender(void **state)
{
	struct msg *m = rig_msg(&rig, "x", "y");

	(void)state;
	assert_int_equal(addr_from_uri_text(m->arena, STR(
		"sip:bob@sip.example;gr=tgruu.7hs23"), &m->from), 0);
	assert_int_equal(send(m), CAUSE_NONE);
	assert_str(xml_attr_of(stanza(), "from"), "bob@sip.example");
	assert_null(xml_child(stanza(), NULL, "request"));
	assert_null(xml_child(stanza(), NULL, "markable"));
}

/* Resources that a server would refuse, or end the stream for. */
static void test_barred_resource(void **state)
{
	static const char *const rows[] = {
		"x\xe2\x80\xa8y", "\xe2\x80\xae" "cba", "\xef\xbb\xbf",
		"\xee\x80\x80", "\xf3\xa0\x80\x81",
	};
	struct msg *m;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		m = rig_msg(&rig, "x", "y");
		m->from.instance = str_of(rows[i]);
		assert_int_equal(send(m), CAUSE_NONE);
		assert_str(xml_attr_of(stanza(), "from"), "bob@sip.example");
		m = rig_msg(&rig, "x", "y");
		m->to->instance = str_of(rows[i]);
		assert_int_equal(send(m), CAUSE_JID_MALFORMED);
	}
	m = rig_msg(&rig, "x", "y");
	m->from.instance = STR("\xe2\x9d\xa4\xef\xb8\x8f @/x");
	assert_int_equal(send(m), CAUSE_NONE);
	assert_str(xml_attr_of(stanza(), "from"),
		   "bob@sip.example/\xe2\x9d\xa4\xef\xb8\x8f @/x");
}

static void test_chat_type(void **state)
{
	(void)state;
	rig.link->is_chat = true;
	assert_int_equal(send(rig_msg(&rig, "x", "y")), CAUSE_NONE);
	assert_str(xml_attr_of(stanza(), "type"), "chat");
}

/* Who is known needs no introduction. */
static void test_nick_once(void **state)
{
	struct msg *m = rig_msg(&rig, "n1", "y");

	(void)state;
	m->from.display = STR("Bob");
	assert_int_equal(send(msg_ref(m)), CAUSE_NONE);
	assert_str(text_of(stanza(), "nick"), "Bob");
	assert_int_equal(send(msg_ref(m)), CAUSE_NONE);
	assert_null(xml_child(stanza(), NULL, "nick"));
	m->from.display = STR("Bobby");
	assert_int_equal(send(m), CAUSE_NONE);
	assert_str(text_of(stanza(), "nick"), "Bobby");
}

static void test_delay(void **state)
{
	struct msg *m = rig_msg(&rig, "d1", "late");
	const struct xml_node *n;

	(void)state;
	m->is_stamped = true;
	assert_int_equal(datetime_parse_3339(STR("2020-11-20T18:03:11Z"),
					     &m->sent_utc_us), 0);
	assert_int_equal(send(m), CAUSE_NONE);
	n = xml_child(stanza(), "urn:xmpp:delay", "delay");
	assert_non_null(n);
	assert_str(xml_attr_of(n, "stamp"), "2020-11-20T18:03:11Z");
	assert_str(xml_attr_of(n, "from"), "sip.example");
}

static void test_hostile_text(void **state)
{
	struct msg *m = rig_msg(&rig, "h1", "");
	const struct xml_node *n;

	(void)state;
	m->body = body_inline(STR("a\x01\x0b\xff]]><x/>&amp;\x00z"
				  "\xef\xbf\xbe\xed\xa0\x80\r\nb\rc\x7f"));
	m->subject = STR("s\x02<'\">");
	m->thread = STR("t\x03");
	m->lang = STR("e'n");
	m->from.display = STR("<b>\x04");
	assert_int_equal(send(m), CAUSE_NONE);
	n = stanza();
	assert_true(str_starts(text_of(n, "body"),
			       STR("a\xef\xbf\xbd]]><x/>&amp;z")));
	assert_true(str_ends(text_of(n, "body"), STR("\nb\nc")));
	assert_str(text_of(n, "subject"), "s<'\">");
	assert_str(text_of(n, "thread"), "t");
	assert_str(text_of(n, "nick"), "<b>");
	assert_int_equal(xmpp_counts(rig.xmpp).cleaned, 1);
	assert_int_equal(rig.downs_n, 0);
}

static void test_html(void **state)
{
	struct msg *m = rig_msg(&rig, "x",
				"<p><b>x</b><script>alert(1)</script></p>");

	(void)state;
	m->content_type = STR("text/html");
	assert_int_equal(send(m), CAUSE_NONE);
	assert_str(str_trim(text_of(stanza(), "body")), "x");
	m = rig_msg(&rig, "x", "y");
	m->content_type = STR("image/png");
	assert_int_equal(send(m), CAUSE_MEDIA_UNSUPPORTED);
	assert_int_equal(xmpp_mock_count(rig.mock), 0);
}

/* ---- guards -------------------------------------------------------------- */

static void test_too_large(void **state)
{
	char *text = mem_alloc(60001);
	struct msg *m;

	(void)state;
	/* Each "&" is five bytes on the wire. */
	memset(text, '&', 60000);
	text[60000] = '\0';
	m = rig_msg(&rig, "x", text);
	assert_int_equal(send(m), CAUSE_TOO_LARGE);
	assert_int_equal(xmpp_mock_count(rig.mock), 0);
	memset(text, 'x', 60000);
	assert_int_equal(send(rig_msg(&rig, "x", text)), CAUSE_NONE);
	assert_int_equal(text_of(stanza(), "body").n, 60000);
	m = rig_msg(&rig, "x", "y");
	m->body.kind = BODY_BLOB;
	assert_int_equal(send(m), CAUSE_TOO_LARGE);
	assert_int_equal(rig.downs_n, 0);
	mem_free(text);
}

static void test_wrong_ends(void **state)
{
	static const struct {
		const char *from, *to;
		enum cause cause;
	} rows[] = {
		{ "sip:bob@other.example", "sip:alice@xmpp.example",
		  CAUSE_NO_RELAY },
		{ "sip:bob@sip.example", "sip:carol@sip.example",
		  CAUSE_LOOP },
		{ "sip:bob@sip.example", "tel:+15550100", CAUSE_NOT_FOUND },
		{ "sip:%20bob@sip.example", "sip:alice@xmpp.example",
		  CAUSE_JID_MALFORMED },
		{ "sip:bob@sip.example", "sip:alice%20@xmpp.example",
		  CAUSE_JID_MALFORMED },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct msg *m = rig_msg(&rig, "x", "y");

		assert_int_equal(addr_from_uri_text(m->arena, str_of(
			rows[i].from), &m->from), 0);
		assert_int_equal(addr_from_uri_text(m->arena, str_of(
			rows[i].to), &m->to[0]), 0);
		assert_int_equal(send(m), rows[i].cause);
		assert_int_equal(xmpp_mock_count(rig.mock), 0);
	}
}

/* Numbers and the anonymous of ours live at our hostname. */
static void test_odd_senders(void **state)
{
	struct msg *m = rig_msg(&rig, "x", "y");

	(void)state;
	assert_int_equal(addr_from_uri_text(m->arena, STR("tel:+15550100"),
					    &m->from), 0);
	assert_int_equal(send(m), CAUSE_NONE);
	assert_str(xml_attr_of(stanza(), "from"), "+15550100@sip.example");
	m = rig_msg(&rig, "x", "y");
	m->from = ADDR_ANON;
	assert_int_equal(send(m), CAUSE_NONE);
	assert_str(xml_attr_of(stanza(), "from"), "anonymous@sip.example");
}

/* The cause of one more try, when there is room for it now. */
static enum cause try_again(struct msg *m)
{
	if (rig.port.room(rig.port.self, rig.link->id) == 0)
		return CAUSE_LINK_DOWN;
	rig_forget(&rig);
	rig_send(&rig, m, true);
	assert_true(rig_until(&rig, has_result, 20000));
	assert_int_equal(rig.events_n, 1);
	return rig.events[0]->cause;
}

/* A stanza that kills the stream is found and failed; the others, retried as
   the queue does it, get through. */
static void test_poison(void **state)
{
	static const char *const ids[] = { "p1", "p2", "p3" };
	enum cause got[3];
	struct msg *m[3];
	unsigned round;
	size_t i;

	(void)state;
	xmpp_mock_set_mode(rig.mock, MOCK_PICKY);
	for (i = 0; i < 3; i++) {
		m[i] = rig_msg(&rig, ids[i], i == 1 ? "poison" : "good");
		rig_send(&rig, m[i], true);
	}
	assert_true(rig_until(&rig, has_three, 20000));
	/* The first was answered for; of the others nobody can say which. */
	assert_int_equal(rig.events_n, 3);
	for (i = 0; i < 3; i++)
		got[i] = rig.events[i]->cause;
	assert_int_equal(got[0], CAUSE_NONE);
	assert_int_equal(got[1], CAUSE_LINK_DOWN);
	assert_int_equal(got[2], CAUSE_LINK_DOWN);
	for (round = 0; round < 400 && got[2] == CAUSE_LINK_DOWN; round++) {
		for (i = 1; i < 3; i++)
			if (got[i] == CAUSE_LINK_DOWN)
				got[i] = try_again(m[i]);
		rig_run(&rig, 5);
	}
	assert_int_equal(got[1], CAUSE_BAD_MEDIA);
	assert_int_equal(got[2], CAUSE_NONE);
	assert_int_equal(xmpp_counts(rig.xmpp).quarantined, 1);
	assert_int_equal(rig.downs_n, 2);
	/* Room is as wide as before. */
	rig_sync(&rig);
	assert_int_equal(rig.port.room(rig.port.self, rig.link->id), 64);
	for (i = 0; i < 3; i++)
		msg_put(m[i]);
}

/* ---- reports ------------------------------------------------------------- */

static struct msg *report(enum imdn_kind kind, enum imdn_status status)
{
	struct msg *m = rig_msg(&rig, "r77", "");

	m->kind = MSG_REPORT;
	m->to->instance = STR("tablet");
	m->report.kind = kind;
	m->report.status = status;
	m->report.msg_id = STR("a1");
	return m;
}

static void test_receipt(void **state)
{
	const struct xml_node *n;

	(void)state;
	assert_int_equal(send(report(IMDN_DELIVERY, IMDN_DELIVERED)),
			 CAUSE_NONE);
	n = stanza();
	assert_str(xml_attr_of(n, "to"), "alice@xmpp.example/tablet");
	assert_str(xml_attr_of(n, "from"), "bob@sip.example/d41d8");
	assert_str(xml_attr_of(n, "id"), "cwr-r77");
	assert_int_equal(children_of(n), 1);
	assert_true(xml_is(n->child, "urn:xmpp:receipts", "received"));
	assert_str(xml_attr_of(n->child, "id"), "a1");
}

static void test_marker(void **state)
{
	const struct xml_node *n;

	(void)state;
	assert_int_equal(send(report(IMDN_DISPLAY, IMDN_DISPLAYED)),
			 CAUSE_NONE);
	n = xml_child(stanza(), "urn:xmpp:chat-markers:0", "displayed");
	assert_non_null(n);
	assert_str(xml_attr_of(n, "id"), "a1");
}

/* No word for these: done without a stanza. */
static void test_processing(void **state)
{
	(void)state;
	assert_int_equal(send(report(IMDN_PROCESSING, IMDN_PROCESSED)),
			 CAUSE_NONE);
	assert_int_equal(xmpp_mock_count(rig.mock), 0);
	assert_int_equal(send(report(IMDN_DISPLAY, IMDN_FORBIDDEN)),
			 CAUSE_NONE);
	assert_int_equal(xmpp_mock_count(rig.mock), 0);
}

static void test_failures(void **state)
{
	static const struct {
		enum cause cause;
		const char *text, *type, *cond, *shown, *address, *gone;
	} rows[] = {
		{ CAUSE_MOVED, "", "cancel", "gone", "Moved Permanently",
		  "sip:bob2@sip.example", "xmpp:bob2@sip.example" },
		{ CAUSE_MOVED, "", "cancel", "gone", "Moved Permanently",
		  "sip:bob@192.0.2.7:5070", "xmpp:bob@192.0.2.7" },
		{ CAUSE_MOVED, "", "cancel", "gone", "Moved Permanently",
		  "tel:+15550100", "tel:+15550100" },
		{ CAUSE_NOT_FOUND, "", "cancel", "item-not-found",
		  "Not Found", "sip:not@said.example", NULL },
		{ CAUSE_TOO_LARGE, "limit 1300 bytes", "modify",
		  "policy-violation", "limit 1300 bytes", "",
		  NULL },
		{ CAUSE_BUSY_HERE, "in a <meeting>", "wait",
		  "recipient-unavailable", "in a <meeting>", "", NULL },
		{ CAUSE_GONE, "", "cancel", "gone", "Gone", "", NULL },
		{ CAUSE_NONE, "", "wait", "recipient-unavailable",
		  "Temporarily Unavailable", "", NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct msg *m = report(IMDN_DELIVERY, IMDN_FAILED);
		const struct xml_node *n, *error;

		m->report.cause = rows[i].cause;
		m->report.text = str_of(rows[i].text);
		m->report.address = str_of(rows[i].address);
		assert_int_equal(send(m), CAUSE_NONE);
		n = stanza();
		assert_str(xml_attr_of(n, "type"), "error");
		assert_str(xml_attr_of(n, "id"), "a1");
		assert_str(xml_attr_of(n, "to"), "alice@xmpp.example/tablet");
		error = xml_child(n, NULL, "error");
		assert_str(xml_attr_of(error, "type"), rows[i].type);
		assert_str(xml_attr_of(error, "by"), "sip.example");
		assert_non_null(xml_child(error, STANZAS, rows[i].cond));
		assert_str(xml_child(error, STANZAS, rows[i].cond)->text,
			   rows[i].gone ? rows[i].gone : "");
		assert_str(text_of(error, "text"), rows[i].shown);
	}
}

static void test_forbidden(void **state)
{
	(void)state;
	assert_int_equal(send(report(IMDN_DELIVERY, IMDN_FORBIDDEN)),
			 CAUSE_NONE);
	assert_non_null(xml_child(xml_child(stanza(), NULL, "error"), STANZAS,
				  "forbidden"));
}

/* ---- chat states --------------------------------------------------------- */

static void tell_state(bool is_active, bool is_gone, const char *expected)
{
	struct msg *m = rig_msg(&rig, "s", "");
	const struct xml_node *n;

	m->kind = MSG_COMPOSING;
	m->thread = STR("t1");
	m->composing.is_active = is_active;
	m->composing.is_gone = is_gone;
	assert_int_equal(send(m), CAUSE_NONE);
	if (!expected) {
		assert_int_equal(xmpp_mock_count(rig.mock), 0);
		return;
	}
	n = stanza();
	assert_str(xml_attr_of(n, "type"), "chat");
	assert_str(text_of(n, "thread"), "t1");
	assert_non_null(xml_child(n, STATES, expected));
	assert_non_null(xml_child(n, "urn:xmpp:hints", "no-store"));
	assert_null(xml_child(n, NULL, "body"));
}

static void hear(const char *inside)
{
	char text[400];

	snprintf(text, sizeof(text), "<message type='chat' id='c' "
		 "from='alice@xmpp.example/tablet' to='bob@sip.example'>%s"
		 "</message>", inside);
	rig_forget(&rig);
	xmpp_mock_say(rig.mock, text);
	assert_true(rig_until(&rig, has_result, 20000));
}

static void test_states(void **state)
{
	(void)state;
	/* She never sent one: she gets none. */
	tell_state(true, false, NULL);
	tell_state(false, false, NULL);
	hear("<body>hi</body><active xmlns='" STATES "'/>");
	/* Nothing was told yet, so there is nothing to take back. */
	tell_state(false, false, NULL);
	tell_state(true, false, "composing");
	tell_state(true, false, NULL);
	tell_state(false, false, "active");
	tell_state(false, false, NULL);
	tell_state(true, false, "composing");
	/* A body says it too. */
	assert_int_equal(send(rig_msg(&rig, "b", "done")), CAUSE_NONE);
	tell_state(false, false, NULL);
	tell_state(false, true, "gone");
	/* She answers without any: no more of them. */
	hear("<body>no states</body>");
	tell_state(true, false, NULL);
}

/* Nobody waits for a state: no ping, no result. */
static void test_state_without_result(void **state)
{
	struct msg *m = rig_msg(&rig, "s", "");
	unsigned pings = xmpp_mock_pings(rig.mock);

	(void)state;
	hear("<composing xmlns='" STATES "'/>");
	rig_forget(&rig);
	m->kind = MSG_COMPOSING;
	m->composing.is_active = true;
	rig_send(&rig, m, false);
	msg_put(m);
	rig_sync(&rig);
	assert_int_equal(rig.events_n, 0);
	assert_int_equal(xmpp_mock_count(rig.mock), 1);
	assert_int_equal(xmpp_mock_pings(rig.mock), pings);
}

/* Far more pairs than are remembered. */
static void test_many_peers(void **state)
{
	char user[32];
	unsigned i;

	(void)state;
	for (i = 0; i < 6000; i++) {
		struct msg *m = rig_msg(&rig, "s", "");

		snprintf(user, sizeof(user), "u%u", i);
		m->kind = MSG_COMPOSING;
		m->composing.is_active = true;
		m->to->user = str_of(user);
		rig_send(&rig, m, false);
		msg_put(m);
	}
	assert_int_equal(rig.events_n, 0);
	assert_int_equal(xmpp_mock_count(rig.mock), 0);
}

/* ---- the barrier --------------------------------------------------------- */

/* Many sends, few pings, and every result once and in order. */
static void test_batches(void **state)
{
	struct msg *m = rig_msg(&rig, "x", "y");
	unsigned pings = xmpp_mock_pings(rig.mock), i;
	uint64_t first = 0, leg;

	(void)state;
	for (i = 0; i < 60; i++) {
		leg = rig_send(&rig, m, true);
		first = first ? first : leg;
	}
	msg_put(m);
	assert_true(rig_until(&rig, has_no_pending, 20000));
	assert_int_equal(rig.events_n, 60);
	for (i = 0; i < 60; i++) {
		assert_int_equal(rig.events[i]->cause, CAUSE_NONE);
		assert_true(rig.events[i]->leg == first + 16 * i);
	}
	assert_in_range(xmpp_mock_pings(rig.mock) - pings, 1, 4);
	assert_int_equal(xmpp_counts(rig.xmpp).pending, 0);
}

/* The stream ends before the ping's answer: the row stays, with the link to
   blame. */
static void test_cut_before_pong(void **state)
{
	struct msg *m = rig_msg(&rig, "x", "y");

	(void)state;
	xmpp_mock_set_mode(rig.mock, MOCK_NO_PONG);
	rig_send(&rig, m, true);
	rig_send(&rig, m, false);
	rig_sync(&rig);
	assert_int_equal(rig.events_n, 0);
	xmpp_mock_hang_up(rig.mock);
	assert_true(rig_until(&rig, has_no_pending, 20000));
	assert_int_equal(rig.events_n, 2);
	assert_int_equal(rig.events[0]->cause, CAUSE_LINK_DOWN);
	assert_int_equal(rig.events[1]->cause, CAUSE_LINK_DOWN);
	msg_put(m);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
#define CASE_ROWS(fn, rows) { .name = #fn " [" rows "]", .test_func = fn, \
	.setup_func = setup, .teardown_func = teardown }

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE_ROWS(test_fields, "X-39 X-10"),
		CASE_ROWS(test_bare_sender, "X-27"),
		CASE(test_barred_resource),
		CASE(test_chat_type),
		CASE(test_nick_once),
		CASE(test_delay),
		CASE_ROWS(test_hostile_text, "X-11"),
		CASE_ROWS(test_html, "X-40"),
		CASE_ROWS(test_too_large, "X-12"),
		CASE_ROWS(test_wrong_ends, "X-10 X-24"),
		CASE_ROWS(test_odd_senders, "X-10"),
		CASE(test_poison),
		CASE_ROWS(test_receipt, "X-59"),
		CASE_ROWS(test_marker, "X-59"),
		CASE(test_processing),
		CASE_ROWS(test_failures, "X-33 X-35 X-36 X-37 X-60"),
		CASE_ROWS(test_forbidden, "X-60"),
		CASE_ROWS(test_states, "X-54 X-52"),
		CASE(test_state_without_result),
		CASE(test_many_peers),
		CASE(test_batches),
		CASE(test_cut_before_pong),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
