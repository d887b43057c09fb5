/* core/participating/register.h: what a REGISTER changes. [RFC 3261 10.3] */
#pragma once

#include "core/model/machine.h"

extern const struct machine register_machine;
