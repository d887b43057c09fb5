/* core/model/msg.c: the life of a message and the tables of its fields; see
 * msg.h. The envelope for the store is msg_pack.c.
 */
#include "core/model/msg_priv.h"

#include <string.h>

#include "core/base/hash.h"
#include "core/base/ref.h"

/* Part of the store's format: rows keep the number. */
#define CONVERSATION_SEED 0x636f6e7665727365u

_Static_assert(sizeof(enum msg_kind) == sizeof(unsigned), "read as unsigned");

#define FIELDS_OF(list) .fields = (list), \
	.fields_n = sizeof(list) / sizeof((list)[0])
#define FIELD(what, type_, name_, member) { .name = (name_), \
	.type = MSG_F_##type_, .at = offsetof(struct what, member) }
#define ENUM(what, name_, member, list) { .name = (name_), \
	.type = MSG_F_ENUM, .at = offsetof(struct what, member), \
	.names = (list), .max = sizeof(list) / sizeof((list)[0]) }
#define PART(what, name_, member, shape_) { .name = (name_), \
	.type = MSG_F_STRUCT, .at = offsetof(struct what, member), \
	.shape = &(shape_) }
#define LIST(what, name_, member, shape_, max_) { .name = (name_), \
	.type = MSG_F_LIST, .at = offsetof(struct what, member), \
	.count_at = offsetof(struct what, member##_n), .max = (max_), \
	.shape = (shape_) }

static const char *const addr_kinds[] = {
	[ADDR_NONE] = "none", [ADDR_USER] = "user", [ADDR_TEL] = "tel",
	[ADDR_DOMAIN] = "domain", [ADDR_ANONYMOUS] = "anonymous",
};
static const char *const body_kinds[] = {
	[BODY_INLINE] = "inline", [BODY_BLOB] = "blob",
};
static const char *const imdn_kinds[] = {
	[IMDN_DELIVERY] = "delivery", [IMDN_DISPLAY] = "display",
	[IMDN_PROCESSING] = "processing",
};
static const char *const msg_kinds[] = {
	[MSG_CONTENT] = "content", [MSG_REPORT] = "report",
	[MSG_COMPOSING] = "composing",
};
static const char *const msg_modes[] = {
	[MODE_PAGE] = "page", [MODE_LARGE] = "large",
	[MODE_SESSION] = "session",
};
static const char *const priorities[] = {
	[PRIORITY_NORMAL] = "normal", [PRIORITY_LOW] = "low",
	[PRIORITY_URGENT] = "urgent", [PRIORITY_EMERGENCY] = "emergency",
};

static const struct msg_field addr_fields[] = {
	ENUM(addr, "kind", kind, addr_kinds),
	FIELD(addr, BOOL, "secure", is_secure),
	FIELD(addr, BOOL, "phone", is_phone),
	FIELD(addr, STR, "text", text),
	FIELD(addr, STR, "user", user),
	FIELD(addr, STR, "domain", domain),
	FIELD(addr, STR, "instance", instance),
	FIELD(addr, STR, "display", display),
};
static const struct msg_shape addr_shape = {
	FIELDS_OF(addr_fields), .bytes = sizeof(struct addr),
};

static const struct msg_field extra_fields[] = {
	FIELD(cpim_extra, STR, "ns", ns),
	FIELD(cpim_extra, STR, "name", name),
	FIELD(cpim_extra, STR, "value", value),
	FIELD(cpim_extra, STR, "lang", lang),
};
static const struct msg_shape extra_shape = {
	FIELDS_OF(extra_fields), .bytes = sizeof(struct cpim_extra),
};

static const struct msg_field report_fields[] = {
	ENUM(report, "kind", kind, imdn_kinds),
	{ .name = "status", .type = MSG_F_ENUM,
	  .at = offsetof(struct report, status), .names = msg_status_names,
	  .max = MSG_STATUSES_N },
	FIELD(report, STR, "msg-id", msg_id),
	FIELD(report, I64, "utc-us", utc_us),
	FIELD(report, CAUSE, "cause", cause),
	FIELD(report, STR, "text", text),
	FIELD(report, STR, "address", address),
};
static const struct msg_shape report_shape = {
	FIELDS_OF(report_fields), .bytes = sizeof(struct report),
};

static const struct msg_field composing_fields[] = {
	FIELD(composing, BOOL, "active", is_active),
	FIELD(composing, UINT, "refresh-s", refresh_s),
	FIELD(composing, BOOL, "gone", is_gone),
};
static const struct msg_shape composing_shape = {
	FIELDS_OF(composing_fields), .bytes = sizeof(struct composing),
};

static const struct msg_field body_fields[] = {
	ENUM(body, "kind", kind, body_kinds),
	FIELD(body, U64, "size", size_bytes),
	FIELD(body, U64, "blob", blob_id),
	FIELD(body, STR, "bytes", bytes),
};
static const struct msg_shape body_shape = {
	FIELDS_OF(body_fields), .bytes = sizeof(struct body),
};

static const struct msg_field msg_fields[] = {
	ENUM(msg, "kind", kind, msg_kinds),
	ENUM(msg, "mode", mode, msg_modes),
	FIELD(msg, TRACE, "trace", trace),
	FIELD(msg, STR, "id", id),
	FIELD(msg, BOOL, "own-id", has_own_id),
	FIELD(msg, BOOL, "short-id", is_short_id),
	FIELD(msg, STR, "dedup-id", dedup_id),
	PART(msg, "from", from, addr_shape),
	LIST(msg, "to", to, &addr_shape, MSG_TO_MAX),
	FIELD(msg, STR, "content-type", content_type),
	FIELD(msg, STR, "lang", lang),
	FIELD(msg, STR, "subject", subject),
	FIELD(msg, STR, "thread", thread),
	FIELD(msg, I64, "sent-utc-us", sent_utc_us),
	FIELD(msg, I64, "expires-utc-us", expires_utc_us),
	FIELD(msg, BOOL, "stamped", is_stamped),
	FIELD(msg, BOOL, "no-store", no_store),
	FIELD(msg, BOOL, "private", is_private),
	ENUM(msg, "priority", priority, priorities),
	FIELD(msg, UINT, "wants", wants),
	FIELD(msg, UINT, "hops-left", hops_left),
	FIELD(msg, STR, "accept-contact", accept_contact),
	FIELD(msg, STR, "reject-contact", reject_contact),
	FIELD(msg, UINT, "handling", handling),
	FIELD(msg, BOOL, "cpim", was_cpim),
	LIST(msg, "extra", extra, &extra_shape, CPIM_HEADERS_MAX),
	LIST(msg, "record-route", record_routes, NULL, CPIM_ROUTES_MAX),
	LIST(msg, "route", routes, NULL, CPIM_ROUTES_MAX),
	PART(msg, "report", report, report_shape),
	PART(msg, "composing", composing, composing_shape),
	FIELD(msg, U64, "store-id", store_id),
	PART(msg, "body", body, body_shape),
};
const struct msg_shape msg_shape = {
	FIELDS_OF(msg_fields), .bytes = sizeof(struct msg),
};

static void drop(void *obj)
{
	struct msg *m = obj;

	arena_free(m->arena);
}

struct msg *msg_new(size_t max_bytes)
{
	struct msg *m = ref_new(sizeof(*m), drop);

	m->arena = arena_new(max_bytes);
	m->hops_left = MSG_HOPS_MAX;
	return m;
}

struct msg *msg_ref(struct msg *m)
{
	return ref_get(m);
}

void msg_put(struct msg *m)
{
	ref_put(m);
}

static size_t element_bytes(const struct msg_field *f)
{
	return f->shape ? f->shape->bytes : sizeof(struct str);
}

/* What a string or array of n bytes takes in an arena at most. */
static size_t padded(size_t n)
{
	return n + 32;
}

static size_t text_bytes(const char *base, const struct msg_field *f)
{
	struct str s;

	memcpy(&s, base + f->at, sizeof(s));
	return padded(s.n);
}

/* Arena bytes a deep copy of the struct at base takes, itself left out. */
static size_t deep_bytes(const char *base, const struct msg_shape *shape)
{
	static const struct msg_field whole = { .at = 0 };
	size_t sum = 0, i, k, n;
	const char *p;

	for (i = 0; i < shape->fields_n; i++) {
		const struct msg_field *f = &shape->fields[i];

		if (f->type == MSG_F_STR)
			sum += text_bytes(base, f);
		else if (f->type == MSG_F_STRUCT)
			sum += deep_bytes(base + f->at, f->shape);
		if (f->type != MSG_F_LIST)
			continue;
		memcpy(&n, base + f->count_at, sizeof(n));
		memcpy(&p, base + f->at, sizeof(p));
		sum += padded(n * element_bytes(f));
		for (k = 0; k < n; k++, p += element_bytes(f))
			sum += f->shape ? deep_bytes(p, f->shape) :
					  text_bytes(p, &whole);
	}
	return sum;
}

static void own_str(struct arena *a, char *at)
{
	struct str s;

	memcpy(&s, at, sizeof(s));
	s = arena_dup(a, s);
	memcpy(at, &s, sizeof(s));
}

/* Gives the struct at base, a plain copy so far, strings and lists of its
   own. The arena was measured by deep_bytes(). */
static void deepen(struct arena *a, char *base, const struct msg_shape *shape)
{
	size_t i, k, n, each;
	const char *from;
	char *p;

	for (i = 0; i < shape->fields_n; i++) {
		const struct msg_field *f = &shape->fields[i];

		if (f->type == MSG_F_STR)
			own_str(a, base + f->at);
		else if (f->type == MSG_F_STRUCT)
			deepen(a, base + f->at, f->shape);
		if (f->type != MSG_F_LIST)
			continue;
		each = element_bytes(f);
		memcpy(&n, base + f->count_at, sizeof(n));
		memcpy(&from, base + f->at, sizeof(from));
		p = n ? arena_array(a, n, each) : NULL;
		if (p)
			memcpy(p, from, n * each);
		memcpy(base + f->at, &p, sizeof(p));
		for (k = 0; p && k < n; k++, p += each) {
			if (f->shape)
				deepen(a, p, f->shape);
			else
				own_str(a, p);
		}
	}
}

struct msg *msg_copy(const struct msg *m)
{
	size_t bytes = deep_bytes((const char *)m, &msg_shape);
	struct msg *copy = msg_new(bytes + MSG_ARENA_BYTES);
	struct arena *a = copy->arena;

	*copy = *m;
	copy->arena = a;
	copy->key_state = MSG_KEY_UNKNOWN;	/* it is copied to be changed */
	deepen(a, (char *)copy, &msg_shape);
	return copy;
}

uint64_t msg_conversation(const struct msg *m)
{
	uint64_t h = hash_key(CONVERSATION_SEED, m->from.text.p,
			      m->from.text.n);

	if (m->to_n == 0)
		return h;
	return hash_key(h, m->to[0].text.p, m->to[0].text.n);
}
