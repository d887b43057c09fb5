/* adapters/store/checkup.c: see checkup.h. */
#include "adapters/store/checkup.h"

#include <pthread.h>
#include <string.h>

#include "adapters/store/db.h"
#include "adapters/store/store_priv.h"
#include "core/base/mem.h"

#define ASK_SCHEMA "SELECT value FROM meta WHERE name = 'schema'"
#define ASK_FAULTS                                       \
	"SELECT COUNT(*) FROM pragma_quick_check WHERE " \
	"quick_check <> 'ok'"

struct checkup {
	char *file;
	pthread_t thread;
	bool has_thread;
	pthread_mutex_t lock; /* of result */
	struct checkup_result result;
};

static void *look(void *arg)
{
	struct checkup *c = arg;
	struct checkup_result r = { .state = CHECKUP_DONE, .faults = -1 };
	struct errtext why;
	struct db *db = db_open(c->file, 0, false, &why);

	r.schema_known = sql_steps_n;
	if (db) {
		r.could_open = true;
		r.schema = db_ask(db, ASK_SCHEMA);
		r.faults = db_ask(db, ASK_FAULTS);
	}
	db_close(db);
	r.done_ms = store_clock_ms();
	pthread_mutex_lock(&c->lock);
	c->result = r;
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

struct checkup *checkup_new(const char *file)
{
	struct checkup *c = mem_zalloc(sizeof(*c));

	c->file = mem_alloc(strlen(file) + 1);
	memcpy(c->file, file, strlen(file) + 1);
	pthread_mutex_init(&c->lock, NULL);
	return c;
}

bool checkup_start(struct checkup *c)
{
	struct checkup_result now;

	checkup_get(c, &now);
	if (now.state == CHECKUP_RUNNING)
		return true;
	if (c->has_thread)
		pthread_join(c->thread, NULL);
	c->result = (struct checkup_result){ .state = CHECKUP_RUNNING };
	c->has_thread = pthread_create(&c->thread, NULL, look, c) == 0;
	if (!c->has_thread)
		c->result.state = CHECKUP_NONE;
	return c->has_thread;
}

void checkup_get(struct checkup *c, struct checkup_result *out)
{
	pthread_mutex_lock(&c->lock);
	*out = c->result;
	pthread_mutex_unlock(&c->lock);
}

void checkup_free(struct checkup *c)
{
	if (!c)
		return;
	if (c->has_thread)
		pthread_join(c->thread, NULL);
	pthread_mutex_destroy(&c->lock);
	mem_free(c->file);
	mem_free(c);
}
