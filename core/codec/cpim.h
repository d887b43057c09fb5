/* core/codec/cpim.h: message/cpim. [RFC 3862, RFC 5438 for the imdn headers]
 *
 *   From: Bob <sip:bob@sip.example>
 *   To: <sip:alice@xmpp.example>
 *   DateTime: 2026-11-21T00:20:00Z
 *   NS: imdn <urn:ietf:params:imdn>
 *   imdn.Message-ID: Kq81
 *   imdn.Disposition-Notification: positive-delivery, display
 *
 *   Content-Type: text/plain;charset=UTF-8
 *
 *   Hello
 *
 * (lines end with CRLF). One repeated outer block "Content-type: Message/CPIM"
 * of old senders is tolerated once.
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/str.h"
#include "core/codec/mime.h"

enum { CPIM_HEADERS_MAX = 32, CPIM_TO_MAX = 16, CPIM_ROUTES_MAX = 16 };

/* Bits of imdn.Disposition-Notification. */
enum {
	CPIM_WANT_POSITIVE = 1, /* positive-delivery */
	CPIM_WANT_NEGATIVE = 2, /* negative-delivery */
	CPIM_WANT_PROCESSING = 4,
	CPIM_WANT_DISPLAY = 8,
};

struct cpim_addr {
	struct str display; /* unescaped, arena; may be empty */
	struct str uri;	    /* between < and >, checked: no controls */
};

/* A header we have no field for: kept so that nothing is lost on the way. */
struct cpim_extra {
	struct str ns;	  /* URN of its prefix; absent: the default */
	struct str name;  /* without the prefix */
	struct str value; /* unescaped UTF-8 without controls, arena */
	struct str lang;  /* ;lang= or absent */
};

struct cpim {
	struct cpim_addr from; /* uri absent: no From */
	struct cpim_addr to[CPIM_TO_MAX];
	size_t to_n;
	struct cpim_addr cc[CPIM_TO_MAX];
	size_t cc_n;
	int64_t sent_utc_us; /* 0: no DateTime */
	struct str subject, subject_lang;
	struct str message_id;	/* imdn.Message-ID or absent */
	unsigned wants;		/* CPIM_WANT_* */
	struct str original_to; /* imdn.Original-To: URI or absent */
	/* URIs of imdn.IMDN-Record-Route and imdn.IMDN-Route, top first */
	struct str record_routes[CPIM_ROUTES_MAX];
	size_t record_routes_n;
	struct str routes[CPIM_ROUTES_MAX];
	size_t routes_n;
	struct cpim_extra extra[CPIM_HEADERS_MAX];
	size_t extra_n;
	/* the content, with all of its MIME headers */
	struct mime_header headers[MIME_HEADERS_MAX];
	size_t headers_n;
	struct mime_type type; /* text/plain when it has none */
	struct str content;    /* slice of the input */
};

/* ERR_SYNTAX broken; ERR_UNSUPPORTED a Require that names a header we do not
   know (answer 415 or 488); ERR_LIMIT. Unescaped values lie in the arena, the
   rest points into s. Require is checked and not kept; an escaped control
   becomes a blank; DateTime counts to the millisecond. */
int cpim_parse(struct arena *a, struct str s, struct cpim *out) MUST_CHECK;

/* Writes c: CPIM headers, MIME headers (headers[] if headers_n, else only
   Content-Type from type) and the content, with Content-Length left to the
   caller's headers. Values are escaped [RFC 3862 2.3]; a value that cannot be
   written (controls in a URI) sets b->err = ERR_SYNTAX. */
void cpim_put(struct buf *b, const struct cpim *c);
