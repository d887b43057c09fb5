/* core/model/msg_pack.c: a message as text for the store, and back.
 *
 *   causeway-msg 1
 *   trace 32:4bf92f3577b34da6a3ce929d0e0e4736
 *   id 4:Kq81
 *   from {
 *   kind 4:user
 *   text 19:sip:bob@sip.example
 *   ...
 *   }
 *   to {
 *   ...
 *   }
 *   content-type 10:text/plain
 *   body {
 *   bytes 5:Hello
 *   }
 *
 * "name length:value", or "name {" ... "}" for a struct; a list repeats its
 * name. The order is that of the table in msg.c, what is zero is left out, so
 * that an older row stays readable when fields are added. There is one way to
 * write a message, and reading takes no other: what msg_unpack() accepts packs
 * to the same bytes again.
 */
#include "core/model/msg_priv.h"

#include <string.h>

#define MAGIC "causeway-msg 1\n"

/* Decimal in text[20], from the end; returned as a slice of it. */
static struct str decimal(uint64_t v, bool is_negative, char text[21])
{
	size_t n = 21;

	do
		text[--n] = (char)('0' + v % 10);
	while (v /= 10);
	if (is_negative)
		text[--n] = '-';
	return (struct str){ text + n, 21 - n };
}

/* In one piece: there are some twenty of them in a message. */
static void put_value(struct buf *b, const char *name, struct str value)
{
	char text[21];
	struct str key = str_of(name), n = decimal(value.n, false, text);
	char *p = buf_room(b, key.n + n.n + value.n + 3);

	if (!p)
		return;
	memcpy(p, key.p, key.n);
	p += key.n;
	*p++ = ' ';
	memcpy(p, n.p, n.n);
	p += n.n;
	*p++ = ':';
	if (value.n)
		memcpy(p, value.p, value.n);
	p[value.n] = '\n';
}

static void put_number(struct buf *b, const char *name, uint64_t v)
{
	char text[21];

	if (v)
		put_value(b, name, decimal(v, false, text));
}

static void put_signed(struct buf *b, const char *name, int64_t v)
{
	char text[21];

	if (v)
		put_value(b, name,
			  decimal(v < 0 ? 0 - (uint64_t)v : (uint64_t)v, v < 0,
				  text));
}

static void put_enum(struct buf *b, const struct msg_field *f, unsigned v)
{
	size_t max = f->type == MSG_F_CAUSE ? CAUSES_N : f->max;

	if (v == 0)
		return;
	if (v >= max)
		buf_fail(b, ERR_UNSUPPORTED);
	else if (f->type == MSG_F_CAUSE)
		put_value(b, f->name, str_of(cause_name((enum cause)v)));
	else
		put_value(b, f->name, str_of(f->names[v]));
}

static void put_fields(struct buf *b, const char *base,
		       const struct msg_shape *shape);

static void put_group(struct buf *b, const char *base,
		      const struct msg_field *f)
{
	buf_put_str(b, str_of(f->name));
	buf_put_str(b, STR(" {\n"));
	put_fields(b, base, f->shape);
	buf_put_str(b, STR("}\n"));
}

/* A struct, left out when all of it is zero. */
static void put_part(struct buf *b, const char *base, const struct msg_field *f)
{
	size_t before = b->n, inside;

	buf_put_str(b, str_of(f->name));
	buf_put_str(b, STR(" {\n"));
	inside = b->n;
	put_fields(b, base + f->at, f->shape);
	if (b->n == inside)
		b->n = before;
	else
		buf_put_str(b, STR("}\n"));
}

static void put_list(struct buf *b, const char *base, const struct msg_field *f)
{
	const char *p;
	size_t n, i;

	memcpy(&n, base + f->count_at, sizeof(n));
	memcpy(&p, base + f->at, sizeof(p));
	if (n > f->max) {
		buf_fail(b, ERR_LIMIT);
		return;
	}
	for (i = 0; i < n; i++) {
		struct str s;

		if (f->shape) {
			put_group(b, p + i * f->shape->bytes, f);
			continue;
		}
		memcpy(&s, p + i * sizeof(s), sizeof(s));
		put_value(b, f->name, s);
	}
}

static void put_trace(struct buf *b, const char *name, struct trace_id id)
{
	char hex[TRACE_HEX_N + 1];

	if (!trace_is_none(id))
		put_value(b, name, trace_hex(id, hex));
}

static void put_field(struct buf *b, const char *base,
		      const struct msg_field *f)
{
	union {
		struct str s;
		bool is_set;
		unsigned u;
		uint64_t u64;
		int64_t i64;
		struct trace_id trace;
	} v;

#define READ(member) memcpy(&v.member, base + f->at, sizeof(v.member))
	switch (f->type) {
	case MSG_F_STR:
		READ(s);
		if (v.s.p)
			put_value(b, f->name, v.s);
		break;
	case MSG_F_BOOL:
		READ(is_set);
		put_number(b, f->name, v.is_set);
		break;
	case MSG_F_UINT:
		READ(u);
		put_number(b, f->name, v.u);
		break;
	case MSG_F_U64:
		READ(u64);
		put_number(b, f->name, v.u64);
		break;
	case MSG_F_I64:
		READ(i64);
		put_signed(b, f->name, v.i64);
		break;
	case MSG_F_TRACE:
		READ(trace);
		put_trace(b, f->name, v.trace);
		break;
	case MSG_F_CAUSE:
	case MSG_F_ENUM:
		READ(u);
		put_enum(b, f, v.u);
		break;
	case MSG_F_STRUCT:
		put_part(b, base, f);
		break;
	case MSG_F_LIST:
		put_list(b, base, f);
		break;
	}
#undef READ
}

static void put_fields(struct buf *b, const char *base,
		       const struct msg_shape *shape)
{
	size_t i;

	for (i = 0; i < shape->fields_n && !b->err; i++)
		put_field(b, base, &shape->fields[i]);
}

void msg_pack(struct buf *b, const struct msg *m)
{
	struct msg plain = *m;
	size_t before = b->n;

	if (m->body.kind == BODY_PIPE)
		buf_fail(b, ERR_UNSUPPORTED);
	if (m->to_n == 0)
		buf_fail(b, ERR_SYNTAX);
	if (m->body.kind == BODY_INLINE) {
		/* The length of the bytes says it already. */
		plain.body.size_bytes = 0;
		if (m->body.bytes.n > BODY_INLINE_MAX)
			buf_fail(b, ERR_LIMIT);
	}
	buf_put_str(b, STR(MAGIC));
	put_fields(b, (const char *)&plain, &msg_shape);
	if (b->n - before > MSG_PACKED_BYTES_MAX)
		buf_fail(b, ERR_LIMIT);
}

/* Cuts "digits:value\n" off *s. */
static int take_value(struct str *s, struct str *value_out)
{
	struct str digits = str_sub(*s, 0, str_find(str_sub(*s, 0, 8), ':'));
	uint32_t n;

	if (!str_u32(digits, &n) || (digits.n > 1 && digits.p[0] == '0'))
		return ERR_SYNTAX;
	*s = str_from(*s, digits.n);
	if (!str_starts(*s, STR(":")) || s->n < 2 || s->n - 2 < n ||
	    s->p[n + 1] != '\n')
		return ERR_SYNTAX;
	*value_out = str_sub(*s, 1, n);
	*s = str_from(*s, n + 2);
	return 0;
}

/* Canonical and not zero, which would have been left out. */
static int read_number(struct str s, uint64_t max, uint64_t *out)
{
	if (!str_u64(s, out) || s.p[0] == '0' || *out > max)
		return ERR_SYNTAX;
	return 0;
}

static int read_signed(struct str s, int64_t *out)
{
	bool is_negative = str_starts(s, STR("-"));
	uint64_t v;
	int err = read_number(is_negative ? str_from(s, 1) : s,
			      (uint64_t)INT64_MAX + is_negative, &v);

	if (err < 0)
		return err;
	*out = is_negative ? -(int64_t)(v - 1) - 1 : (int64_t)v;
	return 0;
}

static int read_enum(const struct msg_field *f, struct str s, unsigned *out)
{
	size_t i;

	if (f->type == MSG_F_CAUSE) {
		*out = cause_by_name(s);
		if (*out == 0 || !str_eq(s, str_of(cause_name(
							(enum cause)*out))))
			return ERR_SYNTAX;
		return 0;
	}
	for (i = 1; i < f->max; i++) {
		if (!str_eq(s, str_of(f->names[i])))
			continue;
		*out = (unsigned)i;
		return 0;
	}
	return ERR_SYNTAX;
}

static int read_trace(struct str s, struct trace_id *out)
{
	char hex[TRACE_HEX_N + 1];

	if (!trace_parse(s, out) || trace_is_none(*out) ||
	    !str_eq(s, trace_hex(*out, hex)))
		return ERR_SYNTAX;
	return 0;
}

static int read_value(struct arena *a, char *base, const struct msg_field *f,
		      struct str value)
{
	struct trace_id trace;
	uint64_t number = 0;
	int64_t i64;
	bool is_set;
	unsigned u;
	struct str s;
	int err;

#define WRITE(v) memcpy(base + f->at, &(v), sizeof(v))
	switch (f->type) {
	case MSG_F_STR:
		err = arena_str(a, value, &s);
		WRITE(s);
		return err;
	case MSG_F_BOOL:
		err = read_number(value, 1, &number);
		is_set = number;
		WRITE(is_set);
		return err;
	case MSG_F_UINT:
		err = read_number(value, UINT32_MAX, &number);
		u = (unsigned)number;
		WRITE(u);
		return err;
	case MSG_F_U64:
		err = read_number(value, UINT64_MAX, &number);
		WRITE(number);
		return err;
	case MSG_F_I64:
		err = read_signed(value, &i64);
		if (err == 0)
			WRITE(i64);
		return err;
	case MSG_F_TRACE:
		err = read_trace(value, &trace);
		if (err == 0)
			WRITE(trace);
		return err;
	case MSG_F_CAUSE:
	case MSG_F_ENUM:
		err = read_enum(f, value, &u);
		if (err == 0)
			WRITE(u);
		return err;
	case MSG_F_STRUCT:
	case MSG_F_LIST:
		break;
	}
#undef WRITE
	return ERR_SYNTAX;
}

/* Room for one element more at the end of a list, which grows by doubling. */
static int grow(struct arena *a, char *base, const struct msg_field *f,
		char **element_out)
{
	size_t each = f->shape ? f->shape->bytes : sizeof(struct str);
	char *p, *more;
	size_t n;

	memcpy(&n, base + f->count_at, sizeof(n));
	memcpy(&p, base + f->at, sizeof(p));
	if (n == f->max)
		return ERR_LIMIT;
	if ((n & (n - 1)) == 0) {
		more = arena_array(a, n ? 2 * n : 1, each);
		if (!more)
			return ERR_LIMIT;
		if (n)
			memcpy(more, p, n * each);
		p = more;
		memcpy(base + f->at, &p, sizeof(p));
	}
	*element_out = p + n * each;
	n++;
	memcpy(base + f->count_at, &n, sizeof(n));
	return 0;
}

static int read_fields(struct arena *a, char *base,
		       const struct msg_shape *shape, struct str *s,
		       size_t *fields_out);

/* What follows "name {\n", up to and with "}\n". */
static int read_group(struct arena *a, char *base, const struct msg_field *f,
		      struct str *s)
{
	size_t fields_n;
	char *at = base + f->at;
	int err;

	if (!f->shape)
		return ERR_SYNTAX;
	if (f->type == MSG_F_LIST) {
		err = grow(a, base, f, &at);
		if (err < 0)
			return err;
	}
	err = read_fields(a, at, f->shape, s, &fields_n);
	if (err < 0)
		return err;
	if (!str_starts(*s, STR("}\n")) ||
	    (fields_n == 0 && f->type == MSG_F_STRUCT))
		return ERR_SYNTAX;
	*s = str_from(*s, 2);
	return 0;
}

static int read_field(struct arena *a, char *base, const struct msg_field *f,
		      struct str *s)
{
	const struct str open = STR("{\n");
	struct str value, copy;
	char *at;
	int err;

	if (f->type == MSG_F_STRUCT || (f->type == MSG_F_LIST && f->shape)) {
		if (!str_starts(*s, open))
			return ERR_SYNTAX;
		*s = str_from(*s, open.n);
		return read_group(a, base, f, s);
	}
	err = take_value(s, &value);
	if (err < 0 || f->type != MSG_F_LIST)
		return err < 0 ? err : read_value(a, base, f, value);
	err = grow(a, base, f, &at);
	if (err == 0)
		err = arena_str(a, value, &copy);
	if (err == 0)
		memcpy(at, &copy, sizeof(copy));
	return err;
}

/* Fields in the order of the table, until something else comes. */
static int read_fields(struct arena *a, char *base,
		       const struct msg_shape *shape, struct str *s,
		       size_t *fields_out)
{
	size_t i = 0;
	int err;

	*fields_out = 0;
	while (s->n > 0 && s->p[0] != '}') {
		struct str name = str_sub(*s, 0, 32);

		name = str_sub(name, 0, str_find(name, ' '));
		while (i < shape->fields_n &&
		       !str_eq(name, str_of(shape->fields[i].name)))
			i++;
		if (i == shape->fields_n)
			return ERR_SYNTAX;
		*s = str_from(*s, name.n + 1);
		err = read_field(a, base, &shape->fields[i], s);
		if (err < 0)
			return err;
		++*fields_out;
		if (shape->fields[i].type != MSG_F_LIST)
			i++;
	}
	return 0;
}

static int check(struct msg *m)
{
	if (m->to_n == 0)
		return ERR_SYNTAX;
	if (m->body.kind != BODY_INLINE)
		return 0;
	if (m->body.size_bytes != 0)
		return ERR_SYNTAX;
	m->body.size_bytes = m->body.bytes.n;
	return m->body.bytes.n > BODY_INLINE_MAX ? ERR_LIMIT : 0;
}

int msg_unpack(struct str s, struct msg **out)
{
	const struct str magic = STR(MAGIC);
	struct msg *m;
	size_t fields_n;
	int err;

	*out = NULL;
	if (s.n > MSG_PACKED_BYTES_MAX)
		return ERR_LIMIT;
	if (!str_starts(s, magic))
		return ERR_SYNTAX;
	s = str_from(s, magic.n);
	/* A string takes at most 16 bytes more than it is long and six in the
	   text, a list at most twice its elements: this is never too little. */
	m = msg_new(3 * s.n + 2 * MSG_ARENA_BYTES);
	m->hops_left = 0;
	err = read_fields(m->arena, (char *)m, &msg_shape, &s, &fields_n);
	if (err == 0 && s.n > 0)
		err = ERR_SYNTAX;
	if (err == 0)
		err = check(m);
	if (err < 0)
		msg_put(m);
	else
		*out = m;
	return err;
}
