/* gateway/ctl/password.h: a password, from a terminal without echo or from
 * standard input; never from the command line, where others could see it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { PASSWORD_MAX = 1024 };

/* False after a sentence on standard error. */
bool password_read(char *out, size_t size);
