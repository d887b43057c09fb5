/* core/model/msg_priv.h: what a message consists of, as tables; for msg.c
 * (copying), msg_pack.c (the envelope) and report.c. A new field of struct msg
 * gets its row in msg.c, where it shall stand in the envelope.
 */
#pragma once

#include "core/model/msg.h"

enum msg_type {
	MSG_F_STR, MSG_F_BOOL,
	MSG_F_UINT,		/* unsigned, uint32_t */
	MSG_F_U64, MSG_F_I64, MSG_F_TRACE, MSG_F_CAUSE,
	MSG_F_ENUM,		/* names */
	MSG_F_STRUCT,		/* shape */
	MSG_F_LIST,		/* shape, or slices when that is NULL */
};

struct msg_shape;

struct msg_field {
	const char *name;
	enum msg_type type;
	size_t at;			/* offset in its struct */
	size_t count_at;		/* LIST: offset of its size_t count */
	size_t max;			/* LIST: elements; ENUM: names */
	const char *const *names;
	const struct msg_shape *shape;
};

struct msg_shape {
	const struct msg_field *fields;
	size_t fields_n;
	size_t bytes;			/* of the struct */
};

extern const struct msg_shape msg_shape;	/* of struct msg; the body's
						   bytes are its last field */

enum { MSG_STATUSES_N = IMDN_ERROR + 1 };
extern const char *const msg_status_names[MSG_STATUSES_N];	/* report.c */
