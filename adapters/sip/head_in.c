/* adapters/sip/head_in.c: header fields to model. What cannot be carried as it
 * is (controls, bytes that are no UTF-8, broken URIs) is refused with 400,
 * never repaired: these are addresses and ids. Text bodies are another matter,
 * see body_in.c.
 */
#include "adapters/sip/sip_priv.h"

#include <string.h>

#include "adapters/sip/oma_tokens.h"
#include "core/codec/features.h"

struct str sip_url_text(const url_t *url, char out[SIP_URI_MAX + 1])
{
	issize_t n = url_e(out, SIP_URI_MAX + 1, url);

	if (n <= 0 || n > SIP_URI_MAX)
		return STR_NONE;
	return (struct str){ out, (size_t)n };
}

static enum cause cause_of(int err)
{
	switch (err) {
	case 0:
		return CAUSE_NONE;
	case ERR_UNSUPPORTED:
		return CAUSE_SCHEME_UNSUPPORTED;
	case ERR_LIMIT:
		return CAUSE_URI_TOO_LONG;
	default:
		return CAUSE_BAD_REQUEST;
	}
}

enum cause sip_read_line(struct arena *a, const char *text, size_t max,
			 struct str *out)
{
	struct str s = str_trim(str_of(text ? text : ""));

	*out = STR("");
	if (s.n > max || !utf8_is_clean_line(s))
		return CAUSE_BAD_REQUEST;
	if (s.n && arena_str(a, s, out) < 0)
		return CAUSE_TOO_LARGE;
	return CAUSE_NONE;
}

enum cause sip_read_url(struct arena *a, const url_t *url, struct str display,
			struct addr *out)
{
	char text[SIP_URI_MAX + 1];
	struct str kept, s = sip_url_text(url, text);
	struct uri u;
	int rc;

	if (!s.p)
		return CAUSE_URI_TOO_LONG;
	if (arena_str(a, s, &kept) < 0)
		return CAUSE_TOO_LARGE;
	rc = uri_parse(kept, &u);
	if (rc == 0)
		rc = addr_from_uri(a, &u, display, out);
	return cause_of(rc);
}

/* quoted-string or tokens, as the stack keeps the display name. */
static enum cause read_display(struct arena *a, const char *display,
			       struct str *out)
{
	struct str s = str_trim(str_of(display ? display : ""));
	size_t i, n = 0;
	char *p;

	*out = STR("");
	if (!s.n)
		return CAUSE_NONE;
	if (s.n > 512 || !(p = arena_alloc(a, s.n)))
		return CAUSE_BAD_REQUEST;
	if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"') {
		s = str_sub(s, 1, s.n - 2);
		for (i = 0; i < s.n; i++) {
			if (s.p[i] == '\\' && i + 1 < s.n)
				i++;
			p[n++] = s.p[i];
		}
	} else {
		memcpy(p, s.p, s.n);
		n = s.n;
	}
	*out = (struct str){ p, n };
	return utf8_is_clean_line(*out) ? CAUSE_NONE : CAUSE_BAD_REQUEST;
}

enum cause sip_read_name_addr(struct arena *a, const char *display,
			      const url_t *url, struct addr *out)
{
	struct str name;
	enum cause c = read_display(a, display, &name);

	return c != CAUSE_NONE ? c : sip_read_url(a, url, name, out);
}

static bool lists(const msg_list_t *l, const char *tag)
{
	size_t i;

	for (i = 0; l && l->k_items && l->k_items[i]; i++)
		if (strcasecmp(l->k_items[i], tag) == 0)
			return true;
	return false;
}

bool sip_is_unreadable(const sip_t *sip, const char *name)
{
	const sip_error_t *e;

	for (e = sip->sip_error; e; e = e->er_next)
		if (e->er_name && strcasecmp(e->er_name, name) == 0)
			return true;
	return false;
}

bool sip_can(const sip_t *sip, const char *tag)
{
	return lists(sip->sip_supported, tag) || lists(sip->sip_require, tag);
}

bool sip_knows_option(const char *tag)
{
	static const char *const ours[] = { "path", "gruu", "outbound",
					    "privacy" };
	size_t i;

	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (strcasecmp(tag, ours[i]) == 0)
			return true;
	return false;
}

const char *sip_read_unknown(const sip_t *sip, const char *name)
{
	const sip_unknown_t *u;

	for (u = sip->sip_unknown; u; u = u->un_next)
		if (u->un_name && strcasecmp(u->un_name, name) == 0)
			return u->un_value;
	return NULL;
}

/* The first of a comma-separated list of name-addrs. */
static struct str first_value(struct str s)
{
	bool in_quotes = false, in_angle = false;
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (in_quotes && s.p[i] == '\\')
			i++;
		else if (s.p[i] == '"' && !in_angle)
			in_quotes = !in_quotes;
		else if (!in_quotes && s.p[i] == '<')
			in_angle = true;
		else if (!in_quotes && s.p[i] == '>')
			in_angle = false;
		else if (s.p[i] == ',' && !in_quotes && !in_angle)
			break;
	}
	return str_trim(str_sub(s, 0, i));
}

/* P-Asserted-Identity and P-Preferred-Identity [RFC 3325 9]. */
static enum cause read_identity(struct sip_in *in, struct arena *a,
				const char *name, struct addr *out)
{
	const char *value = sip_read_unknown(in->sip, name);
	struct str display, params, s;
	struct uri u;
	int rc;

	if (!value)
		return CAUSE_NONE;
	s = first_value(str_of(value));
	if (!utf8_is_clean_line(s))
		return CAUSE_BAD_REQUEST;
	s = arena_dup(a, s);
	rc = s.p ? uri_name_addr(a, s, &display, &u, &params) : ERR_LIMIT;
	if (rc == 0)
		rc = addr_from_uri(a, &u, display, out);
	return cause_of(rc);
}

static bool is_one_of(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (strcasecmp(word, *list) == 0)
			return true;
	return false;
}

/* ---- caller preferences [RFC 3841 10] -------------------------------------- */

/* Says no more than that the message is one: the rule of this service. */
static bool is_plain_im(const struct features *f)
{
	return f->n == 1 && !f->is_required && !f->is_explicit &&
	       str_ieq(f->list[0].name, str_from(STR(OMA_TAG_IM), 1)) &&
	       str_eq(f->list[0].values, STR("TRUE"));
}

/* The values that can be read, written our way; the others are no preference,
   nor is what is too much of it. */
static struct str read_preferences(struct arena *a,
				   const sip_caller_prefs_t *cp)
{
	struct features f;
	struct str s = STR("");
	struct buf all, one;
	size_t i;

	buf_init(&all, MSG_PREFERENCE_MAX);
	for (; cp && !all.err; cp = cp->cp_next) {
		buf_init(&one, FEATURES_TEXT_MAX);
		buf_put_char(&one, '*');
		for (i = 0; cp->cp_params && cp->cp_params[i]; i++) {
			buf_put_char(&one, ';');
			buf_put_str(&one, str_of(cp->cp_params[i]));
		}
		if (!one.err &&
		    features_parse_preference(buf_str(&one), &f) == 0 &&
		    f.n > 0 && !is_plain_im(&f)) {
			buf_put_str(&all, all.n ? STR(", *") : STR("*"));
			features_put(&all, &f);
		}
		buf_free(&one);
	}
	if (!all.err && all.n)
		s = arena_dup(a, buf_str(&all));
	buf_free(&all);
	return s;
}

/* Request-Disposition; what contradicts what came before does not count
   [RFC 3841 9.1]. */
static unsigned read_handling(const sip_request_disposition_t *rd)
{
	static const struct {
		const char *word;
		unsigned bit, group;
	} words[] = {
		{ "fork", 0, HANDLE_NO_FORK },
		{ "no-fork", HANDLE_NO_FORK, HANDLE_NO_FORK },
		{ "parallel", HANDLE_PARALLEL,
		  HANDLE_PARALLEL | HANDLE_SEQUENTIAL },
		{ "sequential", HANDLE_SEQUENTIAL,
		  HANDLE_PARALLEL | HANDLE_SEQUENTIAL },
		{ "recurse", 0, HANDLE_NO_RECURSE },
		{ "no-recurse", HANDLE_NO_RECURSE, HANDLE_NO_RECURSE },
		{ "queue", HANDLE_QUEUE, HANDLE_QUEUE | HANDLE_NO_QUEUE },
		{ "no-queue", HANDLE_NO_QUEUE,
		  HANDLE_QUEUE | HANDLE_NO_QUEUE },
	};
	unsigned bits = 0, said = 0;
	size_t i, k;

	for (i = 0; rd && rd->rd_items && rd->rd_items[i]; i++)
		for (k = 0; k < sizeof(words) / sizeof(words[0]); k++) {
			if (strcasecmp(rd->rd_items[i], words[k].word) != 0 ||
			    (said & words[k].group))
				continue;
			bits |= words[k].bit;
			said |= words[k].group;
		}
	return bits;
}

void sip_read_preferences(const sip_t *sip, struct msg *m)
{
	m->accept_contact = read_preferences(m->arena, sip->sip_accept_contact);
	m->reject_contact = read_preferences(m->arena, sip->sip_reject_contact);
	m->handling = read_handling(sip->sip_request_disposition);
}

/* Anything but none hides the caller [RFC 3323 4.2]; so does a From that hides
   him already. Nothing of his headers and of a session goes on but what the
   model holds, so all kinds come to the same. What we do not know we cannot
   provide: that matters when it is critical [RFC 3323 5]. */
static enum cause read_privacy(const sip_t *sip, struct origin *o)
{
	static const char *const kinds[] = { "id", "header", "user", "session",
					     "history", NULL };
	static const char *const others[] = { "none", "critical", NULL };
	const sip_privacy_t *p = sip->sip_privacy;
	bool is_critical = false, is_unknown = false;
	size_t i;

	o->wants_privacy = o->claimed.kind == ADDR_ANONYMOUS;
	for (i = 0; p && p->priv_values && p->priv_values[i]; i++) {
		const char *word = p->priv_values[i];

		if (is_one_of(word, kinds))
			o->wants_privacy = true;
		else if (!is_one_of(word, others))
			is_unknown = true;
		is_critical = is_critical || strcasecmp(word, "critical") == 0;
	}
	return is_unknown && is_critical ? CAUSE_SERVER_ERROR : CAUSE_NONE;
}

enum cause sip_read_origin(struct sip_in *in, struct arena *a, struct origin *o)
{
	const sip_t *sip = in->sip;
	enum cause c;

	o->proto = PROTO_SIP;
	o->link = in->peer ? in->peer->id : 0;
	o->is_trusted = in->is_trusted;
	o->is_secure = tport_has_tls(in->tport);
	o->is_reliable = tport_is_reliable(in->tport);
	o->source = arena_dup(a, str_of(in->source));
	o->method = arena_dup(a, str_of(sip->sip_request->rq_method_name));
	c = sip_read_name_addr(a, sip->sip_from->a_display,
			       sip->sip_from->a_url, &o->claimed);
	if (c == CAUSE_NONE)
		c = read_privacy(sip, o);
	/* What a client asserts about himself is not passed on [CP03]. */
	if (c == CAUSE_NONE && in->is_trusted)
		c = read_identity(in, a, "P-Asserted-Identity", &o->asserted);
	if (c == CAUSE_NONE)
		c = read_identity(in, a, "P-Preferred-Identity", &o->preferred);
	if (c == CAUSE_NONE)
		c = sip_auth_read(in, a, o);
	return c == CAUSE_NONE && arena_err(a) ? CAUSE_TOO_LARGE : c;
}
