/* core/base/backoff.h: who fails too often has to wait, longer each time. A
 * bounded table of token buckets: a failure takes a token, one comes back after
 * every refill time, and when none is left a ban begins, twice as long as the
 * last one. Time comes in; what is forgotten under pressure is the least
 * recently touched. For passwords tried over any protocol.
 */
#pragma once

#include "core/base/str.h"

struct backoff;

struct backoff_rule {
	uint32_t burst;		/* failures at once before a ban; 0: no bans */
	uint32_t refill_ms;	/* for one of them to be forgotten */
	uint32_t ban_min_ms, ban_max_ms;
};

/* seed: as of map_new(). */
struct backoff *backoff_new(uint64_t seed, size_t entries_max);
void backoff_free(struct backoff *b);	/* NULL is fine */

/* For how long the key is banned yet, in ms; 0: it is not. */
int64_t backoff_left_ms(const struct backoff *b, struct str key,
			int64_t now_ms);
/* One failure. The length of the ban that it begins, or 0. */
int64_t backoff_failed(struct backoff *b, struct str key,
		       const struct backoff_rule *rule, int64_t now_ms);
/* Forgets the failures of a key; a ban that runs goes on. */
void backoff_forgive(struct backoff *b, struct str key, int64_t now_ms);
size_t backoff_count(const struct backoff *b);
