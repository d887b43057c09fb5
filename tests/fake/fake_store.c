/* tests/fake/fake_store.c: see fake_store.h. The queue of what was submitted,
 * and the dump.
 */
#include "tests/fake/fake_store.h"

#include <string.h>

#include "core/base/log.h"
#include "core/base/mem.h"
#include "tests/fake/fake_store_priv.h"

#define LIMIT 8192

enum fake_kind { FAKE_COMMIT, FAKE_USER, FAKE_NOTE, FAKE_CLAIM };

struct fake_job {
	struct fake_job *next;
	enum fake_kind kind;
	store_done_h *h;
	void *arg;
	const struct write *writes;
	size_t writes_n;
	uint32_t parts; /* a bit for each partition */
	struct arena *arena;
	struct str aor;
	bool is_folded;
	uint8_t key[32]; /* of a note */
	struct claim claim;
	int64_t now_utc_us;
};

/* ---- submitting ----------------------------------------------------------- */

static struct fake_job *job_add(struct fake_store *fs, enum fake_kind kind,
				store_done_h *h, void *arg)
{
	struct fake_job *j = mem_zalloc(sizeof(*j));

	j->kind = kind;
	j->h = h;
	j->arg = arg;
	j->arena = arena_new(65536);
	*fs->jobs_end = j;
	fs->jobs_end = &j->next;
	if (kind == FAKE_COMMIT)
		fs->commits_n++;
	else
		fs->reads_n++;
	return j;
}

static bool is_full(void *self)
{
	struct fake_store *fs = self;

	return fs->commits_n >= fs->limit;
}

static int commit(void *self, const struct write *w, size_t n, bool is_lazy,
		  store_done_h *h, void *arg)
{
	struct fake_store *fs = self;
	struct fake_job *j;
	size_t i;

	(void)is_lazy;
	if (is_full(fs))
		return ERR_LIMIT;
	j = job_add(fs, FAKE_COMMIT, h, arg);
	j->writes = w;
	j->writes_n = n;
	for (i = 0; i < n; i++)
		j->parts |= 1u << (w[i].part % 32);
	return 0;
}

static int read_user_later(void *self, struct str aor, bool is_folded,
			   store_done_h *h, void *arg)
{
	struct fake_store *fs = self;
	struct fake_job *j;

	if (fs->reads_n >= fs->limit)
		return ERR_LIMIT;
	j = job_add(fs, FAKE_USER, h, arg);
	j->aor = arena_dup(j->arena, aor);
	j->is_folded = is_folded;
	return 0;
}

static int read_note_later(void *self, const uint8_t key[32], store_done_h *h,
			   void *arg)
{
	struct fake_store *fs = self;
	struct fake_job *j;

	if (fs->reads_n >= fs->limit)
		return ERR_LIMIT;
	j = job_add(fs, FAKE_NOTE, h, arg);
	memcpy(j->key, key, sizeof(j->key));
	return 0;
}

static int claim_later(void *self, const struct claim *c, int64_t now_utc_us,
		       store_done_h *h, void *arg)
{
	struct fake_store *fs = self;
	struct fake_job *j;

	if (fs->reads_n >= fs->limit)
		return ERR_LIMIT;
	j = job_add(fs, FAKE_CLAIM, h, arg);
	j->claim = *c;
	j->claim.lane = arena_dup(j->arena, c->lane);
	j->claim.query = arena_dup(j->arena, c->query);
	j->claim.arg = arena_dup(j->arena, c->arg);
	j->now_utc_us = now_utc_us;
	return 0;
}

static bool account(void *self, struct str line)
{
	struct fake_store *fs = self;
	struct row *r;

	if (line.n > 4096 || str_find(line, '\n') < line.n)
		return false;
	r = fake_row_new(T_ACCOUNT);
	r->data = arena_dup(r->arena, line);
	list_add(&fs->tables[T_ACCOUNT], &r->link);
	return true;
}

struct store fake_store_port(struct fake_store *fs)
{
	return (struct store){ .self = fs,
			       .commit = commit,
			       .read_user = read_user_later,
			       .read_note = read_note_later,
			       .claim = claim_later,
			       .account = account,
			       .is_full = is_full };
}

/* ---- working -------------------------------------------------------------- */

/* xorshift64* [Vigna 2016] */
static uint64_t roll(struct fake_store *fs)
{
	fs->rng ^= fs->rng >> 12;
	fs->rng ^= fs->rng << 25;
	fs->rng ^= fs->rng >> 27;
	return fs->rng * 2685821657736338717u;
}

/* One of those that no earlier commit of a common partition holds back. */
static struct fake_job **choose(struct fake_store *fs)
{
	struct fake_job **at, **best = &fs->jobs;
	uint32_t parts = 0;
	uint64_t n = 0;

	if (!fs->is_reordering)
		return best;
	for (at = &fs->jobs; *at; at = &(*at)->next) {
		struct fake_job *j = *at;

		if (j->kind == FAKE_COMMIT && (j->parts & parts))
			;
		else if (roll(fs) % ++n == 0)
			best = at;
		parts |= j->parts;
	}
	return best;
}

static struct fake_job *take(struct fake_store *fs)
{
	struct fake_job **at = choose(fs), *j = *at;

	*at = j->next;
	if (!j->next)
		fs->jobs_end = at;
	if (j->kind == FAKE_COMMIT)
		fs->commits_n--;
	else
		fs->reads_n--;
	return j;
}

static bool has_dedup(const struct fake_job *j, struct str *answer_out)
{
	size_t i;

	for (i = 0; i < j->writes_n; i++)
		if (j->writes[i].op == OP_DEDUP) {
			*answer_out = j->writes[i].u.dedup->answer;
			return true;
		}
	return false;
}

static bool touches_owners(const struct fake_job *j)
{
	size_t i;

	for (i = 0; i < j->writes_n; i++)
		if (j->writes[i].op == OP_OWN_TAKE ||
		    j->writes[i].op == OP_OWN_RENEW)
			return true;
	return false;
}

static void do_commit(struct fake_store *fs, struct fake_job *j,
		      struct store_result *r)
{
	uint64_t known[PARTITIONS_N];

	if (fs->fail_n > 0) {
		fs->fail_n--;
		r->err = fs->fail_err;
		return;
	}
	memcpy(known, fs->known, sizeof(known));
	r->err = fake_ops_run(fs, j->writes, j->writes_n, r);
	if (r->err) {
		r->earlier_answer = arena_dup(j->arena, r->earlier_answer);
		fake_ops_undo(fs);
		if (touches_owners(j))
			memcpy(fs->known, known, sizeof(known));
		return;
	}
	fake_ops_keep(fs);
	if (fs->replay_n > 0 && has_dedup(j, &r->earlier_answer)) {
		fs->replay_n--;
		r->err = STORE_DUPLICATE;
		r->epoch = 0;
	}
}

static void do_read(struct fake_store *fs, struct fake_job *j,
		    struct store_result *r)
{
	if (fs->fail_reads_n > 0) {
		fs->fail_reads_n--;
		r->err = STORE_DOWN;
	} else if (j->kind == FAKE_USER) {
		r->err = fake_read_user(fs, j->aor, j->is_folded, &r->user);
	} else if (j->kind == FAKE_NOTE) {
		r->earlier_answer = fake_note(fs, j->key);
	} else {
		r->rows = fake_claim(fs, &j->claim, j->now_utc_us);
	}
}

size_t fake_store_run(struct fake_store *fs, size_t n)
{
	size_t done = 0;

	for (; done < n && fs->jobs; done++) {
		struct fake_job *j = take(fs);
		struct store_result r = { .err = STORE_OK };

		if (j->kind == FAKE_COMMIT)
			do_commit(fs, j, &r);
		else
			do_read(fs, j, &r);
		if (j->h) {
			j->h(j->arg, &r);
		} else {
			user_put(r.user);
			rows_free(r.rows);
		}
		arena_free(j->arena);
		mem_free(j);
	}
	return done;
}

size_t fake_store_waiting(const struct fake_store *fs)
{
	return fs->commits_n + fs->reads_n;
}

/* ---- settings ------------------------------------------------------------- */

struct fake_store *fake_store_new(uint64_t seed)
{
	struct fake_store *fs = mem_zalloc(sizeof(*fs));
	int t;

	for (t = 0; t < TABLES_N; t++)
		list_init(&fs->tables[t]);
	fs->jobs_end = &fs->jobs;
	fs->rng = seed ? seed : 1;
	fs->limit = LIMIT;
	return fs;
}

void fake_store_free(struct fake_store *fs)
{
	struct list_link *it, *tmp;
	struct row *r;
	int t;

	if (!fs)
		return;
	while (fs->jobs) {
		struct fake_job *j = take(fs);

		arena_free(j->arena);
		mem_free(j);
	}
	for (t = 0; t < TABLES_N; t++)
		list_for(fs, t, r, it, tmp)
			fake_row_free(r);
	mem_free(fs->undo);
	mem_free(fs);
}

void fake_store_set_now(struct fake_store *fs, int64_t now_utc_us)
{
	fs->now_utc_us = now_utc_us;
}

void fake_store_reorder(struct fake_store *fs, bool is_on)
{
	fs->is_reordering = is_on;
}

void fake_store_fail(struct fake_store *fs, enum store_err err, size_t n)
{
	fs->fail_err = err;
	fs->fail_n = n;
}

void fake_store_fail_reads(struct fake_store *fs, size_t n)
{
	fs->fail_reads_n = n;
}

void fake_store_replay(struct fake_store *fs, size_t n)
{
	fs->replay_n = n;
}

void fake_store_limit(struct fake_store *fs, size_t n)
{
	fs->limit = n ? n : LIMIT;
}

/* ---- at the table --------------------------------------------------------- */

static void put(struct fake_store *fs, struct write w)
{
	struct store_result r = { .err = STORE_OK };

	if (fake_ops_run(fs, &w, 1, &r))
		fake_ops_undo(fs);
	else
		fake_ops_keep(fs);
}

void fake_store_put_user(struct fake_store *fs, const struct user *u)
{
	size_t i;

	put(fs, (struct write){ .op = OP_USER_PUT, .u.user = u });
	for (i = 0; i < u->bindings_n; i++)
		fake_store_put_binding(fs, u->aor, &u->bindings[i]);
}

void fake_store_put_binding(struct fake_store *fs, struct str aor,
			    const struct binding *b)
{
	struct bind_row row = { .aor = aor, .binding = *b };

	put(fs, (struct write){ .op = OP_BIND_SET, .u.bind = &row });
}

void fake_store_put_todo(struct fake_store *fs, const struct todo *t)
{
	put(fs,
	    (struct write){ .op = OP_TODO_PUT, .part = t->part, .u.todo = t });
}

void fake_store_put_due(struct fake_store *fs, const struct due *d)
{
	put(fs,
	    (struct write){ .op = OP_DUE_PUT, .part = d->part, .u.due = d });
}

void fake_store_put_owner(struct fake_store *fs, struct str resource,
			  uint32_t node, uint64_t epoch,
			  int64_t lease_until_utc_us)
{
	struct list_link *it, *tmp;
	struct row *r;

	list_for(fs, T_OWNER, r, it, tmp)
		if (str_eq(r->resource, resource)) {
			list_del(&r->link);
			fake_row_free(r);
		}
	r = fake_row_new(T_OWNER);
	r->resource = arena_dup(r->arena, resource);
	r->node = node;
	r->epoch = epoch;
	r->until_utc_us = lease_until_utc_us;
	list_add(&fs->tables[T_OWNER], &r->link);
}

/* ---- the dump ------------------------------------------------------------- */

static const char *const kinds[TABLES_N] = {
	[T_USER] = "user",	 [T_BINDING] = "binding", [T_MSG] = "msg",
	[T_TODO] = "todo",	 [T_DEDUP] = "dedup",	  [T_NOTE] = "note",
	[T_DUE] = "due",	 [T_LIVE] = "live",	  [T_OWNER] = "owner",
	[T_ACCOUNT] = "account",
};

static void put_text(struct buf *b, const char *key, struct str s)
{
	char text[4096];
	size_t n = log_escape(s, text, sizeof(text));
	bool is_quoted = n == 0 || str_find(s, ' ') < s.n;

	buf_put_char(b, ' ');
	buf_put_str(b, str_of(key));
	buf_put_str(b, is_quoted ? STR("=\"") : STR("="));
	buf_put(b, text, n);
	if (is_quoted)
		buf_put_char(b, '"');
}

static void put_n(struct buf *b, const char *key, uint64_t v)
{
	buf_put_char(b, ' ');
	buf_put_str(b, str_of(key));
	buf_put_char(b, '=');
	buf_put_i64(b, (int64_t)v);
}

static void put_id(struct buf *b, const char *key, uint64_t v)
{
	buf_put_char(b, ' ');
	buf_put_str(b, str_of(key));
	buf_put_char(b, '=');
	buf_put_u64(b, v);
}

static void dump_user(struct buf *b, const struct user *u)
{
	put_text(b, "aor", u->aor);
	put_text(b, "login", u->login);
	put_text(b, "display", u->display);
	put_n(b, "barred", u->is_barred);
	put_n(b, "out_barred", u->is_out_barred);
	put_n(b, "active", u->is_active);
	put_n(b, "offline", u->has_offline_delivery);
	put_n(b, "store_on_busy", u->store_on_busy);
	put_n(b, "quota_count", u->quota_count);
	put_n(b, "quota_bytes", u->quota_bytes);
}

static void dump_binding(struct buf *b, const struct row *r)
{
	const struct binding *c = &r->binding;

	put_text(b, "aor", r->aor);
	put_text(b, "contact", c->contact);
	put_n(b, "q", c->q_milli);
	put_n(b, "expires", (uint64_t)c->expires_utc_us);
	put_text(b, "params", c->params);
	put_text(b, "path", c->path);
	put_n(b, "plain", c->is_plain);
}

static void dump_todo(struct buf *b, const struct row *r)
{
	const struct todo *t = &r->todo;
	char hex[TRACE_HEX_N + 1];

	put_n(b, "seq", t->seq);
	put_text(b, "lane", t->lane);
	put_n(b, "part", t->part);
	put_text(b, "recipient", t->recipient);
	put_text(b, "via", t->via);
	put_n(b, "due", (uint64_t)t->due_utc_us);
	put_n(b, "expires", (uint64_t)t->expires_utc_us);
	put_n(b, "kept", (uint64_t)t->kept_utc_us);
	put_n(b, "tries", t->tries);
	put_n(b, "wants", t->wants);
	put_text(b, "cause", str_of(cause_name(t->last_cause)));
	put_n(b, "held", t->is_held);
	put_text(b, "trace", trace_hex(t->trace, hex));
	put_id(b, "id", t->id);
	put_id(b, "msg", t->msg_store_id);
}

static void dump_due(struct buf *b, const struct due *d)
{
	put_text(b, "to", d->to.text);
	put_text(b, "from", d->from.text);
	put_text(b, "status", str_of(report_status_name(d->report.status)));
	put_text(b, "cause", str_of(cause_name(d->report.cause)));
	put_text(b, "msg_id", d->report.msg_id);
	put_id(b, "id", d->id);
}

static void dump_row(struct buf *b, const struct row *r)
{
	buf_put_str(b, str_of(kinds[r->table]));
	switch (r->table) {
	case T_USER:
		dump_user(b, r->user);
		break;
	case T_BINDING:
		dump_binding(b, r);
		break;
	case T_MSG:
		put_id(b, "id", r->id);
		put_n(b, "refs", (uint64_t)r->refs);
		break;
	case T_TODO:
		dump_todo(b, r);
		break;
	case T_DEDUP:
		buf_put_str(b, STR(" key="));
		buf_put_hex(b, r->key, sizeof(r->key));
		put_n(b, "expires", (uint64_t)r->until_utc_us);
		put_text(b, "answer", r->data);
		break;
	case T_NOTE:
		buf_put_str(b, STR(" key="));
		buf_put_hex(b, r->key, sizeof(r->key));
		put_n(b, "expires", (uint64_t)r->until_utc_us);
		put_text(b, "text", r->data);
		break;
	case T_DUE:
		dump_due(b, &r->due);
		break;
	case T_LIVE:
		put_id(b, "leg", r->id);
		put_text(b, "saved", r->data);
		break;
	case T_OWNER:
		put_text(b, "resource", r->resource);
		put_n(b, "node", r->node);
		put_n(b, "epoch", r->epoch);
		break;
	case T_ACCOUNT:
		buf_put_char(b, ' ');
		buf_put_str(b, r->data);
		break;
	case TABLES_N:
		break;
	}
	buf_put_char(b, '\n');
}

void fake_store_dump(const struct fake_store *fs, struct str only,
		     struct buf *b)
{
	struct list_link *it, *tmp;
	struct row *r;
	int t;

	for (t = 0; t < TABLES_N; t++) {
		if (only.p && !str_eq(only, str_of(kinds[t])))
			continue;
		list_for(fs, t, r, it, tmp)
			dump_row(b, r);
	}
}

size_t fake_store_count(const struct fake_store *fs, struct str kind)
{
	struct list_link *it, *tmp;
	size_t n = 0;
	int t;

	for (t = 0; t < TABLES_N; t++)
		if (str_eq(kind, str_of(kinds[t])))
			list_each(it, tmp, &fs->tables[t]) n++;
	return n;
}
