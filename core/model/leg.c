/* core/model/leg.c: names of protocols and of states of links. */
#include "core/model/event.h"

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

const char *link_state_name(enum link_state s)
{
	static const char *const state_names[] = {
		[LINK_DOWN] = "down", [LINK_CONNECTING] = "connecting",
		[LINK_UP] = "up", [LINK_STANDBY] = "standby",
		[LINK_OFF] = "off", [LINK_DRAINING] = "draining",
	};

	return state_names[s];
}
