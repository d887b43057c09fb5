/* core/base/json.c: see json.h. */
#include "core/base/json.h"

#include <string.h>

#include "core/base/utf8.h"

/* A value or key follows: does a comma belong before it? Strings end with a
   quote, so these bytes are only ever punctuation of ours. A line end before
   the value (one text per line) needs none either. */
static void put_comma(struct buf *b)
{
	if (b->err || b->n == 0)
		return;
	if (!memchr("{[:,\n", b->p[b->n - 1], 5))
		buf_put_char(b, ',');
}

static void put_u_escape(struct buf *b, uint32_t code)
{
	unsigned char two[2] = { (unsigned char)(code >> 8),
				 (unsigned char)code };

	buf_put(b, "\\u", 2);
	buf_put_hex(b, two, 2);
}

static bool needs_u_escape(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code <= 0x9f) ||
	       (code >= 0x200e && code <= 0x200f) || /* bidi marks */
	       (code >= 0x2028 && code <= 0x202e) || /* separators, bidi */
	       (code >= 0x2066 && code <= 0x2069) || /* bidi isolates */
	       code == 0xfeff;
}

static void put_char(struct buf *b, struct str s, size_t n, uint32_t code)
{
	if (n == 0) {
		buf_put(b, "\xef\xbf\xbd", 3); /* U+FFFD */
	} else if (code == '"' || code == '\\') {
		buf_put_char(b, '\\');
		buf_put_char(b, (char)code);
	} else if (code == '\n') {
		buf_put(b, "\\n", 2);
	} else if (code == '\t') {
		buf_put(b, "\\t", 2);
	} else if (code == '\r') {
		buf_put(b, "\\r", 2);
	} else if (needs_u_escape(code)) {
		put_u_escape(b, code);
	} else {
		buf_put(b, s.p, n);
	}
}

/* Printable ASCII that needs no escape is copied in runs. */
static size_t plain_run(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
			break;
	}
	return i;
}

static void put_quoted(struct buf *b, struct str s)
{
	buf_put_char(b, '"');
	while (s.n > 0 && !b->err) {
		size_t run = plain_run(s);
		uint32_t code = 0;
		size_t n;

		buf_put(b, s.p, run);
		s = str_from(s, run);
		if (s.n == 0)
			break;
		n = utf8_next(s, &code);
		put_char(b, s, n, code);
		s = str_from(s, n ? n : 1);
	}
	buf_put_char(b, '"');
}

void json_begin_obj(struct buf *b)
{
	put_comma(b);
	buf_put_char(b, '{');
}

void json_end_obj(struct buf *b)
{
	buf_put_char(b, '}');
}

void json_begin_arr(struct buf *b)
{
	put_comma(b);
	buf_put_char(b, '[');
}

void json_end_arr(struct buf *b)
{
	buf_put_char(b, ']');
}

void json_key(struct buf *b, const char *key)
{
	put_comma(b);
	put_quoted(b, str_of(key));
	buf_put_char(b, ':');
}

void json_str(struct buf *b, struct str s)
{
	if (!s.p) {
		json_nil(b);
		return;
	}
	put_comma(b);
	put_quoted(b, s);
}

void json_text(struct buf *b, const char *cstr)
{
	json_str(b, str_of(cstr));
}

void json_i64(struct buf *b, int64_t v)
{
	put_comma(b);
	buf_put_i64(b, v);
}

void json_u64(struct buf *b, uint64_t v)
{
	put_comma(b);
	buf_put_u64(b, v);
}

void json_id(struct buf *b, uint64_t v)
{
	put_comma(b);
	buf_put_char(b, '"');
	buf_put_u64(b, v);
	buf_put_char(b, '"');
}

void json_bool(struct buf *b, bool v)
{
	put_comma(b);
	buf_put_str(b, v ? STR("true") : STR("false"));
}

void json_nil(struct buf *b)
{
	put_comma(b);
	buf_put_str(b, STR("null"));
}

void json_raw(struct buf *b, struct str json)
{
	if (json.n == 0) {
		json_nil(b);
		return;
	}
	put_comma(b);
	buf_put_str(b, json);
}

void json_key_str(struct buf *b, const char *key, struct str s)
{
	json_key(b, key);
	json_str(b, s);
}

void json_key_text(struct buf *b, const char *key, const char *cstr)
{
	json_key(b, key);
	json_text(b, cstr);
}

void json_key_i64(struct buf *b, const char *key, int64_t v)
{
	json_key(b, key);
	json_i64(b, v);
}

void json_key_u64(struct buf *b, const char *key, uint64_t v)
{
	json_key(b, key);
	json_u64(b, v);
}

void json_key_id(struct buf *b, const char *key, uint64_t v)
{
	json_key(b, key);
	json_id(b, v);
}

void json_key_bool(struct buf *b, const char *key, bool v)
{
	json_key(b, key);
	json_bool(b, v);
}
