/* adapters/sip/target.c: a server as the configuration writes it, in the words
 * of an SRV record: "192.0.2.1:5060 10 60".
 */
#include <arpa/inet.h>
#include <string.h>

#include "adapters/sip/locate.h"

/* The address off the front; the rest begins with the ':' of a port. */
static bool take_address(struct str *s, struct str *out)
{
	size_t at;

	*out = *s;
	if (str_starts(*s, STR("["))) {
		at = str_find(*s, ']');
		*out = str_sub(*s, 1, at - 1);
		*s = str_from(*s, at + 1);
		return at > 1;
	}
	at = str_find(*s, ':');
	if (at != str_rfind(*s, ':'))
		at = s->n; /* IPv6 without a port */
	*out = str_sub(*s, 0, at);
	*s = str_from(*s, at);
	return true;
}

static bool is_numeric(const char *address)
{
	uint8_t ip[16];

	return inet_pton(AF_INET, address, ip) == 1 ||
	       inet_pton(AF_INET6, address, ip) == 1;
}

bool locate_target(struct str text, struct dns_record *out)
{
	uint32_t n[3] = { 0 };
	struct str word, host;
	size_t i;

	memset(out, 0, sizeof(*out));
	if (!str_split(&text, ' ', &word) || !take_address(&word, &host) ||
	    !host.n || host.n >= LOCATE_ADDRESS_MAX)
		return false;
	if (word.n && (word.p[0] != ':' || !str_u32(str_from(word, 1), &n[0]) ||
		       !n[0]))
		return false;
	for (i = 1; i < 3 && str_split(&text, ' ', &word); i++)
		if (!str_u32(word, &n[i]))
			return false;
	if (text.p || n[0] > 65535 || n[1] > 65535 || n[2] > 65535)
		return false;
	memcpy(out->target, host.p, host.n);
	out->port = (uint16_t)n[0];
	out->order = (uint16_t)n[1];
	out->weight = (uint16_t)n[2];
	return is_numeric(out->target);
}
