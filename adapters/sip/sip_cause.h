/* adapters/sip/sip_cause.h: failures between SIP's status codes and core's
 * causes, both ways and total. What the XMPP adapter makes of the cause of a
 * code is table 3 of RFC 7247.
 */
#pragma once

#include "core/model/cause.h"

struct sip_status {
	uint16_t code;		/* 300..699 */
	const char *phrase;	/* the standard one */
	const char *warning;	/* text of Warning: 399, or NULL */
	uint16_t retry_after_s; /* when the answer names none; 0: none */
};

/* How a refusal with this cause is written. CAUSE_NONE gives 500: it is no
   refusal. */
struct sip_status sip_cause_to_status(enum cause c);

/* What a final answer 300..699 of the far side means; codes nobody registered
   count as the x00 of their class [RFC 3261 8.1.3.2]. CAUSE_NONE for 2xx and
   for what is no final answer. */
enum cause sip_cause_from_status(unsigned code);
