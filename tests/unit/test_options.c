/* tests/unit/test_options.c: every row of the option table: its default, its
 * range, its type; the printed configuration; what a reload sees of a change.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/mem.h"
#include "gateway/daemon/changes.h"
#include "gateway/daemon/field.h"
#include "gateway/daemon/load.h"
#include "gateway/daemon/print.h"
#include "gateway/daemon/value.h"

/* Room for an item of any block. */
union item {
	struct config config;
	struct listen_conf listen;
	struct link_conf link;
	struct domain_conf domain;
	struct route_conf route;
	struct number_plan plan;
};

static struct faults faults;
static struct arena *arena;

static bool takes(const struct option *o, union item *item, const char *text)
{
	struct str one = str_of(text);

	faults_init(&faults);
	return field_set(&faults, 1, arena, o, item, &one, 1);
}

static void must_take(const struct option *o, union item *item,
		      const char *text)
{
	if (!takes(o, item, text))
		fail_msg("%s does not take \"%s\": %s", o->name, text,
			 faults.list[0].text);
}

static void must_refuse(const struct option *o, union item *item,
			const char *text)
{
	if (takes(o, item, text))
		fail_msg("%s takes \"%s\"", o->name, text);
	if (faults.n != 1 || !strstr(faults.list[0].text, o->name))
		fail_msg("%s: no fault names it", o->name);
}

/* The value as the file would have it. */
static const char *shown(const struct option *o, const union item *item)
{
	static char text[512];
	struct buf b;

	buf_init(&b, sizeof(text));
	field_put(&b, o, item);
	snprintf(text, sizeof(text), "%.*s", STR_ARG(buf_str(&b)));
	buf_free(&b);
	return text;
}

static void write_number(const struct option *o, uint64_t v, char *out,
			 size_t size)
{
	struct buf b;

	buf_init(&b, 64);
	if (o->type == OPT_SIZE)
		value_put_size(&b, v);
	else if (o->type == OPT_NUMBER)
		buf_put_u64(&b, v);
	else
		value_put_duration(&b, v, o->unit);
	snprintf(out, size, "%.*s", STR_ARG(buf_str(&b)));
	buf_free(&b);
}

static void check_number(const struct option *o, union item *item)
{
	const uint64_t good[] = { o->min, o->max, (o->min + o->max) / 2 };
	char text[64];
	size_t i;

	assert_true(o->min < o->max);
	assert_true(o->bytes == 8 || o->max < 1ull << (8 * o->bytes));
	for (i = 0; i < COUNT_OF(good); i++) {
		write_number(o, good[i], text, sizeof(text));
		must_take(o, item, text);
		assert_string_equal(shown(o, item), text);
	}
	write_number(o, o->max + 1, text, sizeof(text));
	must_refuse(o, item, text);
	if (o->min > 0) {
		write_number(o, o->min - 1, text, sizeof(text));
		must_refuse(o, item, text);
	}
	must_refuse(o, item, "");
	must_refuse(o, item, "-1");
	must_refuse(o, item, "1.5");
	must_refuse(o, item, "x");
	must_refuse(o, item, "1 ");
	must_refuse(o, item, "99999999999999999999");
	if (o->type != OPT_SIZE)
		must_refuse(o, item, "1K");
	if (o->type != OPT_DURATION)
		must_refuse(o, item, "1s");
	if (o->type == OPT_DURATION)
		must_refuse(o, item, "30");	/* of what? */
}

static void check_names(const struct option *o, union item *item)
{
	const struct opt_name *name;

	for (name = o->names; name->name; name++) {
		must_take(o, item, name->name);
		assert_non_null(strstr(shown(o, item), name->name));
	}
	must_refuse(o, item, "bogus");
	must_refuse(o, item, "");
}

static const struct {
	enum opt_form form;
	const char *good[4], *bad[6];
} forms[] = {
	{ FORM_LINE, { "a b", "\xc3\xa4" }, { "a\nb", "\xff", "\x7f" } },
	{ FORM_WORD, { "a", "a-b_c.1" }, { "a b", "\xc3\xa4", "a/b" } },
	{ FORM_LINK, { "a" }, { "a b" } },
	{ FORM_PLAN, { "a" }, { "a b" } },
	{ FORM_HOST, { "a.example", "192.0.2.1", "[::1]" },
	  { "a b", "a..b", "-", "a/b" } },
	{ FORM_ADDRESS, { "192.0.2.1", "::1" },
	  { "localhost", "192.0.2", "192.0.2.1/24", "[::1]" } },
	{ FORM_NET, { "192.0.2.1", "192.0.2.0/24", "2001:db8::/32" },
	  { "192.0.2.0/33", "x", "192.0.2.0/", "::/129", "/8" } },
	{ FORM_SERVER, { "192.0.2.1", "192.0.2.1:5353", "::1", "[::1]:53" },
	  { "x", "192.0.2.1:", "192.0.2.1:0", "[::1]", "[192.0.2.1]:53",
	    "192.0.2.1:65536" } },
	{ FORM_TARGET, { "192.0.2.1", "192.0.2.1:5060 10 60", "[::1]:5070 1",
			 "2001:db8::1 0 65535" },
	  { "a.example", "192.0.2.1:0", "192.0.2.1 1 2 3", "[::1", "::1 x",
	    "192.0.2.1:65536" } },
	{ FORM_PEER, { "192.0.2.1", "::1", "a.example" },
	  { "*.a.example", "a b", "a..b", "-" } },
	{ FORM_DIGITS, { "0", "49" }, { "+49", "4 9", "1234567890123456" } },
	{ FORM_PATTERN, { "*", "tel:+49*" }, { "a b", "a\tb" } },
	{ FORM_URI, { "sip:a.example;lr", "sips:b@a.example:5061" },
	  { "a.example", "tel:+1", "sip:a b", "<sip:a>" } },
	{ FORM_REWRITE, { "{user}@b.example", "tel:+49{digits}" },
	  { "{usr}@b", "{user", "a}", "{user}@{user}", "b c@x" } },
};

static void check_text(const struct option *o, union item *item)
{
	size_t i, k;

	for (i = 0; i < COUNT_OF(forms) && forms[i].form != o->form; i++)
		;
	assert_true(i < COUNT_OF(forms));
	for (k = 0; k < 4 && forms[i].good[k]; k++) {
		must_take(o, item, forms[i].good[k]);
		assert_false(field_is_empty(o, item));
	}
	for (k = 0; k < 6 && forms[i].bad[k]; k++)
		must_refuse(o, item, forms[i].bad[k]);
	if (!o->preset)
		must_refuse(o, item, "");
}

static void check_list(const struct option *o, union item *item)
{
	struct str *many = mem_alloc((o->max + 1) * sizeof(*many));
	struct str bad = STR("\x01");
	size_t i;

	struct str one = o->form == FORM_URI ? STR("sip:a.example") :
					       STR("192.0.2.1");
	char two[64];

	snprintf(two, sizeof(two), "{\"%s\", \"%s\"}", one.p, one.p);
	for (i = 0; i <= o->max; i++)
		many[i] = one;
	faults_init(&faults);
	assert_true(field_set(&faults, 1, arena, o, item, many, 0));
	assert_string_equal(shown(o, item), "{}");
	assert_true(field_set(&faults, 1, arena, o, item, many, 2));
	assert_string_equal(shown(o, item), two);
	assert_true(field_set(&faults, 1, arena, o, item, many, o->max));
	assert_false(field_set(&faults, 1, arena, o, item, many, o->max + 1));
	assert_false(field_set(&faults, 1, arena, o, item, &bad, 1));
	mem_free(many);
}

static void check_flags(const struct option *o, union item *item)
{
	struct str texts[2] = { str_of(o->names[1].name), STR("bogus") };

	faults_init(&faults);
	assert_true(field_set(&faults, 1, arena, o, item, texts, 1));
	assert_null(strstr(shown(o, item), o->names[0].name));
	assert_non_null(strstr(shown(o, item), o->names[1].name));
	assert_false(field_set(&faults, 1, arena, o, item, texts, 2));
	/* their order is kept */
	texts[1] = str_of(o->names[0].name);
	assert_true(field_set(&faults, 1, arena, o, item, texts, 2));
	assert_true(strstr(shown(o, item), o->names[1].name) <
		    strstr(shown(o, item), o->names[0].name));
	assert_true(field_set(&faults, 1, arena, o, item, texts, 0));
	assert_string_equal(shown(o, item), "{}");
}

static void check_durations(const struct option *o, union item *item)
{
	struct str texts[4] = { STR("1s"), STR("2m"), STR("3h"), STR("4h") };

	faults_init(&faults);
	assert_int_equal(o->bytes, 12);
	assert_true(field_set(&faults, 1, arena, o, item, texts, 3));
	assert_string_equal(shown(o, item), "{1s, 2m, 3h}");
	assert_false(field_set(&faults, 1, arena, o, item, texts, 2));
	assert_false(field_set(&faults, 1, arena, o, item, texts, 4));
	texts[1] = STR("0");
	assert_false(field_set(&faults, 1, arena, o, item, texts, 3));
}

static void check_type(const struct option *o, union item *item)
{
	switch (o->type) {
	case OPT_STR:
		check_text(o, item);
		break;
	case OPT_FILE:
		must_take(o, item, "/a b/c");
		must_refuse(o, item, "a\nb");
		break;
	case OPT_SECRET:
		must_take(o, item, "pass word");
		assert_string_equal(shown(o, item), "\"***\"");
		must_refuse(o, item, "a\nb");
		assert_null(strstr(faults.list[0].text, "a\\x0ab"));
		break;
	case OPT_CHOICE:
	case OPT_ENUM:
		check_names(o, item);
		break;
	case OPT_CAUSE:
		must_take(o, item, "FORBIDDEN");
		assert_string_equal(shown(o, item), "\"FORBIDDEN\"");
		must_take(o, item, "");
		must_refuse(o, item, "forbidden");
		must_refuse(o, item, "NONE");
		break;
	case OPT_BOOL:
		must_take(o, item, "on");
		assert_string_equal(shown(o, item), "yes");
		must_take(o, item, "false");
		assert_string_equal(shown(o, item), "no");
		must_refuse(o, item, "1");
		must_refuse(o, item, "");
		break;
	case OPT_NUMBER:
	case OPT_DURATION:
	case OPT_SIZE:
		check_number(o, item);
		break;
	case OPT_LIST:
		check_list(o, item);
		break;
	case OPT_FLAGS:
		check_flags(o, item);
		break;
	case OPT_DURATIONS:
		check_durations(o, item);
		break;
	}
}

/* The row itself is sound: a name, a sentence, a default that it takes. */
static void check_row(const struct block *b, const struct option *o)
{
	union item *item = mem_zalloc(sizeof(*item));
	size_t n = strlen(o->sentence);

	assert_true(value_form_ok(str_of(o->name), FORM_WORD));
	assert_true(n > 10 && o->sentence[n - 1] == '.');
	assert_true(o->offset + o->bytes <=
		    (b->is_titled ? b->item_bytes : sizeof(struct config)));
	if (o->preset && !field_preset(arena, o, item))
		fail_msg("%s.%s does not take its default", b->name, o->name);
	check_type(o, item);
	mem_free(item);
}

static void test_rows(void **state)
{
	size_t i, k, n = 0;

	(void)state;
	arena = arena_new(64u << 20);
	for (i = 0; i < conf_blocks_n; i++) {
		const struct block *b = &conf_blocks[i];

		assert_ptr_equal(block_find(str_of(b->name)), b);
		for (k = 0; k < b->options_n; k++, n++) {
			assert_ptr_equal(option_find(b,
					 str_of(b->options[k].name)),
					 &b->options[k]);
			check_row(b, &b->options[k]);
		}
	}
	assert_true(n > 70);
	assert_false(arena_err(arena));
	arena_free(arena);
}

static void test_values(void **state)
{
	static const struct {
		const char *text;
		uint64_t ms;
	} good[] = {
		{ "0", 0 }, { "0s", 0 }, { "1ms", 1 }, { "90s", 90000 },
		{ "2m", 120000 }, { "1h", 3600000 }, { "7d", 604800000 },
	};
	static const char *const bad[] = {
		"", "s", "5", "5 s", "5S", "5sec", "1h30m", "-1s", "+1s",
		"1e3s", "184467440737095516150s", "300000000000000d",
	};
	uint64_t v;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(good); i++) {
		assert_true(value_duration(str_of(good[i].text), UNIT_MS, &v));
		assert_int_equal(v, good[i].ms);
	}
	for (i = 0; i < COUNT_OF(bad); i++)
		assert_false(value_duration(str_of(bad[i]), UNIT_MS, &v));
	assert_true(value_duration(STR("2m"), UNIT_S, &v));
	assert_int_equal(v, 120);
	assert_false(value_duration(STR("1500ms"), UNIT_S, &v));
	assert_true(value_size(STR("64K"), &v));
	assert_int_equal(v, 65536);
	assert_true(value_size(STR("2G"), &v));
	assert_int_equal(v, 2ull << 30);
	assert_false(value_size(STR("64k"), &v));
	assert_false(value_size(STR("99999999999999G"), &v));
	assert_true(value_is_loopback(STR("127.1.2.3")));
	assert_true(value_is_loopback(STR("::1")));
	assert_false(value_is_loopback(STR("10.127.0.1")));
}

/* ---- the printed configuration ------------------------------------------------ */

static const char all[] =
	"node { name = n1 state-dir = \"/s\" control-socket = \"c\"\n"
	" run-as = u accounting-file = \"\" log-level = debug\n"
	" log-privacy = no }\n"
	"store { file = \"f\" cache = 3M }\n"
	"sip { host = \"[::1]\" nonce-life = 61s udp-bytes-max = 1001\n"
	" register-min = 90s register-default = 30m contacts-max = 3 }\n"
	"listen \"t\" { transport = tls port = 0 cert-file = \"c.pem\"\n"
	" key-file = \"k.pem\" challenge = {\"MD5\"} trusted = {\"::/0\"} }\n"
	"listen \"u\" { trusted = {\"192.0.2.1\", \"192.0.2.0/24\"} }\n"
	"link \"x\" { kind = xmpp-component port = 5347 component = s.example\n"
	" secret = 'top \"secret\" $1' chat = yes }\n"
	"link \"y\" { kind = xmpp-component port = 1 component = gw.s.example\n"
	" secret-file = \"dir/y\" encoded = yes }\n"
	"link \"z\" { kind = sip-peer host = \"::1\" port = 1 trusted = on }\n"
	"domain \"S.example\" { served = yes number-plan = \"de\" }\n"
	"domain \"*.f.example\" { via = \"z\" allow = {\"*\", 'a\"\\\\$b'}\n"
	" enabled = no trust = partner message-bytes-max = 4K }\n"
	"number-plan \"de\" { country = 49 trunk = 0 }\n"
	"route \"1\" { to = 'tel:+49*' via = \"z\" fallback = \"x\" }\n"
	"route \"2\" { deny = \"NOT_FOUND\" kind = user }\n"
	"route \"3\" { to = '*@t.example' local = yes relay = yes }\n"
	"route \"4\" { to = '*@e.example' one-way = yes"
	" rewrite-to = \"{user}@f.example\" }\n"
	"policy { retry-user = {1s, 90s, 2h} drain = 0 }\n";

static struct config *load(const char *text)
{
	const struct conf_source src = { .path = "/etc/test.conf",
					 .no_files = true };
	struct config *c;

	faults_init(&faults);
	c = conf_load_text(&src, str_of(text), &faults);
	if (!c)
		fail_msg("%u: %s", faults.list[0].line, faults.list[0].text);
	return c;
}

static void print_to(struct buf *b, const struct config *c)
{
	buf_init(b, 1u << 20);
	print_config(b, c);
	buf_put_char(b, '\0');
	b->n--;
	assert_int_equal(b->err, 0);
}

static void test_print_round(void **state)
{
	struct config *c = load(all), *again;
	struct buf once, twice;

	(void)state;
	print_to(&once, c);
	again = load(once.p);
	print_to(&twice, again);
	assert_str(buf_str(&twice), once.p);
	assert_non_null(strstr(once.p, "allow = {\"*\", \"a\\\"\\\\\\$b\"}"));
	assert_non_null(strstr(once.p, "register-min = 90s"));
	assert_non_null(strstr(once.p, "domain \"s.example\""));
	config_put(c);
	config_put(again);
	buf_free(&once);
	buf_free(&twice);
}

static void test_print_masks(void **state)
{
	struct config *c = load(all);
	struct buf text;

	(void)state;
	assert_str(c->links[0].secret, "top \"secret\" $1");
	print_to(&text, c);
	assert_null(strstr(text.p, "top"));
	assert_non_null(strstr(text.p, "secret = \"***\""));
	assert_non_null(strstr(text.p, "secret-file = \"/etc/dir/y\""));
	config_put(c);
	buf_free(&text);
}

static void test_print_is_whole(void **state)
{
	struct config *c = load(all);
	char line[80];
	struct buf text;
	size_t i, k;

	(void)state;
	print_to(&text, c);
	for (i = 0; i < conf_blocks_n; i++)
		for (k = 0; k < conf_blocks[i].options_n; k++) {
			snprintf(line, sizeof(line), "\n\t%s = ",
				 conf_blocks[i].options[k].name);
			if (!strstr(text.p, line))
				fail_msg("%s is not printed", line + 2);
		}
	config_put(c);
	buf_free(&text);
}

/* ---- changes at reload -------------------------------------------------------- */

/* Takes what stands behind ,"key":" up to its quote out of the text. */
static void cut(struct buf *b, const char *key)
{
	char *from, *to;

	buf_put_char(b, '\0');
	while ((from = strstr(b->p, key))) {
		to = strchr(from + strlen(key), '"') + 1;
		memmove(from, to, strlen(to) + 1);
	}
	b->n = strlen(b->p);
}

static void differ(const char *before, const char *after, const char *json,
		   const char *restart)
{
	struct config *a = load(before), *b = load(after);
	struct buf text, keys;

	buf_init(&text, 1u << 20);
	buf_init(&keys, 4096);
	changes_put(&text, a, b);
	cut(&text, ",\"class\":\"");
	cut(&text, ",\"effect\":\"");
	assert_str(buf_str(&text), json);
	assert_int_equal(changes_restart(&keys, a, b), *restart != '\0');
	assert_str(buf_str(&keys), restart);
	buf_free(&text);
	buf_free(&keys);
	config_put(a);
	config_put(b);
}

/* The class of a change is the hardest one of its options. */
static void test_change_classes(void **state)
{
	static const struct {
		const char *before, *after, *class;
	} rows[] = {
		{ "", "limits { quota-count = 9 }", "live" },
		{ "", "node { log-level = debug }", "live" },
		{ "", "node { log-level = debug name = x }", "restart" },
		{ "", "listen \"u\" { }", "link" },
		{ "listen \"u\" { }", "listen \"u\" { port = 1 }", "link" },
		{ "listen \"u\" { }", "listen \"u\" { trusted = {\"::1\"} }",
		  "live" },
		{ "", "route \"1\" { local = yes }", "live" },
	};
	char wanted[32];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct config *a = load(rows[i].before);
		struct config *b = load(rows[i].after);
		struct buf text;

		buf_init(&text, 1u << 20);
		changes_put(&text, a, b);
		snprintf(wanted, sizeof(wanted), "\"class\":\"%s\"",
			 rows[i].class);
		assert_int_not_equal(
			str_search(buf_str(&text), str_of(wanted)), text.n);
		assert_int_equal(changes_count(a, b), 1);
		buf_free(&text);
		config_put(a);
		config_put(b);
	}
}

/* What differs, with both values; secrets are not shown. */
static void test_values_differ(void **state)
{
	struct config *a = load("limits { quota-count = 9 }");
	struct config *b = load("limits { quota-bytes = 1M }");
	struct buf text;

	(void)state;
	buf_init(&text, 1u << 20);
	changes_put_values(&text, a, b);
	assert_str(buf_str(&text),
		   "[{\"block\":\"limits\",\"option\":\"quota-count\","
		   "\"running\":\"9\",\"file\":\"500\"},"
		   "{\"block\":\"limits\",\"option\":\"quota-bytes\","
		   "\"running\":\"50M\",\"file\":\"1M\"}]");
	buf_free(&text);
	config_put(a);
	config_put(b);
}

static void test_changes(void **state)
{
	const char *link = "domain \"s.example\" { served = yes }\n"
		"link \"x\" { kind = xmpp-component port = 1 secret = a\n"
		" component = s.example }\n";

	(void)state;
	differ(all, all, "[]", "");
	differ("", "limits { quota-count = 9 }",
	       "[{\"block\":\"limits\",\"change\":\"changed\",\"options\":"
	       "[\"quota-count\"]}]", "");
	differ("", "node { name = a run-as = b log-level = debug }"
	       "store { file = \"x\" }",
	       "[{\"block\":\"node\",\"change\":\"changed\",\"options\":"
	       "[\"name\",\"run-as\",\"log-level\"]},{\"block\":\"store\","
	       "\"change\":\"changed\",\"options\":[\"file\"]}]",
	       "node.name, node.run-as, store.file");
	differ(link, "domain \"s.example\" { served = yes }\n"
	       "link \"x\" { kind = xmpp-component port = 1 secret = other\n"
	       " component = s.example }\n",
	       "[{\"block\":\"link\",\"name\":\"x\",\"change\":\"changed\","
	       "\"options\":[\"secret\"]}]", "");
	differ(link, "listen \"u\" { }\n",
	       "[{\"block\":\"listen\",\"name\":\"u\",\"change\":\"added\"},"
	       "{\"block\":\"link\",\"name\":\"x\",\"change\":\"removed\"},"
	       "{\"block\":\"domain\",\"name\":\"s.example\",\"change\":"
	       "\"removed\"}]", "");
	differ("link \"x\" { kind = sip-peer port = 1 }", link,
	       "[{\"block\":\"link\",\"name\":\"x\",\"change\":\"changed\","
	       "\"options\":[\"kind\",\"component\",\"secret\",\"secret-file\","
	       "\"encoded\",\"strict-rfc7247\",\"chat\",\"stanza-bytes-max\","
	       "\"corrections\",\"replies\",\"reactions\",\"retractions\","
	       "\"transport\",\"tls\",\"tls-name\",\"ca-file\","
	       "\"cert-file\",\"key-file\",\"inside\",\"targets\",\"sources\","
	       "\"cpim\",\"trusted\"]},"
	       "{\"block\":\"domain\",\"name\":\"s.example\",\"change\":"
	       "\"added\"}]", "");
	differ("route \"1\" { to = \"a.x\" local = yes }\n"
	       "route \"2\" { to = \"b.x\" local = yes }\n",
	       "route \"2\" { to = \"b.x\" local = yes }\n"
	       "route \"1\" { to = \"a.x\" local = yes }\n",
	       "[{\"block\":\"route\",\"change\":\"reordered\"}]", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_rows), TEST(test_values), TEST(test_print_round),
		TEST(test_print_masks), TEST(test_print_is_whole),
		TEST(test_changes), TEST(test_change_classes),
		TEST(test_values_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
