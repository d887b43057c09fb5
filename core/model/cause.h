/* core/model/cause.h: why not. What the other party is told, in words that
 * belong to no protocol; each adapter maps them to and from its wire by two
 * total tables (<proto>_cause.c). An int err (core/base/err.h) is something
 * else: why a function of ours failed.
 *
 * The class says what the queue does with a message that failed so:
 *   OK      nothing is wrong
 *   FINAL   it will not get better: the sender is told
 *   ABSENT  the recipient cannot be reached now: store, retry 30 s, 5 min, 1 h
 *   BUSY    the recipient does not want it now: a live sender is told; what is
 *           stored already is retried as for ABSENT
 *   LINK    the way there is down or full: store, retry when the link is back
 */
#pragma once

#include "core/base/str.h"

enum cause_class { CAUSE_OK, CAUSE_FINAL, CAUSE_ABSENT, CAUSE_BUSY, CAUSE_LINK };

/* name, class, what the sender reads when the far side gave no words */
#define CAUSE_TABLE(X) \
	X(NONE, OK, "OK") \
	/* what a far side may say, in the order of SIP's codes */ \
	X(MOVED, FINAL, "Moved Permanently") /* with the new address */ \
	X(REDIRECT, FINAL, "Moved Temporarily") /* with an address */ \
	X(ALTERNATIVE_SERVICE, FINAL, "Alternative Service") \
	X(BAD_REQUEST, FINAL, "Bad Request") \
	X(FAR_UNAUTHORIZED, FINAL, "Not authorized at the far side") \
	X(PAYMENT_REQUIRED, FINAL, "Payment Required") \
	X(FORBIDDEN, FINAL, "Forbidden") \
	X(NOT_FOUND, FINAL, "Not Found") \
	X(METHOD_NOT_ALLOWED, FINAL, "Method Not Allowed") \
	X(NOT_ACCEPTABLE, FINAL, "Not Acceptable") \
	X(FAR_REGISTRATION, FINAL, "Registration required at the far side") \
	X(TIMEOUT, ABSENT, "Request Timeout") \
	X(CONFLICT, FINAL, "Conflict") \
	X(GONE, FINAL, "Gone") \
	X(TOO_LARGE, FINAL, "Request Entity Too Large") \
	X(URI_TOO_LONG, FINAL, "Request-URI Too Long") \
	X(MEDIA_UNSUPPORTED, FINAL, "Unsupported Media Type") \
	X(SCHEME_UNSUPPORTED, FINAL, "Unsupported URI Scheme") \
	X(BAD_EXTENSION, FINAL, "Bad Extension") \
	X(EXTENSION_REQUIRED, FINAL, "Extension Required") \
	X(INTERVAL_TOO_BRIEF, FINAL, "Interval Too Brief") \
	X(FLOW_FAILED, ABSENT, "Flow Failed") \
	X(ANONYMITY_REFUSED, FINAL, "Anonymity Disallowed") \
	X(NO_OUTBOUND, FINAL, "First Hop Lacks Outbound Support") \
	X(MAX_BREADTH, FINAL, "Max-Breadth Exceeded") \
	X(UNAVAILABLE, ABSENT, "Temporarily Unavailable") \
	X(NO_TRANSACTION, FINAL, "Call/Transaction Does Not Exist") \
	X(LOOP, FINAL, "Loop Detected") \
	X(TOO_MANY_HOPS, FINAL, "Too Many Hops") \
	X(ADDRESS_INCOMPLETE, FINAL, "Address Incomplete") \
	X(AMBIGUOUS, FINAL, "Ambiguous") \
	X(BUSY_HERE, BUSY, "Busy Here") \
	X(TERMINATED, FINAL, "Request Terminated") \
	X(NOT_ACCEPTABLE_HERE, FINAL, "Not Acceptable Here") \
	X(BAD_EVENT, FINAL, "Bad Event") \
	X(REQUEST_PENDING, ABSENT, "Request Pending") \
	X(UNDECIPHERABLE, FINAL, "Undecipherable") \
	X(SERVER_ERROR, ABSENT, "Server Internal Error") \
	X(NOT_IMPLEMENTED, FINAL, "Not Implemented") \
	X(BAD_GATEWAY, FINAL, "Bad Gateway") \
	X(SERVICE_UNAVAILABLE, ABSENT, "Service Unavailable") \
	X(SERVER_TIMEOUT, ABSENT, "Server Time-out") \
	X(VERSION_UNSUPPORTED, FINAL, "Version Not Supported") \
	X(BUSY_EVERYWHERE, BUSY, "Busy Everywhere") \
	X(DECLINED, FINAL, "Decline") \
	X(NOT_ANYWHERE, FINAL, "Does Not Exist Anywhere") \
	X(NOT_ACCEPTABLE_ANYWHERE, FINAL, "Not Acceptable Anywhere") \
	/* finer words of XMPP, which SIP lumps together */ \
	X(JID_MALFORMED, FINAL, "Malformed address") \
	X(NOT_ALLOWED, FINAL, "Not allowed") \
	X(POLICY_VIOLATION, FINAL, "Refused by policy") \
	X(NOT_OFFERED, FINAL, "Service not offered there") \
	X(RESOURCE_CONSTRAINT, LINK, "Far side is short of resources") \
	X(SUBSCRIPTION_REQUIRED, FINAL, "Subscription required") \
	X(UNDEFINED, FINAL, "Refused for an unknown reason") \
	X(UNEXPECTED, FINAL, "Unexpected request") \
	X(FORBIDDEN_ANYWHERE, FINAL, "Forbidden for every device") \
	X(REMOTE_NOT_FOUND, FINAL, "Remote domain not found") \
	X(REMOTE_TIMEOUT, LINK, "Remote domain does not answer") \
	/* our own words */ \
	X(UNAUTHORIZED, FINAL, "Unauthorized") /* a challenge goes along */ \
	X(NOT_ENTITLED, FINAL, "Service not authorised") \
	X(NOT_YOURS, FINAL, "From is not the authenticated user") \
	X(NO_DOMAIN, FINAL, "Unknown domain") \
	X(NO_RELAY, FINAL, "Neither side is served here") \
	X(DENIED, FINAL, "Function not allowed") \
	X(OVERLOAD, LINK, "Busy, try again later") \
	X(RATE, LINK, "Too many messages, slow down") \
	X(LINK_DOWN, LINK, "The way there is down") \
	X(NO_ANSWER, ABSENT, "No answer in time") \
	X(NO_BINDING, ABSENT, "Not reachable now") \
	X(EXPIRED, FINAL, "Not delivered in its time") \
	X(QUOTA, FINAL, "Recipient's store is full") \
	X(STORE_FULL, LINK, "Store is full") \
	X(STORE_DOWN, LINK, "Store does not answer") \
	X(DROPPED, FINAL, "Removed by the operator") \
	X(LEG_GONE, ABSENT, "The remote is gone") \
	X(SIPS_ONLY, FINAL, "A secured request is not translated") \
	X(BAD_MEDIA, FINAL, "Broken content")

enum cause {
#define X(name, class, sentence) CAUSE_##name,
	CAUSE_TABLE(X)
#undef X
	CAUSES_N
};

const char *cause_name(enum cause c);		/* "NOT_FOUND" */
const char *cause_text(enum cause c);		/* the sentence */
enum cause_class cause_class(enum cause c);
/* By name, for the store and the flow scripts; CAUSE_UNDEFINED if unknown. */
enum cause cause_by_name(struct str name);
