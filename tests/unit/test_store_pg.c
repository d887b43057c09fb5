/* tests/unit/test_store_pg.c: the operations that read before they write,
 * proven on PostgreSQL at READ COMMITTED, where SQLite's single writer hides no
 * race [design: store port]. adapters/store/ops.c itself runs here, on this
 * file's implementation of db.h over libpq: two connections in two threads,
 * moved one statement at a time through every order in which one is interrupted
 * once. Each proof also runs without its lock and must then be seen to fail.
 * The cluster is our own, in a temp folder, on a UNIX socket there.
 */
#include "tests/unit/test_store.h"

#include <assert.h>
#include <glob.h>
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include <postgresql/libpq-fe.h>

#include "adapters/store/ops.h"
#include "core/base/mem.h"

/* ---- the cluster ---------------------------------------------------------- */

static struct {
	char dir[64], bin[128];
	pid_t pid;
	PGconn *conn;		/* ours, to prepare and look */
} pg;

/* A program of PostgreSQL, which refuses to run as root. */
static pid_t start_program(const char *name, char *const argv[])
{
	struct passwd *pw = geteuid() == 0 ? getpwnam("postgres") : NULL;
	char path[192], log[96], *args[24] = { path };
	pid_t pid = fork();
	int i;

	if (pid != 0)
		return pid;
	snprintf(path, sizeof(path), "%s/%s", pg.bin, name);
	snprintf(log, sizeof(log), "%s/log", pg.dir);
	if (pw && (setgroups(0, NULL) < 0 || setgid(pw->pw_gid) < 0 ||
		   setuid(pw->pw_uid) < 0))
		_exit(126);
	if (chdir(pg.dir) < 0 || !freopen(log, "a", stdout) ||
	    !freopen(log, "a", stderr))
		_exit(125);
	/* They look for their fellows beside the path they are called by. */
	for (i = 1; i < 23 && argv[i]; i++)
		args[i] = argv[i];
	execv(path, args);
	_exit(127);
}

static bool find_programs(void)
{
	glob_t found;
	bool is_there;

	is_there = glob("/usr/lib/postgresql/*/bin/initdb", 0, NULL,
			&found) == 0;
	if (is_there) {
		const char *last = found.gl_pathv[found.gl_pathc - 1];

		snprintf(pg.bin, sizeof(pg.bin), "%.*s",
			 (int)(strlen(last) - strlen("/initdb")), last);
	}
	globfree(&found);
	return is_there && (geteuid() != 0 || getpwnam("postgres"));
}

static void init_cluster(void)
{
	char data[] = "data", init[] = "initdb", a[] = "-D", b[] = "-U",
	     user[] = "postgres", c[] = "--auth=trust", d[] = "--no-sync",
	     e[] = "--encoding=UTF8", f[] = "--locale=C.UTF-8";
	char *const argv[] = { init, a, data, b, user, c, d, e, f, NULL };
	int status = 0;

	assert_true(waitpid(start_program("initdb", argv), &status, 0) > 0);
	assert_int_equal(status, 0);
}

static void start_server(void)
{
	char name[] = "postgres", a[] = "-D", data[] = "data", b[] = "-k",
	     c[] = "-c", tcp[] = "listen_addresses=", sync[] = "fsync=off",
	     dead[] = "deadlock_timeout=200ms", few[] = "max_connections=10";
	char *const argv[] = { name, a, data, b, pg.dir, c, tcp, c, sync,
			       c, dead, c, few, NULL };

	pg.pid = start_program("postgres", argv);
	assert_true(pg.pid > 0);
}

static PGconn *dial(void)
{
	char info[160];
	PGconn *conn;
	int i;

	snprintf(info, sizeof(info),
		 "host=%s user=postgres dbname=postgres connect_timeout=10",
		 pg.dir);
	for (i = 0; i < 300; i++) {
		conn = PQconnectdb(info);
		if (PQstatus(conn) == CONNECTION_OK)
			return conn;
		PQfinish(conn);
		usleep(100000);
	}
	fail_msg("PostgreSQL does not answer");
	return NULL;
}

/* Ours only, so a failure is the test's. First number of the first row. */
static int64_t ask(const char *sql)
{
	PGresult *r = PQexec(pg.conn, sql);
	ExecStatusType s = PQresultStatus(r);
	int64_t v = -1;

	if (s != PGRES_COMMAND_OK && s != PGRES_TUPLES_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(pg.conn));
	if (s == PGRES_TUPLES_OK && PQntuples(r) > 0)
		v = strtoll(PQgetvalue(r, 0, 0), NULL, 10);
	PQclear(r);
	return v;
}

static int set_up_cluster(void **state)
{
	static const char dir[] = "/tmp/causeway-pg-XXXXXX";
	struct passwd *pw;
	int i;

	(void)state;
	if (!find_programs())
		return 0;
	memcpy(pg.dir, dir, sizeof(dir));
	assert_non_null(mkdtemp(pg.dir));
	pw = geteuid() == 0 ? getpwnam("postgres") : NULL;
	if (pw)
		assert_int_equal(chown(pg.dir, pw->pw_uid, pw->pw_gid), 0);
	init_cluster();
	start_server();
	pg.conn = dial();
	ask("SET client_min_messages = warning");
	for (i = 0; i < sql_steps_n; i++)
		ask(sql_steps[i].text[SQL_PGSQL]);
	return 0;
}

static int tear_down_cluster(void **state)
{
	char rm[] = "rm", rf[] = "-rf";
	char *const argv[] = { rm, rf, pg.dir, NULL };
	int status;
	pid_t pid;

	(void)state;
	if (!pg.pid)
		return 0;
	PQfinish(pg.conn);
	kill(pg.pid, SIGINT);
	waitpid(pg.pid, &status, 0);
	pid = fork();
	if (pid == 0) {
		execvp("rm", argv);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	return 0;
}

static void need_cluster(void)
{
	if (!pg.pid) {
		print_message("no PostgreSQL here\n");
		skip();
	}
}

/* ---- one party: a thread with a connection -------------------------------- */

enum party_state { AT_GATE, BLOCKED, OVER };

struct party;
typedef void party_h(struct party *p);

struct db {
	PGconn *conn;
	struct party *party;
	const char *other_text[SQL_COUNT_N];	/* instead of ours */
	bool is_left_out[SQL_COUNT_N];
	bool has_failed;
};

struct party {
	struct db db;
	struct ops ops;
	int pid;		/* of the server's process */
	pthread_t thread;
	sem_t may_go, has_stopped;
	enum party_state state;
	bool is_over;
	party_h *run;
	const struct write *writes;
	size_t writes_n;
	enum store_err err;
	struct op_result result;
};

static struct party parties[2];

/* Before each statement the thread waits to be told. */
static void gate(struct party *p)
{
	sem_post(&p->has_stopped);
	while (sem_wait(&p->may_go) < 0)
		;
}

/* ---- db.h on libpq -------------------------------------------------------- */

enum { PARAMS_MAX = 24 };

struct pg_stmt {
	const char *text;
	char *values[PARAMS_MAX];
	PGresult *result;
	int row;
};

static const char *text_of(const struct db *db, enum sql id)
{
	return db->other_text[id] ? db->other_text[id] :
				    sql_text(id, SQL_PGSQL);
}

bool db_has(const struct db *db, enum sql id)
{
	return !db->is_left_out[id] && sql_text(id, SQL_PGSQL);
}

const char *db_error(const struct db *db)
{
	return PQerrorMessage(db->conn);
}

void query_begin(struct query *q, struct db *db, enum sql id)
{
	struct pg_stmt *s = mem_zalloc(sizeof(*s));

	s->text = text_of(db, id);
	*q = (struct query){ .db = db, .stmt = s };
}

static void add_value(struct query *q, struct buf *b)
{
	struct pg_stmt *s = q->stmt;

	buf_put_char(b, '\0');
	assert(q->n < PARAMS_MAX);
	s->values[q->n++] = b->p; /* freed with the query */
}

void query_i64(struct query *q, int64_t v)
{
	struct buf b;

	buf_init(&b, 32);
	buf_put_i64(&b, v);
	add_value(q, &b);
}

void query_u64(struct query *q, uint64_t v)
{
	query_i64(q, (int64_t)v);
}

void query_str(struct query *q, struct str v)
{
	struct buf b;

	buf_init(&b, v.n + 1);
	buf_put_str(&b, v);
	add_value(q, &b);
}

void query_bytes(struct query *q, struct str v)
{
	struct buf b;

	buf_init(&b, 2 * v.n + 3);
	buf_put_str(&b, STR("\\x"));
	buf_put_hex(&b, v.p, v.n);
	add_value(q, &b);
}

static void execute(struct query *q, struct pg_stmt *s)
{
	ExecStatusType status;

	gate(q->db->party);
	s->result = PQexecParams(q->db->conn, s->text, q->n, NULL,
				 (const char *const *)s->values, NULL, NULL, 0);
	status = PQresultStatus(s->result);
	s->row = -1;
	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
		q->err = STORE_DOWN;
		q->db->has_failed = true;
	}
}

bool query_step(struct query *q)
{
	struct pg_stmt *s = q->stmt;

	if (q->err)
		return false;
	if (!s->result)
		execute(q, s);
	return !q->err && ++s->row < PQntuples(s->result);
}

int64_t query_col_i64(struct query *q, int col)
{
	struct pg_stmt *s = q->stmt;

	return strtoll(PQgetvalue(s->result, s->row, col), NULL, 10);
}

uint64_t query_col_u64(struct query *q, int col)
{
	return (uint64_t)query_col_i64(q, col);
}

struct str query_col_str(struct query *q, int col)
{
	struct pg_stmt *s = q->stmt;

	return str_of(PQgetvalue(s->result, s->row, col));
}

enum store_err query_end(struct query *q, int *changed_out)
{
	struct pg_stmt *s = q->stmt;
	uint64_t changed = 0;
	int i;

	if (s->result)
		str_u64(str_of(PQcmdTuples(s->result)), &changed);
	if (changed_out)
		*changed_out = (int)changed;
	for (i = 0; i < q->n; i++)
		mem_free(s->values[i]);
	PQclear(s->result);
	mem_free(s);
	return q->err;
}

enum store_err query_run(struct query *q, int *changed_out)
{
	while (query_step(q))
		;
	return query_end(q, changed_out);
}

enum store_err db_do(struct db *db, enum sql id)
{
	struct query q;

	query_begin(&q, db, id);
	return query_run(&q, NULL);
}

/* ---- moving two parties --------------------------------------------------- */

/* As the writer does it. BEGIN takes no snapshot, so it needs no gate. */
static void run_ops(struct party *p)
{
	PQclear(PQexec(p->db.conn, "BEGIN ISOLATION LEVEL READ COMMITTED"));
	ops_begin(&p->ops);
	p->err = ops_run(&p->ops, p->writes, p->writes_n, &p->result);
	if (p->err)
		db_do(&p->db, SQL_ROLLBACK);
	else
		p->err = db_do(&p->db, SQL_COMMIT);
}

static void *party_main(void *arg)
{
	struct party *p = arg;

	p->run(p);
	p->is_over = true;
	sem_post(&p->has_stopped);
	return NULL;
}

static bool waits_for_lock(const struct party *p)
{
	char sql[160];

	snprintf(sql, sizeof(sql),
		 "SELECT COUNT(*) FROM pg_stat_activity WHERE pid = %d"
		 " AND state = 'active' AND wait_event_type = 'Lock'", p->pid);
	return ask(sql) > 0;
}

/* Until it stands at a gate, is over, or waits for the other. */
static void settle(struct party *p)
{
	if (p->state == OVER)
		return;
	for (;;) {
		if (sem_trywait(&p->has_stopped) == 0) {
			p->state = p->is_over ? OVER : AT_GATE;
			return;
		}
		if (waits_for_lock(p)) {
			p->state = BLOCKED;
			return;
		}
		usleep(50);
	}
}

/* One statement; false when there is none to run now. */
static bool move(struct party *p, struct party *other)
{
	if (p->state == BLOCKED)
		settle(p);
	if (p->state != AT_GATE)
		return false;
	sem_post(&p->may_go);
	settle(p);
	if (other->state == BLOCKED)
		settle(other);
	return true;
}

static void start(struct party *p)
{
	sem_init(&p->may_go, 0, 0);
	sem_init(&p->has_stopped, 0, 0);
	p->is_over = false;
	p->err = STORE_OK;
	p->result = (struct op_result){ .answer = NULL };
	p->db.has_failed = false;
	assert_int_equal(pthread_create(&p->thread, NULL, party_main, p), 0);
	p->state = AT_GATE;
	settle(p);
}

static void stop(struct party *p)
{
	pthread_join(p->thread, NULL);
	sem_destroy(&p->may_go);
	sem_destroy(&p->has_stopped);
}

/* One order: first moves a statements, the other b, first to its end, the
   other to its. A blocked one lets the other pass. Gives how many statements
   were moved before the ends, to know when there are no more orders. */
static int run_order(int first, int a, int b)
{
	struct party *p = &parties[first], *q = &parties[1 - first];
	int moved = 0, i;

	start(p);
	start(q);
	for (i = 0; i < a && move(p, q); i++)
		moved++;
	for (i = 0; i < b && move(q, p); i++)
		moved++;
	while (p->state != OVER || q->state != OVER)
		if (!move(p, q) && !move(q, p))
			usleep(200);	/* both blocked: a deadlock ends it */
	stop(p);
	stop(q);
	return moved;
}

/* Every order; before() puts the tables as they shall be, is_good() judges.
   How many orders were bad. */
static int run_orders(void (*before)(void), bool (*is_good)(void), int *n_out)
{
	int bad = 0, first, a, b;

	*n_out = 0;
	for (first = 0; first < 2; first++)
		for (a = 0; a < 8; a++)
			for (b = 1; b < 8; b++) {
				int moved;

				before();
				moved = run_order(first, a, b);
				++*n_out;
				bad += !is_good();
				mem_free(parties[0].result.answer);
				mem_free(parties[1].result.answer);
				if (moved < a + b)
					break;	/* no more of the other */
			}
	return bad;
}

static void set_party(int i, const struct write *w, size_t n)
{
	parties[i].run = run_ops;
	parties[i].writes = w;
	parties[i].writes_n = n;
}

static int set_up(void **state)
{
	int i;

	(void)state;
	if (!pg.pid)
		return 0;
	for (i = 0; i < 2; i++) {
		struct party *p = &parties[i];

		memset(p, 0, sizeof(*p));
		p->db.conn = dial();
		p->db.party = p;
		p->pid = PQbackendPID(p->db.conn);
		ops_init(&p->ops, &p->db, (uint32_t)i + 1, 1);
		p->ops.now_utc_us = 1000;
	}
	return 0;
}

static int tear_down(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 2 && pg.pid; i++) {
		ops_free(&parties[i].ops);
		PQfinish(parties[i].db.conn);
	}
	return 0;
}

static void assert_always_good(void (*before)(void), bool (*is_good)(void))
{
	int n, bad = run_orders(before, is_good, &n);

	print_message("%d orders\n", n);
	assert_true(n >= 8);
	if (bad)
		fail_msg("%d of %d orders went wrong", bad, n);
}

static void assert_sometimes_bad(void (*before)(void), bool (*is_good)(void))
{
	int n, bad = run_orders(before, is_good, &n);

	print_message("without its lock %d of %d orders go wrong\n", bad, n);
	assert_true(bad > 0);
}

static enum store_err err_of(int i)
{
	return parties[i].err;
}

static bool are_errs(enum store_err x, enum store_err y)
{
	return (err_of(0) == x && err_of(1) == y) ||
	       (err_of(0) == y && err_of(1) == x);
}

/* ---- the statements themselves -------------------------------------------- */

static void test_every_statement_prepares(void **state)
{
	int i;

	(void)state;
	need_cluster();
	for (i = 0; i < SQL_COUNT_N; i++) {
		const char *text = sql_text((enum sql)i, SQL_PGSQL);
		PGresult *r = PQprepare(pg.conn, "", text, 0, NULL);

		if (PQresultStatus(r) != PGRES_COMMAND_OK)
			fail_msg("%s: %s", text, PQerrorMessage(pg.conn));
		PQclear(r);
	}
}

static void test_due_lanes_on_pgsql(void **state)
{
	const char *values[] = { "", "5", "10" };
	PGresult *r;

	(void)state;
	need_cluster();
	ask("INSERT INTO todos (id, part, epoch, lane, conversation,"
	    " recipient, via, due, expires, kept, tries, wants, cause, held,"
	    " wake, msg_id, trace, bytes) SELECT i, 0, 0, CASE WHEN i = 1 THEN"
	    " 'link:a' WHEN i = 2 THEN 'user:B' ELSE 'user:a' END, 0, '', '',"
	    " 0, 0, 0, 0, 0, 'NONE', 0, i, i, '', 0"
	    " FROM generate_series(1, 500) i");
	r = PQexecParams(pg.conn, sql_text(SQL_DUE_LANES, SQL_PGSQL), 3, NULL,
			 values, NULL, NULL, 0);
	assert_int_equal(PQntuples(r), 3);
	assert_string_equal(PQgetvalue(r, 0, 0), "link:a");
	assert_string_equal(PQgetvalue(r, 1, 0), "user:B"); /* bytewise */
	assert_string_equal(PQgetvalue(r, 2, 0), "user:a");
	assert_string_equal(PQgetvalue(r, 1, 1), "1");
	PQclear(r);
	ask("DELETE FROM todos");
}

/* ---- OP_DEDUP: exactly one of two goes through ---------------------------- */

static struct dedup_row dedup = { .key = { 1 },
				  .expires_utc_us = 900000000,
				  .answer = STR_LIT("202") };
static const struct write w_dedup = { .op = OP_DEDUP, .u.dedup = &dedup };

static void before_dedup(void)
{
	ask("DELETE FROM dedup");
}

static void before_dead_dedup(void)
{
	ask("DELETE FROM dedup;"
	    "INSERT INTO dedup SELECT decode(rpad('01', 64, '0'), 'hex'), 1,"
	    " 'old'");
}

static bool is_dedup_good(void)
{
	int loser = err_of(0) == STORE_DUPLICATE ? 0 : 1;

	return are_errs(STORE_OK, STORE_DUPLICATE) &&
	       parties[loser].result.answer_n == 3 &&
	       memcmp(parties[loser].result.answer, "202", 3) == 0 &&
	       ask("SELECT COUNT(*) FROM dedup") == 1;
}

/* Looks, then writes. */
static void run_naive_dedup(struct party *p)
{
	struct query q;
	int64_t expires = -1;

	PQclear(PQexec(p->db.conn, "BEGIN"));
	p->db.other_text[SQL_DEDUP_ANSWER] = "SELECT expires FROM dedup";
	query_begin(&q, &p->db, SQL_DEDUP_ANSWER);
	if (query_step(&q))
		expires = query_col_i64(&q, 0);
	query_end(&q, NULL);
	if (expires > 1000) {
		p->err = STORE_DUPLICATE;
		db_do(&p->db, SQL_ROLLBACK);
		return;
	}
	p->db.other_text[SQL_DEDUP] =
		expires >= 0 ? "UPDATE dedup SET expires = 900000000" :
			       "INSERT INTO dedup VALUES ('\\x01', 900000000,"
			       " '202')";
	p->err = db_do(&p->db, SQL_DEDUP);
	db_do(&p->db, p->err ? SQL_ROLLBACK : SQL_COMMIT);
}

static bool is_one_duplicate(void)
{
	return are_errs(STORE_OK, STORE_DUPLICATE);
}

static void test_dedup(void **state)
{
	(void)state;
	need_cluster();
	set_party(0, &w_dedup, 1);
	set_party(1, &w_dedup, 1);
	assert_always_good(before_dedup, is_dedup_good);
	assert_always_good(before_dead_dedup, is_dedup_good);
	parties[0].run = parties[1].run = run_naive_dedup;
	assert_sometimes_bad(before_dedup, is_one_duplicate);
	assert_sometimes_bad(before_dead_dedup, is_one_duplicate);
}

/* ---- OP_TODO_DONE: the last row takes its message along ------------------- */

static struct todo last_todos[2] = { { .id = 1 }, { .id = 2 } };
static const struct write w_done[2] = {
	{ .op = OP_TODO_DONE, .u.todo = &last_todos[0] },
	{ .op = OP_TODO_DONE, .u.todo = &last_todos[1] },
};

static void before_done(void)
{
	ask("DELETE FROM todos; DELETE FROM msgs; DELETE FROM owners;"
	    "INSERT INTO msgs (id, refs, data) VALUES (7, 2, '');"
	    "INSERT INTO todos (id, part, epoch, lane, conversation,"
	    " recipient, via, due, expires, kept, tries, wants, cause, held,"
	    " wake, msg_id, trace, bytes) SELECT i, 0, 0, 'link:a', 0, '',"
	    " '', 0, 0, 0, 0, 0, 'NONE', 0, 0, 7, '', 0"
	    " FROM generate_series(1, 2) i");
}

static bool is_done_good(void)
{
	return are_errs(STORE_OK, STORE_OK) &&
	       ask("SELECT COUNT(*) FROM todos") == 0 &&
	       ask("SELECT COUNT(*) FROM msgs") == 0;
}

/* Both finish the same row: the message must survive for the other one. */
static bool is_same_done_good(void)
{
	return are_errs(STORE_OK, STORE_OK) &&
	       ask("SELECT COUNT(*) FROM todos") == 1 &&
	       ask("SELECT refs FROM msgs") == 1;
}

static void test_todo_done(void **state)
{
	(void)state;
	need_cluster();
	set_party(0, &w_done[0], 1);
	set_party(1, &w_done[1], 1);
	assert_always_good(before_done, is_done_good);
	parties[0].db.is_left_out[SQL_MSG_LOCK] = true;
	parties[1].db.is_left_out[SQL_MSG_LOCK] = true;
	assert_sometimes_bad(before_done, is_done_good);
	parties[0].db.is_left_out[SQL_MSG_LOCK] = false;
	parties[1].db.is_left_out[SQL_MSG_LOCK] = false;
	set_party(1, &w_done[0], 1);
	assert_always_good(before_done, is_same_done_good);
}

/* A row is finished while another is put for the same message. */
static void test_todo_done_while_another_is_put(void **state)
{
	struct msg *m = make_msg("m", "sip:a@a.example", "sip:b@b.example",
				 "x", 7);
	struct todo t = make_todo(3, "link:a", m);
	struct write both[] = { w_done[0], w_done[1] };
	struct write put = w_todo(OP_TODO_PUT, &t);
	int n, first, a, b;

	(void)state;
	need_cluster();
	set_party(0, both, 2);
	set_party(1, &put, 1);
	for (n = 0, first = 0; first < 2; first++)
		for (a = 0; a < 12; a++)
			for (b = 1; b < 4; b++, n++) {
				before_done();
				run_order(first, a, b);
				assert_true(are_errs(STORE_OK, STORE_OK));
				/* one row, and the message it names */
				assert_int_equal(ask(
					"SELECT COUNT(*) FROM todos JOIN msgs"
					" ON msgs.id = msg_id"
					" WHERE refs = 1"), 1);
				assert_int_equal(
					ask("SELECT COUNT(*) FROM todos"), 1);
			}
	print_message("%d orders\n", n);
	msg_put(m);
}

/* ---- OP_DUE_DONE: a report is made once ----------------------------------- */

static struct due due = { .id = 5 };
static const struct write w_due_done = { .op = OP_DUE_DONE, .u.due = &due };

static void before_due(void)
{
	ask("DELETE FROM dues;"
	    "INSERT INTO dues (id, part, trace, data) VALUES (5, 0, '', '')");
}

static bool is_due_good(void)
{
	return are_errs(STORE_OK, STORE_CONFLICT) &&
	       ask("SELECT COUNT(*) FROM dues") == 0;
}

static void run_naive_due(struct party *p)
{
	struct query q;
	bool is_there;

	PQclear(PQexec(p->db.conn, "BEGIN"));
	p->db.other_text[SQL_DUE_PUT] = "SELECT 1 FROM dues WHERE id = 5";
	query_begin(&q, &p->db, SQL_DUE_PUT);
	is_there = query_step(&q);
	query_end(&q, NULL);
	p->err = is_there ? STORE_OK : STORE_CONFLICT;
	p->db.other_text[SQL_DUE_DONE] = "DELETE FROM dues WHERE id = 5";
	if (is_there)
		db_do(&p->db, SQL_DUE_DONE);
	db_do(&p->db, SQL_COMMIT);
}

static void test_due_done(void **state)
{
	(void)state;
	need_cluster();
	set_party(0, &w_due_done, 1);
	set_party(1, &w_due_done, 1);
	assert_always_good(before_due, is_due_good);
	parties[0].run = parties[1].run = run_naive_due;
	assert_sometimes_bad(before_due, is_due_good);
}

/* ---- OP_OWN_TAKE, OP_OWN_RENEW: one owner --------------------------------- */

static struct own_row takers[2] = {
	{ .resource = STR_LIT("part:0"), .node = 1, .boot = 1,
	  .lease_ms = 60000 },
	{ .resource = STR_LIT("part:0"), .node = 2, .boot = 1,
	  .lease_ms = 60000 },
};
static const struct write w_take[2] = {
	{ .op = OP_OWN_TAKE, .u.own = &takers[0] },
	{ .op = OP_OWN_TAKE, .u.own = &takers[1] },
};
static const struct write w_renew = { .op = OP_OWN_RENEW,
				      .u.own = &takers[0] };

static void before_free(void)
{
	ask("DELETE FROM owners");
}

static void before_lapsed(void)
{
	ask("DELETE FROM owners;"
	    "INSERT INTO owners VALUES ('part:0', 9, 9, 4, 0)");
}

/* Party 0 had it; its lease lapsed. */
static void before_lapsed_of_0(void)
{
	ask("DELETE FROM owners;"
	    "INSERT INTO owners VALUES ('part:0', 1, 1, 4, 0)");
	parties[0].ops.fence.known[0] = 4;
	parties[1].ops.fence.known[0] = 0;
}

static bool is_one_owner(uint64_t epoch)
{
	int winner = err_of(0) == STORE_OK ? 0 : 1;

	return are_errs(STORE_OK, STORE_FENCED) &&
	       parties[winner].result.epoch == epoch &&
	       ask("SELECT COUNT(*) FROM owners") == 1 &&
	       ask("SELECT node FROM owners") == winner + 1 &&
	       ask("SELECT epoch FROM owners") == (int64_t)epoch;
}

static bool is_take_good(void)
{
	return is_one_owner(1);
}

static bool is_retake_good(void)
{
	return is_one_owner(5);
}

/* Renewed: epoch 4 stays and the other is fenced; or taken: 5. */
static bool is_renew_good(void)
{
	return err_of(0) == STORE_OK ? is_one_owner(4) : is_one_owner(5);
}

static void run_naive_take(struct party *p)
{
	int64_t epoch = 0, until = 1;
	struct query q;
	char sql[160];

	PQclear(PQexec(p->db.conn, "BEGIN"));
	p->db.other_text[SQL_FENCE] = "SELECT epoch, lease_until_ms"
				      " FROM owners";
	query_begin(&q, &p->db, SQL_FENCE);
	if (query_step(&q)) {
		epoch = query_col_i64(&q, 0);
		until = query_col_i64(&q, 1);
	}
	query_end(&q, NULL);
	p->err = until == 0 ? STORE_OK : STORE_FENCED;
	p->result.epoch = (uint64_t)epoch + 1;
	snprintf(sql, sizeof(sql), "UPDATE owners SET node = %d, epoch = %d,"
		 " lease_until_ms = 9000000000000", (int)p->ops.node,
		 (int)epoch + 1);
	p->db.other_text[SQL_OWN_TAKE] = sql;
	if (!p->err)
		db_do(&p->db, SQL_OWN_TAKE);
	db_do(&p->db, SQL_COMMIT);
}

/* Looks whether it is still ours, then writes the lease. */
static void run_naive_renew(struct party *p)
{
	struct query q;
	bool is_ours;

	PQclear(PQexec(p->db.conn, "BEGIN"));
	p->db.other_text[SQL_FENCE] = "SELECT 1 FROM owners WHERE node = 1";
	query_begin(&q, &p->db, SQL_FENCE);
	is_ours = query_step(&q);
	query_end(&q, NULL);
	p->err = is_ours ? STORE_OK : STORE_FENCED;
	p->result.epoch = 4;
	p->db.other_text[SQL_OWN_RENEW] =
		"UPDATE owners SET lease_until_ms = 9000000000000";
	if (is_ours)
		db_do(&p->db, SQL_OWN_RENEW);
	db_do(&p->db, SQL_COMMIT);
}

static void test_own_take(void **state)
{
	(void)state;
	need_cluster();
	set_party(0, &w_take[0], 1);
	set_party(1, &w_take[1], 1);
	assert_always_good(before_free, is_take_good);
	assert_always_good(before_lapsed, is_retake_good);
	parties[0].run = parties[1].run = run_naive_take;
	assert_sometimes_bad(before_lapsed, is_retake_good);
}

static void test_own_renew(void **state)
{
	(void)state;
	need_cluster();
	set_party(0, &w_renew, 1);
	set_party(1, &w_take[1], 1);
	assert_always_good(before_lapsed_of_0, is_renew_good);
	parties[0].run = run_naive_renew;
	assert_sometimes_bad(before_lapsed_of_0, is_renew_good);
}

/* ---- the epoch fence ------------------------------------------------------ */

/* Party 0, whose lease lapsed, finishes a row while party 1 takes its
   partition. What the new owner finds when its taking is answered must stay so:
   it reads the row in the transaction that takes. */
static int64_t seen_by_taker;

static void run_take_and_look(struct party *p)
{
	struct query q;

	PQclear(PQexec(p->db.conn, "BEGIN"));
	ops_begin(&p->ops);
	p->err = ops_run(&p->ops, p->writes, p->writes_n, &p->result);
	db_do(&p->db, SQL_COMMIT);
	p->db.other_text[SQL_BACKLOG] = "SELECT COUNT(*) FROM todos"
					" WHERE id = 1";
	query_begin(&q, &p->db, SQL_BACKLOG);
	seen_by_taker = query_step(&q) ? query_col_i64(&q, 0) : -1;
	query_end(&q, NULL);
}

static void before_fence(void)
{
	before_done();
	before_lapsed_of_0();
	seen_by_taker = -2;
}

static bool is_fence_good(void)
{
	int64_t left = ask("SELECT COUNT(*) FROM todos WHERE id = 1");

	return err_of(1) == STORE_OK && seen_by_taker == left &&
	       (err_of(0) == STORE_OK ? left == 0 :
		err_of(0) == STORE_FENCED && left == 1);
}

static void test_epoch_fence(void **state)
{
	(void)state;
	need_cluster();
	set_party(0, &w_done[0], 1);
	set_party(1, &w_take[1], 1);
	parties[1].run = run_take_and_look;
	assert_always_good(before_fence, is_fence_good);
	parties[0].db.other_text[SQL_FENCE] = sql_text(SQL_FENCE, SQL_SQLITE);
	assert_sometimes_bad(before_fence, is_fence_good);
}

#define ON_PG(fn) \
	{ .name = #fn, .test_func = fn, .setup_func = set_up, \
	  .teardown_func = tear_down }

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_PG(test_every_statement_prepares),
		ON_PG(test_due_lanes_on_pgsql),
		ON_PG(test_dedup),
		ON_PG(test_todo_done),
		ON_PG(test_todo_done_while_another_is_put),
		ON_PG(test_due_done),
		ON_PG(test_own_take),
		ON_PG(test_own_renew),
		ON_PG(test_epoch_fence),
	};

	return cmocka_run_group_tests(tests, set_up_cluster,
				      tear_down_cluster);
}
