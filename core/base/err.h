/* core/base/err.h: why a function of ours failed. Not what a user is told:
 * that is a cause (core/model/cause.h).
 */
#pragma once

/* number, name, sentence */
#define ERR_TABLE(X) \
	X(-1, LIMIT, "a limit was reached") \
	X(-2, SYNTAX, "not well formed") \
	X(-3, WRONG_STATE, "not possible in this state") \
	X(-4, GONE, "no longer there") \
	X(-5, AGAIN, "not now, later") \
	X(-6, IO, "input or output failed") \
	X(-7, DECLINED, "not for this function") \
	X(-8, UNSUPPORTED, "well formed, but not supported") \
	X(-9, DENIED, "not permitted")

enum err {
	ERR_NONE = 0,
#define X(number, name, sentence) ERR_##name = (number),
	ERR_TABLE(X)
#undef X
};

/* The sentence of an error, "no error" for 0 and positive numbers. */
const char *err_text(int err);

/* A sentence for a human, filled by configuration, admin and start-up code. */
struct errtext {
	char text[200];
};

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/* Sets *e (may be NULL) and returns err, for "return errtext_set(...)". */
int errtext_set(struct errtext *e, int err, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
