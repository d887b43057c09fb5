/* gateway/daemon/include.c: see include.h. */
#include "gateway/daemon/include.h"

#include <glob.h>
#include <string.h>

#include "core/base/mem.h"
#include "gateway/daemon/files.h"
#include "gateway/daemon/load.h"
#include "gateway/daemon/token.h"

#define PATTERN_BYTES 4096
#define WISHES_MAX 32

struct wish {
	struct str name;
	unsigned line;
};

struct includer {
	const struct conf_source *src;
	struct buf *text;
	struct faults *f;
	unsigned next_line; /* of what will be appended */
};

static unsigned count_lines(struct str s)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < s.n; i++)
		n += s.p[i] == '\n';
	return n;
}

static void end_line(struct buf *text)
{
	if (text->n && text->p[text->n - 1] != '\n')
		buf_put_char(text, '\n');
}

static void append(struct includer *x, const char *path, unsigned line)
{
	struct errtext why = { .text = "" };
	struct fault_value v;
	struct buf one;

	buf_init(&one, x->text->max);
	if (file_read(path, &one, &why)) {
		faults_add(x->f, line, "include %s %s",
			   fault_value(&v, str_of(path)), why.text);
	} else if (!faults_file(x->f, x->next_line, path)) {
		faults_add(x->f, line, "more than %d files are included",
			   INCLUDE_FILES_MAX);
	} else {
		buf_put_str(x->text, buf_str(&one));
		end_line(x->text);
		if (x->text->err)
			faults_add(x->f, line,
				   "with %s the configuration is too large",
				   fault_value(&v, str_of(path)));
		x->next_line = count_lines(buf_str(x->text)) + 1;
	}
	if (one.p)
		mem_wipe(one.p, one.n);
	buf_free(&one);
}

static struct str unquoted(struct token t)
{
	struct str s = t.text;

	if (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\''))
		return str_sub(s, 1, s.n - 2);
	return s;
}

static void include(struct includer *x, struct str name, unsigned line)
{
	struct arena *a = arena_new(2 * PATTERN_BYTES);
	struct str pattern = file_path(a, file_folder(str_of(x->src->path)),
				       name);
	char text[PATTERN_BYTES];
	struct fault_value v;
	glob_t found;
	size_t i;

	if (!name.n || pattern.n >= sizeof(text) || arena_err(a)) {
		faults_add(x->f, line, "include names no usable path (got %s)",
			   fault_value(&v, name));
		arena_free(a);
		return;
	}
	memcpy(text, pattern.p, pattern.n);
	text[pattern.n] = '\0';
	arena_free(a);
	if (glob(text, GLOB_NOCHECK, NULL, &found) == 0) {
		/* Sorted; a pattern without any match comes back itself. */
		for (i = 0; i < found.gl_pathc; i++)
			if (strcmp(found.gl_pathv[i], text) != 0 ||
			    !strpbrk(text, "*?["))
				append(x, found.gl_pathv[i], line);
		globfree(&found);
	}
}

void include_expand(const struct conf_source *src, struct buf *text,
		    struct faults *f)
{
	struct includer x = { .src = src, .text = text, .f = f };
	struct token_reader r;
	struct token t, last = { .kind = TOKEN_END };
	struct wish wishes[WISHES_MAX];
	size_t wishes_n = 0, n = 0, i;
	char *copy;
	int depth = 0;

	end_line(text);
	/* What is read is appended to the text, which may move. */
	n = text->n;
	copy = mem_alloc(n + 1);
	memcpy(copy, text->p ? text->p : "", n);
	x.next_line = count_lines(buf_str(text)) + 1;
	token_start(&r, NULL, (struct str){ copy, n });
	while ((t = token_next(&r)).kind != TOKEN_END) {
		depth += (t.kind == TOKEN_OPEN) - (t.kind == TOKEN_CLOSE);
		if (t.kind != TOKEN_EQUALS || depth != 0 ||
		    last.kind != TOKEN_WORD ||
		    !str_eq(last.text, STR("include"))) {
			last = t;
			continue;
		}
		last = t;
		t = token_peek(&r);
		if (t.kind != TOKEN_WORD && t.kind != TOKEN_STRING)
			continue; /* the scanner tells */
		if (wishes_n < WISHES_MAX) {
			wishes[wishes_n].name = unquoted(t);
			wishes[wishes_n++].line = t.line;
		} else {
			faults_add(f, t.line, "too many includes");
		}
	}
	for (i = 0; i < wishes_n; i++)
		include(&x, wishes[i].name, wishes[i].line);
	mem_wipe(copy, n); /* secrets */
	mem_free(copy);
}
