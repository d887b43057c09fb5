/* core/flow/admin_user.c: users and their registrations, for the operator.
 * Passwords come in once and leave only as HA1 hashes [RFC 7616 3.4.2].
 */
#include "core/flow/admin_priv.h"

static bool is_served(const struct config *c, struct str domain)
{
	const struct domain_conf *d = config_domain(c, domain);

	return d && d->kind == DOMAIN_SERVED;
}

bool admin_user(struct astep *s, struct addr *out)
{
	struct str text = s->w[0];

	if (str_find(text, ':') == text.n)
		text = arena_printf(s->out->arena, "sip:%.*s",
				    STR_ARG(text));
	if (addr_from_uri_text(s->out->arena, text, out) < 0 ||
	    out->kind != ADDR_USER) {
		admin_fail(s, CAUSE_BAD_REQUEST, "not a user's address");
		return false;
	}
	if (!is_served(fact_config(s->f), out->domain)) {
		admin_fail(s, CAUSE_NO_DOMAIN, "that domain is not served here");
		return false;
	}
	return true;
}

void admin_write_user(struct astep *s, struct user *u, enum store_op op)
{
	acts_write(s->out, op, 0)->u.user = u;
	s->out->stored_tag = 1;
	admin_await(s, ADMIN_STORED);
}

static void set_password(struct astep *s, struct user *u,
			 const struct addr *who, struct str password)
{
	char md5[DIGEST_HEX_MAX + 1], sha[DIGEST_HEX_MAX + 1];

	digest_ha1(DIGEST_MD5, who->user, who->domain, password, md5);
	digest_ha1(DIGEST_SHA256, who->user, who->domain, password, sha);
	u->ha1_md5 = arena_dup(s->out->arena, str_of(md5));
	u->ha1_sha256 = arena_dup(s->out->arena, str_of(sha));
}

static enum step put_user(struct astep *s, bool must_exist)
{
	const struct user *had;
	struct addr who;
	struct user *u;

	if (!admin_user(s, &who))
		return STEP_DONE;
	had = fact_user(s->f, who.text, false);
	if (fact_missing(s->f))
		return STEP_WAIT;
	if (str_empty(s->ev->u.admin->input)) {
		admin_fail(s, CAUSE_BAD_REQUEST, "a password is needed");
		return STEP_DONE;
	}
	if (had->exists != must_exist) {
		admin_fail(s, must_exist ? CAUSE_NOT_FOUND : CAUSE_CONFLICT,
			   must_exist ? "no such user" : "he exists already");
		return STEP_DONE;
	}
	u = acts_new(s->out, sizeof(*u));
	*u = *had;
	u->exists = true;
	u->aor = who.text;
	u->login = who.user;
	set_password(s, u, &who, s->ev->u.admin->input);
	admin_write_user(s, u, OP_USER_PUT);
	return STEP_DONE;
}

enum step verb_user_add(struct astep *s)
{
	return put_user(s, false);
}

enum step verb_user_passwd(struct astep *s)
{
	return put_user(s, true);
}

enum step verb_user_rm(struct astep *s)
{
	const struct user *had;
	struct addr who;
	struct user *u;

	if (!admin_user(s, &who))
		return STEP_DONE;
	had = fact_user(s->f, who.text, false);
	if (fact_missing(s->f))
		return STEP_WAIT;
	if (!had->exists) {
		admin_fail(s, CAUSE_NOT_FOUND, "no such user");
		return STEP_DONE;
	}
	u = acts_new(s->out, sizeof(*u));
	u->aor = who.text;
	admin_write_user(s, u, OP_USER_DROP);
	return STEP_DONE;
}

enum step verb_user_ls(struct astep *s)
{
	admin_list(s, "users", s->n ? s->w[0] : STR_NONE);
	return STEP_DONE;
}

enum step verb_reg_ls(struct astep *s)
{
	struct addr who;

	if (s->n == 0) {
		admin_list(s, "bindings", STR_NONE);
		return STEP_DONE;
	}
	if (admin_user(s, &who))
		admin_list(s, "bindings", who.text);
	return STEP_DONE;
}
