/* tests/fuzz/fuzz_imdn.c: message/imdn+xml from hostile text. What is accepted
 * says something its kind may say, can be written and reads back the same.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/utf8.h"
#include "core/codec/imdn.h"

#define MEM_MAX 4000000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size };
	struct arena *a = arena_new(MEM_MAX);
	struct imdn d, again;
	struct buf b;

	buf_init(&b, MEM_MAX);
	if (imdn_parse(a, s, &d) == 0) {
		assert(imdn_status_fits(d.kind, d.status));
		assert(d.message_id.n > 0);
		assert(utf8_is_clean_line(d.message_id));
		assert(utf8_is_clean_line(d.recipient_uri));
		imdn_put(&b, &d);
		assert(b.err == 0);
		assert(imdn_parse(a, buf_str(&b), &again) == 0);
		assert(str_eq(d.message_id, again.message_id));
		assert(d.utc_us == again.utc_us);
		assert(str_eq(d.recipient_uri, again.recipient_uri));
		assert(str_eq(d.original_recipient_uri,
			      again.original_recipient_uri));
		assert(str_eq(d.subject, again.subject));
		assert(d.kind == again.kind && d.status == again.status);
	}
	buf_free(&b);
	arena_free(a);
	return 0;
}
