/* adapters/store/store_priv.h: what the two threads and the loop share. One
 * lock guards the queues; each job belongs to one of them at any time: the
 * loop before it is queued, its thread until it is answered, then the loop.
 */
#pragma once

#include <pthread.h>

#include "adapters/store/reads.h"
#include "adapters/store/store.h"
#include "core/base/arena.h"
#include "core/base/buf.h"

struct net_loop;
struct account;
struct metric;
struct list_walk;

enum job_kind { JOB_COMMIT, JOB_USER, JOB_NOTE, JOB_CLAIM };

struct job {
	struct job *next;
	enum job_kind kind;
	store_done_h *h; /* may be NULL: nobody listens */
	void *arg;
	struct store_result result;
	/* commit: borrowed from the loop until answered */
	const struct write *writes;
	size_t writes_n;
	bool is_lazy;
	int64_t at_ms; /* when it was given */
	char *answer;  /* the earlier answer, ours */
	/* reads: copies in the arena */
	struct arena *arena;
	struct str aor;
	bool is_folded;
	uint8_t key[32]; /* of a note */
	struct claim claim;
	int64_t now_utc_us;
	struct lane_walk lanes; /* a look over all lanes */
	struct list_walk *walk; /* a listing that goes on in slices */
};

struct jobs { /* first in, first out */
	struct job *first, **end;
	size_t n;
};

void jobs_init(struct jobs *q);
void jobs_add(struct jobs *q, struct job *j);
struct job *jobs_take(struct jobs *q); /* NULL: empty */
void store_job_free(struct job *j);

/* The way back to the loop thread. Outlives the store while a wake-up of it is
   still under way in the loop. */
struct answers {
	pthread_mutex_t lock;
	struct jobs done;
	struct net_loop *loop; /* NULL: the store is closed */
	bool is_posted;
};

struct answers *answers_new(struct net_loop *l);
/* From any thread: takes all jobs of q, in order. */
void answers_push(struct answers *a, struct jobs *q);
/* On the loop thread: runs the handlers of all that is there. */
size_t answers_run(struct answers *a);
void answers_close(struct answers *a);

struct store_db {
	struct answers *answers;
	struct account *account;
	struct metric *commit_time;
	struct db *write_db, *read_db;
	char *accounting_file;
	uint32_t node;
	uint64_t boot;
	uint64_t log_alarm_bytes;
	size_t queue_max;
	int lock_fd;
	pthread_t writer, reader;
	bool has_writer, has_reader;
	struct buf lanes_at; /* the reader's: where its last look ended */

	pthread_mutex_t lock; /* of everything below */
	pthread_cond_t to_write, to_read;
	struct jobs commits, facts, claims; /* facts: users, notes */
	size_t eager_n;	  /* commits that somebody waits for */
	size_t under_way; /* commits queued or running */
	bool is_closing;
	struct store_stats stats;
};

void *writer_main(void *arg); /* writer.c */
void *reader_main(void *arg); /* reader.c */

int64_t store_clock_ms(void); /* monotonic */
int64_t store_clock_utc_us(void);
