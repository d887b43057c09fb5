/* core/codec/number.c: telephone numbers; see number.h. [RFC 3966 3 and 5,
 * ITU-T E.164 6]
 * Called for tel: URIs, for SIP user parts under user=phone and by the
 * numbering rules. It never decides whether a user part is a number at all.
 */
#include "core/codec/number.h"

#include "core/codec/uri.h"

#define GLOBAL_DIGITS_MAX 15u	/* E.164 6.2.1 */
#define LOCAL_DIGITS_MAX 20u	/* an SMPP address without its NUL */

static bool is_separator(char c)
{
	return c == '-' || c == '.' || c == '(' || c == ')';
}

/* The keys of a telephone; A-D are the fourth column of the keypad. */
static bool is_key(char c)
{
	unsigned char low = ch_lower((unsigned char)c);

	return ch_is_digit(low) || c == '*' || c == '#' ||
	       (low >= 'a' && low <= 'd');
}

static char to_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

/* s without its separators, letters in upper case; ERR_SYNTAX when nothing or
   more than max is left, or at a character of another kind. */
static int strip(struct arena *a, struct str s, bool is_global, size_t max,
		 struct str *out)
{
	char kept[LOCAL_DIGITS_MAX];
	size_t i, n = 0;

	for (i = 0; i < s.n; i++) {
		if (is_separator(s.p[i]))
			continue;
		if (n == max || !is_key(s.p[i]) ||
		    (is_global && !ch_is_digit((unsigned char)s.p[i])))
			return ERR_SYNTAX;
		kept[n++] = to_upper(s.p[i]);
	}
	if (n == 0)
		return ERR_SYNTAX;
	return arena_str(a, (struct str){ kept, n }, out);
}

/* A domain name, or "+" and the digits of a prefix [RFC 3966 5.1.5]. */
static bool context_ok(struct str s)
{
	size_t i, digits_n = 0;

	if (!str_starts(s, STR("+")))
		return uri_host_ok(s) && s.p[0] != '[';
	for (i = 1; i < s.n; i++) {
		if (ch_is_digit((unsigned char)s.p[i]))
			digits_n++;
		else if (!is_separator(s.p[i]))
			return false;
	}
	return digits_n > 0 && digits_n <= GLOBAL_DIGITS_MAX;
}

/* Names of letters, digits and "-" [RFC 3966 3]. Values are printable ASCII
   without blanks and quotes: the escapes of the text may have hidden more than
   the RFC knows. */
static bool params_ok(struct str s)
{
	struct str one;
	size_t i, name_n;

	for (i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == '"')
			return false;
	while (str_split(&s, ';', &one)) {
		name_n = str_find(one, '=');
		for (i = 0; i < name_n; i++)
			if (!ch_is_alnum((unsigned char)one.p[i]) &&
			    one.p[i] != '-')
				return false;
		if (name_n == 0)
			return false;
	}
	return true;
}

static bool is_twice(struct str params, struct str name)
{
	struct str one;
	unsigned found = 0;

	while (str_split(&params, ';', &one))
		found += str_ieq(str_sub(one, 0, str_find(one, '=')), name);
	return found > 1;
}

int number_parse(struct arena *a, struct str s, bool allow_bare,
		 struct number *out)
{
	const struct str context_name = STR("phone-context");
	size_t semicolon = str_find(s, ';');
	struct str text = str_sub(s, 0, semicolon);
	struct number n = { .is_global = str_starts(text, STR("+")) };
	int err;

	*out = (struct number){ .is_global = false };
	if (semicolon < s.n)
		n.params = str_from(s, semicolon + 1);
	if (!params_ok(n.params) || is_twice(n.params, context_name))
		return ERR_SYNTAX;
	if (n.is_global) {
		err = strip(a, str_from(text, 1), true, GLOBAL_DIGITS_MAX,
			    &n.digits);
	} else {
		bool has_context = uri_param(n.params, context_name,
					     &n.context);

		if (has_context ? !context_ok(n.context) : !allow_bare)
			return ERR_SYNTAX;
		err = strip(a, text, false, LOCAL_DIGITS_MAX, &n.digits);
	}
	if (err == 0)
		*out = n;
	return err;
}

static size_t put(char *p, size_t n, struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		p[n + i] = s.p[i];
	return n + s.n;
}

int number_canon(struct arena *a, const struct number *n, struct str *out)
{
	const struct str scheme = STR("tel:"), mark = STR(";phone-context=");
	bool is_prefix = str_starts(n->context, STR("+"));
	size_t at, i;
	char *p;

	*out = STR_NONE;
	p = arena_alloc(a, scheme.n + 1 + n->digits.n + mark.n +
			n->context.n + 1);
	if (!p)
		return ERR_LIMIT;
	at = put(p, 0, scheme);
	if (n->is_global)
		p[at++] = '+';
	at = put(p, at, n->digits);
	if (!n->is_global && n->context.n > 0) {
		at = put(p, at, mark);
		for (i = 0; i < n->context.n; i++) {
			char c = n->context.p[i];

			if (!is_prefix || !is_separator(c))
				p[at++] = (char)ch_lower((unsigned char)c);
		}
	}
	p[at] = '\0';
	*out = (struct str){ p, at };
	return 0;
}

/* What people put between digits, beside the separators of RFC 3966. */
static bool is_human_separator(char c)
{
	return is_separator(c) || c == ' ' || c == '/';
}

/* "+49 (0)151": the trunk prefix in brackets is not dialled from abroad. */
static size_t bracketed_trunk(struct str s, struct str trunk)
{
	if (trunk.n > 0 && s.n > trunk.n + 1 && s.p[0] == '(' &&
	    str_starts(str_from(s, 1), trunk) && s.p[trunk.n + 1] == ')')
		return trunk.n + 2;
	return 0;
}

/* Digits of written into kept, which holds prefix and number; false at
   anything that is no number. */
static bool read_digits(const struct number_plan *plan, struct str written,
			bool is_global, struct str *digits_out, char *kept,
			size_t kept_max)
{
	size_t i, n = 0;

	for (i = 0; i < written.n; i++) {
		char c = written.p[i];
		size_t skip = is_global ? bracketed_trunk(str_from(written, i),
							  plan->trunk) : 0;

		if (skip > 0) {
			i += skip - 1;
			continue;
		}
		if (is_human_separator(c))
			continue;
		if (!ch_is_digit((unsigned char)c) || n == kept_max)
			return false;
		kept[n++] = c;
	}
	*digits_out = (struct str){ kept, n };
	return n > 0;
}

static bool length_fits(const struct number_plan *plan, size_t n)
{
	size_t max = plan->max_digits ? plan->max_digits : GLOBAL_DIGITS_MAX;

	if (max > GLOBAL_DIGITS_MAX)
		max = GLOBAL_DIGITS_MAX;
	return n > 0 && n >= plan->min_digits && n <= max;
}

/* Which country code goes before which digits; false when no rule applies.
   Without a trunk prefix a number of the plan is dialled as it is, unless it
   carries the country code already. */
static bool apply_plan(const struct number_plan *plan, struct str *digits,
		       struct str *country_out)
{
	bool has_country = plan->country.n > 0 &&
			   str_starts(*digits, plan->country);

	*country_out = STR("");
	if (plan->international.n > 0 &&
	    str_starts(*digits, plan->international)) {
		*digits = str_from(*digits, plan->international.n);
		return true;
	}
	if (plan->trunk.n > 0 && str_starts(*digits, plan->trunk) &&
	    plan->country.n > 0) {
		*digits = str_from(*digits, plan->trunk.n);
		*country_out = plan->country;
		return true;
	}
	if (has_country && length_fits(plan, digits->n))
		return true;
	*country_out = plan->country;
	return plan->trunk.n == 0 && plan->country.n > 0;
}

int number_to_e164(struct arena *a, const struct number_plan *plan,
		   struct str written, struct str *e164_out)
{
	char kept[2 * GLOBAL_DIGITS_MAX];	/* with any prefix */
	struct str text = str_trim(written), digits, country = STR("");
	bool is_global = str_starts(text, STR("+"));
	size_t at = 0;
	char *p;

	*e164_out = STR_NONE;
	if (is_global)
		text = str_from(text, 1);
	if (!read_digits(plan, text, is_global, &digits, kept, sizeof(kept)))
		return ERR_DECLINED;
	if (!is_global && !apply_plan(plan, &digits, &country))
		return ERR_DECLINED;
	/* No country code begins with 0 [E.164 annex D]. */
	if (!length_fits(plan, country.n + digits.n) ||
	    (country.n ? country : digits).p[0] == '0')
		return ERR_DECLINED;
	p = arena_alloc(a, country.n + digits.n + 2);
	if (!p)
		return ERR_LIMIT;
	p[at++] = '+';
	at = put(p, at, country);
	at = put(p, at, digits);
	p[at] = '\0';
	*e164_out = (struct str){ p, at };
	return 0;
}
