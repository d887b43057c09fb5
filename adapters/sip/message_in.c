/* adapters/sip/message_in.c: the one door for requests, and MESSAGE behind it.
 * Order: retransmissions, then what costs nothing to refuse (busy, no
 * credentials), then parsing, then core. [RFC 3261 8.2, RFC 3428 7]
 */
#include "adapters/sip/sip_count.h"
#include "adapters/sip/sip_priv.h"

#include <arpa/inet.h>
#include <string.h>

#define HOPS_DEFAULT 70 /* RFC 3261 8.1.1.6 */
#define LIFE_S_MAX INT64_C(0xffffffff) /* of Expires [20.19] */
#define HEAD_ERRORS                                                           \
	(unsigned)~(sip_mask_response | sip_mask_proxy | sip_mask_registrar | \
		    sip_mask_pref)

static void read_source(struct sip_in *in)
{
	su_sockaddr_t *su = msg_addr(in->msg);

	in->source_port = ntohs(su->su_port);
	if (!inet_ntop(su->su_family, SU_ADDR(su), in->source,
		       sizeof(in->source)))
		in->source[0] = 0;
}

/* Session-ID: 32 hex digits, then parameters [RFC 7989 5]. */
static struct trace_id read_trace(struct sip_in *in)
{
	const char *v = sip_read_unknown(in->sip, "Session-ID");
	struct str s = str_of(v ? v : "");
	struct trace_id id;

	s = str_trim(str_sub(s, 0, str_find(s, ';')));
	if (trace_parse(s, &id) && !trace_is_none(id))
		return id;
	return in->s->intake.trace_new(in->s->intake.core);
}

static enum msg_priority read_priority(const sip_t *sip)
{
	const char *p = sip->sip_priority ? sip->sip_priority->g_string : NULL;

	if (!p)
		return PRIORITY_NORMAL;
	if (strcasecmp(p, "emergency") == 0)
		return PRIORITY_EMERGENCY;
	if (strcasecmp(p, "urgent") == 0)
		return PRIORITY_URGENT;
	if (strcasecmp(p, "non-urgent") == 0)
		return PRIORITY_LOW;
	return PRIORITY_NORMAL;
}

/* Seconds since 1900 to microseconds since 1970; 0 for what is before. */
static int64_t utc_of(sip_time_t t)
{
	const int64_t epoch_s = 2208988800; /* RFC 868 */

	return (int64_t)t > epoch_s ? ((int64_t)t - epoch_s) * 1000000 : 0;
}

static void read_times(const sip_t *sip, struct msg *m)
{
	const sip_expires_t *ex = sip->sip_expires;
	int64_t base, life_s, now = net_utc_us();

	if (sip->sip_date && utc_of(sip->sip_date->d_time)) {
		m->sent_utc_us = utc_of(sip->sip_date->d_time);
		m->is_stamped = true;
	} else {
		m->sent_utc_us = now;
	}
	if (!ex)
		return;
	/* A clock that runs ahead does not make it live longer than its sender
	   wished; one that lags is believed, as the time went by on the way. */
	base = m->sent_utc_us < now ? m->sent_utc_us : now;
	life_s = (int64_t)ex->ex_delta < LIFE_S_MAX ? (int64_t)ex->ex_delta
						    : LIFE_S_MAX;
	if (ex->ex_date)
		m->expires_utc_us = utc_of(ex->ex_date);
	else if (life_s)
		m->expires_utc_us = base + life_s * 1000000;
	else
		m->no_store = true;
}

/* Max-Forwards counts hops over all protocols; ours is taken off on the way
   out. */
static bool read_hops(const sip_t *sip, struct msg *m)
{
	unsigned long n = HOPS_DEFAULT;

	if (sip->sip_max_forwards)
		n = sip->sip_max_forwards->mf_count;
	if (!n)
		return false;
	m->hops_left = n > 255 ? 255 : (unsigned)n;
	return true;
}

static enum cause read_lang(const sip_t *sip, struct msg *m)
{
	const sip_content_language_t *l = sip->sip_content_language;
	enum cause c;
	size_t i;

	if (!l || !l->k_items || !l->k_items[0])
		return CAUSE_NONE;
	c = sip_read_line(m->arena, l->k_items[0], 64, &m->lang);
	for (i = 0; c == CAUSE_NONE && i < m->lang.n; i++)
		if (!ch_is_alnum((unsigned char)m->lang.p[i]) &&
		    m->lang.p[i] != '-')
			c = CAUSE_BAD_REQUEST;
	return c;
}

static enum cause read_target(struct sip_in *in, struct msg *m)
{
	const sip_request_t *rq = in->sip->sip_request;
	enum cause c;

	m->to = arena_zalloc(m->arena, sizeof(*m->to));
	if (!m->to)
		return CAUSE_TOO_LARGE;
	m->to_n = 1;
	c = sip_read_url(m->arena, rq->rq_url, STR(""), m->to);
	/* Either of the two demands it [RFC 7247 3]. */
	if (in->sip->sip_to->a_url->url_type == url_sips)
		m->to->is_secure = true;
	return c;
}

enum cause sip_read_message(struct sip_in *in, struct event *ev)
{
	const sip_t *sip = in->sip;
	struct msg *m = msg_new(MSG_ARENA_BYTES);
	const char *subject = sip->sip_subject ? sip->sip_subject->g_string
					       : NULL;
	enum cause c;

	ev->msg = m;
	m->kind = MSG_CONTENT;
	m->mode = MODE_PAGE;
	m->trace = ev->trace = read_trace(in);
	m->priority = read_priority(sip);
	m->is_private = ev->origin->wants_privacy;
	if (!read_hops(sip, m))
		return CAUSE_TOO_MANY_HOPS;
	read_times(sip, m);
	m->from = addr_dup(m->arena, &ev->origin->claimed);
	sip_read_preferences(sip, m);
	c = read_target(in, m);
	if (c == CAUSE_NONE)
		c = sip_read_line(m->arena, sip->sip_call_id->i_id, 1024,
				  &m->thread);
	if (c == CAUSE_NONE)
		c = sip_read_line(m->arena, subject, 4096, &m->subject);
	if (c == CAUSE_NONE)
		c = read_lang(sip, m);
	if (c == CAUSE_NONE)
		c = sip_read_body(in, m);
	if (c == CAUSE_NONE && arena_err(m->arena))
		c = CAUSE_TOO_LARGE;
	return c;
}

/* ---- the door --------------------------------------------------------- */

/* The request was seen before: nothing, or the same answer again. */
static bool is_again(struct sip_in *in)
{
	struct sip_dup *e = sip_dup_find(&in->s->dups, in->key,
					 net_now_ms(in->s->loop));
	struct sip_response r;

	if (!e)
		return false;
	in->s->counts.duplicates++;
	if (e->is_pending) {
		msg_destroy(in->msg);
		return true;
	}
	r = (struct sip_response){ e->code, e->phrase, e->head };
	sip_respond(in, &r);
	return true;
}

/* Lists the options of a header that we do not know; NULL b only asks. */
static bool put_unknown(struct buf *b, const msg_list_t *list)
{
	bool has_any = false;
	size_t i;

	for (i = 0; list && list->k_items && list->k_items[i]; i++) {
		if (sip_knows_option(list->k_items[i]))
			continue;
		has_any = true;
		if (b)
			sip_put_word(b, "Unsupported",
				     str_of(list->k_items[i]));
	}
	return has_any;
}

/* What a proxy must know we must know as well: nobody behind us would. */
static void refuse_require(struct sip_in *in)
{
	struct sip_response r = { .code = 420, .phrase = "Bad Extension" };
	struct buf b;

	buf_init(&b, SIP_HEAD_MAX);
	put_unknown(&b, in->sip->sip_require);
	put_unknown(&b, in->sip->sip_proxy_require);
	buf_put_char(&b, 0);
	r.head = b.err || b.n < 2 ? NULL : b.p;
	sip_respond(in, &r);
	buf_free(&b);
}

/* Something is asked of us that we do not know. */
static bool has_unknown_require(const sip_t *sip)
{
	return put_unknown(NULL, sip->sip_require) ||
	       put_unknown(NULL, sip->sip_proxy_require);
}

/* Header fields the stack could not read: those that matter are refused, the
   rest is ignored as RFC 3261 16.3 has it. */
static bool has_broken_head(struct sip_in *in)
{
	unsigned errors = HEAD_ERRORS;

	if (in->sip->sip_request->rq_method == sip_method_register)
		errors |= sip_mask_registrar;
	return (msg_extract_errors(in->msg) & errors) != 0;
}

static bool is_busy(const struct sip *s)
{
	return s->pending_n >= SIP_PENDING_MAX ||
	       s->pending_bytes >= SIP_PENDING_BYTES_MAX ||
	       s->intake.is_full(s->intake.core);
}

/* All that is answered before an event exists. */
static bool is_settled(struct sip_in *in)
{
	struct sip *s = in->s;
	sip_method_t method = in->sip->sip_request->rq_method;

	if (method == sip_method_ack) {
		msg_destroy(in->msg);
	} else if (in->fault) {
		sip_refuse(in, in->fault->cause, in->fault->words);
	} else if (in->is_dedup && is_again(in)) {
		;
	} else if (sip_dup_is_merged(&s->dups, in->merge)) {
		sip_refuse(in, CAUSE_LOOP, "Request Merged");
	} else if (is_busy(s) || sip_admit_is_over(s, msg_addr(in->msg)) ||
		   s->is_draining || !in->l->conf ||
		   (s->is_unready && method == sip_method_options)) {
		s->counts.refused_busy++;
		sip_refuse(in, CAUSE_OVERLOAD, NULL);
	} else if (method == sip_method_cancel) {
		/* What it could cancel would have been found already. */
		sip_refuse(in, CAUSE_NO_TRANSACTION, NULL);
	} else if (!in->is_trusted && !in->peer &&
		   sip_ban_source(s, in->source)) {
		sip_turn_away(in);
	} else if (sip_is_unreadable(in->sip, "Authorization")) {
		sip_ban_failed(s, in->source, STR(""), "malformed");
		sip_refuse(in, CAUSE_BAD_REQUEST, "Bad Authorization");
	} else if (has_broken_head(in)) {
		sip_count_parse_error();
		sip_refuse(in, CAUSE_BAD_REQUEST, "Bad header");
	} else if (!in->is_trusted && !in->peer &&
		   !in->sip->sip_authorization) {
		if (sip_admit_stranger(s, msg_addr(in->msg)))
			sip_challenge(in, false);
		else
			msg_destroy(in->msg);
	} else if (has_unknown_require(in->sip)) {
		refuse_require(in);
	} else {
		return false;
	}
	return true;
}

static enum cause read_event(struct sip_in *in, struct event *ev)
{
	enum cause c;

	ev->origin = arena_zalloc(ev->arena, sizeof(*ev->origin));
	if (!ev->origin)
		return CAUSE_TOO_LARGE;
	c = sip_read_origin(in, ev->arena, ev->origin);
	if (c != CAUSE_NONE)
		return c;
	if (ev->kind == EV_MSG)
		return sip_read_message(in, ev);
	if (ev->kind == EV_REGISTER)
		return sip_read_register(in, ev);
	return sip_read_request(in, ev);
}

static enum ev_kind kind_of(sip_method_t method)
{
	if (method == sip_method_message)
		return EV_MSG;
	return method == sip_method_register ? EV_REGISTER : EV_REQUEST;
}

/* Gives the request to core. */
static void pass_on(struct sip_in *in)
{
	struct intake *i = &in->s->intake;
	struct event *ev = i->event_new(
		i->core, kind_of(in->sip->sip_request->rq_method));
	enum cause c = read_event(in, ev);
	uint64_t leg;

	if (c != CAUSE_NONE) {
		i->event_drop(i->core, ev);
		if (in->is_banned)
			sip_turn_away(in);
		else
			sip_refuse(in, c, in->words);
		return;
	}
	if (!ev->origin->has_cred && !in->is_trusted && !in->peer) {
		i->event_drop(i->core, ev);
		sip_challenge(in, false);
		return;
	}
	leg = ev->leg = i->leg_new(i->core, PROTO_SIP);
	if (trace_is_none(ev->trace))
		ev->trace = i->trace_new(i->core);
	if (i->post(i->core, ev) < 0) {
		in->s->counts.refused_busy++;
		sip_refuse(in, CAUSE_OVERLOAD, NULL);
		return;
	}
	in->s->counts.requests_in++;
	sip_pending_new(in, leg);
}

int sip_on_request(struct sip_listener *l, nta_agent_t *agent, msg_t *msg,
		   sip_t *sip)
{
	struct sip_in in = { .s = l->sip, .l = l, .msg = msg, .sip = sip };

	in.tport = tport_delivered_by(nta_agent_tports(agent), msg);
	if (l->is_new || !sip->sip_request || !in.tport) {
		msg_destroy(msg);
		return 0;
	}
	read_source(&in);
	in.key = sip_dup_key(l->sip, sip);
	in.merge = sip_merge_key(l->sip, sip);
	in.is_dedup = true;
	in.fault = sip->sip_user;
	if (l->conf) {
		sip_auth_place(&in);
	}
	if (!is_settled(&in))
		pass_on(&in);
	return 0;
}
