/* core/participating/page_redirect.c: a 301 or 302 of the far side is followed
 * for the sender [RFC 3261 16.7.4, OMA-IM 3.3]. The new address passes the same
 * routing rules as the first, with the sender as he was known at the door, so
 * nobody gets through a redirection where he may not send himself. Each one
 * costs a hop, none is followed to where the message has been, and after
 * PAGE_REDIRECTS_MAX the redirection is the answer.
 */
#include "core/participating/page_priv.h"

static bool was_there(const struct page *p, uint64_t key)
{
	unsigned i;

	for (i = 0; i < p->redirects_n; i++)
		if (p->gone_to[i] == key)
			return true;
	return false;
}

static bool read_target(struct pstep *s, enum cause cause, struct str address,
			struct addr *out)
{
	const struct page *p = s->p;

	if ((cause != CAUSE_REDIRECT && cause != CAUSE_MOVED) ||
	    !s->conf->recurse || (p->msg->handling & HANDLE_NO_RECURSE) ||
	    p->redirects_n == PAGE_REDIRECTS_MAX || str_empty(address))
		return false;
	/* A sips request stays one; a better secured target does no harm. */
	if (addr_from_uri_text(s->out->arena, address, out) < 0)
		return false;
	if (p->msg->to[0].is_secure)
		out->is_secure = true;
	return !addr_eq(out, &p->msg->to[0]) &&
	       !was_there(p, hunt_key(out->text));
}

static bool find_way(struct pstep *s, const struct addr *to)
{
	const struct page *p = s->p;
	unsigned spent = p->redirects_n + 1;
	struct route_query q = {
		.from = &p->msg->from, .to = to, .kind = p->msg->kind,
		.bytes = p->msg->body.size_bytes, .in_proto = p->in_proto,
		.in_link = p->in_link, .is_trusted_in = p->is_trusted_in,
		.hops_left = p->hops_left > spent ? p->hops_left - spent : 0,
		.is_secure = to->is_secure,
	};

	page_route(s, &q);
	return s->route.kind != ROUTE_REFUSE;
}

/* The same message to somebody else. */
static void turn(struct pstep *s, const struct addr *to)
{
	struct page *p = s->p;
	struct msg *m = msg_copy(p->msg);

	p->gone_to[p->redirects_n++] = hunt_key(m->to[0].text);
	m->to[0] = addr_dup(m->arena, to);
	m->store_id = 0;
	if (m->hops_left > 1)
		m->hops_left--;
	acts_own(s->out, p->msg);	/* the route points into it */
	p->msg = m;
	p->state = PAGE_START;
	p->hunt = (struct hunt){ .tries_n = 0 };
}

enum redirect page_redirect(struct pstep *s, enum cause cause,
			    struct str address)
{
	uint32_t backlog = 0;
	struct addr to;

	if (!read_target(s, cause, address, &to) || !find_way(s, &to))
		return REDIRECT_NONE;
	if (s->route.kind == ROUTE_USER) {
		s->user = fact_user(s->f, s->route.to.text, false);
		if (s->user)
			backlog = fact_backlog(s->f, s->user->aor);
		if (fact_missing(s->f))
			return REDIRECT_WAIT;
		if (!s->user->exists)
			return REDIRECT_NONE;
	}
	turn(s, &to);
	page_go(s, backlog);
	return REDIRECT_TAKEN;
}
