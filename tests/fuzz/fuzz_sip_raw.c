/* tests/fuzz/fuzz_sip_raw.c: the look at a request's bytes neither reads nor
 * writes outside of them, changes nothing but a request line it refuses, and
 * what it wrote there it does not refuse again.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/sip/raw_in.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t line_n(const char *p, size_t n)
{
	const char *nl;
	size_t at = 0;

	while (at < n && (p[at] == '\r' || p[at] == '\n'))
		at++;
	nl = memchr(p + at, '\n', n - at);
	return nl ? (size_t)(nl - p) : n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Exactly as large, so that a byte too far is seen. */
	char *p = malloc(size ? size : 1);
	const struct sip_fault *first, *again;
	bool is_stream = size & 1;
	size_t head, line;

	memcpy(p, data, size);
	head = sip_raw_head(p, size);
	assert(head <= size);
	assert(!head || memcmp(p + head - 4, "\r\n\r\n", 4) == 0);
	first = sip_raw_check(p, head ? head : size, is_stream);
	line = line_n(p, size);
	for (; line < size; line++)
		assert(p[line] == (char)data[line] ||
		       (p[line] == '?' && data[line] == 0));
	if (!first)
		assert(memcmp(p, data, size) == 0);
	else
		assert(first->cause > CAUSE_NONE && first->cause < CAUSES_N);
	again = sip_raw_check(p, head ? head : size, is_stream);
	assert(first || !again);
	free(p);
	return 0;
}
