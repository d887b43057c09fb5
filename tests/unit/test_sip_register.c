/* tests/unit/test_sip_register.c: REGISTER, OPTIONS and credentials, from the
 * wire to core and back.
 */
#include "tests/unit/sip_side.h"

#include <stdio.h>
#include <unistd.h>

#include "core/codec/digest.h"

static int setup(void **state)
{
	*state = sip_side_new(SIDE_TRUSTED);
	return 0;
}

static int setup_strict(void **state)
{
	*state = sip_side_new(0);
	return 0;
}

static int teardown(void **state)
{
	sip_side_free(*state);
	return 0;
}

static void send_register(struct sip_side *s, const char *extra)
{
	static unsigned n;

	n++;
	sip_side_udp(s, "REGISTER sip:a.example SIP/2.0\n"
		     "Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK-r%u\n"
		     "From: <sip:alice@a.example>;tag=1\n"
		     "To: <sip:alice@a.example>\nCall-ID: reg1\n"
		     "CSeq: %u REGISTER\nUser-Agent: IM-client/OMA1.0 x/1\n"
		     "%sContent-Length: 0\n\n", s->udp_port, n, n + 10, extra);
}

static void test_contacts(void **state)
{
	struct sip_side *s = *state;
	const struct registration *r;
	struct event *ev;

	send_register(s,
		"Contact: <sip:alice@10.0.0.9:5070;transport=tcp>;q=0.5;"
		"+sip.instance=\"<urn:uuid:1-2>\";reg-id=1;+g.oma.sip-im;"
		"language=\"en,fr\";expires=600, "
		"<sip:alice@127.0.0.1:5061>\n"
		"Expires: 120\nPath: <sip:edge.example;lr>\n");
	ev = sip_side_event(s, EV_REGISTER);
	assert_non_null(ev);
	r = ev->u.registration;
	assert_str(r->aor.text, "sip:alice@a.example");
	assert_str(r->call_id, "reg1");
	assert_true(r->cseq > 10);
	assert_false(r->is_star);
	assert_int_equal(r->contacts_n, 2);
	assert_str(r->contacts[0].contact,
		   "sip:alice@10.0.0.9:5070;transport=tcp");
	assert_str(r->contacts[0].instance, "<urn:uuid:1-2>");
	assert_int_equal(r->contacts[0].reg_id, 1);
	assert_int_equal(r->contacts[0].q_milli, 500);
	assert_str(r->contacts[0].params,
		   "+sip.instance=\"<urn:uuid:1-2>\";reg-id=1;+g.oma.sip-im;"
		   "language=\"en,fr\"");
	assert_int_equal(r->expires_s[0], 600);
	assert_str(r->contacts[0].path, "<sip:edge.example;lr>");
	assert_str(r->contacts[0].flow, "");	/* the path's, not ours */
	assert_str(r->contacts[0].user_agent, "IM-client/OMA1.0 x/1");
	assert_int_equal(r->expires_s[1], 120);
	assert_int_equal(r->contacts[1].q_milli, 1000);
	assert_str(ev->origin->method, "REGISTER");
	sip_side_done(s, ev);
}

static void test_flow(void **state)
{
	struct sip_side *s = *state;
	char want[64];
	struct event *ev;

	/* behind a NAT: the address is not where it came from */
	send_register(s, "Contact: <sip:alice@192.168.1.7:5060>\n");
	ev = sip_side_event(s, EV_REGISTER);
	snprintf(want, sizeof(want), "udp 127.0.0.1 %u", s->udp_port);
	assert_str(ev->u.registration->contacts[0].flow, want);
	assert_true(ev->u.registration->expires_s[0] == UINT32_MAX);
	sip_side_done(s, ev);
	send_register(s, "Contact: <sip:alice@127.0.0.1:5099>\n");
	ev = sip_side_event(s, EV_REGISTER);
	assert_str(ev->u.registration->contacts[0].flow, "");
	sip_side_done(s, ev);
}

/* What core must know beside the contacts. */
static void test_extensions(void **state)
{
	static const struct {
		const char *head;
		bool has_path, can_path, can_gruu, can_outbound;
		enum first_hop hop;
	} rows[] = {
		{ "", false, false, false, false, HOP_PLAIN },
		{ "Supported: path, gruu\nSupported: outbound\n",
		  false, true, true, true, HOP_PLAIN },
		{ "Require: gruu\nPath: <sip:e.example;lr;ob>\n",
		  true, false, true, false, HOP_KEEPS },
		{ "Path: <sip:c.example;lr;ob>, <sip:e.example;lr>\n",
		  true, false, false, false, HOP_LACKS },
		{ "Path: <sip:c.example;lr>, <sip:e.example;lr;ob>\n",
		  true, false, false, false, HOP_KEEPS },
		{ "Via: SIP/2.0/UDP 10.0.0.9;branch=z9hG4bKx\n",
		  false, false, false, false, HOP_LACKS },
	};
	struct sip_side *s = *state;
	const struct registration *r;
	struct event *ev;
	size_t i;

	for (i = 0; i < COUNT_OF(rows); i++) {
		send_register(s, rows[i].head);
		ev = sip_side_event(s, EV_REGISTER);
		assert_non_null(ev);
		r = ev->u.registration;
		assert_str(r->domain, "a.example");
		assert_int_equal(r->has_path, rows[i].has_path);
		assert_int_equal(r->can_path, rows[i].can_path);
		assert_int_equal(r->can_gruu, rows[i].can_gruu);
		assert_int_equal(r->can_outbound, rows[i].can_outbound);
		assert_int_equal(r->first_hop, rows[i].hop);
		sip_side_done(s, ev);
	}
}

static void test_answer_extensions(void **state)
{
	struct sip_side *s = *state;
	struct gruu g = { STR("sip:alice@a.example;gr=urn:uuid:1"),
			  STR("sip:tgruu.00@a.example;gr") };
	struct binding b = { .contact = STR("sip:alice@10.0.0.9"),
			     .params = STR("+sip.instance=\"<urn:uuid:1>\""),
			     .q_milli = 1000,
			     .expires_utc_us = net_utc_us() + 100000000 };
	struct answer an = { .kind = ANSWER_OK, .bindings = &b,
			     .bindings_n = 1, .gruus = &g,
			     .is_outbound = true };
	struct answer lacks = { .kind = ANSWER_REFUSED, .require = "path" };
	struct event *ev;
	const char *text, *c;

	send_register(s, "Contact: <sip:alice@10.0.0.9>;pub-gruu=\"x\";"
			 "+sip.instance=\"<urn:uuid:1>\";temp-gruu=\"y\"\n");
	ev = sip_side_event(s, EV_REGISTER);
	assert_str(ev->u.registration->contacts[0].params,
		   "+sip.instance=\"<urn:uuid:1>\"");
	sip_side_answer(s, ev->leg, CAUSE_NONE, &an);
	sip_side_done(s, ev);
	text = sip_side_recv(s);
	assert_int_equal(sip_side_status(text), 200);
	c = sip_side_header(text, "Contact", 0);
	assert_non_null(strstr(c, ";pub-gruu=\"sip:alice@a.example;"
				  "gr=urn:uuid:1\""));
	assert_non_null(strstr(c, ";temp-gruu=\"sip:tgruu.00@a.example;gr\""));
	assert_non_null(strstr(c, "+sip.instance=\"<urn:uuid:1>\""));
	assert_string_equal(sip_side_header(text, "Require", 0), "outbound");

	send_register(s, "Contact: <sip:alice@10.0.0.9>\n");
	ev = sip_side_event(s, EV_REGISTER);
	sip_side_answer(s, ev->leg, CAUSE_EXTENSION_REQUIRED, &lacks);
	sip_side_done(s, ev);
	text = sip_side_recv(s);
	assert_int_equal(sip_side_status(text), 421);
	assert_string_equal(sip_side_header(text, "Require", 0), "path");
}

static void test_answer(void **state)
{
	struct sip_side *s = *state;
	int64_t now = net_utc_us();
	struct binding b[] = {
		{ .contact = STR("sip:alice@10.0.0.9"), .q_milli = 500,
		  .params = STR("+g.oma.sip-im"),
		  .expires_utc_us = now + 100000000 },
		{ .contact = STR("sip:alice@10.0.0.8"), .q_milli = 1000,
		  .expires_utc_us = now + 200000000 },
		{ .contact = STR("sip:alice@10.0.0.7"), .q_milli = 1000,
		  .expires_utc_us = now - 1 },
	};
	struct answer an = { .kind = ANSWER_OK, .bindings = b,
			     .bindings_n = 3 };
	struct answer brief = { .kind = ANSWER_REFUSED, .min_expires_s = 60 };
	struct event *ev;
	const char *text, *c;

	send_register(s, "Contact: <sip:alice@10.0.0.9>\n"
			 "Path: <sip:edge.example;lr>\n");
	ev = sip_side_event(s, EV_REGISTER);
	sip_side_answer(s, ev->leg, CAUSE_NONE, &an);
	sip_side_done(s, ev);
	text = sip_side_recv(s);
	assert_int_equal(sip_side_status(text), 200);
	c = sip_side_header(text, "Contact", 0);
	assert_non_null(strstr(c, "<sip:alice@10.0.0.9>;+g.oma.sip-im;q=0.5"));
	assert_true(strstr(c, "expires=100") || strstr(c, "expires=99"));
	assert_non_null(sip_side_header(text, "Date", 0));
	assert_string_equal(sip_side_header(text, "Path", 0),
			    "<sip:edge.example;lr>");
	assert_non_null(strstr(text, "sip:alice@10.0.0.8"));
	assert_null(strstr(text, "10.0.0.7"));

	send_register(s, "Contact: <sip:alice@10.0.0.9>;expires=5\n");
	ev = sip_side_event(s, EV_REGISTER);
	sip_side_answer(s, ev->leg, CAUSE_INTERVAL_TOO_BRIEF, &brief);
	sip_side_done(s, ev);
	text = sip_side_recv(s);
	assert_int_equal(sip_side_status(text), 423);
	assert_string_equal(sip_side_header(text, "Min-Expires", 0), "60");
}

static void test_star_and_query(void **state)
{
	struct sip_side *s = *state;
	struct event *ev;

	send_register(s, "Contact: *\nExpires: 0\n");
	ev = sip_side_event(s, EV_REGISTER);
	assert_true(ev->u.registration->is_star);
	assert_int_equal(ev->u.registration->contacts_n, 0);
	sip_side_done(s, ev);
	send_register(s, "");
	ev = sip_side_event(s, EV_REGISTER);
	assert_false(ev->u.registration->is_star);
	assert_int_equal(ev->u.registration->contacts_n, 0);
	sip_side_done(s, ev);
}

static void test_bad_contacts(void **state)
{
	static const char *const bad[] = {
		"Contact: *\n",
		"Contact: *\nExpires: 60\n",
		"Contact: *, <sip:a@b>\nExpires: 0\n",
		"Contact: <tel:+15550100>\n",
		"Contact: <sip:a@10.0.0.1>;q=7\n",
		"Contact: <sip:a@10.0.0.1>;q=0.x\n",
		"Contact: <sip:a@10.0.0.1>;q=0.1234\n",
		"Contact: <sip:a@10.0.0.1>;q=1.001\n",
		"Contact: <sip:a@10.0.0.1>;q=.5\n",
		"Contact: <sip:a@10.0.0.1>;q=-1\n",
		"Contact: <sip:a@10.0.0.1>;reg-id=x\n",
		"Contact: <sip:a@\n",
		"Contact: <sip:a@10.0.0.1>\nPath: sip\n",
		"Contact: <sip:a@10.0.0.1>\nPath: (\n",
		"Contact: <sip:a@10.0.0.1>\nPath: <tel:+1>\n",
	};
	struct sip_side *s = *state;
	size_t i;

	for (i = 0; i < COUNT_OF(bad); i++) {
		send_register(s, bad[i]);
		if (sip_side_status(sip_side_recv(s)) != 400)
			fail_msg("not refused: %s", bad[i]);
		assert_null(contract_core_take(&s->core));
	}
}

static void send_request(struct sip_side *s, const char *method,
			 const char *extra)
{
	static unsigned n;

	n++;
	sip_side_udp(s, "%s sip:bob@b.example SIP/2.0\n"
		     "Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK-q%u\n"
		     "From: <sip:alice@a.example>;tag=1\n"
		     "To: <sip:bob@b.example>\nCall-ID: q%u\n"
		     "CSeq: 1 %s\n%sContent-Length: 0\n\n",
		     method, s->udp_port, n, n, method, extra);
}

static void test_requests(void **state)
{
	static const struct {
		const char *method, *extra, *event;
		enum cause c;
		unsigned code;
		const char *header;
	} rows[] = {
		{ "OPTIONS", "", "", CAUSE_NONE, 200, "Accept" },
		{ "INVITE", "", "", CAUSE_METHOD_NOT_ALLOWED, 405, "Allow" },
		{ "SUBSCRIBE", "Event: presence\n", "presence",
		  CAUSE_BAD_EVENT, 489, "Server" },
		{ "PUBLISH", "Event: x\n", "x", CAUSE_NOT_IMPLEMENTED, 501,
		  "Server" },
		{ "REFER", "Refer-To: <sip:c@b.example>\n", "",
		  CAUSE_METHOD_NOT_ALLOWED, 405, "Allow" },
		{ "NOTIFY", "Event: y\nSubscription-State: active\n", "y",
		  CAUSE_NO_TRANSACTION, 481, "Server" },
		{ "FROBNICATE", "", "", CAUSE_NOT_IMPLEMENTED, 501,
		  "Server" },
	};
	struct sip_side *s = *state;
	struct event *ev;
	const char *text;
	size_t i;

	for (i = 0; i < COUNT_OF(rows); i++) {
		send_request(s, rows[i].method, rows[i].extra);
		ev = sip_side_event(s, EV_REQUEST);
		assert_non_null(ev);
		assert_str(ev->u.request->method, rows[i].method);
		assert_str(ev->u.request->event, rows[i].event);
		assert_str(ev->u.request->to.text, "sip:bob@b.example");
		sip_side_answer(s, ev->leg, rows[i].c, NULL);
		sip_side_done(s, ev);
		text = sip_side_recv(s);
		assert_int_equal(sip_side_status(text), rows[i].code);
		assert_non_null(sip_side_header(text, rows[i].header, 0));
	}
}

static void test_options(void **state)
{
	struct sip_side *s = *state;
	struct event *ev;
	const char *text;

	send_request(s, "OPTIONS", "");
	ev = sip_side_event(s, EV_REQUEST);
	sip_side_answer(s, ev->leg, CAUSE_NONE, NULL);
	sip_side_done(s, ev);
	text = sip_side_recv(s);
	assert_int_equal(sip_side_status(text), 200);
	assert_non_null(strstr(sip_side_header(text, "Accept", 0),
			       "message/cpim"));
	assert_non_null(strstr(sip_side_header(text, "Allow", 0), "MESSAGE"));
	assert_non_null(strstr(sip_side_header(text, "Contact", 0),
			       ">;+g.oma.sip-im"));
	assert_non_null(sip_side_header(text, "Supported", 0));
	assert_non_null(strstr(sip_side_header(text, "Server", 0),
			       "IM-serv/OMA1.0 "));
}

static void test_require(void **state)
{
	struct sip_side *s = *state;
	const char *text;

	send_request(s, "OPTIONS", "Require: path, nothing-we-know, other\n");
	text = sip_side_recv(s);
	assert_int_equal(sip_side_status(text), 420);
	assert_non_null(strstr(text, "nothing-we-know"));
	assert_non_null(strstr(text, "other"));
	assert_null(strstr(sip_side_header(text, "Unsupported", 0), "path"));
	assert_null(contract_core_take(&s->core));
}

/* ---- credentials ------------------------------------------------------ */

/* Copies the n-th challenge's nonce. */
static void read_challenge(const char *text, unsigned n, char nonce[128],
			   const char *alg)
{
	const char *v = sip_side_header(text, "WWW-Authenticate", n);
	const char *at;

	assert_non_null(v);
	assert_non_null(strstr(v, alg));
	assert_non_null(strstr(v, "realm=\"a.example\""));
	assert_non_null(strstr(v, "qop=\"auth\""));
	at = strstr(v, "nonce=\"");
	assert_non_null(at);
	snprintf(nonce, 128, "%.*s", (int)strcspn(at + 7, "\""), at + 7);
}

static void send_cred(struct sip_side *s, const char *realm,
		      const char *nonce)
{
	char line[512];

	snprintf(line, sizeof(line),
		 "Authorization: Digest username=\"alice\", realm=\"%s\", "
		 "nonce=\"%s\", uri=\"sip:bob@b.example\", algorithm=SHA-256, "
		 "response=\"%064d\", qop=auth, nc=00000001, "
		 "cnonce=\"x\"\nContent-Type: text/plain\n",
		 realm, nonce, 0);
	sip_side_message(s, line, "x");
}

static void test_challenge(void **state)
{
	struct sip_side *s = *state;
	char sha[128], md5[128];
	struct answer an = { .kind = ANSWER_REFUSED, .is_stale = true };
	struct event *ev;
	const char *text;

	sip_side_message(s, "Content-Type: text/plain\n"
			 "P-Asserted-Identity: <sip:boss@a.example>\n", "x");
	text = sip_side_recv(s);
	assert_int_equal(sip_side_status(text), 401);
	assert_null(contract_core_take(&s->core));	/* no object yet */
	read_challenge(text, 0, sha, "SHA-256");
	read_challenge(text, 1, md5, "MD5");

	send_cred(s, "a.example", sha);
	ev = sip_side_event(s, EV_MSG);
	assert_non_null(ev);
	assert_true(ev->origin->has_cred);
	assert_str(ev->origin->cred.username, "alice");
	assert_int_equal(ev->origin->cred.alg, DIGEST_SHA256);
	assert_int_equal(ev->origin->nonce, DIGEST_NONCE_FRESH);
	assert_false(ev->origin->is_trusted);
	sip_side_answer(s, ev->leg, CAUSE_UNAUTHORIZED, &an);
	sip_side_done(s, ev);
	text = sip_side_recv(s);
	assert_int_equal(sip_side_status(text), 401);
	assert_non_null(strstr(text, "stale=true"));

	send_cred(s, "a.example", "forged");
	ev = sip_side_event(s, EV_MSG);
	assert_int_equal(ev->origin->nonce, DIGEST_NONCE_FORGED);
	sip_side_done(s, ev);
	/* Credentials for somebody else's realm are none. */
	send_cred(s, "elsewhere.example", sha);
	assert_int_equal(sip_side_status(sip_side_recv(s)), 401);
	assert_null(contract_core_take(&s->core));
}

static void test_no_identity_of_clients(void **state)
{
	struct sip_side *s = *state;
	char nonce[128], line[700];
	struct event *ev;

	sip_side_message(s, "", "");
	read_challenge(sip_side_recv(s), 0, nonce, "SHA-256");
	snprintf(line, sizeof(line),
		 "P-Asserted-Identity: <sip:boss@a.example>\n"
		 "P-Preferred-Identity: <sip:al@a.example>\n"
		 "Authorization: Digest username=\"alice\", "
		 "realm=\"a.example\", nonce=\"%s\", "
		 "uri=\"sip:bob@b.example\", algorithm=MD5, "
		 "response=\"%032d\", qop=auth, nc=00000001, "
		 "cnonce=\"x\"\n", nonce, 0);
	sip_side_message(s, line, "");
	ev = sip_side_event(s, EV_MSG);
	assert_non_null(ev);
	assert_int_equal(ev->origin->asserted.kind, ADDR_NONE);
	assert_str(ev->origin->preferred.text, "sip:al@a.example");
	sip_side_done(s, ev);
}

static void test_bad_credentials(void **state)
{
	static const char *const bad[] = {
		"Authorization: Digest\n",
		"Authorization: Digest username=\"a\n",
		"Authorization: Digest username=a,,,=,realm\n",
		"Authorization: Basic YTpi\n",
		/* what crashed others [CVE-2023-28098 and its kind] */
		"Authorization: Digest username=\n",
		"Authorization: Digest \"\n",
		"Authorization: Digest username=\"\\\n",
		"Authorization: Digest username=\"a\", username=\"b\"\n",
		"Authorization: Digest ,,,,,,,,,\n",
		"Authorization: Digest username=\"a\" realm=\"a.example\"\n",
		"Authorization: Digest algorithm\n",
		"Authorization: Digest nc=,qop=,cnonce=\n",
		("Authorization: Digest username=\"a\", realm=\"a.example\", "
		 "nonce=\"n\", uri=\"u\", response=\"%00000000000000000000000"
		 "000000000\", qop=auth, nc=00000001\n"),
		("Authorization: Digest username*=UTF-8''%zz, "
		 "realm=\"a.example\", nonce=\"n\", uri=\"u\", "
		 "response=\"00000000000000000000000000000000\"\n"),
		("Authorization: Digest username=\"a\", realm=\"a.example\", "
		 "nonce=\"n\", uri=\"u\", response=\"0\", algorithm=XYZ\n"),
	};
	struct sip_side *s = *state;
	size_t i;

	for (i = 0; i < COUNT_OF(bad); i++) {
		unsigned code;

		sip_side_message(s, bad[i], "");
		code = sip_side_status(sip_side_recv(s));
		if (code != 400 && code != 401)
			fail_msg("%u for %s", code, bad[i]);
		assert_null(contract_core_take(&s->core));
	}
}

static void fetch_nonce(struct sip_side *s, char nonce[128])
{
	sip_side_message(s, "Content-Type: text/plain\n", "x");
	read_challenge(sip_side_recv(s), 0, nonce, "SHA-256");
}

/* A MESSAGE of that user with that nonce and count; the event core gets, or
   NULL. */
static struct event *send_counted(struct sip_side *s, const char *user,
				  const char *nonce, unsigned nc)
{
	char line[600];

	snprintf(line, sizeof(line),
		 "Authorization: Digest username=\"%s\", "
		 "realm=\"a.example\", nonce=\"%s\", "
		 "uri=\"sip:bob@b.example\", algorithm=SHA-256, "
		 "response=\"%064d\", qop=auth, nc=%08x, "
		 "cnonce=\"x\"\nContent-Type: text/plain\n",
		 user, nonce, 0, nc);
	sip_side_message(s, line, "x");
	return sip_side_event(s, EV_MSG);
}

static enum digest_nonce spend(struct sip_side *s, const char *nonce,
			       unsigned nc)
{
	struct event *ev = send_counted(s, "alice", nonce, nc);
	struct answer an = { .kind = ANSWER_OK };
	enum digest_nonce n;

	assert_non_null(ev);
	n = ev->origin->nonce;
	sip_side_answer(s, ev->leg, CAUSE_NONE, &an);
	sip_side_done(s, ev);
	assert_non_null(sip_side_recv(s));
	return n;
}

/* [RFC 7616 3.4] */
static void test_counts_are_used_once(void **state)
{
	static const struct {
		unsigned nc;
		enum digest_nonce is;
	} rows[] = {
		{ 1, DIGEST_NONCE_FRESH }, { 1, DIGEST_NONCE_STALE },
		{ 0, DIGEST_NONCE_STALE }, { 5, DIGEST_NONCE_FRESH },
		/* others were overtaken, and each is good once */
		{ 3, DIGEST_NONCE_FRESH }, { 3, DIGEST_NONCE_STALE },
		{ 2, DIGEST_NONCE_FRESH }, { 5, DIGEST_NONCE_STALE },
		{ 68, DIGEST_NONCE_FRESH }, { 5, DIGEST_NONCE_STALE },
		{ 4, DIGEST_NONCE_STALE }, { 6, DIGEST_NONCE_FRESH },
		{ 900, DIGEST_NONCE_FRESH }, { 68, DIGEST_NONCE_STALE },
		{ 0xffffffff, DIGEST_NONCE_FRESH },
		{ 0xffffffff, DIGEST_NONCE_STALE },
		{ 901, DIGEST_NONCE_STALE },
	};
	struct sip_side *s = *state;
	char nonce[128], other[128];
	size_t i;

	fetch_nonce(s, nonce);
	fetch_nonce(s, other);
	assert_string_not_equal(nonce, other);
	for (i = 0; i < COUNT_OF(rows); i++)
		if (spend(s, nonce, rows[i].nc) != rows[i].is)
			fail_msg("row %zu", i);
	assert_int_equal(spend(s, other, 1), DIGEST_NONCE_FRESH);
}

/* What an older digest would have sent is no proof. */
static void test_qop_is_demanded(void **state)
{
	struct sip_side *s = *state;
	char nonce[128], line[600];

	fetch_nonce(s, nonce);
	snprintf(line, sizeof(line),
		 "Authorization: Digest username=\"alice\", "
		 "realm=\"a.example\", nonce=\"%s\", "
		 "uri=\"sip:bob@b.example\", response=\"%032d\"\n",
		 nonce, 0);
	sip_side_message(s, line, "");
	assert_int_equal(sip_side_status(sip_side_recv(s)), 401);
	assert_null(contract_core_take(&s->core));
}

/* The listener's own order; what it does not offer is not taken. */
static void test_challenge_order(void **state)
{
	struct sip_side *s = *state;
	struct listen_conf *l = &s->config->listens[0];
	char nonce[128];
	const char *text;

	l->challenge_md5 = 1;
	l->challenge_sha256 = 2;
	sip_side_message(s, "", "");
	text = sip_side_recv(s);
	read_challenge(text, 0, nonce, "MD5");
	read_challenge(text, 1, nonce, "SHA-256");
	l->challenge_sha256 = 0;
	sip_side_message(s, "", "");
	text = sip_side_recv(s);
	read_challenge(text, 0, nonce, "MD5");
	assert_null(sip_side_header(text, "WWW-Authenticate", 1));
	assert_null(send_counted(s, "alice", nonce, 1));
	assert_int_equal(sip_side_status(sip_side_recv(s)), 401);
}

/* ---- tried too often -------------------------------------------------- */

static void limit(struct sip_side *s, unsigned pair, unsigned source,
		  unsigned user)
{
	s->config->auth_pair_failures = pair;
	s->config->auth_source_failures = source;
	s->config->auth_user_failures = user;
	s->config->auth_refill_ms = 60000;
	s->config->auth_ban_min_ms = s->config->auth_ban_max_ms = 60000;
}

/* The status a try gets; is_right is what core finds. */
static unsigned try_one(struct sip_side *s, const char *user, bool is_right)
{
	struct answer an = { .kind = is_right ? ANSWER_OK : ANSWER_REFUSED };
	struct event *ev;
	const char *text;
	char nonce[128];

	sip_side_message(s, "Content-Type: text/plain\n", "x");
	text = sip_side_recv(s);
	if (sip_side_status(text) != 401)
		return sip_side_status(text);
	read_challenge(text, 0, nonce, "SHA-256");
	ev = send_counted(s, user, nonce, 1);
	if (!ev)
		return sip_side_status(sip_side_recv(s));
	sip_side_answer(s, ev->leg,
			is_right ? CAUSE_NONE : CAUSE_UNAUTHORIZED, &an);
	sip_side_done(s, ev);
	return sip_side_status(sip_side_recv(s));
}

static void test_user_at_source_is_banned(void **state)
{
	struct sip_side *s = *state;
	unsigned i;

	limit(s, 3, 0, 0);
	for (i = 0; i < 2; i++)
		assert_int_equal(try_one(s, "alice", false), 401);
	assert_int_equal(try_one(s, "alice", true), 200); /* forgiven */
	for (i = 0; i < 3; i++)
		assert_int_equal(try_one(s, "alice", false), 401);
	assert_int_equal(try_one(s, "alice", true), 403);
	/* the same name written with its domain; and somebody else */
	assert_int_equal(try_one(s, "alice@a.example", true), 403);
	assert_int_equal(try_one(s, "anna", true), 200);
	assert_int_equal(sip_counts(s->sip).auth_failed, 5);
	assert_int_equal(sip_counts(s->sip).banned, 2);
}

static void test_source_is_banned(void **state)
{
	struct sip_side *s = *state;
	char name[16];
	unsigned i;

	limit(s, 0, 5, 0);
	for (i = 0; i < 5; i++) {
		snprintf(name, sizeof(name), "user%u", i);
		assert_int_equal(try_one(s, name, false), 401);
	}
	assert_int_equal(try_one(s, "anna", true), 403);
	s->config->auth_ban_drops = true;
	sip_side_message(s, "", "");
	assert_null(sip_side_recv(s));
}

/* Others cannot lock him out where he is known. */
static void test_user_is_banned_elsewhere(void **state)
{
	struct sip_side *s = *state;
	unsigned i;

	limit(s, 0, 0, 4);
	assert_int_equal(try_one(s, "alice", true), 200);
	for (i = 0; i < 4; i++) {
		assert_int_equal(try_one(s, "alice", false), 401);
		assert_int_equal(try_one(s, "anna", false), 401);
	}
	assert_int_equal(try_one(s, "alice", true), 200);
	assert_int_equal(try_one(s, "anna", true), 403);
}

static void test_every_method_is_challenged(void **state)
{
	static const char *const methods[] = { "MESSAGE", "REGISTER",
					       "OPTIONS", "INVITE",
					       "SUBSCRIBE", "NOTIFY",
					       "PUBLISH", "REFER", "INFO",
					       "BYE", "UPDATE", "PRACK",
					       "NEWMETHOD" };
	struct sip_side *s = *state;
	size_t i;

	for (i = 0; i < COUNT_OF(methods); i++) {
		send_request(s, methods[i], "");
		assert_int_equal(sip_side_status(sip_side_recv(s)), 401);
		assert_null(contract_core_take(&s->core));
	}
}

/* [RFC 3323 4.2, 5] */
static void test_privacy(void **state)
{
	static const struct {
		const char *head, *from;
		unsigned code;		/* 0: it reaches core */
		bool is_private;
	} rows[] = {
		{ "", "sip:alice@a.example", 0, false },
		{ "Privacy: id\n", "sip:alice@a.example", 0, true },
		{ "Privacy: header;user\n", "sip:alice@a.example", 0, true },
		{ "Privacy: session\n", "sip:alice@a.example", 0, true },
		{ "Privacy: none\n", "sip:alice@a.example", 0, false },
		{ "Privacy: id;critical\n", "sip:alice@a.example", 0, true },
		{ "Privacy: critical\n", "sip:alice@a.example", 0, false },
		{ "Privacy: magic\n", "sip:alice@a.example", 0, false },
		{ "Privacy: magic;critical\n", "sip:alice@a.example", 500,
		  false },
		{ "Privacy: id, critical, (\n", "sip:alice@a.example", 400,
		  false },
		{ "", "sip:anonymous@anonymous.invalid", 0, true },
		{ "Proxy-Require: privacy\nPrivacy: id\n",
		  "sip:alice@a.example", 0, true },
		{ "Proxy-Require: telepathy\n", "sip:alice@a.example", 420,
		  false },
	};
	struct sip_side *s = *state;
	struct event *ev;
	size_t i;

	for (i = 0; i < COUNT_OF(rows); i++) {
		sip_side_udp(s, "OPTIONS sip:a.example SIP/2.0\n"
			     "Via: SIP/2.0/UDP 127.0.0.1:%u;"
			     "branch=z9hG4bK-p%zu\n"
			     "From: <%s>;tag=%zu\nTo: <sip:a.example>\n"
			     "Call-ID: p%zu\nCSeq: 1 OPTIONS\n%s"
			     "Content-Length: 0\n\n", s->udp_port, i,
			     rows[i].from, i, i, rows[i].head);
		if (rows[i].code) {
			unsigned code = sip_side_status(sip_side_recv(s));

			if (code != rows[i].code)
				fail_msg("%u for %s", code, rows[i].head);
			continue;
		}
		ev = sip_side_event(s, EV_REQUEST);
		if (!ev || ev->origin->wants_privacy != rows[i].is_private)
			fail_msg("%s%s", rows[i].head, rows[i].from);
		sip_side_answer(s, ev->leg, CAUSE_NONE, NULL);
		sip_side_done(s, ev);
		assert_non_null(sip_side_recv(s));
	}
}

static void test_anonymity_refused(void **state)
{
	struct sip_side *s = *state;
	struct answer no = { .kind = ANSWER_REFUSED };
	struct event *ev;
	const char *text;
	unsigned i;

	for (i = 0; i < 2; i++) {
		s->config->sip_anonymity_code = i ? 403 : 433;
		send_request(s, "INFO", "Privacy: id\n");
		ev = sip_side_event(s, EV_REQUEST);
		sip_side_answer(s, ev->leg, CAUSE_ANONYMITY_REFUSED, &no);
		sip_side_done(s, ev);
		text = sip_side_recv(s);
		assert_int_equal(sip_side_status(text), i ? 403 : 433);
		assert_non_null(strstr(sip_side_header(text, "Warning", 0),
				       "\"Anonymity not allowed\""));
	}
}

#define IN(fn, up) { .name = #fn, .test_func = fn, .setup_func = up, \
	.teardown_func = teardown }
#define IN_ROWS(fn, rows, up) { .name = #fn " [" rows "]", .test_func = fn, \
	.setup_func = up, .teardown_func = teardown }

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN(test_contacts, setup),
		IN(test_flow, setup),
		IN(test_extensions, setup),
		IN(test_answer, setup),
		IN(test_answer_extensions, setup),
		IN(test_star_and_query, setup),
		IN(test_bad_contacts, setup),
		IN(test_requests, setup),
		IN_ROWS(test_options, "CP14", setup),
		IN_ROWS(test_require, "CP29", setup),
		IN(test_privacy, setup),
		IN_ROWS(test_anonymity_refused, "CP06", setup),
		IN(test_challenge, setup_strict),
		IN(test_no_identity_of_clients, setup_strict),
		IN(test_bad_credentials, setup_strict),
		IN(test_every_method_is_challenged, setup_strict),
		IN(test_counts_are_used_once, setup_strict),
		IN(test_qop_is_demanded, setup_strict),
		IN(test_challenge_order, setup_strict),
		IN(test_user_at_source_is_banned, setup_strict),
		IN(test_source_is_banned, setup_strict),
		IN(test_user_is_banned_elsewhere, setup_strict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
