/* core/flow/flow.h: core as its host sees it: made, given its doors, turned.
 * The host (gateway/daemon, tests/flow) makes the core first, the adapters with
 * its intake, then attaches both; from then on it calls core_turn() whenever
 * the loop port was kicked or its time has come. One thread.
 */
#pragma once

#include "core/port/adapter.h"
#include "core/port/intake.h"
#include "core/port/loop.h"
#include "core/port/store.h"

struct core;

struct core *core_new(struct loop_port loop, struct config *c);
void core_free(struct core *core);	/* after the adapters and the store */

struct intake core_intake(struct core *core);
void core_attach(struct core *core, const struct adapter *a);	/* by proto */
void core_attach_store(struct core *core, struct store s);

/* Once, when all doors are attached: takes up what the store holds. */
void core_start(struct core *core);

/* Runs queued events, at most the configured number and time; true when there
   is more to do at once. */
bool core_turn(struct core *core);

/* A new configuration is in force (all adapters have committed). */
void core_config(struct core *core, struct config *c);

/* No new work is taken (busy in each protocol); what runs may finish. */
void core_drain(struct core *core);
void core_undrain(struct core *core);
bool core_is_idle(const struct core *core);	/* nothing queued or held */

/* For tests: run every step first without facts and abort when it changed
   anything [design: tests/flow]. */
void core_check_cold(struct core *core, bool on);

struct core_counts {
	uint64_t events, steps, waits, commits, refused;
	size_t objects, runq, held, timers, facts, facts_bytes, legs;
};
struct core_counts core_counts(const struct core *core);

/* What is known of a link; LINK_DOWN when it never told anything. */
enum link_state core_link_state(const struct core *core, uint32_t link);
/* Core's own gauges (core/base/metric.h): links, intake, objects. Of one core
   per process; core_free() takes them back. */
void core_show_metrics(struct core *core);
