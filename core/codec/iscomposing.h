/* core/codec/iscomposing.h: application/im-iscomposing+xml. [RFC 3994]
 *
 *   <isComposing xmlns="urn:ietf:params:xml:ns:im-iscomposing">
 *   <state>active</state><refresh>90</refresh></isComposing>
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/str.h"

struct iscomposing {
	bool is_active;		/* an unknown state counts as idle [3.3] */
	uint32_t refresh_s;	/* 0: not given; the receiver takes 120 */
	struct str content_type;	/* what is being composed, or absent */
	int64_t last_active_utc_us;	/* 0: not given */
};

int iscomposing_parse(struct arena *a, struct str xml,
		      struct iscomposing *out) MUST_CHECK;
void iscomposing_put(struct buf *b, const struct iscomposing *c);
