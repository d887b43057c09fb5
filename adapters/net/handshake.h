/* adapters/net/handshake.h: what the TLS connections of sofia-sip do before
 * there is anything for its parser. See handshake_shim.c.
 */
#pragma once

/* Called with the descriptor when an accepted connection's handshake is done;
   NULL: nobody wants to know. */
typedef void net_shaken_h(int fd);
void net_tls_on_shaken(net_shaken_h *h);
