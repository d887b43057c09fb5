/* core/route/prefs.c: see prefs.h. */
#include "core/route/prefs.h"

static size_t read_all(struct str text, struct features *list)
{
	struct str value;
	size_t n = 0;

	while (n < PREFS_MAX && features_next_value(&text, &value))
		if (features_parse_preference(value, &list[n]) == 0)
			n++;
	return n;
}

void prefs_of(const struct msg *m, struct prefs *out)
{
	out->accept_n = read_all(m->accept_contact, out->accept);
	out->reject_n = read_all(m->reject_contact, out->reject);
	out->is_implicit = out->accept_n + out->reject_n == 0;
	if (out->is_implicit &&
	    features_parse(STR("methods=MESSAGE;require"),
			   &out->accept[0]) == 0)
		out->accept_n = 1;
}

/* Names every tag of it, and fits. */
static bool is_rejected(const struct features *reject,
			const struct features *contact)
{
	return reject->n > 0 && features_score_milli(reject, contact) ==
	       1000 && features_match(reject, contact);
}

/* False: not tried. A preference that does not match counts for nothing. */
static bool score(const struct features *accept,
		  const struct features *contact, unsigned *sum, unsigned *n)
{
	unsigned milli;

	if (!features_match(accept, contact))
		return !accept->is_required;
	milli = features_score_milli(accept, contact);
	if (accept->is_explicit && milli < 1000) {
		if (accept->is_required)
			return false;
		milli = 0;
	}
	*sum += milli;
	++*n;
	return true;
}

bool prefs_judge(const struct prefs *p, struct str params,
		 unsigned *qa_milli_out)
{
	struct features contact;
	unsigned sum = 0, n = 0;
	size_t i;

	*qa_milli_out = 1000;
	/* Most say nothing of their methods: no need to take it apart. */
	if (p->is_implicit &&
	    str_search(params, STR("ethods")) == params.n)
		return true;
	/* What cannot be read says nothing. */
	if (features_parse(params, &contact) < 0 || contact.n == 0)
		return true;
	for (i = 0; i < p->reject_n; i++)
		if (is_rejected(&p->reject[i], &contact))
			return false;
	for (i = 0; i < p->accept_n; i++)
		if (!score(&p->accept[i], &contact, &sum, &n))
			return false;
	if (p->accept_n)
		*qa_milli_out = n ? sum / n : 0;
	/* Who says nothing of its methods takes them all, as far as we know. */
	if (p->is_implicit)
		*qa_milli_out = 1000;
	return true;
}
