/* core/participating/request.h: methods that are only let through the door:
 * OPTIONS, and those that no function serves yet.
 */
#pragma once

#include "core/model/machine.h"

extern const struct machine request_machine;
