/* adapters/net/http_head.h: the head of an HTTP/1.x request [RFC 9112 3, 5].
 * Strict where lenient readers were fooled: lines end with CRLF, names are
 * tokens that touch their colon, no folding, one Host, no two lengths. Pure:
 * bytes in, slices of them out.
 *
 *   GET /metrics HTTP/1.1 CRLF Host: localhost:9464 CRLF CRLF
 *   method "GET", path "/metrics", host "localhost", keeps_open
 */
#pragma once

#include <stdbool.h>

#include "core/base/str.h"

enum {
	HTTP_HEAD_BYTES_MAX = 8192,
	HTTP_TARGET_BYTES_MAX = 2048,
	HTTP_FIELDS_MAX = 64,
};

struct http_field {
	struct str name, value;		/* value without white space around */
};

struct http_head {
	struct str method, target;
	struct str path, query;		/* of target; query after the "?" */
	struct str host;		/* without port and brackets, of the
					   target when it is absolute; absent
					   in HTTP/1.0 without one */
	bool keeps_open;		/* the client wants another request */
	bool has_body;
	struct http_field fields[HTTP_FIELDS_MAX];
	size_t fields_n;
	unsigned status;		/* after an error: what to answer */
};

/* Bytes of the head, 0: more is needed (the caller bounds what it keeps by
   HTTP_HEAD_BYTES_MAX: a longer one is an error), negative: not well formed
   or not served, and status says it (400, 414, 431, 505). Slices point into
   in. */
int http_head_parse(struct str in, struct http_head *out);

/* The value of the first field of that name, absent when there is none. */
struct str http_head_value(const struct http_head *h, struct str name);
