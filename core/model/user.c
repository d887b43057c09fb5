/* core/model/user.c: see user.h. */
#include "core/model/user.h"

#include "core/base/ref.h"

/* 16 bindings of at most some 5 KiB, with room for what comes. */
#define USER_ARENA_BYTES 262144u

static void drop(void *obj)
{
	struct user *u = obj;

	arena_free(u->arena);
}

struct user *user_new(struct str aor)
{
	struct user *u = ref_new(sizeof(*u), drop);

	u->arena = arena_new(USER_ARENA_BYTES);
	u->aor = arena_dup(u->arena, aor);
	u->is_active = true;
	u->has_offline_delivery = true;
	return u;
}

void user_put(struct user *u)
{
	ref_put(u);
}

size_t user_bytes(const struct user *u)
{
	return sizeof(*u) + arena_used(u->arena);
}
