/* core/base/utf8.h: UTF-8 as RFC 3629 has it: no overlong forms, no
 * surrogates, nothing above U+10FFFF.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/str.h"

/* Length of the first character (1..4) and its code point; 0 when the bytes
   at the front are not UTF-8 (or s is empty). */
size_t utf8_next(struct str s, uint32_t *code_out);

/* Writes 1..4 bytes to out and returns how many; U+FFFD for what is no
   character. */
size_t utf8_put(uint32_t code, char out[4]);

bool utf8_valid(struct str s);

/* May this code point stand in XML 1.0 text (XML 1.0 2.2)? */
bool utf8_is_xml_char(uint32_t code);

/* Valid UTF-8 without control characters: the test for ids, addresses and
   header values that come from outside. C1 controls (U+0080..9F) count. */
bool utf8_is_clean_line(struct str s);

/* Text as every next hop can carry it: bytes that are no UTF-8 become U+FFFD,
   C0 controls other than TAB LF CR, DEL and non-characters are dropped.
   *changed_out (may be NULL) counts what was dropped or replaced. The result
   is s itself when nothing had to change. ERR_LIMIT past the arena. */
int utf8_clean_text(struct arena *a, struct str s, struct str *out,
		    size_t *changed_out) MUST_CHECK;

/* The longest prefix of at most max bytes that cuts no character. */
struct str utf8_cut(struct str s, size_t max_bytes);
