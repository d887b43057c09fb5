/* adapters/sip/getaddrinfo_shim.h: two corrections of sofia-sip's environment.
 *
 * getaddrinfo(): sofia-sip calls it on the SIP thread when a stateless error
 * reply goes to a host name in Via, and a slow resolver then stalls the node.
 * The definition here wins over the C library's (the object is linked
 * directly) and asks for numeric addresses only on a thread that said so.
 *
 * Clock: sofia-sip reads CLOCK_REALTIME for its timers, so that a step of the
 * clock fires or stalls them all. Its hooks for tests are fed from the
 * monotonic clock instead. The library exports them without a header.
 */
#pragma once

#include <stdbool.h>

/* From now on names are not resolved on the calling thread (or again are). */
void sip_shim_numeric_only(bool on);

/* How often a name was refused on such a thread; for tests. */
unsigned long sip_shim_refused(void);

/* Once per process, before the first su_root is made. */
void sip_shim_clock(void);
