/* adapters/xmpp/strophe_tree.c: the library's stanza as a struct xml_node; see
 * strophe_tree.h. Copies, so that nothing above the transport holds a pointer
 * into the library. xml:lang arrives as the attribute "lang", since the library
 * drops the namespaces of attributes.
 */
#include "adapters/xmpp/strophe_tree.h"

#include <strophe.h>

#include "core/base/buf.h"

enum {
	NODES_MAX = 4096,	/* of one stanza: a roster-sized form has
				   hundreds */
	TEXT_BYTES_MAX = 524288,	/* of one element: servers allow no
					   larger stanza */
};

struct walk {
	struct arena *arena;
	unsigned nodes_n;
	bool is_cut;
};

static bool copy(struct walk *w, const char *s, struct str *out)
{
	if (arena_str(w->arena, str_of(s ? s : ""), out) < 0) {
		w->is_cut = true;
		return false;
	}
	return true;
}

static void copy_attrs(struct walk *w, xmpp_stanza_t *stanza,
		       struct xml_node *node)
{
	const char *pairs[2 * XML_ATTRS_MAX];
	struct xml_attr **end = &node->attrs, *attr;
	int i, n;

	n = xmpp_stanza_get_attributes(stanza, pairs, 2 * XML_ATTRS_MAX);
	if (n < 2 * xmpp_stanza_get_attribute_count(stanza))
		w->is_cut = true;
	for (i = 0; i + 1 < n; i += 2) {
		attr = arena_zalloc(w->arena, sizeof(*attr));
		if (!attr || !copy(w, pairs[i], &attr->name) ||
		    !copy(w, pairs[i + 1], &attr->value)) {
			w->is_cut = true;
			return;
		}
		*end = attr;
		end = &attr->next;
	}
}

/* Text of the element itself: its text children joined. */
static void copy_text(struct walk *w, xmpp_stanza_t *stanza,
		      struct xml_node *node)
{
	xmpp_stanza_t *child, *only = NULL;
	struct buf b;
	size_t n = 0;

	for (child = xmpp_stanza_get_children(stanza); child;
	     child = xmpp_stanza_get_next(child))
		if (xmpp_stanza_is_text(child)) {
			only = child;
			n++;
		}
	if (n <= 1) {
		copy(w, only ? xmpp_stanza_get_text_ptr(only) : "",
		     &node->text);
		return;
	}
	buf_init(&b, TEXT_BYTES_MAX);
	for (child = xmpp_stanza_get_children(stanza); child;
	     child = xmpp_stanza_get_next(child))
		if (xmpp_stanza_is_text(child))
			buf_put_str(&b,
				    str_of(xmpp_stanza_get_text_ptr(child)));
	if (b.err < 0 || arena_str(w->arena, buf_str(&b), &node->text) < 0)
		w->is_cut = true;
	buf_free(&b);
}

static struct xml_node *copy_node(struct walk *w, xmpp_stanza_t *stanza,
				  unsigned depth)
{
	struct xml_node *node, **end;
	xmpp_stanza_t *child;

	if (depth >= XML_DEPTH_MAX || w->nodes_n >= NODES_MAX) {
		w->is_cut = true;
		return NULL;
	}
	node = arena_zalloc(w->arena, sizeof(*node));
	if (!node || !copy(w, xmpp_stanza_get_name(stanza), &node->name) ||
	    !copy(w, xmpp_stanza_get_ns(stanza), &node->ns))
		return NULL;
	w->nodes_n++;
	copy_attrs(w, stanza, node);
	copy_text(w, stanza, node);
	end = &node->child;
	for (child = xmpp_stanza_get_children(stanza); child;
	     child = xmpp_stanza_get_next(child)) {
		if (!xmpp_stanza_is_tag(child))
			continue;
		*end = copy_node(w, child, depth + 1);
		if (!*end)
			break;
		end = &(*end)->next;
	}
	return node;
}

struct xml_node *tree_of(struct arena *a, void *stanza, bool *is_cut)
{
	struct walk w = { .arena = a };
	struct xml_node *node = NULL;

	if (xmpp_stanza_is_tag(stanza))
		node = copy_node(&w, stanza, 0);
	*is_cut = w.is_cut || arena_err(a) < 0;
	return node;
}
