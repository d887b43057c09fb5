/* adapters/store/db.c: see db.h. SQLite's connection: write-ahead log, every
 * commit on the disk before it is answered (synchronous=FULL), statements
 * prepared once. We checkpoint ourselves: SQLite's own would run inside some
 * commit and gives up at once when a reader is there.
 */
#include "adapters/store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "core/base/mem.h"

/* Longer than any commit or read of ours; another program that looks into the
   file (backup, sqlite3) may hold it this long. */
#define BUSY_MS 5000
/* An emptying checkpoint waits for readers this long, not longer: accepts wait
   behind it. */
#define CHECKPOINT_WAIT_MS 200
#define PAGE_BYTES 4096

struct db {
	sqlite3 *sqlite;
	sqlite3_stmt *stmts[SQL_COUNT_N];
	int last_rc; /* of the last failure, extended */
	int log_pages;
};

static int on_log_grown(void *arg, sqlite3 *sqlite, const char *name, int pages)
{
	struct db *db = arg;

	(void)sqlite;
	(void)name;
	db->log_pages = pages;
	return SQLITE_OK;
}

const char *db_error(const struct db *db)
{
	return sqlite3_errstr(db->last_rc);
}

/* fsync and truncate tell a full disk as an input/output error. */
bool db_is_full(const struct db *db)
{
	int rc = db->last_rc & 0xff;

	return rc == SQLITE_FULL || rc == SQLITE_IOERR;
}

static enum store_err err_of(struct db *db, int rc)
{
	if (rc == SQLITE_OK || rc == SQLITE_ROW || rc == SQLITE_DONE)
		return STORE_OK;
	db->last_rc = rc;
	return db_is_full(db) ? STORE_FULL : STORE_DOWN;
}

bool db_is_own_fault(const struct db *db)
{
	int rc = db->last_rc & 0xff;

	return rc == SQLITE_CONSTRAINT || rc == SQLITE_TOOBIG ||
	       rc == SQLITE_MISMATCH;
}

bool db_is_in_transaction(const struct db *db)
{
	return !sqlite3_get_autocommit(db->sqlite);
}

int db_exec(struct db *db, const char *sql, struct errtext *why)
{
	int rc = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);

	if (rc == SQLITE_OK)
		return 0;
	db->last_rc = rc;
	return errtext_set(why, ERR_IO, "store: %s",
			   sqlite3_errmsg(db->sqlite));
}

int64_t db_ask(struct db *db, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	int64_t v = -1;

	if (sqlite3_prepare_v2(db->sqlite, sql, -1, &stmt, NULL) == SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW)
		v = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return v;
}

/* The file holds message texts and password hashes: nobody else reads it. The
   log and index beside it take over its mode. */
static int make_file(const char *file, struct errtext *why)
{
	int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return errtext_set(why, ERR_IO, "store %s: %s", file,
				   strerror(errno));
	close(fd);
	return 0;
}

static int set_up(struct db *db, uint64_t max_bytes, bool is_writer,
		  struct errtext *why)
{
	char limit[64];

	sqlite3_extended_result_codes(db->sqlite, 1);
	sqlite3_busy_timeout(db->sqlite, BUSY_MS);
	if (db_exec(db,
		    "PRAGMA journal_mode = WAL;"
		    "PRAGMA synchronous = FULL;"
		    "PRAGMA wal_autocheckpoint = 0;"
		    "PRAGMA temp_store = MEMORY;"
		    "PRAGMA trusted_schema = OFF;"
		    "PRAGMA cache_size = -16000",
		    why) < 0)
		return ERR_IO;
	if (!is_writer)
		return db_exec(db, "PRAGMA query_only = ON", why);
	sqlite3_wal_hook(db->sqlite, on_log_grown, db);
	if (max_bytes == 0)
		return 0;
	snprintf(limit, sizeof(limit), "PRAGMA max_page_count = %llu",
		 (unsigned long long)(max_bytes / PAGE_BYTES));
	return db_exec(db, limit, why);
}

struct db *db_open(const char *file, uint64_t max_bytes, bool is_writer,
		   struct errtext *why)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
	struct db *db;

	if (make_file(file, why) < 0)
		return NULL;
	/* Before the first connection only, afterwards it does nothing: no
	   count of memory in use, which takes a lock for each malloc. */
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	db = mem_zalloc(sizeof(*db));
	if (sqlite3_open_v2(file, &db->sqlite, flags, NULL) != SQLITE_OK) {
		errtext_set(why, ERR_IO, "store %s: %s", file,
			    sqlite3_errmsg(db->sqlite));
		db_close(db);
		return NULL;
	}
	if (set_up(db, max_bytes, is_writer, why) < 0) {
		db_close(db);
		return NULL;
	}
	return db;
}

void db_close(struct db *db)
{
	int i;

	if (!db)
		return;
	for (i = 0; i < SQL_COUNT_N; i++)
		sqlite3_finalize(db->stmts[i]);
	sqlite3_close(db->sqlite);
	mem_free(db);
}

/* ---- statements ----------------------------------------------------------- */

static sqlite3_stmt *stmt_of(struct db *db, enum sql id)
{
	if (!db->stmts[id]) {
		int rc = sqlite3_prepare_v3(
			db->sqlite, sql_text(id, SQL_SQLITE), -1,
			SQLITE_PREPARE_PERSISTENT, &db->stmts[id], NULL);

		if (rc != SQLITE_OK)
			db->last_rc = rc;
	}
	return db->stmts[id];
}

void query_begin(struct query *q, struct db *db, enum sql id)
{
	*q = (struct query){ .db = db };
	q->stmt = stmt_of(db, id);
	if (!q->stmt)
		q->err = err_of(db, db->last_rc);
}

static void bound(struct query *q, int rc)
{
	if (rc != SQLITE_OK)
		q->err = err_of(q->db, rc);
}

void query_i64(struct query *q, int64_t v)
{
	if (!q->err)
		bound(q, sqlite3_bind_int64(q->stmt, ++q->n, v));
}

void query_u64(struct query *q, uint64_t v)
{
	query_i64(q, (int64_t)v);
}

void query_str(struct query *q, struct str s)
{
	if (!q->err)
		bound(q, sqlite3_bind_text64(q->stmt, ++q->n, s.p ? s.p : "",
					     s.n, SQLITE_STATIC, SQLITE_UTF8));
}

void query_bytes(struct query *q, struct str s)
{
	if (!q->err)
		bound(q, sqlite3_bind_blob64(q->stmt, ++q->n, s.p ? s.p : "",
					     s.n, SQLITE_STATIC));
}

bool query_step(struct query *q)
{
	int rc;

	if (q->err || q->is_done)
		return false;
	rc = sqlite3_step(q->stmt);
	if (rc == SQLITE_ROW)
		return true;
	q->is_done = true;
	q->err = err_of(q->db, rc);
	return false;
}

int64_t query_col_i64(struct query *q, int col)
{
	return sqlite3_column_int64(q->stmt, col);
}

uint64_t query_col_u64(struct query *q, int col)
{
	return (uint64_t)query_col_i64(q, col);
}

struct str query_col_str(struct query *q, int col)
{
	const char *p = sqlite3_column_blob(q->stmt, col);
	size_t n = (size_t)sqlite3_column_bytes(q->stmt, col);

	if (sqlite3_column_type(q->stmt, col) == SQLITE_NULL)
		return STR_NONE;
	return (struct str){ p ? p : "", n };
}

enum store_err query_end(struct query *q, int *changed_out)
{
	if (changed_out)
		*changed_out = q->err ? 0 : sqlite3_changes(q->db->sqlite);
	if (q->stmt) {
		sqlite3_reset(q->stmt);
		sqlite3_clear_bindings(q->stmt);
	}
	return q->err;
}

enum store_err query_run(struct query *q, int *changed_out)
{
	while (query_step(q))
		;
	return query_end(q, changed_out);
}

bool db_has(const struct db *db, enum sql id)
{
	(void)db;
	return sql_text(id, SQL_SQLITE) != NULL;
}

enum store_err db_do(struct db *db, enum sql id)
{
	struct query q;

	query_begin(&q, db, id);
	return query_run(&q, NULL);
}

/* ---- the log -------------------------------------------------------------- */

void db_checkpoint(struct db *db, bool is_hard)
{
	int pages = 0, done = 0, rc;

	sqlite3_busy_timeout(db->sqlite, is_hard ? CHECKPOINT_WAIT_MS : 0);
	rc = sqlite3_wal_checkpoint_v2(db->sqlite, NULL,
				       is_hard ? SQLITE_CHECKPOINT_TRUNCATE
					       : SQLITE_CHECKPOINT_PASSIVE,
				       &pages, &done);
	sqlite3_busy_timeout(db->sqlite, BUSY_MS);
	if (rc == SQLITE_OK)
		db->log_pages = is_hard ? 0 : pages - done;
}

uint64_t db_log_bytes(const struct db *db)
{
	return (uint64_t)db->log_pages * PAGE_BYTES;
}

uint64_t db_file_bytes(struct db *db)
{
	int64_t pages = db_ask(db, "PRAGMA page_count");

	return pages > 0 ? (uint64_t)pages * PAGE_BYTES : 0;
}
