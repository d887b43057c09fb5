/* tests/unit/test_dns.c: DNS messages: what an answer says, and what a hostile
 * one cannot do.
 */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "adapters/net/dns.h"
#include "core/base/mem.h"

#define ID 0x1f2e
#define NAME STR("sip.example")

/* An answer in the making. */
struct made {
	uint8_t p[2048];
	size_t n;
	unsigned answers, authorities;
};

static struct dns_answer *out;

static void put(struct made *m, const void *p, size_t n)
{
	memcpy(m->p + m->n, p, n);
	m->n += n;
}

static void put16(struct made *m, unsigned v)
{
	const uint8_t b[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	put(m, b, 2);
}

static void put_name(struct made *m, const char *name)
{
	struct str rest = str_of(name), label;

	while (*name && rest.p && str_split(&rest, '.', &label)) {
		const uint8_t n = (uint8_t)label.n;

		put(m, &n, 1);
		put(m, label.p, label.n);
	}
	put(m, "", 1);
}

/* The question of NAME and an empty rest. */
static struct made begin(unsigned flags, enum dns_type type)
{
	struct made m = { .n = 0 };

	put16(&m, ID);
	put16(&m, flags);
	put16(&m, 1);
	put16(&m, 0);
	put16(&m, 0);
	put16(&m, 0);
	put_name(&m, "sip.example");
	put16(&m, type);
	put16(&m, 1);
	return m;
}

/* Owner, type and lifetime; the data follows, its length first. */
static void record(struct made *m, const char *owner, unsigned type,
		   unsigned ttl_s, size_t len)
{
	put_name(m, owner);
	put16(m, type);
	put16(m, 1);
	put16(m, ttl_s >> 16);
	put16(m, ttl_s);
	put16(m, (unsigned)len);
	if (type == DNS_SOA)
		m->p[9] = (uint8_t)++m->authorities;
	else
		m->p[7] = (uint8_t)++m->answers;
}

static void a_record(struct made *m, const char *owner, unsigned ttl_s,
		     const char ip[4])
{
	record(m, owner, DNS_A, ttl_s, 4);
	put(m, ip, 4);
}

static void alias(struct made *m, const char *owner, const char *to)
{
	record(m, owner, DNS_CNAME, 60, strlen(to) + 2);
	put_name(m, to);
}

static int parse(const struct made *m, enum dns_type type)
{
	/* Memory of exactly that size: ASan sees a read behind it. */
	uint8_t *copy = mem_alloc(m->n);
	int rc;

	memcpy(copy, m->p, m->n);
	rc = dns_parse(copy, m->n, ID, NAME, type, out);
	mem_free(copy);
	return rc;
}

static void worked_example(void **state)
{
	static const uint8_t bytes[] = {
		0x1f, 0x2e, 0x81, 0x80, 0,    1,    0,	  1,   0,   0,
		0,    0,    3,	  's',	'i',  'p',  7,	  'e', 'x', 'a',
		'm',  'p',  'l',  'e',	0,    0,    1,	  0,   1,   0xc0,
		0x0c, 0,    1,	  0,	1,    0,    0,	  0,   60,  0,
		4,    127,  0,	  0,	1,
	};
	uint8_t q[DNS_QUERY_MAX];
	size_t n;

	(void)state;
	assert_int_equal(dns_parse(bytes, sizeof(bytes), ID, STR("SIP.example."),
				   DNS_A, out), 0);
	assert_int_equal(out->status, DNS_OK);
	assert_int_equal(out->records_n, 1);
	assert_int_equal(out->ttl_s, 60);
	assert_memory_equal(out->records[0].ip, "\x7f\0\0\1", 4);
	/* the question in it is the one we put, but for the OPT behind it */
	assert_int_equal(dns_put_query(q, ID, NAME, DNS_A), 29 + 11);
	assert_memory_equal(q + 12, bytes + 12, 17);
	for (n = 0; n < sizeof(bytes); n++)
		assert_true(dns_parse(bytes, n, ID, NAME, DNS_A, out) < 0);
}

static void other_answers(void **state)
{
	struct made m = begin(0x8180, DNS_A);

	(void)state;
	a_record(&m, "sip.example", 5, "\1\2\3\4");
	assert_int_equal(dns_parse(m.p, m.n, ID + 1, NAME, DNS_A, out),
			 ERR_DECLINED);
	assert_int_equal(dns_parse(m.p, m.n, ID, STR("x.example"), DNS_A, out),
			 ERR_DECLINED);
	assert_int_equal(dns_parse(m.p, m.n, ID, NAME, DNS_AAAA, out),
			 ERR_DECLINED);
	m.p[2] = 0;	/* a question */
	assert_int_equal(parse(&m, DNS_A), ERR_DECLINED);
}

static void statuses(void **state)
{
	static const struct {
		unsigned flags;
		enum dns_status status;
	} rows[] = {
		{ 0x8180, DNS_NO_DATA }, { 0x8183, DNS_NO_NAME },
		{ 0x8182, DNS_FAILED },	 { 0x8185, DNS_FAILED },
		{ 0x8380, DNS_TRUNCATED },
	};
	struct made m;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		m = begin(rows[i].flags, DNS_A);
		assert_int_equal(parse(&m, DNS_A), 0);
		assert_int_equal(out->status, rows[i].status);
	}
}

static void negative_time(void **state)
{
	struct made m = begin(0x8183, DNS_A);

	(void)state;
	/* two names of the root, five numbers */
	record(&m, "example", DNS_SOA, 900, 22);
	put(&m, "\0\0", 2);
	memset(m.p + m.n, 0, 16);
	m.n += 16;
	put(&m, "\0\0\0\x78", 4);
	assert_int_equal(parse(&m, DNS_A), 0);
	assert_int_equal(out->status, DNS_NO_NAME);
	assert_int_equal(out->ttl_s, 120);
}

static void aliases(void **state)
{
	struct made m = begin(0x8180, DNS_A);

	(void)state;
	/* in the wrong order, with a stranger between them */
	a_record(&m, "c.example", 7, "\1\2\3\4");
	alias(&m, "b.example", "c.example");
	a_record(&m, "evil.example", 1, "\6\6\6\6");
	alias(&m, "sip.example", "b.example");
	assert_int_equal(parse(&m, DNS_A), 0);
	assert_int_equal(out->status, DNS_OK);
	assert_int_equal(out->records_n, 1);
	assert_int_equal(out->ttl_s, 7);
	/* its end is elsewhere */
	m = begin(0x8180, DNS_A);
	alias(&m, "sip.example", "b.example");
	assert_int_equal(parse(&m, DNS_A), 0);
	assert_int_equal(out->status, DNS_ALIAS);
	assert_string_equal(out->alias, "b.example");
	/* it has none */
	m = begin(0x8180, DNS_A);
	alias(&m, "sip.example", "b.example");
	alias(&m, "b.example", "sip.example");
	assert_int_equal(parse(&m, DNS_A), 0);
	assert_int_equal(out->status, DNS_FAILED);
}

static void services(void **state)
{
	struct made m = begin(0x8180, DNS_SRV);

	(void)state;
	record(&m, "sip.example", DNS_SRV, 60, 6 + 7);
	put16(&m, 10);
	put16(&m, 20);
	put16(&m, 5070);
	put_name(&m, "A.b-c");
	record(&m, "sip.example", DNS_SRV, 60, 6 + 5);	/* odd: dropped */
	put16(&m, 1);
	put16(&m, 1);
	put16(&m, 1);
	put_name(&m, "a b");
	assert_int_equal(parse(&m, DNS_SRV), 0);
	assert_int_equal(out->records_n, 1);
	assert_int_equal(out->records[0].order, 10);
	assert_int_equal(out->records[0].weight, 20);
	assert_int_equal(out->records[0].port, 5070);
	assert_string_equal(out->records[0].target, "a.b-c");
}

static void pointers(void **state)
{
	struct made m = begin(0x8180, DNS_NAPTR);

	(void)state;
	record(&m, "sip.example", DNS_NAPTR, 60, 4 + 2 + 8 + 1 + 2);
	put16(&m, 50);
	put16(&m, 90);
	put(&m, "\1S\7sip+D2t\0", 11);
	put(&m, "\xc0\x0c", 2);
	assert_int_equal(parse(&m, DNS_NAPTR), 0);
	assert_int_equal(out->records_n, 1);
	assert_int_equal(out->records[0].flags, 's');
	assert_string_equal(out->records[0].service, "SIP+D2T");
	assert_string_equal(out->records[0].target, "sip.example");
	assert_false(out->records[0].has_regexp);
	/* to itself, and forward */
	m.p[m.n - 1] = (uint8_t)(m.n - 2);
	assert_int_equal(parse(&m, DNS_NAPTR), 0);
	assert_int_equal(out->records_n, 0);
	/* as an owner it breaks the message */
	m = begin(0x8180, DNS_A);
	m.p[7] = 1;
	put(&m, "\xc0", 1);
	m.p[m.n] = (uint8_t)(m.n - 1);
	m.n++;
	memset(m.p + m.n, 0, 14);
	m.n += 14;
	assert_int_equal(parse(&m, DNS_A), ERR_SYNTAX);
}

static void many(void **state)
{
	struct made m = begin(0x8180, DNS_A);
	unsigned i;

	(void)state;
	for (i = 0; i < DNS_RECORDS_MAX + 20; i++)
		a_record(&m, "sip.example", 60, "\1\2\3\4");
	assert_int_equal(parse(&m, DNS_A), 0);
	assert_int_equal(out->records_n, DNS_RECORDS_MAX);
	/* counts that the message does not have */
	m.p[6] = 0xff;
	assert_int_equal(parse(&m, DNS_A), ERR_SYNTAX);
}

static void smaller(void **state)
{
	struct made m = begin(0x8180, DNS_SRV), cut;

	(void)state;
	alias(&m, "sip.example", "b.example");
	record(&m, "b.example", DNS_SRV, 60, 6 + 5);
	put(&m, "\0\1\0\1\0\1", 6);
	put_name(&m, "a.b");
	assert_int_equal(parse(&m, DNS_SRV), 0);
	for (cut = m; cut.n > 1; ) {
		cut.n--;
		assert_true(parse(&cut, DNS_SRV) < 0);
	}
}

static void names(void **state)
{
	static const char *const bad[] = { "", ".", "a..b", "a b", ".a", "a.",
					   "\xc3\xa4", "a/b" };
	uint8_t q[DNS_QUERY_MAX];
	char longest[300];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(bad); i++)
		assert_false(dns_name_ok(str_of(bad[i])));
	assert_true(dns_name_ok(STR("_sip._tcp.a-1.example")));
	memset(longest, 'a', sizeof(longest));
	assert_false(dns_name_ok((struct str){ longest, 64 }));
	for (i = 63; i < sizeof(longest); i += 64)
		longest[i] = '.';
	assert_true(dns_name_ok((struct str){ longest, 253 }));
	assert_false(dns_name_ok((struct str){ longest, 254 }));
	assert_true(dns_put_query(q, 1, (struct str){ longest, 253 }, DNS_A) > 0);
	assert_true(dns_put_query(q, 1, STR("a b"), DNS_A) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(worked_example), TEST(other_answers), TEST(statuses),
		TEST(negative_time), TEST(aliases), TEST(services),
		TEST(pointers), TEST(many), TEST(smaller), TEST(names),
	};
	int rc;

	out = mem_alloc(dns_answer_size(DNS_RECORDS_MAX));
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	mem_free(out);
	return rc;
}
