/* adapters/store/ops_user.c: users, their bindings, and rows of open legs. */
#include "adapters/store/ops_priv.h"

#include "adapters/store/fold.h"

enum { FOLD_ARENA_BYTES = 16384 };

enum store_err op_bind_set(struct ops *o, const struct bind_row *r)
{
	const struct binding *b = &r->binding;
	struct query q;

	query_begin(&q, o->db, SQL_BIND_SET);
	query_str(&q, r->aor);
	query_str(&q, b->contact);
	query_str(&q, b->params);
	query_str(&q, b->instance);
	query_u64(&q, b->reg_id);
	query_u64(&q, b->q_milli);
	query_str(&q, b->call_id);
	query_u64(&q, b->cseq);
	query_str(&q, b->path);
	query_str(&q, b->flow);
	query_str(&q, b->user_agent);
	query_i64(&q, b->expires_utc_us);
	query_i64(&q, b->is_plain);
	return query_run(&q, NULL);
}

static enum store_err drop_bindings(struct ops *o, struct str aor)
{
	struct query q;

	query_begin(&q, o->db, SQL_BIND_DROP_ALL);
	query_str(&q, aor);
	return query_run(&q, NULL);
}

enum store_err op_bind_drop(struct ops *o, const struct bind_row *r)
{
	struct query q;

	if (!r->binding.contact.p)
		return drop_bindings(o, r->aor);
	query_begin(&q, o->db, SQL_BIND_DROP);
	query_str(&q, r->aor);
	query_str(&q, r->binding.contact);
	query_str(&q, r->binding.instance);
	query_u64(&q, r->binding.reg_id);
	return query_run(&q, NULL);
}

static enum store_err check_contacts(struct ops *o, const struct user *u)
{
	enum store_err err;
	bool has_room;
	struct query q;

	query_begin(&q, o->db, SQL_CONTACT_HAS_ROOM);
	query_str(&q, u->aor);
	query_i64(&q, CONTACTS_MAX);
	has_room = query_step(&q);
	err = query_end(&q, NULL);
	return err || has_room ? err : STORE_LIMIT;
}

enum store_err op_user_put(struct ops *o, const struct user *u)
{
	enum store_err err = u->contact ? check_contacts(o, u) : STORE_OK;
	struct arena *a;
	struct query q;

	if (err)
		return err;
	a = arena_new(FOLD_ARENA_BYTES);
	query_begin(&q, o->db, SQL_USER_PUT);
	query_str(&q, u->aor);
	query_str(&q, u->login);
	query_str(&q, u->display);
	query_str(&q, u->ha1_md5);
	query_str(&q, u->ha1_sha256);
	query_i64(&q, u->is_barred);
	query_i64(&q, u->is_out_barred);
	query_i64(&q, u->is_active);
	query_i64(&q, u->has_offline_delivery);
	query_i64(&q, u->store_on_busy);
	query_u64(&q, u->quota_count);
	query_u64(&q, u->quota_bytes);
	query_str(&q, u->profile);
	query_u64(&q, u->contact);
	query_str(&q, u->senders);
	query_str(&q, fold_address(a, u->aor));
	err = query_run(&q, NULL);
	arena_free(a);
	return err;
}

enum store_err op_user_drop(struct ops *o, struct str aor)
{
	enum store_err err;
	struct query q;

	query_begin(&q, o->db, SQL_USER_DROP);
	query_str(&q, aor);
	err = query_run(&q, NULL);
	return err ? err : drop_bindings(o, aor);
}

enum store_err op_live_put(struct ops *o, const struct live_row *r)
{
	struct query q;

	query_begin(&q, o->db, SQL_LIVE_PUT);
	query_u64(&q, r->leg);
	query_u64(&q, o->node);
	query_u64(&q, o->boot);
	query_bytes(&q, r->saved);
	return query_run(&q, NULL);
}

enum store_err op_live_drop(struct ops *o, uint64_t leg)
{
	struct query q;

	query_begin(&q, o->db, SQL_LIVE_DROP);
	query_u64(&q, leg);
	return query_run(&q, NULL);
}
