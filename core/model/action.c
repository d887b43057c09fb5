/* core/model/action.c: growing lists of actions and writes; see action.h. */
#include "core/model/action.h"

#include <string.h>

#define ACTS_MAX 4096u		/* actions or writes of one step */

static const char *const act_names[ACT_KINDS_N] = {
	[ACT_ANSWER] = "ANSWER", [ACT_SEND] = "SEND",
	[ACT_LEG_OPEN] = "LEG_OPEN", [ACT_LEG_ACCEPT] = "LEG_ACCEPT",
	[ACT_LEG_UPDATE] = "LEG_UPDATE", [ACT_LEG_CLOSE] = "LEG_CLOSE",
	[ACT_PIPE] = "PIPE", [ACT_NOTIFY] = "NOTIFY", [ACT_TIMER] = "TIMER",
	[ACT_CLAIM] = "CLAIM", [ACT_WORK] = "WORK", [ACT_HINT] = "HINT",
	[ACT_ACCOUNT] = "ACCOUNT", [ACT_LINK_CTL] = "LINK_CTL",
	[ACT_PRESENCE] = "PRESENCE",
	[ACT_TELL] = "TELL", [ACT_SPEND] = "SPEND",
	[ACT_REMEMBER] = "REMEMBER", [ACT_END] = "END", [ACT_KEEP] = "KEEP",
	[ACT_REPORT] = "REPORT", [ACT_RECORD] = "RECORD",
	[ACT_CHANGED] = "CHANGED",
};

static const char *const op_names[OP_COUNT_N] = {
	[OP_MSG_PUT] = "MSG_PUT", [OP_DEDUP] = "DEDUP",
	[OP_DEDUP_DROP] = "DEDUP_DROP",
	[OP_TODO_PUT] = "TODO_PUT", [OP_TODO_DONE] = "TODO_DONE",
	[OP_TODO_RETRY] = "TODO_RETRY", [OP_TODO_MOVE] = "TODO_MOVE",
	[OP_TODO_HOLD] = "TODO_HOLD", [OP_DUE_PUT] = "DUE_PUT",
	[OP_DUE_DONE] = "DUE_DONE", [OP_BIND_SET] = "BIND_SET",
	[OP_BIND_DROP] = "BIND_DROP", [OP_USER_PUT] = "USER_PUT",
	[OP_USER_DROP] = "USER_DROP", [OP_NOTE_PUT] = "NOTE_PUT",
	[OP_LIVE_PUT] = "LIVE_PUT",
	[OP_LIVE_DROP] = "LIVE_DROP", [OP_OWN_TAKE] = "OWN_TAKE",
	[OP_OWN_RENEW] = "OWN_RENEW",
};

static const char *const ev_names[EV_KINDS_N] = {
	[EV_NONE] = "NONE", [EV_MSG] = "MSG", [EV_MSG_END] = "MSG_END",
	[EV_LEG_OFFER] = "LEG_OFFER", [EV_LEG_RING] = "LEG_RING",
	[EV_LEG_OPEN] = "LEG_OPEN", [EV_LEG_UPDATE] = "LEG_UPDATE",
	[EV_LEG_LOST] = "LEG_LOST", [EV_LEG_BACK] = "LEG_BACK",
	[EV_LEG_SLOW] = "LEG_SLOW", [EV_LEG_CLOSED] = "LEG_CLOSED",
	[EV_SENT] = "SENT", [EV_REGISTER] = "REGISTER",
	[EV_REQUEST] = "REQUEST", [EV_ASK] = "ASK", [EV_SUBSCRIBE] = "SUBSCRIBE",
	[EV_PUBLISH] = "PUBLISH", [EV_REFER] = "REFER", [EV_DOC] = "DOC",
	[EV_ADMIN] = "ADMIN", [EV_STORED] = "STORED", [EV_ROWS] = "ROWS",
	[EV_WORKED] = "WORKED", [EV_TIMER] = "TIMER",
	[EV_CHANGED] = "CHANGED", [EV_LINK] = "LINK",
	[EV_CONFIG] = "CONFIG", [EV_ORPHAN] = "ORPHAN",
	[EV_FENCED] = "FENCED", [EV_KEPT] = "KEPT", [EV_SWEEP] = "SWEEP",
};

const char *act_kind_name(enum act_kind k)
{
	return act_names[k];
}

const char *store_op_name(enum store_op op)
{
	return op_names[op];
}

const char *ev_kind_name(enum ev_kind k)
{
	return ev_names[k];
}

/* One reserve block per acts, taken at init, so that a step past its limit
   still gets somewhere to write. */
#define RESERVE_BYTES 1024u

void acts_init(struct acts *a, size_t max_bytes)
{
	*a = (struct acts){ .arena = arena_new(max_bytes) };
}

void acts_own(struct acts *a, struct msg *m)
{
	struct owned_msg *o = arena_zalloc(a->arena, sizeof(*o));

	if (!o) {
		a->err = ERR_LIMIT;	/* then nothing refers to it */
		msg_put(m);
		return;
	}
	o->msg = m;
	o->next = a->owned;
	a->owned = o;
}

static void put_owned(struct acts *a)
{
	for (; a->owned; a->owned = a->owned->next)
		msg_put(a->owned->msg);
}

void acts_clear(struct acts *a)
{
	struct arena *arena = a->arena;

	put_owned(a);

	arena_reset(arena);
	*a = (struct acts){ .arena = arena };
}

void acts_free(struct acts *a)
{
	put_owned(a);
	arena_free(a->arena);
	*a = (struct acts){ .arena = NULL };
}

static void *scratch(struct acts *a, size_t n)
{
	static _Thread_local _Alignas(16) unsigned char spare[RESERVE_BYTES];

	a->err = ERR_LIMIT;
	memset(spare, 0, sizeof(spare));
	return n <= sizeof(spare) ? spare : NULL;
}

void *acts_new(struct acts *a, size_t n)
{
	void *p = arena_zalloc(a->arena, n);

	return p ? p : scratch(a, n);
}

/* Doubles a list in the arena; false past the limit. */
static bool grow(struct acts *a, void **list, size_t n, size_t *size,
		 size_t each)
{
	size_t more = *size ? *size * 2 : 8;
	void *p;

	if (n < *size)
		return true;
	if (more > ACTS_MAX)
		return false;
	p = arena_array(a->arena, more, each);
	if (!p)
		return false;
	if (n)
		memcpy(p, *list, n * each);
	*list = p;
	*size = more;
	return true;
}

struct action *acts_add(struct acts *a, enum act_kind kind)
{
	void *list = a->list;
	struct action *it;

	if (!grow(a, &list, a->list_n, &a->list_size, sizeof(*it)))
		return scratch(a, sizeof(*it));
	a->list = list;
	it = &a->list[a->list_n++];
	it->kind = kind;
	return it;
}

struct write *acts_write(struct acts *a, enum store_op op, uint16_t part)
{
	void *list = a->writes;
	struct write *it;

	if (!grow(a, &list, a->writes_n, &a->writes_size, sizeof(*it)))
		return scratch(a, sizeof(*it));
	a->writes = list;
	it = &a->writes[a->writes_n++];
	it->op = op;
	it->part = part;
	return it;
}
