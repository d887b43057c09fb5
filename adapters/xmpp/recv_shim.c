/* adapters/xmpp/recv_shim.c: see recv_shim.h. */
#include "adapters/xmpp/recv_shim.h"

#include <sys/socket.h>
#include <sys/types.h>

enum { CHUNK_BYTES = 4096 };	/* what the library asks for */

static _Thread_local struct {
	recv_shim_h *h;
	void *arg;
	size_t (*more)(void *arg);
} filter;

void recv_shim_set(recv_shim_h *h, void *arg, size_t (*more)(void *arg))
{
	filter.h = h;
	filter.arg = arg;
	filter.more = more;
}

ssize_t recv(int fd, void *p, size_t n, int flags)
{
	size_t more = filter.h ? filter.more(filter.arg) : 0;
	char in[CHUNK_BYTES];
	ssize_t got;
	long kept;

	if (!filter.h || n <= more)
		return recvfrom(fd, p, n, flags, NULL, NULL);
	n -= more;
	got = recvfrom(fd, in, n < sizeof(in) ? n : sizeof(in), flags, NULL,
		       NULL);
	if (got <= 0)
		return got;
	kept = filter.h(filter.arg, in, (size_t)got, p);
	return kept > 0 ? kept : 0;
}
