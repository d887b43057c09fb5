/* tests/fake/world.h: the real core with fake adapters, store and clock, for
 * one scenario. Nothing sleeps, nothing is random: the same text gives the
 * same run.
 */
#pragma once

#include "core/flow/flow.h"
#include "tests/fake/fake_adapter.h"
#include "tests/fake/fake_store.h"

/* Whoever wants to listen in puts itself between core and its doors; each may
   be NULL. Called whenever a core is made. */
struct world_taps {
	void *arg;
	void (*adapter)(void *arg, struct adapter *a);
	void (*store)(void *arg, struct store *s);
	void (*intake)(void *arg, struct intake *in);
};

struct world {
	struct config *conf;
	struct core *core;
	struct intake in;
	struct fake_adapter *fakes[PROTOS_N];
	struct fake_store *store;
	bool is_store_held;	/* commits and reads wait for "store go" */
	int64_t now_ms, utc_us, wake_at_ms;
	bool is_kicked;
	uint64_t seed;
	struct world_taps taps;
};

/* conf is borrowed by reference; the store outlives restarts. */
void world_start(struct world *w, struct config *conf);
void world_start_tapped(struct world *w, struct config *conf,
			const struct world_taps *taps);
void world_restart(struct world *w);
void world_stop(struct world *w);

/* Takes c over: adapters prepare and commit it, then core hears of it. */
void world_reload(struct world *w, struct config *c);

/* Everything that can happen now, happens. */
void world_settle(struct world *w);
/* Time passes in the steps in which something is due. */
void world_pass(struct world *w, int64_t ms);
/* Time has passed at once, as for a machine that slept. */
void world_jump(struct world *w, int64_t ms);
/* The oldest line an adapter wrote, or NULL. */
const char *world_line(struct world *w, enum proto p);
