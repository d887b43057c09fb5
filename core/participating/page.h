/* core/participating/page.h: page mode, one message to one recipient: content,
 * reports and isComposing alike. [OMA-IM 4.3, 8.1, 8.2; RFC 3428, RFC 7572]
 */
#pragma once

#include "core/model/machine.h"

extern const struct machine page_machine;
