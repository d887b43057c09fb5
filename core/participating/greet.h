/* core/participating/greet.h: the gateway's own presence after a link came up:
 * who registered and sees it is told that it is there. [XEP-0100 4.4, RFC 6121
 * 4.2; X-5]
 */
#pragma once

#include "core/model/machine.h"

extern const struct machine greet_machine;

/* May anybody be waiting for it behind that link? */
bool greet_is_due(const struct config *c, uint32_t link);
/* The state of a new object, which then needs one event to begin. */
void greet_init(void *state, uint32_t link);
