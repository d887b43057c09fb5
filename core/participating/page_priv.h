/* core/participating/page_priv.h: the state of one page-mode message. */
#pragma once

#include "core/model/machine.h"
#include "core/participating/gruu.h"
#include "core/participating/identify.h"
#include "core/route/choose.h"
#include "core/route/hunt.h"

enum page_state { PAGE_START, PAGE_LIVE, PAGE_KEEPING, PAGE_OUTCOME,
		  PAGE_OVER };

enum {
	PAGE_LEGS_MAX = 4,	/* requests that wait for the same answer */
	PAGE_REDIRECTS_MAX = 5,	/* ours: further ones are a game */
};

/* Names of timers and of results. */
enum { TAG_SENT = 1, TAG_OUTCOME, TAG_KEPT,
       TAG_NO_ANSWER,		/* 20 s, terminating side [OMA-IM 3.12] */
       TAG_OUTCOME_LATE,	/* 2 s, XMPP outcome [architecture.md 5.8] */
       TAG_STAGE,		/* the next devices get their turn */
};

struct page {
	enum page_state state;
	uint64_t legs[PAGE_LEGS_MAX];
	size_t legs_n;
	enum proto in_proto;
	uint32_t in_link;
	bool is_trusted_in;	/* who brought it is believed */
	unsigned hops_left;	/* as it came in */
	struct msg *msg;	/* as it goes on: authenticated sender */
	uint8_t key[32];	/* of the window of repeats */
	bool has_key;
	struct hunt hunt;	/* of a live try */
	int64_t answer_by_ms;	/* then the sender is answered, wherever he
				   was redirected to; 0: not live yet */
	char *text, *address;	/* of the best failure, or NULL */
	uint64_t gone_to[PAGE_REDIRECTS_MAX + 1];	/* hashes of addresses */
	unsigned redirects_n;
	bool may_keep;		/* storing is allowed for it */
	bool is_user;		/* the recipient is served here */
	bool is_absent;		/* the recipient has no binding now */
	bool keeps_busy;	/* the recipient wants it stored when busy */
	bool wants_outcome;	/* the queue's first try answers it */
	enum proto out_proto;
	int64_t came_utc_us;	/* when the message came, for the metrics */
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
	struct spend spend;		/* what the message costs */
	uint32_t retry_after_s;		/* of a refusal; 0: as usual */
	struct str instance;		/* only this device of user may have
					   it; absent: any */
};

/* page.c */
void page_answer(struct pstep *s, int kind, enum cause cause,
		 const struct sent *sent);
void page_remember(struct pstep *s, bool is_running, int kind,
		   enum cause cause);
void page_account(struct pstep *s, const char *event, enum cause cause);
void page_timer(struct pstep *s, uint32_t tag, uint32_t after_ms);
void page_end(struct pstep *s);

/* page_rate.c: not faster than he may; false: he was too fast, and no line of
   the accounting file is owed any more */
bool page_may_send(struct pstep *s);

/* page_live.c: devices and links that are tried while the sender waits */
void page_compose(struct pstep *s);	/* isComposing: nobody waits */
bool page_try_devices(struct pstep *s, const struct plan *plan);
void page_try_link(struct pstep *s);
enum step page_live_step(struct pstep *s);

/* page_redirect.c: where the far side said it should go instead */
enum redirect { REDIRECT_NONE,	/* the failure stands; nothing changed */
		REDIRECT_WAIT,	/* a fact is missing; nothing changed */
		REDIRECT_TAKEN };	/* it is on its way there */
enum redirect page_redirect(struct pstep *s, enum cause cause,
			    struct str address);

/* page_judge.c: who, may he, where to */
enum step page_judge(struct pstep *s);
void page_route(struct pstep *s, const struct route_query *q);
enum step page_refuse(struct pstep *s, enum cause cause);
/* s->route is chosen, p->msg made and the user, if it is one, is known. */
enum step page_go(struct pstep *s, uint32_t backlog);
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
