/* tests/fake/fake_adapter.h: an adapter without a protocol. It writes down
 * what core asks of it, one line per call, and gives the results it was told
 * to give. It can stand for any protocol; it passes the same contract test as
 * the real ones (tests/unit/contract.h).
 *
 * Lines (a field that says nothing is left out; values with blanks or quotes
 * stand in "" with \" \\ \n \r \t \xHH inside; legs are numbered 1, 2, ... as
 * they are first seen, so that a script need not know ids):
 *
 *   sip send leg=1 from=sip:alice@a.example to=sip:bob@b.example
 *       contact=sip:bob@10.0.0.2 id=m1 wants=delivered,displayed body="hi"
 *   xmpp send leg=2 link=prosody1 from=... to=... report=delivered about=m1
 *   sip send leg=3 from=... to=... composing=active
 *   sip answer leg=4 ok
 *   sip answer leg=5 stored
 *   sip answer leg=6 refused cause=NOT_FOUND text="no such user"
 *   sip answer leg=7 ok binding=sip:bob@10.0.0.2 binding=sip:bob@10.0.0.3
 *   xmpp link_ctl link=prosody1 down
 *   xmpp drain link=prosody1 until=30000
 *   sip prepare / sip commit / sip abort
 *
 * (each is one line.) Fields of send, in this order: leg link from to contact
 * display instance asserted plain cpim own-id=no id type subject lang thread
 * priority wants hops private no-store sent expires report about cause text
 * address route (of a report) composing body.
 */
#pragma once

#include "core/port/adapter.h"
#include "core/port/intake.h"

struct fake_adapter;

struct fake_adapter *fake_adapter_new(enum proto p, const struct intake *in);
void fake_adapter_free(struct fake_adapter *f);
struct adapter fake_adapter_port(struct fake_adapter *f);

/* The oldest line not yet taken, or NULL; valid until the next call. */
const char *fake_adapter_line(struct fake_adapter *f);

/* One rule for results of sends; the newest that fits counts, without any it
   is "ok". Words: to=URI or contact=URI or link=NAME (one of them, or none:
   all), then ok or CAUSE or never, then delay=MS, stored, plain, text="...",
   address=URI, times=N (forgotten after N uses), in any order:
     to=sip:bob@b.example NOT_FOUND text="no such user" delay=200 times=1
   ERR_SYNTAX when a word is not known. */
int fake_adapter_script(struct fake_adapter *f, struct str line) MUST_CHECK;

/* Time passes: gives what is due by then. Delays count from the latest time
   told; results without delay come at once (posted, never run). */
void fake_adapter_time(struct fake_adapter *f, int64_t now_ms);
/* When the next result is due; 0: none. */
int64_t fake_adapter_due(const struct fake_adapter *f);

/* A result by hand for a send that waits (rule "never", or delayed); words as
   in a rule. ERR_GONE: that leg waits for nothing. */
int fake_adapter_result(struct fake_adapter *f, uint64_t leg,
			struct str words) MUST_CHECK;

/* Sends under way at most, per link (link 0: everything without one). Past
   it EV_SENT{OVERLOAD}; room() says what is left and a rise from 0 is told by
   EV_LINK. Default 1000. */
void fake_adapter_window(struct fake_adapter *f, uint32_t link, uint32_t n);
/* The link's state as EV_LINK tells it; LINK_UP at commit. */
void fake_adapter_link(struct fake_adapter *f, uint32_t link,
		       enum link_state state);

/* Makes prepare() fail with this sentence; NULL: succeed. */
void fake_adapter_refuse_config(struct fake_adapter *f, const char *why);

/* Number of a leg as in the lines, and back (0: none). */
unsigned fake_adapter_number(struct fake_adapter *f, uint64_t leg);
uint64_t fake_adapter_leg(const struct fake_adapter *f, unsigned number);

/* Results still owed. */
size_t fake_adapter_waiting(const struct fake_adapter *f);
