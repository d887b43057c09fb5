/* tests/unit/ledger.h: books over everything that goes through the core in a
 * random run: who sent what, what was answered, stored, sent on and reported.
 * ledger_taps.c listens between the core and its doors, ledger_book.c holds
 * the rules, test_ledger.c makes the runs.
 *
 * The rules (letters as in the failures they print):
 *   a  every request is answered, once, within its time; only a restart
 *      excuses
 *   b  what was accepted was handed over, or its failure was put on paper for
 *      its sender once, or its row is still in the store
 *   c  nothing goes out that did not come in, or was finally refused
 *   d  nobody gets the same twice, unless something was in doubt: a restart, a
 *      result that came too late, an answer of the store that was lost
 *   e  a row is not sent before an older one of its conversation in its lane
 *      was: to a user it must be done with, over a link at least on its way;
 *      and nothing live passes rows that wait for that user
 *   f  no report about a report; a display is told once
 *   g  "stored" is said after the commit, "ok" after a 2xx of the next hop,
 *      bindings after their commit
 *   h  in the end nothing is left: objects, legs, timers, waits, rows
 *   i  boxes and windows keep to their limits
 */
#pragma once

#include "core/base/list.h"
#include "tests/fake/world.h"

enum {
	LETTERS_MAX = 2048, OUTS_MAX = 16384, ROWS_MAX = 8192,
	ASKS_MAX = 4096, GENS_MAX = 4096, PARTIES_MAX = 12, DEVICES_MAX = 2,
	ANSWER_MS = 45000,
	LEDGER_DOMAIN_OFF = 3,	/* the configuration without a domain */
};

struct device {
	const char *contact;
	bool is_plain;
	unsigned asked_cseq, bound_cseq;	/* bound: the commit is through */
};

struct party {
	const char *addr;
	const char *link;		/* NULL: a SIP user of ours */
	struct device devices[DEVICES_MAX];
	unsigned devices_n;
	bool exists, keeps_none, has_quota;
};

/* One message somebody sent, or a report of a device. */
struct letter {
	char id[16], body[16];
	unsigned from, to;		/* parties */
	int about;			/* of a report: the letter, else -1 */
	enum imdn_status status;
	bool has_leg, no_store, is_short, is_burst;
	unsigned wants;
	int64_t expires_utc_us, first_utc_us;
	const char *via;		/* the link it came over, or NULL */
	unsigned posts, pending_asks, refused, oks, sends;
	unsigned owed_failed, owed_other, told_failed;
	bool is_accepted, is_committed, is_far_stored, has_row_ever;
	bool is_closed;			/* finally refused */
	bool in_doubt;
	bool needs_refusal;	/* its row went because a waiter was told */
	unsigned boot;
};

/* A report the core made. */
struct gen {
	char id[24];
	int about;
	enum imdn_status status;
	unsigned sends, oks, finals;
	bool is_row, in_doubt;
};

struct ask {
	uint64_t leg;
	int letter, party, device;	/* letter -1: a registration */
	unsigned cseq, boot;
	bool is_answered, is_bind;
	int64_t at_live_ms;
};

enum out_state { OUT_PENDING, OUT_OK, OUT_FAILED, OUT_DEAD };

struct out {
	uint64_t leg;
	int letter, gen;		/* one of them, or neither: composing */
	enum proto proto;
	uint32_t link;
	char contact[40];
	enum out_state state;
	enum cause cause;
	unsigned boot, batch, result_settle;
	bool is_never;
	int64_t at_ms;
};

struct todo_row {
	uint64_t id, order, conversation;
	int letter, gen;
	char lane[64], from_lane[64];	/* empty while it moves from there */
	bool is_there;		/* committed */
	bool is_gone;		/* its end was submitted, */
	bool is_ended;		/* and committed */
	bool in_doubt;
	int64_t expires_utc_us;
	int last_out;		/* the newest send of it, -1: none */
	unsigned sends;
};

/* Two rows whose order looked wrong; judged when the dust has settled. */
struct suspect {
	int row, older;
	unsigned older_sends;
};

struct held_read {
	struct list_link all;
	store_done_h *h;
	void *arg;
	struct store_result r;
	char *text;
};

struct tap {
	struct ledger *l;
	struct adapter real;
};

struct ledger {
	struct world w;
	uint64_t seed, rng;
	bool is_tracing;
	char broken[512];		/* the first rule that was broken */
	/* how wild this run is */
	unsigned fail_pct, never_pct, delay_pct;
	bool has_restarts, has_store_trouble, has_link_trouble, has_reloads;
	bool has_holds, has_stale, has_lies;

	struct party parties[PARTIES_MAX];
	unsigned parties_n;
	struct letter letters[LETTERS_MAX];
	struct out outs[OUTS_MAX];
	struct todo_row rows[ROWS_MAX];
	struct ask asks[ASKS_MAX];
	struct gen gens[GENS_MAX];
	unsigned letters_n, outs_n, rows_n, asks_n, gens_n;
	struct suspect suspects[256];
	unsigned suspects_n;

	struct tap taps[PROTOS_N];
	struct store store;		/* the fake's */
	struct intake intake;		/* the core's */
	struct list_link held;
	bool is_stale;			/* reads are answered late */
	unsigned lies_n;		/* commits whose OK gets lost */
	bool is_dead;			/* killed: nobody hears it any more */
	unsigned boot, settles, batch;
	uint64_t orders;
	int64_t live_ms;		/* time in which the store answered */
	unsigned config;		/* index of the one in force */
};

/* ledger_taps.c */
struct world_taps ledger_taps(struct ledger *l);
void ledger_release(struct ledger *l, bool all);
uint64_t ledger_roll(struct ledger *l, uint64_t n);
bool ledger_chance(struct ledger *l, unsigned percent);
void ledger_trace(struct ledger *l, const char *fmt, ...) PRINTF_LIKE(2, 3);
void ledger_break(struct ledger *l, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* ledger_book.c */
int book_letter(const struct ledger *l, struct str id);
int book_party(const struct ledger *l, struct str addr);
int book_ask(struct ledger *l, uint64_t leg, int letter);
void book_answered(struct ledger *l, uint64_t leg, const struct action *a);
/* The leg's place among the outs, or -1. */
int book_send(struct ledger *l, enum proto p, const struct action *a,
	      const struct target *t);
void book_result(struct ledger *l, const struct event *ev);
void book_submit(struct ledger *l, const struct write *w, size_t n);
void book_commit(struct ledger *l, const struct write *w, size_t n,
		 enum store_err real, enum store_err told);
void book_boot(struct ledger *l);
void book_settled(struct ledger *l);
void book_end(struct ledger *l);
