/* gateway/daemon/wire.c: puts a node together and takes it apart; see node.h.
 * Nothing is decided here: which protocol exists, which store, in what order
 * things begin and end.
 */
#include <signal.h>
#include <string.h>
#include <sysexits.h>

#include <systemd/sd-daemon.h>

#include "adapters/http/admin_http.h"
#include "adapters/sip/sip.h"
#include "adapters/store/checkup.h"
#include "adapters/store/store.h"
#include "adapters/xmpp/xmpp.h"
#include "core/base/log.h"
#include "core/base/metric.h"
#include "gateway/daemon/control.h"
#include "gateway/daemon/gauges.h"
#include "gateway/daemon/health.h"
#include "gateway/daemon/log_for.h"
#include "gateway/daemon/node.h"
#include "gateway/daemon/reload.h"
#include "gateway/daemon/secret.h"
#include "gateway/daemon/verbs.h"

#define DRAIN_LOOK_MS 50 /* is everything done? */
#define LAST_PASSES 8	 /* of the loop, for what is written last */

static const struct log_ctx node_log = { .module = "daemon" };

/* ---- reload, drain, end ---------------------------------------------------- */

static void set_log(const struct config *before, const struct config *c)
{
	/* What the operator set by hand stays until the file changes. */
	if (!before || before->log_level != c->log_level)
		log_set_level(NULL, c->log_level);
	log_set_privacy(c->log_privacy);
}

int node_apply(struct node *n, struct config *c, struct errtext *why)
{
	size_t i, done;
	int err = 0;

	for (done = 0; done < n->adapters_n && !err; done++)
		err = n->adapters[done].prepare(n->adapters[done].self, c, why);
	/* The one that failed is told too: what it began is to be undone. */
	for (i = 0; i < done; i++) {
		const struct adapter *a = &n->adapters[i];

		if (err)
			a->abort(a->self);
		else
			a->commit(a->self);
	}
	if (err)
		return err;
	set_log(n->config, c);
	if (c != n->config) { /* core began with the first one */
		core_config(n->core, c);
		config_ref(c);
		config_put(n->config);
		n->config = c;
	}
	return 0;
}

/* Nothing queued, held or waiting, and every request and send is answered. */
static bool is_done(const struct node *n)
{
	return core_is_idle(n->core) && core_counts(n->core).legs == 0;
}

static void end(struct node *n)
{
	log_info(&node_log, "stopped", F_N("done", is_done(n)));
	net_loop_stop(n->loop);
}

static void on_drain(void *arg)
{
	struct node *n = arg;

	if (is_done(n) || net_now_ms(n->loop) >= n->drain_until_ms) {
		end(n);
		return;
	}
	net_timer_set(n->drain_timer, DRAIN_LOOK_MS);
}

void node_drain(struct node *n)
{
	size_t i;

	if (n->is_draining)
		return;
	n->is_draining = true;
	n->drain_until_ms = net_now_ms(n->loop) + n->config->drain_ms;
	log_info(&node_log, "draining", F_N("ms", n->config->drain_ms));
	core_drain(n->core);
	for (i = 0; i < n->adapters_n; i++)
		n->adapters[i].drain(n->adapters[i].self, 0, n->drain_until_ms);
	if (n->health)
		health_look(n->health);
}

bool node_undrain(struct node *n)
{
	size_t i;

	if (n->is_ending)
		return false;
	if (!n->is_draining)
		return true;
	n->is_draining = false;
	core_undrain(n->core);
	for (i = 0; i < n->adapters_n; i++)
		if (n->adapters[i].undrain)
			n->adapters[i].undrain(n->adapters[i].self);
	log_info(&node_log, "undrained");
	health_look(n->health);
	return true;
}

/* ---- signals ---------------------------------------------------------------- */

static void on_end(int sig, void *arg)
{
	struct node *n = arg;

	log_info(&node_log, "signal", F_N("number", sig));
	if (n->is_ending) { /* asked twice: at once */
		end(n);
		return;
	}
	sd_notify(0, "STOPPING=1");
	n->is_ending = true;
	node_drain(n);
	net_timer_set(n->drain_timer, 0);
}

static void on_reload(int sig, void *arg)
{
	struct node *n = arg;
	struct buf data, error;

	(void)sig;
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
		   (long long)net_now_ms(n->loop) * 1000);
	buf_init(&data, CONTROL_ANSWER_MAX);
	buf_init(&error, CONTROL_LINE_MAX);
	(void)!reload_run(n, false, &data, &error); /* it logs */
	buf_free(&data);
	buf_free(&error);
	sd_notify(0, "READY=1");
}

static void on_reopen(int sig, void *arg)
{
	struct node *n = arg;

	(void)sig;
	store_reopen(n->store);
	log_info(&node_log, "accounting_reopened");
}

static int hear_signals(struct node *n)
{
	return net_loop_on_signal(n->loop, SIGTERM, on_end, n) ||
	       net_loop_on_signal(n->loop, SIGINT, on_end, n) ||
	       net_loop_on_signal(n->loop, SIGHUP, on_reload, n) ||
	       net_loop_on_signal(n->loop, SIGUSR1, on_reopen, n);
}

static void on_watchdog(void *arg)
{
	struct node *n = arg;

	if (health_is_alive(n->health))
		sd_notify(0, "WATCHDOG=1");
	net_timer_set(n->watchdog, n->watchdog_ms);
}

/* The loop that does the work also says that it lives. */
static void start_watchdog(struct node *n)
{
	uint64_t usec = 0;

	if (sd_watchdog_enabled(0, &usec) <= 0 || usec < 2000)
		return;
	n->watchdog_ms = (uint32_t)(usec / 2000);
	n->watchdog = net_timer_new(n->loop, on_watchdog, n);
	on_watchdog(n);
}

/* ---- start ------------------------------------------------------------------ */

static bool turn(void *arg)
{
	return core_turn(arg);
}

static int open_store(struct node *n, struct errtext *why)
{
	char file[4096], accounting[4096];
	struct str paths[2] = { n->config->store_file,
				n->config->accounting_file };
	struct store_options options = {
		.file = file,
		.accounting_file = accounting,
		.node = n->config->node_id,
		.is_alone = true,
	};

	if (paths[0].n >= sizeof(file) || paths[1].n >= sizeof(accounting))
		return errtext_set(why, EX_CONFIG, "a path is too long");
	memcpy(file, paths[0].p, paths[0].n);
	file[paths[0].n] = '\0';
	if (paths[1].n)
		memcpy(accounting, paths[1].p, paths[1].n);
	accounting[paths[1].n] = '\0';
	if (!paths[1].n)
		options.accounting_file = NULL;
	net_random(&options.boot, sizeof(options.boot));
	n->store = store_open(n->loop, &options, why);
	return n->store ? 0 : EX_UNAVAILABLE;
}

static bool is_ready(void *arg, struct buf *json)
{
	struct node *n = arg;

	return n->health && health_is_ready(n->health, json);
}

static void attach(struct node *n, struct adapter a)
{
	n->adapters[n->adapters_n++] = a;
	core_attach(n->core, &n->adapters[n->adapters_n - 1]);
}

static int open_doors(struct node *n, struct errtext *why)
{
	n->xmpp = xmpp_new(n->loop, &n->intake); /* wants low numbers */
	n->sip = sip_new(n->loop, &n->intake, why);
	if (!n->sip)
		return EX_OSERR;
	n->control = control_new(n->loop, &n->intake, n->config->control_socket,
				 verbs_serve, n, why);
	if (!n->control)
		return EX_OSERR;
	core_attach_store(n->core, store_port(n->store));
	attach(n, sip_port(n->sip));
	attach(n, xmpp_port(n->xmpp));
	attach(n, control_port(n->control));
	n->http = admin_http_new(n->loop,
				 &(struct admin_http_state){ is_ready, n });
	attach(n, admin_http_port(n->http));
	return 0;
}

int node_start(struct node *n, const struct conf_source *src, struct config *c,
	       struct errtext *why)
{
	int code;

	*n = (struct node){ .source = *src, .config = c };
	c->generation = 1;
	set_log(NULL, c);
	n->loop = net_loop_new(why);
	if (!n->loop)
		return EX_OSERR;
	/* Before anything of us can be seen: whoever sees it may end us. */
	n->drain_timer = net_timer_new(n->loop, on_drain, n);
	if (hear_signals(n))
		return errtext_set(why, EX_OSERR, "signals cannot be heard");
	if (secret_load(c, why))
		return EX_OSERR;
	code = open_store(n, why);
	if (code)
		return code;
	n->core = core_new(net_loop_port(n->loop), c);
	n->intake = core_intake(n->core);
	net_loop_set_turn(n->loop, turn, n->core);
	code = open_doors(n, why);
	if (code)
		return code;
	if (node_apply(n, c, why))
		return EX_OSERR;
	core_start(n->core);
	core_show_metrics(n->core);
	metric_set(METRIC(RELOAD_OK), 1);
	metric_set(METRIC(RELOAD_TIME), net_utc_us() / 1000000);
	n->gauges = gauges_new(n);
	n->health = health_new(n);
	n->log_for = log_for_new(n->loop);
	return 0;
}

void node_run(struct node *n)
{
	start_watchdog(n);
	sd_notify(0, "READY=1");
	log_info(&node_log, "started", F_TEXT("version", CAUSEWAY_VERSION),
		 F_STR("node", n->config->node_name),
		 F_STR("state_dir", n->config->state_dir));
	net_loop_run(n->loop);
}

/* The store answers all that was submitted while the adapters are still there
   to say it; core gets no turn any more. */
void node_free(struct node *n)
{
	size_t i;

	if (n->loop)
		net_loop_set_turn(n->loop, NULL, NULL);
	admin_http_free(n->http);
	n->http = NULL;
	store_close(n->store);
	health_free(n->health);	/* both look at the store */
	gauges_free(n->gauges);
	n->health = NULL;
	n->gauges = NULL;
	for (i = 0; i < n->adapters_n; i++)
		n->adapters[i].flush(n->adapters[i].self);
	for (i = 0; n->adapters_n && i < LAST_PASSES; i++)
		net_loop_once(n->loop, false);
	control_free(n->control);
	log_for_free(n->log_for);
	checkup_free(n->checkup);
	if (n->sip)
		sip_free(n->sip);
	xmpp_close(n->xmpp);
	if (n->core)
		core_free(n->core);
	net_timer_free(n->watchdog);
	net_timer_free(n->drain_timer);
	net_loop_free(n->loop);
	config_put(n->config);
}
