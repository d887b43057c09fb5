/* core/port/adapter.h: the door from core to one protocol. Filled by adapters.
 *
 * Contract (tests/unit/contract.h proves it for every adapter and the fake):
 *  1. nothing here is called from inside an adapter's callback, and nothing
 *     here calls intake->post's core synchronously (post only queues);
 *  2. every target of a send gets exactly one EV_SENT, unless wants_result is
 *     off: then failures only; a page leg ends with it;
 *  3. on a dialog leg results come before EV_LEG_CLOSED, nothing after it;
 *  4. an id that is gone is no error: EV_SENT{CAUSE_LEG_GONE}; answers to a
 *     request that is gone do nothing;
 *  5. what is queued per leg and per link is bounded: past it
 *     EV_SENT{CAUSE_OVERLOAD}, never memory.
 * Messages, targets and strings of an action are borrowed for the call; an
 * adapter that keeps the message takes a reference.
 */
#pragma once

#include "core/model/action.h"
#include "core/model/config.h"

struct adapter {
	enum proto proto;
	void *self;
	void (*answer)(void *self, uint64_t leg, const struct action *a);
	void (*send)(void *self, const struct action *a);
	/* dialog legs: NULL until the adapter has them */
	void (*leg_open)(void *self, uint64_t leg, const struct action *a);
	void (*leg_accept)(void *self, uint64_t leg, const struct action *a);
	void (*leg_update)(void *self, uint64_t leg, const struct action *a);
	void (*leg_close)(void *self, uint64_t leg, const struct action *a);
	/* after a crash: end what the row of an open leg describes */
	void (*leg_abandon)(void *self, struct str saved, enum cause c);
	/* sends the link takes now; a rise from 0 is told by EV_LINK */
	uint32_t (*room)(void *self, uint32_t link);
	void (*link_ctl)(void *self, uint32_t link, bool is_up);
	/* The gateway's own presence to one contact (u.presence); nobody waits
	   for a result. NULL: this protocol shows none. */
	void (*presence)(void *self, const struct action *a);
	void (*flush)(void *self);	/* end of a turn: write what is queued */
	/* Reload: all adapters prepare (bind listeners, load keys, make links),
	   then all commit or all abort. prepare holds its own reference of c
	   until then. The first load is a reload from nothing. */
	int (*prepare)(void *self, struct config *c, struct errtext *why);
	void (*commit)(void *self);
	void (*abort)(void *self);
	/* No new sends; what is under way may finish until then, afterwards
	   each outstanding send gets its result. link 0: all of them. */
	void (*drain)(void *self, uint32_t link, int64_t until_ms);
	/* A drain of all links is taken back: new sends are taken again and
	   links that drain closed connect again. NULL: nothing to do. */
	void (*undrain)(void *self);
};
