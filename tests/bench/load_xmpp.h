/* tests/bench/load_xmpp.h: just enough of an XMPP component for a load
 * generator: the handshake, message stanzas out, and the numbers of those
 * that come in. [XEP-0114]
 */
#pragma once

#include "core/base/hash.h"
#include "tests/bench/load_conn.h"

/* Reads until the text is there; blocking, before the load begins. */
static inline void xmpp_wait(struct conn *c, const char *text)
{
	int64_t until = now_us() + 10 * 1000000;

	while (!memmem(c->in, c->in_n, text, strlen(text))) {
		ssize_t n = recv(c->fd, c->in + c->in_n, 65536 - c->in_n, 0);

		if (n > 0)
			c->in_n += (size_t)n;
		else if (n == 0 || (errno != EAGAIN && errno != EINTR))
			fail("the XMPP server closed the stream");
		else if (now_us() > until)
			fail("the XMPP server does not answer");
		else
			usleep(1000);
	}
}

static inline void xmpp_login(struct conn *c, const char *domain,
			      const char *secret)
{
	char text[512], id[128], hex[2 * HASH_SHA1_N + 1];
	uint8_t sum[HASH_SHA1_N];
	const char *at, *end;
	char quote;

	conn_put(c, snprintf(conn_room(c), CONN_DGRAM_MAX,
			     "<?xml version='1.0'?><stream:stream "
			     "xmlns='jabber:component:accept' xmlns:stream="
			     "'http://etherx.jabber.org/streams' to='%s'>",
			     domain));
	conn_flush(c);
	xmpp_wait(c, " id=");
	usleep(10000);
	xmpp_wait(c, ">");
	at = (const char *)memmem(c->in, c->in_n, " id=", 4) + 4;
	quote = *at++;
	end = memchr(at, quote, c->in_n - (size_t)(at - c->in));
	if (!end || (size_t)(end - at) >= sizeof(id))
		fail("the XMPP stream has no id");
	snprintf(text, sizeof(text), "%.*s%s", (int)(end - at), at, secret);
	hash_sha1((struct str){ text, strlen(text) }, sum);
	hash_hex(sum, sizeof(sum), hex);
	c->in_n = 0;
	conn_put(c, snprintf(conn_room(c), CONN_DGRAM_MAX,
			     "<handshake>%s</handshake>", hex));
	conn_flush(c);
	xmpp_wait(c, "<handshake");
	c->in_n = 0;
}

static inline int xmpp_put_message(char *out, size_t size, const char *from,
				   const char *to, uint64_t number, int body_n,
				   const char *filler)
{
	return snprintf(out, size,
			"<message from='%s/load' to='%s' id='m%llx' "
			"type='chat'><body>" MARK "%016llx%.*s</body></message>",
			from, to, (unsigned long long)number,
			(unsigned long long)number,
			body_n - (int)(MARK_N + MARK_HEX_N), filler);
}

enum xmpp_kind { XMPP_OTHER, XMPP_MESSAGE, XMPP_ERROR };

/* The first stanza that matters in p: bytes used up to its end, 0: not all of
   it is there. Whatever else comes is skipped. */
static inline int64_t xmpp_frame(const char *p, size_t n, enum xmpp_kind *kind,
				 uint64_t *number_out)
{
	const char *end = memmem(p, n, "</message>", 10);
	const char *id;
	size_t k;

	*kind = XMPP_OTHER;
	if (!end)
		return 0;
	k = (size_t)(end - p) + 10;
	if (memmem(p, k, "type='error'", 12) ||
	    memmem(p, k, "type=\"error\"", 12)) {
		id = memmem(p, k, "id='m", 5);
		if (!id)
			id = memmem(p, k, "id=\"m", 5);
		if (id) {
			*number_out = strtoull(id + 5, NULL, 16);
			*kind = XMPP_ERROR;
		}
	} else if (mark_find(p, k, number_out)) {
		*kind = XMPP_MESSAGE;
	}
	return (int64_t)k;
}
