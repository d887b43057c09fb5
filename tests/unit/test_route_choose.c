/* tests/unit/test_route_choose.c: where messages go, why not, and that nothing
 * is relayed unless a rule says so. [core/route/choose.h]
 */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/route/choose.h"
#include "core/route/pattern.h"

/* ---- one configuration for the tables ---- */

enum { XMPP1, XMPP2, PEER, TLSPEER, SMSC, LINKS_N };

static struct link_conf links[LINKS_N] = {
	[XMPP1] = { .name = STR_LIT("xmpp1"), .id = 1, .proto = PROTO_XMPP },
	[XMPP2] = { .name = STR_LIT("xmpp2"), .id = 2, .proto = PROTO_XMPP },
	[PEER] = { .name = STR_LIT("peer"), .id = 3, .proto = PROTO_SIP,
		   .transport = TRANSPORT_TCP },
	[TLSPEER] = { .name = STR_LIT("tlspeer"), .id = 4, .proto = PROTO_SIP,
		      .transport = TRANSPORT_TLS, .is_trusted = true },
	[SMSC] = { .name = STR_LIT("smsc"), .id = 5, .proto = PROTO_SMS },
};

static struct str all[] = { STR_LIT("*") };
static struct str bad[] = { STR_LIT("bad@*") };
static struct str dept[] = { STR_LIT("*@dept.part.example") };
static struct number_plan plans[] = {
	{ .name = STR_LIT("de"), .country = STR_LIT("49"),
	  .trunk = STR_LIT("0"), .international = STR_LIT("00"),
	  .min_digits = 7, .max_digits = 15 },
};

#define FOREIGN(name_, proto_, via_, ...) { .name = STR_LIT(name_), \
	.kind = DOMAIN_FOREIGN, .proto = (proto_), .via_id = (via_), \
	__VA_ARGS__ }
#define ON .is_enabled = true
#define OPEN .allow = all, .allow_n = 1

static struct domain_conf domains[] = {
	{ .name = STR_LIT("sip.example"), .kind = DOMAIN_SERVED,
	  .proto = PROTO_SIP, .is_enabled = true,
	  .number_plan = STR_LIT("de") },
	{ .name = STR_LIT("shut.example"), .kind = DOMAIN_SERVED,
	  .proto = PROTO_SIP },
	FOREIGN("xmpp.example", PROTO_XMPP, 1, ON, OPEN, .deny = bad,
		.deny_n = 1, .message_bytes_max = 1000),
	FOREIGN("off.example", PROTO_XMPP, 1, OPEN),
	FOREIGN("mute.example", PROTO_XMPP, 1, ON, .trust = TRUST_PARTNER),
	FOREIGN("*.part.example", PROTO_XMPP, 2, ON, .allow = dept,
		.allow_n = 1),
	FOREIGN("peer.example", PROTO_SIP, 3, ON, OPEN),
	FOREIGN("tls.example", PROTO_SIP, 4, ON, OPEN),
	FOREIGN("nums.example", PROTO_SMS, 5, ON, OPEN,
		.numeric_user_is_phone = true),
	FOREIGN("lost.example", PROTO_XMPP, 77, ON, OPEN),
	FOREIGN("twice.example", PROTO_XMPP, 1, ON, OPEN),
};

#define RULE(name_, ...) { .name = STR_LIT(name_), __VA_ARGS__ }

static struct route_conf routes[] = {
	RULE("deny-spam", .to = STR_LIT("spam@*"), .verb = ROUTE_DO_DENY,
	     .deny_cause = CAUSE_FORBIDDEN),
	RULE("alias", .to = STR_LIT("*@old.example"), .verb = ROUTE_DO_NEXT,
	     .rewrite_to = STR_LIT("{user}@sip.example")),
	RULE("brand", .from = STR_LIT("*@sip.example"),
	     .to = STR_LIT("*@peer.example"), .verb = ROUTE_DO_NEXT,
	     .rewrite_from = STR_LIT("{user}@brand.example")),
	RULE("germany", .to = STR_LIT("+49*"), .kind = STR_LIT("tel"),
	     .verb = ROUTE_DO_VIA, .via_id = 5),
	RULE("own-numbers", .to = STR_LIT("+1555*"),
	     .verb = ROUTE_DO_LOCAL),
	RULE("to-digits", .to = STR_LIT("*@digits.example"),
	     .verb = ROUTE_DO_VIA, .via_id = 5,
	     .rewrite_to = STR_LIT("tel:+{digits}")),
	RULE("bridge", .from = STR_LIT("*@peer.example"),
	     .to = STR_LIT("*@bridged.example"), .verb = ROUTE_DO_VIA,
	     .via_id = 1, .fallback_id = 2, .may_relay = true),
	RULE("backed", .to = STR_LIT("*@backed.example"),
	     .verb = ROUTE_DO_VIA, .via_id = 1, .fallback_id = 2),
	RULE("other-host", .from = STR_LIT("*@other.example"),
	     .to = STR_LIT("*@twice.example"), .verb = ROUTE_DO_VIA,
	     .via_id = 2),
	RULE("half-gone", .to = STR_LIT("*@half.example"),
	     .verb = ROUTE_DO_VIA, .via_id = 78, .fallback_id = 2),
	RULE("gone", .to = STR_LIT("*@gone.example"),
	     .verb = ROUTE_DO_VIA, .via_id = 78),
	RULE("users-only", .to = STR_LIT("*"), .kind = STR_LIT("user"),
	     .from = STR_LIT("barred@sip.example"), .verb = ROUTE_DO_DENY),
};

static const struct config conf = {
	.message_bytes_max = 4000,
	.links = links, .links_n = LINKS_N,
	.domains = domains, .domains_n = COUNT_OF(domains),
	.routes = routes, .routes_n = COUNT_OF(routes),
	.plans = plans, .plans_n = 1,
};

/* ---- what a row says ---- */

struct row {
	const char *from, *to;
	enum proto proto;	/* it came over; NONE: SIP from a client */
	uint32_t link;
	bool is_trusted;
	enum route_kind kind;
	enum cause cause;
	uint32_t via;
	const char *rule;	/* that decided, or NULL */
};

static struct addr parse(struct arena *a, const char *uri)
{
	struct addr addr;

	if (addr_from_uri_text(a, str_of(uri), &addr) < 0)
		fail_msg("%s", uri);
	return addr;
}

static struct route_query query_of(const struct addr *from,
				   const struct addr *to)
{
	return (struct route_query){ .from = from, .to = to, .bytes = 5,
				     .hops_left = 70, .in_proto = PROTO_SIP };
}

static void check(const struct row *row)
{
	struct arena *a = arena_new(65536);
	struct addr from = parse(a, row->from), to = parse(a, row->to);
	struct route_query q = query_of(&from, &to);
	struct route r;

	if (row->proto != PROTO_NONE)
		q.in_proto = row->proto;
	q.in_link = row->link;
	q.is_trusted_in = row->is_trusted;
	route_choose(&conf, a, &q, &r);
	if (r.kind != row->kind || r.cause != row->cause ||
	    r.link != row->via)
		fail_msg("%s -> %s: kind %d %s link %u", row->from, row->to,
			 (int)r.kind, cause_name(r.cause), r.link);
	if (row->rule) {
		assert_true(r.rule >= 0);
		assert_str(conf.routes[r.rule].name, row->rule);
	} else {
		assert_int_equal(r.rule, -1);
	}
	assert_null(r.trail);
	arena_free(a);
}

static void test_defaults(void **state)
{
	static const struct row rows[] = {
		{ "sip:a@sip.example", "sip:b@sip.example",
		  .kind = ROUTE_USER },
		{ "sip:a@sip.example", "sip:b@SIP.Example;gr=x",
		  .kind = ROUTE_USER },
		{ "sip:a@sip.example", "sip:al@xmpp.example",
		  .kind = ROUTE_LINK, .via = 1 },
		{ "sip:a@sip.example", "sip:al@dept.part.example",
		  .kind = ROUTE_LINK, .via = 2 },
		{ "sip:al@xmpp.example", "sip:b@sip.example", PROTO_XMPP, 1,
		  .kind = ROUTE_USER },
		/* over another server, unless he is reached over it */
		{ "sip:al@xmpp.example", "sip:b@sip.example", PROTO_XMPP, 2,
		  .cause = CAUSE_NOT_YOURS },
		{ "sip:al@twice.example", "sip:b@sip.example", PROTO_XMPP, 1,
		  .kind = ROUTE_USER },
		{ "sip:al@twice.example", "sip:b@sip.example", PROTO_XMPP, 2,
		  .kind = ROUTE_USER },
		{ "tel:+491511234567", "sip:b@sip.example", PROTO_SMS, 5,
		  .kind = ROUTE_USER },
		{ "sip:a@sip.example", "sip:b@nowhere.example",
		  .cause = CAUSE_NO_DOMAIN },
		{ "sip:a@sip.example", "sip:nowhere.example",
		  .cause = CAUSE_NO_DOMAIN },
		{ "sip:a@sip.example", "sip:part.example",
		  .cause = CAUSE_NO_DOMAIN },
		{ "sip:a@sip.example", "sip:anonymous@anonymous.invalid",
		  .cause = CAUSE_NOT_FOUND },
		/* its link is gone: it waits for another one */
		{ "sip:a@sip.example", "sip:x@lost.example",
		  .cause = CAUSE_LINK_DOWN },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++)
		check(&rows[i]);
}

static void test_switched_off(void **state)
{
	static const struct row rows[] = {
		{ "sip:a@sip.example", "sip:x@off.example",
		  .cause = CAUSE_REMOTE_NOT_FOUND },
		{ "sip:x@off.example", "sip:a@sip.example", PROTO_XMPP, 1,
		  .cause = CAUSE_REMOTE_NOT_FOUND },
		{ "sip:a@sip.example", "sip:b@shut.example",
		  .cause = CAUSE_REMOTE_NOT_FOUND },
		/* a rule does not switch it on again */
		{ "sip:a@sip.example", "sip:spam@off.example",
		  .cause = CAUSE_REMOTE_NOT_FOUND },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++)
		check(&rows[i]);
}

static void test_senders(void **state)
{
	static const struct row rows[] = {
		/* ours, but from outside */
		{ "sip:a@sip.example", "sip:b@sip.example", PROTO_XMPP, 1,
		  .cause = CAUSE_NOT_YOURS },
		{ "sip:a@sip.example", "sip:b@sip.example", PROTO_SIP, 3,
		  .cause = CAUSE_NOT_YOURS },
		{ "sip:a@sip.example", "sip:b@sip.example", PROTO_SIP, 4,
		  .is_trusted = true, .kind = ROUTE_USER },
		/* a domain that speaks another protocol */
		{ "sip:al@xmpp.example", "sip:b@sip.example", PROTO_SIP, 3,
		  .cause = CAUSE_NOT_YOURS },
		{ "sip:al@xmpp.example", "sip:b@sip.example", PROTO_SIP, 0,
		  .cause = CAUSE_NOT_YOURS },
		{ "sip:al@xmpp.example", "sip:b@sip.example", PROTO_SIP, 4,
		  .is_trusted = true, .kind = ROUTE_USER },
		/* allow and deny */
		{ "sip:bad@xmpp.example", "sip:b@sip.example", PROTO_XMPP, 1,
		  .cause = CAUSE_POLICY_VIOLATION },
		{ "sip:x@mute.example", "sip:b@sip.example", PROTO_XMPP, 1,
		  .cause = CAUSE_POLICY_VIOLATION },
		{ "sip:x@dept.part.example", "sip:b@sip.example", PROTO_XMPP,
		  2, .kind = ROUTE_USER },
		{ "sip:x@hr.part.example", "sip:b@sip.example", PROTO_XMPP, 2,
		  .cause = CAUSE_POLICY_VIOLATION },
		/* nobody we know */
		{ "sip:x@nowhere.example", "sip:b@sip.example", PROTO_XMPP, 1,
		  .cause = CAUSE_POLICY_VIOLATION },
		{ "sip:x@nowhere.example", "sip:b@sip.example", PROTO_SIP, 4,
		  .is_trusted = true, .kind = ROUTE_USER },
		/* to them: deny, and allow unless it is empty */
		{ "sip:a@sip.example", "sip:bad@xmpp.example",
		  .cause = CAUSE_POLICY_VIOLATION },
		{ "sip:a@sip.example", "sip:x@mute.example",
		  .kind = ROUTE_LINK, .via = 1 },
		{ "sip:a@sip.example", "sip:x@hr.part.example",
		  .cause = CAUSE_POLICY_VIOLATION },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++)
		check(&rows[i]);
}

static void test_rules(void **state)
{
	static const struct row rows[] = {
		{ "sip:a@sip.example", "sip:spam@sip.example",
		  .cause = CAUSE_FORBIDDEN, .rule = "deny-spam" },
		{ "sip:a@sip.example", "sip:b@old.example",
		  .kind = ROUTE_USER },
		{ "sip:a@sip.example", "sip:x@backed.example",
		  .kind = ROUTE_LINK, .via = 1, .rule = "backed" },
		{ "sip:a@sip.example", "sip:x@half.example",
		  .kind = ROUTE_LINK, .via = 2, .rule = "half-gone" },
		{ "sip:a@sip.example", "sip:x@gone.example",
		  .cause = CAUSE_LINK_DOWN, .rule = "gone" },
		{ "sip:a@sip.example", "sip:bob@digits.example",
		  .cause = CAUSE_ADDRESS_INCOMPLETE, .rule = "to-digits" },
		{ "sip:barred@sip.example", "sip:b@sip.example",
		  .cause = CAUSE_DENIED, .rule = "users-only" },
		{ "sip:barred@sip.example", "tel:+15550100",
		  .kind = ROUTE_USER, .rule = "own-numbers" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++)
		check(&rows[i]);
}

static void test_numbers(void **state)
{
	static const struct row rows[] = {
		{ "sip:a@sip.example", "tel:+49-151-1234567",
		  .kind = ROUTE_LINK, .via = 5, .rule = "germany" },
		{ "sip:a@sip.example",
		  "sip:+491511234567@sip.example;user=phone",
		  .kind = ROUTE_LINK, .via = 5, .rule = "germany" },
		{ "sip:a@sip.example",
		  "sip:01511234567@sip.example;user=phone",
		  .kind = ROUTE_LINK, .via = 5, .rule = "germany" },
		{ "sip:a@sip.example", "tel:1511234567;phone-context=+49",
		  .kind = ROUTE_LINK, .via = 5, .rule = "germany" },
		{ "sip:a@sip.example",
		  "tel:01511234567;phone-context=sip.example",
		  .kind = ROUTE_LINK, .via = 5, .rule = "germany" },
		/* our own numbers */
		{ "sip:a@sip.example", "tel:+15550100", .kind = ROUTE_USER,
		  .rule = "own-numbers" },
		{ "tel:+491511234567", "tel:+15550100", PROTO_SMS, 5,
		  .kind = ROUTE_USER, .rule = "own-numbers" },
		/* no licence to take it for a number */
		{ "sip:a@sip.example", "sip:+491511234567@sip.example",
		  .kind = ROUTE_USER },
		/* a domain of numbers is a way of its own */
		{ "sip:a@sip.example", "sip:+447700900123@nums.example",
		  .kind = ROUTE_LINK, .via = 5 },
		{ "sip:a@sip.example", "sip:491511234567@digits.example",
		  .kind = ROUTE_LINK, .via = 5, .rule = "to-digits" },
		/* no way, no plan */
		{ "sip:a@sip.example", "tel:+447700900123",
		  .cause = CAUSE_NO_DOMAIN },
		{ "sip:a@sip.example", "tel:7042;phone-context=sip.example",
		  .cause = CAUSE_ADDRESS_INCOMPLETE },
		{ "sip:a@sip.example",
		  "tel:7042;phone-context=nowhere.example",
		  .cause = CAUSE_ADDRESS_INCOMPLETE },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++)
		check(&rows[i]);
}

static void test_relay_and_loops(void **state)
{
	static const struct row rows[] = {
		{ "sip:al@xmpp.example", "sip:x@peer.example", PROTO_XMPP, 1,
		  .cause = CAUSE_NO_RELAY },
		{ "sip:al@xmpp.example", "sip:x@backed.example", PROTO_XMPP,
		  1, .cause = CAUSE_NO_RELAY, .rule = "backed" },
		{ "tel:+447700900123", "sip:al@xmpp.example", PROTO_SMS, 5,
		  .cause = CAUSE_NO_RELAY },
		/* numbers cost money: ours only, however they are written */
		{ "sip:al@xmpp.example", "tel:+491511234567", PROTO_XMPP, 1,
		  .cause = CAUSE_NO_RELAY, .rule = "germany" },
		{ "sip:al@xmpp.example",
		  "sip:+491511234567@sip.example;user=phone", PROTO_XMPP, 1,
		  .cause = CAUSE_NO_RELAY, .rule = "germany" },
		/* a rule lets it */
		{ "sip:x@peer.example", "sip:y@bridged.example", PROTO_SIP, 3,
		  .kind = ROUTE_LINK, .via = 1, .rule = "bridge" },
		/* back where it came from */
		{ "sip:a@sip.example", "sip:x@tls.example", PROTO_SIP, 4,
		  .is_trusted = true, .cause = CAUSE_LOOP },
		/* an unknown stranger a trusted peer brings is not ours */
		{ "sip:x@nowhere.example", "sip:al@xmpp.example", PROTO_SIP,
		  4, .is_trusted = true, .cause = CAUSE_NO_RELAY },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++)
		check(&rows[i]);
}

/* ---- single properties ---- */

static struct route choose(struct arena *a, struct route_query q)
{
	struct route r;

	route_choose(&conf, a, &q, &r);
	return r;
}

static void test_hops(void **state)
{
	struct arena *a = arena_new(65536);
	struct addr us = parse(a, "sip:a@sip.example");
	struct addr al = parse(a, "sip:al@xmpp.example");
	struct route_query q = query_of(&us, &al);
	struct route r;

	(void)state;
	q.hops_left = 0;
	r = choose(a, q);
	assert_int_equal(r.kind, ROUTE_REFUSE);
	assert_int_equal(r.cause, CAUSE_TOO_MANY_HOPS);
	q.to = &us;
	assert_int_equal(choose(a, q).cause, CAUSE_TOO_MANY_HOPS);
	q.hops_left = 1;
	assert_int_equal(choose(a, q).kind, ROUTE_USER);
	arena_free(a);
}

static void test_sips(void **state)
{
	static const struct {
		const char *to;
		bool is_secure;
		enum cause cause;
	} rows[] = {
		{ "sips:al@xmpp.example", false, CAUSE_SIPS_ONLY },
		{ "sip:al@xmpp.example", true, CAUSE_SIPS_ONLY },
		{ "sips:x@peer.example", false, CAUSE_SIPS_ONLY },
		{ "sips:x@tls.example", false, CAUSE_NONE },
		{ "sips:b@sip.example", true, CAUSE_NONE },
		{ "sip:al@xmpp.example", false, CAUSE_NONE },
		{ "sips:+491511234567@sip.example;user=phone", false,
		  CAUSE_SIPS_ONLY },
		/* a rewritten address does not forget it */
		{ "sips:491511234567@digits.example", false,
		  CAUSE_SIPS_ONLY },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct arena *a = arena_new(65536);
		struct addr us = parse(a, "sip:a@sip.example");
		struct addr to = parse(a, rows[i].to);
		struct route_query q = query_of(&us, &to);
		struct route r;

		q.is_secure = rows[i].is_secure;
		r = choose(a, q);
		if (r.cause != rows[i].cause)
			fail_msg("%s: %s", rows[i].to, cause_name(r.cause));
		assert_int_equal(r.kind == ROUTE_REFUSE,
				 rows[i].cause != CAUSE_NONE);
		arena_free(a);
	}
}

static void test_size(void **state)
{
	struct arena *a = arena_new(65536);
	struct addr us = parse(a, "sip:a@sip.example");
	struct addr al = parse(a, "sip:al@xmpp.example");
	struct route_query q = query_of(&us, &us);
	struct route r;

	(void)state;
	q.bytes = 4000;
	assert_int_equal(choose(a, q).bytes_max, 4000);
	q.bytes = 4001;
	assert_int_equal(choose(a, q).cause, CAUSE_TOO_LARGE);
	q.bytes = BODY_SIZE_UNKNOWN;
	assert_int_equal(choose(a, q).kind, ROUTE_USER);
	/* the foreign domain's limit holds in both directions */
	q.to = &al;
	q.bytes = 1000;
	r = choose(a, q);
	assert_int_equal(r.kind, ROUTE_LINK);
	assert_int_equal(r.bytes_max, 1000);
	q.bytes = 1001;
	assert_int_equal(choose(a, q).cause, CAUSE_TOO_LARGE);
	q.from = &al;
	q.to = &us;
	q.in_proto = PROTO_XMPP;
	q.in_link = 1;
	assert_int_equal(choose(a, q).cause, CAUSE_TOO_LARGE);
	arena_free(a);
}

static void test_rewritten(void **state)
{
	struct arena *a = arena_new(65536);
	struct addr us = parse(a, "sip:a@sip.example;gr=u1");
	struct addr old = parse(a, "sip:B%40x@old.example");
	struct addr peer = parse(a, "sip:x@peer.example");
	struct addr digits = parse(a, "sip:491511234567@digits.example");
	struct route_query q = query_of(&us, &old);
	struct route r = choose(a, q);

	(void)state;
	assert_str(r.to.text, "sip:B%40x@sip.example");
	assert_int_equal(r.hits_n, 1);
	assert_str(conf.routes[r.hits[0]].name, "alias");
	q.to = &peer;
	r = choose(a, q);
	assert_str(r.from.text, "sip:a@brand.example");
	assert_str(r.from.instance, "u1");
	assert_str(r.to.text, "sip:x@peer.example");
	assert_true(r.is_ours);
	q.to = &digits;
	r = choose(a, q);
	assert_str(r.to.text, "tel:+491511234567");
	assert_int_equal(r.proto, PROTO_SMS);
	arena_free(a);
}

static void test_fallback(void **state)
{
	struct arena *a = arena_new(65536);
	struct addr us = parse(a, "sip:a@sip.example");
	struct addr backed = parse(a, "sip:x@backed.example");
	struct addr half = parse(a, "sip:x@half.example");
	struct addr bridged = parse(a, "sip:y@bridged.example");
	struct addr peer = parse(a, "sip:x@peer.example");
	struct route_query q = query_of(&us, &backed);

	(void)state;
	assert_int_equal(choose(a, q).fallback, 2);
	q.to = &half;
	assert_int_equal(choose(a, q).fallback, 0);
	/* never back to where it came from */
	q.from = &peer;
	q.to = &bridged;
	q.is_trusted_in = true;
	q.in_link = 3;
	assert_int_equal(choose(a, q).fallback, 2);
	q.in_link = 2;
	assert_int_equal(choose(a, q).fallback, 0);
	q.in_link = 1;
	assert_int_equal(choose(a, q).cause, CAUSE_LOOP);
	arena_free(a);
}

static void test_trust_of_next_hop(void **state)
{
	static const struct {
		const char *to;
		enum trust trust;
		bool is_trusted;
	} rows[] = {
		{ "sip:b@sip.example", TRUST_INTERNAL, false },
		{ "sip:al@xmpp.example", TRUST_EXTERNAL, false },
		{ "sip:x@mute.example", TRUST_PARTNER, true },
		{ "sip:x@peer.example", TRUST_EXTERNAL, false },
		{ "sip:x@tls.example", TRUST_EXTERNAL, true },
	};
	struct arena *a = arena_new(65536);
	struct addr us = parse(a, "sip:a@sip.example");
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(rows); i++) {
		struct addr to = parse(a, rows[i].to);
		struct route r = choose(a, query_of(&us, &to));

		assert_int_equal(r.trust, rows[i].trust);
		assert_int_equal(r.is_trusted, rows[i].is_trusted);
	}
	arena_free(a);
}

/* Out of the queue: who sent it was judged before; where it goes is not. */
static void test_accepted_before(void **state)
{
	struct arena *a = arena_new(65536);
	struct addr al = parse(a, "sip:bad@xmpp.example");
	struct addr us = parse(a, "sip:a@sip.example");
	struct addr off = parse(a, "sip:x@off.example");
	struct addr nowhere = parse(a, "sip:x@nowhere.example");
	struct addr peer = parse(a, "sip:x@peer.example");
	struct route_query q = query_of(&al, &us);

	(void)state;
	q.in_proto = PROTO_NONE;
	q.is_accepted = true;
	assert_int_equal(choose(a, q).kind, ROUTE_USER);
	q.from = &off;
	assert_int_equal(choose(a, q).kind, ROUTE_USER);
	q.from = &nowhere;
	assert_int_equal(choose(a, q).kind, ROUTE_USER);
	q.to = &peer;
	assert_int_equal(choose(a, q).kind, ROUTE_LINK);
	q.to = &off;
	assert_int_equal(choose(a, q).cause, CAUSE_REMOTE_NOT_FOUND);
	q.to = &nowhere;
	assert_int_equal(choose(a, q).cause, CAUSE_NO_DOMAIN);
	arena_free(a);
}

static void test_nobody(void **state)
{
	struct arena *a = arena_new(65536);
	struct addr us = parse(a, "sip:a@sip.example");
	struct addr none = { .kind = ADDR_NONE };

	(void)state;
	assert_int_equal(choose(a, query_of(&us, &none)).cause,
			 CAUSE_BAD_REQUEST);
	assert_int_equal(choose(a, query_of(&none, &us)).cause,
			 CAUSE_BAD_REQUEST);
	arena_free(a);
}

/* ---- who may speak for whom ---- */

/* One pair over one link of a small federation. */
static enum cause as(const char *from, uint32_t in_link, bool is_trusted)
{
	static struct str mine[] = { STR_LIT("corp.x") };
	static struct str hub[] = { STR_LIT("10.0.0.0/24") };
	static struct link_conf l[] = {
		{ .name = STR_LIT("p1"), .id = 1, .proto = PROTO_SIP,
		  .host = STR_LIT("10.1.0.1") },
		{ .name = STR_LIT("p2"), .id = 2, .proto = PROTO_SIP,
		  .host = STR_LIT("10.2.0.1") },
		{ .name = STR_LIT("narrow"), .id = 3, .proto = PROTO_SIP,
		  .claims = mine, .claims_n = 1 },
		{ .name = STR_LIT("h1"), .id = 4, .proto = PROTO_SIP,
		  .sources = hub, .sources_n = 1 },
		{ .name = STR_LIT("h2"), .id = 5, .proto = PROTO_SIP,
		  .sources = hub, .sources_n = 1 },
	};
	static struct str no_eve[] = { STR_LIT("eve@*") };
	static struct domain_conf d[] = {
		{ .name = STR_LIT("our.x"), .kind = DOMAIN_SERVED,
		  .is_enabled = true, .deny = no_eve, .deny_n = 1 },
		FOREIGN("one.x", PROTO_SIP, 1, ON, OPEN),
		FOREIGN("two.x", PROTO_SIP, 2, ON, OPEN),
		FOREIGN("corp.x", PROTO_SIP, 3, ON, OPEN),
		FOREIGN("hub.x", PROTO_SIP, 4, ON, OPEN),
	};
	struct config c = { .links = l, .links_n = COUNT_OF(l), .domains = d,
			    .domains_n = COUNT_OF(d),
			    .message_bytes_max = 65536 };
	struct arena *a = arena_new(65536);
	struct addr sender = parse(a, from), to = parse(a, "sip:bob@our.x");
	struct route_query q = query_of(&sender, &to);
	struct route r;

	q.in_link = in_link;
	q.is_trusted_in = is_trusted;
	route_choose(&c, a, &q, &r);
	arena_free(a);
	return r.kind == ROUTE_REFUSE ? r.cause : CAUSE_NONE;
}

static void test_claims(void **state)
{
	(void)state;
	assert_int_equal(as("sip:a@one.x", 1, false), CAUSE_NONE);
	/* one peer in another's name */
	assert_int_equal(as("sip:a@two.x", 1, false), CAUSE_NOT_YOURS);
	assert_int_equal(as("sip:a@one.x", 2, false), CAUSE_NOT_YOURS);
	/* who is trusted is believed, unless it is said for whom he speaks */
	assert_int_equal(as("sip:a@two.x", 1, true), CAUSE_NONE);
	assert_int_equal(as("sip:a@corp.x", 3, true), CAUSE_NONE);
	assert_int_equal(as("sip:a@corp.x", 3, false), CAUSE_NONE);
	assert_int_equal(as("sip:a@one.x", 3, true), CAUSE_NOT_YOURS);
	assert_int_equal(as("sip:a@our.x", 3, true), CAUSE_NOT_YOURS);
	/* ours from outside */
	assert_int_equal(as("sip:a@our.x", 1, false), CAUSE_NOT_YOURS);
	/* two links to the same far end */
	assert_int_equal(as("sip:a@hub.x", 5, false), CAUSE_NONE);
	assert_int_equal(as("sip:a@hub.x", 1, false), CAUSE_NOT_YOURS);
	/* nobody of our domain wants to hear from her */
	assert_int_equal(as("sip:eve@one.x", 1, false), CAUSE_DENIED);
}

/* Every entry of a list has its counter. */
static void test_entries_are_counted(void **state)
{
	static struct str allow[] = { STR_LIT("a@*"), STR_LIT("b@*") };
	static struct str deny[] = { STR_LIT("bad@*") };
	struct domain_conf d[] = {
		{ .name = STR_LIT("our.x"), .kind = DOMAIN_SERVED,
		  .is_enabled = true },
		FOREIGN("far.x", PROTO_SIP, 1, ON, .allow = allow,
			.allow_n = 2, .deny = deny, .deny_n = 1),
	};
	struct link_conf l = { .name = STR_LIT("p"), .id = 1,
			       .proto = PROTO_SIP };
	struct config c = { .links = &l, .links_n = 1, .domains = d,
			    .domains_n = 2, .message_bytes_max = 65536 };
	static const struct {
		const char *from;
		size_t entry;
	} rows[] = {
		{ "sip:bad@far.x", 0 }, { "sip:a@far.x", 1 },
		{ "sip:b@far.x", 2 }, { "sip:c@far.x", 3 },
	};
	struct arena *a = arena_new(65536);
	struct addr to = parse(a, "sip:bob@our.x"), from;
	struct route_query q = query_of(&from, &to);
	struct route r;
	size_t i;

	(void)state;
	config_number_rules(&c);
	assert_int_equal(d[1].rule_base, 2);
	assert_int_equal(c.rules_n, 6);
	q.in_link = 1;
	for (i = 0; i < COUNT_OF(rows); i++) {
		from = parse(a, rows[i].from);
		route_choose(&c, a, &q, &r);
		assert_int_equal(r.hits_n, 1);
		assert_int_equal(r.hits[0], d[1].rule_base + rows[i].entry);
		assert_int_equal(r.kind == ROUTE_REFUSE, i == 0 || i == 3);
	}
	arena_free(a);
}

static void test_trail(void **state)
{
	struct arena *a = arena_new(65536);
	struct addr us = parse(a, "sip:a@sip.example");
	struct addr to = parse(a, "sip:x@peer.example");
	struct route_query q = query_of(&us, &to);
	struct buf b;
	struct route r;
	size_t i;

	(void)state;
	q.wants_trail = true;
	r = choose(a, q);
	buf_init(&b, 4096);
	for (i = 0; i < r.trail_n; i++) {
		const struct route_note *n = &r.trail[i];

		if (!n->is_hit)
			continue;
		buf_put_str(&b, str_of(n->stage));
		buf_put_char(&b, ' ');
		buf_put_str(&b, n->name);
		buf_put_char(&b, ' ');
		buf_put_str(&b, str_of(n->did));
		buf_put_char(&b, ' ');
		buf_put_str(&b, n->detail);
		buf_put_char(&b, '\n');
	}
	assert_str(buf_str(&b),
		   "sender sip.example is ours \n"
		   "rule brand rewrites from to sip:a@brand.example\n"
		   "default peer.example decides: link peer\n"
		   "allow peer.example allowed by *\n");
	/* every rule was looked at */
	assert_int_equal(r.trail_n, 3 + COUNT_OF(routes));
	buf_free(&b);
	arena_free(a);
}

static void test_small_arenas(void **state)
{
	struct arena *big = arena_new(65536);
	struct addr us = parse(big, "sip:a@sip.example");
	struct addr to = parse(big, "sip:01511234567@sip.example;user=phone");
	struct addr old = parse(big, "sip:x@old.example");
	size_t max;

	(void)state;
	for (max = 0; max < 2048; max += 16) {
		struct arena *a = arena_new(max);
		struct route_query q = query_of(&us, &to);
		struct route r;

		q.wants_trail = max & 16;
		r = choose(a, q);
		assert_true(r.kind == ROUTE_LINK ||
			    r.cause == CAUSE_OVERLOAD);
		q.to = &old;
		r = choose(a, q);
		assert_true(r.kind == ROUTE_USER ||
			    r.cause == CAUSE_OVERLOAD);
		arena_free(a);
	}
	arena_free(big);
}

/* ---- no relay without a rule ---- */

static uint64_t seed = 0xda3e39cb94b95bdbu;

static uint64_t next(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

#define PICK(list) (list)[next() % COUNT_OF(list)]

static const char *const hosts[] = { "a.x", "b.x", "c.x", "x", "d.y", "e.y" };
static const char *const names[] = { "a.x", "b.x", "*.x", "x", "d.y", "*.y" };
static const char *const patterns[] = {
	"", "*", "*@a.x", "*@*.x", "bob@*", "+1*", "tel:*", "d.y", "sip:*",
};
static const char *const templates[] = {
	"", "", "", "{user}@a.x", "{user}@d.y", "{user}@{domain}.y",
	"tel:+{digits}",
};

/* Everything random, also what no check of a configuration would let pass. */
static struct config *random_config(void)
{
	struct config *c = config_new();
	size_t i;

	c->links_n = 1 + next() % 3;
	c->links = arena_array(c->arena, c->links_n, sizeof(*c->links));
	for (i = 0; i < c->links_n; i++)
		c->links[i] = (struct link_conf){
			.name = STR("l"), .id = (uint32_t)i + 1,
			.proto = next() % 2 ? PROTO_XMPP : PROTO_SIP,
			.is_trusted = next() % 4 == 0,
		};
	c->domains_n = next() % 5;
	c->domains = arena_array(c->arena, c->domains_n, sizeof(*c->domains));
	for (i = 0; i < c->domains_n; i++)
		c->domains[i] = (struct domain_conf){
			.name = str_of(PICK(names)),
			.kind = next() % 2 ? DOMAIN_SERVED : DOMAIN_FOREIGN,
			.proto = next() % 2 ? PROTO_XMPP : PROTO_SIP,
			.via_id = (uint32_t)(next() % 4),
			.is_enabled = next() % 8 != 0, OPEN,
			.numeric_user_is_phone = next() % 2,
		};
	c->routes_n = next() % 5;
	c->routes = arena_array(c->arena, c->routes_n, sizeof(*c->routes));
	for (i = 0; i < c->routes_n; i++)
		c->routes[i] = (struct route_conf){
			.name = STR("r"), .from = str_of(PICK(patterns)),
			.to = str_of(PICK(patterns)),
			.kind = next() % 4 ? STR("") : STR("tel"),
			.verb = (enum route_do)(next() % 4),
			.via_id = (uint32_t)(next() % 4),
			.fallback_id = (uint32_t)(next() % 4),
			.rewrite_from = str_of(PICK(templates)),
			.rewrite_to = str_of(PICK(templates)),
			.may_relay = next() % 4 == 0,
		};
	return c;
}

static struct addr random_addr(struct arena *a)
{
	char text[64];
	struct addr addr;

	switch (next() % 4) {
	case 0:
		return parse(a, next() % 2 ? "tel:+15550100" :
					     "tel:7042;phone-context=a.x");
	case 1:
		snprintf(text, sizeof(text), "sip:+15550100@%s", PICK(hosts));
		break;
	default:
		snprintf(text, sizeof(text), "sip:bob@%s", PICK(hosts));
	}
	assert_int_equal(addr_from_uri_text(a, str_of(text), &addr), 0);
	return addr;
}

static bool is_served(const struct config *c, const struct addr *addr)
{
	const struct domain_conf *d = config_domain(c, addr->domain);

	return addr->kind == ADDR_USER && d && d->kind == DOMAIN_SERVED;
}

/* Judged by the result and the trail alone. */
static void check_no_relay(const struct config *c, const struct route_query *q,
			   const struct route *r)
{
	bool is_client = q->in_link == 0 || q->is_trusted_in;
	bool is_from_ours = is_served(c, q->from) ||
			    (q->from->kind == ADDR_TEL && is_client);
	const struct route_note *n;
	size_t i;

	if (r->kind == ROUTE_REFUSE) {
		assert_true(r->cause != CAUSE_NONE && r->link == 0);
		return;
	}
	if (r->kind == ROUTE_USER) {
		assert_int_equal(r->link, 0);
		return;
	}
	assert_non_null(config_link(c, r->link));
	assert_true(r->link != q->in_link || q->in_link == 0);
	assert_true(r->fallback != q->in_link || r->fallback == 0);
	if ((is_from_ours && is_client) || is_served(c, &r->to))
		return;
	assert_true(r->is_relay);
	assert_true(r->rule >= 0 && c->routes[r->rule].may_relay);
	for (i = 0; i < r->trail_n; i++) {
		n = &r->trail[i];
		if (n->is_hit && str_eq(str_of(n->stage), STR("relay")))
			return;
	}
	fail_msg("relayed without a word");
}

static void test_no_relay_without_a_rule(void **state)
{
	unsigned i, k, relays = 0, links_taken = 0, users = 0;

	(void)state;
	for (i = 0; i < 4000; i++) {
		struct config *c = random_config();

		for (k = 0; k < 25; k++) {
			struct arena *a = arena_new(65536);
			struct addr from = random_addr(a);
			struct addr to = random_addr(a);
			struct route_query q = query_of(&from, &to);
			struct route r;

			q.in_link = (uint32_t)(next() % 4);
			q.in_proto = next() % 2 ? PROTO_XMPP : PROTO_SIP;
			q.is_trusted_in = next() % 4 == 0;
			q.wants_trail = true;
			route_choose(c, a, &q, &r);
			check_no_relay(c, &q, &r);
			relays += r.kind == ROUTE_LINK && r.is_relay;
			links_taken += r.kind == ROUTE_LINK;
			users += r.kind == ROUTE_USER;
			arena_free(a);
		}
		config_put(c);
	}
	/* the test tested something */
	assert_true(relays > 100 && links_taken > 1000 && users > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_ROWS(test_defaults, "CP08"),
		TEST_ROWS(test_switched_off, "X-126"),
		TEST(test_senders),
		TEST(test_rules),
		TEST_ROWS(test_numbers, "X-29"),
		TEST(test_relay_and_loops),
		TEST(test_hops),
		TEST_ROWS(test_sips, "X-28"),
		TEST(test_size),
		TEST(test_rewritten),
		TEST(test_fallback),
		TEST(test_trust_of_next_hop),
		TEST(test_accepted_before),
		TEST(test_nobody),
		TEST(test_claims),
		TEST(test_entries_are_counted),
		TEST(test_trail),
		TEST(test_small_arenas),
		TEST(test_no_relay_without_a_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
