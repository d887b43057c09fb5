/* core/base/err.c: see err.h. */
#include "core/base/err.h"

#include <stdarg.h>
#include <stdio.h>

const char *err_text(int err)
{
	switch (err) {
#define X(number, name, sentence) case number: return sentence;
	ERR_TABLE(X)
#undef X
	default:
		return err < 0 ? "unknown error" : "no error";
	}
}

int errtext_set(struct errtext *e, int err, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return err;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return err;
}
