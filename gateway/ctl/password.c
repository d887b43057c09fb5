/* gateway/ctl/password.c: see password.h. */
#include "gateway/ctl/password.h"

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "core/base/mem.h"
#include "core/base/utf8.h"

static bool say(const char *sentence)
{
	fprintf(stderr, "causewayctl: %s\n", sentence);
	return false;
}

static bool read_line(FILE *in, char *out, size_t size)
{
	if (!fgets(out, (int)size, in))
		return say("no password was given");
	if (!strchr(out, '\n') && !feof(in))
		return say("the password is too long");
	out[strcspn(out, "\r\n")] = '\0';
	if (!*out)
		return say("an empty password is not taken");
	if (!utf8_is_clean_line(str_of(out)))
		return say("a password is text in UTF-8 without control "
			   "characters");
	return true;
}

static bool ask(FILE *tty, const char *prompt, char *out, size_t size)
{
	struct termios before, quiet;
	bool ok;

	if (tcgetattr(fileno(tty), &before) < 0)
		return say("the terminal does not answer");
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	fputs(prompt, stderr);
	if (tcsetattr(fileno(tty), TCSAFLUSH, &quiet) < 0)
		return say("the terminal would show the password");
	ok = read_line(tty, out, size);
	tcsetattr(fileno(tty), TCSAFLUSH, &before);
	fputc('\n', stderr);
	return ok;
}

bool password_read(char *out, size_t size)
{
	char again[PASSWORD_MAX + 2];
	bool ok;

	if (!isatty(STDIN_FILENO))
		return read_line(stdin, out, size);
	ok = ask(stdin, "Password: ", out, size) &&
	     ask(stdin, "Again: ", again, sizeof(again));
	if (ok && strcmp(out, again) != 0)
		ok = say("these were two different passwords");
	mem_wipe(again, sizeof(again));
	return ok;
}
