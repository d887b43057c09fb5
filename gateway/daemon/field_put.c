/* gateway/daemon/field_put.c: writes and compares fields; see field.h. What sets
 * them is field.c.
 */
#include "gateway/daemon/field.h"

#include <string.h>

#include "gateway/daemon/value.h"

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

static const struct opt_name *name_of(const struct option *o, unsigned value)
{
	const struct opt_name *it;

	for (it = o->names; it->name; it++)
		if (it->value == value)
			return it;
	return NULL;
}

static void put_names(struct buf *b, const struct option *o, const void *item)
{
	const struct opt_name *it;
	const char *comma = "";
	uint8_t place, next;

	for (next = 1; next < UINT8_MAX; next++) {
		for (it = o->names; it->name; it++) {
			memcpy(&place, (const char *)item + it->value, 1);
			if (place != next)
				continue;
			buf_put_str(b, str_of(comma));
			value_put_text(b, str_of(it->name));
			comma = ", ";
		}
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
