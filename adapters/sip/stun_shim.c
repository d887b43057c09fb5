/* adapters/sip/stun_shim.c: datagrams that look like STUN get no answer. With
 * its STUN server switched off the stack still answers them, "Not
 * Implemented": to whoever the source address says, and with a parser that two
 * CVEs were about (CVE-2023-22741, CVE-2022-31003). This definition wins over
 * the library's, as the object is linked directly.
 */
#include <sofia-sip/msg.h>
#include <sofia-sip/su.h>
#include <sofia-sip/tport.h>

#define IGNORE 3 /* the stack's word for: nothing to parse */

int tport_recv_stun_dgram(tport_t const *self, msg_t **msg,
			  su_sockaddr_t *from, socklen_t from_n);

int tport_recv_stun_dgram(tport_t const *self, msg_t **msg,
			  su_sockaddr_t *from, socklen_t from_n)
{
	(void)self;
	(void)from;
	(void)from_n;
	msg_destroy(*msg);
	*msg = NULL;
	return IGNORE;
}
