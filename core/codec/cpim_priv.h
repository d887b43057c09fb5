/* core/codec/cpim_priv.h: what reading (cpim.c) and writing (cpim_put.c) of
 * message/cpim share: the headers we know and what names may look like.
 */
#pragma once

#include "core/codec/cpim.h"

#define CPIM_CORE_NS STR("urn:ietf:params:cpim-headers:") /* RFC 3862 4 */
#define CPIM_IMDN_NS STR("urn:ietf:params:imdn")	  /* RFC 5438 6 */

/* 9999-12-31T24:00:00Z, where RFC 3339 ends. */
#define CPIM_DATETIME_END_US INT64_C(253402300800000000)

enum cpim_header {
	CPIM_HEADER_OTHER,
	CPIM_HEADER_FROM,
	CPIM_HEADER_TO,
	CPIM_HEADER_CC,
	CPIM_HEADER_DATETIME,
	CPIM_HEADER_SUBJECT,
	CPIM_HEADER_NS,
	CPIM_HEADER_REQUIRE,
	CPIM_HEADER_MESSAGE_ID,
	CPIM_HEADER_DISPOSITION,
	CPIM_HEADER_ORIGINAL_TO,
	CPIM_HEADER_RECORD_ROUTE,
	CPIM_HEADER_ROUTE,
};

/* The header of that name in ns (absent: CPIM_CORE_NS). is_single_out (may be
   NULL): a second one would be ambiguous. */
enum cpim_header cpim_known_header(struct str ns, struct str name,
				   bool *is_single_out);

/* Words of imdn.Disposition-Notification, bit CPIM_WANT_*; NULL at the end. */
const char *cpim_want_name(size_t i, unsigned *bit_out);

bool cpim_is_name_char(unsigned char c);
bool cpim_is_name(struct str s);
/* May this stand between '<' and '>'? */
bool cpim_is_uri(struct str uri);
bool cpim_is_lang(struct str lang);
/* Is this a MIME header among the CPIM headers? */
bool cpim_is_mime_name(struct str name);
bool cpim_is_control(uint32_t code);
