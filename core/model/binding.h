/* core/model/binding.h: one registered contact of a user. [RFC 3261 10] */
#pragma once

#include "core/base/str.h"

enum { BINDINGS_MAX = 16, BINDING_PARAMS_MAX = 2048 };

struct binding {
	struct str contact;	/* URI as registered, without <> */
	struct str params;	/* Contact header parameters except q and
				   expires: feature tags, language, ... */
	struct str instance;	/* +sip.instance without quotes, or empty */
	uint32_t reg_id;	/* 0: none */
	uint16_t q_milli;	/* q value x 1000, 1000 when absent */
	struct str call_id;
	uint32_t cseq;
	struct str path;	/* Path header values joined by ", ", or empty */
	struct str flow;	/* the adapter's own note of the connection it
				   came on, opaque to core */
	struct str user_agent;
	int64_t expires_utc_us;
	bool is_plain;		/* refused message/cpim once: text/plain only */
};

/* A flow of a device, one of several [RFC 5626 4.2]: it has instance and
   reg-id, which name it whatever its address. */
bool binding_is_flow(const struct binding *b);
/* "<urn:uuid:...>" as registered without its brackets. */
struct str binding_instance(struct str s);
/* Is it a contact of that device? With or without brackets. */
bool binding_is_instance(const struct binding *b, struct str instance);
