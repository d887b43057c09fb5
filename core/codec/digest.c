/* core/codec/digest.c: HTTP digest authentication; see digest.h. [RFC 7616,
 * RFC 8760, RFC 3261 22.4]
 * Called by the SIP and the XCAP adapter with a header value and a key. It
 * never sees a password on the server side, a clock or a socket.
 */
#include "core/codec/digest.h"

#include "core/base/mem.h"
#include "core/codec/uri.h"

#define TIME_HEX_N 16u		/* 64 bits: 48 of time, */
#define SEQ_BITS 16		/* the rest number those of one time */
#define MAC_N 16u		/* 128 bits of the HMAC are kept: enough
				   against guessing, short enough for UDP */
#define NONCE_HEX_N (TIME_HEX_N + 2 * MAC_N)
#define NC_HEX_N 8u		/* RFC 7616 3.4 */
#define TOKEN_MARKS "-.!%*_+`'~"	/* RFC 3261 25.1 */

static const struct {
	struct str name;
	enum hash_kind hash;
} algs[] = {
	[DIGEST_MD5] = { STR_LIT("MD5"), HASH_MD5 },
	[DIGEST_SHA256] = { STR_LIT("SHA-256"), HASH_SHA256 },
};

/* The parameters we read; all others are passed over. */
enum param {
	P_USERNAME, P_USERNAME_EXT, P_REALM, P_NONCE, P_URI, P_RESPONSE,
	P_CNONCE, P_OPAQUE, P_NC, P_ALGORITHM, P_QOP, P_USERHASH, PARAMS_N,
};

static const struct str param_names[PARAMS_N] = {
	[P_USERNAME] = STR_LIT("username"),
	[P_USERNAME_EXT] = STR_LIT("username*"),
	[P_REALM] = STR_LIT("realm"),
	[P_NONCE] = STR_LIT("nonce"),
	[P_URI] = STR_LIT("uri"),
	[P_RESPONSE] = STR_LIT("response"),
	[P_CNONCE] = STR_LIT("cnonce"),
	[P_OPAQUE] = STR_LIT("opaque"),
	[P_NC] = STR_LIT("nc"),
	[P_ALGORITHM] = STR_LIT("algorithm"),
	[P_QOP] = STR_LIT("qop"),
	[P_USERHASH] = STR_LIT("userhash"),
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_blanks(struct str *s)
{
	while (s->n > 0 && is_blank(s->p[0]))
		*s = str_from(*s, 1);
}

static bool is_token_char(char c)
{
	return ch_is_alnum((unsigned char)c) ||
	       str_find(STR(TOKEN_MARKS), c) < sizeof(TOKEN_MARKS) - 1;
}

static struct str take_token(struct str *s)
{
	struct str token = { s->p, 0 };

	while (token.n < s->n && is_token_char(s->p[token.n]))
		token.n++;
	*s = str_from(*s, token.n);
	return token;
}

/* A quoted string at the front of *s, without its quotes and backslashes. */
static int take_quoted(struct arena *a, struct str *s, struct str *out)
{
	size_t i, n = 0;
	char *p;

	for (i = 1; i < s->n && s->p[i] != '"'; i++) {
		if (s->p[i] == '\\')
			i++;
		if (i < s->n && ch_is_ctl((unsigned char)s->p[i]) &&
		    s->p[i] != '\t')
			return ERR_SYNTAX;
		n++;
	}
	if (i >= s->n)
		return ERR_SYNTAX;
	p = arena_alloc(a, n + 1);
	if (!p)
		return ERR_LIMIT;
	n = 0;
	for (i = 1; s->p[i] != '"'; i++) {
		if (s->p[i] == '\\')
			i++;
		p[n++] = s->p[i];
	}
	p[n] = '\0';
	*s = str_from(*s, i + 1);
	*out = (struct str){ p, n };
	return 0;
}

/* One "name = value" into values[], unless nobody asked for it. Tokens and
   quoted strings are taken for each other: peers quote qop and algorithm. */
static int take_param(struct arena *a, struct str *s, struct str *values)
{
	struct str name = take_token(s), value;
	unsigned i;
	int err = 0;

	skip_blanks(s);
	if (name.n == 0 || !str_starts(*s, STR("=")))
		return ERR_SYNTAX;
	*s = str_from(*s, 1);
	skip_blanks(s);
	if (str_starts(*s, STR("\"")))
		err = take_quoted(a, s, &value);
	else if ((value = take_token(s)).n > 0)
		err = arena_str(a, value, &value);
	else
		err = ERR_SYNTAX;
	if (err < 0)
		return err;
	for (i = 0; i < PARAMS_N; i++) {
		if (!str_ieq(name, param_names[i]))
			continue;
		if (values[i].p)
			return ERR_SYNTAX;
		values[i] = value;
	}
	return 0;
}

/* Everything behind the scheme. Empty list elements are allowed [RFC 9110
   5.6.1]. */
static int take_params(struct arena *a, struct str s, struct str *values)
{
	int err;

	for (;;) {
		skip_blanks(&s);
		if (s.n > 0 && s.p[0] != ',') {
			err = take_param(a, &s, values);
			if (err < 0)
				return err;
			skip_blanks(&s);
		}
		if (s.n == 0)
			return 0;
		if (s.p[0] != ',')
			return ERR_SYNTAX;
		s = str_from(s, 1);
	}
}

/* username*=UTF-8''J%C3%A4s [RFC 7616 3.4, RFC 5987 3.2] instead of username;
   never both. */
static int read_username(struct arena *a, const struct str *values,
			 struct str *out)
{
	struct str rest = values[P_USERNAME_EXT], charset, language;

	*out = values[P_USERNAME];
	if (!rest.p)
		return out->p ? 0 : ERR_SYNTAX;
	if (out->p || !str_split(&rest, '\'', &charset) ||
	    !str_split(&rest, '\'', &language) || !rest.p)
		return ERR_SYNTAX;
	if (!str_ieq(charset, STR("UTF-8")))
		return ERR_UNSUPPORTED;
	return uri_unescape(a, rest, out);
}

static bool is_hex(struct str s, size_t n)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!ch_is_hex((unsigned char)s.p[i]))
			return false;
	return s.n == n;
}

/* A tab may stand in a quoted string, no other control. */
static bool has_ctl(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (ch_is_ctl((unsigned char)s.p[i]) && s.p[i] != '\t')
			return true;
	return false;
}

static uint32_t hex_u32(struct str s)
{
	uint32_t v = 0;
	size_t i;

	for (i = 0; i < s.n; i++)
		v = v << 4 | (uint32_t)ch_hex((unsigned char)s.p[i]);
	return v;
}

static int read_alg(const struct str *values, enum digest_alg *out)
{
	struct str name = values[P_ALGORITHM];

	*out = DIGEST_MD5;	/* RFC 7616 3.4 */
	if (!name.p || str_ieq(name, algs[DIGEST_MD5].name))
		return 0;
	if (!str_ieq(name, algs[DIGEST_SHA256].name))
		return ERR_UNSUPPORTED;
	*out = DIGEST_SHA256;
	return 0;
}

/* With qop come nc and cnonce; without it they mean nothing. */
static int read_qop(const struct str *values, struct digest_cred *c)
{
	c->has_qop = values[P_QOP].p != NULL;
	if (!c->has_qop)
		return 0;
	if (!str_ieq(values[P_QOP], STR("auth")))
		return ERR_UNSUPPORTED;
	if (!values[P_CNONCE].p || !is_hex(values[P_NC], NC_HEX_N))
		return ERR_SYNTAX;
	c->cnonce = values[P_CNONCE];
	c->nc_text = values[P_NC];
	c->nc = hex_u32(c->nc_text);
	return 0;
}

static int read_cred(struct arena *a, const struct str *values,
		     struct digest_cred *c)
{
	int err = read_username(a, values, &c->username);

	if (err == 0)
		err = read_alg(values, &c->alg);
	if (err == 0)
		err = read_qop(values, c);
	if (err < 0)
		return err;
	/* We never ask for hashed user names [RFC 7616 3.4.4]. */
	if (values[P_USERHASH].p && !str_ieq(values[P_USERHASH], STR("false")))
		return ERR_UNSUPPORTED;
	c->realm = values[P_REALM];
	c->nonce = values[P_NONCE];
	c->uri = values[P_URI];
	c->response = values[P_RESPONSE];
	c->opaque = values[P_OPAQUE];
	if (!c->realm.p || !c->nonce.p || !c->uri.p || has_ctl(c->username) ||
	    !is_hex(c->response, 2 * hash_size(algs[c->alg].hash)))
		return ERR_SYNTAX;
	return 0;
}

int digest_cred_parse(struct arena *a, struct str s, struct digest_cred *out)
{
	struct str values[PARAMS_N] = { { NULL, 0 } };
	struct digest_cred c = { .alg = DIGEST_MD5 };
	struct str scheme;
	int err;

	*out = c;
	s = str_trim(s);
	scheme = take_token(&s);
	if (scheme.n == 0)
		return ERR_SYNTAX;
	if (!str_ieq(scheme, STR("Digest")))
		return ERR_DECLINED;
	if (s.n == 0 || !is_blank(s.p[0]))
		return ERR_SYNTAX;
	err = take_params(a, s, values);
	if (err == 0)
		err = read_cred(a, values, &c);
	if (err == 0)
		*out = c;
	return err;
}

static void add(struct hash *h, struct str s)
{
	hash_update(h, ":", 1);
	hash_update_str(h, s);
}

static struct str finish(struct hash *h, enum digest_alg alg, char *out)
{
	uint8_t bytes[HASH_SHA256_N];
	size_t n = hash_size(algs[alg].hash);

	hash_final(h, bytes);
	hash_hex(bytes, n, out);
	mem_wipe(bytes, sizeof(bytes));
	return (struct str){ out, 2 * n };
}

void digest_ha1(enum digest_alg alg, struct str user, struct str realm,
		struct str password, char out[DIGEST_HEX_MAX + 1])
{
	struct hash h;

	hash_init(&h, algs[alg].hash);
	hash_update_str(&h, user);
	add(&h, realm);
	add(&h, password);
	finish(&h, alg, out);
}

void digest_response(const struct digest_cred *c, struct str method,
		     struct str ha1_hex, char out[DIGEST_HEX_MAX + 1])
{
	char ha2[DIGEST_HEX_MAX + 1];
	struct str ha2_hex;
	struct hash h;

	hash_init(&h, algs[c->alg].hash);
	hash_update_str(&h, method);
	add(&h, c->uri);
	ha2_hex = finish(&h, c->alg, ha2);
	hash_init(&h, algs[c->alg].hash);
	hash_update_str(&h, ha1_hex);
	add(&h, c->nonce);
	if (c->has_qop) {
		add(&h, c->nc_text);
		add(&h, c->cnonce);
		add(&h, STR("auth"));
	}
	add(&h, ha2_hex);
	finish(&h, c->alg, out);
}

bool digest_verify(const struct digest_cred *c, struct str method,
		   struct str ha1_hex)
{
	char expected[DIGEST_HEX_MAX + 1], got[DIGEST_HEX_MAX];
	size_t n = 2 * hash_size(algs[c->alg].hash), i;
	bool is_right;

	if (c->response.n != n || !is_hex(ha1_hex, n))
		return false;
	for (i = 0; i < n; i++)
		got[i] = (char)ch_lower((unsigned char)c->response.p[i]);
	digest_response(c, method, ha1_hex, expected);
	is_right = hash_equal(expected, got, n);
	mem_wipe(expected, sizeof(expected));
	return is_right;
}

static void id_hex(uint64_t id, char out[TIME_HEX_N + 1])
{
	uint8_t bytes[8];
	unsigned i;

	for (i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(id >> (56 - 8 * i));
	hash_hex(bytes, sizeof(bytes), out);
}

/* The source goes in as its digest: of fixed length, so that no source and
   time run into each other. */
static struct str make(struct str key, uint64_t id, struct str source,
		       char out[NONCE_HEX_N + 1])
{
	uint8_t mac[HASH_SHA256_N];
	char text[TIME_HEX_N + HASH_SHA256_N];
	uint8_t source_hash[HASH_SHA256_N];
	size_t i;

	id_hex(id, out);
	hash_sha256(source, source_hash);
	for (i = 0; i < TIME_HEX_N; i++)
		text[i] = out[i];
	for (i = 0; i < HASH_SHA256_N; i++)
		text[TIME_HEX_N + i] = (char)source_hash[i];
	hash_hmac_sha256(key, (struct str){ text, sizeof(text) }, mac);
	hash_hex(mac, MAC_N, out + TIME_HEX_N);
	return (struct str){ out, NONCE_HEX_N };
}

/* 48 bits of milliseconds last for 8,900 years. */
struct str digest_nonce_make(struct str key, int64_t now_ms, uint16_t seq,
			     struct str source, char out[DIGEST_NONCE_MAX])
{
	return make(key, (uint64_t)now_ms << SEQ_BITS | seq, source, out);
}

uint64_t digest_nonce_id(struct str nonce)
{
	return (uint64_t)hex_u32(str_sub(nonce, 0, 8)) << 32 |
	       hex_u32(str_sub(nonce, 8, 8));
}

enum digest_nonce digest_nonce_check(struct str key, int64_t now_ms,
				     struct str source, struct str nonce,
				     int64_t life_ms)
{
	char expected[NONCE_HEX_N + 1];
	uint64_t id, time_ms, age_ms;

	if (!is_hex(nonce, NONCE_HEX_N))
		return DIGEST_NONCE_FORGED;
	id = digest_nonce_id(nonce);
	time_ms = id >> SEQ_BITS;
	make(key, id, source, expected);
	if (!hash_equal(expected, nonce.p, NONCE_HEX_N))
		return DIGEST_NONCE_FORGED;
	/* Ours, but from the future when the clock was set back: it would
	   live too long. */
	if ((int64_t)time_ms > now_ms)
		return DIGEST_NONCE_STALE;
	age_ms = (uint64_t)now_ms - time_ms;
	return life_ms < 0 || age_ms > (uint64_t)life_ms ?
	       DIGEST_NONCE_STALE : DIGEST_NONCE_FRESH;
}

static void put_quoted(struct buf *b, const char *name, struct str value)
{
	size_t i;

	if (has_ctl(value))
		buf_fail(b, ERR_SYNTAX);
	buf_put_str(b, str_of(name));
	buf_put_str(b, STR("=\""));
	for (i = 0; i < value.n; i++) {
		if (value.p[i] == '"' || value.p[i] == '\\')
			buf_put_char(b, '\\');
		buf_put_char(b, value.p[i]);
	}
	buf_put_char(b, '"');
}

void digest_put_challenge(struct buf *b, enum digest_alg alg, struct str realm,
			  struct str nonce, bool is_stale)
{
	put_quoted(b, "Digest realm", realm);
	put_quoted(b, ", nonce", nonce);
	buf_put_str(b, STR(", algorithm="));
	buf_put_str(b, algs[alg].name);
	buf_put_str(b, STR(", qop=\"auth\""));
	if (is_stale)
		buf_put_str(b, STR(", stale=true"));
}

void digest_put_cred(struct buf *b, const struct digest_cred *c)
{
	put_quoted(b, "Digest username", c->username);
	put_quoted(b, ", realm", c->realm);
	put_quoted(b, ", nonce", c->nonce);
	put_quoted(b, ", uri", c->uri);
	put_quoted(b, ", response", c->response);
	buf_put_str(b, STR(", algorithm="));
	buf_put_str(b, algs[c->alg].name);
	if (c->opaque.p)
		put_quoted(b, ", opaque", c->opaque);
	if (!c->has_qop)
		return;
	put_quoted(b, ", cnonce", c->cnonce);
	if (!is_hex(c->nc_text, NC_HEX_N))
		buf_fail(b, ERR_SYNTAX);
	buf_put_str(b, STR(", qop=auth, nc="));
	buf_put_str(b, c->nc_text);
}
