/* core/route/rewrite.c: see rewrite.h. Called for the rules of route_choose()
 * and by the check of the configuration.
 */
#include "core/route/rewrite.h"

#define RESULT_BYTES_MAX 8192u	/* uri_parse() takes 2048 of them */

/* Digits of a number without "+": absent when it is none. */
static struct str digits_of(const struct addr *addr)
{
	struct str s = addr->user;
	size_t i;

	if (str_starts(s, STR("+")))
		s = str_from(s, 1);
	for (i = 0; i < s.n; i++)
		if (!ch_is_digit((unsigned char)s.p[i]))
			return STR_NONE;
	return s.n ? s : STR_NONE;
}

/* The value of the placeholder at the front of *s, which is taken off. */
static int take_value(struct str *s, const struct addr *addr, bool is_host,
		      struct str *value_out)
{
	static const struct str names[] = {
		STR_LIT("{user}"), STR_LIT("{domain}"), STR_LIT("{digits}"),
	};
	const struct str values[] = { addr->user, addr->domain,
				      digits_of(addr) };
	size_t i;

	for (i = 0; i < 3; i++) {
		if (!str_starts(*s, names[i]))
			continue;
		/* Only a domain is sure to be fit for a host. */
		if (is_host != (i == 1))
			return ERR_SYNTAX;
		*s = str_from(*s, names[i].n);
		*value_out = values[i];
		return values[i].n ? 0 : ERR_DECLINED;
	}
	return ERR_SYNTAX;
}

static int fill(struct buf *b, struct str s, const struct addr *addr,
		bool is_host)
{
	struct str value;
	int err;

	while (s.n > 0) {
		/* A ":" would begin a password; no other scheme is known. */
		if (*s.p == '}' || (*s.p == ':' && !is_host))
			return ERR_SYNTAX;
		if (*s.p != '{') {
			buf_put_char(b, *s.p);
			s = str_from(s, 1);
			continue;
		}
		err = take_value(&s, addr, is_host, &value);
		if (err < 0)
			return err;
		if (is_host)
			buf_put_str(b, value);
		else
			uri_put_user(b, value);
	}
	return b->err;
}

static int build(struct buf *b, struct str s, const struct addr *addr)
{
	bool is_tel = str_istarts(s, STR("tel:"));
	size_t at;
	int err;

	if (is_tel || str_istarts(s, STR("sip:")))
		s = str_from(s, 4);
	at = str_rfind(s, '@');
	if (is_tel || at == s.n) {
		if (!is_tel && !str_starts(s, STR("+")))
			return ERR_SYNTAX;
		buf_put_str(b, STR("tel:"));
		return fill(b, s, addr, false);
	}
	buf_put_str(b, STR("sip:"));
	err = fill(b, str_sub(s, 0, at), addr, false);
	if (err < 0)
		return err;
	buf_put_char(b, '@');
	return fill(b, str_from(s, at + 1), addr, true);
}

int rewrite_addr(struct arena *a, struct str template_text,
		 const struct addr *addr, struct addr *out)
{
	struct addr r;
	struct buf b;
	int err;

	*out = (struct addr){ .kind = ADDR_NONE };
	buf_init(&b, RESULT_BYTES_MAX);
	err = build(&b, template_text, addr);
	if (err == 0)
		err = addr_from_uri_text(a, buf_str(&b), &r);
	buf_free(&b);
	if (err < 0)
		return err;
	r.display = addr->display;
	r.is_secure = addr->is_secure;
	if (r.kind == ADDR_USER || r.kind == ADDR_DOMAIN)
		r.instance = addr->instance;
	*out = r;
	return 0;
}
