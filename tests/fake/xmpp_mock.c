/* tests/fake/xmpp_mock.c: a component server and a rig around the adapter, see
 * xmpp_mock.h. The server understands as much XML as our own writer makes.
 */
#include "tests/fake/xmpp_mock.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/hash.h"
#include "core/base/mem.h"

#define STREAM_ID "9f3c21aa"
#define STREAM_HEAD "<?xml version='1.0'?><stream:stream " \
	"xmlns='jabber:component:accept' " \
	"xmlns:stream='http://etherx.jabber.org/streams' " \
	"from='sip.example' id='" STREAM_ID "'>"

enum { STANZAS_MAX = 8192, IN_MAX = 16777216 };

struct xmpp_mock {
	struct net_loop *loop;
	char *secret;
	int listen_fd, fd;
	uint16_t port;
	struct net_watch *listen_watch, *watch;
	enum mock_mode mode;
	bool is_open, is_shaken;	/* header seen, handshake good */
	struct buf in;
	char *opening;
	char digest[2 * HASH_SHA1_N + 1];
	char *stanzas[STANZAS_MAX];
	size_t stanzas_n;
	unsigned connections, handshakes, pings, syncs, unaddressed;
};

static void say(struct xmpp_mock *m, const char *p, size_t n)
{
	while (n > 0 && m->fd >= 0) {
		ssize_t w = send(m->fd, p, n, MSG_NOSIGNAL);

		if (w <= 0)
			return;
		p += w;
		n -= (size_t)w;
	}
}

void xmpp_mock_say(struct xmpp_mock *m, const char *bytes)
{
	say(m, bytes, strlen(bytes));
}

void xmpp_mock_hang_up(struct xmpp_mock *m)
{
	net_watch_free(m->watch);
	m->watch = NULL;
	if (m->fd >= 0)
		close(m->fd);
	m->fd = -1;
	buf_clear(&m->in);
	m->is_open = m->is_shaken = false;
}

static void stream_error(struct xmpp_mock *m, const char *condition)
{
	xmpp_mock_say(m, "<stream:error><");
	xmpp_mock_say(m, condition);
	xmpp_mock_say(m, " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
			 "</stream:error></stream:stream>");
	xmpp_mock_hang_up(m);
}

/* Length of the first whole element in s, 0 while it is not all there. */
static size_t element_size(struct str s)
{
	size_t i = 0, depth = 0;

	while (i < s.n) {
		size_t end;

		if (s.p[i] != '<') {
			i++;
			continue;
		}
		end = i + str_find(str_from(s, i), '>');
		if (end >= s.n)
			return 0;
		if (s.p[i + 1] == '/')
			depth--;
		else if (s.p[end - 1] != '/')
			depth++;
		i = end + 1;
		if (depth == 0)
			return i;
	}
	return 0;
}

/* Value of an attribute of the first tag, quotes ' or ". */
static struct str attr_of(struct str stanza, const char *name)
{
	struct str tag = str_sub(stanza, 0, str_find(stanza, '>'));
	char key[64];
	size_t at;

	snprintf(key, sizeof(key), " %s=", name);
	at = str_search(tag, str_of(key));
	if (at == tag.n)
		return STR_NONE;
	tag = str_from(tag, at + strlen(key));
	return str_sub(tag, 1, str_find(str_from(tag, 1), tag.p[0]));
}

static bool holds(struct str s, const char *text)
{
	return str_search(s, str_of(text)) < s.n;
}

static void check_ends(struct xmpp_mock *m, struct str stanza)
{
	struct str from = attr_of(stanza, "from");
	size_t slash = str_find(from, '/');

	from = str_sub(from, 0, slash);
	from = str_from(from, holds(from, "@") ? str_rfind(from, '@') + 1 : 0);
	if (!str_eq(from, STR("sip.example")) || attr_of(stanza, "to").n == 0)
		m->unaddressed++;
}

static void take_ping(struct xmpp_mock *m, struct str stanza)
{
	m->pings++;
	if (m->mode == MOCK_NO_PONG)
		return;
	if (m->mode != MOCK_PONG_RESULT) {
		say(m, stanza.p, stanza.n);
		return;
	}
	xmpp_mock_say(m, "<iq type='result' from='sip.example' "
			 "to='sip.example' id='");
	say(m, attr_of(stanza, "id").p, attr_of(stanza, "id").n);
	xmpp_mock_say(m, "'/>");
}

/* Nobody is there called "refuses". */
static void refuse(struct xmpp_mock *m, struct str stanza)
{
	struct buf b;

	buf_init(&b, 65536);
	buf_put_str(&b, STR("<message type='error' from='"));
	buf_put_str(&b, attr_of(stanza, "to"));
	buf_put_str(&b, STR("' to='"));
	buf_put_str(&b, attr_of(stanza, "from"));
	buf_put_str(&b, STR("' id='"));
	buf_put_str(&b, attr_of(stanza, "id"));
	buf_put_str(&b, STR("'><error type='cancel'><item-not-found xmlns="
			    "'urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
			    "</message>"));
	say(m, b.p, b.n);
	buf_free(&b);
}

static void take_stanza(struct xmpp_mock *m, struct str stanza)
{
	check_ends(m, stanza);
	if (m->mode == MOCK_PICKY && holds(stanza, "poison")) {
		stream_error(m, "not-well-formed");
		return;
	}
	if (str_starts(stanza, STR("<iq")) && holds(stanza, "urn:xmpp:ping") &&
	    str_eq(attr_of(stanza, "to"), STR("sip.example"))) {
		take_ping(m, stanza);
		return;
	}
	if (str_eq(attr_of(stanza, "id"), STR("sync"))) {
		m->syncs++;
		return;
	}
	if (str_starts(attr_of(stanza, "to"), STR("refuses@")))
		refuse(m, stanza);
	if (m->stanzas_n == STANZAS_MAX)
		abort();
	m->stanzas[m->stanzas_n] = mem_zalloc(stanza.n + 1);
	memcpy(m->stanzas[m->stanzas_n++], stanza.p, stanza.n);
}

static void take_handshake(struct xmpp_mock *m, struct str element)
{
	char hex[2 * HASH_SHA1_N + 1], wanted[128];
	uint8_t sum[HASH_SHA1_N];
	struct str got = str_from(element, str_find(element, '>') + 1);
	struct buf b;

	snprintf(m->digest, sizeof(m->digest), "%.*s", STR_ARG(got));
	if (m->mode == MOCK_WRONG_SECRET) {
		stream_error(m, "not-authorized");
		return;
	}
	buf_init(&b, 1024);
	buf_put_str(&b, STR(STREAM_ID));
	buf_put_str(&b, str_of(m->secret));
	hash_sha1(buf_str(&b), sum);
	buf_free(&b);
	hash_hex(sum, sizeof(sum), hex);
	snprintf(wanted, sizeof(wanted), ">%s</handshake>", hex);
	if (!str_starts(element, STR("<handshake")) ||
	    !str_ends(element, str_of(wanted))) {
		stream_error(m, "not-authorized");
		return;
	}
	m->is_shaken = true;
	m->handshakes++;
	xmpp_mock_say(m, "<handshake/>");
}

static void take_header(struct xmpp_mock *m, size_t n)
{
	m->opening = mem_realloc(m->opening, n + 1);
	memcpy(m->opening, m->in.p, n);
	m->opening[n] = '\0';
	buf_shift(&m->in, n);
	m->is_open = true;
	xmpp_mock_say(m, STREAM_HEAD);
	if (m->mode == MOCK_CONFLICT)
		stream_error(m, "conflict");
	else if (m->mode == MOCK_HOST_UNKNOWN)
		stream_error(m, "host-unknown");
}

static void digest(struct xmpp_mock *m)
{
	const struct str mark = STR("<stream:stream");

	while (m->fd >= 0) {
		struct str in = buf_str(&m->in);
		size_t at = str_search(in, mark), n;

		if (m->mode == MOCK_SILENT)
			return;
		if (!m->is_open) {
			n = at + str_find(str_from(in, at), '>');
			if (n >= in.n)
				return;
			take_header(m, n + 1);
			continue;
		}
		if (holds(str_sub(in, 0, 16), "</stream:stream>")) {
			xmpp_mock_say(m, "</stream:stream>");
			xmpp_mock_hang_up(m);
			return;
		}
		n = element_size(in);
		if (n == 0)
			return;
		if (!m->is_shaken)
			take_handshake(m, str_sub(in, 0, n));
		else
			take_stanza(m, str_sub(in, 0, n));
		if (m->fd >= 0)
			buf_shift(&m->in, n);
	}
}

static void on_data(int fd, unsigned ready, void *arg)
{
	struct xmpp_mock *m = arg;
	char piece[65536];
	ssize_t n = recv(fd, piece, sizeof(piece), 0);

	(void)ready;
	if (n <= 0) {
		xmpp_mock_hang_up(m);
		return;
	}
	buf_put(&m->in, piece, (size_t)n);
	digest(m);
	if (m->mode == MOCK_NEVER_READS && m->is_shaken && m->watch)
		net_watch_want(m->watch, 0);
}

static void on_accept(int fd, unsigned ready, void *arg)
{
	struct xmpp_mock *m = arg;
	int conn = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	int small = 4096;

	(void)ready;
	if (conn < 0)
		return;
	xmpp_mock_hang_up(m);
	if (m->mode == MOCK_NEVER_READS)
		setsockopt(conn, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	m->fd = conn;
	m->connections++;
	m->watch = net_watch_new(m->loop, conn, NET_READ, on_data, m);
}

struct xmpp_mock *xmpp_mock_new(struct net_loop *l, const char *secret)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	struct xmpp_mock *m = mem_zalloc(sizeof(*m));
	socklen_t n = sizeof(sa);

	m->loop = l;
	m->secret = mem_zalloc(strlen(secret) + 1);
	memcpy(m->secret, secret, strlen(secret));
	m->fd = -1;
	buf_init(&m->in, IN_MAX);
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	m->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (m->listen_fd < 0 ||
	    bind(m->listen_fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 ||
	    listen(m->listen_fd, 8) < 0 ||
	    getsockname(m->listen_fd, (struct sockaddr *)&sa, &n) < 0)
		abort();
	m->port = ntohs(sa.sin_port);
	m->listen_watch = net_watch_new(l, m->listen_fd, NET_READ, on_accept,
					m);
	return m;
}

void xmpp_mock_stop(struct xmpp_mock *m)
{
	xmpp_mock_hang_up(m);
	net_watch_free(m->listen_watch);
	m->listen_watch = NULL;
	if (m->listen_fd >= 0)
		close(m->listen_fd);
	m->listen_fd = -1;
}

void xmpp_mock_forget(struct xmpp_mock *m)
{
	while (m->stanzas_n > 0)
		mem_free(m->stanzas[--m->stanzas_n]);
}

void xmpp_mock_free(struct xmpp_mock *m)
{
	xmpp_mock_stop(m);
	xmpp_mock_forget(m);
	buf_free(&m->in);
	mem_free(m->opening);
	mem_free(m->secret);
	mem_free(m);
}

uint16_t xmpp_mock_port(const struct xmpp_mock *m)
{
	return m->port;
}

void xmpp_mock_set_mode(struct xmpp_mock *m, enum mock_mode mode)
{
	m->mode = mode;
}

unsigned xmpp_mock_connections(const struct xmpp_mock *m)
{
	return m->connections;
}

unsigned xmpp_mock_handshakes(const struct xmpp_mock *m)
{
	return m->handshakes;
}

unsigned xmpp_mock_pings(const struct xmpp_mock *m)
{
	return m->pings;
}

unsigned xmpp_mock_syncs(const struct xmpp_mock *m)
{
	return m->syncs;
}

struct str xmpp_mock_opening(const struct xmpp_mock *m)
{
	return str_of(m->opening);
}

struct str xmpp_mock_digest(const struct xmpp_mock *m)
{
	return str_of(m->digest);
}

size_t xmpp_mock_count(const struct xmpp_mock *m)
{
	return m->stanzas_n;
}

struct str xmpp_mock_stanza(const struct xmpp_mock *m, size_t i)
{
	return i < m->stanzas_n ? str_of(m->stanzas[i]) : STR_NONE;
}

unsigned xmpp_mock_unaddressed(const struct xmpp_mock *m)
{
	return m->unaddressed;
}

/* ---- a core of paper ----------------------------------------------------- */

static void note_link(struct rig *r, const struct event *ev)
{
	r->last = *ev->u.link;
	r->last.name = r->last.text = STR_NONE;
	r->links_n++;
	r->ups_n += ev->u.link->state == LINK_UP;
	r->downs_n += ev->u.link->state == LINK_DOWN;
	r->room_told = ev->u.link->room;
}

static void event_free(struct event *ev)
{
	msg_put(ev->msg);
	arena_free(ev->arena);
}

static int core_post(void *core, struct event *ev)
{
	struct rig *r = core;

	if ((ev->kind == EV_MSG || ev->kind == EV_ASK) && r->is_full) {
		event_free(ev);
		return ERR_LIMIT;
	}
	if (ev->kind == EV_LINK) {
		note_link(r, ev);
		event_free(ev);
		return 0;
	}
	if (r->events_n == sizeof(r->events) / sizeof(r->events[0]))
		abort();
	r->events[r->events_n++] = ev;
	return 0;
}

static struct event *core_event_new(void *core, enum ev_kind kind)
{
	struct arena *a = arena_new(EVENT_ARENA_BYTES);
	struct event *ev = arena_zalloc(a, sizeof(*ev));

	(void)core;
	ev->arena = a;
	ev->kind = kind;
	return ev;
}

static void core_event_drop(void *core, struct event *ev)
{
	(void)core;
	event_free(ev);
}

static uint64_t core_leg_new(void *core, enum proto p)
{
	struct rig *r = core;

	return ++r->last_id << 4 | (uint64_t)p;
}

static struct trace_id core_trace_new(void *core)
{
	struct rig *r = core;

	return (struct trace_id){ 0xabc, ++r->last_id };
}

static bool core_is_full(void *core)
{
	return ((struct rig *)core)->is_full;
}

/* ---- the rig ------------------------------------------------------------- */

const struct xmpp_times rig_times = {
	.connect_ms = 100, .ping_every_ms = 600, .ping_limit_ms = 200,
	.backoff_min_ms = 10, .backoff_max_ms = 600, .refused_ms = 600,
	.standby_ms = 80, .stable_ms = 400, .drain_ms = 300,
};

static void on_tick(void *arg)
{
	struct rig *r = arg;

	net_timer_set(r->tick, 2);
}

void rig_open(struct rig *r)
{
	struct errtext why;

	*r = (struct rig){ .last_id = 100 };
	r->loop = net_loop_new(&why);
	r->mock = xmpp_mock_new(r->loop, "s3cret");
	r->intake = (struct intake){
		.core = r, .post = core_post, .event_new = core_event_new,
		.event_drop = core_event_drop, .leg_new = core_leg_new,
		.trace_new = core_trace_new, .is_full = core_is_full };
	r->xmpp = xmpp_new(r->loop, &r->intake);
	xmpp_set_times(r->xmpp, &rig_times);
	r->port = xmpp_port(r->xmpp);
	r->tick = net_timer_new(r->loop, on_tick, r);
	net_timer_set(r->tick, 2);
}

struct config *rig_config(struct rig *r, uint16_t port)
{
	struct config *c = config_new();
	struct domain_conf *d;

	c->links = arena_array(c->arena, 1, sizeof(*c->links));
	c->links_n = 1;
	r->link = &c->links[0];
	*r->link = (struct link_conf){
		.name = STR("prosody1"), .id = config_id_of(STR("prosody1")),
		.kind = LINK_XMPP_COMPONENT, .proto = PROTO_XMPP,
		.host = STR("127.0.0.1"), .port = port,
		.component = STR("sip.example"), .secret = STR("s3cret"),
		.stanza_bytes_max = 131072, .window = 64 };
	c->domains = arena_array(c->arena, 2, sizeof(*c->domains));
	c->domains_n = 2;
	d = c->domains;
	d[0] = (struct domain_conf){ .name = STR("sip.example"),
		.kind = DOMAIN_SERVED, .proto = PROTO_SIP, .is_enabled = true };
	d[1] = (struct domain_conf){ .name = STR("xmpp.example"),
		.kind = DOMAIN_FOREIGN, .proto = PROTO_XMPP,
		.via = r->link->name, .via_id = r->link->id,
		.is_enabled = true };
	return c;
}

void rig_configure(struct rig *r)
{
	struct errtext why = { "" };

	if (r->port.prepare(r->port.self, r->config, &why) < 0) {
		fprintf(stderr, "%s\n", why.text);
		abort();
	}
	r->port.commit(r->port.self);
}

bool rig_is_up(struct rig *r)
{
	return r->last.state == LINK_UP;
}

void rig_connect(struct rig *r)
{
	if (!r->config)
		r->config = rig_config(r, xmpp_mock_port(r->mock));
	rig_configure(r);
	if (!rig_until(r, rig_is_up, 20000))
		abort();
}

void rig_forget(struct rig *r)
{
	while (r->events_n > 0)
		event_free(r->events[--r->events_n]);
}

void rig_close(struct rig *r)
{
	xmpp_close(r->xmpp);
	rig_forget(r);
	xmpp_mock_free(r->mock);
	net_timer_free(r->tick);
	config_put(r->config);
	net_loop_free(r->loop);
}

bool rig_until(struct rig *r, rig_test_h *h, int64_t ms)
{
	int64_t end_ms = net_now_ms(r->loop) + ms;

	while (!h(r) && net_now_ms(r->loop) < end_ms)
		net_loop_once(r->loop, true);
	return h(r);
}

static bool is_synced(struct rig *r)
{
	return xmpp_mock_syncs(r->mock) > r->syncs_n;
}

void rig_sync(struct rig *r)
{
	r->syncs_n = xmpp_mock_syncs(r->mock);
	xmpp_mock_say(r->mock, "<iq from='sync@xmpp.example' to='sip.example' "
			       "type='get' id='sync'>"
			       "<ping xmlns='urn:xmpp:ping'/></iq>");
	if (!rig_until(r, is_synced, 20000))
		abort();
}

static bool never(struct rig *r)
{
	(void)r;
	return false;
}

void rig_run(struct rig *r, int64_t ms)
{
	(void)rig_until(r, never, ms);
}

const struct event *rig_next(struct rig *r, enum ev_kind kind, size_t *at)
{
	while (*at < r->events_n)
		if (r->events[(*at)++]->kind == kind)
			return r->events[*at - 1];
	return NULL;
}

struct msg *rig_msg(struct rig *r, const char *id, const char *body)
{
	struct msg *m = msg_new(MSG_ARENA_BYTES);
	struct jid bob = { STR("bob"), STR("sip.example"), STR("d41d8") };
	struct jid alice = { STR("alice"), STR("xmpp.example"), STR("") };
	const struct addr_jid_rule rule = { .host = STR("sip.example") };

	m->trace = core_trace_new(r);
	m->id = arena_dup(m->arena, str_of(id));
	m->has_own_id = true;
	m->to = arena_zalloc(m->arena, sizeof(*m->to));
	m->to_n = 1;
	if (addr_from_jid(m->arena, &bob, &rule, &m->from) < 0 ||
	    addr_from_jid(m->arena, &alice, &rule, m->to) < 0)
		abort();
	m->content_type = STR("text/plain");
	m->body = body_inline(arena_dup(m->arena, str_of(body)));
	return m;
}

uint64_t rig_send(struct rig *r, struct msg *m, bool wants_result)
{
	const struct target t = { .leg = core_leg_new(r, PROTO_XMPP),
				  .link = r->link->id, .from = m->from,
				  .to = m->to[0] };
	const struct send send = { .targets = &t, .targets_n = 1 };
	const struct action a = { .kind = ACT_SEND, .msg = m,
				  .wants_result = wants_result, .tag = 7,
				  .u.send = &send };

	r->port.send(r->port.self, &a);
	r->port.flush(r->port.self);
	return t.leg;
}
