/* core/model/body.h: the content of a message. Three kinds: bytes in the
 * message's arena, a sealed blob in the store, or bytes still under way in a
 * pipe. Every codec and every *_out takes a body as such; page mode fills only
 * the first kind.
 */
#pragma once

#include "core/base/str.h"

struct pipe;			/* core/base/pipe.h, comes with sessions */

enum body_kind { BODY_INLINE, BODY_BLOB, BODY_PIPE };

enum { BODY_INLINE_MAX = 65536 };	/* bytes; larger ones become blobs */

#define BODY_SIZE_UNKNOWN UINT64_MAX

struct body {
	enum body_kind kind;
	uint64_t size_bytes;		/* BODY_SIZE_UNKNOWN while it runs */
	struct str bytes;		/* BODY_INLINE: in the arena */
	uint64_t blob_id;		/* BODY_BLOB */
	struct pipe *pipe;		/* BODY_PIPE: a reference */
};

static inline struct body body_inline(struct str bytes)
{
	return (struct body){ .kind = BODY_INLINE, .size_bytes = bytes.n,
			      .bytes = bytes };
}
