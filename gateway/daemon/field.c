/* gateway/daemon/field.c: see field.h. */
#include "gateway/daemon/field.h"

#include <string.h>

#include "gateway/daemon/value.h"

#define TEXTS_MAX 8u /* entries of a list that is a default */

static void *at(const struct option *o, void *item)
{
	return (char *)item + o->offset;
}

static const void *at_const(const struct option *o, const void *item)
{
	return (const char *)item + o->offset;
}

static struct str str_at(const struct option *o, const void *item)
{
	struct str s;

	memcpy(&s, at_const(o, item), sizeof(s));
	return s;
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

static uint64_t get_unsigned(const void *field, size_t bytes)
{
	uint8_t v8;
	uint16_t v16;
	uint32_t v32;
	uint64_t v;

	if (bytes == 1)
		return memcpy(&v8, field, 1), v8;
	if (bytes == 2)
		return memcpy(&v16, field, 2), v16;
	if (bytes == 4)
		return memcpy(&v32, field, 4), v32;
	return memcpy(&v, field, sizeof(v)), v;
}

static const struct opt_name *name_find(const struct option *o, struct str s)
{
	const struct opt_name *it;

	for (it = o->names; it->name; it++)
		if (str_ieq(s, str_of(it->name)))
			return it;
	return NULL;
}

static const struct opt_name *name_of(const struct option *o, unsigned value)
{
	const struct opt_name *it;

	for (it = o->names; it->name; it++)
		if (it->value == value)
			return it;
	return NULL;
}

static bool set_names(const struct option *o, void *item,
		      const struct str *texts, size_t n)
{
	const struct opt_name *it;
	bool on = true, off = false;
	size_t i;

	for (i = 0; i < n; i++)
		if (!name_find(o, texts[i]))
			return false;
	for (it = o->names; it->name; it++)
		memcpy((char *)item + it->value, &off, sizeof(off));
	for (i = 0; i < n; i++)
		memcpy((char *)item + name_find(o, texts[i])->value, &on,
		       sizeof(on));
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

static void put_names(struct buf *b, const struct option *o, const void *item)
{
	const struct opt_name *it;
	const char *comma = "";
	bool on;

	for (it = o->names; it->name; it++) {
		memcpy(&on, (const char *)item + it->value, sizeof(on));
		if (!on)
			continue;
		buf_put_str(b, str_of(comma));
		value_put_text(b, str_of(it->name));
		comma = ", ";
	}
}

static void put_list(struct buf *b, const struct option *o, const void *item)
{
	const struct str *list;
	size_t i, n;

	memcpy(&list, at_const(o, item), sizeof(list));
	memcpy(&n, (const char *)item + o->count_offset, sizeof(n));
	for (i = 0; i < n; i++) {
		if (i > 0)
			buf_put_str(b, STR(", "));
		value_put_text(b, list[i]);
	}
}

static void put_durations(struct buf *b, const struct option *o,
			  const void *item)
{
	const char *p = at_const(o, item);
	size_t i;

	for (i = 0; i < o->bytes / 4; i++) {
		if (i > 0)
			buf_put_str(b, STR(", "));
		value_put_duration(b, get_unsigned(p + 4 * i, 4), o->unit);
	}
}

static void put_scalar(struct buf *b, const struct option *o, const void *item)
{
	const struct opt_name *name;
	struct str s;
	uint64_t v;

	switch (o->type) {
	case OPT_STR:
	case OPT_FILE:
		value_put_text(b, str_at(o, item));
		break;
	case OPT_SECRET:
		value_put_text(b, str_at(o, item).n ? STR("***") : STR(""));
		break;
	case OPT_CHOICE:
		s = str_at(o, item);
		buf_put_str(b, s.n ? s : str_of(o->names[0].name));
		break;
	case OPT_ENUM:
		v = get_unsigned(at_const(o, item), o->bytes);
		name = name_of(o, (unsigned)v);
		buf_put_str(b, str_of(name ? name->name : o->preset));
		break;
	case OPT_CAUSE:
		v = get_unsigned(at_const(o, item), o->bytes);
		value_put_text(b, str_of(v ? cause_name((enum cause)v) : ""));
		break;
	case OPT_BOOL:
		v = get_unsigned(at_const(o, item), sizeof(bool));
		buf_put_str(b, v ? STR("yes") : STR("no"));
		break;
	case OPT_NUMBER:
		buf_put_u64(b, get_unsigned(at_const(o, item), o->bytes));
		break;
	case OPT_DURATION:
		v = get_unsigned(at_const(o, item), o->bytes);
		value_put_duration(b, v, o->unit);
		break;
	case OPT_SIZE:
		value_put_size(b, get_unsigned(at_const(o, item), o->bytes));
		break;
	case OPT_LIST:
	case OPT_FLAGS:
	case OPT_DURATIONS:
		break;
	}
}

void field_put(struct buf *b, const struct option *o, const void *item)
{
	if (!option_is_list(o)) {
		put_scalar(b, o, item);
		return;
	}
	buf_put_char(b, '{');
	if (o->type == OPT_LIST)
		put_list(b, o, item);
	else if (o->type == OPT_FLAGS)
		put_names(b, o, item);
	else
		put_durations(b, o, item);
	buf_put_char(b, '}');
}

bool field_is_empty(const struct option *o, const void *item)
{
	switch (o->type) {
	case OPT_STR:
	case OPT_FILE:
	case OPT_SECRET:
	case OPT_CHOICE:
		return str_at(o, item).n == 0;
	case OPT_CAUSE:
	case OPT_NUMBER:
	case OPT_DURATION:
	case OPT_SIZE:
		return get_unsigned(at_const(o, item), o->bytes) == 0;
	case OPT_ENUM:
	case OPT_BOOL:
	case OPT_LIST:
	case OPT_FLAGS:
	case OPT_DURATIONS:
		break;
	}
	return false;
}

bool field_eq(const struct option *o, const void *item, const void *other_item)
{
	struct buf one, other;
	bool same;

	if (o->type == OPT_SECRET)
		return str_eq(str_at(o, item), str_at(o, other_item));
	buf_init(&one, 1u << 22);
	buf_init(&other, 1u << 22);
	field_put(&one, o, item);
	field_put(&other, o, other_item);
	same = str_eq(buf_str(&one), buf_str(&other));
	buf_free(&one);
	buf_free(&other);
	return same;
}

static void put_range_names(struct buf *b, const struct option *o)
{
	const struct opt_name *it;

	for (it = o->names; it->name; it++) {
		if (it != o->names)
			buf_put_str(b, it[1].name ? STR(", ") : STR(" or "));
		buf_put_str(b, str_of(it->name));
	}
}

static void put_bounds(struct buf *b, const struct option *o, const char *noun)
{
	const uint64_t ends[] = { o->min, o->max };
	size_t i;

	buf_put_str(b, str_of(noun));
	for (i = 0; i < 2; i++) {
		buf_put_str(b, i ? STR(" to ") : STR(" from "));
		if (o->type == OPT_SIZE)
			value_put_size(b, ends[i]);
		else if (o->type == OPT_NUMBER)
			buf_put_u64(b, ends[i]);
		else
			value_put_duration(b, ends[i], o->unit);
	}
}

void field_put_range(struct buf *b, const struct option *o)
{
	switch (o->type) {
	case OPT_STR:
		buf_put_str(b, str_of(value_form_text(o->form)));
		break;
	case OPT_FILE:
		buf_put_str(b, STR("a path"));
		break;
	case OPT_SECRET:
		buf_put_str(b, STR("a text on one line"));
		break;
	case OPT_CHOICE:
	case OPT_ENUM:
		put_range_names(b, o);
		break;
	case OPT_CAUSE:
		buf_put_str(b, STR("the name of a final cause, such as "
				   "FORBIDDEN or NOT_FOUND"));
		break;
	case OPT_BOOL:
		buf_put_str(b, STR("yes or no"));
		break;
	case OPT_NUMBER:
		put_bounds(b, o, "a number");
		break;
	case OPT_DURATION:
		put_bounds(b, o, "a duration");
		break;
	case OPT_SIZE:
		put_bounds(b, o, "a size");
		break;
	case OPT_LIST:
		buf_printf(b, "at most %u of: ", (unsigned)o->max);
		buf_put_str(b, str_of(value_form_text(o->form)));
		break;
	case OPT_FLAGS:
		buf_put_str(b, STR("a list of "));
		put_range_names(b, o);
		break;
	case OPT_DURATIONS:
		buf_printf(b, "%u durations, each", (unsigned)o->bytes / 4);
		put_bounds(b, o, "");
		break;
	}
}
