/* gateway/daemon/check_rules.c: what routes and lists say together.
 *   a rewrite that maps two addresses to one: an answer could not find back,
 *     and of two senders one could pass for the other. Either of one rule (its
 *     pattern spans more than its template keeps) or of two
 *   a route behind one that decides all it matches: it is never reached
 *   an address pattern that is allowed and denied, or said twice
 */
#include "gateway/daemon/check_priv.h"

#include <string.h>

/* A pattern or template as text with "*" for any run of characters, without
   the scheme that may be left out. */
enum { GLOB_MAX = 1024 };

struct glob {
	char text[GLOB_MAX];
	size_t n;
};

static void put(struct glob *g, struct str s)
{
	size_t i;

	for (i = 0; i < s.n && g->n < GLOB_MAX; i++)
		g->text[g->n++] = (char)ch_lower((unsigned char)s.p[i]);
}

static struct str bare(struct str s)
{
	return str_istarts(s, STR("sip:")) ? str_from(s, 4) : s;
}

/* Of a pattern (core/route/pattern.h). */
static void glob_pattern(struct str pattern, struct glob *g)
{
	struct str s = bare(pattern);

	g->n = 0;
	if (s.n == 0 || str_eq(s, STR("*"))) {
		put(g, STR("*"));
		return;
	}
	if (str_starts(s, STR("+")))
		put(g, STR("tel:"));
	else if (str_find(s, '@') == s.n && !str_istarts(s, STR("tel:")))
		put(g, STR("*@"));
	put(g, s);
}

/* Of a template (core/route/rewrite.h): any value may stand in a brace. */
static void glob_template(struct str template_text, struct glob *g)
{
	struct str s = bare(template_text);

	g->n = 0;
	while (s.n > 0) {
		size_t at = str_find(s, '{');

		put(g, str_sub(s, 0, at));
		s = str_from(s, at);
		if (s.n > 0)
			put(g, STR("*"));
		at = str_find(s, '}');
		s = str_from(s, at < s.n ? at + 1 : s.n);
	}
}

static bool is_one(const struct glob *g)
{
	return memchr(g->text, '*', g->n) == NULL;
}

/* The characters behind the last "*" of both cannot both end a text. */
static bool ends_differ(const struct glob *a, const struct glob *b)
{
	size_t i;

	for (i = 1; i <= a->n && i <= b->n; i++) {
		char x = a->text[a->n - i], y = b->text[b->n - i];

		if (x == '*' || y == '*')
			return false;
		if (x != y)
			return true;
	}
	return false;
}

/* Is there a text that both describe? Row by row of the table of prefixes. */
static bool globs_meet(const struct glob *a, const struct glob *b)
{
	bool row[GLOB_MAX + 1], diagonal, above;
	size_t i, j;

	if (ends_differ(a, b))
		return false;
	row[0] = true;
	for (j = 1; j <= b->n; j++)
		row[j] = row[j - 1] && b->text[j - 1] == '*';
	for (i = 1; i <= a->n; i++) {
		char x = a->text[i - 1];

		diagonal = row[0];
		row[0] = row[0] && x == '*';
		for (j = 1; j <= b->n; j++) {
			char y = b->text[j - 1];

			above = row[j];
			if (x == '*' || y == '*')
				row[j] = row[j - 1] || above;
			else
				row[j] = diagonal && x == y;
			diagonal = above;
		}
	}
	return row[b->n];
}

/* ---- rewrites ------------------------------------------------------------- */

/* The domain behind the last '@' without a "*": one domain only. */
static bool has_one_domain(const struct glob *g)
{
	struct str s = { g->text, g->n };
	size_t at = str_rfind(s, '@');

	return at < s.n && memchr(s.p + at, '*', s.n - at) == NULL;
}

static bool is_number(const struct glob *g, const struct route_conf *r,
		      bool is_to)
{
	struct str s = { g->text, g->n };

	return str_starts(s, STR("tel:")) ||
	       (is_to && str_eq(r->kind, STR("tel")));
}

/* What the template leaves out of an address that the pattern lets vary; NULL:
   nothing. */
static const char *lost_part(const struct route_conf *r, bool is_to)
{
	struct str t = is_to ? r->rewrite_to : r->rewrite_from;
	bool has_user = str_search(t, STR("{user}")) < t.n ||
			str_search(t, STR("{digits}")) < t.n;
	bool has_domain = str_search(t, STR("{domain}")) < t.n;
	struct glob g;

	glob_pattern(is_to ? r->to : r->from, &g);
	if (is_one(&g))
		return NULL;
	if (!has_user)
		return "{user} or {digits}";
	if (!has_domain && !has_one_domain(&g) && !is_number(&g, r, is_to))
		return "{domain}, or one domain in its pattern";
	return NULL;
}

static struct str pattern_of(const struct route_conf *r, bool is_to)
{
	return is_to ? r->to : r->from;
}

static struct str template_of(const struct route_conf *r, bool is_to)
{
	return is_to ? r->rewrite_to : r->rewrite_from;
}

/* Both rewrite the same side of a message both may match, other addresses to
   perhaps the same one. */
static bool rewrites_clash(const struct route_conf *a,
			   const struct route_conf *b, bool is_to)
{
	struct glob x, y;

	if (template_of(a, is_to).n == 0 || template_of(b, is_to).n == 0 ||
	    a->is_one_way || b->is_one_way ||
	    str_ieq(pattern_of(a, is_to), pattern_of(b, is_to)))
		return false;
	glob_template(template_of(a, is_to), &x);
	glob_template(template_of(b, is_to), &y);
	if (!globs_meet(&x, &y))
		return false;
	glob_pattern(pattern_of(a, !is_to), &x);
	glob_pattern(pattern_of(b, !is_to), &y);
	return globs_meet(&x, &y);
}

static void check_rewrite(const struct checker *k, size_t i, bool is_to)
{
	const char *option = is_to ? "rewrite-to" : "rewrite-from";
	const struct route_conf *r = &k->c->routes[i];
	const char *lost;
	size_t j;

	if (template_of(r, is_to).n == 0 || r->is_one_way)
		return;
	lost = lost_part(r, is_to);
	if (lost)
		faults_add(k->f, check_line(k, "route", i, option),
			   "%s maps several addresses to one, so that answers "
			   "cannot find back (expected %s, or one-way = yes)",
			   option, lost);
	for (j = 0; j < i && !lost; j++) {
		if (!rewrites_clash(&k->c->routes[j], r, is_to))
			continue;
		faults_add(k->f, check_line(k, "route", i, option),
			   "%s may give an address that the route in line %u "
			   "gives to somebody else (say one-way = yes if "
			   "answers need not find back)",
			   option, check_line(k, "route", j, NULL));
		return;
	}
}

/* ---- order ---------------------------------------------------------------- */

static bool is_any(struct str s)
{
	return s.n == 0 || str_eq(s, STR("*"));
}

static bool covers(const struct route_conf *a, const struct route_conf *b)
{
	return (is_any(a->from) || str_ieq(a->from, b->from)) &&
	       (is_any(a->to) || str_ieq(a->to, b->to)) &&
	       (a->kind.n == 0 || str_eq(a->kind, b->kind));
}

/* Between the two nothing may change the addresses. */
static void check_reached(const struct checker *k, size_t i)
{
	const struct route_conf *r = &k->c->routes[i];
	size_t j = i;

	while (j-- > 0 && k->c->routes[j].verb != ROUTE_DO_NEXT) {
		if (!covers(&k->c->routes[j], r))
			continue;
		faults_add(k->f, check_line(k, "route", i, NULL),
			   "this route is never reached: the one in line %u "
			   "decides all that it matches",
			   check_line(k, "route", j, NULL));
		return;
	}
}

/* ---- lists ---------------------------------------------------------------- */

static bool is_in(const struct str *list, size_t n, struct str entry)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (str_eq(list[i], entry))
			return true;
	return false;
}

static void check_lists(const struct checker *k, size_t i)
{
	const struct domain_conf *d = &k->c->domains[i];
	struct fault_value v;
	size_t j;

	for (j = 0; j < d->allow_n; j++) {
		if (is_in(d->deny, d->deny_n, d->allow[j]))
			faults_add(k->f, check_line(k, "domain", i, "allow"),
				   "%s is allowed and denied",
				   fault_value(&v, d->allow[j]));
		else if (is_in(d->allow, j, d->allow[j]))
			faults_add(k->f, check_line(k, "domain", i, "allow"),
				   "%s is in allow twice",
				   fault_value(&v, d->allow[j]));
	}
	for (j = 0; j < d->deny_n; j++)
		if (is_in(d->deny, j, d->deny[j]))
			faults_add(k->f, check_line(k, "domain", i, "deny"),
				   "%s is in deny twice",
				   fault_value(&v, d->deny[j]));
}

void check_rules(const struct checker *k)
{
	size_t i;

	for (i = 0; i < k->c->domains_n; i++)
		check_lists(k, i);
	for (i = 0; i < k->c->routes_n; i++) {
		check_rewrite(k, i, false);
		check_rewrite(k, i, true);
		check_reached(k, i);
	}
	config_number_rules(k->c);
}
