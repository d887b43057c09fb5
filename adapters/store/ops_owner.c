/* adapters/store/ops_owner.c: who runs a partition, a single-instance link or a
 * conference: a lease by the engine's clock and an epoch that rises with each
 * taking [architecture.md 9]. A node takes over from its own earlier start at
 * once: the epoch fences whatever is left of that.
 */
#include "adapters/store/ops_priv.h"

int ops_partition_of(struct str resource)
{
	uint64_t part;

	if (!str_starts(resource, STR("part:")) ||
	    !str_u64(str_from(resource, 5), &part) || part >= PARTITIONS_N)
		return -1;
	return (int)part;
}

static void take_query(struct query *q, struct ops *o, const struct own_row *r)
{
	query_begin(q, o->db, SQL_OWN_TAKE);
	query_str(q, r->resource);
	query_u64(q, r->node);
	query_u64(q, r->boot);
	query_u64(q, r->lease_ms);
}

static void renew_query(struct query *q, struct ops *o, const struct own_row *r)
{
	query_begin(q, o->db, SQL_OWN_RENEW);
	query_u64(q, r->lease_ms);
	query_str(q, r->resource);
	query_u64(q, r->node);
	query_u64(q, r->boot);
}

enum store_err op_own(struct ops *o, const struct own_row *r, bool is_take,
		      uint64_t *epoch_out)
{
	int part = ops_partition_of(r->resource);
	enum store_err err;
	struct query q;
	bool is_ours;

	if (is_take)
		take_query(&q, o, r);
	else
		renew_query(&q, o, r);
	is_ours = query_step(&q);
	if (is_ours)
		*epoch_out = query_col_u64(&q, 0);
	err = query_run(&q, NULL);
	if (err)
		return err;
	if (part >= 0) {
		o->fence.known[part] = is_ours ? *epoch_out : 0;
		o->fence.is_read[part] = false;
	}
	return is_ours ? STORE_OK : STORE_FENCED;
}
