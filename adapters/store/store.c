/* adapters/store/store.c: the port itself: opening, submitting from the loop
 * thread, closing.
 */
#include "adapters/store/store_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "adapters/store/account.h"
#include "adapters/store/db.h"
#include "adapters/store/migrate.h"
#include "core/base/mem.h"
#include "core/base/metric.h"

#define QUEUE_MAX 8192
/* Ours: what a read's own words may take. */
#define READ_ARENA_BYTES 65536
/* Core packs a note into at most 64 KiB. */
#define NOTE_ARENA_BYTES 70000
/* A lane is a word and an address; addresses have at most some 2 KiB. */
#define LANE_BYTES_MAX 8192

/* ---- the port ------------------------------------------------------------- */

static struct job *job_new(enum job_kind kind, store_done_h *h, void *arg)
{
	struct job *j = mem_zalloc(sizeof(*j));

	j->kind = kind;
	j->h = h;
	j->arg = arg;
	return j;
}

static bool is_full(void *self)
{
	struct store_db *s = self;
	size_t n;

	pthread_mutex_lock(&s->lock);
	n = s->under_way;
	pthread_mutex_unlock(&s->lock);
	return n >= s->queue_max;
}

static int commit(void *self, const struct write *w, size_t n, bool is_lazy,
		  store_done_h *h, void *arg)
{
	struct store_db *s = self;
	struct job *j;
	bool must_wake;

	if (is_full(s))
		return ERR_LIMIT;
	j = job_new(JOB_COMMIT, h, arg);
	j->writes = w;
	j->writes_n = n;
	j->is_lazy = is_lazy;
	j->at_ms = store_clock_ms();
	pthread_mutex_lock(&s->lock);
	/* A lazy one wakes the thread only to tell it the time. */
	must_wake = !is_lazy ? s->eager_n == 0 : s->commits.n == 0;
	jobs_add(&s->commits, j);
	s->eager_n += !is_lazy;
	s->under_way++;
	pthread_mutex_unlock(&s->lock);
	if (must_wake)
		pthread_cond_signal(&s->to_write);
	return 0;
}

static int submit_read(struct store_db *s, struct jobs *q, struct job *j)
{
	bool is_over;

	pthread_mutex_lock(&s->lock);
	is_over = s->facts.n + s->claims.n >= s->queue_max;
	if (!is_over)
		jobs_add(q, j);
	pthread_mutex_unlock(&s->lock);
	if (is_over) {
		store_job_free(j);
		return ERR_LIMIT;
	}
	pthread_cond_signal(&s->to_read);
	return 0;
}

static int start_read_user(void *self, struct str aor, bool is_folded,
			   store_done_h *h, void *arg)
{
	struct store_db *s = self;
	struct job *j = job_new(JOB_USER, h, arg);

	j->arena = arena_new(READ_ARENA_BYTES);
	j->aor = arena_dup(j->arena, aor);
	j->is_folded = is_folded;
	return submit_read(s, &s->facts, j);
}

static int start_read_note(void *self, const uint8_t key[32], store_done_h *h,
			   void *arg)
{
	struct store_db *s = self;
	struct job *j = job_new(JOB_NOTE, h, arg);

	j->arena = arena_new(NOTE_ARENA_BYTES);
	memcpy(j->key, key, sizeof(j->key));
	j->now_utc_us = store_clock_utc_us();
	return submit_read(s, &s->facts, j);
}

static int start_claim(void *self, const struct claim *c, int64_t now_utc_us,
		       store_done_h *h, void *arg)
{
	struct store_db *s = self;
	struct job *j = job_new(JOB_CLAIM, h, arg);

	j->arena = arena_new(READ_ARENA_BYTES);
	j->claim = *c;
	j->claim.lane = arena_dup(j->arena, c->lane);
	j->claim.query = arena_dup(j->arena, c->query);
	j->claim.arg = arena_dup(j->arena, c->arg);
	j->now_utc_us = now_utc_us;
	return submit_read(s, &s->claims, j);
}

/* Under the lock, or the thread could miss it between looking and waiting. */
static void wake_writer(struct store_db *s)
{
	pthread_mutex_lock(&s->lock);
	pthread_cond_signal(&s->to_write);
	pthread_mutex_unlock(&s->lock);
}

static bool account(void *self, struct str line)
{
	struct store_db *s = self;
	bool was_empty;

	if (!account_add(s->account, line, &was_empty))
		return false;
	if (was_empty)
		wake_writer(s);
	return true;
}

struct store store_port(struct store_db *db)
{
	return (struct store){ .self = db,
			       .commit = commit,
			       .read_user = start_read_user,
			       .read_note = start_read_note,
			       .claim = start_claim,
			       .account = account,
			       .is_full = is_full };
}

void store_reopen(struct store_db *db)
{
	account_reopen(db->account);
	wake_writer(db);
}

void store_stats(struct store_db *db, struct store_stats *out)
{
	pthread_mutex_lock(&db->lock);
	*out = db->stats;
	out->waiting = db->under_way;
	pthread_mutex_unlock(&db->lock);
	account_count(db->account, &out->accounts, &out->accounts_dropped);
}

/* ---- opening and closing -------------------------------------------------- */

/* The lock lies in a file of its own: SQLite's locks on the database would end
   when we closed it here. */
static int lock_out_others(struct store_db *s, const char *file,
			   struct errtext *why)
{
	struct arena *a = arena_new(8192);
	struct str path = arena_printf(a, "%s.lock", file);
	int err = 0;

	if (path.p)
		s->lock_fd = open(path.p, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->lock_fd < 0)
		err = errtext_set(why, ERR_IO, "store %s.lock: %s", file,
				  strerror(errno));
	else if (flock(s->lock_fd, LOCK_EX | LOCK_NB) < 0)
		err = errtext_set(why, ERR_WRONG_STATE,
				  "store %s: another process uses it", file);
	arena_free(a);
	return err;
}

static int open_files(struct store_db *s, const struct store_options *o,
		      struct errtext *why)
{
	if (o->is_alone && lock_out_others(s, o->file, why) < 0)
		return ERR_WRONG_STATE;
	s->write_db = db_open(o->file, o->file_bytes_max, true, why);
	if (!s->write_db ||
	    migrate(s->write_db, sql_steps, sql_steps_n, why) < 0)
		return ERR_IO;
	s->read_db = db_open(o->file, 0, false, why);
	return s->read_db ? 0 : ERR_IO;
}

static int start_threads(struct store_db *s, struct errtext *why)
{
	s->has_writer = pthread_create(&s->writer, NULL, writer_main, s) == 0;
	if (s->has_writer)
		s->has_reader = pthread_create(&s->reader, NULL, reader_main,
					       s) == 0;
	if (!s->has_reader)
		return errtext_set(why, ERR_LIMIT, "store: no thread");
	return 0;
}

static struct store_db *store_new(struct net_loop *l,
				  const struct store_options *o)
{
	struct store_db *s = mem_zalloc(sizeof(*s));
	pthread_condattr_t attr;

	s->lock_fd = -1;
	s->node = o->node;
	s->boot = o->boot;
	s->log_alarm_bytes = o->log_alarm_bytes;
	s->queue_max = o->queue_max ? o->queue_max : QUEUE_MAX;
	s->answers = answers_new(l);
	s->commit_time = METRIC(STORE_COMMIT);
	s->account = account_new(o->accounting_file, o->node);
	if (o->accounting_file) {
		s->accounting_file = mem_alloc(strlen(o->accounting_file) + 1);
		memcpy(s->accounting_file, o->accounting_file,
		       strlen(o->accounting_file) + 1);
	}
	buf_init(&s->lanes_at, LANE_BYTES_MAX);
	jobs_init(&s->commits);
	jobs_init(&s->facts);
	jobs_init(&s->claims);
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->to_write, &attr);
	pthread_cond_init(&s->to_read, &attr);
	pthread_condattr_destroy(&attr);
	return s;
}

struct store_db *store_open(struct net_loop *l,
			    const struct store_options *options,
			    struct errtext *why)
{
	struct store_db *s = store_new(l, options);

	if (open_files(s, options, why) < 0 || start_threads(s, why) < 0) {
		store_close(s);
		return NULL;
	}
	return s;
}

static void stop_threads(struct store_db *s)
{
	pthread_mutex_lock(&s->lock);
	s->is_closing = true;
	pthread_mutex_unlock(&s->lock);
	pthread_cond_signal(&s->to_write);
	pthread_cond_signal(&s->to_read);
	if (s->has_writer)
		pthread_join(s->writer, NULL);
	if (s->has_reader)
		pthread_join(s->reader, NULL);
}

void store_close(struct store_db *s)
{
	if (!s)
		return;
	stop_threads(s);
	while (answers_run(s->answers) > 0)
		;
	answers_close(s->answers);
	if (s->write_db)
		db_checkpoint(s->write_db, true);
	db_close(s->read_db);
	db_close(s->write_db);
	account_free(s->account);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	pthread_cond_destroy(&s->to_write);
	pthread_cond_destroy(&s->to_read);
	pthread_mutex_destroy(&s->lock);
	buf_free(&s->lanes_at);
	mem_free(s->accounting_file);
	mem_free(s);
}
