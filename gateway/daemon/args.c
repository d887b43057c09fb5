/* gateway/daemon/args.c: see args.h. */
#include "gateway/daemon/args.h"

#include <getopt.h>
#include <stdio.h>

#define DEFAULT_FILE "/etc/causeway/causeway.conf"

enum {
	OPT_CHECK_CONFIG = 256,
	OPT_PRINT_CONFIG,
	OPT_STATE_DIR,
	OPT_ALLOW_ROOT
};

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "check-config", no_argument, NULL, OPT_CHECK_CONFIG },
	{ "print-config", no_argument, NULL, OPT_PRINT_CONFIG },
	{ "state-dir", required_argument, NULL, OPT_STATE_DIR },
	{ "allow-root", no_argument, NULL, OPT_ALLOW_ROOT },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

void args_help(void)
{
	fputs("Usage: causewayd [-c FILE] [--state-dir DIR] [--allow-root]\n"
	      "       causewayd [-c FILE] --check-config | --print-config\n"
	      "The messaging gateway, in the foreground. It logs to standard "
	      "output.\n\n"
	      "  -c, --config FILE   configuration (" DEFAULT_FILE ")\n"
	      "      --check-config  say what is wrong with it, all of it, "
	      "and exit\n"
	      "      --print-config  print it with all defaults, secrets as "
	      "***, and exit\n"
	      "      --state-dir DIR use this folder and not node.state-dir\n"
	      "      --allow-root    stay root, when started as root\n"
	      "  -V, --version       print the version and exit\n"
	      "  -h, --help          print this and exit\n\n"
	      "Signals: TERM and INT finish what is under way and exit, HUP "
	      "reads the\nconfiguration again, USR1 opens the accounting file "
	      "again.\n\n"
	      "Exit codes: 0 done, 64 usage, 69 the store cannot be opened, "
	      "71 the system\nrefused, 77 no permission, 78 the configuration "
	      "is wrong.\n",
	      stdout);
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
	int option;

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
