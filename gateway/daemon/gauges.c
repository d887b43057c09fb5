/* gateway/daemon/gauges.c: see gauges.h. Rows are counted by the store's reader
 * thread when somebody scrapes, at most every ten seconds; a scrape shows what
 * is known then and never waits.
 */
#include "gateway/daemon/gauges.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <jansson.h>

#include "adapters/net/cert.h"
#include "adapters/store/store.h"
#include "core/base/mem.h"
#include "core/base/metric.h"
#include "gateway/daemon/node.h"

#define TOTALS_EVERY_MS 10000
#define CERTS_MAX 64	     /* as many as there can be listeners */
#define FDS_COUNTED_MAX 4096 /* one by one, where the kernel does not say */

struct totals {
	int64_t todos, dues, oldest_utc_us, bindings, users;
};

struct gauges {
	struct node *node;
	struct store store;
	struct claim claim;
	struct totals totals;
	bool has_totals, is_asked;
	int64_t asked_at_ms;
	double start_utc_s;
	/* certificates, as of the configuration of that number */
	uint64_t certs_generation;
	struct {
		char name[64];
		int64_t not_after_utc_s;
	} certs[CERTS_MAX];
	size_t certs_n;
};

/* ---- rows ------------------------------------------------------------------ */

static void on_totals(void *arg, const struct store_result *r)
{
	struct gauges *g = arg;
	json_t *root, *o;

	g->is_asked = false;
	if (r->err || !r->rows)
		return;
	root = json_loadb(r->rows->json.p, r->rows->json.n, 0, NULL);
	o = json_array_get(root, 0);
	if (o) {
		g->totals = (struct totals){
			json_integer_value(json_object_get(o, "todos")),
			json_integer_value(json_object_get(o, "dues")),
			json_integer_value(json_object_get(o, "oldest_utc_us")),
			json_integer_value(json_object_get(o, "bindings")),
			json_integer_value(json_object_get(o, "users")),
		};
		g->has_totals = true;
	}
	json_decref(root);
	rows_free(r->rows);
}

static void ask_totals(struct gauges *g)
{
	int64_t now_ms = net_now_ms(g->node->loop);

	if (g->is_asked ||
	    (g->asked_at_ms && now_ms - g->asked_at_ms < TOTALS_EVERY_MS))
		return;
	g->asked_at_ms = now_ms;
	g->is_asked = true;
	if (g->store.claim(g->store.self, &g->claim, net_utc_us(), on_totals,
			   g) < 0)
		g->is_asked = false;
}

static void put_one(double n, const char *label, metric_sample_h *put,
		    void *arg)
{
	struct metric_sample s = { .values = { str_of(label) }, .n = n };

	put(arg, &s);
}

static void collect_rows(void *self, enum metric_id id, metric_sample_h *put,
			 void *arg)
{
	struct gauges *g = self;
	const struct totals *t = &g->totals;
	double age;

	ask_totals(g);
	if (!g->has_totals)
		return;
	switch ((int)id) {
	case METRIC_QUEUE_MESSAGES:
		put_one((double)t->todos, "waiting", put, arg);
		put_one((double)t->dues, "reports", put, arg);
		break;
	case METRIC_QUEUE_OLDEST:
		age = (double)(net_utc_us() - t->oldest_utc_us) / 1e6;
		put_one(t->todos && age > 0 ? age : 0, "", put, arg);
		break;
	case METRIC_REGISTRATIONS:
		put_one((double)t->bindings, "", put, arg);
		break;
	case METRIC_USERS:
		put_one((double)t->users, "", put, arg);
		break;
	default:
		break;
	}
}

/* ---- the store ------------------------------------------------------------- */

static double free_bytes(const struct gauges *g)
{
	char path[4096];
	struct str dir = g->node->config->state_dir;
	struct statvfs fs;

	if (dir.n >= sizeof(path))
		return 0;
	memcpy(path, dir.p, dir.n);
	path[dir.n] = '\0';
	if (statvfs(path, &fs) < 0)
		return 0;
	return (double)fs.f_bavail * (double)fs.f_frsize;
}

static void collect_store(void *self, enum metric_id id, metric_sample_h *put,
			  void *arg)
{
	struct gauges *g = self;
	struct store_stats st;

	store_stats(g->node->store, &st);
	switch ((int)id) {
	case METRIC_STORE_COMMITS:
		put_one((double)st.commits, "", put, arg);
		break;
	case METRIC_STORE_TRANSACTIONS:
		put_one((double)st.transactions, "ok", put, arg);
		put_one((double)st.failed, "failed", put, arg);
		break;
	case METRIC_STORE_WAITING:
		put_one((double)st.waiting, "", put, arg);
		break;
	case METRIC_STORE_FILE:
		put_one((double)st.file_bytes, "", put, arg);
		break;
	case METRIC_STORE_LOG:
		put_one((double)st.log_bytes, "", put, arg);
		break;
	case METRIC_STORE_FREE:
		put_one(free_bytes(g), "", put, arg);
		break;
	case METRIC_ACCOUNTING:
		put_one((double)st.accounts, "taken", put, arg);
		put_one((double)st.accounts_dropped, "dropped", put, arg);
		break;
	default:
		break;
	}
}

/* ---- certificates ---------------------------------------------------------- */

/* Read once after each reload, which is when new ones are taken. */
static void read_certs(struct gauges *g)
{
	const struct config *c = g->node->config;
	struct errtext why;
	struct net_cert cert;
	size_t i;

	if (g->certs_generation == c->generation)
		return;
	g->certs_generation = c->generation;
	g->certs_n = 0;
	for (i = 0; i < c->listens_n && g->certs_n < CERTS_MAX; i++) {
		const struct listen_conf *l = &c->listens[i];

		if (!l->cert_file.n || net_cert_look(l->cert_file, &cert, &why))
			continue;
		snprintf(g->certs[g->certs_n].name,
			 sizeof(g->certs[g->certs_n].name), "%.*s",
			 STR_ARG(l->name));
		g->certs[g->certs_n++].not_after_utc_s = cert.not_after_utc_s;
	}
}

static void collect_certs(void *self, enum metric_id id, metric_sample_h *put,
			  void *arg)
{
	struct gauges *g = self;
	size_t i;

	(void)id;
	read_certs(g);
	for (i = 0; i < g->certs_n; i++)
		put_one((double)g->certs[i].not_after_utc_s, g->certs[i].name,
			put, arg);
}

/* ---- the process ----------------------------------------------------------- */

static double fds_open(void)
{
	struct dirent *e;
	struct stat st;
	unsigned n = 0;
	DIR *d;

	/* Since Linux 6.2 the folder's size is their number. */
	if (stat("/proc/self/fd", &st) == 0 && st.st_size > 0)
		return (double)st.st_size;
	d = opendir("/proc/self/fd");
	while (d && n < FDS_COUNTED_MAX && (e = readdir(d)))
		n += e->d_name[0] != '.';
	if (d)
		closedir(d);
	return n > 0 ? n - 1 : 0; /* the folder's own */
}

static double fds_max(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? (double)limit.rlim_cur
						     : 0;
}

static void memory(double *virtual_out, double *resident_out)
{
	unsigned long all = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "re");
	double page = (double)sysconf(_SC_PAGESIZE);

	if (f && fscanf(f, "%lu %lu", &all, &resident) != 2)
		all = resident = 0;
	if (f)
		fclose(f);
	*virtual_out = (double)all * page;
	*resident_out = (double)resident * page;
}

static double cpu_s(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void collect_process(void *self, enum metric_id id, metric_sample_h *put,
			    void *arg)
{
	struct gauges *g = self;
	double all, resident;

	switch ((int)id) {
	case METRIC_BUILD:
		put_one(1, CAUSEWAY_VERSION, put, arg);
		break;
	case METRIC_START_TIME:
	case METRIC_PROCESS_START:
		put_one(g->start_utc_s, "", put, arg);
		break;
	case METRIC_OPEN_FDS:
	case METRIC_PROCESS_FDS:
		put_one(fds_open(), "", put, arg);
		break;
	case METRIC_MAX_FDS:
	case METRIC_PROCESS_MAX_FDS:
		put_one(fds_max(), "", put, arg);
		break;
	case METRIC_PROCESS_CPU:
		put_one(cpu_s(), "", put, arg);
		break;
	case METRIC_PROCESS_RSS:
	case METRIC_PROCESS_VSIZE:
		memory(&all, &resident);
		put_one(id == METRIC_PROCESS_RSS ? resident : all, "", put,
			arg);
		break;
	default:
		break;
	}
}

static const struct {
	enum metric_id id;
	metric_collect_h *h;
} ours[] = {
	{ METRIC_QUEUE_MESSAGES, collect_rows },
	{ METRIC_QUEUE_OLDEST, collect_rows },
	{ METRIC_REGISTRATIONS, collect_rows },
	{ METRIC_USERS, collect_rows },
	{ METRIC_STORE_COMMITS, collect_store },
	{ METRIC_STORE_TRANSACTIONS, collect_store },
	{ METRIC_STORE_WAITING, collect_store },
	{ METRIC_STORE_FILE, collect_store },
	{ METRIC_STORE_LOG, collect_store },
	{ METRIC_STORE_FREE, collect_store },
	{ METRIC_ACCOUNTING, collect_store },
	{ METRIC_CERT_NOT_AFTER, collect_certs },
	{ METRIC_BUILD, collect_process },
	{ METRIC_START_TIME, collect_process },
	{ METRIC_PROCESS_START, collect_process },
	{ METRIC_OPEN_FDS, collect_process },
	{ METRIC_PROCESS_FDS, collect_process },
	{ METRIC_MAX_FDS, collect_process },
	{ METRIC_PROCESS_MAX_FDS, collect_process },
	{ METRIC_PROCESS_CPU, collect_process },
	{ METRIC_PROCESS_RSS, collect_process },
	{ METRIC_PROCESS_VSIZE, collect_process },
};

struct gauges *gauges_new(struct node *n)
{
	struct gauges *g = mem_zalloc(sizeof(*g));
	size_t i;

	g->node = n;
	g->store = store_port(n->store);
	g->claim = (struct claim){ .what = CLAIM_LIST, .query = STR("totals") };
	g->start_utc_s = (double)net_utc_us() / 1e6;
	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		metric_collect(ours[i].id, ours[i].h, g);
	ask_totals(g); /* so that the first scrape has them */
	return g;
}

void gauges_free(struct gauges *g)
{
	size_t i;

	if (!g)
		return;
	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		metric_collect(ours[i].id, NULL, NULL);
	mem_free(g);
}
