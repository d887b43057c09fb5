/* tests/unit/test_store.c: what is the SQLite store's own beside the contract
 * (test_store_contract.c): group commit, laziness, limits, a full disk, the
 * accounting file, the schema and its plans.
 */
#include "tests/unit/test_store.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include <sqlite3.h>

#include "adapters/store/account.h"
#include "adapters/store/migrate.h"
#include "adapters/store/statements.h"
#include "core/base/mem.h"

static struct place place;

static int set_up(void **state)
{
	(void)state;
	place_make(&place);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	place_drop(&place);
	return 0;
}

static void open_with(struct store_options o)
{
	place_open(&place, o);
}

static int submit(const struct write *w, size_t n, bool is_lazy,
		  struct got *g)
{
	return place.port.commit(place.port.self, w, n, is_lazy, on_got, g);
}

static enum store_err commit(const struct write *w, size_t n)
{
	struct got g = { 0 };

	assert_int_equal(submit(w, n, false, &g), 0);
	place_wait(&place, &g);
	return g.err;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t ask(const char *sql)
{
	sqlite3_stmt *stmt;
	sqlite3 *db;
	int64_t v = -1;

	assert_int_equal(sqlite3_open(place.file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL),
			 SQLITE_OK);
	if (sqlite3_step(stmt) == SQLITE_ROW)
		v = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return v;
}

static void run_sql(const char *sql)
{
	char *why = NULL;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(place.file, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s", why);
	sqlite3_close(db);
}

/* ---- group commit --------------------------------------------------------- */

static void test_many_share_one_fsync(void **state)
{
	enum { N = 2000 };
	struct dedup_row *rows = mem_zalloc(N * sizeof(*rows));
	struct write *w = mem_zalloc(N * sizeof(*w));
	struct got *g = mem_zalloc(N * sizeof(*g));
	struct store_stats st;
	int i;

	(void)state;
	open_with((struct store_options){ 0 });
	for (i = 0; i < N; i++) {
		memcpy(rows[i].key, &i, sizeof(i));
		rows[i].expires_utc_us = INT64_MAX;
		w[i] = (struct write){ .op = OP_DEDUP, .u.dedup = &rows[i] };
		assert_int_equal(submit(&w[i], 1, false, &g[i]), 0);
	}
	for (i = 0; i < N; i++) {
		place_wait(&place, &g[i]);
		assert_int_equal(g[i].err, STORE_OK);
		assert_int_equal(g[i].n, 1);
	}
	store_stats(place.db, &st);
	assert_int_equal(st.transactions, N);
	assert_int_equal(st.waiting, 0);
	assert_true(st.commits < N / 10);
	mem_free(rows);
	mem_free(w);
	mem_free(g);
}

/* A lazy one alone takes up to 50 ms; with somebody waiting it rides along. */
static void test_lazy_rides_along(void **state)
{
	struct live_row l = { .leg = 1 };
	struct write w = { .op = OP_LIVE_PUT, .u.live = &l };
	struct got lazy = { 0 }, eager = { 0 };
	struct store_stats st;
	int64_t at;

	(void)state;
	open_with((struct store_options){ 0 });
	at = now_ms();
	assert_int_equal(submit(&w, 1, true, &lazy), 0);
	place_wait(&place, &lazy);
	assert_true(now_ms() - at >= 45);
	assert_true(now_ms() - at < 5000);
	lazy.n = 0;
	assert_int_equal(submit(&w, 1, true, &lazy), 0);
	assert_int_equal(submit(&w, 1, false, &eager), 0);
	place_wait(&place, &eager);
	assert_int_equal(lazy.n, 1);
	assert_int_equal(lazy.order + 1, eager.order);
	store_stats(place.db, &st);
	assert_int_equal(st.commits, 2);
}

static void test_queue_is_bounded(void **state)
{
	enum { N = 64 };
	struct live_row l = { .leg = 1 };
	struct write w = { .op = OP_LIVE_PUT, .u.live = &l };
	struct got g[N] = { 0 };
	int taken = 0, i;

	(void)state;
	open_with((struct store_options){ .queue_max = 10 });
	assert_false(place.port.is_full(place.port.self));
	for (i = 0; i < N; i++) /* lazy ones wait, so they pile up */
		if (submit(&w, 1, true, &g[taken]) == 0)
			taken++;
		else
			break;
	assert_int_equal(taken, 10);
	assert_true(place.port.is_full(place.port.self));
	assert_int_equal(submit(&w, 1, false, &g[taken]), ERR_LIMIT);
	for (i = 0; i < taken; i++)
		place_wait(&place, &g[i]);
	assert_false(place.port.is_full(place.port.self));
	assert_int_equal(g[taken].n, 0); /* its handler does not run */
	assert_int_equal(submit(&w, 1, false, &g[taken]), 0);
	place_wait(&place, &g[taken]);
}

/* Closing answers everything that was given, lazy ones and reads too. */
static void test_close_drains(void **state)
{
	struct live_row l = { .leg = 1 };
	struct write w = { .op = OP_LIVE_PUT, .u.live = &l };
	struct claim c = { .what = CLAIM_LANE, .lane = STR("link:x") };
	struct got lazy = { 0 }, eager = { 0 }, read = { 0 };

	(void)state;
	open_with((struct store_options){ 0 });
	assert_int_equal(submit(&w, 1, false, &eager), 0);
	assert_int_equal(submit(&w, 1, true, &lazy), 0);
	assert_int_equal(place.port.claim(place.port.self, &c, 0, on_got,
					  &read), 0);
	place_close(&place);
	assert_int_equal(eager.n, 1);
	assert_int_equal(lazy.n, 1);
	assert_int_equal(lazy.err, STORE_OK);
	assert_int_equal(read.n, 1);
	assert_int_equal(read.err, STORE_OK);
	got_free(&read);
	assert_int_equal(ask("SELECT COUNT(*) FROM live"), 1);
}

/* Submitting from inside a handler. */
struct again {
	struct write w;
	int left;
};

static void on_again(void *arg, const struct store_result *r)
{
	struct again *a = arg;

	assert_int_equal(r->err, STORE_OK);
	if (a->left-- > 0)
		assert_int_equal(place.port.commit(place.port.self, &a->w, 1,
						   false, on_again, a), 0);
}

static void test_handlers_may_submit(void **state)
{
	struct live_row l = { .leg = 1 };
	struct again a = { { .op = OP_LIVE_PUT, .u.live = &l }, 20 };

	(void)state;
	open_with((struct store_options){ 0 });
	assert_int_equal(place.port.commit(place.port.self, &a.w, 1, false,
					   on_again, &a), 0);
	while (a.left >= 0)
		net_loop_once(place.loop, true);
}

static void test_long_log_is_written_back(void **state)
{
	struct msg *m = make_msg("m", "sip:a@a.example", "sip:b@b.example",
				 "x", 1);
	struct todo t = make_todo(1, "link:l", m);
	struct write w[] = { w_msg(m), w_todo(OP_TODO_PUT, &t) };
	struct store_stats st;
	struct stat log;
	char body[40000], path[128];
	uint64_t i;

	(void)state;
	memset(body, 'x', sizeof(body));
	m->body = body_inline((struct str){ body, sizeof(body) });
	open_with((struct store_options){ 0 });
	for (i = 1; i <= 500; i++) {
		m->store_id = t.msg_store_id = t.id = i;
		assert_int_equal(commit(w, 2), STORE_OK);
	}
	store_stats(place.db, &st);
	assert_true(ask("PRAGMA page_count") > 4000);
	assert_false(st.is_log_large);
	snprintf(path, sizeof(path), "%s-wal", place.file);
	assert_int_equal(stat(path, &log), 0);
	assert_true(log.st_size < 16 << 20); /* 20 MB were written */
	msg_put(m);
}

/* A reader that never ends (another program) pins the log: the alarm goes up,
   and down again once the reader is gone. */
static void test_pinned_log_raises_alarm(void **state)
{
	struct msg *m = make_msg("m", "sip:a@a.example", "sip:b@b.example",
				 "x", 1);
	struct todo t = make_todo(1, "link:l", m);
	struct write w[] = { w_msg(m), w_todo(OP_TODO_PUT, &t) };
	struct store_stats st;
	sqlite3 *other;
	char body[60000];
	uint64_t i;

	(void)state;
	memset(body, 'x', sizeof(body));
	m->body = body_inline((struct str){ body, sizeof(body) });
	open_with((struct store_options){ .log_alarm_bytes = 1 << 20 });
	assert_int_equal(commit(w, 2), STORE_OK);
	assert_int_equal(sqlite3_open(place.file, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN; SELECT COUNT(*) FROM"
				      " todos", NULL, NULL, NULL), SQLITE_OK);
	for (i = 2; i <= 25; i++) {
		m->store_id = t.msg_store_id = t.id = i;
		assert_int_equal(commit(w, 2), STORE_OK);
	}
	/* counted with the next commit, after the attempt to empty it */
	store_stats(place.db, &st);
	assert_true(st.log_bytes > 1 << 20);
	assert_true(st.is_log_large);
	assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(other);
	for (; i <= 100 && st.is_log_large; i++) { /* tried once a second */
		usleep(50000);
		m->store_id = t.msg_store_id = t.id = i;
		assert_int_equal(commit(w, 2), STORE_OK);
		store_stats(place.db, &st);
	}
	assert_false(st.is_log_large);
	assert_true(st.log_bytes < 1 << 20);
	msg_put(m);
}

/* ---- a full disk ---------------------------------------------------------- */

static void test_full_store_says_so_and_recovers(void **state)
{
	enum { MAX = 400 };
	struct msg *m = make_msg("m", "sip:a@a.example", "sip:b@b.example",
				 "x", 1);
	struct todo t = make_todo(1, "link:l", m);
	struct write w[] = { w_msg(m), w_todo(OP_TODO_PUT, &t) };
	struct write done = w_todo(OP_TODO_DONE, &t);
	enum store_err err = STORE_OK;
	struct store_stats st;
	char body[8000];
	int stored = 0, i;

	(void)state;
	memset(body, 'x', sizeof(body));
	m->body = body_inline((struct str){ body, sizeof(body) });
	open_with((struct store_options){ .file_bytes_max = 1 << 20 });
	for (i = 1; i <= MAX && !err; i++) {
		m->store_id = t.msg_store_id = t.id = (uint64_t)i;
		err = commit(w, 2);
		stored += err == STORE_OK;
	}
	assert_int_equal(err, STORE_FULL);
	assert_true(stored > 50);
	store_stats(place.db, &st);
	assert_true(st.is_failing);
	assert_int_equal(ask("SELECT COUNT(*) FROM todos"), stored);
	assert_int_equal(ask("SELECT COUNT(*) FROM msgs"), stored);
	/* what deletes still works, and makes room */
	for (i = 1; i <= 10; i++) {
		t.id = t.msg_store_id = (uint64_t)i;
		assert_int_equal(commit(&done, 1), STORE_OK);
	}
	t.id = m->store_id = t.msg_store_id = 1000;
	assert_int_equal(commit(w, 2), STORE_OK);
	store_stats(place.db, &st);
	assert_false(st.is_failing);
	assert_int_equal(ask("SELECT COUNT(*) FROM msgs"), stored - 9);
	msg_put(m);
}

/* In one group with others, only those that find no room are refused. */
static void test_full_store_refuses_only_what_grows(void **state)
{
	struct msg *m = make_msg("m", "sip:a@a.example", "sip:b@b.example",
				 "x", 1);
	struct todo t = make_todo(1, "link:l", m), old = t;
	struct write w[] = { w_msg(m), w_todo(OP_TODO_PUT, &t) };
	struct write done = w_todo(OP_TODO_DONE, &old);
	struct got a = { 0 }, b = { 0 }, c = { 0 };
	char body[60000];
	uint64_t i;

	(void)state;
	memset(body, 'x', sizeof(body));
	m->body = body_inline((struct str){ body, sizeof(body) });
	open_with((struct store_options){ .file_bytes_max = 1 << 20 });
	for (i = 1; commit(w, 2) == STORE_OK; i++)
		m->store_id = t.msg_store_id = t.id = i + 1;
	old.id = 1;
	/* lazy, so that all three are in one group */
	assert_int_equal(submit(w, 2, true, &a), 0);
	assert_int_equal(submit(&done, 1, true, &b), 0);
	assert_int_equal(submit(w, 2, false, &c), 0);
	place_wait(&place, &c);
	assert_int_equal(a.err, STORE_FULL);
	assert_int_equal(b.err, STORE_OK);
	assert_int_equal(c.err, STORE_OK);	/* in the room of the second */
	assert_true(a.order < b.order && b.order < c.order);
	msg_put(m);
}

/* On a real full disk every file of the database feels it: the log that grows,
   the index beside it, the writing back. */
static void fill_small_disk(void)
{
	struct msg *m = make_msg("m", "sip:a@a.example", "sip:b@b.example",
				 "x", 1);
	struct todo t = make_todo(1, "link:l", m);
	struct write w[] = { w_msg(m), w_todo(OP_TODO_PUT, &t) };
	struct write done = w_todo(OP_TODO_DONE, &t);
	char body[8000], ballast[96];
	int stored = 0, fd, i;

	memset(body, 'x', sizeof(body));
	m->body = body_inline((struct str){ body, sizeof(body) });
	snprintf(ballast, sizeof(ballast), "%s/ballast", place.dir);
	fd = open(ballast, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(posix_fallocate(fd, 0, 1 << 20), 0);
	close(fd);
	open_with((struct store_options){ 0 });
	for (i = 1; i <= 2000; i++) {
		enum store_err err;

		m->store_id = t.msg_store_id = t.id = (uint64_t)i;
		err = commit(w, 2);
		if (err) {
			assert_int_equal(err, STORE_FULL);
			break;
		}
		stored++;
	}
	assert_true(stored > 50 && i <= 2000);
	assert_int_equal(commit(w, 2), STORE_FULL);
	/* room again, on the disk this time */
	assert_int_equal(unlink(ballast), 0);
	assert_int_equal(commit(w, 2), STORE_OK);
	t.id = t.msg_store_id = 1;
	assert_int_equal(commit(&done, 1), STORE_OK);
	place_close(&place);
	assert_int_equal(ask("SELECT COUNT(*) FROM msgs JOIN todos"
			     " ON msg_id = msgs.id WHERE refs = 1"), stored);
	assert_int_equal(ask("SELECT COUNT(*) FROM msgs"), stored);
	assert_int_equal(ask("SELECT COUNT(*) FROM pragma_integrity_check"
			     " WHERE integrity_check = 'ok'"), 1);
	msg_put(m);
}

/* Runs what on a tmpfs of that size. In a mount namespace of its own, in a child, so
   that the tmpfs goes away with it whatever happens. */
static void on_small_disk(void (*what)(void), const char *size)
{
	enum { NO_MOUNT = 77 };
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (unshare(CLONE_NEWNS) < 0 ||
		    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		    mount("none", place.dir, "tmpfs", 0, size) < 0)
			_exit(NO_MOUNT);
		what();
		_exit(0); /* a failed assertion ends with another number */
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NO_MOUNT) {
		print_message("no private mount here; the limit of pages"
			      " stands for it\n");
		return;
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_full_disk(void **state)
{
	(void)state;
	on_small_disk(fill_small_disk, "size=4m");
}

/* Somebody else writes in the file for a while: we wait. */
static void test_waits_for_another_writer(void **state)
{
	struct live_row l = { .leg = 1 };
	struct write w = { .op = OP_LIVE_PUT, .u.live = &l };
	struct got g = { 0 };
	sqlite3 *other;

	(void)state;
	open_with((struct store_options){ 0 });
	assert_int_equal(sqlite3_open(place.file, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL,
				      NULL), SQLITE_OK);
	assert_int_equal(submit(&w, 1, false, &g), 0);
	usleep(200000);
	net_loop_once(place.loop, false);
	assert_int_equal(g.n, 0);
	assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL),
			 SQLITE_OK);
	place_wait(&place, &g);
	assert_int_equal(g.err, STORE_OK);
	sqlite3_close(other);
}

static void test_claims_are_bounded(void **state)
{
	enum { N = 90 };
	struct msg *m = make_msg("m", "sip:a@a.example", "sip:b@b.example",
				 "x", 1);
	struct todo t[N];
	struct write w[N + 1] = { w_msg(m) };
	struct claim c = { .what = CLAIM_LANE, .lane = STR("link:l") };
	struct got g = { 0 };
	char body[60000];
	uint64_t seen = 0;
	int rounds = 0, i;

	(void)state;
	memset(body, 'x', sizeof(body));
	m->body = body_inline((struct str){ body, sizeof(body) });
	open_with((struct store_options){ 0 });
	for (i = 0; i < N; i++) {
		t[i] = make_todo((uint64_t)i + 1, "link:l", m);
		w[i + 1] = w_todo(OP_TODO_PUT, &t[i]);
	}
	assert_int_equal(commit(w, N + 1), STORE_OK);
	do { /* 5.4 MB of messages do not come at once */
		bool is_all;

		c.after_seq = seen;
		assert_int_equal(place.port.claim(place.port.self, &c, 0,
						  on_got, &g), 0);
		place_wait(&place, &g);
		assert_true(g.rows->todos_n > 0);
		seen = g.rows->todos[g.rows->todos_n - 1].seq;
		is_all = g.rows->is_all;
		got_free(&g);
		rounds++;
		if (is_all)
			break;
	} while (rounds < 10);
	assert_int_equal(rounds, 2);
	assert_int_equal(seen, N);
	msg_put(m);
}

/* ---- the accounting file -------------------------------------------------- */

static void read_file(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t n;

	assert_true(fd >= 0);
	n = read(fd, out, size - 1);
	assert_true(n >= 0);
	out[n] = '\0';
	close(fd);
}

static void account(const char *line)
{
	assert_true(place.port.account(place.port.self, str_of(line)));
}

/* Reads an accounting file as a biller would: every number follows the one
   before or a marker says why not. Returns the next number to expect; 0 at
   first. */
static uint64_t bill(const char *path, uint64_t expected, unsigned *records_out)
{
	char line[ACCOUNT_LINE_BYTES_MAX + 200];
	FILE *f = fopen(path, "r");
	unsigned long long a, b;

	assert_non_null(f);
	*records_out = 0;
	while (fgets(line, sizeof(line), f)) {
		assert_int_equal(line[strlen(line) - 1], '\n');
		if (sscanf(line, "seq=%llu ", &a) == 1) {
			assert_int_equal(a, expected);
			expected++;
			++*records_out;
		} else if (sscanf(line, "#lost first=%llu last=%llu\n", &a,
				  &b) == 2) {
			assert_int_equal(a, expected);
			expected = b + 1;
		} else {
			const char *next = strstr(line, " next=");

			assert_memory_equal(line, "#accounting version=1 ",
					    22);
			assert_int_equal(sscanf(next, " next=%llu", &a), 1);
			if (expected && !strstr(line, " skipped="))
				assert_int_equal(a, expected);
			expected = a;
		}
	}
	fclose(f);
	return expected;
}

static void wait_for_size(const char *path, off_t size)
{
	struct stat st;
	int i;

	for (i = 0; i < 500 && (stat(path, &st) < 0 || st.st_size < size); i++)
		usleep(10000);
	assert_true(i < 500);
}

static void test_accounting_and_rotation(void **state)
{
	char text[4096], moved[128], long_line[5000];
	unsigned records;

	(void)state;
	snprintf(moved, sizeof(moved), "%s.1", place.account);
	open_with((struct store_options){ .node = 7 });
	account("one");
	account("two");
	wait_for_size(place.account, 100);
	read_file(place.account, text, sizeof(text));
	assert_memory_equal(text, "#accounting version=1 node=00000007 time=",
			    41);
	assert_non_null(strstr(text, " next=1 after=nothing\n"
				     "seq=1 one\nseq=2 two\n"));
	assert_int_equal(rename(place.account, moved), 0);
	account("three");
	store_reopen(place.db);	/* "three" belongs to the old file */
	wait_for_size(place.account, 60);
	account("four");
	memset(long_line, 'x', sizeof(long_line));
	assert_false(place.port.account(place.port.self, (struct str){
		long_line, sizeof(long_line) }));
	account("six");
	place_close(&place);	/* what waits is written */
	read_file(moved, text, sizeof(text));
	assert_non_null(strstr(text, "\nseq=3 three\n"));
	read_file(place.account, text, sizeof(text));
	assert_non_null(strstr(text, " next=4 after=rotation\nseq=4 four\n"
				     "#lost first=5 last=5\nseq=6 six\n"));
	/* an orderly end and a new run */
	open_with((struct store_options){ .node = 7 });
	account("seven");
	place_close(&place);
	read_file(place.account, text, sizeof(text));
	assert_non_null(strstr(text, "next=7 after=stop\nseq=7 seven\n"));
	assert_int_equal(bill(place.account, bill(moved, 0, &records),
			      &records), 8);
	assert_int_equal(records, 3);
}

/* The file is taken away while nobody runs, or loses its end. */
static void test_accounting_goes_on(void **state)
{
	char text[4096], moved[128];
	unsigned records;
	struct stat st;
	FILE *f;

	(void)state;
	snprintf(moved, sizeof(moved), "%s.1", place.account);
	open_with((struct store_options){ 0 });
	account("one");
	place_close(&place);
	assert_int_equal(rename(place.account, moved), 0);
	open_with((struct store_options){ 0 });
	account("two");
	place_close(&place);
	read_file(place.account, text, sizeof(text));
	assert_non_null(strstr(text, " next=2 after=stop\nseq=2 two\n"));
	/* a line that a crash left unfinished */
	f = fopen(place.account, "a");
	fputs("seq=3 2026-01-01T00:00", f);
	fclose(f);
	open_with((struct store_options){ 0 });
	account("three");
	place_close(&place);
	read_file(place.account, text, sizeof(text));
	assert_non_null(strstr(text, "\nseq=2 two\n#accounting "));
	assert_non_null(strstr(text, " next=3 after=stop cut=22\n"
				     "seq=3 three\n"));
	assert_int_equal(bill(place.account, 2, &records), 4);
	/* crashed after the file was taken away: nobody knows the last number,
	   so the next ones are those that were never given */
	snprintf(text, sizeof(text), "%s.seq", place.account);
	f = fopen(text, "w");
	fputs("next=4 reserved=1004\n", f);
	fclose(f);
	assert_int_equal(unlink(place.account), 0);
	open_with((struct store_options){ 0 });
	account("later");
	place_close(&place);
	assert_int_equal(stat(place.account, &st), 0);
	read_file(place.account, text, sizeof(text));
	assert_non_null(strstr(text, " next=1004 after=crash skipped=1000\n"
				     "seq=1004 later\n"));
}

/* The disk is full for longer than the buffer lasts, and has room again: whole
   lines only, and what is missing is said. */
static void fill_with_accounts(void)
{
	char line[2001], ballast[96];
	unsigned records, i;
	uint64_t next;
	int fd;

	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	snprintf(ballast, sizeof(ballast), "%s/ballast", place.dir);
	open_with((struct store_options){ 0 });
	account("first");
	wait_for_size(place.account, 60);
	fd = open(ballast, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	while (write(fd, line, 1000) > 0)
		; /* until nothing fits */
	close(fd);
	for (i = 0; i < 5000; i++) /* more than the buffers hold */
		place.port.account(place.port.self, str_of(line));
	usleep(500000);
	assert_int_equal(unlink(ballast), 0);
	for (i = 0; i < 200; i++) {
		place.port.account(place.port.self, STR("again"));
		usleep(10000);
	}
	place_close(&place);
	next = bill(place.account, 1, &records);
	assert_true(next > 5002 && records < 5002 && records > 100);
}

static void test_accounting_on_a_full_disk(void **state)
{
	(void)state;
	on_small_disk(fill_with_accounts, "size=16m");
}

/* Nobody can write: the loop goes on, the buffer is bounded, losses counted. */
static void test_accounting_is_bounded(void **state)
{
	char line[4001];
	struct store_stats st;
	int i;

	(void)state;
	memset(line, 'x', sizeof(line));
	line[4000] = '\0';
	assert_int_equal(mkdir(place.account, 0700), 0); /* cannot be opened */
	open_with((struct store_options){ 0 });
	for (i = 0; i < 4000; i++)
		place.port.account(place.port.self, str_of(line));
	store_stats(place.db, &st);
	assert_true(st.accounts_dropped > 1000);
	assert_int_equal(st.accounts + st.accounts_dropped, 4000);
	place_close(&place);
	rmdir(place.account);
}

/* ---- opening -------------------------------------------------------------- */

static void test_file_is_private(void **state)
{
	char path[128];
	struct stat st;

	(void)state;
	umask(0);
	open_with((struct store_options){ 0 });
	umask(022);
	assert_int_equal(stat(place.file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	snprintf(path, sizeof(path), "%s-wal", place.file);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void test_alone(void **state)
{
	struct store_options o = { .file = place.file, .is_alone = true };
	struct errtext why = { "" };

	(void)state;
	open_with((struct store_options){ .is_alone = true });
	assert_null(store_open(place.loop, &o, &why));
	assert_non_null(strstr(why.text, "another process uses it"));
	place_close(&place);
	open_with((struct store_options){ .is_alone = true });
}

static void assert_refused(const char *sentence)
{
	struct store_options o = { .file = place.file };
	struct errtext why = { "" };

	assert_null(store_open(place.loop, &o, &why));
	if (!strstr(why.text, sentence))
		fail_msg("said: %s", why.text);
}

static void test_foreign_files_are_refused(void **state)
{
	struct errtext why = { "" };
	FILE *f;

	(void)state;
	run_sql("CREATE TABLE recipes (cake TEXT)");
	assert_refused("no database of this program");
	run_sql("DROP TABLE recipes");
	unlink(place.file);
	f = fopen(place.file, "w");
	fputs("I am a text file that is long enough to be looked at, really."
	      "I am a text file that is long enough to be looked at, really.",
	      f);
	fclose(f);
	assert_refused("not a database");
	unlink(place.file);
	assert_null(store_open(place.loop, &(struct store_options){
		.file = "/nonexistent/x.db" }, &why));
	assert_non_null(strstr(why.text, "No such file"));
}

/* ---- the schema ----------------------------------------------------------- */

static void test_newer_schema_is_refused(void **state)
{
	char sentence[64];

	(void)state;
	open_with((struct store_options){ 0 });
	place_close(&place);
	run_sql("UPDATE meta SET value = 900 WHERE name = 'schema'");
	snprintf(sentence, sizeof(sentence),
		 "version 900 is newer than this program, which knows version "
		 "%d", sql_steps_n);
	assert_refused(sentence);
	assert_int_equal(ask("SELECT value FROM meta"), 900);
}

/* A database of version 1, made by hand with rows in it, goes through the
   steps that follow; a step that fails leaves the version before it. */
static void test_migration(void **state)
{
	static const struct sql_step good[] = {
		{ 1, { "never run", NULL } },
		{ 2, { "ALTER TABLE users ADD COLUMN mood TEXT NOT NULL"
		       " DEFAULT 'fine'", NULL } },
		{ 3, { "CREATE TABLE moods (name TEXT);"
		       "INSERT INTO moods SELECT mood FROM users", NULL } },
	};
	static const struct sql_step bad[] = {
		{ 1, { "never run", NULL } },
		{ 2, { "never run", NULL } },
		{ 3, { "never run", NULL } },
		{ 4, { "CREATE TABLE more (x TEXT); INSERT INTO nowhere"
		       " VALUES (1)", NULL } },
	};
	struct errtext why = { "" };
	struct db *db;

	(void)state;
	run_sql("CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER);"
		"CREATE TABLE users (aor TEXT PRIMARY KEY);"
		"INSERT INTO users VALUES ('sip:a@b');"
		"INSERT INTO meta VALUES ('schema', 1)");
	db = db_open(place.file, 0, true, &why);
	assert_non_null(db);
	assert_int_equal(migrate(db, good, 3, &why), 0);
	assert_int_equal(migrate(db, good, 3, &why), 0); /* nothing to do */
	assert_true(migrate(db, bad, 4, &why) < 0);
	assert_non_null(strstr(why.text, "nowhere"));
	db_close(db);
	assert_int_equal(ask("SELECT value FROM meta WHERE name = 'schema'"),
			 3);
	assert_int_equal(ask("SELECT COUNT(*) FROM moods"
			     " WHERE name = 'fine'"), 1);
	assert_int_equal(ask("SELECT COUNT(*) FROM sqlite_master"
			     " WHERE name = 'more'"), 0);
}

/* The version 1 that was once released, word for word, opens today. */
static void test_version_1_opens(void **state)
{
	char sql[16384];
	struct user *u = user_new(STR("sip:a@b.example"));
	struct write w = { .op = OP_USER_PUT, .u.user = u };

	(void)state;
	read_file("conf/sql/sqlite-1.sql", sql, sizeof(sql));
	run_sql(sql);
	run_sql("INSERT INTO meta VALUES ('schema', 1)");
	open_with((struct store_options){ 0 });
	assert_int_equal(commit(&w, 1), STORE_OK);
	place_close(&place);
	assert_int_equal(ask("SELECT COUNT(*) FROM users"), 1);
	assert_int_equal(ask("SELECT value FROM meta"), sql_steps_n);
	user_put(u);
}

static enum store_err put_contact(const char *aor, unsigned flags)
{
	struct user *u = user_new(str_of(aor));
	struct write w = { .op = OP_USER_PUT, .u.user = u };
	enum store_err err;

	u->contact = flags;
	err = commit(&w, 1);
	user_put(u);
	return err;
}

/* Foreign servers make accounts for the asking: contacts have an end, which
   hinders nobody who is there already, and no user of ours. */
static void test_contacts_are_bounded(void **state)
{
	char sql[400];

	(void)state;
	open_with((struct store_options){ 0 });
	assert_int_equal(put_contact("sip:first@x.example", 1), STORE_OK);
	place_close(&place);
	snprintf(sql, sizeof(sql), "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL"
		 " SELECT i + 1 FROM n WHERE i < %d) INSERT INTO users"
		 " SELECT 'sip:c' || i || '@x.example', 'x', '', '', '', '',"
		 " 0, 0, 1, 1, 0, 0, 0, '', 1, '' FROM n", CONTACTS_MAX - 1);
	run_sql(sql);
	open_with((struct store_options){ 0 });
	assert_int_equal(put_contact("sip:late@x.example", 1), STORE_LIMIT);
	assert_int_equal(put_contact("sip:first@x.example", 3), STORE_OK);
	assert_int_equal(put_contact("sip:bob@sip.example", 0), STORE_OK);
	place_close(&place);
	assert_int_equal(ask("SELECT COUNT(*) FROM users WHERE contact <> 0"),
			 CONTACTS_MAX);
}

/* What operators read in conf/sql is what runs. */
static void test_schema_files_are_ours(void **state)
{
	static const char *const names[] = { "sqlite", "pgsql" };
	char path[64], text[16384];
	int i, e;

	(void)state;
	for (i = 0; i < sql_steps_n; i++)
		for (e = 0; e < 2; e++) {
			snprintf(path, sizeof(path), "conf/sql/%s-%d.sql",
				 names[e], sql_steps[i].version);
			read_file(path, text, sizeof(text));
			assert_string_equal(text, sql_steps[i].text[e]);
		}
}

/* One text serves both engines only while parameters first occur in order. */
static void test_parameters_are_in_order(void **state)
{
	sqlite3 *db;
	int i, n;

	(void)state;
	open_with((struct store_options){ 0 });
	assert_int_equal(sqlite3_open(place.file, &db), SQLITE_OK);
	for (i = 0; i < SQL_COUNT_N; i++) {
		const char *text = sql_text((enum sql)i, SQL_SQLITE);
		sqlite3_stmt *stmt;

		assert_non_null(sql_text((enum sql)i, SQL_PGSQL));
		if (!text)
			continue;
		if (sqlite3_prepare_v2(db, text, -1, &stmt, NULL) != SQLITE_OK)
			fail_msg("%s: %s", text, sqlite3_errmsg(db));
		for (n = 1; n <= sqlite3_bind_parameter_count(stmt); n++) {
			char name[16];

			snprintf(name, sizeof(name), "$%d", n);
			assert_string_equal(
				sqlite3_bind_parameter_name(stmt, n), name);
		}
		sqlite3_finalize(stmt);
	}
	sqlite3_close(db);
}

/* ---- plans: flat in the backlog ------------------------------------------- */

/* All lines of EXPLAIN QUERY PLAN, one after the other. */
static void plan_of(sqlite3 *db, enum sql id, char *out, size_t size)
{
	char sql[4096];
	sqlite3_stmt *stmt;
	size_t n = 0;

	snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s",
		 sql_text(id, SQL_SQLITE));
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL),
			 SQLITE_OK);
	out[0] = '\0';
	while (sqlite3_step(stmt) == SQLITE_ROW && n < size)
		n += (size_t)snprintf(out + n, size - n, "%s; ",
				      (const char *)sqlite3_column_text(stmt,
									3));
	sqlite3_finalize(stmt);
}

static void test_plans_use_indexes(void **state)
{
	static const struct {
		enum sql id;
		const char *has;
	} rows[] = {
		{ SQL_CLAIM_LANE, "SEARCH t USING INDEX todos_lane"
				  " (lane=? AND seq>?)" },
		{ SQL_BACKLOG, "SEARCH todos USING COVERING INDEX todos_lane"
			       " (lane=?)" },
		{ SQL_DUE_LANES, "SEARCH d USING COVERING INDEX todos_wake"
				 " (lane=? AND wake<?)" },
		{ SQL_DUE_REPORTS, "SEARCH dues USING INTEGER PRIMARY KEY" },
		{ SQL_USER_GET, "SEARCH users USING PRIMARY KEY (aor=?)" },
		{ SQL_USER_BY_FOLDED, "users_folded (folded=?)" },
		{ SQL_BINDS_GET, "SEARCH bindings USING PRIMARY KEY (aor=?)" },
		{ SQL_TODO_GET, "(id=?)" },
		{ SQL_TODO_DONE, "(id=?)" },
		{ SQL_TODO_MSG, "(id=?)" },
		{ SQL_TODO_RETRY, "(id=?)" },
		{ SQL_TODO_MOVE, "(id=?)" },
		{ SQL_TODO_HOLD, "(id=?)" },
		{ SQL_MSG_USE, "(id=?)" },
		{ SQL_MSG_DROP_LAST, "(id=?)" },
		{ SQL_MSG_UNUSE, "(id=?)" },
		{ SQL_DUE_DONE, "(id=?)" },
		{ SQL_DEDUP_RENEW, "SEARCH dedup USING PRIMARY KEY (key=?)" },
		{ SQL_DEDUP_ANSWER, "SEARCH dedup USING PRIMARY KEY (key=?)" },
		{ SQL_DEDUP_PURGE, "dedup_expires (expires<?)" },
		{ SQL_BIND_DROP_ALL, "PRIMARY KEY (aor=?)" },
		{ SQL_FENCE, "SEARCH owners USING PRIMARY KEY (resource=?)" },
		{ SQL_CONTACTS, "users_contact (aor>?)" },
		{ SQL_LIST_USERS, "SEARCH users USING PRIMARY KEY (aor>?)" },
		{ SQL_LIST_TODOS, "INTEGER PRIMARY KEY (rowid>?)" },
		{ SQL_LIST_TODOS_OF_LANE, "(lane=? AND seq>?)" },
	};
	char plan[4096];
	sqlite3 *db;
	size_t i;

	(void)state;
	open_with((struct store_options){ 0 });
	assert_int_equal(sqlite3_open(place.file, &db), SQLITE_OK);
	for (i = 0; i < COUNT_OF(rows); i++) {
		plan_of(db, rows[i].id, plan, sizeof(plan));
		if (!strstr(plan, rows[i].has))
			fail_msg("statement %d: %s", rows[i].id, plan);
		/* a whole table is never walked, nor sorted to be cut off */
		if (strstr(plan, "SCAN t ") || strstr(plan, "SCAN todos") ||
		    strstr(plan, "SCAN msgs") || strstr(plan, "SCAN dedup ") ||
		    (strstr(plan, "TEMP B-TREE") &&
		     rows[i].id != SQL_BINDS_GET))
			fail_msg("statement %d: %s", rows[i].id, plan);
	}
	sqlite3_close(db);
}

/* Steps of SQLite's machine for one look over all lanes. */
static int look_steps(void)
{
	sqlite3_stmt *stmt;
	sqlite3 *db;
	int steps;

	assert_int_equal(sqlite3_open(place.file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db,
					    sql_text(SQL_DUE_LANES,
						     SQL_SQLITE),
					    -1, &stmt, NULL), SQLITE_OK);
	sqlite3_bind_text(stmt, 1, "", 0, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 2, 4);
	sqlite3_bind_int64(stmt, 3, 1000);
	while (sqlite3_step(stmt) == SQLITE_ROW)
		;
	steps = sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_VM_STEP, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return steps;
}

/* Looking for due lanes costs by the lane, not by the row. */
static void test_due_lanes_hop_over_backlog(void **state)
{
	struct claim c = { .what = CLAIM_DUE_LANES, .max = 10 };
	struct got g = { 0 };

	(void)state;
	open_with((struct store_options){ 0 });
	run_sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1"
		" FROM n WHERE i < 100000)"
		" INSERT INTO todos SELECT i, i, 0, 0, CASE WHEN i % 1000 = 0"
		" THEN 'user:' || i ELSE 'link:big' END, 0, '', '', 5, 9, 0,"
		" 0, 0, 'NONE', 0, 5, i, '', 0 FROM n");
	assert_true(look_steps() < 101 * 100);	/* 101 lanes */
	assert_int_equal(place.port.claim(place.port.self, &c, 4, on_got, &g),
			 0);
	place_wait(&place, &g);
	assert_int_equal(g.rows->lanes_n, 0);
	assert_true(g.rows->is_all);
	got_free(&g);
	assert_int_equal(place.port.claim(place.port.self, &c, 5, on_got, &g),
			 0);
	place_wait(&place, &g);
	assert_int_equal(g.rows->lanes_n, 10);
	assert_str(g.rows->lanes[0], "link:big");
	got_free(&g);
}

/* True when a fact asked for behind a long claim was answered before it. */
static bool is_fact_first(void)
{
	struct claim c = { .what = CLAIM_DUE_LANES, .max = 10 };
	struct got lanes = { 0 }, fact = { 0 };
	bool is_first;

	assert_int_equal(place.port.claim(place.port.self, &c, 1, on_got,
					  &lanes), 0);
	assert_int_equal(place.port.read_user(place.port.self, STR("sip:a@b"),
					      false, on_got, &fact), 0);
	place_wait(&place, &lanes);
	place_wait(&place, &fact);
	is_first = fact.order < lanes.order;
	assert_int_equal(lanes.rows->lanes_n, 1);
	assert_str(lanes.rows->lanes[0], "user:14900");
	got_free(&lanes);
	got_free(&fact);
	return is_first;
}

/* More lanes than one slice looks at, facts answered in between: once at least,
   for on a busy machine the claim may be through before the fact is asked. */
static void test_due_lanes_in_slices(void **state)
{
	int tries = 0;

	(void)state;
	open_with((struct store_options){ 0 });
	run_sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1"
		" FROM n WHERE i < 5000)"
		" INSERT INTO todos SELECT i, i, 0, 0, 'user:' || (10000 + i),"
		" 0, '', '', 5, 9, 0, 0, 0, 'NONE', 0,"
		" CASE WHEN i = 4900 THEN 1 ELSE 5 END, i, '', 0 FROM n");
	while (!is_fact_first())
		assert_true(++tries < 20);
}

/* ---- old dedup rows ------------------------------------------------------- */

static void test_dead_dedup_rows_are_dropped(void **state)
{
	struct live_row l = { .leg = 1 };
	struct write w = { .op = OP_LIVE_PUT, .u.live = &l };
	int i;

	(void)state;
	open_with((struct store_options){ 0 });
	place_close(&place);
	run_sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1"
		" FROM n WHERE i < 300) INSERT INTO dedup SELECT"
		" CAST(i AS BLOB), CASE WHEN i > 290 THEN 9000000000000000000"
		" ELSE i END, '' FROM n;"
		"INSERT INTO notes SELECT key, expires, '' FROM dedup"
		" WHERE expires < 100 OR key = CAST(300 AS BLOB)");
	open_with((struct store_options){ 0 });
	for (i = 0; i < 3; i++) /* 128 with each commit */
		assert_int_equal(commit(&w, 1), STORE_OK);
	assert_int_equal(ask("SELECT COUNT(*) FROM notes"), 1);
	assert_int_equal(ask("SELECT COUNT(*) FROM dedup"), 10);
}

/* ---- broken rows ---------------------------------------------------------- */

/* One unreadable message or report must not stop those behind it. */
static void test_broken_rows_are_passed_over(void **state)
{
	struct msg *m = make_msg("m", "sip:a@a.example", "sip:b@b.example",
				 "x", 1);
	struct todo t = make_todo(1, "link:l", m);
	struct write w[] = { w_msg(m), w_todo(OP_TODO_PUT, &t) };
	struct claim lane = { .what = CLAIM_LANE, .lane = STR("link:l") };
	struct claim dues = { .what = CLAIM_DUE_REPORTS };
	struct got g = { 0 };

	(void)state;
	open_with((struct store_options){ 0 });
	assert_int_equal(commit(w, 2), STORE_OK);
	m->store_id = t.msg_store_id = t.id = 2;
	assert_int_equal(commit(w, 2), STORE_OK);
	run_sql("UPDATE msgs SET data = 'garbage' WHERE id = 1;"
		"INSERT INTO dues (id, part, trace, data) VALUES"
		" (1, 0, '', 'due 1'||char(10)||'7'||char(10)),"
		" (2, 0, '', 'due 1'||char(10)||'1'||char(10)||'0'||char(10)"
		"||'99999999999999999999:'), (3, 0, 'x', '')");
	assert_int_equal(place.port.claim(place.port.self, &lane, 0, on_got,
					  &g), 0);
	place_wait(&place, &g);
	assert_int_equal(g.err, STORE_OK);
	assert_int_equal(g.rows->todos_n, 1);
	assert_int_equal(g.rows->todos[0].id, 2);
	got_free(&g);
	assert_int_equal(place.port.claim(place.port.self, &dues, 0, on_got,
					  &g), 0);
	place_wait(&place, &g);
	assert_int_equal(g.err, STORE_OK);
	assert_int_equal(g.rows->dues_n, 0);
	got_free(&g);
	msg_put(m);
}

#define IN_PLACE(fn) \
	{ .name = #fn, .test_func = fn, .setup_func = set_up, \
	  .teardown_func = tear_down }

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_PLACE(test_many_share_one_fsync),
		IN_PLACE(test_lazy_rides_along),
		IN_PLACE(test_queue_is_bounded),
		IN_PLACE(test_close_drains),
		IN_PLACE(test_handlers_may_submit),
		IN_PLACE(test_long_log_is_written_back),
		IN_PLACE(test_pinned_log_raises_alarm),
		IN_PLACE(test_full_store_says_so_and_recovers),
		IN_PLACE(test_full_store_refuses_only_what_grows),
		IN_PLACE(test_full_disk),
		IN_PLACE(test_waits_for_another_writer),
		IN_PLACE(test_claims_are_bounded),
		IN_PLACE(test_accounting_and_rotation),
		IN_PLACE(test_accounting_goes_on),
		IN_PLACE(test_accounting_on_a_full_disk),
		IN_PLACE(test_accounting_is_bounded),
		IN_PLACE(test_file_is_private),
		IN_PLACE(test_alone),
		IN_PLACE(test_foreign_files_are_refused),
		IN_PLACE(test_newer_schema_is_refused),
		IN_PLACE(test_migration),
		IN_PLACE(test_version_1_opens),
		IN_PLACE(test_contacts_are_bounded),
		IN_PLACE(test_schema_files_are_ours),
		IN_PLACE(test_parameters_are_in_order),
		IN_PLACE(test_plans_use_indexes),
		IN_PLACE(test_due_lanes_hop_over_backlog),
		IN_PLACE(test_due_lanes_in_slices),
		IN_PLACE(test_dead_dedup_rows_are_dropped),
		IN_PLACE(test_broken_rows_are_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
