/* core/base/roff.c: see roff.h. */
#include "core/base/roff.h"

/* The version's, so that a page is the same wherever it is made. */
#define MAN_DATE "2026-11-21"

static void put(struct buf *b, const char *text)
{
	bool is_start = true;

	for (; *text; text++) {
		if (is_start && (*text == '.' || *text == '\''))
			buf_put_str(b, STR("\\&"));
		is_start = *text == '\n';
		if (*text == '\\')
			buf_put_str(b, STR("\\e"));
		else if (*text == '-')
			buf_put_str(b, STR("\\-"));
		else if (*text == '^')
			buf_put_str(b, STR("\\(ha"));
		else if (*text == '~')
			buf_put_str(b, STR("\\(ti"));
		else
			buf_put_char(b, *text);
	}
}

static void put_quoted(struct buf *b, const char *text)
{
	buf_put_char(b, '"');
	for (; *text; text++)
		if (*text == '"')
			buf_put_str(b, STR("\\(dq"));
		else
			put(b, (const char[]){ *text, '\0' });
	buf_put_char(b, '"');
}

void roff_begin(struct buf *b, const char *name, int section,
		const char *sentence)
{
	buf_put_str(b, STR(".TH "));
	put_quoted(b, name);
	buf_printf(b,
		   " %d \"" MAN_DATE "\" \"causeway " CAUSEWAY_VERSION
		   "\" \"Causeway\"\n",
		   section);
	roff_section(b, "NAME");
	put(b, name);
	buf_put_str(b, STR(" \\- "));
	put(b, sentence);
	buf_put_char(b, '\n');
}

void roff_section(struct buf *b, const char *title)
{
	buf_put_str(b, STR(".SH "));
	put_quoted(b, title);
	buf_put_char(b, '\n');
}

void roff_subsection(struct buf *b, const char *title)
{
	buf_put_str(b, STR(".SS "));
	put_quoted(b, title);
	buf_put_char(b, '\n');
}

void roff_para(struct buf *b, const char *text)
{
	buf_put_str(b, STR(".PP\n"));
	roff_text(b, text);
}

void roff_text(struct buf *b, const char *text)
{
	put(b, text);
	buf_put_char(b, '\n');
}

void roff_item(struct buf *b, const char *term, const char *more,
	       const char *text)
{
	buf_put_str(b, STR(".TP\n\\fB"));
	put(b, term);
	buf_put_str(b, STR("\\fR"));
	if (more && *more) {
		buf_put_char(b, ' ');
		put(b, more);
	}
	buf_put_char(b, '\n');
	roff_text(b, text);
}

void roff_code(struct buf *b, const char *text)
{
	buf_put_str(b, STR(".PP\n.RS 4\n.nf\n"));
	put(b, text);
	buf_put_str(b, STR("\n.fi\n.RE\n"));
}
