/* core/model/machine.h: what the engine knows of an object with a life, and
 * what a step may know of the world.
 *
 * A step asks for all facts it needs, then tests fact_missing() once and
 * returns STEP_WAIT having changed nothing; the engine reads what is missing
 * and runs it again with the same event. Most facts are cached, so most steps
 * run once.
 */
#pragma once

#include "core/model/action.h"
#include "core/model/config.h"
#include "core/model/note.h"

enum step { STEP_DONE, STEP_WAIT };

struct facts;			/* core/flow/facts.c; read-only, this step only */

/* NULL while missing; afterwards a snapshot whose exists may be false. */
const struct user *fact_user(struct facts *f, struct str aor, bool is_folded);
/* Stored messages for him, counting what is submitted but not yet committed,
   and what is on its way to him from the queue. */
uint32_t fact_backlog(struct facts *f, struct str aor);
/* What is known of a message somebody reports on; NULL while missing, then
   exists may be false. */
const struct note *fact_note(struct facts *f, const struct addr *sender,
			     const struct addr *recipient, struct str msg_id);
const struct config *fact_config(struct facts *f);	/* never missing */
/* State and room of a link; LINK_OFF for one that does not exist. */
enum link_state fact_link(struct facts *f, uint32_t link, uint32_t *room_out);
/* What the window says of a message: NULL when it was not seen lately; else
   what was answered, or is_running and the object that deals with it. */
const struct remember *fact_seen(struct facts *f, const uint8_t key[32],
				 uint64_t *obj_out);
/* Milliseconds until who may send again, 0: now; the bucket's key for
   ACT_SPEND, which alone changes it. */
uint32_t fact_rate(struct facts *f, enum rate_of of, struct str who,
		   struct rate_limit l, uint64_t *key_out);
/* The object whose step this is, 0 if it has no life. */
uint64_t fact_self(struct facts *f);
/* Does that object still wait for the outcome it asked for (ACT_KEEP)? */
bool fact_waits(struct facts *f, uint64_t obj);
bool fact_missing(const struct facts *f);

/* Ids: unique, and equal in every replay of the same event. */
uint64_t fact_fresh_id(struct facts *f);
/* A new page leg of that protocol, owned by the stepping object. */
uint64_t fact_leg_new(struct facts *f, enum proto p);

struct machine {
	const char *name;
	size_t state_bytes;	/* 0: nothing outlives the step */
	enum step (*step)(void *state, const struct event *ev,
			  struct facts *f, struct acts *out);
	void (*drop)(void *state);	/* references only; says nothing */
};
