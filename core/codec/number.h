/* core/codec/number.h: telephone numbers as written in tel: URIs and in SIP
 * user parts with user=phone. [RFC 3966, ITU-T E.164]
 *
 *   "+1-555-0100;ext=7"  ->  global, digits "15550100", params "ext=7"
 *   "7042;phone-context=example.net"  ->  local, digits "7042"
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/base/str.h"

struct number {
	bool is_global;		/* written with "+" */
	struct str digits;	/* separators removed, without "+"; local
				   numbers may hold * # A-D; in the arena */
	struct str context;	/* phone-context of a local number, or absent */
	struct str params;	/* the rest after the first ';' */
};

/* tel-subscriber with its parameters, percent-decoded before. Global: 1..15
   digits. Local: 1..20 characters and a phone-context, unless allow_bare.
   ERR_SYNTAX otherwise. */
int number_parse(struct arena *a, struct str s, bool allow_bare,
		 struct number *out) MUST_CHECK;

/* Canonical text: "tel:+15550100", "tel:7042;phone-context=example.net". */
int number_canon(struct arena *a, const struct number *n, struct str *out)
	MUST_CHECK;

/* One numbering plan [spec: architecture.md 7]: how local writing becomes
   E.164. Empty strings are unused. */
struct number_plan {
	struct str name;
	struct str country;		/* "49" */
	struct str trunk;		/* "0" */
	struct str international;	/* "00" */
	uint8_t min_digits, max_digits;	/* of the E.164 number */
};

/* "0151 1234567" with plan 49/0/00 -> "+491511234567" (with the plus, in the
   arena). A number that is global already passes through when its length
   fits. ERR_DECLINED when the plan cannot make one of it. */
int number_to_e164(struct arena *a, const struct number_plan *plan,
		   struct str written, struct str *e164_out) MUST_CHECK;
