/* tests/fake/fake_adapter.c: see fake_adapter.h. */
#include "tests/fake/fake_adapter.h"

#include <stdio.h>
#include <string.h>

#include "core/base/list.h"
#include "core/base/mem.h"

#define LINE_MAX_BYTES (1u << 20)
#define LEGS_MAX 65536u
#define LINKS_MAX 32u
#define WINDOW_DEFAULT 1000u

struct verdict {
	bool is_never;
	enum cause cause;
	int64_t delay_ms;
	bool is_stored_there, was_plain;
	char *text, *address;		/* or NULL */
};

struct rule {
	struct list_link all;
	char *key;			/* "to", "contact", "link" or NULL */
	char *value;
	struct verdict v;
	unsigned times;			/* 0: for ever */
};

struct line {
	struct list_link all;
	char text[];
};

struct wait {
	struct list_link all;
	uint64_t leg;
	uint32_t tag, link;
	struct trace_id trace;
	bool wants_result;
	int64_t due_ms;			/* 0: by hand only */
	struct verdict v;
};

struct link {
	uint32_t id, window, under_way;
	enum link_state state;
	bool was_full;
};

struct fake_adapter {
	enum proto proto;
	struct intake intake;
	struct list_link lines, rules, waits;
	char *taken;
	uint64_t *legs;
	unsigned legs_n;
	struct link links[LINKS_MAX];
	unsigned links_n;
	int64_t now_ms;
	struct config *conf, *next;
	const char *refusal;
	bool is_draining;
	size_t waiting_n;
};

/* ---- text ------------------------------------------------------------- */

static char *dup_str(struct str s)
{
	char *p = mem_alloc(s.n + 1);

	memcpy(p, s.p ? s.p : "", s.n);
	p[s.n] = 0;
	return p;
}

static void put_char(struct buf *b, char c)
{
	switch (c) {
	case '"':
	case '\\':
		buf_printf(b, "\\%c", c);
		break;
	case '\n':
		buf_printf(b, "\\n");
		break;
	case '\r':
		buf_printf(b, "\\r");
		break;
	case '\t':
		buf_printf(b, "\\t");
		break;
	default:
		if (ch_is_ctl((unsigned char)c))
			buf_printf(b, "\\x%02x", (unsigned char)c);
		else
			buf_put_char(b, c);
	}
}

static void put_quoted(struct buf *b, struct str s)
{
	size_t i;

	buf_put_char(b, '"');
	for (i = 0; i < s.n; i++)
		put_char(b, s.p[i]);
	buf_put_char(b, '"');
}

static bool needs_quotes(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] == ' ' || s.p[i] == '"' || s.p[i] == '\\' ||
		    ch_is_ctl((unsigned char)s.p[i]))
			return true;
	return false;
}

/* " key=value", nothing for an empty value. */
static void put(struct buf *b, const char *key, struct str value)
{
	if (!value.n)
		return;
	buf_printf(b, " %s=", key);
	if (needs_quotes(value))
		put_quoted(b, value);
	else
		buf_put_str(b, value);
}

static void put_n(struct buf *b, const char *key, int64_t n)
{
	if (n)
		buf_printf(b, " %s=%lld", key, (long long)n);
}

static void put_flag(struct buf *b, const char *word, bool on)
{
	if (on)
		buf_printf(b, " %s", word);
}

static void add_line(struct fake_adapter *f, struct buf *b)
{
	struct line *l = mem_alloc(sizeof(*l) + b->n + 1);

	memcpy(l->text, b->p, b->n);
	l->text[b->n] = 0;
	list_add(&f->lines, &l->all);
	buf_free(b);
}

static void open_line(struct fake_adapter *f, struct buf *b, const char *verb)
{
	buf_init(b, LINE_MAX_BYTES);
	buf_printf(b, "%s %s", proto_name(f->proto), verb);
}

static void put_link(struct fake_adapter *f, struct buf *b, uint32_t id)
{
	const struct link_conf *k =
		f->conf ? config_link(f->conf, id) : NULL;

	if (k)
		put(b, "link", k->name);
	else
		put_n(b, "link", id);
}

/* ---- legs and links --------------------------------------------------- */

unsigned fake_adapter_number(struct fake_adapter *f, uint64_t leg)
{
	unsigned i;

	for (i = 0; i < f->legs_n; i++)
		if (f->legs[i] == leg)
			return i + 1;
	if (f->legs_n == LEGS_MAX)
		return 0;
	f->legs[f->legs_n++] = leg;
	return f->legs_n;
}

uint64_t fake_adapter_leg(const struct fake_adapter *f, unsigned number)
{
	return number && number <= f->legs_n ? f->legs[number - 1] : 0;
}

static struct link *link_of(struct fake_adapter *f, uint32_t id)
{
	unsigned i;

	for (i = 0; i < f->links_n; i++)
		if (f->links[i].id == id)
			return &f->links[i];
	if (f->links_n == LINKS_MAX)
		return &f->links[0];
	f->links[f->links_n] = (struct link){ .id = id, .state = LINK_UP,
					      .window = WINDOW_DEFAULT };
	return &f->links[f->links_n++];
}

static uint32_t room_of(const struct fake_adapter *f, const struct link *l)
{
	if (f->is_draining || l->state != LINK_UP ||
	    l->under_way >= l->window)
		return 0;
	return l->window - l->under_way;
}

static void tell_link(struct fake_adapter *f, struct link *l)
{
	const struct link_conf *k =
		f->conf ? config_link(f->conf, l->id) : NULL;
	struct event *ev;
	struct link_change *c;

	if (!l->id)
		return;
	ev = f->intake.event_new(f->intake.core, EV_LINK);
	c = arena_zalloc(ev->arena, sizeof(*c));
	c->link = l->id;
	c->name = arena_dup(ev->arena, k ? k->name : STR(""));
	c->state = l->state;
	c->room = room_of(f, l);
	c->text = STR("");
	ev->u.link = c;
	f->intake.post(f->intake.core, ev);
}

void fake_adapter_window(struct fake_adapter *f, uint32_t link, uint32_t n)
{
	link_of(f, link)->window = n;
}

void fake_adapter_link(struct fake_adapter *f, uint32_t link,
		       enum link_state state)
{
	struct link *l = link_of(f, link);

	l->state = state;
	tell_link(f, l);
}

/* ---- results ---------------------------------------------------------- */

static void verdict_free(struct verdict *v)
{
	mem_free(v->text);
	mem_free(v->address);
	v->text = v->address = NULL;
}

static void post_sent(struct fake_adapter *f, const struct wait *w,
		      const struct verdict *v)
{
	struct event *ev;
	struct sent *s;

	if (!w->wants_result && v->cause == CAUSE_NONE)
		return;
	ev = f->intake.event_new(f->intake.core, EV_SENT);
	s = arena_zalloc(ev->arena, sizeof(*s));
	ev->leg = w->leg;
	ev->tag = w->tag;
	ev->trace = w->trace;
	ev->cause = v->cause;
	s->text = arena_dup(ev->arena, str_of(v->text));
	s->address = arena_dup(ev->arena, str_of(v->address));
	s->is_stored_there = v->is_stored_there;
	s->was_plain = v->was_plain;
	ev->u.sent = s;
	f->intake.post(f->intake.core, ev);
}

static void give(struct fake_adapter *f, struct wait *w,
		 const struct verdict *v)
{
	struct link *l = link_of(f, w->link);

	post_sent(f, w, v);
	list_del(&w->all);
	f->waiting_n--;
	verdict_free(&w->v);
	mem_free(w);
	l->under_way--;
	if (l->was_full && room_of(f, l)) {
		l->was_full = false;
		tell_link(f, l);
	}
}

void fake_adapter_time(struct fake_adapter *f, int64_t now_ms)
{
	struct list_link *it, *tmp;

	f->now_ms = now_ms;
	list_each(it, tmp, &f->waits) {
		struct wait *w = list_of(it, struct wait, all);
		struct verdict v = w->v;

		if (!w->due_ms || w->due_ms > now_ms)
			continue;
		w->v.text = w->v.address = NULL;
		give(f, w, &v);
		verdict_free(&v);
	}
}

int64_t fake_adapter_due(const struct fake_adapter *f)
{
	struct list_link *it, *tmp;
	int64_t due = 0;

	list_each(it, tmp, &f->waits) {
		struct wait *w = list_of(it, struct wait, all);

		if (w->due_ms && (!due || w->due_ms < due))
			due = w->due_ms;
	}
	return due;
}

size_t fake_adapter_waiting(const struct fake_adapter *f)
{
	return f->waiting_n;
}

/* ---- rules ------------------------------------------------------------ */

/* One blank-separated word; quotes hold blanks together and are taken off,
   with their escapes, into buf. */
static bool next_word(struct str *rest, struct buf *b)
{
	bool in_quotes = false;
	size_t i = 0;

	buf_clear(b);
	while (i < rest->n && rest->p[i] == ' ')
		i++;
	if (i == rest->n)
		return false;
	for (; i < rest->n && (in_quotes || rest->p[i] != ' '); i++) {
		if (rest->p[i] == '"') {
			in_quotes = !in_quotes;
		} else if (rest->p[i] == '\\' && i + 1 < rest->n) {
			char c = rest->p[++i];

			buf_put_char(b, c == 'n' ? '\n' : c == 'r' ? '\r' :
						 c == 't' ? '\t' : c);
		} else {
			buf_put_char(b, rest->p[i]);
		}
	}
	*rest = str_from(*rest, i);
	return true;
}

static bool read_number(struct str s, int64_t *out)
{
	uint64_t n;

	if (!str_u64(s, &n) || n > INT64_MAX)
		return false;
	*out = (int64_t)n;
	return true;
}

static bool read_pair(struct str key, struct str value, struct rule *r)
{
	int64_t n;

	if (str_eq(key, STR("delay")))
		return read_number(value, &r->v.delay_ms);
	if (str_eq(key, STR("times"))) {
		if (!read_number(value, &n) || n < 1 || n > 1000000)
			return false;
		r->times = (unsigned)n;
		return true;
	}
	if (str_eq(key, STR("text")) && !r->v.text) {
		r->v.text = dup_str(value);
		return true;
	}
	if (str_eq(key, STR("address")) && !r->v.address) {
		r->v.address = dup_str(value);
		return true;
	}
	if (r->key || (!str_eq(key, STR("to")) &&
		       !str_eq(key, STR("contact")) &&
		       !str_eq(key, STR("link"))))
		return false;
	r->key = dup_str(key);
	r->value = dup_str(value);
	return true;
}

static bool read_flag(struct str word, struct rule *r)
{
	if (str_eq(word, STR("ok")))
		r->v.cause = CAUSE_NONE;
	else if (str_eq(word, STR("never")))
		r->v.is_never = true;
	else if (str_eq(word, STR("stored")))
		r->v.is_stored_there = true;
	else if (str_eq(word, STR("plain")))
		r->v.was_plain = true;
	else if (cause_by_name(word) != CAUSE_UNDEFINED ||
		 str_eq(word, STR("UNDEFINED")))
		r->v.cause = cause_by_name(word);
	else
		return false;
	return true;
}

static int read_rule(struct str line, struct rule *r)
{
	struct buf b;
	bool ok = true;

	buf_init(&b, 65536);
	while (ok && next_word(&line, &b)) {
		struct str w = buf_str(&b);
		size_t at = str_find(w, '=');

		if (at < w.n)
			ok = read_pair(str_sub(w, 0, at),
				       str_from(w, at + 1), r);
		else
			ok = read_flag(w, r);
	}
	ok = ok && !b.err;
	buf_free(&b);
	return ok ? 0 : ERR_SYNTAX;
}

static void rule_free(struct rule *r)
{
	list_del(&r->all);
	verdict_free(&r->v);
	mem_free(r->key);
	mem_free(r->value);
	mem_free(r);
}

int fake_adapter_script(struct fake_adapter *f, struct str line)
{
	struct rule *r = mem_zalloc(sizeof(*r));
	int rc = read_rule(line, r);

	list_add_first(&f->rules, &r->all);
	if (rc < 0)
		rule_free(r);
	return rc;
}

static bool fits(struct fake_adapter *f, const struct rule *r,
		 const struct target *t)
{
	const struct link_conf *k;
	struct str want = str_of(r->value);

	if (!r->key)
		return true;
	if (strcmp(r->key, "to") == 0)
		return str_eq(want, t->to.text);
	if (strcmp(r->key, "contact") == 0)
		return t->binding && str_eq(want, t->binding->contact);
	k = f->conf ? config_link(f->conf, t->link) : NULL;
	return k && str_eq(want, k->name);
}

static void judge(struct fake_adapter *f, const struct target *t,
		  struct verdict *out)
{
	struct list_link *it, *tmp;

	memset(out, 0, sizeof(*out));
	list_each(it, tmp, &f->rules) {
		struct rule *r = list_of(it, struct rule, all);

		if (!fits(f, r, t))
			continue;
		*out = r->v;
		out->text = r->v.text ? dup_str(str_of(r->v.text)) : NULL;
		out->address =
			r->v.address ? dup_str(str_of(r->v.address)) : NULL;
		if (r->times && --r->times == 0)
			rule_free(r);
		return;
	}
}

int fake_adapter_result(struct fake_adapter *f, uint64_t leg,
			struct str words)
{
	struct list_link *it, *tmp;
	struct rule r;
	int rc = ERR_GONE;

	memset(&r, 0, sizeof(r));
	if (read_rule(words, &r) < 0)
		rc = ERR_SYNTAX;
	list_each(it, tmp, &f->waits) {
		struct wait *w = list_of(it, struct wait, all);

		if (w->leg != leg || rc == ERR_SYNTAX)
			continue;
		give(f, w, &r.v);
		rc = 0;
		break;
	}
	verdict_free(&r.v);
	mem_free(r.key);
	mem_free(r.value);
	return rc;
}

/* ---- what core asks --------------------------------------------------- */

static void put_wants(struct buf *b, unsigned wants)
{
	static const char *const names[] = { "delivered", "failed",
					     "processing", "displayed" };
	const char *mark = " wants=";
	unsigned i;

	for (i = 0; i < 4; i++) {
		if (!(wants & 1u << i))
			continue;
		buf_printf(b, "%s%s", mark, names[i]);
		mark = ",";
	}
}

static void put_report(struct buf *b, const struct msg *m)
{
	const struct report *r = &m->report;
	size_t i;

	put(b, "report", str_of(report_status_name(r->status)));
	put(b, "about", r->msg_id);
	if (r->cause != CAUSE_NONE)
		put(b, "cause", str_of(cause_name(r->cause)));
	put(b, "text", r->text);
	put(b, "address", r->address);
	for (i = 0; i < m->routes_n; i++)
		put(b, "route", m->routes[i]);
}

static void put_msg(struct buf *b, const struct msg *m)
{
	static const char *const priorities[] = { "", "low", "urgent",
						  "emergency" };

	put_flag(b, "cpim", m->was_cpim);
	put_flag(b, "own-id=no", !m->has_own_id);
	put(b, "id", m->id);
	if (m->kind == MSG_CONTENT &&
	    !str_eq(m->content_type, STR("text/plain")))
		put(b, "type", m->content_type);
	put(b, "subject", m->subject);
	put(b, "lang", m->lang);
	put(b, "thread", m->thread);
	put(b, "priority", str_of(priorities[m->priority]));
	put_wants(b, m->wants);
	put_n(b, "hops", m->hops_left);
	put_flag(b, "private", m->is_private);
	put_flag(b, "no-store", m->no_store);
	if (m->is_stamped)
		put_n(b, "sent", m->sent_utc_us);
	put_n(b, "expires", m->expires_utc_us);
	if (m->kind == MSG_REPORT)
		put_report(b, m);
	if (m->kind == MSG_COMPOSING)
		put(b, "composing",
		    m->composing.is_gone   ? STR("gone") :
		    m->composing.is_active ? STR("active") :
					     STR("idle"));
	if (m->kind == MSG_CONTENT && m->body.kind == BODY_INLINE) {
		buf_printf(b, " body=");
		put_quoted(b, m->body.bytes);
	}
}

static void line_send(struct fake_adapter *f, const struct target *t,
		      const struct msg *m)
{
	struct buf b;

	open_line(f, &b, "send");
	buf_printf(&b, " leg=%u", fake_adapter_number(f, t->leg));
	put_link(f, &b, t->link);
	put(&b, "from", t->from.text);
	put(&b, "to", t->to.text);
	put(&b, "contact", t->binding ? t->binding->contact : STR(""));
	put(&b, "display", t->from.display);
	put(&b, "instance", t->to.instance);
	if (t->is_trusted)
		put(&b, "asserted", t->asserted);
	put_flag(&b, "plain", t->is_plain);
	put_msg(&b, m);
	add_line(f, &b);
}

static void send_one(struct fake_adapter *f, const struct action *a,
		     const struct target *t)
{
	struct link *l = link_of(f, t->link);
	struct wait *w = mem_zalloc(sizeof(*w));

	w->leg = t->leg;
	w->tag = a->tag;
	w->link = t->link;
	w->trace = a->msg->trace;
	w->wants_result = a->wants_result;
	l->under_way++;
	list_add(&f->waits, &w->all);
	f->waiting_n++;
	if (f->is_draining || l->state != LINK_UP) {
		w->v.cause = CAUSE_LINK_DOWN;
	} else if (!t->link && !t->binding && f->proto == PROTO_SIP) {
		w->v.cause = CAUSE_LEG_GONE;
	} else if (l->under_way > l->window) {
		l->was_full = true;
		w->v.cause = CAUSE_OVERLOAD;
	} else {
		line_send(f, t, a->msg);
		judge(f, t, &w->v);
	}
	if (!w->v.is_never)
		w->due_ms = f->now_ms + w->v.delay_ms;
	if (!w->v.is_never && !w->v.delay_ms) {
		struct verdict v = w->v;

		w->v.text = w->v.address = NULL;
		give(f, w, &v);
		verdict_free(&v);
	}
}

static void port_send(void *self, const struct action *a)
{
	size_t i;

	for (i = 0; i < a->u.send->targets_n; i++)
		send_one(self, a, &a->u.send->targets[i]);
}

static void port_answer(void *self, uint64_t leg, const struct action *a)
{
	static const char *const kinds[] = { "ok", "stored", "refused" };
	struct fake_adapter *f = self;
	const struct answer *an = a->u.answer;
	struct buf b;
	size_t i;

	open_line(f, &b, "answer");
	buf_printf(&b, " leg=%u", fake_adapter_number(f, leg));
	if (an)
		put_flag(&b, kinds[an->kind], true);
	else
		put_flag(&b, a->cause == CAUSE_NONE ? "ok" : "refused", true);
	if (a->cause != CAUSE_NONE)
		put(&b, "cause", str_of(cause_name(a->cause)));
	if (an) {
		put(&b, "text", an->text);
		put(&b, "address", an->address);
		put(&b, "realm", an->realm);
		put_flag(&b, "stale", an->is_stale);
		put_n(&b, "retry", an->retry_after_s);
		put_n(&b, "min-expires", an->min_expires_s);
		if (an->require)
			put(&b, "require", str_of(an->require));
		put_flag(&b, "outbound", an->is_outbound);
		for (i = 0; i < an->bindings_n; i++) {
			put(&b, "binding", an->bindings[i].contact);
			if (!an->gruus)
				continue;
			put(&b, "pub-gruu", an->gruus[i].pub);
			put(&b, "temp-gruu", an->gruus[i].temp);
		}
		put(&b, "json", an->json);
		for (i = 0; an->profile && i < PROFILE_FIELDS_N; i++)
			put(&b, profile_field_name((enum profile_field)i),
			    an->profile->v[i]);
		put_n(&b, "contact", an->contact);
		put_n(&b, "contact-before", an->contact_before);
		if (f->proto == PROTO_XMPP)
			put(&b, "identity", an->identity.text);
	}
	add_line(f, &b);
}

static uint32_t port_room(void *self, uint32_t link)
{
	struct fake_adapter *f = self;
	struct link *l = link_of(f, link);

	if (!room_of(f, l))
		l->was_full = true;
	return room_of(f, l);
}

static void port_presence(void *self, const struct action *a)
{
	struct fake_adapter *f = self;
	struct buf b;

	open_line(f, &b, "presence");
	put(&b, "to", a->u.presence->to.text);
	add_line(f, &b);
}

static void port_link_ctl(void *self, uint32_t link, bool is_up)
{
	struct fake_adapter *f = self;
	struct buf b;

	open_line(f, &b, "link_ctl");
	put_link(f, &b, link);
	put_flag(&b, is_up ? "up" : "down", true);
	add_line(f, &b);
	fake_adapter_link(f, link, is_up ? LINK_UP : LINK_OFF);
}

static void port_flush(void *self)
{
	(void)self;
}

static void say(struct fake_adapter *f, const char *verb)
{
	struct buf b;

	open_line(f, &b, verb);
	add_line(f, &b);
}

static int port_prepare(void *self, struct config *c, struct errtext *why)
{
	struct fake_adapter *f = self;

	say(f, "prepare");
	if (f->refusal)
		return errtext_set(why, ERR_DECLINED, "%s", f->refusal);
	config_put(f->next);
	f->next = config_ref(c);
	return 0;
}

/* Links of this protocol come up at once; those that are gone drain. */
static void port_commit(void *self)
{
	struct fake_adapter *f = self;
	size_t i;

	say(f, "commit");
	config_put(f->conf);
	f->conf = f->next;
	f->next = NULL;
	for (i = 0; f->conf && i < f->conf->links_n; i++)
		if (f->conf->links[i].proto == f->proto)
			fake_adapter_link(f, f->conf->links[i].id, LINK_UP);
}

static void port_abort(void *self)
{
	struct fake_adapter *f = self;

	say(f, "abort");
	config_put(f->next);
	f->next = NULL;
}

/* The fake waits for nothing: what is outstanding ends at the given time. */
static void port_drain(void *self, uint32_t link, int64_t until_ms)
{
	struct fake_adapter *f = self;
	struct list_link *it, *tmp;
	struct buf b;

	open_line(f, &b, "drain");
	put_link(f, &b, link);
	put_n(&b, "until", until_ms);
	add_line(f, &b);
	if (link)
		fake_adapter_link(f, link, LINK_DRAINING);
	else
		f->is_draining = true;
	list_each(it, tmp, &f->waits) {
		struct wait *w = list_of(it, struct wait, all);

		if (link && w->link != link)
			continue;
		if (w->due_ms && w->due_ms <= until_ms)
			continue;
		verdict_free(&w->v);
		w->v = (struct verdict){ .cause = CAUSE_LINK_DOWN };
		w->due_ms = until_ms > 0 ? until_ms : 1;
	}
	fake_adapter_time(f, f->now_ms);
}

/* ---- life ------------------------------------------------------------- */

struct fake_adapter *fake_adapter_new(enum proto p, const struct intake *in)
{
	struct fake_adapter *f = mem_zalloc(sizeof(*f));

	f->proto = p;
	f->intake = *in;
	f->now_ms = 1;
	list_init(&f->lines);
	list_init(&f->rules);
	list_init(&f->waits);
	f->legs = mem_alloc(LEGS_MAX * sizeof(*f->legs));
	link_of(f, 0);
	return f;
}

void fake_adapter_free(struct fake_adapter *f)
{
	struct list_link *it, *tmp;

	if (!f)
		return;
	list_each(it, tmp, &f->lines)
		mem_free(list_of(it, struct line, all));
	list_each(it, tmp, &f->rules)
		rule_free(list_of(it, struct rule, all));
	list_each(it, tmp, &f->waits) {
		struct wait *w = list_of(it, struct wait, all);

		verdict_free(&w->v);
		mem_free(w);
	}
	config_put(f->conf);
	config_put(f->next);
	mem_free(f->taken);
	mem_free(f->legs);
	mem_free(f);
}

void fake_adapter_refuse_config(struct fake_adapter *f, const char *why)
{
	f->refusal = why;
}

const char *fake_adapter_line(struct fake_adapter *f)
{
	struct line *l;

	mem_free(f->taken);
	f->taken = NULL;
	if (list_empty(&f->lines))
		return NULL;
	l = list_of(f->lines.next, struct line, all);
	list_del(&l->all);
	f->taken = dup_str(str_of(l->text));
	mem_free(l);
	return f->taken;
}

struct adapter fake_adapter_port(struct fake_adapter *f)
{
	return (struct adapter){
		.proto = f->proto,
		.self = f,
		.answer = port_answer,
		.send = port_send,
		.room = port_room,
		.link_ctl = port_link_ctl,
		.presence = port_presence,
		.flush = port_flush,
		.prepare = port_prepare,
		.commit = port_commit,
		.abort = port_abort,
		.drain = port_drain,
	};
}
