/* core/model/rate.h: how many messages somebody may send: so many a second on
 * average and so many at once. A token bucket kept as one number, the time at
 * which it will be full again; one that is full need not be kept at all.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct rate_limit {
	uint32_t per_s;		/* 0: no limit */
	uint32_t burst;		/* 0 counts as 1 */
};

/* Milliseconds until the next one may go, 0: now. full_at_us is the bucket, 0
   for one that was never touched; now_us from the same clock. */
uint32_t rate_wait_ms(struct rate_limit l, int64_t full_at_us, int64_t now_us);
/* The bucket after one more. */
int64_t rate_spend(struct rate_limit l, int64_t full_at_us, int64_t now_us);
