/* core/model/config.h: the whole configuration as one immutable, counted
 * object. Built by gateway/daemon from its option table, read by core
 * (fact_config) and given to the adapters at prepare(). Names, units, defaults
 * and sentences of the options stand in gateway/daemon/options.c only.
 */
#pragma once

#include "core/base/log.h"
#include "core/codec/number.h"
#include "core/model/cause.h"
#include "core/model/leg.h"
#include "core/model/rate.h"

enum trust { TRUST_EXTERNAL, TRUST_PARTNER, TRUST_INTERNAL };
enum transport { TRANSPORT_UDP, TRANSPORT_TCP, TRANSPORT_TLS,
		 TRANSPORT_AUTO /* of a SIP peer: as DNS says */ };
/* Towards a SIP peer whose transport is AUTO. */
enum tls_policy { TLS_REQUIRE, TLS_PREFER, TLS_OFF };
enum cpim_use { CPIM_AUTO, CPIM_NEVER, CPIM_ALWAYS };

struct listen_conf {			/* listen "name" { } */
	struct str name;
	enum proto proto;		/* sip, admin */
	enum transport transport;
	struct str address;		/* numeric */
	uint16_t port;			/* 0: any free one, told in the log */
	struct str cert_file, key_file;	/* TLS; chain in cert_file */
	uint8_t challenge_sha256, challenge_md5;	/* place among the
					   challenges, 1 first; 0: not offered */
	struct str client_ca_file;	/* TLS: authorities of peers' certificates,
					   empty: none is asked for */
	struct str *trusted_names;	/* names in them that are believed */
	size_t trusted_names_n;
	struct str *trusted;		/* peers believed here: address or CIDR */
	size_t trusted_n;
	struct str *hosts;		/* admin: names clients may ask for */
	size_t hosts_n;
};

/* What becomes of a stanza that says something about an earlier message. */
enum remark_policy {
	REMARK_AS_LINK,		/* of a domain: as its link has it */
	REMARK_TEXT,		/* as text that says so */
	REMARK_PLAIN,		/* its own words alone */
	REMARK_DROP		/* left out */
};

struct remark_conf {
	enum remark_policy corrections, replies, reactions, retractions;
};

enum link_kind { LINK_XMPP_COMPONENT, LINK_SIP_PEER, LINK_SMPP_CLIENT,
		 LINK_SMPP_SERVER };

struct link_conf {			/* link "name" { } */
	struct str name;
	uint32_t id;			/* hash of the name, never 0 */
	enum link_kind kind;
	enum proto proto;
	/* xmpp component */
	struct str host;		/* numeric address of the server; of the
					   SIP peer also a name, empty: the
					   recipient's domain */
	uint16_t port;
	bool is_required;		/* not ready while it is down */
	struct str component;		/* hostname we speak for */
	struct str secret;
	struct str secret_file;		/* where it was read from, or empty */
	bool is_encoded;		/* user\40domain@component accepted */
	bool is_strict_7247;
	bool is_chat;			/* page messages as type='chat' */
	uint32_t stanza_bytes_max;	/* serialised */
	struct remark_conf remarks;
	/* sip peer */
	bool is_named;			/* host is a name: found by DNS */
	struct str *targets;		/* or these instead of host */
	size_t targets_n;
	enum transport transport;
	enum tls_policy tls;
	struct str tls_name;		/* its certificate must have it; empty:
					   the host, or the recipient's domain */
	struct str ca_file;		/* empty: what this machine trusts */
	struct str cert_file, key_file;	/* ours towards it, or empty */
	struct str *inside;		/* private networks DNS may lead to */
	size_t inside_n;
	struct str *sources;		/* addresses and networks it speaks
					   from, besides a numeric host */
	size_t sources_n;
	enum cpim_use cpim;
	bool is_of_domain;		/* made of a domain block, host empty */
	bool is_trusted;		/* its P-Asserted-Identity is believed,
					   and it gets ours */
	bool insecure_cleartext;	/* a component link off this machine */
	uint32_t window;		/* sends under way at most */
	struct rate_limit rate;		/* of what comes over it */
	struct str *claims;		/* patterns: whom it may speak for */
	size_t claims_n;
};

enum { CONFIG_LINKS_MAX = 1024 };	/* those made of domains included */

/* What a foreign domain's users are told of ours. */
enum profiles_shown { PROFILES_NONE, PROFILES_NAME, PROFILES_ALL };

enum domain_kind { DOMAIN_SERVED, DOMAIN_FOREIGN };

struct domain_conf {			/* domain "name" { } */
	struct str name;		/* lower case; "*.x" matches below x */
	enum domain_kind kind;
	enum proto proto;		/* of a foreign one */
	struct str via;			/* link name; empty: SIP, by DNS */
	uint32_t via_id;		/* then a link of the domain's name */
	enum tls_policy tls;		/* of it, as in struct link_conf: */
	struct str ca_file, cert_file, key_file;
	struct str *inside, *sources;
	size_t inside_n, sources_n;
	enum cpim_use cpim;
	bool insecure_cleartext;
	bool is_enabled;
	enum trust trust;
	struct str *allow, *deny;	/* patterns: of its users when it is
					   foreign, else of senders to them */
	size_t allow_n, deny_n;
	uint32_t rule_base;		/* number of its first entry, below */
	uint32_t message_bytes_max;	/* 0: the global limit */
	struct remark_conf remarks;	/* of its users */
	struct rate_limit rate;		/* of what comes from it, and of what
					   goes to it */
	enum profiles_shown profiles;	/* of ours, told to its users */
	bool may_register;		/* its users with this gateway */
	bool bare_jid_6xx;		/* RFC 7247 table 2: bare JID gives 6xx */
	struct str number_plan;		/* for numbers written at this domain */
	bool numeric_user_is_phone;
	bool takes_anonymous;		/* served: its users get messages of
					   who hides himself */
};

enum route_do { ROUTE_DO_VIA, ROUTE_DO_DENY, ROUTE_DO_LOCAL, ROUTE_DO_NEXT };

struct route_conf {			/* route "name" { }, in this order */
	struct str name;
	struct str from, to;		/* patterns, empty: any */
	struct str kind;		/* "", "user", "tel" */
	enum route_do verb;		/* NEXT: only rewrite, then go on */
	struct str via, fallback;	/* link names */
	uint32_t via_id, fallback_id;
	enum cause deny_cause;
	struct str rewrite_from, rewrite_to;	/* "{user}@im.example", "" */
	bool may_relay;			/* even when neither side is served */
	bool is_one_way;		/* its rewrites need not be reversible */
};

struct config {
	struct arena *arena;		/* everything below */
	uint64_t generation;		/* rises with every load */
	/* node */
	struct str node_name, state_dir, control_socket, run_as;
	struct str secret_key;		/* of the node, from a file in state_dir
					   that the daemon makes; empty: none */
	uint32_t node_id;		/* hash of the name */
	struct str accounting_file;
	enum log_level log_level;
	bool log_privacy;
	/* store */
	struct str store_file;
	uint32_t store_cache_bytes;
	/* sip */
	struct str sip_host;		/* name we write in Via and Warning */
	uint32_t sip_nonce_life_ms;
	uint32_t sip_udp_bytes_max;	/* inbound body over UDP; default 1300 */
	uint32_t sip_tcp_bytes_max;	/* 65536 */
	/* passwords tried: bursts, 0 is without end */
	uint32_t auth_pair_failures, auth_source_failures, auth_user_failures;
	uint32_t auth_refill_ms, auth_ban_min_ms, auth_ban_max_ms;
	bool auth_ban_drops;		/* no answer; else 403 */
	uint32_t sip_conns_max, sip_conns_per_source;	/* accepted ones */
	unsigned sip_anonymity_code;	/* 433, or 403 for older peers */
	uint32_t sip_lag_ms_max;	/* new requests wait so long at most */
	uint32_t sip_repeats_max;	/* answers remembered for 32 s */
	uint32_t sip_stranger_rate;	/* challenges a second and source */
	uint32_t reg_expires_min_s, reg_expires_max_s, reg_expires_default_s;
	uint32_t reg_contacts_max;
	uint32_t reg_flow_timer_s;	/* Flow-Timer of outbound, 0: none */
	bool reg_path_strict;		/* Path only of who supports it */
	bool reg_associated_uri;	/* P-Associated-URI in the 200 */
	struct str *service_routes;	/* Service-Route URIs, top first */
	size_t service_routes_n;
	uint32_t sip_failover_ms;	/* then the next server of a domain */
	/* dns */
	struct str *dns_servers;
	size_t dns_servers_n;
	struct str dns_resolv_file;
	/* limits and policy */
	uint32_t message_bytes_max;
	struct rate_limit sender_rate;	/* of each sender */
	uint32_t no_answer_ms;		/* terminating side, 20 s */
	uint32_t fork_wait_ms;		/* until the next devices are tried */
	bool recurse;			/* redirections are followed */
	bool multi_device;		/* what was stored goes to all devices
					   at once */
	uint32_t answer_wait_ms;	/* XMPP outcome, 2 s */
	uint32_t facts_wait_ms;		/* 5 s */
	uint32_t drain_ms;		/* what is under way may finish, 5 s */
	uint32_t queue_life_ms_max;	/* 7 days */
	uint32_t retry_link_min_ms, retry_link_max_ms;	/* 1 s, 60 s */
	uint32_t retry_user_ms[3];	/* 30 s, 5 min, 1 h */
	uint32_t quota_count;
	uint64_t quota_bytes;
	uint32_t intake_max;		/* events queued before refusing */
	uint32_t objects_max;
	uint32_t dedup_life_ms_memory;	/* window of what writes no row */
	uint32_t dedup_life_s_store;	/* 7 days */
	uint32_t turn_events_max, turn_ms_max;
	bool receipt_on_stored;		/* XMPP receipt already when stored */
	struct listen_conf *listens;
	size_t listens_n;
	struct link_conf *links;	/* blocks, then those made of domains */
	size_t links_n;
	size_t links_named_n;		/* blocks among them */
	struct domain_conf *domains;
	size_t domains_n;
	struct route_conf *routes;
	size_t routes_n;
	size_t rules_n;		/* routes and entries of domains */
	struct number_plan *plans;
	size_t plans_n;
};

struct config *config_new(void);	/* zeroed, own arena, one reference */
struct config *config_ref(struct config *c);
void config_put(struct config *c);

const struct link_conf *config_link(const struct config *c, uint32_t id);
const struct link_conf *config_link_by_name(const struct config *c,
					    struct str name);
/* Exact name first, then the longest "*." suffix; NULL if none. */
const struct domain_conf *config_domain(const struct config *c,
					struct str name);
/* Numbers of all that has a counter: the routes from 0 on, then of each domain
   its deny entries, its allow entries, and one for whoever matches none. Set
   once, when the configuration is whole; c->rules_n is how many. */
void config_number_rules(struct config *c);
uint32_t config_id_of(struct str name);	/* of a link or node name */
