/* gateway/ctl/verbs.c: see verbs.h. */
#include "gateway/ctl/verbs.h"

#include <string.h>

#include "core/base/roff.h"
#include "core/base/str.h"

static const struct verb verbs[] = {
	{ "status", "", false, "How the node is, on one screen." },
	{ "user add", "ADDR", true, "A new user; asks for the password." },
	{ "user passwd", "ADDR", true, "Another password for a user." },
	{ "user profile", "ADDR [FIELD=VALUE]...", false,
	  "Show or set what a user tells of himself." },
	{ "user block", "ADDR [PATTERN]...", false,
	  "Refuse messages of these senders to a user, or show his lists." },
	{ "user unblock", "ADDR PATTERN...", false,
	  "Take entries out of what a user blocks." },
	{ "user allow", "ADDR [PATTERN]...", false,
	  "Let only these senders (and others allowed so) write to a user." },
	{ "user disallow", "ADDR PATTERN...", false,
	  "Take entries out of what a user allows." },
	{ "user rm", "ADDR", false, "Forget a user and his contacts." },
	{ "user ls", "", false, "All users." },
	{ "user show", "ADDR", false, "One user, with his settings." },
	{ "user set", "ADDR NAME=VALUE...", false,
	  "Settings of a user: display, barred, "
	  "out-barred, active, offline-delivery, "
	  "store-on-busy, quota-count, quota-bytes." },
	{ "reg ls", "[ADDR]", false, "Who is registered, and where." },
	{ "reg show", "ADDR", false,
	  "The contacts of a user, with all that "
	  "is known of them." },
	{ "reg rm", "ADDR [CONTACT]", false,
	  "Forget a user's contacts, or one." },
	{ "link ls", "", false, "The links and how they are." },
	{ "link up", "NAME", false, "Let a link connect again." },
	{ "link down", "NAME", false, "Close a link and keep it closed." },
	{ "route ls", "", false,
	  "Domains and routes in their order, with "
	  "how often each was taken." },
	{ "route test", "--from ADDR --to ADDR", false,
	  "Where a message would go, and why." },
	{ "queue ls", "[ADDR|LANE]", false, "What waits." },
	{ "queue show", "ID", false, "One waiting message, without its text." },
	{ "queue flush", "[LANE]", false, "Try what waits now." },
	{ "queue drop", "ID", false, "Remove a message; its sender is told." },
	{ "trace", "ID|ADDR", false,
	  "The story of a message, or of the last "
	  "ones of somebody." },
	{ "log level", "[MODULE] LEVEL [--for TIME]", false,
	  "What is logged: error, warning, info or debug; for good, or for a "
	  "time such as 10m." },
	{ "reload", "[--dry-run]", false,
	  "Read the configuration again, or "
	  "say what that would change." },
	{ "check", "[config|dns|certs|links|store|all]", false,
	  "Whether all is well; what is not decides the exit code." },
	{ "config diff", "", false,
	  "Where the configuration file differs from what runs." },
	{ "drain", "", false, "Take no new work from now on." },
	{ "undrain", "", false, "Take new work again." },
	{ "version", "", false, "The version of the running daemon." },
};

/* Do the words of the verb, split at blanks, come first? */
static bool begins(const struct verb *v, char *const *words, int words_n)
{
	struct str rest = str_of(v->words), one;
	int i;

	for (i = 0; rest.n > 0 && str_split(&rest, ' ', &one); i++)
		if (i >= words_n || !str_eq(one, str_of(words[i])))
			return false;
	return true;
}

const struct verb *verb_of(char *const *words, int words_n)
{
	size_t i;

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (begins(&verbs[i], words, words_n))
			return &verbs[i];
	return NULL;
}

void verbs_help(FILE *out)
{
	char left[64];
	size_t i;

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		snprintf(left, sizeof(left), "%s %s", verbs[i].words,
			 verbs[i].args);
		fprintf(out, "  %-34s %s\n", left, verbs[i].sentence);
	}
}

void verbs_put_man(struct buf *out)
{
	size_t i;

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		roff_item(out, verbs[i].words, verbs[i].args,
			  verbs[i].sentence);
}

/* Is this first word in an earlier row? */
static bool is_known(size_t row, struct str first)
{
	size_t i;

	for (i = 0; i < row; i++) {
		struct str words = str_of(verbs[i].words);

		if (str_eq(str_sub(words, 0, str_find(words, ' ')), first))
			return true;
	}
	return false;
}

static void put_seconds(struct buf *out, struct str first)
{
	size_t i, at;

	buf_printf(out, "\t%.*s) more=\"", STR_ARG(first));
	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		struct str words = str_of(verbs[i].words);

		at = str_find(words, ' ');
		if (at < words.n && str_eq(str_sub(words, 0, at), first)) {
			buf_put_str(out, str_from(words, at + 1));
			buf_put_char(out, ' ');
		}
	}
	buf_put_str(out, STR("\" ;;\n"));
}

void verbs_put_completion(struct buf *out)
{
	struct str words, first;
	size_t i;

	buf_put_str(out, STR("# bash completion for causewayctl\n"
			     "_causewayctl()\n{\n"
			     "\tlocal word=${COMP_WORDS[COMP_CWORD]} more='' verb='' "
			     "second='' i skip=''\n"
			     "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
			     "\t\tif [[ $skip ]]; then skip=; continue; fi\n"
			     "\t\tcase ${COMP_WORDS[i]} in\n"
			     "\t\t-c|-s|--config|--socket) skip=1 ;;\n"
			     "\t\t-*) ;;\n"
			     "\t\t*) if [[ $verb ]]; then second=1; else "
			     "verb=${COMP_WORDS[i]}; fi ;;\n"
			     "\t\tesac\n\tdone\n"
			     "\tCOMPREPLY=()\n"
			     "\tif [[ $skip ]]; then\n"
			     "\t\tmapfile -t COMPREPLY < <(compgen -f -- "
			     "\"$word\")\n\t\treturn\n\tfi\n"
			     "\t[[ $second ]] && return\n"
			     "\tcase $verb in\n"
			     "\t'') more=\"--config --socket --json --help "
			     "--version "));
	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		words = str_of(verbs[i].words);
		first = str_sub(words, 0, str_find(words, ' '));
		if (!is_known(i, first))
			buf_printf(out, "%.*s ", STR_ARG(first));
	}
	buf_put_str(out, STR("\" ;;\n"));
	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		words = str_of(verbs[i].words);
		first = str_sub(words, 0, str_find(words, ' '));
		if (first.n < words.n && !is_known(i, first))
			put_seconds(out, first);
	}
	buf_put_str(out, STR("\tesac\n"
			     "\tmapfile -t COMPREPLY < <(compgen -W \"$more\" "
			     "-- \"$word\")\n}\n"
			     "complete -F _causewayctl causewayctl\n"));
}
