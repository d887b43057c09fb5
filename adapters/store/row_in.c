/* adapters/store/row_in.c: see row_in.h. */
#include "adapters/store/row_in.h"

#include "adapters/store/due_text.h"

static struct str copy(struct query *q, struct arena *a, int col)
{
	return arena_dup(a, query_col_str(q, col));
}

void todo_in(struct query *q, struct arena *a, struct todo *out)
{
	int64_t expires = query_col_i64(q, 8);

	*out = (struct todo){
		.seq = query_col_u64(q, 0),
		.id = query_col_u64(q, 1),
		.part = (uint16_t)query_col_u64(q, 2),
		.lane = copy(q, a, 3),
		.conversation = query_col_u64(q, 4),
		.recipient = copy(q, a, 5),
		.via = copy(q, a, 6),
		.due_utc_us = query_col_i64(q, 7),
		.expires_utc_us = expires == INT64_MAX ? 0 : expires,
		.kept_utc_us = query_col_i64(q, 9),
		.tries = (uint32_t)query_col_u64(q, 10),
		.wants = (unsigned)query_col_u64(q, 11),
		.last_cause = cause_by_name(query_col_str(q, 12)),
		.is_held = query_col_i64(q, 13) != 0,
		.msg_store_id = query_col_u64(q, 15),
		.bytes = query_col_u64(q, 16),
	};
	trace_parse(query_col_str(q, 14), &out->trace);
}

void user_in(struct query *q, struct arena *a, struct user *out)
{
	out->exists = true;
	out->aor = copy(q, a, 0);
	out->login = copy(q, a, 1);
	out->display = copy(q, a, 2);
	out->ha1_md5 = copy(q, a, 3);
	out->ha1_sha256 = copy(q, a, 4);
	out->is_barred = query_col_i64(q, 5) != 0;
	out->is_out_barred = query_col_i64(q, 6) != 0;
	out->is_active = query_col_i64(q, 7) != 0;
	out->has_offline_delivery = query_col_i64(q, 8) != 0;
	out->store_on_busy = query_col_i64(q, 9) != 0;
	out->quota_count = (uint32_t)query_col_u64(q, 10);
	out->quota_bytes = query_col_u64(q, 11);
	out->profile = copy(q, a, 12);
	out->contact = (unsigned)query_col_u64(q, 13);
	out->senders = copy(q, a, 14);
}

void binding_in(struct query *q, struct arena *a, struct binding *out)
{
	*out = (struct binding){
		.contact = copy(q, a, 0),
		.params = copy(q, a, 1),
		.instance = copy(q, a, 2),
		.reg_id = (uint32_t)query_col_u64(q, 3),
		.q_milli = (uint16_t)query_col_u64(q, 4),
		.call_id = copy(q, a, 5),
		.cseq = (uint32_t)query_col_u64(q, 6),
		.path = copy(q, a, 7),
		.flow = copy(q, a, 8),
		.user_agent = copy(q, a, 9),
		.expires_utc_us = query_col_i64(q, 10),
		.is_plain = query_col_i64(q, 11) != 0,
	};
}

int due_in(struct query *q, struct arena *a, struct due *out)
{
	*out = (struct due){ .id = query_col_u64(q, 1),
			     .part = (uint16_t)query_col_u64(q, 2) };
	trace_parse(query_col_str(q, 3), &out->trace);
	return due_parse(a, query_col_str(q, 4), out);
}
