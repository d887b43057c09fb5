/* core/model/todo.h: what the store holds of obligations.
 * todo: one row per (message, recipient) not yet handed over; outbox and
 * deferred queue are this one table. due: one row per report to be made.
 */
#pragma once

#include "core/model/msg.h"

enum { PARTITIONS_N = 16 };	/* logical; fixed for the life of a store */

struct todo {
	uint64_t id;		/* fresh, unique; order is seq, not id */
	uint64_t seq;		/* given by the store at insert; rises */
	uint16_t part;		/* partition of the lane */
	struct str lane;	/* "user:<aor>" or "link:<name>" */
	uint64_t conversation;	/* order is kept within it */
	struct str recipient;	/* canonical address */
	struct str via;		/* link it was meant for: a hint only */
	int64_t due_utc_us;	/* not before */
	int64_t expires_utc_us;
	int64_t kept_utc_us;	/* when it was accepted */
	uint32_t tries;
	unsigned wants;		/* reports still owed to the sender */
	enum cause last_cause;	/* of the last try */
	bool is_held;		/* by the operator: not tried */
	struct msg *msg;	/* a reference; NULL in listings */
	struct trace_id trace;
	uint64_t msg_store_id;
	uint64_t bytes;		/* size of the packed message */
};

/* The obligation to tell a sender what became of his message. */
struct due {
	uint64_t id;		/* fresh */
	uint16_t part;		/* of the sender's lane */
	struct trace_id trace;
	struct addr to;		/* the sender of the message */
	struct addr from;	/* its recipient */
	struct str thread;
	struct str *routes;	/* IMDN-Record-Route of the message */
	size_t routes_n;
	struct report report;
};

/* "user:sip:bob@sip.example", "link:prosody"; cut past the maximum. */
enum { LANE_BYTES_MAX = 2200 };
struct str lane_of_user(struct str aor, char out[LANE_BYTES_MAX]);
struct str lane_of_link(struct str link_name, char out[LANE_BYTES_MAX]);

/* What is owed to the sender of m: strings in the arena. sent (may be NULL) has
   the far side's words. */
struct sent;
void due_of(struct arena *a, const struct msg *m, enum imdn_status status,
	    enum cause cause, const struct sent *sent, int64_t now_utc_us,
	    uint64_t id, struct due *out);

uint16_t todo_partition(struct str lane);
