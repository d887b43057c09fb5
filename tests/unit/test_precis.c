/* tests/unit/test_precis.c: the PRECIS profiles. [RFC 8265 3.5 and 4.2.3,
 * RFC 5892 A, RFC 5893 2]
 */
#include "tests/unit/unit.h"

#include "core/base/utf8.h"
#include "core/codec/precis.h"

#define MEM_MAX 65536u

struct row {
	const char *text, *expected;	/* NULL: refused */
};

static void check(int (*step)(struct arena *, struct str, struct str *),
		  const struct row *rows, size_t rows_n)
{
	struct arena *a = arena_new(MEM_MAX);
	struct str out, again;
	size_t i;

	for (i = 0; i < rows_n; i++) {
		int err = step(a, str_of(rows[i].text), &out);

		if (err != (rows[i].expected ? 0 : ERR_SYNTAX))
			fail_msg("row %zu, \"%s\": %s", i, rows[i].text,
				 err_text(err));
		if (err < 0) {
			assert_null(out.p);
			continue;
		}
		assert_str(out, rows[i].expected);
		assert_int_equal(step(a, out, &again), 0);
		assert_true(str_eq(out, again));
	}
	arena_free(a);
}

static void worked_example(void **state)
{
	static const struct row rows[] = {
		{ "Fu\xc3\x9f" "ball", "fu\xc3\x9f" "ball" },
		{ "\xef\xbc\xa6\xef\xbc\xb5\xc3\x9f" "ball",
		  "fu\xc3\x9f" "ball" },
	};

	(void)state;
	check(precis_username, rows, COUNT_OF(rows));
}

static void usernames(void **state)
{
	static const struct row rows[] = {
		{ "", "" },
		{ "juliet@example.com", "juliet@example.com" },
		{ "fussball", "fussball" },
		{ "\xcf\x80", "\xcf\x80" },			/* pi */
		{ "\xce\xa3", "\xcf\x83" },			/* Sigma */
		{ "\xcf\x83", "\xcf\x83" },
		{ "\xcf\x82", "\xcf\x82" },		/* final sigma stays */
		{ "u\xcc\x88", "\xc3\xbc" },
		{ "\xe2\x84\xab", "\xc3\xa5" },			/* Angstrom */
		{ "\xe5\xb1\xb1", "\xe5\xb1\xb1" },		/* Han */
		{ "foo bar", NULL },
		{ "henry\xe2\x85\xa3", NULL },		/* compatibility: IV */
		{ "\xe2\x99\x9a", NULL },		/* symbol: king */
		{ "\xef\xac\x81x", NULL },		/* ligature fi */
		{ "a\xc2\xad" "b", NULL },		/* soft hyphen */
		{ "a\xe2\x80\x8b", NULL },		/* zero width space */
		{ "a\xef\xb8\x8f", NULL },		/* variation selector */
		{ "a\xee\x80\x80", NULL },		/* private use */
		{ "a\xcd\xb8", NULL },			/* unassigned U+0378 */
		{ "\xe1\x84\x80", NULL },		/* old jamo */
		{ "a\xd9\x80", NULL },			/* tatweel */
		{ "\xe3\x80\x87", "\xe3\x80\x87" },	/* ideographic zero */
		{ "a\xef\xb7\x90", NULL },		/* non-character */
	};

	(void)state;
	check(precis_username, rows, COUNT_OF(rows));
}

static void context_rules(void **state)
{
	static const struct row rows[] = {
		/* middle dot between two l */
		{ "col\xc2\xb7laboro", "col\xc2\xb7laboro" },
		{ "a\xc2\xb7" "b", NULL },
		{ "l\xc2\xb7", NULL },
		{ "\xc2\xb7l", NULL },
		/* keraia before Greek */
		{ "\xcd\xb5\xce\xb1", "\xcd\xb5\xce\xb1" },
		{ "\xcd\xb5" "a", NULL },
		{ "\xcd\xb5", NULL },
		/* geresh after Hebrew */
		{ "\xd7\x90\xd7\xb3\xd7\x90", "\xd7\x90\xd7\xb3\xd7\x90" },
		{ "\xd7\xb3\xd7\x90", NULL },
		{ "a\xd7\xb4", NULL },
		/* katakana middle dot with Japanese only */
		{ "\xe3\x82\xa2\xe3\x83\xbb", "\xe3\x82\xa2\xe3\x83\xbb" },
		{ "\xe3\x81\x82\xe3\x83\xbb", "\xe3\x81\x82\xe3\x83\xbb" },
		{ "a\xe3\x83\xbb", NULL },
		/* one kind of Arabic digits */
		{ "\xd8\xa7\xd9\xa0\xd9\xa1", "\xd8\xa7\xd9\xa0\xd9\xa1" },
		{ "\xd8\xa7\xdb\xb0\xdb\xb1", "\xd8\xa7\xdb\xb0\xdb\xb1" },
		{ "\xd8\xa7\xd9\xa9", "\xd8\xa7\xd9\xa9" },
		{ "\xd8\xa7\xdb\xb9", "\xd8\xa7\xdb\xb9" },
		{ "\xd8\xa7\xd9\xa0\xdb\xb1", NULL },
		{ "\xd8\xa7\xd9\xa0\xdb\xb0", NULL },
		{ "\xd8\xa7\xd9\xa9\xdb\xb9", NULL },
		/* joiners: after a virama, or between joining letters */
		{ "\xe0\xa4\x95\xe0\xa5\x8d\xe2\x80\x8d\xe0\xa4\xb7",
		  "\xe0\xa4\x95\xe0\xa5\x8d\xe2\x80\x8d\xe0\xa4\xb7" },
		{ "\xe0\xa4\x95\xe0\xa5\x8d\xe2\x80\x8c\xe0\xa4\xb7",
		  "\xe0\xa4\x95\xe0\xa5\x8d\xe2\x80\x8c\xe0\xa4\xb7" },
		{ "\xd8\xa8\xe2\x80\x8c\xd8\xa8",
		  "\xd8\xa8\xe2\x80\x8c\xd8\xa8" },
		{ "\xd8\xa8\xe2\x80\x8c\xd8\xa7",
		  "\xd8\xa8\xe2\x80\x8c\xd8\xa7" },
		{ "\xd8\xa8\xd9\x8b\xe2\x80\x8c\xd9\x8b\xd8\xa8",
		  "\xd8\xa8\xd9\x8b\xe2\x80\x8c\xd9\x8b\xd8\xa8" },
		{ "\xd8\xa8\xe2\x80\x8c", NULL },
		{ "\xe2\x80\x8c\xd8\xa8", NULL },
		{ "\xd8\xa7\xe2\x80\x8c\xd8\xa8", NULL },
		{ "\xd8\xa8\xe2\x80\x8d\xd8\xa8", NULL },
		{ "a\xe2\x80\x8c" "b", NULL },
		{ "\xe2\x80\x8c", NULL },
		{ "\xe2\x80\x8d", NULL },
	};

	(void)state;
	check(precis_username, rows, COUNT_OF(rows));
}

static void bidi_rule(void **state)
{
	static const struct row rows[] = {
		{ "\xd7\x90\xd7\x91", "\xd7\x90\xd7\x91" },
		{ "\xd7\x90" "1", "\xd7\x90" "1" },
		{ "\xd7\x90\\401\xd7\x91", "\xd7\x90\\401\xd7\x91" },
		{ "\xd7\x90\xd6\xb7", "\xd7\x90\xd6\xb7" },	/* mark last */
		{ "a\xd7\x90", NULL },
		{ "\xd7\x90" "a", NULL },
		{ "\xd7\x90" "a\xd7\x90", NULL },
		{ "1\xd7\x90", NULL },
		{ "\xd7\x90-", NULL },
		{ "\xd8\xa7" "1\xd9\xa0", NULL },	/* both digits */
	};

	(void)state;
	check(precis_username, rows, COUNT_OF(rows));
}

/* The edges of the ranges that stand in the code. */
static void single_code_points(void **state)
{
	static const struct {
		uint32_t code;
		bool is_good;
	} rows[] = {
		{ 0x21, true }, { 0x7e, true }, { 0xdf, true },
		{ 0x3c2, true }, { 0x6fd, true }, { 0x6fe, true },
		{ 0xf0b, true }, { 0x3007, true }, { 0x640, false },
		{ 0x7fa, false }, { 0x302e, false }, { 0x302f, false },
		{ 0x3031, false }, { 0x3033, false }, { 0x3035, false },
		{ 0x303b, false }, { 0x10ff, true }, { 0x1100, false },
		{ 0x11ff, false }, { 0x1200, true }, { 0xa960, false },
		{ 0xa97c, false }, { 0xa984, true }, { 0xd7a3, true },
		{ 0xd7b0, false }, { 0xd7fb, false }, { 0x20, false },
		{ 0xad, false }, { 0x2764, false }, { 0xe000, false },
		{ 0x10fffd, false }, { 0x6f0, true }, { 0x660, false },
	};
	struct arena *a = arena_new(MEM_MAX);
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		char text[4];
		struct str s = { text, utf8_put(rows[i].code, text) }, out;
		int err = precis_username(a, s, &out);

		if (err != (rows[i].is_good ? 0 : ERR_SYNTAX))
			fail_msg("U+%04X: %s", (unsigned)rows[i].code,
				 err_text(err));
	}
	arena_free(a);
}

static void opaque_strings(void **state)
{
	static const struct row rows[] = {
		{ "", "" },
		{ "foo bar", "foo bar" },
		{ "foo\xe1\x9a\x80" "bar", "foo bar" },	/* ogham blank */
		{ "a\xe3\x80\x80" "B", "a B" },
		{ "Correct Horse", "Correct Horse" },
		{ "\xcf\x80\xc3\x9f\xc3\xa5", "\xcf\x80\xc3\x9f\xc3\xa5" },
		{ "u\xcc\x88", "\xc3\xbc" },
		{ "Jack of \xe2\x99\xa6s", "Jack of \xe2\x99\xa6s" },
		{ "\xef\xbc\xa1", "\xef\xbc\xa1" },	/* width stays */
		/* an emoji sequence with its joiner and selector */
		{ "\xe2\x9d\xa4\xef\xb8\x8f\xe2\x80\x8d\xf0\x9f\x94\xa5",
		  "\xe2\x9d\xa4\xef\xb8\x8f\xe2\x80\x8d\xf0\x9f\x94\xa5" },
	};

	(void)state;
	check(precis_opaque, rows, COUNT_OF(rows));
}

static void folds(void **state)
{
	static const struct row rows[] = {
		{ "Example.ORG", "example.org" },
		{ "B\xc3\x9c" "CHER", "b\xc3\xbc" "cher" },
		{ "\xef\xbc\xb7\xef\xbc\xb7\xef\xbc\xb7", "www" },
		{ "\xef\xbd\xb1", "\xe3\x82\xa2" },	/* half width a */
		{ "\xe2\x99\xa5", "\xe2\x99\xa5" },
	};

	(void)state;
	check(precis_fold, rows, COUNT_OF(rows));
}

static void knows_blanks(void **state)
{
	static const uint32_t blanks[] = {
		0x20, 0xa0, 0x1680, 0x2000, 0x200a, 0x202f, 0x205f, 0x3000,
	};
	uint32_t code, blanks_n = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(blanks); i++)
		assert_true(precis_is_blank(blanks[i]));
	for (code = 0; code < 0x110000; code++)
		blanks_n += precis_is_blank(code);
	assert_int_equal(blanks_n, 17);		/* all of Zs */
}

static void is_bounded(void **state)
{
	static char text[1026];
	struct arena *a = arena_new(MEM_MAX);
	struct str out;
	size_t i;

	(void)state;
	memset(text, 'A', sizeof(text));
	assert_int_equal(precis_username(a, (struct str){ text, 1023 }, &out),
			 0);
	assert_int_equal(precis_username(a, (struct str){ text, 1024 }, &out),
			 ERR_LIMIT);
	assert_null(out.p);
	/* U+0130 grows: i and a combining dot */
	for (i = 0; i < 1022; i += 2)
		memcpy(text + i, "\xc4\xb0", 2);
	assert_int_equal(precis_fold(a, (struct str){ text, 1022 }, &out),
			 ERR_LIMIT);
	assert_int_equal(precis_fold(a, (struct str){ text, 682 }, &out), 0);
	assert_int_equal(out.n, 1023);
	assert_int_equal(precis_fold(a, (struct str){ text, 684 }, &out),
			 ERR_LIMIT);
	arena_free(a);
}

static void needs_its_arena(void **state)
{
	static const struct {
		int (*step)(struct arena *a, struct str s, struct str *out);
		const char *text;
	} rows[] = {
		{ precis_username, "\xc3\x9c" }, { precis_username, "Ab" },
		{ precis_opaque, "u\xcc\x88" }, { precis_opaque, "a b" },
		{ precis_fold, "\xc3\x9c" }, { precis_fold, "Ab" },
	};
	size_t i, max, needed;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct arena *a = arena_new(MEM_MAX);
		struct str out;
		bool was_good = false;

		assert_int_equal(rows[i].step(a, str_of(rows[i].text), &out),
				 0);
		needed = arena_used(a);
		arena_free(a);
		for (max = 0; max <= needed; max++) {
			int err;

			a = arena_new(max);
			err = rows[i].step(a, str_of(rows[i].text), &out);
			assert_true(err == ERR_LIMIT || err == 0);
			assert_true(max > 0 || err == ERR_LIMIT);
			assert_true(!was_good || err == 0);
			assert_int_equal(err == 0, out.p != NULL);
			was_good = err == 0;
			arena_free(a);
		}
		assert_true(was_good);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(worked_example),
		TEST(usernames),
		TEST(context_rules),
		TEST(bidi_rule),
		TEST(single_code_points),
		TEST(opaque_strings),
		TEST(folds),
		TEST(knows_blanks),
		TEST(is_bounded),
		TEST(needs_its_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
