/* core/model/profile.c: see profile.h. The text:
 *
 *   given Bob
 *   phone +4930123456
 */
#include "core/model/profile.h"

#include "core/base/utf8.h"

enum { PROFILE_BYTES_MAX = (PROFILE_VALUE_MAX + 16) * PROFILE_FIELDS_N };

/* clang-format off */
static const char *const names[PROFILE_FIELDS_N] = {
	[PROFILE_NAME] = "name", [PROFILE_GIVEN] = "given",
	[PROFILE_FAMILY] = "family", [PROFILE_NICK] = "nick",
	[PROFILE_ORG] = "org", [PROFILE_TITLE] = "title",
	[PROFILE_PHONE] = "phone", [PROFILE_EMAIL] = "email",
	[PROFILE_URL] = "url", [PROFILE_NOTE] = "note",
};
/* clang-format on */

const char *profile_field_name(enum profile_field f)
{
	return f < PROFILE_FIELDS_N ? names[f] : "?";
}

enum profile_field profile_field_by_name(struct str name)
{
	size_t i;

	for (i = 0; i < PROFILE_FIELDS_N; i++)
		if (str_eq(name, str_of(names[i])))
			break;
	return (enum profile_field)i;
}

/* local@domain, each with something in it and no blank. */
static bool is_email(struct str s)
{
	size_t at = str_find(s, '@');

	return at > 0 && at + 1 < s.n && str_find(s, ' ') == s.n &&
	       str_rfind(s, '@') == at;
}

static bool is_phone(struct str s)
{
	size_t i, digits = 0;

	for (i = 0; i < s.n; i++) {
		if (s.p[i] >= '0' && s.p[i] <= '9')
			digits++;
		else if (str_find(STR(" +-./()*#"), s.p[i]) == 9)
			return false;
	}
	return digits >= 2;
}

bool profile_value_ok(enum profile_field f, struct str value)
{
	if (value.n == 0)
		return true;
	if (value.n > PROFILE_VALUE_MAX || !utf8_is_clean_line(value) ||
	    str_trim(value).n != value.n)
		return false;
	if (f == PROFILE_EMAIL)
		return is_email(value);
	if (f == PROFILE_PHONE)
		return is_phone(value);
	if (f == PROFILE_URL)
		return str_istarts(value, STR("https://")) ||
		       str_istarts(value, STR("http://"));
	return true;
}

struct str profile_pack(struct arena *a, const struct profile *p)
{
	struct str text;
	struct buf b;
	size_t i;

	buf_init(&b, PROFILE_BYTES_MAX);
	for (i = 0; i < PROFILE_FIELDS_N; i++) {
		if (i == PROFILE_NAME || p->v[i].n == 0)
			continue;
		buf_put_str(&b, str_of(names[i]));
		buf_put_char(&b, ' ');
		buf_put_str(&b, p->v[i]);
		buf_put_char(&b, '\n');
	}
	text = b.err ? STR_NONE : arena_dup(a, buf_str(&b));
	buf_free(&b);
	return text;
}

void profile_unpack(struct str display, struct str text, struct profile *out)
{
	struct str line;
	size_t i;

	for (i = 0; i < PROFILE_FIELDS_N; i++)
		out->v[i] = STR("");
	out->v[PROFILE_NAME] = display;
	while (str_split(&text, '\n', &line)) {
		struct str name = str_sub(line, 0, str_find(line, ' '));
		enum profile_field f = profile_field_by_name(name);

		if (f < PROFILE_FIELDS_N && f != PROFILE_NAME)
			out->v[f] = str_from(line, name.n + 1);
	}
}
