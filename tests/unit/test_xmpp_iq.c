/* tests/unit/test_xmpp_iq.c: the services of the gateway over a real stream
 * from the mock server: what it says by itself, what it asks core, and what it
 * makes of core's answers.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "core/model/profile.h"
#include "tests/fake/xmpp_mock.h"
#include "tests/unit/unit.h"

#define ALICE "from='alice@xmpp.example/tablet' "
#define STANZAS "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'"
#define COMMANDS "http://jabber.org/protocol/commands"
#define INFO "<query xmlns='http://jabber.org/protocol/disco#info'/>"
#define HOST "sip.example"
#define BOB "bob@sip.example"

static struct rig rig;

static int setup(void **state)
{
	struct xmpp_times times = rig_times;

	(void)state;
	times.ping_limit_ms = 60000;
	rig_open(&rig);
	xmpp_set_times(rig.xmpp, &times);
	rig.config = rig_config(&rig, xmpp_mock_port(rig.mock));
	rig.config->domains[1].may_register = true;
	rig.config->domains[1].profiles = PROFILES_ALL;
	rig_connect(&rig);
	rig_sync(&rig);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assert_int_equal(xmpp_mock_unaddressed(rig.mock), 0);
	rig_close(&rig);
	return 0;
}

static bool has(struct str s, const char *part)
{
	return str_search(s, str_of(part)) < s.n;
}

#define assert_has(s, part) do { \
	if (!has(s, part)) \
		fail_msg("no %s in %.*s", part, STR_ARG(s)); \
} while (0)

static void say(const char *stanza)
{
	rig_forget(&rig);
	xmpp_mock_forget(rig.mock);
	xmpp_mock_say(rig.mock, stanza);
	rig_sync(&rig);
}

static struct str only_stanza(void)
{
	assert_int_equal(xmpp_mock_count(rig.mock), 1);
	return xmpp_mock_stanza(rig.mock, 0);
}

static void ask(const char *to, const char *type, const char *payload)
{
	char text[3000];

	snprintf(text, sizeof(text), "<iq " ALICE "to='%s' type='%s' "
		 "id='q1'>%s</iq>", to, type, payload);
	say(text);
}

/* What core was asked, with nothing said meanwhile. */
static const struct inquiry *only_ask(enum ask_kind kind)
{
	assert_int_equal(xmpp_mock_count(rig.mock), 0);
	assert_int_equal(rig.events_n, 1);
	assert_int_equal(rig.events[0]->kind, EV_ASK);
	assert_int_equal(rig.events[0]->u.ask->kind, kind);
	assert_str(rig.events[0]->origin->claimed.text,
		   "sip:alice@xmpp.example");
	assert_true(rig.events[0]->origin->link == rig.link->id);
	return rig.events[0]->u.ask;
}

/* Core's answer to the question that waits; then what it made. */
static void answer_with(enum cause cause, const struct answer *an)
{
	struct action it = { .kind = ACT_ANSWER, .cause = cause,
			     .u.answer = an };

	it.leg = rig.events[0]->leg;
	xmpp_mock_forget(rig.mock);
	rig.port.answer(rig.port.self, it.leg, &it);
	rig.port.flush(rig.port.self);
	rig_sync(&rig);
	/* A second answer finds nobody. */
	rig.port.answer(rig.port.self, it.leg, &it);
	rig.port.flush(rig.port.self);
	rig_sync(&rig);
}

static void refuse(enum cause cause)
{
	const struct answer an = { .kind = ANSWER_REFUSED };

	answer_with(cause, &an);
}

static struct str stanza(size_t i)
{
	assert_true(xmpp_mock_count(rig.mock) > i);
	return xmpp_mock_stanza(rig.mock, i);
}

/* ---- discovery ------------------------------------------------------------ */

static void test_features(void **state)
{
	(void)state;
	ask(HOST, "get", INFO);
	assert_has(only_stanza(), "<feature var='jabber:iq:register'/>");
	assert_has(only_stanza(), "<feature var='" COMMANDS "'/>");
	ask(BOB, "get", INFO);
	assert_has(only_stanza(), "<feature var='vcard-temp'/>");
	assert_has(only_stanza(),
		   "<feature var='urn:ietf:params:xml:ns:vcard-4.0'/>");
	/* What is not for his domain is not announced to him. */
	rig.config->domains[1].may_register = false;
	rig.config->domains[1].profiles = PROFILES_NONE;
	ask(HOST, "get", INFO);
	assert_false(has(only_stanza(), "jabber:iq:register"));
	ask(BOB, "get", INFO);
	assert_false(has(only_stanza(), "vcard"));
	ask(HOST, "get", "<query xmlns='jabber:iq:register'/>");
	assert_has(only_stanza(), "<service-unavailable " STANZAS);
}

static void test_items(void **state)
{
	(void)state;
	ask(HOST, "get",
	    "<query xmlns='http://jabber.org/protocol/disco#items'/>");
	assert_has(only_stanza(), "<item jid='sip.example' node='" COMMANDS
		   "' name='Commands'/>");
	ask(HOST, "get", "<query xmlns='http://jabber.org/protocol/"
	    "disco#items' node='" COMMANDS "'/>");
	assert_has(only_stanza(), "node='register'");
	assert_has(only_stanza(), "node='unregister'");
	assert_has(only_stanza(), "node='address'");
	ask(HOST, "get", "<query xmlns='http://jabber.org/protocol/"
	    "disco#info' node='register'/>");
	assert_has(only_stanza(), "<identity category='automation' "
		   "type='command-node'");
	assert_has(only_stanza(), "<feature var='jabber:x:data'/>");
	ask(BOB, "get",
	    "<query xmlns='http://jabber.org/protocol/disco#items'/>");
	assert_has(only_stanza(), "disco#items'></query>");
	ask(HOST, "get", "<query xmlns='http://jabber.org/protocol/"
	    "disco#items' node='nonesuch'/>");
	assert_has(only_stanza(), "<item-not-found");
	rig.config->domains[1].may_register = false;
	ask(HOST, "get", "<query xmlns='http://jabber.org/protocol/"
	    "disco#items' node='" COMMANDS "'/>");
	assert_false(has(only_stanza(), "register"));
	assert_has(only_stanza(), "node='address'");
}

/* ---- profiles ------------------------------------------------------------- */

static struct profile profile_of_bob(void)
{
	struct profile p;

	profile_unpack(STR("Bob <B>"),
		       STR("given Bob\nfamily B&B\nphone +4930123\n"
			   "email bob@mail.example\nurl https://bob.example/\n"
			   "org Builders\ntitle Boss\nnick bobby\n"
			   "note it's \"me\"\n"), &p);
	return p;
}

static void test_vcard(void **state)
{
	const struct profile p = profile_of_bob();
	const struct answer an = { .profile = &p };

	(void)state;
	ask(BOB "/d41d8", "get", "<vCard xmlns='vcard-temp'/>");
	assert_str(only_ask(ASK_PROFILE)->to.text, "sip:bob@sip.example");
	answer_with(CAUSE_NONE, &an);
	assert_has(only_stanza(), "<iq type='result' "
		   "from='bob@sip.example/d41d8' "
		   "to='alice@xmpp.example/tablet' id='q1'>"
		   "<vCard xmlns='vcard-temp'><FN>Bob &lt;B&gt;</FN>"
		   "<N><FAMILY>B&amp;B</FAMILY><GIVEN>Bob</GIVEN></N>"
		   "<NICKNAME>bobby</NICKNAME>"
		   "<TEL><VOICE/><NUMBER>+4930123</NUMBER></TEL>"
		   "<EMAIL><INTERNET/><USERID>bob@mail.example</USERID>"
		   "</EMAIL><JABBERID>bob@sip.example</JABBERID>"
		   "<TITLE>Boss</TITLE><ORG><ORGNAME>Builders</ORGNAME></ORG>"
		   "<URL>https://bob.example/</URL>");
	ask(BOB, "get", "<vCard xmlns='vcard-temp'/>");
	refuse(CAUSE_NOT_FOUND);
	assert_has(only_stanza(), "<item-not-found " STANZAS);
	/* Nobody writes another one's. */
	ask(BOB, "set", "<vCard xmlns='vcard-temp'><FN>Mallory</FN></vCard>");
	assert_has(only_stanza(), "<forbidden " STANZAS);
	assert_int_equal(rig.events_n, 0);
	/* The gateway's own. */
	ask(HOST, "get", "<vCard xmlns='vcard-temp'/>");
	assert_has(only_stanza(), "<FN>Causeway</FN>");
}

static void test_vcard4(void **state)
{
	static const char want[] = "<vcard xmlns='urn:ietf:params:xml:ns:"
		"vcard-4.0'><fn><text>Bob &lt;B&gt;</text></fn><n><surname>"
		"B&amp;B</surname><given>Bob</given></n><nickname><text>bobby"
		"</text></nickname><tel><text>+4930123</text></tel><email>"
		"<text>bob@mail.example</text></email><impp><uri>"
		"xmpp:bob@sip.example</uri></impp>";
	const struct profile p = profile_of_bob();
	const struct answer an = { .profile = &p };

	(void)state;
	ask(BOB, "get", "<vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'/>");
	only_ask(ASK_PROFILE);
	answer_with(CAUSE_NONE, &an);
	assert_has(only_stanza(), want);
	ask(BOB, "get", "<pubsub xmlns='http://jabber.org/protocol/pubsub'>"
	    "<items node='urn:xmpp:vcard4'/></pubsub>");
	only_ask(ASK_PROFILE);
	answer_with(CAUSE_NONE, &an);
	assert_has(only_stanza(), "<pubsub xmlns='http://jabber.org/protocol/"
		   "pubsub'><items node='urn:xmpp:vcard4'><item id='current'>");
	assert_has(only_stanza(), want);
	ask(BOB, "get", "<pubsub xmlns='http://jabber.org/protocol/pubsub'>"
	    "<items node='urn:xmpp:other'/></pubsub>");
	assert_has(only_stanza(), "<item-not-found");
	ask(BOB, "get", "<pubsub xmlns='http://jabber.org/protocol/pubsub'>"
	    "<subscriptions/></pubsub>");
	assert_has(only_stanza(), "<feature-not-implemented");
}

/* A profile that tells nothing still has the name both formats demand. */
static void test_empty_vcard(void **state)
{
	struct profile p;
	const struct answer an = { .profile = &p };

	(void)state;
	profile_unpack(STR(""), STR(""), &p);
	ask(BOB, "get", "<vCard xmlns='vcard-temp'/>");
	answer_with(CAUSE_NONE, &an);
	assert_has(only_stanza(), "<FN>bob@sip.example</FN><N></N>"
		   "<JABBERID>bob@sip.example</JABBERID></vCard>");
	p.v[PROFILE_FAMILY] = STR("Builder");
	ask(BOB, "get", "<vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'/>");
	answer_with(CAUSE_NONE, &an);
	assert_has(only_stanza(), "<fn><text>Builder</text></fn>");
}

/* ---- registration --------------------------------------------------------- */

#define REGISTER(in) "<query xmlns='jabber:iq:register'>" in "</query>"
#define FORM(type, in) "<x xmlns='jabber:x:data' type='" type "'>" in "</x>"
#define FIELD(var, value) "<field var='" var "'><value>" value \
	"</value></field>"

static void test_registration_form(void **state)
{
	struct profile p;
	struct answer an = { .profile = &p };

	(void)state;
	profile_unpack(STR(""), STR(""), &p);
	ask(HOST, "get", "<query xmlns='jabber:iq:register'/>");
	only_ask(ASK_CONTACT);
	answer_with(CAUSE_NONE, &an);
	assert_false(has(only_stanza(), "<registered/>"));
	assert_has(only_stanza(), "<name/><email/>");
	assert_has(only_stanza(), "<field var='name' type='text-single' "
		   "label='Your name'><required/></field>");
	p.v[PROFILE_NAME] = STR("Al & Co");
	an.contact = CONTACT_REGISTERED;
	ask(HOST, "get", "<query xmlns='jabber:iq:register'/>");
	answer_with(CAUSE_NONE, &an);
	assert_has(only_stanza(), "<registered/>");
	assert_has(only_stanza(), "<name>Al &amp; Co</name>");
	/* Users are no gateways. */
	ask(BOB, "get", "<query xmlns='jabber:iq:register'/>");
	assert_has(only_stanza(), "<service-unavailable");
}

static void test_register(void **state)
{
	const struct answer first = { .contact = CONTACT_REGISTERED };
	const struct answer again = { .contact = CONTACT_REGISTERED |
		CONTACT_SEES_US | CONTACT_IS_SEEN };
	const struct inquiry *a;

	(void)state;
	ask(HOST, "set", REGISTER("<name> Alice </name><email>a@m.example"
				  "</email>"));
	a = only_ask(ASK_REGISTER);
	assert_str(a->profile.v[PROFILE_NAME], "Alice");
	assert_str(a->profile.v[PROFILE_EMAIL], "a@m.example");
	answer_with(CAUSE_NONE, &first);
	assert_has(stanza(0), "<iq type='result' from='sip.example' "
		   "to='alice@xmpp.example/tablet' id='q1'>");
	/* The other direction is asked for, with the name this once. */
	assert_has(stanza(1), "<presence type='subscribe' from='sip.example' "
		   "to='alice@xmpp.example'><nick xmlns="
		   "'http://jabber.org/protocol/nick'>Causeway</nick>");
	assert_int_equal(xmpp_mock_count(rig.mock), 2);
	/* By the form; nothing more to ask for. */
	ask(HOST, "set", REGISTER(FORM("submit",
		FIELD("FORM_TYPE", "jabber:iq:register")
		FIELD("name", "Al") FIELD("email", ""))));
	a = only_ask(ASK_REGISTER);
	assert_str(a->profile.v[PROFILE_NAME], "Al");
	assert_int_equal(a->profile.v[PROFILE_EMAIL].n, 0);
	answer_with(CAUSE_NONE, &again);
	assert_has(only_stanza(), "type='result'");
	/* Sent back empty. */
	ask(HOST, "set", REGISTER(FORM("cancel", "")));
	assert_has(only_stanza(), "type='result'");
	assert_int_equal(rig.events_n, 0);
}

static void test_register_mistakes(void **state)
{
	(void)state;
	ask(HOST, "set", REGISTER("<name>Alice</name>"));
	refuse(CAUSE_NOT_ACCEPTABLE);
	assert_has(only_stanza(), "<not-acceptable " STANZAS);
	ask(HOST, "set", REGISTER("<remove/><name>Alice</name>"));
	assert_has(only_stanza(), "<bad-request " STANZAS);
	ask(HOST, "set", REGISTER("<name>Alice</name><remove/>"));
	assert_has(only_stanza(), "<bad-request " STANZAS);
	ask(HOST, "set", REGISTER(FORM("form", FIELD("name", "Al"))));
	assert_has(only_stanza(), "<bad-request " STANZAS);
	ask(HOST, "set", REGISTER(FORM("submit", FIELD("FORM_TYPE", "odd")
				       FIELD("name", "Al"))));
	assert_has(only_stanza(), "<bad-request " STANZAS);
	ask(HOST, "set", REGISTER("<remove/>"));
	refuse(CAUSE_FAR_REGISTRATION);
	assert_has(only_stanza(), "<registration-required " STANZAS);
	ask(HOST, "set", REGISTER("<name>Alice</name>"));
	refuse(CAUSE_POLICY_VIOLATION);
	assert_has(only_stanza(), "<policy-violation " STANZAS);
	ask(HOST, "set", REGISTER("<name>Alice</name>"));
	refuse(CAUSE_STORE_DOWN);
	assert_has(only_stanza(), "type='wait'");
}

static void test_leave(void **state)
{
	const struct answer an = { .contact_before = CONTACT_REGISTERED };

	(void)state;
	ask(HOST, "set", REGISTER("<remove/>"));
	only_ask(ASK_LEAVE);
	answer_with(CAUSE_NONE, &an);
	assert_int_equal(xmpp_mock_count(rig.mock), 4);
	assert_has(stanza(0), "<iq type='result'");
	assert_has(stanza(1), "<presence type='unsubscribe' "
		   "from='sip.example' to='alice@xmpp.example'>");
	assert_has(stanza(2), "<presence type='unsubscribed' ");
	assert_has(stanza(3), "<presence type='unavailable' ");
}

static void test_prompt(void **state)
{
	struct answer an = { .kind = ANSWER_OK };
	struct arena *a = arena_new(65536);

	(void)state;
	ask(HOST, "get", "<query xmlns='jabber:iq:gateway'/>");
	assert_has(only_stanza(), "<prompt>");
	assert_has(only_stanza(), "<desc>");
	ask(HOST, "set", "<query xmlns='jabber:iq:gateway'>"
	    "<prompt>+1 555 123 4567</prompt></query>");
	assert_str(only_ask(ASK_ADDRESS)->text, "+1 555 123 4567");
	assert_int_equal(addr_from_uri_text(a, STR("tel:+15551234567"),
					    &an.identity), 0);
	answer_with(CAUSE_NONE, &an);
	assert_has(only_stanza(), "<query xmlns='jabber:iq:gateway'>"
		   "<jid>+15551234567@sip.example</jid></query>");
	/* Somebody who has no JID here. */
	ask(HOST, "set", "<query xmlns='jabber:iq:gateway'>"
	    "<prompt>al@xmpp.example</prompt></query>");
	assert_int_equal(addr_from_uri_text(a, STR("sip:al@xmpp.example"),
					    &an.identity), 0);
	answer_with(CAUSE_NONE, &an);
	assert_has(only_stanza(), "<item-not-found");
	ask(HOST, "set", "<query xmlns='jabber:iq:gateway'/>");
	assert_has(only_stanza(), "<bad-request");
	ask(HOST, "set", "<query xmlns='jabber:iq:gateway'>"
	    "<prompt>  </prompt></query>");
	assert_has(only_stanza(), "<bad-request");
	arena_free(a);
}

/* ---- presence ------------------------------------------------------------- */

static void test_presence_of_gateway(void **state)
{
	const struct answer seen = { .contact = CONTACT_REGISTERED |
						CONTACT_SEES_US };
	const struct answer unseen = { .contact = CONTACT_REGISTERED };

	(void)state;
	say("<presence " ALICE "to='sip.example' type='subscribe' id='p'/>");
	assert_int_equal(only_ask(ASK_SEE)->to.kind, ADDR_DOMAIN);
	answer_with(CAUSE_NONE, &seen);
	assert_has(stanza(0), "<presence type='subscribed' "
		   "from='sip.example' to='alice@xmpp.example'>");
	assert_has(stanza(1), "<presence from='sip.example' "
		   "to='alice@xmpp.example'></presence>");
	say("<presence " ALICE "to='sip.example' type='probe'/>");
	only_ask(ASK_PRESENCE);
	answer_with(CAUSE_NONE, &seen);
	assert_has(only_stanza(), "<presence from='sip.example' "
		   "to='alice@xmpp.example/tablet'>");
	say("<presence " ALICE "to='sip.example' type='probe'/>");
	answer_with(CAUSE_NONE, &unseen);
	assert_has(only_stanza(), "type='unsubscribed'");
	say("<presence " ALICE "to='sip.example' type='unsubscribe'/>");
	only_ask(ASK_UNSEE);
	answer_with(CAUSE_NONE, &unseen);
	assert_has(stanza(0), "type='unsubscribed'");
	assert_has(stanza(1), "type='unavailable'");
	/* His answers to our wish change only what we know. */
	say("<presence " ALICE "to='sip.example' type='subscribed'/>");
	only_ask(ASK_SHOWN);
	answer_with(CAUSE_NONE, &seen);
	assert_int_equal(xmpp_mock_count(rig.mock), 0);
	say("<presence " ALICE "to='sip.example' type='unsubscribed'/>");
	only_ask(ASK_HIDDEN);
}

static void test_presence_refused(void **state)
{
	(void)state;
	say("<presence " ALICE "to='sip.example' type='subscribe' id='p'/>");
	refuse(CAUSE_POLICY_VIOLATION);
	assert_has(only_stanza(), "<presence type='error' from='sip.example' "
		   "to='alice@xmpp.example' id='p'>");
	assert_has(only_stanza(), "<forbidden " STANZAS);
	say("<presence " ALICE "to='sip.example' type='subscribe'/>");
	refuse(CAUSE_FAR_REGISTRATION);
	assert_has(only_stanza(), "<registration-required " STANZAS);
	say("<presence " ALICE "to='sip.example' type='probe'/>");
	refuse(CAUSE_FAR_REGISTRATION);
	assert_has(only_stanza(), "<presence type='unsubscribed'");
	/* Not an error for each login of somebody who may not. */
	say("<presence " ALICE "to='sip.example' type='probe'/>");
	refuse(CAUSE_POLICY_VIOLATION);
	assert_int_equal(xmpp_mock_count(rig.mock), 0);
}

static void test_presence_of_users(void **state)
{
	(void)state;
	say("<presence " ALICE "to='" BOB "' type='subscribe' id='p1'/>");
	assert_str(only_ask(ASK_SEE)->to.text, "sip:bob@sip.example");
	refuse(CAUSE_NOT_OFFERED);
	assert_has(only_stanza(), "<presence type='unsubscribed' "
		   "from='bob@sip.example' to='alice@xmpp.example'><status>");
	say("<presence " ALICE "to='" BOB "' type='probe'/>");
	refuse(CAUSE_NOT_OFFERED);
	assert_has(only_stanza(), "<presence type='unavailable' "
		   "from='bob@sip.example' to='alice@xmpp.example/tablet'>");
	say("<presence " ALICE "to='" BOB "'/>");
	assert_int_equal(xmpp_mock_count(rig.mock) + rig.events_n, 0);
	say("<presence " ALICE "to='" BOB "' type='subscribed'/>");
	assert_int_equal(xmpp_mock_count(rig.mock) + rig.events_n, 0);
	say("<presence " ALICE "to='" BOB "' type='error'/>");
	assert_int_equal(xmpp_mock_count(rig.mock) + rig.events_n, 0);
}

/* ---- commands ------------------------------------------------------------- */

#define COMMAND(attrs, in) "<command xmlns='" COMMANDS "' " attrs ">" in \
	"</command>"

static char session[40];

/* The session of the answer that came. */
static void note_session(void)
{
	struct str s = only_stanza();

	s = str_from(s, str_search(s, STR("sessionid='")) + 11);
	s = str_sub(s, 0, str_find(s, '\''));
	assert_in_range(s.n, 8, sizeof(session) - 1);
	snprintf(session, sizeof(session), "%.*s", STR_ARG(s));
}

static void step(const char *node, const char *action, const char *payload)
{
	char text[2000];

	snprintf(text, sizeof(text), "<command xmlns='" COMMANDS
		 "' node='%s' sessionid='%s' action='%s'>%s</command>", node,
		 session, action, payload);
	ask(HOST, "set", text);
}

static void test_command_whole(void **state)
{
	const struct answer an = { .contact = CONTACT_REGISTERED |
					      CONTACT_IS_SEEN };
	const struct inquiry *a;

	(void)state;
	ask(HOST, "set", COMMAND("node='register' action='execute'", ""));
	note_session();
	assert_has(only_stanza(), "status='executing'");
	assert_has(only_stanza(), "<actions execute='next'><next/></actions>");
	/* A mistake: the same form, with a word about it. */
	step("register", "next", FORM("submit", FIELD("name", " ")));
	assert_has(only_stanza(), "<note type='error'>");
	step("register", "next", FORM("submit", FIELD("name", "Al")
				      FIELD("email", "al@m.example")));
	assert_has(only_stanza(), "<actions execute='complete'><prev/>"
		   "<complete/></actions>");
	assert_has(only_stanza(), "<value>al@m.example</value>");
	/* Back: what was filled in is still there. */
	step("register", "prev", "");
	assert_has(only_stanza(), "<value>Al</value>");
	step("register", "prev", "");
	assert_has(only_stanza(), "<bad-action xmlns='" COMMANDS "'/>");
	step("register", "next", FORM("submit", FIELD("name", "Alice")));
	step("register", "complete", "");
	a = only_ask(ASK_REGISTER);
	assert_str(a->profile.v[PROFILE_NAME], "Alice");
	assert_int_equal(a->profile.v[PROFILE_EMAIL].n, 0);
	answer_with(CAUSE_NONE, &an);
	assert_has(only_stanza(), "status='completed'");
	assert_has(only_stanza(), "<note type='info'>");
	/* It is over. */
	step("register", "complete", "");
	assert_has(only_stanza(), "<bad-sessionid xmlns='" COMMANDS "'/>");
}

static void test_command_leave(void **state)
{
	const struct answer an = { .kind = ANSWER_OK };

	(void)state;
	ask(HOST, "set", COMMAND("node='unregister'", ""));
	note_session();
	assert_has(only_stanza(), "<actions execute='complete'><complete/>");
	step("unregister", "complete", "");
	only_ask(ASK_LEAVE);
	refuse(CAUSE_FAR_REGISTRATION);
	assert_has(only_stanza(), "<registration-required");
	ask(HOST, "set", COMMAND("node='unregister'", ""));
	note_session();
	step("unregister", "execute", "");
	answer_with(CAUSE_NONE, &an);
	assert_int_equal(xmpp_mock_count(rig.mock), 4);
	assert_has(stanza(0), "status='completed'");
	assert_has(stanza(3), "type='unavailable'");
}

static void test_command_address(void **state)
{
	struct arena *a = arena_new(65536);
	struct answer an = { .kind = ANSWER_OK };

	(void)state;
	ask(HOST, "set", COMMAND("node='address'", ""));
	note_session();
	step("address", "complete", "");
	assert_has(only_stanza(), "<bad-payload xmlns='" COMMANDS "'/>");
	step("address", "complete", FORM("submit",
					 FIELD("address", "+1 555 0100")));
	assert_str(only_ask(ASK_ADDRESS)->text, "+1 555 0100");
	assert_int_equal(addr_from_uri_text(a, STR("tel:+15550100"),
					    &an.identity), 0);
	answer_with(CAUSE_NONE, &an);
	assert_has(only_stanza(), "<value>+15550100@sip.example</value>");
	arena_free(a);
}

static void test_command_refusals(void **state)
{
	(void)state;
	ask(HOST, "set", COMMAND("node='nonesuch'", ""));
	assert_has(only_stanza(), "<item-not-found");
	ask(HOST, "set", COMMAND("node='register' action='dance'", ""));
	assert_has(only_stanza(), "<malformed-action xmlns='" COMMANDS "'/>");
	ask(HOST, "set", COMMAND("node='register' action='next'", ""));
	assert_has(only_stanza(), "<bad-action xmlns='" COMMANDS "'/>");
	ask(HOST, "set", COMMAND("node='register' sessionid='nonesuch'", ""));
	assert_has(only_stanza(), "<bad-sessionid xmlns='" COMMANDS "'/>");
	ask(BOB, "set", COMMAND("node='register'", ""));
	assert_has(only_stanza(), "<service-unavailable");
	/* Cancelled. */
	ask(HOST, "set", COMMAND("node='register'", ""));
	note_session();
	step("register", "cancel", "");
	assert_has(only_stanza(), "status='canceled'");
	step("register", "next", "");
	assert_has(only_stanza(), "<bad-sessionid");
	/* Of another command, and of somebody else. */
	ask(HOST, "set", COMMAND("node='register'", ""));
	note_session();
	step("unregister", "complete", "");
	assert_has(only_stanza(), "<bad-sessionid");
	{
		char text[500];

		snprintf(text, sizeof(text), "<iq from='eve@xmpp.example/x' "
			 "to='sip.example' type='set' id='q'><command xmlns='"
			 COMMANDS "' node='register' sessionid='%s' "
			 "action='cancel'/></iq>", session);
		say(text);
	}
	assert_has(only_stanza(), "<bad-sessionid");
	/* Not for his domain. */
	rig.config->domains[1].may_register = false;
	ask(HOST, "set", COMMAND("node='register'", ""));
	assert_has(only_stanza(), "<item-not-found");
}

/* Four at once for one account, whatever its devices. */
static void test_command_bounds(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < 4; i++) {
		ask(HOST, "set", COMMAND("node='address'", ""));
		assert_has(only_stanza(), "status='executing'");
	}
	note_session();
	ask(HOST, "set", COMMAND("node='address'", ""));
	assert_has(only_stanza(), "<resource-constraint");
	assert_has(only_stanza(), "type='wait'");
	step("address", "cancel", "");
	ask(HOST, "set", COMMAND("node='address'", ""));
	assert_has(only_stanza(), "status='executing'");
	/* Somebody else is not hindered. */
	say("<iq from='eve@xmpp.example/x' to='sip.example' type='set' "
	    "id='q'>" COMMAND("node='address'", "") "</iq>");
	assert_has(only_stanza(), "status='executing'");
}

/* ---- limits --------------------------------------------------------------- */

static void test_core_is_busy(void **state)
{
	(void)state;
	rig.is_full = true;
	ask(BOB, "get", "<vCard xmlns='vcard-temp'/>");
	assert_has(only_stanza(), "<resource-constraint");
	assert_has(only_stanza(), "id='q1'");
	rig.is_full = false;
}

/* Questions core has not answered yet are bounded. */
static void test_many_questions(void **state)
{
	size_t i, refused = 0;

	(void)state;
	rig_forget(&rig);
	xmpp_mock_forget(rig.mock);
	for (i = 0; i < 600; i++) {
		char text[200];

		snprintf(text, sizeof(text), "<iq " ALICE "to='" BOB "' "
			 "type='get' id='v%zu'><vCard xmlns='vcard-temp'/>"
			 "</iq>", i);
		xmpp_mock_say(rig.mock, text);
	}
	rig_sync(&rig);
	for (i = 0; i < xmpp_mock_count(rig.mock); i++)
		refused += has(xmpp_mock_stanza(rig.mock, i),
			       "<resource-constraint");
	assert_int_equal(rig.events_n, 512);
	assert_int_equal(refused, 600 - 512);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
#define CASE_ROWS(fn, rows) { .name = #fn " [" rows "]", .test_func = fn, \
	.setup_func = setup, .teardown_func = teardown }

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE_ROWS(test_features, "X-15 X-16"),
		CASE_ROWS(test_items, "X-17"),
		CASE_ROWS(test_vcard, "X-114"),
		CASE_ROWS(test_vcard4, "X-114"),
		CASE(test_empty_vcard),
		CASE_ROWS(test_registration_form, "X-110"),
		CASE_ROWS(test_register, "X-110 X-111 X-116"),
		CASE_ROWS(test_register_mistakes, "X-110"),
		CASE_ROWS(test_leave, "X-110 X-111"),
		CASE_ROWS(test_prompt, "X-112"),
		CASE_ROWS(test_presence_of_gateway, "X-111 X-116"),
		CASE_ROWS(test_presence_refused, "X-108"),
		CASE(test_presence_of_users),
		CASE_ROWS(test_command_whole, "X-113"),
		CASE(test_command_leave),
		CASE(test_command_address),
		CASE_ROWS(test_command_refusals, "X-113"),
		CASE_ROWS(test_command_bounds, "X-113"),
		CASE(test_core_is_busy),
		CASE(test_many_questions),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
