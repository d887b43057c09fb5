/* adapters/net/tls_out.c: see tls_out.h. The rules are an SSL_CTX of our own
 * that no connection uses: its keys and its store are given to each connection
 * of the library's context.
 */
#include "adapters/net/tls_out.h"

#include <arpa/inet.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "adapters/net/tls_priv.h"
#include "core/base/mem.h"

#define NAME_BYTES 256
#define DEPTH_MAX 5 /* intermediate authorities; ours */

struct net_tls_out {
	struct net_tls_out *other; /* of this thread */
	SSL_CTX *rules;
	SSL_CTX *served; /* the library's, or NULL before it asked */
	char name[NAME_BYTES];
	char why[128];
};

static _Thread_local struct net_tls_out *wanted, *all;

static int ex_index(void)
{
	static int index = -1;

	if (index < 0)
		index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	return index;
}

/* ---- files ------------------------------------------------------------- */

static bool load_trust(SSL_CTX *ctx, struct str ca_file, struct errtext *why)
{
	char path[NET_TLS_PATH_BYTES];

	if (!ca_file.n)
		return SSL_CTX_load_verify_dir(ctx, NET_TLS_TRUST_DIR) == 1;
	if (net_tls_path(ca_file, path) &&
	    SSL_CTX_load_verify_file(ctx, path) == 1)
		return true;
	errtext_set(why, ERR_IO, "certificates of %.*s: %s", STR_ARG(ca_file),
		    net_tls_reason());
	return false;
}

static SSL_CTX *read_rules(struct str ca_file, struct str cert_file,
			   struct str key_file, struct errtext *why)
{
	SSL_CTX *ctx = cert_file.n ? net_tls_read_keys(cert_file, key_file, why)
				   : SSL_CTX_new(TLS_method());

	if (!ctx || load_trust(ctx, ca_file, why))
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

int net_tls_check_ca(struct str ca_file, struct errtext *why)
{
	SSL_CTX *ctx = read_rules(ca_file, STR_NONE, STR_NONE, why);

	SSL_CTX_free(ctx);
	return ctx ? 0 : ERR_IO;
}

struct net_tls_out *net_tls_out_new(struct str ca_file, struct str cert_file,
				    struct str key_file, struct str name,
				    struct errtext *why)
{
	struct net_tls_out *t;
	SSL_CTX *rules;

	if (!name.n || name.n >= NAME_BYTES) {
		errtext_set(why, ERR_SYNTAX, "TLS needs the peer's name");
		return NULL;
	}
	rules = read_rules(ca_file, cert_file, key_file, why);
	if (!rules)
		return NULL;
	t = mem_zalloc(sizeof(*t));
	t->rules = rules;
	memcpy(t->name, name.p, name.n);
	t->other = all;
	all = t;
	return t;
}

void net_tls_out_free(struct net_tls_out *t)
{
	struct net_tls_out **at = &all;

	if (!t)
		return;
	while (*at && *at != t)
		at = &(*at)->other;
	if (*at)
		*at = t->other;
	if (wanted == t)
		wanted = NULL;
	SSL_CTX_free(t->rules);
	SSL_CTX_free(t->served);
	mem_free(t);
}

int net_tls_out_reload(struct net_tls_out *t, struct str ca_file,
		       struct str cert_file, struct str key_file,
		       struct errtext *why)
{
	SSL_CTX *rules = read_rules(ca_file, cert_file, key_file, why);

	if (!rules)
		return ERR_IO;
	SSL_CTX_free(t->rules);
	t->rules = rules;
	return 0;
}

void net_tls_out_next(struct net_tls_out *t)
{
	wanted = t;
}

struct str net_tls_out_why(const struct net_tls_out *t)
{
	return str_of(t->why);
}

/* ---- the name ---------------------------------------------------------- */

static struct str asn1_str(const ASN1_STRING *s)
{
	return (struct str){ (const char *)ASN1_STRING_get0_data(s),
			     (size_t)ASN1_STRING_length(s) };
}

/* "sip:example.com", without user part [RFC 5922 7.1]; parameters and a port
   would make it another thing. */
static bool is_sip_uri_of(struct str uri, struct str name)
{
	return str_istarts(uri, STR("sip:")) && str_ieq(str_from(uri, 4), name);
}

static bool has_name(X509 *cert, struct str name)
{
	GENERAL_NAMES *list = X509_get_ext_d2i(cert, NID_subject_alt_name,
					       NULL, NULL);
	bool found = false;
	int i;

	for (i = 0; list && i < sk_GENERAL_NAME_num(list) && !found; i++) {
		const GENERAL_NAME *it = sk_GENERAL_NAME_value(list, i);

		if (it->type == GEN_DNS)
			found = str_ieq(asn1_str(it->d.dNSName), name);
		else if (it->type == GEN_URI)
			found = is_sip_uri_of(
				asn1_str(it->d.uniformResourceIdentifier),
				name);
	}
	GENERAL_NAMES_free(list);
	return found;
}

static bool is_ip(const char *name)
{
	uint8_t ip[16];

	return inet_pton(AF_INET, name, ip) == 1 ||
	       inet_pton(AF_INET6, name, ip) == 1;
}

static int verify(int ok, X509_STORE_CTX *store)
{
	SSL *con = X509_STORE_CTX_get_ex_data(
		store, SSL_get_ex_data_X509_STORE_CTX_idx());
	const struct net_tls_out *t = SSL_get_ex_data(con, ex_index());
	X509 *cert = X509_STORE_CTX_get_current_cert(store);

	if (!ok || X509_STORE_CTX_get_error_depth(store) > 0)
		return ok;
	if (t && cert &&
	    (is_ip(t->name) ? X509_check_ip_asc(cert, t->name, 0) == 1
			    : has_name(cert, str_of(t->name))))
		return 1;
	X509_STORE_CTX_set_error(store, X509_V_ERR_HOSTNAME_MISMATCH);
	return 0;
}

/* ---- the library's connections ----------------------------------------- */

struct net_tls_out *net_tls_out_wanted(void)
{
	return wanted;
}

struct net_tls_out *net_tls_out_of(const SSL_CTX *ctx)
{
	struct net_tls_out *t;

	for (t = all; t; t = t->other)
		if (ctx && t->served == ctx)
			return t;
	return NULL;
}

void net_tls_out_fill(struct net_tls_out *t, SSL_CTX *ctx)
{
	SSL_CTX_free(t->served);
	SSL_CTX_up_ref(ctx);
	t->served = ctx;
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
}

static bool show_keys(const struct net_tls_out *t, SSL *con)
{
	STACK_OF(X509) *chain = NULL;
	X509 *cert = SSL_CTX_get0_certificate(t->rules);

	SSL_CTX_get0_chain_certs(t->rules, &chain);
	return !cert ||
	       SSL_use_cert_and_key(con, cert,
				    SSL_CTX_get0_privatekey(t->rules), chain,
				    1) == 1;
}

bool net_tls_out_begin(struct net_tls_out *t, SSL *con)
{
	if (SSL_get_ex_data(con, ex_index()) == t)
		return true;
	SSL_set_verify(con, SSL_VERIFY_PEER, verify);
	SSL_set_verify_depth(con, DEPTH_MAX);
	t->why[0] = 0;
	return SSL_set_ex_data(con, ex_index(), t) == 1 &&
	       SSL_set1_verify_cert_store(
		       con, SSL_CTX_get_cert_store(t->rules)) == 1 &&
	       (is_ip(t->name) || SSL_set_tlsext_host_name(con, t->name) == 1) &&
	       show_keys(t, con);
}

void net_tls_out_failed(struct net_tls_out *t, SSL *con, int rc)
{
	long result = SSL_get_verify_result(con);
	int error = SSL_get_error(con, rc);
	const char *text = NULL;

	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
		return;
	if (result != X509_V_OK)
		text = X509_verify_cert_error_string(result);
	else if (error == SSL_ERROR_SSL)
		text = ERR_reason_error_string(ERR_peek_last_error());
	text = text ? text : "the peer ended the handshake";
	memset(t->why, 0, sizeof(t->why));
	memcpy(t->why, text, strnlen(text, sizeof(t->why) - 1));
}
