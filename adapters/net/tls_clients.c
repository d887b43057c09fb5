/* adapters/net/tls_clients.c: certificates of clients that connect to a TLS
 * server of tls.h. They are asked for but not demanded: whoever shows none, or
 * one that does not verify, is an ordinary client and proves himself otherwise.
 * Verified means: by the authorities named for this server and no other.
 */
#include "adapters/net/tls_priv.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "core/base/buf.h"
#include "core/base/mem.h"

/* A connection whose client proved its names. */
struct known {
	struct known *other; /* of this thread, the newest first */
	SSL *con;
	char peer[INET6_ADDRSTRLEN];
	uint16_t peer_port, local_port;
	struct buf names; /* a line each */
};

enum { NAMES_BYTES = 8192 };

static _Thread_local struct known *all_known;
static int known_index = -1; /* of a connection's extra data */

static X509_STORE *read_store(struct str ca_file, struct errtext *why)
{
	char path[NET_TLS_PATH_BYTES];
	X509_STORE *store;

	if (!net_tls_path(ca_file, path)) {
		errtext_set(why, ERR_SYNTAX, "no usable path");
		return NULL;
	}
	store = X509_STORE_new();
	if (store && X509_STORE_load_file(store, path) == 1)
		return store;
	errtext_set(why, ERR_IO, "file of authorities %s: %s", path,
		    net_tls_reason());
	X509_STORE_free(store);
	return NULL;
}

int net_tls_read_clients(struct str ca_file, X509_STORE **out,
			 struct errtext *why)
{
	*out = NULL;
	if (!ca_file.n)
		return 0;
	*out = read_store(ca_file, why);
	return *out ? 0 : ERR_IO;
}

static int verify(X509_STORE *store, X509_STORE_CTX *asked)
{
	X509 *cert = X509_STORE_CTX_get0_cert(asked);
	X509_STORE_CTX *own = X509_STORE_CTX_new();
	int error = X509_V_ERR_UNSPECIFIED;

	if (own && cert &&
	    X509_STORE_CTX_init(own, store, cert,
				X509_STORE_CTX_get0_untrusted(asked)) == 1 &&
	    X509_STORE_CTX_set_default(own, "ssl_client") == 1) {
		X509_verify_cert(own);
		error = X509_STORE_CTX_get_error(own);
	}
	X509_STORE_CTX_free(own);
	ERR_clear_error();
	return error;
}

/* Goes on whatever the result: it is kept with the connection. */
static int on_certificate(X509_STORE_CTX *asked, void *arg)
{
	X509_STORE *store = net_tls_clients_of(arg);

	X509_STORE_CTX_set_error(asked, store ? verify(store, asked) :
						X509_V_ERR_CERT_UNTRUSTED);
	return 1;
}

static int accept_any(int is_ok, X509_STORE_CTX *asked)
{
	(void)is_ok;
	(void)asked;
	return 1;
}

/* A session that is taken up again would keep the result of its first
   handshake, whatever the file says by then: so there is none. */
void net_tls_clients_ask(struct net_tls *t, SSL_CTX *ctx)
{
	bool asks = net_tls_clients_of(t) != NULL;

	SSL_CTX_set_cert_verify_callback(ctx, on_certificate, t);
	SSL_CTX_set_verify(ctx, asks ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
			   accept_any);
	if (!asks)
		return;
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	SSL_CTX_set_num_tickets(ctx, 0);
}

void net_tls_clients_forget(SSL_CTX *ctx)
{
	SSL_CTX_set_cert_verify_callback(ctx, NULL, NULL);
}

/* ---- who is at the other end ------------------------------------------ */

static void forget(struct known *k)
{
	struct known **at = &all_known;

	while (*at && *at != k)
		at = &(*at)->other;
	if (*at)
		*at = k->other;
	buf_free(&k->names);
	mem_free(k);
}

static void on_free(void *con, void *data, CRYPTO_EX_DATA *ad, int index,
		    long argl, void *argp)
{
	(void)con;
	(void)ad;
	(void)index;
	(void)argl;
	(void)argp;
	if (data)
		forget(data);
}

/* Numeric address and port of one end. */
static uint16_t end_of(const struct sockaddr_storage *sa,
		       char text[INET6_ADDRSTRLEN])
{
	const void *p = sa;

	if (sa->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = p;

		inet_ntop(AF_INET6, &in6->sin6_addr, text, INET6_ADDRSTRLEN);
		return ntohs(in6->sin6_port);
	}
	inet_ntop(AF_INET, &((const struct sockaddr_in *)p)->sin_addr, text,
		  INET6_ADDRSTRLEN);
	return ntohs(((const struct sockaddr_in *)p)->sin_port);
}

static bool read_ends(SSL *con, struct known *k)
{
	struct sockaddr_storage here, there;
	socklen_t n = sizeof(here), m = sizeof(there);
	char unused[INET6_ADDRSTRLEN];
	int fd = SSL_get_fd(con);

	if (fd < 0 || getsockname(fd, (struct sockaddr *)&here, &n) < 0 ||
	    getpeername(fd, (struct sockaddr *)&there, &m) < 0)
		return false;
	k->peer_port = end_of(&there, k->peer);
	k->local_port = end_of(&here, unused);
	return true;
}

static bool is_between(const struct known *k, const char *peer,
		       uint16_t peer_port, uint16_t local_port)
{
	return k->peer_port == peer_port && k->local_port == local_port &&
	       strcmp(k->peer, peer) == 0;
}

static void read_names(X509 *cert, struct buf *out)
{
	GENERAL_NAMES *list = X509_get_ext_d2i(cert, NID_subject_alt_name,
					       NULL, NULL);
	int i;

	for (i = 0; list && i < sk_GENERAL_NAME_num(list); i++) {
		const GENERAL_NAME *g = sk_GENERAL_NAME_value(list, i);
		const ASN1_STRING *text = NULL;
		struct str s;

		if (g->type == GEN_DNS)
			text = g->d.dNSName;
		else if (g->type == GEN_URI)
			text = g->d.uniformResourceIdentifier;
		if (!text)
			continue;
		s = (struct str){
			(const char *)ASN1_STRING_get0_data(text),
			(size_t)ASN1_STRING_length(text),
		};
		if (str_find(s, '\n') < s.n || str_find(s, '\0') < s.n)
			continue;
		buf_put_str(out, s);
		buf_put_char(out, '\n');
	}
	GENERAL_NAMES_free(list);
}

void net_tls_clients_shaken(SSL *con)
{
	struct known *k = mem_zalloc(sizeof(*k)), *old, *next;
	X509 *cert = SSL_get0_peer_certificate(con);

	buf_init(&k->names, NAMES_BYTES);
	if (!read_ends(con, k)) {
		forget(k);
		return;
	}
	/* What is known of an earlier connection between these ends is not of
	   this one. */
	for (old = all_known; old; old = next) {
		next = old->other;
		if (!is_between(old, k->peer, k->peer_port, k->local_port))
			continue;
		SSL_set_ex_data(old->con, known_index, NULL);
		forget(old);
	}
	if (cert && SSL_get_verify_result(con) == X509_V_OK)
		read_names(cert, &k->names);
	if (known_index < 0)
		known_index = SSL_get_ex_new_index(0, NULL, NULL, NULL,
						   on_free);
	if (k->names.err || !k->names.n || known_index < 0 ||
	    SSL_set_ex_data(con, known_index, k) != 1) {
		forget(k);
		return;
	}
	k->con = con;
	k->other = all_known;
	all_known = k;
}

bool net_tls_client_has_name(const char *peer, uint16_t peer_port,
			     uint16_t local_port, struct str name)
{
	const struct known *k;
	struct str rest, one;

	for (k = all_known; k; k = k->other)
		if (is_between(k, peer, peer_port, local_port))
			break;
	if (!k || !name.n)
		return false;
	rest = buf_str(&k->names);
	while (str_split(&rest, '\n', &one)) {
		if (str_istarts(one, STR("sip:")))
			one = str_from(one, 4);
		if (str_ieq(one, name))
			return true;
	}
	return false;
}
