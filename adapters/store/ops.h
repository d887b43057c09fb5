/* adapters/store/ops.h: the named operations of core/model/action.h as SQL.
 * Runs on the writer thread; messages and rows are borrowed from the loop,
 * which holds them until it is answered.
 */
#pragma once

#include "adapters/store/db.h"
#include "core/base/buf.h"
#include "core/model/todo.h"

/* What one database transaction knows of partitions and their owners. */
struct fence {
	uint64_t known[PARTITIONS_N]; /* epoch this store took; 0: none */
	uint64_t now[PARTITIONS_N];   /* as the table says, once is_read */
	bool is_read[PARTITIONS_N];
};

struct ops {
	struct db *db;
	uint32_t node;
	uint64_t boot;
	int64_t now_utc_us; /* decides which dedup rows are alive */
	struct fence fence;
	struct buf text;    /* of the message or due being written */
	uint64_t packed_id; /* the message packed last, and its size */
	size_t packed_n;
	uint64_t dedups; /* rows written, for the purge's pace */
};

struct op_result {
	uint64_t epoch;
	char *answer; /* of a duplicate; mem_free() it */
	size_t answer_n;
	size_t done_n; /* writes done, also of those that failed then */
};

void ops_init(struct ops *o, struct db *db, uint32_t node, uint64_t boot);
void ops_free(struct ops *o);

/* A new database transaction begins: nothing read of owners counts. */
void ops_begin(struct ops *o);

/* All writes of one transaction, up to the first that fails. */
enum store_err ops_run(struct ops *o, const struct write *w, size_t n,
		       struct op_result *out);

/* Deletes dedup rows and notes whose time is over, at most max of each; how
   many of the more frequent kind. */
int ops_purge(struct ops *o, int max);

/* "part:3": 3. -1 for other resources. */
int ops_partition_of(struct str resource);
