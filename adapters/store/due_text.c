/* adapters/store/due_text.c: see due_text.h. */
#include "adapters/store/due_text.h"

#define HEAD "due 1\n"

static void put_str(struct buf *b, struct str s)
{
	buf_put_u64(b, s.n);
	buf_put_char(b, ':');
	buf_put_str(b, s);
	buf_put_char(b, '\n');
}

static void put_number(struct buf *b, uint64_t v)
{
	buf_put_u64(b, v);
	buf_put_char(b, '\n');
}

static void put_addr(struct buf *b, const struct addr *addr)
{
	put_number(b, addr->kind);
	put_number(b, addr->is_secure);
	put_str(b, addr->text);
	put_str(b, addr->user);
	put_str(b, addr->domain);
	put_str(b, addr->instance);
	put_str(b, addr->display);
}

void due_put(struct buf *b, const struct due *d)
{
	size_t i;

	buf_put_str(b, STR(HEAD));
	put_addr(b, &d->to);
	put_addr(b, &d->from);
	put_str(b, d->thread);
	put_number(b, d->routes_n);
	for (i = 0; i < d->routes_n; i++)
		put_str(b, d->routes[i]);
	put_number(b, d->report.kind);
	put_number(b, d->report.status);
	put_str(b, d->report.msg_id);
	put_number(b, (uint64_t)d->report.utc_us);
	put_str(b, str_of(cause_name(d->report.cause)));
	put_str(b, d->report.text);
	put_str(b, d->report.address);
}

/* ---- and back ------------------------------------------------------------- */

struct in {
	struct arena *arena;
	struct str rest;
	int err;
};

static uint64_t get_number(struct in *in, char end)
{
	size_t n = str_find(in->rest, end);
	uint64_t v = 0;

	if (in->err)
		return 0;
	if (n == in->rest.n || !str_u64(str_sub(in->rest, 0, n), &v)) {
		in->err = ERR_SYNTAX;
		return 0;
	}
	in->rest = str_from(in->rest, n + 1);
	return v;
}

static struct str get_str(struct in *in)
{
	uint64_t n = get_number(in, ':');
	struct str s;

	if (in->err)
		return STR_NONE;
	if (n >= in->rest.n || in->rest.p[n] != '\n') {
		in->err = ERR_SYNTAX;
		return STR_NONE;
	}
	s = arena_dup(in->arena, str_sub(in->rest, 0, n));
	in->rest = str_from(in->rest, n + 1);
	return s;
}

static uint64_t get_number_to(struct in *in, uint64_t max)
{
	uint64_t v = get_number(in, '\n');

	if (v > max)
		in->err = ERR_SYNTAX;
	return in->err ? 0 : v;
}

static void get_addr(struct in *in, struct addr *addr)
{
	addr->kind = (enum addr_kind)get_number_to(in, ADDR_ANONYMOUS);
	addr->is_secure = get_number_to(in, 1) == 1;
	addr->text = get_str(in);
	addr->user = get_str(in);
	addr->domain = get_str(in);
	addr->instance = get_str(in);
	addr->display = get_str(in);
}

int due_parse(struct arena *a, struct str text, struct due *out)
{
	struct in in = { .arena = a, .rest = text };
	size_t i;

	if (!str_starts(text, STR(HEAD)))
		return ERR_SYNTAX;
	in.rest = str_from(text, STR(HEAD).n);
	get_addr(&in, &out->to);
	get_addr(&in, &out->from);
	out->thread = get_str(&in);
	out->routes_n = get_number_to(&in, DUE_ROUTES_MAX);
	out->routes = arena_array(a, out->routes_n, sizeof(out->routes[0]));
	if (!out->routes)
		return ERR_LIMIT;
	for (i = 0; i < out->routes_n; i++)
		out->routes[i] = get_str(&in);
	out->report.kind = (enum imdn_kind)get_number_to(&in, IMDN_PROCESSING);
	out->report.status = (enum imdn_status)get_number_to(&in, IMDN_ERROR);
	out->report.msg_id = get_str(&in);
	out->report.utc_us = (int64_t)get_number(&in, '\n');
	out->report.cause = cause_by_name(get_str(&in));
	out->report.text = get_str(&in);
	out->report.address = get_str(&in);
	if (in.err == 0 && in.rest.n > 0)
		in.err = ERR_SYNTAX;
	return in.err ? in.err : arena_err(a);
}
