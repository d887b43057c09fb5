/* core/base/log.h: one event = one line of key=value.
 *
 *   log_info(&ctx, "msg_accepted", F_STR("from", from), F_N("bytes", n));
 *
 * gives  level=info event=msg_accepted link=prosody1 trace=4bf9... from=...
 * The event name is a constant, facts are fields. A context chains to its
 * parent (process > link > session > message), each adds its own field. Values
 * are escaped here (controls, quotes, backslash, bidi marks, bytes that are no
 * UTF-8) and capped at 256 bytes, so foreign text cannot forge a line. Bodies,
 * passwords and digests are never given to it.
 * The sink (gateway/daemon) adds the time and writes; it is set once, before
 * any thread starts, and may be called from every thread.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/id.h"
#include "core/base/str.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

enum log_field_kind { LOG_F_STR, LOG_F_N, LOG_F_TRACE, LOG_F_ADDR };

struct log_field {
	const char *key;
	enum log_field_kind kind;
	struct str s;
	int64_t n;
	struct trace_id trace;
};

#define F_STR(k, v) ((struct log_field){ .key = (k), .kind = LOG_F_STR, \
	.s = (v) })
#define F_TEXT(k, v) F_STR(k, str_of(v))
/* An address of a user: masked when privacy is on. */
#define F_ADDR(k, v) ((struct log_field){ .key = (k), .kind = LOG_F_ADDR, \
	.s = (v) })
#define F_N(k, v) ((struct log_field){ .key = (k), .kind = LOG_F_N, \
	.n = (int64_t)(v) })
#define F_TRACE(v) ((struct log_field){ .key = "trace", \
	.kind = LOG_F_TRACE, .trace = (v) })

struct log_ctx {
	const struct log_ctx *parent;
	const char *module;	/* "sip", "store", ...: levels are per module;
				   NULL: the parent's */
	struct log_field field;	/* .key == NULL: none */
};

/* line is without time and newline, n bytes, NUL-terminated. */
typedef void log_sink_h(enum log_level level, const char *line, size_t n);

void log_set_sink(log_sink_h *sink);	/* NULL: silence (the default) */
/* module NULL: the level of all that have none of their own. At most 32
   modules; false when there is no room. */
bool log_set_level(const char *module, enum log_level level);
enum log_level log_level_of(const char *module);
/* The module has no level of its own any more. */
void log_clear_level(const char *module);
bool log_has_level(const char *module);
void log_set_privacy(bool mask_addresses);
const char *log_level_name(enum log_level level);
bool log_level_parse(struct str s, enum log_level *out);

/* fields_n fields; use the macros below. */
void log_event(enum log_level level, const struct log_ctx *ctx,
	       const char *event, const struct log_field *fields,
	       size_t fields_n);
bool log_wanted(enum log_level level, const struct log_ctx *ctx);

/* The escaped form of a value, as it would stand in a line, into out (always
   NUL-terminated); for the accounting file and the trace tool. */
size_t log_escape(struct str s, char *out, size_t size);

#define LOG_AT_(level, ctx, event, ...) do { \
	if (log_wanted((level), (ctx))) { \
		const struct log_field log_f_[] = { \
			{ .key = NULL }, ##__VA_ARGS__ }; \
		log_event((level), (ctx), (event), log_f_ + 1, \
			  sizeof(log_f_) / sizeof(log_f_[0]) - 1); \
	} \
} while (0)

#define log_error(ctx, ...) LOG_AT_(LOG_ERROR, ctx, __VA_ARGS__)
#define log_warning(ctx, ...) LOG_AT_(LOG_WARNING, ctx, __VA_ARGS__)
#define log_info(ctx, ...) LOG_AT_(LOG_INFO, ctx, __VA_ARGS__)
#define log_debug(ctx, ...) LOG_AT_(LOG_DEBUG, ctx, __VA_ARGS__)
