/* tests/unit/contract.h: the contract of core/port/adapter.h as one test that
 * every adapter passes. An adapter brings a struct contract: how to reach a
 * far side that takes, refuses or ignores what is sent, and how to let time
 * pass. contract_core stands in for core: it counts and keeps events and is
 * useful to the adapters' other tests too.
 */
#pragma once

#include "core/port/adapter.h"
#include "core/port/intake.h"
#include "tests/unit/unit.h"

/* ---- in place of core ------------------------------------------------- */

struct contract_core {
	struct intake intake;
	struct event *first, **end;	/* posted, not yet taken */
	size_t queued_n, posted_n, dropped_n, made_n, freed_n;
	bool is_full;			/* post of requests is refused */
	int64_t lag_ms;			/* how far it is behind */
	uint64_t legs;			/* ids given */
	uint64_t traces;
};

void contract_core_init(struct contract_core *c);
void contract_core_free(struct contract_core *c);	/* and checks leaks */
/* The oldest event, now the caller's (contract_event_free); NULL if none. */
struct event *contract_core_take(struct contract_core *c);
/* The oldest one of that kind; others before it stay. */
struct event *contract_core_take_kind(struct contract_core *c,
				      enum ev_kind kind);
void contract_event_free(struct contract_core *c, struct event *ev);
size_t contract_core_count(const struct contract_core *c, enum ev_kind kind);

/* A plain text message from alice@a.example to bob@b.example. */
struct msg *contract_msg(const char *text);
struct addr contract_addr(struct arena *a, const char *uri);

/* ---- the test --------------------------------------------------------- */

enum contract_far {
	FAR_TAKES,		/* says yes */
	FAR_REFUSES,		/* says no, for good */
	FAR_SILENT,		/* never answers */
	FAR_NOWHERE,		/* there is no such leg: neither contact nor
				   link that exists */
};

struct contract {
	const char *name;
	struct contract_core *core;
	struct adapter adapter;
	void *arg;
	/* Fills in link, binding, from and to; strings live until teardown.
	   leg is the caller's. */
	void (*target)(void *arg, enum contract_far far, struct target *out);
	/* Lets adapter and far side work for about that long; returns early
	   when done() says so (may be NULL). */
	void (*run)(void *arg, int ms, bool (*done)(void *), void *done_arg);
	/* Monotonic time as the adapter sees it, for drain(). */
	int64_t (*now_ms)(void *arg);
	/* A link whose window can be filled, and how many sends fill it
	   (0: the adapter has none in this test). */
	uint32_t link;
	uint32_t window;
	/* A request comes in that core has to answer; NULL: the protocol has
	   none. answers: how many answers the far side got so far, refusals
	   counted. */
	void (*request)(void *arg);
	unsigned (*answers)(void *arg);
	/* A configuration the adapter must refuse, or NULL. */
	struct config *bad_config;
	struct config *good_config;	/* one that works, as it runs now */
};

/* Each may be called alone, with a fresh contract. */
void contract_results(struct contract *c);	/* rule 2, 4 */
void contract_many(struct contract *c);		/* rule 2: one send, many legs */
void contract_bounded(struct contract *c);	/* rule 5 */
void contract_answers(struct contract *c);	/* rule 4; intake full */
void contract_reload(struct contract *c);	/* prepare, abort, commit */
void contract_drain(struct contract *c);	/* every result, in time */

/* tests of one adapter: a setup that makes the contract as *state. */
#define CONTRACT_TEST(fn, setup, teardown) { .name = #fn, \
	.test_func = contract_test_##fn, .setup_func = (setup), \
	.teardown_func = (teardown) }

void contract_test_results(void **state);
void contract_test_many(void **state);
void contract_test_bounded(void **state);
void contract_test_answers(void **state);
void contract_test_reload(void **state);
void contract_test_drain(void **state);

#define CONTRACT_TESTS(setup, teardown) \
	CONTRACT_TEST(results, setup, teardown), \
	CONTRACT_TEST(many, setup, teardown), \
	CONTRACT_TEST(bounded, setup, teardown), \
	CONTRACT_TEST(answers, setup, teardown), \
	CONTRACT_TEST(reload, setup, teardown), \
	CONTRACT_TEST(drain, setup, teardown)
