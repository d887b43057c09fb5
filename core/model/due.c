/* core/model/due.c: what is owed to the sender of a message; see todo.h. */
#include "core/model/event.h"

static void copy_routes(struct arena *a, const struct msg *m, struct due *out)
{
	size_t i;

	/* The report goes back the way the message asked for, in the same
	   order [RFC 5438 8.2]. */
	out->routes = arena_array(a, m->record_routes_n,
				  sizeof(*out->routes));
	for (i = 0; out->routes && i < m->record_routes_n; i++)
		out->routes[out->routes_n++] = arena_dup(a,
						m->record_routes[i]);
}

void due_of(struct arena *a, const struct msg *m, enum imdn_status status,
	    enum cause cause, const struct sent *sent, int64_t now_utc_us,
	    uint64_t id, struct due *out)
{
	*out = (struct due){
		.id = id,
		.part = todo_partition(m->from.text),
		.trace = m->trace,
		.to = addr_dup(a, &m->from),
		.from = addr_dup(a, &m->to[0]),
		.thread = arena_dup(a, m->thread),
		.report = { .kind = status == IMDN_STORED ||
				    status == IMDN_PROCESSED ?
				    IMDN_PROCESSING : IMDN_DELIVERY,
			    .status = status, .utc_us = now_utc_us,
			    .cause = cause,
			    .msg_id = arena_dup(a, m->id) },
	};
	if (sent) {
		out->report.text = arena_dup(a, sent->text);
		out->report.address = arena_dup(a, sent->address);
	}
	copy_routes(a, m, out);
}
