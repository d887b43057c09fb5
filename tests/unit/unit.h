/* tests/unit/unit.h: what every cmocka program includes.
 * TEST(fn) registers a test; TEST_ROWS(fn, "X-21 X-22") also says which
 * conformance rows it proves (tests/conformance): they are part of its name.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/str.h"

#define TEST(fn) { .name = #fn, .test_func = fn }
#define TEST_ROWS(fn, rows) { .name = #fn " [" rows "]", .test_func = fn }

/* Slices compared with a readable failure. */
#define assert_str(s, expected) do { \
	struct str s_ = (s), e_ = str_of(expected); \
	if (!str_eq(s_, e_)) \
		fail_msg("got \"%.*s\", expected \"%.*s\"", \
			 STR_ARG(s_), STR_ARG(e_)); \
} while (0)

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))
