/* core/codec/uri_eq.c: when two SIP URIs are the same. [RFC 3261 19.1.4]
 * The registrar asks this of contacts: a device that writes its address a
 * little differently at the next refresh has still only one.
 */
#include "core/codec/uri.h"

enum { PARTS_MAX = 16 };	/* ours: parameters or headers that are still
				   compared one by one, as that is quadratic */

/* One character of an escaped text, decoded; *i moves past it. Escapes are
   valid: uri_parse() looked at them. */
static unsigned char decoded(struct str s, size_t *i)
{
	unsigned char c = (unsigned char)s.p[*i];

	if (c == '%' && *i + 2 < s.n) {
		c = (unsigned char)(ch_hex((unsigned char)s.p[*i + 1]) << 4 |
				    ch_hex((unsigned char)s.p[*i + 2]));
		*i += 2;
	}
	++*i;
	return c;
}

/* Characters that mean something bare differ from their escaped form; those
   that may stand bare anywhere do not, and uri_parse() lets no reserved one
   stand bare where it would mean something. */
static bool same_text(struct str a, struct str b, bool is_folded)
{
	size_t i = 0, k = 0;

	while (i < a.n && k < b.n) {
		unsigned char x = decoded(a, &i), y = decoded(b, &k);

		if (is_folded ? ch_lower(x) != ch_lower(y) : x != y)
			return false;
	}
	return i == a.n && k == b.n;
}

/* Those that count even when only one of the two has them. */
static bool counts_alone(struct str name)
{
	static const struct str names[] = {
		STR_LIT("user"), STR_LIT("ttl"), STR_LIT("method"),
		STR_LIT("maddr"), STR_LIT("transport"),
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_ieq(name, names[i]))
			return true;
	return false;
}

static bool next(struct str *rest, char sep, struct str *name, struct str *value)
{
	struct str one;
	size_t at;

	while (str_split(rest, sep, &one)) {
		if (one.n == 0)
			continue;
		at = str_find(one, '=');
		*name = str_sub(one, 0, at);
		*value = str_from(one, at < one.n ? at + 1 : at);
		return true;
	}
	return false;
}

/* Every parameter of a that b has too is the same there, and those that count
   alone are there. */
static bool params_fit(struct str a, struct str b)
{
	struct str rest = a.n ? a : STR_NONE, name, value, other;

	while (next(&rest, ';', &name, &value)) {
		if (!uri_param(b, name, &other)) {
			if (counts_alone(name))
				return false;
			continue;
		}
		if (!same_text(value, other, true))
			return false;
	}
	return true;
}

/* Headers are never ignored; their order does not matter. */
static bool headers_fit(struct str a, struct str b)
{
	struct str rest = a.n ? a : STR_NONE, name, value;

	while (next(&rest, '&', &name, &value)) {
		struct str others = b.n ? b : STR_NONE, n, v;
		bool is_there = false;

		while (!is_there && next(&others, '&', &n, &v))
			is_there = same_text(name, n, true) &&
				   same_text(value, v, false);
		if (!is_there)
			return false;
	}
	return true;
}

static bool has_many(struct str s, char sep)
{
	size_t i, n = 0;

	for (i = 0; i < s.n; i++)
		n += s.p[i] == sep;
	return n >= PARTS_MAX;
}

static bool tails_fit(const struct uri *a, const struct uri *b)
{
	if (has_many(a->params, ';') || has_many(b->params, ';') ||
	    has_many(a->headers, '&') || has_many(b->headers, '&'))
		return str_eq(a->params, b->params) &&
		       str_eq(a->headers, b->headers);
	return params_fit(a->params, b->params) &&
	       params_fit(b->params, a->params) &&
	       headers_fit(a->headers, b->headers) &&
	       headers_fit(b->headers, a->headers);
}

bool uri_eq(const struct uri *a, const struct uri *b)
{
	return a->scheme == b->scheme && same_text(a->user, b->user, false) &&
	       same_text(a->password, b->password, false) &&
	       str_ieq(a->host, b->host) && a->port == b->port &&
	       tails_fit(a, b);
}
