/* core/flow/admin_profile.c: what a user tells of himself, for the operator:
 *
 *   user profile bob@sip.example                      shows it
 *   user profile bob@sip.example name="Bob B" email=  sets and clears
 */
#include "core/flow/admin_priv.h"
#include "core/model/profile.h"

static void show(struct astep *s, const struct user *u)
{
	struct profile p;
	struct buf b;
	size_t i;

	profile_unpack(u->display, u->profile, &p);
	buf_init(&b, 65536);
	json_begin_obj(&b);
	json_key_str(&b, "aor", u->aor);
	for (i = 0; i < PROFILE_FIELDS_N; i++)
		if (p.v[i].n > 0)
			json_key_str(&b,
				     profile_field_name((enum profile_field)i),
				     p.v[i]);
	json_end_obj(&b);
	admin_json(s, &b);
}

/* False: the operator was told what is wrong. */
static bool set_one(struct astep *s, struct str word, struct profile *p)
{
	size_t at = str_find(word, '=');
	struct str value = str_from(word, at + 1);
	enum profile_field f = profile_field_by_name(str_sub(word, 0, at));
	bool is_known = at < word.n && f < PROFILE_FIELDS_N;
	struct str text;

	if (is_known && profile_value_ok(f, value)) {
		p->v[f] = value;
		return true;
	}
	text = arena_printf(s->out->arena, is_known ?
			    "that cannot be: %.*s" :
			    "no field of a profile: %.*s", STR_ARG(word));
	admin_fail(s, CAUSE_BAD_REQUEST, text.p);
	return false;
}

enum step verb_user_profile(struct astep *s)
{
	const struct user *had;
	struct profile p;
	struct addr who;
	struct user *u;
	size_t i;

	if (!admin_user(s, &who))
		return STEP_DONE;
	had = fact_user(s->f, who.text, false);
	if (fact_missing(s->f))
		return STEP_WAIT;
	if (!had->exists) {
		admin_fail(s, CAUSE_NOT_FOUND, "no such user");
		return STEP_DONE;
	}
	if (s->n == 1) {
		show(s, had);
		return STEP_DONE;
	}
	profile_unpack(had->display, had->profile, &p);
	for (i = 1; i < s->n; i++)
		if (!set_one(s, s->w[i], &p))
			return STEP_DONE;
	u = acts_new(s->out, sizeof(*u));
	*u = *had;
	u->display = p.v[PROFILE_NAME];
	u->profile = profile_pack(s->out->arena, &p);
	admin_write_user(s, u, OP_USER_PUT);
	return STEP_DONE;
}
