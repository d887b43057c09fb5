/* tests/fuzz/fuzz_stream_guard.c: the bytes of a stream. In whatever pieces
 * they come, the same passes; what is let through is never much more than what
 * came, never deep, and let through again as it is; and what was a document
 * before is one afterwards.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "adapters/xmpp/stream_guard.h"
#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/codec/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What of s passes in pieces of that size. */
static struct buf run(struct stream_guard *g, struct str s, size_t max,
		      size_t piece)
{
	size_t at, k, room;
	char *out;
	struct buf b;
	long kept;

	buf_init(&b, s.n + STREAM_GUARD_EXTRA);
	stream_guard_init(g, max);
	for (at = 0; at < s.n; at += k) {
		k = s.n - at < piece ? s.n - at : piece;
		/* Its own memory, so that a read or write too far shows. */
		char *in = mem_alloc(k);

		room = k + g->held_n + STREAM_GUARD_EXTRA;
		out = mem_alloc(room);
		memcpy(in, s.p + at, k);
		kept = stream_guard_pass(g, in, k, out);
		mem_free(in);
		assert(kept <= (long)room);
		if (kept > 0)
			buf_put(&b, out, (size_t)kept);
		mem_free(out);
		if (kept < 0)
			break;
	}
	assert(b.err == 0);
	return b;
}

static void check(struct str s, size_t max)
{
	struct stream_guard g, again;
	struct arena *a = arena_new(1u << 22);
	struct buf whole = run(&g, s, max, s.n ? s.n : 1), b;
	struct xml_node *n;

	b = run(&again, s, max, 1);
	assert(!g.why == !again.why);
	if (!g.why) {
		assert(str_eq(buf_str(&whole), buf_str(&b)));
		assert(g.stanzas == again.stanzas && g.cut == again.cut);
		if (g.cut == 0 && g.at == GUARD_OVER)
			assert(whole.n <= s.n);
		if (xml_parse(a, s, &n) == 0 && g.at == GUARD_OVER) {
			arena_reset(a);
			assert(xml_parse(a, buf_str(&whole), &n) == 0);
		}
		buf_free(&b);
		b = run(&again, buf_str(&whole), SIZE_MAX, 7);
		assert(!again.why);
		assert(str_eq(buf_str(&whole), buf_str(&b)));
		assert(again.stanzas == g.stanzas);
		assert(again.cut == 0);
	}
	buf_free(&whole);
	buf_free(&b);
	arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str s = { (const char *)data, size };

	check(s, 40);
	check(s, 100000);
	return 0;
}
