/* gateway/daemon/scan.c: see scan.h. After a fault it goes on where a reader
 * would: behind the value, behind the block, at the next known block name.
 */
#include "gateway/daemon/scan.h"

#include "core/base/mem.h"
#include "gateway/daemon/suggest.h"
#include "gateway/daemon/token.h"

/* Quoting makes the text for libconfuse longer than the file. */
#define TEXT_BYTES_MAX (4u * CONF_BYTES_MAX)

struct reader {
	struct token_reader r;
	struct faults *f;
	struct scan *s;
};

static void *grown(void *list, size_t n, size_t *size, size_t each)
{
	if (n < *size)
		return list;
	*size = *size ? *size * 2 : 64;
	return mem_realloc(list, *size * each);
}

static void add_section(struct scan *s, const struct block *b, unsigned line)
{
	s->sections = grown(s->sections, s->sections_n, &s->sections_size,
			    sizeof(*s->sections));
	s->sections[s->sections_n++] = (struct scan_section){
		.block = b, .line = line, .key_first = s->keys_n
	};
}

static void add_key(struct scan *s, const struct option *o, unsigned line)
{
	s->keys = grown(s->keys, s->keys_n, &s->keys_size, sizeof(*s->keys));
	s->keys[s->keys_n++] = (struct scan_key){ o, line };
	s->sections[s->sections_n - 1].keys_n++;
}

/* libconfuse reads every value in quotes, so that its rules for bare words
   do not matter. A word holds neither quotes nor backslashes nor $. */
static void put_value(struct buf *out, struct token t)
{
	bool is_variable = t.kind == TOKEN_STRING && t.text.p[0] == '$';

	if (t.kind == TOKEN_STRING && !is_variable) {
		buf_put_str(out, t.text);
		return;
	}
	buf_put_char(out, '"');
	buf_put_str(out, t.text);
	buf_put_char(out, '"');
}

static void told(struct reader *x, struct token t, const char *sentence)
{
	struct fault_value v;

	if (t.kind == TOKEN_BAD) /* told already */
		return;
	faults_add(x->f, t.line, "%s (got %s)", sentence,
		   t.kind == TOKEN_END ? "the end of the file"
				       : fault_value(&v, t.text));
}

static bool is_value(struct token t)
{
	return t.kind == TOKEN_WORD || t.kind == TOKEN_STRING;
}

/* Does "NAME =" come next? Then a list that lacks its brace ends here. */
static bool key_follows(const struct reader *x)
{
	struct token_reader ahead = x->r;

	ahead.faults = NULL;
	return token_next(&ahead).kind == TOKEN_WORD &&
	       token_next(&ahead).kind == TOKEN_EQUALS;
}

/* Behind the "{" of a list. False when the list is broken. */
static bool read_list(struct reader *x, struct buf *out, const char *name)
{
	bool ok = true;
	struct token t;

	buf_put_char(out, '{');
	for (;;) {
		if (key_follows(x)) {
			faults_add(x->f, x->r.line,
				   "the list of %s is not closed", name);
			return false;
		}
		t = token_next(&x->r);
		if (t.kind == TOKEN_CLOSE)
			break;
		if (!is_value(t)) {
			told(x, t, "a list holds values and commas");
			if (t.kind == TOKEN_END)
				return false;
			ok = false;
			continue;
		}
		put_value(out, t);
		t = token_peek(&x->r);
		if (t.kind == TOKEN_COMMA) {
			token_next(&x->r);
			buf_put_char(out, ',');
		} else if (t.kind != TOKEN_CLOSE && !key_follows(x)) {
			told(x, t, "a comma belongs between two values");
			ok = false;
		}
	}
	/* A comma behind the last value is fine here, not for libconfuse. */
	if (out->n > 0 && out->p[out->n - 1] == ',')
		out->n--;
	buf_put_char(out, '}');
	return ok;
}

/* Behind "NAME =": the value into out. False when it is not usable. */
static bool read_value(struct reader *x, struct buf *out, const char *name,
		       bool *is_list_out)
{
	struct token t = token_peek(&x->r);

	*is_list_out = t.kind == TOKEN_OPEN;
	if (key_follows(x) || t.kind == TOKEN_CLOSE || t.kind == TOKEN_END) {
		faults_add(x->f, x->r.line, "%s has no value", name);
		return false;
	}
	token_next(&x->r);
	if (*is_list_out)
		return read_list(x, out, name);
	if (!is_value(t)) {
		told(x, t, "a value was expected");
		return false;
	}
	put_value(out, t);
	return true;
}

static bool is_double(struct reader *x, const struct option *o, unsigned line)
{
	const struct scan *s = x->s;
	const struct scan_section *at = &s->sections[s->sections_n - 1];
	unsigned before = scan_line(s, at, o);

	if (!scan_has(s, at, o))
		return false;
	faults_add(x->f, line,
		   "%s stands twice in this block, first in "
		   "line %u",
		   o->name, before);
	return true;
}

/* "NAME = value", its name taken already. */
static void read_key(struct reader *x, const struct block *b, struct token name,
		     bool is_sound)
{
	const struct option *o = option_find(b, name.text);
	struct suggestion hint;
	struct fault_value v;
	struct buf value;
	bool is_list, ok;

	token_next(&x->r); /* the = */
	if (!o)
		faults_add(x->f, name.line, "%s is not an option of %s%s",
			   fault_value(&v, name.text), b->name,
			   suggest_option(&hint, b, name.text));
	buf_init(&value, TEXT_BYTES_MAX);
	ok = read_value(x, &value, o ? o->name : "the option", &is_list);
	if (ok && o && is_list != option_is_list(o)) {
		faults_add(
			x->f, name.line,
			is_list ? "%s takes one value, not a list"
				: "%s takes a list in braces, such as {\"a\", \"b\"}",
			o->name);
		ok = false;
	}
	if (ok && o && is_sound && !is_double(x, o, name.line)) {
		add_key(x->s, o, name.line);
		buf_put_str(&x->s->text, str_of(o->name));
		buf_put_str(&x->s->text, STR(" = "));
		buf_put_str(&x->s->text, buf_str(&value));
		buf_put_char(&x->s->text, '\n');
	}
	buf_free(&value);
}

/* NAME {, or NAME "title" {: a block begins here. */
static bool block_follows(const struct reader *x)
{
	struct token_reader ahead = x->r;
	struct token t;

	ahead.faults = NULL;
	t = token_next(&ahead);
	if (t.kind != TOKEN_WORD || !block_find(t.text))
		return false;
	t = token_next(&ahead);
	if (is_value(t))
		t = token_next(&ahead);
	return t.kind == TOKEN_OPEN;
}

/* Behind the "{" of block b. */
static void read_body(struct reader *x, const struct block *b, unsigned line,
		      bool is_sound)
{
	struct token t;

	for (;;) {
		if (block_follows(x)) {
			faults_add(x->f, line,
				   "the block %s that begins here "
				   "is not closed before line %u",
				   b->name, token_peek(&x->r).line);
			return;
		}
		t = token_next(&x->r);
		if (t.kind == TOKEN_CLOSE)
			return;
		if (t.kind == TOKEN_END) {
			faults_add(x->f, line,
				   "the block %s that begins here "
				   "is never closed",
				   b->name);
			return;
		}
		if (t.kind != TOKEN_WORD) {
			told(x, t, "the name of an option was expected");
			continue;
		}
		if (token_peek(&x->r).kind == TOKEN_EQUALS) {
			read_key(x, b, t, is_sound);
			continue;
		}
		told(x, t,
		     "\"=\" and a value must follow the name of an "
		     "option");
		if (is_value(token_peek(&x->r)) &&
		    token_peek(&x->r).line == t.line && !key_follows(x))
			token_next(&x->r);
	}
}

/* A block that nobody knows, or what else stands in braces. */
static void skip_braces(struct reader *x)
{
	unsigned depth = 0;
	struct token t;

	do {
		if (depth == 0 && token_peek(&x->r).kind != TOKEN_OPEN)
			return;
		t = token_next(&x->r);
		if (t.kind == TOKEN_OPEN)
			depth++;
		else if (t.kind == TOKEN_CLOSE)
			depth--;
	} while (depth > 0 && t.kind != TOKEN_END);
}

static bool heading_ok(struct reader *x, const struct block *b,
		       struct token name, bool has_title)
{
	const struct scan *s = x->s;
	size_t i, n = 0;

	if (has_title != b->is_titled) {
		faults_add(
			x->f, name.line,
			has_title
				? "the block %s has no title"
				: "the block %s needs a title in quotes before {",
			b->name);
		return false;
	}
	for (i = 0; i < s->sections_n; i++) {
		if (s->sections[i].block != b)
			continue;
		if (!b->is_titled) {
			faults_add(x->f, name.line,
				   "the block %s stands twice, "
				   "first in line %u",
				   b->name, s->sections[i].line);
			return false;
		}
		n++;
	}
	if (b->is_titled && n >= b->items_max) {
		faults_add(x->f, name.line, "there are more than %zu blocks %s",
			   b->items_max, b->name);
		return false;
	}
	return true;
}

/* A known block, its name taken already. */
static void read_block(struct reader *x, const struct block *b,
		       struct token name)
{
	struct token title = token_peek(&x->r);
	bool has_title = is_value(title), is_sound;

	if (has_title)
		token_next(&x->r);
	if (token_peek(&x->r).kind != TOKEN_OPEN) {
		told(x, token_peek(&x->r), "{ must follow the name of a block");
		return;
	}
	token_next(&x->r);
	is_sound = heading_ok(x, b, name, has_title);
	if (is_sound) {
		add_section(x->s, b, name.line);
		buf_put_str(&x->s->text, str_of(b->name));
		if (has_title) {
			buf_printf(&x->s->text, " %zu {\n" SCAN_TITLE " = ",
				   x->s->sections_n);
			put_value(&x->s->text, title);
			buf_put_char(&x->s->text, '\n');
		} else {
			buf_put_str(&x->s->text, STR(" {\n"));
		}
	}
	read_body(x, b, name.line, is_sound);
	if (is_sound)
		buf_put_str(&x->s->text, STR("}\n"));
}

/* include.c has read what it names. */
static void read_include(struct reader *x, struct token name)
{
	struct buf unused;
	bool is_list;

	token_next(&x->r); /* the = */
	if (faults_is_included(x->f, name.line))
		faults_add(x->f, name.line,
			   "include stands in a file that is included itself");
	buf_init(&unused, TEXT_BYTES_MAX);
	if (read_value(x, &unused, "include", &is_list) && is_list)
		faults_add(x->f, name.line,
			   "include takes one value, not a list");
	buf_free(&unused);
}

static void read_unknown(struct reader *x, struct token name)
{
	struct suggestion hint;
	struct fault_value v;
	struct buf unused;
	bool is_list;

	if (token_peek(&x->r).kind == TOKEN_EQUALS) {
		faults_add(x->f, name.line, "%s stands outside of a block%s",
			   fault_value(&v, name.text),
			   suggest_option(&hint, NULL, name.text));
		token_next(&x->r);
		buf_init(&unused, TEXT_BYTES_MAX);
		(void)read_value(x, &unused, "the option", &is_list);
		buf_free(&unused);
		return;
	}
	faults_add(x->f, name.line, "%s is not a block%s",
		   fault_value(&v, name.text), suggest_block(&hint, name.text));
	if (is_value(token_peek(&x->r)) && token_peek(&x->r).line == name.line)
		token_next(&x->r);
	skip_braces(x);
}

void scan_file(struct scan *s, struct faults *f, struct str text)
{
	struct reader x = { .f = f, .s = s };
	const struct block *b;
	struct token t;

	*s = (struct scan){ .sections = NULL };
	buf_init(&s->text, TEXT_BYTES_MAX);
	token_start(&x.r, f, text);
	while ((t = token_next(&x.r)).kind != TOKEN_END) {
		b = t.kind == TOKEN_WORD ? block_find(t.text) : NULL;
		if (b && token_peek(&x.r).kind != TOKEN_EQUALS)
			read_block(&x, b, t);
		else if (t.kind == TOKEN_WORD &&
			 str_eq(t.text, STR("include")) &&
			 token_peek(&x.r).kind == TOKEN_EQUALS)
			read_include(&x, t);
		else if (t.kind == TOKEN_WORD)
			read_unknown(&x, t);
		else if (t.kind == TOKEN_CLOSE)
			faults_add(f, t.line, "a } without its block");
		else
			told(&x, t, "the name of a block was expected");
	}
}

void scan_free(struct scan *s)
{
	mem_free(s->sections);
	mem_free(s->keys);
	buf_free(&s->text);
}

static const struct scan_key *key_of(const struct scan *s,
				     const struct scan_section *at,
				     const struct option *o)
{
	size_t i;

	for (i = 0; i < at->keys_n; i++)
		if (s->keys[at->key_first + i].option == o)
			return &s->keys[at->key_first + i];
	return NULL;
}

unsigned scan_line(const struct scan *s, const struct scan_section *at,
		   const struct option *o)
{
	const struct scan_key *key = key_of(s, at, o);

	return key ? key->line : at->line;
}

bool scan_has(const struct scan *s, const struct scan_section *at,
	      const struct option *o)
{
	return key_of(s, at, o) != NULL;
}
