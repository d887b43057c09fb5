/* core/route/fork.h: the one answer of several legs. [RFC 3261 16.7]
 * The first 2xx wins and later answers are only absorbed; otherwise, when all
 * have answered, a 6xx beats everything and else the lowest class: what tells
 * the sender most. Whether anybody was only absent is remembered, for the
 * decision to store.
 */
#pragma once

#include "core/model/cause.h"

struct fork {
	unsigned open_n;	/* legs without an answer */
	bool is_won;
	bool was_absent;	/* a leg was ABSENT, or its LINK was down */
	bool was_busy;
	bool was_global;	/* a leg said 6xx: no further stage is tried */
	enum cause best;	/* of the failures; NONE before the first */
	uint64_t best_leg;
};

enum fork_now {
	FORK_WAIT,		/* others are still out */
	FORK_WON,		/* this one: answer 2xx now */
	FORK_LATE,		/* won before: nothing to do */
	FORK_LOST,		/* that was the last: f->best */
};

/* n more legs; at the start and for each further stage. */
void fork_add(struct fork *f, unsigned n);
/* The result of one leg; CAUSE_NONE is a 2xx. */
enum fork_now fork_result(struct fork *f, uint64_t leg, enum cause cause);

/* After FORK_LOST, for a recipient who takes stored messages: store it? A 6xx
   forbids, unless it means busy and busy ones are stored too. */
bool fork_is_to_store(const struct fork *f, bool stores_busy);

/* The better of two failures; NONE counts as no answer yet. Of equals the
   first stays. */
enum cause fork_better(enum cause a, enum cause b);
bool fork_is_global(enum cause c);	/* a 6xx */
