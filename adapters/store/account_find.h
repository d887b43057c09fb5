/* adapters/store/account_find.h: looks for a trace id or an address in the
 * accounting file, a piece at a time. The newest 256 MiB are looked at, the
 * newest max_lines that match are kept.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/base/str.h"

struct account_find;

struct account_find *account_find_new(const char *file, struct str arg,
				      uint32_t max_lines);
void account_find_free(struct account_find *f);	 /* NULL is fine */
bool account_find_slice(struct account_find *f); /* true: goes on */
/* Afterwards the lines, oldest first; borrowed until the next call. */
bool account_find_next(struct account_find *f, struct str *line_out);
/* Older lines may match as well, but were not kept or looked at. */
bool account_find_is_cut(const struct account_find *f);
