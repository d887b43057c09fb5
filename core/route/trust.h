/* core/route/trust.h: who a target is told the sender is. [RFC 3323, RFC 3325,
 * OMA-IM 3.2]
 *
 *                        own client      trusted SIP peer   anybody else
 *   one of ours          asserted        asserted           From only
 *   a foreign sender     From only       asserted *         From only
 *   who asks for privacy anonymous       anonymous,         anonymous
 *                                        asserted
 *   * not when only a SIP peer of trust external vouches for him
 *
 * "Anonymous" is From and, as it is made of it, the From inside message/cpim:
 * an anonymous header around a signed letter would be no anonymity [CP05].
 */
#pragma once

#include "core/route/choose.h"

/* Fills from, asserted and is_trusted of t, whose other fields stay. Strings
   are those of the route. */
void trust_apply(const struct config *conf, const struct msg *m,
		 const struct route *r, struct target *t);
