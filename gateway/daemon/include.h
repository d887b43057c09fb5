/* gateway/daemon/include.h: include = "PATTERN" in a configuration file, where
 * the pattern is as in a shell. The files it names are read behind the file
 * itself, in the order of their names; faults in them are told with their own
 * names and lines. A file that is included includes nothing.
 */
#pragma once

#include "gateway/daemon/faults.h"

struct conf_source;

enum { INCLUDE_FILES_MAX = FAULTS_FILES_MAX };

/* Appends the included files to text, which holds that of src->path. A pattern
   may match nothing; a plain name must be there. */
void include_expand(const struct conf_source *src, struct buf *text,
		    struct faults *f);
