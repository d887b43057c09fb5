/* adapters/sip/sip.h: the SIP side of the gateway, as one struct adapter.
 * Page-mode messages, registrations and the answers to them over UDP, TCP and
 * TLS; RFC 3261, RFC 3428, and the OMA profile of it. No sofia-sip type shows
 * here. Everything runs on the loop thread.
 */
#pragma once

#include "adapters/net/loop.h"
#include "core/port/adapter.h"
#include "core/port/intake.h"

struct sip;

/* Nothing listens before the first prepare() and commit(). The intake and the
   loop must outlive it. NULL: the system refused (why). */
struct sip *sip_new(struct net_loop *l, const struct intake *in,
		    struct errtext *why);
struct adapter sip_port(struct sip *s);
/* Ends every transaction without results; close core first. */
void sip_free(struct sip *s);

/* The port a listener is bound to, 0 if there is no such listener: tells the
   real one when the configuration says 0. */
uint16_t sip_port_of(const struct sip *s, struct str listener);

/* While not ready, OPTIONS is answered 503 (as all is while draining), so that
   a proxy that probes us sends its traffic elsewhere. Ready at first. */
void sip_set_ready(struct sip *s, bool is_ready);

/* Counters for tests and the metrics page. */
struct sip_counts {
	uint64_t requests_in;  /* without what the duplicate cache took */
	uint64_t duplicates;   /* retransmissions absorbed or answered again */
	uint64_t refused_busy; /* 503 before any object existed */
	uint64_t shed;	       /* of these, 503 or nothing before parsing */
	uint64_t strangers;    /* not answered: too many without credentials */
	uint64_t challenged;   /* 401 made here */
	uint64_t auth_failed;  /* wrong or malformed credentials */
	uint64_t banned;       /* turned away for too many of them */
	uint64_t sent;	       /* requests out */
	size_t pending;	       /* requests core has not answered yet */
	size_t outgoing;       /* requests the far side has not answered yet */
	size_t remembered;     /* entries of the duplicate cache */
};

struct sip_counts sip_counts(const struct sip *s);
