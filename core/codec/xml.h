/* core/codec/xml.h: reading small documents by libxml2's memory parser, with
 * its dangers off: no network, no DOCTYPE (refused before parsing), no
 * entities but the five, limits on size, depth and attributes. No libxml2 type
 * shows here. And writing: every text goes through xml_put_text/_attr.
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/str.h"

/* A read-only element tree in the arena; text is that of the element itself,
   joined, without its children's. */
struct xml_attr {
	struct xml_attr *next;
	struct str ns, name, value;
};

struct xml_node {
	struct xml_node *next, *child; /* next sibling, first child element */
	struct str ns, name, text;
	struct xml_attr *attrs;
};

enum { XML_BYTES_MAX = 65536, XML_DEPTH_MAX = 64, XML_ATTRS_MAX = 64 };

int xml_parse(struct arena *a, struct str doc,
	      struct xml_node **root_out) MUST_CHECK;
/* The first child element of that name (any ns when ns is NULL), or NULL. */
const struct xml_node *xml_child(const struct xml_node *n, const char *ns,
				 const char *name);
bool xml_is(const struct xml_node *n, const char *ns, const char *name);
struct str xml_attr_of(const struct xml_node *n, const char *name);

/* Escapes < > & " '; drops what XML 1.0 cannot hold, U+FFFD for bad bytes. */
void xml_put_text(struct buf *b, struct str text);
/* As xml_put_text, for a value between quotes: TAB and LF survive too. */
void xml_put_attr(struct buf *b, struct str value);
