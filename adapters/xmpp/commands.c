/* adapters/xmpp/commands.c: see commands.h.
 *
 *   register    form -> confirmation -> core -> done      (back and forth)
 *   unregister  confirmation -> core -> done
 *   address     form -> core -> the JID
 */
#include "adapters/xmpp/commands.h"

#include <string.h>

#include "adapters/xmpp/disco.h"
#include "adapters/xmpp/form.h"
#include "adapters/xmpp/register.h"
#include "core/base/hash.h"
#include "core/base/list.h"
#include "core/base/mem.h"

enum command { REGISTER, UNREGISTER, ADDRESS, COMMANDS_N };
enum verb { EXECUTE, NEXT, PREV, COMPLETE, CANCEL, ACTIONS_N };
enum { SESSION_HEX = 16 };

static const struct {
	const char *node, *name;
	bool needs_registration;
} table[COMMANDS_N] = {
	[REGISTER] = { "register", "Register with the gateway", true },
	[UNREGISTER] = { "unregister", "Withdraw the registration", true },
	[ADDRESS] = { "address", "Find the address of a person", false },
};

static const char *const actions[ACTIONS_N] = {
	"execute", "next", "prev", "complete", "cancel",
};

struct session {
	struct list_link link;
	enum command command;
	unsigned step;			/* 0: its first form is out */
	int64_t until_ms;
	char id[SESSION_HEX + 1];
	char *owner;			/* full JID */
	char name[PROFILE_VALUE_MAX + 1], email[PROFILE_VALUE_MAX + 1];
};

struct commands {
	struct list_link sessions;	/* oldest first */
	size_t n;
	uint64_t seed, made;
};

/* What a step works on. */
struct cmd {
	struct commands *c;
	struct buf *b;
	struct arena *a;
	const struct stanza_ctx *ctx;
	const struct stanza_ends *ends;
	const struct xml_node *iq, *command;
	struct session *s;
	struct iq_ask *ask;
};

struct commands *commands_new(uint64_t seed)
{
	struct commands *c = mem_zalloc(sizeof(*c));

	list_init(&c->sessions);
	c->seed = seed;
	return c;
}

static void session_free(struct commands *c, struct session *s)
{
	list_del(&s->link);
	c->n--;
	mem_free(s->owner);
	mem_free(s);
}

void commands_free(struct commands *c)
{
	if (!c)
		return;
	while (!list_empty(&c->sessions))
		session_free(c, list_of(c->sessions.next, struct session,
					link));
	mem_free(c);
}

size_t commands_count(const struct commands *c)
{
	return c->n;
}

const char *commands_node(size_t i)
{
	return i < COMMANDS_N ? table[i].node : NULL;
}

static enum command command_by_node(struct str node)
{
	size_t i;

	for (i = 0; i < COMMANDS_N; i++)
		if (str_eq(node, str_of(table[i].node)))
			break;
	return (enum command)i;
}

const char *commands_name(const struct stanza_ctx *ctx,
			  const struct jid *asker, struct str node)
{
	enum command i = command_by_node(node);

	if (i == COMMANDS_N || (table[i].needs_registration &&
				!disco_has_registration(ctx, asker)))
		return NULL;
	return table[i].name;
}

/* ---- sessions ------------------------------------------------------------- */

static struct str bare_of(struct str jid)
{
	return str_sub(jid, 0, str_find(jid, '/'));
}

static void drop_old(struct commands *c, int64_t now_ms)
{
	struct list_link *it, *tmp;

	list_each(it, tmp, &c->sessions) {
		struct session *s = list_of(it, struct session, link);

		if (s->until_ms <= now_ms)
			session_free(c, s);
	}
}

/* NULL: he, or all together, have too many. */
static struct session *session_new(struct cmd *k, enum command command)
{
	struct str owner = stanza_jid(k->a, &k->ends->from, false);
	struct commands *c = k->c;
	struct list_link *it, *tmp;
	struct session *s;
	unsigned his = 0;
	uint64_t id;

	drop_old(c, k->ctx->now_ms);
	list_each(it, tmp, &c->sessions)
		his += str_eq(bare_of(str_of(list_of(it, struct session,
						     link)->owner)),
			      bare_of(owner));
	if (c->n >= COMMANDS_MAX || his >= COMMANDS_EACH_MAX)
		return NULL;
	s = mem_zalloc(sizeof(*s));
	s->command = command;
	s->until_ms = k->ctx->now_ms + COMMANDS_LIFE_MS;
	id = hash_key(c->seed, &c->made, sizeof(c->made));
	c->made++;
	hash_hex((const uint8_t *)&id, sizeof(id), s->id);
	s->owner = mem_zalloc(owner.n + 1);
	memcpy(s->owner, owner.p, owner.n);
	list_add(&c->sessions, &s->link);
	c->n++;
	return s;
}

static struct session *session_find(struct cmd *k, struct str id)
{
	struct str owner = stanza_jid(k->a, &k->ends->from, false);
	struct list_link *it, *tmp;

	list_each(it, tmp, &k->c->sessions) {
		struct session *s = list_of(it, struct session, link);

		if (str_eq(str_of(s->id), id) &&
		    str_eq(str_of(s->owner), owner))
			return s;
	}
	return NULL;
}

/* ---- answers -------------------------------------------------------------- */

static void refuse(struct cmd *k, enum cause cause, const char *detail)
{
	const struct stanza_error e = { .cause = cause,
					.by = k->ctx->rule->host,
					.detail = detail,
					.detail_ns = NS_COMMANDS };

	stanza_put_refusal(k->b, k->iq, xml_attr_of(k->iq, "to"), &e);
}

static void open_result(struct cmd *k)
{
	stanza_put_head(k->b, "iq", "result", xml_attr_of(k->iq, "to"),
			xml_attr_of(k->iq, "from"), xml_attr_of(k->iq, "id"));
	buf_put_char(k->b, '>');
}

static void open_command(struct buf *b, const char *node, struct str session,
			 const char *status)
{
	buf_put_str(b, STR("<command xmlns='" NS_COMMANDS "'"));
	stanza_put_attr(b, "node", str_of(node));
	stanza_put_attr(b, "sessionid", session);
	stanza_put_attr(b, "status", str_of(status));
	buf_put_char(b, '>');
}

static void put_note(struct buf *b, const char *type, const char *text)
{
	buf_put_str(b, STR("<note"));
	stanza_put_attr(b, "type", str_of(type));
	buf_put_char(b, '>');
	xml_put_text(b, str_of(text));
	buf_put_str(b, STR("</note>"));
}

void commands_put_done(struct buf *b, const char *node, struct str session,
		       const char *note, struct str jid)
{
	open_command(b, node, session, "completed");
	if (note)
		put_note(b, "info", note);
	if (jid.n > 0) {
		form_begin(b, "result", "Address", NULL);
		form_field(b, "jid", "jid-single", "Write to", false, jid);
		form_end(b);
	}
	buf_put_str(b, STR("</command>"));
}

/* What may come next; the first is what "execute" means. */
static void put_actions(struct buf *b, bool is_last, bool has_prev)
{
	buf_put_str(b, is_last ? STR("<actions execute='complete'>")
			       : STR("<actions execute='next'>"));
	if (has_prev)
		buf_put_str(b, STR("<prev/>"));
	buf_put_str(b, is_last ? STR("<complete/></actions>")
			       : STR("<next/></actions>"));
}

static void put_register_form(struct buf *b, const struct session *s)
{
	form_begin(b, "form", "Registration with the gateway",
		   "The name is what you are called towards SIP users.");
	form_field(b, "name", "text-single", "Your name", true,
		   str_of(s->name));
	form_field(b, "email", "text-single", "Your e-mail address", false,
		   str_of(s->email));
	form_end(b);
}

static void put_register_check(struct buf *b, const struct session *s)
{
	form_begin(b, "form", "Is this right?", NULL);
	form_field(b, "name", "fixed", "Your name", false, str_of(s->name));
	form_field(b, "email", "fixed", "Your e-mail address", false,
		   str_of(s->email));
	form_end(b);
}

static void put_leave_check(struct buf *b)
{
	form_begin(b, "form", "Withdraw the registration",
		   "The gateway forgets what you told it and no longer shows "
		   "its presence.");
	form_end(b);
}

static void put_address_form(struct buf *b)
{
	form_begin(b, "form", "Find an address", NULL);
	form_field(b, "address", "text-single",
		   "Telephone number or SIP address", true, STR(""));
	form_end(b);
}

/* The form of the step the dialogue is at. */
static void put_step(struct cmd *k, const char *complaint)
{
	const struct session *s = k->s;
	bool is_first = s->step == 0;

	open_result(k);
	open_command(k->b, table[s->command].node, str_of(s->id), "executing");
	put_actions(k->b, s->command != REGISTER || !is_first, !is_first);
	if (complaint)
		put_note(k->b, "error", complaint);
	if (s->command == REGISTER && is_first)
		put_register_form(k->b, s);
	else if (s->command == REGISTER)
		put_register_check(k->b, s);
	else if (s->command == UNREGISTER)
		put_leave_check(k->b);
	else
		put_address_form(k->b);
	buf_put_str(k->b, STR("</command></iq>"));
}

/* ---- steps ---------------------------------------------------------------- */

static void keep(char out[PROFILE_VALUE_MAX + 1], struct str s)
{
	memcpy(out, s.p ? s.p : "", s.n);
	out[s.n] = '\0';
}

/* NULL, or what is wrong with it. */
static const char *take_registration(struct cmd *k, const struct xml_node *x)
{
	struct str name = str_trim(form_value(x, "name"));
	struct str email = str_trim(form_value(x, "email"));

	if (name.n == 0 || !profile_value_ok(PROFILE_NAME, name))
		return "A name is needed, one line of at most 512 bytes.";
	if (!profile_value_ok(PROFILE_EMAIL, email))
		return "That is no e-mail address.";
	keep(k->s->name, name);
	keep(k->s->email, email);
	return NULL;
}

/* Core has the last word; the dialogue is over here. */
static void ask_core(struct cmd *k, enum ask_kind kind)
{
	struct inquiry *ask = &k->ask->ask;
	struct session *s = k->s;

	profile_unpack(STR(""), STR(""), &ask->profile);
	ask->kind = kind;
	ask->profile.v[PROFILE_NAME] = arena_dup(k->a, str_of(s->name));
	ask->profile.v[PROFILE_EMAIL] = arena_dup(k->a, str_of(s->email));
	k->ask->is_asked = true;
	k->ask->reply = REPLY_COMMAND;
	k->ask->node = table[s->command].node;
	k->ask->session = arena_dup(k->a, str_of(s->id));
	session_free(k->c, s);
}

static void go_on(struct cmd *k, bool is_complete)
{
	const struct xml_node *x = form_of(k->command);
	const char *complaint;
	struct session *s = k->s;

	if (x && !str_eq(xml_attr_of(x, "type"), STR("submit"))) {
		refuse(k, CAUSE_BAD_REQUEST, "bad-payload");
		return;
	}
	if (s->command == UNREGISTER) {
		ask_core(k, ASK_LEAVE);
	} else if (s->command == ADDRESS) {
		if (!x) {
			refuse(k, CAUSE_BAD_REQUEST, "bad-payload");
			return;
		}
		k->ask->ask.text = form_value(x, "address");
		ask_core(k, ASK_ADDRESS);
	} else if (s->step == 0) {
		complaint = x ? take_registration(k, x) : "A name is needed.";
		if (!complaint && is_complete)
			complaint = "Please check it first.";
		s->step = complaint ? 0 : 1;
		put_step(k, complaint);
	} else {
		ask_core(k, ASK_REGISTER);
	}
}

static void cancel(struct cmd *k)
{
	open_result(k);
	open_command(k->b, table[k->s->command].node, str_of(k->s->id),
		     "canceled");
	buf_put_str(k->b, STR("</command></iq>"));
	session_free(k->c, k->s);
}

static void begin(struct cmd *k, enum command command, enum verb action)
{
	if (action != EXECUTE) {
		refuse(k, CAUSE_BAD_REQUEST, "bad-action");
		return;
	}
	k->s = session_new(k, command);
	if (k->s)
		put_step(k, NULL);
	else
		refuse(k, CAUSE_OVERLOAD, NULL);
}

static void carry_on(struct cmd *k, enum command command, struct str id,
		     enum verb action)
{
	k->s = session_find(k, id);
	if (!k->s || k->s->command != command) {
		refuse(k, CAUSE_BAD_REQUEST, "bad-sessionid");
		return;
	}
	if (k->s->until_ms <= k->ctx->now_ms) {
		session_free(k->c, k->s);
		refuse(k, CAUSE_NOT_ALLOWED, "session-expired");
		return;
	}
	k->s->until_ms = k->ctx->now_ms + COMMANDS_LIFE_MS;
	if (action == CANCEL) {
		cancel(k);
	} else if (action == PREV) {
		if (k->s->step == 0) {
			refuse(k, CAUSE_BAD_REQUEST, "bad-action");
			return;
		}
		k->s->step--;
		put_step(k, NULL);
	} else {
		go_on(k, action == COMPLETE);
	}
}

static enum verb action_of(struct str s)
{
	size_t i;

	for (i = 0; i < ACTIONS_N && s.n > 0; i++)
		if (str_eq(s, str_of(actions[i])))
			break;
	return s.n > 0 ? (enum verb)i : EXECUTE;
}

void commands_take(struct commands *c, struct buf *b, struct arena *a,
		   const struct stanza_ctx *ctx,
		   const struct stanza_ends *ends, const struct xml_node *iq,
		   struct iq_ask *ask)
{
	const struct xml_node *command = iq->child;
	struct cmd k = { .c = c, .b = b, .a = a, .ctx = ctx, .ends = ends,
			 .iq = iq, .command = command, .ask = ask };
	struct str node = xml_attr_of(command, "node");
	struct str id = xml_attr_of(command, "sessionid");
	enum verb action = action_of(xml_attr_of(command, "action"));

	if (!commands_name(ctx, &ends->from, node))
		refuse(&k, CAUSE_NOT_FOUND, NULL);
	else if (action == ACTIONS_N)
		refuse(&k, CAUSE_BAD_REQUEST, "malformed-action");
	else if (id.n == 0)
		begin(&k, command_by_node(node), action);
	else
		carry_on(&k, command_by_node(node), id, action);
}
