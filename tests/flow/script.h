/* tests/flow/script.h: one scenario file being read. */
#pragma once

#include <stdio.h>

#include "tests/fake/world.h"

enum { LINE_MAX_BYTES = 8192, WORDS_MAX = 48 };

struct words {
	struct str list[WORDS_MAX];	/* NUL-terminated, unquoted */
	size_t n;
};

struct script {
	const char *path;
	FILE *file;
	unsigned line;
	char title[256], rows[256];
	bool failed, is_started;
	struct world world;
	struct arena *arena;
};

/* The next line that is neither empty nor a comment (#), blanks trimmed. */
bool script_line(struct script *s, char out[LINE_MAX_BYTES]);

/* Words at blanks; "..." keeps blanks, with \" \\ \n \r \t \xHH inside. */
void words_split(struct arena *a, const char *line, struct words *out);
bool word_is(const struct words *w, size_t i, const char *text);
/* Value of "key=value"; absent when there is none. */
struct str word_of(const struct words *w, const char *key);
bool word_flag(const struct words *w, const char *flag);

/* "user" and "bind" lines: rows put into the store. */
void script_table(struct script *s, const struct words *w);
/* "in" lines: an event from an adapter. */
void script_in(struct script *s, const struct words *w);
