/* core/participating/greet.c: see greet.h. Page after page out of the store,
 * with a pause between, so that a server is not flooded by a million presences
 * at once; ends when the link goes down again.
 */
#include "core/participating/greet.h"

#include <string.h>

enum {
	GREET_PAGE = 200,	/* presences at once, */
	GREET_PAUSE_MS = 500,	/* ... and then: ours */
	TAG_NEXT = 1,
};

struct greet {
	uint32_t link;
	size_t at_n;
	char at[2200];		/* the last address: two JID parts */
};

bool greet_is_due(const struct config *c, uint32_t link)
{
	size_t i;

	for (i = 0; i < c->domains_n; i++)
		if (c->domains[i].may_register && c->domains[i].is_enabled &&
		    c->domains[i].via_id == link)
			return true;
	return false;
}

void greet_init(void *state, uint32_t link)
{
	((struct greet *)state)->link = link;
}

static void claim(const struct greet *g, struct acts *out)
{
	struct claim *c = acts_new(out, sizeof(*c));

	c->what = CLAIM_CONTACTS;
	c->lane = arena_dup(out->arena, (struct str){ g->at, g->at_n });
	c->max = GREET_PAGE;
	acts_add(out, ACT_CLAIM)->u.claim = c;
}

static void greet_one(const struct greet *g, const struct config *conf,
		      const struct contact *c, struct acts *out)
{
	const struct domain_conf *d;
	struct presence *p;
	struct addr to;

	if (!(c->flags & CONTACT_SEES_US) ||
	    addr_from_uri_text(out->arena, c->aor, &to) < 0)
		return;
	d = config_domain(conf, to.domain);
	if (!d || !d->may_register || !d->is_enabled || d->via_id != g->link)
		return;
	p = acts_new(out, sizeof(*p));
	p->link = g->link;
	p->to = to;
	acts_add(out, ACT_PRESENCE)->u.presence = p;
}

/* False: there is no more. */
static bool page(struct greet *g, const struct event *ev,
		 const struct config *conf, struct acts *out)
{
	const struct rows *r = ev->u.rows;
	struct str last;
	size_t i;

	if (!r || ev->cause != CAUSE_NONE || r->contacts_n == 0)
		return false;
	for (i = 0; i < r->contacts_n; i++)
		greet_one(g, conf, &r->contacts[i], out);
	last = r->contacts[r->contacts_n - 1].aor;
	if (r->is_all || last.n > sizeof(g->at))
		return false;
	memcpy(g->at, last.p, last.n);
	g->at_n = last.n;
	return true;
}

static enum step greet_step(void *state, const struct event *ev,
			    struct facts *f, struct acts *out)
{
	struct greet *g = state;
	struct action *it;
	bool goes_on = fact_link(f, g->link, NULL) == LINK_UP;

	if (goes_on && ev->kind == EV_ROWS)
		goes_on = page(g, ev, fact_config(f), out);
	else if (goes_on)
		claim(g, out);
	if (!goes_on) {
		acts_add(out, ACT_END);
	} else if (ev->kind == EV_ROWS) {
		it = acts_add(out, ACT_TIMER);
		it->tag = TAG_NEXT;
		it->at_ms = ev->now_ms + GREET_PAUSE_MS;
	}
	return STEP_DONE;
}

const struct machine greet_machine = {
	.name = "greet", .state_bytes = sizeof(struct greet),
	.step = greet_step,
};
