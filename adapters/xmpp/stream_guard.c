/* adapters/xmpp/stream_guard.c: see stream_guard.h. One pass over the bytes,
 * one state; it knows the shape of markup and no names. Whether tags match and
 * characters are legal is for the parser behind it to say.
 */
#include "adapters/xmpp/stream_guard.h"

#include <string.h>

enum { REF_BYTES_MAX = 16 };	/* "&#x10FFFF;" and some zeros */

static const char cdata[] = "<![CDATA[";

struct out {
	char *p;
	size_t n;
};

void stream_guard_init(struct stream_guard *g, size_t stanza_max)
{
	memset(g, 0, sizeof(*g));
	g->stanza_max = stanza_max;
}

static void end(struct stream_guard *g, const char *why)
{
	if (!g->why)
		g->why = why;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_over(const struct stream_guard *g)
{
	return g->depth >= 2 && g->stanza_n > g->stanza_max;
}

static void put(struct stream_guard *g, struct out *o, char c)
{
	if (g->drop_depth == 0)
		o->p[o->n++] = c;
}

/* ---- what is held back --------------------------------------------------- */

static bool hold(struct stream_guard *g, char c)
{
	if (g->held_n == sizeof(g->held))
		return false;
	if (g->drop_depth == 0)
		g->held[g->held_n++] = c;
	return true;
}

static void release(struct stream_guard *g, struct out *o)
{
	size_t i;

	for (i = 0; i < g->held_n; i++)
		put(g, o, g->held[i]);
	g->held_n = 0;
}

/* This element and all in it. */
static void drop_element(struct stream_guard *g)
{
	g->held_n = 0;
	g->is_cut = true;
	if (g->drop_depth == 0)
		g->drop_depth = g->depth;
	/* Without its own element there is no stream. */
	if (g->depth < 2)
		end(g, "policy-violation");
}

/* ---- elements ------------------------------------------------------------ */

/* c is the first character of a start tag's name. */
static void begin_tag(struct stream_guard *g, char c)
{
	if (g->depth == 1) {
		g->stanza_n = 2;
		g->is_cut = false;
	}
	g->depth++;
	if (g->depth > STREAM_GUARD_DEPTH || (g->depth > 2 && is_over(g)))
		drop_element(g);
	(void)hold(g, c);
	g->whole_n = 0;
	g->is_leaving_out = false;
	g->at = GUARD_TAG;
}

/* Behind the '>' that ends an element. */
static void end_element(struct stream_guard *g)
{
	bool was_dropped = g->depth == g->drop_depth;

	g->depth--;
	if (was_dropped)
		g->drop_depth = 0;
	g->at = GUARD_TEXT;
	/* A stanza whose own tag is too long is as if it never came. */
	if (g->depth == 1 && !was_dropped) {
		g->stanzas++;
		if (g->is_cut)
			g->cut = g->stanzas;
	} else if (g->depth == 0) {
		g->at = GUARD_OVER;
	}
}

/* The tag is longer than we hold: the attribute that makes it so and those
   behind it are left out, and its stanza is a cut one. Inside a stanza the
   whole element goes instead: without an xmlns it could be another one. */
static void shorten_tag(struct stream_guard *g)
{
	if (g->depth != 2 || g->whole_n == 0 || g->drop_depth > 0) {
		drop_element(g);
		return;
	}
	g->held_n = g->whole_n;
	g->is_cut = true;
	g->is_leaving_out = true;
}

static void end_tag(struct stream_guard *g, struct out *o, bool is_empty)
{
	if (g->is_leaving_out) {
		if (is_empty)
			(void)hold(g, '/');
		(void)hold(g, '>');
	}
	g->is_leaving_out = false;
	release(g, o);
	g->at = GUARD_TEXT;
	if (is_empty)
		end_element(g);
}

/* Inside a start tag, in a value or not. */
static void in_tag(struct stream_guard *g, struct out *o, char c)
{
	bool is_empty = g->last[1] == '/' && g->at == GUARD_TAG;

	if (c == '<') {
		end(g, "not-well-formed");
		return;
	}
	if (is_space(c) && g->at == GUARD_TAG && !g->is_leaving_out)
		g->whole_n = g->held_n;
	/* Two bytes are kept for its end. */
	if (!g->is_leaving_out &&
	    (g->held_n + 2 >= sizeof(g->held) || !hold(g, c)))
		shorten_tag(g);
	if (g->at == GUARD_QUOTE) {
		if (c == g->quote)
			g->at = GUARD_TAG;
	} else if (c == '"' || c == '\'') {
		g->quote = c;
		g->at = GUARD_QUOTE;
	} else if (c == '>') {
		end_tag(g, o, is_empty);
	}
}

static void in_end_tag(struct stream_guard *g, struct out *o, char c)
{
	/* It cannot be left out: that of a kept element is short. */
	if (c == '<' || !hold(g, c)) {
		end(g, "not-well-formed");
	} else if (c == '>') {
		release(g, o);
		end_element(g);
	}
}

/* ---- text ---------------------------------------------------------------- */

static void in_text(struct stream_guard *g, struct out *o, char c)
{
	bool is_inside = ((unsigned char)c & 0xc0) == 0x80;

	if (c == '<') {
		g->is_leaving_out = false;
		(void)hold(g, c);
		g->at = GUARD_LT;
		return;
	}
	if (g->depth < 2 && !is_space(c)) {
		end(g, "bad-format");
		return;
	}
	/* Never from the middle of a character on. */
	if (!is_inside && is_over(g)) {
		g->is_leaving_out = true;
		g->is_cut = true;
	}
	if (c == '&') {
		(void)hold(g, c);
		g->at = GUARD_REF;
	} else if (!g->is_leaving_out) {
		put(g, o, c);
	}
}

static void in_ref(struct stream_guard *g, struct out *o, char c)
{
	if (c == '<' || g->held_n > REF_BYTES_MAX) {
		end(g, "not-well-formed");
		return;
	}
	(void)hold(g, c);
	if (c != ';')
		return;
	if (g->is_leaving_out)
		g->held_n = 0;
	release(g, o);
	g->at = GUARD_TEXT;
}

static void in_cdata(struct stream_guard *g, struct out *o, char c)
{
	bool is_inside = ((unsigned char)c & 0xc0) == 0x80;

	if (!is_inside && is_over(g) && !g->is_leaving_out) {
		g->is_leaving_out = true;
		g->is_cut = true;
	}
	if (c == '>' && g->last[0] == ']' && g->last[1] == ']') {
		if (g->is_leaving_out) {
			put(g, o, ']');
			put(g, o, ']');
		}
		put(g, o, c);
		g->is_leaving_out = false;
		g->at = GUARD_TEXT;
	} else if (!g->is_leaving_out) {
		put(g, o, c);
	}
}

/* "<!" may only go on as "<![CDATA[", and only inside a stanza. */
static void in_bang(struct stream_guard *g, struct out *o, char c)
{
	if (g->depth < 2 || c != cdata[g->bang_n]) {
		end(g, "restricted-xml");
		return;
	}
	(void)hold(g, c);
	if (++g->bang_n < sizeof(cdata) - 1)
		return;
	release(g, o);
	g->at = GUARD_CDATA;
}

/* ---- the head of the stream ---------------------------------------------- */

static void check_decl(struct stream_guard *g)
{
	struct str s = { g->held, g->held_n };

	if (!str_istarts(s, STR("<?xml")) || s.p[s.n - 2] != '?') {
		end(g, "restricted-xml");
		return;
	}
	s = str_from(s, str_search(s, STR("encoding")));
	if (s.n > 0 && str_search(s, STR("utf-8")) == s.n &&
	    str_search(s, STR("UTF-8")) == s.n)
		end(g, "unsupported-encoding");
}

static void in_decl(struct stream_guard *g, char c)
{
	if (!hold(g, c))
		end(g, "restricted-xml");
	if (c != '>' || g->why)
		return;
	check_decl(g);
	g->held_n = 0;
	g->has_decl = true;
	g->at = GUARD_START;
}

static void in_start(struct stream_guard *g, struct out *o, char c)
{
	if (c == '<') {
		(void)hold(g, c);
		g->at = GUARD_LT;
	} else if (is_space(c)) {
		put(g, o, c);
	} else if (g->has_decl || g->stanza_n > 3 ||
		   c != "\xef\xbb\xbf"[g->stanza_n - 1]) {
		/* The mark of UTF-8 at the very front does no harm. */
		end(g, "not-well-formed");
	}
}

static void after_lt(struct stream_guard *g, char c)
{
	if (c == '?' && g->depth == 0 && !g->has_decl) {
		(void)hold(g, c);
		g->at = GUARD_DECL;
	} else if (c == '?') {
		end(g, "restricted-xml");
	} else if (c == '!') {
		(void)hold(g, c);
		g->bang_n = 2;
		g->at = GUARD_BANG;
	} else if (c == '/' && g->depth > 0) {
		(void)hold(g, c);
		g->at = GUARD_END;
	} else if (c == '<' || c == '>' || c == '/' || is_space(c)) {
		end(g, "not-well-formed");
	} else {
		begin_tag(g, c);
	}
}

/* ---- all of it ----------------------------------------------------------- */

static void take(struct stream_guard *g, struct out *o, char c)
{
	switch (g->at) {
	case GUARD_START:
		in_start(g, o, c);
		break;
	case GUARD_DECL:
		in_decl(g, c);
		break;
	case GUARD_TEXT:
		in_text(g, o, c);
		break;
	case GUARD_REF:
		in_ref(g, o, c);
		break;
	case GUARD_LT:
		after_lt(g, c);
		break;
	case GUARD_BANG:
		in_bang(g, o, c);
		break;
	case GUARD_CDATA:
		in_cdata(g, o, c);
		break;
	case GUARD_TAG:
	case GUARD_QUOTE:
		in_tag(g, o, c);
		break;
	case GUARD_END:
		in_end_tag(g, o, c);
		break;
	case GUARD_OVER:
		break;
	}
	g->last[0] = g->last[1];
	g->last[1] = c;
}

long stream_guard_pass(struct stream_guard *g, const char *in, size_t n,
		       char *out)
{
	struct out o = { .p = out };
	size_t i;

	for (i = 0; i < n && !g->why; i++) {
		g->stanza_n++;
		if (in[i] == '\0')
			end(g, "not-well-formed");
		else
			take(g, &o, in[i]);
	}
	return g->why ? -1 : (long)o.n;
}

struct str stream_guard_filler(const struct stream_guard *g)
{
	if (g->at == GUARD_CDATA && g->drop_depth == 0)
		return STR(" ");
	return STR("<!---->");
}
