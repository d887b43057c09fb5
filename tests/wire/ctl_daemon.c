/* tests/wire/ctl_daemon.c: causewayd and causewayctl as they are installed: the
 * command line, the first start, the control tool, reload, signals, the exit
 * codes. Each test has its own state folder and free ports.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OUT_BYTES 65536

static char daemon_bin[PATH_MAX + 32], ctl_bin[PATH_MAX + 32];

struct scene {
	char folder[64];
	char conf[96], log[96], socket[96], state_dir[96];
	pid_t pid;		/* 0: not running */
};

static struct {
	char out[OUT_BYTES], err[OUT_BYTES];
	int code;
} ran;

/* ---- processes ---------------------------------------------------------------- */

static void read_whole(const char *path, char *out)
{
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(out, 1, OUT_BYTES - 1, f) : 0;

	out[n] = '\0';
	if (f)
		fclose(f);
}

static int open_for(const char *path, const char *input)
{
	FILE *f;

	if (!input)
		return open("/dev/null", O_RDONLY | O_CLOEXEC);
	f = fopen(path, "w");
	fputs(input, f);
	fclose(f);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static pid_t start_program(char *const argv[], int in, int out, int err)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	dup2(in, 0);
	dup2(out, 1);
	dup2(err, 2);
	execv(argv[0], argv);
	_exit(127);
}

/* Runs a program to its end; its output is in ran. */
static int run(struct scene *s, const char *input, char *const argv[])
{
	char in[128], out[128], err[128];
	int fds[3], status, i;
	pid_t pid;

	snprintf(in, sizeof(in), "%s/in", s->folder);
	snprintf(out, sizeof(out), "%s/out", s->folder);
	snprintf(err, sizeof(err), "%s/err", s->folder);
	fds[0] = open_for(in, input);
	fds[1] = open(out, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
	fds[2] = open(err, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
	pid = start_program(argv, fds[0], fds[1], fds[2]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	for (i = 0; i < 3; i++)
		close(fds[i]);
	read_whole(out, ran.out);
	read_whole(err, ran.err);
	unlink(in);
	unlink(out);
	unlink(err);
	ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	return ran.code;
}

#define RUN(s, input, ...) \
	run((s), (input), (char *const[]){ __VA_ARGS__, NULL })
#define CTL(s, ...) RUN(s, NULL, ctl_bin, WORD("-s"), (s)->socket, __VA_ARGS__)
/* argv wants pointers that may be written through; nobody does. */
#define WORD(text) ((char *)(uintptr_t)(text))

static void pause_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

static bool log_has(struct scene *s, const char *text)
{
	static char log[OUT_BYTES];

	read_whole(s->log, log);
	return strstr(log, text) != NULL;
}

static void wait_for_log(struct scene *s, const char *text)
{
	int i;

	for (i = 0; i < 1000 && !log_has(s, text); i++)
		pause_ms(10);
	if (i == 1000) {
		read_whole(s->log, ran.out);
		fail_msg("no \"%s\" in the log:\n%s", text, ran.out);
	}
}

static void write_conf(struct scene *s, const char *text)
{
	FILE *f = fopen(s->conf, "w");

	assert_non_null(f);
	fprintf(f, "node { state-dir = \"%s\" control-socket = \"control.sock\""
		" log-privacy = no }\n%s", s->state_dir, text);
	fclose(f);
}

#define BASE "listen \"u\" { port = 0 }\n" \
	"domain \"sip.example\" { served = yes }\n"

static void start_daemon(struct scene *s)
{
	char *argv[] = { daemon_bin, WORD("-c"), s->conf,
			 WORD("--allow-root"), NULL };
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int out = open(s->log, O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC,
		       0600);

	s->pid = start_program(argv, in, out, out);
	close(in);
	close(out);
	wait_for_log(s, "event=started");
}

/* Its exit code, or -1 when it does not end in time. */
static int end_daemon(struct scene *s, int sig)
{
	int status, i;

	kill(s->pid, sig);
	for (i = 0; i < 2000; i++) {
		if (waitpid(s->pid, &status, WNOHANG) == s->pid) {
			s->pid = 0;
			return WIFEXITED(status) ? WEXITSTATUS(status) : -2;
		}
		pause_ms(10);
	}
	return -1;
}

static int set_up(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));

	snprintf(s->folder, sizeof(s->folder), "/tmp/causeway-test-XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	snprintf(s->conf, sizeof(s->conf), "%s/c.conf", s->folder);
	snprintf(s->log, sizeof(s->log), "%s/log", s->folder);
	snprintf(s->state_dir, sizeof(s->state_dir), "%s/state", s->folder);
	snprintf(s->socket, sizeof(s->socket), "%s/state/control.sock",
		 s->folder);
	write_conf(s, BASE);
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *s = *state;
	char *argv[] = { WORD("/bin/rm"), WORD("-rf"), s->folder, NULL };
	int status;
	pid_t pid;

	if (s->pid > 0) {
		kill(s->pid, SIGKILL);
		waitpid(s->pid, &status, 0);
	}
	pid = start_program(argv, 0, 1, 2);
	waitpid(pid, &status, 0);
	free(s);
	return 0;
}

/* ---- the command line ------------------------------------------------------------ */

static void test_help(void **state)
{
	struct scene *s = *state;

	assert_int_equal(RUN(s, NULL, daemon_bin, WORD("--help")), 0);
	assert_non_null(strstr(ran.out, "--check-config"));
	assert_string_equal(ran.err, "");
	assert_int_equal(RUN(s, NULL, daemon_bin, WORD("--version")), 0);
	assert_true(strncmp(ran.out, "causewayd ", 10) == 0);
	assert_ptr_equal(strchr(ran.out, '\n'), ran.out + strlen(ran.out) - 1);
	assert_int_equal(RUN(s, NULL, daemon_bin, WORD("--nonsense")), 64);
	assert_int_equal(RUN(s, NULL, daemon_bin, WORD("word")), 64);
	assert_int_equal(RUN(s, NULL, ctl_bin, WORD("--help")), 0);
	assert_non_null(strstr(ran.out, "queue show ID"));
	assert_int_equal(RUN(s, NULL, ctl_bin, WORD("--version")), 0);
	assert_int_equal(RUN(s, NULL, ctl_bin), 64);
}

static void test_check_config(void **state)
{
	struct scene *s = *state;
	char wanted[512];

	assert_int_equal(RUN(s, NULL, daemon_bin, WORD("-c"), s->conf,
			     WORD("--check-config")), 0);
	assert_string_equal(ran.err, "");
	assert_int_equal(access(s->state_dir, F_OK), -1);	/* untouched */
	write_conf(s, "sip { hots = x\n contacts-max = 99 }\n");
	assert_int_equal(RUN(s, NULL, daemon_bin, WORD("-c"), s->conf,
			     WORD("--check-config")), 78);
	snprintf(wanted, sizeof(wanted),
		 "%s:2: \"hots\" is not an option of sip; did you mean "
		 "\"host\"?\n%s:3: contacts-max has a wrong value (got \"99\", "
		 "expected a number from 1 to 16)\n", s->conf, s->conf);
	assert_string_equal(ran.err, wanted);
	assert_int_equal(RUN(s, NULL, daemon_bin, WORD("-c"), s->conf), 78);
	assert_int_equal(RUN(s, NULL, daemon_bin, WORD("-c"),
			     WORD("/nonexistent")), 78);
}

static void test_print_config(void **state)
{
	struct scene *s = *state;
	static char once[OUT_BYTES];
	FILE *f;

	write_conf(s, BASE "link \"x\" { kind = xmpp-component port = 1 "
		   "component = sip.example secret = hush }\n");
	assert_int_equal(RUN(s, NULL, daemon_bin, WORD("-c"), s->conf,
			     WORD("--print-config")), 0);
	assert_null(strstr(ran.out, "hush"));
	memcpy(once, ran.out, sizeof(once));
	f = fopen(s->conf, "w");
	fputs(once, f);
	fclose(f);
	assert_int_equal(RUN(s, NULL, daemon_bin, WORD("-c"), s->conf,
			     WORD("--print-config")), 0);
	assert_string_equal(ran.out, once);
}

/* What we ship starts as it is, in any folder; here with the ports it names
   only checked, since another program may hold them. */
static void test_shipped(void **state)
{
	struct scene *s = *state;

	assert_int_equal(RUN(s, NULL, daemon_bin, WORD("-c"),
			     WORD("conf/causeway.conf"), WORD("--state-dir"),
			     s->state_dir, WORD("--print-config")), 0);
	assert_non_null(strstr(ran.out, s->socket));
	assert_int_equal(access(s->state_dir, F_OK), -1);
}

static void test_root_refused(void **state)
{
	struct scene *s = *state;

	FILE *f = fopen(s->conf, "w");

	fputs("node { run-as = no-such-user-here }\n", f);
	fclose(f);
	if (geteuid() != 0)
		skip();
	assert_int_equal(RUN(s, NULL, daemon_bin, WORD("-c"), s->conf,
			     WORD("--state-dir"), s->state_dir), 77);
	assert_non_null(strstr(ran.err, "--allow-root"));
	assert_int_equal(access(s->state_dir, F_OK), -1);
}

/* Started as root, it becomes node.run-as, and what it makes is that user's. */
static void test_root_given_up(void **state)
{
	struct scene *s = *state;
	char *argv[] = { daemon_bin, WORD("-c"), s->conf, NULL };
	const struct passwd *user = getpwnam("nobody");
	char path[128], line[256];
	struct stat st;
	FILE *f;
	int in, out;
	bool is_right = false;

	if (geteuid() != 0 || !user)
		skip();
	f = fopen(s->conf, "w");
	fprintf(f, "node { state-dir = \"%s\" control-socket = \"control.sock\""
		" run-as = nobody }\n" BASE, s->state_dir);
	fclose(f);
	assert_int_equal(chmod(s->folder, 0755), 0);
	in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	out = open(s->log, O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0600);
	s->pid = start_program(argv, in, out, out);
	close(in);
	close(out);
	wait_for_log(s, "event=started");
	snprintf(path, sizeof(path), "/proc/%d/status", (int)s->pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f)) {
		char wanted[64];

		snprintf(wanted, sizeof(wanted), "Uid:\t%u\t%u\t%u\t%u\n",
			 user->pw_uid, user->pw_uid, user->pw_uid,
			 user->pw_uid);
		is_right |= strcmp(line, wanted) == 0;
	}
	if (f)
		fclose(f);
	assert_true(is_right);
	assert_int_equal(stat(s->state_dir, &st), 0);
	assert_int_equal(st.st_uid, user->pw_uid);
	assert_int_equal(CTL(s, WORD("version")), 0);	/* root may ask */
	assert_int_equal(end_daemon(s, SIGTERM), 0);
}

/* ---- a running daemon --------------------------------------------------------------- */

static void test_life(void **state)
{
	struct scene *s = *state;

	start_daemon(s);
	assert_int_equal(CTL(s, WORD("status")), 0);
	assert_non_null(strstr(ran.out, "node: node1\n"));
	assert_int_equal(RUN(s, NULL, ctl_bin, WORD("-c"), s->conf,
			     WORD("--json"), WORD("version")), 0);
	assert_non_null(strstr(ran.out, "\"version\": \""));
	/* a second one on the same folder */
	assert_int_equal(RUN(s, NULL, daemon_bin, WORD("-c"), s->conf,
			     WORD("--allow-root")), 69);
	assert_non_null(strstr(ran.err, "another causewayd uses"));
	assert_int_equal(end_daemon(s, SIGTERM), 0);
	assert_true(log_has(s, "event=stopped done=1"));
	assert_int_equal(access(s->socket, F_OK), -1);
	assert_int_equal(CTL(s, WORD("status")), 69);
	assert_non_null(strstr(ran.err, "no causewayd answers at"));
}

static void test_killed(void **state)
{
	struct scene *s = *state;

	start_daemon(s);
	assert_int_equal(end_daemon(s, SIGKILL), -2);
	assert_int_equal(access(s->socket, F_OK), 0);	/* left behind */
	assert_int_equal(CTL(s, WORD("status")), 69);
	unlink(s->log);
	start_daemon(s);
	assert_int_equal(CTL(s, WORD("status")), 0);
	assert_int_equal(end_daemon(s, SIGINT), 0);
}

static void test_users(void **state)
{
	struct scene *s = *state;

	start_daemon(s);
	assert_int_equal(RUN(s, "pass word\n", ctl_bin, WORD("-s"), s->socket,
			     WORD("user"), WORD("add"),
			     WORD("sip:alice@sip.example")), 0);
	assert_int_equal(CTL(s, WORD("user"), WORD("ls")), 0);
	assert_non_null(strstr(ran.out, "sip:alice@sip.example"));
	assert_int_equal(CTL(s, WORD("user"), WORD("ls"), WORD("--json")), 0);
	assert_non_null(strstr(ran.out, "\"aor\": \"sip:alice@sip.example\""));
	assert_null(strstr(ran.out, "pass word"));
	/* no password, no user */
	assert_int_equal(CTL(s, WORD("user"), WORD("add"),
			     WORD("sip:bob@sip.example")), 64);
	assert_int_equal(RUN(s, "\n", ctl_bin, WORD("-s"), s->socket,
			     WORD("user"), WORD("add"),
			     WORD("sip:bob@sip.example")), 64);
	assert_int_equal(CTL(s, WORD("user"), WORD("rm"),
			     WORD("sip:alice@sip.example")), 0);
	assert_int_equal(CTL(s, WORD("user"), WORD("rm"),
			     WORD("sip:alice@sip.example")), 67);
	assert_int_equal(CTL(s, WORD("no"), WORD("such")), 64);
	assert_false(log_has(s, "pass word"));
	assert_int_equal(end_daemon(s, SIGTERM), 0);
}

static void test_log_level(void **state)
{
	struct scene *s = *state;

	start_daemon(s);
	assert_int_equal(CTL(s, WORD("log"), WORD("level"), WORD("control"),
			     WORD("error")), 0);
	assert_int_equal(CTL(s, WORD("link"), WORD("ls")), 0);
	assert_false(log_has(s, "verb=\"link ls\""));
	assert_int_equal(CTL(s, WORD("log"), WORD("level"), WORD("control"),
			     WORD("info")), 0);
	assert_int_equal(CTL(s, WORD("link"), WORD("ls")), 0);
	assert_true(log_has(s, "verb=\"link ls\""));
	assert_int_equal(CTL(s, WORD("log"), WORD("level"), WORD("loud")), 64);
	assert_int_equal(CTL(s, WORD("log"), WORD("level"), WORD("a b"),
			     WORD("info")), 64);
	assert_int_equal(end_daemon(s, SIGTERM), 0);
}

/* ---- reload ---------------------------------------------------------------------------- */

static void test_reload(void **state)
{
	struct scene *s = *state;

	start_daemon(s);
	write_conf(s, BASE "listen \"t\" { transport = tcp port = 0 }\n"
		   "limits { quota-count = 7 }\n");
	assert_int_equal(CTL(s, WORD("reload"), WORD("--dry-run"),
			     WORD("--json")), 0);
	assert_non_null(strstr(ran.out, "\"applied\": false"));
	assert_non_null(strstr(ran.out, "\"name\": \"t\""));
	assert_non_null(strstr(ran.out, "\"quota-count\""));
	assert_false(log_has(s, "event=listening name=t"));
	assert_int_equal(CTL(s, WORD("reload")), 0);
	assert_non_null(strstr(ran.out, "added"));
	wait_for_log(s, "event=listening name=t");
	assert_int_equal(CTL(s, WORD("status")), 0);
	assert_non_null(strstr(ran.out, "config_generation: 2\n"));
	/* once more without a change */
	assert_int_equal(CTL(s, WORD("reload"), WORD("--json")), 0);
	assert_non_null(strstr(ran.out, "\"changes\": []"));
	/* and by signal */
	write_conf(s, BASE);
	kill(s->pid, SIGHUP);
	wait_for_log(s, "event=config_reload generation=4");
	assert_int_equal(end_daemon(s, SIGTERM), 0);
}

/* Whatever is wrong, the old configuration stays in force. */
static void test_reload_refused(void **state)
{
	struct scene *s = *state;

	start_daemon(s);
	write_conf(s, BASE "limits { quota-cnt = 7 }\nfoo { }\n");
	assert_int_equal(CTL(s, WORD("reload")), 78);
	assert_non_null(strstr(ran.err, ":4: \"quota-cnt\" is not an option"));
	assert_non_null(strstr(ran.err, ":5: \"foo\" is not a block"));
	write_conf(s, BASE "store { cache = 2M }\n");
	assert_int_equal(CTL(s, WORD("reload")), 78);
	assert_non_null(strstr(ran.err, "store.cache changed, which needs a "
			       "restart"));
	assert_int_equal(CTL(s, WORD("reload"), WORD("--dry-run")), 78);
	unlink(s->conf);
	kill(s->pid, SIGHUP);
	wait_for_log(s, "event=config_reload_failed");
	assert_int_equal(CTL(s, WORD("status")), 0);
	assert_non_null(strstr(ran.out, "config_generation: 1\n"));
	assert_int_equal(CTL(s, WORD("reload"), WORD("now")), 64);
	assert_int_equal(end_daemon(s, SIGTERM), 0);
}

/* One adapter refuses (the address is not this machine's): none changes. */
static void test_reload_all_or_nothing(void **state)
{
	struct scene *s = *state;

	start_daemon(s);
	write_conf(s, BASE "listen \"good\" { transport = tcp port = 0 }\n"
		   "listen \"bad\" { address = \"192.0.2.1\" port = 0 }\n"
		   "link \"x\" { kind = xmpp-component port = 1 "
		   "component = sip.example secret = s }\n");
	assert_int_equal(CTL(s, WORD("reload")), 71);
	assert_int_equal(CTL(s, WORD("link"), WORD("ls")), 0);
	assert_non_null(strstr(ran.out, "(none)"));
	assert_false(log_has(s, "event=listening name=good"));
	write_conf(s, BASE "listen \"good\" { transport = tcp port = 0 }\n");
	assert_int_equal(CTL(s, WORD("reload")), 0);
	assert_int_equal(end_daemon(s, SIGTERM), 0);
}

static void test_many_reloads(void **state)
{
	struct scene *s = *state;
	int i;

	start_daemon(s);
	for (i = 0; i < 20; i++) {
		write_conf(s, i % 2 ? BASE : BASE
			   "link \"x\" { kind = xmpp-component port = 1 "
			   "component = sip.example secret = s }\n"
			   "domain \"x.example\" { via = \"x\" }\n");
		assert_int_equal(CTL(s, WORD("reload")), 0);
	}
	assert_int_equal(CTL(s, WORD("status")), 0);
	assert_non_null(strstr(ran.out, "config_generation: 21\n"));
	assert_int_equal(end_daemon(s, SIGTERM), 0);
}

static void test_accounting_reopened(void **state)
{
	struct scene *s = *state;

	start_daemon(s);
	kill(s->pid, SIGUSR1);
	wait_for_log(s, "event=accounting_reopened");
	assert_int_equal(CTL(s, WORD("drain")), 0);
	assert_int_equal(CTL(s, WORD("status")), 0);
	assert_non_null(strstr(ran.out, "draining: yes\n"));
	assert_int_equal(end_daemon(s, SIGTERM), 0);
}

/* ---- the log ----------------------------------------------------------------------------- */

/* Starts with standard output at fd; the socket tells that it runs. */
static void start_logging_to(struct scene *s, int fd)
{
	char *argv[] = { daemon_bin, WORD("-c"), s->conf,
			 WORD("--allow-root"), NULL };
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC), i;

	s->pid = start_program(argv, in, fd, fd);
	close(in);
	for (i = 0; i < 1000 && access(s->socket, F_OK) != 0; i++)
		pause_ms(10);
	assert_int_equal(access(s->socket, F_OK), 0);
}

/* A reader of the log that stopped reading does not stop the daemon, and is
   told how much it missed. */
static void test_log_blocked(void **state)
{
	struct scene *s = *state;
	static char text[OUT_BYTES];
	ssize_t n;
	int fds[2], i;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_true(fcntl(fds[1], F_SETPIPE_SZ, 4096) >= 0);
	start_logging_to(s, fds[1]);
	close(fds[1]);
	for (i = 0; i < 80; i++)
		assert_int_equal(CTL(s, WORD("version")), 0);
	n = read(fds[0], text, sizeof(text));
	assert_true(n > 2000);
	assert_int_equal(CTL(s, WORD("version")), 0);
	n = read(fds[0], text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	assert_non_null(strstr(text, "level=warning event=log_lost lines="));
	assert_non_null(strstr(text, "event=admin_request"));
	assert_int_equal(end_daemon(s, SIGTERM), 0);
	close(fds[0]);
}

/* Times are ours, but to journald only the urgency is told. */
static void test_log_front(void **state)
{
	struct scene *s = *state;
	static char text[OUT_BYTES];
	char stream[64];
	struct stat st;
	int fd = open(s->log, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	unsigned ms;

	start_logging_to(s, fd);
	assert_int_equal(end_daemon(s, SIGTERM), 0);
	read_whole(s->log, text);
	assert_int_equal(sscanf(text, "20%*2u-%*2u-%*2uT%*2u:%*2u:%*2u.%3uZ "
				"level=info", &ms), 1);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(fstat(fd, &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu",
		 (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	start_logging_to(s, fd);
	assert_int_equal(end_daemon(s, SIGTERM), 0);
	read_whole(s->log, text);
	assert_true(strncmp(text, "<6>level=info ", 14) == 0);
	unsetenv("JOURNAL_STREAM");
	close(fd);
}

/* ---- the service manager ---------------------------------------------------------------- */

static void wait_for_notice(int fd, const char *wanted)
{
	struct timeval wait = { .tv_sec = 10 };
	char text[256];
	ssize_t n;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	do {
		n = recv(fd, text, sizeof(text) - 1, 0);
		if (n < 0)
			fail_msg("no %s was told", wanted);
		text[n] = '\0';
	} while (!strstr(text, wanted));
}

static void test_notices(void **state)
{
	struct scene *s = *state;
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s/notify", s->folder);
	assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
	setenv("NOTIFY_SOCKET", at.sun_path, 1);
	setenv("WATCHDOG_USEC", "100000", 1);
	start_daemon(s);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	wait_for_notice(fd, "READY=1");
	wait_for_notice(fd, "WATCHDOG=1");
	wait_for_notice(fd, "WATCHDOG=1");
	kill(s->pid, SIGHUP);
	wait_for_notice(fd, "RELOADING=1");
	wait_for_notice(fd, "READY=1");
	kill(s->pid, SIGTERM);
	wait_for_notice(fd, "STOPPING=1");
	assert_int_equal(end_daemon(s, SIGTERM), 0);
	close(fd);
}

/* ---- a password at a terminal ------------------------------------------------------------- */

/* Reads what the terminal shows until it ends with prompt. */
static void wait_for_prompt(int tty, const char *prompt, char *shown,
			    size_t size)
{
	size_t n = strlen(shown);
	ssize_t got;

	while (!strstr(shown, prompt)) {
		got = read(tty, shown + n, size - n - 1);
		if (got <= 0)
			fail_msg("no prompt %s in \"%s\"", prompt, shown);
		n += (size_t)got;
		shown[n] = '\0';
	}
}

static int add_at_terminal(struct scene *s, const char *first,
			   const char *second)
{
	char *argv[] = { ctl_bin, WORD("-s"), s->socket, WORD("user"),
			 WORD("add"), WORD("sip:carol@sip.example"), NULL };
	char shown[1024] = "";
	int tty = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), side, status;
	pid_t pid;

	assert_int_equal(grantpt(tty), 0);
	assert_int_equal(unlockpt(tty), 0);
	side = open(ptsname(tty), O_RDWR | O_NOCTTY | O_CLOEXEC);
	pid = start_program(argv, side, side, side);
	wait_for_prompt(tty, "Password: ", shown, sizeof(shown));
	pause_ms(100);	/* the echo goes off behind the prompt */
	dprintf(tty, "%s\n", first);
	wait_for_prompt(tty, "Again: ", shown, sizeof(shown));
	pause_ms(100);
	dprintf(tty, "%s\n", second);
	waitpid(pid, &status, 0);
	assert_null(strstr(shown, first));	/* not echoed */
	close(side);
	close(tty);
	return WEXITSTATUS(status);
}

static void test_password_at_terminal(void **state)
{
	struct scene *s = *state;

	start_daemon(s);
	assert_int_equal(add_at_terminal(s, "se cret", "other"), 64);
	assert_int_equal(CTL(s, WORD("user"), WORD("ls")), 0);
	assert_non_null(strstr(ran.out, "(none)"));
	assert_int_equal(add_at_terminal(s, "se cret", "se cret"), 0);
	assert_int_equal(CTL(s, WORD("user"), WORD("ls")), 0);
	assert_non_null(strstr(ran.out, "sip:carol@sip.example"));
	assert_int_equal(end_daemon(s, SIGTERM), 0);
}

#define SCENE(fn) { .name = #fn, .test_func = fn, .setup_func = set_up, \
	.teardown_func = tear_down }

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		SCENE(test_help), SCENE(test_check_config),
		SCENE(test_print_config), SCENE(test_shipped),
		SCENE(test_root_refused), SCENE(test_root_given_up),
		SCENE(test_life), SCENE(test_killed), SCENE(test_users),
		SCENE(test_log_level), SCENE(test_reload),
		SCENE(test_reload_refused), SCENE(test_reload_all_or_nothing),
		SCENE(test_many_reloads), SCENE(test_accounting_reopened),
		SCENE(test_log_blocked), SCENE(test_log_front),
		SCENE(test_notices), SCENE(test_password_at_terminal),
	};
	char own[PATH_MAX], *folder;

	(void)argc;
	if (!realpath(argv[0], own))
		return 1;
	folder = dirname(dirname(dirname(own)));	/* build/VARIANT */
	snprintf(daemon_bin, sizeof(daemon_bin), "%s/causewayd", folder);
	snprintf(ctl_bin, sizeof(ctl_bin), "%s/causewayctl", folder);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
