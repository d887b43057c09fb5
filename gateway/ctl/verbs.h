/* gateway/ctl/verbs.h: what can be asked, for the help and for what must be
 * sent along. The daemon understands the words; a verb that is not listed here
 * is passed on all the same.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "core/base/buf.h"

struct verb {
	const char *words;	/* "user add" */
	const char *args;	/* "ADDR" */
	bool has_password;	/* asked for, never on the command line */
	const char *sentence;
};

/* The verb these words begin with, or NULL. */
const struct verb *verb_of(char *const *words, int words_n);
void verbs_help(FILE *out);
void verbs_put_man(struct buf *out);	/* for causewayctl(1) */
/* The words of all verbs, for the shell. */
void verbs_put_completion(struct buf *out);
