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

/* Where the changes go: told as such, with both values, or only counted. */
struct teller {
	struct buf *json;
	bool has_values;
	size_t n;
};

static const char *const classes[] = {
	[RELOAD_LIVE] = "live",
	[RELOAD_LINK] = "link",
	[RELOAD_RESTART] = "restart",
};

static enum opt_reload class_of(const struct block *b, const void *before,
				const void *after)
{
	enum opt_reload worst = RELOAD_LIVE;
	size_t i;

	if (!before || !after)
		return strcmp(b->name, "listen") == 0 ||
				       strcmp(b->name, "link") == 0
			       ? RELOAD_LINK
			       : RELOAD_LIVE;
	for (i = 0; i < b->options_n; i++)
		if (b->options[i].reload > worst &&
		    !is_same(b, &b->options[i], before, after))
			worst = b->options[i].reload;
	return worst;
}

/* What a reload does with it, for people. */
static const char *effect_of(const struct block *b, enum opt_reload c,
			     const void *before, const void *after)
{
	if (c == RELOAD_RESTART)
		return "needs a restart: a reload is refused";
	if (strcmp(b->name, "listen") == 0) {
		if (!before)
			return "is opened";
		if (!after)
			return "answers 503 until its requests are through, "
			       "then closes";
		return c == RELOAD_LINK ? "is opened anew, or takes the new "
					  "keys"
					: "from the next request on";
	}
	if (strcmp(b->name, "link") == 0) {
		if (!before)
			return "connects";
		if (!after)
			return "drains and closes; what waits for it is routed "
			       "anew";
		return c == RELOAD_LINK ? "drains and connects anew; what "
					  "waits for it stays"
					: "at once, without a new connection";
	}
	if (b->is_titled)
		return "from the next message on; what waits is routed anew at "
		       "its next try";
	return "at once";
}

static void put_place(struct buf *json, const struct block *b,
		      const void *before, const void *after)
{
	struct str name = STR_NONE;

	json_key_text(json, "block", b->name);
	if (!b->is_titled)
		return;
	if (after || before)
		memcpy(&name, after ? after : before, sizeof(name));
	if (name.n)
		json_key_str(json, "name", name);
}

static void put_value(struct buf *json, const char *key, const struct block *b,
		      const struct option *o, const void *item)
{
	struct buf text;

	if (!item || !option_fits(b, o, item)) {
		json_key_text(json, key, "");
		return;
	}
	buf_init(&text, 65536);
	field_put(&text, o, item);
	json_key_str(json, key, buf_str(&text));
	buf_free(&text);
}

/* A row per option that differs. */
static void put_values(struct buf *json, const struct block *b,
		       const void *before, const void *after)
{
	size_t i;

	for (i = 0; i < b->options_n; i++) {
		const struct option *o = &b->options[i];

		if (before && after && is_same(b, o, before, after))
			continue;
		if (!option_fits(b, o, after ? after : before))
			continue;
		json_begin_obj(json);
		put_place(json, b, before, after);
		json_key_text(json, "option", o->name);
		put_value(json, "running", b, o, before);
		put_value(json, "file", b, o, after);
		json_end_obj(json);
	}
}

static void put_change(struct teller *t, const struct block *b,
		       const char *change, const void *before,
		       const void *after)
{
	enum opt_reload class = class_of(b, before, after);
	struct buf *json = t->json;
	size_t i;

	t->n++;
	if (!json)
		return;
	if (t->has_values && (before || after)) {
		put_values(json, b, before, after);
		return;
	}
	json_begin_obj(json);
	put_place(json, b, before, after);
	json_key_text(json, "change", change);
	json_key_text(json, "class", classes[class]);
	json_key_text(json, "effect", effect_of(b, class, before, after));
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

static void put_titled(struct teller *t, const struct block *b,
		       const struct config *before, const struct config *after)
{
	bool is_reordered = false;
	size_t i, at, last = 0;
	struct str name;

	for (i = 0; i < block_count(b, before); i++) {
		const void *item = block_item(b, before, i);

		memcpy(&name, item, sizeof(name));
		if (!named(b, after, name, &at))
			put_change(t, b, "removed", item, NULL);
	}
	for (i = 0; i < block_count(b, after); i++) {
		const void *item = block_item(b, after, i), *old;

		memcpy(&name, item, sizeof(name));
		old = named(b, before, name, &at);
		if (!old) {
			put_change(t, b, "added", NULL, item);
			continue;
		}
		is_reordered |= at < last;
		last = at;
		if (!item_is_same(b, old, item))
			put_change(t, b, "changed", old, item);
	}
	/* Only routes are tried in the order of the file. */
	if (is_reordered && strcmp(b->name, "route") == 0)
		put_change(t, b, "reordered", NULL, NULL);
}

static void walk(struct teller *t, const struct config *before,
		 const struct config *after)
{
	size_t i;

	for (i = 0; i < conf_blocks_n; i++) {
		const struct block *b = &conf_blocks[i];

		if (b->is_titled)
			put_titled(t, b, before, after);
		else if (!item_is_same(b, before, after))
			put_change(t, b, "changed", before, after);
	}
}

void changes_put(struct buf *json, const struct config *before,
		 const struct config *after)
{
	struct teller t = { .json = json };

	json_begin_arr(json);
	walk(&t, before, after);
	json_end_arr(json);
}

void changes_put_values(struct buf *json, const struct config *before,
			const struct config *after)
{
	struct teller t = { .json = json, .has_values = true };

	json_begin_arr(json);
	walk(&t, before, after);
	json_end_arr(json);
}

size_t changes_count(const struct config *before, const struct config *after)
{
	struct teller t = { .json = NULL };

	walk(&t, before, after);
	return t.n;
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
