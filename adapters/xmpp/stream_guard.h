/* adapters/xmpp/stream_guard.h: between the socket and the XML parser. The
 * parser of the library has no limits: a deep stanza costs its stack, a long
 * one its memory, and many line breaks the square of their number in time. The
 * guard reads the bytes first and lets through a stream that is short and
 * flat; what is left out makes its stanza a cut one, which is refused like
 * others that are too large, while the stream goes on. Only what XMPP forbids
 * in a stream ends it. [RFC 6120 11.1, 11.6, 4.9.3]
 *
 *   left out    elements deeper than 80, what is past the limit of a stanza,
 *               what makes a tag longer than 3 KiB
 *   forbidden   <!DOCTYPE, comments, processing instructions, another encoding
 *               than UTF-8, NUL, words between stanzas
 *
 * Markup passes in one piece: expat puts off a token that came in two (since
 * CVE-2023-52425), and would deliver a stanza's end only with the next one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/str.h"

enum {
	STREAM_GUARD_DEPTH = 80,	/* elements in elements let through */
	STREAM_GUARD_HELD_MAX = 3072,	/* bytes of one tag */
	STREAM_GUARD_EXTRA = 16,	/* see stream_guard_pass() */
};

enum stream_guard_at {
	GUARD_START,	/* before the stream's own element */
	GUARD_DECL,	/* <?xml ...?>, which is checked and not passed on */
	GUARD_TEXT, GUARD_REF,
	GUARD_LT,	/* behind '<' */
	GUARD_BANG,	/* behind "<!" */
	GUARD_CDATA,
	GUARD_TAG, GUARD_QUOTE, GUARD_END,
	GUARD_OVER	/* the stream was closed */
};

struct stream_guard {
	size_t stanza_max;	/* bytes of a stanza that the parser gets */
	enum stream_guard_at at;
	char quote;		/* of the value we are in */
	char last[2];		/* the two bytes before */
	bool is_leaving_out;	/* this text, or the rest of a tag */
	unsigned depth;		/* open elements */
	unsigned drop_depth;	/* not 0: left out until depth is below it */
	size_t stanza_n;	/* bytes of this stanza so far */
	unsigned bang_n;	/* bytes of "<![CDATA[" so far */
	bool has_decl;
	bool is_cut;		/* this stanza */
	uint64_t stanzas;	/* children of the stream that passed, to
				   their end */
	uint64_t cut;		/* number of the last one that was cut, from 1;
				   0: none was */
	const char *why;	/* of the end; NULL while all is well */
	size_t whole_n;		/* of a tag in held: whole attributes */
	size_t held_n;		/* markup that is not complete yet */
	char held[STREAM_GUARD_HELD_MAX];
};

void stream_guard_init(struct stream_guard *g, size_t stanza_max);

/* Writes to out (room for n + held_n + STREAM_GUARD_EXTRA, not overlapping in)
   what may pass, and how much that is; -1 when the stream must end, with why
   set. */
long stream_guard_pass(struct stream_guard *g, const char *in, size_t n,
		       char *out);

/* For a reader that takes no bytes for the end: what the parser may be given
   when nothing passed. It means nothing where it stands. */
struct str stream_guard_filler(const struct stream_guard *g);
