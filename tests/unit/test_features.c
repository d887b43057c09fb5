/* tests/unit/test_features.c: feature sets and how they match.
 * [core/codec/features.h; RFC 3840 9, RFC 3841 7.2.4 and 8, RFC 2533]
 */
#include "tests/unit/unit.h"

#include "core/codec/features.h"

static void check_put(const char *params, const char *expected)
{
	struct features f;
	struct buf b;

	buf_init(&b, 4096);
	assert_int_equal(features_parse(str_of(params), &f), 0);
	features_put(&b, &f);
	assert_int_equal(b.err, 0);
	assert_str(buf_str(&b), expected);
	buf_free(&b);
}

static void reads_the_worked_examples(void **state)
{
	struct features f;

	(void)state;
	assert_int_equal(features_parse(STR("+g.oma.sip-im;methods=\"MESSAGE,"
					    "INVITE\";mobility=mobile;q=0.5"),
					&f), 0);
	assert_int_equal(f.n, 3);
	assert_str(f.list[0].name, "g.oma.sip-im");
	assert_str(f.list[0].values, "TRUE");
	assert_str(f.list[1].values, "MESSAGE,INVITE");
	assert_str(f.list[2].values, "mobile");
	assert_int_equal(features_parse_preference(STR(
		" *;audio;class=\"!business\";require;explicit"), &f), 0);
	assert_int_equal(f.n, 2);
	assert_true(f.is_required && f.is_explicit);
	assert_non_null(features_find(&f, STR("CLASS")));
	assert_null(features_find(&f, STR("video")));
}

static void writes_what_it_read(void **state)
{
	(void)state;
	check_put("", "");
	check_put(";audio = TRUE ; other=1;+x.y=\"<A b>\"; require",
		  ";audio;+x.y=\"<A b>\";require");
	check_put("methods=INVITE;explicit;methods=BYE",
		  ";methods=\"INVITE\";explicit");
	/* ';' and ',' in quotes end nothing */
	check_put("+a=\"x;y,z\";video", ";+a=\"x;y,z\";video");
}

static void refuses_broken_sets(void **state)
{
	static const char *const rows[] = {
		"audio=\"open", ";;", "=x", "+", "+=1", "class=\"\"", "class=",
		"+a=\"q\\\"x\"", "+a=\"\n\"", "+a=\"\x80\"", "au dio",
	};
	struct features f;
	char text[2100];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(features_parse(str_of(rows[i]), &f),
				 ERR_SYNTAX);
		assert_int_equal(f.n, 0);
	}
	assert_int_equal(features_parse_preference(STR("sip:x;audio"), &f),
			 ERR_SYNTAX);
	assert_int_equal(features_parse_preference(STR("*audio"), &f),
			 ERR_SYNTAX);
	assert_int_equal(features_parse_preference(STR(""), &f), ERR_SYNTAX);
	memset(text, 'a', sizeof(text));
	assert_int_equal(features_parse((struct str){ text, sizeof(text) },
					&f), ERR_LIMIT);
	/* "+" and 25 values; 33 features */
	memset(text, ',', 24);
	memcpy(text, "+a=", 3);
	for (i = 3; i < 53; i++)
		text[i] = i % 2 ? 'v' : ',';
	assert_int_equal(features_parse((struct str){ text, 52 }, &f),
			 ERR_LIMIT);
	for (i = 0; i < 33; i++)
		memcpy(text + 4 * i, (char[]){ '+', (char)('a' + i % 26),
				(char)('a' + i / 26), ';' }, 4);
	assert_int_equal(features_parse((struct str){ text, 4 * 32 - 1 }, &f),
			 0);
	assert_int_equal(features_parse((struct str){ text, 4 * 33 - 1 }, &f),
			 ERR_LIMIT);
}

static void splits_values(void **state)
{
	struct str rest = STR(" *;class=\"a,b\" , *;audio,*;x=\"open, *");
	struct str one;

	(void)state;
	assert_true(features_next_value(&rest, &one));
	assert_str(one, "*;class=\"a,b\"");
	assert_true(features_next_value(&rest, &one));
	assert_str(one, "*;audio");
	assert_true(features_next_value(&rest, &one));
	assert_str(one, "*;x=\"open, *");
	assert_false(features_next_value(&rest, &one));
}

static void matches_values(void **state)
{
	static const struct {
		const char *a, *b;
		bool is_match;
	} rows[] = {
		{ "audio", "video", true },		/* nothing in common */
		{ "audio", "audio=\"TRUE\"", true },
		{ "audio", "audio=FALSE", false },
		{ "audio", "audio=\"!FALSE\"", true },
		{ "audio=\"!TRUE\"", "audio=\"!FALSE\"", false },
		{ "class=business", "class=\"BUSINESS\"", true },
		{ "class=business", "class=\"personal\"", false },
		{ "class=\"!business\"", "class=\"personal\"", true },
		{ "class=\"!business\"", "class=\"business\"", false },
		{ "class=\"!a\"", "class=\"!b\"", true },
		{ "methods=\"BYE,MESSAGE\"", "methods=\"INVITE, message\"",
		  true },
		{ "methods=\"BYE\"", "methods=\"INVITE,MESSAGE\"", false },
		{ "description=\"<Fax>\"", "description=\"<Fax>\"", true },
		{ "description=\"<Fax>\"", "description=\"<fax>\"", false },
		{ "description=\"<Fax>\"", "description=\"Fax\"", false },
		{ "description=\"!<Fax>\"", "description=\"<fax>\"", true },
		{ "priority=\"#5\"", "priority=\"#=5.0\"", true },
		{ "priority=\"#>=5\"", "priority=\"#<=4.5\"", false },
		{ "priority=\"#>=5\"", "priority=\"#<=5\"", true },
		{ "priority=\"#1:4\"", "priority=\"#3:9\"", true },
		{ "priority=\"#1:2\"", "priority=\"#-3:0.5\"", false },
		{ "priority=\"!#1:4\"", "priority=\"#2:3\"", false },
		{ "priority=\"!#1:4\"", "priority=\"#2:5\"", true },
		{ "priority=\"#5\"", "priority=\"5\"", false },
		{ "priority=\"#99999999999999999999\"",
		  "priority=\"#>=1\"", true },
		{ "+a=1;+b=2", "+a=1;+b=3", false },
	};
	struct features a, b;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(features_parse(str_of(rows[i].a), &a), 0);
		assert_int_equal(features_parse(str_of(rows[i].b), &b), 0);
		if (features_match(&a, &b) != rows[i].is_match ||
		    features_match(&b, &a) != rows[i].is_match)
			fail_msg("%s and %s", rows[i].a, rows[i].b);
	}
}

static void scores(void **state)
{
	struct features want, has;

	(void)state;
	assert_int_equal(features_parse(STR("methods=BYE;class=business"),
					&want), 0);
	assert_int_equal(features_parse(STR("audio;methods=BYE"), &has), 0);
	assert_int_equal(features_score_milli(&want, &has), 500);
	assert_int_equal(features_score_milli(&has, &has), 1000);
	assert_int_equal(features_parse(STR(""), &want), 0);
	assert_int_equal(features_score_milli(&want, &has), 1000);
}

static void fails_in_every_smaller_buffer(void **state)
{
	struct features f;
	struct buf b;
	size_t max, n;

	(void)state;
	assert_int_equal(features_parse(STR("audio;class=\"!business\";+x=1;"
					    "require;explicit"), &f), 0);
	buf_init(&b, 256);
	features_put(&b, &f);
	n = b.n;
	buf_free(&b);
	for (max = 0; max <= n; max++) {
		buf_init(&b, max);
		features_put(&b, &f);
		assert_int_equal(b.err, max < n ? ERR_LIMIT : 0);
		buf_free(&b);
	}
	f.list[0].values = STR("a\r\nEvil: 1");
	buf_init(&b, 256);
	features_put(&b, &f);
	assert_int_equal(b.err, ERR_SYNTAX);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_the_worked_examples),
		TEST(writes_what_it_read),
		TEST(refuses_broken_sets),
		TEST(splits_values),
		TEST(matches_values),
		TEST(scores),
		TEST(fails_in_every_smaller_buffer),
	};

	return cmocka_run_group_tests_name("features", tests, NULL, NULL);
}
