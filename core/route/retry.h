/* core/route/retry.h: when again, and for how long. */
#pragma once

#include "core/model/config.h"

int64_t retry_due(const struct config *c, bool is_link, uint32_t tries,
		  int64_t now_utc_us, uint64_t random);
int64_t retry_expires(const struct config *c, int64_t now_utc_us,
		      int64_t wanted_utc_us);
