/* gateway/daemon/events.h: the vocabulary of the log and of the accounting file,
 * for causeway-log(7). tests/lint/events.py holds it against the source: an
 * event that is logged stands here.
 */
#pragma once

#include <stddef.h>

struct word {
	const char *name, *sentence;
};

extern const struct word log_events[];
extern const size_t log_events_n;
extern const struct word accounting_fields[];
extern const size_t accounting_fields_n;
