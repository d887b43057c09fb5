/* core/participating/report.h: what is owed to a sender becomes a message
 * again. The one place where reports are made.
 */
#pragma once

#include "core/model/machine.h"

extern const struct machine report_machine;
