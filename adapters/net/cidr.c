/* adapters/net/cidr.c: see cidr.h. */
#include "adapters/net/cidr.h"

#include <arpa/inet.h>
#include <string.h>

bool cidr_parse_ip(struct str s, int *family_out, uint8_t out[16])
{
	char text[INET6_ADDRSTRLEN];

	if (!s.n || s.n >= sizeof(text))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = 0;
	*family_out = AF_INET;
	if (inet_pton(AF_INET, text, out) == 1)
		return true;
	*family_out = AF_INET6;
	return inet_pton(AF_INET6, text, out) == 1;
}

bool cidr_holds(struct str cidr, int family, const uint8_t ip[16])
{
	size_t at = str_find(cidr, '/');
	uint8_t net[16] = { 0 };
	uint32_t bits;
	int net_family;
	unsigned i;

	if (!cidr_parse_ip(str_sub(cidr, 0, at), &net_family, net) ||
	    net_family != family)
		return false;
	bits = family == AF_INET ? 32 : 128;
	if (at < cidr.n) {
		uint32_t given;

		if (!str_u32(str_from(cidr, at + 1), &given) || given > bits)
			return false;
		bits = given;
	}
	for (i = 0; i < bits; i++) {
		uint8_t mask = (uint8_t)(0x80 >> (i & 7));

		if ((net[i / 8] ^ ip[i / 8]) & mask)
			return false;
	}
	return true;
}

bool cidr_is_loopback(struct str address)
{
	uint8_t ip[16] = { 0 };
	int family;

	return cidr_parse_ip(address, &family, ip) &&
	       (cidr_holds(STR("127.0.0.0/8"), family, ip) ||
		cidr_holds(STR("::1"), family, ip) ||
		cidr_holds(STR("::ffff:127.0.0.0/104"), family, ip));
}
