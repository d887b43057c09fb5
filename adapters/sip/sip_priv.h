/* adapters/sip/sip_priv.h: what the files of this folder share. sofia-sip's
 * types are used here and in the .c files, nowhere else in the tree.
 *
 *   listen.c     listeners, one nta agent each; reload
 *   message_in.c the one door for requests; body_in.c, head_in.c, auth.c,
 *                register_in.c, request_in.c read them; nonce.c and ban.c
 *                remember what passwords were tried
 *   answer.c     requests core has to answer; dup.c remembers the answers
 *   message_out.c requests we send: way_out.c finds the next hop, head_out.c
 *                and body_out.c write what is in them, request_out.c puts
 *                them together
 *   trip.c       the servers of a name, one after another: hops.c finds them
 *                by locate.c, inside.c and blacklist.c; outlet.c has the TLS
 *                connections to them
 *   peer.c       links to other SIP servers; flow.c connections of clients
 */
#pragma once

struct sip_listener;
struct sip_out;
#define NTA_AGENT_MAGIC_T struct sip_listener
#define NTA_OUTGOING_MAGIC_T struct sip_out

#include <sofia-sip/msg_addr.h>
#include <sofia-sip/nta.h>
#include <sofia-sip/nta_stateless.h>
#include <sofia-sip/nta_tport.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_protos.h>
#include <sofia-sip/tport.h>

/* The model's functions of these names, beside sofia-sip's. */
#define msg_ref model_msg_ref
#define msg_copy model_msg_copy

#include "adapters/net/resolve.h"
#include "adapters/sip/locate.h"
#include "adapters/sip/oma_tokens.h"
#include "adapters/sip/raw_in.h"
#include "adapters/sip/sip.h"
#include "adapters/sip/sip_cause.h"
#include "adapters/sip/stack.h"
#include "core/base/backoff.h"
#include "core/base/hash.h"
#include "core/base/list.h"
#include "core/base/map.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/codec/datetime.h"

#define SIP_ALLOW "MESSAGE, REGISTER, OPTIONS"
#define SIP_SUPPORTED "path, gruu, outbound"
#define SIP_ALLOW_EVENTS "" /* no package yet */

enum {
	SIP_HEAD_MAX = 16384,	 /* header text we write into one message */
	SIP_URI_MAX = 2048,	 /* as uri_parse takes */
	SIP_ADDR_MAX = 64,	 /* numeric address or transport name, NUL */
	SIP_PHRASE_MAX = 128,	 /* far side's words in a status line */
	SIP_PENDING_MAX = 20000, /* requests core owes an answer: some
					   10 KiB each */
	SIP_PENDING_BYTES_MAX = 64 << 20,  /* bodies of them */
	SIP_OUTGOING_MAX = 20000,	   /* requests under way, all links */
	SIP_OUTGOING_BYTES_MAX = 64 << 20, /* bodies and heads of them */
	SIP_FLOW_QUEUE_MAX = 64,   /* messages a client's connection has not
					   taken yet */
	SIP_READ_MAX = 65535, /* bytes of a stream read at once */
	SIP_CONN_QUEUE_MAX = 1000, /* the stack's own limit for any */
	SIP_DUPS_MAX = 350000,	   /* remembered answers when nothing is said:
					   32 s at 10,000 a second */
	SIP_NONCES_MAX = 100000, /* nonces in use: some 120 bytes each */
	SIP_DUP_LIFE_MS = 32000,   /* 64*T1 [RFC 3261 17.2.2] */
	SIP_PENDING_LIFE_MS = 64000, /* core answers within seconds; then
					   the sender has given up twice */
};

/* Text where the stack takes a URL; its own macro casts const away. */
static inline url_string_t const *sip_url_string(const char *s)
{
	return (url_string_t const *)(const void *)s;
}

/* ---- listeners -------------------------------------------------------- */

struct sip_listener {
	struct list_link all;
	struct sip *sip;
	nta_agent_t *agent;
	char *name;
	enum transport transport;
	char address[SIP_ADDR_MAX];
	uint16_t asked_port, port;
	char sent_by[SIP_ADDR_MAX + 192]; /* name and port we write */
	const struct listen_conf *conf; /* in sip->conf; NULL while draining */
	const struct listen_conf *next; /* in sip->next_conf */
	struct net_tls *tls;		/* keys of a TLS listener */
	bool is_new;			/* prepared, not yet committed */
	bool is_kept;			/* stands in the prepared config too */
	unsigned users;			/* pending and outgoing requests */
	int64_t end_ms;			/* draining: gone then at the latest */
	/* outlet.c: takes nothing, opens TLS connections to one name only */
	struct net_tls_out *out;
	char *out_name; /* the name their certificates must have */
	uint32_t out_link;
};

/* ---- requests that came in -------------------------------------------- */

struct sip_pending {
	struct list_link all; /* oldest first */
	uint64_t leg;
	struct sip_listener *listener;
	msg_t *msg;
	sip_t *sip;
	tport_t *tport;	     /* a reference */
	struct sip_dup *dup; /* or NULL: no room to remember */
	int64_t since_ms;
	size_t bytes;	 /* counted in pending_bytes */
	char realm[256]; /* of a challenge */
	char source[SIP_ADDR_MAX];
	char *user; /* whose password was given, or NULL */
};

/* An answer as it is written, and written again for a retransmission. */
struct sip_response {
	unsigned code;
	const char *phrase; /* NULL: the standard one */
	const char *head;   /* header lines, or NULL */
};

/* A key of the duplicate cache: keyed hashes over what RFC 3261 17.2.3
   compares. */
struct sip_dup_key {
	uint64_t a, b;
};

struct sip_dup {
	struct list_link by_age;
	struct sip_dup_key key;
	uint64_t merge; /* while pending: names the request without its
			   branch; 0: nobody looks for it */
	int64_t end_ms;
	bool is_pending;
	uint16_t code;
	char *phrase, *head; /* NULL: as in sip_response */
};

struct sip_dups {
	struct list_link by_age;
	struct map *map;
	struct map *merges; /* merge -> pending entry */
	size_t n, max;
};

/* Which counts of our nonces were used: nonce.c. */
struct sip_nonces {
	struct list_link by_age;
	struct map *map;
	uint64_t floor; /* this one and all older are given up */
	size_t n;
};

/* ---- requests that go out --------------------------------------------- */

struct sip_peer { /* a link of kind sip-peer */
	struct list_link all;
	struct sip *sip;
	uint32_t id;
	char *name;
	char host[DNS_NAME_MAX]; /* numeric; or a name, or one of
				    several servers: is_named */
	bool is_named, is_of_domain;
	uint16_t port;
	enum transport transport;
	uint32_t window, under_way;
	enum link_state state;
	bool was_full;		 /* core was told room 0 */
	bool is_gone;		 /* not in the configuration any more */
	struct net_timer *timer; /* next probe */
	uint32_t probe_ms;
	int64_t probe_at_ms;
	struct sip_out *probe;
	int64_t plain_until_ms; /* it refused message/cpim */
	int64_t drain_end_ms; /* LINK_DRAINING: results then */
};

struct sip_out {
	struct list_link all;
	struct sip *sip;
	struct sip_listener *listener;
	nta_outgoing_t *orq;
	uint64_t leg;
	uint32_t tag;
	struct trace_id trace;
	bool wants_result;
	struct sip_peer *peer; /* NULL: a binding */
	bool is_probe;	       /* OPTIONS of peer.c, no leg */
	/* While it may have to go again as plain text: */
	struct msg *msg;	  /* a reference */
	char *uri, *route, *head; /* as the first one had them */
	bool was_plain;
	struct sip_trip *trip; /* its next hops, or NULL: one is all */
	unsigned status; /* when it is over */
	size_t bytes;	 /* counted in outs_bytes */
};

struct sip_blacklist {
	struct map *map;
	struct list_link age;
};

/* ---- the adapter ------------------------------------------------------ */

struct sip {
	struct net_loop *loop;
	struct intake intake;
	struct sip_stack *stack;
	struct log_ctx log;
	struct config *conf, *next_conf;
	struct list_link listeners, peers, pendings, outs;
	struct list_link outlets, trips; /* trips: those that wait for DNS */
	struct net_resolver *resolver;
	struct sip_blacklist blacklist;
	struct map *pending; /* leg -> sip_pending */
	struct sip_dups dups;
	struct net_timer *sweep; /* every second */
	int64_t drain_end_ms;
	char nonce_key[32];
	uint16_t nonce_seq;
	struct sip_nonces nonces;
	struct sip_bans *bans;
	uint64_t seed;	/* tags, Call-IDs, hashes */
	uint64_t count; /* of what was generated */
	uint32_t cseq;
	size_t pending_n, pending_bytes, outs_n, outs_bytes;
	bool was_full; /* core was told room 0 of bindings */
	bool is_draining;
	bool is_unready;
	struct sip_admit *admit;
	struct sip_counts counts;
	int64_t refusals_ms; /* this second's log lines of them */
	unsigned refusals_n, refusals_hidden;
};

/* listen.c */
int sip_listen_prepare(struct sip *s, struct config *c, struct errtext *why);
void sip_listen_commit(struct sip *s);
void sip_listen_abort(struct sip *s);
void sip_listen_sweep(struct sip *s); /* ends drained ones */
void sip_listen_free_all(struct sip *s);
/* One that can send over this transport to that address; NULL if none. */
struct sip_listener *sip_listen_for(struct sip *s, enum transport t,
				    struct str address);
struct sip_listener *sip_listen_by_name(const struct sip *s, struct str name);
const char *sip_transport_name(enum transport t); /* "udp" */

/* message_in.c: the callback of every agent */
int sip_on_request(struct sip_listener *l, nta_agent_t *agent, msg_t *msg,
		   sip_t *sip);

/* What the handlers of the methods get. */
struct sip_in {
	struct sip *s;
	struct sip_listener *l;
	msg_t *msg;
	sip_t *sip;
	tport_t *tport;
	char source[SIP_ADDR_MAX]; /* numeric, without port or brackets */
	uint16_t source_port;
	const struct link_conf *peer; /* the link it comes from, or NULL */
	bool is_trusted;
	struct sip_dup_key key;
	uint64_t merge;
	bool is_dedup;
	const char *words; /* why it is refused, or NULL */
	const struct sip_fault *fault; /* of its bytes, or NULL */
	struct str user;   /* "name@realm" of his credentials, or empty */
	bool is_banned;	   /* he tried too often */
};

/* Each returns CAUSE_NONE and an event made, or why not. */
enum cause sip_read_message(struct sip_in *in, struct event *ev);
enum cause sip_read_register(struct sip_in *in, struct event *ev);
enum cause sip_read_request(struct sip_in *in, struct event *ev);

/* head_in.c: headers to model; strings into the arena. Each gives
   CAUSE_BAD_REQUEST (or a finer one) for what cannot be carried. */
enum cause sip_read_origin(struct sip_in *in, struct arena *a,
			   struct origin *o);
enum cause sip_read_url(struct arena *a, const url_t *url, struct str display,
			struct addr *out);
enum cause sip_read_name_addr(struct arena *a, const char *display,
			      const url_t *url, struct addr *out);
/* The stack forgets values it cannot read: was there one in a header of that
   name? */
bool sip_is_unreadable(const sip_t *sip, const char *name);
/* Does Supported or Require name that option tag? */
bool sip_can(const sip_t *sip, const char *tag);
/* Is it one of ours (SIP_SUPPORTED)? */
bool sip_knows_option(const char *tag);
/* A clean line into the arena; NULL gives an empty one. */
enum cause sip_read_line(struct arena *a, const char *text, size_t max,
			 struct str *out);
/* Value of a header sofia-sip has no class for; NULL when absent. */
const char *sip_read_unknown(const sip_t *sip, const char *name);
/* Accept-Contact, Reject-Contact and Request-Disposition [RFC 3841]; what
   cannot be read is no preference. */
void sip_read_preferences(const sip_t *sip, struct msg *m);
struct str sip_url_text(const url_t *url, char out[SIP_URI_MAX + 1]);

/* body_in.c: the body into the message (kind, content, id, wants, ...). */
enum cause sip_read_body(struct sip_in *in, struct msg *m);

/* nonce.c */
void sip_nonces_init(struct sip_nonces *t, uint64_t seed);
void sip_nonces_free(struct sip_nonces *t);
/* Takes a count of a nonce that is fresh; false when it was used before. */
bool sip_nonce_spend(struct sip_nonces *t, uint64_t id, uint32_t nc,
		     int64_t now_ms, int64_t life_ms);
void sip_nonces_sweep(struct sip_nonces *t, int64_t now_ms);

/* ban.c */
struct sip_bans *sip_bans_new(uint64_t seed);
void sip_bans_free(struct sip_bans *b);
bool sip_ban_source(const struct sip *s, const char *source);
bool sip_ban_user(const struct sip *s, const char *source, struct str user);
/* reason: "password" or "malformed" (then without a user). */
void sip_ban_failed(struct sip *s, const char *source, struct str user,
		    const char *reason);
void sip_ban_good(struct sip *s, const char *source, struct str user);

/* auth.c */
/* Whom the place it comes from makes of him: his address, or the certificate of
   the connection. Sets peer and is_trusted. */
void sip_auth_place(struct sip_in *in);
/* The realm a challenge to this request names. */
struct str sip_auth_realm(const struct sip *s, const sip_t *sip);
void sip_auth_put_challenges(struct buf *b, const struct sip_listener *l,
			     struct str realm, const char *source,
			     bool is_stale);
/* Credentials of the request; has_cred stays false without any that are for
   one of our realms. */
enum cause sip_auth_read(struct sip_in *in, struct arena *a, struct origin *o);

/* answer.c */
struct sip_pending *sip_pending_new(struct sip_in *in, uint64_t leg);
void sip_pending_drop(struct sip_pending *p); /* without an answer */
void sip_pending_sweep(struct sip *s);
/* Answers a request that never became pending; takes in->msg. */
void sip_refuse(struct sip_in *in, enum cause c, const char *words);
void sip_respond(struct sip_in *in, const struct sip_response *r);
void sip_answer(void *self, uint64_t leg, const struct action *a);
/* To whom is banned, as the operator wants it; takes in->msg. */
void sip_turn_away(struct sip_in *in);
/* Challenge; takes in->msg. */
void sip_challenge(struct sip_in *in, bool is_stale);

/* admit.c: what is taken while there is more than can be done. */
enum sip_load {
	SIP_LOAD_FINE,
	SIP_LOAD_HIGH, /* strangers are refused */
	SIP_LOAD_OVER, /* every new request is */
};
void sip_admit_start(struct sip *s);
void sip_admit_stop(struct sip *s);
enum sip_load sip_admit_load(struct sip *s);
bool sip_admit_is_over(struct sip *s, const su_sockaddr_t *from);
/* Somebody whose request was good: what he says next counts for more. */
void sip_admit_known(struct sip *s, const su_sockaddr_t *from);
bool sip_admit_is_known(const struct sip *s, const su_sockaddr_t *from);
/* May this address be answered once more before it has proved who it is? */
bool sip_admit_stranger(struct sip *s, const su_sockaddr_t *from);
void sip_admit_sweep(struct sip *s);
/* For udp_shim.c: true when the datagram was refused. */
bool sip_admit_sheds(int fd, char *p, size_t n, const su_sockaddr_t *from);

/* busy_out.c: a 503 for a datagram nobody parsed; 0: it must be parsed. */
size_t sip_busy_put(const struct sip *s, char *p, size_t n,
		    const su_sockaddr_t *from, char out[SIP_HEAD_MAX],
		    struct sip_dup_key *key_out);

/* dup.c */
void sip_dups_init(struct sip_dups *d, uint64_t seed);
void sip_dups_free(struct sip_dups *d);
struct sip_dup_key sip_dup_key(const struct sip *s, const sip_t *sip);
/* The same from its parts, for a branch that has the cookie. */
struct sip_dup_key sip_dup_key_of(const struct sip *s, struct str branch,
				  struct str host, struct str port,
				  struct str method);
struct sip_dup *sip_dup_find(struct sip_dups *d, struct sip_dup_key k,
			     int64_t now_ms);
/* A pending entry; when there are too many the oldest that is not pending
   goes. NULL: all are pending. */
struct sip_dup *sip_dup_add(struct sip_dups *d, struct sip_dup_key k,
			    uint64_t merge, int64_t now_ms);
/* The same request, come another way [RFC 3261 8.2.2.2]; 0 for one inside a
   dialog. */
uint64_t sip_merge_key(const struct sip *s, const sip_t *sip);
/* Is one of that key being dealt with? */
bool sip_dup_is_merged(const struct sip_dups *d, uint64_t merge);
void sip_dup_done(struct sip_dups *d, struct sip_dup *e,
		  const struct sip_response *r, int64_t now_ms);
void sip_dup_drop(struct sip_dups *d, struct sip_dup *e);
/* Drops what is over, at most so many. */
void sip_dups_sweep(struct sip_dups *d, int64_t now_ms, unsigned max);

/* flow.c: notes of the connection a contact was registered over. */
struct str sip_flow_make(struct arena *a, const struct sip_in *in,
			 const url_t *contact);
struct sip_flow {
	enum transport transport;
	char address[SIP_ADDR_MAX];
	uint16_t port;
};
bool sip_flow_parse(struct str s, struct sip_flow *out);
/* The open connection a note names, or NULL. */
tport_t *sip_flow_find(struct sip *s, const struct sip_flow *f,
		       struct sip_listener **l_out);

/* way_out.c: the next hop of one target, or why there is none. */
struct sip_way {
	struct sip_listener *listener;
	struct sip_peer *peer;
	tport_t *tport;		     /* an open connection, or NULL */
	char uri[SIP_URI_MAX + 1];   /* Request-URI */
	char route[SIP_URI_MAX + 1]; /* next hop, or empty */
	struct str routes;	     /* Route header values, or empty */
	enum transport transport;
	bool is_trip; /* by DNS: listener, route and transport come later */
};
enum cause sip_way_find(struct sip *s, const struct target *t,
			struct sip_way *w);

/* message_out.c */
void sip_send(void *self, const struct action *a);
uint32_t sip_room(void *self, uint32_t link);
void sip_outs_free_all(struct sip *s);
/* l NULL: it is given later, by sip_out_via(). */
struct sip_out *sip_out_new(struct sip *s, struct sip_listener *l,
			    struct sip_peer *p);
void sip_out_via(struct sip_out *o, struct sip_listener *l);
/* It is over: cause, words. Frees o. */
void sip_out_fail(struct sip_out *o, enum cause c, struct str text);
void sip_put_cseq(struct sip *s, struct buf *b, const char *method);
void sip_out_free(struct sip_out *o);
/* request_out.c: a message of that head, whose first lines are those that the
   stack reads (CSeq, From, To, Call-ID, Route, Max-Forwards); ends with NUL.
   NULL: it cannot be written. */
msg_t *sip_request_new(struct sip_listener *l, const char *method,
		       const char *uri, const struct buf *head,
		       struct str body);
/* One request with a finished head. 0, or the stack would not take it. */
int sip_out_start(struct sip_out *o, const char *method, const char *uri,
		  const char *route, tport_t *tport, const struct buf *head,
		  struct str body);
/* Gives every outstanding send over this peer (NULL: all) its result. */
void sip_outs_end(struct sip *s, const struct sip_peer *p, enum cause c);

/* trip.c: o goes to the servers of its peer's name, or of domain when the peer
   has none, until one answers. o->uri and o->head are set and stay; content is
   copied. It may be over, and o gone, when this returns. */
void sip_trip_start(struct sip_out *o, struct str domain, bool is_secure,
		    struct str content_head, struct str body);
/* Another content from here on. */
void sip_trip_replace(struct sip_trip *t, struct str content_head,
		      struct str body);
void sip_trip_free(struct sip_trip *t);
/* An answer came, or is_local the stack's own word that none will. True: it
   went to the next server, or was given up: o may be gone. */
bool sip_trip_answered(struct sip_out *o, unsigned status, bool is_local,
		       const sip_t *sip);
void sip_trips_news(void *sip); /* DNS knows more */

/* hops.c: where a request may go; best first. CAUSE_NONE with out->status
   LOCATED or, while DNS is asked, LOCATE_WAIT. */
struct sip_hops_want {
	const struct link_conf *link;
	struct str domain;
	bool is_secure;
	size_t bytes, body_n; /* of the request as far as it is ours; body */
	uint64_t seed;
	bool is_too_large; /* set: these hops have UDP, which cannot take it,
			      and perhaps TCP */
};
enum cause sip_hops_find(struct sip *s, struct sip_hops_want *w,
			 struct locate_list *out);

/* blacklist.c */
void sip_blacklist_init(struct sip_blacklist *b, uint64_t seed);
void sip_blacklist_free(struct sip_blacklist *b);
/* Until when it is passed over, 0: it is not. */
int64_t sip_blacklist_until(const struct sip_blacklist *b,
			    const struct locate_hop *h, int64_t now_ms);
/* asked_ms: Retry-After, 0: none. */
void sip_blacklist_fail(struct sip_blacklist *b, const struct locate_hop *h,
			int64_t now_ms, int64_t asked_ms);
void sip_blacklist_good(struct sip_blacklist *b, const struct locate_hop *h);
size_t sip_blacklist_count(const struct sip_blacklist *b);

/* inside.c: may DNS lead there? */
bool sip_inside_ok(const struct link_conf *k, const char *address);

/* outlet.c: the agent whose TLS connections are to that name by the rules of
   that link; made when it is first needed. NULL: why. */
struct sip_listener *sip_outlet_for(struct sip *s, const struct link_conf *k,
				    struct str name, bool is_ip6,
				    struct errtext *why);
struct str sip_outlet_why(const struct sip_listener *l);
void sip_outlets_commit(struct sip *s); /* the files may be new ones */
void sip_outlets_sweep(struct sip *s);
void sip_outlets_free(struct sip *s);

/* peer.c */
int sip_peer_check(const struct sip *s, const struct config *c,
		   struct errtext *why);
void sip_peer_commit(struct sip *s);
struct sip_peer *sip_peer_find(struct sip *s, uint32_t id);
void sip_peer_free_all(struct sip *s);
void sip_peer_tell(struct sip_peer *p, struct str text);
void sip_peer_failed(struct sip_peer *p); /* the transport said so */
void sip_peer_spoke(struct sip_peer *p);  /* any answer came */
void sip_peer_ctl(struct sip_peer *p, bool is_up);
void sip_peer_probed(struct sip_peer *p, bool is_alive);
void sip_peer_drain(struct sip_peer *p, int64_t until_ms);
void sip_peer_sweep(struct sip *s);
void sip_peer_url(const struct sip_peer *p, char *out, size_t size);
uint32_t sip_peer_room(const struct sip_peer *p);

/* body_out.c: one encoded body and the header lines that belong to it. */
struct sip_content {
	struct buf body;
	struct buf head; /* Content-Type and the like */
	bool is_made, is_cpim;
	struct arena *arena; /* addresses while it is made */
	struct str from, to; /* for whom it was made, in arena */
};
void sip_content_init(struct sip_content *c);
void sip_content_free(struct sip_content *c);
bool sip_content_wants_cpim(const struct msg *m);
bool sip_content_can_plain(const struct msg *m);
/* from and to as this remote shall see them. */
int sip_content_put(struct sip_content *c, const struct msg *m,
		    const struct addr *from, const struct addr *to,
		    bool is_cpim);

/* head_out.c: typed writers of header lines. */
void sip_put_uri(struct buf *b, const struct addr *addr);
void sip_put_addr(struct buf *b, const char *name, const struct addr *addr,
		  const char *tag);
void sip_put_text(struct buf *b, const char *name, struct str text);
void sip_put_number(struct buf *b, const char *name, uint64_t n);
void sip_put_word(struct buf *b, const char *name, struct str token);
/* "Name: " and a value of our own making. */
void sip_put_own(struct buf *b, const char *name, const char *value);
/* Our own Accept-Contact and what the sender prefers. */
void sip_put_preferences(struct buf *b, const struct msg *m);
void sip_put_quoted(struct buf *b, struct str text);
bool sip_call_id_ok(struct str s);
void sip_random_id(struct sip *s, char out[33]);
/* Far words as a phrase: clean, at most SIP_PHRASE_MAX bytes. */
const char *sip_phrase(struct str text, char out[SIP_PHRASE_MAX + 1]);
