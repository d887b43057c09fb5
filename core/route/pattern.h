/* core/route/pattern.h: address patterns of the configuration, matched on the
 * canonical text of an address. "*" stands for any run of characters.
 *
 *   "" or "*"               every address
 *   "sip:bob@sip.example"   him; the scheme may be left out
 *   "*@corp.example"        every user of that domain
 *   "bob@*.example"         bob of every domain below example
 *   "corp.example"          the domain itself and every user of it
 *   "tel:+49*" or "+49*"    numbers; - . ( ) in a pattern do not count
 *
 * The user part is compared as it stands in the canonical text (escaped, case
 * counts), the domain without case.
 */
#pragma once

#include "core/model/addr.h"

enum { PATTERN_BYTES_MAX = 1024 };	/* longer ones match nothing */

/* In at most pattern.n * text.n steps, without recursion. */
bool pattern_match(struct str pattern, const struct addr *addr);

/* Any of them; false for an empty list. */
bool pattern_match_any(const struct str *list, size_t n,
		       const struct addr *addr);
