/* core/route/senders.h: from whom a user takes messages, as he or the operator
 * said: the static part of his access policy [OMA-IM 8.3]. Kept as text in his
 * row, an entry a line:
 *
 *   deny *@spam.example
 *   allow boss@corp.example
 *
 * Who is denied is refused, also when an entry allows him [PF14]. With any
 * allowing entry, whoever matches none of these is refused too.
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/err.h"
#include "core/model/addr.h"

enum {
	SENDERS_MAX = 256,		/* entries of one user; ours */
	SENDERS_BYTES_MAX = 16384,	/* their text */
};

enum senders_verb { SENDERS_DENY, SENDERS_ALLOW };

bool senders_may(struct str text, const struct addr *from);

/* The text with one entry more (once, however often it is added), or without
   it, in the arena. ERR_SYNTAX: no pattern; ERR_LIMIT: too many; ERR_GONE:
   there is none to remove. */
int senders_add(struct arena *a, struct str text, enum senders_verb verb,
		struct str pattern, struct str *out) MUST_CHECK;
int senders_remove(struct arena *a, struct str text, enum senders_verb verb,
		   struct str pattern, struct str *out) MUST_CHECK;

/* Takes the first entry off *text. False at the end; lines of a later version
   are passed over. */
bool senders_next(struct str *text, enum senders_verb *verb_out,
		  struct str *pattern_out);
