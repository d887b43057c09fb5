/* core/codec/uri.h: sip:, sips:, tel:, im: and pres: URIs.
 * [RFC 3261 19.1, RFC 3966, RFC 3860, RFC 5627 (gr)]
 * Parsing gives slices into the caller's text, still escaped.
 *
 *   sip:bob%20b@Sip.Example:5070;transport=tcp;gr=urn:x?Subject=hi
 *   scheme SIP, user "bob%20b", host "Sip.Example", port 5070,
 *   params "transport=tcp;gr=urn:x", headers "Subject=hi"
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/str.h"

enum uri_scheme { URI_SIP, URI_SIPS, URI_TEL, URI_IM, URI_PRES };

struct uri {
	enum uri_scheme scheme;
	struct str user;	/* escaped, without ":password"; tel: the number
				   as written, without parameters */
	struct str password;	/* absent mostly; never forwarded */
	struct str host;	/* "[::1]" keeps its brackets; empty for tel */
	uint16_t port;		/* 0: none given */
	struct str params;	/* after the first ';', without it */
	struct str headers;	/* after '?', without it */
};

/* The whole slice must be one URI: no angle brackets, no blanks. ERR_SYNTAX,
   ERR_UNSUPPORTED (another scheme), ERR_LIMIT (longer than 2048 bytes). */
int uri_parse(struct str s, struct uri *out) MUST_CHECK;

/* Finds a parameter by case-insensitive name; value empty when it has none.
   False when it is absent. */
bool uri_param(struct str params, struct str name, struct str *value_out);

/* The same URI [RFC 3261 19.1.4]? Ports that are not given differ from all that
   are, the default one too. */
bool uri_eq(const struct uri *a, const struct uri *b);

/* Percent-decodes to bytes. ERR_SYNTAX on a broken escape. */
int uri_unescape(struct arena *a, struct str s, struct str *out) MUST_CHECK;

/* Percent-encodes every byte that may not stand bare in a SIP user part:
   bare are A-Za-z0-9 and -_.!~*'()&=+$,;?/  [RFC 3261 25.1] */
void uri_put_user(struct buf *b, struct str user);
/* The same for a parameter value: bare are A-Za-z0-9 -_.!~*'() []/:&+$ */
void uri_put_param(struct buf *b, struct str value);

/* Is this a host name (LDH labels, underscore tolerated), an IPv4 address or
   an IPv6 reference in brackets? At most 253 bytes. */
bool uri_host_ok(struct str host);

/* name-addr or addr-spec as in From, To, P-Asserted-Identity and CPIM From:
   optional display name (token or quoted), <uri>, then ;parameters.
   display_out is unquoted into the arena and may be empty. */
int uri_name_addr(struct arena *a, struct str s, struct str *display_out,
		  struct uri *uri_out, struct str *params_out) MUST_CHECK;
