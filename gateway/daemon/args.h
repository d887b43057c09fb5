/* gateway/daemon/args.h: the command line of causewayd. */
#pragma once

#include <stdbool.h>

#include "core/base/buf.h"

enum args_do {
	ARGS_RUN,
	ARGS_CHECK,
	ARGS_PRINT,
	ARGS_MAN,
	ARGS_VERSION,
	ARGS_HELP
};

struct args {
	enum args_do what;
	const char *config_file;
	const char *state_dir;		/* NULL: as the configuration says */
	const char *page;		/* ARGS_MAN */
	bool allow_root;
};

/* False after a sentence on standard error: exit with EX_USAGE. */
bool args_parse(int argc, char **argv, struct args *out);
void args_help(void);		/* on standard output */
void args_put_man(struct buf *out);	/* the options, for causewayd(8) */
