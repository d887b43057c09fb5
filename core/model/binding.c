/* core/model/binding.c: see binding.h. */
#include "core/model/binding.h"

bool binding_is_flow(const struct binding *b)
{
	return b->reg_id != 0 && !str_empty(b->instance);
}

struct str binding_instance(struct str s)
{
	if (s.n > 1 && s.p[0] == '<' && s.p[s.n - 1] == '>')
		return str_sub(s, 1, s.n - 2);
	return s;
}

bool binding_is_instance(const struct binding *b, struct str instance)
{
	struct str own = binding_instance(b->instance);

	instance = binding_instance(instance);
	if (str_empty(own) || str_empty(instance))
		return false;
	/* The case of a UUID does not count [RFC 4122 3]; of other names
	   nothing is known. */
	return str_istarts(own, STR("urn:uuid:")) ? str_ieq(own, instance) :
						    str_eq(own, instance);
}
