/* tests/unit/sip_side.c: see sip_side.h. */
#include "tests/unit/sip_side.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/mem.h"

static int udp_socket(uint16_t *port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_port = htons(*port) };
	socklen_t n = sizeof(sa);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sa, &n), 0);
	*port = ntohs(sa.sin_port);
	return fd;
}

bool sip_side_recv_now(struct sip_side *s)
{
	return recv(s->udp, s->last, sizeof(s->last) - 1, 0) >= 0;
}

int sip_side_bind(uint16_t port)
{
	return udp_socket(&port);
}

static struct sockaddr_in to_port(uint16_t port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_port = htons(port) };

	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return sa;
}

/* ---- text ------------------------------------------------------------- */

/* "\n" to CRLF, in memory of its own. */
static char *to_wire(const char *fmt, va_list ap, size_t *n_out)
	PRINTF_LIKE(1, 0);
static char *to_wire(const char *fmt, va_list ap, size_t *n_out)
{
	char *text = NULL, *out;
	size_t i, n = 0;
	int len = vasprintf(&text, fmt, ap);

	assert_true(len >= 0);
	out = mem_alloc((size_t)len * 2 + 1);
	for (i = 0; i < (size_t)len; i++) {
		if (text[i] == '\n')
			out[n++] = '\r';
		out[n++] = text[i];
	}
	out[n] = 0;
	free(text);
	*n_out = n;
	return out;
}

unsigned sip_side_status(const char *text)
{
	if (!text || strncmp(text, "SIP/2.0 ", 8) != 0)
		return 0;
	return (unsigned)strtoul(text + 8, NULL, 10);
}

const char *sip_side_header(const char *text, const char *name, unsigned n)
{
	static char value[16384];
	size_t len = strlen(name);
	const char *p = text;

	while (p && (p = strchr(p, '\n')) && p[1] != '\r' && p[1] != '\n') {
		const char *end;

		p++;
		if (strncasecmp(p, name, len) != 0 || p[len] != ':' || n--)
			continue;
		p += len + 1;
		while (*p == ' ')
			p++;
		end = strchr(p, '\r');
		if (!end || (size_t)(end - p) >= sizeof(value))
			return NULL;
		memcpy(value, p, (size_t)(end - p));
		value[end - p] = 0;
		return value;
	}
	return NULL;
}

const char *sip_side_body(const char *text)
{
	const char *p = text ? strstr(text, "\r\n\r\n") : NULL;

	return p ? p + 4 : NULL;
}

/* ---- the far side ----------------------------------------------------- */

/* Answers a request by its To user: refuses -> 404, silent -> nothing. */
static void far_answer(struct sip_side *s, const char *text,
		       const struct sockaddr_in *from)
{
	const char *line = strstr(text, " sip:") + 5;
	const char *status = "200 OK";
	struct buf b;
	static const char *const copy[] = { "Via", "From", "To", "Call-ID",
					    "CSeq" };
	unsigned i, k;

	if (strncmp(line, "silent", 6) == 0)
		return;
	if (strncmp(line, "refuses", 7) == 0)
		status = "404 Not Found";
	buf_init(&b, 16384);
	buf_printf(&b, "SIP/2.0 %s\r\n", status);
	for (i = 0; i < COUNT_OF(copy); i++)
		for (k = 0; k < 4; k++) {
			const char *v = sip_side_header(text, copy[i], k);

			if (v)
				buf_printf(&b, "%s: %s%s\r\n", copy[i], v,
					   i == 2 ? ";tag=far" : "");
		}
	buf_printf(&b, "Content-Length: 0\r\n\r\n");
	sendto(s->udp, b.p, b.n, 0, (const struct sockaddr *)from,
	       sizeof(*from));
	buf_free(&b);
}

static bool far_read(struct sip_side *s)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	ssize_t n = recvfrom(s->udp, s->last, sizeof(s->last) - 1, 0,
			     (struct sockaddr *)&from, &len);

	if (n < 0)
		return false;
	s->last[n] = 0;
	if (sip_side_status(s->last))
		s->answered++;
	else if (s->is_echo)
		far_answer(s, s->last, &from);
	return true;
}

/* ---- running ---------------------------------------------------------- */

bool sip_side_run(struct sip_side *s, int ms, bool (*done)(void *), void *arg)
{
	int64_t end = net_now_ms(s->loop) + ms;

	for (;;) {
		net_loop_once(s->loop, false);
		while (s->is_echo && far_read(s))
			;
		if (done && done(arg))
			return true;
		if (net_now_ms(s->loop) >= end)
			return false;
		usleep(500);
	}
}

void sip_side_pass(struct sip_side *s, int ms)
{
	sip_side_run(s, ms, NULL, NULL);
}

static bool has_datagram(void *arg)
{
	return far_read(arg);
}

const char *sip_side_recv(struct sip_side *s)
{
	return sip_side_run(s, 1000, has_datagram, s) ? s->last : NULL;
}

struct kind_wish {
	struct sip_side *s;
	enum ev_kind kind;
};

static bool has_event(void *arg)
{
	struct kind_wish *w = arg;

	return contract_core_count(&w->s->core, w->kind) > 0;
}

struct event *sip_side_event(struct sip_side *s, enum ev_kind kind)
{
	struct kind_wish w = { s, kind };

	sip_side_run(s, 1000, has_event, &w);
	return contract_core_take_kind(&s->core, kind);
}

void sip_side_done(struct sip_side *s, struct event *ev)
{
	contract_event_free(&s->core, ev);
}

void sip_side_raw(struct sip_side *s, const char *p, size_t n)
{
	struct sockaddr_in sa = to_port(s->to_udp);

	sendto(s->udp, p, n, 0, (struct sockaddr *)&sa, sizeof(sa));
}

void sip_side_udp(struct sip_side *s, const char *fmt, ...)
{
	struct sockaddr_in sa = to_port(s->to_udp);
	va_list ap;
	char *text;
	size_t n;

	va_start(ap, fmt);
	text = to_wire(fmt, ap, &n);
	va_end(ap);
	assert_int_equal(sendto(s->udp, text, n, 0, (struct sockaddr *)&sa,
				sizeof(sa)), (ssize_t)n);
	mem_free(text);
}

int sip_side_listen(uint16_t *port)
{
	struct sockaddr_in sa = to_port(0);
	socklen_t n = sizeof(sa);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(fd, 8), 0);
	getsockname(fd, (struct sockaddr *)&sa, &n);
	*port = ntohs(sa.sin_port);
	return fd;
}

int sip_side_try(uint16_t port)
{
	struct sockaddr_in sa = to_port(port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0)
		return fd;
	close(fd);
	return -1;
}

int sip_side_connect(struct sip_side *s)
{
	int fd = sip_side_try(s->to_tcp);

	assert_true(fd >= 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	sip_side_pass(s, 5);
	return fd;
}

void sip_side_write(int fd, const char *fmt, ...)
{
	va_list ap;
	char *text;
	size_t n, at = 0;

	va_start(ap, fmt);
	text = to_wire(fmt, ap, &n);
	va_end(ap);
	while (at < n) {
		ssize_t rc = write(fd, text + at, n - at);

		if (rc < 0 && errno != EAGAIN)
			break;		/* the adapter hung up */
		at += rc > 0 ? (size_t)rc : 0;
	}
	mem_free(text);
}

struct reading {
	struct sip_side *s;
	int fd;
	size_t n;
};

static bool has_message(void *arg)
{
	struct reading *r = arg;
	char *text = r->s->last;
	const char *body, *len;
	ssize_t n;

	/* A byte at a time leaves the next message in the socket. */
	while (r->n < sizeof(r->s->last) - 1) {
		n = read(r->fd, text + r->n, 1);
		if (n <= 0)
			return false;
		r->n += (size_t)n;
		text[r->n] = 0;
		body = sip_side_body(text);
		if (!body)
			continue;
		len = sip_side_header(text, "Content-Length", 0);
		if (!len || strlen(body) >= strtoul(len, NULL, 10))
			return true;
	}
	return true;
}

const char *sip_side_read(struct sip_side *s, int fd)
{
	struct reading r = { s, fd, 0 };

	s->last[0] = 0;
	return sip_side_run(s, 1000, has_message, &r) ? s->last : NULL;
}

size_t sip_side_wire_n(const char *text)
{
	size_t n = strlen(text);

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

void sip_side_message(struct sip_side *s, const char *extra, const char *body)
{
	static unsigned count;

	count++;
	sip_side_udp(s,
		     "MESSAGE sip:bob@b.example SIP/2.0\n"
		     "Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK-m%u\n"
		     "From: \"Alice\" <sip:alice@a.example>;tag=f%u\n"
		     "To: <sip:bob@b.example>\nCall-ID: c%u@a.example\n"
		     "CSeq: 1 MESSAGE\nMax-Forwards: 70\n%s"
		     "Content-Length: %zu\n\n%s",
		     s->udp_port, count, count, count, extra,
		     sip_side_wire_n(body),
		     body);
}

void sip_side_answer(struct sip_side *s, uint64_t leg, enum cause c,
		     struct answer *an)
{
	struct answer own = { .kind = c == CAUSE_NONE ? ANSWER_OK :
							ANSWER_REFUSED };
	struct action a = { .kind = ACT_ANSWER, .leg = leg, .cause = c,
			    .u.answer = an ? an : &own };

	s->port.answer(s->port.self, leg, &a);
}

uint64_t sip_side_send(struct sip_side *s, struct msg *m,
		       const struct binding *b)
{
	struct target t = { .binding = b };
	struct send send = { .targets = &t, .targets_n = 1 };
	struct action a = { .kind = ACT_SEND, .wants_result = true, .msg = m,
			    .u.send = &send };

	t.leg = s->core.intake.leg_new(&s->core, PROTO_SIP);
	t.from = m->from;
	t.to = m->to[0];
	s->port.send(s->port.self, &a);
	return t.leg;
}

/* ---- contract --------------------------------------------------------- */

static void side_target(void *arg, enum contract_far far, struct target *out)
{
	static const char *const uris[] = { "sip:takes@b.example",
					    "sip:refuses@b.example",
					    "sip:silent@b.example",
					    "sip:none@b.example" };
	struct sip_side *s = arg;

	out->from = contract_addr(s->arena, "sip:alice@a.example");
	out->to = contract_addr(s->arena, uris[far]);
	if (far == FAR_NOWHERE)
		return;
	if (s->contract.link)
		out->link = s->contract.link;
	else
		out->binding = far == FAR_TAKES	  ? &s->takes :
			       far == FAR_REFUSES ? &s->refuses :
						    &s->silent;
}

static void side_run(void *arg, int ms, bool (*done)(void *), void *done_arg)
{
	sip_side_run(arg, ms, done, done_arg);
}

static int64_t side_now(void *arg)
{
	struct sip_side *s = arg;

	return net_now_ms(s->loop);
}

static void side_request(void *arg)
{
	sip_side_message(arg, "Content-Type: text/plain\n", "hello");
}

static unsigned side_answers(void *arg)
{
	struct sip_side *s = arg;

	return s->answered;
}

/* ---- life ------------------------------------------------------------- */

static void make_keys(struct sip_side *s)
{
	char cmd[512];

	snprintf(s->cert, sizeof(s->cert), "/tmp/sip-test-%d.crt", getpid());
	snprintf(s->key, sizeof(s->key), "/tmp/sip-test-%d.key", getpid());
	snprintf(cmd, sizeof(cmd),
		 "openssl req -x509 -newkey ec -pkeyopt "
		 "ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost "
		 "-keyout %s -out %s 2>/dev/null", s->key, s->cert);
	FILE *f = popen(cmd, "r");	/* test only: keys made per run */
	assert_non_null(f);
	assert_int_equal(pclose(f), 0);
}

static struct listen_conf *add_listen(struct config *c, const char *name,
				      enum transport t, struct str *trusted)
{
	struct listen_conf *l = &c->listens[c->listens_n++];

	l->name = str_of(name);
	l->proto = PROTO_SIP;
	l->transport = t;
	l->address = STR("127.0.0.1");
	l->challenge_sha256 = l->challenge_md5 = true;
	l->trusted = trusted;
	l->trusted_n = trusted ? 1 : 0;
	return l;
}

static struct config *make_config(struct sip_side *s, unsigned what)
{
	struct config *c = config_new();
	struct str *trusted = NULL;

	c->sip_udp_bytes_max = 1300;
	c->sip_tcp_bytes_max = 65536;
	c->sip_nonce_life_ms = 60000;
	c->reg_expires_default_s = 3600;
	c->listens = arena_array(c->arena, 3, sizeof(*c->listens));
	c->domains = arena_array(c->arena, 2, sizeof(*c->domains));
	c->domains[0].name = STR("b.example");
	c->domains[1].name = STR("a.example");
	c->domains_n = 2;
	if (what & SIDE_TRUSTED) {
		trusted = arena_alloc(c->arena, sizeof(*trusted));
		*trusted = STR("127.0.0.0/8");
	}
	add_listen(c, "u", TRANSPORT_UDP, trusted);
	add_listen(c, "t", TRANSPORT_TCP, trusted);
	if (what & SIDE_TLS) {
		struct listen_conf *l =
			add_listen(c, "s", TRANSPORT_TLS, trusted);

		l->cert_file = str_of(s->cert);
		l->key_file = str_of(s->key);
	}
	if (what & SIDE_PEER) {
		struct link_conf *k = arena_zalloc(c->arena, sizeof(*k));

		k->name = STR("peer");
		k->id = 7;
		k->kind = LINK_SIP_PEER;
		k->proto = PROTO_SIP;
		k->host = STR("127.0.0.1");
		k->port = s->udp_port;
		k->transport = TRANSPORT_UDP;
		k->window = SIP_SIDE_WINDOW;
		c->links = k;
		c->links_n = 1;
	}
	return c;
}

static struct str contact(struct sip_side *s, const char *user)
{
	return arena_printf(s->arena, "sip:%s@127.0.0.1:%u", user,
			    s->udp_port);
}

struct sip_side *sip_side_new(unsigned what)
{
	struct sip_side *s = mem_zalloc(sizeof(*s));
	struct errtext why = { .text = "" };
	struct event *ev;

	contract_core_init(&s->core);
	s->arena = arena_new(1u << 20);
	s->loop = net_loop_new(&why);
	assert_non_null(s->loop);
	s->udp = udp_socket(&s->udp_port);
	s->nobody = udp_socket(&s->nobody_port);
	if (what & SIDE_TLS)
		make_keys(s);
	s->config = make_config(s, what);
	s->sip = sip_new(s->loop, &s->core.intake, &why);
	assert_non_null(s->sip);
	s->port = sip_port(s->sip);
	if (s->port.prepare(s->port.self, s->config, &why) < 0)
		fail_msg("prepare: %s", why.text);
	s->port.commit(s->port.self);
	s->to_udp = sip_port_of(s->sip, STR("u"));
	s->to_tcp = sip_port_of(s->sip, STR("t"));
	s->to_tls = sip_port_of(s->sip, STR("s"));
	while ((ev = contract_core_take_kind(&s->core, EV_LINK)))
		sip_side_done(s, ev);
	s->takes = (struct binding){ .contact = contact(s, "takes"),
				     .q_milli = 1000 };
	s->refuses = (struct binding){ .contact = contact(s, "refuses") };
	s->silent = (struct binding){ .contact = contact(s, "silent") };
	s->contract = (struct contract){
		.name = "sip", .core = &s->core, .adapter = s->port,
		.arg = s, .target = side_target, .run = side_run,
		.now_ms = side_now, .request = side_request,
		.answers = side_answers, .good_config = s->config,
	};
	return s;
}

void sip_side_free(struct sip_side *s)
{
	sip_free(s->sip);
	contract_core_free(&s->core);
	net_loop_free(s->loop);
	config_put(s->config);
	arena_free(s->arena);
	close(s->udp);
	close(s->nobody);
	if (s->cert[0]) {
		unlink(s->cert);
		unlink(s->key);
	}
	mem_free(s);
}
