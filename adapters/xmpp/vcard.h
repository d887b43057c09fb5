/* adapters/xmpp/vcard.h: a user's profile as vCard. [XEP-0054, XEP-0292] */
#pragma once

#include "adapters/xmpp/stanza.h"
#include "core/model/profile.h"

#define NS_VCARD "vcard-temp"
#define NS_VCARD4 "urn:ietf:params:xml:ns:vcard-4.0"
#define NS_PUBSUB "http://jabber.org/protocol/pubsub"
#define VCARD4_NODE "urn:xmpp:vcard4"

/* jid: his bare one, which is also the name of who told none. */
void vcard_put(struct buf *b, const struct profile *p, struct str jid);
void vcard4_put(struct buf *b, const struct profile *p, struct str jid);
/* The one item of his vCard node, as a pubsub answer. */
void vcard4_put_item(struct buf *b, const struct profile *p, struct str jid);
/* Of the gateway itself. */
void vcard_put_gateway(struct buf *b, struct str host);
