/* tests/fuzz/fuzz_msg.c: the envelope of the store from hostile bytes. What is
 * accepted packs to the same bytes again, and its copy does too.
 */
#include <stddef.h>
#include <stdint.h>

#include <assert.h>

#include "core/model/msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_pack(const struct msg *m, struct str s)
{
	struct buf b;

	buf_init(&b, MSG_PACKED_BYTES_MAX);
	msg_pack(&b, m);
	assert(b.err == 0);
	assert(str_eq(buf_str(&b), s));
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size };
	struct msg *m, *copy;

	if (msg_unpack(s, &m) < 0)
		return 0;
	check_pack(m, s);
	copy = msg_copy(m);
	check_pack(copy, s);
	assert(msg_conversation(m) == msg_conversation(copy));
	msg_put(copy);
	msg_put(m);
	return 0;
}
