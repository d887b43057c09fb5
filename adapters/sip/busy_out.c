/* adapters/sip/busy_out.c: a 503 for a datagram that is not parsed: the headers
 * a response repeats are copied line by line, back to whom they came from and
 * to nobody else. Only plain requests are answered so; whatever is unusual in
 * them goes the long way. [RFC 3261 8.2.6, 18.2.1; RFC 3581 4]
 */
#include "adapters/sip/sip_priv.h"

#include <arpa/inet.h>
#include <string.h>

#define RETRY_S 5u /* and up to 7 more, so that not all come back at once */

struct head {
	struct str method, via, from, to, call_id, cseq;
	struct str branch, host, port;
	struct buf vias; /* those after the first */
};

/* "SIP/2.0/UDP host:port;rport;branch=z9hG4bK..", one value. */
static bool read_via(struct head *h)
{
	struct str rest = h->via, part, value;
	size_t at;

	if (!str_istarts(rest, STR("SIP/2.0/UDP ")) ||
	    str_find(rest, ',') < rest.n || str_find(rest, '"') < rest.n)
		return false;
	rest = str_from(rest, 12);
	if (!str_split(&rest, ';', &part) || str_find(part, ' ') < part.n ||
	    str_find(part, '\t') < part.n)
		return false;
	at = str_rfind(part, ':');
	if (part.n && part.p[part.n - 1] == ']')
		at = part.n;
	h->host = str_sub(part, 0, at);
	h->port = str_from(part, at + 1);
	if (!uri_param(str_from(h->via, (size_t)(part.p - h->via.p) + part.n +
						1),
		       STR("branch"), &h->branch))
		return false;
	/* Where the answer goes must be where it came from. */
	return str_starts(h->branch, STR("z9hG4bK")) &&
	       uri_param(str_from(h->via, (size_t)(part.p - h->via.p) +
						  part.n + 1),
			 STR("rport"), &value) &&
	       value.n == 0 &&
	       str_search(h->via, STR("received=")) == h->via.n;
}

static void take_line(struct head *h, struct str name, struct str value)
{
	if (str_ieq(name, STR("Via")) || str_ieq(name, STR("v"))) {
		if (h->via.p)
			sip_put_text(&h->vias, "Via", value);
		else
			h->via = value;
	} else if (str_ieq(name, STR("From")) || str_ieq(name, STR("f"))) {
		h->from = value;
	} else if (str_ieq(name, STR("To")) || str_ieq(name, STR("t"))) {
		h->to = value;
	} else if (str_ieq(name, STR("Call-ID")) || str_ieq(name, STR("i"))) {
		h->call_id = value;
	} else if (str_ieq(name, STR("CSeq"))) {
		h->cseq = value;
	}
}

static bool read_head(struct head *h, struct str text)
{
	struct str line;
	bool is_first = true;

	while (str_split(&text, '\n', &line)) {
		size_t colon = str_find(line, ':');

		line.n -= line.n && line.p[line.n - 1] == '\r';
		if (!line.n)
			break;
		if (line.p[0] == ' ' || line.p[0] == '\t')
			return false; /* folded */
		if (is_first)
			h->method = str_sub(line, 0, str_find(line, ' '));
		else
			take_line(h, str_trim(str_sub(line, 0, colon)),
				  str_trim(str_from(line, colon + 1)));
		is_first = false;
	}
	return h->via.p && h->from.n && h->to.n && h->call_id.n &&
	       h->cseq.n && read_via(h);
}

static void put_via(struct buf *b, const struct head *h,
		    const su_sockaddr_t *from)
{
	size_t at = str_search(h->via, STR(";rport"));
	char ip[SIP_ADDR_MAX] = "";

	inet_ntop(from->su_family, SU_ADDR(from), ip, sizeof(ip));
	buf_printf(b, "Via: ");
	buf_put_str(b, str_sub(h->via, 0, at));
	buf_printf(b, ";received=%s;rport=%u", ip, ntohs(from->su_port));
	buf_put_str(b, str_from(h->via, at + 6));
	buf_printf(b, "\r\n");
}

size_t sip_busy_put(const struct sip *s, char *p, size_t n,
		    const su_sockaddr_t *from, char out[SIP_HEAD_MAX],
		    struct sip_dup_key *key_out)
{
	size_t head_n = sip_raw_head(p, n), out_n = 0;
	struct head h = { .method = STR_NONE };
	struct buf b;

	if (!head_n || head_n > SIP_HEAD_MAX)
		return 0;
	/* The check may write: it is made again when the stack parses it. */
	memcpy(out, p, head_n);
	if (sip_raw_check(out, head_n, false))
		return 0;
	buf_init(&h.vias, SIP_HEAD_MAX / 2);
	buf_init(&b, SIP_HEAD_MAX);
	if (!read_head(&h, (struct str){ p, head_n }) ||
	    str_search(h.via, STR(";rport")) == h.via.n)
		goto out;
	*key_out = sip_dup_key_of(s, h.branch, h.host, h.port, h.method);
	buf_printf(&b, "SIP/2.0 503 Service Unavailable\r\n");
	put_via(&b, &h, from);
	buf_put_str(&b, buf_str(&h.vias));
	buf_printf(&b, "From: ");
	buf_put_str(&b, h.from);
	buf_printf(&b, "\r\nTo: ");
	buf_put_str(&b, h.to);
	if (str_search(h.to, STR("tag=")) == h.to.n)
		buf_printf(&b, ";tag=%016llx", (unsigned long long)key_out->b);
	buf_printf(&b, "\r\nCall-ID: ");
	buf_put_str(&b, h.call_id);
	buf_printf(&b, "\r\nCSeq: ");
	buf_put_str(&b, h.cseq);
	buf_printf(&b,
		   "\r\nServer: " OMA_SERVER "\r\nRetry-After: %u\r\n"
		   "Content-Length: 0\r\n\r\n",
		   RETRY_S + (unsigned)(key_out->a & 7));
	if (!b.err && !h.vias.err && b.n <= SIP_HEAD_MAX) {
		memcpy(out, b.p, b.n);
		out_n = b.n;
	}
out:
	buf_free(&b);
	buf_free(&h.vias);
	return out_n;
}
