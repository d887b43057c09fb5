/* core/port/intake.h: the door from adapters into core. Filled by flow. */
#pragma once

#include "core/model/event.h"

struct intake {
	void *core;
	/* Queues, never runs: core acts after the caller's callback returned.
	   Takes ev. 0, or ERR_LIMIT when too much is queued: the event is gone
	   and the caller answers with its protocol's own "busy" (results of
	   sends, EV_LINK and EV_LEG_CLOSED are always taken). */
	int (*post)(void *core, struct event *ev);
	/* A cleared event with its own arena. */
	struct event *(*event_new)(void *core, enum ev_kind kind);
	/* Throws an event away unposted. */
	void (*event_drop)(void *core, struct event *ev);
	/* A fresh leg id of that protocol; never used again. */
	uint64_t (*leg_new)(void *core, enum proto p);
	/* A fresh trace id, for what comes in without one. */
	struct trace_id (*trace_new)(void *core);
	/* True while post would refuse: stop reading, answer busy early. */
	bool (*is_full)(void *core);
	/* How long the oldest event has waited for its turn. */
	int64_t (*lag_ms)(void *core);
};
