/* core/model/report.h: what became of a message. [RFC 5438, XEP-0184, 0333]
 * A report travels as a message like others (MSG_REPORT).
 */
#pragma once

#include "core/codec/imdn.h"
#include "core/model/addr.h"
#include "core/model/cause.h"

/* Which reports a sender wants: the bits of CPIM_WANT_* (core/codec/cpim.h). */
enum {
	WANT_DELIVERED = 1,	/* positive-delivery, receipt request */
	WANT_FAILED = 2,	/* negative-delivery */
	WANT_PROCESSING = 4,
	WANT_DISPLAYED = 8,	/* display, markable */
};

struct report {
	enum imdn_kind kind;
	enum imdn_status status;
	struct str msg_id;		/* end-to-end id of the message it is
					   about, as its sender wrote it */
	int64_t utc_us;			/* when it happened */
	enum cause cause;		/* of a failure, else CAUSE_NONE */
	struct str text;		/* far side's words, clean; may be empty */
	struct str address;		/* of MOVED and REDIRECT: where to */
};

const char *report_status_name(enum imdn_status s);	/* "delivered" */
bool report_status_by_name(struct str name, enum imdn_status *out);
