/* gateway/daemon/control.c: see control.h. */
#include "gateway/daemon/control.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/base/list.h"
#include "core/base/log.h"
#include "core/base/mem.h"

#define CLIENTS_MAX 16u /* an operator and his scripts */
#define CLIENT_MS 30000u
#define CORE_MS 30000u /* longer than any wait of core's own */

struct client {
	struct list_link link;
	struct control *control;
	int fd;
	uid_t uid;
	struct net_watch *watch;
	struct net_timer *timer;
	struct buf in, out;
	uint64_t leg;  /* core is asked; 0: nobody is */
	bool is_ended; /* no more requests: close when out is out */
};

struct control {
	struct net_loop *loop;
	struct intake intake;
	control_own_h *own;
	void *arg;
	struct sockaddr_un address;
	struct stat socket; /* the one we made */
	int fd;
	struct net_watch *watch;
	struct list_link clients;
	size_t clients_n;
	uint32_t client_ms, core_ms;
	struct log_ctx log;
};

/* ---- one client ----------------------------------------------------------- */

static void client_free(struct client *k)
{
	list_del(&k->link);
	k->control->clients_n--;
	net_watch_free(k->watch);
	net_timer_free(k->timer);
	close(k->fd);
	if (k->in.p) /* may hold a password */
		mem_wipe(k->in.p, k->in.size);
	buf_free(&k->in);
	buf_free(&k->out);
	mem_free(k);
}

/* Requests are read while none is under way; then the client waits. */
static void want(struct client *k)
{
	unsigned flags = 0;

	if (k->out.n)
		flags |= NET_WRITE;
	else if (!k->leg && !k->is_ended)
		flags |= NET_READ;
	net_watch_want(k->watch, flags);
	net_timer_set(k->timer,
		      k->leg ? k->control->core_ms : k->control->client_ms);
}

/* False when the client is gone. */
static bool write_out(struct client *k)
{
	ssize_t n;

	while (k->out.n) {
		n = send(k->fd, k->out.p, k->out.n,
			 MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return true;
		if (n < 0)
			return false;
		buf_shift(&k->out, (size_t)n);
	}
	return !k->is_ended;
}

static void put_error(struct client *k, const char *sentence, int code)
{
	control_put_error(&k->out, str_of(sentence), code);
}

/* An answer too large for its buffer must not become half a line. */
static void check_out(struct client *k, size_t before)
{
	if (!k->out.err)
		return;
	k->out.n = before;
	k->out.err = 0;
	put_error(k, "the answer is too large; ask for less", EX_SOFTWARE);
}

/* Who asked what; the third word is mostly an address, and masked as such. */
static void log_request(struct client *k, const struct control_req *req)
{
	char verb[64];

	snprintf(verb, sizeof(verb), "%.*s%s%.*s", STR_ARG(req->words[0]),
		 req->words_n > 1 ? " " : "",
		 STR_ARG(req->words_n > 1 ? req->words[1] : STR_NONE));
	log_info(&k->control->log, "admin_request", F_N("uid", k->uid),
		 F_TEXT("verb", verb),
		 F_ADDR("about", req->words_n > 2 ? req->words[2] : STR_NONE));
}

/* Asks core; the answer comes through answer(). */
static void ask_core(struct client *k, struct event *ev,
		     const struct control_req *req)
{
	const struct intake *in = &k->control->intake;
	struct admin_req *admin = arena_zalloc(ev->arena, sizeof(*admin));
	uint64_t leg;

	if (!admin) {
		in->event_drop(in->core, ev);
		put_error(k, "the request is too large", EX_USAGE);
		return;
	}
	admin->words = req->words;
	admin->words_n = req->words_n;
	admin->input = req->input;
	admin->who = arena_printf(ev->arena, "uid=%u", (unsigned)k->uid);
	ev->u.admin = admin;
	ev->leg = leg = in->leg_new(in->core, PROTO_ADMIN);
	k->leg = leg;
	if (in->post(in->core, ev) == 0)
		return;
	k->leg = 0;
	put_error(k, "too much is waiting; try again later", EX_TEMPFAIL);
}

static void serve(struct client *k, struct str line)
{
	struct control *c = k->control;
	struct event *ev = c->intake.event_new(c->intake.core, EV_ADMIN);
	size_t before = k->out.n;
	struct control_req req;
	struct errtext why;

	if (control_parse(ev->arena, line, &req, &why)) {
		put_error(k, why.text, EX_USAGE);
	} else {
		log_request(k, &req);
		if (!c->own(c->arg, &req, &k->out)) {
			ask_core(k, ev, &req);
			ev = NULL;
		}
	}
	if (ev)
		c->intake.event_drop(c->intake.core, ev);
	check_out(k, before);
}

/* All whole lines that are there, as far as nobody has to be waited for. The
   client may be gone afterwards. */
static void go_on(struct client *k)
{
	struct str line;
	size_t end;

	while (!k->leg && !k->out.n && !k->is_ended) {
		line = buf_str(&k->in);
		end = str_find(line, '\n');
		if (end == line.n)
			break;
		serve(k, str_sub(line, 0, end));
		buf_shift(&k->in, end + 1);
		if (!write_out(k)) {
			client_free(k);
			return;
		}
	}
	want(k);
}

static void read_in(struct client *k)
{
	char piece[4096];
	ssize_t n = recv(k->fd, piece, sizeof(piece), MSG_DONTWAIT);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		client_free(k);
		return;
	}
	buf_put(&k->in, piece, (size_t)n);
	mem_wipe(piece, (size_t)n);
	if (k->in.err) {
		put_error(k, "the request is too long", EX_USAGE);
		k->is_ended = true;
		if (!write_out(k)) {
			client_free(k);
			return;
		}
	}
	go_on(k);
}

static void on_client(int fd, unsigned ready, void *arg)
{
	struct client *k = arg;

	(void)fd;
	if (!(ready & NET_WRITE)) {
		read_in(k);
		return;
	}
	if (!write_out(k)) {
		client_free(k);
		return;
	}
	go_on(k);
}

/* Late: core does not answer, or the client neither writes nor reads. */
static void on_late(void *arg)
{
	struct client *k = arg;

	if (!k->leg) {
		client_free(k);
		return;
	}
	k->leg = 0;
	put_error(k, "no answer in time", EX_TEMPFAIL);
	if (!write_out(k)) {
		client_free(k);
		return;
	}
	go_on(k);
}

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
	struct client *k;
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
	k = mem_zalloc(sizeof(*k));
	k->control = c;
	k->fd = fd;
	k->uid = uid;
	buf_init(&k->in, CONTROL_LINE_MAX);
	buf_init(&k->out, CONTROL_ANSWER_MAX);
	list_add(&c->clients, &k->link);
	c->clients_n++;
	k->watch = net_watch_new(c->loop, fd, NET_READ, on_client, k);
	k->timer = net_timer_new(c->loop, on_late, k);
	want(k);
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
	struct client *k = client_of(self, leg);
	const struct answer *says = a->u.answer;
	struct str text;
	size_t before;

	if (!k || leg == 0)
		return;
	before = k->out.n;
	k->leg = 0;
	if (says->kind == ANSWER_REFUSED) {
		text = says->text.n ? says->text : str_of(cause_text(a->cause));
		control_put_error(&k->out, text, control_code(a->cause));
	} else {
		control_put_ok(&k->out, says->json);
	}
	check_out(k, before);
	/* Written from the loop: core's turn must not free a client. */
	want(k);
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

		(void)write_out(k);
		client_free(k);
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
