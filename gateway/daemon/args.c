/* gateway/daemon/args.c: see args.h. */
#include "gateway/daemon/args.h"

#include <getopt.h>
#include <stdio.h>

#include "core/base/roff.h"

#define DEFAULT_FILE "/etc/causeway/causeway.conf"

enum {
	OPT_CHECK_CONFIG = 256,
	OPT_PRINT_CONFIG,
	OPT_PRINT_MAN,
	OPT_STATE_DIR,
	OPT_ALLOW_ROOT
};

/* The order of help and manual. */
static const struct {
	struct option option;
	const char *text; /* as it is written */
	const char *sentence;
} table[] = {
	{ { "config", required_argument, NULL, 'c' },
	  "-c, --config FILE",
	  "Configuration (" DEFAULT_FILE ")." },
	{ { "check-config", no_argument, NULL, OPT_CHECK_CONFIG },
	  "--check-config",
	  "Say what is wrong with it, all of it, and exit." },
	{ { "print-config", no_argument, NULL, OPT_PRINT_CONFIG },
	  "--print-config",
	  "Print it with all defaults, secrets as ***, and exit." },
	{ { "print-man", required_argument, NULL, OPT_PRINT_MAN },
	  "--print-man PAGE",
	  "Print a manual page (conf, metrics, log, daemon) and exit." },
	{ { "state-dir", required_argument, NULL, OPT_STATE_DIR },
	  "--state-dir DIR",
	  "Use this folder and not node.state-dir." },
	{ { "allow-root", no_argument, NULL, OPT_ALLOW_ROOT },
	  "--allow-root",
	  "Stay root, when started as root." },
	{ { "version", no_argument, NULL, 'V' },
	  "-V, --version",
	  "Print the version and exit." },
	{ { "help", no_argument, NULL, 'h' },
	  "-h, --help",
	  "Print this and exit." },
};
enum { TABLE_N = sizeof(table) / sizeof(table[0]) };

void args_help(void)
{
	size_t i;

	fputs("Usage: causewayd [-c FILE] [--state-dir DIR] [--allow-root]\n"
	      "       causewayd [-c FILE] --check-config | --print-config\n"
	      "The messaging gateway, in the foreground. It logs to standard "
	      "output.\n\n",
	      stdout);
	for (i = 0; i < TABLE_N; i++)
		printf("  %-20s %s\n", table[i].text, table[i].sentence);
	fputs("\nSignals: TERM and INT finish what is under way and exit, HUP "
	      "reads the\nconfiguration again, USR1 opens the accounting file "
	      "again.\n\n"
	      "Exit codes: 0 done, 64 usage, 69 the store cannot be opened, "
	      "71 the system\nrefused, 77 no permission, 78 the configuration "
	      "is wrong.\n",
	      stdout);
}

void args_put_man(struct buf *out)
{
	size_t i;

	for (i = 0; i < TABLE_N; i++)
		roff_item(out, table[i].text, NULL, table[i].sentence);
}

static bool take(int option, struct args *out)
{
	switch (option) {
	case 'c':
		out->config_file = optarg;
		return true;
	case OPT_CHECK_CONFIG:
		out->what = ARGS_CHECK;
		return true;
	case OPT_PRINT_CONFIG:
		out->what = ARGS_PRINT;
		return true;
	case OPT_PRINT_MAN:
		out->what = ARGS_MAN;
		out->page = optarg;
		return true;
	case OPT_STATE_DIR:
		out->state_dir = optarg;
		return true;
	case OPT_ALLOW_ROOT:
		out->allow_root = true;
		return true;
	case 'V':
		out->what = ARGS_VERSION;
		return true;
	case 'h':
		out->what = ARGS_HELP;
		return true;
	default:
		return false;
	}
}

bool args_parse(int argc, char **argv, struct args *out)
{
	struct option long_options[TABLE_N + 1] = { { .name = NULL } };
	int option;
	size_t i;

	for (i = 0; i < TABLE_N; i++)
		long_options[i] = table[i].option;
	*out = (struct args){ .config_file = DEFAULT_FILE };
	while ((option = getopt_long(argc, argv, "c:Vh", long_options, NULL)) !=
	       -1) {
		if (take(option, out))
			continue;
		fputs("causewayd: try --help\n", stderr); /* getopt told */
		return false;
	}
	if (optind < argc) {
		fprintf(stderr,
			"causewayd: \"%s\" is not expected; try "
			"--help\n",
			argv[optind]);
		return false;
	}
	return true;
}
