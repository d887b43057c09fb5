/* tests/unit/test_imdn.c: message/imdn+xml. [RFC 5438 11] */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/codec/imdn.h"

#define MEM_MAX 200000u
#define FILE_MAX 4096u

#define XMLNS "urn:ietf:params:xml:ns:imdn"
#define HEAD "<imdn xmlns=\"" XMLNS "\"><message-id>Kq81</message-id>"
#define WHEN "<datetime>2026-11-21T00:20:00Z</datetime>"
#define DELIVERED \
	"<delivery-notification><status><delivered/></status>" \
	"</delivery-notification>"
#define TAIL "</imdn>"
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

static int parse(struct arena *a, const char *doc, struct imdn *out)
{
	return imdn_parse(a, str_of(doc), out);
}

static void reads_the_worked_example(void **state)
{
	struct arena *a = arena_new(MEM_MAX);
	struct imdn d;

	(void)state;
	assert_int_equal(parse(a, HEAD "\n" WHEN "\n" DELIVERED TAIL, &d), 0);
	assert_str(d.message_id, "Kq81");
	assert_int_equal(d.utc_us, INT64_C(1795220400000000));
	assert_int_equal(d.kind, IMDN_DELIVERY);
	assert_int_equal(d.status, IMDN_DELIVERED);
	assert_null(d.recipient_uri.p);
	assert_null(d.original_recipient_uri.p);
	assert_null(d.subject.p);
	arena_free(a);
}

static void writes_the_worked_example(void **state)
{
	struct imdn d = { .message_id = STR_LIT("Kq81"),
			  .utc_us = INT64_C(1795220400000000),
			  .kind = IMDN_DELIVERY,
			  .status = IMDN_DELIVERED };
	struct buf b;

	(void)state;
	buf_init(&b, MEM_MAX);
	imdn_put(&b, &d);
	assert_int_equal(b.err, 0);
	assert_str(buf_str(&b), DECLARATION HEAD WHEN DELIVERED TAIL);
	buf_free(&b);
}

static void reads_the_vectors(void **state)
{
	struct arena *a = arena_new(MEM_MAX);
	struct imdn d;

	(void)state;
	assert_int_equal(
		imdn_parse(a, read_data(a, "imdn-delivered.xml"), &d), 0);
	assert_str(d.message_id, "34jk324j");
	assert_str(d.recipient_uri, "sip:bob@example.com");
	assert_str(d.original_recipient_uri, "sip:bob@example.com");
	assert_int_equal(d.status, IMDN_DELIVERED);
	assert_int_equal(imdn_parse(a, read_data(a, "imdn-stored.xml"), &d),
			 0);
	assert_int_equal(d.kind, IMDN_PROCESSING);
	assert_int_equal(d.status, IMDN_STORED);
	assert_int_equal(imdn_parse(a, read_data(a, "imdn-bad.xml"), &d),
			 ERR_SYNTAX);
	assert_null(d.message_id.p);
	arena_free(a);
}

/* Every kind with every status: what fits is written and read back, what does
   not is neither. */
static void knows_what_each_kind_may_say(void **state)
{
	static const char *const kinds[] = { "delivery", "display",
					     "processing" };
	static const char *const statuses[] = { "delivered", "failed",
						"displayed", "processed",
						"stored", "forbidden",
						"error" };
	static const char fits[3][8] = { "11...11", "..1..11", "...1111" };
	struct arena *a = arena_new(MEM_MAX);
	struct buf b;
	unsigned k, s;

	(void)state;
	buf_init(&b, MEM_MAX);
	for (k = 0; k < 3; k++) {
		for (s = 0; s < 7; s++) {
			bool is_good = fits[k][s] == '1';
			struct imdn d = { .message_id = STR_LIT("1"),
					  .kind = (enum imdn_kind)k,
					  .status = (enum imdn_status)s };
			struct imdn again;

			assert_int_equal(imdn_status_fits(d.kind, d.status),
					 is_good);
			buf_clear(&b);
			imdn_put(&b, &d);
			assert_int_equal(b.err, is_good ? 0 : ERR_SYNTAX);
			buf_clear(&b);
			buf_printf(&b, "%s%s<%s-notification><status><%s/>"
				   "</status></%s-notification></imdn>", HEAD,
				   WHEN, kinds[k], statuses[s], kinds[k]);
			assert_int_equal(imdn_parse(a, buf_str(&b), &again),
					 is_good ? 0 : ERR_SYNTAX);
			if (is_good) {
				assert_int_equal(again.kind, k);
				assert_int_equal(again.status, s);
			}
			arena_reset(a);
		}
	}
	buf_free(&b);
	arena_free(a);
}

static void takes_what_the_field_sends(void **state)
{
	static const char *const rows[] = {
		HEAD WHEN "<recipient-uri>sip:a@b</recipient-uri>" DELIVERED
			TAIL,
		HEAD WHEN "<x xmlns='urn:x'><y/></x>" DELIVERED
			  "<x xmlns='urn:x'/>" TAIL,
		HEAD WHEN "<delivery-notification><x xmlns='urn:x'/><status>"
			  "<x xmlns='urn:x'/><delivered/></status>"
			  "</delivery-notification>" TAIL,
		"<i:imdn xmlns:i='" XMLNS "'><i:message-id> Kq81\n"
		"</i:message-id><i:datetime> 2026-11-21T01:20:00+01:00 "
		"</i:datetime><i:delivery-notification><i:status><i:delivered>"
		"</i:delivered></i:status></i:delivery-notification></i:imdn>",
	};
	struct arena *a = arena_new(MEM_MAX);
	struct imdn d;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(parse(a, rows[i], &d), 0);
		assert_str(d.message_id, "Kq81");
		assert_int_equal(d.utc_us, INT64_C(1795220400000000));
		assert_int_equal(d.status, IMDN_DELIVERED);
	}
	arena_free(a);
}

static void cleans_the_subject(void **state)
{
	struct arena *a = arena_new(MEM_MAX);
	struct imdn d;

	(void)state;
	assert_int_equal(parse(a,
			       HEAD WHEN "<subject>\n\x7f a\r\nb\tc \x7f"
					 "</subject>" DELIVERED TAIL,
			       &d),
			 0);
	assert_str(d.subject, "a b c");
	assert_int_equal(
		parse(a, HEAD WHEN "<subject/>" DELIVERED TAIL, &d), 0);
	assert_str(d.subject, "");
	assert_non_null(d.subject.p);
	arena_free(a);
}

static void refuses_broken_reports(void **state)
{
	static const char *const rows[] = {
		"",
		"<imdn/>",
		"<imdn xmlns='urn:other'><message-id>1</message-id>" WHEN
			DELIVERED TAIL,
		"<x xmlns='" XMLNS "'><message-id>1</message-id>" WHEN
			DELIVERED "</x>",
		"<!DOCTYPE imdn>" HEAD WHEN DELIVERED TAIL,
		HEAD WHEN TAIL,
		HEAD DELIVERED TAIL,
		"<imdn xmlns='" XMLNS "'>" WHEN DELIVERED TAIL,
		"<imdn xmlns='" XMLNS "'><message-id> </message-id>" WHEN
			DELIVERED TAIL,
		"<imdn xmlns='" XMLNS "'><message-id>a\nb</message-id>" WHEN
			DELIVERED TAIL,
		"<imdn xmlns='" XMLNS "'>" WHEN
		"<message-id>1</message-id>" DELIVERED TAIL,
		HEAD "<message-id>2</message-id>" WHEN DELIVERED TAIL,
		HEAD "<datetime>now</datetime>" DELIVERED TAIL,
		HEAD "<datetime>1969-12-31T23:59:59Z</datetime>" DELIVERED TAIL,
		HEAD WHEN DELIVERED "<display-notification><status>"
		"<displayed/></status></display-notification>" TAIL,
		HEAD WHEN DELIVERED "<subject>x</subject>" TAIL,
		HEAD WHEN "<recipient-uri/>" DELIVERED TAIL,
		HEAD WHEN "<recipient-uri>a&#13;b</recipient-uri>" DELIVERED
			TAIL,
		HEAD WHEN "<delivery-notification/>" TAIL,
		HEAD WHEN "<delivery-notification><status/>"
			  "</delivery-notification>" TAIL,
		HEAD WHEN "<delivery-notification><delivered/>"
			  "</delivery-notification>" TAIL,
		HEAD WHEN "<delivery-notification><status><delivered/>"
			  "<failed/></status></delivery-notification>" TAIL,
		HEAD WHEN "<delivery-notification><status>"
			  "<delivered xmlns='urn:x'/></status>"
			  "</delivery-notification>" TAIL,
		HEAD WHEN "<delivery-notification><status><eaten/></status>"
			  "</delivery-notification>" TAIL,
	};
	struct arena *a = arena_new(MEM_MAX);
	struct imdn d;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		if (parse(a, rows[i], &d) != ERR_SYNTAX)
			fail_msg("row %zu was taken", i);
		assert_null(d.message_id.p);
	}
	arena_free(a);
}

static void limits_the_depth(void **state)
{
	struct arena *a = arena_new(MEM_MAX);
	struct imdn d;
	struct buf b;
	int depth, i;

	(void)state;
	buf_init(&b, MEM_MAX);
	for (depth = 15; depth <= 16; depth++) {
		buf_clear(&b);
		buf_printf(&b, "%s", HEAD WHEN DELIVERED);
		for (i = 0; i < depth; i++)
			buf_printf(&b, "<x>");
		for (i = 0; i < depth; i++)
			buf_printf(&b, "</x>");
		buf_printf(&b, "%s", TAIL);
		assert_int_equal(imdn_parse(a, buf_str(&b), &d),
				 depth == 15 ? 0 : ERR_LIMIT);
	}
	buf_free(&b);
	arena_free(a);
}

static const struct imdn everything = {
	.message_id = STR_LIT("<1&2>"),
	.utc_us = INT64_C(1767607202250000),
	.recipient_uri = STR_LIT("sip:bob@example.com;x=\"y\""),
	.original_recipient_uri = STR_LIT("sip:team@example.com"),
	.subject = STR_LIT("caf\xc3\xa9 </subject><x>"),
	.kind = IMDN_DISPLAY,
	.status = IMDN_FORBIDDEN,
};

static void reads_back_what_it_wrote(void **state)
{
	struct arena *a = arena_new(MEM_MAX);
	struct imdn d;
	struct buf b;

	(void)state;
	buf_init(&b, MEM_MAX);
	imdn_put(&b, &everything);
	assert_int_equal(b.err, 0);
	assert_int_equal(imdn_parse(a, buf_str(&b), &d), 0);
	assert_str(d.message_id, "<1&2>");
	assert_int_equal(d.utc_us, everything.utc_us);
	assert_str(d.recipient_uri, "sip:bob@example.com;x=\"y\"");
	assert_str(d.original_recipient_uri, "sip:team@example.com");
	assert_str(d.subject, "caf\xc3\xa9 </subject><x>");
	assert_int_equal(d.kind, IMDN_DISPLAY);
	assert_int_equal(d.status, IMDN_FORBIDDEN);
	buf_free(&b);
	arena_free(a);
}

static void writes_no_broken_report(void **state)
{
	static const struct imdn rows[] = {
		{ .utc_us = 1 },
		{ .message_id = STR_LIT("1"), .utc_us = -1 },
		{ .message_id = STR_LIT("1"), .utc_us = INT64_MAX },
		{ .message_id = STR_LIT("1"), .kind = IMDN_DISPLAY,
		  .status = IMDN_DELIVERED },
	};
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, MEM_MAX);
	for (i = 0; i < COUNT_OF(rows); i++) {
		buf_clear(&b);
		imdn_put(&b, &rows[i]);
		assert_int_equal(b.err, ERR_SYNTAX);
	}
	buf_free(&b);
}

static void fails_whole_in_every_smaller_memory(void **state)
{
	struct arena *a = arena_new(MEM_MAX);
	size_t max, needed, text_n;
	struct imdn d;
	struct buf b, text;

	(void)state;
	buf_init(&text, MEM_MAX);
	imdn_put(&text, &everything);
	text_n = text.n;
	for (max = 0; max <= text_n; max++) {
		buf_init(&b, max);
		imdn_put(&b, &everything);
		assert_int_equal(b.err, max < text_n ? ERR_LIMIT : 0);
		buf_free(&b);
	}
	assert_int_equal(imdn_parse(a, buf_str(&text), &d), 0);
	needed = arena_used(a);
	arena_free(a);
	/* What arena_used counts is rounded up to 16. */
	for (max = 0; max + 16 <= needed; max++) {
		a = arena_new(max);
		assert_int_equal(imdn_parse(a, buf_str(&text), &d), ERR_LIMIT);
		assert_null(d.message_id.p);
		arena_free(a);
	}
	buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_the_worked_example),
		TEST_ROWS(writes_the_worked_example, "CT15"),
		TEST(reads_the_vectors),
		TEST(knows_what_each_kind_may_say),
		TEST(takes_what_the_field_sends),
		TEST(cleans_the_subject),
		TEST(refuses_broken_reports),
		TEST(limits_the_depth),
		TEST(reads_back_what_it_wrote),
		TEST(writes_no_broken_report),
		TEST(fails_whole_in_every_smaller_memory),
	};

	return cmocka_run_group_tests_name("imdn", tests, NULL, NULL);
}
