/* adapters/store/account_seq.h: where the numbers of accounting lines go on
 * after a start, so that none is given twice whatever happened to the file or
 * the process; the rules stand in account.h.
 *
 * Beside the file lies FILE.seq with two numbers, "next=N reserved=M": when it
 * was written the next number was N, and none from M on will be given before it
 * is written again. After an orderly end both are the same.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/base/str.h"

struct account_start {
	uint64_t next;		/* the number of the first line to come */
	uint64_t skipped;	/* numbers before it that may never have been
				   given: the last line is not to be found */
	uint64_t cut_bytes;	/* of an unfinished line, taken off the end */
	const char *after;	/* "nothing", "stop" or "crash" */
};

/* Reads FILE's last lines (and takes an unfinished one off) and FILE.seq. */
void account_seq_begin(const char *file, struct account_start *out);
/* Durably; false when it could not be written. */
bool account_seq_save(const char *file, uint64_t next, uint64_t reserved);

/* The number after the one this line holds, or says to come; 0: it says
   nothing. */
uint64_t account_seq_after(struct str line);
/* The number the first line of text holds or says to come; 0 likewise. */
uint64_t account_seq_first(struct str text);
