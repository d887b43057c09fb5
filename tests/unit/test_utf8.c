/* tests/unit/test_utf8.c: UTF-8 as RFC 3629 has it. */
#include "tests/unit/unit.h"

#include "core/base/utf8.h"

static bool is_scalar(uint32_t code)
{
	return code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

static void every_code_point(void **state)
{
	uint32_t code, back;
	char out[4];

	(void)state;
	for (code = 0; code < 0x110100; code++) {
		size_t n = utf8_put(code, out);
		struct str s = { out, n };

		assert_int_equal(n, code < 0x80 ? 1 : code < 0x800 ? 2 :
				 code < 0x10000 || !is_scalar(code) ? 3 : 4);
		assert_int_equal(utf8_next(s, &back), n);
		assert_int_equal(back, is_scalar(code) ? code : 0xfffd);
		assert_true(utf8_valid(s));
		/* cut short it is nothing */
		if (n > 1)
			assert_int_equal(utf8_next(str_sub(s, 0, n - 1),
						   &back), 0);
	}
}

/* Of all four-byte texts that begin with a byte that is no ASCII, exactly
   the shortest forms of characters are taken. */
static void nothing_but_shortest_forms(void **state)
{
	uint32_t a, b, c, code;
	char out[4];

	(void)state;
	for (a = 0x80; a < 0x100; a++) {
		for (b = 0; b < 0x100; b++) {
			for (c = 0x7e; c < 0xc2; c++) {
				const char text[4] = { (char)a, (char)b,
						       (char)c, (char)0x80 };
				struct str s = { text, 4 };
				size_t n = utf8_next(s, &code);

				if (n == 0)
					continue;
				assert_true(is_scalar(code));
				assert_int_equal(utf8_put(code, out), n);
				assert_memory_equal(out, text, n);
			}
		}
	}
}

static void judges_texts(void **state)
{
	static const struct {
		struct str s;
		bool is_valid, is_clean;
	} rows[] = {
		{ STR_LIT(""), true, true },
		{ STR_LIT("a b"), true, true },
		{ STR_LIT("f\xc3\xbc"), true, true },
		{ STR_LIT("\xf0\x9f\x93\xb1"), true, true },
		{ STR_LIT("a\0"), true, false },
		{ STR_LIT("a\tb"), true, false },
		{ STR_LIT("a\nb"), true, false },
		{ STR_LIT("\x7f"), true, false },
		{ STR_LIT("\xc2\x80"), true, false },
		{ STR_LIT("\xc2\x9f"), true, false },
		{ STR_LIT("\xc2\xa0"), true, true },
		{ STR_LIT("\xef\xbf\xbe"), true, false },
		{ STR_LIT("\xef\xbf\xbf"), true, false },
		{ STR_LIT("\xc0\x80"), false, false },
		{ STR_LIT("\xc1\xbf"), false, false },
		{ STR_LIT("\xe0\x9f\xbf"), false, false },
		{ STR_LIT("\xed\xa0\x80"), false, false },
		{ STR_LIT("\xf0\x8f\xbf\xbf"), false, false },
		{ STR_LIT("\xf4\x90\x80\x80"), false, false },
		{ STR_LIT("\xf5\x80\x80\x80"), false, false },
		{ STR_LIT("\x80"), false, false },
		{ STR_LIT("a\xc3"), false, false },
		{ STR_LIT("\xc3 "), false, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(utf8_valid(rows[i].s), rows[i].is_valid);
		assert_int_equal(utf8_is_clean_line(rows[i].s),
				 rows[i].is_clean);
	}
	assert_true(utf8_is_xml_char('\t'));
	assert_true(utf8_is_xml_char('\n'));
	assert_true(utf8_is_xml_char('\r'));
	assert_true(utf8_is_xml_char(0x10ffff));
	assert_false(utf8_is_xml_char(0));
	assert_false(utf8_is_xml_char(0x1f));
	assert_false(utf8_is_xml_char(0xd800));
	assert_false(utf8_is_xml_char(0xfffe));
	assert_false(utf8_is_xml_char(0x110000));
}

static void cleans(void **state)
{
	static const struct {
		struct str s;
		const char *out;
		size_t changed_n;
	} rows[] = {
		{ STR_LIT(""), "", 0 },
		{ STR_LIT("a\tb\r\nf\xc3\xbc"), "a\tb\r\nf\xc3\xbc", 0 },
		{ STR_LIT("a\0b\x01\x1f\x7f"), "ab", 4 },
		{ STR_LIT("a\xff" "b"), "a\xef\xbf\xbd" "b", 1 },
		{ STR_LIT("\xff\xfe\xfd"),
		  "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", 3 },
		{ STR_LIT("x\xef\xbf\xbf\xef\xb7\x90y"), "xy", 2 },
		{ STR_LIT("\xf0\x9f\xbf\xbe"), "", 1 },
		{ STR_LIT("\xc3"), "\xef\xbf\xbd", 1 },
	};
	struct arena *a = arena_new(4096);
	size_t i, changed_n, max;
	struct str out;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		changed_n = 99;
		assert_int_equal(utf8_clean_text(a, rows[i].s, &out,
						 &changed_n), 0);
		assert_str(out, rows[i].out);
		assert_int_equal(changed_n, rows[i].changed_n);
		assert_int_equal(out.p == rows[i].s.p, changed_n == 0);
		assert_int_equal(utf8_clean_text(a, out, &out, NULL), 0);
		assert_str(out, rows[i].out);
	}
	arena_free(a);
	/* a clean text needs no memory; another does */
	for (max = 0; max < 4; max++) {
		a = arena_new(max);
		assert_int_equal(utf8_clean_text(a, STR("abc"), &out, NULL), 0);
		assert_int_equal(utf8_clean_text(a, STR("\xff"), &out, NULL),
				 max < 4 ? ERR_LIMIT : 0);
		arena_free(a);
	}
}

static void cuts_between_characters(void **state)
{
	const struct str s = STR("a\xc3\xbc\xe2\x82\xac\xf0\x9f\x93\xb1");
	static const size_t kept[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10 };
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(kept); i++)
		assert_int_equal(utf8_cut(s, i).n, kept[i]);
	assert_int_equal(utf8_cut(STR(""), 5).n, 0);
	assert_int_equal(utf8_cut(STR("\x80\x80\x80"), 2).n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_code_point),
		TEST(nothing_but_shortest_forms),
		TEST(judges_texts),
		TEST(cleans),
		TEST(cuts_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
