/* core/port/store.h: the door to what is durable. Answers come later, from the
 * loop, once, never from inside the call. Writes that touch one partition
 * commit and answer in the order given; a failed transaction fails alone.
 * Reads see only what is committed. Filled by adapters/store.
 */
#pragma once

#include "core/model/action.h"
#include "core/model/config.h"

enum store_err {
	STORE_OK,
	STORE_DUPLICATE,	/* OP_DEDUP found the key; earlier_answer is set */
	STORE_CONFLICT,		/* OP_DUE_DONE found nothing */
	STORE_LIMIT,		/* OP_USER_PUT of one contact too many */
	STORE_FENCED,		/* the partition or resource is not ours now */
	STORE_FULL,		/* no space: nothing was written */
	STORE_DOWN,		/* no answer from the engine */
};

struct store_result {
	enum store_err err;
	struct str earlier_answer;	/* valid during the handler */
	struct user *user;		/* read_user: a reference for the handler
					   to take; never NULL when err is OK */
	struct rows *rows;		/* claim: taken over by the handler, to be
					   freed with rows_free() */
	uint64_t epoch;			/* OP_OWN_TAKE */
};

typedef void store_done_h(void *arg, const struct store_result *r);

struct store {
	void *self;
	/* One transaction. Writes, rows and messages stay valid (the caller
	   holds them) until h ran. is_lazy: may wait for the next commit that
	   somebody waits for (at most 50 ms). ERR_LIMIT: too much is queued,
	   h will not run. */
	int (*commit)(void *self, const struct write *w, size_t n, bool is_lazy,
		      store_done_h *h, void *arg);
	/* aor is canonical. is_folded: when no such user exists, a single one
	   whose address differs only in case is taken instead. */
	int (*read_user)(void *self, struct str aor, bool is_folded,
			 store_done_h *h, void *arg);
	/* The note under that key: earlier_answer is its text, absent when
	   there is none or it expired. NULL: this store keeps none. */
	int (*read_note)(void *self, const uint8_t key[32], store_done_h *h,
			 void *arg);
	/* Rows for a claim (core/model/action.h); now_utc_us decides what is
	   due. Claimed rows are not marked: one runner per lane. */
	int (*claim)(void *self, const struct claim *c, int64_t now_utc_us,
		     store_done_h *h, void *arg);
	/* One line of the accounting file (without newline), appended in
	   order, never blocking; false when it could not be taken. */
	bool (*account)(void *self, struct str line);
	/* Credit: true while commit would refuse. */
	bool (*is_full)(void *self);
};
