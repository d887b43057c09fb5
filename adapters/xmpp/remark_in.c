/* adapters/xmpp/remark_in.c: corrections, reactions, retractions and replies
 * as text; see remark_in.h. Nothing here is believed: whoever "corrects" a
 * message he never sent has sent a text with a mark in front of it. A body
 * that its sender did not declare to be a mere fallback is content, and
 * content is never left out by a policy on reactions or retractions.
 */
#include "adapters/xmpp/remark_in.h"

#include "core/base/utf8.h"

enum {
	REACTIONS_MAX = 16,		/* ours: symbols of one reaction */
	REACTION_BYTES_MAX = 64,	/* ours: one symbol with its joiners */
	POSITION_MAX = 1 << 20,
};

/* clang-format off */
static const struct {
	const char *ns, *name;		/* of the element that says so */
	const char *header;		/* of CPIM */
} kinds[] = {
	[REMARK_CORRECTION] = { NS_CORRECT, "replace", "Replace" },
	[REMARK_REACTION] = { NS_REACTIONS, "reactions", "Reactions" },
	[REMARK_RETRACTION] = { NS_RETRACT, "retract", "Retract" },
	[REMARK_REPLY] = { NS_REPLY, "reply", "Reply" },
};
/* clang-format on */

struct cpim_extra remark_header(enum remark_kind kind, struct str about)
{
	return (struct cpim_extra){ .ns = str_of(kinds[kind].ns),
				    .name = str_of(kinds[kind].header),
				    .value = about };
}

/* ---- policy -------------------------------------------------------------- */

static enum remark_policy one_policy(const struct remark_conf *r,
				     enum remark_kind kind)
{
	switch (kind) {
	case REMARK_CORRECTION:
		return r->corrections;
	case REMARK_REACTION:
		return r->reactions;
	case REMARK_RETRACTION:
		return r->retractions;
	case REMARK_REPLY:
		return r->replies;
	case REMARK_NONE:
		break;
	}
	return REMARK_TEXT;
}

static enum remark_policy policy_of(const struct stanza_ctx *ctx,
				    struct str domain, enum remark_kind kind)
{
	const struct domain_conf *d = config_domain(ctx->config, domain);
	enum remark_policy p = d ? one_policy(&d->remarks, kind)
				 : REMARK_AS_LINK;

	if (p == REMARK_AS_LINK)
		p = one_policy(&ctx->conf->remarks, kind);
	return p == REMARK_AS_LINK ? REMARK_TEXT : p;
}

/* ---- fallbacks ----------------------------------------------------------- */

/* The element that says which part of the body stands in for this kind. */
static const struct xml_node *fallback_of(const struct xml_node *stanza,
					  enum remark_kind kind)
{
	const struct xml_node *n;

	for (n = stanza->child; n; n = n->next)
		if ((xml_is(n, NS_FALLBACK, "fallback") ||
		     xml_is(n, NS_FALLBACK_OLD, "fallback")) &&
		    str_eq(xml_attr_of(n, "for"), str_of(kinds[kind].ns)))
			return n;
	return NULL;
}

/* Where character number at begins, at most s.n. */
static size_t byte_of(struct str s, uint32_t at)
{
	uint32_t code;
	size_t i, n;

	for (i = 0; i < s.n && at > 0; i += n, at--) {
		n = utf8_next(str_from(s, i), &code);
		if (n == 0)
			n = 1;
	}
	return i;
}

/* The body without the part its fallback names: all of it when it names none,
   nothing when the numbers make no sense [XEP-0428 2.2]. */
static struct str without(struct arena *a, struct str body,
			  const struct xml_node *fallback)
{
	const struct xml_node *part = xml_child(fallback, NULL, "body");
	struct str start = part ? xml_attr_of(part, "start") : STR("");
	struct str end = part ? xml_attr_of(part, "end") : STR("");
	uint32_t from = 0, to = POSITION_MAX;
	size_t at, after;
	struct buf b;

	if (!part && xml_child(fallback, NULL, "subject"))
		return body;
	if ((start.n > 0 && !str_u32(start, &from)) ||
	    (end.n > 0 && !str_u32(end, &to)) || from > to)
		return body;
	at = byte_of(body, from);
	after = to >= POSITION_MAX ? body.n : byte_of(body, to);
	if (at == 0)
		return str_from(body, after);
	if (after >= body.n)
		return str_sub(body, 0, at);
	buf_init(&b, body.n);
	buf_put_str(&b, str_sub(body, 0, at));
	buf_put_str(&b, str_from(body, after));
	body = arena_dup(a, buf_str(&b));
	buf_free(&b);
	return body;
}

/* ---- the kinds ----------------------------------------------------------- */

static struct str marked(struct arena *a, const char *mark, struct str text)
{
	struct str s;
	struct buf b;

	buf_init(&b, BODY_INLINE_MAX + 64);
	buf_put_str(&b, str_of(mark));
	buf_put_str(&b, text);
	/* Too long with its mark: without it. */
	s = b.err < 0 ? text : arena_dup(a, buf_str(&b));
	buf_free(&b);
	return s.n <= BODY_INLINE_MAX ? s : text;
}

static struct str symbols(struct arena *a, const struct xml_node *reactions)
{
	const struct xml_node *n;
	unsigned count = 0;
	struct str s, one;
	struct buf b;

	buf_init(&b, REACTIONS_MAX * (REACTION_BYTES_MAX + 1) + 64);
	for (n = reactions->child; n && count < REACTIONS_MAX; n = n->next) {
		if (!xml_is(n, NS_REACTIONS, "reaction"))
			continue;
		one = stanza_line(a, n->text, REACTION_BYTES_MAX);
		if (one.n == 0)
			continue;
		buf_put_str(&b, count++ ? STR(" ") : STR("[reacted] "));
		buf_put_str(&b, one);
	}
	s = count > 0 ? arena_dup(a, buf_str(&b))
		      : STR("[took a reaction back]");
	buf_free(&b);
	return s;
}

/* Reactions and retractions: their own words, or ours for them. Words that are
   no fallback are content beside it. */
static void read_notice(struct remark *r, enum remark_policy policy,
			const struct xml_node *fallback, struct str body,
			struct str words)
{
	if (body.n > 0 && !fallback) {
		r->text = body;
		return;
	}
	r->is_dropped = policy == REMARK_DROP;
	if (!r->is_dropped)
		r->text = body.n > 0 ? body : words;
}

/* The body with or without the quote that a reply brings along. */
static struct str unquoted(struct arena *a, enum remark_policy policy,
			   const struct xml_node *stanza, struct str body)
{
	const struct xml_node *fallback = fallback_of(stanza, REMARK_REPLY);
	struct str own;

	if (!fallback || policy == REMARK_TEXT)
		return body;
	own = without(a, body, fallback);
	/* Who answers by a quote alone has said that much. */
	return str_trim(own).n > 0 ? own : body;
}

static const struct xml_node *find(const struct xml_node *stanza,
				   enum remark_kind kind)
{
	const struct xml_node *n = xml_child(stanza, kinds[kind].ns,
					     kinds[kind].name);

	if (n || kind != REMARK_RETRACTION)
		return n;
	/* As it was written until 2022: <apply-to id=><retract/></apply-to> */
	n = xml_child(stanza, NS_FASTEN, "apply-to");
	return n && xml_child(n, NS_RETRACT_OLD, "retract") ? n : NULL;
}

static enum remark_kind kind_of(const struct xml_node *stanza,
				const struct xml_node **out)
{
	enum remark_kind kind;

	/* A corrected reply is a correction first. */
	for (kind = REMARK_CORRECTION; kind <= REMARK_REPLY; kind++) {
		*out = find(stanza, kind);
		if (*out)
			return kind;
	}
	return REMARK_NONE;
}

bool remark_read(struct arena *a, const struct stanza_ctx *ctx,
		 const struct stanza_ends *ends, const struct xml_node *stanza,
		 struct str body, struct remark *out)
{
	const struct xml_node *n, *fallback;
	enum remark_policy policy;

	*out = (struct remark){ .kind = kind_of(stanza, &n) };
	if (out->kind == REMARK_NONE)
		return false;
	out->about = xml_attr_of(n, "id");
	if (!stanza_id_ok(out->about)) {
		out->kind = REMARK_NONE;
		return false;
	}
	policy = policy_of(ctx, ends->from.domain, out->kind);
	fallback = fallback_of(stanza, out->kind);
	if (find(stanza, REMARK_REPLY))
		body = unquoted(a, policy_of(ctx, ends->from.domain,
					     REMARK_REPLY), stanza, body);
	switch (out->kind) {
	case REMARK_CORRECTION:
		out->is_dropped = body.n > 0 && policy == REMARK_DROP;
		if (body.n > 0 && !out->is_dropped)
			out->text = policy == REMARK_TEXT
					    ? marked(a, "[corrected] ", body)
					    : body;
		break;
	case REMARK_REACTION:
		read_notice(out, policy, fallback, body, symbols(a, n));
		break;
	case REMARK_RETRACTION:
		read_notice(out, policy, fallback, body,
			    STR("[retracted an earlier message]"));
		break;
	case REMARK_REPLY:
		out->text = body;
		break;
	case REMARK_NONE:
		break;
	}
	return true;
}
