/* adapters/sip/request_out.c: a request of ours as the stack takes it. The
 * fields that the stack works with are read by it; all others were written by
 * typed encoders (head_out.c) and go out as they are: reading them only to
 * write them again was a quarter of what a sent message cost.
 */
#include "adapters/sip/sip_priv.h"

#include <string.h>

/* Is it a field that the client transaction reads or changes? */
static bool is_for_stack(struct str line)
{
	static const struct str names[] = {
		STR_LIT("CSeq:"),    STR_LIT("From:"),	STR_LIT("To:"),
		STR_LIT("Call-ID:"), STR_LIT("Route:"), STR_LIT("Max-Forwards:"),
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_starts(line, names[i]))
			return true;
	return false;
}

/* How much of the head, from the front, is for the stack. */
static size_t stack_part(struct str head)
{
	size_t at = 0;

	while (at < head.n && is_for_stack(str_from(head, at)))
		at += str_find(str_from(head, at), '\n') + 1;
	return at < head.n ? at : head.n;
}

/* Lines that are encoded already, as one header: the stack writes what it
   finds encoded as it is. */
static bool add_encoded(msg_t *msg, struct str lines)
{
	su_home_t *home = msg_home(msg);
	msg_header_t *h;

	if (!lines.n)
		return true;
	h = msg_header_alloc(home, sip_unknown_class, 0);
	if (!h)
		return false;
	((sip_unknown_t *)h)->un_name = ((sip_unknown_t *)h)->un_value = "";
	h->sh_data = su_strndup(home, lines.p, (isize_t)lines.n);
	h->sh_len = (unsigned)lines.n;
	return h->sh_data && msg_header_insert(msg, NULL, h) >= 0;
}

static bool add_head(msg_t *msg, const struct buf *head)
{
	struct str all = { head->p, head->n ? head->n - 1 : 0 };
	size_t n = stack_part(all);
	char *front = su_strndup(msg_home(msg), all.p, (isize_t)n);

	return front && msg_header_parse_str(msg, NULL, front) >= 0 &&
	       add_encoded(msg, str_from(all, n));
}

msg_t *sip_request_new(struct sip_listener *l, const char *method,
		       const char *uri, const struct buf *head, struct str body)
{
	msg_t *msg = nta_msg_create(l->agent, 0);
	su_home_t *home = msg_home(msg);
	sip_method_t code = strcmp(method, "MESSAGE") == 0 ? sip_method_message
							   : sip_method_options;
	sip_request_t *rq = sip_request_create(home, code, method,
					       sip_url_string(uri), NULL);
	sip_payload_t *pl = NULL;

	if (body.n)
		pl = sip_payload_create(home, body.p, (isize_t)body.n);
	if (!rq || (body.n && !pl) || head->err ||
	    msg_header_insert(msg, NULL, (msg_header_t *)rq) < 0 ||
	    !add_head(msg, head) ||
	    (pl && msg_header_insert(msg, NULL, (msg_header_t *)pl) < 0)) {
		msg_destroy(msg);
		return NULL;
	}
	return msg;
}
