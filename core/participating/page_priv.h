/* core/participating/page_priv.h: the state of one page-mode message. */
#pragma once

#include "core/model/machine.h"
#include "core/participating/gruu.h"
#include "core/participating/identify.h"
#include "core/route/choose.h"
#include "core/route/fork.h"

enum page_state { PAGE_START, PAGE_LIVE, PAGE_KEEPING, PAGE_OUTCOME,
		  PAGE_OVER };

enum { PAGE_LEGS_MAX = 4 };	/* requests that wait for the same answer */

/* Names of timers and of results. */
enum { TAG_SENT = 1, TAG_OUTCOME, TAG_KEPT,
       TAG_NO_ANSWER,		/* 20 s, terminating side [OMA-IM 3.12] */
       TAG_OUTCOME_LATE,	/* 2 s, XMPP outcome [architecture.md 5.8] */
};

struct page {
	enum page_state state;
	uint64_t legs[PAGE_LEGS_MAX];
	size_t legs_n;
	enum proto in_proto;
	uint32_t in_link;
	unsigned hops_left;	/* as it came in */
	struct msg *msg;	/* as it goes on: authenticated sender */
	uint8_t key[32];	/* of the window of repeats */
	bool has_key;
	unsigned outstanding;
	enum cause best;
	bool may_keep;		/* storing is allowed for it */
	bool is_absent;		/* the recipient has no binding now */
	bool keeps_busy;	/* the recipient wants it stored when busy */
	bool wants_outcome;	/* the queue's first try answers it */
	enum proto out_proto;
	char *lane;		/* where it is kept if it must be */
};

struct pstep {
	struct page *p;
	const struct event *ev;
	struct facts *f;
	struct acts *out;
	const struct config *conf;
	struct identity id;
	struct route route;
	const struct user *user;	/* the recipient, when served here */
	const struct note *note;	/* of a report: its message */
	bool is_temp;			/* to a temporary GRUU, temp */
	struct gruu_temp temp;
	struct str instance;		/* only this device of user may have
					   it; absent: any */
};

/* page.c */
void page_answer(struct pstep *s, int kind, enum cause cause,
		 const struct sent *sent);
void page_remember(struct pstep *s, bool is_running, int kind,
		   enum cause cause);
void page_account(struct pstep *s, const char *event, enum cause cause);
void page_live(struct pstep *s, const struct send *send);
void page_end(struct pstep *s);

/* page_judge.c: who, may he, where to */
enum step page_judge(struct pstep *s);
/* Is this the same message again, after a way round? [RFC 5393] */
bool page_is_loop(const struct pstep *s, enum proto first_proto,
		  uint32_t first_link, unsigned first_hops_left);

/* page_keep.c: into the store */
void page_set_lane(struct pstep *s);	/* of s->route */
void page_keep(struct pstep *s, bool wants_outcome);
void page_owe_delivered(struct pstep *s);
/* What was accepted and will not get there, to a sender who asked. */
void page_owe_failed(struct pstep *s, enum cause cause);
void page_tell_refusal(struct pstep *s, enum cause cause,
		       const struct sent *sent);
