/* tests/fuzz/fuzz_uri.c: whatever is a URI consists of clean parts, can be
 * written again from them and then reads the same; so does every name-addr
 * around one. Escaped bytes come back.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/utf8.h"
#include "core/codec/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool lies_in(struct str part, struct str whole)
{
	return !part.p || part.n == 0 ||
	       (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

static bool is_graphic(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return false;
	return true;
}

static void put_uri(struct buf *b, const struct uri *u)
{
	static const char *const schemes[] = {
		[URI_SIP] = "sip:", [URI_SIPS] = "SIPS:", [URI_TEL] = "tel:",
		[URI_IM] = "im:", [URI_PRES] = "pres:",
	};

	buf_put_str(b, str_of(schemes[u->scheme]));
	buf_put_str(b, u->user);
	if (u->password.p) {
		buf_put_char(b, ':');
		buf_put_str(b, u->password);
	}
	if (u->user.p && u->scheme != URI_TEL)
		buf_put_char(b, '@');
	buf_put_str(b, u->host);
	if (u->port)
		buf_printf(b, ":%u", u->port);
	if (u->params.p) {
		buf_put_char(b, ';');
		buf_put_str(b, u->params);
	}
	if (u->headers.p) {
		buf_put_char(b, '?');
		buf_put_str(b, u->headers);
	}
}

static bool same(const struct uri *a, const struct uri *b)
{
	return a->scheme == b->scheme && str_eq(a->user, b->user) &&
	       str_eq(a->password, b->password) && str_eq(a->host, b->host) &&
	       a->port == b->port && str_eq(a->params, b->params) &&
	       str_eq(a->headers, b->headers) && !a->user.p == !b->user.p &&
	       !a->password.p == !b->password.p &&
	       !a->params.p == !b->params.p && !a->headers.p == !b->headers.p;
}

static void check_uri(struct arena *a, struct str whole, const struct uri *u)
{
	struct uri again;
	struct str out;
	struct buf b;

	assert(lies_in(u->user, whole) && lies_in(u->password, whole));
	assert(lies_in(u->host, whole) && lies_in(u->params, whole));
	assert(lies_in(u->headers, whole));
	assert(is_graphic(whole));
	assert(u->scheme == URI_TEL ? u->host.n == 0 : uri_host_ok(u->host));
	assert(uri_unescape(a, u->user, &out) != ERR_SYNTAX);
	assert(uri_unescape(a, u->params, &out) != ERR_SYNTAX);
	assert(uri_unescape(a, u->headers, &out) != ERR_SYNTAX);
	buf_init(&b, 4096);
	put_uri(&b, u);
	if (uri_parse(buf_str(&b), &again) < 0 || !same(u, &again))
		assert(!"written again, it is another URI");
	assert(uri_eq(u, &again) == uri_eq(&again, u));
	buf_free(&b);
}

static void check_escaping(struct arena *a, struct str s)
{
	void (*const puts[])(struct buf *b, struct str s) = {
		uri_put_user, uri_put_param,
	};
	struct str back;
	struct buf b;
	size_t i;

	for (i = 0; i < 2; i++) {
		buf_init(&b, 1 << 20);
		puts[i](&b, s);
		assert(b.err == 0 && is_graphic(buf_str(&b)));
		if (uri_unescape(a, buf_str(&b), &back) == 0)
			assert(str_eq(back, s));
		else
			assert(arena_err(a) < 0);
		buf_free(&b);
	}
}

static void check_name_addr(struct arena *a, struct str s)
{
	struct str display, params, value;
	struct uri u;
	int err = uri_name_addr(a, s, &display, &u, &params);

	if (err < 0) {
		assert(!display.p && !params.p && !u.host.p && !u.user.p);
		return;
	}
	assert(utf8_is_clean_line(display));
	assert(lies_in(params, s));
	assert(u.scheme == URI_TEL ? u.user.n > 0 : u.host.n > 0);
	(void)uri_param(params, STR("tag"), &value);
	assert(lies_in(value, params));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size }, value;
	struct arena *a = arena_new(1 << 16);
	struct uri u;

	if (uri_parse(s, &u) == 0)
		check_uri(a, s, &u);
	else
		assert(!u.user.p && !u.host.p && !u.params.p && u.port == 0);
	if (uri_host_ok(s))
		assert(is_graphic(s) && s.n <= 253);
	if (uri_param(s, STR("gr"), &value))
		assert(value.p && lies_in(value, s));
	check_escaping(a, s);
	check_name_addr(a, s);
	arena_free(a);
	return 0;
}
