/* core/deferred/poke.c: see poke.h. Keeps no state: what obliges us is in the
 * store, so a restart needs nothing else [architecture.md 5.5].
 */
#include "core/deferred/poke.h"

#include "core/deferred/queue.h"

/* Per look; the next second brings the next ones. Bounds the claims under way
   when many users come back at once [traces.md (5) v]. */
#define LANES_PER_SWEEP 64u
#define REPORTS_PER_SWEEP 64u

static void ask(struct acts *out)
{
	struct claim *lanes = acts_new(out, sizeof(*lanes));
	struct claim *dues = acts_new(out, sizeof(*dues));

	lanes->what = CLAIM_DUE_LANES;
	lanes->max = LANES_PER_SWEEP;
	acts_add(out, ACT_CLAIM)->u.claim = lanes;
	dues->what = CLAIM_DUE_REPORTS;
	dues->max = REPORTS_PER_SWEEP;
	acts_add(out, ACT_CLAIM)->u.claim = dues;
}

static void wake(struct acts *out, struct str lane, bool is_urgent)
{
	struct hint *h = acts_new(out, sizeof(*h));

	h->lane = arena_dup(out->arena, lane);
	h->is_urgent = is_urgent;
	acts_add(out, ACT_HINT)->u.hint = h;
}

/* A user can be reached again: at once, if something waits for him. */
static enum step user_came(const struct event *ev, struct facts *f,
			   struct acts *out)
{
	char text[LANE_BYTES_MAX];
	uint32_t n = fact_backlog(f, ev->u.changed->aor);

	if (fact_missing(f))
		return STEP_WAIT;
	if (ev->u.changed->is_bound && n > 0)
		wake(out, lane_of_user(ev->u.changed->aor, text), true);
	return STEP_DONE;
}

static enum step poke_step(void *state, const struct event *ev,
			   struct facts *f, struct acts *out)
{
	size_t i;

	(void)state;
	if (ev->kind == EV_CHANGED)
		return user_came(ev, f, out);
	if (ev->kind == EV_SWEEP)
		ask(out);
	if (ev->kind == EV_ROWS && ev->u.rows)
		for (i = 0; i < ev->u.rows->lanes_n; i++)
			wake(out, ev->u.rows->lanes[i], false);
	return STEP_DONE;
}

const struct machine poke_machine = {
	.name = "poke", .step = poke_step,
};
