/* adapters/sip/raw_in.h: the head of a request as bytes, before the stack
 * parses it. The stack is lenient where RFC 3261 is not and silent where a
 * refusal is due; what it takes for granted is made sure of here.
 *
 *   "MESSAGE sip:bob@b.example SIP/2.0\r\nVia: ...\r\n\r\n"   no fault
 *   "MESSAGE http://b.example/ SIP/2.0\r\n..."                416
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/model/cause.h"

enum {
	SIP_RAW_HEAD_MAX = 16384, /* bytes of start line and headers */
	SIP_RAW_LINES_MAX = 256,  /* header lines; clients send some 20 */
};

struct sip_fault {
	enum cause cause;
	const char *words;  /* reason phrase, or NULL: that of the cause */
	bool ends_stream;   /* nobody knows where the next message begins */
};

/* Bytes from p up to and with the empty line that ends the head; 0: it is not
   whole yet. */
size_t sip_raw_head(const char *p, size_t n);

/* What is wrong with a request whose head is p, n; NULL when nothing is, and
   for what is no request at all. When the stack could not parse the request
   line, an innocent one of the same length is written over it, and a '?' over
   each NUL, so that the rest is read and the fault can be answered. The result
   is static. */
const struct sip_fault *sip_raw_check(char *p, size_t n, bool is_stream);
