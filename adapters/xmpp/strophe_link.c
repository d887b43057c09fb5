/* adapters/xmpp/strophe_link.c: the transport on libstrophe 0.12, see link.h.
 * The library was not made for a foreign event loop nor for components that
 * reconnect; what stands here against its defects:
 *  - it forgets to allocate state that the component mode uses and crashes on
 *    the first stanza or a failed connect: a refused client connect on the same
 *    object allocates it (prime());
 *  - parser counters survive a reset and crash the next stream: every attempt
 *    is a new object with a context of its own;
 *  - it selects: descriptors must be below FD_SETSIZE (low.c moves them);
 *  - releasing inside a callback is a use after free: callbacks set flags,
 *    settle() acts when the library has returned;
 *  - no limit until the server's stream header comes: limit_timer;
 *  - xmpp_send_raw() reads on to a NUL: hand_over() puts one;
 *  - it writes each stanza read out again for its log: stanza_text_shim.h;
 *  - no limits on what it parses: stream_guard.h reads first (recv_shim.h);
 *  - a parse error of ours leaves the stream deaf: note_deaf().
 * It writes its queue, then reads at most 4096 bytes, in each xmpp_run_once().
 */
#include "adapters/xmpp/link.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include <strophe.h>

#include "adapters/xmpp/low.h"
#include "adapters/xmpp/recv_shim.h"
#include "adapters/xmpp/stanza_text_shim.h"
#include "adapters/xmpp/stream_guard.h"
#include "adapters/xmpp/strophe_tree.h"
#include "core/base/list.h"
#include "core/base/mem.h"

enum {
	PUMP_EVERY_MS = 1000,	/* the library's own timers have no finer unit */
	DOWN_TEXT_BYTES = 200,
};

struct held {
	struct list_link link;
	bool is_cut;
	xmpp_stanza_t *stanza;
};

struct xmpp_link {
	struct net_loop *loop;
	struct xmpp_low *low;
	struct xmpp_link_handler h;
	char *host, *component, *secret;
	uint16_t port;
	xmpp_ctx_t *ctx;
	xmpp_conn_t *conn;	/* NULL: the attempt could not start */
	int fd;			/* low descriptor of the socket, -1: none */
	struct net_watch *watch;
	unsigned want;		/* what the watch waits for */
	struct net_timer *pump_timer, *limit_timer;
	struct buf out;		/* since the last flush */
	size_t given_bytes;	/* to the library since its queue was empty */
	struct arena *arena;	/* of the stanza in hand */
	struct stream_guard guard;
	uint64_t seen;		/* stanzas given to us since we are up */
	uint64_t unseen;	/* ... and by the guard's count before those */
	bool is_counting;	/* unseen is known */
	struct list_link held;
	size_t held_n;
	bool is_connecting;	/* TCP is not through: wait for writability */
	bool is_up, is_told_up, is_down, is_busy, is_closing;
	enum xmpp_end end;
	char text[DOWN_TEXT_BYTES];
};

/* The library gives no user pointer to the callback that prepares a socket; it
   runs inside xmpp_connect_component() only. */
static struct xmpp_link *connecting;

/* clang-format off */
static const char *const end_names[XMPP_ENDS_N] = {
	[XMPP_END_CLOSED] = "closed", [XMPP_END_SILENT] = "no-answer",
	[XMPP_END_UNAUTHORIZED] = "not-authorized",
	[XMPP_END_HOST_UNKNOWN] = "host-unknown",
	[XMPP_END_CONFLICT] = "conflict",
	[XMPP_END_BAD_STANZA] = "bad-stanza",
	[XMPP_END_STREAM] = "stream-error", [XMPP_END_LOCAL] = "local",
	[XMPP_END_OURS] = "ours",
};
/* clang-format on */

const char *xmpp_end_name(enum xmpp_end end)
{
	return end < XMPP_ENDS_N ? end_names[end] : "?";
}

/* ---- sockets ------------------------------------------------------------- */

static int refuse_socket(xmpp_conn_t *conn, void *sock)
{
	(void)conn;
	(void)sock;
	return -1;
}

static int prepare_socket(xmpp_conn_t *conn, void *sock)
{
	struct xmpp_link *l = connecting;
	const int on = 1;
	int *fd = sock;

	(void)conn;
	if (!l || l->fd >= 0)
		return -1;
	l->fd = low_take(l->low, *fd);
	if (l->fd < 0)
		return -1;
	*fd = l->fd;
	/* Our batches are whole; waiting for more costs 40 ms a round. */
	setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return 0;
}

/* ---- what the library tells ---------------------------------------------- */

/* By name: the library knows not-well-formed by its older name only and calls
   it undefined. [RFC 6120 4.9.3] */
static const struct {
	const char *name;
	enum xmpp_end end;
} stream_errors[] = {
	{ "not-authorized", XMPP_END_UNAUTHORIZED },
	{ "host-unknown", XMPP_END_HOST_UNKNOWN },
	{ "host-gone", XMPP_END_HOST_UNKNOWN },
	{ "conflict", XMPP_END_CONFLICT },
	{ "not-well-formed", XMPP_END_BAD_STANZA },
	{ "xml-not-well-formed", XMPP_END_BAD_STANZA },
	{ "invalid-xml", XMPP_END_BAD_STANZA },
	{ "bad-format", XMPP_END_BAD_STANZA },
	{ "bad-namespace-prefix", XMPP_END_BAD_STANZA },
	{ "improper-addressing", XMPP_END_BAD_STANZA },
	{ "invalid-from", XMPP_END_BAD_STANZA },
	{ "restricted-xml", XMPP_END_BAD_STANZA },
	{ "policy-violation", XMPP_END_BAD_STANZA },
	{ "unsupported-encoding", XMPP_END_BAD_STANZA },
	{ "unsupported-stanza-type", XMPP_END_BAD_STANZA },
};

/* *name_out: what the server called it, NULL if it called it nothing. */
static enum xmpp_end end_of(xmpp_stanza_t *error, const char **name_out)
{
	xmpp_stanza_t *child = error ? xmpp_stanza_get_children(error) : NULL;
	const char *name;
	size_t i;

	*name_out = NULL;
	for (; child; child = xmpp_stanza_get_next(child)) {
		name = xmpp_stanza_get_name(child);
		if (!name || strcmp(name, "text") == 0)
			continue;
		*name_out = name;
		for (i = 0;
		     i < sizeof(stream_errors) / sizeof(stream_errors[0]); i++)
			if (strcmp(name, stream_errors[i].name) == 0)
				return stream_errors[i].end;
	}
	return XMPP_END_STREAM;
}

static void set_down(struct xmpp_link *l, enum xmpp_end end, const char *text)
{
	size_t n = text ? strlen(text) : 0;

	if (l->is_down)
		return;
	l->is_down = true;
	l->end = end;
	if (n >= sizeof(l->text))
		n = sizeof(l->text) - 1;
	if (n > 0)
		memcpy(l->text, text, n);
	l->text[n] = '\0';
}

static bool give(struct xmpp_link *l, xmpp_stanza_t *stanza, bool was_cut,
		 bool is_again)
{
	struct xml_node *node;
	bool is_cut;

	arena_reset(l->arena);
	node = tree_of(l->arena, stanza, &is_cut);
	return !node ||
	       l->h.on_stanza(l->h.arg, node, is_cut || was_cut, is_again);
}

static int on_stanza(xmpp_conn_t *conn, xmpp_stanza_t *stanza, void *arg)
{
	struct xmpp_link *l = arg;
	bool was_cut;
	struct held *held;

	(void)conn;
	l->seen++;
	was_cut = l->is_counting && l->guard.cut == l->unseen + l->seen;
	if (give(l, stanza, was_cut, false))
		return 1;
	held = mem_zalloc(sizeof(*held));
	held->is_cut = was_cut;
	held->stanza = xmpp_stanza_clone(stanza);
	list_add(&l->held, &held->link);
	l->held_n++;
	return 1;
}

static void on_conn(xmpp_conn_t *conn, xmpp_conn_event_t event, int error,
		    xmpp_stream_error_t *stream_error, void *arg)
{
	struct xmpp_link *l = arg;
	enum xmpp_end end;
	const char *name;

	if (event == XMPP_CONN_CONNECT) {
		l->is_up = true;
		xmpp_handler_add(conn, on_stanza, NULL, NULL, NULL, l);
		return;
	}
	if (l->is_closing) {
		set_down(l, XMPP_END_OURS, NULL);
	} else if (stream_error) {
		end = end_of(stream_error->stanza, &name);
		set_down(l, end,
			 stream_error->text ? stream_error->text : name);
	} else {
		set_down(l, XMPP_END_CLOSED, error ? strerror(error) : NULL);
	}
}

/* ---- the loop ------------------------------------------------------------ */

static void release_socket(struct xmpp_link *l)
{
	net_watch_free(l->watch);
	l->watch = NULL;
	if (l->fd >= 0)
		low_give_back(l->low, l->fd);
	l->fd = -1;
}

static bool is_reading(const struct xmpp_link *l)
{
	return l->held_n < XMPP_HELD_MAX;
}

static void watch_anew(struct xmpp_link *l)
{
	unsigned want = is_reading(l) ? NET_READ : 0;

	if (l->is_connecting || xmpp_conn_send_queue_len(l->conn) > 0)
		want |= NET_WRITE;
	if (want != l->want)
		net_watch_want(l->watch, want);
	l->want = want;
}

static void hand_over(struct xmpp_link *l)
{
	size_t n = l->out.n;

	if (n == 0)
		return;
	/* The library measures the text by its NUL, whatever length it is
	   given. */
	buf_put_char(&l->out, '\0');
	if (l->out.err < 0)
		return;
	xmpp_send_raw(l->conn, l->out.p, n);
	l->given_bytes += n;
	buf_clear(&l->out);
	if (l->given_bytes > XMPP_OUT_MAX_BYTES)
		set_down(l, XMPP_END_SILENT, "the server does not read");
}

static void note_drained(struct xmpp_link *l)
{
	if (l->given_bytes == 0 || xmpp_conn_send_queue_len(l->conn) > 0)
		return;
	l->given_bytes = 0;
	l->h.on_drained(l->h.arg);
}

/* After the library returned: act on what its callbacks noted. The last thing
   a caller does, since on_down frees the link. */
static void settle(struct xmpp_link *l)
{
	if (!l->is_down && l->is_told_up)
		note_drained(l);
	if (!l->is_down && l->is_up && !l->is_told_up) {
		l->is_told_up = true;
		net_timer_stop(l->limit_timer);
		l->h.on_up(l->h.arg);
	}
	if (!l->is_down)
		hand_over(l);	/* what the handlers had to say */
	l->is_busy = false;
	if (!l->is_down) {
		watch_anew(l);
		return;
	}
	release_socket(l);
	net_timer_stop(l->pump_timer);
	net_timer_stop(l->limit_timer);
	l->h.on_down(l->h.arg, l->end, str_of(l->text));
}

static long filter(void *arg, const char *in, size_t n, char *out)
{
	struct xmpp_link *l = arg;
	long kept = stream_guard_pass(&l->guard, in, n, out);
	struct str filler;

	if (kept < 0)
		set_down(l, XMPP_END_STREAM, l->guard.why);
	if (kept != 0)
		return kept;
	/* Nothing would be read as the end. */
	filler = stream_guard_filler(&l->guard);
	memcpy(out, filler.p, filler.n);
	return (long)filler.n;
}

static size_t filter_more(void *arg)
{
	const struct xmpp_link *l = arg;

	return l->guard.held_n + STREAM_GUARD_EXTRA;
}

/* A stanza ended and nobody was given it: the parser gave up. */
static void note_deaf(struct xmpp_link *l)
{
	if (!l->is_up || l->is_down || l->is_closing)
		return;
	if (!l->is_counting)
		l->unseen = l->guard.stanzas - l->seen;
	else if (l->guard.stanzas > l->unseen + l->seen)
		set_down(l, XMPP_END_STREAM, "not-well-formed");
	l->is_counting = true;
}

static void run_library(struct xmpp_link *l)
{
	stanza_text_shim_quiet(l->is_told_up);
	recv_shim_set(filter, l, filter_more);
	xmpp_run_once(l->ctx, 0);
	recv_shim_set(NULL, NULL, NULL);
	stanza_text_shim_quiet(false);
	note_deaf(l);
}

static void pump(struct xmpp_link *l)
{
	if (l->is_busy)
		return;
	l->is_busy = true;
	hand_over(l);
	/* Without reading there is no writing: one call does both. */
	if (!l->is_down && is_reading(l))
		run_library(l);
	/* The handshake's own steps are written by the call after the one that
	   made them. */
	if (!l->is_down && !l->is_told_up)
		run_library(l);
	hand_over(l);
	settle(l);
}

static void on_ready(int fd, unsigned ready, void *arg)
{
	struct xmpp_link *l = arg;

	(void)fd;
	if (ready & NET_WRITE)
		l->is_connecting = false;
	pump(l);
}

static void on_pump_timer(void *arg)
{
	struct xmpp_link *l = arg;

	if (!l->is_down)
		net_timer_set(l->pump_timer, PUMP_EVERY_MS);
	if (l->watch)
		pump(l);
	else
		settle(l);
}

static void on_limit(void *arg)
{
	struct xmpp_link *l = arg;

	set_down(l, XMPP_END_SILENT, "no handshake in time");
	settle(l);
}

/* ---- life ---------------------------------------------------------------- */

static char *copy(struct str s)
{
	char *p = mem_alloc(s.n + 1);

	if (s.n > 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return p;
}

/* See the head of this file: allocates what component mode forgets. */
static void prime(struct xmpp_link *l)
{
	xmpp_conn_set_sockopt_callback(l->conn, refuse_socket);
	(void)xmpp_connect_client(l->conn, "127.0.0.1", 1, on_conn, l);
	l->is_down = false;
	xmpp_conn_set_sockopt_callback(l->conn, prepare_socket);
}

static bool start(struct xmpp_link *l)
{
	int rc;

	l->ctx = xmpp_ctx_new(NULL, NULL);
	l->conn = l->ctx ? xmpp_conn_new(l->ctx) : NULL;
	if (!l->conn)
		return false;
	xmpp_conn_set_jid(l->conn, l->component);
	xmpp_conn_set_pass(l->conn, l->secret);
	prime(l);
	connecting = l;
	rc = xmpp_connect_component(l->conn, l->host, l->port, on_conn, l);
	connecting = NULL;
	if (rc != XMPP_EOK || l->fd < 0)
		return false;
	l->is_connecting = true;
	l->want = NET_READ | NET_WRITE;
	l->watch = net_watch_new(l->loop, l->fd, l->want, on_ready, l);
	return true;
}

struct xmpp_link *xmpp_link_new(struct net_loop *loop, struct xmpp_low *low,
				const struct xmpp_link_conf *conf,
				const struct xmpp_link_handler *h)
{
	struct xmpp_link *l = mem_zalloc(sizeof(*l));

	l->loop = loop;
	l->low = low;
	l->h = *h;
	l->fd = -1;
	l->host = copy(conf->host);
	l->component = copy(conf->component);
	l->secret = copy(conf->secret);
	l->port = conf->port;
	l->arena = arena_new(XMPP_TREE_BYTES_MAX);
	stream_guard_init(&l->guard, conf->stanza_bytes_max);
	buf_init(&l->out, XMPP_OUT_MAX_BYTES);
	list_init(&l->held);
	l->pump_timer = net_timer_new(loop, on_pump_timer, l);
	l->limit_timer = net_timer_new(loop, on_limit, l);
	if (start(l)) {
		net_timer_set(l->limit_timer, conf->connect_ms);
		net_timer_set(l->pump_timer, PUMP_EVERY_MS);
	} else {
		set_down(l, l->fd < 0 ? XMPP_END_LOCAL : XMPP_END_CLOSED,
			 "the connection could not be started");
		net_timer_set(l->pump_timer, 0);
	}
	return l;
}

void xmpp_link_free(struct xmpp_link *l)
{
	struct list_link *it, *tmp;

	if (!l)
		return;
	list_each(it, tmp, &l->held) {
		struct held *held = list_of(it, struct held, link);

		xmpp_stanza_release(held->stanza);
		mem_free(held);
	}
	net_watch_free(l->watch);
	l->watch = NULL;
	if (l->conn)
		xmpp_conn_release(l->conn);
	if (l->ctx)
		xmpp_ctx_free(l->ctx);
	release_socket(l);
	net_timer_free(l->pump_timer);
	net_timer_free(l->limit_timer);
	arena_free(l->arena);
	buf_free(&l->out);
	mem_wipe(l->secret, strlen(l->secret));
	mem_free(l->secret);
	mem_free(l->component);
	mem_free(l->host);
	mem_free(l);
}

void xmpp_link_send(struct xmpp_link *l, struct str stanza)
{
	if (!l->is_up || l->is_down)
		return;
	buf_put_str(&l->out, stanza);
	if (l->out.err < 0)
		set_down(l, XMPP_END_SILENT, "too much waits to be written");
}

void xmpp_link_flush(struct xmpp_link *l)
{
	if (!l->watch)
		return;
	if (l->is_busy || l->is_down || !is_reading(l)) {
		/* In a handler or paused: the next pass writes. */
		return;
	}
	if (l->out.n > 0)
		pump(l);
}

size_t xmpp_link_queued(const struct xmpp_link *l)
{
	return l->out.n + l->given_bytes;
}

void xmpp_link_close(struct xmpp_link *l)
{
	if (l->is_closing || l->is_down)
		return;
	l->is_closing = true;
	if (!l->is_up) {
		set_down(l, XMPP_END_OURS, NULL);
		net_timer_set(l->pump_timer, 0);
		return;
	}
	hand_over(l);
	xmpp_disconnect(l->conn);
	net_timer_set(l->pump_timer, 0);
}

void xmpp_link_abandon(struct xmpp_link *l)
{
	set_down(l, XMPP_END_OURS, NULL);
	net_watch_free(l->watch);
	l->watch = NULL;
	net_timer_stop(l->pump_timer);
	net_timer_stop(l->limit_timer);
	/* The library keeps the context for the stanzas, but no socket. */
	if (l->conn)
		xmpp_conn_release(l->conn);
	l->conn = NULL;
	release_socket(l);
}

void xmpp_link_resume(struct xmpp_link *l)
{
	struct list_link *it, *tmp;

	if (l->is_busy)
		return;
	l->is_busy = true;
	list_each(it, tmp, &l->held) {
		struct held *held = list_of(it, struct held, link);

		if (!give(l, held->stanza, held->is_cut, true))
			break;
		list_del(it);
		l->held_n--;
		xmpp_stanza_release(held->stanza);
		mem_free(held);
	}
	l->is_busy = false;
	if (!l->watch || l->is_down)
		return;
	hand_over(l);
	watch_anew(l);
	net_timer_set(l->pump_timer, 0);
}

size_t xmpp_link_held(const struct xmpp_link *l)
{
	return l->held_n;
}
