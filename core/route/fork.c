/* core/route/fork.c: see fork.h. Values only: legs and timers belong to the
 * machine that forks.
 */
#include "core/route/fork.h"

/* Rank of a failure, the lowest wins [RFC 3261 16.7.6]: 6xx; then the lowest
   class; within 4xx first what says how to do better, then what is final, then
   busy, then absent. */
enum rank { RANK_GLOBAL, RANK_MOVED, RANK_HELPFUL, RANK_FINAL, RANK_BUSY,
	    RANK_ABSENT, RANK_SERVER, RANK_NONE };

static enum rank rank_of(enum cause c)
{
	static const enum rank named[CAUSES_N] = {
		/* RANK_GLOBAL is zero, so the table holds rank + 1 */
		[CAUSE_BUSY_EVERYWHERE] = RANK_GLOBAL + 1,
		[CAUSE_DECLINED] = RANK_GLOBAL + 1,
		[CAUSE_NOT_ANYWHERE] = RANK_GLOBAL + 1,
		[CAUSE_NOT_ACCEPTABLE_ANYWHERE] = RANK_GLOBAL + 1,
		[CAUSE_FORBIDDEN_ANYWHERE] = RANK_GLOBAL + 1,
		[CAUSE_MOVED] = RANK_MOVED + 1,
		[CAUSE_REDIRECT] = RANK_MOVED + 1,
		[CAUSE_ALTERNATIVE_SERVICE] = RANK_MOVED + 1,
		[CAUSE_TOO_LARGE] = RANK_HELPFUL + 1,
		[CAUSE_MEDIA_UNSUPPORTED] = RANK_HELPFUL + 1,
		[CAUSE_BAD_EXTENSION] = RANK_HELPFUL + 1,
		[CAUSE_ADDRESS_INCOMPLETE] = RANK_HELPFUL + 1,
		[CAUSE_SERVER_ERROR] = RANK_SERVER + 1,
		[CAUSE_NOT_IMPLEMENTED] = RANK_SERVER + 1,
		[CAUSE_BAD_GATEWAY] = RANK_SERVER + 1,
		[CAUSE_SERVICE_UNAVAILABLE] = RANK_SERVER + 1,
		[CAUSE_SERVER_TIMEOUT] = RANK_SERVER + 1,
		[CAUSE_VERSION_UNSUPPORTED] = RANK_SERVER + 1,
	};

	if (named[c])
		return (enum rank)(named[c] - 1);
	switch (cause_class(c)) {
	case CAUSE_OK:
		return RANK_NONE;
	case CAUSE_FINAL:
		return RANK_FINAL;
	case CAUSE_BUSY:
		return RANK_BUSY;
	case CAUSE_ABSENT:
		return RANK_ABSENT;
	case CAUSE_LINK:
		return RANK_SERVER;
	}
	return RANK_NONE;
}

enum cause fork_better(enum cause a, enum cause b)
{
	return rank_of(b) < rank_of(a) ? b : a;
}

bool fork_is_global(enum cause c)
{
	return rank_of(c) == RANK_GLOBAL;
}

void fork_add(struct fork *f, unsigned n)
{
	f->open_n += n;
}

static void note_failure(struct fork *f, uint64_t leg, enum cause cause)
{
	enum cause_class cls = cause_class(cause);

	if (cls == CAUSE_ABSENT || cls == CAUSE_LINK)
		f->was_absent = true;
	if (cls == CAUSE_BUSY)
		f->was_busy = true;
	if (fork_is_global(cause))
		f->was_global = true;
	if (fork_better(f->best, cause) != f->best) {
		f->best = cause;
		f->best_leg = leg;
	}
}

enum fork_now fork_result(struct fork *f, uint64_t leg, enum cause cause)
{
	if (f->open_n > 0)
		f->open_n--;
	if (f->is_won)
		return FORK_LATE;
	if (cause == CAUSE_NONE) {
		f->is_won = true;
		f->best = CAUSE_NONE;
		f->best_leg = leg;
		return FORK_WON;
	}
	note_failure(f, leg, cause);
	return f->open_n > 0 ? FORK_WAIT : FORK_LOST;
}

bool fork_is_to_store(const struct fork *f, bool stores_busy)
{
	if (f->is_won)
		return false;
	if (f->was_global)
		return stores_busy && cause_class(f->best) == CAUSE_BUSY;
	return f->was_absent || (f->was_busy && stores_busy);
}
