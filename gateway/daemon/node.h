/* gateway/daemon/node.h: one running node: the loop, core and its doors, put
 * together. What main.c starts, and what reload and the control verbs act on.
 */
#pragma once

#include "adapters/net/loop.h"
#include "core/flow/flow.h"
#include "gateway/daemon/load.h"

struct store_db;
struct sip;
struct xmpp;
struct control;
struct admin_http;
struct health;
struct gauges;
struct log_for;
struct checkup;

enum { NODE_ADAPTERS_MAX = 8 };

struct node {
	struct conf_source source;
	struct config *config; /* in force */
	struct net_loop *loop;
	struct core *core;
	struct intake intake;
	struct store_db *store;
	struct sip *sip;
	struct xmpp *xmpp;
	struct control *control;
	struct admin_http *http;
	struct health *health;
	struct gauges *gauges;
	struct log_for *log_for;
	struct checkup *checkup;
	struct adapter adapters[NODE_ADAPTERS_MAX];
	size_t adapters_n;
	struct net_timer *drain_timer, *watchdog;
	int64_t drain_until_ms;
	uint32_t watchdog_ms;
	bool is_draining, is_ending;
};

/* Everything up to open listeners. Takes c. 0, or an exit code and why; then
   node_free() cleans up what is there. */
int node_start(struct node *n, const struct conf_source *src, struct config *c,
	       struct errtext *why) MUST_CHECK;
/* Until a signal ends it. */
void node_run(struct node *n);
void node_free(struct node *n);

/* All adapters prepare, then all commit, then core follows; or nothing
   happened and why says it. Borrows c. */
int node_apply(struct node *n, struct config *c,
	       struct errtext *why) MUST_CHECK;

/* No new work from now on; what is under way has policy.drain to finish. */
void node_drain(struct node *n);
/* New work is taken again; false when the process is ending. */
bool node_undrain(struct node *n);
