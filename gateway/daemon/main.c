/* gateway/daemon/main.c: causewayd, in the order of its life: command line,
 * configuration, privileges, one process per state folder, run, drain.
 * Faults before the log exists go to standard error as one sentence each.
 */
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "gateway/daemon/args.h"
#include "gateway/daemon/man.h"
#include "gateway/daemon/node.h"
#include "gateway/daemon/print.h"
#include "gateway/daemon/privileges.h"
#include "gateway/daemon/sink.h"

#define PRINT_BYTES_MAX (64u << 20)

static struct config *load(const struct conf_source *src)
{
	struct faults *f = mem_alloc(sizeof(*f));
	struct config *c;
	struct buf text;

	faults_init(f);
	c = conf_load(src, f);
	if (!c) {
		buf_init(&text, PRINT_BYTES_MAX);
		faults_put(&text, f, src->path);
		fwrite(text.p, 1, text.n, stderr);
		buf_free(&text);
	}
	mem_free(f);
	return c;
}

static int print(const struct config *c)
{
	struct buf text;
	bool ok;

	buf_init(&text, PRINT_BYTES_MAX);
	print_config(&text, c);
	ok = !text.err && fwrite(text.p, 1, text.n, stdout) == text.n &&
	     fflush(stdout) == 0;
	buf_free(&text);
	return ok ? EX_OK : EX_IOERR;
}

static int print_man(const char *page)
{
	struct buf text;
	int code = EX_USAGE;

	buf_init(&text, PRINT_BYTES_MAX);
	if (man_put(&text, page))
		code = !text.err && fwrite(text.p, 1, text.n, stdout) ==
					    text.n && fflush(stdout) == 0
			       ? EX_OK
			       : EX_IOERR;
	else
		fprintf(stderr, "causewayd: there is no page \"%s\"\n", page);
	buf_free(&text);
	return code;
}

static int fail(int code, const struct errtext *why)
{
	fprintf(stderr, "causewayd: %s\n", why->text);
	return code;
}

/* Takes c. */
static int run(const struct args *args, const struct conf_source *src,
	       struct config *c)
{
	struct errtext why = { .text = "the start failed" };
	struct node node;
	int code, lock;

	code = privileges_settle(c, args->allow_root, &why);
	lock = code ? -code : state_lock(c, &why);
	if (lock < 0) {
		config_put(c);
		return fail(-lock, &why);
	}
	sink_open();
	code = node_start(&node, src, c, &why);
	if (code)
		fail(code, &why);
	else
		node_run(&node);
	node_free(&node);
	close(lock);
	return code;
}

int main(int argc, char **argv)
{
	struct conf_source src;
	struct config *c;
	struct args args;
	int code = EX_OK;

	if (!args_parse(argc, argv, &args))
		return EX_USAGE;
	if (args.what == ARGS_HELP) {
		args_help();
		return EX_OK;
	}
	if (args.what == ARGS_VERSION) {
		puts("causewayd " CAUSEWAY_VERSION);
		return EX_OK;
	}
	if (args.what == ARGS_MAN)
		return print_man(args.page);
	src = (struct conf_source){ .path = args.config_file,
				    .state_dir = args.state_dir };
	c = load(&src);
	if (!c)
		return EX_CONFIG;
	if (args.what == ARGS_RUN)
		return run(&args, &src, c);
	if (args.what == ARGS_PRINT)
		code = print(c);
	else
		printf("%s: good\n", args.config_file);
	config_put(c);
	return code;
}
