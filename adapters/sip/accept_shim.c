/* adapters/sip/accept_shim.c: the stack's accept() and su_close(), so that its
 * connections are counted and limited: it has no limit of its own, spins when
 * descriptors run out, and gives no notice of a connection that comes or goes.
 * The definitions here win over the libraries', as the object is linked
 * directly; calls of anybody else pass unchanged.
 */
#include <dlfcn.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sofia-sip/su.h>

#include "adapters/sip/conn.h"

typedef int accept_h(int fd, struct sockaddr *addr, socklen_t *n);
typedef int close_h(su_socket_t fd);

/* Refused at once and for good: the other end shall not wait in vain, nor we
   keep a socket in TIME-WAIT for it. */
static void reset(int fd)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

/* addr is a union of pointers in glibc's header. */
int accept(int fd, __SOCKADDR_ARG addr, socklen_t *restrict n)
{
	struct sockaddr *from = addr.__sockaddr__;
	static _Thread_local union {
		void *p;
		accept_h *h;
	} real;
	int got;

	if (!real.p)
		real.p = dlsym(RTLD_NEXT, "accept");
	if (!real.p)
		return -1;
	got = real.h(fd, from, n);
	if (!sip_conns_is_listening())
		return got;
	if (got < 0 && (errno == EMFILE || errno == ENFILE)) {
		sip_conn_relieve(fd);
		errno = ECONNABORTED;
	} else if (got >= 0 && from && !sip_conn_opened(got, from)) {
		reset(got);
		errno = ECONNABORTED;
		return -1;
	}
	return got;
}

int su_close(su_socket_t fd)
{
	static _Thread_local union {
		void *p;
		close_h *h;
	} real;

	if (!real.p)
		real.p = dlsym(RTLD_NEXT, "su_close");
	sip_conn_closed(fd);
	return real.p ? real.h(fd) : -1;
}
