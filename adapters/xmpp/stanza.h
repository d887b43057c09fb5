/* adapters/xmpp/stanza.h: what every reader and writer of stanzas needs:
 * namespaces, JIDs as addresses, and the typed encoders. Pure: bytes and trees
 * in, structs out, and back.
 */
#pragma once

#include "adapters/xmpp/xmpp_cause.h"
#include "core/codec/xml.h"
#include "core/model/config.h"
#include "core/model/msg.h"
#include "core/port/intake.h"

#define NS_STANZAS "urn:ietf:params:xml:ns:xmpp-stanzas"
#define NS_RECEIPTS "urn:xmpp:receipts"			/* XEP-0184 */
#define NS_MARKERS "urn:xmpp:chat-markers:0"		/* XEP-0333 */
#define NS_STATES "http://jabber.org/protocol/chatstates"	/* XEP-0085 */
#define NS_DELAY "urn:xmpp:delay"			/* XEP-0203 */
#define NS_NICK "http://jabber.org/protocol/nick"	/* XEP-0172 */
#define NS_HINTS "urn:xmpp:hints"			/* XEP-0334 */
#define NS_SID "urn:xmpp:sid:0"				/* XEP-0359 */
#define NS_SHIM "http://jabber.org/protocol/shim"	/* XEP-0131 */
#define NS_CORRECT "urn:xmpp:message-correct:0"		/* XEP-0308 */
#define NS_REACTIONS "urn:xmpp:reactions:0"		/* XEP-0444 */
#define NS_REPLY "urn:xmpp:reply:0"			/* XEP-0461 */
#define NS_RETRACT "urn:xmpp:message-retract:1"		/* XEP-0424 */
#define NS_RETRACT_OLD "urn:xmpp:message-retract:0"
#define NS_FASTEN "urn:xmpp:fasten:0"			/* XEP-0422 */
#define NS_FALLBACK "urn:xmpp:fallback:0"		/* XEP-0428 */
#define NS_FALLBACK_OLD "urn:xmpp:feature-fallback:0"
#define NS_OOB "jabber:x:oob"				/* XEP-0066 */
#define NS_EME "urn:xmpp:eme:0"				/* XEP-0380 */
#define NS_PING "urn:xmpp:ping"				/* XEP-0199 */
#define NS_DISCO_INFO "http://jabber.org/protocol/disco#info"
#define NS_DISCO_ITEMS "http://jabber.org/protocol/disco#items"
#define NS_VERSION "jabber:iq:version"			/* XEP-0092 */
#define NS_TIME "urn:xmpp:time"				/* XEP-0202 */

/* Stanza ids that are ours alone: an error that names one concerns no message
   of a user. */
#define ID_PING "cwp-"
#define ID_REPORT "cwr-"
#define ID_STATE "cws-"

enum {
	STANZA_ID_MAX = 255,	/* as in struct msg */
	STANZA_TEXT_MAX = 255,	/* words of an error, a display name */
	STANZA_PAYLOAD_MAX = 65536,	/* of an answer of ours */
};

/* Of which link, with which configuration, when. Borrowed. */
struct stanza_ctx {
	const struct link_conf *conf;
	const struct config *config;
	const struct addr_jid_rule *rule;
	const struct intake *in;	/* for fresh trace ids */
	int64_t now_utc_us, now_ms;	/* monotonic: of what runs out */
};

/* The ends of a stanza that came in, prepared. */
struct stanza_ends {
	struct jid from, to;
};

enum stanza_fit {
	STANZA_FITS,
	STANZA_IGNORE,		/* no usable sender, or he is one of ours */
	STANZA_MALFORMED,	/* its recipient is no address of ours */
};

enum stanza_fit stanza_ends_of(struct arena *a, const struct stanza_ctx *ctx,
			       const struct xml_node *stanza,
			       struct stanza_ends *out);

/* May this be the id of a message? Not empty, clean, short enough. */
bool stanza_id_ok(struct str id);

struct str stanza_jid(struct arena *a, const struct jid *j, bool is_bare);

/* One clean line of at most max bytes: controls become blanks, ends trimmed. */
struct str stanza_line(struct arena *a, struct str s, size_t max_bytes);

/* Is that domain ours: this link's, another component's, or served by SIP? */
bool stanza_is_served(const struct stanza_ctx *ctx, struct str domain);

/* name='value', with a blank before it; nothing for an empty value. */
void stanza_put_attr(struct buf *b, const char *name, struct str value);
/* <name xmlns='ns'>text</name>; ns NULL: none. */
void stanza_put_text(struct buf *b, const char *name, const char *ns,
		     struct str text);
/* <kind type='...' from= to= id=: the attributes of a stanza, left open. */
void stanza_put_head(struct buf *b, const char *kind, const char *type,
		     struct str from, struct str to, struct str id);

struct stanza_error {
	enum cause cause;
	struct str text;	/* or empty */
	struct str address;	/* of MOVED and REDIRECT, or empty */
	struct str by;		/* who says so */
	const char *detail, *detail_ns;	/* of an application, or NULL */
};

/* A whole error stanza. [RFC 6120 8.3] */
void stanza_put_error(struct buf *b, const char *kind, struct str from,
		      struct str to, struct str id,
		      const struct stanza_error *e);
/* The answer to a stanza that came in, to its sender as he was written. from:
   its recipient, or our hostname when that is no address. */
void stanza_put_refusal(struct buf *b, const struct xml_node *stanza,
			struct str from, const struct stanza_error *e);
