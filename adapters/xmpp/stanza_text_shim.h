/* adapters/xmpp/stanza_text_shim.h: libstrophe writes every stanza it receives
 * out again as text, for a line of its debug log, log or no log: a quarter of
 * what its reading costs. The definition of xmpp_stanza_to_text() here wins
 * over the library's (the object is linked directly) and declines while it is
 * told to; the library then goes on without the line.
 */
#pragma once

#include <stdbool.h>

/* From now on stanzas are not written as text (or again are). Off while the
   library sends stanzas of its own: during the handshake. */
void stanza_text_shim_quiet(bool on);
