/* adapters/xmpp/message_in.h: message stanzas as messages of the model. */
#pragma once

#include "adapters/xmpp/peers.h"
#include "adapters/xmpp/stanza.h"

enum { MESSAGE_IN_MAX = 3 };

struct message_in {
	/* What it says, in the order to post: content, then composing or
	   reports. References for the caller; none when there is nothing in it
	   for us. */
	struct msg *msgs[MESSAGE_IN_MAX];
	size_t msgs_n;
	bool is_ignored;	/* not even an answer is due */
	enum cause refuse;	/* not NONE: answer with an error, no msgs */
	struct str refuse_text;
	bool is_to_malformed;
	bool has_state;		/* the peer knows chat states [XEP-0085] */
	bool is_talk;		/* a body of type chat: shows whether he does */
	bool is_dropped;	/* a remark that policy leaves out */
	struct str edit, edit_of;	/* a correction: its own id, and that of
					   the message it is of in the end */
	bool was_cleaned;	/* characters had to be dropped */
	struct stanza_ends ends;
};

/* Reads a message stanza of any type but error. The ends lie in the arena.
   peers: asked which message a chain of corrections began with; or NULL. */
void message_read(struct arena *a, const struct stanza_ctx *ctx,
		  struct peers *peers, const struct xml_node *stanza,
		  bool is_cut, struct message_in *out);

/* A message stanza of type error: which send failed, and why. */
struct message_failed {
	struct str id;			/* of the stanza that failed */
	struct stanza_ends ends;
	struct stanza_error error;
};

/* False: nothing can be made of it. All in the arena. */
bool message_failed_read(struct arena *a, const struct stanza_ctx *ctx,
			 const struct xml_node *stanza,
			 struct message_failed *out);

/* The same as a report to our user, when no send waits for it any more. NULL:
   it concerns no message of a user. */
struct msg *message_failed_report(const struct stanza_ctx *ctx,
				  const struct xml_node *stanza,
				  const struct message_failed *f);
