/* gateway/ctl/dns.h: can a SIP domain be found in DNS [RFC 3263 4]? Asks the
 * resolver of this machine, and waits for it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What was found, in words. False: nobody would find the domain, or a name it
   points to has no address. */
bool dns_check_domain(const char *domain, char *detail_out, size_t size);
