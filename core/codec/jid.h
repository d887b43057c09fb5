/* core/codec/jid.h: XMPP addresses and their escaping.
 * [RFC 7622, XEP-0106 1.1.1, RFC 7247 5]
 *
 *   "b\40x@Sip.Example/a@b/c"  ->  local "b\40x", domain "Sip.Example",
 *   resource "a@b/c" (the first '/' ends the address, then '@' is sought)
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/str.h"

enum { JID_PART_MAX = 1023 };		/* bytes, RFC 7622 3.2..3.4 */

struct jid {
	struct str local;	/* still escaped; empty: a domain's own JID */
	struct str domain;
	struct str resource;	/* empty: a bare JID */
};

/* Splits and checks: parts within their length, valid UTF-8, no controls, no
   forbidden characters ("&'/:<>@ and blanks in local). Slices into s. */
int jid_parse(struct str s, struct jid *out) MUST_CHECK;

/* As jid_parse, then prepared for comparison into the arena: local and domain
   case-folded and in NFC, a trailing dot of the domain dropped, resource in
   NFC [RFC 7622 UsernameCaseMapped, OpaqueString; libunistring]. */
int jid_prepare(struct arena *a, struct str s, struct jid *out) MUST_CHECK;

/* XEP-0106, complete: space " & ' / : < > @ and a backslash that would read as
   an escape become \hh. ERR_SYNTAX when the result would begin or end with
   \20, when it holds controls or bad UTF-8; ERR_LIMIT past 1023 bytes. */
int jid_escape(struct arena *a, struct str user, struct str *local_out)
	MUST_CHECK;
/* The ten sequences back; every other backslash stays. */
int jid_unescape(struct arena *a, struct str local, struct str *user_out)
	MUST_CHECK;

/* The strict form of RFC 7247 5.2/5.3, which knows only \26 \27 \2f: for peers
   configured with addr.escape = rfc7247. */
int jid_escape_7247(struct arena *a, struct str user, struct str *local_out)
	MUST_CHECK;
int jid_unescape_7247(struct arena *a, struct str local, struct str *user_out)
	MUST_CHECK;

/* local@domain/resource, leaving out empty parts; the parts as they are. */
void jid_put(struct buf *b, const struct jid *j);
