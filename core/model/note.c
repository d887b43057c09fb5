/* core/model/note.c: see note.h. The text:
 *
 *   trace 4bf9...             32 hex digits
 *   instance tablet
 *   route sip:aggregator.example
 */
#include "core/model/note.h"

#include "core/base/hash.h"
#include "core/base/utf8.h"

#define NOTE_BYTES_MAX 65536u

bool note_is_wanted(const struct msg *m)
{
	return m->kind == MSG_CONTENT && (m->wants || m->record_routes_n);
}

static void hash_field(struct hash *h, struct str s)
{
	uint32_t n = (uint32_t)s.n;

	hash_update(h, &n, sizeof(n));
	hash_update_str(h, s);
}

/* XMPP folds what SIP keeps apart, so a report may come from another spelling
   than the message went to. */
static void hash_folded(struct hash *h, struct str s)
{
	uint32_t n = (uint32_t)s.n;
	char part[64];
	size_t i, k;

	hash_update(h, &n, sizeof(n));
	for (i = 0; i < s.n; i += k) {
		for (k = 0; k < sizeof(part) && i + k < s.n; k++)
			part[k] = (char)ch_lower((unsigned char)s.p[i + k]);
		hash_update(h, part, k);
	}
}

void note_key(const struct addr *sender, const struct addr *recipient,
	      struct str msg_id, uint8_t key_out[NOTE_KEY_N])
{
	struct hash h;

	hash_init(&h, HASH_SHA256);
	hash_field(&h, STR("note"));
	hash_folded(&h, sender->text);
	hash_folded(&h, recipient->text);
	hash_field(&h, msg_id);
	hash_final(&h, key_out);
}

static void put_line(struct buf *b, const char *name, struct str value)
{
	if (str_empty(value) || !utf8_is_clean_line(value))
		return;
	buf_put_str(b, str_of(name));
	buf_put_char(b, ' ');
	buf_put_str(b, value);
	buf_put_char(b, '\n');
}

struct str note_pack(struct arena *a, const struct msg *m)
{
	char hex[TRACE_HEX_N + 1];
	struct str text;
	struct buf b;
	size_t i;

	buf_init(&b, NOTE_BYTES_MAX);
	put_line(&b, "trace", trace_hex(m->trace, hex));
	put_line(&b, "instance", m->from.instance);
	for (i = 0; i < m->record_routes_n; i++)
		put_line(&b, "route", m->record_routes[i]);
	text = b.err ? STR_NONE : arena_dup(a, buf_str(&b));
	buf_free(&b);
	return text;
}

static int read_line(struct str line, struct note *out)
{
	struct str name = str_sub(line, 0, str_find(line, ' '));
	struct str value = str_from(line, name.n + 1);

	if (str_eq(name, STR("trace")))
		return trace_parse(value, &out->trace) ? 0 : ERR_SYNTAX;
	if (str_eq(name, STR("instance")))
		out->instance = value;
	else if (str_eq(name, STR("route")) &&
		 out->routes_n < CPIM_ROUTES_MAX)
		out->routes[out->routes_n++] = value;
	return 0;
}

int note_unpack(struct arena *a, struct str text, struct note *out)
{
	struct str line;

	*out = (struct note){ .exists = text.n > 0 };
	out->routes = arena_array(a, CPIM_ROUTES_MAX, sizeof(*out->routes));
	if (!out->routes)
		return ERR_LIMIT;
	while (str_split(&text, '\n', &line))
		if (line.n && read_line(line, out) < 0)
			return ERR_SYNTAX;
	return 0;
}
