/* tests/unit/test_buf.c: the buffer with a maximum. */
#include "tests/unit/unit.h"

#include "core/base/buf.h"

static void puts_everything(void **state)
{
	const uint8_t bytes[] = { 0x00, 0x7f, 0x80, 0xff };
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	assert_int_equal(buf_str(&b).n, 0);
	buf_put(&b, "abc", 3);
	buf_put(&b, NULL, 0);
	buf_put_str(&b, STR("-"));
	buf_put_str(&b, STR_NONE);
	buf_put_char(&b, 'x');
	buf_put_u64(&b, 0);
	buf_put_char(&b, ' ');
	buf_put_u64(&b, UINT64_MAX);
	buf_put_char(&b, ' ');
	buf_put_i64(&b, INT64_MIN);
	buf_put_char(&b, ' ');
	buf_put_i64(&b, 42);
	buf_put_char(&b, ' ');
	buf_put_hex(&b, bytes, sizeof(bytes));
	buf_printf(&b, " %s %d", "p", -1);
	assert_int_equal(b.err, 0);
	assert_str(buf_str(&b), "abc-x0 18446744073709551615"
		   " -9223372036854775808 42 007f80ff p -1");
	buf_free(&b);
}

/* Whatever the maximum: all of it, or an error and not a byte too many. */
static void keeps_its_maximum(void **state)
{
	size_t max;

	(void)state;
	for (max = 0; max <= 1200; max++) {
		struct buf b;
		size_t i;

		buf_init(&b, max);
		for (i = 0; i < 100; i++)
			buf_put(&b, "0123456789", 10);
		assert_int_equal(b.err, max < 1000 ? ERR_LIMIT : 0);
		assert_true(b.n <= max);
		assert_int_equal(b.n, max < 1000 ? max / 10 * 10 : 1000);
		/* an error stays */
		buf_put(&b, "", 0);
		buf_put_str(&b, STR("x"));
		assert_int_equal(b.err, max < 1001 ? ERR_LIMIT : 0);
		assert_true(b.n <= max);
		/* until it is cleared */
		buf_clear(&b);
		assert_int_equal(b.err, 0);
		assert_int_equal(b.n, 0);
		buf_put_char(&b, 'y');
		assert_int_equal(b.err, max < 1 ? ERR_LIMIT : 0);
		buf_free(&b);
	}
}

/* The text alone counts against the maximum, not printf's NUL. */
static void printf_keeps_the_maximum(void **state)
{
	char text[600];
	size_t max;

	(void)state;
	memset(text, 'x', sizeof(text));
	text[599] = '\0';
	for (max = 590; max <= 610; max++) {
		struct buf b;

		buf_init(&b, max);
		buf_printf(&b, "%s", text);
		assert_int_equal(b.err, max < 599 ? ERR_LIMIT : 0);
		assert_int_equal(b.n, max < 599 ? 0 : 599);
		buf_free(&b);
	}
}

static void first_error_wins(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 2);
	buf_fail(&b, ERR_SYNTAX);
	buf_put(&b, "abc", 3);
	assert_int_equal(b.err, ERR_SYNTAX);
	buf_fail(&b, ERR_WRONG_STATE);
	assert_int_equal(b.err, ERR_SYNTAX);
	assert_int_equal(b.n, 0);
	buf_free(&b);
}

static void shifts(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	buf_shift(&b, 3);
	assert_int_equal(b.n, 0);
	buf_put_str(&b, STR("abcdef"));
	buf_shift(&b, 0);
	assert_str(buf_str(&b), "abcdef");
	buf_shift(&b, 2);
	assert_str(buf_str(&b), "cdef");
	buf_shift(&b, 9);
	assert_str(buf_str(&b), "");
	buf_put_str(&b, STR("x"));
	assert_str(buf_str(&b), "x");
	buf_free(&b);
	/* usable again with its old maximum */
	assert_int_equal(b.max, 100);
	buf_put_str(&b, STR("y"));
	assert_str(buf_str(&b), "y");
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(puts_everything),
		TEST(keeps_its_maximum),
		TEST(printf_keeps_the_maximum),
		TEST(first_error_wins),
		TEST(shifts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
