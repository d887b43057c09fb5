/* core/model/action.h: what a step wants done. Steps fill a struct acts; the
 * engine expands, commits and carries it out (core/flow). Everything lies in
 * the acts' own arena, which lives until the commit is through.
 */
#pragma once

#include "core/model/event.h"
#include "core/model/rate.h"
#include "core/model/user.h"

enum act_kind {
	/* carried out by flow/act.c through a port */
	ACT_ANSWER,		/* leg, u.answer: the one answer to a request */
	ACT_SEND,		/* u.send: one message to many legs */
	ACT_LEG_OPEN, ACT_LEG_ACCEPT, ACT_LEG_UPDATE, ACT_LEG_CLOSE,
	ACT_PIPE, ACT_NOTIFY,
	ACT_TIMER,		/* tag, at_ms: EV_TIMER then; at_ms 0 stops it */
	ACT_CLAIM,		/* u.claim: EV_ROWS follows */
	ACT_WORK,
	ACT_HINT,		/* u.hint: a lane's queue should look again */
	ACT_ACCOUNT,		/* u.account: one line of the accounting file */
	ACT_LINK_CTL,		/* u.link_ctl: the operator's up and down */
	ACT_PRESENCE,		/* u.presence: the gateway's own, to one */
	ACT_TELL,		/* obj, tag, cause, u.sent: EV_SENT to another
				   object that waits for this outcome; never
				   waits for the commit and is handled before
				   any other event */
	ACT_SPEND,		/* u.spend: a message that counts against limits */
	ACT_REMEMBER,		/* u.remember: what was answered, for repeats */
	ACT_END,		/* the object is done */
	/* belongs to another function: flow/expand.c turns it into writes and
	   actions of the same turn, so that one transaction holds all of it */
	ACT_KEEP,		/* u.keep: store a message for a lane */
	ACT_REPORT,		/* u.due: a report is owed (a due row) */
	ACT_RECORD,
	ACT_CHANGED,		/* u.changed: a user moved */
	ACT_KINDS_N
};

/* Addresses of one device of a user, as URIs [RFC 5627]; empty: none. */
struct gruu {
	struct str pub, temp;
};

struct answer {
	enum { ANSWER_OK,	/* SIP 200: the next hop took responsibility */
	       ANSWER_STORED,	/* SIP 202: durable here */
	       ANSWER_REFUSED } kind;	/* cause says why */
	struct str text;		/* words for the sender, or empty */
	struct str address;		/* of MOVED and REDIRECT */
	bool is_stale;			/* UNAUTHORIZED: nonce was stale */
	struct str realm;		/* UNAUTHORIZED: served domain */
	uint32_t retry_after_s;		/* of refusals that pass, 0: none */
	uint32_t min_expires_s;		/* INTERVAL_TOO_BRIEF */
	const struct binding *bindings;	/* REGISTER: all that are in force */
	size_t bindings_n;
	const struct gruu *gruus;	/* one for each of them, or NULL */
	bool is_outbound;		/* REGISTER: Require: outbound */
	const char *require;		/* EXTENSION_REQUIRED: option tag */
	struct addr identity;		/* whom we took the caller for; of
					   ASK_ADDRESS: the address it is */
	const struct profile *profile;	/* ASK_PROFILE, ASK_CONTACT */
	unsigned contact;		/* of the asker: enum contact_flag, as
					   it is now */
	unsigned contact_before;	/* ... and as it was */
	struct str json;		/* admin */
};

struct send {
	const struct target *targets;	/* all of one protocol */
	size_t targets_n;
};

struct claim {
	enum { CLAIM_LANE, CLAIM_DUE_LANES, CLAIM_DUE_REPORTS, CLAIM_LIST,
	       CLAIM_ONE, /* the row with this id, for the operator */
	       CLAIM_CONTACTS } what; /* who registered here, in order */
	uint64_t id;			/* ONE */
	int64_t until_utc_us;		/* DUE_LANES: due by then; 0: now */
	struct str lane;		/* LANE: rows in order after after_seq;
					   CONTACTS: those after this address */
	uint64_t after_seq;
	uint32_t max;
	struct str query;		/* LIST: "users", "bindings", "queue",
					   "queue-shape", "trace" */
	struct str arg;			/* its argument */
};

struct keep {
	struct todo todo;		/* todo.msg borrowed from the step */
	bool is_dedup;			/* the first keep of a message writes the
					   dedup row; a duplicate undoes the step
					   and gives the earlier answer */
	uint64_t waiter;		/* object that wants the outcome of the
					   first try as EV_SENT, 0: none */
	uint32_t waiter_tag;
	bool is_alone;			/* set by the engine: nothing else was
					   stored for this lane */
};

struct account {
	const char *event;		/* "accepted", "sent", "delivered", ... */
	struct trace_id trace;
	struct str from, to;		/* canonical */
	enum proto in, out;
	struct str link;
	struct str id;			/* end-to-end id */
	struct str about;		/* of a report: the message it is about */
	enum cause cause;
	uint64_t bytes;
	int64_t came_utc_us;	/* when the message came to us; 0: unknown */
	const uint32_t *hits;	/* rules of the route that applied, counted */
	size_t hits_n;
};

/* The window of what writes no row: who repeats gets the same answer. */
struct remember {
	uint8_t key[32];
	bool is_running;	/* no answer yet: repeats go to this object */
	int answer;		/* enum of struct answer */
	enum cause cause;
	uint32_t origin_link;	/* where it came from first: the same message
				   from elsewhere is a loop, */
	enum proto origin_proto;
	unsigned hops_left;	/* and so it is with fewer hops left */
};

/* Whose bucket (core/model/rate.h). Each has a second one for what devices
   send by themselves: plus RATE_OF_N. */
enum rate_of { RATE_SENDER, RATE_FROM_DOMAIN, RATE_TO_DOMAIN, RATE_LINK,
	       RATE_TOLD, RATE_OF_N };

enum { SPEND_MAX = 4 };

struct spend {
	struct {
		uint64_t key;		/* of fact_rate() */
		struct rate_limit limit;
	} list[SPEND_MAX];
	size_t n;
};

struct hint {
	struct str lane;
	bool is_urgent;			/* try what waits now, due or not */
	uint64_t dropped;		/* this row is gone: forget it */
};

struct link_ctl {
	uint32_t link;
	bool is_up;
};

struct presence {			/* "I am here" */
	uint32_t link;			/* whose gateway says so */
	struct addr to;
};

struct action {
	enum act_kind kind;
	bool before_commit;	/* 100 Trying, timers: does not wait for the
				   writes; everything else does */
	bool wants_result;	/* SEND: EV_SENT also on success; failures
				   always come */
	uint32_t tag;
	enum cause cause;
	uint64_t leg;
	uint64_t obj;
	int64_t at_ms;
	struct msg *msg;	/* SEND, KEEP: borrowed, the engine takes a
				   reference while it is held */
	union {
		const struct answer *answer;
		const struct send *send;
		const struct claim *claim;
		const struct keep *keep;
		const struct due *due;
		const struct account *account;
		const struct changed *changed;
		const struct link_ctl *link_ctl;
		const struct presence *presence;
		const struct spend *spend;
		const struct remember *remember;
		const struct hint *hint;
		const struct sent *sent;
	} u;
};

/* Named intents; each store engine writes its own SQL. The comment says what
   each reads, writes and locks; those that read before they write are also
   proven with two interleaved connections (tests). */
enum store_op {
	OP_MSG_PUT,		/* writes msg (u.msg with store_id) */
	OP_DEDUP,		/* writes dedup unless the key is there and alive:
				   then the whole transaction is undone with
				   STORE_DUPLICATE and the earlier answer.
				   locks the key's row (u.dedup) */
	OP_DEDUP_DROP,		/* deletes the dedup row of a key, if it is there:
				   what was refused may be tried again (u.dedup) */
	OP_TODO_PUT,		/* writes todo (u.todo) */
	OP_TODO_DONE,		/* deletes todo by id, and the msg when no todo
				   names it any more (u.todo; msg_store_id is
				   its own, or 0: then it is read first) */
	OP_TODO_RETRY,		/* writes due, tries, via, last cause (u.todo) */
	OP_TODO_MOVE,		/* writes lane, part, via, due (u.todo) */
	OP_TODO_HOLD,		/* writes is_held (u.todo) */
	OP_DUE_PUT,		/* writes due (u.due) */
	OP_DUE_DONE,		/* deletes due by id; when it is not there any
				   more the whole transaction is undone with
				   STORE_CONFLICT: a report is made once */
	OP_BIND_SET,		/* writes one binding of a user (u.bind) */
	OP_BIND_DROP,		/* deletes one, or all when contact is absent */
	OP_USER_PUT,		/* writes the user's row, not his bindings; a new
				   contact past CONTACTS_MAX undoes the whole
				   transaction with STORE_LIMIT. Reads the rows
				   of contacts, locks none: two at once may pass
				   the limit by one */
	OP_USER_DROP,		/* deletes the user and his bindings */
	OP_NOTE_PUT,		/* writes note, over an earlier one (u.note) */
	OP_LIVE_PUT, OP_LIVE_DROP,	/* small row of an open leg (u.live) */
	OP_OWN_TAKE,		/* reads owner; writes it with epoch + 1 when it
				   is free, its lease lapsed or the same node
				   held it (an earlier start), else
				   STORE_FENCED; locks its row (u.own) */
	OP_OWN_RENEW,		/* writes the lease if the epoch is still ours */
	OP_COUNT_N
};

struct dedup_row {
	uint8_t key[32];	/* SHA-256 over scope and id */
	int64_t expires_utc_us;
	struct str answer;	/* given again to whoever repeats: "202" */
};

struct bind_row {
	struct str aor;
	struct binding binding;
};

struct note_row {
	uint8_t key[32];	/* note_key() */
	int64_t expires_utc_us;
	struct str text;	/* note_pack() */
};

struct live_row {
	uint64_t leg;
	struct str saved;	/* opaque to core: what its adapter needs to
				   end it after a crash */
};

struct own_row {
	struct str resource;	/* "part:3", "link:prosody1", "conf:..." */
	uint32_t node;
	uint64_t boot;		/* this start of the node */
	uint32_t lease_ms;
};

struct write {
	enum store_op op;
	uint16_t part;		/* writes of one partition commit in order */
	union {
		const struct msg *msg;
		const struct dedup_row *dedup;
		const struct todo *todo;
		const struct due *due;
		const struct bind_row *bind;
		const struct user *user;
		const struct note_row *note;
		const struct live_row *live;
		const struct own_row *own;
	} u;
};

struct owned_msg {
	struct owned_msg *next;
	struct msg *msg;
};

/* What one step said. Lists grow in the arena. */
struct acts {
	struct arena *arena;
	struct action *list;
	size_t list_n, list_size;
	struct write *writes;
	size_t writes_n, writes_size;
	bool is_lazy;		/* nobody waits for the commit: done rows */
	struct owned_msg *owned;	/* messages the step made */
	uint32_t stored_tag;	/* not 0: EV_STORED{tag, cause} when the commit is
				   through, well or not; STORE_DUPLICATE is told
				   as cause CONFLICT with u.sent->text = answer */
	int err;		/* ERR_LIMIT: the step wanted too much */
};

/* Appends a cleared action or write. Never NULL: past the limit they give a
   scratch slot and set acts->err, and the engine drops the step as a whole. */
struct action *acts_add(struct acts *a, enum act_kind kind);
struct write *acts_write(struct acts *a, enum store_op op, uint16_t part);
void acts_init(struct acts *a, size_t max_bytes);
void acts_clear(struct acts *a);	/* for the next step */
void acts_free(struct acts *a);
/* Gives a message made by the step to the acts, which put it in the end. */
void acts_own(struct acts *a, struct msg *m);
/* Zeroed memory that lives as long as the acts; never NULL (as above). */
void *acts_new(struct acts *a, size_t n);

const char *act_kind_name(enum act_kind k);
const char *store_op_name(enum store_op op);
