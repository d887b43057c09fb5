/* tests/bench/load.h: what the load generator counts with: the clock, a
 * histogram of latencies, and one note per message so that losses and
 * repeats are seen. The generator is one program of several headers, since
 * every .c of this folder is a program of its own.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Every message carries this and 16 hex digits of its number, in the body. */
#define MARK "cwb-"
#define MARK_N 4u
#define MARK_HEX_N 16u

static inline int64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static inline _Noreturn void fail(const char *what)
{
	fprintf(stderr, "sipload: %s\n", what);
	exit(1);
}

static inline void *load_alloc(size_t n)
{
	void *p = calloc(1, n);

	if (!p)
		fail("out of memory");
	return p;
}

/* ---- latencies: 16 steps per doubling, so within 6 % ---------------------- */

enum { HIST_STEPS = 16, HIST_N = 40 * HIST_STEPS };

struct hist {
	uint64_t n[HIST_N], total, sum_us, max_us;
};

static inline unsigned hist_place(uint64_t us)
{
	unsigned top;

	if (us < HIST_STEPS)
		return (unsigned)us;
	top = 63u - (unsigned)__builtin_clzll(us);
	top = (top - 3) * HIST_STEPS + (unsigned)(us >> (top - 4) & 15);
	return top < HIST_N ? top : HIST_N - 1;
}

static inline uint64_t hist_value(unsigned place)
{
	unsigned top = place / HIST_STEPS + 3;

	if (place < HIST_STEPS)
		return place;
	return (uint64_t)(HIST_STEPS + place % HIST_STEPS) << (top - 4);
}

static inline void hist_add(struct hist *h, int64_t us)
{
	uint64_t v = us > 0 ? (uint64_t)us : 0;

	h->n[hist_place(v)]++;
	h->total++;
	h->sum_us += v;
	if (v > h->max_us)
		h->max_us = v;
}

/* The latency that a share of permille of all stays below. */
static inline uint64_t hist_permille(const struct hist *h, unsigned permille)
{
	uint64_t want = h->total * permille / 1000, seen = 0;
	unsigned i;

	for (i = 0; i < HIST_N; i++) {
		seen += h->n[i];
		if (seen > want)
			return hist_value(i);
	}
	return h->max_us;
}

/* ---- one note per message ------------------------------------------------- */

enum { NOTE_TAKEN = 1, NOTE_CAME = 2 };	/* answered 2xx; seen at the far end */

struct notes {
	uint8_t *p;
	uint64_t first, size;	/* numbers below first are of the warm-up */
};

static inline uint8_t *notes_at(struct notes *s, uint64_t number)
{
	uint64_t i = number - s->first, size = s->size ? s->size : 1u << 16;

	if (number < s->first || i >= 1u << 28)
		return NULL;
	if (i >= s->size) {
		while (size <= i)
			size *= 2;
		s->p = realloc(s->p, size);
		if (!s->p)
			fail("out of memory");
		memset(s->p + s->size, 0, size - s->size);
		s->size = size;
	}
	return s->p + i;
}

static inline uint64_t notes_count(const struct notes *s, uint8_t is)
{
	uint64_t i, n = 0;

	for (i = 0; i < s->size; i++)
		n += s->p[i] == is;
	return n;
}

/* The number of the message in these bytes; false when there is none. */
static inline bool mark_find(const char *p, size_t n, uint64_t *number_out)
{
	const char *at = memmem(p, n, MARK, MARK_N);
	char hex[MARK_HEX_N + 1], *end;

	if (!at || (size_t)(p + n - at) < MARK_N + MARK_HEX_N)
		return false;
	memcpy(hex, at + MARK_N, MARK_HEX_N);
	hex[MARK_HEX_N] = 0;
	*number_out = strtoull(hex, &end, 16);
	return end == hex + MARK_HEX_N;
}
