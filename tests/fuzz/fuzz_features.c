/* tests/fuzz/fuzz_features.c: two feature sets from hostile text, split at the
 * first line end. What is accepted can be written, reads back the same, and
 * matches the same both ways round.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/utf8.h"
#include "core/codec/features.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_set(struct str s, struct features *f, struct buf *b)
{
	struct features again;
	size_t i;

	if (features_parse(s, f) < 0)
		return -1;
	features_put(b, f);
	if (b->err)	/* quotes may make it longer than a set may be */
		return -1;
	assert(utf8_is_clean_line(buf_str(b)));
	if (features_parse(buf_str(b), &again) < 0) {
		assert(b->n > FEATURES_TEXT_MAX);
		return 0;
	}
	assert(again.n == f->n);
	assert(again.is_required == f->is_required);
	assert(again.is_explicit == f->is_explicit);
	for (i = 0; i < f->n; i++) {
		assert(str_eq(again.list[i].name, f->list[i].name));
		assert(str_eq(again.list[i].values, f->list[i].values));
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size }, rest = s, one;
	size_t at = str_find(s, '\n');
	struct features f[2], p;
	struct buf b[2];

	buf_init(&b[0], 8192);
	buf_init(&b[1], 8192);
	if (read_set(str_sub(s, 0, at), &f[0], &b[0]) == 0 &&
	    read_set(str_from(s, at + 1), &f[1], &b[1]) == 0) {
		assert(features_match(&f[0], &f[1]) ==
		       features_match(&f[1], &f[0]));
		assert(features_score_milli(&f[0], &f[1]) <= 1000);
	}
	while (features_next_value(&rest, &one))
		if (features_parse_preference(one, &p) == 0)
			assert(p.n <= FEATURES_MAX);
	buf_free(&b[0]);
	buf_free(&b[1]);
	return 0;
}
