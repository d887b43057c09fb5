/* core/codec/xml.c: small XML documents by libxml2; see xml.h. The only file
 * of the project that knows libxml2. [XML 1.0, Namespaces in XML 1.0]
 *
 * A document passes a look at its bytes first: UTF-8 only, no DOCTYPE, so many
 * attributes per tag (libxml2 compares each with each), a declared encoding
 * that is the true one. Then libxml2 reads it from memory and tells us of
 * elements and text, from which the tree is built in the arena: no libxml2
 * tree exists, and a limit stops the parser where it is reached.
 * No parser state is shared and nothing is printed, so any thread may call.
 */
#include "core/codec/xml.h"

#include <string.h>

#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include "core/base/utf8.h"

#define AMPERSAND STR("&#38;")

/* One open element. */
struct frame {
	struct xml_node *node;
	struct xml_node *last_child;
	size_t text_from; /* its text so far starts here in text */
};

struct builder {
	struct arena *a;
	xmlParserCtxt *parser;
	int err;
	struct xml_node *root;
	struct frame frames[XML_DEPTH_MAX];
	size_t depth;
	/* The text of all open elements: that of a child lies above its
	   parent's and is gone before the parent's goes on. */
	struct buf text;
};

/* ---- before parsing ------------------------------------------------------ */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* name="value" inside the XML declaration; absent when it is not there. */
static struct str pseudo_attr(struct str decl, struct str name)
{
	size_t at = str_search(decl, name), end;
	struct str rest = str_trim(str_from(decl, at + name.n));

	if (at == decl.n || !str_starts(rest, STR("=")))
		return STR_NONE;
	rest = str_trim(str_from(rest, 1));
	if (rest.n == 0 || (rest.p[0] != '"' && rest.p[0] != '\''))
		return STR_NONE;
	end = str_find(str_from(rest, 1), rest.p[0]);
	return str_sub(rest, 1, end);
}

/* <?xml version="1.0" encoding="utf-8"?>: any other encoding would make the
   parser read other characters than we checked. */
static bool is_encoding_ok(struct str doc)
{
	struct str encoding;

	if (!str_starts(doc, STR("<?xml")) || doc.n < 6 || !is_blank(doc.p[5]))
		return true;
	encoding = pseudo_attr(str_sub(doc, 0, str_search(doc, STR("?>"))),
			       STR("encoding"));
	return !encoding.p || str_ieq(encoding, STR("UTF-8"));
}

/* Skips what begins at the front with open and ends with close. */
static bool skip_section(struct str *s, struct str open, struct str close)
{
	size_t at;

	if (!str_starts(*s, open))
		return false;
	at = str_search(str_from(*s, open.n), close);
	*s = str_from(*s, open.n + at + close.n);
	return true;
}

/* Goes behind the tag at the front, counting its attributes. */
static int skip_tag(struct str *s)
{
	size_t attrs = 0, i;
	char quote = 0;

	for (i = 1; i < s->n; i++) {
		char c = s->p[i];

		if (quote) {
			if (c == quote)
				quote = 0;
		} else if (c == '"' || c == '\'') {
			quote = c;
		} else if (c == '=' && ++attrs > XML_ATTRS_MAX) {
			return ERR_LIMIT;
		} else if (c == '>') {
			break;
		}
	}
	*s = str_from(*s, i + 1);
	return 0;
}

/* The markup in s is only what we take: tags, comments, CDATA, processing
   instructions. Anything else with "<!" is a DOCTYPE or part of one. */
static int check_markup(struct str s)
{
	for (;;) {
		int err;

		s = str_from(s, str_find(s, '<'));
		if (s.n == 0)
			return 0;
		if (skip_section(&s, STR("<!--"), STR("-->")) ||
		    skip_section(&s, STR("<![CDATA["), STR("]]>")) ||
		    skip_section(&s, STR("<?"), STR("?>")))
			continue;
		if (str_starts(s, STR("<!")))
			return ERR_SYNTAX;
		err = skip_tag(&s);
		if (err < 0)
			return err;
	}
}

static int check_doc(struct str doc)
{
	if (doc.n > XML_BYTES_MAX)
		return ERR_LIMIT;
	if (doc.n == 0 || memchr(doc.p, '\0', doc.n) || !utf8_valid(doc) ||
	    !is_encoding_ok(doc))
		return ERR_SYNTAX;
	return check_markup(doc);
}

/* ---- the tree ------------------------------------------------------------ */

static void fail(struct builder *b, int err)
{
	if (!b->err)
		b->err = err;
}

/* Last in a handler: stopping frees the text that its arguments point to. */
static void stop_if_failed(struct builder *b)
{
	if (b->err)
		xmlStopParser(b->parser);
}

static struct str str_of_xml(const xmlChar *s)
{
	return str_of((const char *)s);
}

static struct str keep(struct builder *b, struct str s)
{
	struct str copy;

	if (arena_str(b->a, s, &copy) < 0)
		fail(b, ERR_LIMIT);
	return copy;
}

/* libxml2 leaves every ampersand of an attribute value, a namespace's too, as
   "&#38;" unless it may replace entities, which it may not. */
static struct str keep_value(struct builder *b, struct str value)
{
	struct str mark = AMPERSAND, rest = value;
	char *p = arena_alloc(b->a, value.n + 1);
	size_t n = 0;

	if (!p) {
		fail(b, ERR_LIMIT);
		return STR_NONE;
	}
	while (rest.n > 0) {
		p[n++] = rest.p[0];
		rest = str_from(rest, str_starts(rest, mark) ? mark.n : 1);
	}
	p[n] = '\0';
	return (struct str){ p, n };
}

/* Namespaces repeat from element to element: one copy for a family. */
static struct str keep_ns(struct builder *b, struct str ns)
{
	const struct frame *top = b->depth > 0 ? &b->frames[b->depth - 1]
					       : NULL;

	if (str_search(ns, AMPERSAND) < ns.n)
		return keep_value(b, ns);
	if (top && str_eq(top->node->ns, ns))
		return top->node->ns;
	if (top && top->last_child && str_eq(top->last_child->ns, ns))
		return top->last_child->ns;
	return keep(b, ns);
}

/* attrs holds five pointers for each: name, prefix, namespace, value and the
   end of the value. */
static void add_attrs(struct builder *b, struct xml_node *node, int attrs_n,
		      const xmlChar **attrs)
{
	struct xml_attr **at = &node->attrs;
	int i;

	for (i = 0; i < attrs_n && !b->err; i++, attrs += 5) {
		struct xml_attr *attr = arena_zalloc(b->a, sizeof(*attr));
		const char *value = (const char *)attrs[3];

		if (!attr) {
			fail(b, ERR_LIMIT);
			return;
		}
		attr->ns = keep_ns(b, str_of_xml(attrs[2]));
		attr->name = keep(b, str_of_xml(attrs[0]));
		attr->value = keep_value(
			b,
			(struct str){ value, (size_t)((const char *)attrs[4] -
						      value) });
		*at = attr;
		at = &attr->next;
	}
}

/* Hangs the node below the innermost open element and opens it. */
static void push_node(struct builder *b, struct xml_node *node)
{
	struct frame *parent = b->depth > 0 ? &b->frames[b->depth - 1] : NULL;

	if (!parent)
		b->root = node;
	else if (parent->last_child)
		parent->last_child->next = node;
	else
		parent->node->child = node;
	if (parent)
		parent->last_child = node;
	b->frames[b->depth++] = (struct frame){ .node = node,
						.text_from = b->text.n };
}

static void on_start(void *arg, const xmlChar *name, const xmlChar *prefix,
		     const xmlChar *ns, int namespaces_n,
		     const xmlChar **namespaces, int attrs_n, int defaulted_n,
		     const xmlChar **attrs)
{
	struct builder *b = arg;
	struct xml_node *node = NULL;

	(void)prefix, (void)namespaces, (void)defaulted_n;
	if (b->err)
		return;
	if (b->depth < XML_DEPTH_MAX && attrs_n <= XML_ATTRS_MAX &&
	    namespaces_n <= XML_ATTRS_MAX)
		node = arena_zalloc(b->a, sizeof(*node));
	if (node) {
		node->ns = keep_ns(b, str_of_xml(ns));
		node->name = keep(b, str_of_xml(name));
		add_attrs(b, node, attrs_n, attrs);
		push_node(b, node);
	} else {
		fail(b, ERR_LIMIT);
	}
	stop_if_failed(b);
}

static void on_end(void *arg, const xmlChar *name, const xmlChar *prefix,
		   const xmlChar *ns)
{
	struct builder *b = arg;
	struct frame *frame;
	struct str text;

	(void)name, (void)prefix, (void)ns;
	if (b->err || b->depth == 0)
		return;
	frame = &b->frames[--b->depth];
	text = str_from(buf_str(&b->text), frame->text_from);
	frame->node->text = text.n > 0 ? keep(b, text) : STR("");
	b->text.n = frame->text_from;
	stop_if_failed(b);
}

static void on_text(void *arg, const xmlChar *text, int n)
{
	struct builder *b = arg;

	if (b->err || b->depth == 0 || n <= 0)
		return;
	buf_put(&b->text, text, (size_t)n);
	if (b->text.err)
		fail(b, b->text.err);
	stop_if_failed(b);
}

/* A second lock: check_markup should have met it. */
static void on_doctype(void *arg, const xmlChar *name, const xmlChar *public_id,
		       const xmlChar *system_id)
{
	(void)name, (void)public_id, (void)system_id;
	fail(arg, ERR_SYNTAX);
	stop_if_failed(arg);
}

/* Errors show in wellFormed; this one keeps them off stderr. */
static void on_error(void *arg, xmlError *error)
{
	(void)arg, (void)error;
}

static void set_handlers(xmlParserCtxt *parser, struct builder *b)
{
	xmlSAXHandler *sax = parser->sax;

	memset(sax, 0, sizeof(*sax));
	sax->initialized = XML_SAX2_MAGIC;
	sax->startElementNs = on_start;
	sax->endElementNs = on_end;
	sax->characters = on_text;
	sax->ignorableWhitespace = on_text;
	sax->cdataBlock = on_text;
	sax->internalSubset = on_doctype;
	sax->serror = on_error;
	parser->userData = b;
}

static int run_parser(struct builder *b, struct str doc)
{
	xmlParserCtxt *parser;
	int err = 0;

	xmlInitParser(); /* does something once per process only */
	parser = xmlCreateMemoryParserCtxt(doc.p, (int)doc.n);
	if (!parser)
		return ERR_LIMIT;
	b->parser = parser;
	(void)xmlCtxtUseOptions(parser, XML_PARSE_NONET | XML_PARSE_NOERROR |
						XML_PARSE_NOWARNING |
						XML_PARSE_IGNORE_ENC);
	set_handlers(parser, b);
	(void)xmlParseDocument(parser);
	if (b->err)
		err = b->err;
	else if (!parser->wellFormed || !parser->nsWellFormed)
		err = ERR_SYNTAX;
	/* Nothing should have made one; not ours to keep if it did. */
	if (parser->myDoc)
		xmlFreeDoc(parser->myDoc);
	parser->myDoc = NULL;
	xmlFreeParserCtxt(parser);
	return err;
}

/* <a xmlns="urn:x" b="1">t<c/></a>  ->  ns "urn:x", name "a", text "t", one
   attribute without namespace, one child */
int xml_parse(struct arena *a, struct str doc, struct xml_node **root_out)
{
	struct builder b = { .a = a };
	int err;

	*root_out = NULL;
	if (str_starts(doc, STR("\xef\xbb\xbf")))
		doc = str_from(doc, 3);
	err = check_doc(doc);
	if (err < 0)
		return err;
	/* Text never gets longer than the document that holds it. */
	buf_init(&b.text, XML_BYTES_MAX);
	err = run_parser(&b, doc);
	buf_free(&b.text);
	if (err < 0)
		return err;
	if (!b.root)
		return ERR_SYNTAX;
	*root_out = b.root;
	return 0;
}

/* ---- reading the tree ---------------------------------------------------- */

bool xml_is(const struct xml_node *n, const char *ns, const char *name)
{
	return (!ns || str_eq(n->ns, str_of(ns))) &&
	       str_eq(n->name, str_of(name));
}

const struct xml_node *xml_child(const struct xml_node *n, const char *ns,
				 const char *name)
{
	const struct xml_node *child;

	for (child = n->child; child; child = child->next)
		if (xml_is(child, ns, name))
			return child;
	return NULL;
}

struct str xml_attr_of(const struct xml_node *n, const char *name)
{
	const struct xml_attr *attr;

	for (attr = n->attrs; attr; attr = attr->next)
		if (str_eq(attr->name, str_of(name)))
			return attr->value;
	return STR_NONE;
}

/* ---- writing ------------------------------------------------------------- */

/* The reference for a character that may not stand as it is. A carriage return
   would be read as a line feed [XML 1.0 2.11], white space in an attribute as
   a blank [3.3.3]. */
static const char *reference(uint32_t code, bool is_attr)
{
	/* clang-format off */
	switch (code) {
	case '<': return "&lt;";
	case '>': return "&gt;";
	case '&': return "&amp;";
	case '"': return "&quot;";
	case '\'': return "&apos;";
	case '\r': return "&#13;";
	case '\n': return is_attr ? "&#10;" : NULL;
	case '\t': return is_attr ? "&#9;" : NULL;
	default: return NULL;
	}
	/* clang-format on */
}

/* ASCII that stands for itself in text and attributes. */
static bool is_plain(unsigned char c)
{
	return c >= ' ' && c < 0x7f && c != '&' && c != '<' && c != '>' &&
	       c != '"' && c != '\'';
}

/* Characters that need nothing are put as one run. */
static void put_escaped(struct buf *b, struct str s, bool is_attr)
{
	size_t run = 0, at = 0;

	while (at < s.n) {
		uint32_t code = 0;
		const char *ref;
		size_t n;

		if (is_plain((unsigned char)s.p[at])) {
			at++;
			continue;
		}
		n = utf8_next(str_from(s, at), &code);
		ref = n > 0 ? reference(code, is_attr) : "\xef\xbf\xbd";
		if (ref || !utf8_is_xml_char(code)) {
			buf_put_str(b, str_sub(s, run, at - run));
			buf_put_str(b, str_of(ref));
			run = at + (n > 0 ? n : 1);
		}
		at += n > 0 ? n : 1;
	}
	buf_put_str(b, str_from(s, run));
}

void xml_put_text(struct buf *b, struct str text)
{
	put_escaped(b, text, false);
}

void xml_put_attr(struct buf *b, struct str value)
{
	put_escaped(b, value, true);
}
