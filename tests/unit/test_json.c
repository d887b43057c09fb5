/* tests/unit/test_json.c: the JSON writer: nesting and commas, escapes, broken
 * UTF-8, limits.
 */
#include "tests/unit/unit.h"

#include "core/base/json.h"

static void test_nesting(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	json_begin_arr(&b);
	json_begin_obj(&b);
	json_key_str(&b, "a", STR("x"));
	json_key_i64(&b, "b", -3);
	json_key_u64(&b, "c", UINT64_MAX);
	json_key_id(&b, "d", UINT64_MAX);
	json_key_bool(&b, "e", true);
	json_key_text(&b, "f", NULL);
	json_key(&b, "g");
	json_begin_arr(&b);
	json_bool(&b, false);
	json_nil(&b);
	json_end_arr(&b);
	json_end_obj(&b);
	json_begin_obj(&b);
	json_end_obj(&b);
	json_raw(&b, STR("{\"k\":1}"));
	json_raw(&b, STR_NONE);
	json_end_arr(&b);
	assert_int_equal(b.err, 0);
	assert_str(buf_str(&b),
		   "[{\"a\":\"x\",\"b\":-3,\"c\":18446744073709551615,"
		   "\"d\":\"18446744073709551615\",\"e\":true,\"f\":null,"
		   "\"g\":[false,null]},{},{\"k\":1},null]");
	buf_free(&b);
}

static void test_strings(void **state)
{
	static const struct {
		struct str in;
		const char *out;
	} rows[] = {
		{ STR_LIT(""), "\"\"" },
		{ STR_LIT("plain"), "\"plain\"" },
		{ STR_LIT("a\"b\\c"), "\"a\\\"b\\\\c\"" },
		{ STR_LIT("\n\r\t"), "\"\\n\\r\\t\"" },
		{ STR_LIT("\0\x1b[2J"), "\"\\u0000\\u001b[2J\"" },
		{ STR_LIT("\x7f\xc2\x9b"), "\"\\u007f\\u009b\"" },
		{ STR_LIT("h\xc3\xa9"), "\"h\xc3\xa9\"" },
		{ STR_LIT("\xf0\x9f\x98\x80"), "\"\xf0\x9f\x98\x80\"" },
		{ STR_LIT("\xff"), "\"\xef\xbf\xbd\"" },
		{ STR_LIT("a\xc3"), "\"a\xef\xbf\xbd\"" },
		{ STR_LIT("\xed\xa0\x80"),
		  "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ STR_LIT("\xe2\x80\xae"), "\"\\u202e\"" },
		{ STR_LIT("\xe2\x80\xa8"), "\"\\u2028\"" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct buf b;

		buf_init(&b, 1000);
		json_str(&b, rows[i].in);
		assert_str(buf_str(&b), rows[i].out);
		buf_free(&b);
	}
}

/* A string that ends with punctuation must not swallow the next comma. */
static void test_comma_after_punctuation(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	json_begin_arr(&b);
	json_text(&b, "[");
	json_text(&b, "{:,");
	json_end_arr(&b);
	assert_str(buf_str(&b), "[\"[\",\"{:,\"]");
	buf_free(&b);
}

static void test_limit(void **state)
{
	size_t max;

	(void)state;
	for (max = 0; max < 12; max++) {
		struct buf b;

		buf_init(&b, max);
		json_text(&b, "0123456789");
		assert_int_equal(b.err, ERR_LIMIT);
		assert_true(b.n <= max);
		if (max < 11) /* the closing quote alone does not fit at 11 */
			assert_true(b.n <= 1);
		buf_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nesting),
		TEST(test_strings),
		TEST(test_comma_after_punctuation),
		TEST(test_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
