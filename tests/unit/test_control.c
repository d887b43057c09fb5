/* tests/unit/test_control.c: the control socket: its lines, one answer per
 * request, limits, and clients who misbehave. A real loop and real sockets; core
 * is played by the test.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "gateway/daemon/control.h"

/* ---- the lines ------------------------------------------------------------------ */

static void test_parse(void **state)
{
	static const struct {
		const char *line;
		int err;
		size_t words_n;
	} rows[] = {
		{ "{\"words\":[\"a\"]}", 0, 1 },
		{ " {\"words\" : [\"a\", \"\\u00e4\", \"\"], \"x\": 1}\r", 0,
		  3 },
		{ "{\"words\":[\"a\"],\"stdin\":\"p\\nq\"}", 0, 1 },
		{ "", ERR_SYNTAX, 0 },
		{ "words", ERR_SYNTAX, 0 },
		{ "[\"a\"]", ERR_SYNTAX, 0 },
		{ "{}", ERR_SYNTAX, 0 },
		{ "{\"words\":[]}", ERR_SYNTAX, 0 },
		{ "{\"words\":\"a\"}", ERR_SYNTAX, 0 },
		{ "{\"words\":[1]}", ERR_SYNTAX, 0 },
		{ "{\"words\":[\"a\\u0000b\"]}", ERR_SYNTAX, 0 },
		{ "{\"words\":[\"a\\nb\"]}", ERR_SYNTAX, 0 },
		{ "{\"words\":[\"a\"],\"words\":[\"b\"]}", ERR_SYNTAX, 0 },
		{ "{\"words\":[\"a\"],\"stdin\":1}", ERR_SYNTAX, 0 },
		{ "{\"words\":[\"a\"]} x", ERR_SYNTAX, 0 },
		{ "{\"words\":[\"\xff\"]}", ERR_SYNTAX, 0 },
	};
	struct arena *a = arena_new(65536);
	struct control_req req;
	struct errtext why;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		why.text[0] = '\0';
		if (control_parse(a, str_of(rows[i].line), &req, &why) !=
		    rows[i].err)
			fail_msg("%s: %s", rows[i].line, why.text);
		assert_int_equal(why.text[0] != '\0', rows[i].err != 0);
		if (!rows[i].err)
			assert_int_equal(req.words_n, rows[i].words_n);
		arena_reset(a);
	}
	assert_int_equal(control_parse(a, STR("{\"words\":[\"user\",\"add\"],"
				"\"stdin\":\"p w\"}"), &req, &why), 0);
	assert_str(req.words[1], "add");
	assert_str(req.input, "p w");
	arena_free(a);
}

static void test_parse_limits(void **state)
{
	struct arena *a = arena_new(131072);
	struct control_req req;
	struct errtext why;
	struct buf b;
	size_t i, n;

	(void)state;
	for (n = CONTROL_WORDS_MAX; n <= CONTROL_WORDS_MAX + 1; n++) {
		buf_init(&b, 1u << 20);
		buf_put_str(&b, STR("{\"words\":[\"a\""));
		for (i = 1; i < n; i++)
			buf_put_str(&b, STR(",\"a\""));
		buf_put_str(&b, STR("]}"));
		assert_int_equal(control_parse(a, buf_str(&b), &req, &why),
				 n > CONTROL_WORDS_MAX ? ERR_LIMIT : 0);
		buf_free(&b);
	}
	for (n = CONTROL_WORD_MAX; n <= CONTROL_WORD_MAX + 1; n++) {
		buf_init(&b, 1u << 20);
		buf_put_str(&b, STR("{\"words\":[\""));
		for (i = 0; i < n; i++)
			buf_put_char(&b, 'a');
		buf_put_str(&b, STR("\"]}"));
		assert_int_equal(control_parse(a, buf_str(&b), &req, &why),
				 n > CONTROL_WORD_MAX ? ERR_SYNTAX : 0);
		buf_free(&b);
	}
	arena_free(a);
}

static void test_answers(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4096);
	control_put_ok(&b, STR("{ \"a\" :\n [1, null] }"));
	assert_str(buf_str(&b), "{\"ok\":true,\"data\":{\"a\":[1,null]}}\n");
	buf_clear(&b);
	control_put_ok(&b, STR(""));
	assert_str(buf_str(&b), "{\"ok\":true,\"data\":null}\n");
	buf_clear(&b);
	control_put_ok(&b, STR("{\"a\""));
	assert_str(buf_str(&b), "{\"ok\":false,\"error\":\"the answer could "
		   "not be written\",\"code\":70}\n");
	buf_clear(&b);
	control_put_error(&b, STR("no \"such\"\nuser"), 67);
	assert_str(buf_str(&b), "{\"ok\":false,\"error\":\"no \\\"such\\\""
		   "\\nuser\",\"code\":67}\n");
	buf_free(&b);
	assert_int_equal(control_code(CAUSE_BAD_REQUEST), 64);
	assert_int_equal(control_code(CAUSE_NOT_FOUND), 67);
	assert_int_equal(control_code(CAUSE_STORE_DOWN), 69);
	assert_int_equal(control_code(CAUSE_OVERLOAD), 75);
	assert_int_equal(control_code(CAUSE_FORBIDDEN), 77);
	assert_int_equal(control_code(CAUSE_CONFLICT), 1);
}

/* ---- core, played by the test ------------------------------------------------------ */

struct scene {
	char folder[64], path[96];
	struct net_loop *loop;
	struct control *control;
	struct adapter port;
	struct intake intake;
	struct event *asked;	/* the request that waits for an answer */
	unsigned asked_n, dropped_n;
	uint64_t last_leg;
	int post_err;
};

static int fake_post(void *core, struct event *ev)
{
	struct scene *s = core;

	if (s->post_err) {
		arena_free(ev->arena);
		mem_free(ev);
		return s->post_err;
	}
	assert_null(s->asked);
	s->asked = ev;
	s->asked_n++;
	return 0;
}

static struct event *fake_event_new(void *core, enum ev_kind kind)
{
	struct event *ev = mem_zalloc(sizeof(*ev));

	(void)core;
	ev->kind = kind;
	ev->arena = arena_new(EVENT_ARENA_BYTES);
	return ev;
}

static void free_event(struct event *ev)
{
	if (!ev)
		return;
	arena_free(ev->arena);
	mem_free(ev);
}

static void fake_event_drop(void *core, struct event *ev)
{
	struct scene *s = core;

	s->dropped_n++;
	free_event(ev);
}

static uint64_t fake_leg_new(void *core, enum proto p)
{
	struct scene *s = core;

	assert_int_equal(p, PROTO_ADMIN);
	return ++s->last_leg << 4 | (uint64_t)p;
}

/* The daemon's own verb is "version". */
static bool own(void *arg, const struct control_req *req, struct buf *out)
{
	(void)arg;
	if (!str_eq(req->words[0], STR("version")))
		return false;
	control_put_ok(out, STR("\"1\""));
	return true;
}

static void start(struct scene *s)
{
	struct errtext why;

	s->control = control_new(s->loop, &s->intake, str_of(s->path), own, s,
				 &why);
	if (!s->control)
		fail_msg("%s", why.text);
	s->port = control_port(s->control);
}

static int set_up(void **state)
{
	struct scene *s = mem_zalloc(sizeof(*s));
	struct errtext why;

	snprintf(s->folder, sizeof(s->folder), "/tmp/causeway-test-XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	snprintf(s->path, sizeof(s->path), "%s/c.sock", s->folder);
	s->loop = net_loop_new(&why);
	s->intake = (struct intake){
		.core = s, .post = fake_post, .event_new = fake_event_new,
		.event_drop = fake_event_drop, .leg_new = fake_leg_new,
	};
	start(s);
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *s = *state;

	control_free(s->control);
	net_loop_free(s->loop);
	free_event(s->asked);
	assert_int_equal(access(s->path, F_OK), -1);	/* removed */
	rmdir(s->folder);
	mem_free(s);
	return 0;
}

static void pump(struct scene *s)
{
	unsigned i;

	for (i = 0; i < 20; i++)
		net_loop_once(s->loop, false);
}

static int dial(struct scene *s)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	memcpy(at.sun_path, s->path, strlen(s->path));
	assert_int_equal(connect(fd, (const struct sockaddr *)&at,
				 sizeof(at)), 0);
	pump(s);
	return fd;
}

static void say(struct scene *s, int fd, const char *text)
{
	size_t n = strlen(text);

	assert_int_equal(send(fd, text, n, MSG_NOSIGNAL), n);
	pump(s);
}

/* What has come back; "" when nothing has, NULL when the other end closed. */
static const char *hear(struct scene *s, int fd)
{
	static char text[8192];
	ssize_t n;

	pump(s);
	n = recv(fd, text, sizeof(text) - 1, 0);
	if (n == 0 || (n < 0 && errno == ECONNRESET))
		return NULL;
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void answer(struct scene *s, const char *json, enum cause cause)
{
	struct answer says = { .kind = cause == CAUSE_NONE ? ANSWER_OK :
			       ANSWER_REFUSED, .json = str_of(json) };
	struct action act = { .kind = ACT_ANSWER, .cause = cause,
			      .leg = s->asked->leg, .u.answer = &says };

	s->port.answer(s->port.self, act.leg, &act);
	free_event(s->asked);
	s->asked = NULL;
	pump(s);
}

/* ---- conversations ------------------------------------------------------------------ */

static void test_core_is_asked(void **state)
{
	struct scene *s = *state;
	int fd = dial(s);

	say(s, fd, "{\"words\":[\"user\",\"add\",\"sip:a@b\"],"
	    "\"stdin\":\"pw\"}\n");
	assert_int_equal(s->asked_n, 1);
	assert_int_equal(s->asked->kind, EV_ADMIN);
	assert_int_equal(leg_proto(s->asked->leg), PROTO_ADMIN);
	assert_int_equal(s->asked->u.admin->words_n, 3);
	assert_str(s->asked->u.admin->words[2], "sip:a@b");
	assert_str(s->asked->u.admin->input, "pw");
	assert_true(str_starts(s->asked->u.admin->who, STR("uid=")));
	assert_string_equal(hear(s, fd), "");
	answer(s, "{\"n\":1}", CAUSE_NONE);
	assert_string_equal(hear(s, fd), "{\"ok\":true,\"data\":{\"n\":1}}\n");
	say(s, fd, "{\"words\":[\"status\"]}\n");
	answer(s, NULL, CAUSE_NOT_FOUND);
	assert_string_equal(hear(s, fd), "{\"ok\":false,\"error\":"
			    "\"Not Found\",\"code\":67}\n");
	close(fd);
	pump(s);
	assert_int_equal(control_clients(s->control), 0);
}

static void test_own_verbs(void **state)
{
	struct scene *s = *state;
	int fd = dial(s);

	say(s, fd, "{\"words\":[\"version\"]}\n");
	assert_string_equal(hear(s, fd), "{\"ok\":true,\"data\":\"1\"}\n");
	assert_int_equal(s->asked_n, 0);
	assert_int_equal(s->dropped_n, 1);	/* no event is left over */
	close(fd);
}

/* Requests sent at once are answered one by one, in order. */
static void test_pipelined(void **state)
{
	struct scene *s = *state;
	int fd = dial(s);

	say(s, fd, "{\"words\":[\"a\"]}\n{\"words\":[\"version\"]}\n"
	    "{\"words\":[\"b\"]}\n{\"wor");
	assert_int_equal(s->asked_n, 1);
	assert_str(s->asked->u.admin->words[0], "a");
	answer(s, "1", CAUSE_NONE);
	assert_int_equal(s->asked_n, 2);
	assert_str(s->asked->u.admin->words[0], "b");
	assert_string_equal(hear(s, fd), "{\"ok\":true,\"data\":1}\n"
			    "{\"ok\":true,\"data\":\"1\"}\n");
	answer(s, "2", CAUSE_NONE);
	say(s, fd, "ds\":[\"c\"]}\n");
	assert_int_equal(s->asked_n, 3);
	assert_string_equal(hear(s, fd), "{\"ok\":true,\"data\":2}\n");
	close(fd);
}

static void test_bad_line(void **state)
{
	struct scene *s = *state;
	int fd = dial(s);

	say(s, fd, "hello\n");
	assert_string_equal(hear(s, fd), "{\"ok\":false,\"error\":\"the "
			    "request is no JSON\",\"code\":64}\n");
	say(s, fd, "{\"words\":[\"version\"]}\n");	/* goes on */
	assert_string_equal(hear(s, fd), "{\"ok\":true,\"data\":\"1\"}\n");
	close(fd);
}

static void test_long_line(void **state)
{
	struct scene *s = *state;
	char *text = mem_alloc(4097);
	int fd = dial(s), i;

	memset(text, 'x', 4096);
	text[4096] = '\0';
	for (i = 0; i < 17 && send(fd, text, 4096, MSG_NOSIGNAL) > 0; i++)
		pump(s);
	assert_string_equal(hear(s, fd), "{\"ok\":false,\"error\":\"the "
			    "request is too long\",\"code\":64}\n");
	assert_null(hear(s, fd));
	assert_int_equal(control_clients(s->control), 0);
	close(fd);
	mem_free(text);
}

static void test_busy(void **state)
{
	struct scene *s = *state;
	int fd = dial(s);

	s->post_err = ERR_LIMIT;
	say(s, fd, "{\"words\":[\"a\"]}\n");
	assert_non_null(strstr(hear(s, fd), "\"code\":75"));
	s->post_err = 0;
	say(s, fd, "{\"words\":[\"a\"]}\n");
	answer(s, "1", CAUSE_NONE);
	assert_string_equal(hear(s, fd), "{\"ok\":true,\"data\":1}\n");
	close(fd);
}

/* The client went away: the answer does nothing. */
static void test_gone(void **state)
{
	struct scene *s = *state;
	int fd = dial(s), other;

	say(s, fd, "{\"words\":[\"a\"]}\n");
	close(fd);
	other = dial(s);
	answer(s, "1", CAUSE_NONE);
	assert_string_equal(hear(s, other), "");
	close(other);
}

static void test_too_many(void **state)
{
	struct scene *s = *state;
	int fds[17];
	size_t i;

	for (i = 0; i < COUNT_OF(fds); i++)
		fds[i] = dial(s);
	assert_int_equal(control_clients(s->control), 16);
	assert_non_null(strstr(hear(s, fds[16]), "too many clients"));
	assert_null(hear(s, fds[16]));
	for (i = 0; i < COUNT_OF(fds); i++)
		close(fds[i]);
	pump(s);
	assert_int_equal(control_clients(s->control), 0);
}

/* A client that says nothing, and a core that does not answer. */
static void test_late(void **state)
{
	struct scene *s = *state;
	int silent, waiting, i;

	control_set_times(s->control, 50, 20);
	silent = dial(s);
	waiting = dial(s);
	say(s, waiting, "{\"words\":[\"a\"]}\n");
	for (i = 0; i < 30; i++) {
		usleep(5000);
		pump(s);
	}
	assert_null(hear(s, silent));
	assert_string_equal(hear(s, waiting), "{\"ok\":false,\"error\":\"no "
			    "answer in time\",\"code\":75}\n");
	answer(s, "1", CAUSE_NONE);	/* too late: nobody hears it */
	assert_null(hear(s, waiting));
	assert_int_equal(control_clients(s->control), 0);
	close(silent);
	close(waiting);
}

/* A client that asks but does not read is dropped; nothing grows meanwhile. */
static void test_slow(void **state)
{
	struct scene *s = *state;
	char *big = mem_alloc(4u << 20);
	int fd, i;

	control_set_times(s->control, 50, 50);
	memset(big, 'x', 4u << 20);
	big[0] = '"';
	big[(4u << 20) - 2] = '"';
	big[(4u << 20) - 1] = '\0';
	fd = dial(s);
	say(s, fd, "{\"words\":[\"a\"]}\n{\"words\":[\"b\"]}\n");
	answer(s, big, CAUSE_NONE);
	assert_int_equal(s->asked_n, 1);	/* b waits until a is read */
	for (i = 0; i < 30; i++) {
		usleep(5000);
		pump(s);
	}
	assert_int_equal(control_clients(s->control), 0);
	close(fd);
	mem_free(big);
}

static void test_answer_too_large(void **state)
{
	struct scene *s = *state;
	size_t n = CONTROL_ANSWER_MAX + 16;
	char *big = mem_alloc(n);
	int fd = dial(s);

	memset(big, 'x', n);
	big[0] = '"';
	big[n - 2] = '"';
	big[n - 1] = '\0';
	say(s, fd, "{\"words\":[\"a\"]}\n");
	answer(s, big, CAUSE_NONE);
	assert_non_null(strstr(hear(s, fd), "the answer is too large"));
	close(fd);
	mem_free(big);
}

/* ---- the socket ------------------------------------------------------------------------- */

static void test_socket_mode(void **state)
{
	struct scene *s = *state;
	struct stat st;

	assert_int_equal(lstat(s->path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0660);
}

/* One that is answered at stays, one that nobody holds is replaced, and what is
   no socket is left alone. */
static void test_socket_path(void **state)
{
	struct scene *s = *state;
	struct errtext why;
	char aside[128];
	FILE *f;

	assert_null(control_new(s->loop, &s->intake, str_of(s->path), own, s,
				&why));
	assert_non_null(strstr(why.text, "another process answers"));
	assert_int_equal(access(s->path, F_OK), 0);

	/* as after a kill: the file without its process */
	snprintf(aside, sizeof(aside), "%s/old", s->folder);
	assert_int_equal(rename(s->path, aside), 0);
	control_free(s->control);
	assert_int_equal(rename(aside, s->path), 0);
	start(s);

	control_free(s->control);
	f = fopen(s->path, "w");
	fclose(f);
	assert_null(control_new(s->loop, &s->intake, str_of(s->path), own, s,
				&why));
	assert_non_null(strstr(why.text, "is no socket"));
	assert_int_equal(access(s->path, F_OK), 0);
	unlink(s->path);
	start(s);
}

static void test_socket_path_bad(void **state)
{
	struct scene *s = *state;
	struct errtext why;
	char path[200];

	memset(path, 'x', sizeof(path));
	assert_null(control_new(s->loop, &s->intake,
				(struct str){ path, sizeof(path) }, own, s,
				&why));
	assert_null(control_new(s->loop, &s->intake, STR("/nonexistent/c"),
				own, s, &why));
	assert_non_null(strstr(why.text, "/nonexistent/c"));
}

#define SCENE(fn) { .name = #fn, .test_func = fn, .setup_func = set_up, \
	.teardown_func = tear_down }

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_parse), TEST(test_parse_limits), TEST(test_answers),
		SCENE(test_core_is_asked), SCENE(test_own_verbs),
		SCENE(test_pipelined), SCENE(test_bad_line),
		SCENE(test_long_line), SCENE(test_busy), SCENE(test_gone),
		SCENE(test_too_many), SCENE(test_late), SCENE(test_slow),
		SCENE(test_answer_too_large), SCENE(test_socket_mode),
		SCENE(test_socket_path), SCENE(test_socket_path_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
