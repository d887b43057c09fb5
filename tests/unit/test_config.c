/* tests/unit/test_config.c: the configuration file: every fault of a file in
 * one run, each at its line; what is sound is taken; the shipped files load.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "gateway/daemon/files.h"
#include "gateway/daemon/load.h"
#include "gateway/daemon/print.h"

#define FAULTS_ROW_MAX 12

/* A file and all it must be blamed for: "line: part of the sentence". */
struct row {
	const char *name, *text;
	const char *faults[FAULTS_ROW_MAX];
};

#define SERVED "domain \"sip.example\" { served = yes }\n"
#define LINK "link \"p\" { kind = xmpp-component port = 5347 " \
	"component = \"sip.example\" secret = \"s\" }\n"

static const struct row rows[] = {
	{ "empty", "", { NULL } },
	{ "comments only", "# a\n// b\n/* c\n d */\n", { NULL } },
	{ "sound", SERVED LINK "domain \"x.example\" { via = \"p\" }\n",
	  { NULL } },
	/* ---- braces ---- */
	{ "block never closed", "node {\n name = \"a\"\n",
	  { "1: node that begins here is never closed" } },
	{ "block closed by the next", "node {\n name = \"a\"\n\nstore { }\n",
	  { "1: node that begins here is not closed before line 4" } },
	{ "nested titled block", "node {\nlink \"x\" { kind = sip-peer port = 1 "
	  "}\n}\n",
	  { "1: not closed before line 2", "3: a } without its block" } },
	{ "one brace too many", "node { }\n}\n", { "2: a } without its block" } },
	{ "list not closed", SERVED LINK
	  "domain \"x.example\" {\n via = \"p\"\n allow = {\"*\"\n"
	  " deny = {\"a\"}\n}\n",
	  { "5: the list of allow is not closed" } },
	{ "list to the end", "listen \"u\" {\n trusted = {\"192.0.2.1\", \n",
	  { "1: listen that begins here is never closed",
	    "3: a list holds values and commas" } },
	{ "comma missing", "listen \"u\" { trusted = {\"192.0.2.1\" "
	  "\"192.0.2.2\"} }\n",
	  { "1: a comma belongs between two values" } },
	{ "comma at the end is fine",
	  "listen \"u\" { trusted = {\"192.0.2.1\",} }\n", { NULL } },
	/* ---- names ---- */
	{ "unknown block", "nodes {\n x = 1\n}\nstore { }\n",
	  { "1: \"nodes\" is not a block; did you mean \"node\"?" } },
	{ "unknown block with inner braces", "foo \"t\" { a { b } }\nstore { }\n",
	  { "1: \"foo\" is not a block" } },
	{ "unknown key", "node {\n log-leval = info\n}\n",
	  { "2: \"log-leval\" is not an option of node; did you mean "
	    "\"log-level\"?" } },
	{ "underscore for dash", "node { state_dir = \"/tmp\" }\n",
	  { "1: did you mean \"state-dir\"?" } },
	{ "key of another block", "policy { quota-count = 4 }\n",
	  { "1: it belongs in a limits block" } },
	{ "key near one of another block", "policy { quota-cuont = 4 }\n",
	  { "1: did you mean \"quota-count\" in a limits block?" } },
	{ "key outside", "quota-count = 4\n",
	  { "1: \"quota-count\" stands outside of a block; it belongs in a "
	    "limits block" } },
	{ "key twice", "node {\n name = \"a\"\n name = \"b\"\n}\n",
	  { "3: name stands twice in this block, first in line 2" } },
	{ "plain block twice", "node { }\nstore { }\nnode { }\n",
	  { "3: the block node stands twice, first in line 1" } },
	{ "title twice", SERVED "\n" SERVED,
	  { "3: two domain blocks named \"sip.example\", the first in line "
	    "1" } },
	{ "domain twice in other letters", SERVED
	  "domain \"SIP.Example\" { served = yes }\n",
	  { "2: two domain blocks" } },
	{ "title missing", "listen { port = 1 }\n",
	  { "1: the block listen needs a title" } },
	{ "title too many", "store \"x\" { }\n",
	  { "1: the block store has no title" } },
	{ "title of a wrong form", "listen \"a b\" { }\n",
	  { "1: the title of this listen is wrong (got \"a b\"" } },
	/* ---- the shape of values ---- */
	{ "no value", "node {\n name =\n log-level = info\n}\n",
	  { "2: name has no value" } },
	{ "no equals sign", "node {\n name \"x\"\n log-level info\n}\n",
	  { "2: \"=\" and a value must follow", "3: \"=\" and a value must" } },
	{ "list for a value", "node { name = {\"a\"} }\n",
	  { "1: name takes one value, not a list" } },
	{ "value for a list", "listen \"u\" { trusted = \"192.0.2.1\" }\n",
	  { "1: trusted takes a list in braces" } },
	{ "text over a line", "node {\n name = \"abc\n}\n",
	  { "2: a text in quotes does not end on its line" } },
	{ "single quotes over a line", "node {\n name = 'abc\n}\n",
	  { "2: a text in quotes does not end on its line" } },
	{ "escape unknown", "node { name = \"a\\n\" }\nstore { }\n",
	  { "1: only \\, \" and $ may follow a backslash" } },
	{ "variable not closed", "node { name = \"${A\" }\n",
	  { "1: ${ without its }", "1: node that begins here is never" } },
	{ "comment not closed", "node { }\n/* abc\n",
	  { "2: a comment does not end" } },
	{ "semicolon", "node { name = \"a\"; }\n",
	  { "1: a character that has no place here (got \";\")" } },
	{ "control character", "node { name = \"a\" \001 }\n",
	  { "1: a character that has no place here (got \"\\x01\")" } },
	{ "not UTF-8", "node { name = a\xff }\n", { "1: no UTF-8" } },
	{ "not UTF-8 in quotes", "node { name = \"a\xff\" }\n",
	  { "1: name has a wrong value (got \"a\\xff\"" } },
	/* ---- what must fit together ---- */
	{ "TLS without its files", "listen \"t\" {\n transport = tls\n}\n",
	  { "1: cert-file is missing in this listen",
	    "1: key-file is missing in this listen" } },
	{ "certificate without TLS",
	  "listen \"t\" {\n cert-file = \"x\"\n}\n",
	  { "2: cert-file has no place in a listen with transport = udp" } },
	{ "variant unknown: nothing more is said",
	  "link \"x\" {\n kind = foo\n port = 1\n}\n",
	  { "2: kind has a wrong value (got \"foo\", expected xmpp-component "
	    "or sip-peer)" } },
	{ "variant missing", "link \"x\" {\n}\n",
	  { "1: kind is missing in this link" } },
	{ "component without port", SERVED "link \"p\" {\n"
	  " kind = xmpp-component\n component = sip.example\n secret = s\n"
	  "}\n",
	  { "2: port is missing in this link" } },
	{ "component by name", SERVED "link \"p\" {\n"
	  " kind = xmpp-component\n port = 1\n component = sip.example\n"
	  " secret = s\n host = \"xmpp.example\"\n}\n",
	  { "7: host must be numeric in a component link",
	    "7: a component link is not encrypted" } },
	{ "domain nowhere", "domain \"a.example\" {\n allow = {\"*\"}\n}\n",
	  { "1: via is missing in this domain" } },
	{ "SIP domain by DNS", "domain \"a.example\" {\n proto = sip\n}\n",
	  { NULL } },
	{ "SIP domain in clear", "domain \"a.example\" {\n proto = sip\n"
	  " tls = prefer\n}\n",
	  { "3: messages could leave unencrypted" } },
	{ "SIP domain in clear, on purpose", "domain \"*.a.example\" {\n"
	  " proto = sip\n tls = off\n insecure-cleartext = yes\n}\n",
	  { NULL } },
	{ "domain with half a certificate", "domain \"a.example\" {\n"
	  " proto = sip\n cert-file = \"x\"\n}\n",
	  { "3: cert-file and key-file belong together" } },
	{ "domain named as a link", "link \"a.example\" {\n"
	  " kind = sip-peer\n}\ndomain \"a.example\" {\n proto = sip\n}\n",
	  { "4: a link has the name of this domain" } },
	{ "peer by name", "link \"p\" { kind = sip-peer "
	  "host = \"SIP.example\" transport = auto }\n",
	  { NULL } },
	{ "peer by wildcard", "link \"p\" {\n kind = sip-peer\n"
	  " host = \"*.example\"\n}\n",
	  { "3: host has a wrong value" } },
	{ "peer of several", "link \"p\" { kind = sip-peer "
	  "targets = {\"192.0.2.1:5060 1 2\", \"192.0.2.2\"} }\n",
	  { NULL } },
	{ "peer of several with a name", "link \"p\" {\n kind = sip-peer\n"
	  " host = \"a.example\"\n targets = {\"192.0.2.1\"}\n}\n",
	  { "4: targets are there instead of a host" } },
	{ "peer of several by TLS", "link \"p\" {\n kind = sip-peer\n"
	  " transport = tls\n targets = {\"192.0.2.1\"}\n}\n",
	  { "4: targets over TLS need tls-name" } },
	{ "automatic address", "link \"p\" {\n kind = sip-peer\n"
	  " host = \"192.0.2.1\"\n transport = auto\n}\n",
	  { "4: transport = auto needs a host that is a name" } },
	{ "name server by name", "dns {\n servers = {\"ns.example\"}\n}\n",
	  { "2: servers has a wrong value" } },
	{ "same port twice", "listen \"a\" { transport = tcp }\n"
	  "listen \"b\" {\n transport = udp }\nlisten \"c\" {\n"
	  " transport = tcp\n port = 5060\n}\n",
	  { "6: the listener in line 1 has this address and port already" } },
	{ "nobody may send", "listen \"a\" {\n challenge = {}\n}\n",
	  { "2: nobody could send here" } },
	{ "admin over UDP", "listen \"a\" {\n proto = admin\n"
	  " transport = udp\n}\n",
	  { "3: an admin listener speaks HTTP" } },
	{ "admin for all the world", "listen \"a\" {\n proto = admin\n"
	  " address = \"192.0.2.1\"\n}\n",
	  { "1: an admin listener that other machines reach needs trusted",
	    "3: an admin listener that other machines reach needs transport" } },
	{ "via unknown", SERVED "domain \"x.example\" {\n via = \"q\"\n}\n",
	  { "3: via names no link (got \"q\")" } },
	{ "via missing", "domain \"x.example\" {\n}\n",
	  { "1: via is missing in this domain" } },
	{ "protocols differ", SERVED LINK
	  "domain \"x.example\" {\n via = \"p\"\n proto = sip\n}\n",
	  { "5: proto is sip, but the link of via speaks xmpp" } },
	{ "component not served", LINK,
	  { "1: component \"sip.example\" is no served domain" } },
	{ "component is a foreign domain",
	  "link \"o\" { kind = sip-peer port = 1 }\n"
	  "domain \"sip.example\" { via = \"o\" }\n" LINK,
	  { "3: component \"sip.example\" is no served domain" } },
	{ "component encoded", "link \"p\" { kind = xmpp-component port = 1 "
	  "component = gw.example secret = s encoded = yes }\n", { NULL } },
	{ "component twice", SERVED LINK
	  "link \"q\" { kind = xmpp-component\n port = 5347\n"
	  " component = \"SIP.example\"\n secret = \"s\"\n}\n",
	  { "5: the link in line 2 is this component at this server already" } },
	{ "component at two servers", SERVED LINK
	  "link \"q\" { kind = xmpp-component\n port = 5348\n"
	  " component = \"sip.example\"\n secret = \"s\"\n}\n", { NULL } },
	{ "cleartext abroad", SERVED "link \"p\" { kind = xmpp-component\n"
	  " host = \"192.0.2.1\"\n port = 1\n component = sip.example\n"
	  " secret = s }\n",
	  { "3: a component link is not encrypted" } },
	{ "cleartext abroad, on purpose", SERVED
	  "link \"p\" { kind = xmpp-component host = \"192.0.2.1\" port = 1 "
	  "component = sip.example secret = s insecure-cleartext = yes }\n",
	  { NULL } },
	{ "no secret", SERVED "link \"p\" {\n kind = xmpp-component\n"
	  " port = 1\n component = sip.example\n}\n",
	  { "2: secret or secret-file is missing" } },
	{ "two secrets", SERVED "link \"p\" {\n kind = xmpp-component\n"
	  " port = 1\n component = sip.example\n secret = s\n"
	  " secret-file = \"f\"\n}\n",
	  { "7: secret and secret-file are both given" } },
	{ "plan unknown", "domain \"a.example\" {\n served = yes\n"
	  " number-plan = \"de\"\n}\n",
	  { "3: number-plan names no block of that kind (got \"de\")" } },
	{ "plan upside down", "number-plan \"x\" {\n country = \"49\"\n"
	  " min-digits = 9\n max-digits = 8\n}\n",
	  { "3: min-digits is more than max-digits" } },
	{ "cause unknown", "route \"1\" {\n deny = \"FORBIDEN\"\n}\n",
	  { "1: this route does nothing",
	    "2: deny has a wrong value (got \"FORBIDEN\"" } },
	{ "cause that is none", "route \"1\" { deny = \"NONE\" local = yes }\n",
	  { "1: deny has a wrong value (got \"NONE\"" } },
	{ "cause that passes", "route \"1\" { deny = \"LINK_DOWN\" "
	  "local = yes }\n",
	  { "1: deny has a wrong value (got \"LINK_DOWN\"" } },
	{ "route does two things", SERVED LINK
	  "route \"1\" {\n via = \"p\"\n local = yes\n}\n",
	  { "3: only one of via, deny and local" } },
	{ "fallback alone", SERVED LINK "route \"1\" {\n fallback = \"p\"\n"
	  " local = yes\n}\n",
	  { "4: fallback needs via" } },
	{ "fallback to itself", SERVED LINK
	  "route \"1\" {\n via = \"p\"\n fallback = \"p\"\n}\n",
	  { "5: fallback is the same link as via" } },
	{ "rewrite of nothing known", "route \"1\" {\n"
	  " rewrite-to = \"{usr}@x.example\"\n}\n",
	  { "1: this route does nothing",
	    "2: rewrite-to has a wrong value" } },
	{ "rewrites that lose the domain", "route \"1\" {\n from = \"*\"\n"
	  " rewrite-from = \"{user}@x.example\"\n}\n"
	  "route \"2\" {\n to = \"*@*.a.example\"\n"
	  " rewrite-to = \"{user}@y.example\"\n}\n"
	  "route \"3\" {\n to = \"*@b.example\"\n"
	  " rewrite-to = \"desk@c.example\"\n}\n"
	  "route \"4\" {\n to = \"*@d.example\"\n one-way = yes\n"
	  " rewrite-to = \"desk@d.example\"\n}\n"
	  "route \"5\" {\n to = \"*@*.e.example\"\n"
	  " rewrite-to = \"{user}@{domain}.f.example\"\n}\n"
	  "route \"6\" {\n to = \"+49*\"\n"
	  " rewrite-to = \"{digits}@sms.example\"\n}\n"
	  "route \"7\" {\n to = \"info@g.example\"\n"
	  " rewrite-to = \"desk@g.example\"\n}\n",
	  { "3: rewrite-from maps several addresses to one, so that answers "
	    "cannot find back (expected {domain}",
	    "7: rewrite-to maps several addresses to one",
	    "11: rewrite-to maps several addresses to one, so that answers "
	    "cannot find back (expected {user}" } },
	{ "two rewrites to one address", "route \"1\" {\n from = \"*@a.ex\"\n"
	  " rewrite-from = \"{user}@im.ex\"\n}\n"
	  "route \"2\" {\n from = \"*@b.ex\"\n"
	  " rewrite-from = \"{user}@im.ex\"\n}\n"
	  "route \"3\" {\n from = \"*@c.ex\"\n"
	  " rewrite-from = \"c-{user}@im.ex\"\n}\n"
	  "route \"4\" {\n from = \"*@a.ex\"\n to = \"*@p.ex\"\n"
	  " rewrite-from = \"{user}@im.ex\"\n}\n"
	  "route \"5\" {\n from = \"*@d.ex\"\n to = \"*@p.ex\"\n"
	  " rewrite-from = \"{user}@other.ex\"\n}\n",
	  { "7: rewrite-from may give an address that the route in line 1 "
	    "gives to somebody else",
	    "11: rewrite-from may give an address that the route in line 1 "
	    "gives",
	    "16: rewrite-from may give an address that the route in line 5 "
	    "gives" } },
	{ "a route nobody reaches", SERVED LINK
	  "route \"1\" { to = \"*@a.ex\" deny = NOT_FOUND }\n"
	  "route \"2\" { to = \"*@a.ex\" local = yes }\n"
	  "route \"3\" { to = \"*@a.ex\" from = \"x@b.ex\" via = \"p\" }\n"
	  "route \"4\" { via = \"p\" }\n"
	  "route \"5\" { to = \"+49*\" via = \"p\" }\n",
	  { "4: this route is never reached: the one in line 3 decides",
	    "5: this route is never reached: the one in line 4 decides",
	    "7: this route is never reached: the one in line 6 decides" } },
	{ "allowed and denied", SERVED LINK "domain \"f.ex\" {\n via = \"p\"\n"
	  " allow = {\"a@*\", \"b@*\", \"b@*\"}\n deny = {\"a@*\"}\n}\n",
	  { "5: \"a@*\" is allowed and denied",
	    "5: \"b@*\" is in allow twice" } },
	{ "registration times crossed", "sip {\n register-default = 2d\n}\n",
	  { "2: register-default is not between" } },
	{ "retry times crossed", "policy {\n retry-link-min = 2m\n}\n",
	  { "2: retry-link-min is more than retry-link-max" } },
	{ "many at once", "node { log-privacy = maybe\n"
	  "store {\n cache = 1\n}\nfoo { }\nlisten \"u\" {\n port = x\n"
	  " adress = y\n}\n",
	  { "1: node that begins here is not closed before line 2",
	    "1: log-privacy has a wrong value (got \"maybe\", expected yes or "
	    "no)",
	    "3: cache has a wrong value (got \"1\", expected a size from 1M "
	    "to 1G)",
	    "5: \"foo\" is not a block",
	    "7: port has a wrong value (got \"x\", expected a number from 0 "
	    "to 65535)",
	    "8: did you mean \"address\"?" } },
};

static struct config *load(const char *text, struct faults *f)
{
	const struct conf_source src = { .path = "/etc/test.conf",
					 .no_files = true };

	faults_init(f);
	return conf_load_text(&src, str_of(text), f);
}

static void check_row(const struct row *row, const struct faults *f)
{
	size_t i, n = 0;

	while (n < FAULTS_ROW_MAX && row->faults[n])
		n++;
	for (i = 0; i < f->n && i < n; i++) {
		const char *wanted = strchr(row->faults[i], ' ') + 1;

		if (f->list[i].line != strtoul(row->faults[i], NULL, 10) ||
		    !strstr(f->list[i].text, wanted))
			fail_msg("%s: got %u: %s, expected %s", row->name,
				 f->list[i].line, f->list[i].text,
				 row->faults[i]);
	}
	if (f->n != n)
		fail_msg("%s: %zu faults, expected %zu; the next is: %s",
			 row->name, f->n, n,
			 f->n > n ? f->list[n].text : row->faults[f->n]);
}

static void test_faults(void **state)
{
	struct faults *f = mem_alloc(sizeof(*f));
	struct config *c;
	struct buf text;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		c = load(rows[i].text, f);
		buf_init(&text, 1u << 20);
		faults_put(&text, f, "x");	/* sorts */
		check_row(&rows[i], f);
		assert_int_equal(c == NULL, rows[i].faults[0] != NULL);
		buf_free(&text);
		config_put(c);
	}
	mem_free(f);
}

static void test_faults_as_text(void **state)
{
	struct faults *f = mem_alloc(sizeof(*f));
	struct buf text;

	(void)state;
	assert_null(load("store { cache = 1 }\nnode {\n name = \"\x1b\" \n", f));
	buf_init(&text, 4096);
	faults_put(&text, f, "a.conf");
	assert_str(buf_str(&text),
		   "a.conf:1: cache has a wrong value (got \"1\", expected a "
		   "size from 1M to 1G)\n"
		   "a.conf:2: the block node that begins here is never "
		   "closed\n"
		   "a.conf:3: name has a wrong value (got \"\\x1b\", expected "
		   "letters, digits, '.', '_' and '-', at most 64)\n");
	buf_free(&text);
	mem_free(f);
}

static void test_faults_are_bounded(void **state)
{
	struct faults *f = mem_alloc(sizeof(*f));
	struct buf text, out;
	size_t i;

	(void)state;
	buf_init(&text, 1u << 20);
	buf_put_str(&text, STR("node {\n"));
	for (i = 0; i < 1000; i++)
		buf_put_str(&text, STR("unknown = 1\n"));
	buf_put_str(&text, STR("}\n\0"));
	assert_null(load(text.p, f));
	assert_int_equal(f->n, FAULTS_MAX);
	assert_int_equal(f->dropped, 1000 - FAULTS_MAX);
	buf_init(&out, 1u << 20);
	faults_put(&out, f, "a");
	assert_true(str_ends(buf_str(&out),
			     STR("a: 900 more faults are not shown\n")));
	buf_free(&text);
	buf_free(&out);
	mem_free(f);
}

/* Every way of writing a value that the manual names. */
static void test_writing(void **state)
{
	struct faults *f = mem_alloc(sizeof(*f));
	struct config *c;

	(void)state;
	setenv("CAUSEWAY_TEST_NAME", "from-env", 1);
	unsetenv("CAUSEWAY_TEST_NONE");
	c = load("\xef\xbb\xbf# a mark, then CR LF\r\n"
		 "node{name=${CAUSEWAY_TEST_NAME}\r\n"
		 " state-dir='/a ${B} \"q\" \\'s\\' \\\\' // behind\n"
		 " control-socket = \"${CAUSEWAY_TEST_NONE:-else}.sock\"\n"
		 " run-as = bare.word-1 /* in\nbetween */ log-privacy = OFF }\n"
		 "route 7 { to = tel:+49* from = \"\\\"\\$\\\\\" local = yes }\n"
		 "policy { retry-user = { 1s , 2s,'3s'} }\n", f);
	if (!c)
		fail_msg("%s", f->list[0].text);
	assert_str(c->node_name, "from-env");
	assert_str(c->state_dir, "/a ${B} \"q\" 's' \\");
	assert_str(c->control_socket, "/a ${B} \"q\" 's' \\/else.sock");
	assert_str(c->run_as, "bare.word-1");
	assert_false(c->log_privacy);
	assert_str(c->routes[0].name, "7");
	assert_str(c->routes[0].to, "tel:+49*");
	assert_str(c->routes[0].from, "\"$\\");
	assert_int_equal(c->routes[0].verb, ROUTE_DO_LOCAL);
	assert_int_equal(c->retry_user_ms[2], 3000);
	config_put(c);
	mem_free(f);
}

/* What follows from other options. */
static void test_derived(void **state)
{
	struct faults *f = mem_alloc(sizeof(*f));
	struct config *c;

	(void)state;
	c = load(SERVED LINK
		 "link \"o\" { kind = sip-peer port = 5060 }\n"
		 "domain \"X.Example\" { via = \"p\" }\n"
		 "domain \"*.y.example\" { via = \"o\" proto = sip }\n"
		 "route \"b\" { via = \"o\" fallback = \"p\" kind = tel }\n"
		 "route \"a\" { deny = \"NOT_FOUND\" to = \"*@z.example\" }\n"
		 "route \"c\" { to = \"*@w.example\""
		 " rewrite-to = \"{user}@x.example\" }\n", f);
	if (!c)
		fail_msg("%s", f->list[0].text);
	assert_int_equal(c->node_id, config_id_of(STR("node1")));
	assert_int_equal(c->links[0].id, config_id_of(STR("p")));
	assert_int_equal(c->links[0].proto, PROTO_XMPP);
	assert_int_equal(c->links[1].proto, PROTO_SIP);
	assert_int_equal(c->domains[0].proto, PROTO_SIP);
	assert_str(c->domains[1].name, "x.example");
	assert_int_equal(c->domains[1].proto, PROTO_XMPP);
	assert_int_equal(c->domains[1].via_id, c->links[0].id);
	assert_int_equal(c->domains[1].allow_n, 0);	/* denied by default */
	assert_int_equal(c->domains[1].trust, TRUST_EXTERNAL);
	assert_int_equal(config_domain(c, STR("a.y.example"))->via_id,
			 c->links[1].id);
	/* in the order of the file */
	assert_str(c->routes[0].name, "b");
	assert_int_equal(c->routes[0].verb, ROUTE_DO_VIA);
	assert_int_equal(c->routes[0].fallback_id, c->links[0].id);
	assert_str(c->routes[0].kind, "tel");
	assert_str(c->routes[1].kind, "");
	assert_int_equal(c->routes[1].verb, ROUTE_DO_DENY);
	assert_int_equal(c->routes[1].deny_cause, CAUSE_NOT_FOUND);
	assert_int_equal(c->routes[2].verb, ROUTE_DO_NEXT);
	config_put(c);
	mem_free(f);
}

/* ---- files ------------------------------------------------------------------ */

struct folder {
	char path[64];
};

static void folder_make(struct folder *d)
{
	snprintf(d->path, sizeof(d->path), "/tmp/causeway-test-XXXXXX");
	assert_non_null(mkdtemp(d->path));
}

static const char *in_folder(const struct folder *d, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", d->path, name);
	return path;
}

static void put_file(const struct folder *d, const char *name, mode_t mode,
		     const char *text)
{
	FILE *f = fopen(in_folder(d, name), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(in_folder(d, name), mode), 0);
}

static void test_secret_file(void **state)
{
	struct faults *f = mem_alloc(sizeof(*f));
	struct conf_source src = { .path = NULL };
	struct folder d;
	struct config *c;
	char path[128];

	(void)state;
	folder_make(&d);
	snprintf(path, sizeof(path), "%s/c.conf", d.path);
	src.path = path;
	put_file(&d, "c.conf", 0600, SERVED
		 "link \"p\" { kind = xmpp-component port = 1\n"
		 "component = sip.example\n secret-file = \"s\" }\n");
	faults_init(f);
	assert_null(conf_load(&src, f));
	assert_int_equal(f->list[0].line, 4);
	assert_non_null(strstr(f->list[0].text, "No such file"));

	put_file(&d, "s", 0644, "my secret \nsecond line\n");
	faults_init(f);
	assert_null(conf_load(&src, f));
	assert_int_equal(f->n, 1);
	assert_non_null(strstr(f->list[0].text, "open to everybody (mode 0644"));

	put_file(&d, "s", 0640, "my secret \nsecond line\n");
	faults_init(f);
	c = conf_load(&src, f);
	assert_non_null(c);
	assert_str(c->links[0].secret, "my secret");
	config_put(c);

	put_file(&d, "s", 0640, "\n");
	faults_init(f);
	assert_null(conf_load(&src, f));
	assert_non_null(strstr(f->list[0].text, "empty first line"));

	unlink(in_folder(&d, "s"));
	unlink(in_folder(&d, "c.conf"));
	rmdir(d.path);
	mem_free(f);
}

static void test_unreadable(void **state)
{
	struct faults *f = mem_alloc(sizeof(*f));
	struct conf_source src = { .path = "/nonexistent/x.conf" };
	struct folder d;
	char path[128];
	FILE *big;
	size_t i;

	(void)state;
	faults_init(f);
	assert_null(conf_load(&src, f));
	assert_int_equal(f->n, 1);
	assert_int_equal(f->list[0].line, 0);

	folder_make(&d);
	src.path = d.path;
	faults_init(f);
	assert_null(conf_load(&src, f));
	assert_non_null(strstr(f->list[0].text, "not a regular file"));

	snprintf(path, sizeof(path), "%s/big.conf", d.path);
	big = fopen(path, "w");
	for (i = 0; i < 70000; i++)
		fputs("# sixteen bytes\n", big);
	fclose(big);
	src.path = path;
	faults_init(f);
	assert_null(conf_load(&src, f));
	assert_non_null(strstr(f->list[0].text, "larger than 1048576 bytes"));
	unlink(path);
	rmdir(d.path);
	mem_free(f);
}

/* A key and its certificate, by the openssl program. */
static void put_key(const struct folder *d, const char *cert, const char *key)
{
	char cert_path[128], key_path[128];
	int status;
	pid_t pid;

	snprintf(cert_path, sizeof(cert_path), "%s/%s", d->path, cert);
	snprintf(key_path, sizeof(key_path), "%s/%s", d->path, key);
	pid = fork();
	if (pid == 0) {
		if (freopen("/dev/null", "w", stderr))
			execlp("openssl", "openssl", "req", "-x509", "-newkey",
			       "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
			       "-nodes", "-subj", "/CN=im.corp.example",
			       "-keyout", key_path, "-out", cert_path,
			       (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(chmod(key_path, 0600), 0);
}

/* The one fault of a TLS listener with c.pem and k.pem beside it, "" when
   there is none. */
static const char *tls_fault(const struct folder *d)
{
	static struct faults f;
	char path[128];
	const struct conf_source src = { .path = path };
	struct config *c;

	snprintf(path, sizeof(path), "%s/x.conf", d->path);
	faults_init(&f);
	c = conf_load_text(&src, STR("listen \"t\" { transport = tls\n"
				     "cert-file = c.pem\nkey-file = k.pem }"),
			   &f);
	assert_true(c ? f.n == 0 : f.n == 1);
	config_put(c);
	return c ? "" : f.list[0].text;
}

static void test_tls_files(void **state)
{
	struct folder d;

	(void)state;
	folder_make(&d);
	assert_non_null(strstr(tls_fault(&d), "cert-file"));
	put_key(&d, "c.pem", "k.pem");
	assert_string_equal(tls_fault(&d), "");
	assert_int_equal(chmod(in_folder(&d, "k.pem"), 0644), 0);
	assert_non_null(strstr(tls_fault(&d), "open to everybody"));
	put_key(&d, "other.pem", "k.pem");	/* not the key of c.pem */
	assert_non_null(strstr(tls_fault(&d), "k.pem"));
	put_file(&d, "c.pem", 0644, "no certificate\n");
	assert_non_null(strstr(tls_fault(&d), "c.pem"));
	unlink(in_folder(&d, "k.pem"));
	assert_non_null(strstr(tls_fault(&d), "No such file"));
	unlink(in_folder(&d, "c.pem"));
	unlink(in_folder(&d, "other.pem"));
	rmdir(d.path);
}

/* The files we ship, with the files they name beside them. */
static void test_shipped(void **state)
{
	static const char *const shipped[] = {
		"conf/causeway.conf", "conf/examples/enterprise-xmpp.conf",
		"conf/examples/operator-prosody.conf",
		"conf/examples/federation-sip.conf",
	};
	static const char *const beside[] = {
		"secrets/prosody", "secrets/prosody-ims",
		"secrets/prosody-youth", "tls/im.corp.example.pem",
		"tls/im.corp.example.key", "tls/im.op.example.pem",
		"tls/im.op.example.key", "tls/carrier-client.pem",
		"tls/carrier-client.key", "tls/partners-ca.pem",
		"tls/group-ca.pem", "tls/ca.key",
	};
	struct faults *f = mem_alloc(sizeof(*f));
	struct errtext why;
	struct folder d;
	size_t i;

	(void)state;
	folder_make(&d);
	assert_int_equal(mkdir(in_folder(&d, "secrets"), 0700), 0);
	assert_int_equal(mkdir(in_folder(&d, "tls"), 0700), 0);
	for (i = 0; i < COUNT_OF(beside); i++)
		put_file(&d, beside[i], 0600, "text\n");
	put_key(&d, "tls/im.corp.example.pem", "tls/im.corp.example.key");
	put_key(&d, "tls/im.op.example.pem", "tls/im.op.example.key");
	put_key(&d, "tls/carrier-client.pem", "tls/carrier-client.key");
	put_key(&d, "tls/partners-ca.pem", "tls/ca.key");
	put_key(&d, "tls/group-ca.pem", "tls/ca.key");
	for (i = 0; i < COUNT_OF(shipped); i++) {
		char path[128];
		struct conf_source src = { .path = path };
		struct config *c;
		struct buf text;

		snprintf(path, sizeof(path), "%s/x.conf", d.path);
		buf_init(&text, 1u << 20);
		if (file_read(shipped[i], &text, &why))
			fail_msg("%s %s", shipped[i], why.text);
		faults_init(f);
		c = conf_load_text(&src, buf_str(&text), f);
		if (!c)
			fail_msg("%s:%u: %s", shipped[i], f->list[0].line,
				 f->list[0].text);
		assert_true(c->domains_n > 0 && c->listens_n > 0);
		config_put(c);
		buf_free(&text);
	}
	for (i = 0; i < COUNT_OF(beside); i++)
		unlink(in_folder(&d, beside[i]));
	rmdir(in_folder(&d, "secrets"));
	rmdir(in_folder(&d, "tls"));
	rmdir(d.path);
	mem_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_faults), TEST(test_faults_as_text),
		TEST(test_faults_are_bounded), TEST(test_writing),
		TEST(test_derived), TEST(test_secret_file),
		TEST(test_unreadable), TEST(test_tls_files), TEST(test_shipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
