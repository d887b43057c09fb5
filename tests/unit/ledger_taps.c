/* tests/unit/ledger_taps.c: between the core and its doors; see ledger.h. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/mem.h"
#include "tests/unit/ledger.h"

uint64_t ledger_roll(struct ledger *l, uint64_t n)
{
	uint64_t v = l->rng += 0x9e3779b97f4a7c15u;	/* splitmix64 */

	v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9u;
	v = (v ^ v >> 27) * 0x94d049bb133111ebu;
	return (v ^ v >> 31) % n;
}

bool ledger_chance(struct ledger *l, unsigned percent)
{
	return ledger_roll(l, 100) < percent;
}

void ledger_trace(struct ledger *l, const char *fmt, ...)
{
	va_list ap;

	if (!l->is_tracing)
		return;
	fprintf(stderr, "%lld.%03lld ", (long long)l->w.now_ms / 1000,
		(long long)l->w.now_ms % 1000);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void ledger_break(struct ledger *l, const char *fmt, ...)
{
	va_list ap;

	if (*l->broken)
		return;
	va_start(ap, fmt);
	vsnprintf(l->broken, sizeof(l->broken), fmt, ap);
	va_end(ap);
	ledger_trace(l, "BROKEN %s", l->broken);
}

/* ---- adapters ------------------------------------------------------------- */

static void tap_answer(void *self, uint64_t leg, const struct action *a)
{
	struct tap *t = self;

	if (!t->l->is_dead)
		book_answered(t->l, leg, a);
	t->real.answer(t->real.self, leg, a);
}

/* What this far side will say, as a rule for the fake. */
static void choose_result(struct ledger *l, const struct target *t,
			  struct out *out, char *text, size_t size)
{
	static const char *const causes[] = {
		"NOT_FOUND", "FORBIDDEN", "TIMEOUT", "UNAVAILABLE",
		"BUSY_HERE", "DECLINED", "NO_BINDING", "SERVER_ERROR",
		"OVERLOAD", "LINK_DOWN", "RESOURCE_CONSTRAINT",
		"REMOTE_TIMEOUT", "TOO_LARGE",
	};
	unsigned at = (unsigned)ledger_roll(l, sizeof(causes) /
					    sizeof(*causes));
	unsigned delay = 0;

	if (ledger_chance(l, l->never_pct)) {
		out->is_never = true;
		snprintf(text, size, "never times=1");
		return;
	}
	if (ledger_chance(l, l->delay_pct))
		delay = 1 + (unsigned)ledger_roll(l, ledger_chance(l, 10) ?
						  30000 : 800);
	if (ledger_chance(l, l->fail_pct))
		snprintf(text, size, "%s text=no delay=%u times=1",
			 causes[at], delay);
	else
		snprintf(text, size, "ok%s%s delay=%u times=1",
			 t->is_plain ? " plain" : "",
			 !t->link && ledger_chance(l, 3) ? " stored" : "",
			 delay);
}

static void send_one(struct tap *t, const struct action *a,
		     const struct target *target)
{
	struct ledger *l = t->l;
	const struct send send = { .targets = target, .targets_n = 1 };
	struct action one = *a;
	char rule[96];
	int at = book_send(l, t->real.proto, a, target);

	one.u.send = &send;
	if (at >= 0) {
		choose_result(l, target, &l->outs[at], rule, sizeof(rule));
		if (fake_adapter_script(t->real.self, str_of(rule)) < 0)
			ledger_break(l, "the fake does not know: %s", rule);
	}
	t->real.send(t->real.self, &one);
}

static void tap_send(void *self, const struct action *a)
{
	struct tap *t = self;
	size_t i;

	t->l->batch++;
	for (i = 0; i < a->u.send->targets_n; i++)
		send_one(t, a, &a->u.send->targets[i]);
}

static uint32_t tap_room(void *self, uint32_t link)
{
	struct tap *t = self;

	return t->real.room(t->real.self, link);
}

static void tap_link_ctl(void *self, uint32_t link, bool is_up)
{
	struct tap *t = self;

	t->real.link_ctl(t->real.self, link, is_up);
}

static void tap_flush(void *self)
{
	struct tap *t = self;

	t->real.flush(t->real.self);
}

static int tap_prepare(void *self, struct config *c, struct errtext *why)
{
	struct tap *t = self;

	return t->real.prepare(t->real.self, c, why);
}

static void tap_commit(void *self)
{
	struct tap *t = self;

	t->real.commit(t->real.self);
}

static void tap_adapter(void *arg, struct adapter *a)
{
	struct ledger *l = arg;
	struct tap *t = &l->taps[a->proto];

	*t = (struct tap){ .l = l, .real = *a };
	a->self = t;
	a->answer = tap_answer;
	a->send = tap_send;
	a->room = tap_room;
	a->link_ctl = tap_link_ctl;
	a->flush = tap_flush;
	a->prepare = tap_prepare;
	a->commit = tap_commit;
}

/* ---- the store ------------------------------------------------------------ */

struct watched {
	struct ledger *l;
	const struct write *w;
	size_t n;
	store_done_h *h;
	void *arg;
	bool is_lie;
};

static void on_committed(void *arg, const struct store_result *r)
{
	struct watched *c = arg;
	struct store_result told = *r;

	if (c->is_lie && r->err == STORE_OK)
		told = (struct store_result){ .err = STORE_DOWN };
	book_commit(c->l, c->w, c->n, r->err, told.err);
	c->h(c->arg, &told);
	mem_free(c);
}

static int tap_store_commit(void *self, const struct write *w, size_t n,
			    bool is_lazy, store_done_h *h, void *arg)
{
	struct ledger *l = self;
	struct watched *c = mem_alloc(sizeof(*c));
	int err;

	*c = (struct watched){ l, w, n, h, arg, l->lies_n > 0 };
	err = l->store.commit(l->store.self, w, n, is_lazy, on_committed, c);
	if (err < 0) {
		mem_free(c);
		return err;
	}
	if (l->lies_n > 0)
		l->lies_n--;
	book_submit(l, w, n);
	return 0;
}

struct reading {
	struct ledger *l;
	store_done_h *h;
	void *arg;
};

/* A read may see the store as it was a while before its answer arrives. */
static void on_read(void *arg, const struct store_result *r)
{
	struct reading c = *(struct reading *)arg;
	struct held_read *held;
	struct str text = r->earlier_answer;

	mem_free(arg);
	if (r->rows && r->rows->todos_n)
		ledger_trace(c.l, "  %zu rows of %.*s", r->rows->todos_n,
			     STR_ARG(r->rows->todos[0].lane));
	if (!c.l->is_stale || ledger_chance(c.l, 50)) {
		c.h(c.arg, r);
		return;
	}
	held = mem_zalloc(sizeof(*held));
	held->h = c.h;
	held->arg = c.arg;
	held->r = *r;
	if (text.n) {
		held->text = mem_alloc(text.n);
		memcpy(held->text, text.p, text.n);
		held->r.earlier_answer.p = held->text;
	}
	list_add(&c.l->held, &held->all);
}

static void release_one(struct held_read *held)
{
	list_del(&held->all);
	held->h(held->arg, &held->r);
	mem_free(held->text);
	mem_free(held);
}

void ledger_release(struct ledger *l, bool all)
{
	struct list_link *it, *tmp;

	list_each(it, tmp, &l->held)
		if (all || ledger_chance(l, 40))
			release_one(list_of(it, struct held_read, all));
}

static struct reading *reading(struct ledger *l, store_done_h *h, void *arg)
{
	struct reading *c = mem_alloc(sizeof(*c));

	*c = (struct reading){ l, h, arg };
	return c;
}

static int tap_read_user(void *self, struct str aor, bool is_folded,
			 store_done_h *h, void *arg)
{
	struct ledger *l = self;
	struct reading *c = reading(l, h, arg);
	int err = l->store.read_user(l->store.self, aor, is_folded, on_read,
				     c);

	if (err < 0)
		mem_free(c);
	return err;
}

static int tap_read_note(void *self, const uint8_t key[32], store_done_h *h,
			 void *arg)
{
	struct ledger *l = self;
	struct reading *c = reading(l, h, arg);
	int err = l->store.read_note(l->store.self, key, on_read, c);

	if (err < 0)
		mem_free(c);
	return err;
}

static int tap_claim(void *self, const struct claim *q, int64_t now_utc_us,
		     store_done_h *h, void *arg)
{
	struct ledger *l = self;
	struct reading *c = reading(l, h, arg);
	int err = l->store.claim(l->store.self, q, now_utc_us, on_read, c);

	if (q->what == CLAIM_LANE)
		ledger_trace(l, "  claim %.*s after %llu", STR_ARG(q->lane),
			     (unsigned long long)q->after_seq);

	if (err < 0)
		mem_free(c);
	return err;
}

static bool tap_account(void *self, struct str line)
{
	struct ledger *l = self;

	return l->store.account(l->store.self, line);
}

static bool tap_is_full(void *self)
{
	struct ledger *l = self;

	return l->store.is_full(l->store.self);
}

static void tap_store(void *arg, struct store *s)
{
	struct ledger *l = arg;

	l->store = *s;
	*s = (struct store){
		.self = l, .commit = tap_store_commit,
		.read_user = tap_read_user, .read_note = tap_read_note,
		.claim = tap_claim, .account = tap_account,
		.is_full = tap_is_full,
	};
}

/* ---- the intake ----------------------------------------------------------- */

static struct ledger *current;	/* the port hands over the core alone */

static int tap_post(void *core, struct event *ev)
{
	if (ev->kind == EV_SENT)
		book_result(current, ev);
	return current->intake.post(core, ev);
}

static void tap_intake(void *arg, struct intake *in)
{
	struct ledger *l = arg;

	current = l;
	l->intake = *in;
	in->post = tap_post;
	book_boot(l);
}

struct world_taps ledger_taps(struct ledger *l)
{
	return (struct world_taps){ .arg = l, .adapter = tap_adapter,
				    .store = tap_store,
				    .intake = tap_intake };
}
