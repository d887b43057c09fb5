/* tests/unit/test_number.c: telephone numbers, their canonical form, and the
 * numbering plans.
 */
#include "tests/unit/unit.h"

#include "core/codec/number.h"
#include "core/codec/uri.h"

#define MEM_MAX 65536u

static void worked_example(void **state)
{
	struct arena *a = arena_new(MEM_MAX);
	struct number n;

	(void)state;
	assert_int_equal(number_parse(a, STR("+1-555-0100;ext=7"), false, &n),
			 0);
	assert_true(n.is_global);
	assert_str(n.digits, "15550100");
	assert_str(n.params, "ext=7");
	assert_null(n.context.p);
	assert_int_equal(number_parse(a, STR("7042;phone-context=example.net"),
				      false, &n), 0);
	assert_false(n.is_global);
	assert_str(n.digits, "7042");
	assert_str(n.context, "example.net");
	arena_free(a);
}

static void canonical_form(void **state)
{
	static const struct {
		const char *text;
		bool allow_bare;
		const char *canon;	/* NULL: refused */
	} rows[] = {
		{ "+15550100", false, "tel:+15550100" },
		{ "+1-555-0100;ext=7", false, "tel:+15550100" },
		{ "+1(555)01.00", false, "tel:+15550100" },
		{ "+1", false, "tel:+1" },
		{ "+123456789012345", false, "tel:+123456789012345" },
		{ "+15550100;phone-context=x", false, "tel:+15550100" },
		{ "7042;phone-context=example.net", false,
		  "tel:7042;phone-context=example.net" },
		{ "7042;Phone-Context=Example.NET;ext=1", false,
		  "tel:7042;phone-context=example.net" },
		{ "70-42;ext=1;phone-context=+49-151", false,
		  "tel:7042;phone-context=+49151" },
		{ "*21#;phone-context=x", false, "tel:*21#;phone-context=x" },
		{ "1aD;phone-context=x", false, "tel:1AD;phone-context=x" },
		{ "7042;phone-context=+123456789012345", false,
		  "tel:7042;phone-context=+123456789012345" },
		{ "+1555;x=~", false, "tel:+1555" },
		{ "7042", true, "tel:7042" },
		{ "+15550100", true, "tel:+15550100" },
		{ "12345678901234567890", true, "tel:12345678901234567890" },
		{ "7042", false, NULL },
		{ "7042;ext=1", false, NULL },
		{ "7042;phone-context=", false, NULL },
		{ "7042;phone-context", false, NULL },
		{ "7042;phone-context=+", false, NULL },
		{ "7042;phone-context=+49x", false, NULL },
		{ "7042;phone-context=+1234567890123456", false, NULL },
		{ "7042;phone-context=[::1]", false, NULL },
		{ "7042;phone-context=-x", true, NULL },
		{ "7042;phone-context=a;phone-context=b", false, NULL },
		{ "123456789012345678901", true, NULL },
		{ "+1234567890123456", false, NULL },
		{ "+", false, NULL },
		{ "", true, NULL },
		{ "-", true, NULL },
		{ "+-", false, NULL },
		{ "+1 555", false, NULL },
		{ "++1555", false, NULL },
		{ "1+555", true, NULL },
		{ "+1*", false, NULL },
		{ "+1a", false, NULL },
		{ "12e", true, NULL },
		{ "+1555;", false, NULL },
		{ "+1555;;x", false, NULL },
		{ "+1555;=x", false, NULL },
		{ "+1555;x=a b", false, NULL },
		{ "+1555;x=\"a\"", false, NULL },
		{ "+1555;x=\x7f", false, NULL },
		{ "+1555;x=\xc3\xbc", false, NULL },
		{ "+1555;phone%2Dcontext=x", false, NULL },
		{ "\xd9\xa1\xd9\xa2", true, NULL },	/* Arabic digits */
	};
	struct arena *a = arena_new(MEM_MAX);
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct number n = { .is_global = true }, again;
		struct str canon, twice;
		int err = number_parse(a, str_of(rows[i].text),
				       rows[i].allow_bare, &n);

		if (err != (rows[i].canon ? 0 : ERR_SYNTAX))
			fail_msg("%s: %s", rows[i].text, err_text(err));
		if (err < 0) {
			assert_null(n.digits.p);
			assert_false(n.is_global);
			continue;
		}
		assert_int_equal(number_canon(a, &n, &canon), 0);
		assert_str(canon, rows[i].canon);
		/* canonical already */
		assert_int_equal(number_parse(a, str_from(canon, 4),
					      rows[i].allow_bare, &again), 0);
		assert_int_equal(number_canon(a, &again, &twice), 0);
		assert_true(str_eq(canon, twice));
	}
	arena_free(a);
}

static void nul_is_no_digit(void **state)
{
	struct arena *a = arena_new(MEM_MAX);
	struct number n;

	(void)state;
	assert_int_equal(number_parse(a, STR("+1\0" "5"), true, &n),
			 ERR_SYNTAX);
	assert_int_equal(number_parse(a, STR("+15;x=\0"), true, &n),
			 ERR_SYNTAX);
	arena_free(a);
}

/* The number a URI means, with its parameters; absent when it is none. */
static struct str number_of(struct arena *a, const struct uri *u,
			    struct str user)
{
	struct str value;

	if (u->scheme == URI_TEL && u->params.p)
		return arena_printf(a, "%.*s;%.*s", STR_ARG(user),
				    STR_ARG(u->params));
	if (u->scheme == URI_TEL ||
	    (uri_param(u->params, STR("user"), &value) &&
	     str_ieq(value, STR("phone"))))
		return user;
	return STR_NONE;
}

/* The key a mailbox is found by, from the pieces these codecs give: tel: for
   numbers, else scheme, decoded user and lower-case host. */
static struct str identity(struct arena *a, const char *text)
{
	struct str user, key, written;
	struct number n;
	struct buf b;
	struct uri u;
	size_t i;

	assert_int_equal(uri_parse(str_of(text), &u), 0);
	assert_int_equal(uri_unescape(a, u.user, &user), 0);
	written = number_of(a, &u, user);
	if (written.p) {
		assert_int_equal(number_parse(a, written, false, &n), 0);
		assert_int_equal(number_canon(a, &n, &key), 0);
		return key;
	}
	buf_init(&b, MEM_MAX);
	buf_put_str(&b, STR("sip:"));
	buf_put_str(&b, user);
	buf_put_char(&b, '@');
	for (i = 0; i < u.host.n; i++)
		buf_put_char(&b, (char)ch_lower((unsigned char)u.host.p[i]));
	key = arena_dup(a, buf_str(&b));
	buf_free(&b);
	return key;
}

static void one_mailbox_each(void **state)
{
	static const struct {
		const char *one, *other;
		bool is_same;
	} rows[] = {
		{ "sip:bob@sip.example", "sip:bob@SIP.Example", true },
		{ "sip:bob@sip.example", "SIP:bob@sip.example:5070", true },
		{ "sip:bob@sip.example", "sip:bob@sip.example;transport=tcp",
		  true },
		{ "sip:bob@sip.example", "sips:bob@sip.example", true },
		{ "sip:bob@sip.example", "im:bob@sip.example", true },
		{ "sip:bob@sip.example", "sip:bo%62@sip.example?a=b", true },
		{ "sip:bob@sip.example", "sip:Bob@sip.example", false },
		{ "sip:bob@sip.example", "sip:bob@other.example", false },
		{ "sip:+15550100@x;user=phone", "tel:+15550100", true },
		{ "sip:+1-555-0100@y:5070;transport=tcp;user=PHONE",
		  "tel:+1(555)0100", true },
		{ "sip:%2B15550100@x;user=phone", "tel:+1.555.0100", true },
		{ "sip:7042;phone-context=Example.net@x;user=phone",
		  "tel:70-42;phone-context=example.net", true },
		{ "tel:7042;phone-context=example.net",
		  "tel:7042;phone-context=example.org", false },
		{ "sip:+15550100@x", "tel:+15550100", false },
		{ "tel:+15550100", "tel:+15550101", false },
		{ "tel:15550100;phone-context=+1", "tel:+15550100", false },
	};
	struct arena *a = arena_new(MEM_MAX);
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct str one = identity(a, rows[i].one);
		struct str other = identity(a, rows[i].other);

		if (str_eq(one, other) != rows[i].is_same)
			fail_msg("%s and %s", rows[i].one, rows[i].other);
	}
	arena_free(a);
}

static const struct number_plan germany = {
	.name = STR_LIT("de"), .country = STR_LIT("49"),
	.trunk = STR_LIT("0"), .international = STR_LIT("00"),
	.min_digits = 8, .max_digits = 15,
};
static const struct number_plan america = {
	.name = STR_LIT("nanp"), .country = STR_LIT("1"),
	.international = STR_LIT("011"), .min_digits = 11, .max_digits = 11,
};
static const struct number_plan abroad = {
	.name = STR_LIT("us-any"), .country = STR_LIT("1"),
	.trunk = STR_LIT("1"), .international = STR_LIT("011"),
	.min_digits = 7, .max_digits = 15,
};
static const struct number_plan russia = {
	.name = STR_LIT("ru"), .country = STR_LIT("7"),
	.trunk = STR_LIT("8"), .international = STR_LIT("810"),
	.min_digits = 10, .max_digits = 15,
};
static const struct number_plan generous = {
	.name = STR_LIT("any"), .trunk = STR_LIT("0"), .max_digits = 255,
};
static const struct number_plan nothing = { .name = STR_LIT("none") };

static const struct plan_row {
	const struct number_plan *plan;
	const char *written, *e164;	/* NULL: declined */
} plan_rows[] = {
	{ &germany, "0151 1234567", "+491511234567" },
	{ &germany, "0151/1234567", "+491511234567" },
	{ &germany, " (0151) 12-34.567 ", "+491511234567" },
	{ &germany, "0049 151 1234567", "+491511234567" },
	{ &germany, "+49 151 1234567", "+491511234567" },
	{ &germany, "+49 (0)151 1234567", "+491511234567" },
	{ &germany, "+49 (0) 151 1234567", "+491511234567" },
	{ &germany, "+49 (0151) 1234567", "+4901511234567" },
	{ &germany, "+49 (0", NULL },
	{ &germany, "491511234567", "+491511234567" },
	{ &germany, "001 555 010 0199", "+15550100199" },
	{ &germany, "+15550100199", "+15550100199" },
	{ &germany, "1511234567", NULL },	/* neither trunk nor country */
	{ &germany, "110", NULL },
	{ &germany, "+4911", NULL },		/* too short for the plan */
	{ &germany, "011", NULL },
	{ &germany, "+1234567890123456", NULL },
	{ &germany, "00491234567890123456", NULL },
	{ &germany, "+0151123456", NULL },
	{ &germany, "000151123456", NULL },
	{ &germany, "", NULL }, { &germany, " - ", NULL },
	{ &germany, "+", NULL }, { &germany, "0", NULL },
	{ &germany, "00", NULL },
	{ &germany, "0151x234567", NULL }, { &germany, "*21#", NULL },
	{ &germany, "0151 1234567;ext=1", NULL },
	{ &germany, "++491511234567", NULL },
	{ &germany, "0151+1234567", NULL },
	{ &germany, "0000000000000000000000000000000000000000", NULL },
	{ &america, "(555) 010-0199", "+15550100199" },
	{ &america, "1 555 010 0199", "+15550100199" },
	{ &america, "011 1 555 010 0199", "+15550100199" },
	{ &america, "011 49 151 1234567", NULL },	/* 12 digits */
	{ &america, "5550199", NULL },
	{ &abroad, "011 49 151 1234567", "+491511234567" },
	{ &abroad, "1-555-010-0199", "+15550100199" },
	{ &abroad, "555-010-0199", NULL },
	{ &russia, "8 (495) 010-01-99", "+74950100199" },
	{ &russia, "8 10 49 151 1234567", "+491511234567" },
	{ &russia, "+7 495 010 01 99", "+74950100199" },
	{ &generous, "+123456789012345", "+123456789012345" },
	{ &generous, "+1234567890123456", NULL },
	{ &generous, "0151 1234567", NULL },	/* no country to go before */
	{ &nothing, "+491511234567", "+491511234567" },
	{ &nothing, "+1", "+1" },
	{ &nothing, "0151 1234567", NULL },
	{ &nothing, "491511234567", NULL },
};

static void plans_make_e164(void **state)
{
	struct arena *a = arena_new(MEM_MAX);
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(plan_rows); i++) {
		const struct plan_row *row = &plan_rows[i];
		struct str out, again;
		int err = number_to_e164(a, row->plan, str_of(row->written),
					 &out);

		if (err != (row->e164 ? 0 : ERR_DECLINED))
			fail_msg("%s: %s", row->written, err_text(err));
		if (err < 0) {
			assert_null(out.p);
			continue;
		}
		assert_str(out, row->e164);
		assert_int_equal(number_to_e164(a, row->plan, out, &again), 0);
		assert_true(str_eq(out, again));
	}
	arena_free(a);
}

static int parse_text(struct arena *a, struct str *out)
{
	struct number n;
	int err = number_parse(a, STR("7042;phone-context=x"), false, &n);

	*out = n.digits;
	return err;
}

static int canon_text(struct arena *a, struct str *out)
{
	const struct number n = {
		.digits = STR_LIT("7042"), .context = STR_LIT("+49-1"),
	};

	return number_canon(a, &n, out);
}

static int e164_text(struct arena *a, struct str *out)
{
	return number_to_e164(a, &germany, STR("0151 1234567"), out);
}

static void needs_its_arena(void **state)
{
	static const struct {
		int (*step)(struct arena *a, struct str *out);
		const char *out;
	} rows[] = {
		{ parse_text, "7042" },
		{ canon_text, "tel:7042;phone-context=+491" },
		{ e164_text, "+491511234567" },
	};
	size_t i, max, needed;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct arena *a = arena_new(MEM_MAX);
		bool was_good = false;
		struct str out;

		assert_int_equal(rows[i].step(a, &out), 0);
		needed = arena_used(a);
		arena_free(a);
		for (max = 0; max <= needed; max++) {
			int err;

			a = arena_new(max);
			err = rows[i].step(a, &out);
			assert_true(err == ERR_LIMIT || err == 0);
			assert_true(max > 0 || err == ERR_LIMIT);
			assert_true(!was_good || err == 0);
			was_good = err == 0;
			if (was_good)
				assert_str(out, rows[i].out);
			else
				assert_null(out.p);
			arena_free(a);
		}
		assert_true(was_good);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(worked_example),
		TEST(canonical_form),
		TEST(nul_is_no_digit),
		TEST_ROWS(one_mailbox_each, "CP01"),
		TEST(plans_make_e164),
		TEST(needs_its_arena),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
