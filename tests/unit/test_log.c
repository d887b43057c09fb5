/* tests/unit/test_log.c: one event, one line, and nobody forges it. */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/base/log.h"
#include "core/base/utf8.h"

static char last[8192];
static size_t last_n;
static unsigned lines_n;

static void keep(enum log_level level, const char *line, size_t n)
{
	(void)level;
	assert_int_equal(strlen(line), n);
	assert_true(n < sizeof(last));
	memcpy(last, line, n + 1);
	last_n = n;
	lines_n++;
}

static int start(void **state)
{
	(void)state;
	log_set_sink(keep);
	log_set_level(NULL, LOG_INFO);
	log_set_privacy(false);
	lines_n = 0;
	return 0;
}

static void writes_key_value(void **state)
{
	const struct trace_id trace = { 0x4bf9, 1 };
	const struct log_ctx link = {
		.module = "xmpp", .field = F_TEXT("link", "prosody1"),
	};
	const struct log_ctx session = {
		.parent = &link, .field = F_N("session", 7),
	};
	const struct log_ctx msg = { .parent = &session,
				     .field = F_TRACE(trace) };

	(void)state;
	log_info(&msg, "msg_accepted", F_STR("from", STR("sip:a@b")),
		 F_N("bytes", -12));
	assert_string_equal(last, "level=info module=xmpp event=msg_accepted"
			    " link=prosody1 session=7"
			    " trace=0000000000004bf90000000000000001"
			    " from=sip:a@b bytes=-12");
	log_error(NULL, "alone");
	assert_string_equal(last, "level=error event=alone");
	log_warning(&(struct log_ctx){ .module = "sip" }, "w");
	assert_string_equal(last, "level=warning module=sip event=w");
	assert_int_equal(lines_n, 3);
}

static void escapes_foreign_text(void **state)
{
	static const struct {
		struct str value;
		const char *expected;
	} rows[] = {
		{ STR_LIT("plain-1:@/"), "plain-1:@/" },
		{ STR_LIT(""), "\"\"" },
		{ STR_LIT("a b"), "\"a b\"" },
		{ STR_LIT("a=b"), "\"a=b\"" },
		{ STR_LIT("a\"b\\c"), "\"a\\\"b\\\\c\"" },
		{ STR_LIT("a\nlevel=error event=x"),
		  "\"a\\x0alevel=error event=x\"" },
		{ STR_LIT("\0\r\t\x1b[31m\x7f"),
		  "\"\\x00\\x0d\\x09\\x1b[31m\\x7f\"" },
		{ STR_LIT("f\xc3\xbc"), "\"f\xc3\xbc\"" },
		{ STR_LIT("\xff\xc3"), "\"\\xff\\xc3\"" },
		{ STR_LIT("\xc2\x85"), "\"\\x85\"" },
		{ STR_LIT("\xe2\x80\xae" "evil"), "\"\\u202eevil\"" },
		{ STR_LIT("\xd8\x9c"), "\"\\u061c\"" },
		{ STR_LIT("\xe2\x81\xa6"), "\"\\u2066\"" },
		{ STR_LIT("\xe2\x80\xa8"), "\"\\u2028\"" },
		{ STR_LIT("\xef\xbb\xbf"), "\"\\ufeff\"" },
	};
	char expected[300];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		log_info(NULL, "e", F_STR("v", rows[i].value));
		snprintf(expected, sizeof(expected), "level=info event=e v=%s",
			 rows[i].expected);
		assert_string_equal(last, expected);
	}
}

static void caps_values_and_lines(void **state)
{
	static char big[5000];
	char out[64];
	size_t n, i;

	(void)state;
	memset(big, 'x', sizeof(big));
	log_info(NULL, "e", F_STR("v", ((struct str){ big, 256 })));
	assert_int_equal(last_n, strlen("level=info event=e v=") + 256);
	log_info(NULL, "e", F_STR("v", ((struct str){ big, sizeof(big) })));
	assert_int_equal(last_n, strlen("level=info event=e v=\"\"") + 256);
	/* twelve values of the worst kind: the line ends, nothing overflows */
	memset(big, 1, sizeof(big));
	log_info(NULL, "e", F_STR("a", ((struct str){ big, 256 })),
		 F_STR("b", ((struct str){ big, 256 })),
		 F_STR("c", ((struct str){ big, 256 })),
		 F_STR("d", ((struct str){ big, 256 })),
		 F_STR("e", ((struct str){ big, 256 })));
	assert_int_equal(last_n, 4095);
	/* the escaped form alone, cut between escapes, always ended */
	for (n = 1; n < sizeof(out); n++) {
		memset(out, 'z', sizeof(out));
		i = log_escape((struct str){ big, 20 }, out, n);
		assert_int_equal(i, (n - 1) / 4 * 4);
		assert_int_equal(out[i], '\0');
		assert_int_equal(out[n], 'z');
	}
	assert_int_equal(log_escape(STR("x"), out, 0), 0);
}

static void levels_per_module(void **state)
{
	const struct log_ctx sip = { .module = "sip" };
	const struct log_ctx child = { .parent = &sip };
	const struct log_ctx sms = { .module = "sms" };
	char name[8];
	unsigned i, taken_n = 0;

	(void)state;
	log_debug(&sip, "quiet");
	assert_int_equal(lines_n, 0);
	assert_true(log_set_level("sip", LOG_DEBUG));
	assert_int_equal(log_level_of("sip"), LOG_DEBUG);
	assert_int_equal(log_level_of("sms"), LOG_INFO);
	log_debug(&child, "loud");
	log_debug(&sms, "quiet");
	log_debug(NULL, "quiet");
	assert_int_equal(lines_n, 1);
	assert_true(log_set_level("sip", LOG_ERROR));
	log_warning(&child, "quiet");
	log_error(&child, "loud");
	assert_int_equal(lines_n, 2);
	assert_true(log_set_level(NULL, LOG_WARNING));
	log_info(&sms, "quiet");
	assert_int_equal(lines_n, 2);
	/* 32 modules have room, long names have none */
	for (i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "m%u", i);
		taken_n += log_set_level(name, LOG_INFO);
	}
	assert_int_equal(taken_n, 31);
	assert_true(log_set_level("m0", LOG_ERROR));
	assert_false(log_set_level("a_name_of_more_than_23_bytes", LOG_INFO));
	log_set_sink(NULL);
	log_error(NULL, "silence");
	assert_int_equal(lines_n, 2);
	assert_false(log_wanted(LOG_ERROR, NULL));
}

static void masks_addresses(void **state)
{
	static const struct {
		const char *addr, *masked;
	} rows[] = {
		{ "sip:alice@sip.example", "sip:al***@sip.example" },
		{ "alice@xmpp.example/phone", "al***@xmpp.example" },
		{ "room@muc.example/Alice", "ro***@muc.example" },
		{ "sip:alice@b;gr=alice?x", "sip:al***@b" },
		{ "tel:+15550100", "tel:+1***" },
		{ "+15550100", "+1***" },
		{ "a@b", "a***@b" },
		{ "sip:@b", "sip:***@b" },
		{ "sip:f\xc3\xbc@b", "sip:f***@b" },
		{ "\xc3\xbc@b", "\"\xc3\xbc***@b\"" },
		{ "", "\"\"" },
	};
	static char big[1000];
	char expected[100];
	size_t i;

	(void)state;
	log_info(NULL, "e", F_ADDR("to", STR("sip:alice@sip.example")));
	assert_non_null(strstr(last, "alice"));
	log_set_privacy(true);
	for (i = 0; i < COUNT_OF(rows); i++) {
		log_info(NULL, "e", F_ADDR("to", str_of(rows[i].addr)));
		snprintf(expected, sizeof(expected), "level=info event=e to=%s",
			 rows[i].masked);
		assert_string_equal(last, expected);
	}
	/* other fields stay */
	log_info(NULL, "e", F_TEXT("text", "alice"));
	assert_non_null(strstr(last, "alice"));
	/* a scheme as long as a book, a domain as long as a book */
	memset(big, 's', sizeof(big));
	big[500] = ':';
	big[900] = '@';
	log_info(NULL, "e", F_ADDR("to", ((struct str){ big, sizeof(big) })));
	big[2] = '@';
	log_info(NULL, "e", F_ADDR("to", ((struct str){ big, sizeof(big) })));
	assert_int_equal(lines_n, 1 + COUNT_OF(rows) + 3);
}

static bool is_forbidden(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c ||
	       (code >= 0x200b && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2060 && code <= 0x2069) || code == 0xfeff;
}

/* The line has no character that ends it, moves a cursor or turns text, and
   outside of its quotes there is nothing that looks like a further field. */
static void assert_one_line(void)
{
	struct str rest = { last, last_n };
	bool in_quotes = false;
	unsigned events = 0;
	uint32_t code;
	size_t n;

	for (; rest.n; rest = str_from(rest, n)) {
		n = utf8_next(rest, &code);
		assert_true(n > 0);
		assert_false(is_forbidden(code));
		if (in_quotes && code == '\\')
			n++; /* with what it escapes */
		else if (code == '"')
			in_quotes = !in_quotes;
		else if (!in_quotes)
			events += str_starts(rest, STR(" event="));
	}
	assert_false(in_quotes);
	assert_int_equal(events, 1);
}

/* Whatever the character, whatever the kind of field, masked or not. */
static void nothing_forges_a_line(void **state)
{
	static const char *const fixed[] = {
		"\r\nlevel=error event=forged", "x\" event=forged y=\"",
		"x\\\" event=forged", "\\", "\\\\\"", "\x1b[2J", "\xe2\x80\xae",
		"\xff event=forged", "\xc3", "\xed\xa0\x80", "a b=c", "=", "\"",
	};
	struct log_ctx ctx = { .module = "sip" };
	char text[64], wide[8];
	uint32_t code;
	size_t n, i;

	(void)state;
	for (code = 0; code < 0x3000 + COUNT_OF(fixed); code++) {
		i = code - 0x3000;
		if (code >= 0x3000)
			n = (size_t)snprintf(text, sizeof(text), "%s",
					     fixed[i]);
		else {
			n = utf8_put(code, wide);
			memcpy(text, "a", 1);
			memcpy(text + 1, wide, n);
			memcpy(text + 1 + n, " event=x@b", 10);
			n += 11;
		}
		for (i = 0; i < 2; i++) {
			struct str s = { text, n };

			log_set_privacy(i == 1);
			ctx.field = F_STR("peer", s);
			lines_n = 0;
			log_info(&ctx, "e", F_STR("a", s), F_ADDR("b", s));
			assert_int_equal(lines_n, 1);
			assert_one_line();
		}
	}
}

static void names_of_levels(void **state)
{
	enum log_level level;

	(void)state;
	assert_true(log_level_parse(STR("debug"), &level));
	assert_int_equal(level, LOG_DEBUG);
	assert_true(log_level_parse(STR("error"), &level));
	assert_int_equal(level, LOG_ERROR);
	assert_false(log_level_parse(STR("Debug"), &level));
	assert_false(log_level_parse(STR(""), &level));
	assert_string_equal(log_level_name(LOG_WARNING), "warning");
	assert_string_equal(log_level_name(LOG_INFO), "info");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(writes_key_value, start),
		cmocka_unit_test_setup(escapes_foreign_text, start),
		cmocka_unit_test_setup(caps_values_and_lines, start),
		cmocka_unit_test_setup(masks_addresses, start),
		cmocka_unit_test_setup(names_of_levels, start),
		cmocka_unit_test_setup(nothing_forges_a_line, start),
		cmocka_unit_test_setup(levels_per_module, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
