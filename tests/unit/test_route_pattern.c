/* tests/unit/test_route_pattern.c: patterns and rewriting templates.
 * [core/route/pattern.h, rewrite.h]
 */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/route/pattern.h"
#include "core/route/rewrite.h"

static struct addr parse(struct arena *a, const char *uri)
{
	struct addr addr;

	if (addr_from_uri_text(a, str_of(uri), &addr) < 0)
		fail_msg("%s", uri);
	return addr;
}

static void test_patterns(void **state)
{
	static const struct {
		const char *pattern, *uri;
		bool is_match;
	} rows[] = {
		{ "", "sip:bob@sip.example", true },
		{ "*", "sip:bob@sip.example", true },
		{ "*", "tel:+15550100", true },
		{ "*", "sip:sip.example", true },
		{ "sip:bob@sip.example", "sip:bob@SIP.example:5070", true },
		{ "bob@sip.example", "sip:bob@sip.example", true },
		{ "SIP:bob@SIP.Example", "sip:bob@sip.example", true },
		{ "sips:bob@sip.example", "sip:bob@sip.example", true },
		{ "im:bob@sip.example", "sip:bob@sip.example", true },
		{ "sip:Bob@sip.example", "sip:bob@sip.example", false },
		{ "sip:bob@sip.example", "sip:bob@sip.example2", false },
		{ "sip:bob@sip.example", "sip:bobb@sip.example", false },
		{ "*@corp.example", "sip:alice@corp.example", true },
		{ "*@corp.example", "sip:alice@a.corp.example", false },
		{ "*@corp.example", "sip:corp.example", false },
		/* an escaped @ does not end the user part */
		{ "*@corp.example", "sip:a%40corp.example@evil.example",
		  false },
		{ "sip:*@corp.example", "sip:x@corp.example", true },
		{ "bob@*.example", "sip:bob@a.b.example", true },
		{ "bob@*.example", "sip:bob@example", false },
		{ "b*b@sip.example", "sip:bob@sip.example", true },
		{ "b*b@sip.example", "sip:bobby@sip.example", false },
		{ "*b*o*b*@*", "sip:bob@sip.example", true },
		{ "a%40b@sip.example", "sip:a%40b@sip.example", true },
		/* a domain alone: itself and everybody there */
		{ "corp.example", "sip:bob@corp.example", true },
		{ "CORP.example", "sip:corp.example", true },
		{ "*.example", "sip:bob@corp.example", true },
		{ "corp.example", "sip:bob@a.corp.example", false },
		{ "corp.example", "tel:+15550100", false },
		{ "sip:corp.example", "sip:corp.example", true },
		{ "sip:corp.example", "sip:bob@corp.example", false },
		{ "sip:*", "sip:bob@corp.example", true },
		{ "sip:*", "tel:+15550100", false },
		/* numbers */
		{ "tel:*", "tel:+15550100", true },
		{ "tel:*", "sip:+15550100@sip.example", false },
		{ "tel:+49*", "tel:+49-151-123", true },
		{ "+49*", "tel:+49151123", true },
		{ "+49*", "sip:+49151123@sip.example;user=phone", true },
		{ "+49*", "sip:+49151123@sip.example", false },
		{ "tel:+49-(151)*", "tel:+49151123", true },
		{ "+49*", "tel:+15550100", false },
		{ "tel:70*;phone-context=a.example",
		  "tel:7042;phone-context=a.example", true },
		{ "tel:70*;phone-context=a.example",
		  "tel:7042;phone-context=b.example", false },
		{ "+49*@sms.example", "sip:+49151@sms.example", true },
		{ "anonymous@anonymous.invalid",
		  "sip:anonymous@anonymous.invalid", true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct arena *a = arena_new(16384);
		struct addr addr = parse(a, rows[i].uri);

		if (pattern_match(str_of(rows[i].pattern), &addr) !=
		    rows[i].is_match)
			fail_msg("\"%s\" on %s", rows[i].pattern, rows[i].uri);
		arena_free(a);
	}
}

static void test_pattern_lists(void **state)
{
	const struct str list[] = { STR("*@a.example"), STR("+49*") };
	struct arena *a = arena_new(16384);
	struct addr bob = parse(a, "sip:bob@a.example");
	struct addr nobody = { .kind = ADDR_NONE };

	(void)state;
	assert_true(pattern_match_any(list, 2, &bob));
	assert_false(pattern_match_any(list + 1, 1, &bob));
	assert_false(pattern_match_any(NULL, 0, &bob));
	assert_false(pattern_match(STR("*"), &nobody));
	assert_false(pattern_match(STR("*@*"), &nobody));
	arena_free(a);
}

static uint64_t seed = 0x853c49e6748fea9bu;

static uint64_t next(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* The definition itself, exponential and obvious. */
static bool naive(struct str p, struct str t)
{
	size_t i;

	if (p.n == 0)
		return t.n == 0;
	if (*p.p != '*')
		return t.n > 0 && *p.p == *t.p &&
		       naive(str_from(p, 1), str_from(t, 1));
	for (i = 0; i <= t.n; i++)
		if (naive(str_from(p, 1), str_from(t, i)))
			return true;
	return false;
}

static struct str random_text(char *out, const char *alphabet, size_t max)
{
	size_t i, n = next() % (max + 1);

	for (i = 0; i < n; i++)
		out[i] = alphabet[next() % strlen(alphabet)];
	return (struct str){ out, n };
}

static void test_against_naive(void **state)
{
	unsigned i, matches = 0;

	(void)state;
	for (i = 0; i < 100000; i++) {
		char user[16], pat[16], uri[64], whole[64];
		struct arena *a = arena_new(4096);
		struct str u = random_text(user + 1, "ab", 8);
		struct str p = random_text(pat, "ab**", 8);
		struct addr addr;
		bool expected;
		int n;

		user[0] = 'a';
		u = (struct str){ user, u.n + 1 };
		n = snprintf(uri, sizeof(uri), "sip:%.*s@x", STR_ARG(u));
		assert_int_equal(addr_from_uri_text(
			a, (struct str){ uri, (size_t)n }, &addr), 0);
		n = snprintf(whole, sizeof(whole), "%.*s@x", STR_ARG(p));
		expected = naive(p, u);
		matches += expected;
		assert_int_equal(pattern_match(
			(struct str){ whole, (size_t)n }, &addr), expected);
		arena_free(a);
	}
	assert_in_range(matches, 1000, 99000);
}

/* A pattern and a text made to hurt: quadratic at worst, not exponential (the
   naive matcher would need longer than the universe has). */
static void test_hostile(void **state)
{
	char uri[2000] = "sip:", pat[PATTERN_BYTES_MAX + 1];
	struct arena *a = arena_new(65536);
	struct addr addr;
	size_t i;

	(void)state;
	memset(uri + 4, 'a', 1800);
	memcpy(uri + 1804, "@x", 3);
	addr = parse(a, uri);
	for (i = 0; i + 8 < sizeof(pat); i += 2)
		memcpy(pat + i, "*a", 2);
	memcpy(pat + i, "b@x", 3);
	assert_false(pattern_match((struct str){ pat, i + 3 }, &addr));
	memcpy(pat + i, "*@x", 3);
	assert_true(pattern_match((struct str){ pat, i + 3 }, &addr));
	memset(pat, '*', sizeof(pat));
	assert_false(pattern_match((struct str){ pat, sizeof(pat) }, &addr));
	arena_free(a);
}

static void test_rewrite(void **state)
{
	static const struct {
		const char *text, *uri, *result;
		int err;
	} rows[] = {
		{ "{user}@im.example", "sip:bob@sip.example",
		  "sip:bob@im.example", 0 },
		{ "sip:{user}@im.example", "sip:Bob%40x@sip.example",
		  "sip:Bob%40x@im.example", 0 },
		{ "{user}@{domain}.gw.example", "sip:bob@sip.example",
		  "sip:bob@sip.example.gw.example", 0 },
		{ "{user}@im.example", "sip:bob@sip.example;gr=u1",
		  "sip:bob@im.example;gr=u1", 0 },
		{ "{user}@IM.Example", "sip:bob@sip.example",
		  "sip:bob@im.example", 0 },
		{ "support@im.example", "sip:bob@sip.example",
		  "sip:support@im.example", 0 },
		{ "x-{user}-y@im.example", "sip:bob@sip.example",
		  "sip:x-bob-y@im.example", 0 },
		{ "{user}@sms.example", "tel:+15550100",
		  "sip:+15550100@sms.example", 0 },
		{ "{digits}@sms.example", "tel:+15550100",
		  "sip:15550100@sms.example", 0 },
		{ "tel:+{digits}", "sip:+15550100@x", "tel:+15550100", 0 },
		{ "+49{digits}", "sip:151123@x", "tel:+49151123", 0 },
		{ "tel:{user}", "sip:+15550100@x", "tel:+15550100", 0 },
		/* what has no such value */
		{ "{digits}@sms.example", "sip:bob@x", NULL, ERR_DECLINED },
		{ "{user}@{domain}", "tel:+15550100", NULL, ERR_DECLINED },
		{ "{user}@im.example", "sip:sip.example", NULL, ERR_DECLINED },
		/* text of a stranger stays text */
		{ "{user}@im.example", "sip:a%40evil.example%3Fx@sip.example",
		  "sip:a%40evil.example?x@im.example", 0 },
		{ "{user}@im.example", "sip:a;gr=x@sip.example",
		  "sip:a;gr=x@im.example", 0 },
		{ "{user}@im.example", "sip:%3Ca%3E@sip.example",
		  "sip:%3Ca%3E@im.example", 0 },
		{ "tel:+{user}", "sip:1;ext=5@x", "tel:+1", 0 },
		{ "tel:+{user}", "sip:bob@x", NULL, ERR_SYNTAX },
		{ "tel:+{digits}", "sip:1234567890123456@x", NULL,
		  ERR_SYNTAX },
		/* no templates */
		{ "", "sip:bob@x", NULL, ERR_SYNTAX },
		{ "im.example", "sip:bob@x", NULL, ERR_SYNTAX },
		{ "{user}", "sip:bob@x", NULL, ERR_SYNTAX },
		{ "{name}@im.example", "sip:bob@x", NULL, ERR_SYNTAX },
		{ "{user@im.example", "sip:bob@x", NULL, ERR_SYNTAX },
		{ "user}@im.example", "sip:bob@x", NULL, ERR_SYNTAX },
		{ "a@{user}.example", "sip:bob@x", NULL, ERR_SYNTAX },
		{ "{domain}@im.example", "sip:bob@x", NULL, ERR_SYNTAX },
		{ "{user}@", "sip:bob@x", NULL, ERR_SYNTAX },
		{ "{user}@im example", "sip:bob@x", NULL, ERR_SYNTAX },
		{ "http:{user}@im.example", "sip:bob@x", NULL, ERR_SYNTAX },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct arena *a = arena_new(16384);
		struct addr addr = parse(a, rows[i].uri), r;
		int err = rewrite_addr(a, str_of(rows[i].text), &addr, &r);

		if (err != rows[i].err)
			fail_msg("\"%s\" on %s: %d", rows[i].text,
				 rows[i].uri, err);
		if (err == 0)
			assert_str(addr_uri(a, &r, true), rows[i].result);
		else
			assert_int_equal(r.kind, ADDR_NONE);
		arena_free(a);
	}
}

static void test_rewrite_keeps(void **state)
{
	struct arena *a = arena_new(16384);
	struct addr addr = parse(a, "sips:bob@sip.example"), r;
	size_t max;

	(void)state;
	addr.display = STR("Bob");
	assert_int_equal(rewrite_addr(a, STR("{user}@x.example"), &addr, &r),
			 0);
	assert_str(r.display, "Bob");
	assert_true(r.is_secure);
	for (max = 0; max < 256; max += 8) {
		struct arena *small = arena_new(max);
		int err = rewrite_addr(small, STR("{user}@x.example"), &addr,
				       &r);

		assert_true(err == 0 || err == ERR_LIMIT);
		arena_free(small);
	}
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_patterns),
		TEST(test_pattern_lists),
		TEST(test_against_naive),
		TEST(test_hostile),
		TEST(test_rewrite),
		TEST(test_rewrite_keeps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
