/* gateway/daemon/files.h: the small files a configuration names. */
#pragma once

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/err.h"

/* Whole file into out (its maximum is the limit). */
int file_read(const char *path, struct buf *out,
	      struct errtext *why) MUST_CHECK;

/* First line of a file that others may not read, into the arena. */
int file_read_secret(struct arena *a, struct str path, struct str *out,
		     struct errtext *why) MUST_CHECK;

/* A regular file that this process can read; is_private: and others not. */
int file_check(struct str path, bool is_private,
	       struct errtext *why) MUST_CHECK;

/* name as an absolute path: as it is, or below base; base itself relative to
   the working directory. In the arena. */
struct str file_path(struct arena *a, struct str base, struct str name);
/* The folder part of a path, "." when it has none. */
struct str file_folder(struct str path);
