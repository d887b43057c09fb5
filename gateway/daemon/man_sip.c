/* gateway/daemon/man_sip.c: what causeway.conf(5) says of foreign SIP domains
 * and of TLS beyond the sentences of the options.
 */
#include "core/base/roff.h"
#include "gateway/daemon/man.h"

void man_put_sip(struct buf *b)
{
	roff_section(b, "SIP FEDERATION");
	roff_text(b, "A foreign domain with proto = sip and without via is "
		     "found by DNS: NAPTR, SRV and AAAA or A records in this "
		     "order, by priority and weight (RFC 3263, RFC 2782). A "
		     "sip-peer whose host is a name is found the same way, "
		     "with a port by its addresses only. The next server is "
		     "tried when a connection fails, when nothing came within "
		     "sip.failover-after, or on 503; who failed is passed over "
		     "for 5 s, doubling to 5 min, or as long as his Retry-After "
		     "says. Answers of DNS are kept for their time, and up to a "
		     "day longer while no name server answers. DNS may lead to "
		     "private, loopback and link-local addresses only where "
		     "\"inside\" says so. A name lets nobody in: \"sources\" "
		     "says from where the domain's servers may speak.");
	roff_para(b, "Each such domain is a link of its own, with the "
		     "domain's name in causewayctl link ls; while it is down "
		     "its messages wait and others pass.");
	roff_para(b, "A request of more than 1300 bytes goes over TCP to where "
		     "it would have gone over UDP, if there is a TCP listener "
		     "here (RFC 3261 18.1.1). A sips request leaves over TLS or "
		     "not at all.");
	roff_section(b, "TLS AND CERTIFICATES");
	roff_text(b, "Towards peers: TLS 1.2 or 1.3; the chain must lead to "
		     "ca-file, or to what this machine trusts; the certificate "
		     "must name the domain (of a sip-peer: tls-name, or its "
		     "host) as a subjectAltName, DNS or sip URI, exactly. CN "
		     "and wildcards do not count (RFC 5922). Each name has "
		     "connections of its own, also where two domains share an "
		     "address. Why a handshake failed stands in the log line "
		     "event=server_failed.");
	roff_para(b, "Listeners send their certificate with the chain behind "
		     "it. One listener has one certificate: it does not choose "
		     "by the name a client asks for (SNI); give each domain "
		     "with a certificate of its own a listener of its own.");
	roff_para(b, "A reload reads certificates, keys and authorities again. "
		     "Handshakes from then on use the new ones; connections "
		     "that exist live on with what they had, until they end or "
		     "are idle for ten minutes (of clients: half an hour). A "
		     "connection we opened is not offered for requests of the "
		     "other side (RFC 5923), and one it opened is not used for "
		     "ours: each direction checks its own peer.");
}
