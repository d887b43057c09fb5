/* gateway/daemon/options.c: the option tables; see options.h.
 * The order of blocks and options is the order of the manual and of
 * --print-config. Defaults deny and bound: what is not said is loopback,
 * authenticated, external.
 */
#include "gateway/daemon/options.h"

#include <stddef.h>
#include <string.h>

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))
#define KIB 1024ull
#define MIB (KIB * 1024)
#define SEC 1000ull /* of options kept in milliseconds */
#define MINUTE (60 * SEC)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* Field of the item type T. */
#define AT(T, field)                         \
	.offset = offsetof(struct T, field), \
	.bytes = sizeof(((struct T *)NULL)->field)
#define LIST_AT(T, field) \
	AT(T, field), .count_offset = offsetof(struct T, field##_n)

#define IF_TLS (1u << TRANSPORT_TLS)
#define IF_COMPONENT (1u << LINK_XMPP_COMPONENT)
#define IF_PEER (1u << LINK_SIP_PEER)
#define IF_ANY_LINK (IF_COMPONENT | IF_PEER)
#define IF_FOREIGN (1u << DOMAIN_FOREIGN)
#define IF_SERVED (1u << DOMAIN_SERVED)

static const struct opt_name log_levels[] = {
	{ "error", LOG_ERROR },
	{ "warning", LOG_WARNING },
	{ "info", LOG_INFO },
	{ "debug", LOG_DEBUG },
	{ NULL, 0 },
};

static const struct opt_name listen_protos[] = {
	{ "sip", PROTO_SIP },
	{ "admin", PROTO_ADMIN },
	{ NULL, 0 },
};

static const struct opt_name transports[] = {
	{ "udp", TRANSPORT_UDP },
	{ "tcp", TRANSPORT_TCP },
	{ "tls", TRANSPORT_TLS },
	{ NULL, 0 },
};

static const struct opt_name peer_transports[] = {
	{ "udp", TRANSPORT_UDP },
	{ "tcp", TRANSPORT_TCP },
	{ "tls", TRANSPORT_TLS },
	{ "auto", TRANSPORT_AUTO },
	{ NULL, 0 },
};

static const struct opt_name tls_policies[] = {
	{ "require", TLS_REQUIRE },
	{ "prefer", TLS_PREFER },
	{ "off", TLS_OFF },
	{ NULL, 0 },
};

static const struct opt_name cpim_uses[] = {
	{ "auto", CPIM_AUTO },
	{ "never", CPIM_NEVER },
	{ "always", CPIM_ALWAYS },
	{ NULL, 0 },
};

static const struct opt_name anonymity_codes[] = {
	{ "433", 433 },
	{ "403", 403 },
	{ NULL, 0 },
};

static const struct opt_name algorithms[] = {
	{ "SHA-256", offsetof(struct listen_conf, challenge_sha256) },
	{ "MD5", offsetof(struct listen_conf, challenge_md5) },
	{ NULL, 0 },
};

static const struct opt_name domain_kinds[] = {
	{ "yes", DOMAIN_SERVED },
	{ "no", DOMAIN_FOREIGN },
	{ NULL, 0 },
};

static const struct opt_name domain_protos[] = {
	{ "auto", PROTO_NONE },
	{ "sip", PROTO_SIP },
	{ "xmpp", PROTO_XMPP },
	{ NULL, 0 },
};

static const struct opt_name profiles_shown[] = {
	{ "none", PROFILES_NONE },
	{ "name", PROFILES_NAME },
	{ "all", PROFILES_ALL },
	{ NULL, 0 },
};

static const struct opt_name trusts[] = {
	{ "external", TRUST_EXTERNAL },
	{ "partner", TRUST_PARTNER },
	{ "internal", TRUST_INTERNAL },
	{ NULL, 0 },
};

static const struct opt_name link_kinds[] = {
	{ "xmpp-component", LINK_XMPP_COMPONENT },
	{ "sip-peer", LINK_SIP_PEER },
	{ NULL, 0 },
};

/* Of a link, and with one more name of a domain. */
#define REMARK_WAYS { "text", REMARK_TEXT }, { "drop", REMARK_DROP }
#define PLAIN_WAY { "plain", REMARK_PLAIN }
#define LINK_WAY { "as-link", REMARK_AS_LINK }

static const struct opt_name corrections[] = {
	REMARK_WAYS, PLAIN_WAY, { NULL, 0 }
};

static const struct opt_name replies[] = {
	{ "text", REMARK_TEXT }, PLAIN_WAY, { NULL, 0 }
};

static const struct opt_name remarks[] = { REMARK_WAYS, { NULL, 0 } };

static const struct opt_name domain_corrections[] = {
	LINK_WAY, REMARK_WAYS, PLAIN_WAY, { NULL, 0 }
};

static const struct opt_name domain_replies[] = {
	LINK_WAY, { "text", REMARK_TEXT }, PLAIN_WAY, { NULL, 0 }
};

static const struct opt_name domain_remarks[] = {
	LINK_WAY, REMARK_WAYS, { NULL, 0 }
};

static const struct opt_name route_kinds[] = {
	{ "any", 0 },
	{ "user", 1 },
	{ "tel", 1 },
	{ NULL, 0 },
};

static const struct opt_name route_locals[] = {
	{ "no", ROUTE_DO_NEXT },
	{ "yes", ROUTE_DO_LOCAL },
	{ NULL, 0 },
};

/* clang-format off */
#define C(field) AT(config, field)

static const struct option node_options[] = {
	{ "name", OPT_STR, .form = FORM_WORD, C(node_name),
	  .preset = "node1", .reload = RELOAD_RESTART,
	  .sentence = "Name of this node in rows, logs and traces." },
	{ "state-dir", OPT_FILE, .base = BASE_WORK, C(state_dir),
	  .preset = "/var/lib/causeway", .reload = RELOAD_RESTART,
	  .sentence = "Folder of everything durable; made at the start, "
		"one process at a time." },
	{ "control-socket", OPT_FILE, .base = BASE_STATE, C(control_socket),
	  .preset = "/run/causeway/control.sock", .reload = RELOAD_RESTART,
	  .sentence = "Socket that causewayctl talks to; a relative path "
		"lies in state-dir." },
	{ "run-as", OPT_STR, .form = FORM_WORD, C(run_as),
	  .preset = "causeway", .reload = RELOAD_RESTART,
	  .sentence = "User the daemon becomes when it is started as root." },
	{ "accounting-file", OPT_FILE, .base = BASE_STATE, C(accounting_file),
	  .preset = "accounting.log", .reload = RELOAD_RESTART,
	  .sentence = "File that gets one line per message event, without "
		"bodies; SIGUSR1 opens it anew." },
	{ "log-level", OPT_ENUM, .names = log_levels, C(log_level),
	  .preset = "info",
	  .sentence = "Least urgent log line that is written." },
	{ "log-privacy", OPT_BOOL, C(log_privacy), .preset = "yes",
	  .sentence = "Mask the user part of addresses in log lines." },
};

static const struct option store_options[] = {
	{ "file", OPT_FILE, .base = BASE_STATE, C(store_file),
	  .preset = "causeway.db", .reload = RELOAD_RESTART,
	  .sentence = "SQLite file of users, bindings and the queue." },
	{ "cache", OPT_SIZE, C(store_cache_bytes), .preset = "64M",
	  .min = MIB, .max = 1024 * MIB, .reload = RELOAD_RESTART,
	  .sentence = "Memory the database may use for its pages." },
};

static const struct option sip_options[] = {
	{ "host", OPT_STR, .form = FORM_HOST, C(sip_host),
	  .preset = "localhost", .reload = RELOAD_RESTART,
	  .sentence = "Our name in Via and Warning headers." },
	{ "nonce-life", OPT_DURATION, UNIT_MS, C(sip_nonce_life_ms),
	  .preset = "5m", .min = 10 * SEC, .max = DAY,
	  .sentence = "How long a digest nonce is good for." },
	{ "udp-bytes-max", OPT_SIZE, C(sip_udp_bytes_max), .preset = "1300",
	  .min = 256, .max = 64 * KIB,
	  .sentence = "Largest message body taken over UDP." },
	{ "tcp-bytes-max", OPT_SIZE, C(sip_tcp_bytes_max), .preset = "64K",
	  .min = 1 * KIB, .max = BODY_INLINE_MAX,
	  .sentence = "Largest message body taken over TCP and TLS." },
	{ "connections-max", OPT_NUMBER, C(sip_conns_max),
	  .preset = "20000", .min = 16, .max = 1000000,
	  .sentence = "TCP and TLS connections that others may have open to "
		"us; a further one is closed at once." },
	{ "connections-per-source", OPT_NUMBER, C(sip_conns_per_source),
	  .preset = "1000", .min = 1, .max = 1000000,
	  .sentence = "Of these from one IPv4 address or IPv6 /64." },
	{ "lag-max", OPT_DURATION, UNIT_MS, C(sip_lag_ms_max),
	  .preset = "200ms", .min = 5, .max = 10 * SEC,
	  .sentence = "How long requests may wait for their turn before new "
		"ones get 503; those of strangers do at half of it." },
	{ "repeats-max", OPT_NUMBER, C(sip_repeats_max),
	  .preset = "350000", .min = 1000, .max = 10000000,
	  .sentence = "Answers remembered for 32 s, so that a repeated request "
		"gets the same one; some 150 bytes each, the oldest go first." },
	{ "stranger-rate", OPT_NUMBER, C(sip_stranger_rate),
	  .preset = "500", .min = 1, .max = 1000000,
	  .sentence = "Requests without credentials that are answered, a "
		"second and source address; more are dropped." },
	{ "register-min", OPT_DURATION, UNIT_S, C(reg_expires_min_s),
	  .preset = "60s", .min = 1, .max = 3600,
	  .sentence = "Shortest registration; a shorter wish gets 423." },
	{ "register-max", OPT_DURATION, UNIT_S, C(reg_expires_max_s),
	  .preset = "1d", .min = 60, .max = 30 * 86400,
	  .sentence = "Longest registration; a longer wish is cut." },
	{ "register-default", OPT_DURATION, UNIT_S, C(reg_expires_default_s),
	  .preset = "1h", .min = 1, .max = 30 * 86400,
	  .sentence = "Life of a registration that names none." },
	{ "contacts-max", OPT_NUMBER, C(reg_contacts_max), .preset = "16",
	  .min = 1, .max = BINDINGS_MAX,
	  .sentence = "Contacts one user may have registered." },
	{ "anonymity-code", OPT_ENUM, .names = anonymity_codes,
	  C(sip_anonymity_code), .preset = "433",
	  .sentence = "Answer to anonymous requests that are refused: 433, or "
		"403 for peers that do not know RFC 5079." },
	{ "path-strict", OPT_BOOL, C(reg_path_strict), .preset = "no",
	  .sentence = "Refuse a registration that proxies added a Path to "
		"when the client does not say it supports that." },
	{ "flow-timer", OPT_DURATION, UNIT_S, C(reg_flow_timer_s),
	  .preset = "2m", .max = 3600,
	  .sentence = "How often clients shall keep their connection alive "
		"(RFC 5626); 0: not said." },
	{ "service-route", OPT_LIST, .form = FORM_URI,
	  LIST_AT(config, service_routes), .preset = "", .max = 8,
	  .sentence = "SIP URIs a registered client shall send its requests "
		"through, in this order." },
	{ "associated-uri", OPT_BOOL, C(reg_associated_uri), .preset = "no",
	  .sentence = "Tell a registered client his address in "
		"P-Associated-URI." },
	{ "failover-after", OPT_DURATION, UNIT_MS, C(sip_failover_ms),
	  .preset = "4s", .min = 100, .max = 32 * SEC,
	  .sentence = "Time a server of a foreign domain has to answer before "
		"the domain's next one is tried." },
};

static const struct option dns_options[] = {
	{ "servers", OPT_LIST, .form = FORM_SERVER,
	  LIST_AT(config, dns_servers), .preset = "", .max = 4,
	  .sentence = "Recursive name servers for foreign SIP domains; none: "
		"those of resolv-conf." },
	{ "resolv-conf", OPT_FILE, .base = BASE_CONF, C(dns_resolv_file),
	  .preset = "/etc/resolv.conf",
	  .sentence = "File that names the servers when servers is empty; "
		"read at every load." },
};

static const struct option auth_options[] = {
	{ "user-source-failures", OPT_NUMBER, C(auth_pair_failures),
	  .preset = "10", .max = 1000000,
	  .sentence = "Wrong passwords for one user from one address before "
		"both together are banned; 0: never." },
	{ "source-failures", OPT_NUMBER, C(auth_source_failures),
	  .preset = "100", .max = 1000000,
	  .sentence = "Wrong passwords from one address, whoever is meant, "
		"before it is banned; 0: never." },
	{ "user-failures", OPT_NUMBER, C(auth_user_failures),
	  .preset = "50", .max = 1000000,
	  .sentence = "Wrong passwords for one user from everywhere before "
		"he is let in only where he was lately; 0: never." },
	{ "forget", OPT_DURATION, UNIT_MS, C(auth_refill_ms),
	  .preset = "1m", .min = 100, .max = DAY,
	  .sentence = "Time after which one wrong password is forgotten." },
	{ "ban-min", OPT_DURATION, UNIT_MS, C(auth_ban_min_ms),
	  .preset = "1m", .min = 100, .max = DAY,
	  .sentence = "First ban; each further one lasts twice as long." },
	{ "ban-max", OPT_DURATION, UNIT_MS, C(auth_ban_max_ms),
	  .preset = "1h", .min = 100, .max = 7 * DAY,
	  .sentence = "Longest ban; who was quiet so long starts anew." },
	{ "ban-silent", OPT_BOOL, C(auth_ban_drops), .preset = "no",
	  .sentence = "Give who is banned no answer at all instead of "
		"403." },
};

#undef C
#define C(field) AT(listen_conf, field)

static const struct option listen_options[] = {
	{ "transport", OPT_ENUM, .names = transports, C(transport),
	  .preset = "udp", .reload = RELOAD_LINK,
	  .sentence = "Transport of this listener." },
	{ "proto", OPT_ENUM, .names = listen_protos, C(proto),
	  .preset = "sip", .reload = RELOAD_LINK,
	  .sentence = "Protocol spoken there: sip, or admin for metrics and "
		"health over HTTP (tcp or tls)." },
	{ "address", OPT_STR, .form = FORM_ADDRESS, C(address),
	  .preset = "127.0.0.1", .reload = RELOAD_LINK,
	  .sentence = "Numeric address to listen on." },
	{ "port", OPT_NUMBER, C(port), .preset = "5060", .max = 65535,
	  .reload = RELOAD_LINK,
	  .sentence = "Port; 0 takes a free one and logs it." },
	{ "cert-file", OPT_FILE, .base = BASE_CONF, C(cert_file),
	  .only = IF_TLS, .reload = RELOAD_LINK,
	  .sentence = "Certificate and its chain, PEM." },
	{ "key-file", OPT_FILE, .base = BASE_CONF, C(key_file),
	  .only = IF_TLS, .reload = RELOAD_LINK,
	  .sentence = "Private key of cert-file, PEM; not readable by "
		"others." },
	{ "client-ca-file", OPT_FILE, .base = BASE_CONF, C(client_ca_file),
	  .only = IF_TLS, .preset = "", .reload = RELOAD_LINK,
	  .sentence = "Authorities whose certificates prove who a peer is, "
		"PEM; certificates are then asked for, but clients need "
		"none." },
	{ "trusted-names", OPT_LIST, .form = FORM_HOST,
	  LIST_AT(listen_conf, trusted_names), .only = IF_TLS, .preset = "",
	  .max = 64,
	  .sentence = "Peers whose P-Asserted-Identity is believed here: "
		"names in their certificates." },
	{ "challenge", OPT_FLAGS, .names = algorithms, .bytes = sizeof(uint8_t),
	  .preset = "SHA-256, MD5", .max = 2,
	  .sentence = "Digest algorithms offered to users, the first one "
		"first." },
	{ "trusted", OPT_LIST, .form = FORM_NET, LIST_AT(listen_conf, trusted),
	  .preset = "", .max = 64,
	  .sentence = "Addresses or networks: sip peers whose "
		"P-Asserted-Identity is believed here; the only ones that may "
		"use an admin listener that is not on the loopback." },
	{ "hosts", OPT_LIST, .form = FORM_HOST, LIST_AT(listen_conf, hosts),
	  .preset = "", .max = 16,
	  .sentence = "Names by which an admin listener may be asked, besides "
		"localhost and numeric addresses." },
};

#undef C
#define C(field) AT(link_conf, field)

static const struct option link_options[] = {
	{ "kind", OPT_ENUM, .names = link_kinds, C(kind),
	  .reload = RELOAD_LINK,
	  .sentence = "What is at the other end." },
	{ "host", OPT_STR, .form = FORM_PEER, C(host),
	  .preset = "127.0.0.1", .reload = RELOAD_LINK,
	  .sentence = "Numeric address of the server or peer; of a SIP peer "
		"also a name, found by DNS." },
	{ "port", OPT_NUMBER, C(port), .preset = "0", .max = 65535,
	  .reload = RELOAD_LINK,
	  .sentence = "Port of the server or peer (5347 is usual for XMPP "
		"components, 5060 for SIP); 0: as DNS says." },
	{ "required", OPT_BOOL, C(is_required), .preset = "no",
	  .sentence = "Whether the node counts as ready (/readyz, OPTIONS) "
		"only while this link is up." },
	{ "component", OPT_STR, .form = FORM_HOST, C(component),
	  .only = IF_COMPONENT, .reload = RELOAD_LINK,
	  .sentence = "Host name this component speaks for: a served "
		"domain, or any name when encoded is on." },
	{ "secret", OPT_SECRET, C(secret), .only = IF_COMPONENT,
	  .preset = "", .reload = RELOAD_LINK,
	  .sentence = "Secret shared with the XMPP server." },
	{ "secret-file", OPT_FILE, .base = BASE_CONF, C(secret_file),
	  .only = IF_COMPONENT, .preset = "", .reload = RELOAD_LINK,
	  .sentence = "File with that secret on its first line, instead of "
		"secret; not readable by others." },
	{ "encoded", OPT_BOOL, C(is_encoded), .only = IF_COMPONENT,
	  .preset = "no",
	  .sentence = "Also take user\\40domain@component, for users of "
		"served domains other than the component's." },
	{ "strict-rfc7247", OPT_BOOL, C(is_strict_7247),
	  .only = IF_COMPONENT, .preset = "no",
	  .sentence = "Escape only & ' / in user parts, for peers that do "
		"not know XEP-0106." },
	{ "chat", OPT_BOOL, C(is_chat), .only = IF_COMPONENT,
	  .preset = "no",
	  .sentence = "Send page messages with type='chat' and not "
		"'normal'." },
	{ "stanza-bytes-max", OPT_SIZE, C(stanza_bytes_max),
	  .only = IF_COMPONENT, .preset = "128K", .min = 4 * KIB,
	  .max = 1 * MIB, .reload = RELOAD_LINK,
	  .sentence = "Largest stanza, either way, as it is on the wire." },
	{ "corrections", OPT_ENUM, .names = corrections,
	  C(remarks.corrections), .only = IF_COMPONENT, .preset = "text",
	  .sentence = "XMPP corrections of an earlier message: text with a "
		"mark, plain without it, or drop." },
	{ "replies", OPT_ENUM, .names = replies, C(remarks.replies),
	  .only = IF_COMPONENT, .preset = "text",
	  .sentence = "XMPP replies: text with what they quote, or plain." },
	{ "reactions", OPT_ENUM, .names = remarks, C(remarks.reactions),
	  .only = IF_COMPONENT, .preset = "text",
	  .sentence = "XMPP reactions to a message: as text, or drop." },
	{ "retractions", OPT_ENUM, .names = remarks, C(remarks.retractions),
	  .only = IF_COMPONENT, .preset = "text",
	  .sentence = "XMPP retractions of a message: as text, or drop." },
	{ "insecure-cleartext", OPT_BOOL, C(insecure_cleartext),
	  .only = IF_ANY_LINK, .preset = "no",
	  .sentence = "Allow what is not encrypted: a component link to "
		"another machine, or tls = prefer and off." },
	{ "transport", OPT_ENUM, .names = peer_transports, C(transport),
	  .only = IF_PEER, .preset = "udp", .reload = RELOAD_LINK,
	  .sentence = "Transport towards the peer; auto: as DNS says." },
	{ "tls", OPT_ENUM, .names = tls_policies, C(tls), .only = IF_PEER,
	  .preset = "require", .reload = RELOAD_LINK,
	  .sentence = "Whether transport = auto must take TLS." },
	{ "tls-name", OPT_STR, .form = FORM_HOST, C(tls_name),
	  .only = IF_PEER, .preset = "", .reload = RELOAD_LINK,
	  .sentence = "Name the peer's certificate must carry; empty: the "
		"host." },
	{ "ca-file", OPT_FILE, .base = BASE_CONF, C(ca_file),
	  .only = IF_PEER, .preset = "", .reload = RELOAD_LINK,
	  .sentence = "Authorities that may have signed the peer's "
		"certificate, PEM; empty: those this machine trusts." },
	{ "cert-file", OPT_FILE, .base = BASE_CONF, C(cert_file),
	  .only = IF_PEER, .preset = "", .reload = RELOAD_LINK,
	  .sentence = "Certificate and chain we show the peer, PEM." },
	{ "key-file", OPT_FILE, .base = BASE_CONF, C(key_file),
	  .only = IF_PEER, .preset = "", .reload = RELOAD_LINK,
	  .sentence = "Private key of cert-file, PEM; not readable by "
		"others." },
	{ "inside", OPT_LIST, .form = FORM_NET, LIST_AT(link_conf, inside),
	  .only = IF_PEER, .preset = "", .max = 64, .reload = RELOAD_LINK,
	  .sentence = "Private, loopback and link-local networks that DNS may "
		"lead to; no such when empty." },
	{ "targets", OPT_LIST, .form = FORM_TARGET,
	  LIST_AT(link_conf, targets), .only = IF_PEER, .preset = "",
	  .max = 16, .reload = RELOAD_LINK,
	  .sentence = "Servers of the peer, instead of host: \"address:port "
		"priority weight\", taken as SRV records are (RFC 2782)." },
	{ "sources", OPT_LIST, .form = FORM_NET, LIST_AT(link_conf, sources),
	  .only = IF_PEER, .preset = "", .max = 64,
	  .sentence = "Addresses and networks the peer speaks from, besides "
		"a numeric host; a name alone lets nobody in." },
	{ "cpim", OPT_ENUM, .names = cpim_uses, C(cpim), .only = IF_PEER,
	  .preset = "auto",
	  .sentence = "Whether the peer gets message/cpim: auto sends it when "
		"a report is wanted, and text once the peer refused it." },
	{ "trusted", OPT_BOOL, C(is_trusted), .only = IF_PEER,
	  .preset = "no", .reload = RELOAD_LINK,
	  .sentence = "Believe its P-Asserted-Identity and send it ours." },
	{ "window", OPT_NUMBER, C(window), .preset = "256", .min = 1,
	  .max = 65535,
	  .sentence = "Messages under way on this link at most." },
	{ "rate", OPT_NUMBER, C(rate.per_s), .preset = "0", .max = 1000000,
	  .sentence = "Messages a second taken from it; 0: no limit." },
	{ "burst", OPT_NUMBER, C(rate.burst), .preset = "200", .min = 1,
	  .max = 1000000,
	  .sentence = "Messages at once that rate does not hold up." },
	{ "claims", OPT_LIST, .form = FORM_PATTERN,
	  LIST_AT(link_conf, claims), .preset = "", .max = 1024,
	  .sentence = "Whom it may speak for, as patterns such as "
		"\"partner.example\"; when empty those who are reached over "
		"it, and whomever it names when it is a trusted peer." },
};

#undef C
#define C(field) AT(domain_conf, field)

static const struct option domain_options[] = {
	{ "served", OPT_ENUM, .names = domain_kinds, C(kind), .preset = "no",
	  .sentence = "Whether its users are ours." },
	{ "enabled", OPT_BOOL, C(is_enabled), .preset = "yes",
	  .sentence = "Whether anything goes to or comes from it." },
	{ "proto", OPT_ENUM, .names = domain_protos, C(proto),
	  .only = IF_FOREIGN, .preset = "auto",
	  .sentence = "Its protocol; auto takes that of the link." },
	{ "via", OPT_STR, .form = FORM_LINK, C(via), .only = IF_FOREIGN,
	  .preset = "",
	  .sentence = "Link that leads there; without one and with proto = "
		"sip its servers are found by DNS (RFC 3263)." },
	{ "tls", OPT_ENUM, .names = tls_policies, C(tls), .only = IF_FOREIGN,
	  .preset = "require",
	  .sentence = "By DNS: whether TLS must be taken; prefer and off need "
		"insecure-cleartext = yes." },
	{ "insecure-cleartext", OPT_BOOL, C(insecure_cleartext),
	  .only = IF_FOREIGN, .preset = "no",
	  .sentence = "By DNS: messages may leave unencrypted." },
	{ "ca-file", OPT_FILE, .base = BASE_CONF, C(ca_file),
	  .only = IF_FOREIGN, .preset = "",
	  .sentence = "By DNS: authorities that may have signed its "
		"certificate, PEM; empty: those this machine trusts." },
	{ "cert-file", OPT_FILE, .base = BASE_CONF, C(cert_file),
	  .only = IF_FOREIGN, .preset = "",
	  .sentence = "By DNS: certificate and chain we show it, PEM." },
	{ "key-file", OPT_FILE, .base = BASE_CONF, C(key_file),
	  .only = IF_FOREIGN, .preset = "",
	  .sentence = "Private key of cert-file, PEM; not readable by "
		"others." },
	{ "inside", OPT_LIST, .form = FORM_NET, LIST_AT(domain_conf, inside),
	  .only = IF_FOREIGN, .preset = "", .max = 64,
	  .sentence = "Private, loopback and link-local networks that DNS may "
		"lead to; no such when empty." },
	{ "sources", OPT_LIST, .form = FORM_NET, LIST_AT(domain_conf, sources),
	  .only = IF_FOREIGN, .preset = "", .max = 64,
	  .sentence = "By DNS: addresses and networks its servers speak from; "
		"nothing is taken from it when empty." },
	{ "cpim", OPT_ENUM, .names = cpim_uses, C(cpim), .only = IF_FOREIGN,
	  .preset = "auto",
	  .sentence = "By DNS: whether it gets message/cpim; as for links." },
	{ "trust", OPT_ENUM, .names = trusts, C(trust), .only = IF_FOREIGN,
	  .preset = "external",
	  .sentence = "How far what it says of its users is believed." },
	{ "allow", OPT_LIST, .form = FORM_PATTERN,
	  LIST_AT(domain_conf, allow), .preset = "", .max = 1024,
	  .sentence = "Of a foreign domain its users that may talk to ours, "
		"as patterns such as \"*\" or \"sip:*@dept.example\"; nobody "
		"when empty. Of a served one who may write to its users; "
		"everybody when empty." },
	{ "deny", OPT_LIST, .form = FORM_PATTERN, LIST_AT(domain_conf, deny),
	  .preset = "", .max = 1024,
	  .sentence = "Exceptions from allow, which are looked at first." },
	{ "message-bytes-max", OPT_SIZE, C(message_bytes_max), .preset = "0",
	  .max = BODY_INLINE_MAX,
	  .sentence = "Largest message body from or to it; 0: as in "
		"limits." },
	{ "corrections", OPT_ENUM, .names = domain_corrections,
	  C(remarks.corrections), .only = IF_FOREIGN, .preset = "as-link",
	  .sentence = "Corrections by its users, as in its link or other "
		"than there." },
	{ "replies", OPT_ENUM, .names = domain_replies, C(remarks.replies),
	  .only = IF_FOREIGN, .preset = "as-link",
	  .sentence = "Replies by its users, likewise." },
	{ "reactions", OPT_ENUM, .names = domain_remarks,
	  C(remarks.reactions), .only = IF_FOREIGN, .preset = "as-link",
	  .sentence = "Reactions by its users, likewise." },
	{ "retractions", OPT_ENUM, .names = domain_remarks,
	  C(remarks.retractions), .only = IF_FOREIGN, .preset = "as-link",
	  .sentence = "Retractions by its users, likewise." },
	{ "rate", OPT_NUMBER, C(rate.per_s), .preset = "0", .max = 1000000, .only = IF_FOREIGN,
	  .sentence = "Messages a second taken from it, and as many sent to it; 0: no "
		"limit." },
	{ "burst", OPT_NUMBER, C(rate.burst), .preset = "200", .min = 1,
	  .max = 1000000, .only = IF_FOREIGN,
	  .sentence = "Messages at once that rate does not hold up." },
	{ "profiles", OPT_ENUM, .names = profiles_shown, C(profiles),
	  .only = IF_FOREIGN, .preset = "none",
	  .sentence = "What its users may read of the profiles of ours: none, "
		"the name, or all." },
	{ "registration", OPT_BOOL, C(may_register), .only = IF_FOREIGN,
	  .preset = "no",
	  .sentence = "Whether its users may register with this gateway and "
		"see its presence (XMPP)." },
	{ "bare-jid-6xx", OPT_BOOL, C(bare_jid_6xx), .only = IF_FOREIGN,
	  .preset = "yes",
	  .sentence = "An XMPP error for a whole account becomes a 6xx SIP "
		"answer (RFC 7247)." },
	{ "number-plan", OPT_STR, .form = FORM_PLAN, C(number_plan),
	  .preset = "",
	  .sentence = "Plan by which local numbers written there are read." },
	{ "numeric-user-is-phone", OPT_BOOL, C(numeric_user_is_phone),
	  .preset = "no",
	  .sentence = "Take a user part of digits for a telephone number." },
	{ "anonymous", OPT_BOOL, C(takes_anonymous), .only = IF_SERVED,
	  .preset = "yes",
	  .sentence = "Whether its users get messages of senders who hide "
		"their identity; no refuses those." },
};

#undef C
#define C(field) AT(number_plan, field)

static const struct option plan_options[] = {
	{ "country", OPT_STR, .form = FORM_DIGITS, C(country),
	  .sentence = "Country code, digits only." },
	{ "trunk", OPT_STR, .form = FORM_DIGITS, C(trunk), .preset = "",
	  .sentence = "Prefix of national numbers." },
	{ "international", OPT_STR, .form = FORM_DIGITS, C(international),
	  .preset = "00",
	  .sentence = "Prefix of international numbers." },
	{ "min-digits", OPT_NUMBER, C(min_digits), .preset = "7", .min = 1,
	  .max = 15,
	  .sentence = "Fewest digits of a whole number, country code "
		"included." },
	{ "max-digits", OPT_NUMBER, C(max_digits), .preset = "15", .min = 1,
	  .max = 15,
	  .sentence = "Most digits of a whole number (E.164: 15)." },
};

#undef C
#define C(field) AT(route_conf, field)

static const struct option route_options[] = {
	{ "from", OPT_STR, .form = FORM_PATTERN, C(from), .preset = "*",
	  .sentence = "Pattern of the sender's address." },
	{ "to", OPT_STR, .form = FORM_PATTERN, C(to), .preset = "*",
	  .sentence = "Pattern of the recipient's address." },
	{ "kind", OPT_CHOICE, .names = route_kinds, C(kind), .preset = "any",
	  .sentence = "Kind of recipient: a user, a telephone number, or "
		"any." },
	{ "via", OPT_STR, .form = FORM_LINK, C(via), .preset = "",
	  .sentence = "Send over this link." },
	{ "fallback", OPT_STR, .form = FORM_LINK, C(fallback), .preset = "",
	  .sentence = "Link to take while via is down." },
	{ "deny", OPT_CAUSE, C(deny_cause), .preset = "",
	  .sentence = "Refuse, with this cause, such as FORBIDDEN." },
	{ "local", OPT_ENUM, .names = route_locals, C(verb), .preset = "no",
	  .sentence = "Deliver to our own user, whatever later routes "
		"say." },
	{ "rewrite-from", OPT_STR, .form = FORM_REWRITE, C(rewrite_from),
	  .preset = "",
	  .sentence = "New sender, such as \"{user}@im.example\"; without "
		"via, deny and local the next routes go on with it." },
	{ "rewrite-to", OPT_STR, .form = FORM_REWRITE, C(rewrite_to),
	  .preset = "",
	  .sentence = "New recipient, as rewrite-from." },
	{ "one-way", OPT_BOOL, C(is_one_way), .preset = "no",
	  .sentence = "Its rewrites may map several addresses to one, so "
		"that answers cannot find back." },
	{ "relay", OPT_BOOL, C(may_relay), .preset = "no",
	  .sentence = "Allowed even when neither side is served here." },
};

#undef C
#define C(field) AT(config, field)

static const struct option limit_options[] = {
	{ "message-bytes-max", OPT_SIZE, C(message_bytes_max),
	  .preset = "64K", .min = 256, .max = BODY_INLINE_MAX,
	  .sentence = "Largest message body in page mode." },
	{ "sender-rate", OPT_NUMBER, C(sender_rate.per_s), .preset = "100",
	  .max = 1000000,
	  .sentence = "Messages a second one sender may send on average; "
		"0: no limit." },
	{ "sender-burst", OPT_NUMBER, C(sender_rate.burst),
	  .preset = "1000", .min = 1, .max = 1000000,
	  .sentence = "Messages one sender may send at once." },
	{ "intake-max", OPT_NUMBER, C(intake_max), .preset = "8192",
	  .min = 16, .max = 1000000,
	  .sentence = "Events that may wait before new work is refused as "
		"busy." },
	{ "objects-max", OPT_NUMBER, C(objects_max), .preset = "100000",
	  .min = 100, .max = 10000000,
	  .sentence = "Messages and other objects under way at most." },
	{ "quota-count", OPT_NUMBER, C(quota_count), .preset = "500",
	  .min = 1, .max = 1000000,
	  .sentence = "Messages stored for one user at most." },
	{ "quota-bytes", OPT_SIZE, C(quota_bytes), .preset = "50M",
	  .min = 64 * KIB, .max = 1024 * 1024 * MIB,
	  .sentence = "Bytes stored for one user at most." },
	{ "turn-events-max", OPT_NUMBER, C(turn_events_max),
	  .preset = "256", .min = 1, .max = 65536,
	  .sentence = "Events handled before sockets are looked at again." },
	{ "turn-max", OPT_DURATION, UNIT_MS, C(turn_ms_max), .preset = "2ms",
	  .min = 1, .max = 100,
	  .sentence = "Time handled so at most." },
	{ "dedup-memory", OPT_DURATION, UNIT_MS, C(dedup_life_ms_memory),
	  .preset = "2m", .min = 32 * SEC, .max = HOUR,
	  .sentence = "How long a passed-through message is known again." },
	{ "dedup-store", OPT_DURATION, UNIT_S, C(dedup_life_s_store),
	  .preset = "7d", .min = 3600, .max = 30 * 86400,
	  .sentence = "How long a stored message is known again." },
};

static const struct option policy_options[] = {
	{ "no-answer", OPT_DURATION, UNIT_MS, C(no_answer_ms),
	  .preset = "20s", .min = SEC, .max = 31 * SEC,
	  .sentence = "Time the recipient's devices have to answer; below "
		"the 32 s of a SIP transaction." },
	{ "fork-wait", OPT_DURATION, UNIT_MS, C(fork_wait_ms),
	  .preset = "5s", .min = 100, .max = 31 * SEC,
	  .sentence = "Time devices of a higher q have to answer before "
		"those of the next are tried too; half of no-answer when it "
		"is not less." },
	{ "recurse", OPT_BOOL, C(recurse), .preset = "yes",
	  .sentence = "Follow a 301 or 302 of the far side to where the "
		"domains and routes let the sender go." },
	{ "multi-device", OPT_BOOL, C(multi_device), .preset = "no",
	  .sentence = "Deliver a stored message to all devices of its "
		"recipient at once, and not to one after the other." },
	{ "answer-wait", OPT_DURATION, UNIT_MS, C(answer_wait_ms),
	  .preset = "2s", .min = 100, .max = 30 * SEC,
	  .sentence = "Time a SIP sender waits for the outcome in an XMPP "
		"domain before he is told 202." },
	{ "facts-wait", OPT_DURATION, UNIT_MS, C(facts_wait_ms),
	  .preset = "5s", .min = 100, .max = 30 * SEC,
	  .sentence = "Time the store has to answer before a request is "
		"refused as busy." },
	{ "drain", OPT_DURATION, UNIT_MS, C(drain_ms), .preset = "5s",
	  .max = 10 * MINUTE,
	  .sentence = "Time that what is under way has to finish at a stop "
		"or when its link is removed." },
	{ "queue-life", OPT_DURATION, UNIT_MS, C(queue_life_ms_max),
	  .preset = "7d", .min = MINUTE, .max = 30 * DAY,
	  .sentence = "Longest time a message waits for its recipient." },
	{ "retry-link-min", OPT_DURATION, UNIT_MS, C(retry_link_min_ms),
	  .preset = "1s", .min = 100, .max = HOUR,
	  .sentence = "First pause before a link is tried again; doubles "
		"each time." },
	{ "retry-link-max", OPT_DURATION, UNIT_MS, C(retry_link_max_ms),
	  .preset = "60s", .min = 100, .max = DAY,
	  .sentence = "Longest such pause." },
	{ "retry-user", OPT_DURATIONS, UNIT_MS, C(retry_user_ms),
	  .preset = "30s, 5m, 1h", .min = SEC, .max = DAY,
	  .sentence = "Pauses before an absent recipient is tried again; "
		"the last one repeats." },
	{ "receipt-on-stored", OPT_BOOL, C(receipt_on_stored),
	  .preset = "no",
	  .sentence = "Give XMPP senders their receipt already when the "
		"message is stored." },
};

#define OPTIONS(table) .options = (table), .options_n = COUNT_OF(table)
#define ITEMS_COUNTED(list, count, type) \
	.is_titled = true, .items_offset = offsetof(struct config, list), \
	.count_offset = offsetof(struct config, count), \
	.item_bytes = sizeof(struct type)
#define ITEMS(list, type) ITEMS_COUNTED(list, list##_n, type)

const struct block conf_blocks[] = {
	{ "node", OPTIONS(node_options),
	  .sentence = "This process." },
	{ "store", OPTIONS(store_options),
	  .sentence = "What is durable." },
	{ "sip", OPTIONS(sip_options),
	  .sentence = "The SIP side: our name, sizes, registrations." },
	{ "dns", OPTIONS(dns_options),
	  .sentence = "How foreign SIP domains are found." },
	{ "auth", OPTIONS(auth_options),
	  .sentence = "Wrong passwords: how many, and what then." },
	{ "listen", ITEMS(listens, listen_conf), OPTIONS(listen_options),
	  .title_form = FORM_WORD, .items_max = 64, .has_variants = true,
	  .sentence = "A place where clients and peers connect to." },
	{ "link", ITEMS_COUNTED(links, links_named_n, link_conf),
	  OPTIONS(link_options),
	  .title_form = FORM_WORD, .items_max = 256, .has_variants = true,
	  .sentence = "A neighbour that messages leave to and come from." },
	{ "domain", ITEMS(domains, domain_conf), OPTIONS(domain_options),
	  .title_form = FORM_HOST, .items_max = 4096, .has_variants = true,
	  .sentence = "A domain: served here, or foreign behind a link; "
		"\"*.example\" means all below." },
	{ "number-plan", ITEMS(plans, number_plan), OPTIONS(plan_options),
	  .title_form = FORM_WORD, .items_max = 64,
	  .sentence = "How telephone numbers are written somewhere." },
	{ "route", ITEMS(routes, route_conf), OPTIONS(route_options),
	  .title_form = FORM_WORD, .items_max = 4096,
	  .sentence = "An exception from the domains; routes are tried in "
		"the order of the file, the first that decides counts." },
	{ "limits", OPTIONS(limit_options),
	  .sentence = "How much at once." },
	{ "policy", OPTIONS(policy_options),
	  .sentence = "How long, how often." },
};
/* clang-format on */

const size_t conf_blocks_n = COUNT_OF(conf_blocks);

const struct block *block_find(struct str name)
{
	size_t i;

	for (i = 0; i < conf_blocks_n; i++)
		if (str_eq(name, str_of(conf_blocks[i].name)))
			return &conf_blocks[i];
	return NULL;
}

const struct option *option_find(const struct block *b, struct str name)
{
	size_t i;

	for (i = 0; i < b->options_n; i++)
		if (str_eq(name, str_of(b->options[i].name)))
			return &b->options[i];
	return NULL;
}

bool option_is_list(const struct option *o)
{
	return o->type == OPT_LIST || o->type == OPT_FLAGS ||
	       o->type == OPT_DURATIONS;
}

size_t block_count(const struct block *b, const struct config *c)
{
	const char *base = (const char *)c;

	if (!b->is_titled)
		return 1;
	return *(const size_t *)(const void *)(base + b->count_offset);
}

void *block_item(const struct block *b, const struct config *c, size_t i)
{
	const char *base = (const char *)c;
	char *const *items;

	if (!b->is_titled)
		return (void *)(uintptr_t)base;
	items = (char *const *)(const void *)(base + b->items_offset);
	return *items + i * b->item_bytes;
}

bool option_fits(const struct block *b, const struct option *o,
		 const void *item)
{
	unsigned variant = 0;

	if (!b->has_variants || !o->only)
		return true;
	memcpy(&variant, (const char *)item + b->options[0].offset,
	       sizeof(variant));
	return variant < 32 && (o->only & 1u << variant);
}
