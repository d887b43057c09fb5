/* adapters/sip/message_out.c: MESSAGE to registered contacts and to other SIP
 * servers: one client transaction of the stack for each target, one EV_SENT
 * for each. [RFC 3428 4, RFC 3261 17.1.2]
 */
#include "adapters/sip/sip_count.h"
#include "adapters/sip/sip_priv.h"

#include <stdio.h>
#include <string.h>

#define TARGET_BYTES 400 /* Request-URI, Via, From, To and so on, roughly */
#define PLAIN_MS 3600000 /* a peer that refused message/cpim gets text so long */

/* ---- results ---------------------------------------------------------- */

struct result {
	enum cause cause;
	struct str text, address;
	bool is_stored_there, was_plain;
};

static void post_sent(struct sip *s, uint64_t leg, uint32_t tag,
		      struct trace_id trace, bool wants, const struct result *r)
{
	struct event *ev;
	struct sent *sent;

	if (!wants && r->cause == CAUSE_NONE)
		return;
	ev = s->intake.event_new(s->intake.core, EV_SENT);
	sent = arena_zalloc(ev->arena, sizeof(*sent));
	ev->leg = leg;
	ev->tag = tag;
	ev->trace = trace;
	ev->cause = r->cause;
	ev->u.sent = sent;
	if (sent) {
		sent->text = arena_dup(ev->arena, r->text);
		sent->address = arena_dup(ev->arena, r->address);
		sent->is_stored_there = r->is_stored_there;
		sent->was_plain = r->was_plain;
	}
	s->intake.post(s->intake.core, ev);
}

static char *keep(const char *text)
{
	size_t n = text ? strlen(text) + 1 : 0;

	return n ? memcpy(mem_alloc(n), text, n) : NULL;
}

struct sip_out *sip_out_new(struct sip *s, struct sip_listener *l,
			    struct sip_peer *p)
{
	struct sip_out *o = mem_zalloc(sizeof(*o));

	o->sip = s;
	o->listener = l;
	o->peer = p;
	sip_out_via(o, l);
	list_add(&s->outs, &o->all);
	s->outs_n++;
	return o;
}

void sip_out_via(struct sip_out *o, struct sip_listener *l)
{
	if (l)
		l->users++;
	if (o->listener)
		o->listener->users--;
	o->listener = l;
}

void sip_out_free(struct sip_out *o)
{
	sip_trip_free(o->trip);
	list_del(&o->all);
	o->sip->outs_n--;
	o->sip->outs_bytes -= o->bytes;
	if (o->orq)
		nta_outgoing_destroy(o->orq);
	sip_out_via(o, NULL);
	msg_put(o->msg);
	mem_free(o->uri);
	mem_free(o->route);
	mem_free(o->head);
	mem_free(o);
}

/* The send is over: its result, and room for the next. */
static void finish(struct sip_out *o, const struct result *r)
{
	struct sip *s = o->sip;
	struct sip_peer *p = o->peer;

	post_sent(s, o->leg, o->tag, o->trace, o->wants_result, r);
	if (p)
		p->under_way--;
	sip_out_free(o);
	if (p && p->was_full && p->under_way <= p->window / 2) {
		p->was_full = false;
		sip_peer_tell(p, STR(""));
	}
	if (!p && s->was_full && s->outs_n <= SIP_OUTGOING_MAX / 2)
		s->was_full = false;
}

void sip_out_fail(struct sip_out *o, enum cause c, struct str text)
{
	const struct result r = { .cause = c, .text = text };

	finish(o, &r);
}

/* ---- answers ---------------------------------------------------------- */

/* The stack's own words for what never left or was never answered. */
static enum cause cause_local(const struct sip_out *o, unsigned status)
{
	if (status == 408)
		return o->peer ? CAUSE_TIMEOUT : CAUSE_NO_ANSWER;
	return o->peer ? CAUSE_LINK_DOWN : CAUSE_FLOW_FAILED;
}

static void read_answer(const struct sip_out *o, unsigned status,
			const sip_t *sip, struct result *r,
			char url[SIP_URI_MAX + 1])
{
	if (!sip || nta_sip_is_internal(sip)) {
		r->cause = cause_local(o, status);
		return;
	}
	if (status < 300) {
		r->is_stored_there = status == 202;
		return;
	}
	r->cause = sip_cause_from_status(status);
	if (sip->sip_status->st_phrase &&
	    utf8_is_clean_line(str_of(sip->sip_status->st_phrase)))
		r->text = utf8_cut(str_of(sip->sip_status->st_phrase),
				   SIP_PHRASE_MAX);
	if (status / 100 == 3 && sip->sip_contact &&
	    sip->sip_contact->m_url->url_type != url_any)
		r->address = sip_url_text(sip->sip_contact->m_url, url);
}

static bool again_as_text(struct sip_out *o);

static int on_answer(struct sip_out *o, nta_outgoing_t *orq, sip_t const *sip)
{
	unsigned status = (unsigned)nta_outgoing_status(orq);
	bool is_local = !sip || nta_sip_is_internal(sip);
	char url[SIP_URI_MAX + 1];
	struct result r = { .cause = CAUSE_NONE, .was_plain = o->was_plain };

	if (status < 200)
		return 0;
	o->status = status;
	sip_count_request(nta_outgoing_method_name(orq), false,
			  is_local ? 0 : status);
	if (o->trip && sip_trip_answered(o, status, is_local, sip))
		return 0;
	if (o->is_probe) {
		sip_peer_probed(o->peer, !is_local);
		return 0;
	}
	if (o->peer && is_local)
		sip_peer_failed(o->peer);
	else if (o->peer)
		sip_peer_spoke(o->peer);
	if (!is_local && (status == 415 || status == 488) && o->msg &&
	    again_as_text(o)) {
		if (o->peer)
			o->peer->plain_until_ms =
				net_now_ms(o->sip->loop) + PLAIN_MS;
		return 0;
	}
	read_answer(o, status, sip, &r, url);
	finish(o, &r);
	return 0;
}

/* ---- one request ------------------------------------------------------ */

int sip_out_start(struct sip_out *o, const char *method, const char *uri,
		  const char *route, tport_t *tport, const struct buf *head,
		  struct str body)
{
	struct sip *s = o->sip;
	msg_t *msg = sip_request_new(o->listener, method, uri, head, body);

	if (!msg)
		return ERR_SYNTAX;
	o->orq = nta_outgoing_mcreate(o->listener->agent, on_answer, o,
				      route ? sip_url_string(route) : NULL, msg,
				      TAG_IF(tport, NTATAG_TPORT(tport)),
				      TAG_END());
	if (!o->orq) {
		msg_destroy(msg);
		return ERR_IO;
	}
	s->counts.sent++;
	sip_stack_touch(s->stack);
	return 0;
}

void sip_put_cseq(struct sip *s, struct buf *b, const char *method)
{
	if (++s->cseq >= 0x7fffffffu)
		s->cseq = 1;
	buf_put_str(b, STR("CSeq: "));
	buf_put_u64(b, s->cseq);
	buf_put_char(b, ' ');
	buf_put_str(b, str_of(method));
	buf_put_str(b, STR("\r\n"));
}

/* 415 or 488: the device knows no CPIM; the same once more as text. */
static bool again_as_text(struct sip_out *o)
{
	struct sip_listener *l = NULL;
	struct sip_flow f;
	struct sip_content c;
	struct addr none = { .kind = ADDR_NONE };
	tport_t *tport = NULL;
	struct buf b;
	int rc;

	if (sip_flow_parse(str_of(o->route ? o->route : ""), &f))
		tport = sip_flow_find(o->sip, &f, &l);
	if (l && l != o->listener)
		return false;
	sip_content_init(&c);
	buf_init(&b, SIP_HEAD_MAX);
	rc = sip_content_put(&c, o->msg, &none, &none, false);
	sip_put_cseq(o->sip, &b, "MESSAGE");
	buf_put_str(&b, str_of(o->head));
	buf_put_str(&b, buf_str(&c.head));
	buf_put_char(&b, 0);
	nta_outgoing_destroy(o->orq);
	o->orq = NULL;
	o->was_plain = true;
	if (rc == 0 && o->trip)
		sip_trip_replace(o->trip, buf_str(&c.head), buf_str(&c.body));
	if (rc == 0)
		rc = sip_out_start(o, "MESSAGE", o->uri,
				   tport ? NULL : o->route, tport, &b,
				   buf_str(&c.body));
	buf_free(&b);
	sip_content_free(&c);
	msg_put(o->msg);
	o->msg = NULL;
	return rc == 0;
}

/* ---- the head --------------------------------------------------------- */

static void put_dates(struct buf *b, const struct msg *m)
{
	int64_t sent = m->sent_utc_us ? m->sent_utc_us : net_utc_us();
	char date[DATETIME_MAX];

	sip_put_text(b, "Date", datetime_put_sip(sent, date));
	if (m->no_store)
		sip_put_number(b, "Expires", 0);
	else if (m->expires_utc_us > sent)
		sip_put_number(b, "Expires",
			       (uint64_t)(m->expires_utc_us - sent + 999999) /
				       1000000);
}

#define NO_TRACE "00000000000000000000000000000000" /* RFC 7989 5 */

/* Lines that are the same for every target of a message. */
static void put_common(struct buf *b, const struct msg *m)
{
	static const char *const priorities[] = { NULL, "non-urgent", "urgent",
						  "emergency" };
	char hex[TRACE_HEX_N + 1];

	sip_put_number(b, "Max-Forwards",
		       m->hops_left ? m->hops_left - 1 : 0);
	sip_put_own(b, "User-Agent", OMA_SERVER);
	sip_put_preferences(b, m);
	trace_hex(m->trace, hex);
	buf_put_str(b, STR("Session-ID: "));
	buf_put(b, hex, TRACE_HEX_N);
	buf_put_str(b, STR(";remote=" NO_TRACE "\r\n"));
	put_dates(b, m);
	if (m->kind == MSG_CONTENT)
		sip_put_text(b, "Subject", m->subject);
	sip_put_word(b, "Content-Language", m->lang);
	if (priorities[m->priority])
		sip_put_own(b, "Priority", priorities[m->priority]);
}

static void put_asserted(struct buf *b, const struct target *t,
			 const struct msg *m)
{
	struct uri u;

	if (!t->is_trusted || !t->asserted.n)
		return;
	if (uri_parse(t->asserted, &u) < 0) {
		buf_fail(b, ERR_SYNTAX);
		return;
	}
	buf_put_str(b, STR("P-Asserted-Identity: <"));
	buf_put_str(b, t->asserted);
	buf_put_str(b, STR(">\r\n"));
	if (m->is_private)
		sip_put_own(b, "Privacy", "id");
}

static void put_target(struct sip *s, struct buf *b, const struct target *t,
		       const struct msg *m, const struct sip_way *w)
{
	char id[33], tag[33];

	sip_random_id(s, tag);
	tag[16] = 0;
	sip_put_addr(b, "From", &t->from, tag);
	sip_put_addr(b, "To", &t->to, NULL);
	if (sip_call_id_ok(m->thread)) {
		sip_put_text(b, "Call-ID", m->thread);
	} else {
		sip_random_id(s, id);
		sip_put_own(b, "Call-ID", id);
	}
	sip_put_text(b, "Route", w->routes);
}

/* ---- sending ---------------------------------------------------------- */

struct encoded {
	struct sip_content cpim, plain;
	struct buf common;
};

/* What the peer's link says, or what the peer itself said lately. */
static enum cpim_use cpim_of(const struct sip *s, const struct sip_peer *p)
{
	const struct link_conf *k = p ? config_link(s->conf, p->id) : NULL;

	if (!k)
		return CPIM_AUTO;
	if (k->cpim == CPIM_AUTO && net_now_ms(s->loop) < p->plain_until_ms)
		return CPIM_NEVER;
	return k->cpim;
}

static bool goes_as_cpim(const struct target *t, const struct msg *m,
			 enum cpim_use use)
{
	if (!sip_content_can_plain(m))
		return true;
	if (use != CPIM_AUTO && m->kind == MSG_CONTENT)
		return use == CPIM_ALWAYS;
	if (!sip_content_wants_cpim(m))
		return false;
	return !t->is_plain && !(t->binding && t->binding->is_plain);
}

static bool is_too_large(const struct sip *s, const struct sip_way *w, size_t n)
{
	size_t max = s->conf->sip_udp_bytes_max;

	return w->transport == TRANSPORT_UDP && max && n > max;
}

/* Would it go over TCP to this UDP peer, if it has that? [RFC 3261 18.1.1] */
static bool avoids_udp(struct sip *s, const struct sip_way *w, size_t head_n,
		       const struct sip_content *c)
{
	return w->transport == TRANSPORT_UDP &&
	       head_n + TARGET_BYTES + c->head.n + c->body.n > 1300 &&
	       sip_listen_for(s, TRANSPORT_TCP, str_of(w->peer->host));
}

/* What is needed to send it once more as text. */
static void keep_for_text(struct sip_out *o, struct msg *m,
			  const struct sip_way *w, const struct buf *head)
{
	char note[SIP_ADDR_MAX + 32];
	const tp_name_t *n = w->tport ? tport_name(w->tport) : NULL;

	o->msg = msg_ref(m);
	o->uri = keep(w->uri);
	o->head = keep(head->p);
	if (n)
		snprintf(note, sizeof(note), "%s %s %s",
			 sip_transport_name(w->transport), n->tpn_host,
			 n->tpn_port);
	if (n)
		o->route = keep(note);
	else if (w->route[0])
		o->route = keep(w->route);
}

/* To the servers of a name; o may be over when this returns. */
static int set_out(struct sip_out *o, const struct target *t,
		   const struct sip_way *w, const struct buf *head,
		   const struct sip_content *c)
{
	if (head->err)
		return ERR_SYNTAX;
	if (!o->head) {
		o->uri = keep(w->uri);
		o->head = keep(head->p);
	}
	w->peer->under_way++;
	sip_trip_start(o, t->to.domain, t->to.is_secure, buf_str(&c->head),
		       buf_str(&c->body));
	return 0;
}

static enum cause start(struct sip *s, const struct action *a,
			const struct target *t, struct sip_way *w,
			struct encoded *e)
{
	enum cpim_use use = cpim_of(s, w->peer);
	bool is_cpim = goes_as_cpim(t, a->msg, use);
	struct sip_content *c = is_cpim ? &e->cpim : &e->plain;
	struct sip_out *o;
	struct buf fixed, b;
	int rc;

	/* Who knows no message/cpim knows no report in it either. */
	if (is_cpim && use == CPIM_NEVER)
		return CAUSE_MEDIA_UNSUPPORTED;
	rc = sip_content_put(c, a->msg, &t->from, &t->to, is_cpim);
	if (rc < 0)
		return rc == ERR_LIMIT ? CAUSE_TOO_LARGE : CAUSE_BAD_REQUEST;
	if (w->peer && !w->is_trip && avoids_udp(s, w, e->common.n, c))
		w->is_trip = true;
	if (!w->is_trip && is_too_large(s, w, c->body.n))
		return CAUSE_TOO_LARGE;
	if (s->outs_bytes + c->body.n > SIP_OUTGOING_BYTES_MAX)
		return CAUSE_OVERLOAD;
	buf_init(&fixed, SIP_HEAD_MAX);
	buf_init(&b, SIP_HEAD_MAX * 2);
	put_target(s, &fixed, t, a->msg, w);
	buf_put_str(&fixed, buf_str(&e->common));
	put_asserted(&fixed, t, a->msg);
	buf_put_char(&fixed, 0);
	sip_put_cseq(s, &b, "MESSAGE");
	buf_put(&b, fixed.p, fixed.n ? fixed.n - 1 : 0);
	buf_put_str(&b, buf_str(&c->head));
	buf_put_char(&b, 0);
	if (fixed.err)
		buf_fail(&b, fixed.err);
	o = sip_out_new(s, w->listener, w->peer);
	o->leg = t->leg;
	o->tag = a->tag;
	o->trace = a->msg->trace;
	o->wants_result = a->wants_result;
	/* Nobody there will report: its 200 is all we hear. */
	o->was_plain = !is_cpim && sip_content_wants_cpim(a->msg);
	o->bytes = b.n + c->body.n;
	s->outs_bytes += o->bytes;
	if (is_cpim && sip_content_can_plain(a->msg) && !fixed.err)
		keep_for_text(o, a->msg, w, &fixed);
	if (w->is_trip) {
		rc = set_out(o, t, w, &fixed, c);
		goto out;
	}
	rc = sip_out_start(o, "MESSAGE", w->uri,
			   w->route[0] && !w->tport ? w->route : NULL, w->tport,
			   &b, buf_str(&c->body));
	if (rc == 0 && w->peer)
		w->peer->under_way++;
out:
	buf_free(&fixed);
	buf_free(&b);
	if (rc < 0) {
		sip_out_free(o);
		return rc == ERR_SYNTAX ? CAUSE_BAD_REQUEST : CAUSE_UNAVAILABLE;
	}
	return CAUSE_NONE;
}

void sip_send(void *self, const struct action *a)
{
	struct sip *s = self;
	const struct send *send = a->u.send;
	struct encoded e;
	size_t i;

	sip_content_init(&e.cpim);
	sip_content_init(&e.plain);
	buf_init(&e.common, SIP_HEAD_MAX);
	put_common(&e.common, a->msg);
	for (i = 0; i < send->targets_n; i++) {
		const struct target *t = &send->targets[i];
		struct result r = { .cause = CAUSE_NONE };
		struct sip_way w;

		r.cause = sip_way_find(s, t, &w);
		if (r.cause == CAUSE_NONE && e.common.err)
			r.cause = CAUSE_BAD_REQUEST;
		if (r.cause == CAUSE_NONE)
			r.cause = start(s, a, t, &w, &e);
		if (r.cause != CAUSE_NONE)
			post_sent(s, t->leg, a->tag, a->msg->trace, true, &r);
	}
	sip_content_free(&e.cpim);
	sip_content_free(&e.plain);
	buf_free(&e.common);
}

uint32_t sip_room(void *self, uint32_t link)
{
	struct sip *s = self;
	struct sip_peer *p;
	uint32_t n;

	if (s->is_draining)
		return 0;
	n = s->outs_n < SIP_OUTGOING_MAX
		    ? (uint32_t)(SIP_OUTGOING_MAX - s->outs_n)
		    : 0;
	if (!link)
		return n;
	p = sip_peer_find(s, link);
	if (!p)
		return 0;
	if (!sip_peer_room(p))
		p->was_full = true;
	return sip_peer_room(p) < n ? sip_peer_room(p) : n;
}

void sip_outs_end(struct sip *s, const struct sip_peer *p, enum cause c)
{
	struct list_link *it, *tmp;
	struct result r = { .cause = c };

	list_each(it, tmp, &s->outs) {
		struct sip_out *o = list_of(it, struct sip_out, all);

		if (!o->is_probe && (!p || o->peer == p))
			finish(o, &r);
	}
}

void sip_outs_free_all(struct sip *s)
{
	struct list_link *it, *tmp;

	list_each(it, tmp, &s->outs)
		sip_out_free(list_of(it, struct sip_out, all));
}
