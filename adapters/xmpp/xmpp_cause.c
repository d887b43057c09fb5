/* adapters/xmpp/xmpp_cause.c: the two total tables, see xmpp_cause.h.
 * Conditions are table 2 of RFC 7247; causes are its table 3, the error type
 * being the usual one of each condition [RFC 6120 8.3.3].
 */
#include "adapters/xmpp/xmpp_cause.h"

static const struct {
	struct str name;
	enum cause full, bare, bare_6xx;
} conds[XMPP_CONDS_N] = {
#define X(id, wire, f, b, s) \
	[XMPP_COND_##id] = { STR_LIT(wire), CAUSE_##f, CAUSE_##b, CAUSE_##s },
	XMPP_COND_TABLE(X)
#undef X
};

const char *xmpp_cond_name(enum xmpp_cond cond)
{
	return cond < XMPP_CONDS_N ? conds[cond].name.p : "undefined-condition";
}

bool xmpp_cond_by_name(struct str name, enum xmpp_cond *out)
{
	unsigned i;

	for (i = 0; i < XMPP_CONDS_N; i++)
		if (str_eq(name, conds[i].name)) {
			*out = (enum xmpp_cond)i;
			return true;
		}
	return false;
}

enum cause xmpp_cause_of(enum xmpp_cond cond, bool is_full, bool is_6xx,
			 bool has_address)
{
	if (cond >= XMPP_CONDS_N)
		return CAUSE_UNDEFINED;
	if (cond == XMPP_COND_GONE && has_address)
		return CAUSE_MOVED;
	if (is_full)
		return conds[cond].full;
	return is_6xx ? conds[cond].bare_6xx : conds[cond].bare;
}

#define FAULT(c, t) ((struct xmpp_fault){ XMPP_COND_##c, (t) })

struct xmpp_fault xmpp_fault_of(enum cause c)
{
	switch (c) {
	/* what SIP's codes become, in their order */
	case CAUSE_MOVED:
	case CAUSE_GONE:
		return FAULT(GONE, "cancel");
	case CAUSE_REDIRECT:
		return FAULT(REDIRECT, "modify");
	case CAUSE_FAR_UNAUTHORIZED:
	case CAUSE_UNAUTHORIZED:
		return FAULT(NOT_AUTHORIZED, "auth");
	case CAUSE_FORBIDDEN:
	case CAUSE_FORBIDDEN_ANYWHERE:
	case CAUSE_NOT_ENTITLED:
	case CAUSE_NOT_YOURS:
		return FAULT(FORBIDDEN, "auth");
	case CAUSE_FAR_REGISTRATION:
		return FAULT(REGISTRATION_REQUIRED, "auth");
	case CAUSE_NOT_FOUND:
	case CAUSE_NOT_ANYWHERE:
	case CAUSE_NO_TRANSACTION:
	case CAUSE_ADDRESS_INCOMPLETE:
	case CAUSE_AMBIGUOUS:
		return FAULT(ITEM_NOT_FOUND, "cancel");
	case CAUSE_METHOD_NOT_ALLOWED:
	case CAUSE_NOT_IMPLEMENTED:
	case CAUSE_BAD_EXTENSION:
	case CAUSE_NO_OUTBOUND:
		return FAULT(FEATURE_NOT_IMPLEMENTED, "cancel");
	case CAUSE_ALTERNATIVE_SERVICE:
	case CAUSE_NOT_ACCEPTABLE:
	case CAUSE_NOT_ACCEPTABLE_HERE:
	case CAUSE_NOT_ACCEPTABLE_ANYWHERE:
	case CAUSE_MEDIA_UNSUPPORTED:
	case CAUSE_SCHEME_UNSUPPORTED:
	case CAUSE_EXTENSION_REQUIRED:
	case CAUSE_LOOP:
	case CAUSE_TOO_MANY_HOPS:
	case CAUSE_VERSION_UNSUPPORTED:
	case CAUSE_SIPS_ONLY:
		return FAULT(NOT_ACCEPTABLE, "modify");
	case CAUSE_TIMEOUT:
	case CAUSE_SERVER_TIMEOUT:
	case CAUSE_REMOTE_TIMEOUT:
	case CAUSE_NO_ANSWER:
	case CAUSE_LINK_DOWN:
		return FAULT(REMOTE_SERVER_TIMEOUT, "wait");
	case CAUSE_TOO_LARGE:
	case CAUSE_URI_TOO_LONG:
	case CAUSE_MAX_BREADTH:
	case CAUSE_BAD_EVENT:
	case CAUSE_POLICY_VIOLATION:
		return FAULT(POLICY_VIOLATION, "modify");
	case CAUSE_INTERVAL_TOO_BRIEF:
	case CAUSE_RESOURCE_CONSTRAINT:
	case CAUSE_OVERLOAD:
	case CAUSE_RATE:
	case CAUSE_QUOTA:
	case CAUSE_STORE_FULL:
	case CAUSE_STORE_DOWN:
		return FAULT(RESOURCE_CONSTRAINT, "wait");
	case CAUSE_FLOW_FAILED:
	case CAUSE_UNAVAILABLE:
	case CAUSE_BUSY_HERE:
	case CAUSE_BUSY_EVERYWHERE:
	case CAUSE_TERMINATED:
	case CAUSE_DECLINED:
	case CAUSE_NO_BINDING:
	case CAUSE_LEG_GONE:
	case CAUSE_EXPIRED:
		return FAULT(RECIPIENT_UNAVAILABLE, "wait");
	case CAUSE_REQUEST_PENDING:
	case CAUSE_UNEXPECTED:
		return FAULT(UNEXPECTED_REQUEST, "wait");
	case CAUSE_SERVER_ERROR:
	case CAUSE_SERVICE_UNAVAILABLE:
		return FAULT(INTERNAL_SERVER_ERROR, "cancel");
	case CAUSE_BAD_GATEWAY:
	case CAUSE_REMOTE_NOT_FOUND:
	case CAUSE_NO_DOMAIN:
		return FAULT(REMOTE_SERVER_NOT_FOUND, "cancel");
	case CAUSE_BAD_REQUEST:
	case CAUSE_PAYMENT_REQUIRED:
	case CAUSE_ANONYMITY_REFUSED:
	case CAUSE_UNDECIPHERABLE:
	case CAUSE_BAD_MEDIA:
		return FAULT(BAD_REQUEST, "modify");
	/* XMPP's own words go back as they came */
	case CAUSE_CONFLICT:
		return FAULT(CONFLICT, "cancel");
	case CAUSE_JID_MALFORMED:
		return FAULT(JID_MALFORMED, "modify");
	case CAUSE_NOT_ALLOWED:
	case CAUSE_NO_RELAY:
	case CAUSE_DENIED:
	case CAUSE_DROPPED:
		return FAULT(NOT_ALLOWED, "cancel");
	case CAUSE_NOT_OFFERED:
		return FAULT(SERVICE_UNAVAILABLE, "cancel");
	case CAUSE_SUBSCRIPTION_REQUIRED:
		return FAULT(SUBSCRIPTION_REQUIRED, "auth");
	case CAUSE_NONE:
	case CAUSE_UNDEFINED:
	case CAUSES_N:
		break;
	}
	return FAULT(UNDEFINED_CONDITION, "cancel");
}
