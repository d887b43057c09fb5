/* tests/unit/test_str.c: slices. */
#include "tests/unit/unit.h"

#include <stdlib.h>

static void cuts_and_clamps(void **state)
{
	const struct str s = STR("abcdef");

	(void)state;
	assert_str(str_sub(s, 1, 2), "bc");
	assert_str(str_sub(s, 4, 99), "ef");
	assert_str(str_sub(s, 6, 1), "");
	assert_str(str_sub(s, SIZE_MAX, SIZE_MAX), "");
	assert_str(str_sub(s, 3, SIZE_MAX), "def");
	assert_str(str_from(s, 5), "f");
	assert_str(str_from(s, 7), "");
	assert_null(str_sub(STR_NONE, 1, 1).p);
	assert_null(str_of(NULL).p);
	assert_str(str_of("x"), "x");
	assert_int_equal(STR("a\0b").n, 3);
}

static void trims(void **state)
{
	(void)state;
	assert_str(str_trim(STR(" \t\r\na b\n ")), "a b");
	assert_str(str_trim(STR(" \t ")), "");
	assert_str(str_trim(STR("")), "");
	assert_str(str_trim(STR("\va\v")), "\va\v");
	assert_int_equal(str_trim(STR("\0 ")).n, 1);
	assert_null(str_trim(STR_NONE).p);
}

static void compares(void **state)
{
	(void)state;
	assert_true(str_eq(STR("ab"), STR("ab")));
	assert_false(str_eq(STR("ab"), STR("aB")));
	assert_false(str_eq(STR("ab"), STR("abc")));
	assert_true(str_eq(STR_NONE, STR("")));
	assert_false(str_eq(STR("a\0b"), STR("a\0c")));
	assert_true(str_ieq(STR("aZ9@["), STR("Az9@[")));
	assert_false(str_ieq(STR("@"), STR("`")));
	assert_false(str_ieq(STR("["), STR("{")));
	assert_false(str_ieq(STR("\xc3\x9c"), STR("\xc3\xbc")));
	assert_true(str_cmp(STR("a"), STR("b")) < 0);
	assert_true(str_cmp(STR("b"), STR("a")) > 0);
	assert_true(str_cmp(STR("a"), STR("aa")) < 0);
	assert_true(str_cmp(STR("\x80"), STR("a")) > 0);
	assert_int_equal(str_cmp(STR("a"), STR("a")), 0);
	assert_int_equal(str_cmp(STR_NONE, STR("")), 0);
}

static void looks_at_both_ends(void **state)
{
	(void)state;
	assert_true(str_starts(STR("sip:a"), STR("sip:")));
	assert_false(str_starts(STR("SIP:a"), STR("sip:")));
	assert_true(str_istarts(STR("SIP:a"), STR("sip:")));
	assert_false(str_starts(STR("si"), STR("sip")));
	assert_true(str_starts(STR("x"), STR("")));
	assert_true(str_starts(STR_NONE, STR("")));
	assert_true(str_ends(STR("a.example"), STR(".example")));
	assert_false(str_ends(STR("a.Example"), STR(".example")));
	assert_true(str_iends(STR("a.Example"), STR(".example")));
	assert_false(str_ends(STR("e"), STR("le")));
	assert_true(str_empty(STR("")));
	assert_true(str_empty(STR_NONE));
	assert_false(str_empty(STR("\0")));
}

static void finds(void **state)
{
	static const struct {
		struct str s, needle;
		size_t at;
	} rows[] = {
		{ STR_LIT("abcabc"), STR_LIT("bc"), 1 },
		{ STR_LIT("abcabc"), STR_LIT("ca"), 2 },
		{ STR_LIT("aab"), STR_LIT("ab"), 1 },
		{ STR_LIT("abc"), STR_LIT("abcd"), 3 },
		{ STR_LIT("abc"), STR_LIT("d"), 3 },
		{ STR_LIT("abc"), STR_LIT(""), 0 },
		{ STR_LIT(""), STR_LIT("a"), 0 },
		{ STR_LIT("a\0b"), STR_LIT("\0b"), 1 },
		{ STR_LIT("ab"), STR_LIT("bb"), 2 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++)
		assert_int_equal(str_search(rows[i].s, rows[i].needle),
				 rows[i].at);
	assert_int_equal(str_find(STR("a@b@c"), '@'), 1);
	assert_int_equal(str_rfind(STR("a@b@c"), '@'), 3);
	assert_int_equal(str_rfind(STR("@"), '@'), 0);
	assert_int_equal(str_find(STR("abc"), '@'), 3);
	assert_int_equal(str_rfind(STR("abc"), '@'), 3);
	assert_int_equal(str_find(STR_NONE, 'x'), 0);
	assert_int_equal(str_find(STR("a\0b"), '\0'), 1);
}

static void splits(void **state)
{
	static const struct {
		const char *text, *parts[4];
	} rows[] = {
		{ "a,b,c", { "a", "b", "c" } }, { "a", { "a" } },
		{ "", { "" } }, { ",", { "", "" } },
		{ "a,,b", { "a", "", "b" } }, { "a,", { "a", "" } },
	};
	struct str rest, head;
	size_t i, k;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		rest = str_of(rows[i].text);
		for (k = 0; str_split(&rest, ',', &head); k++) {
			assert_non_null(rows[i].parts[k]);
			assert_str(head, rows[i].parts[k]);
		}
		assert_null(rows[i].parts[k]);
	}
	rest = STR_NONE;
	assert_false(str_split(&rest, ',', &head));
}

static void reads_numbers(void **state)
{
	static const struct {
		struct str s;
		bool fits_64, fits_32;
		uint64_t v;
	} rows[] = {
		{ STR_LIT("0"), true, true, 0 },
		{ STR_LIT("007"), true, true, 7 },
		{ STR_LIT("4294967295"), true, true, UINT32_MAX },
		{ STR_LIT("4294967296"), true, false, UINT64_C(4294967296) },
		{ STR_LIT("18446744073709551615"), true, false, UINT64_MAX },
		{ STR_LIT("18446744073709551616"), false, false, 0 },
		{ STR_LIT("99999999999999999999"), false, false, 0 },
		{ STR_LIT(""), false, false, 0 },
		{ STR_LIT("-1"), false, false, 0 },
		{ STR_LIT("+1"), false, false, 0 },
		{ STR_LIT(" 1"), false, false, 0 },
		{ STR_LIT("1a"), false, false, 0 },
		{ STR_LIT("1\0"), false, false, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		uint64_t v = 5;
		uint32_t w = 5;

		assert_int_equal(str_u64(rows[i].s, &v), rows[i].fits_64);
		assert_true(v == (rows[i].fits_64 ? rows[i].v : 5));
		assert_int_equal(str_u32(rows[i].s, &w), rows[i].fits_32);
		assert_true(w == (rows[i].fits_32 ? rows[i].v : 5));
	}
}

static void classes_are_ascii(void **state)
{
	int c;

	(void)state;
	for (c = 0; c < 256; c++) {
		unsigned char u = (unsigned char)c;
		char text[2] = { (char)c, '\0' };
		const char *hex = "0123456789abcdefABCDEF";
		bool is_hex = c && strchr(hex, c);

		assert_int_equal(ch_is_digit(u), c >= '0' && c <= '9');
		assert_int_equal(ch_is_alpha(u), (c >= 'a' && c <= 'z') ||
				 (c >= 'A' && c <= 'Z'));
		assert_int_equal(ch_is_alnum(u), ch_is_digit(u) ||
				 ch_is_alpha(u));
		assert_int_equal(ch_is_hex(u), is_hex);
		assert_int_equal(ch_hex(u), is_hex ?
				 (int)strtol(text, NULL, 16) : -1);
		assert_int_equal(ch_is_ctl(u), c < 32 || c == 127);
		assert_int_equal(ch_lower(u), c >= 'A' && c <= 'Z' ?
				 c + 32 : c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(cuts_and_clamps),
		TEST(trims),
		TEST(compares),
		TEST(looks_at_both_ends),
		TEST(finds),
		TEST(splits),
		TEST(reads_numbers),
		TEST(classes_are_ascii),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
