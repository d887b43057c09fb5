/* gateway/daemon/faults.h: what is wrong with a configuration file, collected
 * so that one run tells all of it. Each fault is one sentence at a line.
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/err.h"

enum {
	FAULTS_MAX = 100,	/* more are counted, not kept */
	FAULTS_FILES_MAX = 128,
	FAULTS_PATH_BYTES = 256,
};

struct fault {
	unsigned line;		/* 0: the file as a whole */
	char text[256];
};

/* Included files stand behind the first one: from which line on which. */
struct faults_file {
	unsigned line;
	char path[FAULTS_PATH_BYTES];
};

struct faults {
	struct fault list[FAULTS_MAX];
	size_t n, dropped;
	struct faults_file files[FAULTS_FILES_MAX];
	size_t files_n;
};

void faults_init(struct faults *f);
void faults_add(struct faults *f, unsigned line, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* From this line on (rising) the text is that of path. False: no room. */
bool faults_file(struct faults *f, unsigned line, const char *path);
/* Does this line belong to an included file? */
bool faults_is_included(const struct faults *f, unsigned line);

/* "file:line: sentence" per fault, by line; then how many more there were. */
void faults_put(struct buf *out, struct faults *f, const char *file);

/* A foreign value as it may stand in a sentence: escaped, cut, in quotes. */
struct fault_value {
	char text[80];
};
const char *fault_value(struct fault_value *v, struct str s);
