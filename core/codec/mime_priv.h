/* core/codec/mime_priv.h: shared by the codecs that read or write MIME. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/base/str.h"

/* The code point of a windows-1252 byte; U+FFFD for the five unused ones. */
uint32_t mime_cp1252(unsigned char byte);

/* A token of RFC 2045 5.1, at least one byte. */
bool mime_is_token(struct str s);
