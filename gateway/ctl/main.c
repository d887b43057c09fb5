/* gateway/ctl/main.c: causewayctl asks the running daemon one thing and shows
 * the answer. The words go to the daemon as they are.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/roff.h"
#include "gateway/ctl/ask.h"
#include "gateway/ctl/check.h"
#include "gateway/ctl/password.h"
#include "gateway/ctl/place.h"
#include "gateway/ctl/show.h"
#include "gateway/ctl/verbs.h"

#define DEFAULT_CONFIG "/etc/causeway/causeway.conf"
#define DEFAULT_SOCKET "/run/causeway/control.sock"
#define WORDS_MAX 32

struct wish {
	const char *socket, *config;
	bool is_json, is_help, is_version;
	const char *page; /* --print: man or completion */
	char *words[WORDS_MAX];
	int words_n;
};

static const struct option long_options[] = {
	{ "socket", required_argument, NULL, 's' },
	{ "config", required_argument, NULL, 'c' },
	{ "json", no_argument, NULL, 'j' },
	{ "print", required_argument, NULL, 'p' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static void help(void)
{
	puts("Usage: causewayctl [--socket PATH | -c FILE] [--json] VERB...\n"
	     "Asks a running causewayd.\n");
	verbs_help(stdout);
	puts("\n  -s, --socket PATH  its control socket\n"
	     "  -c, --config FILE  its configuration, which names the socket\n"
	     "                     (" DEFAULT_CONFIG ")\n"
	     "  -j, --json         the answer as JSON, as it came\n"
	     "      --print WHAT   man: the manual page; completion: for bash\n"
	     "  -V, --version      the version of this program\n"
	     "  -h, --help         this\n\n"
	     "An ADDR is an address such as sip:bob@sip.example. Exit codes: 0 "
	     "done, 1 it\nfailed, 64 usage, 67 no such user or message, 69 the "
	     "daemon or a part of it does\nnot answer, 75 try again, 77 not "
	     "permitted, 78 the configuration is wrong.");
}

static int usage(const char *sentence)
{
	fprintf(stderr, "causewayctl: %s; try --help\n", sentence);
	return EX_USAGE;
}

/* Options end at the first word: what follows belongs to the daemon, but for
   --json, which people like to put last. */
static int read_args(int argc, char **argv, struct wish *w)
{
	int option;

	while ((option = getopt_long(argc, argv, "+s:c:jVh", long_options,
				     NULL)) != -1) {
		if (option == 's')
			w->socket = optarg;
		else if (option == 'c')
			w->config = optarg;
		else if (option == 'j')
			w->is_json = true;
		else if (option == 'p')
			w->page = optarg;
		else if (option == 'V')
			w->is_version = true;
		else if (option == 'h')
			w->is_help = true;
		else
			return usage("the options are not understood");
	}
	for (; optind < argc; optind++) {
		if (strcmp(argv[optind], "--json") == 0) {
			w->is_json = true;
			continue;
		}
		if (w->words_n == WORDS_MAX)
			return usage("too many words");
		w->words[w->words_n++] = argv[optind];
	}
	if (!w->words_n && !w->is_help && !w->is_version && !w->page)
		return usage("what shall be asked?");
	return EX_OK;
}

static bool find_socket(const struct wish *w, char *out, size_t size)
{
	if (w->socket)
		return (size_t)snprintf(out, size, "%s", w->socket) < size;
	if (w->config) {
		if (place_of(w->config, out, size))
			return true;
		fprintf(stderr, "causewayctl: %s cannot be read\n", w->config);
		return false;
	}
	if (!place_of(DEFAULT_CONFIG, out, size))
		snprintf(out, size, "%s", DEFAULT_SOCKET);
	return true;
}

static int put(const struct wish *w, const json_t *data)
{
	if (w->is_json) {
		json_dumpf(data, stdout, JSON_ENCODE_ANY | JSON_INDENT(2));
		putchar('\n');
	} else {
		show(stdout, data);
	}
	return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}

static int check(const struct wish *w, const char *path)
{
	int code;
	json_t *rows = check_run(path, w->words + 1, w->words_n - 1, &code);

	if (rows)
		(void)put(w, rows);
	json_decref(rows);
	return code;
}

static int tell(const struct wish *w, const json_t *answer)
{
	const json_t *data = json_object_get(answer, "data");
	const json_t *code = json_object_get(answer, "code");
	const char *error;
	int number;

	if (json_is_true(json_object_get(answer, "ok")))
		return put(w, data);
	error = json_string_value(json_object_get(answer, "error"));
	fprintf(stderr, "causewayctl: %s\n", error ? error : "refused");
	number = (int)json_integer_value(code);
	return number > 0 && number < 126 ? number : 1;
}

static int run(const struct wish *w)
{
	const struct verb *verb = verb_of(w->words, w->words_n);
	char password[PASSWORD_MAX + 2], path[4096];
	bool has_password = verb && verb->has_password;
	json_t *answer;
	int code;

	if (!find_socket(w, path, sizeof(path)))
		return EX_UNAVAILABLE;
	if (strcmp(w->words[0], "check") == 0)
		return check(w, path);
	if (has_password && !password_read(password, sizeof(password)))
		return EX_USAGE;
	answer = ask(path, w->words, w->words_n,
		     has_password ? password : NULL);
	mem_wipe(password, sizeof(password));
	if (!answer)
		return EX_UNAVAILABLE;
	code = tell(w, answer);
	json_decref(answer);
	return code;
}

static void put_man(struct buf *b)
{
	roff_begin(b, "causewayctl", 1, "asks a running causewayd");
	roff_section(b, "SYNOPSIS");
	roff_text(b, "causewayctl [--socket PATH | -c FILE] [--json] VERB...");
	roff_section(b, "DESCRIPTION");
	roff_text(b, "Asks the daemon one thing over its control socket and "
		     "shows the answer: as a table for people, or with --json "
		     "as it came. Only root and the daemon's user may ask. An "
		     "ADDR is an address such as sip:bob@sip.example. "
		     "Passwords are asked for, or read from standard input, "
		     "never taken from the command line.");
	roff_section(b, "OPTIONS");
	roff_item(b, "-s, --socket PATH", NULL, "The daemon's control socket.");
	roff_item(b, "-c, --config FILE", NULL,
		  "The daemon's configuration, which names the socket "
		  "(" DEFAULT_CONFIG ").");
	roff_item(b, "-j, --json", NULL, "The answer as JSON, as it came.");
	roff_item(b, "--print WHAT", NULL,
		  "man: this page; completion: for bash.");
	roff_item(b, "-V, --version", NULL, "The version of this program.");
	roff_item(b, "-h, --help", NULL, "A short form of this page.");
	roff_section(b, "VERBS");
	verbs_put_man(b);
	roff_section(b, "EXIT STATUS");
	roff_text(b, "0 done, 1 it failed, 64 usage, 67 no such user or "
		     "message, 69 the daemon or a part of it does not answer, "
		     "75 try again, 77 not permitted, 78 the configuration is "
		     "wrong.");
	roff_section(b, "EXAMPLES");
	roff_code(b, "causewayctl user add sip:bob@sip.example\n"
		     "causewayctl route test --from sip:bob@sip.example "
		     "--to xmpp:romeo@xmpp.example\n"
		     "causewayctl log level sip debug --for 10m\n"
		     "causewayctl check all");
	roff_section(b, "SEE ALSO");
	roff_text(b, "causewayd(8), causeway.conf(5), causeway-log(7), "
		     "causeway-metrics(7)");
}

static int print(const char *what)
{
	struct buf b;
	int code = EX_OK;

	buf_init(&b, 1 << 20);
	if (strcmp(what, "man") == 0)
		put_man(&b);
	else if (strcmp(what, "completion") == 0)
		verbs_put_completion(&b);
	else
		code = usage("--print knows man and completion");
	if (fwrite(b.p, 1, b.n, stdout) != b.n || fflush(stdout) != 0 || b.err)
		code = EX_IOERR;
	buf_free(&b);
	return code;
}

int main(int argc, char **argv)
{
	struct wish w = { .socket = NULL };
	int code = read_args(argc, argv, &w);

	if (code)
		return code;
	if (w.is_help) {
		help();
		return EX_OK;
	}
	if (w.is_version) {
		puts("causewayctl " CAUSEWAY_VERSION);
		return EX_OK;
	}
	if (w.page)
		return print(w.page);
	return run(&w);
}
