/* tests/fuzz/fuzz_number.c: a number that is read has a canonical form that
 * reads as itself; what a numbering plan makes of it is E.164 and stays so.
 * The first byte chooses the plan and whether a bare local number is allowed.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "core/codec/number.h"
#include "core/codec/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct number_plan plans[] = {
	{ .country = STR_LIT("49"), .trunk = STR_LIT("0"),
	  .international = STR_LIT("00"), .min_digits = 8, .max_digits = 15 },
	{ .country = STR_LIT("1"), .international = STR_LIT("011"),
	  .min_digits = 11, .max_digits = 11 },
	{ .country = STR_LIT("7"), .trunk = STR_LIT("8"),
	  .international = STR_LIT("810"), .min_digits = 1,
	  .max_digits = 255 },
	{ .min_digits = 0 },
};

static void check_number(struct arena *a, struct str s, bool allow_bare)
{
	struct str canon, twice;
	struct number n, again;
	struct uri u;
	size_t i;
	int err = number_parse(a, s, allow_bare, &n);

	if (err < 0) {
		assert(!n.digits.p && !n.params.p && !n.context.p);
		return;
	}
	assert(n.digits.n > 0 && n.digits.n <= (n.is_global ? 15 : 20));
	for (i = 0; n.is_global && i < n.digits.n; i++)
		assert(ch_is_digit((unsigned char)n.digits.p[i]));
	assert(n.context.p || n.is_global || allow_bare);
	if (number_canon(a, &n, &canon) < 0) {
		assert(arena_err(a) < 0);
		return;
	}
	err = number_parse(a, str_from(canon, 4), allow_bare, &again);
	assert(err == 0 || arena_err(a) < 0);
	if (err == 0 && number_canon(a, &again, &twice) == 0)
		assert(str_eq(canon, twice));
	/* and it is a tel: URI */
	err = uri_parse(canon, &u);
	assert(err == 0 && u.scheme == URI_TEL);
}

static void check_plan(struct arena *a, const struct number_plan *plan,
		       struct str s)
{
	struct str out, again;
	struct number n;
	int err = number_to_e164(a, plan, s, &out);

	if (err < 0) {
		assert(!out.p);
		assert(err == ERR_DECLINED || arena_err(a) < 0);
		return;
	}
	assert(out.n >= 2 && out.n <= 16 && out.p[0] == '+');
	assert(out.p[1] != '0');
	err = number_parse(a, out, false, &n);
	assert((err == 0 && n.is_global) || arena_err(a) < 0);
	err = number_to_e164(a, plan, out, &again);
	assert((err == 0 && str_eq(out, again)) || arena_err(a) < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a;
	struct str s;

	if (size == 0)
		return 0;
	s = (struct str){ (const char *)data + 1, size - 1 };
	a = arena_new(data[0] & 8 ? 40 : 4096);
	check_number(a, s, data[0] & 4);
	check_plan(a, &plans[data[0] & 3], s);
	arena_free(a);
	return 0;
}
