/* tests/unit/ledger_book.c: the rules; see ledger.h. */
#include <stdio.h>
#include <string.h>

#include "core/flow/core_priv.h"
#include "tests/unit/ledger.h"

#define LATE_MS 19000	/* a result after that may be one too many */

/* ---- finding -------------------------------------------------------------- */

int book_letter(const struct ledger *l, struct str id)
{
	uint64_t n;

	if (!str_starts(id, STR("m")) || !str_u64(str_from(id, 1), &n) ||
	    n >= l->letters_n)
		return -1;
	return (int)n;
}

int book_party(const struct ledger *l, struct str addr)
{
	unsigned i;

	for (i = 0; i < l->parties_n; i++)
		if (str_eq(addr, str_of(l->parties[i].addr)))
			return (int)i;
	return -1;
}

static int gen_of(const struct ledger *l, struct str id)
{
	unsigned i;

	for (i = l->gens_n; i-- > 0;)
		if (str_eq(id, str_of(l->gens[i].id)))
			return (int)i;
	return -1;
}

/* A report of the core: known from its first appearance on. */
static int gen_make(struct ledger *l, const struct msg *m)
{
	int at = gen_of(l, m->id);
	struct gen *g;

	if (at >= 0 || l->gens_n == GENS_MAX)
		return at;
	g = &l->gens[l->gens_n];
	*g = (struct gen){ .about = book_letter(l, m->report.msg_id),
			   .status = m->report.status };
	snprintf(g->id, sizeof(g->id), "%.*s", STR_ARG(m->id));
	if (g->about < 0 || m->kind != MSG_REPORT)
		ledger_break(l, "c: %s came from nowhere", g->id);
	else if (l->letters[g->about].about >= 0)
		ledger_break(l, "f: %s is about the report %s", g->id,
			     l->letters[g->about].id);
	return (int)l->gens_n++;
}

static struct todo_row *row_by_id(struct ledger *l, uint64_t id)
{
	unsigned i;

	for (i = l->rows_n; i-- > 0;)
		if (l->rows[i].id == id)
			return &l->rows[i];
	return NULL;
}

static bool is_failure(enum imdn_status s)
{
	return s == IMDN_FAILED || s == IMDN_FORBIDDEN || s == IMDN_ERROR;
}

static const char *name_of(const struct ledger *l, const struct todo_row *r)
{
	return r->letter >= 0 ? l->letters[r->letter].id :
	       r->gen >= 0 ? l->gens[r->gen].id : "?";
}

static bool row_doubts(const struct ledger *l, const struct todo_row *r)
{
	return r->in_doubt ||
	       (r->letter >= 0 && l->letters[r->letter].in_doubt) ||
	       (r->gen >= 0 && l->gens[r->gen].in_doubt);
}

static bool was_refused(const struct ledger *l, int letter)
{
	unsigned i;

	for (i = 0; i < l->outs_n; i++)
		if (l->outs[i].letter == letter &&
		    l->outs[i].state == OUT_FAILED &&
		    cause_class(l->outs[i].cause) == CAUSE_FINAL)
			return true;
	return l->letters[letter].refused > 0;
}

/* It got there or never will, and only its row is left over because the store
   would not delete it. */
static bool is_settled(const struct ledger *l, const struct todo_row *r)
{
	if (r->expires_utc_us && r->expires_utc_us <= l->w.utc_us)
		return true;
	if (r->gen >= 0)
		return l->gens[r->gen].oks || l->gens[r->gen].finals;
	return r->letter >= 0 && (l->letters[r->letter].oks ||
				  was_refused(l, r->letter));
}

/* ---- requests ------------------------------------------------------------- */

int book_ask(struct ledger *l, uint64_t leg, int letter)
{
	if (l->asks_n == ASKS_MAX)
		return -1;
	l->asks[l->asks_n] = (struct ask){
		.leg = leg, .letter = letter, .party = -1, .boot = l->boot,
		.at_live_ms = l->live_ms,
	};
	if (letter >= 0) {
		l->letters[letter].pending_asks++;
		l->letters[letter].is_closed = false;
	}
	return (int)l->asks_n++;
}

/* Reports repeat each other when they say the same of the same message,
   whatever their ids: then the first one counts for all. */
static bool has_twin(const struct ledger *l, const struct letter *m,
		     bool is_stored)
{
	unsigned i;

	for (i = 0; m->about >= 0 && i < l->letters_n; i++) {
		const struct letter *o = &l->letters[i];

		if (o->about == m->about &&
		    (o->status == IMDN_DISPLAYED) ==
		    (m->status == IMDN_DISPLAYED) &&
		    (is_stored ? o->is_committed || o->is_far_stored :
		     o->oks > 0))
			return true;
	}
	return false;
}

static void letter_answered(struct ledger *l, struct letter *m,
			    const struct action *a)
{
	m->pending_asks--;
	switch (a->u.answer->kind) {
	case ANSWER_OK:
		/* What comes after its time is taken and thrown away. */
		if (!m->oks && m->expires_utc_us &&
		    m->expires_utc_us <= l->w.utc_us)
			break;
		if (!m->oks && !has_twin(l, m, false))
			ledger_break(l, "g: %s: ok before any 2xx", m->id);
		m->is_accepted = true;
		break;
	case ANSWER_STORED:
		if (!m->is_committed && !m->is_far_stored &&
		    !has_twin(l, m, true))
			ledger_break(l, "g: %s: stored, but it is not",
				     m->id);
		m->is_accepted = true;
		break;
	case ANSWER_REFUSED:
		m->refused++;
		m->needs_refusal = false;
		break;
	}
}

void book_answered(struct ledger *l, uint64_t leg, const struct action *a)
{
	static const char *const kinds[] = { "ok", "stored", "refused" };
	struct ask *k = NULL;
	unsigned i;

	for (i = l->asks_n; i-- > 0 && !k;)
		if (l->asks[i].leg == leg && l->asks[i].boot == l->boot)
			k = &l->asks[i];
	if (!k) {
		ledger_break(l, "a: an answer to nobody");
		return;
	}
	ledger_trace(l, "  answer %s %s %s", k->letter >= 0 ?
		     l->letters[k->letter].id : k->party >= 0 ?
		     l->parties[k->party].addr : "composing",
		     kinds[a->u.answer->kind], cause_name(a->cause));
	if (k->is_answered) {
		ledger_break(l, "a: answered twice: %s", k->letter >= 0 ?
			     l->letters[k->letter].id : "");
		return;
	}
	k->is_answered = true;
	if (k->letter >= 0)
		letter_answered(l, &l->letters[k->letter], a);
	else if (k->party >= 0 && k->is_bind &&
		 a->u.answer->kind == ANSWER_OK &&
		 l->parties[k->party].devices[k->device].bound_cseq < k->cseq)
		ledger_break(l, "g: a binding is granted before its commit");
}

/* ---- what goes out -------------------------------------------------------- */

static struct out *out_make(struct ledger *l, enum proto p,
			    const struct target *t, bool wants_result)
{
	struct out *o;

	if (l->outs_n == OUTS_MAX)
		return NULL;
	o = &l->outs[l->outs_n++];
	*o = (struct out){ .leg = t->leg, .letter = -1, .gen = -1, .proto = p,
			   .link = t->link,
			   .state = wants_result ? OUT_PENDING : OUT_DEAD, .boot = l->boot,
			   .batch = l->batch, .at_ms = l->w.now_ms };
	if (t->binding)
		snprintf(o->contact, sizeof(o->contact), "%.*s",
			 STR_ARG(t->binding->contact));
	return o;
}

/* d: who said yes once does not get it again. */
static void check_twice(struct ledger *l, const struct letter *m,
			const struct out *o)
{
	unsigned i;

	if (m->in_doubt || !m->oks)
		return;
	for (i = 0; i < l->outs_n; i++)
		if (l->outs[i].letter == o->letter &&
		    l->outs[i].state == OUT_OK &&
		    l->outs[i].batch != o->batch)
			ledger_break(l, "d: %s again, without a doubt",
				     m->id);
}

static void check_same(struct ledger *l, const struct letter *m,
		       const struct msg *msg, const struct target *t)
{
	if (!str_eq(t->from.text, str_of(l->parties[m->from].addr)) ||
	    !str_eq(t->to.text, str_of(l->parties[m->to].addr)) ||
	    (msg->kind == MSG_CONTENT &&
	     !str_eq(msg->body.bytes, str_of(m->body))))
		ledger_break(l, "c: %s is not what was sent", m->id);
	if (!m->posts)
		ledger_break(l, "c: %s was never sent", m->id);
	if (m->is_closed && !m->in_doubt)
		ledger_break(l, "c: %s goes out after its refusal", m->id);
}

static bool is_on_its_way(const struct ledger *l, const struct todo_row *r)
{
	const struct out *o = r->last_out >= 0 ? &l->outs[r->last_out] : NULL;

	/* A result of this very moment may not have been read yet. */
	return o && o->boot == l->boot &&
	       (o->state == OUT_PENDING || o->result_settle == l->settles);
}

static void suspect(struct ledger *l, int row, int older)
{
	if (l->suspects_n == sizeof(l->suspects) / sizeof(*l->suspects))
		return;
	l->suspects[l->suspects_n++] = (struct suspect){
		row, older, l->rows[older].sends };
}

/* e: of a row, and of what has none */
static void check_order(struct ledger *l, int row)
{
	const struct todo_row *r = &l->rows[row];
	bool is_link = str_starts(str_of(r->lane), STR("link:"));
	unsigned i;

	for (i = 0; i < l->rows_n; i++) {
		const struct todo_row *o = &l->rows[i];

		if ((int)i == row || o->order > r->order || !o->is_there ||
		    o->is_gone || row_doubts(l, o) || row_doubts(l, r) ||
		    o->conversation != r->conversation ||
		    strcmp(o->lane, r->lane) != 0)
			continue;
		if (!is_link || !is_on_its_way(l, o))
			suspect(l, row, (int)i);
	}
}

static void check_passing(struct ledger *l, const struct letter *m)
{
	const struct party *to = &l->parties[m->to];
	char lane[64];
	unsigned i;

	if (to->link || m->no_store || to->keeps_none || m->in_doubt)
		return;
	if (m->sends > 1)
		return;		/* its search began before those were kept */
	snprintf(lane, sizeof(lane), "user:%s", to->addr);
	for (i = 0; i < l->rows_n; i++)
		if (!l->rows[i].is_gone && !row_doubts(l, &l->rows[i]) &&
		    !is_settled(l, &l->rows[i]) &&
		    strcmp(l->rows[i].lane, lane) == 0)
			ledger_break(l, "e: %s goes live past %s", m->id,
				     name_of(l, &l->rows[i]));
}

static int row_of(const struct ledger *l, const struct out *o)
{
	unsigned i;

	for (i = l->rows_n; i-- > 0;)
		if (l->rows[i].is_there && !l->rows[i].is_ended &&
		    ((o->letter >= 0 && l->rows[i].letter == o->letter) ||
		     (o->gen >= 0 && l->rows[i].gen == o->gen)))
			return (int)i;
	return -1;
}

static void check_room(struct ledger *l, const struct out *o)
{
	struct adapter *a = &l->taps[o->proto].real;

	if (o->link && a->room(a->self, o->link) == 0)
		ledger_break(l, "i: more over a link than it takes");
}

static void sent_letter(struct ledger *l, struct out *o, const struct msg *msg,
			const struct target *t)
{
	struct letter *m = &l->letters[o->letter];
	int row = row_of(l, o);

	check_same(l, m, msg, t);
	check_twice(l, m, o);
	m->sends++;
	if (row < 0) {
		check_passing(l, m);
		return;
	}
	check_room(l, o);
	check_order(l, row);
	l->rows[row].last_out = (int)(o - l->outs);
	l->rows[row].sends++;
}

static void sent_gen(struct ledger *l, struct out *o, const struct target *t)
{
	struct gen *g = &l->gens[o->gen];
	struct letter *m;
	int row = row_of(l, o);

	if (g->about < 0)
		return;
	m = &l->letters[g->about];
	if (!str_eq(t->to.text, str_of(l->parties[m->from].addr)))
		ledger_break(l, "c: %s goes to somebody else", g->id);
	if (is_failure(g->status) && !g->sends)
		m->told_failed++;
	if (row >= 0) {
		check_order(l, row);
		l->rows[row].last_out = (int)(o - l->outs);
		l->rows[row].sends++;
	}
	if (g->oks && !g->in_doubt && row >= 0 &&
	    l->outs[l->rows[row].last_out].batch != o->batch)
		ledger_break(l, "d: %s again, without a doubt", g->id);
	g->sends++;
}

int book_send(struct ledger *l, enum proto p, const struct action *a,
	      const struct target *t)
{
	struct out *o = out_make(l, p, t, a->wants_result);

	if (!o)
		return -1;
	ledger_trace(l, "  send %.*s%s%.*s to %.*s %s", STR_ARG(a->msg->id),
		     a->msg->kind == MSG_REPORT ? " about " : "",
		     STR_ARG(a->msg->report.msg_id), STR_ARG(t->to.text),
		     o->contact);
	if (l->is_dead)
		return (int)(o - l->outs);
	if (a->msg->kind == MSG_COMPOSING)
		return (int)(o - l->outs);
	o->letter = book_letter(l, a->msg->id);
	if (o->letter < 0)
		o->gen = gen_make(l, a->msg);
	if (o->letter >= 0)
		sent_letter(l, o, a->msg, t);
	else if (o->gen >= 0)
		sent_gen(l, o, t);
	return (int)(o - l->outs);
}

void book_result(struct ledger *l, const struct event *ev)
{
	struct out *o = NULL;
	unsigned i;

	for (i = l->outs_n; i-- > 0 && !o;)
		if (l->outs[i].leg == ev->leg && l->outs[i].boot == l->boot)
			o = &l->outs[i];
	if (!o || o->state != OUT_PENDING)
		return;
	o->state = ev->cause == CAUSE_NONE ? OUT_OK : OUT_FAILED;
	o->cause = ev->cause;
	o->result_settle = l->settles;
	if (o->gen >= 0) {
		l->gens[o->gen].oks += o->state == OUT_OK;
		l->gens[o->gen].finals += cause_class(ev->cause) ==
					  CAUSE_FINAL;
	}
	if (o->letter < 0)
		return;
	ledger_trace(l, "  result %s %s", l->letters[o->letter].id,
		     cause_name(ev->cause));
	if (o->state == OUT_OK) {
		l->letters[o->letter].oks++;
		if (ev->u.sent->is_stored_there)
			l->letters[o->letter].is_far_stored = true;
	}
	if (o->state == OUT_OK && l->w.now_ms - o->at_ms >= LATE_MS)
		l->letters[o->letter].in_doubt = true;
}

/* ---- the store ------------------------------------------------------------ */

static void put_row(struct ledger *l, const struct todo *t)
{
	struct todo_row *r = row_by_id(l, t->id);

	if (r || l->rows_n == ROWS_MAX || !t->msg)
		return;
	r = &l->rows[l->rows_n++];
	*r = (struct todo_row){
		.id = t->id, .order = ++l->orders,
		.conversation = t->conversation, .last_out = -1,
		.letter = book_letter(l, t->msg->id), .gen = -1,
		.expires_utc_us = t->expires_utc_us };
	snprintf(r->lane, sizeof(r->lane), "%.*s", STR_ARG(t->lane));
	if (r->letter < 0)
		r->gen = gen_make(l, t->msg);
}

void book_submit(struct ledger *l, const struct write *w, size_t n)
{
	struct todo_row *r;
	size_t i;

	for (i = 0; i < n; i++) {
		if (w[i].op == OP_TODO_PUT)
			put_row(l, w[i].u.todo);
		if (w[i].op != OP_TODO_DONE && w[i].op != OP_TODO_MOVE)
			continue;
		r = row_by_id(l, w[i].u.todo->id);
		if (r && w[i].op == OP_TODO_DONE) {
			r->is_gone = true;
		} else if (r) {
			memcpy(r->from_lane, r->lane, sizeof(r->lane));
			*r->lane = '\0';
		}
	}
}

static bool owes_failure(struct ledger *l, const struct write *w, size_t n,
			 const char *id)
{
	size_t i;

	(void)l;
	for (i = 0; i < n; i++)
		if (w[i].op == OP_DUE_PUT &&
		    is_failure(w[i].u.due->report.status) &&
		    str_eq(w[i].u.due->report.msg_id, str_of(id)))
			return true;
	return false;
}

/* b: a row ends for a reason. */
static void end_row(struct ledger *l, struct todo_row *r,
		    const struct write *w, size_t n)
{
	struct letter *m = r->letter >= 0 ? &l->letters[r->letter] : NULL;
	const struct gen *g = r->gen >= 0 ? &l->gens[r->gen] : NULL;

	r->is_gone = r->is_ended = true;
	ledger_trace(l, "  row of %s ends", name_of(l, r));
	if (m && m->about < 0 && !m->oks && !owes_failure(l, w, n, m->id)) {
		if (!m->pending_asks && !m->refused && !m->in_doubt)
			ledger_break(l, "b: %s leaves the store for nothing",
				     m->id);
		m->needs_refusal = !m->refused;
	}
	if (g && !g->oks && !g->finals &&
	    l->w.utc_us < r->expires_utc_us)
		ledger_break(l, "b: %s leaves the store for nothing", g->id);
}

static void put_due(struct ledger *l, const struct due *d)
{
	int at = book_letter(l, d->report.msg_id);
	struct letter *m = at >= 0 ? &l->letters[at] : NULL;

	if (!m || m->about >= 0) {
		ledger_break(l, "f: a report is owed about %.*s",
			     STR_ARG(d->report.msg_id));
		return;
	}
	ledger_trace(l, "  owed %s %s %s", m->id,
		     report_status_name(d->report.status),
		     cause_name(d->report.cause));
	if (is_failure(d->report.status)) {
		if (m->owed_failed++ && !m->in_doubt)
			ledger_break(l, "b: %s fails twice", m->id);
	} else {
		m->owed_other++;
	}
}

static void done_due(struct ledger *l, const struct due *d,
		     const struct write *w, size_t n)
{
	int at = book_letter(l, d->report.msg_id);
	size_t i;

	for (i = 0; i < n; i++)
		if (w[i].op == OP_TODO_PUT && w[i].u.todo->msg &&
		    str_eq(w[i].u.todo->msg->report.msg_id, d->report.msg_id))
			return;
	/* A domain that is switched off cannot be told. */
	if (at >= 0 && l->config == LEDGER_DOMAIN_OFF &&
	    l->parties[l->letters[at].from].link)
		return;
	ledger_break(l, "b: the report on %.*s is dropped",
		     STR_ARG(d->report.msg_id));
}

static void bound(struct ledger *l, const struct bind_row *b)
{
	int at = book_party(l, b->aor);
	unsigned i;

	for (i = 0; at >= 0 && i < l->parties[at].devices_n; i++) {
		struct device *d = &l->parties[at].devices[i];

		if (str_eq(b->binding.contact, str_of(d->contact)) &&
		    b->binding.cseq > d->bound_cseq)
			d->bound_cseq = b->binding.cseq;
	}
}

static void in_doubt(struct ledger *l, struct todo_row *r)
{
	r->in_doubt = true;
	if (r->letter >= 0)
		l->letters[r->letter].in_doubt = true;
	if (r->gen >= 0)
		l->gens[r->gen].in_doubt = true;
}

static void one_stands(struct ledger *l, const struct write *it,
		       const struct write *w, size_t n)
{
	struct todo_row *r = it->op == OP_TODO_PUT ||
			     it->op == OP_TODO_DONE ||
			     it->op == OP_TODO_MOVE ?
			     row_by_id(l, it->u.todo->id) : NULL;

	if (it->op == OP_TODO_PUT && r) {
		ledger_trace(l, "  row %s", name_of(l, r));
		r->is_there = true;
		if (r->letter >= 0) {
			l->letters[r->letter].is_committed = true;
			l->letters[r->letter].has_row_ever = true;
		}
	} else if (it->op == OP_TODO_DONE && r) {
		end_row(l, r, w, n);
	} else if (it->op == OP_TODO_MOVE && r) {
		snprintf(r->lane, sizeof(r->lane), "%.*s",
			 STR_ARG(it->u.todo->lane));
	} else if (it->op == OP_DUE_PUT) {
		put_due(l, it->u.due);
	} else if (it->op == OP_DUE_DONE) {
		done_due(l, it->u.due, w, n);
	} else if (it->op == OP_BIND_SET) {
		bound(l, it->u.bind);
	}
}

static void one_falls(struct ledger *l, const struct write *it)
{
	struct todo_row *r = it->op == OP_TODO_PUT ||
			     it->op == OP_TODO_DONE ||
			     it->op == OP_TODO_MOVE ?
			     row_by_id(l, it->u.todo->id) : NULL;

	if (!r)
		return;
	if (it->op == OP_TODO_PUT) {
		r->is_gone = r->is_ended = true;
	} else if (it->op == OP_TODO_MOVE) {
		memcpy(r->lane, r->from_lane, sizeof(r->lane));
		in_doubt(l, r);
	} else {
		/* What got there is not sent again for that. */
		r->is_gone = false;
		if (r->letter >= 0 ? !l->letters[r->letter].oks :
				     !l->gens[r->gen].oks)
			in_doubt(l, r);
	}
}

/* The fake's replay has done what it calls a duplicate of itself. */
static bool is_replay(struct ledger *l, const struct write *w, size_t n,
		      enum store_err err)
{
	size_t i;

	if (err != STORE_DUPLICATE)
		return false;
	for (i = 0; i < n; i++) {
		const struct todo_row *r = w[i].op == OP_TODO_PUT ?
			row_by_id(l, w[i].u.todo->id) : NULL;

		if (r && r->letter >= 0)
			return !l->letters[r->letter].has_row_ever;
	}
	return false;
}

void book_commit(struct ledger *l, const struct write *w, size_t n,
		 enum store_err real, enum store_err told)
{
	bool stands = real == STORE_OK || is_replay(l, w, n, real);
	size_t i;

	for (i = 0; i < n; i++) {
		struct todo_row *r = w[i].op >= OP_TODO_PUT &&
				     w[i].op <= OP_TODO_HOLD ?
				     row_by_id(l, w[i].u.todo->id) : NULL;

		if (r && stands && told != STORE_OK)
			in_doubt(l, r);
		if (stands)
			one_stands(l, &w[i], w, n);
		else
			one_falls(l, &w[i]);
	}
	if (real != STORE_OK || told != STORE_OK)
		ledger_trace(l, "  commit %d told %d", (int)real, (int)told);
}

/* ---- now and then --------------------------------------------------------- */

static bool is_finished(const struct ledger *l, unsigned letter)
{
	const struct letter *m = &l->letters[letter];
	unsigned i;

	if (m->pending_asks || (!m->oks && !m->refused && !m->owed_failed))
		return false;
	for (i = 0; i < l->rows_n; i++)
		if (l->rows[i].letter == (int)letter && !l->rows[i].is_ended)
			return false;
	for (i = 0; i < l->outs_n; i++)
		if (l->outs[i].letter == (int)letter &&
		    l->outs[i].state == OUT_PENDING)
			return false;
	return true;
}

/* A new core: what the old one had begun is in doubt. */
void book_boot(struct ledger *l)
{
	unsigned i;

	for (i = 0; i < l->letters_n; i++) {
		struct letter *m = &l->letters[i];

		if (!is_finished(l, i))
			m->in_doubt = true;
		m->pending_asks = 0;
		m->needs_refusal = false;
	}
	for (i = 0; i < l->gens_n; i++)
		l->gens[i].in_doubt = true;
	for (i = 0; i < l->outs_n; i++)
		if (l->outs[i].state == OUT_PENDING)
			l->outs[i].state = OUT_DEAD;
	for (i = 0; i < l->asks_n; i++)
		l->asks[i].is_answered = true;
	l->suspects_n = 0;
	l->is_dead = false;
	l->boot++;
}

static void judge_suspects(struct ledger *l)
{
	unsigned i;

	for (i = 0; i < l->suspects_n; i++) {
		const struct suspect *s = &l->suspects[i];
		const struct todo_row *o = &l->rows[s->older];

		/* It was done with in the same step, without being sent. */
		if (o->is_gone && o->sends == s->older_sends)
			continue;
		if (is_settled(l, o))
			continue;
		if (row_doubts(l, o))
			continue;
		ledger_break(l, "e: %s was sent before %s",
			     name_of(l, &l->rows[s->row]), name_of(l, o));
	}
	l->suspects_n = 0;
}

static void judge_asks(struct ledger *l)
{
	unsigned i;

	for (i = 0; i < l->asks_n; i++) {
		const struct ask *k = &l->asks[i];

		if (!k->is_answered && l->live_ms - k->at_live_ms > ANSWER_MS)
			ledger_break(l, "a: no answer: %s", k->letter >= 0 ?
				     l->letters[k->letter].id :
				     k->party >= 0 ?
				     l->parties[k->party].addr : "composing");
	}
}

void book_settled(struct ledger *l)
{
	struct lane *lane;
	size_t at = 0;
	unsigned i;

	judge_suspects(l);
	judge_asks(l);
	while ((lane = map_next(l->w.core->lanes, &at)))
		if (lane->n > 4096)
			ledger_break(l, "i: %u wait in a box", lane->n);
	for (i = 0; i < l->letters_n; i++) {
		struct letter *m = &l->letters[i];

		if (m->refused && !m->pending_asks && !m->is_accepted &&
		    !m->is_committed && m->has_leg)
			m->is_closed = true;
	}
	l->settles++;
}

/* ---- in the end ----------------------------------------------------------- */

static bool has_row(const struct ledger *l, unsigned letter)
{
	unsigned i;

	for (i = 0; i < l->rows_n; i++)
		if (l->rows[i].letter == (int)letter && l->rows[i].is_there &&
		    !l->rows[i].is_ended)
			return true;
	return false;
}

static void end_letter(struct ledger *l, unsigned i)
{
	const struct letter *m = &l->letters[i];
	bool is_told = m->owed_failed || m->told_failed;

	if (m->needs_refusal && !m->refused && !m->in_doubt)
		ledger_break(l, "b: %s was dropped and nobody told", m->id);
	if (m->about >= 0)
		return;		/* a report may end in silence */
	if ((m->is_accepted || m->is_committed) && !m->oks && !is_told &&
	    !has_row(l, i) && !(m->is_committed && m->refused &&
				!m->is_accepted))
		ledger_break(l, "b: %s is lost%s", m->id,
			     m->in_doubt ? " (was in doubt)" : "");
	if (!m->has_leg && m->posts && !m->oks && !is_told && !m->in_doubt)
		ledger_break(l, "b: %s failed in silence", m->id);
	if (m->in_doubt)
		return;
	if (m->oks && m->owed_failed)
		ledger_break(l, "b: %s got there and failed", m->id);
	if (m->has_leg && m->owed_failed &&
	    m->refused + m->owed_failed > m->posts)
		ledger_break(l, "b: %s is told twice that it failed", m->id);
	if (m->told_failed > m->posts)
		ledger_break(l, "b: %s is told %u times", m->id,
			     m->told_failed);
}

/* f: a display is told once */
static void end_displays(struct ledger *l, unsigned i)
{
	const struct letter *m = &l->letters[i];
	unsigned j, n = 0;

	for (j = 0; j < l->letters_n; j++)
		if (l->letters[j].about == (int)i &&
		    l->letters[j].status == IMDN_DISPLAYED &&
		    !l->letters[j].in_doubt)
			n += l->letters[j].oks > 0;
	if (n > 1)
		ledger_break(l, "f: %s is displayed %u times", m->id, n);
}

static void end_core(struct ledger *l)
{
	struct core_counts c = core_counts(l->w.core);

	if (c.objects || c.legs || c.held || c.runq || c.timers ||
	    map_count(l->w.core->lanes) || !list_empty(&l->w.core->waits) ||
	    !list_empty(&l->w.core->commits))
		ledger_break(l, "h: left: %zu objects %zu legs %zu held %zu "
			     "queued %zu timers %zu lanes", c.objects, c.legs,
			     c.held, c.runq, c.timers,
			     map_count(l->w.core->lanes));
	if (fake_store_count(l->w.store, STR("todo")) ||
	    fake_store_count(l->w.store, STR("due")) ||
	    fake_store_count(l->w.store, STR("msg")))
		ledger_break(l, "h: left in the store: %zu todo %zu due "
			     "%zu msg",
			     fake_store_count(l->w.store, STR("todo")),
			     fake_store_count(l->w.store, STR("due")),
			     fake_store_count(l->w.store, STR("msg")));
}

void book_end(struct ledger *l)
{
	unsigned i;

	for (i = 0; i < l->asks_n; i++)
		if (!l->asks[i].is_answered)
			ledger_break(l, "a: no answer in the end: %s",
				     l->asks[i].letter >= 0 ?
				     l->letters[l->asks[i].letter].id :
				     "register or composing");
	for (i = 0; i < l->letters_n; i++) {
		end_letter(l, i);
		end_displays(l, i);
	}
	end_core(l);
}
