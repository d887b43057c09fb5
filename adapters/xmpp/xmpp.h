/* adapters/xmpp/xmpp.h: the XMPP side of the gateway, as one struct adapter.
 * Component links (XEP-0114) to XMPP servers: page messages, receipts, markers,
 * chat states and errors both ways [RFC 7572, RFC 7247], and the answers an
 * entity owes: disco, ping, version, time. Everything runs on the loop thread.
 * XMPP confirms nothing, so a send's result is the first of: an error stanza
 * with its id, the answer to a ping sent behind it, the end of the stream.
 */
#pragma once

#include "adapters/net/loop.h"
#include "core/port/adapter.h"
#include "core/port/intake.h"

struct xmpp;

/* Nothing connects before the first prepare() and commit(). The intake and the
   loop must outlive it. Make it early: it keeps descriptors below FD_SETSIZE.
   The process must ignore SIGPIPE. */
struct xmpp *xmpp_new(struct net_loop *l, const struct intake *in);
struct adapter xmpp_port(struct xmpp *x);
/* Ends every link without results and frees x; close core first. NULL is fine.
   (The library exports an xmpp_free of its own, which ours would replace.) */
void xmpp_close(struct xmpp *x);

/* How long things take. */
struct xmpp_times {
	uint32_t connect_ms;		/* from connect to handshake */
	uint32_t ping_every_ms;		/* idle: is the server there? */
	uint32_t ping_limit_ms;		/* ... and no answer means it is not */
	uint32_t backoff_min_ms, backoff_max_ms;
	uint32_t refused_ms;		/* after a wrong secret or hostname */
	uint32_t standby_ms;		/* another holds the hostname */
	uint32_t stable_ms;		/* up for less is another failure */
	uint32_t drain_ms;		/* a removed link may finish so long */
};

extern const struct xmpp_times xmpp_times_default;

/* Before the first commit; for tests. */
void xmpp_set_times(struct xmpp *x, const struct xmpp_times *t);

/* Wait before attempt number failures + 1 (failures >= 1), with jitter taken
   from random. is_refused: wrong secret or hostname. */
uint32_t xmpp_backoff_ms(const struct xmpp_times *t, unsigned failures,
			 bool is_refused, bool is_standby, uint32_t random);

/* Counters for tests and the metrics page. */
struct xmpp_counts {
	uint64_t attempts;	/* connections tried */
	uint64_t refused;	/* ended by a wrong secret or hostname */
	uint64_t stanzas_in, messages_in, stanzas_out;
	uint64_t pings;		/* sent */
	uint64_t cleaned;	/* stanzas whose text had to be cleaned */
	uint64_t ignored;	/* stanzas dropped with a line in the log */
	uint64_t remarks_dropped;	/* corrections, reactions ... by policy */
	uint64_t quarantined;	/* stanzas that killed a stream */
	size_t links, pending, held;
};

struct xmpp_counts xmpp_counts(const struct xmpp *x);
