/* gateway/daemon/print.c: see print.h. */
#include "gateway/daemon/print.h"

#include "gateway/daemon/field.h"
#include "gateway/daemon/value.h"

/* Of a secret and the file it came from only one is an option's value. */
static bool is_shown(const struct block *b, const struct option *o,
		     const void *item)
{
	if (!option_fits(b, o, item))
		return false;
	if (o->type == OPT_SECRET &&
	    !field_is_empty(option_find(b, STR("secret-file")), item))
		return false;
	return true;
}

static void print_item(struct buf *out, const struct block *b, const void *item)
{
	const struct str *title = item;
	size_t i;

	buf_put_str(out, str_of(b->name));
	if (b->is_titled) {
		buf_put_char(out, ' ');
		value_put_text(out, *title);
	}
	buf_put_str(out, STR(" {\n"));
	for (i = 0; i < b->options_n; i++) {
		const struct option *o = &b->options[i];

		if (!is_shown(b, o, item))
			continue;
		buf_printf(out, "\t%s = ", o->name);
		field_put(out, o, item);
		buf_put_char(out, '\n');
	}
	buf_put_str(out, STR("}\n"));
}

void print_config(struct buf *out, const struct config *c)
{
	size_t i, k, n;

	for (i = 0; i < conf_blocks_n; i++) {
		n = block_count(&conf_blocks[i], c);
		for (k = 0; k < n; k++)
			print_item(out, &conf_blocks[i],
				   block_item(&conf_blocks[i], c, k));
	}
}
