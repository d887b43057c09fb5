/* adapters/net/http.h: a small HTTP/1.1 server for requests without a body
 * [RFC 9110, 9112], over TCP or TLS. Built for the loop thread and for hostile
 * clients: a head has 8 KiB and 10 s, an answer 30 s, a silent connection 60 s,
 * there are at most NET_HTTP_CLIENTS_MAX of them, and a new one displaces the
 * one that has been reading longest, so that idle ones cannot lock others out.
 * Pipelined requests are answered one after the other.
 */
#pragma once

#include "adapters/net/http_head.h"
#include "adapters/net/loop.h"
#include "core/base/buf.h"
#include "core/base/err.h"

struct net_http;
struct net_tls;

enum {
	NET_HTTP_CLIENTS_MAX = 64,
	NET_HTTP_ANSWER_BYTES_MAX = 8 << 20,
};

struct net_http_answer {
	unsigned status;		/* 500 unless the handler says else */
	const char *type;		/* media type, NULL: text/plain */
	const char *allow;		/* Allow header, NULL: none */
	struct buf body;		/* freed by the server */
};

struct net_http_handlers {
	/* Answers, inside the call; everything of head is the caller's. */
	void (*serve)(void *arg, const struct http_head *head,
		      struct net_http_answer *out);
	/* May this numeric address connect? NULL: all may. */
	bool (*may_connect)(void *arg, struct str peer);
	/* Each answer's status, those made here too. NULL: nobody counts. */
	void (*answered)(void *arg, unsigned status);
	void *arg;
};

/* Listens at address (numeric) and port (0: a free one). tls: NULL or the keys
   to serve, which must outlive the server. Nothing is accepted before
   net_http_start(). NULL: why. */
struct net_http *net_http_new(struct net_loop *l, struct str address,
			      uint16_t port, struct net_tls *tls,
			      const struct net_http_handlers *h,
			      struct errtext *why);
void net_http_start(struct net_http *s);
void net_http_free(struct net_http *s); /* closes all; NULL is fine */

uint16_t net_http_port(const struct net_http *s);
size_t net_http_clients(const struct net_http *s);
/* For tests: head, answer and idle time. */
void net_http_set_times(struct net_http *s, uint32_t head_ms,
			uint32_t answer_ms, uint32_t idle_ms);
const char *net_http_status_text(unsigned status);
