/* tests/fuzz/fuzz_precis.c: a comparison form is clean, within its length, and
 * its own comparison form; a user name holds no blank.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/utf8.h"
#include "core/codec/precis.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef int step_h(struct arena *a, struct str s, struct str *out);

static void check(struct arena *a, struct str s, step_h *step)
{
	struct str out, again;
	int err = step(a, s, &out);

	if (err < 0) {
		assert(!out.p);
		return;
	}
	assert(utf8_is_clean_line(out) && out.n <= PRECIS_MAX);
	err = step(a, out, &again);
	assert(err == 0 ? str_eq(out, again) : arena_err(a) < 0);
	if (step == precis_username)
		assert(str_find(out, ' ') == out.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size };
	struct arena *a;

	if (!utf8_is_clean_line(s))
		return 0;
	a = arena_new(1 << 16);
	check(a, s, precis_username);
	check(a, s, precis_opaque);
	check(a, s, precis_fold);
	arena_free(a);
	return 0;
}
