/* tests/fuzz/fuzz_sdp.c: session descriptions from hostile text. What is
 * accepted can be written, reads back with the same media and attributes, and
 * is then written the same.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "core/codec/sdp.h"

#define MEM_MAX 4000000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_attrs(const struct sdp_attr *x, const struct sdp_attr *y,
			size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		assert(str_eq(x[i].name, y[i].name));
		assert(str_eq(x[i].value, y[i].value));
		assert(!x[i].value.p == !y[i].value.p);
	}
}

static void check_media(const struct sdp_media *x, const struct sdp_media *y)
{
	size_t i;

	assert(str_eq(x->kind, y->kind) && str_eq(x->proto, y->proto));
	assert(x->port == y->port && x->ports_n == y->ports_n);
	assert(x->formats_n == y->formats_n);
	for (i = 0; i < x->formats_n; i++)
		assert(str_eq(x->formats[i], y->formats[i]));
	/* an address of a network we do not know is not written */
	if (x->conn.is_set) {
		assert(y->conn.is_set && x->conn.is_ip6 == y->conn.is_ip6);
		assert(str_eq(x->conn.address, y->conn.address));
	}
	assert(x->attrs_n == y->attrs_n);
	check_attrs(x->attrs, y->attrs, x->attrs_n);
}

static void check_same(const struct sdp *x, const struct sdp *y)
{
	size_t i;

	assert(str_eq(x->origin_id, y->origin_id));
	assert(str_eq(x->origin.address, y->origin.address));
	assert(x->conn.is_set == y->conn.is_set);
	assert(str_eq(x->conn.address, y->conn.address));
	assert(x->attrs_n == y->attrs_n);
	check_attrs(x->attrs, y->attrs, x->attrs_n);
	assert(x->media_n == y->media_n);
	for (i = 0; i < x->media_n; i++)
		check_media(&x->media[i], &y->media[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size };
	struct arena *a = arena_new(MEM_MAX);
	struct sdp x, y;
	struct buf b, b2;

	buf_init(&b, SDP_BYTES_MAX);
	buf_init(&b2, SDP_BYTES_MAX);
	if (sdp_parse(a, s, &x) == 0) {
		sdp_put(&b, &x);
		/* line ends grow from LF to CRLF */
		assert(b.err == 0 || b.err == ERR_LIMIT);
		if (b.err == 0) {
			assert(sdp_parse(a, buf_str(&b), &y) == 0);
			check_same(&x, &y);
			sdp_put(&b2, &y);
			assert(str_eq(buf_str(&b), buf_str(&b2)));
		}
	}
	buf_free(&b);
	buf_free(&b2);
	arena_free(a);
	return 0;
}
