/* core/model/leg.c: names of the protocols. */
#include "core/model/leg.h"

static const char *const names[PROTOS_N] = {
	[PROTO_NONE] = "none", [PROTO_SIP] = "sip", [PROTO_XMPP] = "xmpp",
	[PROTO_SMS] = "sms", [PROTO_MSRP] = "msrp", [PROTO_HTTP] = "http",
	[PROTO_ADMIN] = "admin", [PROTO_FAKE] = "fake",
};

const char *proto_name(enum proto p)
{
	return names[p];
}

enum proto proto_by_name(struct str name)
{
	unsigned i;

	for (i = 0; i < PROTOS_N; i++)
		if (str_eq(name, str_of(names[i])))
			return (enum proto)i;
	return PROTO_NONE;
}
