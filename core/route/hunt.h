/* core/route/hunt.h: the walk over a user's devices for one message: who is
 * tried next, and what became of those who were. The plan (plan.h) is made anew
 * at each step from who is registered then; this remembers who was tried.
 * [RFC 3261 16.7, RFC 5626 5.3]
 *
 *   a flow failed          the next flow of that device at once
 *   a stage failed         the next stage: the next q
 *   a stage is silent      the next stage too, when its time is over; the
 *                          first may still answer
 *   a 6xx                  nobody else is tried
 *   a device answered      not tried by another flow of its
 */
#pragma once

#include "core/route/fork.h"
#include "core/route/plan.h"

struct hunt_try {
	uint64_t leg;
	uint64_t contact, instance;	/* hashes; instance 0: none */
	bool is_open;
	bool is_flow_failed;	/* the device itself was not reached */
};

struct hunt {
	struct fork fork;
	struct hunt_try tries[BINDINGS_MAX];
	unsigned tries_n;
};

/* Whom to try now, into list[BINDINGS_MAX]; 0: nobody, or not yet. may_overlap:
   although some have not answered. is_serial: one device at a time. */
size_t hunt_next(const struct hunt *h, const struct plan *p, bool may_overlap,
		 bool is_serial, const struct binding **list_out);
/* A leg was sent out. binding NULL: to a link. */
void hunt_add(struct hunt *h, uint64_t leg, const struct binding *binding);
/* Its result; FORK_LOST: all that were tried have failed. */
enum fork_now hunt_result(struct hunt *h, uint64_t leg, enum cause cause);
/* The others are not waited for any more: as if none had answered. */
void hunt_give_up(struct hunt *h);
/* The try with that leg, or NULL. */
const struct hunt_try *hunt_find(const struct hunt *h, uint64_t leg);
uint64_t hunt_contact(const struct binding *b);	/* as in .contact */
uint64_t hunt_key(struct str text);	/* hash; 0 for an empty text */
