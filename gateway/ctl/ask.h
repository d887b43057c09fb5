/* gateway/ctl/ask.h: one request to the daemon, one answer. */
#pragma once

#include <jansson.h>

/* The answer line as JSON (a new reference), or NULL after a sentence on
   standard error. input NULL: nothing is sent along. */
json_t *ask(const char *socket_path, char *const *words, int words_n,
	    const char *input);
