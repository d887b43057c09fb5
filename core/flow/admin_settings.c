/* core/flow/admin_settings.c: what the operator sets for a user: what he may,
 * what becomes of messages for him, how much is stored. One table names the
 * settings for "user set" and "user show" alike.
 */
#include <stddef.h>

#include "core/base/json.h"
#include "core/base/utf8.h"
#include "core/flow/admin_priv.h"
#include "core/participating/gruu.h"

enum { DISPLAY_MAX = 256, JSON_MAX = 65536 };

enum kind { FLAG, COUNT, BYTES, TEXT };

static const struct setting {
	const char *name;
	enum kind kind;
	size_t offset;
} settings[] = {
	{ "display", TEXT, offsetof(struct user, display) },
	{ "barred", FLAG, offsetof(struct user, is_barred) },
	{ "out-barred", FLAG, offsetof(struct user, is_out_barred) },
	{ "active", FLAG, offsetof(struct user, is_active) },
	{ "offline-delivery", FLAG,
	  offsetof(struct user, has_offline_delivery) },
	{ "store-on-busy", FLAG, offsetof(struct user, store_on_busy) },
	{ "quota-count", COUNT, offsetof(struct user, quota_count) },
	{ "quota-bytes", BYTES, offsetof(struct user, quota_bytes) },
};

enum { SETTINGS_N = sizeof(settings) / sizeof(settings[0]) };

static const struct setting *find(struct str name)
{
	size_t i;

	for (i = 0; i < SETTINGS_N; i++)
		if (str_eq(name, str_of(settings[i].name)))
			return &settings[i];
	return NULL;
}

static bool set_flag(bool *field, struct str value)
{
	if (str_eq(value, STR("yes")))
		*field = true;
	else if (str_eq(value, STR("no")))
		*field = false;
	else
		return false;
	return true;
}

/* False: the value is none for this setting. */
static bool set(struct astep *s, struct user *u, const struct setting *to,
		struct str value)
{
	void *field = (char *)u + to->offset;

	switch (to->kind) {
	case FLAG:
		return set_flag(field, value);
	case COUNT:
		return str_u32(value, field);
	case BYTES:
		return str_u64(value, field);
	case TEXT:
		if (value.n > DISPLAY_MAX || !utf8_is_clean_line(value))
			return false;
		*(struct str *)field = arena_dup(s->out->arena, value);
		return true;
	}
	return false;
}

/* "barred=yes". False: the operator was told. */
static bool set_word(struct astep *s, struct user *u, struct str word)
{
	size_t at = str_find(word, '=');
	const struct setting *to = find(str_sub(word, 0, at));

	if (!to || at == word.n) {
		admin_fail(s, CAUSE_BAD_REQUEST,
			   "settings are display, barred, out-barred, active, "
			   "offline-delivery, store-on-busy, quota-count and "
			   "quota-bytes, each with =value");
		return false;
	}
	if (!set(s, u, to, str_from(word, at + 1))) {
		admin_fail(s, CAUSE_BAD_REQUEST,
			   to->kind == FLAG ? "yes or no is expected" :
			   to->kind == TEXT ? "a short text is expected" :
					      "a number is expected");
		return false;
	}
	return true;
}

/* His facts; false: not there yet, or the operator was told (missing tells). */
static bool user_of(struct astep *s, const struct user **out)
{
	struct addr who;

	if (!admin_user(s, &who))
		return false;
	*out = fact_user(s->f, who.text, false);
	if (fact_missing(s->f))
		return false;
	if ((*out)->exists)
		return true;
	admin_fail(s, CAUSE_NOT_FOUND, "no such user");
	return false;
}

static enum step told_or_waits(const struct astep *s)
{
	return fact_missing(s->f) ? STEP_WAIT : STEP_DONE;
}

enum step verb_user_set(struct astep *s)
{
	const struct user *had;
	struct user *u;
	size_t i;

	if (!user_of(s, &had))
		return told_or_waits(s);
	u = acts_new(s->out, sizeof(*u));
	*u = *had;
	for (i = 1; i < s->n; i++)
		if (!set_word(s, u, s->w[i]))
			return STEP_DONE;
	admin_write_user(s, u, OP_USER_PUT);
	return STEP_DONE;
}

static void put_setting(struct buf *b, const struct user *u,
			const struct setting *from)
{
	const void *field = (const char *)u + from->offset;

	switch (from->kind) {
	case FLAG:
		json_key_bool(b, from->name, *(const bool *)field);
		break;
	case COUNT:
		json_key_u64(b, from->name, *(const uint32_t *)field);
		break;
	case BYTES:
		json_key_u64(b, from->name, *(const uint64_t *)field);
		break;
	case TEXT:
		json_key_str(b, from->name, *(const struct str *)field);
		break;
	}
}

enum step verb_user_show(struct astep *s)
{
	const struct user *u;
	struct buf b;
	size_t i, n = 0;

	if (!user_of(s, &u))
		return told_or_waits(s);
	for (i = 0; i < u->bindings_n; i++)
		n += u->bindings[i].expires_utc_us > s->ev->now_utc_us;
	buf_init(&b, JSON_MAX);
	json_begin_obj(&b);
	json_key_str(&b, "aor", u->aor);
	json_key_str(&b, "login", u->login);
	for (i = 0; i < SETTINGS_N; i++)
		put_setting(&b, u, &settings[i]);
	json_key_bool(&b, "has-md5", u->ha1_md5.n > 0);
	json_key_bool(&b, "has-sha256", u->ha1_sha256.n > 0);
	json_key_u64(&b, "contacts", n);
	json_key_u64(&b, "waiting", u->backlog_count);
	json_key_u64(&b, "waiting-bytes", u->backlog_bytes);
	json_end_obj(&b);
	admin_json(s, &b);
	return STEP_DONE;
}

/* ---- registrations -------------------------------------------------------- */

static void put_binding(struct astep *s, struct buf *b, const struct user *u,
			const struct binding *c)
{
	struct addr who;
	struct gruu g = { STR(""), STR("") };
	struct str rest = c->params.n ? c->params : STR_NONE, one;

	if (addr_from_uri_text(s->out->arena, u->aor, &who) == 0)
		gruu_make(fact_config(s->f), s->out->arena, &who, c, 0, &g);
	json_begin_obj(b);
	json_key_str(b, "contact", c->contact);
	json_key_i64(b, "seconds-left",
		     (c->expires_utc_us - s->ev->now_utc_us) / 1000000);
	json_key_u64(b, "q-milli", c->q_milli);
	json_key(b, "features");
	json_begin_arr(b);
	while (str_split(&rest, ';', &one))
		if (str_starts(one, STR("+")) &&
		    !str_istarts(one, STR("+sip.instance")))
			json_str(b, one);
	json_end_arr(b);
	json_key_str(b, "params", c->params);
	json_key_str(b, "instance", c->instance);
	json_key_u64(b, "reg-id", c->reg_id);
	json_key_str(b, "gruu", g.pub);
	json_key_str(b, "path", c->path);
	json_key_str(b, "flow", c->flow);
	json_key_str(b, "user-agent", c->user_agent);
	json_key_str(b, "call-id", c->call_id);
	json_key_u64(b, "cseq", c->cseq);
	json_key_bool(b, "is-plain", c->is_plain);
	json_end_obj(b);
}

enum step verb_reg_show(struct astep *s)
{
	const struct user *u;
	struct buf b;
	size_t i;

	if (!user_of(s, &u))
		return told_or_waits(s);
	buf_init(&b, JSON_MAX * 2);
	json_begin_arr(&b);
	for (i = 0; i < u->bindings_n; i++)
		if (u->bindings[i].expires_utc_us > s->ev->now_utc_us)
			put_binding(s, &b, u, &u->bindings[i]);
	json_end_arr(&b);
	admin_json(s, &b);
	return STEP_DONE;
}

/* All his contacts, or the one that is named, each of its flows. */
enum step verb_reg_rm(struct astep *s)
{
	const struct user *u;
	size_t i, n = 0;

	if (!user_of(s, &u))
		return told_or_waits(s);
	for (i = 0; i < u->bindings_n; i++) {
		struct bind_row *row;

		if (s->n > 1 && !str_eq(s->w[1], u->bindings[i].contact))
			continue;
		row = acts_new(s->out, sizeof(*row));
		row->aor = u->aor;
		row->binding = u->bindings[i];
		acts_write(s->out, OP_BIND_DROP, 0)->u.bind = row;
		n++;
	}
	if (n == 0) {
		admin_fail(s, CAUSE_NOT_FOUND, "no such contact");
		return STEP_DONE;
	}
	s->out->stored_tag = 1;
	admin_await(s, ADMIN_STORED);
	return STEP_DONE;
}
