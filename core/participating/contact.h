/* core/participating/contact.h: what a foreign user asks of us or wishes that
 * is no message: a profile, an address, to be registered with this gateway, to
 * see its presence. [XEP-0054, XEP-0077, XEP-0100, RFC 6121 3, RFC 8048 9]
 */
#pragma once

#include "core/model/machine.h"

extern const struct machine contact_machine;
