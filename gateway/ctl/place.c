/* gateway/ctl/place.c: see place.h. Reads just enough of the syntax: comments,
 * quotes, ${NAME:-else}, and the two options that matter, whose names occur in
 * no other block.
 */
#include "gateway/ctl/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/str.h"

#define FILE_BYTES_MAX (1u << 20)
#define DEFAULT_SOCKET "/run/causeway/control.sock"
#define DEFAULT_STATE "/var/lib/causeway"

static bool read_file(const char *path, struct buf *out)
{
	char piece[4096];
	size_t n;
	FILE *f = fopen(path, "re");

	if (!f)
		return false;
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_put(out, piece, n);
	n = (size_t)ferror(f);
	fclose(f);
	return n == 0 && !out->err;
}

static void skip_space(struct str *s)
{
	size_t n;

	for (;;) {
		*s = str_trim(*s);
		if (str_starts(*s, STR("#")) || str_starts(*s, STR("//"))) {
			*s = str_from(*s, str_find(*s, '\n'));
		} else if (str_starts(*s, STR("/*"))) {
			n = str_search(*s, STR("*/"));
			*s = str_from(*s, n + 2);
		} else {
			return;
		}
	}
}

/* "${NAME}" or "${NAME:-else}" at the front of s. */
static void put_variable(struct buf *out, struct str *s)
{
	struct str inner = str_sub(*s, 2, str_find(*s, '}') - 2);
	size_t other = str_search(inner, STR(":-"));
	const char *value;
	char name[128];

	*s = str_from(*s, str_find(*s, '}') + 1);
	snprintf(name, sizeof(name), "%.*s", STR_ARG(str_sub(inner, 0, other)));
	value = getenv(name);
	if (value)
		buf_put_str(out, str_of(value));
	else
		buf_put_str(out, str_from(inner, other + 2));
}

static bool is_end(char c, char quote)
{
	if (quote)
		return c == quote || c == '\n';
	return strchr(" \t\r\n{}=,#", c) != NULL;
}

/* A word or a text in quotes, without them. */
static void take_text(struct str *s, struct buf *out)
{
	char quote = 0;

	if (s->n && (*s->p == '"' || *s->p == '\'')) {
		quote = *s->p;
		*s = str_from(*s, 1);
	}
	while (s->n && !is_end(*s->p, quote)) {
		if (quote != '\'' && str_starts(*s, STR("${"))) {
			put_variable(out, s);
			continue;
		}
		if (*s->p == '\\' && s->n > 1)
			*s = str_from(*s, 1);
		buf_put_char(out, *s->p);
		*s = str_from(*s, 1);
	}
	if (quote)
		*s = str_from(*s, 1);
}

/* The value of "name = value", into out when it is there. */
static void find(struct str s, const char *name, struct buf *out)
{
	struct buf word;
	bool is_name;

	buf_init(&word, 4096);
	for (skip_space(&s); s.n; skip_space(&s)) {
		buf_clear(&word);
		if (strchr("{}=,", *s.p)) {
			s = str_from(s, 1);
			continue;
		}
		take_text(&s, &word);
		is_name = str_eq(buf_str(&word), str_of(name));
		skip_space(&s);
		if (!is_name || !str_starts(s, STR("=")))
			continue;
		s = str_from(s, 1);
		skip_space(&s);
		buf_clear(out);
		take_text(&s, out);
		break;
	}
	buf_free(&word);
}

bool place_of(const char *config_file, char *out, size_t size)
{
	struct buf text, socket, state;
	int n = -1;

	buf_init(&text, FILE_BYTES_MAX);
	buf_init(&socket, 4096);
	buf_init(&state, 4096);
	buf_put_str(&socket, STR(DEFAULT_SOCKET));
	buf_put_str(&state, STR(DEFAULT_STATE));
	if (read_file(config_file, &text)) {
		find(buf_str(&text), "control-socket", &socket);
		find(buf_str(&text), "state-dir", &state);
		if (socket.n && socket.p[0] == '/')
			n = snprintf(out, size, "%.*s",
				     STR_ARG(buf_str(&socket)));
		else
			n = snprintf(out, size, "%.*s/%.*s",
				     STR_ARG(buf_str(&state)),
				     STR_ARG(buf_str(&socket)));
	}
	buf_free(&text);
	buf_free(&socket);
	buf_free(&state);
	return n > 0 && (size_t)n < size;
}
