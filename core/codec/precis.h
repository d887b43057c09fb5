/* core/codec/precis.h: comparison forms of internationalised names, for JIDs.
 * [RFC 8264, RFC 8265, RFC 5892 A, RFC 5893 2]
 *
 *   "Fußball" and "ＦＵßball"  ->  "fußball"
 *
 * Input is valid UTF-8 of at most PRECIS_MAX bytes without controls. Results
 * lie in the arena (an empty one is the input itself). ERR_SYNTAX when the
 * text cannot be such a name, ERR_LIMIT past the arena or past PRECIS_MAX.
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/base/str.h"

enum { PRECIS_MAX = 1023 };	/* bytes, RFC 7622 3.2..3.4 */

/* UsernameCaseMapped [RFC 8265 3.3]: width mapped, lower case, NFC; letters
   and digits of any script, printable ASCII, the context and bidi rules. */
int precis_username(struct arena *a, struct str s, struct str *out) MUST_CHECK;

/* OpaqueString [RFC 8265 4.2]: blanks become U+0020, NFC, case stays. What the
   owner's server admitted is not judged again: emoji sequences hold code
   points that FreeformClass forbids, and people put them into nicknames. */
int precis_opaque(struct arena *a, struct str s, struct str *out) MUST_CHECK;

/* Width mapped, lower case, NFC, any characters: domain names
   [RFC 7622 3.2.2]. */
int precis_fold(struct arena *a, struct str s, struct str *out) MUST_CHECK;

/* General category Zs, U+0020 among them. */
bool precis_is_blank(uint32_t code);
