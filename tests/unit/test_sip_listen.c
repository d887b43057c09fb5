/* tests/unit/test_sip_listen.c: the stack in the loop, its shims, and listeners
 * over UDP, TCP and TLS: bound, reloaded, gone; connections of clients.
 */
#include "tests/unit/sip_side.h"

#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "adapters/net/tls.h"
#include "adapters/sip/getaddrinfo_shim.h"
#include "adapters/sip/stack.h"
#include "core/base/mem.h"

static int setup(void **state)
{
	*state = sip_side_new(SIDE_TRUSTED);
	return 0;
}

static int setup_tls(void **state)
{
	*state = sip_side_new(SIDE_TRUSTED | SIDE_TLS);
	return 0;
}

static int teardown(void **state)
{
	sip_side_free(*state);
	return 0;
}

/* ---- the stack -------------------------------------------------------- */

static double cpu_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static bool has_result(void *arg)
{
	struct sip_side *s = arg;

	return contract_core_count(&s->core, EV_SENT) > 0;
}

static void test_stack_is_nested(void **state)
{
	struct errtext why = { .text = "" };
	struct net_loop *l = net_loop_new(&why);
	struct sip_stack *st = sip_stack_new(l, &why), *second;

	(void)state;
	assert_non_null(st);
	assert_true(sip_stack_is_nested(st));
	assert_non_null(sip_stack_root(st));
	second = sip_stack_new(l, &why);
	assert_true(sip_stack_is_nested(second));
	sip_stack_free(second);
	sip_stack_free(st);
	net_loop_free(l);
}

/* With a transaction under way the loop still sleeps most of the time. */
static void test_stack_does_not_spin(void **state)
{
	struct sip_side *s = *state;
	struct msg *m = contract_msg("x");
	unsigned passes = 0;
	int64_t end;
	double before;

	sip_side_send(s, m, &s->silent);
	s->port.flush(s->port.self);
	before = cpu_ms();
	end = net_now_ms(s->loop) + 300;
	while (net_now_ms(s->loop) < end) {
		net_loop_once(s->loop, true);
		passes++;
	}
	assert_true(passes < 100);
	assert_true(cpu_ms() - before < 150);
	msg_put(m);
}

static void test_names_are_not_resolved(void **state)
{
	struct addrinfo *ai = NULL;
	unsigned long before;

	(void)state;
	sip_shim_numeric_only(true);
	before = sip_shim_refused();
	assert_int_equal(getaddrinfo("some-name.invalid", "5060", NULL, &ai),
			 EAI_NONAME);
	assert_int_equal(sip_shim_refused(), before + 1);
	assert_int_equal(getaddrinfo("127.0.0.1", "5060", NULL, &ai), 0);
	freeaddrinfo(ai);
	sip_shim_numeric_only(false);
	assert_int_equal(getaddrinfo("localhost", NULL, NULL, &ai), 0);
	freeaddrinfo(ai);
}

/* A refusal goes where the request came from, and no name from its Via is
   asked for: else anybody could be sent answers. */
static void test_via_is_not_resolved(void **state)
{
	struct sip_side *s = *state;
	unsigned long before = sip_shim_refused();
	int64_t start = net_now_ms(s->loop);

	sip_side_udp(s, "MESSAGE sip:bob@b.example SIP/7.0\n"
		     "Via: SIP/2.0/UDP host.invalid;rport;branch=z9hG4bK-v\n"
		     "From: <sip:a@a.example>;tag=1\nTo: <sip:bob@b.example>\n"
		     "Call-ID: 1\nCSeq: 1 MESSAGE\nContent-Length: 0\n\n");
	assert_int_equal(sip_side_status(sip_side_recv(s)), 505);
	assert_true(sip_shim_refused() == before);
	assert_true(net_now_ms(s->loop) - start < 1000);
	sip_side_message(s, "Content-Type: text/plain\n", "x");
	sip_side_done(s, sip_side_event(s, EV_MSG));
}

/* sofia-sip's hook, as its own su_time() calls it. */
struct su_tv {
	unsigned long sec, usec;
};
extern void (*_su_time)(struct su_tv *tv);

static void test_clock_is_steady(void **state)
{
	struct su_tv tv = { 1, 1 }, next;
	unsigned long ntp = (unsigned long)time(NULL) + 2208988800u;

	(void)state;
	sip_shim_clock();
	/* Whatever the real clock said, the monotonic one is given. */
	_su_time(&tv);
	assert_in_range(tv.sec, ntp - 5, ntp + 5);
	next = (struct su_tv){ 7, 7 };
	usleep(2000);
	_su_time(&next);
	assert_true(next.sec > tv.sec || next.usec > tv.usec);
}

/* ---- listeners -------------------------------------------------------- */

static void test_ports(void **state)
{
	struct sip_side *s = *state;

	assert_true(s->to_udp && s->to_tcp);
	assert_int_equal(sip_port_of(s->sip, STR("nothing")), 0);
}

static struct config *config_with(struct sip_side *s, const char *name,
				  enum transport t, uint16_t port)
{
	struct config *c = config_new();

	(void)s;
	c->sip_udp_bytes_max = 1300;
	c->sip_tcp_bytes_max = 65536;
	c->listens = arena_array(c->arena, 1, sizeof(*c->listens));
	c->listens_n = 1;
	c->listens[0].name = str_of(name);
	c->listens[0].proto = PROTO_SIP;
	c->listens[0].transport = t;
	c->listens[0].address = STR("127.0.0.1");
	c->listens[0].port = port;
	return c;
}

static bool can_connect(uint16_t port)
{
	int fd = sip_side_try(port);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void test_two_phases(void **state)
{
	struct sip_side *s = *state;
	struct adapter *p = &s->port;
	struct errtext why = { .text = "" };
	uint16_t busy;
	int fd = sip_side_listen(&busy);
	struct config *bad = config_with(s, "x", TRANSPORT_TCP, busy);
	struct config *other = config_with(s, "n", TRANSPORT_TCP, 0);
	struct config *link = config_with(s, "n", TRANSPORT_UDP, 0);
	struct link_conf k = { .name = STR("l"), .id = 3,
			       .kind = LINK_SIP_PEER,
			       .host = STR("127.0.0.1"),
			       .transport = TRANSPORT_TCP };

	assert_true(p->prepare(p->self, bad, &why) < 0);
	assert_non_null(strstr(why.text, "listen \"x\": cannot listen on "
					 "127.0.0.1"));
	p->abort(p->self);
	link->links = &k;
	link->links_n = 1;
	assert_true(p->prepare(p->self, link, &why) < 0);
	assert_non_null(strstr(why.text, "link \"l\""));
	p->abort(p->self);

	/* aborted: the new one goes, the old ones stay */
	assert_int_equal(p->prepare(p->self, other, &why), 0);
	assert_int_equal(sip_port_of(s->sip, STR("n")), 0);
	p->abort(p->self);
	assert_true(can_connect(s->to_tcp));
	assert_int_equal(sip_port_of(s->sip, STR("t")), s->to_tcp);

	/* committed: the old ones answer 503 until they are drained */
	assert_int_equal(p->prepare(p->self, other, &why), 0);
	p->commit(p->self);
	assert_true(sip_port_of(s->sip, STR("n")) != 0);
	assert_int_equal(sip_port_of(s->sip, STR("t")), 0);
	assert_true(can_connect(sip_port_of(s->sip, STR("n"))));
	sip_side_message(s, "Content-Type: text/plain\n", "x");
	assert_int_equal(sip_side_status(sip_side_recv(s)), 503);
	close(fd);
	config_put(bad);
	config_put(other);
	config_put(link);
}

/* ---- TCP -------------------------------------------------------------- */

static void send_tcp(int fd, size_t n)
{
	char *body = mem_alloc(n + 1);

	memset(body, 'x', n);
	body[n] = 0;
	sip_side_write(fd, "MESSAGE sip:bob@b.example SIP/2.0\n"
		       "Via: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bK-%zu\n"
		       "From: <sip:alice@a.example>;tag=1\n"
		       "To: <sip:bob@b.example>\nCall-ID: %zu\n"
		       "CSeq: 1 MESSAGE\nContent-Type: text/plain\n"
		       "Content-Length: %zu\n\n%s", n, n, n, body);
	mem_free(body);
}

static void test_tcp_sizes(void **state)
{
	struct sip_side *s = *state;
	int fd = sip_side_connect(s);
	struct event *ev;

	send_tcp(fd, 65536);
	ev = sip_side_event(s, EV_MSG);
	assert_non_null(ev);
	assert_int_equal(ev->msg->body.bytes.n, 65536);
	sip_side_done(s, ev);
	send_tcp(fd, 65537);
	assert_int_equal(sip_side_status(sip_side_read(s, fd)), 413);
	assert_null(contract_core_take(&s->core));
	close(fd);
}

static int register_over_tcp(struct sip_side *s, struct binding *b)
{
	int fd = sip_side_connect(s);
	struct event *ev;

	sip_side_write(fd, "REGISTER sip:a.example SIP/2.0\n"
		       "Via: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bK-r\n"
		       "From: <sip:bob@b.example>;tag=1\n"
		       "To: <sip:bob@b.example>\nCall-ID: r\n"
		       "CSeq: 1 REGISTER\n"
		       "Contact: <sip:bob@127.0.0.1:%u;transport=tcp>\n"
		       "Content-Length: 0\n\n", s->nobody_port);
	ev = sip_side_event(s, EV_REGISTER);
	assert_non_null(ev);
	*b = ev->u.registration->contacts[0];
	b->flow = arena_dup(s->arena, b->flow);
	b->contact = arena_dup(s->arena, b->contact);
	b->path = b->params = STR("");
	assert_true(str_starts(b->flow, STR("tcp 127.0.0.1 ")));
	sip_side_answer(s, ev->leg, CAUSE_NONE, NULL);
	sip_side_done(s, ev);
	assert_int_equal(sip_side_status(sip_side_read(s, fd)), 200);
	return fd;
}

static void test_flow_is_used(void **state)
{
	struct sip_side *s = *state;
	struct msg *m = contract_msg("x");
	struct binding b;
	int fd = register_over_tcp(s, &b);
	struct event *ev;
	const char *text;

	sip_side_send(s, m, &b);
	text = sip_side_read(s, fd);
	assert_non_null(text);
	assert_true(strncmp(text, "MESSAGE sip:bob@127.0.0.1", 25) == 0);
	/* The connection goes while the request is under way. */
	close(fd);
	sip_side_run(s, 1000, has_result, s);
	ev = sip_side_event(s, EV_SENT);
	assert_non_null(ev);
	assert_int_equal(ev->cause, CAUSE_FLOW_FAILED);
	sip_side_done(s, ev);
	/* And later: the contact itself is tried, nobody listens there. */
	sip_side_send(s, m, &b);
	ev = sip_side_event(s, EV_SENT);
	assert_non_null(ev);
	assert_int_equal(ev->cause, CAUSE_FLOW_FAILED);
	sip_side_done(s, ev);
	/* A contact that promised its flow only is not tried at all. */
	b.reg_id = 1;
	sip_side_send(s, m, &b);
	ev = contract_core_take_kind(&s->core, EV_SENT);
	assert_non_null(ev);
	assert_int_equal(ev->cause, CAUSE_FLOW_FAILED);
	sip_side_done(s, ev);
	msg_put(m);
}

/* A client that does not read its connection costs a bounded queue. */
static void test_peer_that_does_not_read(void **state)
{
	struct sip_side *s = *state;
	char *body = mem_alloc(40001);
	struct binding b;
	int fd = register_over_tcp(s, &b);
	unsigned overload = 0, sent;
	struct event *ev;
	struct msg *m;

	memset(body, 'x', 40000);
	body[40000] = 0;
	m = contract_msg(body);
	for (sent = 0; sent < 2000 && overload < 5; sent++) {
		sip_side_send(s, m, &b);
		if (sent % 16 == 0)
			sip_side_pass(s, 1);
		while ((ev = contract_core_take_kind(&s->core, EV_SENT))) {
			assert_int_equal(ev->cause, CAUSE_OVERLOAD);
			overload++;
			sip_side_done(s, ev);
		}
	}
	assert_int_equal(overload, 5);
	/* Others are served meanwhile. */
	sip_side_message(s, "Content-Type: text/plain\n", "x");
	sip_side_done(s, sip_side_event(s, EV_MSG));
	close(fd);
	msg_put(m);
	mem_free(body);
}

/* ---- TLS -------------------------------------------------------------- */

/* Runs a shell line of openssl's client beside the loop; its output. */
static const char *client(struct sip_side *s, const char *fmt, ...)
	PRINTF_LIKE(2, 3);
static const char *client(struct sip_side *s, const char *fmt, ...)
{
	static char out[32768];
	char cmd[2048];
	size_t n = 0;
	va_list ap;
	FILE *f;
	int i;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	f = popen(cmd, "r");
	assert_non_null(f);
	fcntl(fileno(f), F_SETFL, O_NONBLOCK);
	for (i = 0; i < 3000; i++) {
		ssize_t rc = read(fileno(f), out + n, sizeof(out) - 1 - n);
		struct event *ev;

		if (rc == 0)
			break;
		n += rc > 0 ? (size_t)rc : 0;
		sip_side_pass(s, 1);
		ev = contract_core_take_kind(&s->core, EV_MSG);
		if (ev) {
			assert_true(ev->origin->is_secure);
			assert_true(ev->origin->is_reliable);
			sip_side_answer(s, ev->leg, CAUSE_NONE, NULL);
			sip_side_done(s, ev);
		}
	}
	pclose(f);
	out[n] = 0;
	return out;
}

static void test_tls_handshake(void **state)
{
	struct sip_side *s = *state;
	const char *out;

	assert_true(s->to_tls != 0);
	out = client(s,
		"(printf 'MESSAGE sip:bob@b.example SIP/2.0\\r\\n"
		"Via: SIP/2.0/TLS 127.0.0.1:9;branch=z9hG4bK-1\\r\\n"
		"From: <sip:alice@a.example>;tag=1\\r\\n"
		"To: <sip:bob@b.example>\\r\\nCall-ID: 1\\r\\n"
		"CSeq: 1 MESSAGE\\r\\nContent-Length: 0\\r\\n\\r\\n'; sleep 0.5) | "
		"timeout 5 openssl s_client -quiet -no_ign_eof "
		"-verify_return_error -CAfile %s "
		"-connect 127.0.0.1:%u 2>/dev/null", s->cert, s->to_tls);
	if (!strstr(out, "SIP/2.0 200 OK"))
		fail_msg("no answer over TLS: %s", out);
}

/* Broken handshakes and closed connections cost nothing afterwards: each gives
   back what it held (the leak checker looks), and the keys stay usable. */
static void test_many_tls_connections(void **state)
{
	struct sip_side *s = *state;
	const char *out;
	unsigned i;

	for (i = 0; i < 20; i++) {
		int fd = sip_side_try(s->to_tls);

		assert_true(fd >= 0);
		if (i % 3 == 0)
			sip_side_write(fd, "OPTIONS sip:x SIP/2.0\n\n");
		sip_side_pass(s, 2);
		close(fd);
	}
	out = client(s, "for i in 1 2 3 4 5 6 7 8; do timeout 5 openssl "
		     "s_client -connect 127.0.0.1:%u </dev/null 2>&1 | "
		     "grep -c 'Cipher is TLS'; done", s->to_tls);
	assert_string_equal(out, "1\n1\n1\n1\n1\n1\n1\n1\n");
	sip_side_pass(s, 50);
}

static void test_old_tls_is_refused(void **state)
{
	struct sip_side *s = *state;
	const char *out = client(s,
		"timeout 5 openssl s_client -tls1_1 -cipher ALL:@SECLEVEL=0 -connect "
		"127.0.0.1:%u </dev/null 2>&1", s->to_tls);

	assert_null(strstr(out, "Cipher is ECDHE"));
}

/* A chain of two is sent whole, and a renewed certificate without a new
   listener. */
static void test_chain_and_reload(void **state)
{
	struct sip_side *s = *state;
	struct adapter *p = &s->port;
	struct errtext why = { .text = "" };
	char dir[] = "/tmp/sip-chain-XXXXXX", cert[64], key[64], cmd[1024];
	const char *out;
	struct config *c;

	assert_non_null(mkdtemp(dir));
	snprintf(cert, sizeof(cert), "%s/chain.pem", dir);
	snprintf(key, sizeof(key), "%s/leaf.key", dir);
	snprintf(cmd, sizeof(cmd),
		"cd %s && N='-newkey ec -pkeyopt ec_paramgen_curve:P-256 "
		"-nodes' && openssl req -x509 $N -days 2 -subj /CN=ca "
		"-keyout ca.key -out ca.pem && openssl req $N -subj /CN=leaf2 "
		"-keyout leaf.key -out leaf.csr && openssl x509 -req -in "
		"leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 "
		"-out leaf.pem && cat leaf.pem ca.pem > chain.pem", dir);
	out = client(s, "(%s) 2>&1", cmd);
	if (access(cert, R_OK) != 0)
		fail_msg("openssl: %s", out);

	c = config_with(s, "s", TRANSPORT_TLS, 0);
	c->listens[0].cert_file = str_of(cert);
	c->listens[0].key_file = str_of(s->key);	/* of another */
	assert_true(p->prepare(p->self, c, &why) < 0);
	assert_non_null(strstr(why.text, "key"));
	p->abort(p->self);
	c->listens[0].key_file = str_of(key);
	assert_int_equal(p->prepare(p->self, c, &why), 0);
	p->commit(p->self);
	assert_int_equal(sip_port_of(s->sip, STR("s")), s->to_tls);
	out = client(s, "timeout 5 openssl s_client -showcerts -connect 127.0.0.1:%u "
		     "</dev/null 2>/dev/null | grep -e 's:CN' -e BEGIN",
		     s->to_tls);
	if (!strstr(out, "CN = leaf2") || !strstr(out, "CN = ca"))
		fail_msg("chain: %s", out);
	out = client(s, "rm -r %s", dir);
	config_put(c);
}

static void test_tls_files(void **state)
{
	struct errtext why = { .text = "" };
	struct net_tls *t;
	struct sip_side *s = *state;

	t = net_tls_new(STR("/nonexistent.pem"), STR(""), &why);
	assert_null(t);
	assert_non_null(strstr(why.text, "/nonexistent.pem"));
	assert_null(net_tls_new(STR(""), STR(""), &why));
	t = net_tls_new(str_of(s->cert), str_of(s->key), &why);
	assert_non_null(t);
	assert_int_equal(net_tls_chain_n(t), 1);
	net_tls_free(t);
}

#define IN(fn, up) { .name = #fn, .test_func = fn, .setup_func = up, \
	.teardown_func = teardown }

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_stack_is_nested),
		IN(test_stack_does_not_spin, setup),
		TEST(test_names_are_not_resolved),
		IN(test_via_is_not_resolved, setup),
		TEST(test_clock_is_steady),
		IN(test_ports, setup),
		IN(test_two_phases, setup),
		IN(test_tcp_sizes, setup),
		IN(test_flow_is_used, setup),
		IN(test_peer_that_does_not_read, setup),
		IN(test_tls_handshake, setup_tls),
		IN(test_many_tls_connections, setup_tls),
		IN(test_old_tls_is_refused, setup_tls),
		IN(test_chain_and_reload, setup_tls),
		IN(test_tls_files, setup_tls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
