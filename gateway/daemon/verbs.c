/* gateway/daemon/verbs.c: see verbs.h. */
#include "gateway/daemon/verbs.h"

#include <string.h>
#include <sysexits.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "gateway/daemon/log_for.h"
#include "gateway/daemon/node.h"
#include "gateway/daemon/reload.h"
#include "gateway/daemon/value.h"
#include "gateway/daemon/verb_check.h"

#define TEXT_BYTES_MAX 65536u
#define FOR_MS_MAX (24u * 60 * 60 * 1000) /* a day: who looks longer asks again */
#define MODULE_MAX 23u /* as core/base/log.c keeps it */

static void usage(struct buf *out, const char *text)
{
	control_put_error(out, str_of(text), EX_USAGE);
}

static void serve_version(struct node *n, const struct control_req *req,
			  struct buf *out)
{
	struct buf data;

	(void)n;
	(void)req;
	buf_init(&data, 256);
	json_begin_obj(&data);
	json_key_text(&data, "version", CAUSEWAY_VERSION);
	json_end_obj(&data);
	control_put_ok(out, buf_str(&data));
	buf_free(&data);
}

static void serve_drain(struct node *n, const struct control_req *req,
			struct buf *out)
{
	(void)req;
	node_drain(n);
	control_put_ok(out, STR("{\"draining\":true}"));
}

static void serve_undrain(struct node *n, const struct control_req *req,
			  struct buf *out)
{
	(void)req;
	if (node_undrain(n))
		control_put_ok(out, STR("{\"draining\":false}"));
	else
		control_put_error(out, STR("the process is ending"),
				  EX_UNAVAILABLE);
}

static void serve_reload(struct node *n, const struct control_req *req,
			 struct buf *out)
{
	bool is_dry = req->words_n == 2;
	struct buf data, error;
	int code;

	if (req->words_n > 2 ||
	    (is_dry && !str_eq(req->words[1], STR("--dry-run")))) {
		usage(out, "usage: reload [--dry-run]");
		return;
	}
	buf_init(&data, CONTROL_ANSWER_MAX);
	buf_init(&error, TEXT_BYTES_MAX);
	code = reload_run(n, is_dry, &data, &error);
	if (code)
		control_put_error(out, str_trim(buf_str(&error)), code);
	else
		control_put_ok(out, buf_str(&data));
	buf_free(&data);
	buf_free(&error);
}

static bool is_module(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!ch_is_alnum((unsigned char)s.p[i]) && s.p[i] != '_')
			return false;
	return s.n > 0 && s.n <= MODULE_MAX;
}

/* Takes "--for DURATION" off the end of the words. False: it is wrong. */
static bool take_for(const struct control_req *req, size_t *words_n_out,
		     uint64_t *for_ms_out)
{
	size_t n = req->words_n;

	*for_ms_out = 0;
	*words_n_out = n;
	if (n < 3 || !str_eq(req->words[n - 2], STR("--for")))
		return true;
	*words_n_out = n - 2;
	return value_duration(req->words[n - 1], UNIT_MS, for_ms_out) &&
	       *for_ms_out > 0 && *for_ms_out <= FOR_MS_MAX;
}

/* log level [MODULE] LEVEL [--for DURATION] */
static void serve_log(struct node *n, const struct control_req *req,
		      struct buf *out)
{
	char module[MODULE_MAX + 1] = "";
	enum log_level level;
	uint64_t for_ms;
	struct buf data;
	size_t words_n;

	if (!take_for(req, &words_n, &for_ms) || words_n < 3 || words_n > 4 ||
	    !str_eq(req->words[1], STR("level")) ||
	    !log_level_parse(req->words[words_n - 1], &level) ||
	    (words_n == 4 && !is_module(req->words[2]))) {
		usage(out, "usage: log level [MODULE] "
			   "error|warning|info|debug [--for 10m]");
		return;
	}
	if (words_n == 4)
		memcpy(module, req->words[2].p, req->words[2].n);
	if (log_for_set(n->log_for, module, level, for_ms)) {
		control_put_error(out,
				  STR("too many modules have a level of "
				      "their own"),
				  EX_UNAVAILABLE);
		return;
	}
	buf_init(&data, 256);
	json_begin_obj(&data);
	json_key_text(&data, "module", *module ? module : "all others");
	json_key_text(&data, "level", log_level_name(level));
	if (for_ms)
		json_key_u64(&data, "for_s", for_ms / 1000);
	json_end_obj(&data);
	control_put_ok(out, buf_str(&data));
	buf_free(&data);
}

static const struct {
	const char *word;
	void (*serve)(struct node *n, const struct control_req *req,
		      struct buf *out);
} verbs[] = {
	{ "version", serve_version },
	{ "drain", serve_drain },
	{ "undrain", serve_undrain },
	{ "reload", serve_reload },
	{ "log", serve_log },
	{ "check", verb_check },
	{ "config", verb_config },
};

bool verbs_serve(void *arg, const struct control_req *req, struct buf *out)
{
	size_t i;

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (!str_eq(req->words[0], str_of(verbs[i].word)))
			continue;
		verbs[i].serve(arg, req, out);
		return true;
	}
	return false;
}
