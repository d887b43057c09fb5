/* core/model/addr.c: the canonical form of an address, from and to the ways
 * the protocols write it; see addr.h.
 * [RFC 3261 19.1.4 and 19.1.6, RFC 3966, RFC 3323, RFC 5627, RFC 7247 5]
 * What does not tell one person from another is dropped here, once: port,
 * password, headers, every parameter but user=phone and gr. It never decides
 * whether an address is served or where it is reached: that is core/route.
 */
#include "core/model/addr.h"

#include <string.h>

#include "core/base/utf8.h"
#include "core/codec/number.h"

#define ANON_DOMAIN "anonymous.invalid"		/* RFC 3323 4.1.1.3 */
#define ANON_USER "anonymous"
#define TEMP_GRUU "tgruu."	/* what RFC 5627 A.2 and registrars in the
				   field begin an opaque, temporary one with */
#define DISPLAY_BYTES_MAX 256u	/* ours: a name that fits one screen line */
#define TEXT_BYTES_MAX 8192u	/* a URI of 2048 with every byte escaped */
#define AT_SIGN "\\40"		/* XEP-0106 */

const struct addr ADDR_ANON = {
	.kind = ADDR_ANONYMOUS,
	.text = STR_LIT("sip:" ANON_USER "@" ANON_DOMAIN),
	.user = STR_LIT(ANON_USER),
	.domain = STR_LIT(ANON_DOMAIN),
	.display = STR_LIT("Anonymous"),
};

/* Moves what was built in b into the arena. */
static int take(struct arena *a, struct buf *b, struct str *out)
{
	int err = b->err;

	if (err == 0)
		err = b->n ? arena_str(a, buf_str(b), out) :
			     arena_str(a, STR(""), out);
	buf_free(b);
	return err;
}

static int join(struct arena *a, struct str head, const char *between,
		struct str tail, struct str *out)
{
	struct buf b;

	buf_init(&b, TEXT_BYTES_MAX);
	buf_put_str(&b, head);
	buf_put_str(&b, str_of(between));
	buf_put_str(&b, tail);
	return take(a, &b, out);
}

/* Lower case, without the root's dot. */
static int take_domain(struct arena *a, struct str host, struct str *out)
{
	char *p;
	size_t i;

	if (!uri_host_ok(host))
		return ERR_SYNTAX;
	if (host.p[host.n - 1] == '.')
		host.n--;
	p = arena_alloc(a, host.n + 1);
	if (!p)
		return ERR_LIMIT;
	for (i = 0; i < host.n; i++)
		p[i] = (char)ch_lower((unsigned char)host.p[i]);
	p[host.n] = '\0';
	*out = (struct str){ p, host.n };
	return 0;
}

/* A name is decoration: what spoils a line becomes a blank or goes. */
static int take_display(struct arena *a, struct str display, struct str *out)
{
	uint32_t code;
	struct buf b;
	size_t n;
	int err = utf8_clean_text(a, str_sub(display, 0, 4 * DISPLAY_BYTES_MAX),
				  &display, NULL);

	if (err < 0)
		return err;
	buf_init(&b, TEXT_BYTES_MAX);
	for (; display.n > 0; display = str_from(display, n)) {
		n = utf8_next(display, &code);
		if (code < 0x20)
			buf_put_char(&b, ' ');
		else if (code < 0x80 || code >= 0xa0)
			buf_put(&b, display.p, n);
	}
	b.n = utf8_cut(buf_str(&b), DISPLAY_BYTES_MAX).n;
	return take(a, &b, out);
}

/* kind and text from user and domain, which are in the arena already. */
static int finish(struct arena *a, struct addr *out)
{
	struct str display = out->display, instance = out->instance;
	struct buf b;

	if (!utf8_is_clean_line(out->user) || !utf8_is_clean_line(instance))
		return ERR_SYNTAX;
	if (str_eq(out->domain, ADDR_ANON.domain)) {
		*out = ADDR_ANON;
		if (display.n > 0)
			out->display = display;
		return 0;
	}
	out->kind = out->user.n > 0 ? ADDR_USER : ADDR_DOMAIN;
	buf_init(&b, TEXT_BYTES_MAX);
	buf_put_str(&b, STR("sip:"));
	if (out->user.n > 0) {
		uri_put_user(&b, out->user);
		buf_put_char(&b, '@');
	}
	buf_put_str(&b, out->domain);
	return take(a, &b, &out->text);
}

static int finish_number(struct arena *a, const struct number *n,
			 struct addr *out)
{
	out->kind = ADDR_TEL;
	out->domain = out->instance = STR("");
	if (n->is_global) {
		int err = join(a, STR("+"), "", n->digits, &out->user);

		if (err < 0)
			return err;
	} else {
		out->user = n->digits;
	}
	return number_canon(a, n, &out->text);
}

/* The parameters of a tel: URI belong to the number, escaped like it. */
static int from_tel(struct arena *a, const struct uri *u, struct addr *out)
{
	struct str written, params;
	struct number n = { .is_global = false };
	int err = uri_unescape(a, u->user, &written);

	if (err == 0 && u->params.p) {
		err = uri_unescape(a, u->params, &params);
		if (err == 0)
			err = join(a, written, ";", params, &written);
	}
	if (err == 0)
		err = number_parse(a, written, false, &n);
	return err < 0 ? err : finish_number(a, &n, out);
}

/* The user part of user=phone. 0 when out is the number; ERR_DECLINED when it
   stays a user: digits without a context, or no number at all, which is how
   some telephones write every address. */
static int from_phone(struct arena *a, struct addr *out)
{
	struct number n;
	int err = number_parse(a, out->user, false, &n);

	if (err == 0)
		return finish_number(a, &n, out);
	if (err != ERR_SYNTAX || str_starts(out->user, STR("+")))
		return err;
	err = number_parse(a, out->user, true, &n);
	if (err == ERR_LIMIT)
		return err;
	out->is_phone = err == 0 && !n.params.p;
	return ERR_DECLINED;
}

static int take_instance(struct arena *a, struct str params, struct str *out)
{
	struct str value;
	int err;

	if (!uri_param(params, STR("gr"), &value))
		return 0;
	err = uri_unescape(a, value, out);
	if (err == 0 && str_istarts(*out, STR(TEMP_GRUU)))
		*out = STR("");
	return err;
}

static int from_sip(struct arena *a, const struct uri *u, struct addr *out)
{
	struct str value;
	int err;

	err = take_domain(a, u->host, &out->domain);
	if (err == 0 && u->user.n > 0)
		err = uri_unescape(a, u->user, &out->user);
	if (err == 0)
		err = take_instance(a, u->params, &out->instance);
	if (err < 0)
		return err;
	if (out->user.n > 0 && uri_param(u->params, STR("user"), &value) &&
	    str_ieq(value, STR("phone"))) {
		err = from_phone(a, out);
		if (err != ERR_DECLINED)
			return err;
	}
	return finish(a, out);
}

static const struct addr nobody = {
	.user = STR_LIT(""), .domain = STR_LIT(""),
	.instance = STR_LIT(""), .display = STR_LIT(""),
};

int addr_from_uri(struct arena *a, const struct uri *u, struct str display,
		  struct addr *out)
{
	struct addr r = nobody;
	int err;

	*out = (struct addr){ .kind = ADDR_NONE };
	if (u->scheme == URI_PRES)
		return ERR_UNSUPPORTED;
	r.is_secure = u->scheme == URI_SIPS;
	err = take_display(a, display, &r.display);
	if (err == 0)
		err = u->scheme == URI_TEL ? from_tel(a, u, &r) :
					     from_sip(a, u, &r);
	if (err == 0)
		*out = r;
	return err;
}

int addr_from_uri_text(struct arena *a, struct str uri, struct addr *out)
{
	struct uri u;
	int err = uri_parse(uri, &u);

	if (err < 0) {
		*out = (struct addr){ .kind = ADDR_NONE };
		return err;
	}
	return addr_from_uri(a, &u, STR(""), out);
}

int addr_of_user(struct arena *a, struct str user, struct str domain,
		 struct addr *out)
{
	struct buf b;
	int err;

	buf_init(&b, TEXT_BYTES_MAX);
	buf_put_str(&b, STR("sip:"));
	uri_put_user(&b, user);
	buf_put_char(&b, '@');
	buf_put_str(&b, domain);
	err = b.err ? b.err : addr_from_uri_text(a, buf_str(&b), out);
	buf_free(&b);
	return err;
}

static int unescape(struct arena *a, const struct addr_jid_rule *rule,
		    struct str local, struct str *out)
{
	return rule->is_strict_7247 ? jid_unescape_7247(a, local, out) :
				      jid_unescape(a, local, out);
}

static int escape(struct arena *a, const struct addr_jid_rule *rule,
		  struct str user, struct str *out)
{
	return rule->is_strict_7247 ? jid_escape_7247(a, user, out) :
				      jid_escape(a, user, out);
}

/* Position of the last escaped "@", or s.n. An escaped backslash before "40"
   reads \5c40 and does not match. */
static size_t find_at_sign(struct str s)
{
	const struct str mark = STR(AT_SIGN);
	size_t i;

	for (i = s.n; i-- > 0;)
		if (str_starts(str_from(s, i), mark))
			return i;
	return s.n;
}

int addr_from_jid(struct arena *a, const struct jid *j,
		  const struct addr_jid_rule *rule, struct addr *out)
{
	struct str local = j->local, domain = j->domain, instance = STR("");
	struct addr r = nobody;
	size_t at = local.n;
	int err = 0;

	*out = (struct addr){ .kind = ADDR_NONE };
	if (rule->is_encoded && str_ieq(domain, rule->host))
		at = find_at_sign(local);
	if (at < local.n) {
		err = unescape(a, rule, str_from(local, at + 3), &domain);
		local = str_sub(local, 0, at);
		if (err == 0 && local.n == 0)
			err = ERR_SYNTAX;
	}
	if (err == 0)
		err = take_domain(a, domain, &r.domain);
	if (err == 0 && local.n > 0)
		err = unescape(a, rule, local, &r.user);
	if (err == 0 && j->resource.n > 0)
		err = arena_str(a, j->resource, &instance);
	r.instance = instance;
	if (err == 0)
		err = finish(a, &r);
	if (err == 0)
		*out = r;
	return err;
}

/* user\40domain, the local part of somebody who lives elsewhere. */
static int encode(struct arena *a, const struct addr_jid_rule *rule,
		  const struct addr *addr, struct str *out)
{
	struct str local;
	int err;

	if (!rule->is_strict_7247) {
		err = join(a, addr->user, "@", addr->domain, &local);
		return err < 0 ? err : escape(a, rule, local, out);
	}
	err = escape(a, rule, addr->user, &local);
	return err < 0 ? err : join(a, local, AT_SIGN, addr->domain, out);
}

/* The local part at rule->host of an address of our side. */
static int own_local(struct arena *a, const struct addr *addr,
		     const struct addr_jid_rule *rule, struct str *out)
{
	bool has_at = str_find(addr->user, '@') < addr->user.n;
	bool is_there = str_ieq(addr->domain, rule->host);
	bool is_bare = addr->kind == ADDR_TEL || addr->kind == ADDR_ANONYMOUS;

	if (addr->kind == ADDR_TEL && !str_starts(addr->user, STR("+")))
		return escape(a, rule, str_from(addr->text, 4), out);
	/* a\40b of the host itself would read as a of domain b */
	if (is_bare || (is_there && !(rule->is_encoded && has_at)))
		return escape(a, rule, addr->user, out);
	if (rule->is_encoded && addr->kind == ADDR_USER)
		return encode(a, rule, addr, out);
	return ERR_DECLINED;
}

int addr_to_jid(struct arena *a, const struct addr *addr,
		const struct addr_jid_rule *rule, bool is_own,
		struct jid *out)
{
	struct jid j = { .domain = is_own ? rule->host : addr->domain,
			 .resource = addr->instance };
	int err = 0;

	*out = (struct jid){ .local = STR_NONE };
	if (addr->kind == ADDR_NONE)
		return ERR_DECLINED;
	if (!is_own && (addr->kind == ADDR_TEL ||
			addr->kind == ADDR_ANONYMOUS ||
			str_ieq(addr->domain, rule->host)))
		return ERR_DECLINED;
	if (is_own && addr->kind != ADDR_DOMAIN)
		err = own_local(a, addr, rule, &j.local);
	else if (is_own && !str_ieq(addr->domain, rule->host))
		err = ERR_DECLINED;
	else if (addr->user.n > 0)
		err = escape(a, rule, addr->user, &j.local);
	if (err < 0)
		return err;
	if (j.local.n > JID_PART_MAX || j.domain.n > JID_PART_MAX ||
	    j.resource.n > JID_PART_MAX)
		return ERR_LIMIT;
	if (!utf8_is_clean_line(j.local) || !utf8_is_clean_line(j.resource))
		return ERR_SYNTAX;
	err = arena_str(a, j.domain, &j.domain);
	if (err == 0)
		err = arena_str(a, j.resource, &j.resource);
	if (err == 0)
		*out = j;
	return err;
}

void addr_put_uri(struct buf *b, const struct addr *addr, bool with_instance)
{
	buf_put_str(b, addr->text);
	if (!with_instance || addr->instance.n == 0 || addr->kind == ADDR_TEL)
		return;
	buf_put_str(b, STR(";gr="));
	uri_put_param(b, addr->instance);
}

struct str addr_uri(struct arena *a, const struct addr *addr,
		    bool with_instance)
{
	struct str s = STR_NONE;
	struct buf b;

	buf_init(&b, 2 * TEXT_BYTES_MAX);
	addr_put_uri(&b, addr, with_instance);
	return take(a, &b, &s) < 0 ? STR_NONE : s;
}

bool addr_eq(const struct addr *a, const struct addr *b)
{
	return a->kind == b->kind && str_eq(a->text, b->text);
}

struct addr addr_dup(struct arena *a, const struct addr *addr)
{
	struct addr copy = *addr;

	copy.text = arena_dup(a, addr->text);
	copy.user = arena_dup(a, addr->user);
	copy.domain = arena_dup(a, addr->domain);
	copy.instance = arena_dup(a, addr->instance);
	copy.display = arena_dup(a, addr->display);
	return copy;
}
