/* core/base/log.c: formats a line and hands it to the sink; see log.h. */
#include "core/base/log.h"

#include <stdio.h>
#include <string.h>

#include "core/base/utf8.h"

#define LINE_BYTES 4096u
#define VALUE_BYTES 256u	/* longest value before escaping */
#define MODULES_MAX 32u
#define MODULE_BYTES 24u

static log_sink_h *sink;
static bool mask_addresses;
static enum log_level level_default = LOG_INFO;
static struct {
	char name[MODULE_BYTES];
	enum log_level level;
} modules[MODULES_MAX];
static unsigned modules_n;

static const char *const level_names[] = {
	[LOG_ERROR] = "error", [LOG_WARNING] = "warning",
	[LOG_INFO] = "info", [LOG_DEBUG] = "debug",
};

void log_set_sink(log_sink_h *h)
{
	sink = h;
}

void log_set_privacy(bool on)
{
	mask_addresses = on;
}

const char *log_level_name(enum log_level level)
{
	return level_names[level];
}

bool log_level_parse(struct str s, enum log_level *out)
{
	unsigned i;

	for (i = LOG_ERROR; i <= LOG_DEBUG; i++) {
		if (!str_eq(s, str_of(level_names[i])))
			continue;
		*out = (enum log_level)i;
		return true;
	}
	return false;
}

bool log_set_level(const char *module, enum log_level level)
{
	unsigned i;

	if (!module) {
		level_default = level;
		return true;
	}
	for (i = 0; i < modules_n; i++)
		if (strcmp(modules[i].name, module) == 0)
			break;
	if (i == MODULES_MAX || strlen(module) >= MODULE_BYTES)
		return false;
	modules[i].level = level;
	if (i == modules_n) {
		memcpy(modules[i].name, module, strlen(module) + 1);
		modules_n++;
	}
	return true;
}

enum log_level log_level_of(const char *module)
{
	unsigned i;

	for (i = 0; module && i < modules_n; i++)
		if (strcmp(modules[i].name, module) == 0)
			return modules[i].level;
	return level_default;
}

static unsigned place_of(const char *module)
{
	unsigned i;

	for (i = 0; i < modules_n; i++)
		if (strcmp(modules[i].name, module) == 0)
			break;
	return i;
}

bool log_has_level(const char *module)
{
	return place_of(module) < modules_n;
}

void log_clear_level(const char *module)
{
	unsigned i = place_of(module);

	if (i < modules_n)
		modules[i] = modules[--modules_n];
}

static const char *module_of(const struct log_ctx *ctx)
{
	for (; ctx; ctx = ctx->parent)
		if (ctx->module)
			return ctx->module;
	return NULL;
}

bool log_wanted(enum log_level level, const struct log_ctx *ctx)
{
	return sink && level <= log_level_of(module_of(ctx));
}

/* What would disturb a reader's terminal or reorder the line. */
static bool is_sly(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c ||
	       (code >= 0x200b && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2060 && code <= 0x2069) || code == 0xfeff;
}

static size_t escape_one(struct str s, char *out, size_t *used)
{
	uint32_t code = 0;
	size_t n = utf8_next(s, &code);
	unsigned char byte = (unsigned char)s.p[0];

	*used = n ? n : 1;
	if (n == 0)
		return (size_t)snprintf(out, 12, "\\x%02x", byte);
	if (code == '"' || code == '\\') {
		out[0] = '\\';
		out[1] = (char)code;
		return 2;
	}
	if (is_sly(code))
		return (size_t)snprintf(out, 12, code < 0x100 ?
					"\\x%02x" : "\\u%04x", (unsigned)code);
	memcpy(out, s.p, n);
	return n;
}

/* How much of it, from the front, stands for itself. */
static size_t plain_run(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
			break;
	}
	return i;
}

size_t log_escape(struct str s, char *out, size_t size)
{
	size_t at = 0, used, n;
	char one[12];

	if (size == 0)
		return 0;
	s = utf8_cut(s, VALUE_BYTES);
	for (; s.n > 0; s.p += used, s.n -= used) {
		used = plain_run(s);
		if (used > size - at - 1)
			used = size - at - 1;
		memcpy(out + at, s.p, used);
		at += used;
		if (used > 0)
			continue;
		n = escape_one(s, one, &used);
		if (at + n + 1 > size)
			break;
		memcpy(out + at, one, n);
		at += n;
	}
	out[at] = '\0';
	return at;
}

struct line {
	char text[LINE_BYTES];
	size_t n;
};

static void put(struct line *l, const char *p, size_t n)
{
	if (n > LINE_BYTES - 1 - l->n)
		n = LINE_BYTES - 1 - l->n;
	memcpy(l->text + l->n, p, n);
	l->n += n;
}

static void put_text(struct line *l, const char *p)
{
	put(l, p, strlen(p));
}

static bool is_plain(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c >= 0x7f)
			return false;
	}
	return s.n > 0 && s.n <= VALUE_BYTES;
}

static void put_value(struct line *l, struct str s)
{
	char out[4 * VALUE_BYTES + 16];

	if (is_plain(s)) {
		put(l, s.p, s.n);
		return;
	}
	put_text(l, "\"");
	put(l, out, log_escape(s, out, sizeof(out)));
	put_text(l, "\"");
}

static size_t domain_length(struct str s)
{
	size_t n = 0;

	while (n < s.n && !strchr("/;?", s.p[n]))
		n++;
	return n;
}

/* Keeps the scheme, two characters and the domain: enough to tell users
   apart in one incident, not enough to know them. A resource may be a name. */
static void put_masked(struct line *l, struct str s)
{
	size_t at = str_find(s, '@'), colon = str_find(s, ':');
	size_t from = colon < at ? colon + 1 : 0;
	char out[VALUE_BYTES + 8];
	size_t n = 0, keep = utf8_cut(str_from(s, from), 2).n;

	if (from + keep > at)
		keep = at - from;
	if (from + keep < sizeof(out) - 4) {
		memcpy(out, s.p, from + keep);
		n = from + keep;
	}
	memcpy(out + n, "***", 3);
	n += 3;
	if (at < s.n) {
		struct str domain = utf8_cut(str_from(s, at),
					     sizeof(out) - n);

		domain.n = domain_length(domain);
		memcpy(out + n, domain.p, domain.n);
		n += domain.n;
	}
	put_value(l, (struct str){ out, n });
}

static void put_field(struct line *l, const struct log_field *f)
{
	char hex[TRACE_HEX_N + 1], digits[24];

	put_text(l, " ");
	put_text(l, f->key);
	put_text(l, "=");
	switch (f->kind) {
	case LOG_F_STR:
		put_value(l, f->s);
		break;
	case LOG_F_ADDR:
		if (mask_addresses && f->s.n)
			put_masked(l, f->s);
		else
			put_value(l, f->s);
		break;
	case LOG_F_N:
		snprintf(digits, sizeof(digits), "%lld", (long long)f->n);
		put_text(l, digits);
		break;
	case LOG_F_TRACE:
		trace_hex(f->trace, hex);
		put(l, hex, TRACE_HEX_N);
		break;
	}
}

static void put_ctx(struct line *l, const struct log_ctx *ctx)
{
	if (!ctx)
		return;
	put_ctx(l, ctx->parent);
	if (ctx->field.key)
		put_field(l, &ctx->field);
}

void log_event(enum log_level level, const struct log_ctx *ctx,
	       const char *event, const struct log_field *fields,
	       size_t fields_n)
{
	const char *module = module_of(ctx);
	struct line l;
	size_t i;

	if (!log_wanted(level, ctx))
		return;
	l.n = 0;
	put_text(&l, "level=");
	put_text(&l, level_names[level]);
	if (module) {
		put_text(&l, " module=");
		put_text(&l, module);
	}
	put_text(&l, " event=");
	put_text(&l, event);
	put_ctx(&l, ctx);
	for (i = 0; i < fields_n; i++)
		if (fields[i].key)
			put_field(&l, &fields[i]);
	l.text[l.n] = '\0';
	sink(level, l.text, l.n);
}
