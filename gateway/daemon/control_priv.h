/* gateway/daemon/control_priv.h: the control socket and its clients; for
 * control.c (the socket, the adapter) and control_client.c (one client).
 */
#pragma once

#include <sys/stat.h>
#include <sys/un.h>

#include "core/base/list.h"
#include "core/base/log.h"
#include "gateway/daemon/control.h"

struct client {
	struct list_link link;
	struct control *control;
	int fd;
	uid_t uid;
	struct net_watch *watch;
	struct net_timer *timer;
	struct buf in, out;
	uint64_t leg;  /* core is asked; 0: nobody is */
	bool is_ended; /* no more requests: close when out is out */
};

struct control {
	struct net_loop *loop;
	struct intake intake;
	control_own_h *own;
	void *arg;
	struct sockaddr_un address;
	struct stat socket; /* the one we made */
	int fd;
	struct net_watch *watch;
	struct list_link clients;
	size_t clients_n;
	uint32_t client_ms, core_ms;
	struct log_ctx log;
};

/* Takes fd. */
void control_client_new(struct control *c, int fd, uid_t uid);
void control_client_free(struct client *k);
/* Core's answer to what this client asked; it is written from the loop. */
void control_client_answer(struct client *k, const struct action *a);
/* Writes what the socket takes; false when the client is to be freed. */
bool control_client_write(struct client *k) MUST_CHECK;
