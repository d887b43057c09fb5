/* gateway/daemon/faults.c: see faults.h. */
#include "gateway/daemon/faults.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/log.h"

void faults_init(struct faults *f)
{
	f->n = 0;
	f->dropped = 0;
	f->files_n = 0;
}

bool faults_file(struct faults *f, unsigned line, const char *path)
{
	struct faults_file *it;

	if (f->files_n == FAULTS_FILES_MAX)
		return false;
	it = &f->files[f->files_n++];
	it->line = line;
	snprintf(it->path, sizeof(it->path), "%s", path);
	return true;
}

static const struct faults_file *file_of(const struct faults *f, unsigned line)
{
	size_t i = f->files_n;

	while (i-- > 0)
		if (f->files[i].line <= line)
			return &f->files[i];
	return NULL;
}

bool faults_is_included(const struct faults *f, unsigned line)
{
	return file_of(f, line) != NULL;
}

void faults_add(struct faults *f, unsigned line, const char *fmt, ...)
{
	struct fault *it;
	va_list ap;

	if (f->n == FAULTS_MAX) {
		f->dropped++;
		return;
	}
	it = &f->list[f->n++];
	it->line = line;
	va_start(ap, fmt);
	vsnprintf(it->text, sizeof(it->text), fmt, ap);
	va_end(ap);
}

/* Insertion: stable, and there are at most FAULTS_MAX. */
static void sort(struct faults *f)
{
	size_t i, k;

	for (i = 1; i < f->n; i++) {
		struct fault it = f->list[i];

		for (k = i; k > 0 && f->list[k - 1].line > it.line; k--)
			f->list[k] = f->list[k - 1];
		f->list[k] = it;
	}
}

void faults_put(struct buf *out, struct faults *f, const char *file)
{
	size_t i;

	sort(f);
	for (i = 0; i < f->n; i++) {
		unsigned line = f->list[i].line;
		const struct faults_file *at = file_of(f, line);

		buf_put_str(out, str_of(at ? at->path : file));
		if (line)
			buf_printf(out, ":%u",
				   at ? line - at->line + 1 : line);
		buf_printf(out, ": %s\n", f->list[i].text);
	}
	if (f->dropped)
		buf_printf(out, "%s: %zu more faults are not shown\n", file,
			   f->dropped);
}

const char *fault_value(struct fault_value *v, struct str s)
{
	size_t n;

	v->text[0] = '"';
	n = 1 + log_escape(s, v->text + 1, sizeof(v->text) - 5);
	snprintf(v->text + n, sizeof(v->text) - n, "%s\"",
		 s.n > sizeof(v->text) - 5 ? "..." : "");
	return v->text;
}
