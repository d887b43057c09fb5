/* tests/bench/sipload.c: load generator and receiver in one process, far
 * cheaper than any server: a closed loop of a window of messages, over SIP
 * (UDP or TCP) or as an XMPP component on either side.
 *
 *   from sip to sip     a place is free again when the final answer came
 *   from sip to xmpp    the same; the component only counts
 *   from xmpp to sip    a place is free again when the message arrived
 *
 * Retransmissions follow RFC 3261 17.1.2 and are counted, as is everything
 * that was not answered, not delivered although accepted, or came twice.
 * Users are u0, u1, ...; the result is one line of JSON. With --wait it says
 * {"ready": true} when all are registered and the warm-up is over, and begins
 * when a line comes on standard input ("go", or "go RATE" for that phase);
 * with --phases N it does that N times. --far-port is where those already in a
 * registrar are reached.
 */
#include <getopt.h>
#include <sys/resource.h>

#include "tests/bench/load_conn.h"
#include "tests/bench/load_sip.h"
#include "tests/bench/load_xmpp.h"

enum {
	T1_US = 500000, T2_US = 4000000,	/* RFC 3261 17.1.2.2 */
	GIVE_UP_US = 64 * T1_US,
	TICK_MS = 20,			/* how often timers are looked at */
	TRIES_MAX = 3,			/* logins of one request */
	SLOTS_MAX = 65535, CONNS_MAX = 256, CODES_MAX = 700,
};

struct options {
	const char *host, *domain, *transport, *prefix;
	uint16_t port, far_port;
	unsigned users, registered, to_first, window, conns, phases;
	int body_n, expires_s;
	double seconds, warmup_s, drain_s, rate;
	uint64_t count;
	bool from_xmpp, to_xmpp, waits;
	const char *xmpp_host, *xmpp_domain, *xmpp_secret;
	uint16_t xmpp_port;
};

struct slot {
	bool is_busy, is_register;
	uint64_t number;
	unsigned tries;
	int64_t began_us, again_us, pause_us;
};

struct result {
	uint64_t sent, answered, unanswered, retransmitted, came, repeats;
	uint64_t refused, codes[CODES_MAX];
	struct hist latency;
	struct notes notes;
	int64_t began_us, ended_us, own_cpu_us;
};

static struct options opt = {
	.host = "127.0.0.1", .domain = "sip.example", .transport = "udp",
	.prefix = "u", .users = 100, .registered = 1u << 30, .window = 64,
	.conns = 8, .phases = 1, .body_n = 100, .expires_s = 3600,
	.seconds = 5, .warmup_s = 0, .drain_s = 33,
	.xmpp_host = "127.0.0.1", .xmpp_domain = "peer.example",
	.xmpp_secret = "",
};
static struct sip_login login;
static struct slot slots[SLOTS_MAX];
static unsigned free_slots[SLOTS_MAX], free_n, busy_n;
static struct conn *near_conns[CONNS_MAX], *far_conns[CONNS_MAX], *xmpp;
static unsigned near_n, far_n;
static struct result now;
static uint64_t next_number = 1;
static uint64_t end_number;		/* of this phase */
static unsigned register_next;
static bool is_registering;
static char filler[CONN_DGRAM_MAX];
static int epoll_fd;

/* ---- sending -------------------------------------------------------------- */

static unsigned user_from(uint64_t number)
{
	return (unsigned)(number % opt.users);
}

/* Spread evenly, never to oneself, and differently each round. */
static unsigned user_to(uint64_t number)
{
	uint64_t step = 1 + number / opt.users % (opt.users - 1);

	if (opt.to_first)
		return opt.to_first + (unsigned)(number * 7919 % opt.users);
	return (unsigned)((number % opt.users + step) % opt.users);
}

static void put_address(char *out, size_t size, unsigned user, bool is_xmpp)
{
	snprintf(out, size, "%s%u@%s", opt.prefix, user,
		 is_xmpp ? opt.xmpp_domain : opt.domain);
}

static void write_register(unsigned place, struct slot *s)
{
	struct conn *c = far_conns[s->number % far_n];
	struct sip_request r = {
		.transport = c->kind == CONN_UDP ? "UDP" : "TCP",
		.port = c->port, .slot = place, .tries = s->tries,
		.number = s->number, .expires_s = opt.expires_s,
	};

	put_address(r.from, sizeof(r.from), (unsigned)s->number, false);
	snprintf(r.user, sizeof(r.user), "%s%u", opt.prefix,
		 (unsigned)s->number);
	conn_put(c, sip_put_register(conn_room(c), CONN_DGRAM_MAX, &r,
				     &login));
}

static void write_message(unsigned place, struct slot *s)
{
	struct conn *c = opt.from_xmpp ? xmpp :
					 near_conns[s->number % near_n];
	struct sip_request r = {
		.transport = c->kind == CONN_UDP ? "UDP" : "TCP",
		.port = c->port, .slot = place, .tries = s->tries,
		.number = s->number, .filler = filler, .body_n = opt.body_n,
	};

	put_address(r.from, sizeof(r.from), user_from(s->number),
		    opt.from_xmpp);
	put_address(r.to, sizeof(r.to), user_to(s->number), opt.to_xmpp);
	snprintf(r.user, sizeof(r.user), "%s%u", opt.prefix,
		 user_from(s->number));
	if (opt.from_xmpp)
		conn_put(c, xmpp_put_message(conn_room(c), CONN_DGRAM_MAX,
					     r.from, r.to, s->number,
					     opt.body_n, filler));
	else
		conn_put(c, sip_put_message(conn_room(c), CONN_DGRAM_MAX, &r,
					    &login));
}

static void write_slot(unsigned place)
{
	if (slots[place].is_register)
		write_register(place, &slots[place]);
	else
		write_message(place, &slots[place]);
}

static void start(uint64_t number, bool is_register)
{
	unsigned place = free_slots[--free_n];
	int64_t at = now_us();

	slots[place] = (struct slot){
		.is_busy = true, .is_register = is_register, .number = number,
		.began_us = at, .again_us = at + T1_US, .pause_us = T1_US,
	};
	busy_n++;
	if (!is_register)
		now.sent++;
	write_slot(place);
}

static void end_slot(unsigned place)
{
	slots[place].is_busy = false;
	free_slots[free_n++] = place;
	busy_n--;
}

/* ---- what comes ----------------------------------------------------------- */

static void note(uint64_t number, uint8_t what)
{
	uint8_t *p = notes_at(&now.notes, number);

	if (!p)
		return;
	if (what == NOTE_CAME && *p & NOTE_CAME)
		now.repeats++;
	else if (what == NOTE_CAME)
		now.came++;
	*p |= what;
}

static void answered(unsigned place, unsigned code, const char *p, size_t n)
{
	struct slot *s = &slots[place];

	if (code < 200)
		return;
	if (code == 401 && s->tries < TRIES_MAX &&
	    sip_challenged(&login, p, n)) {
		s->tries++;
		write_slot(place);
		return;
	}
	if (s->is_register && code != 200) {
		fprintf(stderr, "sipload: REGISTER answered %u\n", code);
		exit(1);
	}
	if (!s->is_register) {
		now.answered++;
		now.codes[code < CODES_MAX ? code : 0]++;
		hist_add(&now.latency, now_us() - s->began_us);
		if (code < 300)
			note(s->number, NOTE_TAKEN);
	}
	end_slot(place);
}

/* From XMPP a message is over when it arrived; its place is found by its
   number. */
static void arrived(uint64_t number, bool is_error)
{
	unsigned i;

	for (i = 0; i < opt.window; i++)
		if (slots[i].is_busy && slots[i].number == number)
			break;
	if (i == opt.window)
		return;
	now.answered++;
	if (is_error)
		now.refused++;
	else
		note(number, NOTE_TAKEN);
	hist_add(&now.latency, now_us() - slots[i].began_us);
	end_slot(i);
}

static int64_t take_sip(struct conn *c, char *p, size_t n)
{
	unsigned code = sip_status(p, n), place;
	uint64_t number;

	if (code) {
		if (sip_branch(p, n, &place, &number) && place < opt.window &&
		    slots[place].is_busy && slots[place].number == number)
			answered(place, code, p, n);
		return (int64_t)n;
	}
	if (n < 8 || memcmp(p, "ACK ", 4) == 0)
		return (int64_t)n;
	conn_put(c, sip_put_answer(conn_room(c), CONN_DGRAM_MAX, p, n));
	if (memcmp(p, "MESSAGE ", 8) == 0 && mark_find(p, n, &number)) {
		note(number, NOTE_CAME);
		if (opt.from_xmpp)
			arrived(number, false);
	}
	return (int64_t)n;
}

static int64_t take_stream(struct conn *c, char *p, size_t n)
{
	int64_t used = sip_frame(p, n);

	if (used > 1)
		take_sip(c, p, (size_t)used);
	return used;
}

static int64_t take_xmpp(struct conn *c, char *p, size_t n)
{
	enum xmpp_kind kind;
	uint64_t number = 0;
	int64_t used = xmpp_frame(p, n, &kind, &number);

	(void)c;
	if (kind == XMPP_ERROR && opt.from_xmpp)
		arrived(number, true);
	else if (kind == XMPP_MESSAGE)
		note(number, NOTE_CAME);
	return used;
}

static void take(struct conn *c)
{
	static conn_take_h *const by_kind[] = { take_sip, take_stream,
						take_xmpp };

	conn_read(c, by_kind[c->kind]);
}

/* ---- the loop ------------------------------------------------------------- */

static void repeat_or_give_up(int64_t at)
{
	bool repeats = !strcmp(opt.transport, "udp");
	unsigned i;

	for (i = 0; i < opt.window; i++) {
		struct slot *s = &slots[i];

		if (!s->is_busy || at < s->again_us)
			continue;
		if (at - s->began_us >= GIVE_UP_US) {
			if (s->is_register)
				fail("a REGISTER was not answered");
			now.unanswered++;
			end_slot(i);
			continue;
		}
		s->pause_us = s->pause_us * 2 < T2_US ? s->pause_us * 2 :
							T2_US;
		s->again_us = at + s->pause_us;
		if (repeats && (s->is_register || !opt.from_xmpp)) {
			now.retransmitted += !s->is_register;
			write_slot(i);
		}
	}
}

static void flush_all(void)
{
	unsigned i;

	for (i = 0; i < near_n; i++)
		conn_flush(near_conns[i]);
	for (i = 0; i < far_n; i++)
		conn_flush(far_conns[i]);
	if (xmpp)
		conn_flush(xmpp);
}

/* At a fixed rate as many as are due, else as many as have a place. */
static unsigned due(int64_t at)
{
	double n;

	if (opt.rate <= 0)
		return free_n;
	n = (double)(at - now.began_us) * opt.rate / 1e6 - (double)now.sent;
	if (n <= 0)
		return 0;
	return n < free_n ? (unsigned)n : free_n;
}

static void fill(int64_t at)
{
	unsigned n = is_registering ? free_n : due(at);

	for (; n > 0; n--) {
		if (is_registering && register_next < opt.registered)
			start(register_next++, true);
		else if (!is_registering && next_number < end_number)
			start(next_number++, false);
		else
			return;
	}
}

static void pass(void)
{
	static int64_t tick_us;
	struct epoll_event events[64];
	int wait_ms = opt.rate > 0 && !is_registering ? 1 : TICK_MS;
	int i, n;

	fill(now_us());
	flush_all();
	n = epoll_wait(epoll_fd, events, 64, wait_ms);
	for (i = 0; i < n; i++)
		take(events[i].data.ptr);
	if (now_us() >= tick_us) {
		tick_us = now_us() + TICK_MS * 1000;
		repeat_or_give_up(now_us());
	}
}

static int64_t own_cpu_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (int64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000 +
	       u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

/* Messages for so long, then waits for the answers still owed. */
static void run(double seconds, uint64_t count)
{
	int64_t end;

	free(now.notes.p);
	now = (struct result){ .notes.first = next_number };
	now.began_us = now_us();
	now.own_cpu_us = own_cpu_us();
	end = now.began_us + (int64_t)(seconds * 1e6);
	end_number = count ? next_number + count : UINT64_MAX;
	while (now_us() < end && (next_number < end_number || busy_n))
		pass();
	end_number = next_number;
	now.ended_us = now_us();
	end = now.ended_us + (int64_t)(opt.drain_s * 1e6);
	while (busy_n && now_us() < end)
		pass();
	/* What comes a moment later still counts as delivered. */
	end = now_us() + 10000000;
	while (opt.to_xmpp && now.came < now.sent && now_us() < end)
		pass();
	flush_all();
	now.own_cpu_us = own_cpu_us() - now.own_cpu_us;
	now.unanswered += busy_n;
}

/* ---- all of it ------------------------------------------------------------ */

static void print_codes(void)
{
	const char *comma = "";
	unsigned i;

	printf("\"codes\": {");
	for (i = 0; i < CODES_MAX; i++) {
		if (!now.codes[i])
			continue;
		printf("%s\"%u\": %llu", comma, i,
		       (unsigned long long)now.codes[i]);
		comma = ", ";
	}
	printf("}, ");
}

static void print_result(void)
{
	double s = (double)(now.ended_us - now.began_us) / 1e6;
	double n = now.answered ? (double)now.answered : 1;

	printf("{\"sent\": %llu, \"answered\": %llu, \"unanswered\": %llu, ",
	       (unsigned long long)now.sent, (unsigned long long)now.answered,
	       (unsigned long long)now.unanswered);
	print_codes();
	printf("\"refused\": %llu, \"retransmitted\": %llu, "
	       "\"delivered\": %llu, \"repeated\": %llu, \"undelivered\": %llu, ",
	       (unsigned long long)now.refused,
	       (unsigned long long)now.retransmitted,
	       (unsigned long long)now.came, (unsigned long long)now.repeats,
	       (unsigned long long)notes_count(&now.notes, NOTE_TAKEN));
	printf("\"seconds\": %.3f, \"rate\": %.1f, \"p50_us\": %llu, "
	       "\"p99_us\": %llu, \"max_us\": %llu, \"own_us\": %.2f}\n",
	       s, s > 0 ? (double)now.answered / s : 0,
	       (unsigned long long)hist_permille(&now.latency, 500),
	       (unsigned long long)hist_permille(&now.latency, 990),
	       (unsigned long long)now.latency.max_us,
	       (double)now.own_cpu_us / n);
	fflush(stdout);
}

static void connect_all(void)
{
	bool is_tcp = strcmp(opt.transport, "tcp") == 0;
	unsigned i, n = is_tcp && !opt.far_port ? opt.conns : 1;

	epoll_fd = epoll_create1(0);
	if (opt.from_xmpp || opt.to_xmpp) {
		xmpp = conn_open(epoll_fd, CONN_XMPP, 0,
				 conn_address(opt.xmpp_host, opt.xmpp_port));
		xmpp_login(xmpp, opt.xmpp_domain, opt.xmpp_secret);
	}
	for (i = 0; i < n; i++) {
		enum conn_kind kind = is_tcp ? CONN_TCP : CONN_UDP;
		struct sockaddr_in to = conn_address(opt.host, opt.port);

		near_conns[near_n++] = conn_open(epoll_fd, kind, 0, to);
		/* One that never says anything would be closed. */
		if (opt.registered || opt.far_port)
			far_conns[far_n++] = conn_open(epoll_fd, kind,
						       opt.far_port, to);
	}
}

static void register_all(void)
{
	is_registering = true;
	if (opt.registered > opt.users)
		opt.registered = opt.users;
	while (register_next < opt.registered || busy_n)
		pass();
	is_registering = false;
}

static void wait_for_line(void)
{
	static double usual = -1;
	char line[64];

	if (usual < 0)
		usual = opt.rate;
	if (!opt.waits)
		return;
	printf("{\"ready\": true}\n");
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		exit(0);
	/* "go" as the options say, or "go RATE" */
	opt.rate = usual;
	sscanf(line, "go %lf", &opt.rate);
}

static const struct option names[] = {
	{ "server", required_argument, NULL, 's' },
	{ "port", required_argument, NULL, 'p' },
	{ "far-port", required_argument, NULL, 'o' },
	{ "domain", required_argument, NULL, 'd' },
	{ "transport", required_argument, NULL, 't' },
	{ "users", required_argument, NULL, 'u' },
	{ "register", required_argument, NULL, 'r' },
	{ "to-first", required_argument, NULL, 'f' },
	{ "window", required_argument, NULL, 'w' },
	{ "conns", required_argument, NULL, 'c' },
	{ "phases", required_argument, NULL, 'n' },
	{ "body", required_argument, NULL, 'b' },
	{ "expires", required_argument, NULL, 'e' },
	{ "seconds", required_argument, NULL, 'S' },
	{ "warmup", required_argument, NULL, 'W' },
	{ "drain", required_argument, NULL, 'D' },
	{ "rate", required_argument, NULL, 'R' },
	{ "count", required_argument, NULL, 'C' },
	{ "password", required_argument, NULL, 'P' },
	{ "from-xmpp", no_argument, NULL, 'F' },
	{ "to-xmpp", no_argument, NULL, 'T' },
	{ "wait", no_argument, NULL, 'a' },
	{ "xmpp-port", required_argument, NULL, 'x' },
	{ "xmpp-domain", required_argument, NULL, 'y' },
	{ "xmpp-secret", required_argument, NULL, 'z' },
	{ NULL, 0, NULL, 0 },
};

static bool read_option(int c, const char *v)
{
	unsigned n = v ? (unsigned)strtoul(v, NULL, 10) : 0;

	switch (c) {
	case 's': opt.host = v; break;
	case 'p': opt.port = (uint16_t)n; break;
	case 'o': opt.far_port = (uint16_t)n; break;
	case 'd': opt.domain = v; break;
	case 't': opt.transport = v; break;
	case 'u': opt.users = n; break;
	case 'r': opt.registered = n; break;
	case 'f': opt.to_first = n; break;
	case 'w': opt.window = n; break;
	case 'c': opt.conns = n; break;
	case 'n': opt.phases = n; break;
	case 'b': opt.body_n = (int)n; break;
	case 'e': opt.expires_s = (int)n; break;
	case 'S': opt.seconds = strtod(v, NULL); break;
	case 'W': opt.warmup_s = strtod(v, NULL); break;
	case 'D': opt.drain_s = strtod(v, NULL); break;
	case 'R': opt.rate = strtod(v, NULL); break;
	case 'C': opt.count = strtoull(v, NULL, 10); break;
	case 'P': login.password = v; break;
	case 'F': opt.from_xmpp = true; break;
	case 'T': opt.to_xmpp = true; break;
	case 'a': opt.waits = true; break;
	case 'x': opt.xmpp_port = (uint16_t)n; break;
	case 'y': opt.xmpp_domain = v; break;
	case 'z': opt.xmpp_secret = v; break;
	default: return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	unsigned i;
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1)
		if (!read_option(c, optarg))
			return 64;
	if (!opt.port || opt.users < 2 || !opt.window ||
	    opt.window > SLOTS_MAX || !opt.conns || opt.conns > CONNS_MAX ||
	    opt.body_n < (int)(MARK_N + MARK_HEX_N) ||
	    opt.body_n > CONN_DGRAM_MAX - 1500)
		fail("give a port, 2 users, a window, 20 to 2596 bytes");
	login.domain = opt.domain;
	memset(filler, '.', sizeof(filler) - 1);
	for (i = opt.window; i > 0; i--)
		free_slots[free_n++] = i - 1;
	connect_all();
	register_all();
	if (opt.warmup_s > 0)
		run(opt.warmup_s, 0);
	for (i = 0; i < opt.phases; i++) {
		wait_for_line();
		run(opt.seconds, opt.count);
		print_result();
	}
	return 0;
}
