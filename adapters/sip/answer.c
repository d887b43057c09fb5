/* adapters/sip/answer.c: requests that wait for core's one answer, and how
 * answers are written: without a transaction of the stack, over the connection
 * the request came on. [RFC 3261 8.2.6, 18.2.2]
 */
#include "adapters/sip/sip_count.h"
#include "adapters/sip/sip_priv.h"

#include <stdio.h>
#include <string.h>

#define REFUSALS_LOGGED 10u

/* The To tag comes from the request itself, so that a repeated answer has the
   same one. */
static void add_to_tag(struct sip *s, msg_t *reply, const sip_t *req)
{
	struct sip_dup_key k = sip_dup_key(s, req);
	su_home_t *home = msg_home(reply);
	sip_to_t *to;
	char tag[32];

	if (req->sip_to->a_tag || !(to = sip_to_dup(home, req->sip_to)))
		return;
	snprintf(tag, sizeof(tag), "%016llx", (unsigned long long)k.b);
	if (sip_to_tag(home, to, tag) >= 0)
		msg_header_insert(reply, NULL, (msg_header_t *)to);
}

/* Writes r to whoever sent msg; takes msg. A stream of which nobody knows where
   it goes on is closed then. */
static void write_response(struct sip_listener *l, msg_t *msg, const sip_t *req,
			   tport_t *tport, const struct sip_response *r)
{
	const struct sip_fault *fault = req->sip_user;
	bool is_last = fault && fault->ends_stream && tport_is_tcp(tport);
	msg_t *reply = nta_msg_create(l->agent, 0);
	const char *phrase = NULL;

	if (!reply) {
		msg_destroy(msg);
		return;
	}
	sip_count_request(req->sip_request->rq_method_name, true, r->code);
	add_to_tag(l->sip, reply, req);
	/* Server comes from server_shim.c. */
	if (r->head)
		msg_header_add_str(reply, NULL, r->head);
	if (r->phrase)
		phrase = su_strdup(msg_home(reply), r->phrase);
	nta_msg_mreply(l->agent, reply, sip_object(reply), (int)r->code, phrase,
		       msg, NTATAG_TPORT(tport),
		       TAG_IF(is_last, TPTAG_CLOSE_AFTER(1)), TAG_END());
	sip_stack_touch(l->sip->stack);
}

void sip_respond(struct sip_in *in, const struct sip_response *r)
{
	write_response(in->l, in->msg, in->sip, in->tport, r);
	in->msg = NULL;
}

/* What the status needs besides its line. */
static void put_status_head(struct buf *b, const struct sip *s,
			    const struct sip_status *st, uint32_t retry_s,
			    const char *accept)
{
	if (st->warning) {
		buf_printf(b, "Warning: %d ", OMA_WARN_CODE);
		buf_put_str(b, s->conf && s->conf->sip_host.n
				       ? s->conf->sip_host
				       : STR("causeway"));
		buf_printf(b, " \"%s\"\r\n", st->warning);
	}
	if (st->code == 503 && !retry_s)
		retry_s = st->retry_after_s;
	if (retry_s)
		sip_put_number(b, "Retry-After", retry_s);
	switch (st->code) {
	case 405:
		sip_put_own(b, "Allow", SIP_ALLOW);
		break;
	case 415:
	case 488:
		sip_put_own(b, "Accept", accept);
		if (st->code == 415) {
			sip_put_own(b, "Accept-Encoding", "identity");
			sip_put_own(b, "Accept-Language", "*");
		}
		break;
	case 489:
		/* None yet: an empty list says so. */
		sip_put_own(b, "Allow-Events", SIP_ALLOW_EVENTS);
		break;
	default:
		break;
	}
}

/* Ten lines a second say enough of a flood; the next one counts the rest. */
static void log_refusal(struct sip_in *in, unsigned code, const char *words)
{
	struct sip *s = in->s;
	int64_t now = net_now_ms(s->loop);

	if (now - s->refusals_ms >= 1000) {
		s->refusals_ms = now;
		s->refusals_n = 0;
	}
	if (s->refusals_n++ >= REFUSALS_LOGGED) {
		s->refusals_hidden++;
		return;
	}
	log_info(&s->log, "request_refused", F_TEXT("source", in->source),
		 F_TEXT("method", in->sip->sip_request->rq_method_name),
		 F_N("code", code), F_TEXT("words", words),
		 F_N("not_logged", s->refusals_hidden));
	s->refusals_hidden = 0;
}

void sip_refuse(struct sip_in *in, enum cause c, const char *words)
{
	struct sip_status st = sip_cause_to_status(c);
	struct sip_response r = { .code = st.code,
				  .phrase = words ? words : st.phrase };
	struct buf b;

	buf_init(&b, SIP_HEAD_MAX);
	put_status_head(&b, in->s, &st, 0, OMA_ACCEPT);
	buf_put_char(&b, 0);
	r.head = b.err || b.n < 2 ? NULL : b.p;
	log_refusal(in, r.code, r.phrase);
	sip_respond(in, &r);
	buf_free(&b);
}

void sip_turn_away(struct sip_in *in)
{
	in->s->counts.banned++;
	if (in->s->conf && in->s->conf->auth_ban_drops) {
		msg_destroy(in->msg);
		in->msg = NULL;
		return;
	}
	sip_refuse(in, CAUSE_FORBIDDEN, NULL);
}

void sip_challenge(struct sip_in *in, bool is_stale)
{
	struct sip_response r = { .code = 401, .phrase = "Unauthorized" };
	struct buf b;

	buf_init(&b, SIP_HEAD_MAX);
	sip_auth_put_challenges(&b, in->l, sip_auth_realm(in->s, in->sip),
				in->source, is_stale);
	buf_put_char(&b, 0);
	r.head = b.err ? NULL : b.p;
	in->s->counts.challenged++;
	sip_respond(in, &r);
	buf_free(&b);
}

/* ---- pending requests ------------------------------------------------- */

struct sip_pending *sip_pending_new(struct sip_in *in, uint64_t leg)
{
	struct sip *s = in->s;
	struct sip_pending *p = mem_zalloc(sizeof(*p));
	struct str realm = sip_auth_realm(s, in->sip);

	p->leg = leg;
	p->listener = in->l;
	p->msg = in->msg;
	p->sip = in->sip;
	p->tport = tport_ref(in->tport);
	p->since_ms = net_now_ms(s->loop);
	memcpy(p->source, in->source, sizeof(p->source));
	if (realm.n < sizeof(p->realm))
		memcpy(p->realm, realm.p, realm.n);
	if (in->user.n) {
		p->user = mem_alloc(in->user.n + 1);
		memcpy(p->user, in->user.p, in->user.n);
		p->user[in->user.n] = 0;
	}
	if (in->is_dedup)
		p->dup = sip_dup_add(&s->dups, in->key, in->merge,
				     p->since_ms);
	in->msg = NULL;
	in->l->users++;
	map_set_u64(s->pending, leg, p);
	list_add(&s->pendings, &p->all);
	s->pending_n++;
	p->bytes = p->sip->sip_payload ? p->sip->sip_payload->pl_len : 0;
	s->pending_bytes += p->bytes;
	return p;
}

static void forget(struct sip_pending *p)
{
	struct sip *s = p->listener->sip;

	map_del_u64(s->pending, p->leg);
	list_del(&p->all);
	s->pending_n--;
	s->pending_bytes -= p->bytes;
	p->listener->users--;
	tport_unref(p->tport);
	mem_free(p->user);
	mem_free(p);
}

void sip_pending_drop(struct sip_pending *p)
{
	struct sip *s = p->listener->sip;

	sip_dup_drop(&s->dups, p->dup);
	msg_destroy(p->msg);
	forget(p);
}

static void finish(struct sip_pending *p, const struct sip_response *r)
{
	struct sip *s = p->listener->sip;

	/* A challenge is not remembered: its nonce shall be fresh. */
	if (p->dup && r->code == 401)
		sip_dup_drop(&s->dups, p->dup);
	else if (p->dup)
		sip_dup_done(&s->dups, p->dup, r, net_now_ms(s->loop));
	if (r->code / 100 == 2)
		sip_admit_known(s, msg_addr(p->msg));
	write_response(p->listener, p->msg, p->sip, p->tport, r);
	forget(p);
}

void sip_pending_sweep(struct sip *s)
{
	int64_t now = net_now_ms(s->loop);

	while (!list_empty(&s->pendings)) {
		struct sip_pending *p = list_of(s->pendings.next,
						struct sip_pending, all);
		struct sip_response r = { .code = 500 };

		if (p->since_ms + SIP_PENDING_LIFE_MS > now)
			return;
		log_warning(
			&s->log, "answer_missing",
			F_TEXT("method", p->sip->sip_request->rq_method_name));
		finish(p, &r);
	}
}

/* ---- core's answers --------------------------------------------------- */

/* One binding as the registrar reports it [RFC 3261 10.3 8]. */
static void put_binding(struct buf *b, const struct binding *c,
			const struct gruu *gruu, int64_t now_utc_us)
{
	int64_t left = (c->expires_utc_us - now_utc_us + 999999) / 1000000;

	if (left <= 0 || !utf8_is_clean_line(c->contact) ||
	    !utf8_is_clean_line(c->params) ||
	    str_find(c->contact, '>') != c->contact.n)
		return;
	buf_printf(b, "Contact: <");
	buf_put_str(b, c->contact);
	buf_put_char(b, '>');
	if (c->params.n) {
		buf_put_char(b, ';');
		buf_put_str(b, c->params);
	}
	if (gruu && gruu->pub.n) {
		buf_printf(b, ";pub-gruu=");
		sip_put_quoted(b, gruu->pub);
	}
	if (gruu && gruu->temp.n) {
		buf_printf(b, ";temp-gruu=");
		sip_put_quoted(b, gruu->temp);
	}
	if (c->q_milli < 1000)
		buf_printf(b, ";q=0.%03u", c->q_milli);
	buf_printf(b, ";expires=%lld\r\n", (long long)left);
}

static void put_uri(struct buf *b, const char *name, struct str uri)
{
	struct uri u;

	if (uri_parse(uri, &u) < 0)
		return;
	buf_printf(b, "%s: <", name);
	buf_put_str(b, uri);
	buf_printf(b, ">\r\n");
}

/* What the operator and the extensions add. */
static void put_register_more(struct buf *b, const struct config *c,
			      const struct answer *an)
{
	size_t i;

	if (an->is_outbound) {
		sip_put_own(b, "Require", "outbound");
		if (c->reg_flow_timer_s)
			sip_put_number(b, "Flow-Timer", c->reg_flow_timer_s);
	}
	sip_put_own(b, "Supported", SIP_SUPPORTED);
	if (!an->bindings_n)
		return;
	for (i = 0; i < c->service_routes_n; i++)
		put_uri(b, "Service-Route", c->service_routes[i]);
	if (c->reg_associated_uri)
		put_uri(b, "P-Associated-URI", an->identity.text);
}

static void put_register(struct buf *b, const struct sip_pending *p,
			 const struct answer *an)
{
	int64_t now = net_utc_us();
	char date[DATETIME_MAX];
	const sip_path_t *path;
	size_t i;

	for (i = 0; i < an->bindings_n; i++)
		put_binding(b, &an->bindings[i],
			    an->gruus ? &an->gruus[i] : NULL, now);
	if (p->listener->sip->conf)
		put_register_more(b, p->listener->sip->conf, an);
	sip_put_text(b, "Date", datetime_put_sip(now, date));
	for (path = p->sip->sip_path; path; path = path->r_next) {
		char url[SIP_URI_MAX + 1];

		buf_printf(b, "Path: <");
		buf_put_str(b, sip_url_text(path->r_url, url));
		buf_printf(b, ">\r\n");
	}
}

static void put_options(struct buf *b, const struct sip_listener *l)
{
	buf_printf(b, "Contact: <sip:%s;transport=%s>;" OMA_FEATURES "\r\n",
		   l->sent_by, sip_transport_name(l->transport));

	sip_put_own(b, "Accept", OMA_ACCEPT);
	sip_put_own(b, "Accept-Encoding", "identity");
	sip_put_own(b, "Allow", SIP_ALLOW);
	sip_put_own(b, "Supported", SIP_SUPPORTED);
}

static void put_refusal(struct buf *b, const struct sip_pending *p,
			const struct action *a, const struct sip_status *st)
{
	const struct answer *an = a->u.answer;

	put_status_head(b, p->listener->sip, st, an ? an->retry_after_s : 0,
			OMA_ACCEPT_ANYWHERE);
	if (!an)
		return;
	if (st->code == 401)
		sip_auth_put_challenges(b, p->listener,
					an->realm.n ? an->realm
						    : str_of(p->realm),
					p->source, an->is_stale);
	if (st->code == 421 && an->require)
		sip_put_own(b, "Require", an->require);
	if (st->code == 423)
		sip_put_number(b, "Min-Expires", an->min_expires_s);
	if (st->code / 100 == 3)
		put_uri(b, "Contact", an->address);
}

/* A 301 or 302 that names no address would redirect nowhere. */
static struct sip_status status_of(const struct sip *s, const struct action *a)
{
	struct sip_status st = sip_cause_to_status(a->cause);

	if (st.code == 433 && s->conf && s->conf->sip_anonymity_code == 403) {
		st.code = 403;
		st.phrase = "Forbidden";
	}
	if (st.code / 100 == 3 && !(a->u.answer && a->u.answer->address.n))
		st = sip_cause_to_status(a->cause == CAUSE_MOVED
						 ? CAUSE_GONE
						 : CAUSE_UNAVAILABLE);
	return st;
}

static bool is_refusal(const struct action *a)
{
	return a->u.answer ? a->u.answer->kind == ANSWER_REFUSED
			   : a->cause != CAUSE_NONE;
}

/* What core found about his password. Refusals for other reasons may come
   before it was looked at, so they say nothing. */
static void note_outcome(struct sip_pending *p, unsigned code,
			 const struct answer *an)
{
	if (!p->user || !an)
		return;
	if (code == 401 && !an->is_stale)
		sip_ban_failed(p->listener->sip, p->source, str_of(p->user),
			       "password");
	else if (an->kind != ANSWER_REFUSED)
		sip_ban_good(p->listener->sip, p->source, str_of(p->user));
}

void sip_answer(void *self, uint64_t leg, const struct action *a)
{
	struct sip *s = self;
	struct sip_pending *p = map_get_u64(s->pending, leg);
	struct sip_response r = { .code = 200, .phrase = "OK" };
	const struct answer *an = a->u.answer;
	char phrase[SIP_PHRASE_MAX + 1];
	struct buf b;

	if (!p)
		return;
	buf_init(&b, SIP_HEAD_MAX * 2);
	if (is_refusal(a)) {
		struct sip_status st = status_of(s, a);

		r.code = st.code;
		r.phrase = an ? sip_phrase(an->text, phrase) : NULL;
		if (!r.phrase)
			r.phrase = st.phrase;
		put_refusal(&b, p, a, &st);
	} else if (p->sip->sip_request->rq_method == sip_method_register) {
		if (an)
			put_register(&b, p, an);
	} else if (p->sip->sip_request->rq_method == sip_method_options) {
		put_options(&b, p->listener);
	} else if (an && an->kind == ANSWER_STORED) {
		r.code = 202;
		r.phrase = "Accepted";
	}
	note_outcome(p, r.code, an);
	buf_put_char(&b, 0);
	if (b.err) {
		r = (struct sip_response){ .code = 500 };
		log_warning(&s->log, "answer_too_large", F_N("leg", leg));
	} else if (b.n > 1) {
		r.head = b.p;
	}
	finish(p, &r);
	buf_free(&b);
}
