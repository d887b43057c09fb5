/* tests/unit/test_store_kill.c: kill -9 at any moment loses nothing that was
 * acknowledged. A child commits messages, some one by one, some many at a time,
 * and writes each answered id into a pipe; it is killed at a random moment
 * (seeded), the store is opened again and must hold every one of them whole,
 * and of the last transactions either all or nothing.
 */
#include "tests/unit/test_store.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include <sqlite3.h>

enum { ROUNDS = 20, AT_ONCE = 16, ACKS_MAX = 200000 };

static struct place place;

/* ---- the child ------------------------------------------------------------ */

struct slot {
	struct msg *msg;
	struct todo todo, second;
	struct write w[3];
	int fd;
	uint64_t id;
	bool is_free;
};

static void on_stored(void *arg, const struct store_result *r)
{
	struct slot *s = arg;

	if (r->err == STORE_OK &&
	    write(s->fd, &s->id, sizeof(s->id)) != sizeof(s->id))
		_exit(3);
	s->is_free = true;
}

/* One message with two rows: all three or none of them. */
static void submit(struct place *p, struct slot *s, uint64_t id)
{
	char text[32];

	msg_put(s->msg);
	snprintf(text, sizeof(text), "body of %llu", (unsigned long long)id);
	s->msg = make_msg("m", "sip:a@a.example", "sip:b@b.example", text, id);
	s->todo = make_todo(2 * id, "link:one", s->msg);
	s->second = make_todo(2 * id + 1, "link:two", s->msg);
	s->w[0] = w_msg(s->msg);
	s->w[1] = w_todo(OP_TODO_PUT, &s->todo);
	s->w[2] = w_todo(OP_TODO_PUT, &s->second);
	s->id = id;
	s->is_free = false;
	if (p->port.commit(p->port.self, s->w, 3, false, on_stored, s) < 0)
		_exit(4);
}

static void commit_for_ever(uint64_t id, int fd)
{
	static struct slot slots[AT_ONCE];
	struct place p = place;
	int i;

	p.loop = net_loop_new(NULL);
	place_open(&p, (struct store_options){ 0 });
	for (i = 0; i < AT_ONCE; i++)
		slots[i] = (struct slot){ .fd = fd, .is_free = true };
	for (;;) {
		for (i = 0; i < AT_ONCE; i++)
			if (slots[i].is_free)
				submit(&p, &slots[i], id++);
		net_loop_once(p.loop, true);
	}
}

/* ---- the parent ----------------------------------------------------------- */

static size_t read_acks(int fd, uint64_t *acks, size_t n)
{
	ssize_t got;

	while (n < ACKS_MAX &&
	       ((got = read(fd, &acks[n], sizeof(acks[0]))) > 0 ||
		(got < 0 && errno == EINTR)))
		if (got == (ssize_t)sizeof(acks[0]))
			n++;
	return n;
}

static size_t run_and_kill(uint64_t first_id, unsigned after_us,
			   uint64_t *acks, size_t n)
{
	int fds[2], status;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(fds[0]);
		commit_for_ever(first_id, fds[1]);
		_exit(5);
	}
	close(fds[1]);
	usleep(after_us);
	kill(pid, SIGKILL);
	n = read_acks(fds[0], acks, n);
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	return n;
}

static int64_t ask(sqlite3 *db, const char *sql, uint64_t id)
{
	sqlite3_stmt *stmt;
	int64_t v = -1;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL),
			 SQLITE_OK);
	sqlite3_bind_int64(stmt, 1, (int64_t)id);
	if (sqlite3_step(stmt) == SQLITE_ROW)
		v = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return v;
}

static void check(const uint64_t *acks, size_t n)
{
	sqlite3 *db;
	size_t i;

	assert_int_equal(sqlite3_open(place.file, &db), SQLITE_OK);
	/* Killed before there was a table: then nothing was acknowledged. */
	if (n == 0 && ask(db, "SELECT COUNT(*) FROM sqlite_master", 0) == 0) {
		sqlite3_close(db);
		return;
	}
	/* Both rows of a message, looked up by a key of this connection's
	   own: a fast disk acknowledges thousands. */
	assert_int_equal(sqlite3_exec(db,
		"CREATE TEMP TABLE whole (id INTEGER PRIMARY KEY);"
		"INSERT INTO whole SELECT msg_id FROM todos JOIN msgs"
		" ON msgs.id = msg_id WHERE refs = 2 GROUP BY msg_id"
		" HAVING COUNT(*) = 2", NULL, NULL, NULL), SQLITE_OK);
	for (i = 0; i < n; i++)
		if (ask(db, "SELECT COUNT(*) FROM whole WHERE id = ?",
			acks[i]) != 1)
			fail_msg("acknowledged %llu is not there",
				 (unsigned long long)acks[i]);
	/* nothing in halves */
	assert_int_equal(ask(db, "SELECT 2 * (SELECT COUNT(*) FROM msgs)"
				 " - (SELECT COUNT(*) FROM todos)", 0), 0);
	assert_int_equal(ask(db, "SELECT COUNT(*) FROM pragma_integrity_check"
				 " WHERE integrity_check = 'ok'", 0), 1);
	sqlite3_close(db);
}

/* And through the store itself: a lane reads back with its bodies. */
static void check_lane(void)
{
	struct claim c = { .what = CLAIM_LANE, .lane = STR("link:one") };
	struct got g = { 0 };
	size_t i;

	place_open(&place, (struct store_options){ 0 });
	assert_int_equal(place.port.claim(place.port.self, &c, 0, on_got, &g),
			 0);
	place_wait(&place, &g);
	assert_int_equal(g.err, STORE_OK);
	assert_true(g.rows->todos_n > 0);
	for (i = 0; i < g.rows->todos_n; i++) {
		char text[32];

		snprintf(text, sizeof(text), "body of %llu",
			 (unsigned long long)g.rows->todos[i].id / 2);
		assert_str(g.rows->todos[i].msg->body.bytes, text);
	}
	got_free(&g);
	place_close(&place);
}

static void test_kill_9_loses_nothing_acknowledged(void **state)
{
	static uint64_t acks[ACKS_MAX];
	unsigned seed = 20261121;
	size_t n = 0, before;
	int round;

	(void)state;
	place_make(&place);
	for (round = 0; round < ROUNDS; round++) {
		before = n;
		/* from hardly open to well under way */
		n = run_and_kill((uint64_t)(round + 1) * 1000000,
				 20000 + (unsigned)rand_r(&seed) % 150000,
				 acks, n);
		check(acks + before, n - before);
	}
	check(acks, n);
	if (n < 100)
		fail_msg("only %zu were acknowledged", n);
	check_lane();
	place_drop(&place);
	print_message("%zu acknowledged in %d rounds, all there\n", n, ROUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_kill_9_loses_nothing_acknowledged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
