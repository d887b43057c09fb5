/* adapters/xmpp/register.h: registration with the gateway, and addresses as
 * people type them. [XEP-0077, XEP-0100]
 */
#pragma once

#include "adapters/xmpp/stanza.h"
#include "core/model/event.h"

#define NS_REGISTER "jabber:iq:register"
#define NS_GATEWAY "jabber:iq:gateway"

/* What is asked for, with what he told before. */
void register_put_form(struct buf *b, const struct profile *p,
		       bool is_registered);
/* A set: *ask becomes REGISTER or LEAVE. CAUSE_NONE with *is_cancel_out: he
   sent the form back empty on purpose. */
enum cause register_read(const struct xml_node *query, struct inquiry *ask,
			 bool *is_cancel_out);

void gateway_put_prompt(struct buf *b);
enum cause gateway_read(const struct xml_node *query, struct inquiry *ask);
/* The JID that stands for this address here. NOT_FOUND: there is none. */
enum cause gateway_jid(struct arena *a, const struct stanza_ctx *ctx,
		       const struct addr *addr, struct str *jid_out);
