/* core/codec/features.c: see features.h. The conversion to RFC 2533 predicates
 * that RFC 3841 describes is not carried out: two sets match when for each tag
 * that both name some value of the one overlaps some value of the other.
 */
#include "core/codec/features.h"

#include <string.h>

#include "core/base/utf8.h"

/* ---- reading -------------------------------------------------------------- */

/* The base tags, which stand without "+" [RFC 3840 9]. */
static const char *const base_tags[] = {
	"actor", "application", "audio", "automata", "class", "control",
	"data", "description", "duplex", "events", "extensions", "isfocus",
	"language", "methods", "mobility", "priority", "schemes", "text",
	"type", "video",
};

static bool is_base(struct str name)
{
	size_t i;

	for (i = 0; i < sizeof(base_tags) / sizeof(base_tags[0]); i++)
		if (str_ieq(name, str_of(base_tags[i])))
			return true;
	return false;
}

/* Up to the first c that is not quoted; ERR_SYNTAX when a quote stays open. */
static int cut(struct str *rest, char c, struct str *head_out)
{
	bool in_quotes = false;
	size_t i;

	for (i = 0; i < rest->n; i++) {
		if (in_quotes && rest->p[i] == '\\')
			i++;
		else if (rest->p[i] == '"')
			in_quotes = !in_quotes;
		else if (!in_quotes && rest->p[i] == c)
			break;
	}
	if (in_quotes)
		return ERR_SYNTAX;
	*head_out = str_trim(str_sub(*rest, 0, i));
	*rest = i < rest->n ? str_from(*rest, i + 1) : STR("");
	return 0;
}

static bool is_name(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (!ch_is_alnum(c) && !(c && strchr("!'.-%_~*+`", c)))
			return false;
	}
	return s.n > 0;
}

/* Without controls and quotes: escapes have no place in a tag value. */
static int check_value(struct str s)
{
	size_t i, values_n = 1;

	if (!utf8_is_clean_line(s))
		return ERR_SYNTAX;
	for (i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			return ERR_SYNTAX;
		if (s.p[i] == ',')
			values_n++;
	}
	if (values_n > FEATURE_VALUES_MAX)
		return ERR_LIMIT;
	return str_trim(s).n > 0 ? 0 : ERR_SYNTAX;
}

static int add(struct features *f, struct str name, struct str values)
{
	if (features_find(f, name))
		return 0;
	if (f->n == FEATURES_MAX)
		return ERR_LIMIT;
	f->list[f->n++] = (struct feature){ name, values };
	return 0;
}

static int read_param(struct features *f, struct str param)
{
	size_t at = str_find(param, '=');
	struct str name = str_trim(str_sub(param, 0, at));
	struct str value = STR("TRUE");
	bool is_other = str_starts(name, STR("+"));
	int err;

	if (!is_name(name))
		return ERR_SYNTAX;
	if (at == param.n && str_ieq(name, STR("require"))) {
		f->is_required = true;
		return 0;
	}
	if (at == param.n && str_ieq(name, STR("explicit"))) {
		f->is_explicit = true;
		return 0;
	}
	if (!is_other && !is_base(name))
		return 0;
	if (is_other && name.n == 1)
		return ERR_SYNTAX;
	if (at < param.n) {
		value = str_trim(str_from(param, at + 1));
		if (value.n >= 2 && value.p[0] == '"' &&
		    value.p[value.n - 1] == '"')
			value = str_sub(value, 1, value.n - 2);
		err = check_value(value);
		if (err < 0)
			return err;
	}
	return add(f, is_other ? str_from(name, 1) : name, value);
}

int features_parse(struct str params, struct features *out)
{
	struct str one;
	int err;

	out->n = 0;
	out->is_required = out->is_explicit = false;
	params = str_trim(params);
	if (params.n > FEATURES_TEXT_MAX)
		return ERR_LIMIT;
	if (str_starts(params, STR(";")))
		params = str_from(params, 1);
	while (params.n > 0) {
		err = cut(&params, ';', &one);
		if (err == 0)
			err = read_param(out, one);
		if (err < 0) {
			out->n = 0;
			return err;
		}
	}
	return 0;
}

int features_parse_preference(struct str value, struct features *out)
{
	value = str_trim(value);
	out->n = 0;
	if (!str_starts(value, STR("*")))
		return ERR_SYNTAX;
	value = str_trim(str_from(value, 1));
	if (value.n > 0 && value.p[0] != ';')
		return ERR_SYNTAX;
	return features_parse(value, out);
}

bool features_next_value(struct str *rest, struct str *value_out)
{
	*rest = str_trim(*rest);
	if (rest->n == 0)
		return false;
	if (cut(rest, ',', value_out) < 0) {
		*value_out = *rest;	/* its parsing will fail */
		*rest = STR("");
	}
	return true;
}

const struct feature *features_find(const struct features *f, struct str name)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (str_ieq(f->list[i].name, name))
			return &f->list[i];
	return NULL;
}

void features_put(struct buf *b, const struct features *f)
{
	size_t i;

	for (i = 0; i < f->n; i++) {
		const struct feature *it = &f->list[i];

		if (!is_name(it->name) || check_value(it->values) < 0) {
			buf_fail(b, ERR_SYNTAX);
			return;
		}
		buf_put_char(b, ';');
		if (!is_base(it->name))
			buf_put_char(b, '+');
		buf_put_str(b, it->name);
		if (str_eq(it->values, STR("TRUE")))
			continue;
		buf_put(b, "=\"", 2);
		buf_put_str(b, it->values);
		buf_put_char(b, '"');
	}
	if (f->is_required)
		buf_put_str(b, STR(";require"));
	if (f->is_explicit)
		buf_put_str(b, STR(";explicit"));
}

/* ---- matching ------------------------------------------------------------- */

enum kind { KIND_TOKEN, KIND_STRING, KIND_NUMBER };

/* One value of a tag. Numbers are in millionths, a range. */
struct value {
	enum kind kind;
	bool is_not;
	struct str text;
	int64_t low, high;
};

/* [+-]digits[.digits] in millionths, cut at the limits. */
static bool read_number(struct str s, int64_t *out)
{
	const int64_t unit = 1000000, max = INT64_MAX / 4 / unit;
	bool is_negative = str_starts(s, STR("-"));
	int64_t v = 0, part = 0, place = unit;
	size_t i = is_negative || str_starts(s, STR("+")) ? 1 : 0, digits = 0;

	for (; i < s.n && ch_is_digit((unsigned char)s.p[i]); i++, digits++)
		v = v < max / 10 ? v * 10 + (s.p[i] - '0') : max;
	if (i < s.n && s.p[i] == '.')
		for (i++; i < s.n && ch_is_digit((unsigned char)s.p[i]);
		     i++, digits++)
			part += (s.p[i] - '0') * (place /= 10);
	v = v * unit + part;
	*out = is_negative ? -v : v;
	return digits > 0 && i == s.n;
}

static bool read_range(struct str s, struct value *v)
{
	size_t at = str_find(s, ':');

	v->low = INT64_MIN;
	v->high = INT64_MAX;
	if (str_starts(s, STR(">=")))
		return read_number(str_trim(str_from(s, 2)), &v->low);
	if (str_starts(s, STR("<=")))
		return read_number(str_trim(str_from(s, 2)), &v->high);
	if (at < s.n)
		return read_number(str_trim(str_sub(s, 0, at)), &v->low) &&
		       read_number(str_trim(str_from(s, at + 1)), &v->high);
	if (str_starts(s, STR("=")))
		s = str_from(s, 1);
	if (!read_number(str_trim(s), &v->low))
		return false;
	v->high = v->low;
	return true;
}

static struct value value_of(struct str s)
{
	struct value v = { .kind = KIND_TOKEN };

	s = str_trim(s);
	if (str_starts(s, STR("!"))) {
		v.is_not = true;
		s = str_trim(str_from(s, 1));
	}
	v.text = s;
	if (str_starts(s, STR("#")) && read_range(str_from(s, 1), &v)) {
		v.kind = KIND_NUMBER;
	} else if (s.n >= 2 && s.p[0] == '<' && s.p[s.n - 1] == '>') {
		v.kind = KIND_STRING;
	} else if (v.is_not && str_ieq(s, STR("TRUE"))) {
		v.is_not = false;
		v.text = STR("FALSE");
	} else if (v.is_not && str_ieq(s, STR("FALSE"))) {
		v.is_not = false;
		v.text = STR("TRUE");
	}
	return v;
}

static bool is_same(const struct value *a, const struct value *b)
{
	return a->kind == KIND_STRING ? str_eq(a->text, b->text) :
					str_ieq(a->text, b->text);
}

/* Is there anything that both stand for? */
static bool overlaps(const struct value *a, const struct value *b)
{
	const struct value *yes = a->is_not ? b : a, *no = a->is_not ? a : b;

	if (a->is_not && b->is_not)
		return true;	/* there is always a third */
	if (a->kind != b->kind)
		return a->is_not || b->is_not;
	if (!no->is_not)
		return a->kind == KIND_NUMBER ?
		       a->low <= b->high && b->low <= a->high :
		       is_same(a, b);
	if (a->kind == KIND_NUMBER)
		return yes->low < no->low || yes->high > no->high;
	return !is_same(a, b);
}

static bool values_overlap(struct str a, struct str b)
{
	struct str one, list, other;

	while (str_split(&a, ',', &one)) {
		struct value v = value_of(one), w;

		for (list = b; str_split(&list, ',', &other);) {
			w = value_of(other);
			if (overlaps(&v, &w))
				return true;
		}
	}
	return false;
}

bool features_match(const struct features *a, const struct features *b)
{
	const struct feature *same;
	size_t i;

	for (i = 0; i < a->n; i++) {
		same = features_find(b, a->list[i].name);
		if (same && !values_overlap(a->list[i].values, same->values))
			return false;
	}
	return true;
}

unsigned features_score_milli(const struct features *preference,
			      const struct features *contact)
{
	size_t i, n = 0;

	if (preference->n == 0)
		return 1000;
	for (i = 0; i < preference->n; i++)
		if (features_find(contact, preference->list[i].name))
			n++;
	return (unsigned)(n * 1000 / preference->n);
}
