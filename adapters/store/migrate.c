/* adapters/store/migrate.c: see migrate.h. */
#include "adapters/store/migrate.h"

#include <stdio.h>

#define COUNT_TABLES "SELECT COUNT(*) FROM sqlite_master"
#define COUNT_META                                                \
	"SELECT COUNT(*) FROM sqlite_master WHERE type = 'table'" \
	" AND name = 'meta'"
#define SET_VERSION                                            \
	"INSERT INTO meta (name, value) VALUES ('schema', %d)" \
	" ON CONFLICT (name) DO UPDATE SET value = excluded.value"

/* 0 for an empty file. */
static int version_of(struct db *db, struct errtext *why)
{
	int64_t version;

	if (db_ask(db, COUNT_TABLES) == 0)
		return 0;
	version = -1;
	if (db_ask(db, COUNT_META) == 1)
		version = db_ask(db, "SELECT value FROM meta"
				     " WHERE name = 'schema'");
	if (version < 1 || version > 1000000)
		return errtext_set(why, ERR_DECLINED,
				   "store: the file is no database of this "
				   "program");
	return (int)version;
}

static int take_step(struct db *db, const struct sql_step *step,
		     struct errtext *why)
{
	char set_version[sizeof(SET_VERSION) + 16];

	snprintf(set_version, sizeof(set_version), SET_VERSION, step->version);
	if (db_exec(db, "BEGIN IMMEDIATE", why) < 0)
		return ERR_IO;
	if (db_exec(db, step->text[SQL_SQLITE], why) < 0 ||
	    db_exec(db, set_version, why) < 0 ||
	    db_exec(db, "COMMIT", why) < 0) {
		db_do(db, SQL_ROLLBACK);
		return ERR_IO;
	}
	return 0;
}

int migrate(struct db *db, const struct sql_step *steps, int steps_n,
	    struct errtext *why)
{
	int at = version_of(db, why);

	if (at < 0)
		return at;
	if (at > steps_n)
		return errtext_set(why, ERR_UNSUPPORTED,
				   "store: schema version %d is newer than "
				   "this program, which knows version %d",
				   at, steps_n);
	for (; at < steps_n; at++)
		if (take_step(db, &steps[at], why) < 0)
			return ERR_IO;
	return 0;
}
