/* gateway/daemon/control.c: the socket and the adapter; see control.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "gateway/daemon/control_priv.h"

#define CLIENTS_MAX 16u /* an operator and his scripts */
#define CLIENT_MS 30000u
#define CORE_MS 30000u /* longer than any wait of core's own */

/* ---- the socket ------------------------------------------------------------ */

static bool may_speak(int fd, uid_t *uid_out)
{
	struct ucred who;
	socklen_t n = sizeof(who);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) < 0)
		return false;
	*uid_out = who.uid;
	return who.uid == 0 || who.uid == geteuid();
}

static void refuse(int fd, const char *sentence, int code)
{
	struct buf out;

	buf_init(&out, 512);
	control_put_error(&out, str_of(sentence), code);
	/* A new socket takes so little at once, or the client does not read. */
	if (send(fd, out.p, out.n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		errno = 0;
	buf_free(&out);
	close(fd);
}

static void on_connect(int fd, unsigned ready, void *arg)
{
	struct control *c = arg;
	uid_t uid = 0;

	(void)ready;
	fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	if (!may_speak(fd, &uid)) {
		log_warning(&c->log, "admin_refused", F_N("uid", uid));
		refuse(fd, "only root and the user of causewayd may do this",
		       EX_NOPERM);
		return;
	}
	if (c->clients_n >= CLIENTS_MAX) {
		refuse(fd, "too many clients at once", EX_TEMPFAIL);
		return;
	}
	control_client_new(c, fd, uid);
}

/* What lies at the path: nothing or a socket without a process behind it, which
   is removed. */
static int clear_path(const struct sockaddr_un *at, struct errtext *why)
{
	struct stat st;
	int fd, err;

	if (lstat(at->sun_path, &st) < 0)
		return 0; /* bind tells what else is wrong */
	if (!S_ISSOCK(st.st_mode))
		return errtext_set(why, ERR_WRONG_STATE,
				   "%s is there and is no "
				   "socket",
				   at->sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return errtext_set(why, ERR_IO, "no socket: %s",
				   strerror(errno));
	err = connect(fd, (const struct sockaddr *)at, sizeof(*at)) < 0 ? errno
									: 0;
	close(fd);
	if (err != ECONNREFUSED)
		return errtext_set(why, ERR_WRONG_STATE,
				   "another process answers at "
				   "%s",
				   at->sun_path);
	if (unlink(at->sun_path) < 0)
		return errtext_set(why, ERR_IO,
				   "the old %s cannot be removed: "
				   "%s",
				   at->sun_path, strerror(errno));
	return 0;
}

static int listen_at(struct control *c, struct errtext *why)
{
	const struct sockaddr *at = (const struct sockaddr *)&c->address;
	mode_t mask;
	int err;

	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		return errtext_set(why, ERR_IO, "no socket: %s",
				   strerror(errno));
	/* The mode is there from the first moment: 0660. */
	mask = umask(0117);
	err = bind(c->fd, at, sizeof(c->address));
	umask(mask);
	if (err < 0 || listen(c->fd, 16) < 0 ||
	    lstat(c->address.sun_path, &c->socket) < 0)
		return errtext_set(why, ERR_IO, "%s cannot be listened at: %s",
				   c->address.sun_path, strerror(errno));
	return 0;
}

/* ---- the adapter ----------------------------------------------------------- */

static struct client *client_of(struct control *c, uint64_t leg)
{
	struct list_link *it, *tmp;

	list_each(it, tmp, &c->clients)
	{
		struct client *k = list_of(it, struct client, link);

		if (k->leg == leg)
			return k;
	}
	return NULL;
}

static void answer(void *self, uint64_t leg, const struct action *a)
{
	struct client *k = leg ? client_of(self, leg) : NULL;

	if (k)
		control_client_answer(k, a);
}

static void send_nothing(void *self, const struct action *a)
{
	(void)self;
	(void)a;
}

static uint32_t no_room(void *self, uint32_t link)
{
	(void)self;
	(void)link;
	return 0;
}

static void no_link(void *self, uint32_t link, bool is_up)
{
	(void)self;
	(void)link;
	(void)is_up;
}

static void nothing(void *self)
{
	(void)self;
}

static int prepare(void *self, struct config *c, struct errtext *why)
{
	(void)self;
	(void)c;
	(void)why;
	return 0;
}

static void no_drain(void *self, uint32_t link, int64_t until_ms)
{
	(void)self;
	(void)link;
	(void)until_ms;
}

struct adapter control_port(struct control *c)
{
	return (struct adapter){
		.proto = PROTO_ADMIN,
		.self = c,
		.answer = answer,
		.send = send_nothing,
		.room = no_room,
		.link_ctl = no_link,
		.flush = nothing,
		.prepare = prepare,
		.commit = nothing,
		.abort = nothing,
		.drain = no_drain,
	};
}

struct control *control_new(struct net_loop *l, const struct intake *in,
			    struct str path, control_own_h *own, void *arg,
			    struct errtext *why)
{
	struct control *c = mem_zalloc(sizeof(*c));

	c->loop = l;
	c->intake = *in;
	c->own = own;
	c->arg = arg;
	c->fd = -1;
	c->client_ms = CLIENT_MS;
	c->core_ms = CORE_MS;
	c->log.module = "control";
	list_init(&c->clients);
	c->address.sun_family = AF_UNIX;
	if (path.n == 0 || path.n >= sizeof(c->address.sun_path)) {
		errtext_set(why, ERR_LIMIT,
			    "the path of the control socket "
			    "is too long");
		goto out;
	}
	memcpy(c->address.sun_path, path.p, path.n);
	if (clear_path(&c->address, why) || listen_at(c, why))
		goto out;
	c->watch = net_watch_new(l, c->fd, NET_READ, on_connect, c);
	return c;
out:
	control_free(c);
	return NULL;
}

void control_free(struct control *c)
{
	struct list_link *it, *tmp;
	struct stat st;

	if (!c)
		return;
	list_each(it, tmp, &c->clients)
	{
		struct client *k = list_of(it, struct client, link);

		(void)!control_client_write(k);
		control_client_free(k);
	}
	net_watch_free(c->watch);
	if (c->fd >= 0)
		close(c->fd);
	if (c->socket.st_ino && lstat(c->address.sun_path, &st) == 0 &&
	    st.st_dev == c->socket.st_dev && st.st_ino == c->socket.st_ino)
		unlink(c->address.sun_path);
	mem_free(c);
}

void control_set_times(struct control *c, uint32_t client_ms, uint32_t core_ms)
{
	c->client_ms = client_ms;
	c->core_ms = core_ms;
}

size_t control_clients(const struct control *c)
{
	return c->clients_n;
}
