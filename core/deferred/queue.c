/* core/deferred/queue.c: the machine of one lane's queue; see queue.h.
 *
 *   event          does
 *   EV_KEPT        takes the row into memory when there is room and order
 *   EV_ROWS        the store's answer: rows that were not in memory
 *   EV_SENT        one result of a try (queue_done.c)
 *   EV_STORED      a write of ours is through: rows are really gone
 *   EV_LINK        the link's state or room changed
 *   EV_SWEEP       something is due, the recipient came, or a row was dropped
 *   EV_TIMER       the next row is due, or the queue has been idle
 *   EV_CONFIG      routes may have changed
 * After each of them: what can go, goes (queue_send.c).
 */
#include "core/deferred/queue.h"

#include <string.h>

#include "core/base/mem.h"
#include "core/deferred/queue_priv.h"
#include "core/route/retry.h"

#define ASK_AGAIN_MS 1000	/* the store, when it did not answer */

void queue_init(void *state, struct str lane)
{
	struct queue *q = state;
	char *text = mem_alloc(lane.n + 1);

	memcpy(text, lane.p, lane.n);
	q->lane = (struct str){ text, lane.n };
	q->is_link = str_starts(lane, STR("link:"));
	if (q->is_link)
		q->link = config_id_of(str_from(lane, 5));
	q->slots_n = q->is_link ? QUEUE_LINK_SLOTS : QUEUE_USER_SLOTS;
	q->slots = mem_zalloc(q->slots_n * sizeof(*q->slots));
	q->order = mem_zalloc((q->slots_n + 1) * sizeof(*q->order));
}

static void queue_drop(void *state)
{
	struct queue *q = state;

	while (q->n > 0)
		queue_remove(q, &q->slots[q->order[0]]);
	mem_free(q->slots);
	mem_free(q->order);
	mem_free((char *)(uintptr_t)q->lane.p);
}

struct str queue_lane(const void *state)
{
	return ((const struct queue *)state)->lane;
}

uint32_t queue_backlog(const void *state)
{
	const struct queue *q = state;
	uint32_t n = q->has_more || !q->is_loaded ? 1 : 0;
	unsigned i;

	for (i = 0; i < q->n; i++)
		if (q->slots[q->order[i]].state == ITEM_WAIT ||
		    q->slots[q->order[i]].state == ITEM_SENDING)
			n++;
	return n;
}

/* ---- what comes in -------------------------------------------------------- */

/* A row that finds no place in memory, or would stand before older ones that
   are not there, is read from the store when its turn comes. Who waits for its
   first outcome gets his 202 now. */
static void pass_over(struct qstep *s, const struct keep *k)
{
	s->q->has_more = s->q->has_missed = true;
	queue_tell_waiter(s, k->waiter, k->waiter_tag, CAUSE_LINK_DOWN, NULL);
}

static void on_kept(struct qstep *s)
{
	const struct keep *k = s->ev->u.keep;
	struct queue *q = s->q;
	struct item *it = queue_by_id(q, k->todo.id);

	if (!q->is_loaded && k->is_alone && q->n == 0 && !q->is_claiming)
		q->is_loaded = true;
	if (!it && (q->has_more || queue_is_full(q))) {
		pass_over(s, k);
		return;
	}
	if (!it)	/* else the store's answer was quicker */
		it = queue_add(q, &k->todo, msg_ref(s->ev->msg), false);
	it->waiter = k->waiter;
	it->waiter_tag = k->waiter_tag;
}

/* One row of the store's answer; false when there is no place for it. */
static bool take_row(struct queue *q, struct todo *t)
{
	struct item *it = queue_by_id(q, t->id);

	if (it) {
		it->todo.seq = t->seq;	/* now its place is known */
	} else if (t->msg) {
		if (queue_is_full(q))
			return false;
		it = queue_add(q, t, t->msg, true);
		t->msg = NULL;		/* taken over */
		if (q->is_urgent)
			it->due_utc_us = 0;
	}
	q->last_seq = t->seq;
	return true;
}

/* There are older rows that are not in memory: what was kept meanwhile must
   not go before them. */
static void forget_younger(struct qstep *s)
{
	struct queue *q = s->q;
	unsigned i = q->n;

	while (i-- > 0) {
		struct item *it = &q->slots[q->order[i]];

		if (it->state != ITEM_WAIT || it->todo.seq)
			continue;
		queue_tell(s, it, CAUSE_LINK_DOWN, NULL);
		queue_remove(q, it);
	}
}

/* A claim may have been read before the rows were deleted. */
static void sweep_gone(struct queue *q)
{
	unsigned i = q->n;

	while (!q->is_claiming && i-- > 0)
		if (q->slots[q->order[i]].is_gone)
			queue_remove(q, &q->slots[q->order[i]]);
}

static void on_rows(struct qstep *s)
{
	struct rows *r = s->ev->u.rows;
	struct queue *q = s->q;
	size_t i;

	q->is_claiming = false;
	if (!r || s->ev->cause != CAUSE_NONE) {
		sweep_gone(q);
		q->ask_at_ms = s->ev->now_ms + ASK_AGAIN_MS;
		return;
	}
	q->is_loaded = true;
	q->has_more = !r->is_all || q->has_missed;
	for (i = 0; i < r->todos_n && take_row(q, &r->todos[i]); i++)
		;
	if (i < r->todos_n)
		q->has_more = true;
	if (q->has_more)
		forget_younger(s);
	else
		q->is_urgent = false;
	sweep_gone(q);
}

/* The slot may hold another message by now: a second device of the first one
   answers late. */
static bool is_of(const struct item *it, uint64_t leg)
{
	return it->state != ITEM_FREE && hunt_find(&it->hunt, leg);
}

static void on_sent(struct qstep *s)
{
	struct queue *q = s->q;

	if (s->ev->tag == 0 || s->ev->tag > q->slots_n)
		return;
	if (is_of(&q->slots[s->ev->tag - 1], s->ev->leg))
		queue_result(s, &q->slots[s->ev->tag - 1]);
}

/* The store refused: the row is still there. Its end is written again later,
   but what has ended is not sent again. */
static void put_back(struct qstep *s, struct item *it)
{
	it->state = it->end ? ITEM_SETTLED : ITEM_WAIT;
	it->todo.tries++;
	it->due_utc_us = retry_due(s->conf, true, it->todo.tries,
				   s->ev->now_utc_us, fact_fresh_id(s->f));
}

static void on_stored(struct qstep *s)
{
	struct queue *q = s->q;
	unsigned i;

	q->writes_out--;
	for (i = 0; i < q->n; i++) {
		struct item *it = &q->slots[q->order[i]];

		if (it->state != ITEM_DONE ||
		    (uint32_t)it->done_in != s->ev->tag)
			continue;
		if (s->ev->cause == CAUSE_NONE)
			it->is_gone = true;
		else
			put_back(s, it);
	}
	sweep_gone(q);
}

/* Something is due, under way, or being deleted. */
static bool is_busy(const struct queue *q, int64_t now_utc_us)
{
	unsigned i;

	for (i = 0; i < q->n; i++) {
		const struct item *it = &q->slots[q->order[i]];

		if (it->state != ITEM_WAIT || it->due_utc_us <= now_utc_us)
			return true;
	}
	return q->writes_out > 0;
}

static void on_look(struct qstep *s)
{
	const struct look *look = s->ev->u.look;
	struct queue *q = s->q;
	struct item *it;
	unsigned i;

	if (!look)
		return;
	if (look->dropped) {
		it = queue_by_id(q, look->dropped);
		if (it && it->state == ITEM_WAIT)
			queue_remove(q, it);
	}
	if (!look->is_urgent) {
		/* The store knows of something due; do we? */
		if (!is_busy(q, s->ev->now_utc_us))
			q->has_more = q->is_rescan = true;
		return;
	}
	for (i = 0; i < q->n; i++)
		if (q->slots[q->order[i]].state == ITEM_WAIT)
			q->slots[q->order[i]].due_utc_us = 0;
	/* Rows may have moved here, or are not loaded yet. */
	q->has_more = q->is_rescan = q->is_urgent = true;
}

/* ---- after each event ----------------------------------------------------- */

static void ask_store(struct qstep *s)
{
	struct queue *q = s->q;
	struct claim *c;
	struct action *a;

	if (q->is_claiming || (q->is_loaded && !q->has_more) ||
	    s->ev->now_ms < q->ask_at_ms)
		return;
	if (q->slots_n - q->n < q->slots_n / 4)
		return;		/* when there is room again */
	c = acts_new(s->out, sizeof(*c));
	c->what = CLAIM_LANE;
	c->lane = arena_dup(s->out->arena, q->lane);
	c->max = q->slots_n;
	c->after_seq = q->is_rescan ? 0 : q->last_seq;
	q->is_rescan = q->has_missed = false;
	a = acts_add(s->out, ACT_CLAIM);
	a->tag = TAG_CLAIM;
	a->before_commit = true;
	a->u.claim = c;
	q->is_claiming = true;
}

static int64_t next_due(const struct queue *q)
{
	int64_t at = INT64_MAX;
	unsigned i;

	for (i = 0; i < q->n; i++) {
		const struct item *it = &q->slots[q->order[i]];
		int64_t due = it->due_utc_us;

		if (it->state == ITEM_SETTLED && due < at)
			at = due;
		if (it->state != ITEM_WAIT || it->todo.is_held)
			continue;
		if (it->todo.expires_utc_us && it->todo.expires_utc_us < due)
			due = it->todo.expires_utc_us;
		if (due < at)
			at = due;
	}
	return at;
}

/* Nothing to do for a minute: the rows, if any, are safe in the store, and the
   sweep finds them when they are due. */
static bool may_end(const struct qstep *s, int64_t due)
{
	const struct queue *q = s->q;

	return !q->sending_n && !q->writes_out && !q->is_claiming &&
	       (q->n == 0 ? !q->has_more : !q->is_link) &&
	       due > s->ev->now_utc_us + (int64_t)QUEUE_IDLE_MS * 1000 &&
	       s->ev->now_ms - q->used_ms >= QUEUE_IDLE_MS;
}

static void set_timer(struct qstep *s)
{
	int64_t due = next_due(s->q), after_ms = QUEUE_IDLE_MS;
	struct action *a;

	if (may_end(s, due)) {
		acts_add(s->out, ACT_END);
		return;
	}
	if (due != INT64_MAX && due > s->ev->now_utc_us &&
	    (due - s->ev->now_utc_us) / 1000 < after_ms)
		after_ms = (due - s->ev->now_utc_us) / 1000 + 1;
	if (s->q->ask_at_ms > s->ev->now_ms &&
	    s->q->ask_at_ms - s->ev->now_ms < after_ms)
		after_ms = s->q->ask_at_ms - s->ev->now_ms;
	a = acts_add(s->out, ACT_TIMER);
	a->tag = TAG_LOOK;
	a->at_ms = s->ev->now_ms + after_ms;
}

static bool is_work(const struct event *ev)
{
	return ev->kind == EV_KEPT || ev->kind == EV_SENT ||
	       (ev->kind == EV_SWEEP && ev->u.look && ev->u.look->is_urgent);
}

static enum step queue_step(void *state, const struct event *ev,
			    struct facts *f, struct acts *out)
{
	struct qstep s = { .q = state, .ev = ev, .f = f, .out = out,
			   .conf = fact_config(f) };

	if (!s.q->is_link) {
		s.user = fact_user(f, queue_aor(s.q), false);
		if (fact_missing(f))
			return STEP_WAIT;
	}
	if (is_work(ev) || s.q->used_ms == 0)
		s.q->used_ms = ev->now_ms;
	if (ev->kind == EV_KEPT)
		on_kept(&s);
	else if (ev->kind == EV_ROWS)
		on_rows(&s);
	else if (ev->kind == EV_SENT)
		on_sent(&s);
	else if (ev->kind == EV_STORED)
		on_stored(&s);
	else if (ev->kind == EV_SWEEP)
		on_look(&s);
	queue_pump(&s);
	ask_store(&s);
	set_timer(&s);
	return STEP_DONE;
}

const struct machine queue_machine = {
	.name = "queue", .state_bytes = sizeof(struct queue),
	.step = queue_step, .drop = queue_drop,
};
