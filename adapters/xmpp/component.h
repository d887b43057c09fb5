/* adapters/xmpp/component.h: one configured component link and its life, for
 * this folder only. It exists while it is configured; below it one attempt
 * (link.h) follows the other.
 */
#pragma once

#include "adapters/xmpp/barrier.h"
#include "adapters/xmpp/comp_count.h"
#include "adapters/xmpp/commands.h"
#include "adapters/xmpp/link.h"
#include "adapters/xmpp/peers.h"
#include "adapters/xmpp/stanza.h"
#include "adapters/xmpp/xmpp.h"

/* Ours; servers allow 256 KiB and more. */
enum { XMPP_STANZA_BYTES_DEFAULT = 131072 };

/* What all links of the adapter share. */
struct xmpp {
	struct net_loop *loop;
	struct intake in;
	struct xmpp_low *low;
	struct xmpp_times times;
	struct xmpp_counts counts;
	struct list_link comps;
	struct config *config;		/* in force, NULL before the first */
	struct config *prepared;	/* between prepare and commit or abort */
	struct arena *scratch;		/* of the stanza in hand, out */
	uint64_t salt;			/* of ping ids, hashes */
};

struct comp {
	struct list_link link;
	struct xmpp *x;
	struct config *config;		/* reference that conf points into */
	const struct link_conf *conf;
	struct config *next_config;	/* to be taken when drained, or NULL */
	struct addr_jid_rule rule;
	struct log_ctx log;
	struct xmpp_link *stream;	/* NULL between attempts */
	struct xmpp_link *leftover;	/* ended, but stanzas of it wait for
					   room in core; or NULL */
	enum link_state state;
	bool is_wanted;			/* not switched off by the operator */
	bool was_wanted;		/* before a drain of all */
	bool is_removed;		/* no longer configured: goes when drained */
	bool had_room;			/* as core was told last */
	enum xmpp_end last_end;
	unsigned failures;		/* attempts that came to nothing */
	int64_t up_at_ms;		/* of this stream, 0: not up */
	int64_t retry_at_ms;
	struct net_timer *retry_timer;	/* also the end of a drain */
	struct net_timer *ping_timer;
	struct net_timer *held_timer;	/* looks whether intake has room */
	struct barrier barrier;
	/* After a stream died of something we sent: that many sends go out one
	   by one, so that the one to blame is alone when it kills again. */
	size_t careful_n;
	struct peers *peers;
	struct comp_count count;	/* for the metrics */
	struct commands *commands;
	struct list_link asked;		/* of core, until it answers */
	size_t asked_n;
};

/* Makes it and starts the first attempt. Holds a reference of c. */
struct comp *comp_new(struct xmpp *x, struct config *c,
		      const struct link_conf *conf);
/* At once, without results. */
void comp_free(struct comp *c);

/* The configuration in force now: conf unchanged (it may lie elsewhere),
   changed (drained, then connected anew), or NULL: removed. */
void comp_configure(struct comp *c, struct config *config,
		    const struct link_conf *conf);

void comp_switch(struct comp *c, bool is_up);
/* No new sends, then off; until_ms: monotonic. */
void comp_drain(struct comp *c, int64_t until_ms);
/* What a drain closed connects again, unless the operator had closed it. */
void comp_undrain(struct comp *c);

uint32_t comp_room(const struct comp *c);
/* Tells core when room rose from 0. */
void comp_tell_room(struct comp *c);
/* Sends the ping that closes a batch, writes, and takes up held stanzas. */
void comp_flush(struct comp *c);

/* A stanza that needs no result. Larger than the limit: dropped. */
void comp_say(struct comp *c, const struct buf *b);
struct stanza_ctx comp_ctx(const struct comp *c);

/* ---- inbound.c ----------------------------------------------------------- */

/* As xmpp_link_handler.on_stanza. */
bool comp_take_stanza(struct comp *c, const struct xml_node *stanza,
		      bool is_cut, bool is_again);

/* ---- ask.c --------------------------------------------------------------- */

void comp_take_iq(struct comp *c, const struct xml_node *iq, bool is_cut);
void comp_take_presence(struct comp *c, const struct xml_node *presence);
/* Core's answer; false: the question was asked over another link. */
bool comp_take_answer(struct comp *c, uint64_t leg, const struct action *a);
void comp_forget_asked(struct comp *c);
/* Tells him that the gateway is there. */
void comp_show(struct comp *c, const struct addr *to);

/* ---- outbound.c ---------------------------------------------------------- */

void comp_send(struct comp *c, const struct action *a, const struct target *t);
/* The one result of a send (s is freed); text and address may be empty. */
void comp_result(struct comp *c, struct barrier_send *s, enum cause cause,
		 struct str text, struct str address);
/* The same for a target that never became a send. */
void xmpp_result(struct xmpp *x, const struct action *a, const struct target *t,
		 enum cause cause);
/* Ping number n was answered: all before it have gone well. */
void comp_answered(struct comp *c, uint64_t n);
/* The stream ended: every send that waits fails. */
void comp_fail_all(struct comp *c, enum xmpp_end end);
/* Puts a ping on the stream, closing the batch. */
void comp_ping(struct comp *c);
/* Number of the ping in the id of an iq; 0 when it is none of ours. */
uint64_t comp_ping_number(const struct comp *c, struct str id);
