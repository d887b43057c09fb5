/* tests/flow/script_in.c: events from the adapters, as lines say them. */
#include <stdlib.h>
#include <string.h>

#include "tests/flow/script.h"

static struct addr address(struct script *s, struct arena *a, struct str text)
{
	struct addr out = { .kind = ADDR_NONE };

	if (!text.p)
		return out;
	if (str_find(text, ':') == text.n)
		text = arena_printf(a, "%s%s", text.p[0] == '+' ? "tel:" :
				    "sip:", text.p);
	if (addr_from_uri_text(a, text, &out) < 0) {
		printf("# %s:%u: not an address: %s\n", s->path, s->line,
		       text.p);
		s->failed = true;
	}
	return out;
}

static uint64_t number(struct str s, uint64_t otherwise)
{
	return s.p ? strtoull(s.p, NULL, 10) : otherwise;
}

/* A client that knows "secret", unless the line says otherwise. */
static void set_credentials(struct arena *a, struct origin *o,
			    const struct words *w, const struct addr *as)
{
	char ha1[DIGEST_HEX_MAX + 1], response[DIGEST_HEX_MAX + 1];
	struct str pass = word_of(w, "pass");

	o->has_cred = !word_flag(w, "no-cred");
	o->cred.username = as->user;
	o->cred.realm = as->domain;
	o->cred.nonce = STR("n1");
	o->cred.uri = STR("sip:x");
	o->cred.cnonce = STR("c1");
	o->cred.nc_text = STR("00000001");
	o->cred.nc = 1;
	o->cred.has_qop = true;
	o->cred.alg = DIGEST_SHA256;
	o->nonce = word_flag(w, "stale") ? DIGEST_NONCE_STALE :
		   word_flag(w, "forged") ? DIGEST_NONCE_FORGED :
					    DIGEST_NONCE_FRESH;
	digest_ha1(o->cred.alg, as->user, as->domain,
		   pass.p ? pass : STR("secret"), ha1);
	digest_response(&o->cred, o->method, str_of(ha1), response);
	o->cred.response = arena_dup(a, str_of(response));
}

static struct origin *origin_of(struct script *s, struct arena *a,
				enum proto p, const struct words *w,
				const char *method)
{
	struct origin *o = arena_zalloc(a, sizeof(*o));
	struct str as = word_of(w, "as"), link = word_of(w, "link");
	struct addr who;

	o->proto = p;
	o->link = link.p ? config_id_of(link) : 0;
	o->is_trusted = word_flag(w, "trusted");
	o->is_reliable = true;
	o->source = STR("10.0.0.9");
	o->method = str_of(method);
	o->claimed = address(s, a, word_of(w, "from"));
	o->asserted = address(s, a, word_of(w, "asserted"));
	o->preferred = address(s, a, word_of(w, "preferred"));
	o->wants_privacy = word_flag(w, "private");
	who = as.p ? address(s, a, as) : o->claimed;
	if (p == PROTO_SIP && !o->is_trusted && !o->link)
		set_credentials(a, o, w, &who);
	return o;
}

struct bit_name {
	const char *name;
	unsigned bit;
};

/* "a,b" by the names of a list that ends with NULL. */
static unsigned bits_of(const struct bit_name *names, struct str s)
{
	unsigned bits = 0;
	struct str one;
	size_t i;

	while (str_split(&s, ',', &one))
		for (i = 0; names[i].name; i++)
			if (str_eq(one, str_of(names[i].name)))
				bits |= names[i].bit;
	return bits;
}

static unsigned wants_of(struct str s)
{
	static const struct bit_name names[] = {
		{ "delivered", WANT_DELIVERED }, { "failed", WANT_FAILED },
		{ "processing", WANT_PROCESSING },
		{ "displayed", WANT_DISPLAYED }, { NULL, 0 },
	};

	return bits_of(names, s);
}

static unsigned handling_of(struct str s)
{
	static const struct bit_name names[] = {
		{ "no-fork", HANDLE_NO_FORK }, { "parallel", HANDLE_PARALLEL },
		{ "sequential", HANDLE_SEQUENTIAL },
		{ "no-recurse", HANDLE_NO_RECURSE },
		{ "queue", HANDLE_QUEUE }, { "no-queue", HANDLE_NO_QUEUE },
		{ NULL, 0 },
	};

	return bits_of(names, s);
}

static void set_kind(struct script *s, struct msg *m, const struct words *w)
{
	struct str composing = word_of(w, "composing");
	struct str report = word_of(w, "report");

	if (composing.p) {
		m->kind = MSG_COMPOSING;
		m->composing.is_active = str_eq(composing, STR("active"));
	}
	if (!report.p)
		return;
	m->kind = MSG_REPORT;
	m->report.msg_id = arena_dup(m->arena, word_of(w, "about"));
	m->report.utc_us = s->world.utc_us;
	if (!report_status_by_name(report, &m->report.status))
		s->failed = true;
	m->report.kind = m->report.status == IMDN_DISPLAYED ? IMDN_DISPLAY :
			 m->report.status == IMDN_STORED ||
			 m->report.status == IMDN_PROCESSED ?
			 IMDN_PROCESSING : IMDN_DELIVERY;
}

static void set_life(struct script *s, struct msg *m, struct str expires)
{
	if (!expires.p)
		return;
	if (str_eq(expires, STR("0")))
		m->no_store = true;
	else if (str_eq(expires, STR("past")))
		m->expires_utc_us = s->world.utc_us - 1000000;
	else
		m->expires_utc_us = s->world.utc_us +
			(int64_t)number(expires, 0) * 1000000;
}

static void set_routes(struct msg *m, const struct words *w)
{
	struct str prefix = STR("record-route=");
	size_t i;

	m->record_routes = arena_array(m->arena, w->n, sizeof(struct str));
	for (i = 0; i < w->n; i++)
		if (str_starts(w->list[i], prefix))
			m->record_routes[m->record_routes_n++] = arena_dup(
				m->arena, str_from(w->list[i], prefix.n));
}

static struct msg *msg_of(struct script *s, const struct words *w)
{
	struct msg *m = msg_new(MSG_ARENA_BYTES);
	struct str id = word_of(w, "id"), body = word_of(w, "body");
	struct str type = word_of(w, "type"), hops = word_of(w, "hops");

	m->trace = s->world.in.trace_new(s->world.in.core);
	m->from = address(s, m->arena, word_of(w, "from"));
	m->to = arena_zalloc(m->arena, sizeof(*m->to));
	m->to[0] = address(s, m->arena, word_of(w, "to"));
	m->to_n = 1;
	m->id = arena_dup(m->arena, id.p ? id : STR("m1"));
	m->has_own_id = id.p && !word_flag(w, "no-id");
	m->is_short_id = word_flag(w, "short-id");
	m->dedup_id = arena_dup(m->arena, word_of(w, "dedup"));
	m->content_type = type.p ? arena_dup(m->arena, type) :
				   STR("text/plain");
	m->body = body_inline(arena_dup(m->arena, body.p ? body : STR("hi")));
	m->thread = arena_dup(m->arena, word_of(w, "thread"));
	m->wants = wants_of(word_of(w, "wants"));
	if (hops.p)
		m->hops_left = (unsigned)number(hops, 0);
	m->accept_contact = arena_dup(m->arena, word_of(w, "accept"));
	m->reject_contact = arena_dup(m->arena, word_of(w, "reject"));
	m->handling = handling_of(word_of(w, "handling"));
	set_routes(m, w);
	set_life(s, m, word_of(w, "expires"));
	set_kind(s, m, w);
	return m;
}

static struct registration *registration_of(struct script *s, struct arena *a,
					    const struct words *w)
{
	struct registration *r = arena_zalloc(a, sizeof(*r));
	struct str contact = word_of(w, "contact");
	struct str call_id = word_of(w, "call-id");
	struct str instance = word_of(w, "instance");

	struct str domain = word_of(w, "domain"), hop = word_of(w, "hop");

	r->aor = address(s, a, word_of(w, "aor"));
	r->domain = domain.p ? domain : r->aor.domain;
	r->has_path = word_flag(w, "has-path");
	r->can_path = word_flag(w, "can-path");
	r->can_gruu = word_flag(w, "can-gruu");
	r->can_outbound = word_flag(w, "can-outbound");
	r->first_hop = !hop.p ? HOP_PLAIN :
		       str_eq(hop, STR("keeps")) ? HOP_KEEPS : HOP_LACKS;
	r->call_id = call_id.p ? call_id : STR("reg-1");
	r->cseq = (uint32_t)number(word_of(w, "cseq"), 1);
	r->is_star = contact.p && str_eq(contact, STR("*"));
	r->contacts = arena_zalloc(a, sizeof(*r->contacts));
	r->expires_s = arena_zalloc(a, sizeof(*r->expires_s));
	if (!contact.p || r->is_star)
		return r;
	r->contacts_n = 1;
	r->contacts[0] = (struct binding){
		.contact = contact, .params = STR(""), .path = STR(""),
		.instance = instance.p ? instance : STR(""),
		.flow = STR(""), .user_agent = STR(""), .q_milli = 1000,
		.reg_id = (uint32_t)number(word_of(w, "reg-id"), 0),
	};
	r->expires_s[0] = (uint32_t)number(word_of(w, "expires"), UINT32_MAX);
	return r;
}

static struct request *request_of(struct script *s, struct arena *a,
				  const struct words *w)
{
	struct request *r = arena_zalloc(a, sizeof(*r));

	r->method = word_of(w, "method");
	r->to = address(s, a, word_of(w, "to"));
	r->event = word_of(w, "event");
	return r;
}

static struct admin_req *admin_of(struct arena *a, const struct words *w)
{
	struct admin_req *r = arena_zalloc(a, sizeof(*r));
	struct str *list = arena_array(a, WORDS_MAX, sizeof(*list));
	size_t i;

	for (i = 2; i < w->n; i++) {
		if (str_eq(w->list[i], STR("<"))) {
			r->input = w->list[i + 1];
			break;
		}
		if (!str_starts(w->list[i], STR("leg=")))
			list[r->words_n++] = arena_dup(a, w->list[i]);
	}
	r->words = list;
	r->who = STR("uid=0");
	return r;
}

static const struct inquiry *ask_of(struct script *s, struct arena *a,
				const struct words *w)
{
	static const char *const kinds[] = {
		[ASK_PROFILE] = "profile", [ASK_ADDRESS] = "address",
		[ASK_CONTACT] = "contact", [ASK_REGISTER] = "register",
		[ASK_LEAVE] = "leave", [ASK_SEE] = "see",
		[ASK_UNSEE] = "unsee", [ASK_SHOWN] = "shown",
		[ASK_HIDDEN] = "hidden", [ASK_PRESENCE] = "presence",
	};
	struct inquiry *ask = arena_zalloc(a, sizeof(*ask));
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (str_eq(word_of(w, "kind"), str_of(kinds[i])))
			ask->kind = (enum ask_kind)i;
	ask->to = address(s, a, word_of(w, "to"));
	ask->text = word_of(w, "text");
	profile_unpack(STR(""), STR(""), &ask->profile);
	for (i = 0; i < PROFILE_FIELDS_N; i++) {
		const char *name = profile_field_name((enum profile_field)i);

		if (word_of(w, name).p)
			ask->profile.v[i] = word_of(w, name);
	}
	return ask;
}

static void msg_event(struct script *s, struct event *ev, enum proto p,
		      const struct words *w)
{
	ev->msg = msg_of(s, w);
	ev->trace = ev->msg->trace;
	ev->origin = origin_of(s, ev->arena, p, w, "MESSAGE");
}

void script_in(struct script *s, const struct words *w)
{
	enum proto p = w->n > 2 ? proto_by_name(w->list[1]) : PROTO_NONE;
	struct intake *in = &s->world.in;
	enum ev_kind kind = word_is(w, 2, "register") ? EV_REGISTER :
			    word_is(w, 2, "request") ? EV_REQUEST :
			    word_is(w, 2, "ask") ? EV_ASK :
			    p == PROTO_ADMIN ? EV_ADMIN : EV_MSG;
	struct event *ev = in->event_new(in->core, kind);
	struct arena *keep = s->arena;	/* words live as long as the script */

	if (word_of(w, "leg").p)
		ev->leg = in->leg_new(in->core, p);
	if (kind == EV_MSG) {
		msg_event(s, ev, p, w);
	} else if (kind == EV_REGISTER) {
		ev->u.registration = registration_of(s, keep, w);
		ev->origin = origin_of(s, keep, p, w, "REGISTER");
		if (ev->origin->claimed.kind == ADDR_NONE) {
			ev->origin->claimed = ev->u.registration->aor;
			if (!ev->origin->is_trusted)
				set_credentials(keep, ev->origin, w,
						&ev->u.registration->aor);
		}
	} else if (kind == EV_REQUEST) {
		ev->u.request = request_of(s, keep, w);
		ev->origin = origin_of(s, keep, p, w,
				       word_of(w, "method").p);
	} else if (kind == EV_ASK) {
		ev->u.ask = ask_of(s, keep, w);
		ev->origin = origin_of(s, keep, p, w, "ask");
	} else {
		ev->u.admin = admin_of(keep, w);
	}
	if (s->failed) {
		in->event_drop(in->core, ev);
		return;
	}
	if (ev->leg)	/* number it as the script does: in order of "in" */
		fake_adapter_number(s->world.fakes[p], ev->leg);
	if (in->post(in->core, ev) < 0)
		printf("# refused at the door\n");
	world_settle(&s->world);
}
