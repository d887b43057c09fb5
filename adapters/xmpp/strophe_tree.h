/* adapters/xmpp/strophe_tree.h: a stanza of the library as our own tree. */
#pragma once

#include "core/base/arena.h"
#include "core/codec/xml.h"

/* stanza is an xmpp_stanza_t. The tree lies in the arena. Elements deeper than
   XML_DEPTH_MAX, attributes past XML_ATTRS_MAX and what no longer fits are
   left out: *is_cut. NULL: not even the head fits, or it is no element. */
struct xml_node *tree_of(struct arena *a, void *stanza, bool *is_cut);
