/* adapters/xmpp/register.c: see register.h. Each question is there twice, as
 * plain elements for old clients and as a data form for the others.
 */
#include "adapters/xmpp/register.h"

#include "adapters/xmpp/form.h"

#define INSTRUCTIONS                                                       \
	"The name is what you are called towards SIP users. The address " \
	"tells the operator how to reach you and may be left out."

void register_put_form(struct buf *b, const struct profile *p,
		       bool is_registered)
{
	buf_put_str(b, STR("<query xmlns='" NS_REGISTER "'>"));
	if (is_registered)
		buf_put_str(b, STR("<registered/>"));
	stanza_put_text(b, "instructions", NULL, STR(INSTRUCTIONS));
	stanza_put_text(b, "name", NULL, p->v[PROFILE_NAME]);
	stanza_put_text(b, "email", NULL, p->v[PROFILE_EMAIL]);
	form_begin(b, "form", "Registration with the gateway", INSTRUCTIONS);
	form_field(b, "FORM_TYPE", "hidden", NULL, false, STR(NS_REGISTER));
	form_field(b, "name", "text-single", "Your name", true,
		   p->v[PROFILE_NAME]);
	form_field(b, "email", "text-single", "Your e-mail address", false,
		   p->v[PROFILE_EMAIL]);
	form_end(b);
	buf_put_str(b, STR("</query>"));
}

static struct str text_of(const struct xml_node *query, const char *name)
{
	const struct xml_node *n = xml_child(query, NS_REGISTER, name);

	return n ? n->text : STR("");
}

static enum cause read_form(const struct xml_node *form, struct inquiry *ask,
			    bool *is_cancel_out)
{
	struct str type = xml_attr_of(form, "type");
	struct str what = form_value(form, "FORM_TYPE");

	if (str_eq(type, STR("cancel"))) {
		*is_cancel_out = true;
		return CAUSE_NONE;
	}
	if (!str_eq(type, STR("submit")) ||
	    (what.n > 0 && !str_eq(what, STR(NS_REGISTER))))
		return CAUSE_BAD_REQUEST;
	ask->profile.v[PROFILE_NAME] = str_trim(form_value(form, "name"));
	ask->profile.v[PROFILE_EMAIL] = str_trim(form_value(form, "email"));
	return CAUSE_NONE;
}

enum cause register_read(const struct xml_node *query, struct inquiry *ask,
			 bool *is_cancel_out)
{
	const struct xml_node *form = form_of(query);
	bool is_leaving = xml_child(query, NS_REGISTER, "remove");

	*is_cancel_out = false;
	/* Nothing may stand beside it [XEP-0077 3.2]. */
	if (is_leaving && query->child->next)
		return CAUSE_BAD_REQUEST;
	ask->kind = is_leaving ? ASK_LEAVE : ASK_REGISTER;
	if (is_leaving)
		return CAUSE_NONE;
	profile_unpack(STR(""), STR(""), &ask->profile);
	if (form)
		return read_form(form, ask, is_cancel_out);
	ask->profile.v[PROFILE_NAME] = str_trim(text_of(query, "name"));
	ask->profile.v[PROFILE_EMAIL] = str_trim(text_of(query, "email"));
	return CAUSE_NONE;
}

void gateway_put_prompt(struct buf *b)
{
	buf_put_str(b, STR("<query xmlns='" NS_GATEWAY "'>"));
	stanza_put_text(b, "desc", NULL,
			STR("Enter the telephone number or SIP address of "
			    "the person you would like to write to."));
	stanza_put_text(b, "prompt", NULL, STR("Number or address"));
	buf_put_str(b, STR("</query>"));
}

enum cause gateway_read(const struct xml_node *query, struct inquiry *ask)
{
	const struct xml_node *prompt = xml_child(query, NS_GATEWAY, "prompt");

	if (!prompt || str_trim(prompt->text).n == 0)
		return CAUSE_BAD_REQUEST;
	ask->kind = ASK_ADDRESS;
	ask->text = prompt->text;
	return CAUSE_NONE;
}

enum cause gateway_jid(struct arena *a, const struct stanza_ctx *ctx,
		       const struct addr *addr, struct str *jid_out)
{
	bool is_here = addr->kind == ADDR_TEL || ctx->rule->is_encoded ||
		       str_ieq(addr->domain, ctx->rule->host);
	struct jid jid;

	/* Who lives at an XMPP domain is written to directly. */
	if (!is_here || addr->kind == ADDR_DOMAIN ||
	    addr_to_jid(a, addr, ctx->rule, true, &jid) < 0)
		return CAUSE_NOT_FOUND;
	*jid_out = stanza_jid(a, &jid, true);
	return jid_out->n > 0 ? CAUSE_NONE : CAUSE_NOT_FOUND;
}
