/* adapters/sip/request_in.c: OPTIONS, and the methods that are only let
 * through the door as yet: core says what becomes of them.
 */
#include "adapters/sip/sip_priv.h"

enum cause sip_read_request(struct sip_in *in, struct event *ev)
{
	struct request *r = arena_zalloc(ev->arena, sizeof(*r));
	const sip_t *sip = in->sip;
	enum cause c;

	if (!r)
		return CAUSE_TOO_LARGE;
	ev->u.request = r;
	c = sip_read_line(ev->arena, sip->sip_request->rq_method_name, 64,
			  &r->method);
	if (c == CAUSE_NONE)
		c = sip_read_line(ev->arena,
				  sip->sip_event ? sip->sip_event->o_type
						 : NULL,
				  255, &r->event);
	if (c == CAUSE_NONE)
		c = sip_read_url(ev->arena, sip->sip_request->rq_url, STR(""),
				 &r->to);
	return c;
}
