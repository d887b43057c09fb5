/* adapters/store/list_json.h: what listings show of one row, as JSON objects:
 * the same keys from every store. Times are microseconds of UTC, ids are
 * decimal in quotes; hashes of passwords and message bodies are never shown.
 */
#pragma once

#include "core/base/json.h"
#include "core/model/todo.h"
#include "core/model/user.h"

enum list_kind {
	LIST_USERS,
	LIST_BINDINGS,
	LIST_QUEUE,
	LIST_QUEUE_SHOW,
	LIST_QUEUE_SHAPE,
	LIST_TRACE,
	LIST_TOTALS,
	LIST_UNKNOWN
};

enum list_kind list_kind_by_name(struct str query);

void list_user(struct buf *b, const struct user *u);
void list_binding(struct buf *b, struct str aor, const struct binding *row);
/* With the head of its message when t->msg is there. */
void list_todo(struct buf *b, const struct todo *t);
void list_due(struct buf *b, const struct due *d);
void list_account_line(struct buf *b, struct str line);

/* Is this row meant by the argument of "queue" or "trace" (an address, a lane,
   a trace id)? */
bool list_todo_matches(const struct todo *t, struct str arg);
bool list_due_matches(const struct due *d, struct str arg);
/* Does the argument stand in the line as a whole word? arg as log_escape()
   writes it. */
bool list_line_matches(struct str line, struct str arg);

/* queue-shape: how many rows of each lane are how old. */
struct shape;
struct shape *shape_new(void);
void shape_free(struct shape *s);
void shape_add(struct shape *s, const struct todo *t, int64_t now_utc_us);
/* One object per lane, in byte order; false when there were more lanes than
   are told apart (the rest is in lane "other"). */
bool shape_put(const struct shape *s, struct buf *b);
