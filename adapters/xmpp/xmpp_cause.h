/* adapters/xmpp/xmpp_cause.h: failures between XMPP and the model, both ways.
 * [RFC 6120 8.3.3; RFC 7247 7, tables 2 and 3]
 */
#pragma once

#include "core/base/str.h"
#include "core/model/cause.h"

/* name, on the wire, cause for a full JID, for a bare JID, for a bare JID
   whose domain is configured to give 6xx */
/* clang-format off */
#define XMPP_COND_TABLE(X) \
	X(BAD_REQUEST, "bad-request", BAD_REQUEST, BAD_REQUEST, BAD_REQUEST) \
	X(CONFLICT, "conflict", CONFLICT, CONFLICT, CONFLICT) \
	X(FEATURE_NOT_IMPLEMENTED, "feature-not-implemented", \
	  METHOD_NOT_ALLOWED, NOT_IMPLEMENTED, NOT_IMPLEMENTED) \
	X(FORBIDDEN, "forbidden", FORBIDDEN, FORBIDDEN, FORBIDDEN_ANYWHERE) \
	X(GONE, "gone", GONE, GONE, GONE) \
	X(INTERNAL_SERVER_ERROR, "internal-server-error", SERVER_ERROR, \
	  SERVER_ERROR, SERVER_ERROR) \
	X(ITEM_NOT_FOUND, "item-not-found", NOT_FOUND, NOT_FOUND, \
	  NOT_ANYWHERE) \
	X(JID_MALFORMED, "jid-malformed", JID_MALFORMED, JID_MALFORMED, \
	  JID_MALFORMED) \
	X(NOT_ACCEPTABLE, "not-acceptable", NOT_ACCEPTABLE, NOT_ACCEPTABLE, \
	  NOT_ACCEPTABLE_ANYWHERE) \
	X(NOT_ALLOWED, "not-allowed", NOT_ALLOWED, NOT_ALLOWED, NOT_ALLOWED) \
	X(NOT_AUTHORIZED, "not-authorized", FAR_UNAUTHORIZED, \
	  FAR_UNAUTHORIZED, FAR_UNAUTHORIZED) \
	X(POLICY_VIOLATION, "policy-violation", POLICY_VIOLATION, \
	  POLICY_VIOLATION, POLICY_VIOLATION) \
	X(RECIPIENT_UNAVAILABLE, "recipient-unavailable", UNAVAILABLE, \
	  UNAVAILABLE, BUSY_EVERYWHERE) \
	X(REDIRECT, "redirect", REDIRECT, REDIRECT, REDIRECT) \
	X(REGISTRATION_REQUIRED, "registration-required", FAR_REGISTRATION, \
	  FAR_REGISTRATION, FAR_REGISTRATION) \
	X(REMOTE_SERVER_NOT_FOUND, "remote-server-not-found", \
	  REMOTE_NOT_FOUND, REMOTE_NOT_FOUND, REMOTE_NOT_FOUND) \
	X(REMOTE_SERVER_TIMEOUT, "remote-server-timeout", REMOTE_TIMEOUT, \
	  REMOTE_TIMEOUT, REMOTE_TIMEOUT) \
	X(RESOURCE_CONSTRAINT, "resource-constraint", RESOURCE_CONSTRAINT, \
	  RESOURCE_CONSTRAINT, RESOURCE_CONSTRAINT) \
	X(SERVICE_UNAVAILABLE, "service-unavailable", NOT_OFFERED, \
	  NOT_OFFERED, NOT_OFFERED) \
	X(SUBSCRIPTION_REQUIRED, "subscription-required", \
	  SUBSCRIPTION_REQUIRED, SUBSCRIPTION_REQUIRED, \
	  SUBSCRIPTION_REQUIRED) \
	X(UNDEFINED_CONDITION, "undefined-condition", UNDEFINED, UNDEFINED, \
	  UNDEFINED) \
	X(UNEXPECTED_REQUEST, "unexpected-request", UNEXPECTED, UNEXPECTED, \
	  UNEXPECTED)
/* clang-format on */

enum xmpp_cond {
#define X(name, wire, full, bare, bare_6xx) XMPP_COND_##name,
	XMPP_COND_TABLE(X)
#undef X
		XMPP_CONDS_N
};

const char *xmpp_cond_name(enum xmpp_cond cond);	/* "bad-request" */
bool xmpp_cond_by_name(struct str name, enum xmpp_cond *out);

/* Table 2. is_full: the error came from a full JID. has_address: gone says
   where to. */
enum cause xmpp_cause_of(enum xmpp_cond cond, bool is_full, bool is_6xx,
			 bool has_address);

struct xmpp_fault {
	enum xmpp_cond cond;
	const char *type;	/* "auth", "cancel", "modify", "wait" */
};

/* Table 3, by way of the cause each SIP code has. */
struct xmpp_fault xmpp_fault_of(enum cause c);
