/* gateway/daemon/load.h: from a configuration file to a struct config, or to
 * all that is wrong with it.
 *
 *   scan (ours: braces, names, lines) -> libconfuse (values) -> field (types,
 *   ranges, defaults) -> check (what must fit together)
 */
#pragma once

#include "gateway/daemon/faults.h"
#include "gateway/daemon/options.h"

struct conf_source {
	const char *path;
	const char *state_dir;	/* wins over node.state-dir; NULL: none */
	bool no_files;		/* look at nothing but the text: secrets stay
				   empty, certificates unread */
};

/* One reference, or NULL and at least one fault. */
struct config *conf_load(const struct conf_source *src, struct faults *f);
/* The same with the text at hand; src->path only says where it lies. */
struct config *conf_load_text(const struct conf_source *src, struct str text,
			      struct faults *f);
