/* core/base/roff.h: manual pages, in the man(7) language, onto a buffer. Text is
 * ours; it is escaped so that no dot at the start of a line and no backslash is
 * taken for a request, and "-" is the ASCII one that people copy.
 */
#pragma once

#include "core/base/buf.h"

/* .TH; section 1, 5, 7 or 8; then NAME. */
void roff_begin(struct buf *b, const char *name, int section,
		const char *sentence);
void roff_section(struct buf *b, const char *title);
void roff_subsection(struct buf *b, const char *title);
void roff_para(struct buf *b, const char *text);
/* A tagged paragraph: term in bold, rest of the tag as it is (may be NULL),
   then the text. */
void roff_item(struct buf *b, const char *term, const char *more,
	       const char *text);
void roff_code(struct buf *b, const char *text); /* lines as they are */
void roff_text(struct buf *b, const char *text); /* goes on in a paragraph */
