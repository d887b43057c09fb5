/* tests/unit/test_ledger.c: random runs of the real core, with books kept over
 * every message (tests/unit/ledger.h): the far sides answer well, badly, late
 * or never, the store is slow, full, down or answers in another order, links
 * and configurations come and go, the process is killed. In the end all is
 * well again, and nothing may be lost, doubled, out of order or left over.
 *
 *   LEDGER_SEED=17 [LEDGER_TRACE=1] build/asan/tests/unit/test_ledger
 *                    one run again, with all that happens
 *   LEDGER_RUNS=n    so many seeds
 *   SOAK=1           50,000 of them
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/flow/core_priv.h"
#include "gateway/daemon/load.h"
#include "tests/unit/ledger.h"
#include "tests/unit/unit.h"

#define RUNS 300u
#define RUNS_SOAK 50000u
#define HOUR_MS 3600000

/* ---- configurations ------------------------------------------------------- */

#define COMMON \
	"listen \"udp\" { proto = sip transport = udp" \
	" address = \"127.0.0.1\" port = 5060 }\n" \
	"domain \"sip.example\" { served = yes }\n"
#define PROSODY \
	"link \"prosody\" { kind = xmpp-component host = \"127.0.0.1\"" \
	" port = 5347 component = \"sip.example\" secret = \"s\" }\n"
#define BACKUP \
	"link \"backup\" { kind = xmpp-component host = \"127.0.0.1\"" \
	" port = 5348 component = \"gw.example\" encoded = yes" \
	" secret = \"s\" }\n"
#define OTHER \
	"domain \"other.example\" { proto = xmpp via = \"backup\"" \
	" allow = {\"*\"} }\n"

static const char *const texts[] = {
	/* 0: as usual */
	COMMON PROSODY BACKUP OTHER
	"domain \"xmpp.example\" { proto = xmpp via = \"prosody\""
	" allow = {\"*\"} }\n",
	/* 1: the other link does it all */
	COMMON PROSODY BACKUP OTHER
	"domain \"xmpp.example\" { proto = xmpp via = \"backup\""
	" allow = {\"*\"} }\n",
	/* 2: one link is gone */
	COMMON BACKUP OTHER
	"domain \"xmpp.example\" { proto = xmpp via = \"backup\""
	" allow = {\"*\"} }\n",
	/* 3: a domain is switched off */
	COMMON PROSODY BACKUP OTHER
	"domain \"xmpp.example\" { proto = xmpp via = \"prosody\""
	" enabled = no allow = {\"*\"} }\n",
	/* 4: with a way round */
	COMMON PROSODY BACKUP OTHER
	"domain \"xmpp.example\" { proto = xmpp via = \"prosody\""
	" allow = {\"*\"} }\n"
	"route \"round\" { to = \"*@xmpp.example\" via = \"prosody\""
	" fallback = \"backup\" }\n",
};

enum { CONFIGS_N = sizeof(texts) / sizeof(*texts), ROUND_BACKUP = 1,
       WITHOUT_PROSODY = 2 };

static struct config *configs[CONFIGS_N];

static void load_configs(void)
{
	const struct conf_source src = { .path = "ledger",
					 .state_dir = "/nonexistent",
					 .no_files = true };
	static struct faults f;
	size_t i;

	for (i = 0; i < CONFIGS_N; i++) {
		faults_init(&f);
		configs[i] = conf_load_text(&src, str_of(texts[i]), &f);
		if (!configs[i])
			fail_msg("%s", f.list[0].text);
	}
}

/* ---- who is there --------------------------------------------------------- */

static const struct party people[] = {
	{ .addr = "sip:alice@sip.example", .exists = true, .devices_n = 1,
	  .devices = { { .contact = "sip:alice@10.0.0.1" } } },
	{ .addr = "sip:bob@sip.example", .exists = true, .devices_n = 2,
	  .devices = { { .contact = "sip:bob@10.0.0.2" },
		       { .contact = "sip:bob@10.0.0.3" } } },
	{ .addr = "sip:carol@sip.example", .exists = true, .devices_n = 1,
	  .devices = { { .contact = "sip:carol@10.0.0.4",
			 .is_plain = true } } },
	{ .addr = "sip:dave@sip.example", .exists = true, .devices_n = 1,
	  .devices = { { .contact = "sip:dave@10.0.0.5" } } },
	{ .addr = "sip:erin@sip.example", .exists = true, .devices_n = 1,
	  .devices = { { .contact = "sip:erin@10.0.0.6" } },
	  .keeps_none = true },
	{ .addr = "sip:frank@sip.example", .exists = true, .devices_n = 1,
	  .devices = { { .contact = "sip:frank@10.0.0.7" } },
	  .has_quota = true },
	{ .addr = "sip:ghost@sip.example" },
	{ .addr = "sip:romeo@xmpp.example", .link = "prosody" },
	{ .addr = "sip:juliet@xmpp.example", .link = "prosody" },
	{ .addr = "sip:nurse@other.example", .link = "backup" },
};

enum { PEOPLE_N = sizeof(people) / sizeof(*people), GHOST = 6, USERS_N = 6,
       DAVE = 3 };

static struct addr addr_of(struct arena *a, const char *text)
{
	struct addr out;

	if (addr_from_uri_text(a, str_of(text), &out) < 0)
		fail_msg("%s", text);
	return out;
}

static void put_binding(struct ledger *l, const struct party *p,
			struct device *d)
{
	const struct binding b = {
		.contact = str_of(d->contact), .params = STR(""),
		.instance = STR(""), .path = STR(""), .flow = STR(""),
		.user_agent = STR(""), .call_id = str_of(d->contact),
		.cseq = ++d->asked_cseq, .q_milli = 1000,
		.is_plain = d->is_plain,
		.expires_utc_us = l->w.utc_us + (int64_t)86400 * 30 * 1000000,
	};

	fake_store_put_binding(l->w.store, str_of(p->addr), &b);
	d->bound_cseq = d->asked_cseq;
}

static void put_people(struct ledger *l)
{
	unsigned i, j;

	memcpy(l->parties, people, sizeof(people));
	l->parties_n = PEOPLE_N;
	for (i = 0; i < USERS_N; i++) {
		struct party *p = &l->parties[i];
		struct user *u = user_new(str_of(p->addr));

		u->exists = true;
		u->login = STR("x");
		u->is_active = true;
		u->has_offline_delivery = !p->keeps_none;
		u->store_on_busy = p->has_quota;
		u->quota_count = p->has_quota ? 5 : 0;
		fake_store_put_user(l->w.store, u);
		user_put(u);
		for (j = 0; i != DAVE && j < p->devices_n; j++)
			put_binding(l, p, &p->devices[j]);
	}
}

/* ---- what comes in -------------------------------------------------------- */

static struct origin *origin_of(struct ledger *l, struct arena *a,
				const struct party *p, const char *link)
{
	struct origin *o = arena_zalloc(a, sizeof(*o));

	(void)l;
	o->proto = p->link ? PROTO_XMPP : PROTO_SIP;
	o->link = link ? config_id_of(str_of(link)) : 0;
	o->is_trusted = !p->link;
	o->is_reliable = true;
	o->source = STR("10.0.0.9");
	o->method = STR("MESSAGE");
	o->claimed = addr_of(a, p->addr);
	return o;
}

static struct msg *msg_of(struct ledger *l, const struct letter *m)
{
	struct msg *out = msg_new(MSG_ARENA_BYTES);
	struct arena *a = out->arena;

	out->trace = l->w.in.trace_new(l->w.in.core);
	out->from = addr_of(a, l->parties[m->from].addr);
	out->to = arena_zalloc(a, sizeof(*out->to));
	out->to[0] = addr_of(a, l->parties[m->to].addr);
	out->to_n = 1;
	out->id = arena_dup(a, str_of(m->id));
	out->has_own_id = true;
	out->is_short_id = m->is_short;
	out->content_type = STR("text/plain");
	out->body = body_inline(arena_dup(a, str_of(m->body)));
	out->wants = m->wants;
	out->no_store = m->no_store;
	out->expires_utc_us = m->expires_utc_us;
	if (m->about < 0)
		return out;
	out->kind = MSG_REPORT;
	out->report.kind = m->status == IMDN_DISPLAYED ? IMDN_DISPLAY :
							 IMDN_DELIVERY;
	out->report.status = m->status;
	out->report.cause = m->status == IMDN_FAILED ? CAUSE_FORBIDDEN :
						       CAUSE_NONE;
	out->report.msg_id = arena_dup(a, str_of(l->letters[m->about].id));
	out->report.utc_us = l->w.utc_us;
	return out;
}

static void post_letter(struct ledger *l, unsigned at)
{
	struct letter *m = &l->letters[at];
	struct intake *in = &l->w.in;
	struct event *ev = in->event_new(in->core, EV_MSG);
	int ask = -1;

	ev->msg = msg_of(l, m);
	ev->trace = ev->msg->trace;
	ev->origin = origin_of(l, ev->arena, &l->parties[m->from], m->via);
	if (m->has_leg) {
		ev->leg = in->leg_new(in->core, PROTO_SIP);
		ask = book_ask(l, ev->leg, (int)at);
	}
	m->posts++;
	ledger_trace(l, "%s %s -> %s%s%s%s%s", m->id,
		     l->parties[m->from].addr, l->parties[m->to].addr,
		     m->about >= 0 ? " about " : "",
		     m->about >= 0 ? l->letters[m->about].id : "",
		     m->no_store ? " no-store" : "",
		     m->posts > 1 ? " again" : "");
	if (in->post(in->core, ev) < 0) {
		ledger_trace(l, "  refused at the door");
		m->posts--;
		if (ask >= 0) {
			l->asks[ask].is_answered = true;
			m->pending_asks--;
		}
	}
}

/* The link over which he comes now: another's word for him is not believed. */
static const char *way_of(const struct ledger *l, unsigned party)
{
	const char *link = l->parties[party].link;

	if (link && *link == 'p' && l->config >= ROUND_BACKUP &&
	    l->config <= WITHOUT_PROSODY)
		return "backup";
	return link;
}

static int letter_new(struct ledger *l, unsigned from, unsigned to, int about)
{
	struct letter *m = &l->letters[l->letters_n];
	const struct party *p = &l->parties[from];

	if (l->letters_n == LETTERS_MAX)
		return -1;
	*m = (struct letter){ .from = from, .to = to, .about = about,
			      .boot = l->boot };
	snprintf(m->id, sizeof(m->id), "m%u", l->letters_n);
	snprintf(m->body, sizeof(m->body), "b%u", l->letters_n);
	m->has_leg = !p->link;
	m->via = way_of(l, from);
	m->first_utc_us = l->w.utc_us;
	if (about >= 0)
		return (int)l->letters_n++;
	m->wants = (unsigned)ledger_roll(l, 16);
	m->no_store = ledger_chance(l, 8);
	m->is_short = p->link && ledger_chance(l, 50);
	if (ledger_chance(l, 10))
		m->expires_utc_us = l->w.utc_us + 1000000 *
			(int64_t)(1 + ledger_roll(l, 300));
	return (int)l->letters_n++;
}

static bool is_link_there(const struct ledger *l, const char *name)
{
	return !name || config_link_by_name(l->w.conf, str_of(name));
}

static void op_message(struct ledger *l)
{
	unsigned from = (unsigned)ledger_roll(l, PEOPLE_N);
	unsigned to = (unsigned)ledger_roll(l, PEOPLE_N);
	bool is_relay = l->parties[from].link && l->parties[to].link;
	int at;

	if (from == to || from == GHOST || is_relay ||
	    !is_link_there(l, l->parties[from].link))
		return;
	at = letter_new(l, from, to, -1);
	if (at >= 0)
		post_letter(l, (unsigned)at);
}

static void op_burst(struct ledger *l)
{
	unsigned from = (unsigned)ledger_roll(l, USERS_N);
	unsigned to = (unsigned)ledger_roll(l, PEOPLE_N);
	unsigned n = 5 + (unsigned)ledger_roll(l, ledger_chance(l, 10) ?
					       90 : 15);
	int at;

	while (from != to && n-- > 0) {
		at = letter_new(l, from, to, -1);
		if (at >= 0)
			post_letter(l, (unsigned)at);
	}
}

/* A repeat comes while the first is known: seven days when it must go into the
   store, else as long as the window of this process remembers. */
static bool may_repeat(const struct ledger *l, const struct letter *m)
{
	int64_t age_us = l->w.utc_us - m->first_utc_us;
	bool may_go_live = m->expires_utc_us || m->no_store ||
			   (m->has_leg && !l->parties[m->to].link);

	if (m->has_row_ever && !m->is_short && !may_go_live)
		return age_us < (int64_t)6 * 86400 * 1000000;
	return age_us < (int64_t)l->w.conf->dedup_life_ms_memory * 1000 / 2 &&
	       m->boot == l->boot;
}

static void op_repeat(struct ledger *l)
{
	unsigned at, n = 1 + (unsigned)ledger_roll(l, ledger_chance(l, 10) ?
						   8 : 2);

	if (!l->letters_n)
		return;
	at = (unsigned)ledger_roll(l, l->letters_n);
	if (ledger_chance(l, 60) && l->letters_n > 4)
		at = l->letters_n - 1 - at % 4;
	if (!may_repeat(l, &l->letters[at]) ||
	    l->letters[at].via != way_of(l, l->letters[at].from))
		return;
	while (n-- > 0)
		post_letter(l, at);
}

/* A device or an XMPP user tells what became of a message he got. */
static bool is_known(const struct ledger *l, unsigned about,
		     enum imdn_status status)
{
	unsigned i;

	for (i = 0; i < l->letters_n; i++)
		if (l->letters[i].about == (int)about &&
		    (l->letters[i].status == IMDN_DISPLAYED) ==
		    (status == IMDN_DISPLAYED) &&
		    !may_repeat(l, &l->letters[i]))
			return true;	/* longer than it is remembered */
	return false;
}

static void op_report(struct ledger *l)
{
	static const enum imdn_status kinds[] = {
		IMDN_DELIVERED, IMDN_DISPLAYED, IMDN_DISPLAYED, IMDN_FAILED,
	};
	enum imdn_status status = kinds[ledger_roll(l, 4)];
	const struct letter *m;
	unsigned about;
	int at;

	if (!l->letters_n)
		return;
	about = (unsigned)ledger_roll(l, l->letters_n);
	m = &l->letters[about];
	if (m->about >= 0 || !m->oks || m->in_doubt ||
	    !is_link_there(l, l->parties[m->to].link) ||
	    is_known(l, about, status))
		return;
	at = letter_new(l, m->to, m->from, (int)about);
	if (at < 0)
		return;
	l->letters[at].status = status;
	post_letter(l, (unsigned)at);
	if (ledger_chance(l, 20))
		post_letter(l, (unsigned)at);
}

static void op_composing(struct ledger *l)
{
	unsigned from = (unsigned)ledger_roll(l, PEOPLE_N);
	unsigned to = (unsigned)ledger_roll(l, PEOPLE_N);
	struct letter m = { .id = "typing", .from = from, .to = to,
			    .about = -1 };
	struct intake *in = &l->w.in;
	struct event *ev;
	int ask;

	if (from == to || from == GHOST || !is_link_there(
	    l, l->parties[from].link))
		return;
	ev = in->event_new(in->core, EV_MSG);
	ev->msg = msg_of(l, &m);
	ev->msg->kind = MSG_COMPOSING;
	ev->msg->composing.is_active = true;
	ev->origin = origin_of(l, ev->arena, &l->parties[from],
			       way_of(l, from));
	if (!l->parties[from].link)
		ev->leg = in->leg_new(in->core, PROTO_SIP);
	ledger_trace(l, "composing %s -> %s", l->parties[from].addr,
		     l->parties[to].addr);
	ask = ev->leg ? book_ask(l, ev->leg, -1) : -1;
	if (in->post(in->core, ev) < 0 && ask >= 0)
		l->asks[ask].is_answered = true;
}

static void register_one(struct ledger *l, unsigned who, unsigned device,
			 uint32_t expires_s)
{
	struct party *p = &l->parties[who];
	struct device *d = &p->devices[device];
	struct intake *in = &l->w.in;
	struct event *ev = in->event_new(in->core, EV_REGISTER);
	struct registration *r = arena_zalloc(ev->arena, sizeof(*r));
	int ask;

	r->aor = addr_of(ev->arena, p->addr);
	r->domain = r->aor.domain;
	r->call_id = str_of(d->contact);
	r->cseq = ++d->asked_cseq;
	r->contacts = arena_zalloc(ev->arena, sizeof(*r->contacts));
	r->expires_s = arena_zalloc(ev->arena, sizeof(*r->expires_s));
	r->contacts_n = 1;
	r->contacts[0] = (struct binding){
		.contact = str_of(d->contact), .params = STR(""),
		.path = STR(""), .instance = STR(""), .flow = STR(""),
		.user_agent = STR(""), .q_milli = 1000,
	};
	r->expires_s[0] = expires_s;
	ev->u.registration = r;
	ev->origin = origin_of(l, ev->arena, p, NULL);
	ev->origin->method = STR("REGISTER");
	ev->leg = in->leg_new(in->core, PROTO_SIP);
	ledger_trace(l, "register %s %u for %u s", p->addr, device,
		     (unsigned)expires_s);
	ask = book_ask(l, ev->leg, -1);
	if (ask >= 0) {
		l->asks[ask].party = (int)who;
		l->asks[ask].device = (int)device;
		l->asks[ask].cseq = r->cseq;
		l->asks[ask].is_bind = expires_s > 0;
	}
	if (in->post(in->core, ev) < 0 && ask >= 0)
		l->asks[ask].is_answered = true;
}

static void op_register(struct ledger *l)
{
	static const uint32_t lives[] = { 0, 0, 120, 3600, 3600 };
	unsigned who = (unsigned)ledger_roll(l, USERS_N);

	register_one(l, who, (unsigned)ledger_roll(l, l->parties[who].
		     devices_n), lives[ledger_roll(l, 5)]);
}

/* ---- what the world does -------------------------------------------------- */

static void result(struct ledger *l, struct out *o, const char *words)
{
	struct fake_adapter *f = l->w.fakes[o->proto];

	if (o->state == OUT_PENDING && o->boot == l->boot &&
	    fake_adapter_result(f, o->leg, str_of(words)) < 0)
		ledger_break(l, "the fake gave no result");
}

/* All that is on its way over a link ends with it. */
static void lose_all(struct ledger *l, uint32_t link)
{
	unsigned i;

	for (i = 0; i < l->outs_n; i++)
		if (l->outs[i].link == link)
			result(l, &l->outs[i], "LINK_DOWN");
}

static void op_link(struct ledger *l)
{
	const char *name = ledger_chance(l, 70) ? "prosody" : "backup";
	uint32_t id = config_id_of(str_of(name));
	bool up = ledger_chance(l, 50);

	if (!is_link_there(l, name))
		return;
	ledger_trace(l, "link %s %s", name, up ? "up" : "down");
	fake_adapter_link(l->w.fakes[PROTO_XMPP], id, up ? LINK_UP :
							   LINK_DOWN);
	if (!up)
		lose_all(l, id);
}

static void op_window(struct ledger *l)
{
	const char *name = ledger_chance(l, 70) ? "prosody" : "backup";
	uint32_t n = 1 + (uint32_t)ledger_roll(l, ledger_chance(l, 50) ?
					       3 : 300);

	ledger_trace(l, "window %s %u", name, (unsigned)n);
	fake_adapter_window(l->w.fakes[PROTO_XMPP],
			    config_id_of(str_of(name)), n);
}

static void op_late(struct ledger *l)
{
	static const char *const words[] = { "ok", "ok", "NOT_FOUND",
					     "TIMEOUT" };
	struct out *one = NULL;
	unsigned i, n = 0;

	for (i = 0; i < l->outs_n; i++)
		if (l->outs[i].state == OUT_PENDING &&
		    l->outs[i].is_never && ledger_roll(l, ++n) == 0)
			one = &l->outs[i];	/* one of them, evenly */
	if (one)
		result(l, one, words[ledger_roll(l, 4)]);
}

static void op_store(struct ledger *l)
{
	struct fake_store *fs = l->w.store;
	size_t n = 1 + ledger_roll(l, 4);

	switch (ledger_roll(l, 6)) {
	case 0:
		ledger_trace(l, "store full for %zu", n);
		fake_store_fail(fs, STORE_FULL, n);
		break;
	case 1:
		ledger_trace(l, "store down for %zu", n);
		fake_store_fail(fs, STORE_DOWN, n);
		break;
	case 2:
		ledger_trace(l, "no reads for %zu", n);
		fake_store_fail_reads(fs, n);
		break;
	case 3:
		ledger_trace(l, "store limit");
		fake_store_limit(fs, ledger_chance(l, 50) ? 2 : 0);
		break;
	case 4:
		if (l->has_lies) {
			ledger_trace(l, "%zu answers get lost", n);
			l->lies_n = (unsigned)n;
		}
		break;
	default:
		fake_store_reorder(fs, ledger_chance(l, 50));
		break;
	}
}

static void pass(struct ledger *l, int64_t ms)
{
	ledger_trace(l, "pass %lld ms", (long long)ms);
	if (!l->w.is_store_held)
		l->live_ms += ms;
	world_pass(&l->w, ms);
}

static void jump(struct ledger *l, int64_t ms)
{
	ledger_trace(l, "jump %lld ms", (long long)ms);
	world_jump(&l->w, ms);
}

static void drain_lines(struct ledger *l)
{
	unsigned p;

	for (p = 0; p < PROTOS_N; p++)
		while (world_line(&l->w, (enum proto)p))
			;
}

static void settle(struct ledger *l)
{
	do {
		world_settle(&l->w);
		ledger_release(l, !l->is_stale);
		world_settle(&l->w);
	} while (!l->is_stale && !list_empty(&l->held));
	drain_lines(l);
	book_settled(l);
}

/* No step waits. Facts and commits take seconds at most, or their step is given
   up: minutes in one go would be too much. */
static bool is_quiet(struct ledger *l)
{
	if (l->is_stale || l->w.is_store_held)
		return false;
	settle(l);
	return list_empty(&l->w.core->waits) &&
	       list_empty(&l->w.core->commits);
}

static void op_reload(struct ledger *l)
{
	if (!is_quiet(l))
		return;		/* what waits came over the links of before */
	l->config = (unsigned)ledger_roll(l, CONFIGS_N);
	ledger_trace(l, "reload %u", l->config);
	if (l->config == WITHOUT_PROSODY)
		lose_all(l, config_id_of(STR("prosody")));
	world_reload(&l->w, config_ref(configs[l->config]));
}

static void restart(struct ledger *l)
{
	bool loses = ledger_chance(l, 50);

	ledger_trace(l, "kill -9%s", loses ? ", what was not committed is "
		     "lost" : "");
	l->is_dead = true;
	l->is_stale = false;
	l->w.is_store_held = false;
	l->lies_n = 0;
	fake_store_limit(l->w.store, 0);
	fake_store_fail(l->w.store, STORE_DOWN, loses ? SIZE_MAX : 0);
	ledger_release(l, true);
	while (fake_store_run(l->w.store, 1000))
		;
	fake_store_fail(l->w.store, STORE_DOWN, 0);
	fake_store_fail_reads(l->w.store, 0);
	world_restart(&l->w);
}

static void op_drain(struct ledger *l)
{
	ledger_trace(l, "drain");
	core_drain(l->w.core);
	l->w.is_store_held = false;
	pass(l, 1000 + (int64_t)ledger_roll(l, 5000));
	restart(l);
}

static void op_time(struct ledger *l)
{
	switch (ledger_roll(l, 20)) {
	case 0:
		if (is_quiet(l))
			jump(l, (int64_t)(1 + ledger_roll(l, 90)) * 60000);
		break;
	case 1:
		if (ledger_chance(l, 15) && is_quiet(l))
			jump(l, (int64_t)(1 + ledger_roll(l, 8)) * 24 *
			     HOUR_MS);
		break;
	case 2:
	case 3:
		pass(l, (int64_t)ledger_roll(l, 60000));
		break;
	default:
		pass(l, (int64_t)ledger_roll(l, 3000));
		break;
	}
}

/* ---- a run ---------------------------------------------------------------- */

/* Only some of what could happen now. */
static void stumble(struct ledger *l)
{
	unsigned n = (unsigned)ledger_roll(l, 4);

	while (n-- > 0) {
		if (ledger_chance(l, 50))
			core_turn(l->w.core);
		else if (!l->w.is_store_held)
			fake_store_run(l->w.store, 1 + ledger_roll(l, 3));
	}
}

static void operate(struct ledger *l)
{
	uint64_t n = ledger_roll(l, 100);

	if (n < 34)
		op_message(l);
	else if (n < 37)
		op_burst(l);
	else if (n < 45)
		op_repeat(l);
	else if (n < 54)
		op_report(l);
	else if (n < 57)
		op_composing(l);
	else if (n < 64)
		op_register(l);
	else if (n < 69 && l->has_link_trouble)
		op_link(l);
	else if (n < 71)
		op_window(l);
	else if (n < 74)
		op_late(l);
	else if (n < 79 && l->has_store_trouble)
		op_store(l);
	else if (n < 82 && l->has_holds)
		l->w.is_store_held = !l->w.is_store_held;
	else if (n < 83 && l->has_stale)
		l->is_stale = !l->is_stale;
	else if (n < 84 && l->has_reloads)
		op_reload(l);
	else if (n < 85 && l->has_restarts)
		restart(l);
	else if (n == 85 && l->has_restarts && ledger_chance(l, 30))
		op_drain(l);
	else
		op_time(l);
	if (ledger_chance(l, 75))
		settle(l);
	else
		stumble(l);
}

/* All is well again: the links, the store, everybody is there. */
static void mend(struct ledger *l)
{
	unsigned i, j;

	ledger_trace(l, "all is well again");
	l->fail_pct = l->never_pct = l->delay_pct = 0;
	l->w.is_store_held = l->is_stale = false;
	l->lies_n = 0;
	fake_store_fail(l->w.store, STORE_OK, 0);
	fake_store_fail_reads(l->w.store, 0);
	fake_store_limit(l->w.store, 0);
	fake_store_reorder(l->w.store, false);
	settle(l);
	pass(l, 31000);
	for (i = 0; i < l->outs_n; i++)
		result(l, &l->outs[i], "ok");
	l->config = 0;
	world_reload(&l->w, config_ref(configs[0]));
	fake_adapter_window(l->w.fakes[PROTO_XMPP],
			    config_id_of(STR("prosody")), 1000);
	fake_adapter_window(l->w.fakes[PROTO_XMPP],
			    config_id_of(STR("backup")), 1000);
	fake_adapter_link(l->w.fakes[PROTO_XMPP],
			  config_id_of(STR("prosody")), LINK_UP);
	fake_adapter_link(l->w.fakes[PROTO_XMPP],
			  config_id_of(STR("backup")), LINK_UP);
	settle(l);
	for (i = 0; i < USERS_N; i++)
		for (j = 0; j < l->parties[i].devices_n; j++)
			register_one(l, i, j, 86400);
	settle(l);
}

static void finish(struct ledger *l)
{
	unsigned i;

	mend(l);
	pass(l, 75000);
	for (i = 0; i < 3; i++) {
		jump(l, HOUR_MS + 10 * 60000);
		pass(l, 3000);
	}
	pass(l, 130000);
	settle(l);
	if (!*l->broken)
		book_end(l);
}

static void choose_weather(struct ledger *l)
{
	static const unsigned percents[] = { 0, 5, 20, 60 };

	l->fail_pct = percents[ledger_roll(l, 4)];
	l->never_pct = ledger_chance(l, 30) ? 10 : 0;
	l->delay_pct = percents[ledger_roll(l, 4)];
	l->has_restarts = ledger_chance(l, 35);
	l->has_store_trouble = ledger_chance(l, 40);
	l->has_link_trouble = ledger_chance(l, 60);
	l->has_reloads = ledger_chance(l, 30);
	l->has_holds = ledger_chance(l, 40);
	l->has_stale = ledger_chance(l, 30);
	l->has_lies = ledger_chance(l, 30);
	l->config = ledger_chance(l, 25) ? 4 : 0;
}

static uint64_t running;	/* for whoever ends the process */

static void say_seed(void)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "# LEDGER_SEED=%llu\n",
			 (unsigned long long)running);

	if (n > 0 && write(2, text, (size_t)n) < 0)
		return;
}

static void on_abort(int sig)
{
	say_seed();
	signal(sig, SIG_DFL);
	raise(sig);
}

void __asan_on_error(void);
void __asan_on_error(void)
{
	say_seed();
}

/* False: a rule was broken, why is in l->broken. */
static bool run(struct ledger *l, uint64_t seed, bool is_tracing)
{
	struct world_taps taps = ledger_taps(l);
	unsigned i;

	memset(l, 0, sizeof(*l));
	running = seed;
	l->seed = l->rng = seed;
	l->is_tracing = is_tracing;
	list_init(&l->held);
	choose_weather(l);
	world_start_tapped(&l->w, configs[l->config], &taps);
	l->w.seed ^= seed * 0x9e3779b97f4a7c15u;
	put_people(l);
	for (i = 0; i < 200 && !*l->broken; i++)
		operate(l);
	if (!*l->broken)
		finish(l);
	l->is_dead = true;
	l->is_stale = false;
	ledger_release(l, true);
	world_stop(&l->w);
	return !*l->broken;
}

static uint64_t env_number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

static void test_books_balance(void **state)
{
	struct ledger *l = mem_alloc(sizeof(*l));
	uint64_t one = env_number("LEDGER_SEED", 0);
	uint64_t from = env_number("LEDGER_FROM", 1);
	uint64_t n = env_number("LEDGER_RUNS", getenv("SOAK") ? RUNS_SOAK :
				RUNS);
	uint64_t seed, failed = 0;
	size_t i;

	(void)state;
	load_configs();
	if (one) {
		from = one;
		n = 1;
	}
	for (seed = from; seed < from + n; seed++) {
		if (run(l, seed, one && getenv("LEDGER_TRACE")))
			continue;
		print_message("# LEDGER_SEED=%llu: %s\n",
			      (unsigned long long)seed, l->broken);
		failed++;
	}
	mem_free(l);
	for (i = 0; i < CONFIGS_N; i++)
		config_put(configs[i]);
	assert_int_equal(failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_books_balance),
	};

	signal(SIGABRT, on_abort);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
