/* adapters/sip/locate.h: where the servers of a SIP domain are: a pure function
 * from DNS records to an ordered list of next hops. It asks for what it needs;
 * while something is not known yet it gives LOCATE_WAIT and is run again later.
 * [RFC 3263 4, RFC 2782, RFC 3403]
 *
 *   NAPTR of the domain -> SRV of what it names -> A and AAAA of the targets
 *   without NAPTR: SRV of each transport; without SRV: A and AAAA of the domain
 *   a port was named: A and AAAA only; an address was named: that
 */
#pragma once

#include "adapters/net/dns.h"
#include "core/model/config.h"

enum { LOCATE_HOPS_MAX = 16, LOCATE_ADDRESS_MAX = 46 };

/* Bits of transports. */
#define LOCATE_UDP (1u << TRANSPORT_UDP)
#define LOCATE_TCP (1u << TRANSPORT_TCP)
#define LOCATE_TLS (1u << TRANSPORT_TLS)
#define LOCATE_ANY (LOCATE_UDP | LOCATE_TCP | LOCATE_TLS)

struct locate_want {
	struct str host;     /* domain, host name or numeric address */
	const struct str *targets; /* if any: these, without DNS */
	size_t targets_n;
	uint16_t port;	     /* 0: none was named */
	unsigned transports; /* that may be taken */
	bool has_ip4, has_ip6;
	uint64_t seed; /* of the weighted choice among equals */
};

struct locate_hop {
	enum transport transport;
	uint16_t port;
	char address[LOCATE_ADDRESS_MAX]; /* numeric, without brackets */
};

enum locate_status {
	LOCATED,
	LOCATE_WAIT,
	LOCATE_NO_NAME,	  /* there is no such domain, or no host behind it */
	LOCATE_NO_SERVICE, /* it has no SIP over any of these transports */
	LOCATE_FAILED,	  /* DNS does not answer */
};

struct locate_list {
	enum locate_status status;
	size_t hops_n;
	struct locate_hop hops[LOCATE_HOPS_MAX]; /* best first; whatever is
						    secure before the rest */
};

/* As net_resolve(): the answer, or NULL while it is not known. */
typedef const struct dns_answer *locate_dns_h(void *arg, struct str name,
					      enum dns_type type);

/* "192.0.2.1:5060 10 60", "[2001:db8::1] 20": an SRV record whose target is
   the address; without a port it is 0. False: it is none. */
bool locate_target(struct str text, struct dns_record *out);

void locate(const struct locate_want *w, locate_dns_h *dns, void *arg,
	    struct locate_list *out);
