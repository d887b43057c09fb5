/* core/base/id.c: see id.h. */
#include "core/base/id.h"

bool trace_is_none(struct trace_id id)
{
	return id.hi == 0 && id.lo == 0;
}

bool trace_eq(struct trace_id a, struct trace_id b)
{
	return a.hi == b.hi && a.lo == b.lo;
}

bool trace_parse(struct str s, struct trace_id *out)
{
	uint64_t half[2] = { 0, 0 };
	size_t i;

	*out = (struct trace_id){ 0, 0 };
	if (s.n != TRACE_HEX_N)
		return false;
	for (i = 0; i < TRACE_HEX_N; i++) {
		int digit = ch_hex((unsigned char)s.p[i]);

		if (digit < 0)
			return false;
		half[i / 16] = half[i / 16] << 4 | (unsigned)digit;
	}
	*out = (struct trace_id){ half[0], half[1] };
	return true;
}

struct str trace_hex(struct trace_id id, char out[TRACE_HEX_N + 1])
{
	static const char digits[] = "0123456789abcdef";
	unsigned i;

	for (i = TRACE_HEX_N / 2; i-- > 0; id.hi >>= 4, id.lo >>= 4) {
		out[i] = digits[id.hi & 15];
		out[i + TRACE_HEX_N / 2] = digits[id.lo & 15];
	}
	out[TRACE_HEX_N] = '\0';
	return (struct str){ out, TRACE_HEX_N };
}
