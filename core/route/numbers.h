/* core/route/numbers.h: recipients that are telephone numbers, made global by
 * the plan of the domain they were written at. [RFC 3966 5.1.4, RFC 3261
 * 19.1.6; sms-interworking A4]
 */
#pragma once

#include "core/model/config.h"

/* Replaces *to by tel:+... when it is a number and a plan makes it one:
   user=phone, a user part of digits where the domain says they are numbers, or
   a local number with a context. Otherwise *to stays. sender_domain (may be
   NULL) helps out when the recipient's has no plan. The name of the plan or
   what else did it is left in *by_out, absent when nothing was done. */
int numbers_resolve(const struct config *conf, struct arena *a,
		    const struct domain_conf *sender_domain, struct addr *to,
		    struct str *by_out) MUST_CHECK;
