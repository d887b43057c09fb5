/* adapters/net/http.c: the server of http.h: listener, clients and their times,
 * on libevent's bufferevents. A client reads a head, writes an answer, and
 * either reads the next head or lingers until the other side has the answer.
 */
#include "adapters/net/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/listener.h>
#include <openssl/err.h>

#include "adapters/net/loop_priv.h"
#include "adapters/net/tls_priv.h"
#include "core/base/list.h"
#include "core/base/mem.h"

#define HEAD_MS 10000u
#define ANSWER_MS 30000u
#define IDLE_MS 60000u
#define LINGER_MS 2000u	      /* until the other side closes */
#define LINGER_BYTES 65536u   /* read and forgotten meanwhile */
#define ACCEPT_PAUSE_MS 1000u /* no descriptors: look again then */
#define BACKLOG 128

enum client_state { CLIENT_READING, CLIENT_WRITING, CLIENT_LINGERING };

struct client {
	struct list_link all; /* the longest reading one first */
	struct net_http *server;
	struct bufferevent *bev;
	struct net_timer *timer;
	enum client_state state;
	bool has_begun; /* bytes of a head are there */
	bool closes;	/* after this answer */
	size_t lingered;
};

struct net_http {
	struct net_loop *loop;
	struct net_http_handlers h;
	struct evconnlistener *listener;
	struct net_timer *resume;
	SSL_CTX *tls;
	struct list_link clients;
	size_t clients_n;
	uint32_t head_ms, answer_ms, idle_ms;
	uint16_t port;
};

static const struct {
	unsigned status;
	const char *text;
} statuses[] = {
	{ 200, "OK" },
	{ 400, "Bad Request" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 408, "Request Timeout" },
	{ 413, "Content Too Large" },
	{ 414, "URI Too Long" },
	{ 421, "Misdirected Request" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 503, "Service Unavailable" },
	{ 505, "HTTP Version Not Supported" },
};

const char *net_http_status_text(unsigned status)
{
	size_t i;

	for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i].status == status)
			return statuses[i].text;
	return "Unknown";
}

/* ---- a client -------------------------------------------------------------- */

static void client_free(struct client *c)
{
	list_del(&c->all);
	c->server->clients_n--;
	net_timer_free(c->timer);
	bufferevent_free(c->bev);
	mem_free(c);
}

/* At the end of the list: the first is the one that has been waiting for a
   head longest. */
static void wait_for_head(struct client *c)
{
	struct net_http *s = c->server;

	c->state = CLIENT_READING;
	c->has_begun = false;
	list_del(&c->all);
	list_add(&s->clients, &c->all);
	net_timer_set(c->timer, s->idle_ms);
}

static void put_head(struct evbuffer *out, const struct net_http_answer *a,
		     size_t body_n, bool closes)
{
	evbuffer_add_printf(out,
			    "HTTP/1.1 %u %s\r\n"
			    "Content-Type: %s\r\n"
			    "Content-Length: %zu\r\n"
			    "Cache-Control: no-store\r\n"
			    "X-Content-Type-Options: nosniff\r\n"
			    "Content-Security-Policy: default-src 'none'; "
			    "frame-ancestors 'none'\r\n",
			    a->status, net_http_status_text(a->status),
			    a->type ? a->type : "text/plain; charset=utf-8",
			    body_n);
	if (a->allow)
		evbuffer_add_printf(out, "Allow: %s\r\n", a->allow);
	evbuffer_add_printf(out, "Connection: %s\r\n\r\n",
			    closes ? "close" : "keep-alive");
}

/* Frees what a holds. */
static void answer(struct client *c, struct net_http_answer *a, bool is_head)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);

	c->state = CLIENT_WRITING;
	net_timer_set(c->timer, c->server->answer_ms);
	if (a->body.err) {
		buf_clear(&a->body);
		a->status = 500;
		a->type = a->allow = NULL;
	}
	put_head(out, a, a->body.n, c->closes);
	if (!is_head)
		evbuffer_add(out, a->body.p, a->body.n);
	buf_free(&a->body);
	if (c->server->h.answered)
		c->server->h.answered(c->server->h.arg, a->status);
}

static void answer_fault(struct client *c, unsigned status)
{
	struct net_http_answer a = { .status = status };

	buf_init(&a.body, 256);
	buf_put_str(&a.body, str_of(net_http_status_text(status)));
	buf_put_char(&a.body, '\n');
	c->closes = true;
	answer(c, &a, false);
}

static void serve(struct client *c, const struct http_head *head)
{
	struct net_http_answer a = { .status = 500 };

	c->closes = !head->keeps_open;
	if (head->has_body) { /* nothing here takes one */
		answer_fault(c, 413);
		return;
	}
	buf_init(&a.body, NET_HTTP_ANSWER_BYTES_MAX);
	c->server->h.serve(c->server->h.arg, head, &a);
	answer(c, &a, str_eq(head->method, STR("HEAD")));
}

/* Takes one request off what was read, if a whole head is there. */
static void read_head(struct client *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	size_t have = evbuffer_get_length(in);
	struct http_head head;
	struct str text;
	int n;

	if (!have)
		return;
	if (!c->has_begun) {
		c->has_begun = true;
		net_timer_set(c->timer, c->server->head_ms);
	}
	text = (struct str){ (const char *)evbuffer_pullup(in, (ssize_t)have),
			     have };
	n = http_head_parse(text, &head);
	if (n < 0) {
		answer_fault(c, head.status);
	} else if (n > 0) {
		serve(c, &head);
		evbuffer_drain(in, (size_t)n);
	}
}

static void on_read(struct bufferevent *bev, void *arg)
{
	struct client *c = arg;
	struct evbuffer *in = bufferevent_get_input(bev);

	if (c->state == CLIENT_READING) {
		read_head(c);
	} else if (c->state == CLIENT_LINGERING) {
		c->lingered += evbuffer_get_length(in);
		evbuffer_drain(in, evbuffer_get_length(in));
		if (c->lingered > LINGER_BYTES)
			client_free(c);
	}
}

/* Closing at once would let a reset overtake the answer when something of the
   request is unread. */
static void linger(struct client *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);

	if (c->server->tls) {
		client_free(c);
		return;
	}
	c->state = CLIENT_LINGERING;
	evbuffer_drain(in, evbuffer_get_length(in));
	shutdown(bufferevent_getfd(c->bev), SHUT_WR);
	net_timer_set(c->timer, LINGER_MS);
}

/* Everything is written. */
static void on_written(struct bufferevent *bev, void *arg)
{
	struct client *c = arg;

	(void)bev;
	if (c->state != CLIENT_WRITING)
		return;
	if (c->closes) {
		linger(c);
		return;
	}
	wait_for_head(c);
	read_head(c); /* the next one may be there already */
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR | BEV_EVENT_TIMEOUT))
		client_free(arg);
	ERR_clear_error();
}

static void on_late(void *arg)
{
	struct client *c = arg;

	if (c->state == CLIENT_READING && c->has_begun)
		answer_fault(c, 408);
	else
		client_free(c);
}

/* ---- the listener ---------------------------------------------------------- */

static struct bufferevent *make_bev(struct net_http *s, int fd)
{
	struct event_base *base = net_loop_base(s->loop);
	struct bufferevent *bev;
	SSL *ssl;

	if (!s->tls)
		return bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
	ssl = SSL_new(s->tls);
	if (!ssl)
		return NULL;
	bev = bufferevent_openssl_socket_new(base, fd, ssl,
					     BUFFEREVENT_SSL_ACCEPTING,
					     BEV_OPT_CLOSE_ON_FREE);
	if (bev) /* clients that just close are no fault */
		bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	else
		SSL_free(ssl);
	return bev;
}

/* False: all are busy with answers. */
static bool make_room(struct net_http *s)
{
	struct list_link *it, *tmp;

	if (s->clients_n < NET_HTTP_CLIENTS_MAX)
		return true;
	list_each(it, tmp, &s->clients) {
		struct client *c = list_of(it, struct client, all);

		if (c->state == CLIENT_WRITING)
			continue;
		client_free(c);
		return true;
	}
	return false;
}

static struct str peer_text(const struct sockaddr *sa, char *out, size_t size)
{
	const void *at = NULL;

	if (sa->sa_family == AF_INET)
		at = &((const struct sockaddr_in *)(const void *)sa)->sin_addr;
	else if (sa->sa_family == AF_INET6)
		at = &((const struct sockaddr_in6 *)(const void *)sa)
			      ->sin6_addr;
	if (!at || !inet_ntop(sa->sa_family, at, out, (socklen_t)size))
		return STR_NONE;
	return str_of(out);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd,
		      struct sockaddr *sa, int sa_n, void *arg)
{
	struct net_http *s = arg;
	char text[INET6_ADDRSTRLEN];
	struct bufferevent *bev;
	struct client *c;

	(void)listener;
	(void)sa_n;
	if (s->h.may_connect &&
	    !s->h.may_connect(s->h.arg, peer_text(sa, text, sizeof(text)))) {
		close(fd);
		return;
	}
	bev = make_room(s) ? make_bev(s, fd) : NULL;
	if (!bev) {
		close(fd);
		return;
	}
	c = mem_zalloc(sizeof(*c));
	c->server = s;
	c->bev = bev;
	c->timer = net_timer_new(s->loop, on_late, c);
	s->clients_n++;
	wait_for_head(c);
	/* A handshake has the time of a head. */
	net_timer_set(c->timer, s->head_ms);
	/* One more than a head may have, so that too much shows. */
	bufferevent_setwatermark(bev, EV_READ, 0, HTTP_HEAD_BYTES_MAX + 16);
	bufferevent_setcb(bev, on_read, on_written, on_event, c);
	bufferevent_enable(bev, EV_READ | EV_WRITE);
}

static void on_resume(void *arg)
{
	struct net_http *s = arg;

	evconnlistener_enable(s->listener);
}

/* No descriptor is left, mostly: looking again at once would spin. */
static void on_accept_error(struct evconnlistener *listener, void *arg)
{
	struct net_http *s = arg;

	evconnlistener_disable(listener);
	net_timer_set(s->resume, ACCEPT_PAUSE_MS);
}

static bool read_address(struct str address, uint16_t port,
			 struct sockaddr_storage *out, int *n_out)
{
	struct sockaddr_in *in4 = (struct sockaddr_in *)(void *)out;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)(void *)out;
	char text[INET6_ADDRSTRLEN + 1];

	if (!address.n || address.n >= sizeof(text))
		return false;
	memcpy(text, address.p, address.n);
	text[address.n] = '\0';
	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, text, &in4->sin_addr) == 1) {
		in4->sin_family = AF_INET;
		in4->sin_port = htons(port);
		*n_out = sizeof(*in4);
		return true;
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	*n_out = sizeof(*in6);
	return inet_pton(AF_INET6, text, &in6->sin6_addr) == 1;
}

static void read_port(struct net_http *s)
{
	struct sockaddr_storage sa;
	socklen_t n = sizeof(sa);

	if (getsockname(evconnlistener_get_fd(s->listener),
			(struct sockaddr *)&sa, &n) < 0)
		return;
	/* The port lies at the same place in both families. */
	s->port = ntohs(((struct sockaddr_in *)(void *)&sa)->sin_port);
}

static int listen_at(struct net_http *s, struct str address, uint16_t port,
		     struct errtext *why)
{
	const unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC |
			       LEV_OPT_REUSEABLE | LEV_OPT_DISABLED;
	struct sockaddr_storage sa;
	int n = 0;

	if (!read_address(address, port, &sa, &n))
		return errtext_set(why, ERR_SYNTAX, "%.*s is no address",
				   STR_ARG(address));
	errno = 0;
	s->listener = evconnlistener_new_bind(net_loop_base(s->loop), on_accept,
					      s, flags, BACKLOG,
					      (struct sockaddr *)&sa, n);
	if (!s->listener)
		return errtext_set(why, ERR_IO,
				   "cannot listen on %.*s port %u: %s",
				   STR_ARG(address), port, strerror(errno));
	evconnlistener_set_error_cb(s->listener, on_accept_error);
	read_port(s);
	return 0;
}

static int take_keys(struct net_http *s, struct net_tls *tls,
		     struct errtext *why)
{
	s->tls = SSL_CTX_new(TLS_server_method());
	if (!s->tls || net_tls_fill(tls, s->tls) != 1)
		return errtext_set(why, ERR_IO,
				   "the keys cannot be used for TLS");
	SSL_CTX_set_options(s->tls, SSL_OP_NO_RENEGOTIATION);
	return 0;
}

struct net_http *net_http_new(struct net_loop *l, struct str address,
			      uint16_t port, struct net_tls *tls,
			      const struct net_http_handlers *h,
			      struct errtext *why)
{
	struct net_http *s = mem_zalloc(sizeof(*s));

	s->loop = l;
	s->h = *h;
	s->head_ms = HEAD_MS;
	s->answer_ms = ANSWER_MS;
	s->idle_ms = IDLE_MS;
	list_init(&s->clients);
	s->resume = net_timer_new(l, on_resume, s);
	if ((tls && take_keys(s, tls, why)) ||
	    listen_at(s, address, port, why)) {
		net_http_free(s);
		return NULL;
	}
	return s;
}

void net_http_start(struct net_http *s)
{
	evconnlistener_enable(s->listener);
}

void net_http_free(struct net_http *s)
{
	struct list_link *it, *tmp;

	if (!s)
		return;
	list_each(it, tmp, &s->clients)
		client_free(list_of(it, struct client, all));
	if (s->listener)
		evconnlistener_free(s->listener);
	net_timer_free(s->resume);
	SSL_CTX_free(s->tls);
	mem_free(s);
}

uint16_t net_http_port(const struct net_http *s)
{
	return s->port;
}

size_t net_http_clients(const struct net_http *s)
{
	return s->clients_n;
}

void net_http_set_times(struct net_http *s, uint32_t head_ms,
			uint32_t answer_ms, uint32_t idle_ms)
{
	s->head_ms = head_ms;
	s->answer_ms = answer_ms;
	s->idle_ms = idle_ms;
}
