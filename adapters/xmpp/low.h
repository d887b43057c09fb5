/* adapters/xmpp/low.h: descriptors below FD_SETSIZE, kept for the links.
 * The XMPP library uses select(), which writes past its sets for a larger
 * descriptor. Places are held by /dev/null from the start of the process, and
 * a socket is moved onto one before it connects.
 */
#pragma once

#include "adapters/xmpp/link.h"

/* Moves fd onto a kept place; fd is closed. Returns the new descriptor, or -1
   (fd is left as it was) when there is no place. */
int low_take(struct xmpp_low *low, int fd);
/* The library has closed fd: take its place again. */
void low_give_back(struct xmpp_low *low, int fd);
