/* core/model/event.h: everything that can happen to an object of core.
 * Written by adapters (through intake), the store and the timer table; read by
 * step functions. Values and references only: no pointer into a wire buffer.
 * Kinds that belong to sessions, groups and documents are listed already, so
 * that the tables that switch over them are complete from the start.
 */
#pragma once

#include "core/codec/digest.h"
#include "core/model/binding.h"
#include "core/model/leg.h"
#include "core/model/msg.h"
#include "core/model/profile.h"
#include "core/model/todo.h"

enum ev_kind {
	EV_NONE,
	/* content */
	EV_MSG,			/* msg, origin; leg: the request to answer, or 0 */
	EV_MSG_END,
	/* a dialog leg's life, races resolved by its adapter */
	EV_LEG_OFFER, EV_LEG_RING, EV_LEG_OPEN, EV_LEG_UPDATE,
	EV_LEG_LOST, EV_LEG_BACK, EV_LEG_SLOW, EV_LEG_CLOSED,
	EV_SENT,		/* result of ACT_SEND: leg, tag, cause, u.sent */
	/* requests */
	EV_REGISTER,		/* leg, origin, u.registration */
	EV_REQUEST,		/* leg, origin, u.request: methods that are only
				   let through the door as yet, OPTIONS */
	EV_ASK,			/* leg, origin, u.ask: a question or wish of
				   a foreign user that is no message */
	EV_SUBSCRIBE, EV_PUBLISH, EV_REFER, EV_DOC,
	EV_ADMIN,		/* leg, u.admin */
	/* answers to actions */
	EV_STORED,		/* tag; cause: result of the step's commit */
	EV_ROWS,		/* u.rows */
	EV_WORKED,
	EV_TIMER,		/* tag: name of the timer */
	/* the world moved */
	EV_CHANGED,		/* u.changed: a user's bindings or settings */
	EV_LINK,		/* u.link: state or room of a link */
	EV_CONFIG,		/* a new configuration is in force */
	EV_ORPHAN, EV_FENCED,
	EV_KEPT,		/* u.keep: a row of this lane was committed */
	EV_SWEEP,		/* look what is due */
	EV_KINDS_N
};

/* Who speaks, as far as the wire tells. The adapter parses, core judges. */
struct origin {
	enum proto proto;
	uint32_t link;			/* the link it came over; 0: a client */
	bool is_trusted;		/* a listed peer: asserted is believed */
	bool is_secure;			/* TLS */
	bool is_reliable;		/* congestion controlled (TCP, TLS) */
	struct str source;		/* numeric address, without port */
	struct str method;		/* of digest: "MESSAGE" */
	bool has_cred;
	struct digest_cred cred;
	enum digest_nonce nonce;	/* the adapter made it, so it checks it */
	struct addr asserted;		/* P-Asserted-Identity; NONE if absent */
	struct addr preferred;		/* P-Preferred-Identity; NONE if absent */
	struct addr claimed;		/* From */
	bool wants_privacy;		/* Privacy: id, header, user, session */
};

/* Does the client's first hop keep his flow, so that he is reached over it as
   long as it lives? [RFC 5626 5.1, 6] */
enum first_hop {
	HOP_PLAIN,			/* it is us, without a connection */
	HOP_KEEPS,			/* it is us and we have one, or Path
					   says so (ob) */
	HOP_LACKS,			/* a proxy that does not say so */
};

struct registration {			/* u.registration */
	struct addr aor;		/* To */
	struct binding *contacts;	/* expires_utc_us is unset: see below */
	uint32_t *expires_s;		/* one per contact as asked, UINT32_MAX:
					   nothing said */
	size_t contacts_n;
	bool is_star;			/* Contact: * with Expires: 0 */
	struct str call_id;
	uint32_t cseq;
	struct str domain;		/* of the Request-URI, lower case */
	bool has_path;			/* proxies before us want to stay on
					   the way [RFC 3327] */
	bool can_path;			/* Supported or Require: path */
	bool can_gruu;			/* the same of gruu [RFC 5627] */
	bool can_outbound;		/* and of outbound [RFC 5626] */
	enum first_hop first_hop;
};

struct request {			/* u.request */
	struct str method;
	struct addr to;
	struct str event;		/* Event header or empty */
};

enum ask_kind {
	ASK_PROFILE,		/* what does that user tell of himself? */
	ASK_ADDRESS,		/* which address is that text? */
	/* of the asker with this gateway [XEP-0077, XEP-0100] */
	ASK_CONTACT,		/* is he registered, and as what? */
	ASK_REGISTER,		/* he wishes to be, or to change it */
	ASK_LEAVE,		/* ... not to be any more */
	/* presence: of the gateway (to is a domain), or of a user of ours */
	ASK_SEE, ASK_UNSEE,	/* he wishes to see it; no longer */
	ASK_SHOWN, ASK_HIDDEN,	/* he shows us his; no longer */
	ASK_PRESENCE,		/* what is it now? */
};

struct inquiry {				/* u.ask */
	enum ask_kind kind;
	struct addr to;
	struct profile profile;		/* REGISTER */
	struct str text;		/* ADDRESS: as somebody typed it */
};

struct sent {				/* u.sent */
	struct str text;		/* far side's words, or empty */
	struct str address;		/* of MOVED and REDIRECT: URI, or empty */
	bool is_stored_there;		/* the far side said 202 */
	bool was_plain;			/* it took text only after CPIM failed */
};

enum link_state { LINK_DOWN, LINK_CONNECTING, LINK_UP, LINK_STANDBY,
		  LINK_OFF /* by the operator */, LINK_DRAINING };

struct link_change {			/* u.link */
	uint32_t link;
	struct str name;
	enum link_state state;
	uint32_t room;			/* sends it takes now */
	struct str text;		/* why it is down, or empty */
	int64_t retry_at_ms;		/* next attempt, 0: none planned */
};

struct changed {			/* u.changed */
	struct str aor;
	bool is_bound;			/* a contact was added or refreshed */
};

struct look {				/* u.look: of EV_SWEEP to a queue */
	struct str lane;
	bool is_urgent;			/* whatever is due later too */
	uint64_t dropped;		/* a row the operator removed, 0: none */
};

struct admin_req {			/* u.admin */
	const struct str *words;	/* "queue", "show", "17" */
	size_t words_n;
	struct str who;			/* "uid=0" */
	struct str input;		/* text sent along (a password), or
					   absent; never logged */
};

struct contact {
	struct str aor;			/* of a foreign user */
	unsigned flags;			/* enum contact_flag */
};

struct rows {				/* u.rows: answer to a claim or list */
	enum cause cause;		/* NONE, or why there is no answer */
	struct todo *todos;		/* each holds a message reference that
					   the step may take over */
	size_t todos_n;
	struct due *dues;
	size_t dues_n;
	struct str *lanes;		/* that have something due */
	size_t lanes_n;
	struct contact *contacts;	/* who registered with this gateway */
	size_t contacts_n;
	bool is_all;			/* nothing more behind these */
	struct str json;		/* listings for the control tool */
	struct arena *arena;		/* of all of it; the engine frees it */
};

/* Drops untaken message references and the arena; NULL is fine. */
void rows_free(struct rows *r);

struct keep;				/* core/model/action.h */

struct event {
	enum ev_kind kind;
	uint32_t tag;		/* echo of the action's tag, or timer name */
	uint64_t obj;		/* 0: flow finds or makes the object */
	uint64_t leg;		/* the adapter's leg, 0 if none */
	struct trace_id trace;
	int64_t now_ms;		/* monotonic; core never reads a clock */
	int64_t now_utc_us;
	uint64_t fresh;		/* random; ids of the step grow from it */
	enum cause cause;
	struct msg *msg;	/* a reference, given up with the event */
	struct origin *origin;
	union {
		const struct registration *registration;
		const struct request *request;
		const struct inquiry *ask;
		const struct sent *sent;
		const struct link_change *link;
		const struct changed *changed;
		const struct look *look;
		const struct admin_req *admin;
		struct rows *rows;
		const struct keep *keep;
		const void *any;
	} u;
	struct arena *arena;	/* origin and u lie here */
	struct event *next;
};

const char *ev_kind_name(enum ev_kind k);	/* "MSG" */
const char *link_state_name(enum link_state s);	/* "up" */

enum { EVENT_ARENA_BYTES = 131072 };
