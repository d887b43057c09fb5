/* tests/unit/test_iscomposing.c: application/im-iscomposing+xml. [RFC 3994] */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/codec/iscomposing.h"

#define MEM_MAX 100000u
#define FILE_MAX 4096u

#define XMLNS "urn:ietf:params:xml:ns:im-iscomposing"
#define HEAD "<isComposing xmlns=\"" XMLNS "\">"
#define TAIL "</isComposing>"
#define DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"

/* Runs from the root, as make test does. */
static struct str read_data(struct arena *a, const char *name)
{
	char path[100];
	char *p = arena_alloc(a, FILE_MAX);
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "tests/data/xml/%s", name);
	f = fopen(path, "rb");
	if (!f || !p)
		fail_msg("cannot read %s", path);
	n = fread(p, 1, FILE_MAX, f);
	fclose(f);
	return (struct str){ p, n };
}

static int parse(struct arena *a, const char *doc, struct iscomposing *out)
{
	return iscomposing_parse(a, str_of(doc), out);
}

static void reads_the_worked_example(void **state)
{
	struct arena *a = arena_new(MEM_MAX);
	struct iscomposing c;

	(void)state;
	assert_int_equal(
		parse(a, HEAD "\n<state>active</state><refresh>90</refresh>"
		      TAIL, &c), 0);
	assert_true(c.is_active);
	assert_int_equal(c.refresh_s, 90);
	assert_null(c.content_type.p);
	assert_int_equal(c.last_active_utc_us, 0);
	arena_free(a);
}

static void reads_the_vectors(void **state)
{
	struct arena *a = arena_new(MEM_MAX);
	struct iscomposing c;

	(void)state;
	assert_int_equal(
		iscomposing_parse(a, read_data(a, "isc-active.xml"), &c), 0);
	assert_true(c.is_active);
	assert_int_equal(c.refresh_s, 90);
	assert_str(c.content_type, "text/plain");
	assert_int_equal(
		iscomposing_parse(a, read_data(a, "isc-idle.xml"), &c), 0);
	assert_false(c.is_active);
	assert_int_equal(c.refresh_s, 0);
	assert_int_equal(c.last_active_utc_us, INT64_C(1767607201000000));
	arena_free(a);
}

static void judges_documents(void **state)
{
	static const struct {
		const char *doc;
		int err;
		bool is_active;
		uint32_t refresh_s;
	} rows[] = {
		{ HEAD "<state>idle</state>" TAIL, 0, false, 0 },
		{ HEAD "<state> active\n</state>" TAIL, 0, true, 0 },
		{ HEAD "<state>Active</state>" TAIL, 0, false, 0 },
		{ HEAD "<state>thinking</state>" TAIL, 0, false, 0 },
		{ HEAD "<state/>" TAIL, 0, false, 0 },
		{ HEAD "<refresh> +5 </refresh><state>active</state>" TAIL, 0,
		  true, 5 },
		{ HEAD "<state>active</state><refresh>99999999999</refresh>"
		  TAIL, 0, true, UINT32_MAX },
		{ HEAD "<x xmlns='urn:x'/><state>active</state>" TAIL, 0, true,
		  0 },
		{ HEAD TAIL, ERR_SYNTAX, false, 0 },
		{ HEAD "<state xmlns='urn:x'>active</state>" TAIL, ERR_SYNTAX,
		  false, 0 },
		{ "<isComposing><state>active</state></isComposing>",
		  ERR_SYNTAX, false, 0 },
		{ "<iscomposing xmlns='" XMLNS "'><state>active</state>"
		  "</iscomposing>", ERR_SYNTAX, false, 0 },
		{ HEAD "<state>active</state><refresh>0</refresh>" TAIL,
		  ERR_SYNTAX, false, 0 },
		{ HEAD "<state>active</state><refresh>-1</refresh>" TAIL,
		  ERR_SYNTAX, false, 0 },
		{ HEAD "<state>active</state><refresh/>" TAIL, ERR_SYNTAX,
		  false, 0 },
		{ HEAD "<state>active</state><refresh>9s</refresh>" TAIL,
		  ERR_SYNTAX, false, 0 },
		{ HEAD "<state>idle</state><lastactive>now</lastactive>" TAIL,
		  ERR_SYNTAX, false, 0 },
		{ HEAD "<state>active</state><contenttype>a&#10;b"
		  "</contenttype>" TAIL, ERR_SYNTAX, false, 0 },
		{ "<!DOCTYPE isComposing>" HEAD "<state>active</state>" TAIL,
		  ERR_SYNTAX, false, 0 },
		{ "", ERR_SYNTAX, false, 0 },
	};
	struct arena *a = arena_new(MEM_MAX);
	struct iscomposing c;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		int err = parse(a, rows[i].doc, &c);

		if (err != rows[i].err)
			fail_msg("row %zu: %d", i, err);
		assert_int_equal(c.is_active, rows[i].is_active);
		assert_int_equal(c.refresh_s, rows[i].refresh_s);
	}
	arena_free(a);
}

static const struct iscomposing everything = {
	.is_active = true,
	.refresh_s = 120,
	.content_type = STR_LIT("text/<plain>&"),
	.last_active_utc_us = INT64_C(1767607201250000),
};

static void writes_documents(void **state)
{
	struct iscomposing c = { .is_active = false };
	struct buf b;

	(void)state;
	buf_init(&b, MEM_MAX);
	iscomposing_put(&b, &c);
	assert_str(buf_str(&b), DECLARATION HEAD "<state>idle</state>" TAIL);
	buf_clear(&b);
	iscomposing_put(&b, &everything);
	assert_int_equal(b.err, 0);
	assert_str(buf_str(&b),
		   DECLARATION HEAD "<state>active</state>"
		   "<lastactive>2026-01-05T10:00:01.250Z</lastactive>"
		   "<contenttype>text/&lt;plain&gt;&amp;</contenttype>"
		   "<refresh>120</refresh>" TAIL);
	buf_clear(&b);
	c.last_active_utc_us = -1;
	iscomposing_put(&b, &c);
	assert_int_equal(b.err, ERR_SYNTAX);
	buf_free(&b);
}

static void reads_back_what_it_wrote(void **state)
{
	struct arena *a = arena_new(MEM_MAX);
	struct iscomposing c;
	struct buf b;

	(void)state;
	buf_init(&b, MEM_MAX);
	iscomposing_put(&b, &everything);
	assert_int_equal(iscomposing_parse(a, buf_str(&b), &c), 0);
	assert_true(c.is_active);
	assert_int_equal(c.refresh_s, 120);
	assert_str(c.content_type, "text/<plain>&");
	assert_int_equal(c.last_active_utc_us, everything.last_active_utc_us);
	buf_free(&b);
	arena_free(a);
}

static void fails_whole_in_every_smaller_memory(void **state)
{
	struct arena *a = arena_new(MEM_MAX);
	size_t max, needed, text_n;
	struct iscomposing c;
	struct buf b, text;

	(void)state;
	buf_init(&text, MEM_MAX);
	iscomposing_put(&text, &everything);
	text_n = text.n;
	for (max = 0; max <= text_n; max++) {
		buf_init(&b, max);
		iscomposing_put(&b, &everything);
		assert_int_equal(b.err, max < text_n ? ERR_LIMIT : 0);
		buf_free(&b);
	}
	assert_int_equal(iscomposing_parse(a, buf_str(&text), &c), 0);
	needed = arena_used(a);
	arena_free(a);
	/* What arena_used counts is rounded up to 16. */
	for (max = 0; max + 16 <= needed; max++) {
		a = arena_new(max);
		assert_int_equal(iscomposing_parse(a, buf_str(&text), &c),
				 ERR_LIMIT);
		assert_false(c.is_active);
		arena_free(a);
	}
	buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_the_worked_example),
		TEST(reads_the_vectors),
		TEST(judges_documents),
		TEST(writes_documents),
		TEST(reads_back_what_it_wrote),
		TEST(fails_whole_in_every_smaller_memory),
	};

	return cmocka_run_group_tests_name("iscomposing", tests, NULL, NULL);
}
