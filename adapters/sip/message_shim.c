/* adapters/sip/message_shim.c: the stack's parser, preceded by our own look at
 * the bytes. The stack offers no hook between the socket and its parser, which
 * drops a request whose first line it cannot read, without an answer, and
 * takes others that RFC 3261 calls malformed. This definition wins over the
 * library's, as the object is linked directly. The head of a message is looked
 * at once, when it is whole; what is wrong is kept at the message until the
 * door (message_in.c) answers it.
 */
#include <dlfcn.h>

#include <sofia-sip/msg_addr.h>
#include <sofia-sip/msg_buffer.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_protos.h>

#include "adapters/sip/conn.h"
#include "adapters/sip/raw_in.h"

typedef int extract_h(msg_t *msg);

static bool is_stream(msg_t *msg)
{
	return msg_addrinfo(msg)->ai_socktype == SOCK_STREAM;
}

static void heard(msg_t *msg, enum sip_conn_part part)
{
	sip_conn_heard(&msg_addr(msg)->su_sa, part);
}

/* True: there is not enough of it yet. */
static bool look(msg_t *msg, sip_t *sip)
{
	char *p = msg_buf_committed_data(msg);
	size_t n = msg_buf_committed(msg);
	size_t head = p ? sip_raw_head(p, n) : 0;

	if (!head && is_stream(msg)) {
		/* Line ends alone keep a connection alive [RFC 5626 4.4.1]. */
		while (n && (*p == '\r' || *p == '\n'))
			p++, n--;
		if (n)
			heard(msg, SIP_CONN_HEAD);
		if (n >= SIP_RAW_HEAD_MAX)
			sip_conn_garbage(&msg_addr(msg)->su_sa);
		return true;
	}
	if (p)
		sip->sip_user = (void *)(uintptr_t)sip_raw_check(
			p, head ? head : n, is_stream(msg));
	return false;
}

int msg_extract(msg_t *msg)
{
	static _Thread_local union {
		void *p;
		extract_h *h;
	} real;
	sip_t *sip = sip_object(msg);
	int rc;

	if (!real.p)
		real.p = dlsym(RTLD_NEXT, "msg_extract");
	if (sip && !(sip->sip_flags & MSG_FLG_HEADERS) && look(msg, sip))
		return 0;
	rc = real.p ? real.h(msg) : -1;
	if (!sip || !is_stream(msg))
		return rc;
	if (rc == 0)
		heard(msg, SIP_CONN_BODY);
	else if (rc < 0 && !sip->sip_request)
		sip_conn_garbage(&msg_addr(msg)->su_sa);
	else
		heard(msg, SIP_CONN_DONE);
	return rc;
}
