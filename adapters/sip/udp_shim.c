/* adapters/sip/udp_shim.c: the stack's read of a datagram, so that one too many
 * can be refused before anything is parsed: a full parse costs a third of what
 * a message costs in all, and twice the load would leave nothing for the rest.
 * And its question how much there is to read, which on a stream must not be
 * more than one message may have: a peer that sends many at once would get 413
 * for all of them together and be hung up on.
 * The definitions here win over the library's, as the object is linked
 * directly.
 */
#include <dlfcn.h>

#include "adapters/sip/sip_priv.h"

typedef issize_t size_h(su_socket_t s);
typedef issize_t recv_h(su_socket_t s, su_iovec_t iov[], isize_t len,
			int flags, su_sockaddr_t *from, socklen_t *from_n);

issize_t su_vrecv(su_socket_t s, su_iovec_t iov[], isize_t len, int flags,
		  su_sockaddr_t *from, socklen_t *from_n)
{
	static _Thread_local union {
		void *p;
		recv_h *h;
	} real;
	issize_t n;

	if (!real.p)
		real.p = dlsym(RTLD_NEXT, "su_vrecv");
	n = real.p ? real.h(s, iov, len, flags, from, from_n) : -1;
	/* Nothing came, says 0: the stack throws its buffer away. */
	if (n > 0 && from && len == 1 &&
	    sip_admit_sheds(s, iov[0].siv_base, (size_t)n, from))
		return 0;
	return n;
}

issize_t su_getmsgsize(su_socket_t s)
{
	static _Thread_local union {
		void *p;
		size_h *h;
	} real;
	issize_t n;

	if (!real.p)
		real.p = dlsym(RTLD_NEXT, "su_getmsgsize");
	n = real.p ? real.h(s) : -1;
	/* No datagram is as large. */
	return n > UINT16_MAX ? SIP_READ_MAX : n;
}
