/* gateway/daemon/suggest.c: see suggest.h. */
#include "gateway/daemon/suggest.h"

#include <stdio.h>
#include <string.h>

#define NAME_MAX_N 32u /* longer names are not compared */
#define FAR 99u

static unsigned least(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* Edits that make one word of the other (Levenshtein). '_' counts as '-'. */
static unsigned distance(struct str a, const char *name)
{
	struct str b = str_of(name);
	unsigned row[NAME_MAX_N + 1], diagonal, above;
	size_t i, k;

	if (a.n == 0 || a.n > NAME_MAX_N || b.n > NAME_MAX_N)
		return FAR;
	for (k = 0; k <= b.n; k++)
		row[k] = (unsigned)k;
	for (i = 1; i <= a.n; i++) {
		unsigned char c = ch_lower((unsigned char)a.p[i - 1]);

		c = c == '_' ? '-' : c;
		diagonal = row[0];
		row[0] = (unsigned)i;
		for (k = 1; k <= b.n; k++) {
			bool same = c == (unsigned char)b.p[k - 1];

			above = row[k];
			row[k] = least(above + 1, row[k - 1] + 1,
				       diagonal + (same ? 0 : 1));
			diagonal = above;
		}
	}
	return row[b.n];
}

static bool is_near(unsigned d, struct str name)
{
	return d <= 3 && d * 2 < name.n + 1;
}

const char *suggest_block(struct suggestion *out, struct str name)
{
	const char *best = NULL;
	unsigned d, best_d = FAR;
	size_t i;

	for (i = 0; i < conf_blocks_n; i++) {
		d = distance(name, conf_blocks[i].name);
		if (d >= best_d)
			continue;
		best_d = d;
		best = conf_blocks[i].name;
	}
	out->text[0] = '\0';
	if (best && is_near(best_d, name))
		snprintf(out->text, sizeof(out->text), "; did you mean \"%s\"?",
			 best);
	return out->text;
}

/* Best among the options of b; its distance through *d. */
static const char *nearest_option(const struct block *b, struct str name,
				  unsigned *d_out)
{
	const char *best = NULL;
	unsigned d;
	size_t i;

	for (i = 0; i < b->options_n; i++) {
		d = distance(name, b->options[i].name);
		if (d >= *d_out)
			continue;
		*d_out = d;
		best = b->options[i].name;
	}
	return best;
}

const char *suggest_option(struct suggestion *out, const struct block *b,
			   struct str name)
{
	const struct block *where = NULL;
	const char *best = NULL, *it;
	unsigned best_d = FAR;
	size_t i;

	out->text[0] = '\0';
	for (i = 0; i < conf_blocks_n; i++) {
		if (!option_find(&conf_blocks[i], name))
			continue;
		snprintf(out->text, sizeof(out->text),
			 "; it belongs in a %s block", conf_blocks[i].name);
		where = &conf_blocks[i];
	}
	if (b)
		best = nearest_option(b, name, &best_d);
	if (best && is_near(best_d, name)) {
		snprintf(out->text, sizeof(out->text), "; did you mean \"%s\"?",
			 best);
		return out->text;
	}
	for (i = 0; !where && i < conf_blocks_n; i++) {
		it = nearest_option(&conf_blocks[i], name, &best_d);
		if (!it || !is_near(best_d, name))
			continue;
		snprintf(out->text, sizeof(out->text),
			 "; did you mean \"%s\" in a %s block?", it,
			 conf_blocks[i].name);
	}
	return out->text;
}
