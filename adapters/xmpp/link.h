/* adapters/xmpp/link.h: one attempt at one component stream. [XEP-0114]
 * The transport below the translation: it connects, shakes hands, carries
 * whole stanzas out and hands parsed ones up. It knows no message, never
 * reconnects and has no opinion on time but the limit of the handshake: the
 * life of a configured link is component.c. No type of the XMPP library shows
 * here, so that another transport can take its place.
 * Handlers run from the loop, never from inside a call made here.
 */
#pragma once

#include "adapters/net/loop.h"
#include "core/base/str.h"
#include "core/codec/xml.h"

struct xmpp_link;
struct xmpp_low;

/* Why a stream ended: what the next attempt depends on. */
enum xmpp_end {
	XMPP_END_CLOSED,	/* refused, reset, or closed without a word */
	XMPP_END_SILENT,	/* no handshake within the limit, no pong */
	XMPP_END_UNAUTHORIZED,	/* wrong secret */
	XMPP_END_HOST_UNKNOWN,	/* the server has no such component */
	XMPP_END_CONFLICT,	/* somebody else speaks for this hostname */
	XMPP_END_BAD_STANZA,	/* the server blames what we sent */
	XMPP_END_STREAM,	/* another stream error */
	XMPP_END_LOCAL,		/* we could not even try */
	XMPP_END_OURS,		/* we closed it */
	XMPP_ENDS_N
};

const char *xmpp_end_name(enum xmpp_end end);	/* "not-authorized" */

struct xmpp_link_conf {
	struct str host;	/* numeric; a name would block the loop */
	uint16_t port;
	struct str component, secret;
	uint32_t connect_ms;	/* from start to handshake */
	uint32_t stanza_bytes_max;	/* longer ones that come in are cut */
};

struct xmpp_link_handler {
	void *arg;
	/* A stanza, valid during the call. is_cut: it was deeper or larger than
	   we read, only its head is there. is_again: it was held before.
	   False: not now, hold it (xmpp_link_resume gives it again, in order).
	   May send, must not free the link. */
	bool (*on_stanza)(void *arg, const struct xml_node *stanza, bool is_cut,
			  bool is_again);
	/* The handshake is through. Must not free the link. */
	void (*on_up)(void *arg);
	/* The last call; the handler frees the link. text: the server's words,
	   valid during the call. */
	void (*on_down)(void *arg, enum xmpp_end end, struct str text);
	/* What waited for the socket has gone out. Must not free the link. */
	void (*on_drained)(void *arg);
};

enum {
	XMPP_LINKS_MAX = 32,		/* ours: components of one node */
	XMPP_HELD_MAX = 64,		/* stanzas held until reading stops */
	XMPP_OUT_HIGH_BYTES = 1048576,	/* waiting for the socket: no new work */
	XMPP_OUT_MAX_BYTES = 8388608,	/* ... and here the link is given up */
	XMPP_TREE_BYTES_MAX = 1048576,	/* a stanza as a tree; servers take
					   512 KiB of text at most */
};

/* Descriptors below FD_SETSIZE kept for the links, since the library selects
   on them: taken once at start, while there are any. */
struct xmpp_low *xmpp_low_new(void);
void xmpp_low_free(struct xmpp_low *low);

/* Starts an attempt; strings are copied. Never fails: what goes wrong is told
   by on_down, later. */
struct xmpp_link *xmpp_link_new(struct net_loop *l, struct xmpp_low *low,
				const struct xmpp_link_conf *conf,
				const struct xmpp_link_handler *h);
/* At once, without a word to the server; no handler runs any more. NULL is
   fine. Not from on_stanza, on_up or on_drained. */
void xmpp_link_free(struct xmpp_link *l);

/* Takes one whole stanza (copied); it goes out at the next flush. Does nothing
   before on_up. */
void xmpp_link_send(struct xmpp_link *l, struct str stanza);
void xmpp_link_flush(struct xmpp_link *l);
/* Bytes that the socket has not taken yet, as an upper bound. */
size_t xmpp_link_queued(const struct xmpp_link *l);

/* Says good-bye; on_down(OURS) follows within 2 s. */
void xmpp_link_close(struct xmpp_link *l);

/* Lets go of the stream at once but keeps what is held, to be resumed; no
   other handler runs any more. */
void xmpp_link_abandon(struct xmpp_link *l);

/* Gives held stanzas again until one is refused, then reads on. */
void xmpp_link_resume(struct xmpp_link *l);
size_t xmpp_link_held(const struct xmpp_link *l);
