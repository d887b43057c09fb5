/* gateway/daemon/control_client.c: one client of the control socket: a request
 * line, its answer line, the next; see control.h.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "gateway/daemon/control_priv.h"

void control_client_free(struct client *k)
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

bool control_client_write(struct client *k)
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

/* Verbs are of lower-case letters; an address never is. */
static bool is_verb(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] < 'a' || s.p[i] > 'z')
			return false;
	return s.n > 0;
}

/* Who asked what; the word behind the verb is mostly an address, and masked as
   such. */
static void log_request(struct client *k, const struct control_req *req)
{
	size_t verbs_n = req->words_n > 1 && is_verb(req->words[1]) ? 2 : 1;
	struct str about = STR_NONE;
	char verb[64];

	if (req->words_n > verbs_n)
		about = req->words[verbs_n];
	snprintf(verb, sizeof(verb), "%.*s%s%.*s",
		 STR_ARG(is_verb(req->words[0]) ? req->words[0] : STR("?")),
		 verbs_n > 1 ? " " : "",
		 STR_ARG(verbs_n > 1 ? req->words[1] : STR_NONE));
	log_info(&k->control->log, "admin_request", F_N("uid", k->uid),
		 F_TEXT("verb", verb), F_ADDR("about", about));
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
		if (!control_client_write(k)) {
			control_client_free(k);
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
		control_client_free(k);
		return;
	}
	buf_put(&k->in, piece, (size_t)n);
	mem_wipe(piece, (size_t)n);
	if (k->in.err) {
		put_error(k, "the request is too long", EX_USAGE);
		k->is_ended = true;
		if (!control_client_write(k)) {
			control_client_free(k);
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
	if (!control_client_write(k)) {
		control_client_free(k);
		return;
	}
	go_on(k);
}

/* Late: core does not answer, or the client neither writes nor reads. */
static void on_late(void *arg)
{
	struct client *k = arg;

	if (!k->leg) {
		control_client_free(k);
		return;
	}
	k->leg = 0;
	put_error(k, "no answer in time", EX_TEMPFAIL);
	if (!control_client_write(k)) {
		control_client_free(k);
		return;
	}
	go_on(k);
}

void control_client_answer(struct client *k, const struct action *a)
{
	const struct answer *says = a->u.answer;
	size_t before = k->out.n;
	struct str text;

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

void control_client_new(struct control *c, int fd, uid_t uid)
{
	struct client *k = mem_zalloc(sizeof(*k));

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
