/* gateway/daemon/control.h: the control socket, as the adapter of PROTO_ADMIN.
 * A local stream socket; one request per line, one answer per line, one at a
 * time per connection (control_line.h). Only root and the user of the daemon
 * may speak. Connections, lines, answers and waiting are bounded.
 */
#pragma once

#include "adapters/net/loop.h"
#include "core/port/adapter.h"
#include "core/port/intake.h"
#include "gateway/daemon/control_line.h"

struct control;

/* Requests that the daemon serves itself: true when it was one and its answer
   line is in out. Everything else goes to core. */
typedef bool control_own_h(void *arg, const struct control_req *req,
			   struct buf *out);

/* Listens at path from now on. A socket nobody answers at is replaced.
   NULL: why. */
struct control *control_new(struct net_loop *l, const struct intake *in,
			    struct str path, control_own_h *own, void *arg,
			    struct errtext *why);
struct adapter control_port(struct control *c);
/* Hands what is written to the system, closes all and removes the socket.
   NULL is fine. */
void control_free(struct control *c);

/* How long a client may take: to write a request, to read an answer; and core
   for one. For tests. */
void control_set_times(struct control *c, uint32_t client_ms, uint32_t core_ms);
size_t control_clients(const struct control *c);
