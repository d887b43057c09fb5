/* adapters/net/tls.c: keys of TLS servers, checked before they are used; see
 * tls.h. Files are read once, into a context of our own that no connection
 * uses: what was checked is what is loaded, whatever happens to the files.
 */
#include "adapters/net/tls_priv.h"

#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "core/base/mem.h"

struct net_tls {
	struct net_tls *other; /* of this thread */
	SSL_CTX *keys;	       /* in force */
	SSL_CTX *next;	       /* prepared */
	X509_STORE *clients, *next_clients;
	bool has_next_clients;
	SSL_CTX *served;       /* the library's, or NULL before it asked */
};

static _Thread_local struct net_tls *wanted, *all;

bool net_tls_path(struct str s, char out[NET_TLS_PATH_BYTES])
{
	if (!s.n || s.n >= NET_TLS_PATH_BYTES || memchr(s.p, 0, s.n))
		return false;
	memcpy(out, s.p, s.n);
	out[s.n] = 0;
	return true;
}

const char *net_tls_reason(void)
{
	const char *text = ERR_reason_error_string(ERR_get_error());

	ERR_clear_error();
	return text ? text : "not readable";
}

/* Both files into a fresh context. */
SSL_CTX *net_tls_read_keys(struct str cert_file, struct str key_file,
			   struct errtext *why)
{
	char cert[NET_TLS_PATH_BYTES], key[NET_TLS_PATH_BYTES];
	SSL_CTX *ctx;

	if (!net_tls_path(cert_file, cert) ||
	    !net_tls_path(key_file.n ? key_file : cert_file, key)) {
		errtext_set(why, ERR_SYNTAX,
			    "a TLS listener needs a certificate file");
		return NULL;
	}
	ctx = SSL_CTX_new(TLS_method());
	if (!ctx) {
		errtext_set(why, ERR_IO, "OpenSSL: %s", net_tls_reason());
		return NULL;
	}
	if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1)
		errtext_set(why, ERR_IO, "certificate file %s: %s", cert,
			    net_tls_reason());
	else if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
		errtext_set(why, ERR_IO, "key file %s: %s", key, net_tls_reason());
	else if (SSL_CTX_check_private_key(ctx) != 1)
		errtext_set(why, ERR_IO, "key file %s does not fit %s", key,
			    cert);
	else
		return ctx;
	SSL_CTX_free(ctx);
	ERR_clear_error();
	return NULL;
}

struct net_tls *net_tls_new(struct str cert_file, struct str key_file,
			    struct errtext *why)
{
	SSL_CTX *keys = net_tls_read_keys(cert_file, key_file, why);
	struct net_tls *t;

	if (!keys)
		return NULL;
	t = mem_zalloc(sizeof(*t));
	t->keys = keys;
	t->other = all;
	all = t;
	return t;
}

bool net_tls_serves(const SSL_CTX *ctx)
{
	const struct net_tls *t;

	for (t = all; t; t = t->other)
		if (t->served == ctx)
			return ctx != NULL;
	return false;
}

void net_tls_free(struct net_tls *t)
{
	struct net_tls **at = &all;

	if (!t)
		return;
	while (*at && *at != t)
		at = &(*at)->other;
	if (*at)
		*at = t->other;
	if (wanted == t)
		wanted = NULL;
	if (t->served)
		net_tls_clients_forget(t->served);
	SSL_CTX_free(t->keys);
	SSL_CTX_free(t->next);
	SSL_CTX_free(t->served);
	X509_STORE_free(t->clients);
	X509_STORE_free(t->next_clients);
	mem_free(t);
}

void net_tls_next(struct net_tls *t)
{
	wanted = t;
}

struct net_tls *net_tls_wanted(void)
{
	return wanted;
}

static int load(SSL_CTX *to, SSL_CTX *from)
{
	STACK_OF(X509) *chain = NULL;

	SSL_CTX_get0_chain_certs(from, &chain);
	return SSL_CTX_use_cert_and_key(to, SSL_CTX_get0_certificate(from),
					SSL_CTX_get0_privatekey(from), chain,
					1);
}

int net_tls_fill(struct net_tls *t, SSL_CTX *ctx)
{
	if (t->served != ctx) {
		SSL_CTX_free(t->served);
		SSL_CTX_up_ref(ctx);
		t->served = ctx;
		SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	}
	return load(ctx, t->keys);
}

int net_tls_clients(struct net_tls *t, struct str ca_file, struct errtext *why)
{
	X509_STORE_free(t->next_clients);
	t->has_next_clients = false;
	if (net_tls_read_clients(ca_file, &t->next_clients, why) < 0)
		return ERR_IO;
	t->has_next_clients = true;
	return 0;
}

X509_STORE *net_tls_clients_of(const struct net_tls *t)
{
	return t->clients;
}

static void commit_clients(struct net_tls *t)
{
	if (!t->has_next_clients)
		return;
	X509_STORE_free(t->clients);
	t->clients = t->next_clients;
	t->next_clients = NULL;
	t->has_next_clients = false;
	if (t->served)
		net_tls_clients_ask(t, t->served);
}

int net_tls_prepare(struct net_tls *t, struct str cert_file,
		    struct str key_file, struct errtext *why)
{
	SSL_CTX *keys = net_tls_read_keys(cert_file, key_file, why);

	if (!keys)
		return ERR_IO;
	SSL_CTX_free(t->next);
	t->next = keys;
	return 0;
}

void net_tls_commit(struct net_tls *t)
{
	commit_clients(t);
	if (!t->next)
		return;
	SSL_CTX_free(t->keys);
	t->keys = t->next;
	t->next = NULL;
	if (t->served)
		load(t->served, t->keys);
}

void net_tls_abort(struct net_tls *t)
{
	SSL_CTX_free(t->next);
	t->next = NULL;
	X509_STORE_free(t->next_clients);
	t->next_clients = NULL;
	t->has_next_clients = false;
}

int net_tls_chain_n(const struct net_tls *t)
{
	STACK_OF(X509) *chain = NULL;

	SSL_CTX_get0_chain_certs(t->keys, &chain);
	return 1 + (chain ? sk_X509_num(chain) : 0);
}
