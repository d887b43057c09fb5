/* core/model/user.c: see user.h. */
#include "core/model/user.h"

#include <string.h>

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

/* ---- packed ---------------------------------------------------------------- */

/* Every slice of a user and of a binding, in any order; what else they have. */
#define SIZE_REST_USER 80u
#define SIZE_REST_BINDING 32u

static const size_t user_slices[] = {
	offsetof(struct user, aor),	offsetof(struct user, login),
	offsetof(struct user, display), offsetof(struct user, ha1_md5),
	offsetof(struct user, ha1_sha256), offsetof(struct user, profile),
	offsetof(struct user, senders),
};
static const size_t binding_slices[] = {
	offsetof(struct binding, contact),  offsetof(struct binding, params),
	offsetof(struct binding, instance), offsetof(struct binding, call_id),
	offsetof(struct binding, path),	    offsetof(struct binding, flow),
	offsetof(struct binding, user_agent),
};

#define USER_SLICES_N (sizeof(user_slices) / sizeof(user_slices[0]))
#define BINDING_SLICES_N (sizeof(binding_slices) / sizeof(binding_slices[0]))

/* A new slice needs its row above, or it would point into what is freed. */
_Static_assert(sizeof(struct user) ==
		       USER_SLICES_N * sizeof(struct str) + SIZE_REST_USER,
	       "user_slices is not complete");
_Static_assert(sizeof(struct binding) ==
		       BINDING_SLICES_N * sizeof(struct str) +
			       SIZE_REST_BINDING,
	       "binding_slices is not complete");

static size_t text_bytes(const void *base, const size_t *at, size_t n)
{
	size_t i, sum = 0;
	struct str s;

	for (i = 0; i < n; i++) {
		memcpy(&s, (const char *)base + at[i], sizeof(s));
		sum += s.n;
	}
	return sum;
}

/* Moves the bytes of each slice to *text. An absent one stays absent. */
static void move_text(void *base, const size_t *at, size_t n, char **text)
{
	struct str s;
	size_t i;

	for (i = 0; i < n; i++) {
		memcpy(&s, (char *)base + at[i], sizeof(s));
		if (s.n)
			s.p = memcpy(*text, s.p, s.n);
		else if (s.p)
			s.p = "";
		*text += s.n;
		memcpy((char *)base + at[i], &s, sizeof(s));
	}
}

struct user *user_pack(const struct user *u)
{
	size_t i, head = sizeof(*u) + u->bindings_n * sizeof(*u->bindings);
	size_t bytes = head + text_bytes(u, user_slices, USER_SLICES_N);
	struct user *copy;
	char *text;

	for (i = 0; i < u->bindings_n; i++)
		bytes += text_bytes(&u->bindings[i], binding_slices,
				    BINDING_SLICES_N);
	copy = ref_new(bytes, NULL);
	*copy = *u;
	copy->arena = NULL;
	copy->bytes = bytes;
	copy->bindings = (struct binding *)(copy + 1);
	text = (char *)copy + head;
	move_text(copy, user_slices, USER_SLICES_N, &text);
	for (i = 0; i < u->bindings_n; i++) {
		copy->bindings[i] = u->bindings[i];
		move_text(&copy->bindings[i], binding_slices,
			  BINDING_SLICES_N, &text);
	}
	return copy;
}

/* What the allocation takes besides: counter, rounding. */
#define SPARE_BYTES 64u

size_t user_bytes(const struct user *u)
{
	return SPARE_BYTES + (u->arena ? sizeof(*u) + arena_size(u->arena) :
				       u->bytes);
}
