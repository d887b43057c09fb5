/* gateway/daemon/changes.c: see changes.h. Works on the option table alone. */
#include "gateway/daemon/changes.h"

#include <string.h>

#include "core/base/json.h"
#include "gateway/daemon/field.h"

/* Both items know the option and it has the same value in both. A secret is
   compared as such, wherever it was read from. */
static bool is_same(const struct block *b, const struct option *o,
		    const void *before, const void *after)
{
	bool fits = option_fits(b, o, before);

	if (fits != option_fits(b, o, after))
		return false;
	return !fits || field_eq(o, before, after);
}

static bool item_is_same(const struct block *b, const void *before,
			 const void *after)
{
	size_t i;

	for (i = 0; i < b->options_n; i++)
		if (!is_same(b, &b->options[i], before, after))
			return false;
	return true;
}

static void put_change(struct buf *json, const struct block *b,
		       const char *change, const void *before,
		       const void *after)
{
	size_t i;

	json_begin_obj(json);
	json_key_text(json, "block", b->name);
	if (b->is_titled) {
		struct str name = STR_NONE;

		if (after || before)
			memcpy(&name, after ? after : before, sizeof(name));
		if (name.n)
			json_key_str(json, "name", name);
	}
	json_key_text(json, "change", change);
	if (before && after) {
		json_key(json, "options");
		json_begin_arr(json);
		for (i = 0; i < b->options_n; i++)
			if (!is_same(b, &b->options[i], before, after))
				json_text(json, b->options[i].name);
		json_end_arr(json);
	}
	json_end_obj(json);
}

/* The item of that name in c, from position *at on, or NULL. */
static const void *named(const struct block *b, const struct config *c,
			 struct str name, size_t *at_out)
{
	struct str other;
	size_t i;

	for (i = 0; i < block_count(b, c); i++) {
		memcpy(&other, block_item(b, c, i), sizeof(other));
		if (!str_eq(name, other))
			continue;
		*at_out = i;
		return block_item(b, c, i);
	}
	return NULL;
}

static void put_titled(struct buf *json, const struct block *b,
		       const struct config *before, const struct config *after)
{
	bool is_reordered = false;
	size_t i, at, last = 0;
	struct str name;

	for (i = 0; i < block_count(b, before); i++) {
		const void *item = block_item(b, before, i);

		memcpy(&name, item, sizeof(name));
		if (!named(b, after, name, &at))
			put_change(json, b, "removed", item, NULL);
	}
	for (i = 0; i < block_count(b, after); i++) {
		const void *item = block_item(b, after, i), *old;

		memcpy(&name, item, sizeof(name));
		old = named(b, before, name, &at);
		if (!old) {
			put_change(json, b, "added", NULL, item);
			continue;
		}
		is_reordered |= at < last;
		last = at;
		if (!item_is_same(b, old, item))
			put_change(json, b, "changed", old, item);
	}
	/* Only routes are tried in the order of the file. */
	if (is_reordered && strcmp(b->name, "route") == 0)
		put_change(json, b, "reordered", NULL, NULL);
}

void changes_put(struct buf *json, const struct config *before,
		 const struct config *after)
{
	size_t i;

	json_begin_arr(json);
	for (i = 0; i < conf_blocks_n; i++) {
		const struct block *b = &conf_blocks[i];

		if (b->is_titled)
			put_titled(json, b, before, after);
		else if (!item_is_same(b, before, after))
			put_change(json, b, "changed", before, after);
	}
	json_end_arr(json);
}

bool changes_restart(struct buf *text, const struct config *before,
		     const struct config *after)
{
	bool any = false;
	size_t i, k;

	for (i = 0; i < conf_blocks_n; i++) {
		const struct block *b = &conf_blocks[i];

		for (k = 0; !b->is_titled && k < b->options_n; k++) {
			const struct option *o = &b->options[k];

			if (o->reload != RELOAD_RESTART ||
			    field_eq(o, before, after))
				continue;
			buf_printf(text, "%s%s.%s", any ? ", " : "", b->name,
				   o->name);
			any = true;
		}
	}
	return any;
}
