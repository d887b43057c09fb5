/* adapters/sip/sip_cause.c: the two tables; see sip_cause.h.
 * [RFC 3261 21, RFC 7247 5.4; our own causes: xmpp-interworking A.1.7]
 */
#include "adapters/sip/sip_cause.h"

#include "adapters/sip/oma_tokens.h"

#define BUSY_RETRY_S 5	/* short: the sender's queue shall not age */
#define LINK_RETRY_S 30 /* a link comes back within a minute or not */

/* clang-format off */
#define ROW(cause, code, phrase) \
	[CAUSE_##cause] = { code, phrase, NULL, 0 },
#define WARN(cause, code, phrase, text) \
	[CAUSE_##cause] = { code, phrase, text, 0 },
#define LATER(cause, code, phrase, s) \
	[CAUSE_##cause] = { code, phrase, NULL, s },

static const struct sip_status to_wire[CAUSES_N] = {
	ROW(NONE, 500, "Server Internal Error")
	ROW(MOVED, 301, "Moved Permanently")
	ROW(REDIRECT, 302, "Moved Temporarily")
	ROW(ALTERNATIVE_SERVICE, 380, "Alternative Service")
	ROW(BAD_REQUEST, 400, "Bad Request")
	/* 401 and 407 of a far realm would be a challenge nobody can meet. */
	ROW(FAR_UNAUTHORIZED, 403, "Forbidden")
	ROW(PAYMENT_REQUIRED, 402, "Payment Required")
	ROW(FORBIDDEN, 403, "Forbidden")
	ROW(NOT_FOUND, 404, "Not Found")
	ROW(METHOD_NOT_ALLOWED, 405, "Method Not Allowed")
	ROW(NOT_ACCEPTABLE, 406, "Not Acceptable")
	ROW(FAR_REGISTRATION, 403, "Forbidden")
	ROW(TIMEOUT, 408, "Request Timeout")
	ROW(CONFLICT, 400, "Conflict")
	ROW(GONE, 410, "Gone")
	WARN(TOO_LARGE, 413, "Request Entity Too Large", OMA_WARN_SIZE)
	ROW(URI_TOO_LONG, 414, "Request-URI Too Long")
	ROW(MEDIA_UNSUPPORTED, 415, "Unsupported Media Type")
	ROW(SCHEME_UNSUPPORTED, 416, "Unsupported URI Scheme")
	ROW(BAD_EXTENSION, 420, "Bad Extension")
	ROW(EXTENSION_REQUIRED, 421, "Extension Required")
	ROW(INTERVAL_TOO_BRIEF, 423, "Interval Too Brief")
	ROW(FLOW_FAILED, 430, "Flow Failed")
	WARN(ANONYMITY_REFUSED, 433, "Anonymity Disallowed",
	     OMA_WARN_ANONYMITY)
	ROW(NO_OUTBOUND, 439, "First Hop Lacks Outbound Support")
	ROW(MAX_BREADTH, 440, "Max-Breadth Exceeded")
	ROW(UNAVAILABLE, 480, "Temporarily Unavailable")
	ROW(NO_TRANSACTION, 481, "Call/Transaction Does Not Exist")
	ROW(LOOP, 482, "Loop Detected")
	ROW(TOO_MANY_HOPS, 483, "Too Many Hops")
	ROW(ADDRESS_INCOMPLETE, 484, "Address Incomplete")
	ROW(AMBIGUOUS, 485, "Ambiguous")
	ROW(BUSY_HERE, 486, "Busy Here")
	ROW(TERMINATED, 487, "Request Terminated")
	ROW(NOT_ACCEPTABLE_HERE, 488, "Not Acceptable Here")
	ROW(BAD_EVENT, 489, "Bad Event")
	ROW(REQUEST_PENDING, 491, "Request Pending")
	ROW(UNDECIPHERABLE, 493, "Undecipherable")
	ROW(SERVER_ERROR, 500, "Server Internal Error")
	ROW(NOT_IMPLEMENTED, 501, "Not Implemented")
	ROW(BAD_GATEWAY, 502, "Bad Gateway")
	ROW(SERVICE_UNAVAILABLE, 503, "Service Unavailable")
	ROW(SERVER_TIMEOUT, 504, "Server Time-out")
	ROW(VERSION_UNSUPPORTED, 505, "Version Not Supported")
	ROW(BUSY_EVERYWHERE, 600, "Busy Everywhere")
	ROW(DECLINED, 603, "Decline")
	ROW(NOT_ANYWHERE, 604, "Does Not Exist Anywhere")
	ROW(NOT_ACCEPTABLE_ANYWHERE, 606, "Not Acceptable Anywhere")
	/* finer words of XMPP [RFC 7247 table 2] */
	ROW(JID_MALFORMED, 400, "Bad Request")
	ROW(NOT_ALLOWED, 403, "Forbidden")
	ROW(POLICY_VIOLATION, 403, "Forbidden")
	ROW(NOT_OFFERED, 403, "Forbidden")	/* never 503: it would block
						   the whole server */
	ROW(RESOURCE_CONSTRAINT, 500, "Server Internal Error")
	ROW(SUBSCRIPTION_REQUIRED, 400, "Bad Request")
	ROW(UNDEFINED, 400, "Bad Request")
	ROW(UNEXPECTED, 491, "Request Pending")
	ROW(FORBIDDEN_ANYWHERE, 603, "Decline")
	ROW(REMOTE_NOT_FOUND, 404, "Not Found")
	ROW(REMOTE_TIMEOUT, 408, "Request Timeout")
	/* our own words */
	ROW(UNAUTHORIZED, 401, "Unauthorized")
	WARN(NOT_ENTITLED, 403, "Forbidden", OMA_WARN_NOT_AUTHORISED)
	ROW(NOT_YOURS, 403, "Forbidden")
	ROW(NO_DOMAIN, 404, "Not Found")
	ROW(NO_RELAY, 403, "Forbidden")
	WARN(DENIED, 403, "Forbidden", OMA_WARN_FUNCTION)
	LATER(OVERLOAD, 503, "Service Unavailable", BUSY_RETRY_S)
	LATER(RATE, 503, "Service Unavailable", BUSY_RETRY_S)
	LATER(LINK_DOWN, 503, "Service Unavailable", LINK_RETRY_S)
	ROW(NO_ANSWER, 408, "Request Timeout")
	ROW(NO_BINDING, 480, "Temporarily Unavailable")
	ROW(EXPIRED, 480, "Temporarily Unavailable")
	ROW(QUOTA, 480, "Temporarily Unavailable")
	LATER(STORE_FULL, 503, "Service Unavailable", LINK_RETRY_S)
	LATER(STORE_DOWN, 503, "Service Unavailable", BUSY_RETRY_S)
	ROW(DROPPED, 480, "Temporarily Unavailable")
	ROW(LEG_GONE, 480, "Temporarily Unavailable")
	ROW(SIPS_ONLY, 416, "Unsupported URI Scheme")
	ROW(BAD_MEDIA, 400, "Bad Request")
};

static const struct {
	uint16_t code;
	enum cause cause;
} from_wire[] = {
	{ 300, CAUSE_REDIRECT },
	{ 301, CAUSE_MOVED },
	{ 302, CAUSE_REDIRECT },
	{ 305, CAUSE_REDIRECT },
	{ 380, CAUSE_ALTERNATIVE_SERVICE },
	{ 400, CAUSE_BAD_REQUEST },
	{ 401, CAUSE_FAR_UNAUTHORIZED },
	{ 402, CAUSE_PAYMENT_REQUIRED },
	{ 403, CAUSE_FORBIDDEN },
	{ 404, CAUSE_NOT_FOUND },
	{ 405, CAUSE_METHOD_NOT_ALLOWED },
	{ 406, CAUSE_NOT_ACCEPTABLE },
	{ 407, CAUSE_FAR_REGISTRATION },
	{ 408, CAUSE_TIMEOUT },
	{ 410, CAUSE_GONE },
	{ 413, CAUSE_TOO_LARGE },
	{ 414, CAUSE_URI_TOO_LONG },
	{ 415, CAUSE_MEDIA_UNSUPPORTED },
	{ 416, CAUSE_SCHEME_UNSUPPORTED },
	{ 420, CAUSE_BAD_EXTENSION },
	{ 421, CAUSE_EXTENSION_REQUIRED },
	{ 423, CAUSE_INTERVAL_TOO_BRIEF },
	{ 430, CAUSE_FLOW_FAILED },
	{ 433, CAUSE_ANONYMITY_REFUSED },
	{ 439, CAUSE_NO_OUTBOUND },
	{ 440, CAUSE_MAX_BREADTH },
	{ 480, CAUSE_UNAVAILABLE },
	{ 481, CAUSE_NO_TRANSACTION },
	{ 482, CAUSE_LOOP },
	{ 483, CAUSE_TOO_MANY_HOPS },
	{ 484, CAUSE_ADDRESS_INCOMPLETE },
	{ 485, CAUSE_AMBIGUOUS },
	{ 486, CAUSE_BUSY_HERE },
	{ 487, CAUSE_TERMINATED },
	{ 488, CAUSE_NOT_ACCEPTABLE_HERE },
	{ 489, CAUSE_BAD_EVENT },
	{ 491, CAUSE_REQUEST_PENDING },
	{ 493, CAUSE_UNDECIPHERABLE },
	{ 500, CAUSE_SERVER_ERROR },
	{ 501, CAUSE_NOT_IMPLEMENTED },
	{ 502, CAUSE_BAD_GATEWAY },
	{ 503, CAUSE_SERVICE_UNAVAILABLE },
	{ 504, CAUSE_SERVER_TIMEOUT },
	{ 505, CAUSE_VERSION_UNSUPPORTED },
	{ 513, CAUSE_TOO_LARGE },
	{ 600, CAUSE_BUSY_EVERYWHERE },
	{ 603, CAUSE_DECLINED },
	{ 604, CAUSE_NOT_ANYWHERE },
	{ 606, CAUSE_NOT_ACCEPTABLE_ANYWHERE },
};
/* clang-format on */

struct sip_status sip_cause_to_status(enum cause c)
{
	if ((unsigned)c >= CAUSES_N || !to_wire[c].code)
		return to_wire[CAUSE_SERVER_ERROR];
	return to_wire[c];
}

/* RFC 7247 table 3: what is not named falls to its class; a 6xx there is
   "recipient-unavailable" as 600 is. */
static enum cause by_class(unsigned code)
{
	switch (code / 100) {
	case 3:
		return CAUSE_REDIRECT;
	case 4:
		return CAUSE_BAD_REQUEST;
	case 5:
		return CAUSE_SERVER_ERROR;
	case 6:
		return CAUSE_BUSY_EVERYWHERE;
	default:
		return CAUSE_NONE;
	}
}

enum cause sip_cause_from_status(unsigned code)
{
	size_t i;

	for (i = 0; i < sizeof(from_wire) / sizeof(from_wire[0]); i++)
		if (from_wire[i].code == code)
			return from_wire[i].cause;
	return by_class(code);
}
