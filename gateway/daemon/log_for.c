/* gateway/daemon/log_for.c: see log_for.h. What was before is kept until the
 * while is over, also when it is prolonged meanwhile.
 */
#include "gateway/daemon/log_for.h"

#include <string.h>

#include "core/base/mem.h"

#define WHILES_MAX 16
#define MODULE_BYTES 24 /* as core/base/log.c keeps it */

struct once {
	struct net_timer *timer; /* NULL: this place is free */
	char module[MODULE_BYTES];
	bool had_own;
	enum log_level before;
};

struct log_for {
	struct net_loop *loop;
	struct once whiles[WHILES_MAX];
};

static const struct log_ctx ctx = { .module = "daemon" };

static void forget(struct once *w)
{
	net_timer_free(w->timer);
	w->timer = NULL;
}

static void tell(const char *module, enum log_level level, const char *why)
{
	log_info(&ctx, "log_level",
		 F_TEXT("of", *module ? module : "all others"),
		 F_TEXT("to", log_level_name(level)), F_TEXT("why", why));
}

static void on_over(void *arg)
{
	struct once *w = arg;

	if (*w->module && !w->had_own)
		log_clear_level(w->module);
	else
		(void)!log_set_level(*w->module ? w->module : NULL, w->before);
	tell(w->module, w->before, "the while is over");
	forget(w);
}

static struct once *find(struct log_for *f, const char *module, bool may_take)
{
	struct once *spare = NULL;
	size_t i;

	for (i = 0; i < WHILES_MAX; i++) {
		struct once *w = &f->whiles[i];

		if (w->timer && strcmp(w->module, module) == 0)
			return w;
		if (!w->timer && !spare)
			spare = w;
	}
	return may_take ? spare : NULL;
}

static void begin(struct log_for *f, struct once *w, const char *module,
		  uint64_t for_ms)
{
	if (!w->timer) {
		memcpy(w->module, module, strlen(module) + 1);
		w->had_own = *module && log_has_level(module);
		w->before = log_level_of(*module ? module : NULL);
		w->timer = net_timer_new(f->loop, on_over, w);
	}
	net_timer_set(w->timer, (int64_t)for_ms);
}

int log_for_set(struct log_for *f, const char *module, enum log_level level,
		uint64_t for_ms)
{
	struct once *w = find(f, module, for_ms > 0);

	if ((for_ms && !w) || strlen(module) >= MODULE_BYTES)
		return ERR_LIMIT;
	if (for_ms)
		begin(f, w, module, for_ms);
	else if (w)
		forget(w);
	if (!log_set_level(*module ? module : NULL, level)) {
		if (w && w->timer)
			forget(w);
		return ERR_LIMIT;
	}
	tell(module, level, for_ms ? "for a while" : "asked for");
	return 0;
}

struct log_for *log_for_new(struct net_loop *l)
{
	struct log_for *f = mem_zalloc(sizeof(*f));

	f->loop = l;
	return f;
}

void log_for_free(struct log_for *f)
{
	size_t i;

	if (!f)
		return;
	for (i = 0; i < WHILES_MAX; i++)
		forget(&f->whiles[i]);
	mem_free(f);
}
