/* adapters/xmpp/recv_shim.h: libstrophe reads its socket itself and hands what
 * it read to its parser at once. The definition of recv() here wins over the C
 * library's (the object is linked directly), so that a filter sees the bytes
 * first. Without a filter it is the system call and nothing else.
 */
#pragma once

#include <stddef.h>

/* Writes to out what may pass of the n bytes in; 0 and less: as if the other
   side had closed. */
typedef long recv_shim_h(void *arg, const char *in, size_t n, char *out);

/* For the calls that follow on this thread; NULL: none. more: by how much what
   h writes may exceed n, asked at each call. */
void recv_shim_set(recv_shim_h *h, void *arg, size_t (*more)(void *arg));
