/* gateway/ctl/verbs.c: see verbs.h. */
#include "gateway/ctl/verbs.h"

#include <string.h>

#include "core/base/str.h"

static const struct verb verbs[] = {
	{ "status", "", false, "How the node is, on one screen." },
	{ "user add", "ADDR", true, "A new user; asks for the password." },
	{ "user passwd", "ADDR", true, "Another password for a user." },
	{ "user profile", "ADDR [FIELD=VALUE]...", false,
	  "Show or set what a user tells of himself." },
	{ "user rm", "ADDR", false, "Forget a user and his contacts." },
	{ "user ls", "", false, "All users." },
	{ "reg ls", "[ADDR]", false, "Who is registered, and where." },
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
	{ "log level", "[MODULE] LEVEL", false,
	  "What is logged: error, warning, info or debug." },
	{ "reload", "[--dry-run]", false,
	  "Read the configuration again, or "
	  "say what that would change." },
	{ "drain", "", false, "Take no new work from now on." },
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
