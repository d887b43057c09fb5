/* tests/fuzz/fuzz_addr.c: an address from hostile text. What is accepted has a
 * clean canonical form that reads back as itself, and whatever becomes a JID
 * comes back from it as the same person.
 * The first byte chooses the rule and whether the rest is a URI or a JID.
 */
#include <stddef.h>
#include <stdint.h>

#include <assert.h>

#include "core/base/utf8.h"
#include "core/model/addr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_canonical(struct arena *a, const struct addr *addr)
{
	struct addr again;
	int err;

	assert(addr->kind != ADDR_NONE);
	assert(utf8_is_clean_line(addr->text));
	assert(utf8_is_clean_line(addr->user));
	assert(utf8_is_clean_line(addr->domain));
	assert(utf8_is_clean_line(addr->instance));
	assert(utf8_is_clean_line(addr->display));
	err = addr_from_uri_text(a, addr->text, &again);
	assert(err == ERR_LIMIT || (err == 0 && addr_eq(addr, &again)));
}

static void check_jid(struct arena *a, const struct addr *addr,
		      const struct addr_jid_rule *rule)
{
	struct addr again;
	struct jid j;

	if (addr_to_jid(a, addr, rule, true, &j) < 0 ||
	    addr->kind == ADDR_TEL || addr->kind == ADDR_ANONYMOUS)
		return;
	if (addr_from_jid(a, &j, rule, &again) < 0) {
		assert(arena_err(a) < 0);
		return;
	}
	assert(addr_eq(addr, &again));
	assert(str_eq(addr->instance, again.instance));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct addr_jid_rule rule = { .host = STR("gw.example") };
	struct str text;
	struct arena *a;
	struct addr addr;
	struct jid j;
	int err;

	if (size == 0)
		return 0;
	rule.is_encoded = data[0] & 1;
	rule.is_strict_7247 = data[0] & 2;
	text = (struct str){ (const char *)data + 1, size - 1 };
	a = arena_new(262144);
	if (data[0] & 4) {
		err = jid_prepare(a, text, &j);
		if (err == 0)
			err = addr_from_jid(a, &j, &rule, &addr);
	} else {
		err = addr_from_uri_text(a, text, &addr);
	}
	if (err == 0) {
		check_canonical(a, &addr);
		check_jid(a, &addr, &rule);
	}
	arena_free(a);
	return 0;
}
