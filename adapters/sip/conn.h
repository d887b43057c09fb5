/* adapters/sip/conn.h: the connections that others opened to our SIP ports: how
 * many there may be, and how long each may take for what it says. The stack
 * accepts whatever comes and waits for as long as bytes drip; this table is fed
 * by shims around its accept, parser and close, and hangs up on whom it must.
 *
 *   accepted  a whole TLS handshake within 5 s, a whole message within 10 s
 *   spoke     silent for as long as the stack's idle time allows; a message
 *             begun must have its head within 10 s and its end within 30 s
 *
 * One table per process, on the loop thread.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
	SIP_CONN_SHAKE_MS = 5000,   /* TLS handshake */
	SIP_CONN_FIRST_MS = 10000,  /* anything whole at all */
	SIP_CONN_HEAD_MS = 10000,   /* a head, from its first byte */
	SIP_CONN_WHOLE_MS = 30000,  /* a message, from its first byte */
	SIP_CONN_FDS_SPARE = 256,   /* descriptors left to everybody else */
};

/* What a message on a stream is doing. */
enum sip_conn_part { SIP_CONN_HEAD, SIP_CONN_BODY, SIP_CONN_DONE };

struct sip_conn_counts {
	unsigned long open, refused, timed_out;
};

void sip_conns_start(void);
void sip_conns_stop(void);
/* As many as the configuration says and descriptors allow, 0: any number; per
   source: an IPv4 address or an IPv6 /64. */
void sip_conns_limit(uint32_t total, uint32_t per_source);
/* Every second or so; also ends those whose time is over. */
void sip_conns_sweep(int64_t now_ms);
struct sip_conn_counts sip_conns_counts(void);
/* Whoever connects to that port of ours starts with a handshake. */
void sip_conns_tls_port(uint16_t port, bool is_on);

/* ---- for the shims ---------------------------------------------------- */

/* The stack accepts now (true) or somebody else does (false). */
void sip_conns_listening(bool is_on, int64_t now_ms);
bool sip_conns_is_listening(void);
/* False: it is one too many, the caller closes it. */
bool sip_conn_opened(int fd, const struct sockaddr *from);
/* There was no descriptor left for a connection that waits: takes it with a
   spare one and drops it, so that the loop does not spin. */
void sip_conn_relieve(int listener);
void sip_conn_closed(int fd);
void sip_conn_shaken(int fd); /* its TLS handshake is done */
/* Something of a message arrived from there. */
void sip_conn_heard(const struct sockaddr *from, enum sip_conn_part part);
/* What it says is no SIP: hang up. */
void sip_conn_garbage(const struct sockaddr *from);
