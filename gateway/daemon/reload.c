/* gateway/daemon/reload.c: see reload.h. */
#include "gateway/daemon/reload.h"

#include <sysexits.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/mem.h"
#include "core/base/metric.h"
#include "gateway/daemon/changes.h"
#include "gateway/daemon/secret.h"

static const struct log_ctx reload_log = { .module = "daemon" };

static struct config *load(struct node *n, struct buf *error)
{
	struct faults *f = mem_alloc(sizeof(*f));
	struct config *c;

	faults_init(f);
	c = conf_load(&n->source, f);
	if (!c)
		faults_put(error, f, n->source.path);
	mem_free(f);
	return c;
}

static int check(struct node *n, const struct config *c, struct buf *error)
{
	struct buf keys;
	bool any;

	buf_init(&keys, 4096);
	any = changes_restart(&keys, n->config, c);
	if (any)
		buf_printf(error,
			   "%.*s changed, which needs a restart of the "
			   "process; nothing was changed",
			   STR_ARG(buf_str(&keys)));
	buf_free(&keys);
	return any ? EX_CONFIG : 0;
}

static int apply(struct node *n, struct config *c, struct buf *error)
{
	struct errtext why = { .text = "" };

	c->generation = n->config->generation + 1;
	if (!secret_load(c, &why) && !node_apply(n, c, &why))
		return 0;
	buf_put_str(error, str_of(why.text));
	return EX_OSERR;
}

static void log_result(struct node *n, int code, const struct buf *error)
{
	metric_set(METRIC(RELOAD_OK), code == 0);
	if (code == 0)
		metric_set(METRIC(RELOAD_TIME), net_utc_us() / 1000000);
	if (code)
		log_error(&reload_log, "config_reload_failed",
			  F_STR("why", buf_str(error)));
	else
		log_info(&reload_log, "config_reload",
			 F_N("generation", n->config->generation));
}

int reload_run(struct node *n, bool is_dry, struct buf *data, struct buf *error)
{
	struct config *c = load(n, error);
	int code = EX_CONFIG;

	if (c)
		code = check(n, c, error);
	if (c && !code) {
		json_begin_obj(data);
		json_key_bool(data, "applied", !is_dry);
		json_key(data, "changes");
		changes_put(data, n->config, c);
		json_end_obj(data);
		if (!is_dry)
			code = apply(n, c, error);
	}
	config_put(c);
	if (!is_dry)
		log_result(n, code, error);
	return code;
}
