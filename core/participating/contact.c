/* core/participating/contact.c: see contact.h. Each question has one answer in
 * one step; the adapter makes its protocol's words of it. Who is not allowed
 * to write to us is told nothing, and who asks about a user learns no more
 * than the domain's setting says, not even whether there is one.
 */
#include "core/participating/contact.h"

#include "core/participating/identify.h"
#include "core/route/choose.h"
#include "core/route/numbers.h"

struct cstep {
	const struct event *ev;
	const struct inquiry *ask;
	struct facts *f;
	struct acts *out;
	const struct config *conf;
	struct identity id;
	const struct domain_conf *from;	/* of the asker, never NULL */
	struct answer *answer;
};

static enum step answer(struct cstep *s, enum cause c)
{
	struct action *it = acts_add(s->out, ACT_ANSWER);

	s->answer->kind = c == CAUSE_NONE ? ANSWER_OK : ANSWER_REFUSED;
	it->leg = s->ev->leg;
	it->cause = c;
	it->u.answer = s->answer;
	return STEP_DONE;
}

static enum cause may_ask(struct cstep *s)
{
	const struct origin *o = s->ev->origin;
	struct route_query q = {
		.from = &s->id.who, .to = &s->ask->to, .in_proto = o->proto,
		.in_link = o->link, .is_trusted_in = s->id.is_trusted,
		.hops_left = 1,
	};

	return route_may_speak(s->conf, s->out->arena, &q);
}

static struct profile *profile_of(struct cstep *s, const struct user *u)
{
	struct profile *p = acts_new(s->out, sizeof(*p));

	profile_unpack(u->display, u->profile, p);
	return p;
}

/* ---- a user of ours ------------------------------------------------------- */

static bool is_served(const struct cstep *s, const struct addr *to)
{
	const struct domain_conf *d = config_domain(s->conf, to->domain);

	return to->kind == ADDR_USER && d && d->kind == DOMAIN_SERVED &&
	       d->is_enabled;
}

static enum step profile(struct cstep *s)
{
	const struct user *u;
	struct profile *p;
	size_t i;

	if (s->from->profiles == PROFILES_NONE ||
	    !is_served(s, &s->ask->to))
		return answer(s, CAUSE_NOT_FOUND);
	/* XMPP folds the case of a local part, SIP does not. */
	u = fact_user(s->f, s->ask->to.text, true);
	if (fact_missing(s->f))
		return STEP_WAIT;
	if (!u->exists || u->contact)
		return answer(s, CAUSE_NOT_FOUND);
	p = profile_of(s, u);
	for (i = PROFILE_FAMILY + 1;
	     i < PROFILE_FIELDS_N && s->from->profiles == PROFILES_NAME; i++)
		p->v[i] = STR("");
	s->answer->profile = p;
	return answer(s, CAUSE_NONE);
}

/* ---- an address as somebody types it -------------------------------------- */

/* Digits and what people put between them; *out is the number without it. */
static bool is_number(struct arena *a, struct str text, struct str *out)
{
	char *p = arena_alloc(a, text.n + 1);
	size_t i, n = 0;

	for (i = 0; p && i < text.n; i++) {
		char c = text.p[i];

		if (ch_is_digit((unsigned char)c) || (c == '+' && n == 0))
			p[n++] = c;
		else if (str_find(STR(" -./()"), c) == 6)
			return false;
	}
	*out = (struct str){ p, n };
	return p && n >= 3;
}

static int parse(struct cstep *s, struct str text, struct addr *out)
{
	struct arena *a = s->out->arena;
	struct str digits, by;
	int err;

	if (is_number(a, text, &digits)) {
		text = str_starts(digits, STR("+")) ?
		       arena_printf(a, "tel:%.*s", STR_ARG(digits)) :
		       arena_printf(a, "sip:%.*s@%.*s;user=phone",
				    STR_ARG(digits),
				    STR_ARG(s->ask->to.domain));
	} else if (str_find(text, ':') == text.n) {
		if (str_find(text, '@') == text.n)
			return ERR_SYNTAX;
		text = arena_printf(a, "sip:%.*s", STR_ARG(text));
	}
	err = text.p ? addr_from_uri_text(a, text, out) : ERR_LIMIT;
	if (err == 0)
		err = numbers_resolve(s->conf, a, s->from, out, &by);
	return err;
}

static enum step address(struct cstep *s)
{
	struct addr found;

	if (parse(s, str_trim(s->ask->text), &found) < 0)
		return answer(s, CAUSE_NOT_FOUND);
	found.instance = found.display = STR("");
	s->answer->identity = found;
	return answer(s, CAUSE_NONE);
}

/* ---- the asker as a contact of this gateway ------------------------------- */

static const struct user *contact_of(struct cstep *s)
{
	return fact_user(s->f, s->id.who.text, false);
}

/* Writes him with these flags, none: forgets him. */
static void write_contact(struct cstep *s, const struct user *had,
			  unsigned flags, const struct profile *p)
{
	struct user *u = acts_new(s->out, sizeof(*u));

	s->answer->contact_before = had->exists ? had->contact : 0;
	s->answer->contact = flags;
	if (had->exists && had->contact == flags && !p)
		return;
	*u = *had;
	u->exists = true;
	u->aor = s->id.who.text;
	u->contact = flags;
	if (p) {
		u->display = p->v[PROFILE_NAME];
		u->profile = profile_pack(s->out->arena, p);
	}
	acts_write(s->out, flags ? OP_USER_PUT : OP_USER_DROP, 0)->u.user = u;
}

/* What a stranger may keep here of himself: a name, and how to reach him. */
static bool is_acceptable(const struct profile *p)
{
	size_t i;

	for (i = 0; i < PROFILE_FIELDS_N; i++)
		if (!profile_value_ok((enum profile_field)i, p->v[i]) ||
		    (p->v[i].n > 0 && i != PROFILE_NAME &&
		     i != PROFILE_EMAIL))
			return false;
	return p->v[PROFILE_NAME].n > 0;
}

static enum step registration(struct cstep *s)
{
	const struct user *u = contact_of(s);

	if (fact_missing(s->f))
		return STEP_WAIT;
	if (s->ask->kind == ASK_CONTACT) {
		s->answer->contact = u->exists ? u->contact : 0;
		s->answer->profile = profile_of(s, u);
		return answer(s, CAUSE_NONE);
	}
	if (s->ask->kind == ASK_LEAVE) {
		if (!u->exists || !u->contact)
			return answer(s, CAUSE_FAR_REGISTRATION);
		write_contact(s, u, 0, NULL);
		return answer(s, CAUSE_NONE);
	}
	if (!is_acceptable(&s->ask->profile))
		return answer(s, CAUSE_NOT_ACCEPTABLE);
	/* Both directions are asked for; each counts once it is granted. */
	write_contact(s, u, (u->exists ? u->contact : 0) | CONTACT_REGISTERED,
		      &s->ask->profile);
	return answer(s, CAUSE_NONE);
}

/* Of the gateway itself: who registered may see it. */
static enum step presence(struct cstep *s)
{
	const struct user *u = contact_of(s);
	unsigned flags;

	if (fact_missing(s->f))
		return STEP_WAIT;
	flags = u->exists ? u->contact : 0;
	s->answer->contact = s->answer->contact_before = flags;
	if (!(flags & CONTACT_REGISTERED))
		return answer(s, CAUSE_FAR_REGISTRATION);
	if (s->ask->kind == ASK_SEE)
		flags |= CONTACT_SEES_US;
	else if (s->ask->kind == ASK_UNSEE)
		flags &= ~(unsigned)CONTACT_SEES_US;
	else if (s->ask->kind == ASK_SHOWN)
		flags |= CONTACT_IS_SEEN;
	else if (s->ask->kind == ASK_HIDDEN)
		flags &= ~(unsigned)CONTACT_IS_SEEN;
	write_contact(s, u, flags, NULL);
	return answer(s, CAUSE_NONE);
}

/* ---- all of it ------------------------------------------------------------ */

static enum step judge(struct cstep *s)
{
	switch (s->ask->kind) {
	case ASK_PROFILE:
		return profile(s);
	case ASK_ADDRESS:
		return address(s);
	case ASK_CONTACT:
	case ASK_REGISTER:
	case ASK_LEAVE:
		return s->from->may_register ? registration(s) :
		       answer(s, CAUSE_NOT_OFFERED);
	case ASK_SEE:
	case ASK_UNSEE:
	case ASK_SHOWN:
	case ASK_HIDDEN:
	case ASK_PRESENCE:
		break;
	}
	/* A user's presence is not exchanged with other domains. */
	if (s->ask->to.kind != ADDR_DOMAIN || !s->from->may_register)
		return answer(s, CAUSE_NOT_OFFERED);
	return presence(s);
}

static enum step contact_step(void *state, const struct event *ev,
			      struct facts *f, struct acts *out)
{
	struct cstep s = { .ev = ev, .ask = ev->u.ask, .f = f, .out = out,
			   .conf = fact_config(f) };
	enum cause c;

	(void)state;
	c = identify(f, out->arena, ev->origin, &s.id);
	if (fact_missing(f))
		return STEP_WAIT;
	s.answer = acts_new(out, sizeof(*s.answer));
	if (c == CAUSE_NONE)
		c = may_ask(&s);
	s.from = config_domain(s.conf, s.id.who.domain);
	if (c == CAUSE_NONE && (!s.from || s.id.who.kind != ADDR_USER))
		c = CAUSE_POLICY_VIOLATION;
	return c == CAUSE_NONE ? judge(&s) : answer(&s, c);
}

const struct machine contact_machine = {
	.name = "contact", .step = contact_step,
};
