/* core/codec/jid.c: XMPP addresses; see jid.h. [RFC 7622 3, XEP-0106 3,
 * RFC 7247 5]
 * Called wherever an address crosses between SIP and XMPP and before a JID
 * becomes a key. It never joins a SIP host or chooses a domain.
 */
#include "core/codec/jid.h"

#include <string.h>

#include "core/base/utf8.h"
#include "core/codec/precis.h"

#define LOCAL_FORBIDDEN "\"&'/:<>@"	/* RFC 7622 3.3.1; blanks apart */

/* Clean UTF-8 without blanks and without the bytes of forbidden. */
static bool is_solid(struct str s, const char *forbidden)
{
	uint32_t code;
	size_t n;

	if (!utf8_is_clean_line(s))
		return false;
	for (; s.n > 0; s = str_from(s, n)) {
		unsigned char c = (unsigned char)s.p[0];

		n = 1;
		if (c < 0x80 && (c == ' ' || strchr(forbidden, c)))
			return false;
		if (c < 0x80)
			continue;
		n = utf8_next(s, &code);
		if (precis_is_blank(code))
			return false;
	}
	return true;
}

/* Letters, digits, "-" and "_" of ASCII, anything solid beyond it; no empty
   label. */
static bool name_ok(struct str s)
{
	struct str label;
	size_t i;

	if (!is_solid(s, ""))
		return false;
	for (i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x80 && !ch_is_alnum(c) && !strchr("-_.", c))
			return false;
	}
	if (str_ends(s, STR(".")))
		s.n--;
	if (s.n == 0)
		return false;
	while (str_split(&s, '.', &label))
		if (label.n == 0)
			return false;
	return true;
}

/* "[" IPv6 "]": which digits stand where is for the resolver to say. */
static bool ip6_ok(struct str s)
{
	size_t i;

	if (s.n < 4 || !str_ends(s, STR("]")))
		return false;
	for (i = 1; i < s.n - 1; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (!ch_is_hex(c) && c != ':' && c != '.')
			return false;
	}
	return str_find(s, ':') < s.n;
}

static int check(const struct jid *j)
{
	if (j->local.n > JID_PART_MAX || j->domain.n > JID_PART_MAX ||
	    j->resource.n > JID_PART_MAX)
		return ERR_LIMIT;
	if (!is_solid(j->local, LOCAL_FORBIDDEN) ||
	    !utf8_is_clean_line(j->resource))
		return ERR_SYNTAX;
	if (str_starts(j->domain, STR("[")) ? !ip6_ok(j->domain) :
	    !name_ok(j->domain))
		return ERR_SYNTAX;
	return 0;
}

int jid_parse(struct str s, struct jid *out)
{
	size_t slash = str_find(s, '/'), at;
	struct jid j = { .domain = str_sub(s, 0, slash) };
	int err;

	*out = (struct jid){ .local = STR_NONE };
	if (slash < s.n) {
		j.resource = str_from(s, slash + 1);
		if (j.resource.n == 0)
			return ERR_SYNTAX;
	}
	at = str_find(j.domain, '@');
	if (at < j.domain.n) {
		j.local = str_sub(j.domain, 0, at);
		j.domain = str_from(j.domain, at + 1);
		if (j.local.n == 0)
			return ERR_SYNTAX;
	}
	err = check(&j);
	if (err == 0)
		*out = j;
	return err;
}

int jid_prepare(struct arena *a, struct str s, struct jid *out)
{
	struct jid j;
	int err = jid_parse(s, &j);

	*out = (struct jid){ .local = STR_NONE };
	if (err == 0)
		err = precis_username(a, j.local, &j.local);
	if (err == 0)
		err = precis_fold(a, j.domain, &j.domain);
	/* behind folding: a dot of full width becomes one of these */
	if (str_ends(j.domain, STR(".")))
		j.domain.n--;
	if (err == 0 && str_ends(j.domain, STR(".")))
		err = ERR_SYNTAX;
	if (err == 0)
		err = precis_opaque(a, j.resource, &j.resource);
	if (err == 0)
		err = check(&j);	/* folding may lengthen and reveal */
	if (err == 0)
		*out = j;
	return err;
}

/* The characters that have an escape [XEP-0106 table 1]. */
static bool has_escape(unsigned char c)
{
	return c == ' ' || c == '\\' ||
	       (c != '\0' && strchr(LOCAL_FORBIDDEN, c));
}

static bool has_escape_7247(unsigned char c)
{
	return c == '&' || c == '\'' || c == '/';
}

/* The character that "\hh" at s.p[i] stands for, -1 when it is none of those.
   Either case of the digits: preparation would fold \5C to \5c anyway. */
static int escaped_at(struct str s, size_t i, bool (*has)(unsigned char c))
{
	int high, low;

	if (s.p[i] != '\\' || s.n - i < 3)
		return -1;
	high = ch_hex((unsigned char)s.p[i + 1]);
	low = ch_hex((unsigned char)s.p[i + 2]);
	if (high < 0 || low < 0 || !has((unsigned char)(high << 4 | low)))
		return -1;
	return high << 4 | low;
}

/* No blanks but the one that has an escape, no controls. */
static bool can_be_local(struct str s)
{
	uint32_t code;
	size_t n;

	if (!utf8_is_clean_line(s))
		return false;
	for (; s.n > 0; s = str_from(s, n)) {
		n = utf8_next(s, &code);
		if (precis_is_blank(code) && code != ' ')
			return false;
	}
	return true;
}

/* A backslash is escaped only where it would read as an escape. */
static bool must_escape(struct str user, size_t i)
{
	unsigned char c = (unsigned char)user.p[i];

	if (c == '\\')
		return escaped_at(user, i, has_escape) >= 0;
	return has_escape(c);
}

static bool must_escape_7247(struct str user, size_t i)
{
	return has_escape_7247((unsigned char)user.p[i]);
}

static int escape(struct arena *a, struct str user,
		  bool (*must)(struct str user, size_t i),
		  struct str *local_out)
{
	static const char digits[] = "0123456789abcdef";
	size_t i, at = 0, n = user.n;
	char *p;

	*local_out = STR_NONE;
	if (!can_be_local(user) || str_starts(user, STR(" ")) ||
	    str_ends(user, STR(" ")))
		return ERR_SYNTAX;
	for (i = 0; i < user.n; i++)
		n += must(user, i) ? 2 : 0;
	if (n > JID_PART_MAX)
		return ERR_LIMIT;
	p = arena_alloc(a, n + 1);
	if (!p)
		return ERR_LIMIT;
	for (i = 0; i < user.n; i++) {
		unsigned char c = (unsigned char)user.p[i];

		if (must(user, i)) {
			p[at++] = '\\';
			p[at++] = digits[c >> 4];
			p[at++] = digits[c & 15];
		} else {
			p[at++] = user.p[i];
		}
	}
	p[at] = '\0';
	*local_out = (struct str){ p, at };
	return 0;
}

int jid_escape(struct arena *a, struct str user, struct str *local_out)
{
	return escape(a, user, must_escape, local_out);
}

static int unescape(struct arena *a, struct str local,
		    bool (*has)(unsigned char c), struct str *user_out)
{
	char *p = arena_alloc(a, local.n + 1);
	size_t i, n = 0;

	*user_out = STR_NONE;
	if (!p)
		return ERR_LIMIT;
	for (i = 0; i < local.n; i++) {
		int c = escaped_at(local, i, has);

		p[n++] = c < 0 ? local.p[i] : (char)c;
		if (c >= 0)
			i += 2;
	}
	p[n] = '\0';
	*user_out = (struct str){ p, n };
	return 0;
}

int jid_unescape(struct arena *a, struct str local, struct str *user_out)
{
	return unescape(a, local, has_escape, user_out);
}

/* RFC 7247 has no escape for a backslash, so a user that already reads as one
   of its three would come back as another user: refused, like the characters
   it forgot. */
int jid_escape_7247(struct arena *a, struct str user, struct str *local_out)
{
	size_t i;

	*local_out = STR_NONE;
	for (i = 0; i < user.n; i++) {
		unsigned char c = (unsigned char)user.p[i];

		if (c == '\\' ? escaped_at(user, i, has_escape_7247) >= 0 :
		    has_escape(c) && !has_escape_7247(c))
			return ERR_SYNTAX;
	}
	return escape(a, user, must_escape_7247, local_out);
}

int jid_unescape_7247(struct arena *a, struct str local, struct str *user_out)
{
	return unescape(a, local, has_escape_7247, user_out);
}

void jid_put(struct buf *b, const struct jid *j)
{
	if (j->local.n > 0) {
		buf_put_str(b, j->local);
		buf_put_char(b, '@');
	}
	buf_put_str(b, j->domain);
	if (j->resource.n > 0) {
		buf_put_char(b, '/');
		buf_put_str(b, j->resource);
	}
}
