/* adapters/http/admin_http.h: the listeners with proto = admin: /metrics for
 * Prometheus, /healthz and /readyz for whoever watches over the node. GET and
 * HEAD only, nothing can be changed here. A request whose Host is a name that
 * nobody configured is refused (421): a web page that points its own name at
 * this address (DNS rebinding) reads nothing.
 */
#pragma once

#include "adapters/net/loop.h"
#include "core/base/buf.h"
#include "core/port/adapter.h"

struct admin_http;

struct admin_http_state {
	/* Is new work taken? What speaks for and against it, as a JSON object,
	   into json. Called from the loop, may not wait. */
	bool (*is_ready)(void *arg, struct buf *json);
	void *arg;
};

struct admin_http *admin_http_new(struct net_loop *l,
				  const struct admin_http_state *state);
void admin_http_free(struct admin_http *h); /* NULL is fine */

/* Only the reload calls of struct adapter are there; no message passes here. */
struct adapter admin_http_port(struct admin_http *h);

/* For tests: the port a listener is bound to, 0 when there is none. */
uint16_t admin_http_port_of(const struct admin_http *h, struct str listener);
size_t admin_http_listeners(const struct admin_http *h);
