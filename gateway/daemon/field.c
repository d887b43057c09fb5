/* gateway/daemon/field.c: sets fields from texts; see field.h. What writes them
 * is field_put.c.
 */
#include "gateway/daemon/field.h"

#include <string.h>

#include "gateway/daemon/value.h"

#define TEXTS_MAX 8u /* entries of a list that is a default */

static void *at(const struct option *o, void *item)
{
	return (char *)item + o->offset;
}

static void set_unsigned(void *field, size_t bytes, uint64_t v)
{
	uint8_t v8 = (uint8_t)v;
	uint16_t v16 = (uint16_t)v;
	uint32_t v32 = (uint32_t)v;

	if (bytes == 1)
		memcpy(field, &v8, 1);
	else if (bytes == 2)
		memcpy(field, &v16, 2);
	else if (bytes == 4)
		memcpy(field, &v32, 4);
	else
		memcpy(field, &v, sizeof(v));
}

static const struct opt_name *name_find(const struct option *o, struct str s)
{
	const struct opt_name *it;

	for (it = o->names; it->name; it++)
		if (str_ieq(s, str_of(it->name)))
			return it;
	return NULL;
}

static bool set_names(const struct option *o, void *item,
		      const struct str *texts, size_t n)
{
	const struct opt_name *it;
	uint8_t place = 0;
	size_t i;

	for (i = 0; i < n; i++)
		if (!name_find(o, texts[i]))
			return false;
	for (it = o->names; it->name; it++)
		memcpy((char *)item + it->value, &place, sizeof(place));
	for (i = n; i-- > 0;) {
		place = (uint8_t)(i + 1);
		memcpy((char *)item + name_find(o, texts[i])->value, &place,
		       sizeof(place));
	}
	return true;
}

static bool set_durations(const struct option *o, void *item,
			  const struct str *texts, size_t n)
{
	uint64_t v[TEXTS_MAX];
	size_t i;

	if (n != o->bytes / 4 || n > TEXTS_MAX)
		return false;
	for (i = 0; i < n; i++)
		if (!value_duration(texts[i], o->unit, &v[i]) ||
		    v[i] < o->min || v[i] > o->max)
			return false;
	for (i = 0; i < n; i++)
		set_unsigned((char *)at(o, item) + 4 * i, 4, v[i]);
	return true;
}

static bool set_list(struct arena *a, const struct option *o, void *item,
		     const struct str *texts, size_t n)
{
	struct str *list;
	size_t i;

	if (n > o->max)
		return false;
	for (i = 0; i < n; i++)
		if (!value_form_ok(texts[i], o->form))
			return false;
	list = arena_array(a, n ? n : 1, sizeof(*list));
	if (!list)
		return false;
	for (i = 0; i < n; i++)
		list[i] = arena_dup(a, texts[i]);
	memcpy(at(o, item), &list, sizeof(list));
	memcpy((char *)item + o->count_offset, &n, sizeof(n));
	return true;
}

static bool set_str(struct arena *a, const struct option *o, void *item,
		    struct str text)
{
	if (!value_form_ok(text, FORM_LINE) || text.n > 1024)
		return false;
	/* Empty means "not given"; only what has no default must be there. */
	if (text.n == 0 ? !o->preset : !value_form_ok(text, o->form))
		return false;
	text = arena_dup(a, text);
	memcpy(at(o, item), &text, sizeof(text));
	return true;
}

static bool set_number(const struct option *o, void *item, struct str text)
{
	uint64_t v;
	bool ok;

	if (o->type == OPT_DURATION)
		ok = value_duration(text, o->unit, &v);
	else if (o->type == OPT_SIZE)
		ok = value_size(text, &v);
	else
		ok = str_u64(text, &v);
	if (!ok || v < o->min || v > o->max)
		return false;
	set_unsigned(at(o, item), o->bytes, v);
	return true;
}

static bool set_enum(const struct option *o, void *item, struct str text)
{
	const struct opt_name *name = name_find(o, text);

	if (name)
		set_unsigned(at(o, item), o->bytes, name->value);
	return name != NULL;
}

static bool set_choice(const struct option *o, void *item, struct str text)
{
	const struct opt_name *name = name_find(o, text);
	struct str s;

	if (!name)
		return false;
	s = str_of(name->value ? name->name : "");
	memcpy(at(o, item), &s, sizeof(s));
	return true;
}

static bool set_cause(const struct option *o, void *item, struct str text)
{
	enum cause c = text.n ? cause_by_name(text) : CAUSE_NONE;

	/* cause_by_name gives UNDEFINED for what it does not know */
	if (text.n && (c == CAUSE_NONE || cause_class(c) != CAUSE_FINAL ||
		       !str_eq(text, str_of(cause_name(c)))))
		return false;
	memcpy(at(o, item), &c, sizeof(c));
	return true;
}

static bool set_bool(const struct option *o, void *item, struct str text)
{
	bool v;

	if (!value_bool(text, &v))
		return false;
	memcpy(at(o, item), &v, sizeof(v));
	return true;
}

static bool set(struct arena *a, const struct option *o, void *item,
		const struct str *texts, size_t n)
{
	switch (o->type) {
	case OPT_FLAGS:
		return set_names(o, item, texts, n);
	case OPT_LIST:
		return set_list(a, o, item, texts, n);
	case OPT_DURATIONS:
		return set_durations(o, item, texts, n);
	case OPT_STR:
	case OPT_FILE:
	case OPT_SECRET:
		return n == 1 && set_str(a, o, item, texts[0]);
	case OPT_CHOICE:
		return n == 1 && set_choice(o, item, texts[0]);
	case OPT_ENUM:
		return n == 1 && set_enum(o, item, texts[0]);
	case OPT_CAUSE:
		return n == 1 && set_cause(o, item, texts[0]);
	case OPT_BOOL:
		return n == 1 && set_bool(o, item, texts[0]);
	case OPT_NUMBER:
	case OPT_DURATION:
	case OPT_SIZE:
		return n == 1 && set_number(o, item, texts[0]);
	}
	return false;
}

/* The texts of a list as one line, for the sentence. */
static void put_got(struct buf *b, const struct option *o,
		    const struct str *texts, size_t n)
{
	size_t i;

	if (o->type == OPT_SECRET) {
		buf_put_str(b, STR("***"));
		return;
	}
	for (i = 0; i < n && i < TEXTS_MAX; i++) {
		if (i > 0)
			buf_put_str(b, STR(", "));
		buf_put_str(b, str_sub(texts[i], 0, 64));
	}
}

bool field_set(struct faults *f, unsigned line, struct arena *a,
	       const struct option *o, void *item, const struct str *texts,
	       size_t texts_n)
{
	struct fault_value got_text;
	struct buf got, range;

	if (set(a, o, item, texts, texts_n))
		return true;
	buf_init(&got, 1024);
	buf_init(&range, 1024);
	put_got(&got, o, texts, texts_n);
	field_put_range(&range, o);
	faults_add(f, line, "%s has a wrong value (got %s, expected %.*s)",
		   o->name, fault_value(&got_text, buf_str(&got)),
		   STR_ARG(buf_str(&range)));
	buf_free(&got);
	buf_free(&range);
	return false;
}

bool field_preset(struct arena *a, const struct option *o, void *item)
{
	struct str texts[TEXTS_MAX], rest = str_of(o->preset), one;
	size_t n = 0;

	if (!o->preset)
		return false;
	if (!option_is_list(o))
		return set(a, o, item, &rest, 1);
	while (rest.n > 0 && n < TEXTS_MAX && str_split(&rest, ',', &one))
		texts[n++] = str_trim(one);
	return set(a, o, item, texts, n);
}
