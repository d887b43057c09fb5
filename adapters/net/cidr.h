/* adapters/net/cidr.h: numeric addresses and networks, as "10.0.0.0/8" or
 * "2001:db8::1".
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/base/str.h"

/* family_out is AF_INET or AF_INET6; the address is in network order, the
   bytes an IPv4 address does not use stay as they are. */
bool cidr_parse_ip(struct str s, int *family_out, uint8_t out[16]);

/* Does a network or a single address hold ip? False also when it is neither. */
bool cidr_holds(struct str cidr, int family, const uint8_t ip[16]);
bool cidr_is_loopback(struct str address);
