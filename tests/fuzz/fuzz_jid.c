/* tests/fuzz/fuzz_jid.c: a JID that is read is written as it was; prepared, it
 * stays as it is; whatever user can be escaped comes back and gives a JID.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/utf8.h"
#include "core/codec/jid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(const struct jid *a, const struct jid *b)
{
	return str_eq(a->local, b->local) && str_eq(a->domain, b->domain) &&
	       str_eq(a->resource, b->resource);
}

static void check_part(struct str part)
{
	assert(part.n <= JID_PART_MAX && utf8_is_clean_line(part));
}

static void check_jid(const struct jid *j)
{
	check_part(j->local);
	check_part(j->domain);
	check_part(j->resource);
	assert(j->domain.n > 0);
	assert(str_find(j->local, '@') == j->local.n);
	assert(str_find(j->local, '/') == j->local.n);
	assert(str_find(j->local, ' ') == j->local.n);
	assert(str_find(j->domain, '/') == j->domain.n);
	assert(str_find(j->domain, '@') == j->domain.n);
}

static void check_prepared(struct arena *a, struct str s)
{
	struct jid j, again;
	struct buf b;
	int err = jid_prepare(a, s, &j);

	if (err < 0) {
		assert(!j.local.p && !j.domain.p && !j.resource.p);
		return;
	}
	check_jid(&j);
	buf_init(&b, 4 * JID_PART_MAX);
	jid_put(&b, &j);
	err = jid_prepare(a, buf_str(&b), &again);
	assert(err == ERR_LIMIT || (err == 0 && same(&j, &again)));
	buf_free(&b);
}

static void check_escape(struct arena *a, struct str user,
			 int (*escape)(struct arena *, struct str,
				       struct str *),
			 int (*unescape)(struct arena *, struct str,
					 struct str *))
{
	struct jid j = { .domain = STR_LIT("x") }, again;
	struct str back;
	struct buf b;

	if (unescape(a, user, &back) == 0)
		assert(back.n <= user.n);
	if (escape(a, user, &j.local) < 0) {
		assert(!j.local.p);
		return;
	}
	assert(j.local.n >= user.n && j.local.n <= JID_PART_MAX);
	if (unescape(a, j.local, &back) == 0)
		assert(str_eq(back, user));
	buf_init(&b, 4 * JID_PART_MAX);
	jid_put(&b, &j);
	assert(jid_parse(buf_str(&b), &again) == 0 && same(&j, &again));
	buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size };
	struct arena *a = arena_new(1 << 16);
	struct jid j;
	struct buf b;

	if (jid_parse(s, &j) == 0) {
		check_jid(&j);
		buf_init(&b, size + 1);
		jid_put(&b, &j);
		assert(str_eq(buf_str(&b), s));
		buf_free(&b);
	} else {
		assert(!j.local.p && !j.domain.p && !j.resource.p);
	}
	check_prepared(a, s);
	check_escape(a, s, jid_escape, jid_unescape);
	check_escape(a, s, jid_escape_7247, jid_unescape_7247);
	arena_free(a);
	return 0;
}
