/* adapters/sip/inside.c: where DNS may not lead: whoever runs a foreign domain
 * could name hosts of our own network as its servers. Private, loopback,
 * link-local, multicast and reserved addresses count only when the link's
 * "inside" list has them. [RFC 6890]
 */
#include "adapters/sip/sip_priv.h"

#include <arpa/inet.h>
#include <string.h>

#include "adapters/net/cidr.h"

static const struct str special[] = {
	STR_LIT("0.0.0.0/8"),	   STR_LIT("10.0.0.0/8"),
	STR_LIT("100.64.0.0/10"),  STR_LIT("127.0.0.0/8"),
	STR_LIT("169.254.0.0/16"), STR_LIT("172.16.0.0/12"),
	STR_LIT("192.0.0.0/24"),   STR_LIT("192.168.0.0/16"),
	STR_LIT("198.18.0.0/15"),  STR_LIT("224.0.0.0/3"),
	STR_LIT("::/96"),	   STR_LIT("100::/64"),
	STR_LIT("fc00::/7"),	   STR_LIT("fe80::/9"),
	STR_LIT("ff00::/8"),
};

/* IPv6 that carries an IPv4 address: mapped, NAT64 [RFC 6052], 6to4. */
static const struct {
	struct str net;
	unsigned at;
} carriers[] = {
	{ STR_LIT("::ffff:0:0/96"), 12 },
	{ STR_LIT("64:ff9b::/96"), 12 },
	{ STR_LIT("2002::/16"), 2 },
};

static bool is_in(const struct str *nets, size_t n, int family,
		  const uint8_t ip[16])
{
	size_t i;

	for (i = 0; i < n; i++)
		if (cidr_holds(nets[i], family, ip))
			return true;
	return false;
}

static bool is_allowed(const struct link_conf *k, int family,
		       const uint8_t ip[16])
{
	return !is_in(special, sizeof(special) / sizeof(special[0]), family,
		      ip) ||
	       is_in(k->inside, k->inside_n, family, ip);
}

bool sip_inside_ok(const struct link_conf *k, const char *address)
{
	uint8_t ip[16] = { 0 }, carried[16] = { 0 };
	size_t i;

	if (inet_pton(AF_INET, address, ip) == 1)
		return is_allowed(k, AF_INET, ip);
	if (inet_pton(AF_INET6, address, ip) != 1)
		return false;
	for (i = 0; i < sizeof(carriers) / sizeof(carriers[0]); i++) {
		if (!cidr_holds(carriers[i].net, AF_INET6, ip))
			continue;
		memcpy(carried, ip + carriers[i].at, 4);
		return is_allowed(k, AF_INET, carried);
	}
	return is_allowed(k, AF_INET6, ip);
}
