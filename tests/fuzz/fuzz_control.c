/* tests/fuzz/fuzz_control.c: a request line of any content is understood within
 * its limits or refused with a sentence; any text can stand in an answer, which
 * stays one line of JSON.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/base/utf8.h"
#include "gateway/daemon/control_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_request(struct str line)
{
	struct arena *a = arena_new(131072);
	struct control_req req;
	struct errtext why = { .text = "" };
	size_t i;

	if (control_parse(a, line, &req, &why)) {
		assert(why.text[0]);
	} else {
		assert(req.words_n > 0 && req.words_n <= CONTROL_WORDS_MAX);
		for (i = 0; i < req.words_n; i++)
			assert(req.words[i].n <= CONTROL_WORD_MAX &&
			       utf8_is_clean_line(req.words[i]));
	}
	arena_free(a);
}

static void check_line(struct buf *b)
{
	assert(!b->err && b->n > 0 && b->p[b->n - 1] == '\n');
	assert(str_find(buf_str(b), '\n') == b->n - 1);
	buf_free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = { (const char *)data, size };
	struct buf b;

	check_request(text);
	buf_init(&b, 64u << 20);
	control_put_ok(&b, text);
	check_line(&b);
	buf_init(&b, 64u << 20);
	control_put_error(&b, text, 1);
	check_line(&b);
	return 0;
}
