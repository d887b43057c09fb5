/* adapters/store/row_in.h: rows of a query into the model's structs. Column
 * order is that of the lists in statements.c.
 */
#pragma once

#include "adapters/store/db.h"
#include "core/base/arena.h"
#include "core/model/todo.h"
#include "core/model/user.h"

/* How many columns each takes; what a query gives besides comes after. */
enum { TODO_COLUMNS_N = 17, USER_COLUMNS_N = 12, BIND_COLUMNS_N = 12 };

/* Strings into the arena; check arena_err() afterwards. */
void todo_in(struct query *q, struct arena *a, struct todo *out);
void user_in(struct query *q, struct arena *a, struct user *out);
void binding_in(struct query *q, struct arena *a, struct binding *out);
/* seq, id, part, trace, data. ERR_SYNTAX: its text is broken. */
int due_in(struct query *q, struct arena *a, struct due *out) MUST_CHECK;
