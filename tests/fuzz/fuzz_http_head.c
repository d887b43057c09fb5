/* tests/fuzz/fuzz_http_head.c: a head of any content is read within its bounds
 * or refused with a status; what was read stays what it was when more follows,
 * and every slice lies in the input.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "adapters/net/http_head.h"
#include "core/base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void lies_inside(struct str in, struct str s)
{
	static const char root[] = "/";

	if (s.n == 0 || (s.n == 1 && memcmp(s.p, root, 1) == 0))
		return;
	assert(s.p >= in.p && s.p + s.n <= in.p + in.n);
}

static void check(struct str in, const struct http_head *h)
{
	size_t i;

	lies_inside(in, h->method);
	lies_inside(in, h->path);
	lies_inside(in, h->query);
	lies_inside(in, h->host);
	assert(h->method.n > 0 && h->fields_n <= HTTP_FIELDS_MAX);
	for (i = 0; i < h->fields_n; i++) {
		lies_inside(in, h->fields[i].name);
		lies_inside(in, h->fields[i].value);
		assert(!memchr(h->fields[i].value.p, '\n',
			       h->fields[i].value.n));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	struct http_head h, again;
	char *copy;
	int n = http_head_parse(in, &h);

	if (n < 0)
		assert(h.status == 400 || h.status == 414 || h.status == 431 ||
		       h.status == 505);
	if (n == 0)
		assert(size < HTTP_HEAD_BYTES_MAX + 2);
	if (n <= 0)
		return 0;
	assert((size_t)n <= size);
	check(in, &h);
	/* alone it means the same, and one byte less is not enough */
	copy = mem_alloc((size_t)n);
	memcpy(copy, data, (size_t)n);
	assert(http_head_parse((struct str){ copy, (size_t)n }, &again) == n);
	assert(str_eq(again.path, h.path) && str_eq(again.host, h.host));
	assert(again.has_body == h.has_body);
	assert(http_head_parse((struct str){ copy, (size_t)n - 1 }, &again) <=
	       0);
	mem_free(copy);
	return 0;
}
