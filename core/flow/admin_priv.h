/* core/flow/admin_priv.h: verbs of the control tool, as a table of functions.
 */
#pragma once

#include "core/base/json.h"
#include "core/flow/core_priv.h"

struct admin {
	uint64_t leg;		/* the request */
	bool is_waiting;	/* for rows or a commit */
	uint32_t wants;		/* what to do with the answer: ADMIN_* */
};

enum { ADMIN_NOTHING, ADMIN_LIST, ADMIN_STORED, ADMIN_DROP, ADMIN_FLUSH };

struct astep {
	struct admin *st;
	const struct event *ev;
	struct facts *f;
	struct acts *out;
	const struct str *w;	/* words after the verb's own */
	size_t n;
};

/* STEP_WAIT only with a fact missing; DONE after an answer or a wait. */
typedef enum step verb_h(struct astep *s);

void admin_json(struct astep *s, struct buf *b);	/* frees b */
void admin_ok(struct astep *s);
void admin_fail(struct astep *s, enum cause cause, const char *text);
void admin_list(struct astep *s, const char *query, struct str arg);
void admin_await(struct astep *s, uint32_t wants);

/* admin_user.c */
/* The first word, "bob@sip.example" or a whole URI, as the address of a user of
   a served domain. False: the operator was told. */
bool admin_user(struct astep *s, struct addr *out);
/* Takes u, made by the step, to the store and waits for it. */
void admin_write_user(struct astep *s, struct user *u, enum store_op op);
verb_h verb_user_add, verb_user_rm, verb_user_ls, verb_user_passwd, verb_reg_ls;
/* admin_settings.c */
verb_h verb_user_set, verb_user_show, verb_reg_show, verb_reg_rm;
/* admin_profile.c */
verb_h verb_user_profile;
/* admin_senders.c */
verb_h verb_user_block, verb_user_unblock, verb_user_allow,
       verb_user_disallow;
/* admin_queue.c */
verb_h verb_queue_ls, verb_queue_show, verb_queue_flush, verb_queue_drop,
       verb_trace;
void admin_drop_row(struct astep *s);
void admin_flush_lanes(struct astep *s);
/* admin_route.c */
verb_h verb_route_ls, verb_route_test;
