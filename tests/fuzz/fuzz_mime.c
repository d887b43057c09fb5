/* tests/fuzz/fuzz_mime.c: every reader of core/codec/mime.h on the same bytes.
 * The first line is taken as a media type, its boundary parameter (or "b")
 * splits the rest. What a multipart gives lies inside it and, written out
 * again, reads the same.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/utf8.h"
#include "core/codec/mime.h"

#define MEM_MAX 4000000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_inside(struct str part, struct str whole)
{
	return part.p >= whole.p && part.n <= whole.n &&
	       part.p + part.n <= whole.p + whole.n;
}

static void put_part(struct buf *b, const struct mime_part *part,
		     struct str boundary)
{
	size_t i;

	buf_printf(b, "\r\n--");
	buf_put_str(b, boundary);
	buf_printf(b, " \r\n");
	for (i = 0; i < part->headers_n; i++) {
		buf_put_str(b, part->headers[i].name);
		buf_printf(b, ": ");
		buf_put_str(b, part->headers[i].value);
		buf_printf(b, "\r\n");
	}
	buf_printf(b, "\r\n");
	buf_put_str(b, part->body);
}

static void check_same(const struct mime_part *x, const struct mime_part *y)
{
	size_t i;

	assert(x->headers_n == y->headers_n);
	for (i = 0; i < x->headers_n; i++) {
		assert(str_eq(x->headers[i].name, y->headers[i].name));
		assert(str_eq(x->headers[i].value, y->headers[i].value));
	}
	assert(str_eq(x->body, y->body));
}

static void check_multipart(struct arena *a, struct str s, struct str boundary)
{
	struct mime_part *parts, *again;
	size_t n, again_n, i;
	struct buf b;

	if (mime_multipart_parse(a, s, boundary, &parts, &n) < 0) {
		assert(!parts && n == 0);
		return;
	}
	assert(n > 0 && n <= MIME_PARTS_MAX);
	buf_init(&b, MEM_MAX);
	for (i = 0; i < n; i++) {
		assert(is_inside(parts[i].body, s));
		put_part(&b, &parts[i], boundary);
	}
	buf_printf(&b, "\r\n--");
	buf_put_str(&b, boundary);
	buf_printf(&b, "--");
	assert(b.err == 0);
	assert(mime_multipart_parse(a, buf_str(&b), boundary, &again,
				    &again_n) == 0);
	assert(again_n == n);
	for (i = 0; i < n; i++)
		check_same(&parts[i], &again[i]);
	buf_free(&b);
}

static void check_headers(struct str s)
{
	struct mime_header h[MIME_HEADERS_MAX];
	size_t n, i;
	long taken = mime_headers_parse(s, h, &n, MIME_HEADERS_MAX);

	if (taken < 0) {
		assert(n == 0);
		return;
	}
	assert((size_t)taken <= s.n && n <= MIME_HEADERS_MAX);
	for (i = 0; i < n; i++) {
		assert(h[i].name.n > 0 && is_inside(h[i].name, s));
		assert(is_inside(h[i].value, s));
	}
}

static void check_text(struct arena *a, struct str s)
{
	static const char *const charsets[] = {
		"utf-8", "us-ascii", "iso-8859-1", "iso-8859-15",
		"windows-1252", "utf-16", "utf-16be", "utf-16le",
	};
	static const char *const encodings[] = { "base64",
						 "quoted-printable" };
	struct str out;
	size_t i;

	for (i = 0; i < sizeof(charsets) / sizeof(charsets[0]); i++) {
		assert(mime_to_utf8(a, s, str_of(charsets[i]), &out) == 0);
		assert(utf8_valid(out) && out.n <= s.n * 3);
	}
	for (i = 0; i < 2; i++)
		if (mime_decode(a, s, str_of(encodings[i]), &out) == 0)
			assert(out.n <= s.n);
	assert(mime_html_to_text(a, s, &out) == 0);
	assert(out.n <= s.n + 16);
	if (utf8_valid(s))
		assert(utf8_valid(out));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size };
	struct str first = str_sub(s, 0, str_find(s, '\n'));
	struct str rest = str_from(s, first.n + 1), boundary = STR("b");
	struct mime_type type;
	struct arena *a;

	if (size == 0 || size > 65536)
		return 0;
	a = arena_new(MEM_MAX);
	if (mime_type_parse(first, &type) == 0) {
		assert(type.type.n > 0 && type.subtype.n > 0);
		if (mime_param(a, type.params, STR("boundary"), &boundary) < 0)
			boundary = STR("b");
	}
	check_headers(rest);
	check_multipart(a, rest, boundary);
	check_text(a, rest);
	arena_free(a);
	return 0;
}
