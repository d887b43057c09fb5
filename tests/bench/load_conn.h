/* tests/bench/load_conn.h: the generator's sockets. What is written is
 * collected and goes out in as few system calls as possible (sendmmsg, one
 * send per connection and pass), what arrives is handed over piece by piece.
 */
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/load.h"

enum {
	CONN_DGRAM_MAX = 4096,		/* one message, either way */
	CONN_BATCH = 64,		/* datagrams per system call */
	CONN_OUT_MAX = 4 << 20,		/* not yet taken by a connection */
	CONN_IN_MAX = 1 << 20,
	CONN_UDP_BUFFER = 8 << 20,
};

enum conn_kind { CONN_UDP, CONN_TCP, CONN_XMPP };

struct conn {
	enum conn_kind kind;
	bool is_slow;		/* waits to be writable */
	int fd, epoll;
	uint16_t port;		/* ours */
	char *in, *out;
	size_t in_n, out_n, out_at;
	unsigned lens_n;
	uint32_t lens[CONN_BATCH];
};

/* Takes what it can of n bytes and says how much; below 0: nonsense came. */
typedef int64_t conn_take_h(struct conn *c, char *p, size_t n);

static inline struct sockaddr_in conn_address(const char *host, uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(port) };

	if (inet_pton(AF_INET, host, &to.sin_addr) != 1)
		fail("the host is no IPv4 address");
	return to;
}

static inline void conn_tune(struct conn *c)
{
	int one = 1, size = CONN_UDP_BUFFER;

	if (c->kind != CONN_UDP) {
		setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		return;
	}
	if (setsockopt(c->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size,
		       sizeof(size)) < 0)
		setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

static inline struct conn *conn_open(int epoll, enum conn_kind kind,
				     uint16_t own_port, struct sockaddr_in to)
{
	struct conn *c = load_alloc(sizeof(*c));
	struct sockaddr_in own = { .sin_family = AF_INET,
				   .sin_port = htons(own_port) };
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };
	socklen_t n = sizeof(own);

	c->kind = kind;
	c->epoll = epoll;
	c->out = load_alloc(kind == CONN_UDP ? CONN_BATCH * CONN_DGRAM_MAX :
					       CONN_OUT_MAX);
	c->in = load_alloc(kind == CONN_UDP ? CONN_BATCH * CONN_DGRAM_MAX :
					      CONN_IN_MAX);
	c->fd = socket(AF_INET, kind == CONN_UDP ? SOCK_DGRAM : SOCK_STREAM, 0);
	if (own_port && bind(c->fd, (struct sockaddr *)&own, sizeof(own)) < 0)
		fail("cannot bind");
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		fail("cannot connect");
	getsockname(c->fd, (struct sockaddr *)&own, &n);
	c->port = ntohs(own.sin_port);
	conn_tune(c);
	fcntl(c->fd, F_SETFL, O_NONBLOCK);
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &ev) < 0)
		fail("epoll");
	return c;
}

/* ---- out ------------------------------------------------------------------ */

static inline void conn_flush_dgrams(struct conn *c)
{
	struct mmsghdr msgs[CONN_BATCH] = { 0 };
	struct iovec iov[CONN_BATCH];
	unsigned i, done = 0;

	for (i = 0; i < c->lens_n; i++) {
		iov[i] = (struct iovec){ c->out + i * CONN_DGRAM_MAX,
					 c->lens[i] };
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	/* What the kernel does not take is lost as on any network: the
	   retransmission counts it. */
	while (done < c->lens_n) {
		int n = sendmmsg(c->fd, msgs + done, c->lens_n - done, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		done += (unsigned)n;
	}
	c->lens_n = 0;
}

static inline void conn_want_write(struct conn *c, bool is_slow)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };

	if (c->is_slow == is_slow)
		return;
	if (is_slow)
		ev.events |= EPOLLOUT;
	c->is_slow = is_slow;
	epoll_ctl(c->epoll, EPOLL_CTL_MOD, c->fd, &ev);
}

static inline void conn_flush(struct conn *c)
{
	ssize_t n;

	if (c->kind == CONN_UDP) {
		conn_flush_dgrams(c);
		return;
	}
	while (c->out_at < c->out_n) {
		n = send(c->fd, c->out + c->out_at, c->out_n - c->out_at,
			 MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			fail("the connection broke");
		if (n < 0)
			break;
		c->out_at += (size_t)n;
	}
	if (c->out_at == c->out_n)
		c->out_at = c->out_n = 0;
	conn_want_write(c, c->out_n > 0);
}

/* Room for one message of CONN_DGRAM_MAX bytes. */
static inline char *conn_room(struct conn *c)
{
	if (c->kind == CONN_UDP) {
		if (c->lens_n == CONN_BATCH)
			conn_flush_dgrams(c);
		return c->out + c->lens_n * CONN_DGRAM_MAX;
	}
	if (c->out_n + CONN_DGRAM_MAX > CONN_OUT_MAX) {
		memmove(c->out, c->out + c->out_at, c->out_n - c->out_at);
		c->out_n -= c->out_at;
		c->out_at = 0;
	}
	if (c->out_n + CONN_DGRAM_MAX > CONN_OUT_MAX)
		fail("the server does not read");
	return c->out + c->out_n;
}

static inline void conn_put(struct conn *c, int n)
{
	if (n <= 0 || n > CONN_DGRAM_MAX)
		fail("a message is too long");
	if (c->kind == CONN_UDP)
		c->lens[c->lens_n++] = (uint32_t)n;
	else
		c->out_n += (size_t)n;
}

/* ---- in ------------------------------------------------------------------- */

static inline void conn_read_dgrams(struct conn *c, conn_take_h *take)
{
	struct mmsghdr msgs[CONN_BATCH] = { 0 };
	struct iovec iov[CONN_BATCH];
	int i, n;

	for (i = 0; i < CONN_BATCH; i++) {
		iov[i] = (struct iovec){ c->in + i * CONN_DGRAM_MAX,
					 CONN_DGRAM_MAX };
		msgs[i].msg_hdr.msg_iov = &iov[i];
		msgs[i].msg_hdr.msg_iovlen = 1;
	}
	n = recvmmsg(c->fd, msgs, CONN_BATCH, MSG_DONTWAIT, NULL);
	for (i = 0; i < n; i++)
		take(c, iov[i].iov_base, msgs[i].msg_len);
}

static inline void conn_read(struct conn *c, conn_take_h *take)
{
	size_t at = 0;
	ssize_t n;

	if (c->kind == CONN_UDP) {
		conn_read_dgrams(c, take);
		return;
	}
	n = recv(c->fd, c->in + c->in_n, CONN_IN_MAX - c->in_n, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		fail("the server closed a connection");
	c->in_n += (size_t)n;
	while (at < c->in_n) {
		int64_t used = take(c, c->in + at, c->in_n - at);

		if (used < 0 || (used == 0 && c->in_n - at == CONN_IN_MAX))
			fail("the server sent nonsense");
		if (used == 0)
			break;
		at += (size_t)used;
	}
	memmove(c->in, c->in + at, c->in_n - at);
	c->in_n -= at;
}
