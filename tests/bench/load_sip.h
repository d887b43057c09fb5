/* tests/bench/load_sip.h: just enough SIP for a load generator: it writes
 * REGISTER and MESSAGE, answers MESSAGE with 200, frames what comes over a
 * stream, and can log in by digest. [RFC 3261, RFC 3428, RFC 7616]
 */
#pragma once

#include <strings.h>

#include "core/base/hash.h"
#include "tests/bench/load.h"

#define SIP_BRANCH "z9hG4bKcwb"
#define SIP_BRANCH_N 10u

struct sip_text {
	const char *p;
	size_t n;
};

/* Length of the first message in p, 0: not all of it is there. */
static inline int64_t sip_frame(const char *p, size_t n)
{
	const char *end = memmem(p, n, "\r\n\r\n", 4), *at;
	size_t head, body;

	if (n && (p[0] == '\r' || p[0] == '\n'))
		return 1;	/* keep-alive between messages */
	if (!end)
		return 0;
	head = (size_t)(end - p) + 4;
	at = memmem(p, head, "\nContent-Length:", 16);
	if (at)
		at += 16;
	else if ((at = memmem(p, head, "\nl:", 3)))
		at += 3;
	else
		return -1;
	body = strtoul(at, NULL, 10);
	return n - head < body ? 0 : (int64_t)(head + body);
}

static inline unsigned sip_status(const char *p, size_t n)
{
	if (n < 12 || memcmp(p, "SIP/2.0 ", 8) != 0)
		return 0;
	return (unsigned)strtoul(p + 8, NULL, 10);
}

/* The place and number that our branch carries. */
static inline bool sip_branch(const char *p, size_t n, unsigned *slot_out,
			      uint64_t *number_out)
{
	const char *at = memmem(p, n, SIP_BRANCH, SIP_BRANCH_N);
	char *end;

	if (!at)
		return false;
	*slot_out = (unsigned)strtoul(at + SIP_BRANCH_N, &end, 16);
	if (*end != '.')
		return false;
	*number_out = strtoull(end + 1, NULL, 16);
	return true;
}

/* Does the line open with a header that an answer repeats? */
static inline bool sip_is_copied(const char *line, size_t n)
{
	static const char *const names[] = { "Via:",	 "v:", "From:",	 "f:",
					     "To:",	 "t:", "Call-ID:", "i:",
					     "CSeq:" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t k = strlen(names[i]);

		if (n > k && strncasecmp(line, names[i], k) == 0)
			return true;
	}
	return false;
}

/* 200 to the request in p; bytes written, 0 when it is no request. */
static inline int sip_put_answer(char *out, size_t size, const char *p,
				 size_t n)
{
	static const char first[] = "SIP/2.0 200 OK\r\n";
	static const char last[] = "Content-Length: 0\r\n\r\n";
	static const char tag[] = ";tag=cwb\r\n";
	const char *end = p + n, *line = memchr(p, '\n', n);
	size_t at = sizeof(first) - 1;

	memcpy(out, first, at);
	while (line && ++line < end && *line != '\r') {
		const char *next = memchr(line, '\n', (size_t)(end - line));
		size_t k = next ? (size_t)(next - line) + 1 : 0;
		bool is_to = k > 3 && (line[0] | 32) == 't' &&
			     (line[1] == ':' || (line[1] | 32) == 'o');

		if (k && sip_is_copied(line, k) && at + k + 64 < size) {
			memcpy(out + at, line, k);
			at += k;
			if (is_to) {
				memcpy(out + at - 2, tag, sizeof(tag) - 1);
				at += sizeof(tag) - 3;
			}
		}
		line = next;
	}
	memcpy(out + at, last, sizeof(last) - 1);
	return (int)(at + sizeof(last) - 1);
}

/* ---- digest --------------------------------------------------------------- */

/* One nonce for all users: the servers measured here keep none per user. */
struct sip_login {
	const char *password, *domain;
	bool is_sha256, is_known;
	char nonce[160];
	uint32_t count;
};

static inline void sip_hash(bool is_sha256, const char *text, char hex[65])
{
	uint8_t sum[HASH_SHA256_N];
	struct str s = { text, strlen(text) };

	if (is_sha256)
		hash_sha256(s, sum);
	else
		hash_md5(s, sum);
	hash_hex(sum, is_sha256 ? HASH_SHA256_N : HASH_MD5_N, hex);
}

/* Takes the first challenge of a 401. */
static inline bool sip_challenged(struct sip_login *l, const char *p, size_t n)
{
	const char *at = memmem(p, n, "\nWWW-Authenticate: Digest", 25);
	const char *line_end, *q, *end;
	size_t k;

	if (!at || !l->password)
		return false;
	line_end = memchr(at + 1, '\n', n - (size_t)(at + 1 - p));
	if (!line_end)
		return false;
	k = (size_t)(line_end - at);
	q = memmem(at, k, "nonce=\"", 7);
	end = q ? memchr(q + 7, '"', (size_t)(line_end - q - 7)) : NULL;
	if (!end || (size_t)(end - q - 7) >= sizeof(l->nonce))
		return false;
	memcpy(l->nonce, q + 7, (size_t)(end - q - 7));
	l->nonce[end - q - 7] = 0;
	l->is_sha256 = memmem(at, k, "SHA-256", 7) != NULL;
	l->is_known = true;
	return true;
}

/* An Authorization line, or nothing while no nonce is known. */
static inline int sip_put_login(struct sip_login *l, char *out, size_t size,
				const char *user, const char *method,
				const char *uri)
{
	char text[512], a1[65], a2[65], response[65];

	out[0] = 0;
	if (!l->is_known)
		return 0;
	snprintf(text, sizeof(text), "%s:%s:%s", user, l->domain, l->password);
	sip_hash(l->is_sha256, text, a1);
	snprintf(text, sizeof(text), "%s:%s", method, uri);
	sip_hash(l->is_sha256, text, a2);
	l->count++;
	snprintf(text, sizeof(text), "%s:%s:%08x:cwb:auth:%s", a1, l->nonce,
		 l->count, a2);
	sip_hash(l->is_sha256, text, response);
	return snprintf(out, size,
			"Authorization: Digest username=\"%s\", realm=\"%s\", "
			"nonce=\"%s\", uri=\"%s\", response=\"%s\", "
			"algorithm=%s, cnonce=\"cwb\", qop=auth, nc=%08x\r\n",
			user, l->domain, l->nonce, uri, response,
			l->is_sha256 ? "SHA-256" : "MD5", l->count);
}

/* ---- requests ------------------------------------------------------------- */

struct sip_request {
	const char *transport;		/* "UDP" */
	uint16_t port;			/* ours */
	unsigned slot, tries;
	uint64_t number;
	char from[96], to[96];		/* user@domain */
	char user[32];			/* who logs in */
	const char *filler;		/* body behind the mark */
	int body_n;
	int expires_s;
};

/* A user's device is the same from run to run, so that a new run takes the
   place of the one before and no message is forked to a port that is closed. */
static inline int sip_put_register(char *out, size_t size,
				   const struct sip_request *r,
				   struct sip_login *l)
{
	char uri[128], login[768];

	snprintf(uri, sizeof(uri), "sip:%s", l->domain);
	sip_put_login(l, login, sizeof(login), r->user, "REGISTER", uri);
	return snprintf(out, size,
		"REGISTER %s SIP/2.0\r\n"
		"Via: SIP/2.0/%s 127.0.0.1:%u;branch=" SIP_BRANCH
		"%x.%llx.%x;rport\r\n"
		"Max-Forwards: 70\r\n"
		"From: <sip:%s>;tag=r%llx\r\nTo: <sip:%s>\r\n"
		"Call-ID: reg-%u-%s\r\nCSeq: %u REGISTER\r\n"
		"Contact: <sip:%s@127.0.0.1:%u%s>"
		";+sip.instance=\"<urn:x-sipload:%s>\";reg-id=1\r\n"
		"Expires: %d\r\n%sContent-Length: 0\r\n\r\n",
		uri, r->transport, r->port, r->slot,
		(unsigned long long)r->number, r->tries, r->from,
		(unsigned long long)r->number, r->from, r->port, r->user,
		1 + r->tries, r->user, r->port,
		strcmp(r->transport, "TCP") == 0 ? ";transport=tcp" : "",
		r->user, r->expires_s, login);
}

static inline int sip_put_message(char *out, size_t size,
				  const struct sip_request *r,
				  struct sip_login *l)
{
	char uri[128], login[768];

	snprintf(uri, sizeof(uri), "sip:%s", r->to);
	sip_put_login(l, login, sizeof(login), r->user, "MESSAGE", uri);
	return snprintf(out, size,
		"MESSAGE %s SIP/2.0\r\n"
		"Via: SIP/2.0/%s 127.0.0.1:%u;branch=" SIP_BRANCH
		"%x.%llx.%x;rport\r\n"
		"Max-Forwards: 70\r\n"
		"From: <sip:%s>;tag=m%llx\r\nTo: <%s>\r\n"
		"Call-ID: %llx.%u@127.0.0.1\r\nCSeq: %u MESSAGE\r\n%s"
		"Content-Type: text/plain\r\nContent-Length: %d\r\n\r\n"
		MARK "%016llx%.*s",
		uri, r->transport, r->port, r->slot,
		(unsigned long long)r->number, r->tries, r->from,
		(unsigned long long)r->number, uri,
		(unsigned long long)r->number, r->port, 1 + r->tries, login,
		r->body_n, (unsigned long long)r->number,
		r->body_n - (int)(MARK_N + MARK_HEX_N), r->filler);
}
