/* core/codec/mime_priv.h: shared by the mime*.c files only. */
#pragma once

#include <stdint.h>

/* The code point of a windows-1252 byte; U+FFFD for the five unused ones. */
uint32_t mime_cp1252(unsigned char byte);
