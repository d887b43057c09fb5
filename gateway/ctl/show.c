/* gateway/ctl/show.c: see show.h. */
#include "gateway/ctl/show.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"

#define CELL_BYTES_MAX 65536u
#define COLUMNS_MAX 32u

/* Controls, and marks that turn or hide text. */
static bool is_sly(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) ||
	       (code >= 0x200b && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2060 && code <= 0x2069) || code == 0xfeff;
}

static void put_safe(struct buf *b, struct str s)
{
	uint32_t code;
	size_t n;

	for (; s.n; s = str_from(s, n)) {
		n = utf8_next(s, &code);
		if (n == 0) {
			buf_printf(b, "\\x%02x", (unsigned char)*s.p);
			n = 1;
		} else if (is_sly(code)) {
			buf_printf(b, "\\u%04x", (unsigned)code);
		} else {
			buf_put(b, s.p, n);
		}
	}
}

static void put_cell(struct buf *b, const json_t *v)
{
	char *text;

	switch (v ? json_typeof(v) : JSON_NULL) {
	case JSON_STRING:
		put_safe(b, (struct str){ json_string_value(v),
					  json_string_length(v) });
		break;
	case JSON_INTEGER:
		buf_put_i64(b, json_integer_value(v));
		break;
	case JSON_REAL:
		buf_printf(b, "%g", json_real_value(v));
		break;
	case JSON_TRUE:
		buf_put_str(b, STR("yes"));
		break;
	case JSON_FALSE:
		buf_put_str(b, STR("no"));
		break;
	case JSON_NULL:
		buf_put_str(b, STR("-"));
		break;
	case JSON_OBJECT:
	case JSON_ARRAY:
		text = json_dumps(v, JSON_COMPACT);
		put_safe(b, str_of(text ? text : "?"));
		free(text);
		break;
	}
}

/* Characters, not bytes: most of what is shown takes one column each. */
static int width(struct str s)
{
	int n = 0;
	size_t i;

	for (i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

struct column {
	const char *key;
	int width;
	bool is_number;
	bool has_content; /* a column without any is not shown */
};

static bool is_empty(const json_t *v)
{
	return !v || json_is_null(v) ||
	       (json_is_string(v) && json_string_length(v) == 0) ||
	       (json_is_array(v) && json_array_size(v) == 0);
}

static size_t find_columns(const json_t *rows, struct column *cols)
{
	size_t i, k, n = 0;
	const json_t *row;
	const char *key;
	void *it;

	for (i = 0; i < json_array_size(rows); i++) {
		row = json_array_get(rows, i);
		/* The iterator only reads, whatever its signature says. */
		json_t *object = (json_t *)(uintptr_t)row;

		for (it = json_object_iter(object); it;
		     it = json_object_iter_next(object, it)) {
			key = json_object_iter_key(it);
			for (k = 0; k < n; k++)
				if (strcmp(cols[k].key, key) == 0)
					break;
			if (k < n || n == COLUMNS_MAX)
				continue;
			cols[n++] = (struct column){ key, width(str_of(key)),
						     true, false };
		}
	}
	return n;
}

/* Returns how many columns stay. */
static size_t measure(const json_t *rows, struct column *cols, size_t n)
{
	size_t left = 0;
	struct buf cell;
	const json_t *row, *v;
	size_t i, k;

	buf_init(&cell, CELL_BYTES_MAX);
	for (i = 0; i < json_array_size(rows); i++) {
		row = json_array_get(rows, i);
		for (k = 0; k < n; k++) {
			int w;

			v = json_object_get(row, cols[k].key);
			buf_clear(&cell);
			put_cell(&cell, v);
			w = width(buf_str(&cell));
			if (w > cols[k].width)
				cols[k].width = w;
			if (v && !json_is_number(v) && !json_is_null(v))
				cols[k].is_number = false;
			if (!is_empty(v))
				cols[k].has_content = true;
		}
	}
	buf_free(&cell);
	for (k = 0; k < n; k++)
		if (cols[k].has_content)
			cols[left++] = cols[k];
	return left;
}

/* The last column is not padded. */
static void put_padded(FILE *out, struct str s, const struct column *c,
		       bool is_last)
{
	int pad = c->width - width(s);

	if (pad > 0 && c->is_number)
		fprintf(out, "%*s", pad, "");
	fwrite(s.p, 1, s.n, out);
	if (is_last)
		fputc('\n', out);
	else
		fprintf(out, "%*s", pad > 0 && !c->is_number ? pad + 2 : 2, "");
}

static void show_table(FILE *out, const json_t *rows, int indent)
{
	struct column cols[COLUMNS_MAX];
	size_t i, k, n = find_columns(rows, cols);
	struct buf cell;
	const json_t *row;

	buf_init(&cell, CELL_BYTES_MAX);
	n = measure(rows, cols, n);
	fprintf(out, "%*s", indent, "");
	for (k = 0; k < n; k++) {
		buf_clear(&cell);
		put_safe(&cell, str_of(cols[k].key));
		put_padded(out, buf_str(&cell), &cols[k], k + 1 == n);
	}
	for (i = 0; i < json_array_size(rows); i++) {
		row = json_array_get(rows, i);
		fprintf(out, "%*s", indent, "");
		for (k = 0; k < n; k++) {
			buf_clear(&cell);
			put_cell(&cell, json_object_get(row, cols[k].key));
			put_padded(out, buf_str(&cell), &cols[k], k + 1 == n);
		}
	}
	buf_free(&cell);
}

static bool is_table(const json_t *v)
{
	const json_t *row;
	size_t i;

	for (i = 0; (row = json_array_get(v, i)); i++)
		if (!json_is_object(row) || json_object_size(row) == 0)
			return false;
	return json_array_size(v) > 0;
}

static void show_line(FILE *out, const json_t *v, int indent)
{
	struct buf cell;

	buf_init(&cell, CELL_BYTES_MAX);
	put_cell(&cell, v);
	fprintf(out, "%*s", indent, "");
	fwrite(cell.p ? cell.p : "", 1, cell.n, out);
	fputc('\n', out);
	buf_free(&cell);
}

/* depth: objects in objects, shown down to the second level; below they are
   JSON in one line. */
static void show_value(FILE *out, const json_t *v, int indent)
{
	json_t *object = (json_t *)(uintptr_t)v; /* only read */
	const json_t *one;
	const char *key;
	struct buf name;
	size_t i;
	void *it;

	if (json_is_array(v) && is_table(v)) {
		show_table(out, v, indent);
		return;
	}
	if (json_is_array(v)) {
		for (i = 0; (one = json_array_get(v, i)); i++)
			show_line(out, one, indent);
		return;
	}
	if (!json_is_object(v)) {
		show_line(out, v, indent);
		return;
	}
	buf_init(&name, CELL_BYTES_MAX);
	for (it = json_object_iter(object); it;
	     it = json_object_iter_next(object, it)) {
		key = json_object_iter_key(it);
		one = json_object_iter_value(it);
		buf_clear(&name);
		put_safe(&name, str_of(key));
		fprintf(out, "%*s%.*s:", indent, "", STR_ARG(buf_str(&name)));
		if (indent < 4 &&
		    (json_object_size(one) > 0 || json_array_size(one) > 0)) {
			fputc('\n', out);
			show_value(out, one, indent + 2);
		} else {
			fputc(' ', out);
			if (json_is_array(one) && json_array_size(one) == 0)
				fputs("(none)\n", out);
			else
				show_line(out, one, 0);
		}
	}
	buf_free(&name);
}

void show(FILE *out, const json_t *data)
{
	if (json_is_array(data) && json_array_size(data) == 0)
		fputs("(none)\n", out);
	else if (!json_is_null(data))
		show_value(out, data, 0);
}
