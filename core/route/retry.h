/* core/route/retry.h: when to try again, and how long. Numbers come from the
 * configuration; randomness is handed in, so that a replay is equal.
 */
#pragma once

#include "core/model/config.h"

/* Milliseconds until the next attempt at a link after tries failures in a row
   (1, 2, ...): the bound doubles from retry_link_min_ms to _max_ms, and the
   wait is anywhere up to it (full jitter), at least a tenth of the first. */
uint32_t retry_link_ms(const struct config *conf, uint32_t tries,
		       uint64_t random);

/* The same for a recipient: 30 s, 5 min, 1 h, then hourly, and up to a tenth
   more, so that what failed together does not come back together. */
uint32_t retry_user_ms(const struct config *conf, uint32_t tries,
		       uint64_t random);

/* Time of the next try of a stored message. */
int64_t retry_due(const struct config *conf, bool is_link, uint32_t tries,
		  int64_t now_utc_us, uint64_t random);

/* When a message accepted now is given up: queue_life_ms_max from now, or its
   own Expires when that is earlier (0: none given). */
int64_t retry_expiry_utc_us(const struct config *conf, int64_t now_utc_us,
			    int64_t expires_utc_us);
