/* tests/fake/xmpp_mock.h: an XMPP server for components, and a core that only
 * writes down what it is told: everything a unit test of adapters/xmpp needs,
 * on one net_loop and one thread.
 */
#pragma once

#include "adapters/net/loop.h"
#include "adapters/xmpp/xmpp.h"
#include "core/port/intake.h"

/* ---- the server ---------------------------------------------------------- */

struct xmpp_mock;

/* How it treats the next connection. Whatever the mode, a message to the user
   "refuses" comes back as item-not-found. */
enum mock_mode {
	MOCK_GOOD,		/* shakes hands, routes pings, keeps the rest */
	MOCK_WRONG_SECRET,	/* stream error not-authorized */
	MOCK_HOST_UNKNOWN,
	MOCK_CONFLICT,
	MOCK_SILENT,		/* accepts, reads, says nothing */
	MOCK_NO_PONG,		/* as GOOD but pings get no answer */
	MOCK_PONG_RESULT,	/* as GOOD but answers pings by a result, as a
				   server does that has the address itself */
	MOCK_NEVER_READS,	/* stops reading after the handshake */
	MOCK_PICKY,		/* as GOOD but a stanza holding "poison" ends
				   the stream with not-well-formed */
};

struct xmpp_mock *xmpp_mock_new(struct net_loop *l, const char *secret);
void xmpp_mock_free(struct xmpp_mock *m);
uint16_t xmpp_mock_port(const struct xmpp_mock *m);
void xmpp_mock_set_mode(struct xmpp_mock *m, enum mock_mode mode);
/* Nobody listens any more: connections are refused. */
void xmpp_mock_stop(struct xmpp_mock *m);

/* Bytes as they are, on the current connection. */
void xmpp_mock_say(struct xmpp_mock *m, const char *bytes);
void xmpp_mock_hang_up(struct xmpp_mock *m);

unsigned xmpp_mock_connections(const struct xmpp_mock *m);	/* ever */
unsigned xmpp_mock_handshakes(const struct xmpp_mock *m);	/* good ones */
unsigned xmpp_mock_pings(const struct xmpp_mock *m);
/* Everything up to the first stanza of the current connection. */
struct str xmpp_mock_opening(const struct xmpp_mock *m);
/* The digest of the last handshake; the stream's id is always 9f3c21aa. */
struct str xmpp_mock_digest(const struct xmpp_mock *m);
/* Stanzas taken over all connections, pings to itself left out. */
size_t xmpp_mock_count(const struct xmpp_mock *m);
struct str xmpp_mock_stanza(const struct xmpp_mock *m, size_t i);
void xmpp_mock_forget(struct xmpp_mock *m);
unsigned xmpp_mock_syncs(const struct xmpp_mock *m);	/* of rig_sync() */
/* Stanzas without both from (within the hostname) and to. */
unsigned xmpp_mock_unaddressed(const struct xmpp_mock *m);

/* ---- the rig: loop, server, adapter and a core of paper ------------------ */

struct rig {
	struct net_loop *loop;
	struct xmpp_mock *mock;
	struct xmpp *xmpp;
	struct adapter port;
	struct intake intake;
	struct config *config;
	struct link_conf *link;		/* the one link of config */
	struct net_timer *tick;
	struct event *events[4096];	/* in order, EV_LINK apart */
	size_t events_n;
	struct link_change last;	/* newest EV_LINK; no strings */
	unsigned links_n, ups_n, downs_n, syncs_n;
	uint32_t room_told;
	bool is_full;			/* intake refuses messages */
	bool is_inside;			/* an adapter call is running */
	uint64_t last_id;
};

/* Times a hundred times shorter than in life. */
extern const struct xmpp_times rig_times;

void rig_open(struct rig *r);		/* nothing configured yet */
void rig_connect(struct rig *r);	/* configured, and the link is up */
void rig_configure(struct rig *r);	/* r->config by prepare and commit */
struct config *rig_config(struct rig *r, uint16_t port);
void rig_close(struct rig *r);

typedef bool rig_test_h(struct rig *r);
/* Runs the loop until h says so, at most ms; what h says then. */
bool rig_until(struct rig *r, rig_test_h *h, int64_t ms);
void rig_run(struct rig *r, int64_t ms);
bool rig_is_up(struct rig *r);

/* Waits until all that the server said so far was taken and answered: by a
   ping of its own behind it. */
void rig_sync(struct rig *r);

/* First event of the kind from index *at on; *at then stands behind it. */
const struct event *rig_next(struct rig *r, enum ev_kind kind, size_t *at);
void rig_forget(struct rig *r);

/* A message from bob@sip.example (instance d41d8) to alice@xmpp.example. */
struct msg *rig_msg(struct rig *r, const char *id, const char *body);
/* One target: the addresses of m; then flushes. Returns the leg. */
uint64_t rig_send(struct rig *r, struct msg *m, bool wants_result);
