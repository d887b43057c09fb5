/* adapters/store/store.h: the store port on SQLite. One writer thread makes
 * all commits (many transactions, one fsync), one reader thread answers facts,
 * claims and listings; answers come on the loop thread in the order in which
 * the transactions were given.
 *
 * What a claim gives (core/model/action.h):
 *   LANE         every row of the lane after after_seq, in order of seq: also
 *                those not yet due and those held; order is the runner's
 *   DUE_LANES    lanes with a row that is due and not held, or that expired:
 *                after claim.lane in byte order, or when that is empty from
 *                where the last such claim ended, all around
 *   DUE_REPORTS  dues in the order of their making, after after_seq
 *   ONE          the row with claim.id, held or not
 *   LIST         "users", "bindings" [aor], "queue" [lane or address],
 *                "queue-show" id, "queue-shape", "trace" id or address,
 *                "totals": a JSON array in rows->json
 * rows->is_all is false when max or a size limit cut it off.
 */
#pragma once

#include "core/base/err.h"
#include "core/port/store.h"

struct net_loop;
struct store_db;

struct store_options {
	const char *file;
	const char *accounting_file; /* NULL: none is written */
	uint64_t file_bytes_max;     /* 0: as the disk goes */
	uint64_t log_alarm_bytes;    /* write-ahead log; 0: 64 MiB */
	uint32_t queue_max;	     /* transactions under way; 0: 8192 */
	uint32_t node;		     /* of the rows of open legs */
	uint64_t boot;
	bool is_alone; /* refuse when another process has the
					   file open as its store */
};

struct store_stats {
	uint64_t commits;      /* fsyncs that held transactions */
	uint64_t transactions; /* told STORE_OK */
	uint64_t failed;       /* told STORE_FULL or STORE_DOWN */
	uint64_t waiting;      /* submitted, not yet answered */
	uint64_t log_bytes, file_bytes;
	uint64_t accounts, accounts_dropped; /* lines */
	bool is_failing, is_log_large;	     /* alarms */
};

/* Strings of options are copied. NULL: why says it in one sentence. */
struct store_db *store_open(struct net_loop *l,
			    const struct store_options *options,
			    struct errtext *why);
struct store store_port(struct store_db *db);
/* Commits and answers (from inside this call, on the loop thread) all that was
   submitted, then closes. Nothing may be submitted any more. */
void store_close(struct store_db *db); /* NULL is fine */

/* The accounting file was moved away: the next line goes to a new one. */
void store_reopen(struct store_db *db);
void store_stats(struct store_db *db, struct store_stats *out);
