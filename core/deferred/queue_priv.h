/* core/deferred/queue_priv.h: the state of one queue, shared by queue*.c. */
#pragma once

#include "core/deferred/queue.h"
#include "core/route/choose.h"
#include "core/route/hunt.h"

enum {
	QUEUE_USER_SLOTS = 32,	/* rows of one recipient in memory */
	QUEUE_LINK_SLOTS = 512,	/* of one link: twice its usual window */
	QUEUE_IDLE_MS = 60000,	/* an idle queue leaves memory */
};

enum item_state {
	ITEM_FREE,
	ITEM_WAIT,		/* until due */
	ITEM_SENDING,		/* results outstanding */
	ITEM_DONE,		/* its row is being deleted */
	ITEM_SETTLED,		/* its end is known, but the store refused to
				   write it: that is tried again, when due, and
				   not the sending */
};

struct item {
	enum item_state state;
	struct todo todo;	/* lane is the queue's; recipient and via are
				   taken from the message and the route */
	struct msg *msg;	/* reference */
	int64_t due_utc_us;	/* 0: at once */
	uint64_t waiter;	/* object that waits for the first outcome */
	uint32_t waiter_tag;
	uint64_t done_in;	/* the write that deletes it, by number */
	bool is_gone;		/* deleted; its id is kept until the answer of
				   a claim that may still know it has come */
	/* of the try under way */
	struct hunt hunt;
	bool is_plain_try;	/* text only was sent: a 200 is all we get */
	enum {
		END_NONE,
		END_HANDED,	/* it got there */
		END_REFUSED,	/* it did not, as who waited was told */
		END_FAILED,	/* it did not: a report is owed */
	} end;
	enum cause end_cause;	/* FAILED */
};

struct queue {
	struct str lane;	/* own memory */
	bool is_link;
	uint32_t link;		/* id of a link lane */
	struct item *slots;
	uint16_t *order;	/* slots in their order, oldest first */
	unsigned slots_n, n;
	bool is_loaded;		/* the store was asked once */
	bool is_claiming;
	bool has_more;		/* rows that are not in memory, all of them
				   younger than those that are */
	bool has_missed;	/* one was passed over since the store was
				   asked, so its answer may not have it */
	bool is_urgent;		/* rows that come are tried at once: their
				   recipient is there again */
	uint64_t last_seq;	/* of the rows claimed */
	bool is_rescan;		/* ask from the first row on: rows may have
				   come in the middle */
	int64_t ask_at_ms;	/* not before: the store could not answer */
	unsigned sending_n;
	uint64_t write_no;	/* counts the writes of this queue */
	unsigned writes_out;	/* of them not yet through */
	int64_t used_ms;	/* last time it had something to do */
};

enum { TAG_LOOK = 1, TAG_CLAIM = 2 };	/* timer; claim */

/* One step's tools. */
struct qstep {
	struct queue *q;
	const struct event *ev;
	struct facts *f;
	struct acts *out;
	const struct config *conf;
	const struct user *user;	/* of a user lane */
	uint64_t wrote;			/* number of this step's write, 0: none */
};

static inline struct str queue_aor(const struct queue *q)
{
	return str_from(q->lane, 5);
}

/* queue_items.c */
struct item *queue_add(struct queue *q, const struct todo *t, struct msg *m,
		       bool in_order);
struct item *queue_by_id(struct queue *q, uint64_t id);
void queue_remove(struct queue *q, struct item *it);
bool queue_is_full(const struct queue *q);

/* queue_send.c */
void queue_pump(struct qstep *s);
/* The next devices of a try whose first have failed; false: none left. */
bool queue_try_more(struct qstep *s, struct item *it);

/* queue_done.c */
uint64_t queue_wrote(struct qstep *s);
void queue_tell_waiter(struct qstep *s, uint64_t waiter, uint32_t tag,
		       enum cause cause, const struct sent *sent);
void queue_tell(struct qstep *s, struct item *it, enum cause cause,
		const struct sent *sent);
void queue_result(struct qstep *s, struct item *it);
void queue_done(struct qstep *s, struct item *it);
void queue_settle(struct qstep *s, struct item *it);
void queue_fail(struct qstep *s, struct item *it, enum cause cause,
		const struct sent *sent);
void queue_later(struct qstep *s, struct item *it, enum cause cause);
void queue_account(struct qstep *s, const struct item *it, const char *event,
		   enum cause cause);
