/* gateway/daemon/control_line.h: the lines of the control socket.
 *
 *   {"words":["user","add","sip:a@sip.example"],"stdin":"secret"}
 *   {"ok":true,"data":{...}}
 *   {"ok":false,"error":"there is no such user","code":67}
 */
#pragma once

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/model/cause.h"

enum {
	CONTROL_LINE_MAX = 65536,	/* a request, with its newline */
	CONTROL_WORDS_MAX = 32,
	CONTROL_WORD_MAX = 1024,
	CONTROL_ANSWER_MAX = 8 << 20,
};

struct control_req {
	struct str *words;
	size_t words_n;
	struct str input;		/* absent unless it was given */
};

/* Strings in the arena. ERR_SYNTAX, ERR_LIMIT: why tells the client. */
int control_parse(struct arena *a, struct str line, struct control_req *out,
		  struct errtext *why) MUST_CHECK;

/* One line each. data is JSON, or empty for null; when it is no JSON an error
   is written instead. */
void control_put_ok(struct buf *out, struct str data);
void control_put_error(struct buf *out, struct str sentence, int code);

/* The exit code that tells a refusal of core (sysexits.h). */
int control_code(enum cause c);
