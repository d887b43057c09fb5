/* core/codec/sdp.h: session descriptions, with what MSRP sessions need.
 * [RFC 8866, RFC 3264, RFC 4975 8, RFC 6135, RFC 5547]
 * Own parser: sofia-sip's can be driven into an endless, allocating loop by one
 * m= line (spec: libs.md finding 1). Linear in the input, slices into it.
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/str.h"

enum {
	SDP_BYTES_MAX = 65536,
	SDP_MEDIA_MAX = 16,
	SDP_ATTRS_MAX = 128,
	SDP_FORMATS_MAX = 32
};

struct sdp_attr {
	struct str name;  /* "path" */
	struct str value; /* absent for a flag such as a=sendonly */
};

struct sdp_conn {
	bool is_set, is_ip6;
	struct str address;
};

struct sdp_media {
	struct str kind;  /* "message" */
	uint16_t port;	  /* 0: refused */
	uint32_t ports_n; /* 1 unless port/n was given */
	struct str proto; /* "TCP/MSRP", "TCP/TLS/MSRP" */
	struct str formats[SDP_FORMATS_MAX];
	size_t formats_n;
	struct sdp_conn conn; /* own c=, or the session's */
	struct sdp_attr *attrs;
	size_t attrs_n;
};

struct sdp {
	struct str origin_user, origin_id, origin_version;
	struct sdp_conn origin;
	struct str name;      /* s= */
	struct sdp_conn conn; /* session level */
	struct sdp_attr *attrs;
	size_t attrs_n;
	struct sdp_media *media;
	size_t media_n;
};

/* v= o= s= t= are demanded, unknown lines skipped. Lines end with CRLF or LF.
   ERR_SYNTAX, ERR_LIMIT. The linker's name is its own: sofia-sip exports an
   sdp_parse, and its calls must not end here, nor ours there. */
int sdp_parse(struct arena *a, struct str s,
	      struct sdp *out) __asm__("codec_sdp_parse") MUST_CHECK;
/* First attribute of that name in the media, then in the session; NULL. */
const struct sdp_attr *sdp_attr_find(const struct sdp *s,
				     const struct sdp_media *m,
				     const char *name);
void sdp_put(struct buf *b, const struct sdp *s);
