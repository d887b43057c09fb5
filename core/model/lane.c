/* core/model/lane.c: what keeps the order of stored messages, as text. */
#include <string.h>

#include "core/model/todo.h"

static struct str lane_text(const char *prefix, struct str name,
			    char out[LANE_BYTES_MAX])
{
	size_t n = strlen(prefix);

	if (name.n > LANE_BYTES_MAX - n - 1)
		name.n = LANE_BYTES_MAX - n - 1;
	memcpy(out, prefix, n);
	if (name.n)
		memcpy(out + n, name.p, name.n);
	return (struct str){ out, n + name.n };
}

struct str lane_of_user(struct str aor, char out[LANE_BYTES_MAX])
{
	return lane_text("user:", aor, out);
}

struct str lane_of_link(struct str link_name, char out[LANE_BYTES_MAX])
{
	return lane_text("link:", link_name, out);
}
