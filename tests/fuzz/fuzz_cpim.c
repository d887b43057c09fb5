/* tests/fuzz/fuzz_cpim.c: message/cpim from hostile text. Whatever is accepted
 * can be written, reads back as the same, and is then written the same.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/utf8.h"
#include "core/codec/cpim.h"

#define MEM_MAX 4000000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_str(struct str x, struct str y)
{
	assert(!x.p == !y.p);
	assert(str_eq(x, y));
}

static void check_addrs(const struct cpim_addr *x, const struct cpim_addr *y,
			size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		assert(utf8_is_clean_line(x[i].display));
		assert(utf8_is_clean_line(x[i].uri));
		assert(str_eq(x[i].display, y[i].display));
		check_str(x[i].uri, y[i].uri);
	}
}

static void check_extra(const struct cpim *x, const struct cpim *y)
{
	size_t i;

	assert(x->extra_n == y->extra_n);
	for (i = 0; i < x->extra_n; i++) {
		assert(utf8_is_clean_line(x->extra[i].value));
		check_str(x->extra[i].ns, y->extra[i].ns);
		check_str(x->extra[i].name, y->extra[i].name);
		check_str(x->extra[i].value, y->extra[i].value);
		check_str(x->extra[i].lang, y->extra[i].lang);
	}
}

static void check_routes(const struct str *x, const struct str *y, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		check_str(x[i], y[i]);
}

static void check_same(const struct cpim *x, const struct cpim *y)
{
	check_addrs(&x->from, &y->from, 1);
	assert(x->to_n == y->to_n && x->cc_n == y->cc_n);
	check_addrs(x->to, y->to, x->to_n);
	check_addrs(x->cc, y->cc, x->cc_n);
	assert(x->sent_utc_us == y->sent_utc_us);
	assert(utf8_is_clean_line(x->subject));
	check_str(x->subject, y->subject);
	check_str(x->subject_lang, y->subject_lang);
	assert(utf8_is_clean_line(x->message_id));
	check_str(x->message_id, y->message_id);
	assert(x->wants == y->wants);
	check_str(x->original_to, y->original_to);
	assert(x->record_routes_n == y->record_routes_n);
	check_routes(x->record_routes, y->record_routes, x->record_routes_n);
	assert(x->routes_n == y->routes_n);
	check_routes(x->routes, y->routes, x->routes_n);
	check_extra(x, y);
	assert(str_ieq(x->type.type, y->type.type));
	assert(str_ieq(x->type.subtype, y->type.subtype));
	/* a content without any header gets its type written */
	assert(x->headers_n == y->headers_n ||
	       (x->headers_n == 0 && y->headers_n == 1));
	assert(str_eq(x->content, y->content));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size };
	struct arena *a = arena_new(MEM_MAX);
	struct cpim c, again;
	struct buf b, b2;

	buf_init(&b, MEM_MAX);
	buf_init(&b2, MEM_MAX);
	if (size <= 65536 && cpim_parse(a, s, &c) == 0) {
		cpim_put(&b, &c);
		assert(b.err == 0);
		assert(cpim_parse(a, buf_str(&b), &again) == 0);
		check_same(&c, &again);
		cpim_put(&b2, &again);
		assert(str_eq(buf_str(&b), buf_str(&b2)));
	}
	buf_free(&b);
	buf_free(&b2);
	arena_free(a);
	return 0;
}
