/* tests/unit/test_locate.c: the order of a domain's servers as a pure function
 * of what DNS says [RFC 3263 4, RFC 2782]. Each row is a small DNS as text:
 * "owner type data" lines, and the hops that must come out of it.
 */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "adapters/sip/locate.h"
#include "core/base/buf.h"
#include "core/base/mem.h"

struct dns {
	const char *text;
	struct dns_answer *given[64];
	size_t given_n;
	unsigned asked;
};

static void read_record(enum dns_type type, const char *data,
			struct dns_record *r)
{
	unsigned a, b, c;
	char word[24], target[64] = "";

	memset(r, 0, sizeof(*r));
	if (type == DNS_A || type == DNS_AAAA) {
		assert_int_equal(sscanf(data, "%23s", word), 1);
		assert_int_equal(inet_pton(type == DNS_A ? AF_INET : AF_INET6,
					   word, r->ip), 1);
	} else if (type == DNS_SRV) {
		assert_true(sscanf(data, "%u %u %u %63s", &a, &b, &c,
				   target) >= 3);
		r->port = (uint16_t)c;
	} else {
		assert_true(sscanf(data, "%u %u %20s %63s", &a, &b, word,
				   target) >= 3);
		snprintf(r->service, sizeof(r->service), "%s", word);
		r->flags = 's';
	}
	if (type == DNS_SRV || type == DNS_NAPTR) {
		r->order = (uint16_t)a;
		r->weight = (uint16_t)b;
		if (strcmp(target, ".") != 0)
			snprintf(r->target, sizeof(r->target), "%s", target);
	}
}

static const char *type_name(enum dns_type type)
{
	return type == DNS_A ? "A" : type == DNS_AAAA ? "AAAA" :
	       type == DNS_SRV ? "SRV" : "NAPTR";
}

/* A name without any line is not there; one with "FAIL" is not answered, one
   with "WAIT" not yet. */
static const struct dns_answer *look(void *arg, struct str name,
				     enum dns_type type)
{
	struct dns *d = arg;
	struct dns_answer *a = mem_zalloc(dns_answer_size(DNS_RECORDS_MAX));
	struct str rest = str_of(d->text), line, owner, kind;

	d->asked++;
	d->given[d->given_n++] = a;
	assert_true(d->given_n < COUNT_OF(d->given));
	a->status = DNS_NO_NAME;
	while (rest.p && str_split(&rest, '\n', &line)) {
		str_split(&line, ' ', &owner);
		if (!str_eq(owner, name))
			continue;
		if (a->status == DNS_NO_NAME)
			a->status = DNS_NO_DATA;
		str_split(&line, ' ', &kind);
		if (str_eq(kind, STR("WAIT")))
			return NULL;
		if (str_eq(kind, STR("FAIL")))
			a->status = DNS_FAILED;
		if (!str_eq(kind, str_of(type_name(type))))
			continue;
		a->status = DNS_OK;
		read_record(type, line.p, &a->records[a->records_n++]);
	}
	return a;
}

static void run(const char *text, const struct locate_want *w,
		struct locate_list *out)
{
	struct dns d = { .text = text };
	size_t i;

	locate(w, look, &d, out);
	for (i = 0; i < d.given_n; i++)
		mem_free(d.given[i]);
}

/* "tls 192.0.2.1:5061, udp [::1]:5060" */
static void show(const struct locate_list *l, struct buf *b)
{
	static const char *const names[] = { "udp", "tcp", "tls" };
	size_t i;

	for (i = 0; i < l->hops_n; i++) {
		bool is_ip6 = strchr(l->hops[i].address, ':') != NULL;

		buf_printf(b, "%s%s %s%s%s:%u", i ? ", " : "",
			   names[l->hops[i].transport], is_ip6 ? "[" : "",
			   l->hops[i].address, is_ip6 ? "]" : "",
			   l->hops[i].port);
	}
}

#define CLEAR (LOCATE_UDP | LOCATE_TCP)
#define NAPTRS \
	"x NAPTR 50 50 SIPS+D2T _sips._tcp.x\n" \
	"x NAPTR 90 50 SIP+D2T _sip._tcp.x\n" \
	"x NAPTR 100 50 SIP+D2U _sip._udp.x\n" \
	"_sips._tcp.x SRV 1 0 5061 s\n_sip._tcp.x SRV 1 0 5070 t\n" \
	"_sip._udp.x SRV 1 0 5080 u\n" \
	"s A 192.0.2.1\nt A 192.0.2.2\nu A 192.0.2.3\n"

static void orders(void **state)
{
	static const struct {
		const char *dns, *host;
		uint16_t port;
		unsigned transports;
		enum locate_status status;
		const char *hops;
	} rows[] = {
		{ "", "192.0.2.9", 0, CLEAR, LOCATED, "udp 192.0.2.9:5060" },
		{ "", "[::1]", 7, LOCATE_TLS, LOCATED, "tls [::1]:7" },
		{ "", "::1", 0, LOCATE_TCP, LOCATED, "tcp [::1]:5060" },
		{ NAPTRS, "x", 0, LOCATE_ANY, LOCATED,
		  "tls 192.0.2.1:5061, tcp 192.0.2.2:5070, "
		  "udp 192.0.2.3:5080" },
		{ NAPTRS, "x", 0, CLEAR, LOCATED,
		  "tcp 192.0.2.2:5070, udp 192.0.2.3:5080" },
		{ NAPTRS, "x", 0, LOCATE_TLS, LOCATED, "tls 192.0.2.1:5061" },
		/* one that was named needs no NAPTR */
		{ NAPTRS, "x", 0, LOCATE_UDP, LOCATED, "udp 192.0.2.3:5080" },
		/* a port leaves only addresses */
		{ NAPTRS "x A 192.0.2.8\n", "x", 5090, LOCATE_ANY, LOCATED,
		  "udp 192.0.2.8:5090" },
		{ NAPTRS "x A 192.0.2.8\n", "x", 5090, LOCATE_TLS, LOCATED,
		  "tls 192.0.2.8:5090" },
		/* the preference of a domain counts within clear and secure */
		{ "x NAPTR 1 2 SIP+D2T t.x\nx NAPTR 1 1 SIP+D2U u.x\n"
		  "t.x SRV 0 0 1 h\nu.x SRV 0 0 2 h\nh A 192.0.2.1\n",
		  "x", 0, LOCATE_ANY, LOCATED,
		  "udp 192.0.2.1:2, tcp 192.0.2.1:1" },
		/* services that are not SIP, or not ours */
		{ "x NAPTR 1 1 E2U+sip e.x\nx NAPTR 1 1 SIP+D2S s.x\n"
		  "_sip._udp.x SRV 0 0 2 h\nh A 192.0.2.1\n",
		  "x", 0, LOCATE_ANY, LOCATED, "udp 192.0.2.1:2" },
		{ "x NAPTR 1 1 SIP+D2U u.x\nu.x SRV 0 0 2 h\n"
		  "h A 192.0.2.1\nx A 192.0.2.7\n",
		  "x", 0, LOCATE_TLS, LOCATE_NO_SERVICE, "" },
		/* no NAPTR: SRV of each transport, ours first */
		{ "x A 192.0.2.7\n_sip._udp.x SRV 0 0 1 h\n"
		  "_sip._tcp.x SRV 0 0 2 h\n_sips._tcp.x SRV 0 0 3 h\n"
		  "h A 192.0.2.1\n", "x", 0, LOCATE_ANY, LOCATED,
		  "tls 192.0.2.1:3, tcp 192.0.2.1:2, udp 192.0.2.1:1" },
		{ "x A 192.0.2.7\n_sip._udp.x SRV 0 0 1 h\nh A 192.0.2.1\n",
		  "x", 0, LOCATE_TLS, LOCATED, "tls 192.0.2.7:5061" },
		/* no SRV either: the domain itself */
		{ "x A 192.0.2.7\n", "x", 0, CLEAR, LOCATED,
		  "udp 192.0.2.7:5060" },
		{ "x A 192.0.2.7\n", "x", 0, LOCATE_ANY, LOCATED,
		  "tls 192.0.2.7:5061, udp 192.0.2.7:5060" },
		{ "x A 192.0.2.7\nx AAAA 2001:db8::1\n", "x", 0, LOCATE_TLS,
		  LOCATED, "tls [2001:db8::1]:5061, tls 192.0.2.7:5061" },
		/* "." says that there is no such service */
		{ "x A 192.0.2.7\n_sip._udp.x SRV 0 0 0 .\n"
		  "_sip._tcp.x SRV 0 0 0 .\n", "x", 0, CLEAR,
		  LOCATE_NO_SERVICE, "" },
		/* by priority; each address once */
		{ "_sip._udp.x SRV 20 0 5 b\n_sip._udp.x SRV 10 0 5 a\n"
		  "_sip._udp.x SRV 30 0 5 a\nx A 192.0.2.7\n"
		  "a A 192.0.2.1\nb A 192.0.2.2\nb A 192.0.2.3\n", "x", 0,
		  LOCATE_UDP, LOCATED,
		  "udp 192.0.2.1:5, udp 192.0.2.2:5, udp 192.0.2.3:5" },
		/* nobody there, and who does not say */
		{ "", "x", 0, LOCATE_ANY, LOCATE_NO_NAME, "" },
		{ "x TXT\n_sip._udp.x SRV 0 0 5 gone\n", "x", 0, CLEAR,
		  LOCATE_NO_NAME, "" },
		{ "x FAIL\n", "x", 0, LOCATE_ANY, LOCATE_FAILED, "" },
		{ "x FAIL\n_sip._udp.x SRV 0 0 5 h\nh A 192.0.2.1\n", "x", 0,
		  LOCATE_ANY, LOCATE_FAILED, "" },
		{ "_sips._tcp.x FAIL\nx A 192.0.2.1\n", "x", 0, LOCATE_ANY,
		  LOCATE_FAILED, "" },
		{ "_sip._udp.x SRV 0 0 5 h\nh FAIL\n", "x", 0, LOCATE_UDP,
		  LOCATE_FAILED, "" },
		{ "x WAIT\n", "x", 0, LOCATE_ANY, LOCATE_WAIT, "" },
		{ "_sip._udp.x SRV 0 0 5 h\nh WAIT\n", "x", 0, LOCATE_UDP,
		  LOCATE_WAIT, "" },
		{ "x A 192.0.2.1\n", "x", 0, 0, LOCATE_NO_SERVICE, "" },
	};
	struct locate_list list;
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		const struct locate_want w = {
			.host = str_of(rows[i].host), .port = rows[i].port,
			.transports = rows[i].transports,
			.has_ip4 = true, .has_ip6 = true, .seed = 1,
		};

		run(rows[i].dns, &w, &list);
		buf_init(&b, 4096);
		show(&list, &b);
		if (list.status != rows[i].status ||
		    (list.status == LOCATED &&
		     !str_eq(buf_str(&b), str_of(rows[i].hops))))
			fail_msg("row %zu: status %d, got %.*s, expected %s",
				 i, (int)list.status, STR_ARG(buf_str(&b)),
				 rows[i].hops);
		buf_free(&b);
	}
}

/* Servers of the configuration: no question is asked. */
static void targets(void **state)
{
	static const struct str list[] = {
		STR_LIT("192.0.2.3 20"), STR_LIT("192.0.2.1:5070 10"),
		STR_LIT("[::1]:5090 30"),
	};
	struct locate_want w = { .host = STR("x"), .targets = list,
				 .targets_n = COUNT_OF(list),
				 .transports = LOCATE_TCP };
	struct locate_list out;
	struct buf b;

	(void)state;
	run("x FAIL\n", &w, &out);
	buf_init(&b, 4096);
	show(&out, &b);
	assert_str(buf_str(&b), "tcp 192.0.2.1:5070, tcp 192.0.2.3:5060, "
				"tcp [::1]:5090");
	buf_free(&b);
}

/* Questions of one stage go out together. */
static void together(void **state)
{
	struct locate_want w = { .host = STR("x"), .transports = LOCATE_ANY,
				 .has_ip4 = true, .has_ip6 = true };
	struct dns d = { .text = "x A 192.0.2.1\n_sips._tcp.x WAIT\n" };
	struct locate_list list;

	(void)state;
	locate(&w, look, &d, &list);
	assert_int_equal(list.status, LOCATE_WAIT);
	assert_int_equal(d.asked, 4);	/* NAPTR, three SRV */
	while (d.given_n)
		mem_free(d.given[--d.given_n]);
}

/* Of 4000 draws each server gets its share; the same seed, the same order. */
static void weights(void **state)
{
	const char *dns = "_sip._udp.x SRV 1 60 1 a\n_sip._udp.x SRV 1 30 2 a\n"
			  "_sip._udp.x SRV 1 10 3 a\n_sip._udp.x SRV 1 0 4 a\n"
			  "_sip._udp.x SRV 2 99 5 a\na A 192.0.2.1\n";
	struct locate_want w = { .host = STR("x"), .transports = LOCATE_UDP,
				 .has_ip4 = true };
	struct locate_list one, two;
	unsigned firsts[6] = { 0 };

	(void)state;
	for (w.seed = 0; w.seed < 4000; w.seed++) {
		run(dns, &w, &one);
		assert_int_equal(one.hops_n, 5);
		assert_int_equal(one.hops[4].port, 5);
		firsts[one.hops[0].port]++;
		run(dns, &w, &two);
		assert_memory_equal(&one, &two, sizeof(one));
	}
	assert_in_range(firsts[1], 2200, 2600);
	assert_in_range(firsts[2], 1050, 1350);
	assert_in_range(firsts[3], 300, 500);
	assert_in_range(firsts[4], 1, 100);
}

/* However many records: bounded. */
static void bounded(void **state)
{
	struct locate_want w = { .host = STR("x"), .transports = LOCATE_UDP,
				 .has_ip4 = true };
	struct locate_list list;
	struct buf b;
	unsigned i;

	(void)state;
	buf_init(&b, 65536);
	for (i = 1; i < DNS_RECORDS_MAX; i++)
		buf_printf(&b, "_sip._udp.x SRV %u 0 %u a\n", i, i);
	buf_printf(&b, "a A 192.0.2.1\na A 192.0.2.2\n");
	buf_put_char(&b, '\0');
	run(b.p, &w, &list);
	assert_int_equal(list.status, LOCATED);
	assert_int_equal(list.hops_n, LOCATE_HOPS_MAX);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(orders), TEST(targets), TEST(together), TEST(weights), TEST(bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
