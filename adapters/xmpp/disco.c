/* adapters/xmpp/disco.c: see disco.h. Only what really works is announced, and
 * only to whom it works for; each feature has its test.
 * Users are answered for alike whether they exist or not: who exists is not
 * told.
 */
#include "adapters/xmpp/disco.h"

#include "adapters/xmpp/commands.h"
#include "adapters/xmpp/form.h"
#include "adapters/xmpp/register.h"
#include "adapters/xmpp/vcard.h"

enum condition { ALWAYS, WITH_REGISTRATION, WITH_PROFILES };

struct feature {
	const char *var;	/* NULL: the end */
	enum condition condition;
};

static const struct feature host_features[] = {
	{ NS_DISCO_INFO, ALWAYS },
	{ NS_DISCO_ITEMS, ALWAYS },
	{ NS_COMMANDS, ALWAYS },
	{ NS_GATEWAY, ALWAYS },
	{ NS_REGISTER, WITH_REGISTRATION },
	{ NS_PING, ALWAYS },
	{ NS_VERSION, ALWAYS },
	{ NS_TIME, ALWAYS },
	{ NS_VCARD, ALWAYS },
	{ "jid\\20escaping", ALWAYS },
	{ NULL, ALWAYS },
};

static const struct feature user_features[] = {
	{ NS_DISCO_INFO, ALWAYS },
	{ NS_DISCO_ITEMS, ALWAYS },
	{ NS_PING, ALWAYS },
	{ NS_VERSION, ALWAYS },
	{ NS_TIME, ALWAYS },
	{ NS_STATES, ALWAYS },
	{ NS_RECEIPTS, ALWAYS },
	{ NS_MARKERS, ALWAYS },
	{ NS_VCARD, WITH_PROFILES },
	{ NS_VCARD4, WITH_PROFILES },
	{ NULL, ALWAYS },
};

static const struct feature command_features[] = {
	{ NS_COMMANDS, ALWAYS },
	{ NS_DATA, ALWAYS },
	{ NULL, ALWAYS },
};

static const struct domain_conf *domain_of(const struct stanza_ctx *ctx,
					   const struct jid *asker)
{
	const struct domain_conf *d = config_domain(ctx->config, asker->domain);

	return d && d->kind == DOMAIN_FOREIGN && d->is_enabled ? d : NULL;
}

bool disco_has_registration(const struct stanza_ctx *ctx,
			    const struct jid *asker)
{
	const struct domain_conf *d = domain_of(ctx, asker);

	return d && d->may_register;
}

bool disco_has_profiles(const struct stanza_ctx *ctx, const struct jid *asker)
{
	const struct domain_conf *d = domain_of(ctx, asker);

	return d && d->profiles != PROFILES_NONE;
}

static bool is_met(enum condition c, const struct stanza_ctx *ctx,
		   const struct jid *asker)
{
	switch (c) {
	case WITH_REGISTRATION:
		return disco_has_registration(ctx, asker);
	case WITH_PROFILES:
		return disco_has_profiles(ctx, asker);
	case ALWAYS:
		break;
	}
	return true;
}

static void put_identity(struct buf *b, const char *category, const char *type,
			 const char *name)
{
	buf_put_str(b, STR("<identity"));
	stanza_put_attr(b, "category", str_of(category));
	stanza_put_attr(b, "type", str_of(type));
	stanza_put_attr(b, "name", str_of(name));
	buf_put_str(b, STR("/>"));
}

static void put_features(struct buf *b, const struct stanza_ctx *ctx,
			 const struct stanza_ends *ends,
			 const struct feature *f)
{
	for (; f->var; f++) {
		if (!is_met(f->condition, ctx, &ends->from))
			continue;
		buf_put_str(b, STR("<feature"));
		stanza_put_attr(b, "var", str_of(f->var));
		buf_put_str(b, STR("/>"));
	}
}

static void open_query(struct buf *b, const char *ns, struct str node)
{
	buf_put_str(b, STR("<query"));
	stanza_put_attr(b, "xmlns", str_of(ns));
	stanza_put_attr(b, "node", node);
	buf_put_char(b, '>');
}

static enum cause put_node_info(struct buf *b, const struct stanza_ctx *ctx,
				const struct stanza_ends *ends,
				struct str node)
{
	const char *name = commands_name(ctx, &ends->from, node);

	if (ends->to.local.n > 0 ||
	    (!name && !str_eq(node, STR(NS_COMMANDS))))
		return CAUSE_NOT_FOUND;
	open_query(b, NS_DISCO_INFO, node);
	put_identity(b, "automation", name ? "command-node" : "command-list",
		     name ? name : "Commands");
	put_features(b, ctx, ends, command_features);
	buf_put_str(b, STR("</query>"));
	return CAUSE_NONE;
}

enum cause disco_put_info(struct buf *b, const struct stanza_ctx *ctx,
			  const struct stanza_ends *ends, struct str node)
{
	bool is_user = ends->to.local.n > 0;

	if (node.n > 0)
		return put_node_info(b, ctx, ends, node);
	open_query(b, NS_DISCO_INFO, node);
	if (!is_user)
		put_identity(b, "gateway", "simple", "Causeway");
	else if (ends->to.resource.n > 0)
		put_identity(b, "client", "pc", NULL);
	else
		put_identity(b, "account", "registered", NULL);
	put_features(b, ctx, ends, is_user ? user_features : host_features);
	buf_put_str(b, STR("</query>"));
	return CAUSE_NONE;
}

static void put_item(struct buf *b, struct str jid, const char *node,
		     const char *name)
{
	buf_put_str(b, STR("<item"));
	stanza_put_attr(b, "jid", jid);
	stanza_put_attr(b, "node", str_of(node));
	stanza_put_attr(b, "name", str_of(name));
	buf_put_str(b, STR("/>"));
}

enum cause disco_put_items(struct buf *b, const struct stanza_ctx *ctx,
			   const struct stanza_ends *ends, struct str node)
{
	bool is_user = ends->to.local.n > 0;
	const char *name, *command;
	size_t i;

	if (node.n > 0 && (is_user || !str_eq(node, STR(NS_COMMANDS))))
		return CAUSE_NOT_FOUND;
	open_query(b, NS_DISCO_ITEMS, node);
	if (node.n > 0) {
		for (i = 0; (command = commands_node(i)) != NULL; i++) {
			name = commands_name(ctx, &ends->from,
					     str_of(command));
			if (name)
				put_item(b, ctx->rule->host, command, name);
		}
	} else if (!is_user) {
		put_item(b, ctx->rule->host, NS_COMMANDS, "Commands");
	}
	buf_put_str(b, STR("</query>"));
	return CAUSE_NONE;
}
