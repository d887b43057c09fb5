/* tests/fuzz/fuzz_xmpp_in.c: any stanza a server may pass on. Whatever it says,
 * what core gets is clean and within its limits, what is answered is XML from
 * our hostname, nothing answers an error, and content that was read can be
 * written and read again as the same.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "adapters/xmpp/iq.h"
#include "adapters/xmpp/message_in.h"
#include "adapters/xmpp/message_out.h"
#include "adapters/xmpp/presence.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not constant: each input is read under two policies. */
static struct link_conf link_conf = {
	.name = STR_LIT("l"), .id = 1, .kind = LINK_XMPP_COMPONENT,
	.component = STR_LIT("sip.example"),
};
static struct domain_conf domain = {
	.name = STR_LIT("xmpp.example"), .kind = DOMAIN_FOREIGN,
	.proto = PROTO_XMPP, .is_enabled = true, .may_register = true,
	.profiles = PROFILES_ALL,
};
static const struct addr_jid_rule rules[] = {
	{ .host = STR_LIT("sip.example") },
	{ .host = STR_LIT("sip.example"), .is_encoded = true },
	{ .host = STR_LIT("sip.example"), .is_strict_7247 = true },
};

static struct trace_id trace_new(void *core)
{
	(void)core;
	return (struct trace_id){ 1, 2 };
}

static void check_line(struct str s, size_t max)
{
	assert(s.n <= max && utf8_is_clean_line(s));
}

static void check_addr(const struct addr *a)
{
	assert(a->kind != ADDR_NONE && a->text.n > 0);
	assert(utf8_is_clean_line(a->user) && utf8_is_clean_line(a->instance));
	check_line(a->display, STANZA_TEXT_MAX);
}

static void check_msg(const struct msg *m)
{
	assert(arena_err(m->arena) == 0);
	assert(!trace_is_none(m->trace));
	check_line(m->id, STANZA_ID_MAX);
	assert(m->id.n > 0 && m->to_n == 1);
	check_addr(&m->from);
	check_addr(m->to);
	check_line(m->thread, STANZA_ID_MAX);
	check_line(m->subject, 1024);
	check_line(m->lang, 35);
	check_line(m->report.msg_id, STANZA_ID_MAX);
	check_line(m->report.text, STANZA_TEXT_MAX);
	assert(m->hops_left <= MSG_HOPS_MAX);
	if (m->extra_n > 0)
		check_line(m->extra[0].value, STANZA_ID_MAX);
	if (m->kind == MSG_CONTENT) {
		assert(m->body.kind == BODY_INLINE);
		assert(m->body.bytes.n > 0 || m->body.bytes.p);
		assert(m->body.bytes.n <= BODY_INLINE_MAX);
		assert(utf8_valid(m->body.bytes));
	}
}

static void check_ends(const struct xml_node *n)
{
	struct str from = xml_attr_of(n, "from");
	size_t at;

	from = str_sub(from, 0, str_find(from, '/'));
	at = str_rfind(from, '@');
	from = str_from(from, at < from.n ? at + 1 : 0);
	assert(str_ieq(from, STR("sip.example")));
	assert(xml_attr_of(n, "to").n > 0);
}

/* An answer of ours is whole elements, said by our hostname. */
static void check_answer(struct arena *a, const struct buf *b)
{
	const struct xml_node *n;
	struct xml_node *root;
	struct buf all;

	if (b->n == 0)
		return;
	assert(b->err == 0);
	arena_reset(a);
	buf_init(&all, 2u << 20);
	buf_put_str(&all, STR("<all>"));
	buf_put_str(&all, buf_str(b));
	buf_put_str(&all, STR("</all>"));
	/* The reader for documents has limits of its own. */
	if (xml_parse(a, buf_str(&all), &root) == 0)
		for (n = root->child; n; n = n->next)
			check_ends(n);
	buf_free(&all);
}

/* What core would say: yes, with what was asked, or no. */
static void answer(struct arena *a, const struct stanza_ctx *ctx,
		   const struct xml_node *stanza, const struct iq_ask *q,
		   struct buf *b)
{
	struct answer an = { .contact = q->ask.text.n % 8 };
	struct action it = { .kind = ACT_ANSWER, .u.answer = &an };
	struct profile p = q->ask.profile;
	struct asked *asked;
	size_t i;

	for (i = 0; i < PROFILE_FIELDS_N; i++)
		if (!p.v[i].p)
			p.v[i] = xml_attr_of(stanza, "id");
	an.profile = &p;
	asked = asked_new(1, q, xml_attr_of(stanza, "id"),
			  xml_attr_of(stanza, "to"),
			  xml_attr_of(stanza, "from"));
	if (xml_attr_of(stanza, "id").n % 3 == 0)
		it.cause = CAUSE_NOT_FOUND;
	if (addr_from_uri_text(a, STR("tel:+15551234567"), &an.identity) == 0)
		asked_put_reply(b, a, ctx, asked, &it);
	mem_free(asked);
}

static void take_iq(struct arena *a, const struct stanza_ctx *ctx,
		    const struct xml_node *stanza, struct buf *b)
{
	struct commands *c = commands_new(1);
	struct iq_ask q;

	/* Twice: the second finds what the first began. */
	iq_take(b, a, ctx, c, stanza, false, &q);
	buf_clear(b);
	iq_take(b, a, ctx, c, stanza, false, &q);
	assert(!q.is_asked || b->n == 0);
	if (q.is_asked)
		answer(a, ctx, stanza, &q, b);
	commands_free(c);
}

static void take_presence(struct arena *a, const struct stanza_ctx *ctx,
			  const struct xml_node *stanza, struct buf *b)
{
	struct stanza_ends ends;
	struct iq_ask q;

	if (stanza_ends_of(a, ctx, stanza, &ends) != STANZA_FITS)
		return;
	presence_take(&ends, stanza, &q);
	if (q.is_asked)
		answer(a, ctx, stanza, &q, b);
}

/* What came in, sent back: the same words. */
static void check_again(struct arena *a, const struct stanza_ctx *ctx,
			const struct msg *m)
{
	struct peers *peers = peers_new(1);
	const struct target t = { .from = m->to[0], .to = m->from };
	struct message_out out;
	struct xml_node *n;
	struct buf b;

	buf_init(&b, 1u << 20);
	if (message_write(&b, a, ctx, peers, m, &t, &out) == CAUSE_NONE &&
	    !out.is_nothing) {
		assert(b.err == 0);
		arena_reset(a);
		if (xml_parse(a, buf_str(&b), &n) == 0 &&
		    m->kind == MSG_CONTENT &&
		    str_find(m->body.bytes, '\r') == m->body.bytes.n) {
			const struct xml_node *body = xml_child(n, NULL,
								"body");

			assert(body && str_eq(body->text, m->body.bytes));
		}
	}
	buf_free(&b);
	peers_free(peers);
}

static void take_message(struct arena *a, const struct stanza_ctx *ctx,
			 const struct xml_node *stanza, struct buf *b)
{
	struct message_failed f;
	struct message_in in;
	struct msg *m;
	size_t i;

	if (str_eq(xml_attr_of(stanza, "type"), STR("error"))) {
		if (!message_failed_read(a, ctx, stanza, &f))
			return;
		m = message_failed_report(ctx, stanza, &f);
		if (m)
			check_msg(m);
		msg_put(m);
		return;
	}
	message_read(a, ctx, NULL, stanza, false, &in);
	assert(in.refuse == CAUSE_NONE || in.msgs_n == 0);
	if (in.refuse != CAUSE_NONE) {
		const struct stanza_error e = { .cause = in.refuse,
						.text = in.refuse_text };

		stanza_put_refusal(b, stanza, in.is_to_malformed ?
				   ctx->rule->host :
				   xml_attr_of(stanza, "to"), &e);
	}
	for (i = 0; i < in.msgs_n; i++) {
		check_msg(in.msgs[i]);
		arena_reset(a);
		check_again(a, ctx, in.msgs[i]);
		msg_put(in.msgs[i]);
	}
}

static void take(struct config *config, const struct addr_jid_rule *rule,
		 struct str text)
{
	const struct intake in = { .trace_new = trace_new };
	const struct stanza_ctx ctx = { .conf = &link_conf, .config = config,
		.rule = rule, .in = &in, .now_utc_us = 1790000000000000 };
	struct arena *a = arena_new(1u << 20), *tree = arena_new(1u << 20);
	struct xml_node *stanza;
	struct buf b;

	buf_init(&b, 1u << 20);
	if (xml_parse(tree, text, &stanza) == 0) {
		if (xml_is(stanza, NULL, "iq"))
			take_iq(a, &ctx, stanza, &b);
		else if (xml_is(stanza, NULL, "presence"))
			take_presence(a, &ctx, stanza, &b);
		else
			take_message(a, &ctx, stanza, &b);
		check_answer(a, &b);
		/* Nothing answers an error. */
		if (str_eq(xml_attr_of(stanza, "type"), STR("error")))
			assert(b.n == 0);
	}
	buf_free(&b);
	arena_free(tree);
	arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config *config;
	size_t i;

	if (!config)
		config = config_new();
	config->links = &link_conf;
	config->links_n = 1;
	config->domains = &domain;
	config->domains_n = 1;
	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		enum remark_policy p = i == 1 ? REMARK_PLAIN : REMARK_TEXT;

		link_conf.remarks = (struct remark_conf){ p, p, p, p };
		take(config, &rules[i], (struct str){
			(const char *)data, size });
	}
	return 0;
}
