/* core/participating/page_rate.c: may he send so many? Counted are whoever
 * sends, the foreign domain and the link it comes from, and the domain it goes
 * to. What devices send by themselves (reports, typing notices) has buckets of
 * its own, so that receipts never use up what a person may say. A repeat that
 * was answered from memory is not counted; whatever else he is refused for is.
 */
#include "core/participating/page_priv.h"

static bool is_spoken(const struct pstep *s)
{
	return s->ev->msg->kind == MSG_CONTENT;
}

/* Adds one bucket to those that are paid from; keeps the longest wait. */
static void ask(struct pstep *s, enum rate_of of, struct str who,
		struct rate_limit l, uint32_t *wait_ms)
{
	struct spend *sp = &s->spend;
	uint32_t ms;

	if (l.per_s == 0 || sp->n == SPEND_MAX)
		return;
	if (!is_spoken(s))
		of = (enum rate_of)(of + RATE_OF_N);
	ms = fact_rate(s->f, of, who, l, &sp->list[sp->n].key);
	sp->list[sp->n++].limit = l;
	if (ms > *wait_ms)
		*wait_ms = ms;
}

static const struct domain_conf *foreign(const struct pstep *s,
					 const struct addr *a)
{
	const struct domain_conf *d = config_domain(s->conf, a->domain);

	return d && d->kind == DOMAIN_FOREIGN ? d : NULL;
}

/* One line a second tells of a flood. */
static void tell_once(struct pstep *s)
{
	const struct rate_limit once = { .per_s = 1, .burst = 5 };
	struct spend *sp = acts_new(s->out, sizeof(*sp));

	if (fact_rate(s->f, RATE_TOLD, s->id.who.text, once,
		      &sp->list[0].key) > 0)
		return;
	sp->list[0].limit = once;
	sp->n = 1;
	acts_add(s->out, ACT_SPEND)->u.spend = sp;
	page_account(s, "refused", CAUSE_RATE);
}

bool page_may_send(struct pstep *s)
{
	const struct link_conf *l = config_link(s->conf, s->ev->origin->link);
	const struct domain_conf *from = foreign(s, &s->id.who);
	const struct domain_conf *to = foreign(s, &s->route.to);
	struct spend *sp;
	uint32_t wait_ms = 0;

	ask(s, RATE_SENDER, s->id.who.text, s->conf->sender_rate, &wait_ms);
	if (from)
		ask(s, RATE_FROM_DOMAIN, from->name, from->rate, &wait_ms);
	if (to)
		ask(s, RATE_TO_DOMAIN, to->name, to->rate, &wait_ms);
	if (l)
		ask(s, RATE_LINK, l->name, l->rate, &wait_ms);
	if (wait_ms > 0) {
		s->retry_after_s = (wait_ms + 999) / 1000;
		tell_once(s);
		return false;
	}
	if (s->spend.n > 0) {
		sp = acts_new(s->out, sizeof(*sp));
		*sp = s->spend;
		acts_add(s->out, ACT_SPEND)->u.spend = sp;
	}
	return true;
}
