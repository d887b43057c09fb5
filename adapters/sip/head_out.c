/* adapters/sip/head_out.c: typed writers of header lines. Whatever comes from
 * outside passes one of these; what cannot stand in its place sets the
 * buffer's error and nothing of it is sent. [RFC 3261 25.1]
 */
#include "adapters/sip/sip_priv.h"

#include <string.h>

#include "adapters/sip/oma_tokens.h"
#include "core/base/hash.h"
#include "core/base/utf8.h"
#include "core/codec/features.h"

static void put_name(struct buf *b, const char *name)
{
	buf_put(b, name, strlen(name));
	buf_put(b, ": ", 2);
}

static void put_end(struct buf *b)
{
	buf_put(b, "\r\n", 2);
}

/* quoted-string: only '"' and '\' need their backslash. */
void sip_put_quoted(struct buf *b, struct str text)
{
	size_t i;

	if (!utf8_is_clean_line(text)) {
		buf_fail(b, ERR_SYNTAX);
		return;
	}
	buf_put_char(b, '"');
	for (i = 0; i < text.n; i++) {
		if (text.p[i] == '"' || text.p[i] == '\\')
			buf_put_char(b, '\\');
		buf_put_char(b, text.p[i]);
	}
	buf_put_char(b, '"');
}

/* An address keeps only that it was written as sips:. */
void sip_put_uri(struct buf *b, const struct addr *addr)
{
	size_t at = b->n;
	struct str text;

	addr_put_uri(b, addr, true);
	if (b->err || !addr->is_secure)
		return;
	text = str_from(buf_str(b), at);
	if (!str_starts(text, STR("sip:")))
		return;
	buf_put_char(b, 0);
	if (b->err)
		return;
	memmove(b->p + at + 4, b->p + at + 3, b->n - at - 4);
	b->p[at + 3] = 's';
}

void sip_put_addr(struct buf *b, const char *name, const struct addr *addr,
		  const char *tag)
{
	put_name(b, name);
	if (addr->display.n && utf8_is_clean_line(addr->display)) {
		sip_put_quoted(b, addr->display);
		buf_put_char(b, ' ');
	}
	buf_put_char(b, '<');
	sip_put_uri(b, addr);
	buf_put_char(b, '>');
	if (tag) {
		buf_put_str(b, STR(";tag="));
		buf_put_str(b, str_of(tag));
	}
	put_end(b);
}

void sip_put_text(struct buf *b, const char *name, struct str text)
{
	if (!text.n)
		return;
	if (!utf8_is_clean_line(text)) {
		buf_fail(b, ERR_SYNTAX);
		return;
	}
	put_name(b, name);
	buf_put_str(b, text);
	put_end(b);
}

void sip_put_number(struct buf *b, const char *name, uint64_t n)
{
	put_name(b, name);
	buf_put_u64(b, n);
	put_end(b);
}

void sip_put_own(struct buf *b, const char *name, const char *value)
{
	put_name(b, name);
	buf_put(b, value, strlen(value));
	put_end(b);
}

static void put_preferences(struct buf *b, const char *name, struct str list)
{
	struct features f;
	struct str value;

	while (features_next_value(&list, &value)) {
		if (features_parse_preference(value, &f) < 0)
			continue;
		put_name(b, name);
		buf_put_char(b, '*');
		features_put(b, &f);
		put_end(b);
	}
}

/* They are for every server on the way, not for the first one only [RFC 3841
   7]. */
void sip_put_preferences(struct buf *b, const struct msg *m)
{
	static const struct {
		const char *word;
		unsigned bit;
	} words[] = {
		{ "no-fork", HANDLE_NO_FORK }, { "parallel", HANDLE_PARALLEL },
		{ "sequential", HANDLE_SEQUENTIAL },
		{ "no-recurse", HANDLE_NO_RECURSE }, { "queue", HANDLE_QUEUE },
		{ "no-queue", HANDLE_NO_QUEUE },
	};
	bool is_open = false;
	size_t i;

	sip_put_own(b, "Accept-Contact", OMA_ACCEPT_CONTACT);
	put_preferences(b, "Accept-Contact", m->accept_contact);
	put_preferences(b, "Reject-Contact", m->reject_contact);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!(m->handling & words[i].bit))
			continue;
		if (is_open)
			buf_put_char(b, ',');
		else
			put_name(b, "Request-Disposition");
		buf_put_str(b, str_of(words[i].word));
		is_open = true;
	}
	if (is_open)
		put_end(b);
}

static bool is_token_char(unsigned char c)
{
	return ch_is_alnum(c) || (c && strchr("-.!%*_+`'~", c));
}

/* A token, or a value of a few tokens between the marks of media types. */
void sip_put_word(struct buf *b, const char *name, struct str token)
{
	size_t i;

	if (!token.n)
		return;
	for (i = 0; i < token.n; i++) {
		unsigned char c = (unsigned char)token.p[i];

		if (!is_token_char(c) &&
		    !strchr("/;=\" ,:?&()<>@[]{}$#^|\\", c)) {
			buf_fail(b, ERR_SYNTAX);
			return;
		}
	}
	put_name(b, name);
	buf_put_str(b, token);
	put_end(b);
}

/* word of Call-ID [RFC 3261 25.1]: token characters and ()<>:\"/[]?{} */
static bool is_word(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (!is_token_char(c) && !(c && strchr("()<>:\\\"/[]?{}", c)))
			return false;
	}
	return s.n > 0;
}

bool sip_call_id_ok(struct str s)
{
	size_t at = str_find(s, '@');

	if (s.n > 255) /* ours: some stacks keep it in a small buffer */
		return false;
	if (at == s.n)
		return is_word(s);
	return is_word(str_sub(s, 0, at)) && is_word(str_from(s, at + 1));
}

void sip_random_id(struct sip *s, char out[33])
{
	uint64_t at[2] = { s->seed, ++s->count };
	uint8_t bin[16];
	unsigned i;

	for (i = 0; i < 2; i++) {
		uint64_t h = hash_key(s->seed + i + 1, at, sizeof(at));

		memcpy(bin + 8 * i, &h, 8);
	}
	hash_hex(bin, sizeof(bin), out);
}

const char *sip_phrase(struct str text, char out[SIP_PHRASE_MAX + 1])
{
	size_t i, n = 0;

	text = utf8_cut(text, SIP_PHRASE_MAX);
	if (!utf8_valid(text))
		return NULL;
	for (i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (ch_is_ctl(c))
			c = ' ';
		if (c != ' ' || (n && out[n - 1] != ' '))
			out[n++] = (char)c;
	}
	while (n && out[n - 1] == ' ')
		n--;
	out[n] = 0;
	return n && utf8_is_clean_line((struct str){ out, n }) ? out : NULL;
}
