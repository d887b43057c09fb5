/* core/codec/features.h: feature sets, as a device registers them in its
 * Contact and a caller prefers them. [RFC 3840 9, RFC 3841 7.2 and 10, RFC 2533]
 *
 *   +g.oma.sip-im;methods="MESSAGE,INVITE";mobility=mobile;q=0.5
 *   three features; q is none. No value means TRUE.
 *
 *   *;audio;class="!business";require;explicit
 *   a preference: audio, and not the class business
 *
 * Values are tokens (no case), <strings> (case counts), TRUE and FALSE, and
 * numbers with a leading "#": =5, >=5, <=5, 2:7. A "!" turns one around; a
 * comma means or. Parsing gives slices into the caller's text.
 */
#pragma once

#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/str.h"

enum {
	FEATURES_MAX = 32,		/* of one set; more are ERR_LIMIT */
	FEATURES_TEXT_MAX = 2048,	/* bytes of one set as written */
	FEATURE_VALUES_MAX = 24,	/* of one tag: matching two is a product */
};

struct feature {
	struct str name;	/* without "+" */
	struct str values;	/* without quotes; "TRUE" when none was given */
};

struct features {
	struct feature list[FEATURES_MAX];
	size_t n;
	/* of a preference */
	bool is_required;	/* ;require */
	bool is_explicit;	/* ;explicit */
};

/* Header parameters, with or without a first ';'. What is no feature tag is
   skipped, of a tag given twice the first counts. ERR_SYNTAX (an open quote, an
   empty name, a value that is none), ERR_LIMIT. */
int features_parse(struct str params, struct features *out) MUST_CHECK;
/* One value of Accept-Contact or Reject-Contact: "*" and parameters. */
int features_parse_preference(struct str value, struct features *out)
	MUST_CHECK;
/* Cuts the first value off a header line of several, minding quotes. False
   when *rest is empty. */
bool features_next_value(struct str *rest, struct str *value_out);

/* As parameters, each with its ';' in front: what it parsed, written our way.
   ERR_SYNTAX in the buffer for a set that no parsing made. */
void features_put(struct buf *b, const struct features *f);

/* No feature of one contradicts the other; what only one of them names says
   nothing [RFC 3841 7.2.4]. */
bool features_match(const struct features *a, const struct features *b);
/* How much of the preference the contact speaks of at all, in thousandths; an
   empty preference is met in full. */
unsigned features_score_milli(const struct features *preference,
			      const struct features *contact);
const struct feature *features_find(const struct features *f,
				    struct str name);
