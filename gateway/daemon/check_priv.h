/* gateway/daemon/check_priv.h: shared by the files that check a configuration.
 */
#pragma once

#include "gateway/daemon/check.h"

struct checker {
	struct config *c;
	const struct scan *s;
	const struct conf_source *src;
	struct faults *f;
};

/* Line of an option of the i-th block of that name; 0 when the block is not
   in the file. option NULL: of the block. */
unsigned check_line(const struct checker *k, const char *block, size_t i,
		    const char *option);

/* check_rules.c: routes and the domains' lists against each other. */
void check_rules(const struct checker *k);
