/* adapters/store/account.h: the accounting file: one line per record, appended
 * in the order given, no fsync (pass-through writes no row, architecture.md
 * 5.6). Lines wait in a bounded buffer for the writer thread, so the loop never
 * touches the disk; what finds no room is counted.
 *
 * Each record begins with its number, "seq=N ", one more than that of the
 * record before, over restarts and rotations. Whoever bills by the file can
 * therefore prove that it is complete; what breaks the row is said by a line
 * that begins with "#":
 *
 *   #accounting version=1 node=ID time=T next=N after=WHY
 *		begins each file and each run: the next record is N. WHY is
 *		nothing (the first run), stop (an orderly one), rotation, or
 *		crash: then records of the last half second before may be
 *		missing. cut=BYTES: an unfinished line was taken off the end.
 *		skipped=K: the K numbers before N may never have been given
 *		(the last file was taken away and then the process crashed).
 *   #lost first=A last=B
 *		there was no room for these records (the disk was full).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/base/str.h"

struct account;

enum { ACCOUNT_LINE_BYTES_MAX = 4096, ACCOUNT_BUFFER_BYTES = 4194304 };

/* file NULL: every line is taken and forgotten. Copied. */
struct account *account_new(const char *file, uint32_t node);
void account_free(struct account *a); /* writes what is left */

/* Any thread. False: no room (or it holds a line end). *was_empty_out: the
   writer should be told. */
bool account_add(struct account *a, struct str line, bool *was_empty_out);
bool account_is_waiting(struct account *a);
void account_reopen(struct account *a);
/* The writer thread: appends what waits, opening the file when needed. */
void account_write(struct account *a);
void account_count(struct account *a, uint64_t *lines_out,
		   uint64_t *dropped_out);
