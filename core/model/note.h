/* core/model/note.h: what must still be known of a message when a report about
 * it comes, long after its row is gone: under which trace it went, by which
 * device it was written, and which servers wanted the report to pass them
 * (IMDN-Record-Route, RFC 5438 8.2). Kept as long as the dedup rows, found by
 * sender, recipient and end-to-end id.
 */
#pragma once

#include "core/model/msg.h"

enum { NOTE_KEY_N = 32 };

struct note {
	bool exists;
	struct trace_id trace;
	struct str instance;		/* of the sender, or empty */
	struct str *routes;		/* URIs, top first */
	size_t routes_n;
};

/* False: nobody will report on it, so nothing need be kept. */
bool note_is_wanted(const struct msg *m);
void note_key(const struct addr *sender, const struct addr *recipient,
	      struct str msg_id, uint8_t key_out[NOTE_KEY_N]);
/* As text, one value a line; what cannot stand in a line is left out. */
struct str note_pack(struct arena *a, const struct msg *m);
/* Slices of text; the list in the arena. ERR_SYNTAX, ERR_LIMIT. */
int note_unpack(struct arena *a, struct str text, struct note *out) MUST_CHECK;
