/* adapters/store/statements.h: every SQL text there is, for both engines side
 * by side, keyed by what it does. Parameters are $1, $2, ... numbered in the
 * order of their first occurrence: PostgreSQL wants the number, SQLite counts
 * occurrences, so one text serves both. A text that exists for one engine only
 * is a lock that the other does not need: SQLite has one writer.
 */
#pragma once

enum sql {
	SQL_BEGIN_READ,
	SQL_BEGIN_WRITE,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_SAVE,
	SQL_SAVE_UNDO,
	SQL_SAVE_KEEP,
	/* writes */
	SQL_FENCE,
	SQL_MSG_PUT,
	SQL_MSG_USE,
	SQL_MSG_LOCK,
	SQL_MSG_DROP_LAST,
	SQL_MSG_UNUSE,
	SQL_DEDUP,
	SQL_DEDUP_RENEW,
	SQL_DEDUP_ANSWER,
	SQL_DEDUP_DROP,
	SQL_DEDUP_PURGE,
	SQL_NOTE_PUT,
	SQL_NOTE_PURGE,
	SQL_TODO_PUT,
	SQL_TODO_DONE,
	SQL_TODO_MSG,
	SQL_TODO_RETRY,
	SQL_TODO_MOVE,
	SQL_TODO_HOLD,
	SQL_DUE_PUT,
	SQL_DUE_DONE,
	SQL_BIND_SET,
	SQL_BIND_DROP,
	SQL_BIND_DROP_ALL,
	SQL_USER_PUT,
	SQL_USER_DROP,
	SQL_LIVE_PUT,
	SQL_LIVE_DROP,
	SQL_OWN_TAKE,
	SQL_OWN_RENEW,
	/* reads */
	SQL_USER_GET,
	SQL_USER_BY_FOLDED,
	SQL_NOTE_GET,
	SQL_BINDS_GET,
	SQL_BACKLOG,
	SQL_CLAIM_LANE,
	SQL_DUE_LANES,
	SQL_DUE_REPORTS,
	SQL_LIST_USERS,
	SQL_LIST_BINDS,
	SQL_LIST_BINDS_OF,
	SQL_LIST_TODOS,
	SQL_LIST_TODOS_OF_LANE,
	SQL_TODO_GET,
	SQL_CONTACTS,
	SQL_CONTACT_HAS_ROOM,
	SQL_LIST_DUES,
	SQL_TOTALS,
	SQL_COUNT_N
};

enum sql_engine { SQL_SQLITE, SQL_PGSQL };

/* NULL: this engine needs none. */
const char *sql_text(enum sql id, enum sql_engine e);

/* The schema, as numbered steps from nothing to the newest. */
struct sql_step {
	int version;	     /* of the schema once the step is done */
	const char *text[2]; /* by engine; several statements each */
};

extern const struct sql_step sql_steps[];
extern const int sql_steps_n;
