/* core/participating/report.h: what is owed to a sender becomes a message
 * again. The one place where reports are made.
 */
#pragma once

#include "core/model/machine.h"

extern const struct machine report_machine;

/* The report as a message, with one reference: d->to hears what became of the
   message he sent to d->from. fresh: a random number for its ids. */
struct msg *report_build(const struct due *d, int64_t now_utc_us,
			 uint64_t fresh);

/* A message refused at the door that came over a link which gives no answers
   (XMPP): its sender is told at once and nothing is stored, because nothing
   was accepted. NULL when there is nobody to tell (a report, a forged name),
   else one reference. */
struct msg *report_refusal(const struct msg *m, enum cause cause,
			   const struct sent *sent, int64_t now_utc_us,
			   uint64_t fresh);
