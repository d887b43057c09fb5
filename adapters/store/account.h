/* adapters/store/account.h: the accounting file: one line per record, appended
 * in the order given, no fsync (pass-through writes no row, architecture.md
 * 5.6). Lines wait in a bounded buffer for the writer thread, so the loop never
 * touches the disk; what finds no room is counted.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/base/str.h"

struct account;

enum { ACCOUNT_LINE_BYTES_MAX = 4096, ACCOUNT_BUFFER_BYTES = 4194304 };

/* file NULL: every line is taken and forgotten. Copied. */
struct account *account_new(const char *file);
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
