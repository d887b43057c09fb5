/* tests/unit/sip_side.h: the SIP adapter on a loop of its own, with listeners
 * on free loopback ports, contract_core instead of core, and a far side of
 * plain sockets that speaks text. For the test_sip_*.c and test_contract_sip.c
 * programs.
 */
#pragma once

#include "adapters/sip/sip.h"
#include "tests/unit/contract.h"

#define SIP_SIDE_WINDOW 20u

struct sip_side {
	struct contract contract;	/* first: it is the cmocka state */
	struct contract_core core;
	struct net_loop *loop;
	struct sip *sip;
	struct adapter port;
	struct config *config;
	struct arena *arena;
	int udp;			/* the far side's socket ... */
	uint16_t udp_port;		/* ... and its port */
	int nobody;			/* bound, never read or answered */
	uint16_t nobody_port;
	uint16_t to_udp, to_tcp, to_tls;	/* the adapter's ports */
	bool is_echo;			/* far side answers by itself */
	unsigned answered;		/* answers the far side got */
	struct binding takes, refuses, silent;
	char cert[64], key[64];		/* files of the TLS listener */
	char last[65536];		/* last datagram the far side got */
};

/* what: whether 127.0.0.1 is trusted (no challenges), a TLS listener. */
enum { SIDE_TRUSTED = 1, SIDE_TLS = 2, SIDE_PEER = 4 };

struct sip_side *sip_side_new(unsigned what);
void sip_side_free(struct sip_side *s);

/* Runs the loop until done, at most ms. True when done. */
bool sip_side_run(struct sip_side *s, int ms, bool (*done)(void *), void *arg);
void sip_side_pass(struct sip_side *s, int ms);

/* Sends a datagram; text is printf, "\n" becomes CRLF. */
void sip_side_udp(struct sip_side *s, const char *fmt, ...)
	PRINTF_LIKE(2, 3);
void sip_side_raw(struct sip_side *s, const char *p, size_t n);
/* Throws away one datagram that is there already; false if there is none. */
bool sip_side_recv_now(struct sip_side *s);
/* Bytes of text once "\n" is CRLF: for Content-Length. */
size_t sip_side_wire_n(const char *text);
/* The next datagram the far side gets within a second, or NULL. */
const char *sip_side_recv(struct sip_side *s);
/* The next event of that kind within a second, or NULL; the caller frees. */
struct event *sip_side_event(struct sip_side *s, enum ev_kind kind);
void sip_side_done(struct sip_side *s, struct event *ev);

/* Another far socket on that port. */
int sip_side_bind(uint16_t port);

/* A listening TCP socket of somebody else; a connection to a port, or -1. */
int sip_side_listen(uint16_t *port);
int sip_side_try(uint16_t port);
/* A TCP connection to the adapter. */
int sip_side_connect(struct sip_side *s);
/* Writes until all is out or the other end hung up. */
void sip_side_write(int fd, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Reads one whole SIP message into s->last. */
const char *sip_side_read(struct sip_side *s, int fd);

/* Status code of a response text, 0 if it is none. */
unsigned sip_side_status(const char *text);
/* Value of the first header of that name (n-th: 0, 1, ..), copied into a
   buffer that the next call takes; NULL when absent. */
const char *sip_side_header(const char *text, const char *name, unsigned n);
const char *sip_side_body(const char *text);

/* A MESSAGE with a fresh branch as text; extra is header lines ending in \n
   or empty, from_user and body as they are. */
void sip_side_message(struct sip_side *s, const char *extra,
		      const char *body);

/* Answers core's leg. */
void sip_side_answer(struct sip_side *s, uint64_t leg, enum cause c,
		     struct answer *an);
/* Sends m to the contact and gives the leg. */
uint64_t sip_side_send(struct sip_side *s, struct msg *m,
		       const struct binding *b);
