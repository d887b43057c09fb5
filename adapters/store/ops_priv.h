/* adapters/store/ops_priv.h: operations that stand in a file of their own
 * (ops_user.c, ops_owner.c).
 */
#pragma once

#include "adapters/store/ops.h"

enum store_err op_bind_set(struct ops *o, const struct bind_row *r);
enum store_err op_bind_drop(struct ops *o, const struct bind_row *r);
enum store_err op_user_put(struct ops *o, const struct user *u);
enum store_err op_user_drop(struct ops *o, struct str aor);
enum store_err op_live_put(struct ops *o, const struct live_row *r);
enum store_err op_live_drop(struct ops *o, uint64_t leg);
enum store_err op_own(struct ops *o, const struct own_row *r, bool is_take,
		      uint64_t *epoch_out);
