/* adapters/store/reader.c: the thread that reads: facts first, then claims and
 * listings, long ones in slices, so that a fact never waits behind a listing.
 */
#include "adapters/store/store_priv.h"

#include "adapters/store/lists.h"
#include "adapters/store/reads.h"
#include "core/base/log.h"

static const struct log_ctx ctx = { .module = "store" };

static void run_user(struct store_db *s, struct job *j)
{
	j->result.err = reads_user(s->read_db, j->aor, j->is_folded,
				   &j->result.user);
}

static void run_note(struct store_db *s, struct job *j)
{
	j->result.err = reads_note(s->read_db, j->key, j->now_utc_us, j->arena,
				   &j->result.earlier_answer);
}

static void begin_lanes(struct store_db *s, struct job *j)
{
	struct str last = buf_str(&s->lanes_at);

	buf_init(&j->lanes.at, s->lanes_at.max);
	if (j->claim.lane.n > 0) {
		buf_put_str(&j->lanes.at, j->claim.lane);
	} else {
		buf_put_str(&j->lanes.at, last);
		j->lanes.stop = arena_dup(j->arena, last);
	}
}

static void end_lanes(struct store_db *s, struct job *j)
{
	if (j->claim.lane.n == 0) {
		buf_clear(&s->lanes_at);
		buf_put_str(&s->lanes_at, buf_str(&j->lanes.at));
	}
	buf_free(&j->lanes.at);
}

/* True when it goes on after other reads. */
static bool run_claim(struct store_db *s, struct job *j)
{
	struct rows *r = j->result.rows;
	bool goes_on = false;

	if (!r) {
		r = j->result.rows = reads_rows_new();
		if (j->claim.what == CLAIM_DUE_LANES)
			begin_lanes(s, j);
	}
	switch (j->claim.what) {
	case CLAIM_LANE:
		j->result.err = reads_lane(s->read_db, &j->claim, r);
		break;
	case CLAIM_DUE_REPORTS:
		j->result.err = reads_reports(s->read_db, &j->claim, r);
		break;
	case CLAIM_ONE:
		j->result.err = reads_one(s->read_db, &j->claim, r);
		break;
	case CLAIM_CONTACTS:
		j->result.err = reads_contacts(s->read_db, &j->claim, r);
		break;
	case CLAIM_DUE_LANES:
		j->result.err = reads_due_lanes(s->read_db, &j->claim,
						j->now_utc_us, &j->lanes, r);
		goes_on = !j->lanes.is_over;
		break;
	case CLAIM_LIST:
		if (!j->walk)
			j->walk = list_begin(&j->claim, j->now_utc_us,
					     s->accounting_file);
		if (j->walk)
			goes_on = list_slice(j->walk, s->read_db,
					     &j->result.err);
		break;
	}
	return goes_on && !j->result.err;
}

static void finish_claim(struct store_db *s, struct job *j)
{
	struct rows *r = j->result.rows;

	if (j->claim.what == CLAIM_DUE_LANES)
		end_lanes(s, j);
	if (j->claim.what == CLAIM_LIST && !j->walk)
		r->json = STR("[]");
	list_end(j->walk, r);
	j->walk = NULL;
	if (!j->result.err && arena_err(r->arena))
		j->result.err = STORE_DOWN;
	if (j->result.err) {
		rows_free(r);
		j->result.rows = NULL;
	}
}

/* Under the lock. */
static struct job *take_job(struct store_db *s)
{
	struct job *j;

	for (;;) {
		j = jobs_take(&s->facts);
		if (!j)
			j = jobs_take(&s->claims);
		if (j || s->is_closing)
			return j;
		pthread_cond_wait(&s->to_read, &s->lock);
	}
}

static void give_back(struct store_db *s, struct job *j)
{
	pthread_mutex_lock(&s->lock);
	jobs_add(&s->claims, j);
	pthread_mutex_unlock(&s->lock);
}

static void answer(struct store_db *s, struct job *j)
{
	struct jobs one;

	if (j->result.err)
		log_error(&ctx, "store_read_failed",
			  F_TEXT("why", db_error(s->read_db)));
	jobs_init(&one);
	jobs_add(&one, j);
	answers_push(s->answers, &one);
}

void *reader_main(void *arg)
{
	struct store_db *s = arg;
	struct job *j;

	for (;;) {
		pthread_mutex_lock(&s->lock);
		j = take_job(s);
		pthread_mutex_unlock(&s->lock);
		if (!j)
			return NULL;
		if (j->kind == JOB_USER) {
			run_user(s, j);
		} else if (j->kind == JOB_NOTE) {
			run_note(s, j);
		} else if (run_claim(s, j)) {
			give_back(s, j);
			continue;
		} else {
			finish_claim(s, j);
		}
		answer(s, j);
	}
}
