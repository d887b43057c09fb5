/* adapters/net/cert.c: see cert.h. */
#include "adapters/net/cert.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define CHAIN_MAX 16

static int64_t to_utc_s(const ASN1_TIME *t)
{
	struct tm tm = { .tm_year = 0 };

	if (!t || ASN1_TIME_to_tm(t, &tm) != 1)
		return 0;
	return (int64_t)timegm(&tm);
}

static void put_name(char *out, size_t size, const X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int n = 0;

	if (bio && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0)
		n = BIO_read(bio, out, (int)size - 1);
	out[n > 0 ? n : 0] = '\0';
	BIO_free(bio);
}

static void put_names(struct net_cert *out, X509 *cert)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name,
						NULL, NULL);
	size_t at = 0;
	int i;

	for (i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *n = sk_GENERAL_NAME_value(names, i);
		const ASN1_IA5STRING *s = n->d.ia5;
		int k;

		if (n->type != GEN_DNS && n->type != GEN_URI)
			continue;
		k = snprintf(out->names + at, sizeof(out->names) - at, "%s%.*s",
			     at ? "," : "", ASN1_STRING_length(s),
			     (const char *)ASN1_STRING_get0_data(s));
		if (k < 0 || at + (size_t)k >= sizeof(out->names)) {
			out->names[at] = '\0';
			break;
		}
		at += (size_t)k;
	}
	GENERAL_NAMES_free(names);
}

static bool is_chain(STACK_OF(X509) * chain)
{
	int i, n = sk_X509_num(chain);

	for (i = 0; i + 1 < n; i++) {
		X509 *cert = sk_X509_value(chain, i);
		X509 *next = sk_X509_value(chain, i + 1);

		if (X509_check_issued(next, cert) != X509_V_OK ||
		    X509_verify(cert, X509_get0_pubkey(next)) != 1)
			return false;
	}
	return true;
}

static bool is_trusted(STACK_OF(X509) * chain)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	bool ok = store && ctx && X509_STORE_set_default_paths(store) == 1 &&
		  X509_STORE_CTX_init(ctx, store, sk_X509_value(chain, 0),
				      chain) == 1 &&
		  X509_verify_cert(ctx) == 1;

	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	ERR_clear_error();
	return ok;
}

static void look(STACK_OF(X509) * chain, struct net_cert *out)
{
	X509 *cert = sk_X509_value(chain, 0);

	put_name(out->subject, sizeof(out->subject),
		 X509_get_subject_name(cert));
	put_name(out->issuer, sizeof(out->issuer), X509_get_issuer_name(cert));
	put_names(out, cert);
	out->not_before_utc_s = to_utc_s(X509_get0_notBefore(cert));
	out->not_after_utc_s = to_utc_s(X509_get0_notAfter(cert));
	out->chain_n = sk_X509_num(chain);
	out->is_chain = is_chain(chain);
	out->is_trusted = is_trusted(chain);
}

int net_cert_look(struct str path, struct net_cert *out, struct errtext *why)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	char text[4096];
	X509 *cert;
	BIO *bio;

	*out = (struct net_cert){ .chain_n = 0 };
	if (path.n >= sizeof(text)) {
		sk_X509_free(chain);
		return errtext_set(why, ERR_LIMIT, "the path is too long");
	}
	memcpy(text, path.p, path.n);
	text[path.n] = '\0';
	bio = BIO_new_file(text, "r");
	while (bio && sk_X509_num(chain) < CHAIN_MAX &&
	       (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
		sk_X509_push(chain, cert);
	BIO_free(bio);
	ERR_clear_error();
	if (sk_X509_num(chain) > 0)
		look(chain, out);
	sk_X509_pop_free(chain, X509_free);
	if (!out->chain_n)
		return errtext_set(why, ERR_IO, "%s holds no certificate",
				   text);
	return 0;
}
