/* tests/unit/test_xmpp_remark.c: corrections, reactions, replies and
 * retractions, over a real stream from the mock server, under each policy; and
 * what else a stanza may say without a plain body.
 */
#include <signal.h>
#include <stdio.h>

#include "tests/fake/xmpp_mock.h"
#include "tests/unit/unit.h"

#define ALICE "from='alice@xmpp.example/tablet' "
#define BOB "to='bob@sip.example' "
#define BEGIN "<message " ALICE BOB "type='chat' "
#define END "</message>"
#define REPLACE(id) "<replace xmlns='urn:xmpp:message-correct:0' id='" id "'/>"
#define REACTIONS(id, in) "<reactions xmlns='urn:xmpp:reactions:0' id='" id \
	"'>" in "</reactions>"
#define REPLY(id) "<reply xmlns='urn:xmpp:reply:0' id='" id "' " \
	"to='bob@sip.example'/>"
#define RETRACT(id) "<retract xmlns='urn:xmpp:message-retract:1' id='" id "'/>"
#define FALLBACK(what, in) "<fallback xmlns='urn:xmpp:fallback:0' " \
	"for='urn:xmpp:" what "'>" in "</fallback>"

static struct rig rig;

static int setup(void **state)
{
	struct xmpp_times times = rig_times;

	(void)state;
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
	rig_close(&rig);
	return 0;
}

static void say(const char *stanza)
{
	rig_forget(&rig);
	xmpp_mock_forget(rig.mock);
	xmpp_mock_say(rig.mock, stanza);
	rig_sync(&rig);
}

static const struct msg *content(void)
{
	assert_int_equal(rig.events_n, 1);
	assert_int_equal(rig.events[0]->kind, EV_MSG);
	assert_int_equal(rig.events[0]->msg->kind, MSG_CONTENT);
	return rig.events[0]->msg;
}

static void assert_words(const char *text)
{
	assert_str(content()->body.bytes, text);
	assert_int_equal(xmpp_mock_count(rig.mock), 0);
}

static void assert_about(const char *ns, const char *name, const char *id)
{
	const struct msg *m = content();

	assert_int_equal(m->extra_n, 1);
	assert_str(m->extra[0].ns, ns);
	assert_str(m->extra[0].name, name);
	assert_str(m->extra[0].value, id);
}

static void assert_nothing(void)
{
	assert_int_equal(rig.events_n, 0);
	assert_int_equal(xmpp_mock_count(rig.mock), 0);
}

/* ---- corrections --------------------------------------------------------- */

#define CORRECT_NS "urn:xmpp:message-correct:0"

static void test_correction(void **state)
{
	(void)state;
	say(BEGIN "id='e1'><body>at one?</body>" REPLACE("a1") END);
	assert_words("[corrected] at one?");
	assert_about(CORRECT_NS, "Replace", "a1");
	assert_str(content()->id, "e1");
	/* A second edit, of the first message, as it should be. */
	say(BEGIN "id='e2'><body>at two?</body>" REPLACE("a1") END);
	assert_about(CORRECT_NS, "Replace", "a1");
	/* And one that names the edit before it: still the first. */
	say(BEGIN "id='e3'><body>at three?</body>" REPLACE("e2") END);
	assert_about(CORRECT_NS, "Replace", "a1");
	say(BEGIN "id='e4'><body>at four?</body>" REPLACE("e3") END);
	assert_about(CORRECT_NS, "Replace", "a1");
	/* Somebody else's edit has nothing to do with it. */
	say("<message from='eve@xmpp.example/x' " BOB "id='e5'><body>x</body>"
	    REPLACE("e4") END);
	assert_about(CORRECT_NS, "Replace", "e4");
}

/* Core has no room for a while: the edit is read twice and means the same. */
static void test_correction_held(void **state)
{
	(void)state;
	say(BEGIN "id='e1'><body>one</body>" REPLACE("a1") END);
	rig_forget(&rig);
	rig.is_full = true;
	xmpp_mock_say(rig.mock, BEGIN "id='e2'><body>two</body>" REPLACE("e1")
		      END);
	rig_run(&rig, 60);
	assert_int_equal(rig.events_n, 0);
	rig.is_full = false;
	rig_run(&rig, 60);
	assert_about(CORRECT_NS, "Replace", "a1");
}

static void test_correction_policy(void **state)
{
	static const char edit[] = BEGIN "id='e1'><body>at one?</body>"
				   REPLACE("a1") END;

	(void)state;
	rig.link->remarks.corrections = REMARK_PLAIN;
	say(edit);
	assert_words("at one?");
	rig.link->remarks.corrections = REMARK_DROP;
	say(edit);
	assert_nothing();
	assert_int_equal(xmpp_counts(rig.xmpp).remarks_dropped, 1);
	/* What else it says is heard. */
	say(BEGIN "id='e2'><body>at one?</body>" REPLACE("a1")
	    "<received xmlns='urn:xmpp:receipts' id='Kq81'/>" END);
	assert_int_equal(rig.events_n, 1);
	assert_int_equal(rig.events[0]->msg->kind, MSG_REPORT);
	/* The sender's domain has the last word. */
	rig.config->domains[1].remarks.corrections = REMARK_TEXT;
	say(edit);
	assert_words("[corrected] at one?");
}

/* An id that cannot be one is no correction, and its text is not lost. */
static void test_no_correction(void **state)
{
	(void)state;
	say(BEGIN "id='e1'><body>x</body><replace xmlns='"
	    "urn:xmpp:message-correct:0'/>" END);
	assert_words("x");
	assert_int_equal(content()->extra_n, 0);
	say(BEGIN "id='e1'><body>x</body>" REPLACE("a&#10;b") END);
	assert_words("x");
	say(BEGIN "id='e1'><body>x</body><replace xmlns='other' id='a'/>" END);
	assert_words("x");
	say(BEGIN "id='e1'>" REPLACE("a1") END);
	assert_nothing();
}

/* ---- reactions and retractions ------------------------------------------- */

#define THUMB "\xf0\x9f\x91\x8d"
#define CAKE "\xf0\x9f\x8e\x82"

static void test_reaction(void **state)
{
	(void)state;
	say(BEGIN "id='r1'>" REACTIONS("a1", "<reaction>" THUMB "</reaction>"
	    "<reaction>" CAKE "</reaction><reaction/><other/>") END);
	assert_words("[reacted] " THUMB " " CAKE);
	assert_about("urn:xmpp:reactions:0", "Reactions", "a1");
	say(BEGIN "id='r2'>" REACTIONS("a1", "") END);
	assert_words("[took a reaction back]");
	/* Its own words for such as SIP. */
	say(BEGIN "id='r3'><body>likes it</body>" REACTIONS("a1",
	    "<reaction>" THUMB "</reaction>") FALLBACK("reactions:0", "") END);
	assert_words("likes it");
	/* Line breaks and floods in a symbol. */
	say(BEGIN "id='r4'>" REACTIONS("a1", "<reaction>a\r\nb: c</reaction>")
	    END);
	assert_words("[reacted] a b: c");
	rig.link->remarks.reactions = REMARK_DROP;
	say(BEGIN "id='r5'>" REACTIONS("a1", "<reaction>" THUMB "</reaction>")
	    END);
	assert_nothing();
	say(BEGIN "id='r6'><body>likes it</body>" REACTIONS("a1",
	    "<reaction>" THUMB "</reaction>") FALLBACK("reactions:0", "") END);
	assert_nothing();
	/* A text that is no fallback is no reaction. */
	say(BEGIN "id='r7'><body>See you</body>" REACTIONS("a1",
	    "<reaction>" THUMB "</reaction>") END);
	assert_words("See you");
}

static void test_retraction(void **state)
{
	(void)state;
	say(BEGIN "id='t1'>" RETRACT("a1") "<body>tried to retract</body>"
	    FALLBACK("message-retract:1", "") END);
	assert_words("tried to retract");
	assert_about("urn:xmpp:message-retract:1", "Retract", "a1");
	say(BEGIN "id='t2'>" RETRACT("a1") END);
	assert_words("[retracted an earlier message]");
	say(BEGIN "id='t3'><apply-to xmlns='urn:xmpp:fasten:0' id='a1'>"
	    "<retract xmlns='urn:xmpp:message-retract:0'/></apply-to>" END);
	assert_words("[retracted an earlier message]");
	assert_about("urn:xmpp:message-retract:1", "Retract", "a1");
	rig.link->remarks.retractions = REMARK_DROP;
	say(BEGIN "id='t4'>" RETRACT("a1") "<body>tried</body>"
	    FALLBACK("message-retract:1", "") END);
	assert_nothing();
	rig.config->domains[1].remarks.retractions = REMARK_TEXT;
	say(BEGIN "id='t5'>" RETRACT("a1") END);
	assert_words("[retracted an earlier message]");
}

/* ---- replies and their quotes -------------------------------------------- */

/* Twelve characters of quote, more bytes than that. */
#define QUOTE "&gt; \xc3\xa9t\xc3\xa9 " CAKE "?!\n&gt;\n"
#define QUOTE_OUT "> \xc3\xa9t\xc3\xa9 " CAKE "?!\n>\n"

static void test_reply(void **state)
{
	static const char reply[] = BEGIN "id='p1'><body>" QUOTE "yes</body>"
		REPLY("a1") FALLBACK("reply:0", "<body start='0' end='12'/>")
		END;

	(void)state;
	say(reply);
	assert_words(QUOTE_OUT "yes");
	assert_about("urn:xmpp:reply:0", "Reply", "a1");
	rig.link->remarks.replies = REMARK_PLAIN;
	say(reply);
	assert_words("yes");
	/* Quotes that are no fallback are text. */
	say(BEGIN "id='p2'><body>&gt; so\nyes</body>" REPLY("a1") END);
	assert_words("> so\nyes");
	/* A corrected reply: both rules. */
	say(BEGIN "id='p3'><body>" QUOTE "no</body>" REPLY("a1") REPLACE("p1")
	    FALLBACK("reply:0", "<body start='0' end='12'/>") END);
	assert_words("[corrected] no");
	assert_about(CORRECT_NS, "Replace", "p1");
	rig.config->domains[1].remarks.replies = REMARK_TEXT;
	say(reply);
	assert_words(QUOTE_OUT "yes");
}

/* Numbers of a fallback that make no sense take nothing away, or what there
   is. */
static void test_fallback_ranges(void **state)
{
	static const struct {
		const char *range, *text;
	} rows[] = {
		{ "<body start='0' end='4'/>", "efgh" },
		{ "<body start='2' end='4'/>", "abefgh" },
		{ "<body start='4' end='99'/>", "abcd" },
		{ "<body start='4'/>", "abcd" },
		{ "<body end='4'/>", "efgh" },
		{ "<body start='4' end='2'/>", "abcdefgh" },
		{ "<body start='-1' end='2'/>", "abcdefgh" },
		{ "<body start='x' end='2'/>", "abcdefgh" },
		{ "<body start='0' end='99999999999999999999'/>",
		  "abcdefgh" },
		{ "<body start='8' end='9'/>", "abcdefgh" },
		{ "<body start='90' end='99'/>", "abcdefgh" },
		{ "<subject start='0' end='9'/>", "abcdefgh" },
		/* All of it is the fallback: then that is what he said. */
		{ "<body/>", "abcdefgh" },
		{ "", "abcdefgh" },
	};
	char text[600];
	size_t i;

	(void)state;
	rig.link->remarks.replies = REMARK_PLAIN;
	for (i = 0; i < COUNT_OF(rows); i++) {
		snprintf(text, sizeof(text), BEGIN "id='f1'><body>abcdefgh"
			 "</body>" REPLY("a1") "<fallback xmlns='"
			 "urn:xmpp:fallback:0' for='urn:xmpp:reply:0'>%s"
			 "</fallback>" END, rows[i].range);
		say(text);
		assert_words(rows[i].text);
	}
}

/* ---- without a plain body ------------------------------------------------ */

static void test_link_alone(void **state)
{
	(void)state;
	say(BEGIN "id='o1'><x xmlns='jabber:x:oob'><url>https://f.example/a"
	    "</url></x>" END);
	assert_words("https://f.example/a");
	say(BEGIN "id='o2'><body>see</body><x xmlns='jabber:x:oob'><url>https:"
	    "//f.example/a</url></x>" END);
	assert_words("see");
}

static void test_sealed(void **state)
{
	(void)state;
	say(BEGIN "id='s1'><encryption xmlns='urn:xmpp:eme:0' namespace='x'/>"
	    "<encrypted xmlns='x'/>" END);
	assert_int_equal(rig.events_n, 0);
	assert_int_equal(xmpp_mock_count(rig.mock), 1);
	assert_true(str_search(xmpp_mock_stanza(rig.mock, 0),
			       STR("<not-acceptable")) <
		    xmpp_mock_stanza(rig.mock, 0).n);
	say(BEGIN "id='s2'><body>I sent you something sealed</body>"
	    "<encryption xmlns='urn:xmpp:eme:0' namespace='x'/>" END);
	assert_words("I sent you something sealed");
}

/* Types, hints and wrappers. */
static void test_types_and_hints(void **state)
{
	static const char *const types[] = { "", "type='normal' ",
					     "type='chat' ", "type='odd' " };
	char text[300];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(types); i++) {
		snprintf(text, sizeof(text), "<message " ALICE BOB "%sid='t'>"
			 "<body>x</body>" END, types[i]);
		say(text);
		assert_words("x");
		assert_false(content()->no_store);
	}
	say("<message " ALICE BOB "type='headline' id='t'><body>x</body>" END);
	assert_true(content()->no_store);
	say(BEGIN "id='t'><body>x</body><no-permanent-store xmlns='"
	    "urn:xmpp:hints'/><no-copy xmlns='urn:xmpp:hints'/>"
	    "<store xmlns='urn:xmpp:hints'/>" END);
	assert_false(content()->no_store);
	/* Carbons and forwards by whoever likes: nothing of his own. */
	say(BEGIN "id='t'><received xmlns='urn:xmpp:carbons:2'><forwarded "
	    "xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' "
	    "from='carol@sip.example/x' to='bob@sip.example'><body>forged"
	    "</body></message></forwarded></received>" END);
	assert_nothing();
	say(BEGIN "id='t'><body>mine</body><sent xmlns='urn:xmpp:carbons:2'>"
	    "<forwarded xmlns='urn:xmpp:forward:0'><message from='carol@"
	    "sip.example'><body>forged</body></message></forwarded></sent>"
	    END);
	assert_words("mine");
	assert_str(content()->from.text, "sip:alice@xmpp.example");
	/* Of two bodies of one language the first; an empty one is none. */
	say(BEGIN "id='t'><body>first</body><body>second</body>"
	    "<subject>s1</subject><subject>s2</subject><thread>t1</thread>"
	    "<thread>t2</thread>" END);
	assert_words("first");
	assert_str(content()->subject, "s1");
	assert_str(content()->thread, "t1");
	say(BEGIN "id='t' xml:lang='en'><body/><body xml:lang='de'>da</body>"
	    END);
	assert_words("da");
	assert_str(content()->lang, "de");
}

/* Ids that are counted up come again: they count with what they came with. */
static void test_short_ids(void **state)
{
	uint8_t one[32], two[32];

	(void)state;
	say(BEGIN "id='7'><body>one</body>" END);
	assert_true(content()->is_short_id);
	assert_true(msg_dedup_key(content(), content()->to, one));
	say(BEGIN "id='7'><body>two</body>" END);
	assert_true(msg_dedup_key(content(), content()->to, two));
	assert_memory_not_equal(one, two, sizeof(one));
	say(BEGIN "id='f6a1c5b2-53f9-4a04-8a4e-3a4c5d0e7f11'><body>one</body>"
	    END);
	assert_false(content()->is_short_id);
	say(BEGIN "id='7'><body>one</body><origin-id xmlns='urn:xmpp:sid:0' "
	    "id='o7'/>" END);
	assert_false(content()->is_short_id);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
#define CASE_ROWS(fn, rows) { .name = #fn " [" rows "]", .test_func = fn, \
	.setup_func = setup, .teardown_func = teardown }

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE_ROWS(test_correction, "X-119"),
		CASE_ROWS(test_correction_held, "X-119"),
		CASE_ROWS(test_correction_policy, "X-119"),
		CASE(test_no_correction),
		CASE_ROWS(test_reaction, "X-120"),
		CASE_ROWS(test_retraction, "X-120"),
		CASE_ROWS(test_reply, "X-120"),
		CASE_ROWS(test_fallback_ranges, "X-120"),
		CASE(test_link_alone),
		CASE(test_sealed),
		CASE_ROWS(test_types_and_hints, "X-45"),
		CASE(test_short_ids),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
