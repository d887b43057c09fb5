/* core/codec/mime.h: media types, MIME header blocks and multipart bodies.
 * [RFC 2045, RFC 2046 5.1]
 * Own parser: sofia-sip's aborts on malformed multipart (its msg_mime.c
 * asserts). Slices point into the caller's text.
 *
 *   text/plain;charset="UTF-8"  ->  type "text", subtype "plain",
 *   params ";charset=..." found by mime_param()
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/str.h"

struct mime_type {
	struct str type, subtype; /* as written */
	struct str params;	  /* after the first ';' */
};

int mime_type_parse(struct str s, struct mime_type *out) MUST_CHECK;
/* Case-insensitive; subtype "*" and type "*" match all, on either side: t may
   be an entry of accept-types. */
bool mime_type_is(const struct mime_type *t, const char *type,
		  const char *subtype);
/* Unquoted into the arena. ERR_GONE when the parameter is absent. */
int mime_param(struct arena *a, struct str params, struct str name,
	       struct str *value_out) MUST_CHECK;

struct mime_header {
	struct str name, value; /* value unfolded by the caller's eye:
					   CRLF SP inside stays */
};

enum { MIME_HEADERS_MAX = 32, MIME_PARTS_MAX = 32, MIME_DEPTH_MAX = 4 };

/* A block "Name: value CRLF ... CRLF CRLF" (bare LF tolerated). Returns the
   bytes consumed including the empty line; ERR_SYNTAX, ERR_LIMIT. A block that
   ends at the end of s without an empty line is taken whole. */
long mime_headers_parse(struct str s, struct mime_header *out, size_t *out_n,
			size_t out_max) MUST_CHECK;
/* STR_NONE when absent; name compared without case. */
struct str mime_header_find(const struct mime_header *h, size_t n,
			    const char *name);

struct mime_part {
	struct mime_header headers[MIME_HEADERS_MAX];
	size_t headers_n;
	struct str body;
};

/* Splits a multipart body at its boundary (1..70 bytes). Every part and the
   closing boundary must be there: ERR_SYNTAX otherwise, nothing half-read
   [CP31]. parts live in the arena. ERR_LIMIT past MIME_PARTS_MAX. */
int mime_multipart_parse(struct arena *a, struct str body, struct str boundary,
			 struct mime_part **parts_out,
			 size_t *parts_n_out) MUST_CHECK;

/* Charset conversion of text/plain into UTF-8: utf-8, us-ascii, iso-8859-1,
   iso-8859-15, windows-1252, utf-16 (BOM or BE), utf-16be, utf-16le; absent
   means UTF-8. ERR_UNSUPPORTED for another. Bad sequences become U+FFFD. */
int mime_to_utf8(struct arena *a, struct str bytes, struct str charset,
		 struct str *out) MUST_CHECK;

/* Transfer encodings of a wrapped part: absent, 7bit, 8bit, binary pass;
   base64 and quoted-printable are decoded. ERR_UNSUPPORTED otherwise. */
int mime_decode(struct arena *a, struct str body, struct str encoding,
		struct str *out) MUST_CHECK;

/* Readable text of an HTML body: tags dropped (script and style with their
   content), entities resolved, <br> <p> <li> and the like as line breaks,
   links as "text (url)". Never fails on odd markup; ERR_LIMIT only. */
int mime_html_to_text(struct arena *a, struct str html,
		      struct str *out) MUST_CHECK;
