/* adapters/store/statements.c: see statements.h. */
#include "adapters/store/statements.h"

#include <stddef.h>

/* The engine's own clock in milliseconds: leases are compared by it alone, so
   the clocks of nodes need not agree [architecture.md 9]. */
#define NOW_SQLITE "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
#define NOW_PGSQL "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"

#define OWN_TAKE(NOW)                                                      \
	"INSERT INTO owners (resource, node, boot, epoch, lease_until_ms)" \
	" VALUES ($1, $2, $3, 1, " NOW " + $4)"                            \
	" ON CONFLICT (resource) DO UPDATE SET node = excluded.node,"      \
	" boot = excluded.boot, epoch = owners.epoch + 1,"                 \
	" lease_until_ms = excluded.lease_until_ms"                        \
	" WHERE owners.node = excluded.node"                               \
	" OR owners.lease_until_ms <= " NOW " RETURNING epoch"
#define OWN_RENEW(NOW)                                    \
	"UPDATE owners SET lease_until_ms = " NOW " + $1" \
	" WHERE resource = $2 AND node = $3 AND boot = $4 RETURNING epoch"

/* In the order of todo_in(). */
#define TODO_COLUMNS                                                       \
	"t.seq, t.id, t.part, t.lane, t.conversation, t.recipient, t.via," \
	" t.due, t.expires, t.kept, t.tries, t.wants, t.cause, t.held,"    \
	" t.trace, t.msg_id, t.bytes"
/* In the order of user_in(). */
#define USER_COLUMNS                                                          \
	"aor, login, display, ha1_md5, ha1_sha256, is_barred, is_out_barred," \
	" is_active, has_offline_delivery, store_on_busy, quota_count,"       \
	" quota_bytes, profile, contact, senders"
/* In the order of binding_in(). */
#define BIND_COLUMNS                                                       \
	"contact, params, instance, reg_id, q_milli, call_id, cseq, path," \
	" flow, user_agent, expires, is_plain"

/* A row wakes its lane when it is due; a held one only to expire. */
#define WAKE(DUE, HELD)                                                      \
	"CASE WHEN " HELD " = 1 OR " DUE " > expires THEN expires ELSE " DUE \
	" END"

/* Same text for both. */
#define BOTH(text)         \
	{                  \
		text, text \
	}

static const char *const texts[SQL_COUNT_N][2] = {
	[SQL_BEGIN_READ] = { "BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ" },
	[SQL_BEGIN_WRITE] = { "BEGIN IMMEDIATE", "BEGIN" },
	[SQL_COMMIT] = BOTH("COMMIT"),
	[SQL_ROLLBACK] = BOTH("ROLLBACK"),
	[SQL_SAVE] = BOTH("SAVEPOINT one"),
	[SQL_SAVE_UNDO] = BOTH("ROLLBACK TO SAVEPOINT one"),
	[SQL_SAVE_KEEP] = BOTH("RELEASE SAVEPOINT one"),

	/* reads the owner of a partition; holds it until the transaction is
	   through, so that nobody takes the partition meanwhile */
	[SQL_FENCE] = { "SELECT epoch FROM owners WHERE resource = $1",
			"SELECT epoch FROM owners WHERE resource = $1"
			" FOR SHARE" },

	/* a row that is there already changes nothing in SQLite and is counted
	   by the next statement: an upsert would cost each insert a statement
	   journal; in PostgreSQL only the upsert is atomic */
	[SQL_MSG_PUT] = {
		"INSERT INTO msgs (id, refs, data) VALUES ($1, $2, $3)"
		" ON CONFLICT (id) DO NOTHING",
		"INSERT INTO msgs (id, refs, data) VALUES ($1, $2, $3)"
		" ON CONFLICT (id) DO UPDATE"
		" SET refs = msgs.refs + excluded.refs" },
	[SQL_MSG_USE] = BOTH("UPDATE msgs SET refs = refs + $1 WHERE id = $2"),
	/* two who finish the last two rows of one message see each other's
	   count only when one waits here for the other */
	[SQL_MSG_LOCK] = { NULL, "SELECT refs FROM msgs WHERE id = $1"
				 " FOR UPDATE" },
	[SQL_MSG_DROP_LAST] = BOTH(
		"DELETE FROM msgs WHERE id = $1 AND refs <= 1"),
	[SQL_MSG_UNUSE] = BOTH("UPDATE msgs SET refs = refs - 1 WHERE id = $1"),

	/* writes one row, or none when the key is there and alive: the insert
	   itself locks the key */
	[SQL_DEDUP] = BOTH(
		"INSERT INTO dedup (key, expires, answer) VALUES ($1, $2, $3)"
		" ON CONFLICT (key) DO NOTHING"),
	[SQL_DEDUP_RENEW] = BOTH("UPDATE dedup SET expires = $1, answer = $2"
				 " WHERE key = $3 AND expires <= $4"),
	[SQL_DEDUP_ANSWER] = BOTH("SELECT answer FROM dedup WHERE key = $1"),
	[SQL_DEDUP_DROP] = BOTH("DELETE FROM dedup WHERE key = $1"),
	[SQL_DEDUP_PURGE] = BOTH(
		"DELETE FROM dedup WHERE key IN (SELECT key FROM dedup"
		" WHERE expires <= $1 ORDER BY expires LIMIT $2)"),

	[SQL_NOTE_PUT] = BOTH(
		"INSERT INTO notes (key, expires, data) VALUES ($1, $2, $3)"
		" ON CONFLICT (key) DO UPDATE SET expires = excluded.expires,"
		" data = excluded.data"),
	[SQL_NOTE_PURGE] = BOTH(
		"DELETE FROM notes WHERE key IN (SELECT key FROM notes"
		" WHERE expires <= $1 ORDER BY expires LIMIT $2)"),

	[SQL_NOTE_GET] = BOTH(
		"SELECT data FROM notes WHERE key = $1 AND expires > $2"),

	[SQL_TODO_PUT] = BOTH(
		"INSERT INTO todos (id, part, epoch, lane, conversation,"
		" recipient, via, due, expires, kept, tries, wants, cause,"
		" held, wake, msg_id, trace, bytes) VALUES ($1, $2, $3, $4,"
		" $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,"
		" $18)"),
	[SQL_TODO_DONE] = BOTH("DELETE FROM todos WHERE id = $1"),
	[SQL_TODO_MSG] = BOTH("SELECT msg_id FROM todos WHERE id = $1"),
	[SQL_TODO_RETRY] = BOTH(
		"UPDATE todos SET due = $1, tries = $2, via = $3, cause = $4,"
		" epoch = $5, wake = " WAKE("$1", "held") " WHERE id = $6"),
	[SQL_TODO_MOVE] = BOTH(
		"UPDATE todos SET lane = $1, part = $2, via = $3, due = $4,"
		" epoch = $5, wake = " WAKE("$4", "held") " WHERE id = $6"),
	[SQL_TODO_HOLD] = BOTH(
		"UPDATE todos SET held = $1, epoch = $2, wake = " WAKE(
			"due", "CAST($1 AS BIGINT)") " WHERE id = $3"),

	[SQL_DUE_PUT] = BOTH("INSERT INTO dues (id, part, trace, data)"
			     " VALUES ($1, $2, $3, $4)"),
	[SQL_DUE_DONE] = BOTH("DELETE FROM dues WHERE id = $1"),

	[SQL_BIND_SET] = BOTH(
		"INSERT INTO bindings (aor, contact, params, instance, reg_id,"
		" q_milli, call_id, cseq, path, flow, user_agent, expires,"
		" is_plain) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
		" $11, $12, $13) ON CONFLICT (aor, contact, instance, reg_id)"
		" DO UPDATE SET params = excluded.params,"
		" q_milli = excluded.q_milli,"
		" call_id = excluded.call_id, cseq = excluded.cseq,"
		" path = excluded.path, flow = excluded.flow,"
		" user_agent = excluded.user_agent,"
		" expires = excluded.expires, is_plain = excluded.is_plain"),
	[SQL_BIND_DROP] = BOTH(
		"DELETE FROM bindings WHERE aor = $1 AND contact = $2"
		" AND instance = $3 AND reg_id = $4"),
	[SQL_BIND_DROP_ALL] = BOTH("DELETE FROM bindings WHERE aor = $1"),

	[SQL_USER_PUT] = BOTH(
		"INSERT INTO users (" USER_COLUMNS ", folded) VALUES ($1, $2,"
		" $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,"
		" $16)"
		" ON CONFLICT (aor) DO UPDATE SET login = excluded.login,"
		" display = excluded.display, ha1_md5 = excluded.ha1_md5,"
		" ha1_sha256 = excluded.ha1_sha256,"
		" is_barred = excluded.is_barred,"
		" is_out_barred = excluded.is_out_barred,"
		" is_active = excluded.is_active,"
		" has_offline_delivery = excluded.has_offline_delivery,"
		" store_on_busy = excluded.store_on_busy,"
		" quota_count = excluded.quota_count,"
		" quota_bytes = excluded.quota_bytes,"
		" profile = excluded.profile, contact = excluded.contact,"
		" senders = excluded.senders,"
		" folded = excluded.folded"),
	[SQL_USER_DROP] = BOTH("DELETE FROM users WHERE aor = $1"),

	[SQL_LIVE_PUT] = BOTH(
		"INSERT INTO live (leg, node, boot, saved)"
		" VALUES ($1, $2, $3, $4) ON CONFLICT (leg) DO UPDATE SET"
		" node = excluded.node, boot = excluded.boot,"
		" saved = excluded.saved"),
	[SQL_LIVE_DROP] = BOTH("DELETE FROM live WHERE leg = $1"),

	[SQL_OWN_TAKE] = { OWN_TAKE(NOW_SQLITE), OWN_TAKE(NOW_PGSQL) },
	[SQL_OWN_RENEW] = { OWN_RENEW(NOW_SQLITE), OWN_RENEW(NOW_PGSQL) },

	[SQL_USER_GET] = BOTH("SELECT " USER_COLUMNS
			      " FROM users WHERE aor = $1"),
	[SQL_USER_BY_FOLDED] = BOTH("SELECT " USER_COLUMNS
				    " FROM users WHERE folded = $1"
				    " LIMIT 2"),
	[SQL_BINDS_GET] = BOTH(
		"SELECT " BIND_COLUMNS " FROM bindings WHERE aor = $1"
		" ORDER BY q_milli DESC, expires DESC, contact LIMIT $2"),
	[SQL_BACKLOG] = BOTH(
		"SELECT COUNT(*), COALESCE(SUM(bytes), 0) FROM todos"
		" WHERE lane = $1"),

	[SQL_CLAIM_LANE] = BOTH(
		"SELECT " TODO_COLUMNS ", m.data FROM todos t"
		" LEFT JOIN msgs m ON m.id = t.msg_id"
		" WHERE t.lane = $1 AND t.seq > $2 ORDER BY t.seq LIMIT $3"),
	/* hops from lane to lane through the index, however many rows each
	   holds; gives every lane with whether it has something to do */
	[SQL_DUE_LANES] = BOTH(
		"WITH RECURSIVE w(lane) AS ("
		"SELECT (SELECT MIN(lane) FROM todos WHERE lane > $1)"
		" UNION ALL "
		"SELECT (SELECT MIN(t.lane) FROM todos t"
		" WHERE t.lane > w.lane) FROM w WHERE w.lane IS NOT NULL)"
		" SELECT w.lane, CASE WHEN EXISTS (SELECT 1 FROM todos d"
		" WHERE d.lane = w.lane AND d.wake <= $2) THEN 1 ELSE 0 END"
		" FROM w WHERE w.lane IS NOT NULL LIMIT $3"),
	[SQL_DUE_REPORTS] = BOTH(
		"SELECT seq, id, part, trace, data FROM dues WHERE seq > $1"
		" ORDER BY seq LIMIT $2"),

	[SQL_LIST_USERS] = BOTH("SELECT " USER_COLUMNS
				" FROM users WHERE aor > $1"
				" ORDER BY aor LIMIT $2"),
	[SQL_LIST_BINDS] = BOTH(
		"SELECT " BIND_COLUMNS ", aor FROM bindings"
		" WHERE (aor, contact, instance, reg_id) > ($1, $2, $3, $4)"
		" ORDER BY aor, contact, instance, reg_id LIMIT $5"),
	[SQL_LIST_BINDS_OF] = BOTH(
		"SELECT " BIND_COLUMNS ", aor FROM bindings"
		" WHERE aor = $1 AND (contact, instance, reg_id) > ($2, $3, $4)"
		" ORDER BY contact, instance, reg_id LIMIT $5"),
	[SQL_LIST_TODOS] = BOTH("SELECT " TODO_COLUMNS
				" FROM todos t WHERE t.seq > $1"
				" ORDER BY t.seq LIMIT $2"),
	[SQL_LIST_TODOS_OF_LANE] = BOTH(
		"SELECT " TODO_COLUMNS " FROM todos t"
		" WHERE t.lane = $1 AND t.seq > $2 ORDER BY t.seq LIMIT $3"),
	[SQL_TODO_GET] = BOTH(
		"SELECT " TODO_COLUMNS ", m.data FROM todos t"
		" LEFT JOIN msgs m ON m.id = t.msg_id WHERE t.id = $1"),
	/* a row when that address is a contact, or there is room for one */
	[SQL_CONTACT_HAS_ROOM] = BOTH(
		"SELECT 1 WHERE EXISTS (SELECT 1 FROM users WHERE aor = $1"
		" AND contact <> 0) OR $2 > (SELECT COUNT(*) FROM users"
		" WHERE contact <> 0)"),
	[SQL_CONTACTS] = BOTH("SELECT aor, contact FROM users"
			      " WHERE contact <> 0 AND aor > $1"
			      " ORDER BY aor LIMIT $2"),
	[SQL_LIST_DUES] = BOTH(
		"SELECT seq, id, part, trace, data FROM dues WHERE seq > $1"
		" ORDER BY seq LIMIT $2"),
	/* Rows are kept in the order of their coming. */
	[SQL_TOTALS] = BOTH(
		"SELECT (SELECT count(*) FROM todos),"
		" (SELECT count(*) FROM dues),"
		" (SELECT kept FROM todos ORDER BY seq LIMIT 1),"
		" (SELECT count(*) FROM bindings),"
		" (SELECT count(*) FROM users)"),
};

const char *sql_text(enum sql id, enum sql_engine e)
{
	return texts[id][e];
}

/* Times are microseconds of UTC; 64-bit ids are kept as signed numbers. The
   column refs stands before data, so that counting does not read a body. */
#define SCHEMA_1(I64, SERIAL, BYTES, BARE, BYTEWISE)               \
	"CREATE TABLE meta (\n"                                    \
	"	name TEXT PRIMARY KEY NOT NULL,\n"                       \
	"	value " I64 " NOT NULL\n"                          \
	")" BARE ";\n"                                             \
	"CREATE TABLE users (\n"                                   \
	"	aor TEXT" BYTEWISE " PRIMARY KEY NOT NULL,\n"      \
	"	folded TEXT" BYTEWISE " NOT NULL,\n"               \
	"	login TEXT NOT NULL,\n"                                  \
	"	display TEXT NOT NULL,\n"                                \
	"	ha1_md5 TEXT NOT NULL,\n"                                \
	"	ha1_sha256 TEXT NOT NULL,\n"                             \
	"	is_barred " I64 " NOT NULL,\n"                     \
	"	is_out_barred " I64 " NOT NULL,\n"                 \
	"	is_active " I64 " NOT NULL,\n"                     \
	"	has_offline_delivery " I64 " NOT NULL,\n"          \
	"	store_on_busy " I64 " NOT NULL,\n"                 \
	"	quota_count " I64 " NOT NULL,\n"                   \
	"	quota_bytes " I64 " NOT NULL\n"                    \
	")" BARE ";\n"                                             \
	"CREATE INDEX users_folded ON users (folded);\n"           \
	"CREATE TABLE bindings (\n"                                \
	"	aor TEXT" BYTEWISE " NOT NULL,\n"                  \
	"	contact TEXT" BYTEWISE " NOT NULL,\n"              \
	"	params TEXT NOT NULL,\n"                                 \
	"	instance TEXT NOT NULL,\n"                               \
	"	reg_id " I64 " NOT NULL,\n"                        \
	"	q_milli " I64 " NOT NULL,\n"                       \
	"	call_id TEXT NOT NULL,\n"                                \
	"	cseq " I64 " NOT NULL,\n"                          \
	"	path TEXT NOT NULL,\n"                                   \
	"	flow TEXT NOT NULL,\n"                                   \
	"	user_agent TEXT NOT NULL,\n"                             \
	"	expires " I64 " NOT NULL,\n"                       \
	"	is_plain " I64 " NOT NULL,\n"                      \
	"	PRIMARY KEY (aor, contact)\n"                            \
	")" BARE ";\n"                                             \
	"CREATE TABLE msgs (\n"                                    \
	"	seq " SERIAL ",\n"                                 \
	"	id " I64 " NOT NULL UNIQUE,\n"                     \
	"	refs " I64 " NOT NULL,\n"                          \
	"	data " BYTES " NOT NULL\n"                         \
	");\n"                                                     \
	"CREATE TABLE todos (\n"                                   \
	"	seq " SERIAL ",\n"                                 \
	"	id " I64 " NOT NULL UNIQUE,\n"                     \
	"	part " I64 " NOT NULL,\n"                          \
	"	epoch " I64 " NOT NULL,\n"                         \
	"	lane TEXT" BYTEWISE " NOT NULL,\n"                 \
	"	conversation " I64 " NOT NULL,\n"                  \
	"	recipient TEXT NOT NULL,\n"                              \
	"	via TEXT NOT NULL,\n"                                    \
	"	due " I64 " NOT NULL,\n"                           \
	"	expires " I64 " NOT NULL,\n"                       \
	"	kept " I64 " NOT NULL,\n"                          \
	"	tries " I64 " NOT NULL,\n"                         \
	"	wants " I64 " NOT NULL,\n"                         \
	"	cause TEXT NOT NULL,\n"                                  \
	"	held " I64 " NOT NULL,\n"                          \
	"	wake " I64 " NOT NULL,\n"                          \
	"	msg_id " I64 " NOT NULL,\n"                        \
	"	trace TEXT NOT NULL,\n"                                  \
	"	bytes " I64 " NOT NULL\n"                          \
	");\n"                                                     \
	"CREATE INDEX todos_lane ON todos (lane, seq, bytes);\n"   \
	"CREATE INDEX todos_wake ON todos (lane, wake);\n"         \
	"CREATE TABLE dedup (\n"                                   \
	"	key " BYTES " PRIMARY KEY NOT NULL,\n"             \
	"	expires " I64 " NOT NULL,\n"                       \
	"	answer TEXT NOT NULL\n"                                  \
	")" BARE ";\n"                                             \
	"CREATE INDEX dedup_expires ON dedup (expires);\n"         \
	"CREATE TABLE notes (\n"                                   \
	"	key " BYTES " PRIMARY KEY NOT NULL,\n"             \
	"	expires " I64 " NOT NULL,\n"                       \
	"	data " BYTES " NOT NULL\n"                         \
	")" BARE ";\n"                                             \
	"CREATE INDEX notes_expires ON notes (expires);\n"         \
	"CREATE TABLE dues (\n"                                    \
	"	seq " SERIAL ",\n"                                 \
	"	id " I64 " NOT NULL UNIQUE,\n"                     \
	"	part " I64 " NOT NULL,\n"                          \
	"	trace TEXT NOT NULL,\n"                                  \
	"	data " BYTES " NOT NULL\n"                         \
	");\n"                                                     \
	"CREATE TABLE live (\n"                                    \
	"	leg " I64 " PRIMARY KEY NOT NULL,\n"               \
	"	node " I64 " NOT NULL,\n"                          \
	"	boot " I64 " NOT NULL,\n"                          \
	"	saved " BYTES " NOT NULL\n"                        \
	");\n"                                                     \
	"CREATE TABLE owners (\n"                                  \
	"	resource TEXT" BYTEWISE " PRIMARY KEY NOT NULL,\n" \
	"	node " I64 " NOT NULL,\n"                          \
	"	boot " I64 " NOT NULL,\n"                          \
	"	epoch " I64 " NOT NULL,\n"                         \
	"	lease_until_ms " I64 " NOT NULL\n"                 \
	")" BARE ";\n"

/* Two flows of one device may have the same contact [RFC 5626 4.2]: the key of
   a binding names the device and its flow too. */
#define BINDINGS_2_SQLITE                                              \
	"CREATE TABLE bindings_2 (\n"                                  \
	"	aor TEXT NOT NULL,\n"                                        \
	"	contact TEXT NOT NULL,\n"                                    \
	"	params TEXT NOT NULL,\n"                                     \
	"	instance TEXT NOT NULL,\n"                                   \
	"	reg_id INTEGER NOT NULL,\n"                                  \
	"	q_milli INTEGER NOT NULL,\n"                                 \
	"	call_id TEXT NOT NULL,\n"                                    \
	"	cseq INTEGER NOT NULL,\n"                                    \
	"	path TEXT NOT NULL,\n"                                       \
	"	flow TEXT NOT NULL,\n"                                       \
	"	user_agent TEXT NOT NULL,\n"                                 \
	"	expires INTEGER NOT NULL,\n"                                 \
	"	is_plain INTEGER NOT NULL,\n"                                \
	"	PRIMARY KEY (aor, contact, instance, reg_id)\n"              \
	") WITHOUT ROWID;\n"                                           \
	"INSERT INTO bindings_2 SELECT aor, contact, params, instance," \
	" reg_id, q_milli, call_id, cseq, path, flow, user_agent,"      \
	" expires, is_plain FROM bindings;\n"                          \
	"DROP TABLE bindings;\n"                                       \
	"ALTER TABLE bindings_2 RENAME TO bindings;\n"
#define BINDINGS_2_PGSQL                                              \
	"ALTER TABLE bindings DROP CONSTRAINT bindings_pkey;\n"        \
	"ALTER TABLE bindings ALTER COLUMN instance TYPE TEXT"         \
	" COLLATE \"C\";\n"                                            \
	"ALTER TABLE bindings ADD PRIMARY KEY (aor, contact, instance," \
	" reg_id);\n"

/* 3: profiles, and foreign users who register. */
#define SCHEMA_3(I64)                                                       \
	"ALTER TABLE users ADD COLUMN profile TEXT NOT NULL DEFAULT '';\n"  \
	"ALTER TABLE users ADD COLUMN contact " I64                         \
	" NOT NULL DEFAULT 0;\n"                                            \
	"CREATE INDEX users_contact ON users (aor) WHERE contact <> 0;\n"

/* 4: from whom a user takes messages. */
#define SCHEMA_4 \
	"ALTER TABLE users ADD COLUMN senders TEXT NOT NULL DEFAULT '';\n"

const struct sql_step sql_steps[] = {
	{ 1,
	  { SCHEMA_1("INTEGER", "INTEGER PRIMARY KEY AUTOINCREMENT", "BLOB",
		     " WITHOUT ROWID", ""),
	    SCHEMA_1("BIGINT",
		     "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "BYTEA",
		     "", " COLLATE \"C\"") } },
	{ 2, { BINDINGS_2_SQLITE, BINDINGS_2_PGSQL } },
	{ 3, { SCHEMA_3("INTEGER"), SCHEMA_3("BIGINT") } },
	{ 4, { SCHEMA_4, SCHEMA_4 } },
};

const int sql_steps_n = sizeof(sql_steps) / sizeof(sql_steps[0]);
