/* gateway/daemon/suggest.h: what somebody may have meant by a name that is
 * not known.
 */
#pragma once

#include "gateway/daemon/options.h"

struct suggestion {
	char text[96];		/* "; did you mean \"route\"?", or empty */
};

const char *suggest_block(struct suggestion *out, struct str name);
/* Options of this block first, then where else such an option exists. b may
   be NULL. */
const char *suggest_option(struct suggestion *out, const struct block *b,
			   struct str name);
