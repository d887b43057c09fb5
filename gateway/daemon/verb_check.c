/* gateway/daemon/verb_check.c: see verb_check.h. */
#include "gateway/daemon/verb_check.h"

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sysexits.h>

#include "adapters/net/cert.h"
#include "adapters/net/tls.h"
#include "adapters/store/checkup.h"
#include "adapters/store/store.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "gateway/daemon/changes.h"
#include "gateway/daemon/node.h"

#define CERT_SOON_S (14 * 86400) /* ours: time to renew */
#define FREE_MIN_BYTES (64u << 20)
#define FRESH_MS 5000 /* an answer of the store's check is kept so long */
#define TEXT_BYTES_MAX 65536u

static void put(struct buf *json, const char *area, struct str name, bool ok,
		const char *detail)
{
	json_begin_obj(json);
	json_key_text(json, "area", area);
	json_key_str(json, "name", name);
	json_key_bool(json, "ok", ok);
	json_key_text(json, "detail", detail);
	json_end_obj(json);
}

/* ---- config ---------------------------------------------------------------- */

static struct config *load(struct node *n, struct buf *faults_out)
{
	struct faults *f = mem_alloc(sizeof(*f));
	struct config *c;

	faults_init(f);
	c = conf_load(&n->source, f);
	if (!c)
		faults_put(faults_out, f, n->source.path);
	mem_free(f);
	return c;
}

static void check_config_file(struct node *n, struct buf *json)
{
	struct buf text, restart;
	struct config *c;
	size_t changes;

	buf_init(&text, TEXT_BYTES_MAX);
	buf_init(&restart, TEXT_BYTES_MAX);
	c = load(n, &text);
	if (!c) {
		buf_put_char(&text, '\0');
		put(json, "config", str_of(n->source.path), false, text.p);
	} else {
		bool any = changes_restart(&restart, n->config, c);

		changes = changes_count(n->config, c);
		if (any)
			buf_printf(&text, "%.*s differs and needs a restart",
				   STR_ARG(buf_str(&restart)));
		else if (changes)
			buf_printf(&text,
				   "good; %zu blocks differ from what "
				   "runs (causewayctl config diff)",
				   changes);
		else
			buf_put_str(&text, STR("good, as it runs"));
		buf_put_char(&text, '\0');
		put(json, "config", str_of(n->source.path), !any, text.p);
	}
	config_put(c);
	buf_free(&text);
	buf_free(&restart);
}

/* ---- certificates ---------------------------------------------------------- */

static void judge_cert(const struct net_cert *c, char *out, size_t size,
		       bool *ok_out)
{
	int64_t left_s = c->not_after_utc_s - net_utc_us() / 1000000;

	*ok_out = false;
	if (left_s < 0)
		snprintf(out, size, "expired %lld days ago",
			 (long long)(-left_s / 86400));
	else if (c->not_before_utc_s > net_utc_us() / 1000000)
		snprintf(out, size, "does not hold yet");
	else if (!c->is_chain)
		snprintf(out, size,
			 "the certificates in the file are not a "
			 "chain: each must be signed by the next");
	else if (left_s < CERT_SOON_S)
		snprintf(out, size, "expires in %lld days",
			 (long long)(left_s / 86400));
	else {
		snprintf(out, size, "%s for %s, %lld days left, chain of %d%s",
			 c->subject, c->names[0] ? c->names : "no name",
			 (long long)(left_s / 86400), c->chain_n,
			 c->is_trusted ? ""
				       : ", not vouched for by this machine's "
					 "authorities");
		*ok_out = true;
	}
}

static void check_cert(struct buf *json, const char *kind, struct str name,
		       struct str cert_file, struct str key_file)
{
	struct errtext why = { .text = "" };
	struct net_cert cert;
	struct net_tls *keys;
	char label[128], detail[1200];
	bool ok = false;

	snprintf(label, sizeof(label), "%s %.*s", kind, STR_ARG(name));
	keys = net_tls_new(cert_file, key_file, &why); /* do they fit? */
	if (!keys || net_cert_look(cert_file, &cert, &why))
		snprintf(detail, sizeof(detail), "%s", why.text);
	else
		judge_cert(&cert, detail, sizeof(detail), &ok);
	net_tls_free(keys);
	put(json, "certs", str_of(label), ok, detail);
}

static void check_certs(struct node *n, struct buf *json)
{
	const struct config *c = n->config;
	size_t i;

	for (i = 0; i < c->listens_n; i++)
		if (c->listens[i].cert_file.n)
			check_cert(json, "listen", c->listens[i].name,
				   c->listens[i].cert_file,
				   c->listens[i].key_file);
	for (i = 0; i < c->links_n; i++)
		if (c->links[i].cert_file.n)
			check_cert(json, "link", c->links[i].name,
				   c->links[i].cert_file, c->links[i].key_file);
}

/* ---- links ----------------------------------------------------------------- */

static void check_links(struct node *n, struct buf *json)
{
	size_t i;

	for (i = 0; i < n->config->links_n; i++) {
		const struct link_conf *l = &n->config->links[i];
		enum link_state state = core_link_state(n->core, l->id);

		if (l->is_of_domain && state == LINK_DOWN)
			continue; /* found by DNS when it is needed */
		put(json, "links", l->name, state == LINK_UP,
		    link_state_name(state));
	}
}

/* ---- the store ------------------------------------------------------------- */

static double free_bytes(const struct node *n)
{
	struct str dir = n->config->state_dir;
	struct statvfs fs;
	char path[4096];

	if (dir.n >= sizeof(path))
		return 0;
	memcpy(path, dir.p, dir.n);
	path[dir.n] = '\0';
	if (statvfs(path, &fs) < 0)
		return 0;
	return (double)fs.f_bavail * (double)fs.f_frsize;
}

static void put_store(struct node *n, const struct checkup_result *r,
		      struct buf *json)
{
	double room = free_bytes(n);
	struct store_stats st;
	char text[128];

	store_stats(n->store, &st);
	put(json, "store", STR("writes"), !st.is_failing,
	    st.is_failing ? "the last one failed" : "");
	snprintf(text, sizeof(text), "version %lld%s", (long long)r->schema,
		 r->schema == r->schema_known ? "" : ", another is expected");
	put(json, "store", STR("schema"),
	    r->could_open && r->schema == r->schema_known,
	    r->could_open ? text : "the file cannot be opened");
	snprintf(text, sizeof(text), "%lld faults", (long long)r->faults);
	put(json, "store", STR("integrity"), r->faults == 0,
	    r->faults == 0 ? "" : text);
	snprintf(text, sizeof(text), "%.0f MiB free", room / (1 << 20));
	put(json, "store", STR("space"), room >= FREE_MIN_BYTES, text);
	put(json, "store", STR("log"), !st.is_log_large,
	    st.is_log_large ? "readers keep it from being written back" : "");
}

/* False: it still runs. */
static bool check_store(struct node *n, struct buf *json)
{
	struct checkup_result r;
	struct str file = n->config->store_file;
	char path[4096];

	if (!n->checkup && file.n < sizeof(path)) {
		memcpy(path, file.p, file.n);
		path[file.n] = '\0';
		n->checkup = checkup_new(path);
	}
	if (!n->checkup) {
		put(json, "store", STR("file"), false, "the path is too long");
		return true;
	}
	checkup_get(n->checkup, &r);
	if (r.state == CHECKUP_DONE &&
	    net_now_ms(n->loop) - r.done_ms < FRESH_MS) {
		put_store(n, &r, json);
		return true;
	}
	if (checkup_start(n->checkup))
		return false;
	put(json, "store", STR("integrity"), false, "no thread");
	return true;
}

/* ---- names ----------------------------------------------------------------- */

static void list_domains(struct node *n, struct buf *json)
{
	size_t i;

	json_begin_obj(json);
	json_key(json, "domains");
	json_begin_arr(json);
	for (i = 0; i < n->config->domains_n; i++) {
		const struct domain_conf *d = &n->config->domains[i];
		bool is_found = d->kind == DOMAIN_SERVED ||
				(d->proto == PROTO_SIP && !d->via.n);

		if (!is_found || !d->is_enabled || d->name.p[0] == '*')
			continue;
		json_begin_obj(json);
		json_key_str(json, "name", d->name);
		json_key_bool(json, "served", d->kind == DOMAIN_SERVED);
		json_end_obj(json);
	}
	json_end_arr(json);
	json_end_obj(json);
}

static bool check_area(struct node *n, struct str area, struct buf *json)
{
	bool is_done = true;

	if (str_eq(area, STR("dns"))) {
		list_domains(n, json);
		return true;
	}
	json_begin_arr(json);
	if (str_eq(area, STR("config")))
		check_config_file(n, json);
	else if (str_eq(area, STR("certs")))
		check_certs(n, json);
	else if (str_eq(area, STR("links")))
		check_links(n, json);
	else if (str_eq(area, STR("store")))
		is_done = check_store(n, json);
	else
		return false;
	json_end_arr(json);
	if (!is_done) {
		buf_clear(json);
		buf_put_str(json, STR("{\"pending\":true}"));
	}
	return true;
}

void verb_check(struct node *n, const struct control_req *req, struct buf *out)
{
	struct buf json;

	buf_init(&json, CONTROL_ANSWER_MAX);
	if (req->words_n == 2 && check_area(n, req->words[1], &json))
		control_put_ok(out, buf_str(&json));
	else
		control_put_error(out,
				  STR("usage: check config|dns|certs|links|"
				      "store|all"),
				  EX_USAGE);
	buf_free(&json);
}

void verb_config(struct node *n, const struct control_req *req, struct buf *out)
{
	struct buf json, text;
	struct config *c;

	if (req->words_n != 2 || !str_eq(req->words[1], STR("diff"))) {
		control_put_error(out, STR("usage: config diff"), EX_USAGE);
		return;
	}
	buf_init(&text, TEXT_BYTES_MAX);
	buf_init(&json, CONTROL_ANSWER_MAX);
	c = load(n, &text);
	if (c) {
		changes_put_values(&json, n->config, c);
		control_put_ok(out, buf_str(&json));
	} else {
		control_put_error(out, str_trim(buf_str(&text)), EX_CONFIG);
	}
	config_put(c);
	buf_free(&text);
	buf_free(&json);
}
