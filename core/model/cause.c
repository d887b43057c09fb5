/* core/model/cause.c: the table of cause.h as functions. */
#include "core/model/cause.h"

static const struct {
	const char *name, *text;
	enum cause_class cls;
} causes[CAUSES_N] = {
#define X(n, c, s) [CAUSE_##n] = { #n, s, CAUSE_##c },
	CAUSE_TABLE(X)
#undef X
};

const char *cause_name(enum cause c)
{
	return causes[c].name;
}

const char *cause_text(enum cause c)
{
	return causes[c].text;
}

enum cause_class cause_class(enum cause c)
{
	return causes[c].cls;
}

enum cause cause_by_name(struct str name)
{
	unsigned i;

	for (i = 0; i < CAUSES_N; i++)
		if (str_eq(name, str_of(causes[i].name)))
			return (enum cause)i;
	return CAUSE_UNDEFINED;
}
