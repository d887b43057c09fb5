/* core/route/senders.c: see senders.h. */
#include "core/route/senders.h"

#include "core/base/utf8.h"
#include "core/route/pattern.h"

static const struct {
	struct str word;
} verbs[] = {
	[SENDERS_DENY] = { STR_LIT("deny ") },
	[SENDERS_ALLOW] = { STR_LIT("allow ") },
};

#define VERBS_N (sizeof(verbs) / sizeof(verbs[0]))

bool senders_next(struct str *text, enum senders_verb *verb, struct str *pattern)
{
	struct str line;
	size_t i;

	while (text->n > 0 && str_split(text, '\n', &line))
		for (i = 0; i < VERBS_N; i++)
			if (str_starts(line, verbs[i].word)) {
				*verb = (enum senders_verb)i;
				*pattern = str_from(line, verbs[i].word.n);
				return true;
			}
	return false;
}

bool senders_may(struct str text, const struct addr *from)
{
	bool has_allow = false, is_allowed = false;
	enum senders_verb verb;
	struct str pattern;

	while (senders_next(&text, &verb, &pattern)) {
		bool is_match = pattern_match(pattern, from);

		if (verb == SENDERS_DENY && is_match)
			return false;
		if (verb == SENDERS_ALLOW) {
			has_allow = true;
			is_allowed = is_allowed || is_match;
		}
	}
	return is_allowed || !has_allow;
}

static bool is_pattern(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] == ' ')
			return false;
	return s.n > 0 && s.n <= PATTERN_BYTES_MAX && utf8_is_clean_line(s);
}

static bool has(struct str text, enum senders_verb verb, struct str pattern,
		size_t *n_out)
{
	enum senders_verb v;
	bool found = false;
	struct str p;

	for (*n_out = 0; senders_next(&text, &v, &p); ++*n_out)
		if (v == verb && str_eq(p, pattern))
			found = true;
	return found;
}

static int keep(struct arena *a, struct buf *b, struct str *out)
{
	int err = b->err;

	if (err == 0)
		err = arena_str(a, buf_str(b), out);
	buf_free(b);
	return err;
}

int senders_add(struct arena *a, struct str text, enum senders_verb verb,
		struct str pattern, struct str *out)
{
	struct buf b;
	size_t n;

	*out = text;
	if (!is_pattern(pattern))
		return ERR_SYNTAX;
	if (has(text, verb, pattern, &n))
		return 0;
	if (n >= SENDERS_MAX)
		return ERR_LIMIT;
	buf_init(&b, SENDERS_BYTES_MAX);
	buf_put_str(&b, text);
	buf_put_str(&b, verbs[verb].word);
	buf_put_str(&b, pattern);
	buf_put_char(&b, '\n');
	return keep(a, &b, out);
}

int senders_remove(struct arena *a, struct str text, enum senders_verb verb,
		   struct str pattern, struct str *out)
{
	enum senders_verb v;
	struct buf b;
	struct str p;
	size_t n;

	*out = text;
	if (!has(text, verb, pattern, &n))
		return ERR_GONE;
	buf_init(&b, SENDERS_BYTES_MAX);
	while (senders_next(&text, &v, &p)) {
		if (v == verb && str_eq(p, pattern))
			continue;
		buf_put_str(&b, verbs[v].word);
		buf_put_str(&b, p);
		buf_put_char(&b, '\n');
	}
	*out = STR("");
	if (b.n == 0 && !b.err) {
		buf_free(&b);
		return 0;
	}
	return keep(a, &b, out);
}
