/* core/flow/admin_senders.c: from whom a user takes messages, for the operator:
 *
 *   user block bob@sip.example "*@spam.example"     refuses them from now on
 *   user allow bob@sip.example boss@corp.example    takes these and no others
 *   user unblock ..., user disallow ...             takes the entry out
 *   user block bob@sip.example                      shows what is in force
 */
#include "core/flow/admin_priv.h"
#include "core/route/senders.h"

static void show(struct astep *s, const struct user *u)
{
	struct str text = u->senders, pattern;
	enum senders_verb verb;
	struct buf b;

	buf_init(&b, 65536);
	json_begin_arr(&b);
	while (senders_next(&text, &verb, &pattern)) {
		json_begin_obj(&b);
		json_key_text(&b, "does", verb == SENDERS_DENY ? "block" :
								 "allow");
		json_key_str(&b, "from", pattern);
		json_end_obj(&b);
	}
	json_end_arr(&b);
	admin_json(s, &b);
}

static void fail(struct astep *s, int err)
{
	if (err == ERR_GONE)
		admin_fail(s, CAUSE_NOT_FOUND, "there is no such entry");
	else if (err == ERR_SYNTAX)
		admin_fail(s, CAUSE_BAD_REQUEST, "not a pattern of addresses");
	else
		admin_fail(s, CAUSE_TOO_LARGE, "the list is full");
}

static enum step change(struct astep *s, enum senders_verb verb, bool is_more)
{
	const struct user *had;
	struct str text;
	struct addr who;
	struct user *u;
	int err = 0;
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
	text = had->senders.p ? had->senders : STR("");
	for (i = 1; i < s->n && err == 0; i++)
		err = is_more ? senders_add(s->out->arena, text, verb,
					    s->w[i], &text) :
				senders_remove(s->out->arena, text, verb,
					       s->w[i], &text);
	if (err < 0) {
		fail(s, err);
		return STEP_DONE;
	}
	u = acts_new(s->out, sizeof(*u));
	*u = *had;
	u->senders = text;
	admin_write_user(s, u, OP_USER_PUT);
	return STEP_DONE;
}

enum step verb_user_block(struct astep *s)
{
	return change(s, SENDERS_DENY, true);
}

enum step verb_user_unblock(struct astep *s)
{
	return change(s, SENDERS_DENY, false);
}

enum step verb_user_allow(struct astep *s)
{
	return change(s, SENDERS_ALLOW, true);
}

enum step verb_user_disallow(struct astep *s)
{
	return change(s, SENDERS_ALLOW, false);
}
