/* core/flow/expand.c: actions that belong to another function become writes
 * of the same transaction, so that a crash finds all of it or nothing
 * [architecture.md 3, traces.md B3]. An expansion never waits: it uses what is
 * at hand, or conditional writes.
 *   KEEP     message row (once), dedup row, todo row
 *   REPORT   due row
 *   CHANGED  nothing to write: told after the commit (act.c)
 */
#include <string.h>

#include "core/flow/core_priv.h"

/* Ids that are soon reused count for ten minutes only [scale.md 3.3]. */
#define SHORT_ID_LIFE_US ((int64_t)600 * 1000000)

static bool has_msg_write(const struct acts *a, const struct msg *m)
{
	size_t i;

	for (i = 0; i < a->writes_n; i++)
		if (a->writes[i].op == OP_MSG_PUT && a->writes[i].u.msg == m)
			return true;
	return false;
}

static void write_dedup(struct core *core, const struct event *ev,
			struct acts *a, const struct keep *k)
{
	struct msg *m = k->todo.msg;
	const uint8_t *key = msg_key(m);
	struct dedup_row *row;
	int64_t life_us = m->is_short_id ? SHORT_ID_LIFE_US :
			  (int64_t)core->config->dedup_life_s_store * 1000000;

	if (!key)
		return;
	row = acts_new(a, sizeof(*row));
	memcpy(row->key, key, sizeof(row->key));
	row->expires_utc_us = ev->now_utc_us + life_us;
	row->answer = STR("202");
	acts_write(a, OP_DEDUP, k->todo.part)->u.dedup = row;
}

/* Reports will come when the rows are long gone. */
static void write_note(struct core *core, const struct event *ev,
		       struct acts *a, const struct keep *k)
{
	const struct msg *m = k->todo.msg;
	struct note_row *row;

	if (!core->store.read_note || !note_is_wanted(m))
		return;
	row = acts_new(a, sizeof(*row));
	note_key(&m->from, &m->to[0], m->id, row->key);
	row->text = note_pack(a->arena, m);
	row->expires_utc_us = ev->now_utc_us +
			      (int64_t)core->config->dedup_life_s_store *
			      1000000;
	if (row->text.p)
		acts_write(a, OP_NOTE_PUT, k->todo.part)->u.note = row;
}

/* The aor of a "user:" lane. */
static bool is_user_lane(struct str lane, struct str *aor_out)
{
	*aor_out = str_from(lane, 5);
	return str_starts(lane, STR("user:"));
}

static void expand_keep(struct core *core, const struct event *ev,
			struct acts *a, struct keep *k)
{
	struct str aor;

	if (k->is_dedup) {
		write_dedup(core, ev, a, k);
		write_note(core, ev, a, k);
	}
	if (!has_msg_write(a, k->todo.msg))
		acts_write(a, OP_MSG_PUT, k->todo.part)->u.msg = k->todo.msg;
	acts_write(a, OP_TODO_PUT, k->todo.part)->u.todo = &k->todo;
	if (is_user_lane(k->todo.lane, &aor)) {
		struct cached *c = map_get(core->facts, aor);

		k->is_alone = !map_get(core->queues, k->todo.lane) && c &&
			      c->user && !c->user->backlog_count && !c->keeps_n;
		facts_submitted(core, aor, true);
	}
}

void expand(struct core *core, const struct event *ev, struct acts *a)
{
	size_t i, n = a->list_n;

	for (i = 0; i < n; i++) {
		struct action *it = &a->list[i];

		/* Made by this step in this arena, so it may be completed. */
		if (it->kind == ACT_KEEP)
			expand_keep(core, ev, a,
				    (struct keep *)(uintptr_t)it->u.keep);
		else if (it->kind == ACT_REPORT)
			acts_write(a, OP_DUE_PUT, it->u.due->part)->u.due =
				it->u.due;
	}
}
