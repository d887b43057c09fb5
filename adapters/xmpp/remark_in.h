/* adapters/xmpp/remark_in.h: stanzas that say something about an earlier
 * message, as text for who knows no such thing. SIP has none of them, so what
 * becomes of each is policy of the link, or of the sender's domain.
 * [XEP-0308, 0444, 0461, 0424; XEP-0428 for the text meant for such as SIP]
 *
 *   correction  <body>at one?</body><replace id='a1'/>   [corrected] at one?
 *   reaction    <reactions id='a1'><reaction>..          [reacted] ..
 *   retraction  <retract id='a1'/>                       [retracted] ..
 *   reply       <body>&gt; noon?\nyes</body><reply/>     with or without quote
 */
#pragma once

#include "adapters/xmpp/stanza.h"

enum remark_kind { REMARK_NONE, REMARK_CORRECTION, REMARK_REACTION,
		   REMARK_RETRACTION, REMARK_REPLY };

struct remark {
	enum remark_kind kind;
	struct str about;	/* id of the earlier message, clean */
	struct str text;	/* to be sent as the body; empty: there is none */
	bool is_dropped;	/* policy leaves out what was said */
};

/* body: what the stanza's body says, empty when it has none. False: it is no
   remark (kind is NONE). Text lies in the arena or in the stanza. */
bool remark_read(struct arena *a, const struct stanza_ctx *ctx,
		 const struct stanza_ends *ends, const struct xml_node *stanza,
		 struct str body, struct remark *out);

/* The CPIM header that tells a client which knows it what this is about. */
struct cpim_extra remark_header(enum remark_kind kind, struct str about);
