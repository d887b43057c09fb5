/* adapters/store/db.h: one connection to the database and its statements, so
 * that the files that speak SQL need not know which engine answers. A
 * connection belongs to one thread at a time.
 */
#pragma once

#include "adapters/store/statements.h"
#include "core/base/err.h"
#include "core/base/str.h"
#include "core/port/store.h"

struct db;
struct arena;

/* max_bytes 0: as much as the disk takes. NULL: why says it. Opening makes the
   file (mode 0600) but not the schema. */
struct db *db_open(const char *file, uint64_t max_bytes, bool is_writer,
		   struct errtext *why);
void db_close(struct db *db); /* NULL is fine */

/* Several statements at once, for the schema. 0 or ERR_IO. */
int db_exec(struct db *db, const char *sql, struct errtext *why);

/* The first number of a query of ours; -1 when there is none. */
int64_t db_ask(struct db *db, const char *sql);

/* Does this engine need that statement? Locks are for PostgreSQL. */
bool db_has(const struct db *db, enum sql id);
/* A statement without parameters and rows. */
enum store_err db_do(struct db *db, enum sql id);
/* Is a transaction open? Some failures end it by themselves. */
bool db_is_in_transaction(const struct db *db);
/* What went wrong last, for the log; lives until the next call. */
const char *db_error(const struct db *db);
/* True when the last failure was one of space (STORE_FULL). */
bool db_is_full(const struct db *db);
/* True when the last failure concerns its own statement only (a constraint, a
   value that is too big), so that the transaction may go on. */
bool db_is_own_fault(const struct db *db);

/* One use of a statement: begin, values in order, step until it gives no row,
   end. Values are borrowed until query_end(). */
struct query {
	struct db *db;
	void *stmt;
	int n;	      /* values given */
	bool is_done; /* no more rows; a further step would run the
				   statement again */
	enum store_err err;
};

void query_begin(struct query *q, struct db *db, enum sql id);
void query_i64(struct query *q, int64_t v);
void query_u64(struct query *q, uint64_t v);   /* same bits */
void query_str(struct query *q, struct str s); /* absent: empty */
void query_bytes(struct query *q, struct str s);
bool query_step(struct query *q); /* true: a row; false: end or err */
int64_t query_col_i64(struct query *q, int col);
uint64_t query_col_u64(struct query *q, int col);
/* Lives until the next step; absent only for NULL. */
struct str query_col_str(struct query *q, int col);
/* Gives q->err; changed_out (may be NULL): rows written. */
enum store_err query_end(struct query *q, int *changed_out);
/* Steps over all rows, then ends. */
enum store_err query_run(struct query *q, int *changed_out);

/* Writes the log back into the file, as far as readers let it; is_hard also
   empties the log, waiting a little for them. */
void db_checkpoint(struct db *db, bool is_hard);
uint64_t db_log_bytes(const struct db *db); /* as of the last commit */
uint64_t db_file_bytes(struct db *db);
