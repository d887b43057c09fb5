/* tests/fuzz/fuzz_xml.c: documents from hostile text. A tree that was read is
 * written with xml_put_text and _attr and must read back as the same tree; and
 * any bytes at all make well-formed text.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/utf8.h"
#include "core/codec/xml.h"

#define MEM_MAX 8000000u
#define XML_NS STR("http://www.w3.org/XML/1998/namespace")

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put_declared(struct buf *b, const char *prefix, int i,
			 struct str ns)
{
	buf_printf(b, " xmlns:%s%d=\"", prefix, i);
	xml_put_attr(b, ns);
	buf_put_char(b, '"');
}

static void put_attr(struct buf *b, const struct xml_attr *attr, int i)
{
	bool is_xml = str_eq(attr->ns, XML_NS);

	if (attr->ns.n > 0 && !is_xml)
		put_declared(b, "a", i, attr->ns);
	buf_put_char(b, ' ');
	if (is_xml)
		buf_printf(b, "xml:");
	else if (attr->ns.n > 0)
		buf_printf(b, "a%d:", i);
	buf_put_str(b, attr->name);
	buf_printf(b, "=\"");
	xml_put_attr(b, attr->value);
	buf_put_char(b, '"');
}

/* The depth is bounded by the reader. */
static void put_node(struct buf *b, const struct xml_node *n)
{
	bool is_xml = str_eq(n->ns, XML_NS);
	const char *prefix = is_xml ? "xml:" : n->ns.n > 0 ? "n0:" : "";
	const struct xml_attr *attr;
	const struct xml_node *child;
	int i = 0;

	buf_printf(b, "<%s", prefix);
	buf_put_str(b, n->name);
	if (n->ns.n > 0 && !is_xml)
		put_declared(b, "n", 0, n->ns);
	for (attr = n->attrs; attr; attr = attr->next)
		put_attr(b, attr, i++);
	buf_put_char(b, '>');
	xml_put_text(b, n->text);
	for (child = n->child; child; child = child->next)
		put_node(b, child);
	buf_printf(b, "</%s", prefix);
	buf_put_str(b, n->name);
	buf_put_char(b, '>');
}

static void check_same(const struct xml_node *x, const struct xml_node *y)
{
	const struct xml_attr *p, *q;

	assert(str_eq(x->ns, y->ns) && str_eq(x->name, y->name));
	assert(str_eq(x->text, y->text));
	assert(utf8_valid(x->text));
	for (p = x->attrs, q = y->attrs; p && q; p = p->next, q = q->next) {
		assert(str_eq(p->ns, q->ns) && str_eq(p->name, q->name));
		assert(str_eq(p->value, q->value));
	}
	assert(!p && !q);
	for (x = x->child, y = y->child; x && y; x = x->next, y = y->next)
		check_same(x, y);
	assert(!x && !y);
}

static void check_document(struct arena *a, struct str s, struct buf *b)
{
	struct xml_node *root, *again;
	int err;

	if (xml_parse(a, s, &root) < 0) {
		assert(!root);
		return;
	}
	put_node(b, root);
	/* Written out, the limits may be passed. */
	if (b->err)
		return;
	err = xml_parse(a, buf_str(b), &again);
	assert(err == 0 || err == ERR_LIMIT);
	if (err == 0)
		check_same(root, again);
}

static void check_text(struct arena *a, struct str s, struct buf *b)
{
	struct xml_node *root;

	buf_clear(b);
	buf_printf(b, "<a b=\"");
	xml_put_attr(b, s);
	buf_printf(b, "\">");
	xml_put_text(b, s);
	buf_printf(b, "</a>");
	if (b->err)
		return;
	assert(xml_parse(a, buf_str(b), &root) == 0);
	assert(str_eq(root->text, xml_attr_of(root, "b")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size };
	struct arena *a = arena_new(MEM_MAX);
	struct buf b;

	buf_init(&b, XML_BYTES_MAX);
	check_document(a, s, &b);
	check_text(a, s, &b);
	buf_free(&b);
	arena_free(a);
	return 0;
}
