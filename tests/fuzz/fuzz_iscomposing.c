/* tests/fuzz/fuzz_iscomposing.c: application/im-iscomposing+xml from hostile
 * text. What is accepted can be written and reads back the same.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/utf8.h"
#include "core/codec/iscomposing.h"

#define MEM_MAX 4000000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size };
	struct arena *a = arena_new(MEM_MAX);
	struct iscomposing c, again;
	struct buf b;

	buf_init(&b, MEM_MAX);
	if (iscomposing_parse(a, s, &c) == 0) {
		assert(utf8_is_clean_line(c.content_type));
		iscomposing_put(&b, &c);
		assert(b.err == 0);
		assert(iscomposing_parse(a, buf_str(&b), &again) == 0);
		assert(c.is_active == again.is_active);
		assert(c.refresh_s == again.refresh_s);
		assert(c.last_active_utc_us == again.last_active_utc_us);
		assert(str_eq(c.content_type, again.content_type));
	}
	buf_free(&b);
	arena_free(a);
	return 0;
}
