/* adapters/xmpp/barrier.h: which sends wait for their result, and what decides
 * it. XMPP confirms nothing; but a server handles one stream in order, so the
 * answer to a ping says that all stanzas before it were handled, and that
 * errors about them, if any, have been sent. One ping covers all that was sent
 * since the last one: a batch.
 */
#pragma once

#include "core/base/id.h"
#include "core/base/list.h"
#include "core/base/str.h"

struct barrier_send {
	struct list_link link;
	uint64_t leg;
	uint32_t tag;
	bool wants_result;	/* also when all went well */
	struct trace_id trace;
	uint64_t batch;		/* number of the ping that covers it */
	struct str id, peer;	/* of the stanza: its id, bare JID of its
				   recipient; lie behind this struct */
};

struct barrier {
	struct list_link sends;		/* oldest first */
	size_t sends_n;
	uint64_t next;			/* number of the next ping */
	uint64_t answered;		/* number of the last ping answered */
};

void barrier_init(struct barrier *b);
/* Does anything wait for a ping that was not sent yet? */
bool barrier_is_open(const struct barrier *b);
/* Pings under way. */
uint64_t barrier_pings(const struct barrier *b);

struct barrier_send *barrier_add(struct barrier *b, struct str id,
				 struct str peer);
/* Ping number barrier_close() goes out; later sends belong to the next. */
uint64_t barrier_close(struct barrier *b);
/* Is that the number of a ping under way? It and all before are answered. */
bool barrier_answer(struct barrier *b, uint64_t number);

/* Each gives a send up to its caller, who frees it; NULL when there is none. */
struct barrier_send *barrier_take_answered(struct barrier *b);
struct barrier_send *barrier_take_failed(struct barrier *b, struct str id,
					 struct str peer);
struct barrier_send *barrier_take_first(struct barrier *b);
void barrier_send_free(struct barrier_send *s);
