/* adapters/store/checkup.h: is the database sound? SQLite reads all of it for
 * that, so it is done by a thread and a connection of its own, beside the work.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct checkup;

enum checkup_state { CHECKUP_NONE, CHECKUP_RUNNING, CHECKUP_DONE };

struct checkup_result {
	enum checkup_state state;
	bool could_open;
	int64_t schema, schema_known; /* versions: the file's, ours */
	int64_t faults;		      /* pages or rows; -1: not readable */
	int64_t done_ms;	      /* monotonic, when it ended */
};

/* The file's name is copied. */
struct checkup *checkup_new(const char *file);
/* Begins one unless one runs; false: no thread. */
bool checkup_start(struct checkup *c);
void checkup_get(struct checkup *c, struct checkup_result *out);
/* Waits for a running one. NULL is fine. */
void checkup_free(struct checkup *c);
