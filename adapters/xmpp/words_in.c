/* adapters/xmpp/words_in.c: the words of a message stanza, see words_in.h.
 * Of several bodies in several languages one crosses: SIP has one body, and we
 * know no preference of its reader, so the stanza's own language counts.
 */
#include "adapters/xmpp/words_in.h"

enum {
	LANG_BYTES_MAX = 35,	/* RFC 5646 4.4.1 */
	URL_BYTES_MAX = 2048,	/* ours */
};

const struct xml_node *words_child(const struct xml_node *stanza,
				   const char *name)
{
	const struct xml_node *n;

	for (n = stanza->child; n; n = n->next)
		if (xml_is(n, NULL, name) && str_eq(n->ns, stanza->ns))
			return n;
	return NULL;
}

static struct str lang_of(const struct xml_node *n, struct str inherited)
{
	struct str lang = xml_attr_of(n, "lang");
	size_t i;

	if (lang.n == 0)
		return inherited;
	for (i = 0; i < lang.n; i++)
		if (!ch_is_alnum((unsigned char)lang.p[i]) && lang.p[i] != '-')
			return inherited;
	return lang.n <= LANG_BYTES_MAX ? lang : inherited;
}

/* Of several texts: the one in the wanted language, then the one without a
   language of its own, then the first. */
static const struct xml_node *best_text(const struct xml_node *stanza,
					const char *name, struct str want)
{
	struct str lang = lang_of(stanza, STR(""));
	const struct xml_node *n, *best = NULL;
	int score, best_score = 0;

	for (n = words_child(stanza, name); n; n = n->next) {
		if (!xml_is(n, NULL, name) || !str_eq(n->ns, stanza->ns) ||
		    n->text.n == 0)
			continue;
		score = 1 + (xml_attr_of(n, "lang").n == 0) +
			2 * str_ieq(lang_of(n, lang), want);
		if (score > best_score) {
			best = n;
			best_score = score;
		}
	}
	return best;
}

/* A link without a word beside it. [XEP-0066 3] */
static struct str link_of(struct arena *a, const struct xml_node *stanza)
{
	const struct xml_node *oob = xml_child(stanza, NS_OOB, "x");
	const struct xml_node *url = oob ? xml_child(oob, NS_OOB, "url") : NULL;

	return url ? stanza_line(a, url->text, URL_BYTES_MAX) : STR("");
}

void words_read(struct arena *a, const struct stanza_ctx *ctx,
		const struct stanza_ends *ends, const struct xml_node *stanza,
		struct words *out)
{
	struct str lang = lang_of(stanza, STR(""));
	const struct xml_node *body = best_text(stanza, "body", lang);
	const struct xml_node *subject;

	*out = (struct words){ .text = body ? body->text : STR(""),
			       .lang = body ? lang_of(body, lang) : lang };
	out->has_body = out->text.n > 0;
	subject = best_text(stanza, "subject", out->lang);
	out->subject = subject ? subject->text : STR("");
	if (remark_read(a, ctx, ends, stanza, out->text, &out->remark))
		out->text = out->remark.text;
	else if (!out->has_body)
		out->text = link_of(a, stanza);
}
