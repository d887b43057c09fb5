/* tests/unit/test_msg.c: messages, copies and the envelope of the store.
 * [core/model/msg.h]
 */
#include "tests/unit/unit.h"

#include <stdio.h>

#include "core/base/ref.h"
#include "core/model/msg_priv.h"

static uint64_t seed = 0x9e3779b97f4a7c15u;

static uint64_t next(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* Sometimes absent, sometimes empty, sometimes what looks like an envelope. */
static struct str random_str(struct arena *a)
{
	static const char *const texts[] = {
		"", "a", "}\n", "body {\nbytes 1:x\n}\n", "id 3:abc\n",
		"caf\xc3\xa9 \xff\x01", "0", "text/plain", "kind 4:user\n",
	};
	char bytes[40];
	size_t i, n;

	switch (next() % 4) {
	case 0:
		return STR_NONE;
	case 1:
		n = next() % sizeof(bytes);
		for (i = 0; i < n; i++)
			bytes[i] = (char)next();
		return arena_dup(a, (struct str){ bytes, n });
	default:
		return arena_dup(a, str_of(texts[next() % COUNT_OF(texts)]));
	}
}

static bool coin(void)
{
	return next() % 2;
}

static struct addr random_addr(struct arena *a)
{
	return (struct addr){
		.kind = (enum addr_kind)(next() % 5),
		.is_secure = coin(), .is_phone = coin(),
		.text = random_str(a), .user = random_str(a),
		.domain = random_str(a), .instance = random_str(a),
		.display = random_str(a),
	};
}

static struct str *random_list(struct arena *a, size_t *n_out, size_t max)
{
	struct str *list;
	size_t i, n = coin() ? 0 : next() % (max + 1);

	*n_out = n;
	if (n == 0)
		return NULL;
	list = arena_array(a, n, sizeof(*list));
	for (i = 0; i < n; i++) {
		list[i] = random_str(a);
		if (!list[i].p)
			list[i] = STR("");
	}
	return list;
}

static int64_t random_time(void)
{
	static const int64_t odd[] = { 0, 1, -1, INT64_MAX, INT64_MIN };

	return coin() ? odd[next() % COUNT_OF(odd)] : (int64_t)next();
}

static void random_body(struct msg *m)
{
	static char big[BODY_INLINE_MAX];

	if (next() % 4 == 0) {
		m->body.kind = BODY_BLOB;
		m->body.blob_id = next();
		m->body.size_bytes = coin() ? BODY_SIZE_UNKNOWN : next();
		return;
	}
	if (next() % 20 == 0) {
		memset(big, (int)next(), sizeof(big));
		m->body = body_inline(arena_dup(
			m->arena, (struct str){ big, sizeof(big) }));
		return;
	}
	m->body = body_inline(random_str(m->arena));
}

static void random_rest(struct msg *m)
{
	struct arena *a = m->arena;
	size_t i;

	m->record_routes = random_list(a, &m->record_routes_n,
				       CPIM_ROUTES_MAX);
	m->routes = random_list(a, &m->routes_n, CPIM_ROUTES_MAX);
	m->extra_n = coin() ? 0 : next() % 4;
	m->extra = arena_array(a, m->extra_n, sizeof(*m->extra));
	for (i = 0; i < m->extra_n; i++)
		m->extra[i] = (struct cpim_extra){
			.ns = random_str(a), .name = random_str(a),
			.value = random_str(a), .lang = random_str(a),
		};
	m->report = (struct report){
		.kind = (enum imdn_kind)(next() % 3),
		.status = (enum imdn_status)(next() % 7),
		.msg_id = random_str(a), .utc_us = random_time(),
		.cause = (enum cause)(next() % CAUSES_N),
		.text = random_str(a),
	};
	m->composing = (struct composing){
		.is_active = coin(), .refresh_s = (uint32_t)next(),
		.is_gone = coin(),
	};
}

static struct msg *random_msg(void)
{
	struct msg *m = msg_new(MSG_ARENA_BYTES);
	struct arena *a = m->arena;
	size_t i;

	m->kind = (enum msg_kind)(next() % 3);
	m->mode = (enum msg_mode)(next() % 3);
	m->trace = (struct trace_id){ coin() ? next() : 0, next() };
	m->id = random_str(a);
	m->has_own_id = coin();
	m->is_short_id = coin();
	m->dedup_id = random_str(a);
	m->from = random_addr(a);
	m->to_n = 1 + next() % 5;
	m->to = arena_array(a, m->to_n, sizeof(*m->to));
	for (i = 0; i < m->to_n; i++)
		m->to[i] = random_addr(a);
	m->content_type = random_str(a);
	m->lang = random_str(a);
	m->subject = random_str(a);
	m->thread = random_str(a);
	m->sent_utc_us = random_time();
	m->expires_utc_us = random_time();
	m->is_stamped = coin();
	m->no_store = coin();
	m->is_private = coin();
	m->priority = (enum msg_priority)(next() % 4);
	m->wants = (unsigned)next() % 16;
	m->hops_left = (unsigned)next() % 71;
	m->was_cpim = coin();
	m->store_id = coin() ? 0 : next();
	random_body(m);
	if (coin())
		random_rest(m);
	assert_int_equal(arena_err(a), 0);
	return m;
}

static void same_str(struct str a, struct str b)
{
	assert_true(!a.p == !b.p);
	assert_true(str_eq(a, b));
}

static void same_list(const struct str *a, size_t a_n, const struct str *b,
		      size_t b_n)
{
	size_t i;

	assert_int_equal(a_n, b_n);
	for (i = 0; i < a_n; i++)
		same_str(a[i], b[i]);
}

static void same_addr(const struct addr *a, const struct addr *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->is_secure, b->is_secure);
	assert_int_equal(a->is_phone, b->is_phone);
	same_str(a->text, b->text);
	same_str(a->user, b->user);
	same_str(a->domain, b->domain);
	same_str(a->instance, b->instance);
	same_str(a->display, b->display);
}

static void same_report(const struct report *a, const struct report *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->status, b->status);
	same_str(a->msg_id, b->msg_id);
	assert_true(a->utc_us == b->utc_us);
	assert_int_equal(a->cause, b->cause);
	same_str(a->text, b->text);
}

/* Field by field, knowing nothing of the tables that wrote it. */
static void same_msg(const struct msg *a, const struct msg *b)
{
	size_t i;

	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->mode, b->mode);
	assert_true(trace_eq(a->trace, b->trace));
	same_str(a->id, b->id);
	assert_int_equal(a->has_own_id, b->has_own_id);
	assert_int_equal(a->is_short_id, b->is_short_id);
	same_str(a->dedup_id, b->dedup_id);
	same_addr(&a->from, &b->from);
	assert_int_equal(a->to_n, b->to_n);
	for (i = 0; i < a->to_n; i++)
		same_addr(&a->to[i], &b->to[i]);
	same_str(a->content_type, b->content_type);
	same_str(a->lang, b->lang);
	same_str(a->subject, b->subject);
	same_str(a->thread, b->thread);
	assert_true(a->sent_utc_us == b->sent_utc_us);
	assert_true(a->expires_utc_us == b->expires_utc_us);
	assert_int_equal(a->is_stamped, b->is_stamped);
	assert_int_equal(a->no_store, b->no_store);
	assert_int_equal(a->is_private, b->is_private);
	assert_int_equal(a->priority, b->priority);
	assert_int_equal(a->wants, b->wants);
	assert_int_equal(a->hops_left, b->hops_left);
	assert_int_equal(a->was_cpim, b->was_cpim);
	assert_int_equal(a->extra_n, b->extra_n);
	for (i = 0; i < a->extra_n; i++) {
		same_str(a->extra[i].ns, b->extra[i].ns);
		same_str(a->extra[i].name, b->extra[i].name);
		same_str(a->extra[i].value, b->extra[i].value);
		same_str(a->extra[i].lang, b->extra[i].lang);
	}
	same_list(a->record_routes, a->record_routes_n, b->record_routes,
		  b->record_routes_n);
	same_list(a->routes, a->routes_n, b->routes, b->routes_n);
	same_report(&a->report, &b->report);
	assert_int_equal(a->composing.is_active, b->composing.is_active);
	assert_int_equal(a->composing.refresh_s, b->composing.refresh_s);
	assert_int_equal(a->composing.is_gone, b->composing.is_gone);
	assert_true(a->store_id == b->store_id);
	assert_int_equal(a->body.kind, b->body.kind);
	assert_true(a->body.size_bytes == b->body.size_bytes);
	assert_true(a->body.blob_id == b->body.blob_id);
	same_str(a->body.bytes, b->body.bytes);
}

static void test_round_trip(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < 3000; i++) {
		struct msg *m = random_msg(), *back;
		struct buf b, again;

		buf_init(&b, 1u << 20);
		msg_pack(&b, m);
		assert_int_equal(b.err, 0);
		assert_int_equal(msg_unpack(buf_str(&b), &back), 0);
		same_msg(m, back);
		buf_init(&again, 1u << 20);
		msg_pack(&again, back);
		assert_true(str_eq(buf_str(&b), buf_str(&again)));
		buf_free(&b);
		buf_free(&again);
		msg_put(m);
		msg_put(back);
	}
}

static void test_copy(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		struct msg *m = random_msg(), *other, *copy = msg_copy(m);

		same_msg(m, copy);
		assert_int_equal(arena_err(copy->arena), 0);
		/* lives on its own, and has room for rewritten addresses */
		other = msg_copy(copy);
		msg_put(m);
		same_msg(other, copy);
		copy->from = random_addr(copy->arena);
		assert_non_null(arena_alloc(copy->arena,
					    MSG_ARENA_BYTES / 2));
		msg_put(copy);
		msg_put(other);
	}
}

/* A field of struct msg without a row in the table would be lost on its way
   through the store: every byte that is no padding must have one. */
static void clear_fields(unsigned char *base, const struct msg_shape *shape)
{
	static const size_t bytes[] = {
		[MSG_F_STR] = sizeof(struct str), [MSG_F_BOOL] = sizeof(bool),
		[MSG_F_UINT] = sizeof(unsigned),
		[MSG_F_U64] = sizeof(uint64_t), [MSG_F_I64] = sizeof(int64_t),
		[MSG_F_TRACE] = sizeof(struct trace_id),
		[MSG_F_CAUSE] = sizeof(enum cause),
		[MSG_F_ENUM] = sizeof(unsigned),
		[MSG_F_LIST] = sizeof(void *),
	};
	size_t i;

	for (i = 0; i < shape->fields_n; i++) {
		const struct msg_field *f = &shape->fields[i];

		if (f->type == MSG_F_STRUCT) {
			clear_fields(base + f->at, f->shape);
			continue;
		}
		memset(base + f->at, 0, bytes[f->type]);
		if (f->type == MSG_F_LIST)
			memset(base + f->count_at, 0, sizeof(size_t));
	}
}

#ifndef __has_builtin
#define __has_builtin(x) 0
#endif

static void test_table_is_complete(void **state)
{
#if __has_builtin(__builtin_clear_padding)
	struct msg m;
	unsigned char *p = (unsigned char *)&m;
	size_t i;

	(void)state;
	memset(&m, 0xff, sizeof(m));
	__builtin_clear_padding(&m);
	clear_fields(p, &msg_shape);
	m.arena = NULL;			/* where it all lies */
	m.body.pipe = NULL;		/* is never stored */
	m.key_state = MSG_KEY_UNKNOWN;	/* is made anew */
	memset(m.key, 0, sizeof(m.key));
	for (i = 0; i < sizeof(m); i++)
		if (p[i])
			fail_msg("the field at offset %zu has no row", i);
#else
	struct msg m = { .hops_left = 1 };

	(void)state;
	clear_fields((unsigned char *)&m, &msg_shape);
	assert_int_equal(m.hops_left, 0);
#endif
	assert_int_equal(sizeof(struct cpim_extra), 4 * sizeof(struct str));
}

static void test_layout(void **state)
{
	struct msg *m = msg_new(MSG_ARENA_BYTES), *back;
	struct addr to = { .kind = ADDR_TEL, .text = STR("tel:+15550100") };
	struct buf b;

	(void)state;
	m->trace = (struct trace_id){ 0x4bf92f3577b34da6, 0xa3ce929d0e0e4736 };
	m->id = STR("Kq81");
	m->from = (struct addr){ .kind = ADDR_USER,
				 .text = STR("sip:bob@sip.example") };
	m->to = &to;
	m->to_n = 1;
	m->content_type = STR("text/plain");
	m->sent_utc_us = -5;
	m->report.cause = CAUSE_NOT_FOUND;
	m->body = body_inline(STR("Hello\n}\n"));
	buf_init(&b, 4096);
	msg_pack(&b, m);
	assert_str(buf_str(&b),
		   "causeway-msg 1\n"
		   "trace 32:4bf92f3577b34da6a3ce929d0e0e4736\n"
		   "id 4:Kq81\n"
		   "from {\nkind 4:user\ntext 19:sip:bob@sip.example\n}\n"
		   "to {\nkind 3:tel\ntext 13:tel:+15550100\n}\n"
		   "content-type 10:text/plain\n"
		   "sent-utc-us 2:-5\n"
		   "hops-left 2:70\n"
		   "report {\ncause 9:NOT_FOUND\n}\n"
		   "body {\nbytes 8:Hello\n}\n\n}\n");
	assert_int_equal(msg_unpack(buf_str(&b), &back), 0);
	same_msg(m, back);
	/* strings are C strings too */
	assert_string_equal(back->id.p, "Kq81");
	msg_put(back);
	msg_put(m);
	buf_free(&b);
}

#define HEAD "causeway-msg 1\n"
#define TO "to {\n}\n"

static void test_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"causeway-msg",
		"causeway-msg 2\n" TO,
		"causeway-msg 1\r\n" TO,
		HEAD,					/* nobody to send to */
		HEAD "to {\n",
		HEAD "to {\n}",
		HEAD "to {\n}\n}\n",
		HEAD TO "x",
		HEAD TO "\n",
		HEAD TO "nonsense 1:x\n",
		HEAD TO "id 1:x\n",			/* out of order */
		HEAD "id 1:x\nid 1:x\n" TO,		/* twice */
		HEAD "id 2:x\n" TO,
		HEAD "id 01:x\n" TO,
		HEAD "id -1:x\n" TO,
		HEAD "id 99999999:x\n" TO,
		HEAD "id 4294967295:x\n" TO,
		HEAD "id 18446744073709551615:x\n" TO,
		HEAD "id :x\n" TO,
		HEAD "id 1:x" TO,
		HEAD "id 1:\n" TO,
		HEAD "id {\n}\n" TO,
		HEAD "kind 7:content\n" TO,		/* zero is left out */
		HEAD "kind 5:other\n" TO,
		HEAD "own-id 1:0\n" TO,
		HEAD "own-id 1:2\n" TO,
		HEAD "trace 4:abcd\n" TO,
		HEAD "trace 32:00000000000000000000000000000000\n" TO,
		HEAD "trace 32:4BF92F3577B34DA6A3CE929D0E0E4736\n" TO,
		HEAD "from {\n}\n" TO,
		HEAD "from 1:x\n" TO,
		HEAD TO "sent-utc-us 2:-0\n",
		HEAD TO "sent-utc-us 2:05\n",
		HEAD TO "sent-utc-us 2:+5\n",
		HEAD TO "sent-utc-us 1:-\n",
		HEAD TO "sent-utc-us 19:9223372036854775808\n",
		HEAD TO "sent-utc-us 20:-9223372036854775809\n",
		HEAD TO "hops-left 10:4294967296\n",
		HEAD TO "store-id 20:18446744073709551616\n",
		HEAD TO "report {\ncause 4:NONE\n}\n",
		HEAD TO "report {\ncause 5:BOGUS\n}\n",
		HEAD TO "body {\nsize 1:5\nbytes 5:Hello\n}\n",
		HEAD TO "body {\nkind 4:pipe\n}\n",
		HEAD TO "body {\nbytes 5:Hello\n}\nid 1:x\n",
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT_OF(texts); i++) {
		struct msg *m = (struct msg *)&i;
		int err = msg_unpack(str_of(texts[i]), &m);

		if (err != ERR_SYNTAX)
			fail_msg("%zu: %d: %s", i, err, texts[i]);
		assert_null(m);
	}
}

/* Any byte of a good envelope changed, cut or doubled: refused, or read as a
   message that packs to exactly that text. */
static void test_mutations(void **state)
{
	struct buf b, again;
	unsigned i;

	(void)state;
	for (i = 0; i < 20000; i++) {
		struct msg *m = i % 50 ? NULL : random_msg(), *back;

		if (m) {
			if (i)
				buf_free(&b);
			buf_init(&b, 1u << 20);
			msg_pack(&b, m);
			msg_put(m);
		}
		b.p[next() % b.n] = (char)next();
		if (coin())
			b.p[next() % b.n] = "}{:\n 0"[next() % 6];
		if (msg_unpack(buf_str(&b), &back) < 0)
			continue;
		buf_init(&again, 1u << 20);
		msg_pack(&again, back);
		assert_int_equal(again.err, 0);
		assert_true(str_eq(buf_str(&b), buf_str(&again)));
		buf_free(&again);
		msg_put(back);
	}
	buf_free(&b);
}

static void test_limits(void **state)
{
	struct msg *m = msg_new(1u << 20), *back;
	struct buf b;
	size_t i;

	(void)state;
	m->to_n = MSG_TO_MAX + 1;
	m->to = arena_array(m->arena, m->to_n, sizeof(*m->to));
	buf_init(&b, 1u << 21);
	msg_pack(&b, m);
	assert_int_equal(b.err, ERR_LIMIT);
	buf_clear(&b);
	m->to_n = MSG_TO_MAX;
	msg_pack(&b, m);
	assert_int_equal(b.err, 0);
	assert_int_equal(msg_unpack(buf_str(&b), &back), 0);
	assert_int_equal(back->to_n, MSG_TO_MAX);
	msg_put(back);
	/* one more than allowed, by hand */
	buf_clear(&b);
	buf_put_str(&b, STR(HEAD));
	for (i = 0; i <= MSG_TO_MAX; i++)
		buf_put_str(&b, STR(TO));
	assert_int_equal(msg_unpack(buf_str(&b), &back), ERR_LIMIT);
	/* too large as a whole, and a body too large to stand inline */
	buf_clear(&b);
	for (i = 0; i <= MSG_PACKED_BYTES_MAX; i++)
		buf_put_char(&b, 'x');
	assert_int_equal(msg_unpack(buf_str(&b), &back), ERR_LIMIT);
	buf_clear(&b);
	m->to_n = 1;
	m->body = body_inline((struct str){ arena_zalloc(m->arena, 65537),
					    65537 });
	msg_pack(&b, m);
	assert_int_equal(b.err, ERR_LIMIT);
	/* bytes still under way cannot be packed, nor a message for nobody */
	buf_clear(&b);
	m->body = (struct body){ .kind = BODY_PIPE };
	msg_pack(&b, m);
	assert_int_equal(b.err, ERR_UNSUPPORTED);
	buf_clear(&b);
	m->body.kind = BODY_INLINE;
	m->to_n = 0;
	msg_pack(&b, m);
	assert_int_equal(b.err, ERR_SYNTAX);
	buf_free(&b);
	msg_put(m);
}

/* A message as large as its arena allows comes back from the store. */
static void test_full_arena(void **state)
{
	struct msg *m = msg_new(MSG_ARENA_BYTES), *back;
	struct buf b;
	size_t i;

	(void)state;
	m->to = arena_array(m->arena, MSG_TO_MAX, sizeof(*m->to));
	m->to_n = MSG_TO_MAX;
	m->body = body_inline((struct str){
		arena_zalloc(m->arena, BODY_INLINE_MAX), BODY_INLINE_MAX });
	for (i = 0; i < MSG_TO_MAX; i++) {
		m->to[i].text = arena_dup(m->arena, STR("t"));
		m->to[i].user = arena_dup(m->arena, STR("u"));
		m->to[i].domain = arena_dup(m->arena, STR("d"));
		m->to[i].instance = arena_dup(m->arena, STR(""));
		m->to[i].display = arena_dup(m->arena, STR(""));
	}
	assert_int_equal(arena_err(m->arena), 0);
	buf_init(&b, 1u << 20);
	msg_pack(&b, m);
	assert_int_equal(b.err, 0);
	assert_int_equal(msg_unpack(buf_str(&b), &back), 0);
	same_msg(m, back);
	msg_put(m);
	msg_put(back);
	buf_free(&b);
}

static void test_small_bufs(void **state)
{
	struct msg *m = random_msg();
	size_t max;

	(void)state;
	m->body = body_inline(STR("Hello"));
	for (max = 0; max < 600; max++) {
		struct buf b;

		buf_init(&b, max);
		msg_pack(&b, m);
		assert_true(b.n <= max);
		buf_free(&b);
	}
	msg_put(m);
}

static void test_references(void **state)
{
	struct msg *m = msg_new(4096);

	(void)state;
	assert_int_equal(m->hops_left, MSG_HOPS_MAX);
	assert_ptr_equal(msg_ref(m), m);
	assert_int_equal(ref_count(m), 2);
	msg_put(m);
	assert_int_equal(ref_count(m), 1);
	msg_put(m);
	msg_put(NULL);
}

static void test_conversation(void **state)
{
	struct msg *m = msg_new(4096);
	struct addr to[2] = { { .text = STR("sip:b@x") } };
	uint64_t id;

	(void)state;
	m->from.text = STR("sip:a@x");
	m->to = to;
	m->to_n = 1;
	m->thread = STR("one");
	id = msg_conversation(m);
	m->thread = STR("two");
	assert_true(msg_conversation(m) == id);
	/* the stored number of every earlier version */
	assert_true(id == 0x0871e6c5f71a1023u);
	m->from.text = STR("sip:b@x");
	to[0].text = STR("sip:a@x");
	assert_true(msg_conversation(m) != id);
	msg_put(m);
}

static void test_names(void **state)
{
	static const char *const names[] = {
		"delivered", "failed", "displayed", "processed", "stored",
		"forbidden", "error",
	};
	enum imdn_status s;
	unsigned i;

	(void)state;
	for (i = 0; i < COUNT_OF(names); i++) {
		assert_string_equal(report_status_name((enum imdn_status)i),
				    names[i]);
		assert_true(report_status_by_name(str_of(names[i]), &s));
		assert_int_equal(s, i);
	}
	assert_false(report_status_by_name(STR("Delivered"), &s));
	assert_false(report_status_by_name(STR(""), &s));
}

/* The key is made once, but never that of another message. */
static void test_key_is_kept_not_copied(void **state)
{
	struct msg *m = msg_new(MSG_ARENA_BYTES), *copy;
	struct addr to = { .kind = ADDR_USER, .text = STR("sip:b@x") };
	const uint8_t *key;
	uint8_t now[32];

	(void)state;
	m->to = &to;
	m->to_n = 1;
	m->from.text = STR("sip:a@x");
	assert_null(msg_key(m));	/* it says nothing of its own */
	msg_put(m);
	m = msg_new(MSG_ARENA_BYTES);
	m->to = &to;
	m->to_n = 1;
	m->from.text = STR("sip:a@x");
	m->id = STR("1");
	m->has_own_id = true;
	key = msg_key(m);
	assert_non_null(key);
	assert_true(msg_dedup_key(m, &m->to[0], now));
	assert_memory_equal(key, now, sizeof(now));
	copy = msg_copy(m);
	copy->from.text = STR("sip:c@x");
	key = msg_key(copy);
	assert_non_null(key);
	assert_memory_not_equal(key, now, sizeof(now));
	assert_true(msg_dedup_key(copy, &copy->to[0], now));
	assert_memory_equal(key, now, sizeof(now));
	msg_put(copy);
	msg_put(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_round_trip),
		TEST(test_copy),
		TEST(test_table_is_complete),
		TEST(test_key_is_kept_not_copied),
		TEST(test_layout),
		TEST(test_refused),
		TEST(test_mutations),
		TEST(test_limits),
		TEST(test_full_arena),
		TEST(test_small_bufs),
		TEST(test_references),
		TEST(test_conversation),
		TEST(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
