/* core/model/msg.h: one message, neutral between protocols.
 * Born in one arena, immutable once posted, held by references counted on the
 * loop thread; the store's threads read what the loop holds for them.
 */
#pragma once

#include "core/base/id.h"
#include "core/codec/cpim.h"
#include "core/model/addr.h"
#include "core/model/body.h"
#include "core/model/report.h"

enum msg_kind {
	MSG_CONTENT,		/* somebody wrote something */
	MSG_REPORT,		/* what became of a message: .report */
	MSG_COMPOSING,		/* somebody types, or stopped: .composing;
				   never stored */
};

enum msg_mode { MODE_PAGE, MODE_LARGE, MODE_SESSION };

enum msg_priority { PRIORITY_NORMAL, PRIORITY_LOW, PRIORITY_URGENT,
		    PRIORITY_EMERGENCY };

/* What the sender asks of whoever forwards it: Request-Disposition [RFC 3841
   9.1]. Nothing said: our own way. */
enum {
	HANDLE_NO_FORK = 1,	/* one device, the best */
	HANDLE_PARALLEL = 2,	/* all at once, whatever their q */
	HANDLE_SEQUENTIAL = 4,	/* one after the other */
	HANDLE_NO_RECURSE = 8,	/* a redirection is the sender's to follow */
	HANDLE_QUEUE = 16,	/* may wait even for one who is busy */
	HANDLE_NO_QUEUE = 32,	/* is not to wait */
};

struct composing {
	bool is_active;
	uint32_t refresh_s;	/* 0: not said */
	bool is_gone;		/* XEP-0085 gone: the sender left the talk */
};

struct msg {
	struct arena *arena;	/* everything below; freed with the message */
	enum msg_kind kind;
	enum msg_mode mode;
	struct trace_id trace;	/* made where it entered, never none */
	struct str id;		/* end-to-end id (imdn.Message-ID, stanza id),
				   stable at every retry; clean line <= 255 */
	bool has_own_id;	/* the sender gave it; else we made it */
	bool is_short_id;	/* its protocol reuses ids soon (XMPP): dedup
				   looks at the content too, and not for long */
	struct str dedup_id;	/* what else tells a repeated request from a new
				   one when has_own_id is false (SIP: Call-ID,
				   CSeq and From tag); empty: nothing does */
	struct addr from;
	struct addr *to;	/* at least one */
	size_t to_n;
	struct str content_type;	/* "text/plain", lower-case type, with
				   parameters other than charset: text is UTF-8 */
	struct body body;
	struct str lang;	/* BCP 47 tag or empty */
	struct str subject;	/* clean UTF-8 or empty */
	struct str thread;	/* conversation: XMPP thread, SIP Call-ID */
	int64_t sent_utc_us;	/* 0: unknown; ours when we made the stamp */
	int64_t expires_utc_us;	/* 0: none given; at most 7 days are kept */
	bool is_stamped;	/* sent_utc_us comes from the sender: shown as
				   delay when delivered late */
	bool no_store;		/* Expires: 0, XEP-0334 no-store */
	bool is_private;	/* the sender asked for anonymity */
	enum msg_priority priority;
	unsigned wants;		/* WANT_* */
	unsigned hops_left;	/* Max-Forwards left, over all protocols */
	struct str accept_contact;	/* the caller's preferences as written: */
	struct str reject_contact;	/* values joined by ", " [RFC 3841] */
	unsigned handling;	/* HANDLE_* */
	bool was_cpim;		/* the sender used message/cpim */
	struct cpim_extra *extra;	/* CPIM headers we only carry */
	size_t extra_n;
	struct str *record_routes;	/* IMDN-Record-Route URIs, top first */
	size_t record_routes_n;
	struct str *routes;		/* IMDN-Route of a report */
	size_t routes_n;
	struct report report;		/* MSG_REPORT */
	struct composing composing;	/* MSG_COMPOSING */
	uint64_t store_id;	/* row of its body once it is kept; set by core
				   before the commit, 0 otherwise */
	enum { MSG_KEY_UNKNOWN, MSG_KEY_NONE, MSG_KEY_MADE } key_state;
	uint8_t key[32];	/* of msg_key(), which alone touches both */
};

enum {
	MSG_ARENA_BYTES = 262144,	/* most a page-mode message may take */
	MSG_HOPS_MAX = 70,		/* Max-Forwards of a fresh request [RFC
					   3261 8.1.1.6] */
	MSG_PREFERENCE_MAX = 1024, /* bytes of Accept-Contact, and of
					Reject-Contact; ours */
	MSG_TO_MAX = 256,		/* recipients a packed message may name */
	MSG_PACKED_BYTES_MAX = 1048576,	/* ours: four full arenas */
};

/* A new message with its own arena of at most max_bytes, one reference;
   hops_left is MSG_HOPS_MAX, all else is zero. */
struct msg *msg_new(size_t max_bytes);
/* The linker knows it and msg_copy by names of their own: sofia-sip exports
   the same two, and its own calls would end here. */
struct msg *msg_ref(struct msg *m) __asm__("model_msg_ref");
void msg_put(struct msg *m);		/* NULL is fine */

/* A shallow copy that shares nothing mutable: own arena, strings copied. The
   way to change a posted message (rewritten addresses): its arena has room
   for MSG_ARENA_BYTES more. A running pipe is shared, not read. */
struct msg *msg_copy(const struct msg *m) __asm__("model_msg_copy");

/* The envelope as text for the store: versioned, length-prefixed lines, the
   body's bytes last. Fields that are zero are left out. Reads back to an equal
   message; ERR_SYNTAX on anything msg_pack() would not have written, ERR_LIMIT
   past the numbers above. Packing a running pipe fails the buffer with
   ERR_UNSUPPORTED, too much of anything with ERR_LIMIT. */
void msg_pack(struct buf *b, const struct msg *m);
int msg_unpack(struct str s, struct msg **out) MUST_CHECK;

/* The key by which repeats are known (dedup.c), for one recipient; false when
   nothing tells a repeat from a new message. */
bool msg_dedup_key(const struct msg *m, const struct addr *to,
		   uint8_t key[32]);

/* The same for its first recipient, made once: the loop thread asks several
   times on a message's way. NULL when there is none. */
const uint8_t *msg_key(struct msg *m);

/* The conversation a message belongs to, for order: from and to, not thread
   [architecture.md 5.4]. */
uint64_t msg_conversation(const struct msg *m);
