/* core/codec/imdn.h: message/imdn+xml. [RFC 5438 11]
 *
 *   <imdn xmlns="urn:ietf:params:xml:ns:imdn"><message-id>Kq81</message-id>
 *   <datetime>2026-11-21T00:20:00Z</datetime>
 *   <delivery-notification><status><delivered/></status>
 *   </delivery-notification></imdn>
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/str.h"

enum imdn_kind { IMDN_DELIVERY, IMDN_DISPLAY, IMDN_PROCESSING };

/* Which values each kind may have: delivery delivered|failed|forbidden|error;
   display displayed|forbidden|error; processing processed|stored|forbidden|
   error. */
enum imdn_status {
	IMDN_DELIVERED,
	IMDN_FAILED,
	IMDN_DISPLAYED,
	IMDN_PROCESSED,
	IMDN_STORED,
	IMDN_FORBIDDEN,
	IMDN_ERROR,
};

struct imdn {
	struct str message_id;
	int64_t utc_us; /* of the datetime element */
	struct str recipient_uri, original_recipient_uri; /* or absent */
	struct str subject;				  /* or absent */
	enum imdn_kind kind;
	enum imdn_status status;
};

/* Strings in the arena. ERR_SYNTAX (also: DOCTYPE, wrong namespace, a status
   its kind does not know), ERR_LIMIT (64 KiB, depth 16). */
int imdn_parse(struct arena *a, struct str xml, struct imdn *out) MUST_CHECK;

/* The document in the order the schema asks for; foreign text escaped. */
void imdn_put(struct buf *b, const struct imdn *d);

bool imdn_status_fits(enum imdn_kind kind, enum imdn_status status);
