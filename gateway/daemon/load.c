/* gateway/daemon/load.c: see load.h. The only file that knows libconfuse. */
#include "gateway/daemon/load.h"

#include <stdio.h>
#include <string.h>

#include <confuse.h>

#include "core/base/mem.h"
#include "gateway/daemon/check.h"
#include "gateway/daemon/field.h"
#include "gateway/daemon/files.h"
#include "gateway/daemon/include.h"
#include "gateway/daemon/scan.h"
#include "gateway/daemon/value.h"

struct loader {
	const struct conf_source *src;
	struct faults *f;
	struct scan scan;
	struct config *c;
	cfg_t *cfg;
};

/* libconfuse gives its error handler no argument of ours. */
static struct faults *faults_now;

static void PRINTF_LIKE(2, 0)
	on_confuse_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	char text[160];

	(void)cfg;
	vsnprintf(text, sizeof(text), fmt, ap);
	if (faults_now)
		faults_add(faults_now, 0, "not understood: %s", text);
}

/* Every option as text or list of texts: libconfuse shall judge nothing. */
static cfg_opt_t *block_opts(const struct block *b)
{
	cfg_opt_t *opts = mem_zalloc((b->options_n + 2) * sizeof(*opts));
	const cfg_opt_t text = CFG_STR("", NULL, CFGF_NONE);
	const cfg_opt_t list = CFG_STR_LIST("", NULL, CFGF_NONE);
	const cfg_opt_t end = CFG_END();
	size_t i;

	for (i = 0; i < b->options_n; i++) {
		opts[i] = option_is_list(&b->options[i]) ? list : text;
		opts[i].name = b->options[i].name;
	}
	if (b->is_titled) {
		opts[i] = text;
		opts[i++].name = SCAN_TITLE;
	}
	opts[i] = end;
	return opts;
}

/* The parsed tree, or NULL with a fault. */
static cfg_t *parse(struct faults *f, const char *text)
{
	cfg_opt_t *opts = mem_zalloc((conf_blocks_n + 1) * sizeof(*opts));
	const cfg_opt_t end = CFG_END();
	cfg_opt_t sec = CFG_SEC("", NULL, CFGF_NONE);
	cfg_t *cfg;
	size_t i;

	for (i = 0; i < conf_blocks_n; i++) {
		opts[i] = sec;
		opts[i].name = conf_blocks[i].name;
		opts[i].subopts = block_opts(&conf_blocks[i]);
		opts[i].flags = CFGF_MULTI |
				(conf_blocks[i].is_titled ? CFGF_TITLE
							  : CFGF_NONE);
	}
	opts[i] = end;
	cfg = cfg_init(opts, CFGF_NONE); /* copies */
	for (i = 0; i < conf_blocks_n; i++)
		mem_free(opts[i].subopts);
	mem_free(opts);
	if (!cfg)
		return NULL;
	cfg_set_error_function(cfg, on_confuse_error);
	faults_now = f;
	if (*text && cfg_parse_buf(cfg, text) != CFG_SUCCESS) {
		cfg_free(cfg);
		cfg = NULL;
	}
	faults_now = NULL;
	return cfg;
}

/* The texts of an option in the file into out; how many. */
static size_t texts_of(cfg_t *sec, const struct option *o, struct str *out,
		       size_t out_max)
{
	size_t i, n = cfg_size(sec, o->name);

	for (i = 0; i < n && i < out_max; i++) {
		const char *text = cfg_getnstr(sec, o->name, (unsigned)i);

		out[i] = str_of(text ? text : "");
	}
	return i;
}

static void resolve_path(struct loader *l, const struct option *o, void *item)
{
	struct str s, base = STR(".");

	if (o->type != OPT_FILE)
		return;
	memcpy(&s, (char *)item + o->offset, sizeof(s));
	if (o->base == BASE_STATE)
		base = l->c->state_dir;
	else if (o->base == BASE_CONF)
		base = file_folder(str_of(l->src->path));
	if (l->src->state_dir &&
	    o->offset == offsetof(struct config, state_dir) &&
	    o->base == BASE_WORK)
		s = arena_dup(l->c->arena, str_of(l->src->state_dir));
	s = file_path(l->c->arena, base, s);
	memcpy((char *)item + o->offset, &s, sizeof(s));
}

/* The option from its place in the file. False when it is wrong there. */
static bool fill_given(struct loader *l, const struct block *b,
		       const struct scan_section *at, cfg_t *sec,
		       const struct option *o, void *item)
{
	unsigned line = scan_line(&l->scan, at, o);
	struct str *texts;
	size_t n, max;
	bool ok;

	if (!option_fits(b, o, item)) {
		struct buf variant;

		buf_init(&variant, 128);
		field_put(&variant, &b->options[0], item);
		faults_add(l->f, line, "%s has no place in a %s with %s = %.*s",
			   o->name, b->name, b->options[0].name,
			   STR_ARG(buf_str(&variant)));
		buf_free(&variant);
		return false;
	}
	max = cfg_size(sec, o->name);
	texts = mem_zalloc((max + 1) * sizeof(*texts));
	n = texts_of(sec, o, texts, max);
	ok = field_set(l->f, line, l->c->arena, o, item, texts, n);
	mem_free(texts);
	return ok;
}

/* The default of an option that is not in the file. */
static bool fill_preset(struct loader *l, const struct block *b,
			const struct scan_section *at, const struct option *o,
			void *item)
{
	if (!option_fits(b, o, item) || field_preset(l->c->arena, o, item))
		return true;
	faults_add(l->f, at ? at->line : 0, "%s is missing in this %s", o->name,
		   b->name);
	return false;
}

/* at and sec are NULL for a block that is not in the file. While the variant
   of the block is not known, nobody can say which options it needs. */
static void fill_item(struct loader *l, const struct block *b,
		      const struct scan_section *at, cfg_t *sec, void *item)
{
	bool is_known = true, ok;
	size_t i;

	for (i = 0; i < b->options_n; i++) {
		const struct option *o = &b->options[i];

		if (o->only && !is_known)
			continue;
		if (at && scan_has(&l->scan, at, o))
			ok = fill_given(l, b, at, sec, o, item);
		else
			ok = fill_preset(l, b, at, o, item);
		if (i == 0 && b->has_variants && !ok) {
			is_known = false; /* nor does any check apply */
			memset((char *)item + o->offset, 0xff, o->bytes);
		}
		resolve_path(l, o, item);
	}
}

static void lower(struct loader *l, struct str *s)
{
	char *copy = arena_alloc(l->c->arena, s->n + 1);
	size_t i;

	for (i = 0; copy && i < s->n; i++)
		copy[i] = (char)ch_lower((unsigned char)s->p[i]);
	s->p = copy ? copy : "";
}

static struct str title_of(struct loader *l, const struct block *b,
			   const struct scan_section *at, cfg_t *sec)
{
	struct str title = str_of(cfg_getstr(sec, SCAN_TITLE));
	struct fault_value v;

	if (!value_form_ok(title, b->title_form))
		faults_add(l->f, at->line,
			   "the title of this %s is wrong (got "
			   "%s, expected %s)",
			   b->name, fault_value(&v, title),
			   value_form_text(b->title_form));
	title = arena_dup(l->c->arena, title);
	if (b->title_form == FORM_HOST)
		lower(l, &title);
	return title;
}

/* All items of a titled block, in the order of the file. */
static void fill_titled(struct loader *l, const struct block *b)
{
	size_t i, n = 0, count = cfg_size(l->cfg, b->name);
	char *items = arena_array(l->c->arena, count ? count : 1,
				  b->item_bytes);

	memcpy((char *)l->c + b->items_offset, &items, sizeof(items));
	for (i = 0; items && i < l->scan.sections_n && n < count; i++) {
		const struct scan_section *at = &l->scan.sections[i];
		void *item = items + n * b->item_bytes;
		struct str title;
		cfg_t *sec;

		if (at->block != b)
			continue;
		sec = cfg_getnsec(l->cfg, b->name, (unsigned)n++);
		title = title_of(l, b, at, sec);
		memcpy(item, &title, sizeof(title)); /* .name comes first */
		fill_item(l, b, at, sec, item);
	}
	memcpy((char *)l->c + b->count_offset, &n, sizeof(n));
}

static void fill_plain(struct loader *l, const struct block *b)
{
	const struct scan_section *at = NULL;
	size_t i;

	for (i = 0; i < l->scan.sections_n && !at; i++)
		if (l->scan.sections[i].block == b)
			at = &l->scan.sections[i];
	fill_item(l, b, at, at ? cfg_getsec(l->cfg, b->name) : NULL, l->c);
}

static void fill(struct loader *l)
{
	size_t i;

	for (i = 0; i < conf_blocks_n; i++) {
		if (conf_blocks[i].is_titled)
			fill_titled(l, &conf_blocks[i]);
		else
			fill_plain(l, &conf_blocks[i]);
	}
}

struct config *conf_load_text(const struct conf_source *src, struct str text,
			      struct faults *f)
{
	struct loader l = { .src = src, .f = f };
	size_t before = f->n;

	scan_file(&l.scan, f, text);
	buf_put_char(&l.scan.text, '\0');
	l.c = config_new();
	if (l.scan.text.err)
		faults_add(f, 0, "the file is too large");
	else
		l.cfg = parse(f, l.scan.text.p);
	if (l.cfg) {
		fill(&l);
		check_config(l.c, &l.scan, src, f);
		cfg_free(l.cfg);
	} else if (f->n == before) {
		faults_add(f, 0, "the file was not understood");
	}
	if (arena_err(l.c->arena))
		faults_add(f, 0, "the configuration is too large");
	if (l.scan.text.p) /* secrets */
		mem_wipe(l.scan.text.p, l.scan.text.n);
	scan_free(&l.scan);
	if (f->n == before)
		return l.c;
	config_put(l.c);
	return NULL;
}

struct config *conf_load(const struct conf_source *src, struct faults *f)
{
	struct config *c = NULL;
	struct errtext why;
	struct buf text;
	size_t before;

	buf_init(&text, CONF_BYTES_MAX);
	if (file_read(src->path, &text, &why))
		faults_add(f, 0, "%s", why.text);
	else
		include_expand(src, &text, f);
	before = f->n; /* what is wrong in the text is told all the same */
	if (!before || text.n)
		c = conf_load_text(src, buf_str(&text), f);
	if (c && before) {
		config_put(c);
		c = NULL;
	}
	if (text.p)
		mem_wipe(text.p, text.n);
	buf_free(&text);
	return c;
}
