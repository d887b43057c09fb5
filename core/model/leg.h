/* core/model/leg.h: one remote of an object, by a 64-bit id that is never used
 * again: a forked MESSAGE, a stanza; later a dialog, a room occupant, a phone.
 *
 * Two lives:
 *   page leg    ends with its one result: EV_SENT is its last event (a request
 *               that came in: it ends with core's one ANSWER)
 *   dialog leg  offer, ring, open, lost, back, slow, closed: every send has one
 *               result (failures only, if so asked), results come before
 *               EV_LEG_CLOSED, and nothing comes after it
 *
 * The low four bits of an id name the protocol whose adapter owns the leg, so
 * that an action finds its adapter without a table.
 */
#pragma once

#include "core/model/addr.h"
#include "core/model/binding.h"

enum proto { PROTO_NONE, PROTO_SIP, PROTO_XMPP, PROTO_SMS, PROTO_MSRP,
	     PROTO_HTTP, PROTO_ADMIN, PROTO_FAKE, PROTOS_N };

static inline enum proto leg_proto(uint64_t leg)
{
	unsigned p = (unsigned)(leg & 15);

	return p < PROTOS_N ? (enum proto)p : PROTO_NONE;
}

const char *proto_name(enum proto p);		/* "sip" */
enum proto proto_by_name(struct str name);	/* PROTO_NONE if unknown */

/* Where one leg of a send goes. Lives as long as its action. */
struct target {
	uint64_t leg;
	uint32_t link;		/* configured link, 0: a registered contact */
	struct addr from, to;	/* as this remote shall see them (rewritten,
				   anonymous, with instance) */
	const struct binding *binding;	/* SIP contact, or NULL */
	bool is_plain;		/* no message/cpim for this one */
	bool is_trusted;	/* may see the asserted identity */
	struct str asserted;	/* identity to assert there, or empty */
};
