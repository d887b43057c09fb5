/* tests/unit/test_xml.c: reading and writing small XML documents, and what the
 * reader must refuse.
 */
#include "tests/unit/unit.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "core/codec/xml.h"

#define MEM_MAX 4000000u

static const char example[] =
	"<a xmlns=\"urn:x\" b=\"1\" p:c=\"&lt;2&amp;&#38;#38;\" "
	"xmlns:p=\"urn:p\">t<c/>u&amp;<p:d xmlns=\"\"><e xml:lang=\"fr\">"
	"in</e></p:d><![CDATA[<v>]]>&#65;</a>";

/* Runs from the root, as make test does. */
static struct str read_data(struct arena *a, const char *name)
{
	char path[100];
	char *p = arena_alloc(a, XML_BYTES_MAX);
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "tests/data/xml/%s", name);
	f = fopen(path, "rb");
	if (!f || !p)
		fail_msg("cannot read %s", path);
	n = fread(p, 1, XML_BYTES_MAX, f);
	fclose(f);
	return (struct str){ p, n };
}

static int parse(struct arena *a, const char *doc, struct xml_node **root)
{
	return xml_parse(a, str_of(doc), root);
}

/* ---- reading ------------------------------------------------------------- */

static void reads_the_worked_example(void **state)
{
	struct arena *a = arena_new(MEM_MAX);
	struct xml_node *root;

	(void)state;
	assert_int_equal(
		parse(a, "<a xmlns=\"urn:x\" b=\"1\">t<c/></a>", &root), 0);
	assert_true(xml_is(root, "urn:x", "a"));
	assert_str(root->text, "t");
	assert_str(xml_attr_of(root, "b"), "1");
	assert_non_null(xml_child(root, "urn:x", "c"));
	assert_null(root->next);
	arena_free(a);
}

static void reads_names_text_and_attributes(void **state)
{
	struct arena *a = arena_new(MEM_MAX);
	struct xml_node *root;
	const struct xml_node *d, *e;

	(void)state;
	assert_int_equal(parse(a, example, &root), 0);
	assert_str(root->text, "tu&<v>A");
	assert_str(root->attrs->name, "b");
	assert_int_equal(root->attrs->ns.n, 0);
	assert_str(root->attrs->next->ns, "urn:p");
	assert_str(root->attrs->next->value, "<2&&#38;");
	assert_null(root->attrs->next->next);
	d = xml_child(root, "urn:p", "d");
	assert_non_null(d);
	assert_ptr_equal(d, xml_child(root, NULL, "d"));
	assert_null(xml_child(root, "urn:x", "d"));
	e = xml_child(d, "", "e");
	assert_non_null(e);
	assert_str(e->text, "in");
	assert_str(e->attrs->ns, "http://www.w3.org/XML/1998/namespace");
	assert_str(xml_attr_of(e, "lang"), "fr");
	assert_null(xml_attr_of(e, "none").p);
	arena_free(a);
}

static void reads_the_documents_of_the_service(void **state)
{
	static const struct {
		const char *file, *ns, *name;
	} rows[] = {
		{ "conf-full.xml", "urn:ietf:params:xml:ns:conference-info",
		  "conference-info" },
		{ "group.xml", "urn:oma:xml:poc:list-service", "group" },
		{ "rl-copycontrol.xml",
		  "urn:ietf:params:xml:ns:resource-lists", "resource-lists" },
		{ "search-req.xml", "urn:oma:xml:xdm:search", "search-set" },
	};
	struct arena *a = arena_new(MEM_MAX);
	const struct xml_node *n;
	struct xml_node *root;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(
			xml_parse(a, read_data(a, rows[i].file), &root), 0);
		assert_true(xml_is(root, rows[i].ns, rows[i].name));
	}
	/* the query of the last one lies in a CDATA section */
	n = xml_child(root, NULL, "search");
	assert_str(xml_attr_of(n, "max-results"), "20");
	n = xml_child(xml_child(n, NULL, "request"), NULL, "query");
	assert_true(str_starts(n->text, STR("xquery version \"1.0\"; ")));
	assert_true(str_ends(n->text, STR("</user-profile>")));
	arena_free(a);
}

static void takes_what_is_harmless(void **state)
{
	static const struct {
		const char *doc, *text;
	} rows[] = {
		{ "\xef\xbb\xbf<a>x</a>", "x" },
		{ "<?xml version='1.0' encoding='utf-8'?><a>x</a>", "x" },
		{ "<?xml version=\"1.0\" encoding = \"UTF-8\" "
		  "standalone=\"yes\"?>\r\n<a>x</a>\r\n",
		  "x" },
		{ "<a><!-- <!DOCTYPE x> -->x</a>", "x" },
		{ "<a><![CDATA[<!DOCTYPE x>]]></a>", "<!DOCTYPE x>" },
		{ "<?pi <!DOCTYPE x> ?><a>x</a>", "x" },
		{ "<a b='>' c='<!'>x</a>", NULL },
		{ "<a b='>'>x</a>", "x" },
		{ "<a>&lt;!DOCTYPE</a>", "<!DOCTYPE" },
		{ "<a>a\r\nb\rc&#13;</a>", "a\nb\nc\r" },
		{ "<a/>", "" },
		{ "<a>\xf0\x9f\x98\x80&#x1f600;</a>",
		  "\xf0\x9f\x98\x80\xf0\x9f\x98\x80" },
	};
	struct arena *a = arena_new(MEM_MAX);
	struct xml_node *root;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		int err = parse(a, rows[i].doc, &root);

		/* '<' inside a value is an error of XML itself */
		if (err != (rows[i].text ? 0 : ERR_SYNTAX))
			fail_msg("%s: %d", rows[i].doc, err);
		if (!err)
			assert_str(root->text, rows[i].text);
	}
	arena_free(a);
}

/* libxml2 hands "&#38;" on where it must not replace entities itself. */
static void restores_ampersands_everywhere(void **state)
{
	struct arena *a = arena_new(MEM_MAX);
	struct xml_node *root;

	(void)state;
	assert_int_equal(parse(a,
			       "<a xmlns='urn:x?y&amp;z' xmlns:p='urn:&#38;'"
			       " p:b='&amp;amp;'>&amp;amp;<c/></a>",
			       &root),
			 0);
	assert_str(root->ns, "urn:x?y&z");
	assert_str(root->child->ns, "urn:x?y&z");
	assert_str(root->text, "&amp;");
	assert_str(root->attrs->ns, "urn:&");
	assert_str(root->attrs->value, "&amp;");
	arena_free(a);
}

static void refuses_bad_documents(void **state)
{
	static const struct str rows[] = {
		STR_LIT(""),
		STR_LIT(" "),
		STR_LIT("x"),
		STR_LIT("<a>"),
		STR_LIT("<a></b>"),
		STR_LIT("<a/><b/>"),
		STR_LIT("<a/>x"),
		STR_LIT("<a b='1' b='2'/>"),
		STR_LIT("<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>"),
		STR_LIT("<p:a/>"),
		STR_LIT("<a p:b='1'/>"),
		STR_LIT("<a>&x;</a>"),
		STR_LIT("<a b='&x;'/>"),
		STR_LIT("<a>&#0;</a>"),
		STR_LIT("<a>&#xffff;</a>"),
		STR_LIT("<a>&</a>"),
		STR_LIT("<a>\x01</a>"),
		STR_LIT("<a>\0</a>"),
		STR_LIT("<a/>\0"),
		STR_LIT("<a>\xff</a>"),
		STR_LIT("<a>\xc0\xaf</a>"),
		STR_LIT("<a>\xed\xa0\x80</a>"),
		/* DOCTYPE in every form */
		STR_LIT("<!DOCTYPE a><a/>"),
		STR_LIT("<!doctype a><a/>"),
		STR_LIT("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>"),
		STR_LIT("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>"),
		STR_LIT("<?xml version='1.0'?><!-- x --><!DOCTYPE a><a/>"),
		STR_LIT("<a><!ENTITY x 'y'></a>"),
		STR_LIT("<a><![IGNORE[x]]></a>"),
		/* other encodings, said or not */
		STR_LIT("<?xml version='1.0' encoding='ISO-8859-1'?><a/>"),
		STR_LIT("<?xml version='1.0' encoding='UTF-16'?><a/>"),
		STR_LIT("<?xml version='1.0' encoding='UTF-7'?>"
			"+ADwAIQ-DOCTYPE a+AD4-<a/>"),
		STR_LIT("<?xml version='1.0' encoding=\"IBM037\"?><a/>"),
		STR_LIT("\xff\xfe<\0a\0/\0>\0"),
		STR_LIT("\xfe\xff\0<\0a\0/\0>"),
		STR_LIT("<\0a\0/\0>\0"),
		STR_LIT("\0\0\0<\0\0\0a\0\0\0/\0\0\0>"),
		/* "<?xml" in EBCDIC */
		STR_LIT("\x4c\x6f\xa7\x94\x93"),
	};
	struct arena *a = arena_new(MEM_MAX);
	struct xml_node *root;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		int err = xml_parse(a, rows[i], &root);

		if (err != ERR_SYNTAX)
			fail_msg("row %zu: %d", i, err);
		assert_null(root);
	}
	arena_free(a);
}

static void refuses_an_entity_bomb(void **state)
{
	static const char bomb[] =
		"<?xml version=\"1.0\"?>\n<!DOCTYPE l [\n"
		"<!ENTITY a \"lol\">\n"
		"<!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">\n"
		"<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\">\n"
		"<!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;\">\n"
		"<!ENTITY e \"&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;\">\n"
		"]><l>&e;</l>";
	struct arena *a = arena_new(MEM_MAX);
	struct xml_node *root;

	(void)state;
	assert_int_equal(parse(a, bomb, &root), ERR_SYNTAX);
	assert_int_equal(arena_used(a), 0);
	arena_free(a);
}

/* ---- limits -------------------------------------------------------------- */

static void limits_the_depth(void **state)
{
	struct arena *a = arena_new(MEM_MAX);
	struct xml_node *root;
	struct buf b;
	int depth, i;

	(void)state;
	buf_init(&b, XML_BYTES_MAX);
	for (depth = XML_DEPTH_MAX; depth <= XML_DEPTH_MAX + 1; depth++) {
		buf_clear(&b);
		for (i = 0; i < depth; i++)
			buf_put_str(&b, STR("<a>"));
		for (i = 0; i < depth; i++)
			buf_put_str(&b, STR("</a>"));
		assert_int_equal(xml_parse(a, buf_str(&b), &root),
				 depth == XML_DEPTH_MAX ? 0 : ERR_LIMIT);
	}
	/* never closed: the limit comes before the missing end is seen */
	buf_clear(&b);
	for (i = 0; i < 20000; i++)
		buf_put_str(&b, STR("<a>"));
	assert_int_equal(xml_parse(a, buf_str(&b), &root), ERR_LIMIT);
	buf_free(&b);
	arena_free(a);
}

static void put_flood(struct buf *b, const char *prefix, int n)
{
	int i;

	buf_clear(b);
	buf_put_str(b, STR("<a"));
	for (i = 0; i < n; i++)
		buf_printf(b, " %s%d='='", prefix, i);
	buf_put_str(b, STR("/>"));
}

/* Namespace declarations count, an '=' inside a value does not. */
static void limits_the_attributes(void **state)
{
	static const char *const prefixes[] = { "a", "xmlns:a" };
	struct arena *a = arena_new(MEM_MAX);
	struct xml_node *root;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, XML_BYTES_MAX);
	for (i = 0; i < COUNT_OF(prefixes); i++) {
		put_flood(&b, prefixes[i], XML_ATTRS_MAX);
		assert_int_equal(xml_parse(a, buf_str(&b), &root), 0);
		put_flood(&b, prefixes[i], XML_ATTRS_MAX + 1);
		assert_int_equal(xml_parse(a, buf_str(&b), &root), ERR_LIMIT);
		put_flood(&b, prefixes[i], 4000);
		assert_int_equal(xml_parse(a, buf_str(&b), &root), ERR_LIMIT);
	}
	buf_free(&b);
	arena_free(a);
}

static void limits_the_bytes(void **state)
{
	struct arena *a = arena_new(MEM_MAX);
	struct xml_node *root;
	struct buf b;

	(void)state;
	buf_init(&b, XML_BYTES_MAX + 1);
	buf_put_str(&b, STR("<a>"));
	while (b.n < XML_BYTES_MAX - 4)
		buf_put_char(&b, 'x');
	buf_put_str(&b, STR("</a>"));
	assert_int_equal(b.n, XML_BYTES_MAX);
	assert_int_equal(xml_parse(a, buf_str(&b), &root), 0);
	assert_int_equal(root->text.n, XML_BYTES_MAX - 7);
	buf_put_char(&b, '\n');
	assert_int_equal(xml_parse(a, buf_str(&b), &root), ERR_LIMIT);
	buf_free(&b);
	arena_free(a);
}

static void fails_whole_in_every_smaller_arena(void **state)
{
	struct arena *a = arena_new(MEM_MAX);
	struct xml_node *root;
	size_t max, needed;

	(void)state;
	assert_int_equal(parse(a, example, &root), 0);
	needed = arena_used(a);
	arena_free(a);
	/* What arena_used counts is rounded up to 16. */
	for (max = 0; max + 16 <= needed; max++) {
		a = arena_new(max);
		assert_int_equal(parse(a, example, &root), ERR_LIMIT);
		assert_null(root);
		arena_free(a);
	}
}

/* ---- manners ------------------------------------------------------------- */

static void prints_nothing(void **state)
{
	struct arena *a = arena_new(MEM_MAX);
	struct xml_node *root;
	int saved = dup(STDERR_FILENO);
	FILE *f = tmpfile();

	(void)state;
	assert_non_null(f);
	assert_true(dup2(fileno(f), STDERR_FILENO) >= 0);
	assert_int_equal(parse(a, "<a b='1' b='2'>&x;</b>", &root), ERR_SYNTAX);
	assert_int_equal(parse(a, "<p:a xmlns='rel/ative'/>", &root),
			 ERR_SYNTAX);
	assert_int_equal(parse(a, "<?xml version='9'?><a/>", &root),
			 ERR_SYNTAX);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
	assert_int_equal(lseek(fileno(f), 0, SEEK_END), 0);
	fclose(f);
	arena_free(a);
}

static void *parse_often(void *arg)
{
	struct arena *a = arena_new(MEM_MAX);
	struct xml_node *root;
	int i;

	for (i = 0; i < 300; i++) {
		if (parse(a, example, &root) != 0 ||
		    !str_eq(root->text, STR("tu&<v>A")) ||
		    parse(a, "<a>&x;</a>", &root) != ERR_SYNTAX)
			*(bool *)arg = false;
		arena_reset(a);
	}
	arena_free(a);
	return NULL;
}

static void runs_on_several_threads(void **state)
{
	bool ok[4] = { true, true, true, true };
	pthread_t threads[4];
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, parse_often,
						&ok[i]),
				 0);
	for (i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_true(ok[i]);
	}
}

/* ---- writing ------------------------------------------------------------- */

static void escapes_text(void **state)
{
	static const struct {
		struct str text;
		const char *as_text, *as_attr;
	} rows[] = {
		{ STR_LIT("plain caf\xc3\xa9"), "plain caf\xc3\xa9",
		  "plain caf\xc3\xa9" },
		{ STR_LIT("<a b=\"c\" d='e'>&"),
		  "&lt;a b=&quot;c&quot; d=&apos;e&apos;&gt;&amp;",
		  "&lt;a b=&quot;c&quot; d=&apos;e&apos;&gt;&amp;" },
		{ STR_LIT("]]>"), "]]&gt;", "]]&gt;" },
		{ STR_LIT("a\tb\nc\rd"), "a\tb\nc&#13;d",
		  "a&#9;b&#10;c&#13;d" },
		{ STR_LIT("a\0b\x01\x1f\xef\xbf\xbf"
			  "c"),
		  "abc", "abc" },
		{ STR_LIT("a\xff\xc3"), "a\xef\xbf\xbd\xef\xbf\xbd",
		  "a\xef\xbf\xbd\xef\xbf\xbd" },
		{ STR_LIT(""), "", "" },
		{ { NULL, 0 }, "", "" },
	};
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, MEM_MAX);
	for (i = 0; i < COUNT_OF(rows); i++) {
		buf_clear(&b);
		xml_put_text(&b, rows[i].text);
		assert_str(buf_str(&b), rows[i].as_text);
		buf_clear(&b);
		xml_put_attr(&b, rows[i].text);
		assert_str(buf_str(&b), rows[i].as_attr);
	}
	buf_free(&b);
}

static void reads_back_what_it_wrote(void **state)
{
	struct str text = STR(" <\"'&>\t\r\n]]>&amp;&#38; \xf0\x9f\x98\x80 ");
	struct arena *a = arena_new(MEM_MAX);
	struct xml_node *root;
	struct buf b;

	(void)state;
	buf_init(&b, MEM_MAX);
	buf_put_str(&b, STR("<a b=\""));
	xml_put_attr(&b, text);
	buf_put_str(&b, STR("\">"));
	xml_put_text(&b, text);
	buf_put_str(&b, STR("</a>"));
	assert_int_equal(xml_parse(a, buf_str(&b), &root), 0);
	assert_true(str_eq(root->text, text));
	assert_true(str_eq(xml_attr_of(root, "b"), text));
	buf_free(&b);
	arena_free(a);
}

static void fails_in_every_smaller_buf(void **state)
{
	struct str text = STR("a<b>\r\xff\x01 end");
	size_t needed, max;
	struct buf b;

	(void)state;
	buf_init(&b, MEM_MAX);
	xml_put_attr(&b, text);
	needed = b.n;
	buf_free(&b);
	for (max = 0; max <= needed; max++) {
		buf_init(&b, max);
		xml_put_attr(&b, text);
		assert_int_equal(b.err, max < needed ? ERR_LIMIT : 0);
		buf_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_the_worked_example),
		TEST(reads_names_text_and_attributes),
		TEST(reads_the_documents_of_the_service),
		TEST(takes_what_is_harmless),
		TEST(restores_ampersands_everywhere),
		TEST(refuses_bad_documents),
		TEST(refuses_an_entity_bomb),
		TEST(limits_the_depth),
		TEST(limits_the_attributes),
		TEST(limits_the_bytes),
		TEST(fails_whole_in_every_smaller_arena),
		TEST(prints_nothing),
		TEST(runs_on_several_threads),
		TEST(escapes_text),
		TEST(reads_back_what_it_wrote),
		TEST(fails_in_every_smaller_buf),
	};

	return cmocka_run_group_tests_name("xml", tests, NULL, NULL);
}
