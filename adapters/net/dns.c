/* adapters/net/dns.c: see dns.h. Every length is checked against the message;
 * a compression pointer must lead backwards, so names end.
 *
 *   1f2e 8180 0001 0001 0000 0000  id, response, one question, one answer
 *   03 'sip' 07 'example' 00  0001 0001  the question: A of sip.example
 *   c00c 0001 0001 0000003c 0004 7f000001  its name again, 60 s, 127.0.0.1
 */
#include "adapters/net/dns.h"

#include <string.h>

#define HEAD_BYTES 12u
#define CLASS_IN 1u
#define RECORDS_SEEN_MAX 256u /* of all sections; ours */

#define FLAG_RESPONSE 0x8000u
#define FLAG_TRUNCATED 0x0200u
#define FLAG_RECURSE 0x0100u
#define OPCODE_MASK 0x7800u
#define RCODE_MASK 0x000fu
#define RCODE_NO_NAME 3u

/* ---- reading ----------------------------------------------------------- */

struct reader {
	const uint8_t *p;
	size_t n, at;
	bool is_bad;
};

static unsigned get_u8(struct reader *r)
{
	if (r->at >= r->n) {
		r->is_bad = true;
		return 0;
	}
	return r->p[r->at++];
}

static unsigned get_u16(struct reader *r)
{
	unsigned hi = get_u8(r);

	return hi << 8 | get_u8(r);
}

static uint32_t get_u32(struct reader *r)
{
	uint32_t hi = get_u16(r);

	return hi << 16 | get_u16(r);
}

static void skip(struct reader *r, size_t n)
{
	if (n > r->n - r->at)
		r->is_bad = true;
	else
		r->at += n;
}

static bool is_name_char(unsigned char c)
{
	return ch_is_alnum(c) || c == '-' || c == '_';
}

/* One label; what cannot stand in a host name makes the name odd, which spoils
   its record and not the whole message. */
static void get_label(struct reader *r, unsigned len, char *out, size_t *n,
		      bool *is_odd)
{
	unsigned i;

	if (*n + len + 2 > DNS_NAME_MAX) {
		r->is_bad = true;
		return;
	}
	if (*n)
		out[(*n)++] = '.';
	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)get_u8(r);

		if (!is_name_char(c))
			*is_odd = true;
		out[(*n)++] = (char)ch_lower(c);
	}
}

/* A name in lower case without the last dot. False: odd. */
static bool get_name(struct reader *r, char out[DNS_NAME_MAX])
{
	size_t n = 0, end = 0, limit = r->at;
	bool is_odd = false;

	while (!r->is_bad) {
		unsigned len = get_u8(r);

		if (len == 0)
			break;
		if (len < 64) {
			get_label(r, len, out, &n, &is_odd);
			continue;
		}
		len = (len & 63) << 8 | get_u8(r);
		if (!end)
			end = r->at;
		if (r->p[r->at - 2] < 192 || len >= limit) {
			r->is_bad = true;
			break;
		}
		limit = r->at = len;
	}
	if (end)
		r->at = end;
	out[r->is_bad ? 0 : n] = 0;
	return !is_odd && !r->is_bad;
}

/* character-string into a field; what does not fit is cut to nothing. */
static unsigned get_text(struct reader *r, char *out, size_t size)
{
	unsigned len = get_u8(r);

	if (out)
		out[0] = 0;
	if (len > r->n - r->at) {
		r->is_bad = true;
		return 0;
	}
	if (out && len < size) {
		memcpy(out, r->p + r->at, len);
		out[len] = 0;
	}
	r->at += len;
	return len;
}

/* ---- records ----------------------------------------------------------- */

struct seen {
	char owner[DNS_NAME_MAX];
	unsigned type;
	uint32_t ttl_s;
	size_t at, len; /* of its data */
	bool is_odd;
};

static bool next_record(struct reader *r, struct seen *s)
{
	unsigned class;

	s->is_odd = !get_name(r, s->owner);
	s->type = get_u16(r);
	class = get_u16(r);
	s->ttl_s = get_u32(r);
	if (s->ttl_s > 0x7fffffffu) /* [RFC 2181 8] */
		s->ttl_s = 0;
	s->len = get_u16(r);
	s->at = r->at;
	skip(r, s->len);
	if (class != CLASS_IN)
		s->is_odd = true;
	return !r->is_bad;
}

static bool read_naptr(struct reader *r, struct dns_record *out)
{
	char flags[8], regexp[2];
	size_t i;

	out->order = (uint16_t)get_u16(r);
	out->weight = (uint16_t)get_u16(r);
	get_text(r, flags, sizeof(flags));
	out->flags = (char)(strlen(flags) == 1
				    ? ch_lower((unsigned char)flags[0])
				    : 0);
	get_text(r, out->service, sizeof(out->service));
	for (i = 0; out->service[i]; i++)
		if (out->service[i] >= 'a' && out->service[i] <= 'z')
			out->service[i] = (char)(out->service[i] - 32);
	out->has_regexp = get_text(r, regexp, sizeof(regexp)) > 0;
	return get_name(r, out->target);
}

/* The data of a record of the type that was asked for. */
static bool read_data(const struct reader *whole, const struct seen *s,
		      struct dns_record *out)
{
	struct reader r = { .p = whole->p, .n = s->at + s->len, .at = s->at };
	bool ok = true;

	memset(out, 0, sizeof(*out));
	switch (s->type) {
	case DNS_A:
	case DNS_AAAA:
		if (s->len != (s->type == DNS_A ? 4 : 16))
			return false;
		memcpy(out->ip, r.p + s->at, s->len);
		return true;
	case DNS_SRV:
		out->order = (uint16_t)get_u16(&r);
		out->weight = (uint16_t)get_u16(&r);
		out->port = (uint16_t)get_u16(&r);
		ok = get_name(&r, out->target);
		break;
	case DNS_NAPTR:
		ok = read_naptr(&r, out);
		break;
	default:
		return false;
	}
	return ok && !r.is_bad && r.at == r.n;
}

static void lower_ttl(struct dns_answer *a, uint32_t ttl_s)
{
	if (ttl_s < a->ttl_s)
		a->ttl_s = ttl_s;
}

/* All records of one owner; is there an alias instead? */
static bool collect(const struct reader *whole, size_t from, unsigned count,
		    const char *owner, enum dns_type type,
		    struct dns_answer *a, char alias[DNS_NAME_MAX])
{
	struct reader r = *whole;
	struct seen s;
	bool is_alias = false;

	r.at = from;
	while (count-- > 0 && next_record(&r, &s)) {
		if (s.is_odd || strcmp(s.owner, owner) != 0)
			continue;
		if (s.type == DNS_CNAME && !is_alias) {
			struct reader d = { .p = r.p, .n = s.at + s.len,
					    .at = s.at };

			is_alias = get_name(&d, alias);
			lower_ttl(a, s.ttl_s);
		} else if (s.type == type && a->records_n < DNS_RECORDS_MAX &&
			   read_data(whole, &s, &a->records[a->records_n])) {
			a->records_n++;
			lower_ttl(a, s.ttl_s);
		}
	}
	return is_alias && a->records_n == 0;
}

/* How long "no" holds: the SOA of the authority section [RFC 2308 5]. */
static uint32_t negative_ttl(const struct reader *whole, size_t at,
			     unsigned answers, unsigned authorities)
{
	struct reader r = *whole, d;
	char name[DNS_NAME_MAX];
	struct seen s;
	uint32_t minimum;

	r.at = at;
	while (answers-- > 0)
		if (!next_record(&r, &s))
			return 0;
	while (authorities-- > 0 && next_record(&r, &s)) {
		if (s.type != DNS_SOA || s.len < 22)
			continue;
		d = (struct reader){ .p = r.p, .n = s.at + s.len, .at = s.at };
		get_name(&d, name);
		get_name(&d, name);
		skip(&d, d.is_bad ? 0 : 16);
		minimum = get_u32(&d);
		if (!d.is_bad)
			return minimum < s.ttl_s ? minimum : s.ttl_s;
	}
	return 0;
}

/* ---- the answer -------------------------------------------------------- */

/* Is it the answer to this question? The reader then stands behind it. */
static bool is_ours(struct reader *r, uint16_t id, const char *name,
		    enum dns_type type, unsigned *flags, unsigned counts[4])
{
	char asked[DNS_NAME_MAX];
	unsigned i;
	bool ok = get_u16(r) == id;

	*flags = get_u16(r);
	for (i = 0; i < 4; i++)
		counts[i] = get_u16(r);
	if (!ok || r->is_bad || !(*flags & FLAG_RESPONSE) ||
	    (*flags & OPCODE_MASK) || counts[0] != 1)
		return false;
	ok = get_name(r, asked) && strcmp(asked, name) == 0;
	return ok && get_u16(r) == type && get_u16(r) == CLASS_IN && !r->is_bad;
}

static void follow(const struct reader *r, const unsigned counts[4],
		   const char name[DNS_NAME_MAX], enum dns_type type,
		   struct dns_answer *a)
{
	char owner[DNS_NAME_MAX], alias[DNS_NAME_MAX];
	unsigned i;

	memcpy(owner, name, sizeof(owner));
	for (i = 0; i < DNS_ALIASES_MAX; i++) {
		if (!collect(r, r->at, counts[1], owner, type, a, alias))
			break;
		memcpy(owner, alias, sizeof(owner));
	}
	if (a->records_n) {
		a->status = DNS_OK;
	} else if (i == DNS_ALIASES_MAX || !owner[0]) {
		a->status = DNS_FAILED; /* a loop, or the root */
	} else if (i > 0) {
		a->status = DNS_ALIAS;
		memcpy(a->alias, owner, sizeof(owner));
	} else {
		a->status = DNS_NO_DATA;
	}
}

static bool lower_name(struct str name, char out[DNS_NAME_MAX])
{
	size_t i;

	if (name.n && name.p[name.n - 1] == '.')
		name.n--;
	if (!dns_name_ok(name))
		return false;
	for (i = 0; i < name.n; i++)
		out[i] = (char)ch_lower((unsigned char)name.p[i]);
	out[name.n] = 0;
	return true;
}

/* Every record of the answer must be whole, also what is not used. */
static bool is_whole(const struct reader *whole, const unsigned counts[4])
{
	unsigned n = counts[1] + counts[2];
	struct reader r = *whole;
	struct seen s;

	if (n > RECORDS_SEEN_MAX)
		return false;
	while (n-- > 0)
		if (!next_record(&r, &s))
			return false;
	return true;
}

int dns_parse(const void *bytes, size_t n, uint16_t id, struct str name,
	      enum dns_type type, struct dns_answer *out)
{
	struct reader r = { .p = bytes, .n = n };
	char owner[DNS_NAME_MAX];
	unsigned flags, counts[4], rcode;

	memset(out, 0, sizeof(*out));
	if (n < HEAD_BYTES || !lower_name(name, owner) ||
	    !is_ours(&r, id, owner, type, &flags, counts))
		return ERR_DECLINED;
	rcode = flags & RCODE_MASK;
	if (flags & FLAG_TRUNCATED) {
		out->status = DNS_TRUNCATED;
		return 0;
	}
	if (rcode != 0 && rcode != RCODE_NO_NAME) {
		out->status = DNS_FAILED;
		return 0;
	}
	if (!is_whole(&r, counts))
		return ERR_SYNTAX;
	out->ttl_s = UINT32_MAX;
	follow(&r, counts, owner, type, out);
	if (rcode == RCODE_NO_NAME && out->status != DNS_OK)
		out->status = DNS_NO_NAME;
	if (out->status == DNS_NO_DATA || out->status == DNS_NO_NAME)
		out->ttl_s = negative_ttl(&r, r.at, counts[1], counts[2]);
	return 0;
}

/* ---- the question ------------------------------------------------------ */

bool dns_name_ok(struct str name)
{
	size_t i, label = 0;

	if (!name.n || name.n > DNS_NAME_MAX - 1)
		return false;
	for (i = 0; i < name.n; i++) {
		if (name.p[i] == '.') {
			if (label == 0)
				return false;
			label = 0;
		} else if (!is_name_char((unsigned char)name.p[i]) ||
			   ++label > 63) {
			return false;
		}
	}
	return label > 0;
}

static uint8_t *put_u16(uint8_t *at, unsigned v)
{
	*at++ = (uint8_t)(v >> 8);
	*at++ = (uint8_t)v;
	return at;
}

int dns_put_query(uint8_t out[DNS_QUERY_MAX], uint16_t id, struct str name,
		  enum dns_type type)
{
	/* OPT: root, type, size of UDP answers, no flags, no options */
	static const uint8_t opt[] = { 0, 0, DNS_OPT, DNS_UDP_MAX >> 8,
				       DNS_UDP_MAX & 255, 0, 0, 0, 0, 0, 0 };
	char lower[DNS_NAME_MAX];
	struct str rest, label;
	uint8_t *at = out;

	if (!lower_name(name, lower))
		return ERR_SYNTAX;
	at = put_u16(at, id);
	at = put_u16(at, FLAG_RECURSE);
	at = put_u16(at, 1);
	at = put_u16(at, 0);
	at = put_u16(at, 0);
	at = put_u16(at, 1);
	rest = str_of(lower);
	while (rest.p && str_split(&rest, '.', &label)) {
		*at++ = (uint8_t)label.n;
		memcpy(at, label.p, label.n);
		at += label.n;
	}
	*at++ = 0;
	at = put_u16(at, type);
	at = put_u16(at, CLASS_IN);
	memcpy(at, opt, sizeof(opt));
	return (int)(at - out + sizeof(opt));
}
