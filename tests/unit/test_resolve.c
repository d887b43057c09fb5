/* tests/unit/test_resolve.c: the resolver against name servers that answer
 * late, wrong, cut, or not at all; and what its cache keeps.
 */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "adapters/net/resolve.h"
#include "core/base/mem.h"

struct side {
	struct net_loop *loop;
	struct net_resolver *r;
	int udp, tcp;
	char server[32];
	unsigned news;
	uint8_t q[512];	/* the last question */
	size_t q_n;
	struct sockaddr_in from;
};

static void on_news(void *arg)
{
	((struct side *)arg)->news++;
}

static int bound(int type, uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (bind(fd, (struct sockaddr *)(void *)&a, sizeof(a)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* UDP and TCP at one port. */
static int set_up(void **state)
{
	struct side *s = mem_zalloc(sizeof(*s));
	struct sockaddr_in a;
	socklen_t n = sizeof(a);
	struct errtext why;

	s->tcp = -1;
	while (s->tcp < 0) {
		s->udp = bound(SOCK_DGRAM, 0);
		getsockname(s->udp, (struct sockaddr *)(void *)&a, &n);
		s->tcp = bound(SOCK_STREAM, ntohs(a.sin_port));
		if (s->tcp < 0)
			close(s->udp);
	}
	assert_int_equal(listen(s->tcp, 4), 0);
	snprintf(s->server, sizeof(s->server), "127.0.0.1:%u",
		 ntohs(a.sin_port));
	s->loop = net_loop_new(&why);
	s->r = net_resolver_new(s->loop, on_news, s);
	assert_true(net_resolver_add_server(s->r, str_of(s->server)));
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct side *s = *state;

	net_resolver_free(s->r);
	net_loop_free(s->loop);
	close(s->udp);
	close(s->tcp);
	mem_free(s);
	return 0;
}

static void pass(struct side *s)
{
	net_loop_once(s->loop, false);
	usleep(1000);
}

/* The next question over UDP within some 3 s. */
static bool asked(struct side *s)
{
	socklen_t n = sizeof(s->from);
	unsigned i;
	ssize_t got;

	for (i = 0; i < 3000; i++) {
		pass(s);
		got = recvfrom(s->udp, s->q, sizeof(s->q), 0,
			       (struct sockaddr *)(void *)&s->from, &n);
		if (got > 0) {
			s->q_n = (size_t)got;
			return true;
		}
	}
	return false;
}

/* The question with these flags and one A record behind it. */
static size_t answer_of(const struct side *s, unsigned flags, const char ip[4],
			unsigned ttl_s, uint8_t out[512])
{
	size_t n = s->q_n - 11;	/* without its OPT */
	const uint8_t record[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0,
				   (uint8_t)(ttl_s >> 8), (uint8_t)ttl_s, 0, 4 };

	memcpy(out, s->q, n);
	out[2] = (uint8_t)(flags >> 8);
	out[3] = (uint8_t)flags;
	out[7] = ip != NULL;
	out[11] = 0;
	if (!ip)
		return n;
	memcpy(out + n, record, sizeof(record));
	memcpy(out + n + sizeof(record), ip, 4);
	return n + sizeof(record) + 4;
}

static void reply(struct side *s, unsigned flags, const char ip[4],
		  unsigned ttl_s)
{
	uint8_t out[512];
	size_t n = answer_of(s, flags, ip, ttl_s, out);

	assert_int_equal(sendto(s->udp, out, n, 0,
				(struct sockaddr *)(void *)&s->from,
				sizeof(s->from)), n);
}

static const struct dns_answer *wait_for(struct side *s, const char *name,
					 int ms)
{
	int64_t end = net_now_ms(s->loop) + ms;
	const struct dns_answer *a;

	do {
		a = net_resolve(s->r, str_of(name), DNS_A);
		pass(s);
	} while (!a && net_now_ms(s->loop) < end);
	return a;
}

static void answered(void **state)
{
	struct side *s = *state;
	const struct dns_answer *a;

	assert_null(net_resolve(s->r, STR("Sip.Example"), DNS_A));
	assert_int_equal(s->news, 0);
	assert_true(asked(s));
	reply(s, 0x8180, "\1\2\3\4", 60);
	a = wait_for(s, "sip.example", 2000);
	assert_non_null(a);
	assert_int_equal(a->status, DNS_OK);
	assert_memory_equal(a->records[0].ip, "\1\2\3\4", 4);
	assert_true(s->news > 0);
	/* known now, in any spelling, without another question */
	assert_non_null(net_resolve(s->r, STR("SIP.example."), DNS_A));
	assert_int_equal(net_resolver_counts(s->r).questions, 1);
}

/* What answers something else is not believed, whatever it says. */
static void forged(void **state)
{
	struct side *s = *state;
	const struct dns_answer *a;

	assert_null(net_resolve(s->r, STR("sip.example"), DNS_A));
	assert_true(asked(s));
	s->q[0] ^= 1;	/* id */
	reply(s, 0x8180, "\6\6\6\6", 60);
	s->q[0] ^= 1;
	s->q[13] ^= 1;	/* name */
	reply(s, 0x8180, "\6\6\6\6", 60);
	s->q[13] ^= 1;
	reply(s, 0x8180, "\1\2\3\4", 60);
	a = wait_for(s, "sip.example", 2000);
	assert_non_null(a);
	assert_memory_equal(a->records[0].ip, "\1\2\3\4", 4);
	assert_int_equal(net_resolver_counts(s->r).strange, 2);
}

/* Each attempt has its own port and id. */
static void fresh(void **state)
{
	struct side *s = *state;
	struct sockaddr_in first;
	uint8_t id[2];

	assert_null(net_resolve(s->r, STR("sip.example"), DNS_A));
	assert_true(asked(s));
	first = s->from;
	memcpy(id, s->q, 2);
	assert_true(asked(s));
	assert_true(first.sin_port != s->from.sin_port ||
		    memcmp(id, s->q, 2) != 0);
}

static void silent(void **state)
{
	struct side *s = *state;
	int64_t start = net_now_ms(s->loop);
	const struct dns_answer *a = wait_for(s, "sip.example", 15000);

	assert_non_null(a);
	assert_int_equal(a->status, DNS_FAILED);
	assert_in_range(net_now_ms(s->loop) - start, 1000, 10000);
	/* and is not asked again at once */
	assert_non_null(net_resolve(s->r, STR("sip.example"), DNS_A));
}

static void refused(void **state)
{
	struct side *s = *state;
	const struct dns_answer *a;
	unsigned i;

	assert_null(net_resolve(s->r, STR("sip.example"), DNS_A));
	for (i = 0; i < 3; i++) {
		assert_true(asked(s));
		reply(s, 0x8185, NULL, 0);
	}
	a = wait_for(s, "sip.example", 2000);
	assert_non_null(a);
	assert_int_equal(a->status, DNS_FAILED);
	assert_int_equal(net_resolver_counts(s->r).questions, 3);
}

/* Nobody at the port: an error comes at once, not after seconds. */
static void unreachable(void **state)
{
	struct side *s = *state;
	const struct dns_answer *a;

	close(s->udp);
	s->udp = -1;
	a = wait_for(s, "sip.example", 3000);
	assert_non_null(a);
	assert_int_equal(a->status, DNS_FAILED);
}

static void stale(void **state)
{
	struct side *s = *state;
	const struct dns_answer *a;

	assert_null(net_resolve(s->r, STR("sip.example"), DNS_A));
	assert_true(asked(s));
	reply(s, 0x8180, "\1\2\3\4", 1);
	assert_non_null(wait_for(s, "sip.example", 2000));
	usleep(1100 * 1000);
	assert_null(net_resolve(s->r, STR("sip.example"), DNS_A));
	close(s->udp);
	s->udp = -1;
	a = wait_for(s, "sip.example", 15000);
	assert_non_null(a);
	assert_int_equal(a->status, DNS_OK);
	assert_memory_equal(a->records[0].ip, "\1\2\3\4", 4);
	assert_int_equal(net_resolver_counts(s->r).stale, 1);
}

static int accepted(struct side *s)
{
	unsigned i;
	int fd = -1;

	for (i = 0; i < 3000 && fd < 0; i++) {
		pass(s);
		fd = accept(s->tcp, NULL, NULL);
	}
	return fd;
}

/* Cut over UDP, whole over TCP, in two pieces. */
static void truncated(void **state)
{
	struct side *s = *state;
	const struct dns_answer *a;
	uint8_t out[514], in[514];
	ssize_t got = 0;
	size_t n;
	int fd;

	assert_null(net_resolve(s->r, STR("sip.example"), DNS_A));
	assert_true(asked(s));
	reply(s, 0x8380, NULL, 0);
	fd = accepted(s);
	assert_true(fd >= 0);
	while (got < 2) {
		pass(s);
		got = recv(fd, in, sizeof(in), MSG_DONTWAIT);
	}
	s->q_n = (size_t)got - 2;
	assert_int_equal(in[0] << 8 | in[1], s->q_n);
	memcpy(s->q, in + 2, s->q_n);
	n = answer_of(s, 0x8180, "\1\2\3\4", 60, out + 2);
	out[0] = (uint8_t)(n >> 8);
	out[1] = (uint8_t)n;
	assert_int_equal(send(fd, out, 20, 0), 20);
	pass(s);
	assert_int_equal(send(fd, out + 20, n - 18, 0), n - 18);
	a = wait_for(s, "sip.example", 2000);
	assert_non_null(a);
	assert_int_equal(a->status, DNS_OK);
	close(fd);
}

/* However many names: so many questions at once, so many answers kept. */
static void bounded(void **state)
{
	struct side *s = *state;
	char name[64];
	unsigned i;

	for (i = 0; i < 2 * NET_DNS_CACHE_MAX; i++) {
		snprintf(name, sizeof(name), "n%u.example", i);
		net_resolve(s->r, str_of(name), DNS_A);
	}
	pass(s);
	assert_int_equal(net_resolver_counts(s->r).cached, NET_DNS_CACHE_MAX);
	assert_int_equal(net_resolver_counts(s->r).active, NET_DNS_ACTIVE_MAX);
	assert_int_equal(net_resolve(s->r, STR("one.more"), DNS_A)->status,
			 DNS_FAILED);
}

static void servers(void **state)
{
	static const char *const bad[] = { "", "x", "1.2.3", "1.2.3.4:",
					   "1.2.3.4:x", "1.2.3.4:70000",
					   "[::1", "[::1]x", "[::1]:0" };
	struct side *s = *state;
	char path[] = "/tmp/causeway-resolv-XXXXXX";
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");
	size_t i;

	for (i = 0; i < COUNT_OF(bad); i++)
		assert_false(net_resolver_add_server(s->r, str_of(bad[i])));
	net_resolver_clear_servers(s->r);
	assert_true(net_resolver_add_server(s->r, STR("::1")));
	assert_true(net_resolver_add_server(s->r, STR("[::1]:53")));
	assert_true(net_resolver_add_server(s->r, STR("127.0.0.1")));
	assert_true(net_resolver_add_server(s->r, STR("127.0.0.1:5353")));
	assert_false(net_resolver_add_server(s->r, STR("127.0.0.2")));
	net_resolver_clear_servers(s->r);
	fputs("# nameserver 9.9.9.9\nsearch x\nnameserver nonsense\n"
	      " nameserver 127.0.0.9\n", f);
	fclose(f);
	net_resolver_read_servers(s->r, path);
	unlink(path);
	assert_false(net_resolve(s->r, STR("a.example"), DNS_A));
	assert_int_equal(net_resolve(s->r, STR("a b"), DNS_A)->status,
			 DNS_FAILED);
}

#define WITH(fn) { .name = #fn, .test_func = fn, .setup_func = set_up, \
	.teardown_func = tear_down }

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(answered), WITH(forged), WITH(fresh), WITH(silent),
		WITH(refused), WITH(unreachable), WITH(stale),
		WITH(truncated), WITH(bounded), WITH(servers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
