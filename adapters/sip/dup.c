/* adapters/sip/dup.c: what was answered in the last 32 s, so that a
 * retransmitted request gets the same answer and makes no second message.
 * Requests are served without transactions of the stack (each would keep some
 * 10 KiB for 32 s); this cache is what is left of a server transaction.
 * [RFC 3261 17.2.2, 17.2.3]
 */
#include "adapters/sip/sip_priv.h"

#include <string.h>

#include <sofia-sip/sip_status.h>

#include "core/base/hash.h"

#define COOKIE "z9hG4bK"

void sip_dups_init(struct sip_dups *d, uint64_t seed)
{
	list_init(&d->by_age);
	d->map = map_new(seed);
	d->merges = map_new(~seed);
	d->max = SIP_DUPS_MAX;
	d->n = 0;
}

static void add_text(struct buf *b, const char *s)
{
	if (s)
		buf_put(b, s, strlen(s));
	buf_put_char(b, 0);
}

/* The branch names the transaction when it has the magic cookie; an old peer
   is known by Call-ID, From tag and CSeq besides [17.2.3]. */
struct sip_dup_key sip_dup_key(const struct sip *s, const sip_t *sip)
{
	const sip_via_t *v = sip->sip_via;
	struct sip_dup_key k;
	struct buf b;

	buf_init(&b, 8192);
	add_text(&b, v->v_branch);
	add_text(&b, v->v_host);
	add_text(&b, v->v_port);
	add_text(&b, sip->sip_request->rq_method_name);
	if (!v->v_branch ||
	    strncasecmp(v->v_branch, COOKIE, sizeof(COOKIE) - 1) != 0) {
		add_text(&b, sip->sip_call_id->i_id);
		add_text(&b, sip->sip_from->a_tag);
		buf_put_u64(&b, sip->sip_cseq->cs_seq);
		add_text(&b, v->v_received);
		add_text(&b, v->v_rport);
	}
	k.a = hash_key(s->seed, b.p, b.n);
	k.b = hash_key(~s->seed, b.p, b.n);
	buf_free(&b);
	return k;
}

uint64_t sip_merge_key(const struct sip *s, const sip_t *sip)
{
	const url_t *url = sip->sip_request->rq_url;
	uint64_t key;
	struct buf b;

	if (sip->sip_to->a_tag)
		return 0;
	buf_init(&b, 8192);
	add_text(&b, sip->sip_call_id->i_id);
	add_text(&b, sip->sip_from->a_tag);
	add_text(&b, sip->sip_request->rq_method_name);
	add_text(&b, url->url_user);
	add_text(&b, url->url_host);
	add_text(&b, url->url_port);
	buf_put_u64(&b, sip->sip_cseq->cs_seq);
	key = hash_key(s->seed, b.p, b.n);
	buf_free(&b);
	return key ? key : 1;
}

bool sip_dup_is_merged(const struct sip_dups *d, uint64_t merge)
{
	return merge && map_get_u64(d->merges, merge);
}

struct sip_dup_key sip_dup_key_of(const struct sip *s, struct str branch,
				  struct str host, struct str port,
				  struct str method)
{
	const struct str parts[] = { branch, host, port, method };
	struct sip_dup_key k;
	struct buf b;
	size_t i;

	buf_init(&b, 8192);
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		buf_put_str(&b, parts[i]);
		buf_put_char(&b, 0);
	}
	k.a = hash_key(s->seed, b.p, b.n);
	k.b = hash_key(~s->seed, b.p, b.n);
	buf_free(&b);
	return k;
}

static void end_merge(struct sip_dups *d, struct sip_dup *e)
{
	if (e->merge && map_get_u64(d->merges, e->merge) == e)
		map_del_u64(d->merges, e->merge);
	e->merge = 0;
}

static void unlink_entry(struct sip_dups *d, struct sip_dup *e)
{
	end_merge(d, e);
	if (map_get_u64(d->map, e->key.a) == e)
		map_del_u64(d->map, e->key.a);
	list_del(&e->by_age);
	d->n--;
	mem_free(e->phrase);
	mem_free(e->head);
	mem_free(e);
}

void sip_dup_drop(struct sip_dups *d, struct sip_dup *e)
{
	if (e)
		unlink_entry(d, e);
}

struct sip_dup *sip_dup_find(struct sip_dups *d, struct sip_dup_key k,
			     int64_t now_ms)
{
	struct sip_dup *e = map_get_u64(d->map, k.a);

	if (!e || e->key.b != k.b)
		return NULL;
	return e->is_pending || e->end_ms > now_ms ? e : NULL;
}

/* Drops the oldest answered entry among the first few. */
static bool make_room(struct sip_dups *d)
{
	struct list_link *it, *tmp;
	unsigned tries = 0;

	list_each(it, tmp, &d->by_age) {
		struct sip_dup *e = list_of(it, struct sip_dup, by_age);

		if (!e->is_pending) {
			unlink_entry(d, e);
			return true;
		}
		if (++tries == 64)
			break;
	}
	return false;
}

struct sip_dup *sip_dup_add(struct sip_dups *d, struct sip_dup_key k,
			    uint64_t merge, int64_t now_ms)
{
	struct sip_dup *old, *e;

	/* A few, so that no single request pays for a whole burst. */
	sip_dups_sweep(d, now_ms, 64);
	old = map_get_u64(d->map, k.a);
	if (old && old->is_pending)
		return NULL;
	if (old)
		unlink_entry(d, old);
	if (d->n >= d->max && !make_room(d))
		return NULL;
	e = mem_zalloc(sizeof(*e));
	e->key = k;
	e->is_pending = true;
	list_add(&d->by_age, &e->by_age);
	map_set_u64(d->map, k.a, e);
	e->merge = merge;
	if (merge)
		map_set_u64(d->merges, merge, e);
	d->n++;
	return e;
}

static char *keep(const char *s)
{
	size_t n;
	char *p;

	if (!s || !*s)
		return NULL;
	n = strlen(s) + 1;
	p = mem_alloc(n);
	memcpy(p, s, n);
	return p;
}

void sip_dup_done(struct sip_dups *d, struct sip_dup *e,
		  const struct sip_response *r, int64_t now_ms)
{
	e->is_pending = false;
	end_merge(d, e);
	e->code = (uint16_t)r->code;
	/* The usual words come with the code. */
	e->phrase = r->phrase && strcmp(r->phrase, sip_status_phrase(
							   (int)r->code)) == 0
			    ? NULL
			    : keep(r->phrase);
	e->head = keep(r->head);
	e->end_ms = now_ms + SIP_DUP_LIFE_MS;
	list_del(&e->by_age);
	list_add(&d->by_age, &e->by_age);
}

void sip_dups_sweep(struct sip_dups *d, int64_t now_ms, unsigned max)
{
	unsigned i;

	for (i = 0; i < max && !list_empty(&d->by_age); i++) {
		struct sip_dup *e = list_of(d->by_age.next, struct sip_dup,
					    by_age);

		if (e->is_pending || e->end_ms > now_ms)
			return;
		unlink_entry(d, e);
	}
}

void sip_dups_free(struct sip_dups *d)
{
	struct list_link *it, *tmp;

	list_each(it, tmp, &d->by_age)
		unlink_entry(d, list_of(it, struct sip_dup, by_age));
	map_free(d->map);
	map_free(d->merges);
}
