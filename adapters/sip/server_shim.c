/* adapters/sip/server_shim.c: our name in every response. The stack answers
 * some requests itself, before anybody is asked (what fails its sanity check,
 * 413 for a message past its limit, 505), and gives no way to add a header to
 * those. This definition of the function that completes each message wins over
 * the library's, as the object is linked directly, and adds Server to
 * responses that have none. [OMA-IM; conformance CP10]
 */
#include <dlfcn.h>

#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_protos.h>

#include "adapters/sip/oma_tokens.h"

typedef int complete_h(msg_t *msg);

int sip_complete_message(msg_t *msg)
{
	static _Thread_local union {
		void *p;
		complete_h *h;
	} real;
	sip_t *sip = sip_object(msg);

	if (!real.p)
		real.p = dlsym(RTLD_NEXT, "sip_complete_message");
	if (sip && sip->sip_status && !sip->sip_server)
		sip_add_make(msg, sip, sip_server_class, OMA_SERVER);
	return real.p ? real.h(msg) : -1;
}
