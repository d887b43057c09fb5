/* core/base/id.h: the 128-bit trace id that follows one message everywhere.
 * Written as 32 lower-case hex digits; also the UUID form of RFC 7989's
 * Session-ID. All zero means "none".
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/base/str.h"

enum { TRACE_HEX_N = 32 };

struct trace_id {
	uint64_t hi, lo;
};

bool trace_is_none(struct trace_id id);
bool trace_eq(struct trace_id a, struct trace_id b);

/* Exactly 32 hex digits, either case; false and none otherwise. */
bool trace_parse(struct str s, struct trace_id *out);

/* out gets 32 digits and a NUL; returned as a slice of out. */
struct str trace_hex(struct trace_id id, char out[TRACE_HEX_N + 1]);
