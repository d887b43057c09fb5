/* gateway/daemon/token.h: the words of a configuration file, for scan.c. */
#pragma once

#include "gateway/daemon/faults.h"

enum token_kind {
	TOKEN_END,
	TOKEN_WORD,   /* unquoted */
	TOKEN_STRING, /* with its quotes, or ${...} */
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_EQUALS,
	TOKEN_COMMA,
	TOKEN_BAD, /* already told as a fault */
};

struct token {
	enum token_kind kind;
	struct str text;
	unsigned line;
};

/* Copyable, so that a reader can look ahead and come back. */
struct token_reader {
	struct str rest;
	unsigned line;
	struct faults *faults; /* NULL while looking ahead */
};

void token_start(struct token_reader *r, struct faults *f, struct str text);
struct token token_next(struct token_reader *r);
/* The next one without taking it; faults in it are told when it is taken. */
struct token token_peek(const struct token_reader *r);
