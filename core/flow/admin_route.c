/* core/flow/admin_route.c: the rules with their hit counters, and what would
 * happen to a message, stage by stage (route test --from A --to B).
 */
#include "core/flow/admin_priv.h"
#include "core/route/choose.h"

#define JSON_MAX (1u << 20)

static const char *verb_name(enum route_do v)
{
	switch (v) {
	case ROUTE_DO_VIA:
		return "via";
	case ROUTE_DO_DENY:
		return "deny";
	case ROUTE_DO_LOCAL:
		return "local";
	case ROUTE_DO_NEXT:
		return "rewrite";
	}
	return "?";
}

static void put_rule(struct buf *b, struct str name, struct str from,
		     struct str to, const char *does, struct str via,
		     struct str fallback, uint64_t hits)
{
	json_begin_obj(b);
	json_key_str(b, "name", name);
	json_key_str(b, "from", from);
	json_key_str(b, "to", to);
	json_key_text(b, "does", does);
	json_key_str(b, "via", via);
	json_key_str(b, "fallback", fallback);
	json_key_u64(b, "hits", hits);
	json_end_obj(b);
}

/* The entries of a domain's lists, in the order they are tried. Of a foreign
   domain they are its users, of ours whoever writes to them. */
static void put_domain(struct astep *s, struct buf *b,
		       const struct domain_conf *d)
{
	struct str name = arena_printf(s->out->arena, "domain %.*s",
				       STR_ARG(d->name));
	struct str via = d->kind == DOMAIN_SERVED ? STR("") : d->via;
	struct str to = d->kind == DOMAIN_SERVED ? d->name : STR("");
	const struct core *core = s->f->core;
	size_t i, n = d->rule_base;

	for (i = 0; i < d->deny_n; i++)
		put_rule(b, name, d->deny[i], to, "deny", via, STR(""),
			 hits_of(core, n++));
	for (i = 0; i < d->allow_n; i++)
		put_rule(b, name, d->allow[i], to, "allow", via, STR(""),
			 hits_of(core, n++));
	if (d->kind == DOMAIN_FOREIGN || d->allow_n > 0)
		put_rule(b, name, STR("*"), to, "deny", via, STR(""),
			 hits_of(core, n));
}

enum step verb_route_ls(struct astep *s)
{
	const struct config *c = fact_config(s->f);
	struct buf b;
	size_t i;

	buf_init(&b, JSON_MAX);
	json_begin_arr(&b);
	for (i = 0; i < c->routes_n; i++) {
		const struct route_conf *r = &c->routes[i];

		put_rule(&b, r->name, r->from, r->to, verb_name(r->verb),
			 r->via, r->fallback, hits_of(s->f->core, i));
	}
	for (i = 0; i < c->domains_n; i++)
		put_domain(s, &b, &c->domains[i]);
	json_end_arr(&b);
	admin_json(s, &b);
	return STEP_DONE;
}

static bool parse(struct astep *s, struct str text, struct addr *out)
{
	if (str_find(text, ':') == text.n)
		text = arena_printf(s->out->arena, "%s%.*s",
				    str_starts(text, STR("+")) ? "tel:" :
				    "sip:", STR_ARG(text));
	return addr_from_uri_text(s->out->arena, text, out) == 0;
}

static void put_trail(struct buf *b, const struct route *r)
{
	size_t i;

	json_key(b, "trail");
	json_begin_arr(b);
	for (i = 0; i < r->trail_n; i++) {
		const struct route_note *n = &r->trail[i];

		json_begin_obj(b);
		json_key_text(b, "stage", n->stage);
		json_key_str(b, "name", n->name);
		json_key_text(b, "hit", n->is_hit ? "yes" : "no");
		json_key_text(b, "did", n->did);
		json_key_str(b, "detail", n->detail);
		json_end_obj(b);
	}
	json_end_arr(b);
}

static void put_result(struct buf *b, const struct config *c,
		       const struct route *r)
{
	static const char *const kinds[] = {
		[ROUTE_REFUSE] = "refuse", [ROUTE_USER] = "user",
		[ROUTE_LINK] = "link",
	};
	const struct link_conf *l = config_link(c, r->link);
	const struct link_conf *back = config_link(c, r->fallback);

	json_key_text(b, "result", kinds[r->kind]);
	if (r->kind == ROUTE_REFUSE)
		json_key_text(b, "cause", cause_name(r->cause));
	if (r->kind == ROUTE_LINK)
		json_key_str(b, "link", l ? l->name : STR_NONE);
	if (back)
		json_key_str(b, "fallback", back->name);
	json_key_text(b, "protocol", proto_name(r->proto));
	json_key_str(b, "from", r->from.text);
	json_key_str(b, "to", r->to.text);
	json_key_u64(b, "bytes_max", r->bytes_max);
}

/* Where the sender would come in: his domain says it. */
static void set_in(const struct config *c, struct route_query *q)
{
	const struct domain_conf *d = config_domain(c, q->from->domain);

	q->in_proto = PROTO_SIP;
	if (d && d->kind == DOMAIN_FOREIGN) {
		q->in_proto = d->proto;
		q->in_link = d->via_id;
	}
}

enum step verb_route_test(struct astep *s)
{
	const struct config *c = fact_config(s->f);
	struct addr from = { .kind = ADDR_NONE }, to = from;
	struct route_query q = { .from = &from, .to = &to, .hops_left = 70,
				 .wants_trail = true };
	struct route r;
	struct buf b;
	size_t i;

	for (i = 0; i + 1 < s->n; i += 2) {
		bool is_from = str_eq(s->w[i], STR("--from"));

		if ((!is_from && !str_eq(s->w[i], STR("--to"))) ||
		    !parse(s, s->w[i + 1], is_from ? &from : &to)) {
			admin_fail(s, CAUSE_BAD_REQUEST, "not an address");
			return STEP_DONE;
		}
	}
	if (from.kind == ADDR_NONE || to.kind == ADDR_NONE) {
		admin_fail(s, CAUSE_BAD_REQUEST,
			   "route test --from ADDRESS --to ADDRESS");
		return STEP_DONE;
	}
	set_in(c, &q);
	route_choose(c, s->out->arena, &q, &r);
	buf_init(&b, JSON_MAX);
	json_begin_obj(&b);
	put_result(&b, c, &r);
	put_trail(&b, &r);
	json_end_obj(&b);
	admin_json(s, &b);
	return STEP_DONE;
}
