/* core/flow/act.c: the only place where core's wishes reach a door. */
#include "core/base/mem.h"
#include "core/codec/datetime.h"
#include "core/flow/core_priv.h"

static struct adapter *door(struct core *core, enum proto p)
{
	return core->adapters[p].proto == p && p != PROTO_NONE ?
	       &core->adapters[p] : NULL;
}

/* A send nobody can carry out still has its one result. */
static void post_sent(struct core *core, uint64_t leg, uint32_t tag,
		      enum cause cause)
{
	struct event *ev = ev_make(core, EV_SENT);

	ev->leg = leg;
	ev->tag = tag;
	ev->cause = cause;
	ev->u.sent = arena_zalloc(ev->arena, sizeof(*ev->u.sent));
	intake_push(core, ev);
}

/* Results find the object by their legs. Who wants none is not told: then
   nobody would take the entry away again. */
static void own_legs(struct core *core, const struct send *s, uint64_t obj)
{
	struct leg_owner *l;
	size_t i;

	for (i = 0; i < s->targets_n; i++) {
		l = mem_alloc(sizeof(*l));
		*l = (struct leg_owner){ s->targets[i].leg, obj };
		map_set_u64(core->legs, l->leg, l);
	}
}

void act_send(struct core *core, const struct action *it, uint64_t obj)
{
	const struct send *s = it->u.send;
	struct adapter *a;
	size_t i;

	if (s->targets_n == 0)
		return;
	if (it->wants_result)
		own_legs(core, s, obj);
	a = door(core, leg_proto(s->targets[0].leg));
	if (a) {
		a->send(a->self, it);
		return;
	}
	for (i = 0; i < s->targets_n; i++)
		post_sent(core, s->targets[i].leg, it->tag, CAUSE_LINK_DOWN);
}

static void act_answer(struct core *core, const struct action *it)
{
	struct adapter *a = door(core, leg_proto(it->leg));

	if (a && a->answer)
		a->answer(a->self, it->leg, it);
}

struct claim_wait {
	struct core *core;
	uint64_t obj;
	uint32_t tag;
};

static void on_rows(void *arg, const struct store_result *r)
{
	struct claim_wait *w = arg;
	struct event *ev = ev_make(w->core, EV_ROWS);

	ev->obj = w->obj;
	ev->tag = w->tag;
	ev->u.rows = r->rows;
	if (r->err != STORE_OK)
		ev->cause = CAUSE_STORE_DOWN;
	intake_push(w->core, ev);
	mem_free(w);
}

static void act_claim(struct core *core, const struct action *it, uint64_t obj)
{
	struct claim_wait *w = mem_zalloc(sizeof(*w));

	*w = (struct claim_wait){ core, obj, it->tag };
	if (core->store.claim(core->store.self, it->u.claim,
			      it->u.claim->until_utc_us ?
			      it->u.claim->until_utc_us :
			      core->loop.utc_us(core->loop.self), on_rows,
			      w) < 0) {
		const struct store_result down = { .err = STORE_DOWN };

		on_rows(w, &down);
	}
}

/* time event=.. trace=.. from=.. to=.. in=.. out=.. link=.. id=.. cause=..
   bytes=..  (values escaped as in log lines) */
static void put_key(struct buf *b, const char *key)
{
	buf_put_char(b, ' ');
	buf_put_str(b, str_of(key));
	buf_put_char(b, '=');
}

static void put_pair(struct buf *b, const char *key, struct str value)
{
	char escaped[1100];
	size_t n;

	if (str_empty(value))
		return;
	n = log_escape(value, escaped, sizeof(escaped));
	put_key(b, key);
	buf_put_char(b, '"');
	buf_put(b, escaped, n);
	buf_put_char(b, '"');
}

static void put_word(struct buf *b, const char *key, const char *word)
{
	put_key(b, key);
	buf_put_str(b, str_of(word));
}

static void count_hits(struct core *core, const struct account *r)
{
	size_t i;

	for (i = 0; i < r->hits_n; i++)
		if (r->hits[i] < core->route_hits_n)
			core->route_hits[r->hits[i]]++;
}

static void act_account(struct core *core, const struct account *r)
{
	char hex[TRACE_HEX_N + 1], stamp[DATETIME_MAX];
	struct buf b;

	count_hits(core, r);
	count_account(core, r, core->loop.utc_us(core->loop.self));
	buf_init(&b, 8192);
	buf_put_str(&b, datetime_put_ms(core->loop.utc_us(core->loop.self),
					stamp));
	put_word(&b, "event", r->event);
	put_word(&b, "trace", trace_hex(r->trace, hex).p);
	put_pair(&b, "from", r->from);
	put_pair(&b, "to", r->to);
	if (r->in != PROTO_NONE)
		put_word(&b, "in", proto_name(r->in));
	if (r->out != PROTO_NONE)
		put_word(&b, "out", proto_name(r->out));
	put_pair(&b, "link", r->link);
	put_pair(&b, "id", r->id);
	put_pair(&b, "about", r->about);
	if (r->cause != CAUSE_NONE)
		put_word(&b, "cause", cause_name(r->cause));
	put_key(&b, "bytes");
	buf_put_u64(&b, r->bytes);
	if (!b.err)
		core->store.account(core->store.self, buf_str(&b));
	buf_free(&b);
	log_info(&core->log, r->event, F_TRACE(r->trace),
		 F_ADDR("from", r->from), F_ADDR("to", r->to),
		 F_TEXT("in", proto_name(r->in)),
		 F_TEXT("out", proto_name(r->out)), F_STR("link", r->link),
		 F_STR("id", r->id), F_TEXT("cause", cause_name(r->cause)),
		 F_N("bytes", r->bytes));
}

static void act_tell(struct core *core, const struct action *it)
{
	struct event *ev = ev_make(core, EV_SENT);
	struct sent *s = arena_zalloc(ev->arena, sizeof(*s));

	if (it->u.sent) {
		*s = *it->u.sent;
		s->text = arena_dup(ev->arena, s->text);
		s->address = arena_dup(ev->arena, s->address);
	}
	ev->obj = it->obj;
	ev->tag = it->tag;
	ev->cause = it->cause;
	ev->u.sent = s;
	intake_push_first(core, ev);
}

/* After the commit: the lane's queue hears of the new row, with the message in
   hand, so that it need not be read again. */
static void act_kept(struct core *core, const struct action *it)
{
	struct event *ev = ev_make(core, EV_KEPT);
	struct keep *k = arena_zalloc(ev->arena, sizeof(*k));

	*k = *it->u.keep;
	k->todo.lane = arena_dup(ev->arena, k->todo.lane);
	k->todo.recipient = arena_dup(ev->arena, k->todo.recipient);
	k->todo.via = arena_dup(ev->arena, k->todo.via);
	k->todo.msg = NULL;	/* ev->msg holds it */
	ev->msg = msg_ref(it->msg);
	ev->trace = k->todo.trace;
	ev->u.keep = k;
	intake_push(core, ev);
}

static struct due due_dup(struct arena *a, const struct due *d)
{
	struct due copy = *d;
	size_t i;

	copy.to = addr_dup(a, &d->to);
	copy.from = addr_dup(a, &d->from);
	copy.thread = arena_dup(a, d->thread);
	copy.report.msg_id = arena_dup(a, d->report.msg_id);
	copy.report.text = arena_dup(a, d->report.text);
	copy.report.address = arena_dup(a, d->report.address);
	copy.routes = arena_array(a, d->routes_n, sizeof(*d->routes));
	if (!copy.routes)
		copy.routes_n = 0;
	for (i = 0; i < copy.routes_n; i++)
		copy.routes[i] = arena_dup(a, d->routes[i]);
	return copy;
}

/* After the commit: the report is made now, from the row in hand. */
static void act_due(struct core *core, const struct action *it)
{
	struct event *ev = ev_make(core, EV_ROWS);
	struct rows *rows = arena_zalloc(ev->arena, sizeof(*rows));

	rows->arena = arena_new(EVENT_ARENA_BYTES);
	rows->dues = arena_zalloc(rows->arena, sizeof(*rows->dues));
	rows->dues[0] = due_dup(rows->arena, it->u.due);
	rows->dues_n = 1;
	/* rows_free() frees the struct with its arena, so it lies there. */
	ev->u.rows = arena_alloc(rows->arena, sizeof(*rows));
	*ev->u.rows = *rows;
	ev->trace = it->u.due->trace;
	intake_push(core, ev);
}

static void act_changed(struct core *core, const struct action *it)
{
	struct event *ev = ev_make(core, EV_CHANGED);
	struct changed *c = arena_zalloc(ev->arena, sizeof(*c));

	*c = *it->u.changed;
	c->aor = arena_dup(ev->arena, c->aor);
	ev->u.changed = c;
	intake_push(core, ev);
}

static void act_link_ctl(struct core *core, const struct link_ctl *l)
{
	const struct link_conf *conf = config_link(core->config, l->link);
	struct adapter *a = conf ? door(core, conf->proto) : NULL;

	if (a && a->link_ctl)
		a->link_ctl(a->self, l->link, l->is_up);
}

static void act_presence(struct core *core, const struct action *it)
{
	const struct link_conf *conf = config_link(core->config,
						   it->u.presence->link);
	struct adapter *a = conf ? door(core, conf->proto) : NULL;

	if (a && a->presence)
		a->presence(a->self, it);
}

static void act_timer(struct core *core, const struct action *it,
		      struct object *o)
{
	if (o)
		timers_set(core, o, it->tag, it->at_ms);
}

static void act_remember(struct core *core, const struct action *it,
			 uint64_t obj)
{
	int64_t now = core->loop.now_ms(core->loop.self);

	window_put(core->window, it->u.remember, obj, now,
		   now + core->config->dedup_life_ms_memory);
}

static void act_one(struct core *core, const struct action *it, uint64_t obj)
{
	switch (it->kind) {
	case ACT_ANSWER:
		act_answer(core, it);
		break;
	case ACT_SEND:
		act_send(core, it, obj);
		break;
	case ACT_TIMER:
		act_timer(core, it, object_find(core, obj));
		break;
	case ACT_CLAIM:
		act_claim(core, it, obj);
		break;
	case ACT_ACCOUNT:
		act_account(core, it->u.account);
		break;
	case ACT_PRESENCE:
		act_presence(core, it);
		break;
	case ACT_LINK_CTL:
		act_link_ctl(core, it->u.link_ctl);
		break;
	case ACT_TELL:
		act_tell(core, it);
		break;
	case ACT_SPEND:
		rates_spend(core->rates, it->u.spend,
			    core->loop.now_ms(core->loop.self) * 1000);
		break;
	case ACT_REMEMBER:
		act_remember(core, it, obj);
		break;
	case ACT_KEEP:
		act_kept(core, it);
		break;
	case ACT_REPORT:
		act_due(core, it);
		break;
	case ACT_CHANGED:
		act_changed(core, it);
		break;
	case ACT_HINT:
		flow_poke(core, it->u.hint);
		break;
	case ACT_END:
		if (object_find(core, obj))
			object_free(core, object_find(core, obj));
		break;
	case ACT_LEG_OPEN:	/* sessions bring these to life */
	case ACT_LEG_ACCEPT:
	case ACT_LEG_UPDATE:
	case ACT_LEG_CLOSE:
	case ACT_PIPE:
	case ACT_NOTIFY:
	case ACT_WORK:
	case ACT_RECORD:
	case ACT_KINDS_N:
		log_error(&core->log, "action_unserved",
			  F_TEXT("kind", act_kind_name(it->kind)));
		break;
	}
}

/* Timers, outcomes told to a waiting object and what is remembered never wait
   for the disk. */
static bool is_before(const struct action *it)
{
	return it->before_commit || it->kind == ACT_TIMER ||
	       it->kind == ACT_TELL || it->kind == ACT_SPEND ||
	       it->kind == ACT_REMEMBER;
}

void act_now(struct core *core, struct acts *a, uint64_t obj, bool only_before,
	     bool skip_before)
{
	size_t i;

	for (i = 0; i < a->list_n; i++) {
		bool before = is_before(&a->list[i]);

		if ((only_before && !before) || (skip_before && before))
			continue;
		act_one(core, &a->list[i], obj);
	}
}

void act_flush(struct core *core)
{
	unsigned p;

	for (p = 0; p < PROTOS_N; p++)
		if (core->adapters[p].proto != PROTO_NONE &&
		    core->adapters[p].flush)
			core->adapters[p].flush(core->adapters[p].self);
}
