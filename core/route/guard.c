/* core/route/guard.c: see guard.h. */
#include "core/route/guard.h"

void guard_key(struct trace_id trace, const struct addr *to,
	       uint8_t key_out[HASH_SHA256_N])
{
	char hex[TRACE_HEX_N + 1];
	struct hash h;

	hash_init(&h, HASH_SHA256);
	hash_update_str(&h, trace_hex(trace, hex));
	hash_update_str(&h, to->text);
	hash_final(&h, key_out);
}
