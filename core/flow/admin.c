/* core/flow/admin.c: what the operator asks through causewayctl: one machine
 * for all verbs, a table of functions. Answers are JSON; the tool makes tables
 * of them. Verbs that concern only the daemon (log level, reload) never come
 * here.
 */
#include "core/flow/admin_priv.h"

#define JSON_MAX (4u << 20)

static enum step verb_status(struct astep *s)
{
	struct buf b;

	buf_init(&b, JSON_MAX);
	json_status(s->f->core, &b, s->ev->now_utc_us);
	admin_json(s, &b);
	return STEP_DONE;
}

static enum step verb_link_ls(struct astep *s)
{
	struct buf b;

	buf_init(&b, JSON_MAX);
	json_links(s->f->core, &b);
	admin_json(s, &b);
	return STEP_DONE;
}

static enum step link_ctl(struct astep *s, bool is_up)
{
	const struct link_conf *l = s->n ?
		config_link_by_name(fact_config(s->f), s->w[0]) : NULL;
	struct link_ctl *ctl;

	if (!l) {
		admin_fail(s, CAUSE_NOT_FOUND, "no link of that name");
		return STEP_DONE;
	}
	ctl = acts_new(s->out, sizeof(*ctl));
	ctl->link = l->id;
	ctl->is_up = is_up;
	acts_add(s->out, ACT_LINK_CTL)->u.link_ctl = ctl;
	admin_ok(s);
	return STEP_DONE;
}

static enum step verb_link_up(struct astep *s)
{
	return link_ctl(s, true);
}

static enum step verb_link_down(struct astep *s)
{
	return link_ctl(s, false);
}

static enum step verb_drain(struct astep *s)
{
	core_drain(s->f->core);
	admin_ok(s);
	return STEP_DONE;
}

static const struct {
	const char *words[2];
	size_t args_min;
	verb_h *h;
} verbs[] = {
	{ { "status", NULL }, 0, verb_status },
	{ { "user", "add" }, 1, verb_user_add },
	{ { "user", "rm" }, 1, verb_user_rm },
	{ { "user", "ls" }, 0, verb_user_ls },
	{ { "user", "passwd" }, 1, verb_user_passwd },
	{ { "user", "profile" }, 1, verb_user_profile },
	{ { "user", "block" }, 1, verb_user_block },
	{ { "user", "unblock" }, 2, verb_user_unblock },
	{ { "user", "allow" }, 1, verb_user_allow },
	{ { "user", "disallow" }, 2, verb_user_disallow },
	{ { "user", "set" }, 2, verb_user_set },
	{ { "user", "show" }, 1, verb_user_show },
	{ { "reg", "ls" }, 0, verb_reg_ls },
	{ { "reg", "show" }, 1, verb_reg_show },
	{ { "reg", "rm" }, 1, verb_reg_rm },
	{ { "link", "ls" }, 0, verb_link_ls },
	{ { "link", "up" }, 1, verb_link_up },
	{ { "link", "down" }, 1, verb_link_down },
	{ { "route", "ls" }, 0, verb_route_ls },
	{ { "route", "test" }, 0, verb_route_test },
	{ { "queue", "ls" }, 0, verb_queue_ls },
	{ { "queue", "show" }, 1, verb_queue_show },
	{ { "queue", "flush" }, 0, verb_queue_flush },
	{ { "queue", "drop" }, 1, verb_queue_drop },
	{ { "trace", NULL }, 1, verb_trace },
	{ { "drain", NULL }, 0, verb_drain },
};

/* ---- answers -------------------------------------------------------------- */

static struct answer *answer(struct astep *s, enum cause cause)
{
	struct answer *a = acts_new(s->out, sizeof(*a));
	struct action *it = acts_add(s->out, ACT_ANSWER);

	a->kind = cause == CAUSE_NONE ? ANSWER_OK : ANSWER_REFUSED;
	it->leg = s->st->leg;
	it->cause = cause;
	it->u.answer = a;
	acts_add(s->out, ACT_END);
	return a;
}

void admin_json(struct astep *s, struct buf *b)
{
	struct str json = b->err ? STR_NONE :
			  arena_dup(s->out->arena, buf_str(b));

	buf_free(b);
	if (json.p)
		answer(s, CAUSE_NONE)->json = json;
	else
		admin_fail(s, CAUSE_TOO_LARGE, "the answer is too long");
}

void admin_ok(struct astep *s)
{
	answer(s, CAUSE_NONE)->json = STR("null");
}

void admin_fail(struct astep *s, enum cause cause, const char *text)
{
	answer(s, cause)->text = text ? str_of(text) :
					str_of(cause_text(cause));
}

void admin_await(struct astep *s, uint32_t wants)
{
	s->st->is_waiting = true;
	s->st->wants = wants;
}

void admin_list(struct astep *s, const char *query, struct str arg)
{
	struct claim *c = acts_new(s->out, sizeof(*c));

	c->what = CLAIM_LIST;
	c->query = str_of(query);
	c->arg = arena_dup(s->out->arena, arg);
	c->max = 1000;
	acts_add(s->out, ACT_CLAIM)->u.claim = c;
	admin_await(s, ADMIN_LIST);
}

/* ---- the machine ---------------------------------------------------------- */

static enum step dispatch(struct astep *s)
{
	const struct admin_req *r = s->ev->u.admin;
	size_t i, used;

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		used = verbs[i].words[1] ? 2 : 1;
		if (r->words_n < used ||
		    !str_eq(r->words[0], str_of(verbs[i].words[0])) ||
		    (used == 2 &&
		     !str_eq(r->words[1], str_of(verbs[i].words[1]))))
			continue;
		s->w = r->words + used;
		s->n = r->words_n - used;
		if (s->n >= verbs[i].args_min)
			return verbs[i].h(s);
		admin_fail(s, CAUSE_BAD_REQUEST, "an argument is missing");
		return STEP_DONE;
	}
	admin_fail(s, CAUSE_NOT_IMPLEMENTED, "no such command");
	return STEP_DONE;
}

static void on_rows(struct astep *s)
{
	const struct rows *r = s->ev->u.rows;

	if (!r || s->ev->cause != CAUSE_NONE)
		admin_fail(s, CAUSE_STORE_DOWN, NULL);
	else if (s->st->wants == ADMIN_DROP)
		admin_drop_row(s);
	else if (s->st->wants == ADMIN_FLUSH)
		admin_flush_lanes(s);
	else
		answer(s, CAUSE_NONE)->json = arena_dup(s->out->arena,
							r->json);
}

static enum step admin_step(void *state, const struct event *ev,
			    struct facts *f, struct acts *out)
{
	struct astep s = { .st = state, .ev = ev, .f = f, .out = out };
	struct admin before = *s.st;

	if (ev->kind == EV_ADMIN && !s.st->is_waiting) {
		enum step r;

		s.st->leg = ev->leg;
		r = dispatch(&s);
		if (r == STEP_WAIT)
			*s.st = before;
		return r;
	}
	if (ev->kind == EV_ROWS)
		on_rows(&s);
	else if (ev->kind == EV_STORED && ev->cause == CAUSE_NONE)
		admin_ok(&s);
	else if (ev->kind == EV_STORED)
		admin_fail(&s, ev->cause, NULL);
	return STEP_DONE;
}

const struct machine admin_machine = {
	.name = "admin", .state_bytes = sizeof(struct admin),
	.step = admin_step,
};
