/* core/model/addr.h: one address in any service domain.
 * However it was written (sip: URI, JID, tel: URI), the same person has the
 * same canonical text, which is the key everywhere (store, lanes, policy).
 * [spec: OMA-IM common procedures; RFC 3261 19.1.4, RFC 3966, RFC 7247]
 *
 *   sip:Bob%40x@SIP.Example:5070;transport=tcp;gr=u1
 *     kind USER, user "Bob@x", domain "sip.example", instance "u1",
 *     text "sip:Bob%40x@sip.example"
 *   sip:+1-555-0100@sip.example;user=phone  and  tel:+15550100
 *     kind TEL, text "tel:+15550100"
 *   alice@xmpp.example/tablet  (a JID)
 *     kind USER, text "sip:alice@xmpp.example", instance "tablet"
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/codec/jid.h"
#include "core/codec/uri.h"

enum addr_kind {
	ADDR_NONE,
	ADDR_USER,	/* user@domain */
	ADDR_TEL,	/* a telephone number */
	ADDR_DOMAIN,	/* a domain itself: the registrar, a component */
	ADDR_ANONYMOUS,	/* sip:anonymous@anonymous.invalid [RFC 3323] */
};

struct addr {
	enum addr_kind kind;
	bool is_secure;		/* written as sips: */
	bool is_phone;		/* USER written with user=phone and no "+": the
				   digits of a number some plan may complete */
	struct str text;	/* canonical, never with the instance */
	struct str user;	/* unescaped UTF-8; of TEL the digits with "+" */
	struct str domain;	/* lower case; empty for TEL */
	struct str instance;	/* public GRUU "gr" or XMPP resource, unescaped;
				   empty, also for a temporary GRUU */
	struct str display;	/* display name, clean UTF-8; empty */
};

/* All strings into the arena. ERR_SYNTAX: no address, or user or instance
   hold controls or bytes that are no UTF-8 (answer 400); ERR_UNSUPPORTED
   another scheme; ERR_LIMIT. im: counts as sip:, pres: is another scheme. */
int addr_from_uri(struct arena *a, const struct uri *u, struct str display,
		  struct addr *out) MUST_CHECK;
int addr_from_uri_text(struct arena *a, struct str uri, struct addr *out)
	MUST_CHECK;

/* sip:user@domain of a user part as it is meant, not as it is escaped. */
int addr_of_user(struct arena *a, struct str user, struct str domain,
		 struct addr *out) MUST_CHECK;

/* How JIDs of one XMPP link are written. [RFC 7247 5, XEP-0106] */
struct addr_jid_rule {
	struct str host;	/* component hostname, lower case */
	bool is_encoded;	/* also user\40domain@host for domains that are
				   not the host itself */
	bool is_strict_7247;	/* peer knows only \26 \27 \2f */
};

/* The JID must be prepared (jid_prepare). With an encoded rule a JID at
   rule->host whose local part holds "\40" names a user of another domain. */
int addr_from_jid(struct arena *a, const struct jid *j,
		  const struct addr_jid_rule *rule, struct addr *out)
	MUST_CHECK;
/* Parts in the arena. ERR_DECLINED: the address has no JID under this rule
   (another domain and not encoded, a number without a domain). own: the
   address is on our side of the link and must end up at rule->host; a number
   or the anonymous identity is then the local part there. ERR_SYNTAX and
   ERR_LIMIT: a part would be malformed or too long. */
int addr_to_jid(struct arena *a, const struct addr *addr,
		const struct addr_jid_rule *rule, bool is_own,
		struct jid *out) MUST_CHECK;

/* "sip:user@domain" plus ";gr=..." when with_instance and there is one. */
void addr_put_uri(struct buf *b, const struct addr *addr, bool with_instance);
struct str addr_uri(struct arena *a, const struct addr *addr,
		    bool with_instance);

/* Same person (canonical text). */
bool addr_eq(const struct addr *a, const struct addr *b);
/* A deep copy into the arena; check arena_err() afterwards. */
struct addr addr_dup(struct arena *a, const struct addr *addr);

extern const struct addr ADDR_ANON;	/* the anonymous identity */
