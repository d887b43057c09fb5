/* tests/unit/test_sdp.c: session descriptions. [RFC 8866, RFC 4975 8, RFC 6135,
 * RFC 5547]
 */
#include "tests/unit/unit.h"

#include "core/codec/sdp.h"

#define MEM_MAX 1000000u

#define HEAD "v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\n"
#define CONN "c=IN IP4 192.0.2.1\r\n"
#define TIME "t=0 0\r\n"

/* An offer as an IM client makes it. */
static const char offer[] =
	"v=0\r\n"
	"o=- 3976000000 3976000001 IN IP4 127.0.0.1\r\n"
	"s=-\r\n"
	"c=IN IP4 127.0.0.1\r\n"
	"t=0 0\r\n"
	"a=group:LS\r\n"
	"m=message 7001 TCP/MSRP *\r\n"
	"a=accept-types:message/cpim application/im-iscomposing+xml\r\n"
	"a=accept-wrapped-types:text/plain image/*\r\n"
	"a=setup:actpass\r\n"
	"a=path:msrp://127.0.0.1:7001/al1ce-9f3a;tcp\r\n"
	"a=sendrecv\r\n"
	"a=max-size:524288\r\n"
	"m=message 0 TCP/TLS/MSRP *\r\n"
	"c=IN IP6 ::1\r\n"
	"a=file-selector:name:\"a.jpg\" type:image/jpeg size:8192\r\n";

static int parse(struct arena *a, const char *text, struct sdp *out)
{
	return sdp_parse(a, str_of(text), out);
}

static void reads_the_worked_example(void **state)
{
	struct arena *a = arena_new(MEM_MAX);
	struct sdp s;

	(void)state;
	assert_int_equal(
		parse(a,
		      "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n"
		      "m=message 7001 TCP/MSRP *\r\n"
		      "a=path:msrp://192.0.2.1:7001/x;tcp\r\n",
		      &s),
		0);
	assert_int_equal(s.media_n, 1);
	assert_str(s.media[0].kind, "message");
	assert_int_equal(s.media[0].port, 7001);
	assert_int_equal(s.media[0].formats_n, 1);
	assert_str(s.media[0].formats[0], "*");
	assert_int_equal(s.media[0].attrs_n, 1);
	assert_str(s.media[0].attrs[0].name, "path");
	assert_false(s.media[0].conn.is_set);
	arena_free(a);
}

static void reads_an_offer(void **state)
{
	struct arena *a = arena_new(MEM_MAX);
	const struct sdp_media *m;
	struct sdp s;

	(void)state;
	assert_int_equal(parse(a, offer, &s), 0);
	assert_str(s.origin_user, "-");
	assert_str(s.origin_id, "3976000000");
	assert_str(s.origin_version, "3976000001");
	assert_str(s.origin.address, "127.0.0.1");
	assert_str(s.name, "-");
	assert_int_equal(s.media_n, 2);
	m = &s.media[0];
	assert_str(m->proto, "TCP/MSRP");
	assert_int_equal(m->ports_n, 1);
	assert_str(m->conn.address, "127.0.0.1");
	assert_int_equal(m->attrs_n, 6);
	assert_str(sdp_attr_find(&s, m, "setup")->value, "actpass");
	assert_str(sdp_attr_find(&s, m, "group")->value, "LS");
	assert_null(sdp_attr_find(&s, m, "sendrecv")->value.p);
	assert_null(sdp_attr_find(&s, m, "Setup"));
	assert_null(sdp_attr_find(&s, NULL, "setup"));
	m = &s.media[1];
	assert_int_equal(m->port, 0);
	assert_true(m->conn.is_ip6);
	assert_str(m->conn.address, "::1");
	assert_null(sdp_attr_find(&s, m, "setup"));
	assert_str(sdp_attr_find(&s, m, "file-selector")->value,
		   "name:\"a.jpg\" type:image/jpeg size:8192");
	arena_free(a);
}

static void writes_what_it_read(void **state)
{
	struct arena *a = arena_new(MEM_MAX);
	struct sdp s;
	struct buf b;

	(void)state;
	buf_init(&b, MEM_MAX);
	assert_int_equal(parse(a, offer, &s), 0);
	sdp_put(&b, &s);
	assert_int_equal(b.err, 0);
	assert_str(buf_str(&b), offer);
	buf_free(&b);
	arena_free(a);
}

/* The line that hangs sofia-sip's parser, and its relatives: read at once, and
   so that the caller can refuse the line. */
static void takes_odd_formats_at_once(void **state)
{
	static const struct {
		const char *line;
		size_t formats_n;
		const char *first;
	} rows[] = {
		{ "m=message 1 TCP/MSRP ,\r\n", 1, "," },
		{ "m=message 1 TCP/MSRP *,*\r\n", 1, "*,*" },
		{ "m=message 1 TCP/MSRP  * \r\n", 1, "*" },
		{ "m=message 1 TCP/MSRP * * *\r\n", 3, "*" },
		{ "m=message 1 TCP/MSRP \"\r\n", 1, "\"" },
		{ "m=message 1 , ,\r\n", 1, "," },
	};
	struct arena *a = arena_new(MEM_MAX);
	struct sdp s;
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, MEM_MAX);
	for (i = 0; i < COUNT_OF(rows); i++) {
		buf_clear(&b);
		buf_printf(&b, "%s%s", HEAD TIME, rows[i].line);
		assert_int_equal(sdp_parse(a, buf_str(&b), &s), 0);
		assert_int_equal(s.media_n, 1);
		assert_int_equal(s.media[0].formats_n, rows[i].formats_n);
		assert_str(s.media[0].formats[0], rows[i].first);
	}
	buf_free(&b);
	arena_free(a);
}

static void takes_what_the_field_sends(void **state)
{
	static const struct {
		const char *text;
		size_t media_n;
	} rows[] = {
		{ HEAD TIME, 0 },
		{ "v=0\no=bob 1 2 IN IP6 ::1\ns= \nt=0 0\nm=message 9/2 x *",
		  1 },
		{ HEAD TIME "\r\n\r\n", 0 },
		{ HEAD "i=x\r\nu=x\r\ne=x\r\np=x\r\nb=AS:1\r\n" TIME
		  "r=1 2\r\nz=0 0\r\nk=x\r\nX=?\r\n",
		  0 },
		{ HEAD TIME "t=1 2\r\nm=audio 1 RTP/AVP 0 8\r\nk=x\r\n", 1 },
		{ HEAD "c=TN RFC2543 +1-201-406-4090\r\n" TIME, 0 },
		{ HEAD TIME "m=message 9 TCP/MSRP *\r\nc=IN IP4 a\r\n"
		  "c=IN IP4 b\r\n",
		  1 },
		{ "v=0\r\no=- 1 2 in ip4 a\r\ns=\xff\r\n" TIME, 0 },
	};
	struct arena *a = arena_new(MEM_MAX);
	struct sdp s;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		if (parse(a, rows[i].text, &s) != 0)
			fail_msg("row %zu was refused", i);
		assert_int_equal(s.media_n, rows[i].media_n);
	}
	arena_free(a);
}

static void refuses_broken_ones(void **state)
{
	static const char *const rows[] = {
		"",
		"\r\n",
		"v=0\r\n",
		"v=1\r\no=- 1 2 IN IP4 a\r\ns=-\r\n" TIME,
		"o=- 1 2 IN IP4 a\r\nv=0\r\ns=-\r\n" TIME,
		HEAD,
		"v=0\r\ns=-\r\n" TIME,
		"v=0\r\no=- 1 2 IN IP4 a\r\n" TIME,
		HEAD TIME "v=0\r\n",
		HEAD TIME "o=- 1 2 IN IP4 a\r\n",
		HEAD TIME "s=x\r\n",
		"v=0\r\no=- x 2 IN IP4 a\r\ns=-\r\n" TIME,
		"v=0\r\no=- 1 IN IP4 a\r\ns=-\r\n" TIME,
		"v=0\r\no=- 1 2 IN IP4\r\ns=-\r\n" TIME,
		"v=0\r\no=- 1 2 IN IP4 a b\r\ns=-\r\n" TIME,
		"v=0\r\no=- 1 2 IN IP9 a\r\ns=-\r\n" TIME,
		HEAD "c=IN IP4\r\n" TIME,
		HEAD CONN CONN TIME,
		HEAD "t=0\r\n",
		HEAD "t=0 0 0\r\n",
		HEAD "t=a b\r\n",
		HEAD TIME "a=\r\n",
		HEAD TIME "a=:x\r\n",
		HEAD TIME "a=b c:x\r\n",
		HEAD TIME "m=message 7001 TCP/MSRP\r\n",
		HEAD TIME "m=message 7001\r\n",
		HEAD TIME "m=message x TCP/MSRP *\r\n",
		HEAD TIME "m=message 65536 TCP/MSRP *\r\n",
		HEAD TIME "m=message 1/0 TCP/MSRP *\r\n",
		HEAD TIME "m=message 1/ TCP/MSRP *\r\n",
		HEAD TIME "m=mess/age 1 TCP/MSRP *\r\n",
		HEAD "m=message 1 TCP/MSRP *\r\n" TIME,
		HEAD TIME "m=message 1 TCP/MSRP *\r\n" TIME,
		HEAD TIME "nonsense\r\n",
		HEAD TIME " a=b\r\n",
		HEAD TIME "=b\r\n",
		HEAD TIME "1=b\r\n",
		HEAD "\r\n" TIME,
		HEAD TIME "a=b\rc\r\n",
		HEAD TIME "a=b\x01\r\n",
	};
	struct arena *a = arena_new(MEM_MAX);
	struct sdp s;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		if (parse(a, rows[i], &s) != ERR_SYNTAX)
			fail_msg("row %zu was taken", i);
		assert_int_equal(s.media_n, 0);
		assert_null(s.media);
	}
	assert_int_equal(sdp_parse(a, (struct str)STR_LIT(HEAD TIME "a=b\0"),
				   &s),
			 ERR_SYNTAX);
	arena_free(a);
}

static void limits_each_list(void **state)
{
	static const struct {
		const char *before, *unit, *after;
		size_t max;
	} rows[] = {
		{ "", "m=x 1 y z\r\n", "", SDP_MEDIA_MAX },
		{ "", "a=x\r\n", "", SDP_ATTRS_MAX },
		{ "a=y\r\nm=x 1 y z\r\n", "a=x\r\n", "m=x 1 y z\r\na=x\r\n",
		  SDP_ATTRS_MAX },
		{ "m=x 1 y", " z", "\r\n", SDP_FORMATS_MAX },
	};
	struct arena *a = arena_new(MEM_MAX);
	size_t i, j, more;
	struct sdp s;
	struct buf b;

	(void)state;
	buf_init(&b, MEM_MAX);
	for (i = 0; i < COUNT_OF(rows); i++) {
		for (more = 0; more < 2; more++) {
			buf_clear(&b);
			buf_printf(&b, "%s%s", HEAD TIME, rows[i].before);
			for (j = 0; j < rows[i].max + more; j++)
				buf_printf(&b, "%s", rows[i].unit);
			buf_printf(&b, "%s", rows[i].after);
			assert_int_equal(sdp_parse(a, buf_str(&b), &s),
					 more ? ERR_LIMIT : 0);
			arena_reset(a);
		}
	}
	buf_free(&b);
	arena_free(a);
}

static void limits_the_bytes(void **state)
{
	struct arena *a = arena_new(MEM_MAX);
	struct sdp s;
	struct buf b;

	(void)state;
	buf_init(&b, MEM_MAX);
	buf_printf(&b, "%s", HEAD TIME "m=message 1 TCP/MSRP *");
	while (b.n < SDP_BYTES_MAX)
		buf_put_char(&b, ' ');
	assert_int_equal(sdp_parse(a, buf_str(&b), &s), 0);
	buf_put_char(&b, ' ');
	assert_int_equal(sdp_parse(a, buf_str(&b), &s), ERR_LIMIT);
	buf_free(&b);
	arena_free(a);
}

static void writes_nothing_it_could_not_read(void **state)
{
	static const struct str bad[] = {
		STR_LIT(""), STR_LIT("a b"), STR_LIT("a\r\nm=x"),
		STR_LIT("a\x01"),
	};
	struct sdp_media m = { .kind = STR_LIT("message"),
			       .proto = STR_LIT("TCP/MSRP"),
			       .formats = { STR_LIT("*") },
			       .formats_n = 1 };
	struct sdp good = { .origin_id = STR_LIT("1"),
			    .origin_version = STR_LIT("2"),
			    .origin = { .is_set = true,
					.address = STR_LIT("a") },
			    .media = &m,
			    .media_n = 1 };
	struct sdp_attr attr = { .name = STR_LIT("x") };
	struct buf b;
	size_t i, what;

	(void)state;
	buf_init(&b, MEM_MAX);
	sdp_put(&b, &good);
	assert_int_equal(b.err, 0);
	for (i = 0; i < COUNT_OF(bad); i++) {
		for (what = 0; what < 7; what++) {
			struct sdp_media m2 = m;
			struct sdp s = good;

			s.media = &m2;
			m2.attrs = &attr;
			attr = (struct sdp_attr){ .name = STR_LIT("x") };
			switch (what) {
			case 0: s.origin_user = bad[i]; break;
			case 1: s.origin_id = bad[i]; break;
			case 2: s.origin.address = bad[i]; break;
			case 3: m2.kind = bad[i]; break;
			case 4: m2.proto = bad[i]; break;
			case 5: m2.formats[0] = bad[i]; break;
			default:
				attr.name = bad[i];
				m2.attrs_n = 1;
				break;
			}
			buf_clear(&b);
			sdp_put(&b, &s);
			if (b.err != ERR_SYNTAX)
				fail_msg("%zu %zu was written", i, what);
		}
	}
	attr = (struct sdp_attr){ STR("x"), STR("y\r\na=z") };
	m.attrs = &attr;
	m.attrs_n = 1;
	buf_clear(&b);
	sdp_put(&b, &good);
	assert_int_equal(b.err, ERR_SYNTAX);
	buf_free(&b);
}

static void fails_whole_in_every_smaller_memory(void **state)
{
	struct arena *a = arena_new(MEM_MAX);
	size_t max, needed, text_n = sizeof(offer) - 1;
	struct sdp s;
	struct buf b;

	(void)state;
	assert_int_equal(parse(a, offer, &s), 0);
	needed = arena_used(a);
	for (max = 0; max <= text_n; max++) {
		buf_init(&b, max);
		sdp_put(&b, &s);
		assert_int_equal(b.err, max < text_n ? ERR_LIMIT : 0);
		buf_free(&b);
	}
	arena_free(a);
	/* What arena_used counts is rounded up to 16. */
	for (max = 0; max + 16 <= needed; max++) {
		a = arena_new(max);
		assert_int_equal(parse(a, offer, &s), ERR_LIMIT);
		assert_int_equal(s.media_n, 0);
		arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_the_worked_example),
		TEST(reads_an_offer),
		TEST(writes_what_it_read),
		TEST(takes_odd_formats_at_once),
		TEST(takes_what_the_field_sends),
		TEST(refuses_broken_ones),
		TEST(limits_each_list),
		TEST(limits_the_bytes),
		TEST(writes_nothing_it_could_not_read),
		TEST(fails_whole_in_every_smaller_memory),
	};

	return cmocka_run_group_tests_name("sdp", tests, NULL, NULL);
}
