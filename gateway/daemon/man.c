/* gateway/daemon/man.c: see man.h. */
#include "gateway/daemon/man.h"

#include <stdio.h>
#include <string.h>

#include "core/base/metric.h"
#include "core/base/roff.h"
#include "gateway/daemon/args.h"
#include "gateway/daemon/events.h"
#include "gateway/daemon/options.h"
#include "gateway/daemon/value.h"

#define LINE_BYTES 4096

static const char *const reload_texts[] = {
	[RELOAD_LIVE] = "live",
	[RELOAD_LINK] = "link",
	[RELOAD_RESTART] = "restart",
};

/* ---- causeway.conf(5) ------------------------------------------------------ */

static const char conf_example[] =
	"listen \"tcp\" {\n"
	"\ttransport = tcp\n"
	"\tport = 5060\n"
	"}\n"
	"domain \"sip.example\" { served = yes }\n"
	"link \"xmpp\" {\n"
	"\tkind = xmpp-component\n"
	"\tport = 5347\n"
	"\tcomponent = \"sip.example\"\n"
	"\tsecret-file = \"secrets/xmpp\"\n"
	"}\n"
	"domain \"xmpp.example\" { via = \"xmpp\" allow = {\"*\"} }";

static void put_names(struct buf *b, const struct option *o)
{
	const struct opt_name *n;

	for (n = o->names; n && n->name; n++)
		buf_printf(b, "%s%s", n == o->names ? "" : " | ", n->name);
}

static void put_type(struct buf *b, const struct option *o)
{
	switch (o->type) {
	case OPT_STR:
	case OPT_CAUSE:
		buf_put_str(b, STR("text"));
		break;
	case OPT_FILE:
		buf_put_str(b, STR("path"));
		break;
	case OPT_SECRET:
		buf_put_str(b, STR("secret"));
		break;
	case OPT_CHOICE:
	case OPT_ENUM:
		put_names(b, o);
		break;
	case OPT_BOOL:
		buf_put_str(b, STR("yes | no"));
		break;
	case OPT_NUMBER:
		buf_put_str(b, STR("number"));
		break;
	case OPT_DURATION:
		buf_put_str(b, STR("duration"));
		break;
	case OPT_SIZE:
		buf_put_str(b, STR("size"));
		break;
	case OPT_LIST:
		buf_put_str(b, STR("{ text, ... }"));
		break;
	case OPT_FLAGS:
		buf_put_str(b, STR("{ "));
		put_names(b, o);
		buf_put_str(b, STR(", ... }"));
		break;
	case OPT_DURATIONS:
		buf_put_str(b, STR("{ duration, ... }"));
		break;
	}
}

static void put_bound(struct buf *b, const struct option *o, uint64_t v)
{
	if (o->type == OPT_DURATION || o->type == OPT_DURATIONS)
		value_put_duration(b, v, o->unit);
	else if (o->type == OPT_SIZE)
		value_put_size(b, v);
	else
		buf_put_u64(b, v);
}

static bool has_range(const struct option *o)
{
	return (o->type == OPT_NUMBER || o->type == OPT_DURATION ||
		o->type == OPT_SIZE || o->type == OPT_DURATIONS) &&
	       o->max > 0;
}

/* Default, range, reload: in one line behind the sentence. */
static void put_facts(struct buf *b, const struct option *o)
{
	if (!o->preset)
		buf_put_str(b, STR(" Must be given."));
	else if (*o->preset)
		buf_printf(b, " Default: %s.", o->preset);
	if (has_range(o)) {
		buf_put_str(b, STR(" Range: "));
		put_bound(b, o, o->min);
		buf_put_str(b, STR(" to "));
		put_bound(b, o, o->max);
		buf_put_char(b, '.');
	}
	if (o->type == OPT_LIST && o->max)
		buf_printf(b, " At most %llu.", (unsigned long long)o->max);
	buf_printf(b, " Reload: %s.", reload_texts[o->reload]);
}

/* Which variants of the block know it. */
static void put_only(struct buf *b, const struct block *block,
		     const struct option *o)
{
	const struct option *variant = &block->options[0];
	const struct opt_name *n;
	const char *comma = "";

	if (!o->only)
		return;
	buf_printf(b, " Only with %s = ", variant->name);
	for (n = variant->names; n->name; n++) {
		if (!(o->only & (1u << n->value)))
			continue;
		buf_printf(b, "%s%s", comma, n->name);
		comma = ", ";
	}
	buf_put_char(b, '.');
}

static void put_option(struct buf *out, const struct block *block,
		       const struct option *o)
{
	struct buf type, text;

	buf_init(&type, LINE_BYTES);
	buf_init(&text, LINE_BYTES);
	buf_put_str(&type, STR("= "));
	put_type(&type, o);
	buf_put_char(&type, '\0');
	buf_put_str(&text, str_of(o->sentence));
	put_only(&text, block, o);
	put_facts(&text, o);
	buf_put_char(&text, '\0');
	roff_item(out, o->name, type.p, text.p);
	buf_free(&type);
	buf_free(&text);
}

static void put_conf(struct buf *b)
{
	size_t i, k;
	char title[64];

	roff_begin(b, "causeway.conf", 5, "configuration of causewayd");
	roff_section(b, "DESCRIPTION");
	roff_text(b, "The file consists of blocks, which hold options: name = "
		     "value. Some blocks have a title and may occur many "
		     "times. Text is a word, or stands in double or single "
		     "quotes; lists stand in braces. Comments begin with # or "
		     "// or stand between /* and */. ${NAME} and "
		     "${NAME:-else} are taken from the environment. Anything "
		     "that is not known is an error; causewayd --check-config "
		     "tells all errors at once.");
	roff_para(b, "Durations have a unit: ms, s, m, h or d. Sizes are bytes "
		     "and may end in K, M or G (powers of 1024). Relative "
		     "paths are meant from the folder of this file, those of "
		     "the state from node.state-dir.");
	roff_para(b, "include = \"conf.d/*.conf\" outside of blocks reads "
		     "further files in the order of their names, as if they "
		     "stood there.");
	roff_para(b, "A reload (causewayctl reload, SIGHUP) takes the whole "
		     "file or nothing. What a changed option asks for: live, "
		     "the next decision sees it; link, its listener or link is "
		     "opened anew and all others stay; restart, the reload is "
		     "refused and says so.");
	roff_section(b, "BLOCKS");
	for (i = 0; i < conf_blocks_n; i++) {
		const struct block *block = &conf_blocks[i];

		snprintf(title, sizeof(title), "%s%s", block->name,
			 block->is_titled ? " \"NAME\"" : "");
		roff_subsection(b, title);
		roff_text(b, block->sentence);
		for (k = 0; k < block->options_n; k++)
			put_option(b, block, &block->options[k]);
	}
	man_put_sip(b);
	roff_section(b, "EXAMPLE");
	roff_code(b, conf_example);
	roff_section(b, "FILES");
	roff_item(b, "/etc/causeway/causeway.conf", NULL, "The file.");
	roff_item(b, "/usr/share/doc/causeway/examples", NULL,
		  "Whole examples, each of which --check-config takes.");
	roff_section(b, "SEE ALSO");
	roff_text(b, "causewayd(8), causewayctl(1)");
}

/* ---- causeway-metrics(7) --------------------------------------------------- */

static void put_metrics(struct buf *b)
{
	static const char *const kinds[] = {
		[METRIC_KIND_COUNTER] = "counter",
		[METRIC_KIND_GAUGE] = "gauge",
		[METRIC_KIND_HISTOGRAM] = "histogram",
		[METRIC_KIND_INFO] = "info",
	};
	char more[256], text[1024], labels[128];
	size_t i, k;

	roff_begin(b, "causeway-metrics", 7, "metrics of causewayd");
	roff_section(b, "DESCRIPTION");
	roff_text(b, "A listener with proto = admin serves /metrics as "
		     "OpenMetrics 1.0 text, or as the older text format of "
		     "Prometheus to those who ask for that only. Names and "
		     "labels are stable. Label values come from the "
		     "configuration and from fixed lists; past 256 "
		     "combinations in one family the rest is counted as "
		     "\"other\".");
	roff_para(b, "/healthz answers 200 while the event loop turns. /readyz "
		     "answers 200 while new work is taken and 503 otherwise, "
		     "with the reasons as JSON; a SIP OPTIONS is answered from "
		     "the same state.");
	roff_section(b, "METRICS");
	for (i = 0; i < METRIC_IDS; i++) {
		const struct metric_family *f = metric_family(i);

		snprintf(labels, sizeof(labels), "%s", f->labels);
		for (k = 0; labels[k]; k++)
			if (labels[k] == ' ')
				labels[k] = ',';
		snprintf(more, sizeof(more), "%s%s%s%s",
			 f->kind == METRIC_KIND_COUNTER ? "(_total) "
			 : f->kind == METRIC_KIND_INFO	? "(_info) "
							: "",
			 labels[0] ? "{" : "", labels, labels[0] ? "}" : "");
		snprintf(text, sizeof(text), "%s (%s)", f->help,
			 kinds[f->kind]);
		roff_item(b, f->name, more, text);
	}
	roff_section(b, "SEE ALSO");
	roff_text(b, "causewayd(8), causeway.conf(5)");
}

/* ---- causeway-log(7) ------------------------------------------------------- */

static void put_log(struct buf *b)
{
	size_t i;

	roff_begin(b, "causeway-log", 7, "log and accounting of causewayd");
	roff_section(b, "DESCRIPTION");
	roff_text(b, "One event is one line on standard output: the time (UTC; "
		     "under systemd the journal has it), then key=value, level "
		     "and event first. Values that hold more than plain "
		     "characters stand in double quotes; controls, quotes, "
		     "backslashes and marks that turn text are escaped, so "
		     "that nothing a peer says can begin a line or move the "
		     "cursor. Message bodies, passwords and digests are never "
		     "written. With node.log-privacy (the default) the user "
		     "part of addresses is masked.");
	roff_para(b, "trace= holds the 32 hexadecimal digits that follow a "
		     "message through all protocols; causewayctl trace tells "
		     "its story.");
	roff_section(b, "EVENTS");
	for (i = 0; i < log_events_n; i++)
		roff_item(b, log_events[i].name, NULL, log_events[i].sentence);
	roff_section(b, "ACCOUNTING");
	roff_text(b, "node.accounting-file gets one line per message event: "
		     "seq=N, the time, then key=value. N is one more than that "
		     "of the record before, over restarts and rotations. Lines "
		     "that begin with # say what breaks that row:");
	roff_item(b, "#accounting", "version=1 node=ID time=T next=N after=WHY",
		  "Begins each file and each run; the next record is N. WHY is "
		  "nothing (the first run), stop, rotation, or crash: then "
		  "records of the last half second may be missing. cut=BYTES: "
		  "an unfinished line was taken off. skipped=K: the K numbers "
		  "before N may never have been given.");
	roff_item(b, "#lost", "first=A last=B",
		  "There was no room for these records.");
	roff_para(b, "Fields of a record:");
	for (i = 0; i < accounting_fields_n; i++)
		roff_item(b, accounting_fields[i].name, NULL,
			  accounting_fields[i].sentence);
	roff_para(b, "To rotate: rename the file, then send SIGUSR1.");
	roff_section(b, "SEE ALSO");
	roff_text(b, "causewayd(8), causewayctl(1), causeway.conf(5)");
}

/* ---- causewayd(8) ---------------------------------------------------------- */

static void put_daemon(struct buf *b)
{
	roff_begin(b, "causewayd", 8, "instant-messaging gateway");
	roff_section(b, "SYNOPSIS");
	roff_text(b, "causewayd [-c FILE] [--state-dir DIR] [--allow-root]");
	roff_para(b, "causewayd [-c FILE] --check-config | --print-config");
	roff_section(b, "DESCRIPTION");
	roff_text(b, "Serves users of SIP instant messaging and carries their "
		     "messages to and from other domains: XMPP servers and SIP "
		     "peers. It runs in the foreground, logs to standard "
		     "output (causeway-log(7)) and is asked by causewayctl(1). "
		     "What it accepted is delivered, or reported failed to its "
		     "sender, or waits in the queue.");
	roff_section(b, "OPTIONS");
	args_put_man(b);
	roff_section(b, "SIGNALS");
	roff_item(b, "SIGTERM, SIGINT", NULL,
		  "Finish what is under way, for at most policy.drain, and "
		  "exit; a second one exits at once.");
	roff_item(b, "SIGHUP", NULL, "Read the configuration again.");
	roff_item(b, "SIGUSR1", NULL, "Open the accounting file anew.");
	roff_section(b, "EXIT STATUS");
	roff_text(b, "0 done, 64 usage, 69 the store cannot be opened, 71 the "
		     "system refused, 77 no permission, 78 the configuration "
		     "is wrong.");
	roff_section(b, "SYSTEMD");
	roff_text(b, "As a service of Type=notify it tells when it is ready, "
		     "reloading and stopping. With WatchdogSec= the event loop "
		     "says that it lives, unless the store has not answered "
		     "for a minute. Secrets can come by LoadCredential=: "
		     "secret-file = \"${CREDENTIALS_DIRECTORY}/xmpp\".");
	roff_section(b, "FILES");
	roff_item(b, "/etc/causeway/causeway.conf", NULL, "Its configuration.");
	roff_item(b, "/var/lib/causeway", NULL,
		  "Users, bindings, queue, accounting.");
	roff_item(b, "/run/causeway/control.sock", NULL,
		  "Where causewayctl asks.");
	roff_section(b, "SEE ALSO");
	roff_text(b, "causewayctl(1), causeway.conf(5), causeway-log(7), "
		     "causeway-metrics(7)");
}

bool man_put(struct buf *out, const char *page)
{
	static const struct {
		const char *name;
		void (*put)(struct buf *b);
	} pages[] = {
		{ "conf", put_conf },
		{ "metrics", put_metrics },
		{ "log", put_log },
		{ "daemon", put_daemon },
	};
	size_t i;

	for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		if (strcmp(page, pages[i].name) != 0)
			continue;
		pages[i].put(out);
		return true;
	}
	return false;
}
