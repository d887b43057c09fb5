/* adapters/store/writer.c: the thread that makes all commits. It takes what
 * came while the last commit ran and makes one database transaction of it; one
 * fsync, then all are answered in the order they came. A submitted transaction
 * that fails does so alone: mostly it has written nothing by then (a repeat);
 * else the batch begins anew with a savepoint around each, which costs a copy
 * of every page that it touches. Between commits it appends the accounting
 * file, drops old dedup rows and writes the log back.
 */
#include "adapters/store/store_priv.h"

#include <time.h>

#include "adapters/net/loop.h"
#include "adapters/store/account.h"
#include "adapters/store/ops.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/metric.h"

#define LAZY_MS 50     /* core/port/store.h: at most */
#define ACCOUNT_MS 200 /* ours: an accounting line waits at most */
#define IDLE_MS 10000  /* ours: housekeeping of a store at rest */
#define LOOK_MS 1000   /* ours: the file's size, for the operator */
/* Ours: bounds how long the first one of a commit waits for the last. */
#define BATCH_JOBS_MAX 1024
#define BATCH_WRITES_MAX 8192
/* Ours: dedup rows dropped at once, about a millisecond's work. */
#define PURGE_ROWS 128
/* Ours: 4 MiB of log are written back when possible; past 32 MiB, which means
   that readers were always in the way, we wait for them. */
#define LOG_SOFT_BYTES (4u << 20)
#define LOG_HARD_BYTES (32u << 20)
#define LOG_ALARM_BYTES (64u << 20)
#define HARD_MS 1000

static const struct log_ctx ctx = { .module = "store" };

struct writer {
	struct store_db *s;
	struct ops ops;
	int64_t purge_at_ms;
	uint64_t log_bytes_tried; /* size after the last writing back */
	bool must_save;		  /* the last batch, to be run again */
	bool is_failing;	  /* told as an alarm */
	bool is_log_large;
	uint64_t file_bytes;
	int64_t look_at_ms, hard_at_ms;
};

int64_t store_clock_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t store_clock_utc_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* ---- one transaction ------------------------------------------------------ */

static bool touches_owners(const struct job *j)
{
	size_t i;

	for (i = 0; i < j->writes_n; i++)
		if (j->writes[i].op == OP_OWN_TAKE ||
		    j->writes[i].op == OP_OWN_RENEW)
			return true;
	return false;
}

static enum store_err run_writes(struct writer *w, struct job *j,
				 bool *is_clean_out)
{
	struct op_result r = { .answer = NULL };
	enum store_err err = ops_run(&w->ops, j->writes, j->writes_n, &r);

	*is_clean_out = r.done_n == 0;
	j->answer = r.answer;
	j->result.earlier_answer = (struct str){ r.answer, r.answer_n };
	j->result.epoch = r.epoch;
	return err;
}

/* An answer of our own, not a fault. */
static bool is_verdict(enum store_err err)
{
	return err == STORE_DUPLICATE || err == STORE_CONFLICT ||
	       err == STORE_LIMIT || err == STORE_FENCED;
}

/* Did this failure leave the database transaction as it was? Answers of our
   own always do, and what SQLite calls the statement's own fault. */
static bool is_alone(struct writer *w, enum store_err err)
{
	return is_verdict(err) ||
	       (err == STORE_DOWN && db_is_own_fault(w->ops.db));
}

/* Inside the transaction of a batch. False: the batch is lost. */
static bool run_saved(struct writer *w, struct job *j)
{
	bool has_owner = touches_owners(j), is_clean;
	struct fence before = w->ops.fence;

	if (db_do(w->ops.db, SQL_SAVE))
		return false;
	j->result.err = run_writes(w, j, &is_clean);
	if (j->result.err) {
		if (!is_alone(w, j->result.err))
			return false;
		if (j->result.err == STORE_DOWN)
			log_error(&ctx, "store_refused",
				  F_TEXT("why", db_error(w->ops.db)));
		if (has_owner)
			w->ops.fence = before;
		if (db_do(w->ops.db, SQL_SAVE_UNDO))
			return false;
	}
	return db_do(w->ops.db, SQL_SAVE_KEEP) == STORE_OK;
}

/* The same without a savepoint. False: or it must be run with them. */
static bool run_bare(struct writer *w, struct job *j)
{
	bool is_clean;

	if (touches_owners(j))
		return run_saved(w, j);
	j->result.err = run_writes(w, j, &is_clean);
	if (!j->result.err)
		return true;
	w->must_save = !is_clean && is_alone(w, j->result.err);
	return is_clean && is_verdict(j->result.err);
}

static void clear_result(struct job *j)
{
	mem_free(j->answer);
	j->answer = NULL;
	j->result = (struct store_result){ .err = STORE_OK };
}

/* ---- a batch -------------------------------------------------------------- */

static int64_t purge(struct writer *w, int64_t now_ms)
{
	int n = ops_purge(&w->ops, PURGE_ROWS);

	return now_ms + (n == PURGE_ROWS ? 0 : IDLE_MS);
}

static bool commit_all(struct writer *w, struct job *first, bool is_saved)
{
	struct fence before = w->ops.fence;
	int64_t now_ms = store_clock_ms();
	struct job *j;

	if (db_do(w->ops.db, SQL_BEGIN_WRITE))
		return false;
	w->ops.now_utc_us = store_clock_utc_us();
	ops_begin(&w->ops);
	w->must_save = false;
	for (j = first; j; j = j->next)
		if (!(is_saved ? run_saved(w, j) : run_bare(w, j)))
			break;
	if (!j && now_ms >= w->purge_at_ms)
		w->purge_at_ms = purge(w, now_ms);
	if (!j && db_do(w->ops.db, SQL_COMMIT) == STORE_OK)
		return true;
	w->ops.fence = before;
	return false;
}

static enum store_err undo(struct writer *w)
{
	enum store_err err = STORE_DOWN;
	const char *why = db_error(w->ops.db);

	if (db_is_full(w->ops.db))
		err = STORE_FULL;
	if (!w->is_failing)
		log_error(&ctx, err == STORE_FULL ? "store_full" : "store_down",
			  F_TEXT("why", why));
	w->is_failing = true;
	if (db_is_in_transaction(w->ops.db))
		db_do(w->ops.db, SQL_ROLLBACK);
	return err;
}

/* A full disk may still take some of them, above all those that delete. */
static void commit_singly(struct writer *w, struct job *first)
{
	struct job *j, *next;

	db_checkpoint(w->ops.db, true);
	for (j = first; j; j = next) {
		next = j->next;
		j->next = NULL;
		clear_result(j);
		if (!commit_all(w, j, true)) {
			enum store_err err = undo(w);

			clear_result(j);
			j->result.err = err;
		}
		j->next = next;
	}
}

static void fail_all(struct job *first, enum store_err err)
{
	struct job *j;

	for (j = first; j; j = j->next) {
		clear_result(j);
		j->result.err = err;
	}
}

/* One of them failed with something written. */
static bool commit_again(struct writer *w, struct job *first)
{
	struct job *j;

	if (!w->must_save)
		return false;
	if (db_do(w->ops.db, SQL_ROLLBACK))
		return false;
	for (j = first; j; j = j->next)
		clear_result(j);
	return commit_all(w, first, true);
}

static void commit_batch(struct writer *w, struct jobs *batch)
{
	enum store_err err;

	if (commit_all(w, batch->first, false) ||
	    commit_again(w, batch->first)) {
		if (w->is_failing)
			log_info(&ctx, "store_works_again");
		w->is_failing = false;
		return;
	}
	err = undo(w);
	if (err == STORE_FULL)
		commit_singly(w, batch->first);
	else
		fail_all(batch->first, err);
}

/* ---- between commits ------------------------------------------------------ */

/* A log that did not shrink because a reader was there is tried again when it
   has grown by as much once more, not after each commit; waiting for readers
   holds up accepts, so that is tried once a second. */
static void keep_log_small(struct writer *w)
{
	uint64_t bytes = db_log_bytes(w->ops.db);
	uint64_t alarm = w->s->log_alarm_bytes;
	bool is_hard = bytes >= LOG_HARD_BYTES || bytes >= alarm;
	int64_t now_ms = store_clock_ms();

	if (bytes < w->log_bytes_tried)
		w->log_bytes_tried = 0;
	if (is_hard ? now_ms < w->hard_at_ms
		    : bytes < w->log_bytes_tried + LOG_SOFT_BYTES)
		return;
	db_checkpoint(w->ops.db, is_hard);
	if (is_hard)
		w->hard_at_ms = now_ms + HARD_MS;
	w->log_bytes_tried = db_log_bytes(w->ops.db) == 0 ? 0 : bytes;
	if (!w->is_log_large && db_log_bytes(w->ops.db) >= alarm)
		log_warning(&ctx, "store_log_large", F_N("bytes", bytes));
	w->is_log_large = db_log_bytes(w->ops.db) >= alarm;
}

static void count(struct writer *w, const struct jobs *batch)
{
	struct store_stats *st = &w->s->stats;
	int64_t now_ms = store_clock_ms();
	uint64_t done = 0, failed = 0;
	struct job *j;

	for (j = batch->first; j; j = j->next) {
		done += j->result.err == STORE_OK;
		failed += j->result.err == STORE_FULL ||
			  j->result.err == STORE_DOWN;
	}
	if (now_ms >= w->look_at_ms) { /* asking takes locks on the file */
		w->file_bytes = db_file_bytes(w->ops.db);
		w->look_at_ms = now_ms + LOOK_MS;
	}
	pthread_mutex_lock(&w->s->lock);
	w->s->under_way -= batch->n;
	st->commits++;
	st->transactions += done;
	st->failed += failed;
	st->log_bytes = db_log_bytes(w->ops.db);
	st->file_bytes = w->file_bytes;
	st->is_failing = w->is_failing;
	st->is_log_large = w->is_log_large;
	pthread_mutex_unlock(&w->s->lock);
}

static void purge_at_rest(struct writer *w)
{
	struct job *none = NULL;

	if (store_clock_ms() >= w->purge_at_ms && !commit_all(w, none, false))
		undo(w);
}

/* ---- the queue ------------------------------------------------------------ */

/* Under the lock: how long may the thread sleep? 0: there is work. */
static int64_t sleep_ms(struct writer *w, int64_t now_ms)
{
	struct store_db *s = w->s;
	int64_t left = IDLE_MS;

	if (s->eager_n > 0 || s->commits.n >= BATCH_JOBS_MAX || s->is_closing)
		return 0;
	if (s->commits.n > 0)
		left = s->commits.first->at_ms + LAZY_MS - now_ms;
	if (account_is_waiting(s->account) && left > ACCOUNT_MS)
		left = ACCOUNT_MS;
	return left > 0 ? left : 0;
}

/* False when the time is over. */
static bool wait_ms(struct store_db *s, int64_t ms)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	ts.tv_sec += ms / 1000;
	ts.tv_nsec += ms % 1000 * 1000000;
	if (ts.tv_nsec >= 1000000000) {
		ts.tv_nsec -= 1000000000;
		ts.tv_sec++;
	}
	return pthread_cond_timedwait(&s->to_write, &s->lock, &ts) == 0;
}

/* Under the lock; false when nothing is left and the store closes. An empty
   batch means housekeeping. */
static bool take_batch(struct writer *w, struct jobs *batch)
{
	struct store_db *s = w->s;
	size_t writes_n = 0;
	int64_t ms;

	jobs_init(batch);
	while ((ms = sleep_ms(w, store_clock_ms())) > 0)
		if (!wait_ms(s, ms) && sleep_ms(w, store_clock_ms()) > 0)
			return true;
	while (s->commits.first && batch->n < BATCH_JOBS_MAX &&
	       writes_n < BATCH_WRITES_MAX) {
		struct job *j = jobs_take(&s->commits);

		writes_n += j->writes_n;
		s->eager_n -= !j->is_lazy;
		jobs_add(batch, j);
	}
	return batch->n > 0 || !s->is_closing;
}

void *writer_main(void *arg)
{
	struct store_db *s = arg;
	struct writer w = { .s = s };
	struct jobs batch;
	int64_t began_us;
	bool goes_on;

	ops_init(&w.ops, s->write_db, s->node, s->boot);
	if (s->log_alarm_bytes == 0)
		s->log_alarm_bytes = LOG_ALARM_BYTES;
	do {
		pthread_mutex_lock(&s->lock);
		goes_on = take_batch(&w, &batch);
		pthread_mutex_unlock(&s->lock);
		if (batch.n > 0) {
			began_us = net_now_us();
			commit_batch(&w, &batch);
			metric_observe_us(s->commit_time,
					  net_now_us() - began_us);
			count(&w, &batch);
			answers_push(s->answers, &batch);
			keep_log_small(&w);
		} else {
			purge_at_rest(&w);
		}
		account_write(s->account);
	} while (goes_on);
	ops_free(&w.ops);
	return NULL;
}
